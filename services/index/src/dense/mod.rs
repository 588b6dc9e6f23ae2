//! Segments for serials that are numbered one after another, as JPKI's are: a bitmap with ranks over values.
//!
//! | octets | what |
//! |---|---|
//! | 64 | header: the least serial and the span |
//! | 64 x lines | bitmap: a line for every 480 numbers from the least serial to the greatest |
//! | 5 x serials | values in the order of the serials: time (4), reason (1) |
//!
//! A line is one cache line: the number of serials before it (4 octets), and 480 bits, the lowest bit of the first
//! octet first. A set bit is a revoked serial, and the number of set bits before it is the number of its value. No
//! serial is stored and none is hashed, so nothing can be confused with anything; a serial outside of the span is none
//! of its numbers.

mod ascending;
mod read;
mod walk;
mod write;

pub(crate) use ascending::Ascending;
pub(crate) use read::{Dense, DenseHeader};
pub(crate) use walk::DenseWalk;
pub(crate) use write::{octets, write};

use crate::format::{LINE, u64_at};

/// Numbers of one line.
const NUMBERS: u64 = 480;
/// Bits of a line before its bitmap.
const RANK_BITS: usize = 32;
/// Where the header has the least serial and the span.
const LEAST_AT: usize = 32;
const SPAN_AT: usize = 52;
/// Behind it the header has nothing but zeros.
const REST_AT: usize = 60;

/// How many bits are set in a line's bitmap before its number `bit`, or in all of it for 480.
#[inline]
fn ones_before(line: &[u8; LINE], bit: usize) -> u32 {
    let mut ones = 0;
    for (word, begin) in (0..LINE * 8).step_by(64).enumerate() {
        let wanted = (RANK_BITS + bit).saturating_sub(begin).min(64);
        let skipped = RANK_BITS.saturating_sub(begin);
        let mask = !u64::MAX.unbounded_shl(u32::try_from(wanted).unwrap_or(64));
        let mask = mask & u64::MAX.unbounded_shl(u32::try_from(skipped).unwrap_or(64));
        ones += (u64_at(line, word * 8) & mask).count_ones();
    }
    ones
}

/// The octet of a line that has a bit, and the bit in it.
#[inline]
fn place(bit: usize) -> (usize, u8) {
    ((RANK_BITS + bit) / 8, 1 << (bit % 8))
}

/// The line and the bit in it of a number counted from the least serial.
#[inline]
fn split(distance: u64) -> (usize, usize) {
    let line = usize::try_from(distance / NUMBERS).unwrap_or(usize::MAX);
    (line, usize::try_from(distance % NUMBERS).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::{NUMBERS, ones_before, place};

    #[test]
    fn the_rank_of_a_bit_is_the_number_of_bits_before_it() {
        // The rank before the bitmap is not counted, whatever it is.
        for rank in [0, 0xff] {
            let mut line = [0; 64];
            line[..4].fill(rank);
            for (nth, bit) in [0, 1, 31, 32, 95, 96, 97, 250, 479].into_iter().enumerate() {
                let (octet, mask) = place(bit);
                assert_eq!(ones_before(&line, bit), u32::try_from(nth).unwrap());
                line[octet] |= mask;
            }
            assert_eq!(ones_before(&line, 480), 9);
            line[4..].fill(0xff);
            assert_eq!(u64::from(ones_before(&line, 480)), NUMBERS);
            assert_eq!(ones_before(&line, 0), 0);
        }
    }
}
