//! The phases in which a process is killed, and how often each was hit.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use anyhow::{Result, ensure};

/// What the killed process was doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// crl-sync: half of the list has come.
    Downloading,
    /// crl-sync: all of the list has come, and it is not yet known to be genuine.
    Verifying,
    /// crl-sync: decided, and kept from its commit by a lock.
    BeforeCommit,
    /// crl-sync: decided, and free to commit.
    AtCommit,
    /// crl-sync: committed.
    AfterCommit,
    /// crl-sync: whatever it does at a moment drawn at random.
    SyncAtRandom,
    /// revocation-lookup: in the middle of reading the new list, held there by a lock.
    ReadingStore,
    /// revocation-lookup: a new list is committed, and it has not looked yet.
    BeforeSwap,
    /// revocation-lookup: the new list answers.
    AfterSwap,
    /// revocation-lookup: many ask at once.
    UnderLoad,
    /// revocation-lookup: whatever it does at a moment drawn at random while a new list comes.
    LookupAtRandom,
}

impl Phase {
    pub(super) const ALL: [Self; 11] = [
        Self::Downloading,
        Self::ReadingStore,
        Self::Verifying,
        Self::BeforeSwap,
        Self::BeforeCommit,
        Self::AfterSwap,
        Self::AtCommit,
        Self::UnderLoad,
        Self::AfterCommit,
        Self::LookupAtRandom,
        Self::SyncAtRandom,
    ];

    const fn words(self) -> &'static str {
        match self {
            Self::Downloading => "crl-sync, downloading",
            Self::Verifying => "crl-sync, verifying",
            Self::BeforeCommit => "crl-sync, before the commit",
            Self::AtCommit => "crl-sync, at the commit",
            Self::AfterCommit => "crl-sync, after the commit",
            Self::SyncAtRandom => "crl-sync, at a random moment",
            Self::ReadingStore => "revocation-lookup, reading the store",
            Self::BeforeSwap => "revocation-lookup, before the swap",
            Self::AfterSwap => "revocation-lookup, after the swap",
            Self::UnderLoad => "revocation-lookup, serving under load",
            Self::LookupAtRandom => "revocation-lookup, at a random moment",
        }
    }
}

/// How often each phase was hit, and what was seen meanwhile.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    hits: BTreeMap<Phase, u32>,
    /// Answers that were looked at, each true by the list that it names.
    pub(super) answers: u64,
    /// Questions without an answer while revocation-lookup was killed or coming back.
    pub(super) unanswered: u64,
    /// From the start of a killed process until everything was as it should be.
    pub(super) slowest_recovery: Duration,
}

impl Tally {
    pub(super) fn hits(&self, phase: Phase) -> u32 {
        self.hits.get(&phase).copied().unwrap_or(0)
    }

    pub(super) fn hit(&mut self, phase: Phase) {
        *self.hits.entry(phase).or_default() += 1;
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (phase, hits) in &other.hits {
            *self.hits.entry(*phase).or_default() += hits;
        }
        self.answers += other.answers;
        self.unanswered += other.unanswered;
        self.slowest_recovery = self.slowest_recovery.max(other.slowest_recovery);
    }

    pub(super) fn expect_at_least(&self, each: u32, all: u32) -> Result<()> {
        for phase in Phase::ALL {
            let hits = self.hits(phase);
            ensure!(hits >= each, "{}: {hits} kills", phase.words());
        }
        let sum: u32 = self.hits.values().sum();
        ensure!(sum >= all, "{sum} kills");
        Ok(())
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "kills")?;
        for (phase, hits) in &self.hits {
            writeln!(f, "{hits:5}  {}", phase.words())?;
        }
        let sum: u32 = self.hits.values().sum();
        writeln!(f, "{sum:5}  in all")?;
        writeln!(
            f,
            "{} answers, all true; {} questions unanswered while revocation-lookup was away; slowest recovery {:.1} s",
            self.answers,
            self.unanswered,
            self.slowest_recovery.as_secs_f64()
        )
    }
}
