//! kill -9 of crl-sync and of revocation-lookup in every phase of both, counted: at every moment every answer is one that
//! is true by the list it names, no list goes back, nothing stored is lost or half there, and what was killed comes back
//! by itself when it is started again.
//!
//! Twenty kills in every run of the tests, two hundred with `tests/run --long`. A kill counts for the phase that the log
//! of the killed process ended in, whatever was aimed at.

mod oracle;
mod phase;
mod scene;

use std::io::Write as _;
use std::time::Duration;

use anyhow::{Context as _, Result};
use e2e::system::{Plan, Shape, System};

pub(super) use self::oracle::Oracle;
use self::phase::{Phase, Tally};
use self::scene::{Random, Scene};
use super::full_lists_only;

/// Only these two: nothing else is killed.
const ROLES: [&str; 2] = ["crl-sync", "revocation-lookup"];

/// How long the twenty may take on a machine that does much else.
const SHORT: Duration = Duration::from_mins(5);

/// How long each half of the two hundred may take.
const LONG: Duration = Duration::from_mins(15);

#[tokio::test(flavor = "multi_thread")]
async fn twenty_kills_spread_over_every_phase_leave_every_answer_true() -> Result<()> {
    let random = Random::seeded();
    let tally = campaign(Shape::RolesOnPostgres, random, SHORT, |_| 2).await?;
    show(&tally);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "twenty minutes; tests/run --long runs it"]
async fn two_hundred_kills_at_least_ten_in_every_phase_leave_every_answer_true() -> Result<()> {
    // SQLite lets readers read at any time, so nobody can be held in the middle of reading there.
    let sqlite = |phase| match phase {
        Phase::ReadingStore => 0,
        _ => 10,
    };
    let seconds = Random::seeded();
    let mut tally = campaign(Shape::RolesOnSqlite, seconds, LONG, sqlite).await?;
    show(&tally);
    let postgres = |phase| match phase {
        Phase::ReadingStore => 20,
        _ => 9,
    };
    tally.add(&campaign(Shape::RolesOnPostgres, seconds, LONG, postgres).await?);
    show(&tally);
    tally.expect_at_least(10, 200)
}

/// Kills until each phase was hit so often.
async fn campaign(
    shape: Shape,
    random: Random,
    limit: Duration,
    quota: impl Fn(Phase) -> u32,
) -> Result<Tally> {
    let plan = Plan {
        // Published by nobody but the test while it runs.
        list_lifetime_seconds: 24 * 3600,
        ..full_lists_only(shape)
    };
    let system = System::start_only(&plan, &ROLES).await?;
    let mut scene = Scene::new(system, shape, random)?;
    let outcome = tokio::time::timeout(limit, Box::pin(scene.play(quota)))
        .await
        .context("the kills took too long")
        .and_then(std::convert::identity);
    outcome.with_context(|| scene.last_words())
}

/// Also where the words of tests that pass are not shown.
fn show(words: &impl std::fmt::Display) {
    let _unseen = writeln!(std::io::stderr(), "{words}");
}
