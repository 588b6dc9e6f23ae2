//! An installation in which crl-sync and revocation-lookup are killed again and again.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use e2e::freshness::{freshness, wait_for_number};
use e2e::system::{Shape, System, eventually};
use sandbox::mint::{ListKind, ListSigner, Revocation};
use sandbox::repository::{Fault, FaultKind, list_path};

use super::oracle::Oracle;
use super::phase::{Phase, Tally};
use crate::faults::USER;
use crate::faults::killed::{SOURCE, said, stored_number};
use crate::faults::lock::{Lock, ReadLock};

/// Enough entries that a list takes a debug build some tenths of a second.
const ENTRIES: u64 = 2_000;

/// An aim may be missed: a phase may be over before the kill comes. So many kills more than asked for are too many.
const MISSES: u32 = 100;

/// Whatever happens between a change at the publisher and the swap at the replica happens within this time.
const RANDOM_MOMENTS: Duration = Duration::from_millis(2_500);

/// Moments drawn from a seed that is printed, and can be given again as `AKASHI_KILL_SEED`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Random(u64);

impl Random {
    #[expect(clippy::disallowed_methods, reason = "a test's own setting")]
    pub(super) fn seeded() -> Self {
        let given = std::env::var("AKASHI_KILL_SEED").ok();
        let given = given.and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0);
        super::show(&format_args!("AKASHI_KILL_SEED={seed}"));
        Self(seed)
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    async fn moment(&mut self, within: Duration) {
        let micros = u64::try_from(within.as_micros()).unwrap_or(u64::MAX);
        tokio::time::sleep(Duration::from_micros(self.next() % micros)).await;
    }
}

/// What crl-sync is killed over.
struct Aimed {
    /// The number of the new list.
    next: u64,
    /// Where its log began to be about that list.
    since: usize,
    /// What keeps it from its commit.
    lock: Option<Lock>,
}

pub(super) struct Scene {
    system: System,
    shape: Shape,
    oracle: Oracle,
    random: Random,
    tally: Tally,
}

impl Scene {
    pub(super) fn new(system: System, shape: Shape, random: Random) -> Result<Self> {
        Ok(Self {
            oracle: Oracle::of(&system)?,
            system,
            shape,
            random,
            tally: Tally::default(),
        })
    }

    pub(super) fn last_words(&self) -> String {
        format!("{}{}", self.tally, self.system.last_words())
    }

    /// Kills in every phase in turn until each was hit often enough.
    pub(super) async fn play(&mut self, quota: impl Fn(Phase) -> u32) -> Result<Tally> {
        self.publish_many().await?;
        let mut kills = 0;
        let wanted: u32 = Phase::ALL.iter().map(|phase| quota(*phase)).sum();
        while let Some(phase) = self.least_hit(&quota) {
            ensure!(
                kills < wanted + MISSES,
                "{phase:?} was aimed at again and again and not hit"
            );
            kills += 1;
            let hit = Box::pin(self.kill_in(phase)).await;
            let hit = match (hit, self.oracle.expect_nothing_wrong()) {
                (Ok(hit), Ok(())) => hit,
                // What the askers saw says more than what came of it.
                (outcome, wrong) => {
                    self.oracle
                        .finish()
                        .await
                        .with_context(|| format!("{phase:?}"))?;
                    return Err(outcome.err().or(wrong.err()).context("an error")?)
                        .with_context(|| format!("{phase:?}"));
                }
            };
            self.tally.hit(hit);
        }
        self.oracle.finish().await?;
        (self.tally.answers, self.tally.unanswered) = self.oracle.counts();
        Ok(self.tally.clone())
    }

    /// The phase that lacks the most, so that each is met in many states of the others.
    fn least_hit(&self, quota: impl Fn(Phase) -> u32) -> Option<Phase> {
        let missing = |phase: &Phase| quota(*phase).saturating_sub(self.tally.hits(*phase));
        let most = Phase::ALL.iter().map(missing).max()?;
        let next = Phase::ALL.into_iter().find(|phase| missing(phase) == most);
        next.filter(|_| most > 0)
    }

    /// Kills with an aim; returns the phase that was hit.
    async fn kill_in(&mut self, phase: Phase) -> Result<Phase> {
        match phase {
            Phase::Downloading
            | Phase::Verifying
            | Phase::BeforeCommit
            | Phase::AtCommit
            | Phase::AfterCommit
            | Phase::SyncAtRandom => self.kill_sync(phase).await,
            Phase::ReadingStore
            | Phase::BeforeSwap
            | Phase::AfterSwap
            | Phase::UnderLoad
            | Phase::LookupAtRandom => self.kill_lookup(phase).await,
        }
    }

    /// Publishes a list, and returns when crl-sync is in this phase of it.
    async fn aim_at_sync(&mut self, phase: Phase) -> Result<Aimed> {
        let mut since = self.system.process("crl-sync")?.log_length();
        let mut lock = None;
        let next = match phase {
            Phase::Downloading => {
                let repository = &self.system.world.repository;
                repository.set_fault(Fault::everywhere(FaultKind::Stall));
                let full = ListKind {
                    signer: ListSigner::Newest,
                    municipality: None,
                };
                let path = list_path(USER, &full);
                let next = self.revoke_one()?;
                let repository = &self.system.world.repository;
                let asked = repository.fetches(&path);
                eventually("a download that stalls", || async {
                    Ok(repository.fetches(&path) > asked)
                })
                .await?;
                self.random.moment(Duration::from_millis(100)).await;
                next
            }
            Phase::BeforeCommit => {
                // Right after an attempt, so that recording one does not wait for the lock first.
                self.wait_for(since, "\"message\":\"source refreshed\"")?;
                let held = Lock::on_lists(&self.system.crl_url()).await?;
                since = self.system.process("crl-sync")?.log_length();
                let next = self.revoke_one()?;
                self.wait_for(since, "\"phase\":\"planned\"")?;
                held.wait_for_waiting().await?;
                lock = Some(held);
                next
            }
            Phase::SyncAtRandom => {
                let next = self.revoke_one()?;
                self.random.moment(RANDOM_MOMENTS).await;
                next
            }
            _ => {
                let next = self.revoke_one()?;
                let words = match phase {
                    Phase::Verifying => "\"message\":\"body fetched\"",
                    Phase::AtCommit => "\"phase\":\"planned\"",
                    _ => "\"phase\":\"committed\"",
                };
                self.wait_for(since, words)?;
                next
            }
        };
        Ok(Aimed { next, since, lock })
    }

    async fn kill_sync(&mut self, phase: Phase) -> Result<Phase> {
        let before = self.number();
        let Aimed { next, since, lock } = self.aim_at_sync(phase).await?;
        let killed = self.system.take("crl-sync")?;
        // Read after the death, or it could go on behind the last line read.
        let log = killed.kill_and_read(since)?;
        let is_held = lock.is_some();
        if let Some(lock) = lock {
            lock.release().await?;
        }
        self.system.world.repository.set_fault(Fault::none());
        let stored = stored_number(&self.system.crl_url()).await?;
        let is_committed = said(&log, "\"phase\":\"committed\"");
        let expected: &[u64] = match (is_committed, is_held) {
            (true, false) => &[next],
            (false, true) => &[before],
            (false, false) => &[before, next],
            (true, true) => bail!("it was committed in spite of the lock"),
        };
        ensure!(
            expected.contains(&stored),
            "list {stored} is stored, not one of {expected:?}"
        );
        self.recover("crl-sync", next).await?;
        Ok(hit_in(phase, is_held, &log))
    }

    async fn kill_lookup(&mut self, phase: Phase) -> Result<Phase> {
        let since = self.system.process("crl-sync")?.log_length();
        let mut lock = None;
        let next = match phase {
            Phase::ReadingStore => {
                ensure!(self.shape == Shape::RolesOnPostgres, "no lock for readers");
                self.oracle.lookup_goes();
                self.system.process("revocation-lookup")?.freeze()?;
                let next = self.revoke_one()?;
                self.wait_for(since, "\"phase\":\"committed\"")?;
                let held = ReadLock::on_lists(&self.system.crl_url()).await?;
                self.system.process("revocation-lookup")?.thaw()?;
                held.wait_for_reader().await?;
                lock = Some(held);
                next
            }
            Phase::BeforeSwap => {
                self.oracle.lookup_goes();
                // It hears of a new list at once: only one that stands still has not looked yet.
                self.system.process("revocation-lookup")?.freeze()?;
                let next = self.revoke_one()?;
                self.wait_for(since, "\"phase\":\"committed\"")?;
                next
            }
            Phase::AfterSwap => {
                let next = self.revoke_one()?;
                wait_for_number(&self.system.deployment, USER.name(), next).await?;
                next
            }
            Phase::UnderLoad => {
                self.oracle.hurry(true);
                self.oracle.everybody_answered(20).await?;
                self.number()
            }
            _ => {
                let next = self.revoke_one()?;
                self.random.moment(RANDOM_MOMENTS).await;
                next
            }
        };
        self.oracle.lookup_goes();
        self.system.take("revocation-lookup")?.kill()?;
        self.oracle.hurry(false);
        if let Some(lock) = lock {
            lock.release().await?;
        }
        let stored = stored_number(&self.system.crl_url()).await?;
        ensure!(
            next - 1 <= stored && stored <= next,
            "list {stored} is stored, neither {next} nor the one before"
        );
        self.recover("revocation-lookup", next).await?;
        Ok(phase)
    }

    /// Starts what was killed, and waits until the newest list answers.
    async fn recover(&mut self, role: &'static str, number: u64) -> Result<()> {
        let began = Instant::now();
        self.system.start_role(role)?;
        if role == "crl-sync" {
            // Its first attempt fetches the whole list whatever is in force; those behind it only what is new.
            self.wait_for(0, "\"message\":\"source refreshed\"")?;
        }
        wait_for_number(&self.system.deployment, USER.name(), number).await?;
        self.oracle.lookup_is_back().await?;
        let freshness = freshness(&self.system.deployment).await?;
        ensure!(
            freshness.sources.iter().all(|source| source.current),
            "a list is not current"
        );
        self.tally.slowest_recovery = self.tally.slowest_recovery.max(began.elapsed());
        Ok(())
    }

    /// Long lists, so that a phase lasts.
    async fn publish_many(&mut self) -> Result<()> {
        self.revoke_some(ENTRIES)?;
        self.system.world.repository.publish(sandbox::now())?;
        let number = self.number();
        wait_for_number(&self.system.deployment, USER.name(), number).await
    }

    /// Revokes a certificate, and publishes; the oracle knows it before anybody.
    fn revoke_one(&self) -> Result<u64> {
        let serial = self.revoke_some(1)?;
        let number = self.number() + 1;
        self.oracle.revoked(serial, number);
        self.system.world.repository.publish(sandbox::now())?;
        ensure!(self.number() == number, "somebody else published");
        Ok(number)
    }

    /// The last serial number of so many.
    fn revoke_some(&self, count: u64) -> Result<u64> {
        let serial = self.system.world.repository.change(|jpki| {
            let authority = jpki.authority_mut(USER);
            let mut last = 0;
            for _ in 0..count {
                last = authority.draw_serial();
                authority.revocations.push(Revocation {
                    serial: last,
                    generation: 2,
                    municipality: "umikaze".to_owned(),
                    revoked_at: sandbox::now().secs(),
                    reason: 5,
                });
            }
            last
        })?;
        Ok(serial)
    }

    /// The number of the last published lists.
    fn number(&self) -> u64 {
        self.system.world.repository.publications()[USER.name()].number
    }

    /// Waits until crl-sync says this of the source in its log, after so many octets of it.
    fn wait_for(&mut self, since: usize, words: &str) -> Result<()> {
        let found = |log: &str| said(log.get(since..).unwrap_or_default(), words);
        self.system
            .process("crl-sync")?
            .wait_until(&format!("{words} of {SOURCE}"), found)
    }
}

/// The phase that crl-sync was killed in, by what it said last of the source.
fn hit_in(aim: Phase, is_held: bool, log: &str) -> Phase {
    if matches!(aim, Phase::SyncAtRandom) {
        return aim;
    }
    if said(log, "\"phase\":\"committed\"") {
        return Phase::AfterCommit;
    }
    // The attempt before this one may have ended in between.
    let ends = |line: &&str| said(line, "\"message\":\"source refreshed\"");
    let lines: Vec<&str> = log.lines().collect();
    let begun = lines.iter().rposition(ends);
    let newest = &lines[begun.map_or(0, |ended| ended + 1)..];
    let has = |words: &str| newest.iter().any(|line| said(line, words));
    match () {
        () if has("\"phase\":\"planned\"") && is_held => Phase::BeforeCommit,
        () if has("\"phase\":\"planned\"") => Phase::AtCommit,
        () if has("\"message\":\"body fetched\"") => Phase::Verifying,
        () => Phase::Downloading,
    }
}
