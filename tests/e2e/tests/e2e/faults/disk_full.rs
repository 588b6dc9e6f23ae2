//! The disk of the store is full: the last good list stays in force and answers, the sync that was refused is counted
//! for the alert, a check that cannot be recorded is not answered, and once there is room everything goes on by itself.

use anyhow::{Context as _, Result, ensure};
use e2e::system::{Plan, Shape, System, eventually};
use proto::signing::v1::CheckResult;
use proto::verification::v1::VerificationResult;
use sandbox::mint::Revocation;
use tonic::Code;

use super::ask::{Answer, check_signing_certificate, result_of, status, wait_for_status};
use super::kills::Oracle;
use super::scrape::metric;
use super::{KEY_COMPROMISE, USER, bounded, full_lists_only};

const ROLES: [&str; 4] = [
    "crl-sync",
    "revocation-lookup",
    "signature-verification",
    "signing-certificate",
];

/// So many certificates, far apart, take more room than a database has left in the files it has.
const ENTRIES: u64 = 20_000;

/// Answers to everybody who asks, while nothing can be written.
const ANSWERS: u64 = 50;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_leaves_the_last_good_list_and_answers_no_check_unrecorded_on_sqlite()
-> Result<()> {
    full_and_free(Shape::RolesOnSqlite).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_leaves_the_last_good_list_and_answers_no_check_unrecorded_on_postgresql()
-> Result<()> {
    full_and_free(Shape::RolesOnPostgres).await
}

async fn full_and_free(shape: Shape) -> Result<()> {
    let plan = Plan {
        has_small_disk: true,
        list_lifetime_seconds: 24 * 3600,
        ..full_lists_only(shape)
    };
    let mut system = System::start_only(&plan, &ROLES).await?;
    let mut oracle = Oracle::of(&system)?;
    let outcome = bounded(play(&mut system, &oracle, shape)).await;
    let seen = oracle.finish().await;
    seen.and(outcome).with_context(|| system.last_words())
}

async fn play(system: &mut System, oracle: &Oracle, shape: Shape) -> Result<()> {
    let result = result_of(system, "good").await?;
    ensure!(result == VerificationResult::Ok, "before: {result:?}");
    let checked = eventually_checked(system).await;
    checked.context("before")?;
    let before = number(system);
    system.small_disk()?.fill()?;

    revoke_many(system)?;
    let repository = &system.world.repository;
    repository.revoke("minor", &[USER], KEY_COMPROMISE, sandbox::now())?;
    let next = number(system);
    let refused = not_stored(system).await?;
    eventually(
        "a list that is not stored, in the metric of the alert",
        || async { Ok(not_stored(system).await? > refused) },
    )
    .await?;
    oracle.everybody_answered(ANSWERS).await?;
    for card in ["minor", "good"] {
        let answer = status(system, card, USER).await?;
        ensure!(answer == Answer::Good(before), "{card}: {answer:?}");
    }
    // No record, no answer.
    eventually("a check that cannot be recorded", || async {
        Ok(check_signing_certificate(system).await?.is_err())
    })
    .await?;
    let unrecorded = check_signing_certificate(system).await?;
    ensure!(
        unrecorded
            .as_ref()
            .is_err_and(|status| status.code() == Code::Unavailable),
        "an answer without a record: {unrecorded:?}"
    );

    system.small_disk()?.free()?;
    if shape == Shape::RolesOnPostgres && !system.postgres()?.is_running() {
        // PostgreSQL itself gives up where its own log has no room; nothing of ours has to be started again.
        system.postgres()?.start_again()?;
    }
    wait_for_status(system, "minor", &Answer::Revoked(next)).await?;
    wait_for_status(system, "good", &Answer::Good(next)).await?;
    eventually_checked(system).await.context("after")?;
    eventually("signatures being verified", || async {
        let result = result_of(system, "good").await;
        Ok(result.is_ok_and(|result| result == VerificationResult::Ok))
    })
    .await?;
    for role in ROLES {
        ensure!(system.process(role)?.is_running()?, "{role} has ended");
    }
    Ok(())
}

/// How many attempts to store a list failed.
async fn not_stored(system: &System) -> Result<f64> {
    let labels = [("certification_authority", USER.name()), ("rule", "store")];
    let port = system.deployment.ports().crl_sync;
    metric(port, "akashi_crl_failed_total", &labels).await
}

async fn eventually_checked(system: &System) -> Result<()> {
    eventually("a signing certificate being valid", || async {
        let checked = check_signing_certificate(system).await?;
        Ok(checked.is_ok_and(|result| result == CheckResult::Valid))
    })
    .await
}

/// Certificates far apart: each has its own entry in the index.
fn revoke_many(system: &System) -> Result<()> {
    let revoked_at = sandbox::now().secs();
    system.world.repository.change(|jpki| {
        let authority = jpki.authority_mut(USER);
        authority
            .revocations
            .extend((1..=ENTRIES).map(|place| Revocation {
                serial: (1 << 40) + place * 0x1_0001_0001,
                generation: 2,
                municipality: "umikaze".to_owned(),
                revoked_at,
                reason: 5,
            }));
    })?;
    Ok(())
}

/// The number of the last published lists.
fn number(system: &System) -> u64 {
    system.world.repository.publications()[USER.name()].number
}
