//! PostgreSQL goes away and comes back while everything runs: what is in memory answers, what needs the database says
//! that it cannot, and nobody has to be started again.

use anyhow::{Context as _, Result, ensure};
use e2e::system::{Shape, System, eventually};
use proto::revocation::v1::UnknownReason;
use proto::signing::v1::CheckResult;
use proto::verification::v1::VerificationResult;
use sandbox::deployment::identity;
use store::{AuditLog, DatabaseUrl};
use tonic::Code;

use super::ask::{
    Answer, Question, check_signing_certificate, result_of, status, verify, wait_for_status,
};
use super::{KEY_COMPROMISE, USER, bounded, full_lists_only};

const ROLES: [&str; 4] = [
    "crl-sync",
    "revocation-lookup",
    "signature-verification",
    "signing-certificate",
];

/// A good card that nobody has signed in with: its holder is not remembered.
const UNSEEN: &str = "older-key";

/// How often the authentication backend asks while there is no database.
const LOOKUPS: u64 = 25;

#[tokio::test(flavor = "multi_thread")]
async fn lookups_outlive_their_database_and_verification_comes_back_with_it() -> Result<()> {
    let mut system = System::start_only(&full_lists_only(Shape::RolesOnPostgres), &ROLES).await?;
    let outcome = bounded(away_and_back(&mut system)).await;
    outcome.with_context(|| system.last_words())
}

async fn away_and_back(system: &mut System) -> Result<()> {
    let number = system.world.repository.publications()[USER.name()].number;
    expect_all_well(system, number).await?;

    system.postgres()?.stop();
    lookups_go_on(system, number).await?;
    what_needs_the_database_says_so(system).await?;
    let repository = &system.world.repository;
    repository.revoke("minor", &[USER], KEY_COMPROMISE, sandbox::now())?;
    let next = repository.publications()[USER.name()].number;

    system.postgres()?.start_again()?;
    wait_for_status(system, "minor", &Answer::Revoked(next)).await?;
    eventually("signatures being verified again", || async {
        let verified = verify(system, UNSEEN).await?;
        Ok(verified.is_ok_and(|verified| verified.result() == VerificationResult::Ok))
    })
    .await?;
    expect_all_well(system, next).await?;
    every_lookup_is_in_the_ledger(system).await?;
    for role in ROLES {
        ensure!(
            system.process(role)?.is_running()?,
            "{role} did not outlive the database"
        );
    }
    a_replica_that_starts_alone_waits(system, next).await
}

/// A replica has nothing to answer from before it has seen the store once, and says that it knows nothing.
async fn a_replica_that_starts_alone_waits(system: &mut System, number: u64) -> Result<()> {
    system.take("revocation-lookup")?.kill()?;
    system.postgres()?.stop();
    system.start_role("revocation-lookup")?;
    for card in ["good", "revoked"] {
        let expected = Answer::Unknown(UnknownReason::Feed);
        wait_for_status(system, card, &expected).await?;
    }
    system.postgres()?.start_again()?;
    wait_for_status(system, "good", &Answer::Good(number)).await?;
    wait_for_status(system, "revoked", &Answer::Revoked(number)).await
}

async fn expect_all_well(system: &System, number: u64) -> Result<()> {
    let answer = status(system, "good", USER).await?;
    ensure!(answer == Answer::Good(number), "good: {answer:?}");
    let result = result_of(system, "good").await?;
    ensure!(result == VerificationResult::Ok, "good: {result:?}");
    let checked = check_signing_certificate(system).await??;
    ensure!(
        checked == CheckResult::Valid,
        "the signing certificate: {checked:?}"
    );
    Ok(())
}

async fn lookups_go_on(system: &System, number: u64) -> Result<()> {
    let question = Question::about(&system.world.repository, "good", USER)?
        .by(identity::AUTHENTICATION_BACKEND);
    let mut client = question.client(&system.deployment)?;
    for _ in 0..LOOKUPS {
        let answer = question.ask(&mut client).await?;
        ensure!(answer == Answer::Good(number), "meanwhile: {answer:?}");
    }
    let answer = status(system, "revoked", USER).await?;
    ensure!(answer == Answer::Revoked(number), "revoked: {answer:?}");
    Ok(())
}

async fn what_needs_the_database_says_so(system: &System) -> Result<()> {
    // No holder can be named, so nobody is signed in: an error, not a verdict about the card.
    let refused = verify(system, UNSEEN).await?;
    ensure!(
        refused
            .as_ref()
            .is_err_and(|status| status.code() == Code::Unavailable),
        "{UNSEEN}: {refused:?}"
    );
    // What is decided before that still is.
    let result = result_of(system, "revoked").await?;
    ensure!(
        result == VerificationResult::CertificateRevoked,
        "revoked: {result:?}"
    );
    // No record, no answer.
    let refused = check_signing_certificate(system).await?;
    ensure!(
        refused
            .as_ref()
            .is_err_and(|status| status.code() == Code::Unavailable),
        "the signing certificate: {refused:?}"
    );
    Ok(())
}

/// Exactly as many as were asked: none is lost, and none is counted twice.
async fn every_lookup_is_in_the_ledger(system: &System) -> Result<()> {
    let url: DatabaseUrl = system.audit_url().parse()?;
    let log = AuditLog::open(&url).await?;
    let counted = || async {
        let rows = log.ledger(10_000).await?;
        let own = rows
            .iter()
            .filter(|row| row.caller == identity::AUTHENTICATION_BACKEND);
        anyhow::Ok(own.map(|row| row.count).sum::<u64>())
    };
    eventually("the ledger", || async { Ok(counted().await? >= LOOKUPS) }).await?;
    let sum = counted().await?;
    ensure!(sum == LOOKUPS, "{sum} lookups are counted, not {LOOKUPS}");
    log.close().await;
    Ok(())
}
