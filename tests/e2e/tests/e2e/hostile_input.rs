//! Whatever is sent to Akashi: a clear refusal, nothing personal in it, no panic, and the next one is served.

mod cases;
mod fields;
mod frames;
mod gateway;
mod gateway_addresses;
mod gateway_bodies;
mod gateway_protocol;
mod gateway_requests;
mod gateway_sign_in;
mod holder;
mod messages;
mod metrics_port;
mod parameters;
mod protocol;
mod requests;
mod revocation;
mod signing;
mod verification;

pub(crate) use holder::Holder;

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use e2e::browser::{Browser, Screen};
use e2e::by_hand::ByHand;
use e2e::findings::Findings;
use e2e::system::{Plan, Shape, System, reqwest_client};
use sandbox::relying_party::Use;

/// No test of this file may take longer.
const PATIENCE: Duration = Duration::from_mins(5);

#[tokio::test(flavor = "multi_thread")]
async fn every_method_tells_a_bad_request_which_field_is_wrong() -> Result<()> {
    let test = async |system: &System, findings: &mut Findings| {
        verification::run(system, findings).await?;
        revocation::run(system, findings).await?;
        signing::run(system, findings).await
    };
    attack(test, "bad requests", 700).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_refuses_octets_that_are_no_message() -> Result<()> {
    let test =
        async |system: &System, findings: &mut Findings| messages::run(system, findings).await;
    attack(test, "octets that are no message", 1_000).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_call_at_all_stops_nobody() -> Result<()> {
    let test =
        async |system: &System, findings: &mut Findings| protocol::run(system, findings).await;
    attack(test, "what is no call", 300).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_address_of_the_gateway_refuses_what_is_no_request() -> Result<()> {
    let test = async |system: &System, findings: &mut Findings| {
        let mut door = gateway::Door {
            redirect_uri: ByHand::new(system)?.redirect_uri(),
            system,
            findings,
        };
        gateway_addresses::run(&mut door).await?;
        gateway_bodies::run(&mut door).await?;
        gateway_requests::run(&mut door).await?;
        gateway_sign_in::run(&mut door).await?;
        gateway_protocol::run(&mut door).await?;
        a_person_signs_in(system).await
    };
    attack(test, "requests to the gateway", 5_000).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ports_for_those_who_watch_show_three_pages() -> Result<()> {
    let test =
        async |system: &System, findings: &mut Findings| metrics_port::run(system, findings).await;
    attack(test, "requests to the metrics ports", 200).await
}

/// After all that, as ever.
async fn a_person_signs_in(system: &System) -> Result<()> {
    let folder = system.folder().join("screenshots");
    let browser = Browser::start(Screen::Phone, &folder).await?;
    browser.sign_in(system, Use::City, "good").await?;
    let name = browser.text_of("#claim-name").await?;
    ensure!(name.contains("海野"), "signed in as {name}");
    browser.close().await
}

/// Runs a test against a system of its own, within its time, and looks at what became of the system.
async fn attack(
    test: impl AsyncFnOnce(&System, &mut Findings) -> Result<()>,
    what: &str,
    at_least: usize,
) -> Result<()> {
    let whole = async {
        let mut system = System::start(&Plan::of(Shape::AllOnSqlite)).await?;
        // While everything started, one role may have waited for another and said so.
        let started = system.process("all")?.log_length();
        let mut findings = Findings::new();
        test(&system, &mut findings).await?;
        lives_on(&mut system, started, &mut findings).await?;
        findings.finish(what, at_least)
    };
    tokio::time::timeout(PATIENCE, Box::pin(whole))
        .await
        .context("the test took too long")?
}

/// The process never ended, nothing in it panicked, and nothing was counted as a defect of its own.
async fn lives_on(system: &mut System, started: usize, findings: &mut Findings) -> Result<()> {
    let process = system.process("all")?;
    ensure!(process.is_running()?, "the process lives on");
    ensure!(started > 0, "the log is being read");
    let log = process.log_since(started);
    for trace in ["panicked", "RUST_BACKTRACE", "\"ERROR\""] {
        let lines: Vec<&str> = log.lines().filter(|line| line.contains(trace)).collect();
        let name = format!("the log without {trace}");
        findings.check(name, lines.is_empty(), lines.join("\n"));
    }
    for (role, page) in metrics(system).await? {
        let defects: Vec<&str> = page
            .lines()
            .filter(|line| {
                ["INTERNAL", "UNKNOWN", "DATA_LOSS"]
                    .iter()
                    .any(|code| line.contains(&format!("code=\"{code}\"")))
            })
            .collect();
        let name = format!("no call of {role} was a defect of ours");
        findings.check(name, defects.is_empty(), defects.join("\n"));
    }
    Ok(())
}

/// Every role's page of metrics.
async fn metrics(system: &System) -> Result<Vec<(&'static str, String)>> {
    let ports = system.deployment.ports();
    let mut pages = Vec::new();
    for (role, ports) in [
        ("oidc-gateway", ports.oidc_gateway),
        ("signature-verification", ports.signature_verification),
        ("revocation-lookup", ports.revocation_lookup),
        ("signing-certificate", ports.signing_certificate),
        ("crl-sync", ports.crl_sync),
    ] {
        let url = format!("http://127.0.0.1:{}/metrics", ports.metrics);
        let page = reqwest_client()?
            .get(url)
            .send()
            .await?
            .error_for_status()?;
        pages.push((role, page.text().await?));
    }
    Ok(pages)
}
