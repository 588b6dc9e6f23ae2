//! Who may ask what: signing certificates' status is closed to everybody but agencies, in every service that knows it.

mod certificates;
mod questions;
mod records;
mod secrecy;
mod strangers;

use std::time::Duration;

use anyhow::{Context as _, Result};
use e2e::findings::Findings;
use e2e::system::{Plan, Shape, System};

/// No test of this file may take longer.
const PATIENCE: Duration = Duration::from_mins(3);

#[tokio::test(flavor = "multi_thread")]
async fn the_status_of_a_signing_certificate_is_told_to_agencies_only() -> Result<()> {
    bounded(
        async |system, findings| secrecy::run(system, findings).await,
        60,
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_no_entry_names_is_refused_at_every_method() -> Result<()> {
    bounded(
        async |system, findings| strangers::run(system, findings).await,
        60,
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_our_authority_did_not_issue_opens_nothing() -> Result<()> {
    bounded(
        async |system, findings| certificates::run(system, findings).await,
        20,
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_and_every_answer_leaves_a_record() -> Result<()> {
    bounded(
        async |system, findings| records::run(system, findings).await,
        15,
    )
    .await
}

async fn bounded(
    test: impl AsyncFnOnce(&System, &mut Findings) -> Result<()>,
    at_least: usize,
) -> Result<()> {
    let whole = Box::pin(async {
        let system = System::start(&Plan::of(Shape::AllOnSqlite)).await?;
        let mut findings = Findings::new();
        test(&system, &mut findings).await?;
        findings.finish("access", at_least)
    });
    tokio::time::timeout(PATIENCE, whole)
        .await
        .context("the test took too long")?
}
