//! Lists that are broken, forged, old, of somebody else, or do not come: each is refused for its own reason, the last
//! good list stays, and the next right one is taken.

use anyhow::{Context as _, Result, ensure};
use e2e::freshness::{freshness, wait_for_number};
use e2e::system::{Plan, Shape, System, eventually};
use proto::revocation::v1::SourceFreshness;
use proto::verification::v1::VerificationResult;
use sandbox::deployment::Lists;
use sandbox::mint::CaKind;
use sandbox::repository::{Fault, FaultKind};

use super::ask::{Answer, result_of, status};
use super::scrape::metric;
use super::{USER, VERIFYING, bounded};

/// How an attempt ends, for the metric that shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Something came and was refused.
    Refused,
    /// Nothing usable came.
    Failed,
}

/// Each way to be wrong, the rule that it breaks, and how the attempt ends.
const TABLE: [(FaultKind, &str, End); 19] = [
    (FaultKind::Truncate, "truncated", End::Refused),
    (FaultKind::CutShort, "not_der", End::Refused),
    (FaultKind::WrongSignature, "signature", End::Refused),
    (FaultKind::LowerNumber, "number_falling", End::Refused),
    (FaultKind::Expired, "expired", End::Refused),
    (FaultKind::FromTheFuture, "not_yet_current", End::Refused),
    (FaultKind::NoNextUpdate, "next_update_missing", End::Refused),
    (FaultKind::WrongPartition, "scope_mismatch", End::Refused),
    (FaultKind::WrongAuthority, "unknown_signer", End::Refused),
    (FaultKind::WrongSigner, "signer_not_expected", End::Refused),
    (FaultKind::Delta, "delta", End::Refused),
    (
        FaultKind::UnknownCriticalExtension,
        "unknown_critical_extension",
        End::Refused,
    ),
    (
        FaultKind::RemoveFromCrl,
        "removed_from_full_list",
        End::Refused,
    ),
    (FaultKind::TrailingOctet, "not_der", End::Refused),
    (FaultKind::Html, "not_der", End::Refused),
    (FaultKind::Redirect, "redirect_refused", End::Refused),
    // It never ends, and its first octets are no list: nobody waits for the limit.
    (FaultKind::Endless, "not_der", End::Refused),
    (FaultKind::Unavailable, "http_status", End::Failed),
    (FaultKind::NotFound, "http_status", End::Failed),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_hostile_list_is_refused_and_the_last_good_one_answers() -> Result<()> {
    let umikaze = sandbox::mint::municipality("umikaze").context("a municipality")?;
    let lists = Lists {
        municipalities: vec![umikaze],
        ..Lists::all()
    };
    let plan = Plan {
        lists,
        ..Plan::of(Shape::RolesOnSqlite)
    };
    let system = System::start_only(&plan, &VERIFYING).await?;
    let outcome = bounded(async {
        for (kind, rule, end) in TABLE {
            refused_then_recovered(&system, kind, rule, end)
                .await
                .with_context(|| format!("{kind:?}"))?;
        }
        Ok(())
    });
    outcome.await.with_context(|| system.last_words())
}

async fn refused_then_recovered(
    system: &System,
    kind: FaultKind,
    rule: &'static str,
    end: End,
) -> Result<()> {
    let repository = &system.world.repository;
    let before = number(system);
    let counted = attempts(system, rule, end).await?;
    repository.set_fault(Fault {
        kind,
        path: Some(format!("/crl/{}/", USER.name())),
    });
    repository.publish(sandbox::now())?;
    let next = number(system);
    eventually(&format!("the refusal {rule}"), || async {
        let rows = rows(system).await?;
        Ok(rows.iter().all(|row| row.last_refusal == rule))
    })
    .await?;
    expect_in_force(system, before).await?;
    ensure!(
        attempts(system, rule, end).await? > counted,
        "the metric shows it"
    );
    // The twin: the other authority's lists, published at the same moment and right, are taken.
    wait_for_number(&system.deployment, CaKind::DigitalSignature.name(), next).await?;
    expect_in_force(system, before).await?;
    repository.set_fault(Fault::none());
    wait_for_number(&system.deployment, USER.name(), next).await?;
    eventually("no refusal", || async {
        let rows = rows(system).await?;
        Ok(rows.iter().all(|row| row.last_refusal.is_empty()))
    })
    .await?;
    expect_in_force(system, next).await
}

/// The lists of this number answer, and no others.
async fn expect_in_force(system: &System, number: u64) -> Result<()> {
    for (card, expected) in [
        ("good", Answer::Good(number)),
        ("revoked", Answer::Revoked(number)),
    ] {
        let answer = status(system, card, USER).await?;
        ensure!(
            answer == expected,
            "{card} is {answer:?}, expected {expected:?}"
        );
    }
    let result = result_of(system, "good").await?;
    ensure!(result == VerificationResult::Ok, "good: {result:?}");
    for row in rows(system).await? {
        let held = row.list.context("a list of each source")?.crl_number;
        ensure!(
            held == number.to_string() && row.current,
            "{} holds {held}, not {number}",
            row.source
        );
    }
    Ok(())
}

/// What freshness says of the authority whose lists are wrong.
async fn rows(system: &System) -> Result<Vec<SourceFreshness>> {
    let mut rows = freshness(&system.deployment).await?.sources;
    rows.retain(|row| row.certification_authority == USER.name());
    ensure!(rows.len() == 2, "a full list and a partition");
    Ok(rows)
}

async fn attempts(system: &System, rule: &str, end: End) -> Result<f64> {
    let crl_sync = system.deployment.ports().crl_sync;
    let authority = ("certification_authority", USER.name());
    match end {
        End::Refused => {
            metric(
                crl_sync,
                "akashi_crl_refused_total",
                &[authority, ("rule", rule)],
            )
            .await
        }
        End::Failed => {
            metric(
                crl_sync,
                "akashi_crl_attempts_total",
                &[authority, ("outcome", "failed")],
            )
            .await
        }
    }
}

/// The number of the last published lists.
fn number(system: &System) -> u64 {
    system.world.repository.publications()[USER.name()].number
}
