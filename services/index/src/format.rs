//! The bytes of a segment, as writer and reader agree on them. Numbers are little-endian, serials big-endian.
//!
//! Every segment begins like this:
//!
//! | octets | what |
//! |---|---|
//! | 8 | magic |
//! | 2 | version |
//! | 1 | kind |
//! | 1 | octets of a key: 8 or 20 |
//! | 4 | number of serials |
//! | 4 | number of lines (version 1: of buckets) |
//! | 4 | seed of the hash; 0 where nothing is hashed |
//! | 8 | checksum over everything but itself |
//!
//! Version 1 knows one kind, the hash directory ([`crate::directory`]), which is read and no longer written. Version 2
//! adds 32 octets to the header, so that what follows lies in whole cache lines of 64 octets:
//!
//! | octets | hashed ([`crate::hashed`]) | dense ([`crate::dense`]) |
//! |---|---|---|
//! | 20 | number of extra lines (4), zeros | the least serial |
//! | 8 | zeros | how many numbers lie between the least and the greatest serial, both counted |
//! | 4 | zeros | zeros |

pub(crate) const MAGIC: [u8; 8] = *b"akashiRS";

pub(crate) const VERSION_1: u16 = 1;
pub(crate) const VERSION_2: u16 = 2;

/// Version 1: a directory over records with whole keys.
pub(crate) const HASH_DIRECTORY: u8 = 1;
/// Version 2: lines of fingerprints over records.
pub(crate) const HASHED: u8 = 2;
/// Version 2: a bitmap with ranks over values.
pub(crate) const DENSE: u8 = 3;

pub(crate) const VERSION_AT: usize = 8;
pub(crate) const KIND_AT: usize = 10;
pub(crate) const WIDTH_AT: usize = 11;
pub(crate) const COUNT_AT: usize = 12;
pub(crate) const LINES_AT: usize = 16;
pub(crate) const SEED_AT: usize = 20;
pub(crate) const CHECKSUM_AT: usize = 24;
/// Where version 1 ends, and what is particular to a kind of version 2 begins.
pub(crate) const COMMON_OCTETS: usize = 32;

/// One cache line, and the header of version 2.
pub(crate) const LINE: usize = 64;

/// Time (4) and reason (1) of a revocation.
pub(crate) const VALUE_OCTETS: usize = 5;

/// What a header of version 2 says beside its kind's own part.
pub(crate) struct Header {
    pub(crate) kind: u8,
    pub(crate) width: usize,
    pub(crate) count: u32,
    pub(crate) lines: u32,
    pub(crate) seed: u32,
}

impl Header {
    /// Writes everything but the checksum to the front of a segment.
    pub(crate) fn write(&self, segment: &mut [u8]) {
        segment[..VERSION_AT].copy_from_slice(&MAGIC);
        segment[VERSION_AT..KIND_AT].copy_from_slice(&VERSION_2.to_le_bytes());
        segment[KIND_AT] = self.kind;
        segment[WIDTH_AT] = u8::try_from(self.width).unwrap_or(u8::MAX);
        put_u32(segment, COUNT_AT, self.count);
        put_u32(segment, LINES_AT, self.lines);
        put_u32(segment, SEED_AT, self.seed);
    }
}

/// Writes the checksum of a segment that is otherwise finished.
pub(crate) fn seal(segment: &mut [u8]) {
    let sum = checksum(segment);
    segment[CHECKSUM_AT..COMMON_OCTETS].copy_from_slice(&sum.to_le_bytes());
}

pub(crate) fn put_u32(octets: &mut [u8], at: usize, number: u32) {
    octets[at..at + 4].copy_from_slice(&number.to_le_bytes());
}

/// The number at a place; 0 where there is none.
#[inline]
pub(crate) fn u32_at(octets: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(chunk_at(octets, at))
}

/// The number at a place; 0 where there is none.
#[inline]
pub(crate) fn u64_at(octets: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(chunk_at(octets, at))
}

/// The big-endian number at a place; 0 where there is none.
#[inline]
pub(crate) fn u128_at(octets: &[u8], at: usize) -> u128 {
    u128::from_be_bytes(chunk_at(octets, at))
}

#[inline]
fn chunk_at<const OCTETS: usize>(octets: &[u8], at: usize) -> [u8; OCTETS] {
    let chunk = octets.get(at..).and_then(<[u8]>::first_chunk);
    *chunk.unwrap_or(&[0; OCTETS])
}

/// A count of the header as a length. No platform that this runs on has a smaller one.
#[inline]
pub(crate) fn length(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// The checksum of version 2. It notices bytes that a disk or a transfer changed; a forger is kept out by the database
/// and by the hash stored beside the segment.
///
/// Eight lanes, so that no multiplication waits for the one before it: version 1's single chain reads 1.5 octets a
/// nanosecond. Every step is a bijection of the lane, so whatever is changed within one word is always noticed.
pub(crate) fn checksum(segment: &[u8]) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    const LANES: usize = 8;
    let mut lanes: [u64; LANES] = std::array::from_fn(|lane| crate::serial::mix(lane as u64 + 1));
    let mut take = |line: &[u8; LINE]| {
        let (words, _) = line.as_chunks();
        for (lane, word) in lanes.iter_mut().zip(words) {
            *lane = (*lane ^ u64::from_le_bytes(*word))
                .wrapping_mul(ODD)
                .rotate_left(29);
        }
    };
    let (whole, rest) = segment.as_chunks::<LINE>();
    if let Some((first, others)) = whole.split_first() {
        let mut header = *first;
        header[CHECKSUM_AT..COMMON_OCTETS].fill(0);
        take(&header);
        others.iter().for_each(&mut take);
    }
    let mut tail = [0; LINE];
    tail[..rest.len()].copy_from_slice(rest);
    take(&tail);
    lanes.iter().fold(0, |sum, lane| {
        crate::serial::mix(sum ^ lane).wrapping_add(ODD)
    })
}
