//! The lists' database restored from an older copy while nothing runs, and everything started again: nobody is called
//! good by a list that is older than one that answered before, numbers below it stay refused, the operator is told, and
//! the publisher's next list mends it.

use anyhow::{Context as _, Result, ensure};
use e2e::freshness::freshness;
use e2e::system::{Shape, System, eventually};
use proto::revocation::v1::UnknownReason;
use proto::verification::v1::VerificationResult;
use sandbox::repository::{Fault, FaultKind};

use super::ask::{Answer, result_of, status, wait_for_status};
use super::killed::SOURCE;
use super::scrape::metric;
use super::{KEY_COMPROMISE, USER, VERIFYING, bounded, full_lists_only};

const STALE: Answer = Answer::Unknown(UnknownReason::Stale);

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_database_takes_back_no_list_that_was_served_on_sqlite() -> Result<()> {
    restored_and_mended(Shape::RolesOnSqlite).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_database_takes_back_no_list_that_was_served_on_postgresql() -> Result<()> {
    restored_and_mended(Shape::RolesOnPostgres).await
}

async fn restored_and_mended(shape: Shape) -> Result<()> {
    let mut system = System::start_only(&full_lists_only(shape), &VERIFYING).await?;
    let outcome = bounded(play(&mut system)).await;
    outcome.with_context(|| system.last_words())
}

async fn play(system: &mut System) -> Result<()> {
    let before = number(system);
    system.kill_all()?;
    system.back_up_lists()?;
    start(system)?;
    let repository = &system.world.repository;
    repository.revoke("minor", &[USER], KEY_COMPROMISE, sandbox::now())?;
    let served = number(system);
    wait_for_status(system, "minor", &Answer::Revoked(served)).await?;
    wait_for_status(system, "good", &Answer::Good(served)).await?;
    system.kill_all()?;
    system.restore_lists()?;

    // The publisher is away: there is only what was restored.
    let repository = &system.world.repository;
    repository.set_fault(Fault::everywhere(FaultKind::Stop));
    start(system)?;
    wait_for_status(system, "revoked", &Answer::Revoked(before)).await?;
    expect_nothing_good(system, before).await?;
    the_operator_is_told(system).await?;

    // A mirror as old as the copy: the number in force, with other octets; then the highest number, with other octets.
    for (again, rule) in [(before, "number_falling"), (served, "number_reused")] {
        let repository = &system.world.repository;
        repository.change(|jpki| jpki.authority_mut(USER).published_number = again - 1)?;
        repository.publish(sandbox::now())?;
        repository.set_fault(Fault::none());
        eventually(&format!("the refusal {rule}"), || async {
            let freshness = freshness(&system.deployment).await?;
            let mut rows = freshness.sources.iter();
            Ok(rows.any(|row| row.source == SOURCE && row.last_refusal == rule))
        })
        .await?;
        expect_nothing_good(system, before).await?;
    }

    let repository = &system.world.repository;
    repository.publish(sandbox::now())?;
    let next = number(system);
    ensure!(next == served + 1, "the next number is {next}");
    wait_for_status(system, "good", &Answer::Good(next)).await?;
    wait_for_status(system, "minor", &Answer::Revoked(next)).await?;
    ensure!(
        result_of(system, "good").await? == VerificationResult::Ok,
        "signatures are verified again"
    );
    eventually("metrics that say so", || async {
        let [behind, superseded] = behind(system).await?;
        Ok(behind < 0.5 && superseded < 0.5)
    })
    .await
}

/// Neither the certificate that only the lost list revoked, nor any other.
async fn expect_nothing_good(system: &System, before: u64) -> Result<()> {
    for card in ["minor", "good"] {
        let answer = status(system, card, USER).await?;
        ensure!(answer == STALE, "{card}: {answer:?}");
        let result = result_of(system, card).await?;
        ensure!(
            result == VerificationResult::RevocationUnknown,
            "{card}: {result:?}"
        );
    }
    let answer = status(system, "revoked", USER).await?;
    ensure!(answer == Answer::Revoked(before), "revoked: {answer:?}");
    Ok(())
}

/// In both logs and both metrics, on which the alert is.
async fn the_operator_is_told(system: &mut System) -> Result<()> {
    for role in ["crl-sync", "revocation-lookup"] {
        let words = "it was restored from an older copy";
        system.process(role)?.wait_for_log(words)?;
    }
    eventually("metrics that say so", || async {
        let [behind, superseded] = behind(system).await?;
        Ok(behind > 0.5 && superseded > 0.5)
    })
    .await
}

/// The lists that are behind, as crl-sync and as revocation-lookup count them.
async fn behind(system: &System) -> Result<[f64; 2]> {
    let ports = system.deployment.ports();
    let authority = [("certification_authority", USER.name())];
    Ok([
        metric(ports.crl_sync, "akashi_crl_lists_behind", &authority).await?,
        metric(
            ports.revocation_lookup,
            "akashi_lists_superseded",
            &authority,
        )
        .await?,
    ])
}

fn start(system: &mut System) -> Result<()> {
    VERIFYING
        .into_iter()
        .try_for_each(|role| system.start_role(role))
}

/// The number of the last published lists.
fn number(system: &System) -> u64 {
    system.world.repository.publications()[USER.name()].number
}
