//! What left a list: the serials of an older segment that newer ones do not have any more.
//!
//! The older segment comes in pieces from the front, as it is stored, and is never held as a whole: there is memory for
//! its lines or its bitmap alone (at most 1.8 octets a serial where serials are hashed), because a record makes sense
//! only together with its place.

use crate::build::{BuildError, Builder};
use crate::dense::DenseWalk;
use crate::format::{
    COMMON_OCTETS, COUNT_AT, DENSE, HASH_DIRECTORY, HASHED, KIND_AT, LINE, LINES_AT, MAGIC,
    VALUE_OCTETS, VERSION_1, VERSION_2, VERSION_AT, WIDTH_AT, length, u32_at,
};
use crate::hashed::{HashedWalk, NARROW_RECORD, WIDE_RECORD};
use crate::packed::Packed;
use crate::records::Value;
use crate::segment::{Hit, Segment, SegmentError};
use crate::serial::{NARROW, WIDE, padded};

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
    /// What came and was not enough to go on with.
    pending: Vec<u8>,
    walk: Option<Walk>,
    asked: Asked,
}

/// How far the older segment was walked.
struct Walk {
    form: Form,
    header_octets: usize,
    front_octets: usize,
    /// What stands between header and records, once all of it came.
    front: Option<Vec<u8>>,
    record_octets: usize,
    /// Records that are still to come.
    to_come: usize,
}

/// How the older segment keeps its serials.
enum Form {
    /// Whole keys.
    Directory,
    Narrow(HashedWalk<NARROW>),
    Wide(HashedWalk<WIDE>),
    Dense(DenseWalk),
}

impl Departures {
    /// What is found is added to `left`, which may already hold what left other segments.
    pub fn new(newer: Vec<Segment>, left: Builder) -> Self {
        Self {
            newer,
            left,
            pending: Vec::new(),
            walk: None,
            asked: Asked::default(),
        }
    }

    /// Takes the next octets of the older segment.
    pub fn push(&mut self, octets: &[u8]) -> Result<(), DepartureError> {
        self.pending.extend_from_slice(octets);
        if self.walk.is_none() {
            self.walk = Walk::of_header(&self.pending)?;
            let header_octets = self.walk.as_ref().map_or(0, |walk| walk.header_octets);
            self.pending.drain(..header_octets);
        }
        let Some(walk) = &mut self.walk else {
            return Ok(());
        };
        if walk.front.is_none() {
            if self.pending.len() < walk.front_octets {
                return Ok(());
            }
            let records = self.pending.split_off(walk.front_octets);
            walk.front = Some(std::mem::replace(&mut self.pending, records));
        }
        let mut taken = 0;
        for record in self.pending.chunks_exact(walk.record_octets) {
            let (serial, value) = walk.next(record).ok_or(SegmentError::Directory)?;
            self.asked.add(serial, value, &self.newer, &mut self.left)?;
            taken += record.len();
        }
        self.pending.drain(..taken);
        Ok(())
    }

    /// What left, once all octets came.
    pub fn finish(mut self) -> Result<Builder, DepartureError> {
        let complete = |walk: &Walk| walk.front.is_some() && walk.to_come == 0;
        if !self.walk.as_ref().is_some_and(complete) || !self.pending.is_empty() {
            return Err(SegmentError::Directory.into());
        }
        self.asked.ask(&self.newer, &mut self.left)?;
        Ok(self.left)
    }
}

impl Walk {
    /// `None`: the header has not come as a whole.
    fn of_header(octets: &[u8]) -> Result<Option<Self>, SegmentError> {
        if octets.len() < COMMON_OCTETS {
            return Ok(None);
        }
        if octets[..VERSION_AT] != MAGIC {
            return Err(SegmentError::NotASegment);
        }
        let version = u16::from_le_bytes([octets[VERSION_AT], octets[VERSION_AT + 1]]);
        match version {
            VERSION_1 => Self::of_version_1(octets).map(Some),
            VERSION_2 if octets.len() < LINE => Ok(None),
            VERSION_2 => Self::of_version_2(octets).map(Some),
            found => Err(SegmentError::Version { found }),
        }
    }

    fn of_version_1(header: &[u8]) -> Result<Self, SegmentError> {
        let (kind, width) = (header[KIND_AT], header[WIDTH_AT]);
        let octets = usize::from(width);
        if kind != HASH_DIRECTORY || ![NARROW, WIDE].contains(&octets) {
            return Err(SegmentError::Kind { kind, width });
        }
        let buckets = length(u32_at(header, LINES_AT));
        Ok(Self {
            form: Form::Directory,
            header_octets: COMMON_OCTETS,
            front_octets: buckets.saturating_add(1).saturating_mul(4),
            front: None,
            record_octets: octets + VALUE_OCTETS,
            to_come: length(u32_at(header, COUNT_AT)),
        })
    }

    fn of_version_2(header: &[u8]) -> Result<Self, SegmentError> {
        let (kind, width) = (header[KIND_AT], header[WIDTH_AT]);
        let (form, front_octets, record_octets) = match (kind, usize::from(width)) {
            (HASHED, NARROW) => {
                let walk = HashedWalk::new(header);
                let front = walk.front_octets();
                (Form::Narrow(walk), front, NARROW_RECORD)
            }
            (HASHED, WIDE) => {
                let walk = HashedWalk::new(header);
                let front = walk.front_octets();
                (Form::Wide(walk), front, WIDE_RECORD)
            }
            (DENSE, NARROW | WIDE) => {
                let walk = DenseWalk::new(header);
                let front = walk.front_octets();
                (Form::Dense(walk), front, VALUE_OCTETS)
            }
            _ => return Err(SegmentError::Kind { kind, width }),
        };
        Ok(Self {
            form,
            header_octets: LINE,
            front_octets,
            front: None,
            record_octets,
            to_come: length(u32_at(header, COUNT_AT)),
        })
    }

    /// Serial and value of the next record; `None`: there should be no more.
    fn next(&mut self, record: &[u8]) -> Option<([u8; WIDE], Value)> {
        self.to_come = self.to_come.checked_sub(1)?;
        let (key, value) = record.split_last_chunk::<VALUE_OCTETS>()?;
        let front = self.front.as_deref()?;
        let serial = match &mut self.form {
            Form::Directory => padded(key),
            Form::Narrow(walk) => walk.next(front, record),
            Form::Wide(walk) => walk.next(front, record),
            Form::Dense(walk) => walk.next(front),
        };
        Some((serial?, *value))
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
