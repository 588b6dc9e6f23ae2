//! Reads what Prometheus would.

use anyhow::Result;
use e2e::system::reqwest_client;
use sandbox::deployment::RolePorts;

/// The sum of a role's metrics of this name with these labels; 0 where there is none yet.
pub(crate) async fn metric(role: RolePorts, name: &str, labels: &[(&str, &str)]) -> Result<f64> {
    let url = format!("http://127.0.0.1:{}/metrics", role.metrics);
    let text = reqwest_client()?.get(url).send().await?.text().await?;
    let labels: Vec<String> = labels
        .iter()
        .map(|(label, value)| format!("{label}=\"{value}\""))
        .collect();
    let mut sum = 0.0;
    for line in text.lines() {
        let is_asked_for = line.split(['{', ' ']).next() == Some(name)
            && labels.iter().all(|label| line.contains(label.as_str()));
        if let (true, Some(value)) = (is_asked_for, line.rsplit(' ').next()) {
            sum += value.parse::<f64>()?;
        }
    }
    Ok(sum)
}
