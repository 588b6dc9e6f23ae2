//! Reads what Prometheus would.

use anyhow::Result;
use e2e::system::reqwest_client;
use sandbox::deployment::RolePorts;

/// The value of a metric of a role with these labels; 0 where there is none yet.
pub(crate) async fn metric(role: RolePorts, name: &str, labels: &[(&str, &str)]) -> Result<f64> {
    let url = format!("http://127.0.0.1:{}/metrics", role.metrics);
    let text = reqwest_client()?.get(url).send().await?.text().await?;
    let labels: Vec<String> = labels
        .iter()
        .map(|(label, value)| format!("{label}=\"{value}\""))
        .collect();
    let line = text.lines().find(|line| {
        line.split(['{', ' ']).next() == Some(name)
            && labels.iter().all(|label| line.contains(label.as_str()))
    });
    let value = line.and_then(|line| line.rsplit(' ').next());
    Ok(value.map(str::parse).transpose()?.unwrap_or(0.0))
}
