//! Nothing personal and no secret is left behind: not in a log, not in a metric, not in a database, not in an error.
//!
//! A holder signs in, and everything that can go wrong on the way goes wrong first; agencies and others ask about the same
//! person's certificates, well and badly. Afterwards everything that the processes wrote is searched for everything that
//! only the person, the card, the browser and the relying party may know, in every spelling.

mod canaries;
mod haystack;
mod people;
mod questions;

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use e2e::findings::Findings;
use e2e::system::{Plan, Shape, System, eventually};
use store::AuditLog;

use canaries::{Canary, Where};
use haystack::Haystack;

/// The test may not take longer.
const PATIENCE: Duration = Duration::from_mins(3);

#[tokio::test(flavor = "multi_thread")]
async fn attack_67_a_sign_in_leaves_no_trace_of_the_person_or_of_a_secret() -> Result<()> {
    searched("info").await
}

/// An operator who looks for a fault turns the log up; what it then holds is the same law's business.
#[tokio::test(flavor = "multi_thread")]
async fn attack_67_a_log_that_is_turned_up_leaves_no_trace_either() -> Result<()> {
    searched("trace").await
}

async fn searched(level: &str) -> Result<()> {
    tokio::time::timeout(PATIENCE, Box::pin(search(level)))
        .await
        .context("the test took too long")?
}

async fn search(level: &str) -> Result<()> {
    let mut system = System::prepare(&Plan::of(Shape::AllOnSqlite)).await?;
    turn_log_to(&system, level)?;
    system.start_role("all")?;
    system.wait_until_ready().await?;
    let mut canaries = canaries::of_the_deployment(&system)?;
    for card in ["good", "revoked"] {
        canaries.extend(canaries::of_a_card(&system, card)?);
    }
    let mut errors = Vec::new();
    canaries.extend(people::sign_in(&system, &mut errors).await?);
    canaries.extend(questions::ask(&system, &mut errors).await?);
    // The ledger is written within ten seconds of a lookup, refusals sooner.
    let audit = AuditLog::open(&system.audit_url().parse()?).await?;
    eventually("the ledger", async || {
        Ok(!audit.ledger(10).await?.is_empty())
    })
    .await?;
    let hay = Haystack::collect(&mut system, &errors).await?;
    audit.close().await;
    let mut findings = Findings::new();
    let shown = format!("\"{}\"", level.to_uppercase());
    let is_shown = hay
        .joined("the log")?
        .windows(shown.len())
        .any(|text| text == shown.as_bytes());
    findings.check("the level of the log", is_shown, level);
    searching_works(&hay, &canaries, &mut findings)?;
    for canary in &canaries {
        for place in hay.places() {
            if canary.may_stand_in(&place.name) {
                continue;
            }
            let found = canary.found_in(&place.octets);
            let name = format!("{} in {} at level {level}", canary.name, place.name);
            findings.check(name, found.is_none(), format!("{found:?}"));
        }
    }
    println!("{} canaries, {} places", canaries.len(), hay.places().len());
    findings.finish("traces", 800)
}

/// The controls: what has to be in a place is found there, so what is not found is not there.
fn searching_works(hay: &Haystack, canaries: &[Canary], findings: &mut Findings) -> Result<()> {
    for (text, place) in [
        ("a card's answer was judged", "the log"),
        ("city-office.agency.test", "audit.db"),
        ("digital-signature", "crl.db"),
        ("user-authentication", "holder-links.db"),
        ("akashi_gateway_requests_total", "metrics of oidc-gateway"),
        ("INVALID_ARGUMENT", "metrics of signing-certificate"),
    ] {
        let control = Canary::new("a control", text, Where::Nowhere);
        let found = control.found_in(&hay.joined(place)?).is_some();
        findings.check(format!("{text:?} in {place}"), found, "not found");
    }
    // What a sign-in must keep while it lasts.
    let kept: Vec<&Canary> = canaries.iter().filter(|canary| canary.is_kept()).collect();
    ensure!(kept.len() >= 3, "something is kept");
    for canary in kept {
        for place in canary.kept_in() {
            let found = canary.found_in(&hay.joined(place)?).is_some();
            findings.check(format!("{} in {place}", canary.name), found, "not found");
        }
    }
    Ok(())
}

fn turn_log_to(system: &System, level: &str) -> Result<()> {
    for role in e2e::system::ROLES {
        let file = system.deployment.config_file(role);
        let text = std::fs::read_to_string(&file)?;
        ensure!(text.contains("log = \"info\""), "{role} has a level");
        std::fs::write(
            file,
            text.replace("log = \"info\"", &format!("log = \"{level}\"")),
        )?;
    }
    Ok(())
}
