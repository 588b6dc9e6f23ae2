//! Whatever is sent to Akashi: a clear refusal, nothing personal in it, no panic, and the next one is served.

mod cases;
mod fields;
mod frames;
mod holder;
mod messages;
mod protocol;
mod requests;
mod revocation;
mod signing;
mod verification;

pub(crate) use holder::Holder;

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use e2e::findings::Findings;
use e2e::system::{Plan, Shape, System, reqwest_client};

/// No test of this file may take longer.
const PATIENCE: Duration = Duration::from_mins(5);

#[tokio::test(flavor = "multi_thread")]
async fn every_method_tells_a_bad_request_which_field_is_wrong() -> Result<()> {
    bounded(async {
        let mut system = System::start(&Plan::of(Shape::AllOnSqlite)).await?;
        let mut findings = Findings::new();
        verification::run(&system, &mut findings).await?;
        revocation::run(&system, &mut findings).await?;
        signing::run(&system, &mut findings).await?;
        lives_on(&mut system, &mut findings).await?;
        findings.finish("bad requests", 400)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_refuses_octets_that_are_no_message() -> Result<()> {
    bounded(async {
        let mut system = System::start(&Plan::of(Shape::AllOnSqlite)).await?;
        let mut findings = Findings::new();
        messages::run(&system, &mut findings).await?;
        lives_on(&mut system, &mut findings).await?;
        findings.finish("octets that are no message", 500)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_call_at_all_stops_nobody() -> Result<()> {
    bounded(async {
        let mut system = System::start(&Plan::of(Shape::AllOnSqlite)).await?;
        let mut findings = Findings::new();
        protocol::run(&system, &mut findings).await?;
        lives_on(&mut system, &mut findings).await?;
        findings.finish("what is no call", 200)
    })
    .await
}

async fn bounded(test: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::time::timeout(PATIENCE, Box::pin(test))
        .await
        .context("the test took too long")?
}

/// The process never ended, nothing in it panicked, and nothing was counted as a defect of its own.
async fn lives_on(system: &mut System, findings: &mut Findings) -> Result<()> {
    ensure!(system.process("all")?.is_running()?, "the process lives on");
    let log = system.logs();
    for trace in ["panicked", "a call panicked", "RUST_BACKTRACE"] {
        let line = log.lines().find(|line| line.contains(trace));
        findings.check(
            format!("the log without {trace:?}"),
            line.is_none(),
            format!("{line:?}"),
        );
    }
    let errors: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("\"ERROR\""))
        .collect();
    findings.check(
        "the log without an error of ours",
        errors.is_empty(),
        errors.join("\n"),
    );
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
