//! Waiting until a person can sign in: every role answers, and every list is in force.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::Running;

const PATIENCE: Duration = Duration::from_mins(2);
const PAUSE: Duration = Duration::from_millis(100);

/// What must be true.
pub(super) struct Ready {
    http: reqwest::Client,
    discovery: String,
    roles: Vec<String>,
    lookup_metrics: String,
    lists: usize,
}

impl Ready {
    pub(super) fn new(running: &Running, lists: usize) -> Self {
        let metrics = |wanted: &str| {
            let found = running.metrics.get(wanted);
            found
                .map(|address| format!("{address}/metrics"))
                .unwrap_or_default()
        };
        let roles = running
            .metrics
            .values()
            .map(|address| format!("{address}/readyz"));
        Self {
            http: reqwest::Client::builder()
                .timeout(Duration::from_secs(5))
                .build()
                .unwrap_or_default(),
            discovery: format!(
                "{}/.well-known/openid-configuration",
                running.addresses.issuer
            ),
            roles: roles.collect(),
            lookup_metrics: metrics("revocation-lookup"),
            lists,
        }
    }

    /// Waits for all of it; says what is missing when patience ends.
    pub(super) async fn wait(&self) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        loop {
            let Some(missing) = self.missing().await else {
                return Ok(());
            };
            if Instant::now() > until {
                bail!(
                    "akashi did not become ready within {} s: {missing}",
                    PATIENCE.as_secs()
                );
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn missing(&self) -> Option<String> {
        for address in self.roles.iter().chain([&self.discovery]) {
            if self.text(address).await.is_none() {
                return Some(format!("{address} does not answer"));
            }
        }
        let metrics = self.text(&self.lookup_metrics).await.unwrap_or_default();
        let in_force = lists_in_force(&metrics);
        (in_force < self.lists).then(|| format!("{in_force} of {} lists are in force", self.lists))
    }

    async fn text(&self, address: &str) -> Option<String> {
        let response = self.http.get(address).send().await.ok()?;
        response.error_for_status().ok()?.text().await.ok()
    }
}

/// The sum of the gauge `akashi_lists` over all authorities.
fn lists_in_force(metrics: &str) -> usize {
    let of_lists = metrics
        .lines()
        .filter(|line| line.starts_with("akashi_lists{"));
    of_lists
        .filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::lists_in_force;

    #[test]
    fn lists_are_counted_over_all_authorities() {
        let metrics = "# TYPE akashi_lists gauge\n\
            akashi_lists{certification_authority=\"user-authentication\",role=\"x\"} 2\n\
            akashi_lists{certification_authority=\"digital-signature\",role=\"x\"} 3\n\
            akashi_list_entries{certification_authority=\"digital-signature\",role=\"x\"} 40\n";
        assert_eq!(lists_in_force(metrics), 5);
        assert_eq!(lists_in_force(""), 0);
    }
}
