//! The bytes of a segment, as writer and reader agree on them. All numbers are little-endian.
//!
//! | octets | what |
//! |---|---|
//! | 8 | magic |
//! | 2 | version |
//! | 1 | kind: 1 is a hash directory; others may follow for dense serials |
//! | 1 | octets of a key: 8 or 20 |
//! | 4 | number of records |
//! | 4 | number of buckets |
//! | 4 | seed of the hash |
//! | 8 | checksum over everything but itself |
//! | 4 x (buckets + 1) | directory: where each bucket begins, and where the last one ends |
//! | records | key, seconds since the epoch (4), reason (1); grouped by bucket |
//!
//! A key is the serial as an unsigned big-endian number filled up with zeros in front, so every
//! number has exactly one key. A serial longer than a key is in no segment of that width.

pub(crate) const MAGIC: [u8; 8] = *b"akashiRS";
pub(crate) const VERSION: u16 = 1;
pub(crate) const HASH_DIRECTORY: u8 = 1;

pub(crate) const HEADER_OCTETS: usize = 32;
pub(crate) const CHECKSUM_AT: usize = 24;
pub(crate) const OFFSET_OCTETS: usize = 4;
/// Time and reason of a record, behind its key.
pub(crate) const VALUE_OCTETS: usize = 5;

/// JPKI's serials have 4 octets; other issuers use random ones of up to 20.
pub(crate) const NARROW: usize = 8;
/// RFC 5280 section 4.1.2.2 allows 20 octets and no more.
pub(crate) const WIDE: usize = 20;

/// Records in a bucket on average. Six keep the directory at two thirds of an octet a record while
/// a bucket still fits into two cache lines.
pub(crate) const RECORDS_PER_BUCKET: usize = 6;

/// The most records in one bucket, which bounds what any lookup may cost. With six on average even
/// ten million buckets stay below; a build that does not takes another seed.
pub(crate) const MAX_BUCKET: usize = 32;

/// The key of a serial, or nothing if it is zero or longer than `WIDTH`.
pub(crate) fn key<const WIDTH: usize>(serial: &[u8]) -> Option<[u8; WIDTH]> {
    let minimal = minimal(serial)?;
    let start = WIDTH.checked_sub(minimal.len())?;
    let mut key = [0; WIDTH];
    key[start..].copy_from_slice(minimal);
    Some(key)
}

/// A serial without leading zeros; none if nothing remains.
pub(crate) fn minimal(serial: &[u8]) -> Option<&[u8]> {
    let start = serial.iter().position(|octet| *octet != 0)?;
    Some(&serial[start..])
}

/// The bucket of a key. Issuers choose serials and callers choose queries, so the hash need not
/// resist an attacker: what it costs to be wrong is bounded by [`MAX_BUCKET`].
pub(crate) fn bucket(key: &[u8], seed: u32, buckets: u32) -> usize {
    let mut hash = u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for word in key.chunks(8) {
        let mut octets = [0; 8];
        octets[..word.len()].copy_from_slice(word);
        hash = mix(hash ^ u64::from_be_bytes(octets));
    }
    // The high bits of the product are evenly spread over the buckets (Lemire 2019).
    let product = u128::from(hash) * u128::from(buckets);
    usize::try_from(product >> 64).unwrap_or(usize::MAX)
}

/// The finaliser of splitmix64: every bit of the input changes half of the output.
const fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// Notices bytes that a disk or a transfer changed; a forger is kept out by the database and by
/// the hash stored beside the segment.
pub(crate) fn checksum(segment: &[u8]) -> u64 {
    let covered = [
        segment.get(..CHECKSUM_AT).unwrap_or_default(),
        segment.get(HEADER_OCTETS..).unwrap_or_default(),
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
