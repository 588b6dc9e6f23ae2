//! What left a list: the serials of an older segment that newer ones do not have any more.
//!
//! The older segment comes in pieces from the front, as it is stored, and is never held as a whole.

use crate::build::{BuildError, Builder};
use crate::packed::Packed;
use crate::reading::Reading;
use crate::records::Value;
use crate::segment::{Hit, Segment, SegmentError};
use crate::serial::WIDE;

/// Serials that are looked up together.
const TOGETHER: usize = 1024;

/// Why it cannot be said what left a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DepartureError {
    /// The older octets are no whole segment.
    #[error(transparent)]
    Older(#[from] SegmentError),
    /// What left cannot be written.
    #[error(transparent)]
    Build(#[from] BuildError),
}

/// Finds the serials of an older segment that none of some newer ones has.
///
/// Only the form of the older octets is checked: whoever reads them proves by their hash that they are what was stored.
///
/// ```
/// # fn of(serials: &[u8]) -> Vec<u8> {
/// #     let mut builder = index::Builder::new();
/// #     serials.iter().for_each(|it| builder.push(&[*it], 1_700_000_000, 1).unwrap());
/// #     builder.finish().unwrap()
/// # }
/// let (older, newer) = (of(&[3, 4, 5]), index::Segment::open(of(&[4, 6]))?);
/// let mut departures = index::Departures::new(vec![newer], index::Builder::new());
/// departures.push(&older)?;
/// let left = index::Segment::open(departures.finish()?.finish()?)?;
/// assert_eq!(left.len(), 2);
/// assert!(left.lookup(&[3]).is_some() && left.lookup(&[4]).is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Departures {
    newer: Vec<Segment>,
    left: Builder,
    older: Reading,
    asked: Asked,
}

impl Departures {
    /// What is found is added to `left`, which may already hold what left other segments.
    pub fn new(newer: Vec<Segment>, left: Builder) -> Self {
        Self {
            newer,
            left,
            older: Reading::default(),
            asked: Asked::default(),
        }
    }

    /// Takes the next octets of the older segment.
    pub fn push(&mut self, octets: &[u8]) -> Result<(), DepartureError> {
        let (asked, newer, left) = (&mut self.asked, &self.newer, &mut self.left);
        self.older.push(octets, |serial, value| {
            Ok(asked.add(serial, value, newer, left)?)
        })
    }

    /// What left, once all octets came.
    pub fn finish(mut self) -> Result<Builder, DepartureError> {
        self.older.check_complete()?;
        self.asked.ask(&self.newer, &mut self.left)?;
        Ok(self.left)
    }
}

/// Serials that wait to be looked up together in the newer segments.
#[derive(Default)]
struct Asked {
    serials: Vec<u8>,
    values: Vec<Value>,
}

impl Asked {
    fn add(
        &mut self,
        serial: [u8; WIDE],
        value: Value,
        newer: &[Segment],
        left: &mut Builder,
    ) -> Result<(), BuildError> {
        self.serials.extend_from_slice(&serial);
        self.values.push(value);
        if self.values.len() < TOGETHER {
            return Ok(());
        }
        self.ask(newer, left)
    }

    fn ask(&mut self, newer: &[Segment], left: &mut Builder) -> Result<(), BuildError> {
        let mut is_there = [false; TOGETHER];
        if let Ok(serials) = Packed::new(WIDE, &self.serials) {
            for newer in newer {
                newer.lookup_batch(serials, |position, _| is_there[position] = true);
            }
        }
        let (serials, _) = self.serials.as_chunks::<WIDE>();
        for ((serial, value), is_there) in serials.iter().zip(&self.values).zip(is_there) {
            if !is_there && let Some(hit) = Hit::of_value(*value) {
                left.push(serial, hit.revoked_at, hit.reason)?;
            }
        }
        self.serials.clear();
        self.values.clear();
        Ok(())
    }
}

/// How many were found so far, and none of them.
impl std::fmt::Debug for Departures {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Departures({} serials)", self.left.len())
    }
}

#[cfg(test)]
#[path = "departures_tests.rs"]
mod tests;
