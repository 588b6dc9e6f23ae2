//! Segments of version 1, kind 1: a hash directory over records with whole keys. They are in stores until their list
//! is replaced; nothing writes them any more.
//!
//! | octets | what |
//! |---|---|
//! | 32 | the common header |
//! | 4 x (buckets + 1) | directory: where each bucket begins, and where the last one ends |
//! | records | key, seconds since the epoch (4), reason (1); grouped by bucket |

use crate::format::{
    CHECKSUM_AT, COMMON_OCTETS, COUNT_AT, LINES_AT, SEED_AT, VALUE_OCTETS, length, u32_at,
};
use crate::segment::Hit;
use crate::serial::{NARROW, WIDE, key, mix, scaled};

const OFFSET_OCTETS: usize = 4;

/// The most records in one bucket, which bounds what any lookup may cost.
const MAX_BUCKET: usize = 32;

/// The numbers of such a segment's header.
#[derive(Clone, Copy)]
pub(crate) struct Directory {
    wide: bool,
    count: usize,
    buckets: u32,
    seed: u32,
}

impl Directory {
    pub(crate) fn of_header(segment: &[u8], wide: bool) -> Self {
        Self {
            wide,
            count: length(u32_at(segment, COUNT_AT)),
            buckets: u32_at(segment, LINES_AT),
            seed: u32_at(segment, SEED_AT),
        }
    }

    /// How long the whole segment must be.
    pub(crate) fn octets(&self) -> u64 {
        let width = if self.wide { WIDE } else { NARROW };
        (COMMON_OCTETS as u64)
            + (u64::from(self.buckets) + 1) * OFFSET_OCTETS as u64
            + self.count as u64 * (width + VALUE_OCTETS) as u64
    }

    pub(crate) fn find(&self, segment: &[u8], serial: &[u8]) -> Option<Hit> {
        if self.wide {
            self.find_key(segment, &key::<WIDE>(serial)?)
        } else {
            self.find_key(segment, &key::<NARROW>(serial)?)
        }
    }

    fn find_key<const WIDTH: usize>(&self, segment: &[u8], key: &[u8; WIDTH]) -> Option<Hit> {
        if self.buckets == 0 {
            return None;
        }
        let slot = bucket(key, self.seed, self.buckets);
        let octets = WIDTH + VALUE_OCTETS;
        let records_at = COMMON_OCTETS + (length(self.buckets) + 1) * OFFSET_OCTETS;
        let begin = records_at + offset(segment, slot) * octets;
        let end = records_at + offset(segment, slot + 1) * octets;
        let record = segment
            .get(begin..end)?
            .chunks_exact(octets)
            .find(|record| record.starts_with(key))?;
        Hit::of_value(*record.last_chunk()?)
    }

    /// The directory rises from nothing to all records, and no bucket is crowded.
    pub(crate) fn is_sound(&self, segment: &[u8]) -> bool {
        let slots = length(self.buckets);
        offset(segment, 0) == 0
            && offset(segment, slots) == self.count
            && (0..slots).all(|slot| {
                let (begin, end) = (offset(segment, slot), offset(segment, slot + 1));
                begin <= end && end - begin <= MAX_BUCKET
            })
    }
}

/// Where a bucket begins, counted in records.
fn offset(segment: &[u8], slot: usize) -> usize {
    length(u32_at(segment, COMMON_OCTETS + slot * OFFSET_OCTETS))
}

fn bucket(key: &[u8], seed: u32, buckets: u32) -> usize {
    let mut hash = u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for word in key.chunks(8) {
        let mut octets = [0; 8];
        octets[..word.len()].copy_from_slice(word);
        hash = mix(hash ^ u64::from_be_bytes(octets));
    }
    scaled(hash, buckets.into())
}

/// Version 1's checksum: one chain over everything but itself.
pub(crate) fn checksum(segment: &[u8]) -> u64 {
    let covered = [
        segment.get(..CHECKSUM_AT).unwrap_or_default(),
        segment.get(COMMON_OCTETS..).unwrap_or_default(),
    ];
    let mut sum = 0;
    for part in covered {
        for word in part.chunks(8) {
            let mut octets = [0; 8];
            octets[..word.len()].copy_from_slice(word);
            sum = mix(sum ^ u64::from_le_bytes(octets)).wrapping_add(0x9e37_79b9_7f4a_7c15);
        }
    }
    sum
}
