//! What a lookup costs inside one process, beside one random line of memory.

use std::hint::black_box;

use anyhow::{Result, ensure};
use index::{Packed, Segment};

use crate::cpu;
use crate::index_serials::{Kind, mixed};

/// Serial numbers in one batch: the number the goals are set for.
const BATCH: usize = 1_000;
/// Different lookups: far more lines than any cache holds.
const LOOKUPS: u64 = 1_000_000;
/// How often they are done in one stretch: the kernel's count may be late by a tick of 4 ms, so a stretch takes many.
const PASSES: u64 = 10;
/// One in so many is revoked: what backends see.
const ONE_REVOKED_IN: u64 = 20;
/// The line of memory that is the limit comes from an array of so many octets a revoked serial number.
const OCTETS_OF_LIMIT: u64 = 13;
const LINE: usize = 64;

/// Nanoseconds of CPU time in one round.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Round {
    /// One lookup in a batch.
    pub lookup: f64,
    /// One random line.
    pub line: f64,
}

impl Round {
    /// The share of the limit that a lookup reaches: 1 is the limit.
    pub fn ratio(&self) -> f64 {
        self.line / self.lookup
    }
}

/// A segment, serial numbers to look up in it, and memory to compare it with.
pub struct Subject {
    kind: Kind,
    revoked: u64,
    segment: Segment,
    asked: Vec<u8>,
    hits: u64,
    lines: Vec<[u64; LINE / 8]>,
}

impl Subject {
    /// Builds a segment of so many revoked serial numbers.
    ///
    /// # Errors
    /// When it cannot be built.
    pub fn build(kind: Kind, revoked: u64) -> Result<Self> {
        let segment = kind.segment(revoked)?;
        let mut asked = vec![0; usize::try_from(LOOKUPS)? * kind.octets()];
        let mut hits = 0;
        for (place, serial) in (0_u64..).zip(asked.chunks_exact_mut(kind.octets())) {
            let chance = mixed(place ^ 0x5eed);
            if chance.is_multiple_of(ONE_REVOKED_IN) {
                kind.revoked((chance >> 8) % revoked, serial);
                hits += 1;
            } else {
                kind.other(chance >> 16, revoked, serial);
            }
        }
        let lines = usize::try_from(revoked * OCTETS_OF_LIMIT)? / LINE + 1;
        Ok(Self {
            kind,
            revoked,
            segment,
            asked,
            hits,
            lines: (0..u64::try_from(lines)?)
                .map(|line| [line; LINE / 8])
                .collect(),
        })
    }

    /// Octets of memory for one revoked serial number, all included.
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    pub fn octets_a_serial(&self) -> f64 {
        self.segment.octets() as f64 / self.revoked as f64
    }

    /// Measures both, one after the other.
    ///
    /// # Errors
    /// When the kernel counts no CPU time, or a lookup was wrong.
    pub fn round(&self) -> Result<Round> {
        let line = self.line()?;
        let lookup = nanoseconds(|| {
            let hits = self.look_up()?;
            let expected = PASSES * self.hits;
            ensure!(hits == expected, "{hits} hits, not {expected}");
            Ok(())
        })?;
        Ok(Round { lookup, line })
    }

    /// Nanoseconds of one random line.
    ///
    /// # Errors
    /// When the kernel counts no CPU time.
    pub fn line(&self) -> Result<f64> {
        nanoseconds(|| {
            black_box(self.read_lines());
            Ok(())
        })
    }

    fn look_up(&self) -> Result<u64> {
        let mut hits = 0;
        for _ in 0..PASSES {
            for batch in self.asked.chunks(BATCH * self.kind.octets()) {
                let batch = Packed::new(self.kind.octets(), batch)?;
                self.segment.lookup_batch(batch, |position, hit| {
                    black_box((position, hit));
                    hits += 1;
                });
            }
        }
        Ok(hits)
    }

    fn read_lines(&self) -> u64 {
        let lines = self.lines.len() as u64;
        let mut sum = 0_u64;
        for number in 0..PASSES * LOOKUPS {
            let place = (u128::from(mixed(number)) * u128::from(lines)) >> 64;
            let place = usize::try_from(place).unwrap_or(0);
            sum = sum.wrapping_add(self.lines[place][0]);
        }
        sum
    }
}

/// Of one of the lookups that `work` does.
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn nanoseconds(work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let began = cpu::of_this_thread()?;
    work()?;
    let spent = cpu::of_this_thread()?.saturating_sub(began);
    Ok(spent.as_nanos() as f64 / (PASSES * LOOKUPS) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_takes_no_more_memory_than_it_may_and_finds_what_is_asked() {
        for kind in Kind::ALL {
            let subject = Subject::build(kind, 100_000).unwrap();
            assert!(subject.octets_a_serial() <= kind.most_octets(), "{kind:?}");
            assert!(subject.round().unwrap().ratio() > 0.0);
        }
    }

    #[test]
    fn a_lookup_that_finds_too_few_is_noticed() {
        let mut subject = Subject::build(Kind::Narrow, 10_000).unwrap();
        subject.hits += 1;
        assert!(subject.round().is_err());
    }
}
