//! Segments for serials that are spread out: lines of fingerprints over records.
//!
//! | octets | what |
//! |---|---|
//! | 64 | header |
//! | 64 x lines | lines: the fingerprints of about 36 serials each |
//! | 64 x extra lines | what did not fit into a line |
//! | records | in the order of their hashes |
//!
//! A hash of 64 bits gives a serial its line and, in it, one of eight slots; its last octet is the serial's
//! *fingerprint*. A line is one cache line, and all that nearly every lookup of a serial that is not revoked reads:
//!
//! | octets of a line | what |
//! |---|---|
//! | 4 | the number of its first record |
//! | 8 x 1 | where each slot ends, counted from the line's first record |
//! | 52 | fingerprints |
//!
//! A line of more than 52 serials (one in 200) keeps 48 fingerprints and, in its last 4 octets, the number of an extra
//! line with the others.
//!
//! A record is the rest of the hash (7 octets), the octets of the key before its last eight (none, or 12), time (4)
//! and reason (1). Fingerprint, rest of the hash and those octets determine the serial (see [`crate::serial::hash`]),
//! and all of them are compared: the fingerprint saves a look at the record and never decides alone that a serial is
//! revoked.

mod read;
mod walk;
mod write;

pub(crate) use read::{Hashed, HashedHeader};
pub(crate) use walk::HashedWalk;
pub(crate) use write::{octets, write};

use crate::format::{LINE, put_u32, u32_at, u64_at};

/// Of keys of 8 octets: 7 of the hash, 5 of the value.
pub(crate) const NARROW_RECORD: usize = 12;
/// Of keys of 20 octets: 12 more.
pub(crate) const WIDE_RECORD: usize = 24;
/// Octets of the hash in a record; the fingerprint is the eighth.
const HASH_OCTETS: usize = 7;

/// Serials on a line on average: 1.78 octets each, while one line in 200 needs an extra line.
const SERIALS_PER_LINE: usize = 36;
const SLOTS: usize = 8;
const ENDS_AT: usize = 4;
const FINGERPRINTS_AT: usize = 12;
const FINGERPRINTS: usize = LINE - FINGERPRINTS_AT;
const EXTRA_AT: usize = 60;
/// Fingerprints that a line keeps which has an extra line.
const KEPT: usize = EXTRA_AT - FINGERPRINTS_AT;
/// The most serials of one line, which bounds what any lookup may cost.
const MOST_ON_A_LINE: usize = KEPT + LINE;

/// The eight fingerprints at a place, the first one in the lowest octet. A place that is too far back gives fewer, and
/// zeros for the others.
#[inline]
fn fingerprints(line: &[u8; LINE], place: usize) -> u64 {
    let at = (FINGERPRINTS_AT + place).min(LINE - 8);
    u64_at(line, at).unbounded_shr(shift(FINGERPRINTS_AT + place - at))
}

/// Octets as a distance to shift.
#[inline]
fn shift(octets: usize) -> u32 {
    u32::try_from(octets * 8).unwrap_or(u32::MAX)
}

/// Which of the first `count` (at most 8) octets are the fingerprint: the highest bit of each.
#[inline]
fn equal(octets: u64, fingerprint: u8, count: usize) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let difference = octets ^ (u64::from(fingerprint) * 0x0101_0101_0101_0101);
    // No carry leaves an octet, so the highest bit stands exactly where an octet is zero.
    let zeros = !(((difference & LOW) + LOW) | difference | LOW);
    zeros & u64::MAX.unbounded_shr(shift(8_usize.saturating_sub(count)))
}

#[inline]
fn first_record(line: &[u8; LINE]) -> usize {
    crate::format::length(u32_at(line, 0))
}

/// Where the slots of a line begin and end.
#[inline]
fn slot(line: &[u8; LINE], slot: usize) -> (usize, usize) {
    let ends = u64_at(line, ENDS_AT);
    let octet = |ends: u64| usize::from((ends >> (8 * slot)).to_le_bytes()[0]);
    (octet(ends << 8), octet(ends))
}

/// How many serials are on a line.
#[inline]
fn on_line(line: &[u8; LINE]) -> usize {
    line[ENDS_AT + SLOTS - 1].into()
}

/// The number of a line's extra line.
#[inline]
fn extra_line(line: &[u8; LINE]) -> usize {
    crate::format::length(u32_at(line, EXTRA_AT))
}

fn put_extra_line(line: &mut [u8], extra: usize) {
    put_u32(line, EXTRA_AT, u32::try_from(extra).unwrap_or(u32::MAX));
}

#[cfg(test)]
mod tests {
    use super::{FINGERPRINTS, equal, fingerprints};

    #[test]
    fn equal_octets_are_found_and_none_beside_them() {
        for octets in [
            0_u64,
            0x0001_0080_ff00_7f01,
            0xffff_fffe_0101_0100,
            u64::MAX,
        ] {
            for fingerprint in [0, 1, 2, 0x7f, 0x80, 0xfe, 0xff] {
                for count in 0..=8 {
                    let expected = octets
                        .to_le_bytes()
                        .iter()
                        .take(count)
                        .enumerate()
                        .filter(|(_, octet)| **octet == fingerprint)
                        .fold(0_u64, |bits, (place, _)| bits | 0x80 << (8 * place));
                    assert_eq!(equal(octets, fingerprint, count), expected);
                }
            }
        }
    }

    #[test]
    fn fingerprints_are_read_up_to_the_end_of_the_line() {
        let line = std::array::from_fn(|at| u8::try_from(at).unwrap());
        assert_eq!(fingerprints(&line, 0).to_le_bytes()[..2], [12, 13]);
        let last = fingerprints(&line, FINGERPRINTS - 1);
        assert_eq!(last.to_le_bytes(), [63, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(fingerprints(&line, FINGERPRINTS), 0);
        assert_eq!(fingerprints(&line, 255), 0);
    }
}
