//! PostgreSQL stopped and started again and again while many ask: every answer is true by the list that it names and
//! none is missing, lists move on as soon as they can, and nobody has to be started again.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use anyhow::{Context as _, Result, ensure};
use e2e::callers;
use e2e::system::{Plan, Shape, System, eventually};
use proto::verification::v1::VerificationResult;
use proto::verification::v1::VerifySignatureRequest;
use sandbox::deployment::{Deployment, identity};
use tokio::task::JoinHandle;
use tonic::Code;

use super::ask::{Answer, result_of, signature_by, wait_for_status};
use super::kills::Oracle;
use super::{KEY_COMPROMISE, USER, VERIFYING, bounded, full_lists_only};

/// Each is revoked once more before, during or after an outage.
const CARDS: [&str; 2] = ["minor", "renewed-old"];

/// Answers to everybody who asks, while there is no database.
const ANSWERS: u64 = 200;

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_stopped_and_started_under_load_makes_no_answer_wrong() -> Result<()> {
    let plan = Plan {
        // Published by nobody but the test while it runs.
        list_lifetime_seconds: 24 * 3600,
        ..full_lists_only(Shape::RolesOnPostgres)
    };
    let mut system = System::start_only(&plan, &VERIFYING).await?;
    let mut oracle = Oracle::of(&system)?;
    let outcome = bounded(away_and_back(&mut system, &oracle)).await;
    let seen = oracle.finish().await;
    seen.and(outcome).with_context(|| system.last_words())
}

async fn away_and_back(system: &mut System, oracle: &Oracle) -> Result<()> {
    // Its holder is known from here on.
    let first = result_of(system, "good").await?;
    ensure!(first == VerificationResult::Ok, "before: {first:?}");
    let verifying = Verifying::of(system)?;
    oracle.hurry(true);
    for card in CARDS {
        let before = revoke(system, card)?;
        wait_for_status(system, card, &Answer::Revoked(before)).await?;
        system.postgres()?.stop();
        oracle.everybody_answered(ANSWERS).await?;
        // The list that comes meanwhile is nowhere yet; the last good one stays.
        system.world.repository.publish(sandbox::now())?;
        oracle.everybody_answered(ANSWERS).await?;
        system.postgres()?.start_again()?;
        let next = number(system);
        wait_for_status(system, card, &Answer::Revoked(next)).await?;
        wait_for_status(system, "good", &Answer::Good(next)).await?;
        let ok = verifying.ok();
        eventually("signatures being verified again", || async {
            Ok(verifying.ok() > ok + 10)
        })
        .await?;
        oracle.expect_nothing_wrong()?;
    }
    for role in VERIFYING {
        ensure!(system.process(role)?.is_running()?, "{role} has ended");
    }
    let (ok, without) = verifying.finish().await?;
    let (answers, unanswered) = oracle.counts();
    ensure!(unanswered == 0, "{unanswered} lookups without an answer");
    let _unseen = writeln!(
        std::io::stderr(),
        "{} stops: {answers} lookups answered, all true, none unanswered; {ok} signatures verified, {without} without a \
         verdict while the database was away, none wrong",
        CARDS.len()
    );
    Ok(())
}

/// Verifies a good card's signature all the time: OK, or no verdict at all, and never another one.
struct Verifying {
    counts: Arc<[AtomicU64; 2]>,
    stop: Arc<AtomicBool>,
    task: JoinHandle<Result<()>>,
}

impl Verifying {
    fn of(system: &System) -> Result<Self> {
        let request = signature_by(system, "good")?;
        let (counts, stop) = (Arc::<[AtomicU64; 2]>::default(), Arc::default());
        let task = verify_until(
            system.deployment.clone(),
            request,
            Arc::clone(&counts),
            Arc::clone(&stop),
        );
        Ok(Self {
            counts,
            stop,
            task: tokio::spawn(task),
        })
    }

    fn ok(&self) -> u64 {
        self.counts[0].load(Ordering::SeqCst)
    }

    /// How many were OK, and how many had no verdict.
    async fn finish(self) -> Result<(u64, u64)> {
        self.stop.store(true, Ordering::SeqCst);
        self.task.await??;
        Ok((
            self.counts[0].load(Ordering::SeqCst),
            self.counts[1].load(Ordering::SeqCst),
        ))
    }
}

async fn verify_until(
    deployment: Deployment,
    request: VerifySignatureRequest,
    counts: Arc<[AtomicU64; 2]>,
    stop: Arc<AtomicBool>,
) -> Result<()> {
    let mut client = callers::verification(&deployment, identity::AUTHENTICATION_BACKEND)?;
    while !stop.load(Ordering::SeqCst) {
        match client.verify_signature(request.clone()).await {
            Ok(answer) => {
                let result = answer.into_inner().result();
                ensure!(
                    result == VerificationResult::Ok,
                    "the good card: {result:?}"
                );
                counts[0].fetch_add(1, Ordering::SeqCst);
            }
            // Its holder cannot be named without the database.
            Err(status) => {
                let code = status.code();
                ensure!(code == Code::Unavailable, "no verdict: {status}");
                counts[1].fetch_add(1, Ordering::SeqCst);
            }
        }
    }
    Ok(())
}

/// Revokes and publishes; returns the number of the lists that say so.
fn revoke(system: &System, card: &str) -> Result<u64> {
    let repository = &system.world.repository;
    repository.revoke(card, &[USER], KEY_COMPROMISE, sandbox::now())?;
    Ok(number(system))
}

/// The number of the last published lists.
fn number(system: &System) -> u64 {
    system.world.repository.publications()[USER.name()].number
}
