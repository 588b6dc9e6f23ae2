//! A stored segment, read in pieces from the front: every serial with its value, in the order of the records.
//!
//! The segment is never held as a whole: there is memory for its lines or its bitmap alone (at most 1.8 octets a serial
//! where serials are hashed), because a record makes sense only together with its place. Only the form of the octets is
//! checked: whoever reads them proves by their hash that they are what was stored.

use crate::dense::DenseWalk;
use crate::format::{
    COMMON_OCTETS, COUNT_AT, DENSE, HASH_DIRECTORY, HASHED, KIND_AT, LINE, LINES_AT, MAGIC,
    VALUE_OCTETS, VERSION_1, VERSION_2, VERSION_AT, WIDTH_AT, length, u32_at,
};
use crate::hashed::{HashedWalk, NARROW_RECORD, WIDE_RECORD};
use crate::records::Value;
use crate::segment::SegmentError;
use crate::serial::{NARROW, WIDE, padded};

/// How far a segment was read.
#[derive(Default)]
pub(crate) struct Reading {
    /// What came and was not enough to go on with.
    pending: Vec<u8>,
    walk: Option<Walk>,
}

/// What its header says, and what came after it.
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

/// How it keeps its serials.
enum Form {
    /// Whole keys.
    Directory,
    Narrow(HashedWalk<NARROW>),
    Wide(HashedWalk<WIDE>),
    Dense(DenseWalk),
}

impl Reading {
    /// Takes the next octets, and tells every serial that they complete.
    pub(crate) fn push<E: From<SegmentError>>(
        &mut self,
        octets: &[u8],
        mut tell: impl FnMut([u8; WIDE], Value) -> Result<(), E>,
    ) -> Result<(), E> {
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
            tell(serial, value)?;
            taken += record.len();
        }
        self.pending.drain(..taken);
        Ok(())
    }

    /// Whether all of the segment came, and nothing more.
    pub(crate) fn check_complete(&self) -> Result<(), SegmentError> {
        let complete = |walk: &Walk| walk.front.is_some() && walk.to_come == 0;
        if self.walk.as_ref().is_some_and(complete) && self.pending.is_empty() {
            return Ok(());
        }
        Err(SegmentError::Directory)
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
