//! Whether this process can answer, by name.
//!
//! `""` and the service names mean *can answer*; `freshness/<ca>` says whether the lists of a
//! certification authority are current. Readiness uses `""` only: replicas share their data, and one
//! late partition must not take all of them out of the balancer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tonic_health::ServingStatus;
use tonic_health::server::{HealthReporter, HealthService};

/// The health of one role. Clones are the same health.
#[derive(Clone, Debug)]
pub struct Health {
    reporter: HealthReporter,
    /// The same states for readers that are not gRPC.
    states: Arc<Mutex<BTreeMap<String, bool>>>,
}

impl Health {
    /// A health whose `""` is not serving. (The library's reporter begins with "serving", which would
    /// send traffic to a process that has nothing to answer from yet.)
    pub async fn new() -> Self {
        let health = Self {
            reporter: HealthReporter::new(),
            states: Arc::default(),
        };
        health.set("", false).await;
        health
    }

    /// Sets whether a name is serving.
    pub async fn set(&self, name: &str, serving: bool) {
        self.states
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.to_owned(), serving);
        let status = if serving {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        };
        self.reporter.set_service_status(name, status).await;
    }

    /// Whether a name is serving; a name nobody set is not.
    pub fn is_serving(&self, name: &str) -> bool {
        let states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        states.get(name).copied().unwrap_or(false)
    }

    /// Every name with its state, in the order of the names.
    pub fn states(&self) -> Vec<(String, bool)> {
        let states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        states
            .iter()
            .map(|(name, serving)| (name.clone(), *serving))
            .collect()
    }

    /// The gRPC health service over these states.
    pub(crate) fn service(&self) -> HealthService {
        HealthService::from_health_reporter(self.reporter.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::Health;

    #[tokio::test]
    async fn a_new_process_is_not_ready_until_it_says_so() {
        let health = Health::new().await;
        assert!(!health.is_serving(""));
        health.set("", true).await;
        assert!(health.is_serving(""));
    }

    #[tokio::test]
    async fn a_late_list_does_not_make_the_process_unready() {
        let health = Health::new().await;
        health.set("", true).await;
        health.set("freshness/user-authentication", false).await;
        assert!(health.is_serving(""));
        assert!(!health.is_serving("freshness/user-authentication"));
    }
}
