//! The commands to a running demo, through its control API.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::arguments::{FaultArguments, Revoke, Unlock};
use super::{Running, running_file};

/// Revokes certificates of a card.
pub(super) async fn revoke(data: &Path, revoke: &Revoke) -> Result<()> {
    let mut body = json!({ "holder": revoke.holder, "reason": revoke.reason });
    if let Some(certificate) = &revoke.certificate {
        body["certificate"] = json!(certificate);
    }
    let state = post(data, "/control/revoke", &body).await?;
    let number = state["lists"][0]["number"].as_u64().unwrap_or_default();
    println!(
        "Revoked {}. The lists with number {number} say so; they are in force after the next fetch.",
        revoke.holder
    );
    Ok(())
}

/// Gives a card its tries back.
pub(super) async fn unlock(data: &Path, unlock: &Unlock) -> Result<()> {
    post(data, "/control/unlock", &json!({ "holder": unlock.holder })).await?;
    println!("Unlocked {}.", unlock.holder);
    Ok(())
}

/// Makes something go wrong, or right again.
pub(super) async fn fault(data: &Path, fault: &FaultArguments) -> Result<()> {
    let mut body = json!({ "kind": fault.kind });
    if let Some(path) = &fault.path {
        body["path"] = json!(path);
    }
    let state = post(data, "/control/fault", &body).await?;
    println!("The repository's fault is now {}.", state["fault"]);
    Ok(())
}

async fn post(data: &Path, path: &str, body: &Value) -> Result<Value> {
    let file = running_file(data);
    let not_running = || format!("no demo is running on {}", data.display());
    let running = fs::read(&file).with_context(not_running)?;
    let running: Running = serde_json::from_slice(&running).with_context(not_running)?;
    let http = reqwest::Client::builder()
        .timeout(Duration::from_secs(30))
        .build()?;
    let address = format!("{}{path}", running.addresses.control);
    let response = http
        .post(address)
        .json(body)
        .send()
        .await
        .with_context(not_running)?;
    let succeeded = response.status().is_success();
    let answer = response.text().await?;
    if !succeeded {
        let problem = serde_json::from_str::<Value>(&answer).ok();
        let problem = problem.and_then(|json| json["error"].as_str().map(str::to_owned));
        bail!("{}", problem.unwrap_or(answer));
    }
    serde_json::from_str(&answer).context("the control API's answer")
}
