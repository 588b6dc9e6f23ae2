//! The exact set of revoked serials of one list, compact and immutable.
//!
//! A segment is built once from a verified list, stored as bytes, and looked up in those same
//! bytes by every replica: nothing is decoded into objects. Records hold the full serial, so an
//! answer is exact by construction; there is no filter that could be wrong.

use std::sync::Arc;

/// One revoked serial to put into a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Unsigned big-endian octets without leading zeros, 1 to 20 of them.
    pub serial: &'a [u8],
    /// Seconds since the epoch.
    pub revoked_at: i64,
    /// The number of the reason in RFC 5280 section 5.3.1.
    pub reason: u8,
}

/// What a segment says about a revoked serial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Seconds since the epoch.
    pub revoked_at: i64,
    /// The number of the reason in RFC 5280 section 5.3.1.
    pub reason: u8,
}

/// Why entries cannot be put into a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// More entries than 32-bit offsets can count.
    #[error("{count} entries are more than a segment holds")]
    TooManyEntries {
        /// How many were given.
        count: usize,
    },
}

/// Why bytes are not a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SegmentError {
    /// Not the magic of a segment.
    #[error("these bytes are not a segment")]
    Magic,
}

/// Serialises entries, in any order, into a segment.
pub fn build(entries: &[Entry<'_>]) -> Result<Vec<u8>, BuildError> {
    let _ = entries;
    todo!()
}

/// A segment ready for lookups; cloning shares the bytes.
#[derive(Clone)]
pub struct Segment {
    bytes: Arc<[u8]>,
}

impl Segment {
    /// Checks header, length and checksum of a serialised segment.
    pub fn open(bytes: impl Into<Arc<[u8]>>) -> Result<Self, SegmentError> {
        Ok(Self { bytes: bytes.into() })
    }

    /// What the segment says about a serial (unsigned big-endian, no leading zeros).
    pub fn lookup(&self, serial: &[u8]) -> Option<Hit> {
        let _ = (serial, &self.bytes);
        todo!()
    }

    /// How many serials it holds.
    pub fn len(&self) -> usize {
        todo!()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
