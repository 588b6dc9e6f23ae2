//! Reading a segment.

use std::sync::Arc;

use crate::format::{
    CHECKSUM_AT, HASH_DIRECTORY, HEADER_OCTETS, MAGIC, MAX_BUCKET, NARROW, OFFSET_OCTETS,
    VALUE_OCTETS, VERSION, WIDE, bucket, checksum, key,
};

/// What a segment says about a revoked serial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Seconds since the epoch.
    pub revoked_at: i64,
    /// The number of the reason in RFC 5280 section 5.3.1.
    pub reason: u8,
}

/// Why bytes are not a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SegmentError {
    /// Shorter than a header, or not beginning like one.
    #[error("these bytes are not a segment")]
    NotASegment,
    /// Written by another version of this crate.
    #[error("the segment has format version {found}; this program reads {VERSION}")]
    Version {
        /// Its version.
        found: u16,
    },
    /// A kind or width that this version does not read.
    #[error("the segment has kind {kind} with keys of {width} octets, which is not known")]
    Kind {
        /// Its kind.
        kind: u8,
        /// Octets of its keys.
        width: u8,
    },
    /// Cut off, or with something behind it.
    #[error("the segment has {found} octets where its header says {expected}")]
    Length {
        /// What the header says.
        expected: u64,
        /// What is there.
        found: usize,
    },
    /// Changed since it was written.
    #[error("the segment's checksum does not match")]
    Checksum,
    /// The directory contradicts itself.
    #[error("the segment's directory is inconsistent")]
    Directory,
}

/// A segment ready for lookups; cloning shares the bytes.
#[derive(Clone)]
pub struct Segment {
    bytes: Arc<[u8]>,
    wide: bool,
    count: u32,
    buckets: u32,
    seed: u32,
}

impl Segment {
    /// Checks header, length and checksum of a serialised segment.
    pub fn open(bytes: impl Into<Arc<[u8]>>) -> Result<Self, SegmentError> {
        let bytes: Arc<[u8]> = bytes.into();
        let header = bytes
            .get(..HEADER_OCTETS)
            .ok_or(SegmentError::NotASegment)?;
        if header[..8] != MAGIC {
            return Err(SegmentError::NotASegment);
        }
        let found = u16::from_le_bytes([header[8], header[9]]);
        if found != VERSION {
            return Err(SegmentError::Version { found });
        }
        let (kind, width) = (header[10], header[11]);
        if kind != HASH_DIRECTORY || !(usize::from(width) == NARROW || usize::from(width) == WIDE) {
            return Err(SegmentError::Kind { kind, width });
        }
        let (count, buckets) = (number(header, 12), number(header, 16));
        let expected = u64::from(count) * (u64::from(width) + 5)
            + (u64::from(buckets) + 1) * 4
            + u64::try_from(HEADER_OCTETS).unwrap_or(u64::MAX);
        if u64::try_from(bytes.len()) != Ok(expected) {
            return Err(SegmentError::Length {
                expected,
                found: bytes.len(),
            });
        }
        if checksum(&bytes).to_le_bytes() != header[CHECKSUM_AT..HEADER_OCTETS] {
            return Err(SegmentError::Checksum);
        }
        let (wide, seed) = (usize::from(width) == WIDE, number(header, 20));
        let segment = Self {
            bytes,
            wide,
            count,
            buckets,
            seed,
        };
        if segment.has_sound_directory() {
            Ok(segment)
        } else {
            Err(SegmentError::Directory)
        }
    }

    /// What the segment says about a serial: unsigned big-endian, leading zeros do not matter.
    pub fn lookup(&self, serial: &[u8]) -> Option<Hit> {
        if self.wide {
            self.find(&key::<WIDE>(serial)?)
        } else {
            self.find(&key::<NARROW>(serial)?)
        }
    }

    /// How many serials it holds.
    pub fn len(&self) -> usize {
        usize::try_from(self.count).unwrap_or(usize::MAX)
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn find<const WIDTH: usize>(&self, key: &[u8; WIDTH]) -> Option<Hit> {
        if self.buckets == 0 {
            return None;
        }
        let slot = bucket(key, self.seed, self.buckets);
        let octets = WIDTH + VALUE_OCTETS;
        let records_at = self.records_at();
        let begin = records_at + self.offset(slot) * octets;
        let end = records_at + self.offset(slot + 1) * octets;
        let bucket = self.bytes.get(begin..end)?;
        let record = bucket
            .chunks_exact(octets)
            .find(|record| record.starts_with(key))?;
        Some(Hit {
            revoked_at: i64::from(number(record, WIDTH)),
            reason: record[WIDTH + VALUE_OCTETS - 1],
        })
    }

    fn records_at(&self) -> usize {
        HEADER_OCTETS + (usize::try_from(self.buckets).unwrap_or(usize::MAX) + 1) * OFFSET_OCTETS
    }

    /// Where a bucket begins, counted in records.
    fn offset(&self, slot: usize) -> usize {
        let offset = number(&self.bytes, HEADER_OCTETS + slot * OFFSET_OCTETS);
        usize::try_from(offset).unwrap_or(usize::MAX)
    }

    /// The directory rises from nothing to all records, and no bucket is crowded.
    fn has_sound_directory(&self) -> bool {
        let slots = usize::try_from(self.buckets).unwrap_or(usize::MAX);
        self.offset(0) == 0
            && self.offset(slots) == self.len()
            && (0..slots).all(|slot| {
                let (begin, end) = (self.offset(slot), self.offset(slot + 1));
                begin <= end && end - begin <= MAX_BUCKET
            })
    }
}

/// How many serials, and none of them.
impl std::fmt::Debug for Segment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Segment({} serials)", self.count)
    }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    let mut octets = [0; 4];
    if let Some(found) = bytes.get(at..at + 4) {
        octets.copy_from_slice(found);
    }
    u32::from_le_bytes(octets)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Segment, SegmentError};
    use crate::format::{CHECKSUM_AT, HEADER_OCTETS, checksum};
    use crate::{Entry, build};

    /// Changes a segment and makes the checksum right again, as only a faulty writer would.
    fn forged(change: impl Fn(&mut [u8])) -> Result<Segment, SegmentError> {
        let entry = Entry {
            serial: &[1],
            revoked_at: 0,
            reason: 0,
        };
        let mut bytes = build(&[entry]).unwrap();
        change(&mut bytes);
        let sum = checksum(&bytes).to_le_bytes();
        bytes[CHECKSUM_AT..HEADER_OCTETS].copy_from_slice(&sum);
        Segment::open(bytes)
    }

    #[test]
    fn a_directory_that_contradicts_itself_is_refused() {
        assert!(forged(|_| ()).is_ok());
        assert_eq!(
            forged(|bytes| bytes[32] = 1).unwrap_err(),
            SegmentError::Directory
        );
        assert_eq!(
            forged(|bytes| bytes[36] = 0).unwrap_err(),
            SegmentError::Directory
        );
        assert_eq!(
            forged(|bytes| bytes[36] = 2).unwrap_err(),
            SegmentError::Directory
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_forged_segment_is_refused_or_answers_without_a_panic(
            changes in proptest::collection::vec((8_usize..90, any::<u8>()), 1..4),
            asked in proptest::collection::vec(any::<u8>(), 0..24),
        ) {
            let opened = forged(|bytes| {
                for (at, value) in &changes {
                    if let Some(octet) = bytes.get_mut(*at) {
                        *octet = *value;
                    }
                }
            });
            if let Ok(segment) = opened {
                segment.lookup(&asked);
                segment.lookup(&[1]);
                prop_assert!(segment.len() <= 1);
            }
        }
    }
}
