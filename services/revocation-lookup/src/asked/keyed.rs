//! A keyed hash of serial numbers, for a table that nobody may be able to crowd.
//!
//! Multiply-shift over vectors (Dietzfelbinger 1996): the products of each word with a random one of 128 bits are added up,
//! and the upper 64 bits count. Two serial numbers chosen without knowing the key have the same hash with a chance
//! of 2^-64, and no answer ever shows a hash. It takes a few multiplications, where SipHash takes some twenty nanoseconds.

use std::hash::{BuildHasher as _, RandomState};

/// Octets of a serial number at most (RFC 5280 section 4.1.2.2), without its last.
const OCTETS: usize = 19;
const WORDS: usize = 3;

/// The key.
pub(super) struct Keyed {
    factors: [u128; WORDS],
    summand: u128,
}

/// Never shown.
impl std::fmt::Debug for Keyed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Keyed(redacted)")
    }
}

impl Keyed {
    /// A key by chance, as the standard library has it.
    pub(super) fn by_chance() -> Self {
        let chance = RandomState::new();
        let word = |number: u64| {
            let half = |number: u64| u128::from(chance.hash_one(number));
            half(2 * number) << 64 | half(2 * number + 1)
        };
        Self {
            factors: [word(0), word(1), word(2)],
            summand: word(3),
        }
    }

    /// The hash of a serial number (unsigned big-endian, zeros in front do not count) of the authority at this place,
    /// without its last octet, and that octet. Of more than 20 octets the last 20 count; no such serial number gets here.
    #[inline]
    pub(super) fn block(&self, place: usize, serial: &[u8]) -> (u64, u8) {
        let (last, words) = words(serial);
        let [high, middle, low] = words;
        // The highest word has three octets of the serial number at most.
        let high = high | u64::try_from(place).unwrap_or(u64::MAX) << 24;
        let sum = [high, middle, low]
            .into_iter()
            .zip(&self.factors)
            .fold(self.summand, |sum, (word, factor)| {
                sum.wrapping_add(factor.wrapping_mul(u128::from(word)))
            });
        let [upper, _] = halves(sum);
        (mixed(upper), last)
    }
}

/// The last octet, and those before it as a number of three words.
#[inline]
fn words(serial: &[u8]) -> (u8, [u64; WORDS]) {
    // The widths of 64-bit serial numbers and of JPKI's.
    if let Ok(octets) = <[u8; 8]>::try_from(serial) {
        let [.., last] = octets;
        return (last, [0, 0, u64::from_be_bytes(octets) >> 8]);
    }
    if let Ok(octets) = <[u8; 4]>::try_from(serial) {
        let [.., last] = octets;
        return (last, [0, 0, u64::from(u32::from_be_bytes(octets) >> 8)]);
    }
    let (last, before) = serial.split_last().map_or((0, serial), |(l, b)| (*l, b));
    let before = &before[before.len().saturating_sub(OCTETS)..];
    let mut octets = [0; WORDS * 8];
    octets[WORDS * 8 - before.len()..].copy_from_slice(before);
    let (words, _) = octets.as_chunks::<8>();
    let word = |nth: usize| words.get(nth).map_or(0, |word| u64::from_be_bytes(*word));
    (last, [word(0), word(1), word(2)])
}

/// The upper and the lower half.
fn halves(number: u128) -> [u64; 2] {
    let half = |number: u128| u64::try_from(number & u128::from(u64::MAX)).unwrap_or(0);
    [half(number >> 64), half(number)]
}

/// Spreads what is next to each other over all bits, and leaves different what is different (the finalizer of
/// SplitMix64).
pub(super) const fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn zeros_in_front_do_not_count_at_any_width() {
        let keyed = Keyed::by_chance();
        for serial in [&[7, 1][..], &[1, 2, 3, 4], &[9; 8], &[3; 19], &[1; 20]] {
            let expected = keyed.block(1, serial);
            for zeros in 1..=20_usize.saturating_sub(serial.len()) {
                let padded = [&[0].repeat(zeros), serial].concat();
                assert_eq!(keyed.block(1, &padded), expected, "{serial:?} {zeros}");
            }
        }
    }

    #[test]
    fn the_authority_and_every_octet_before_the_last_count_and_the_last_does_not() {
        let keyed = Keyed::by_chance();
        let serial = [1; 20];
        let mut seen = HashSet::from([keyed.block(0, &serial), keyed.block(1, &serial)]);
        for octet in 0..19 {
            for bit in 0..8 {
                let mut other = serial;
                other[octet] ^= 1 << bit;
                seen.insert(keyed.block(0, &other));
            }
        }
        assert_eq!(seen.len(), 2 + 19 * 8);
        let mut neighbour = serial;
        neighbour[19] = 2;
        let (block, last) = keyed.block(0, &neighbour);
        assert_eq!((block, last), (keyed.block(0, &serial).0, 2));
        assert_ne!(
            keyed.block(0, &serial),
            Keyed::by_chance().block(0, &serial)
        );
    }

    #[test]
    fn a_million_neighbours_fall_apart() {
        let keyed = Keyed::by_chance();
        let mut crowd = vec![0_u32; 4_096];
        let mut seen = HashSet::new();
        for number in 0..1_000_000_u32 {
            let (block, _) = keyed.block(0, &(number << 8).to_be_bytes());
            assert!(seen.insert(block));
            crowd[usize::try_from(block >> 52).unwrap()] += 1;
        }
        // 244 on average, with a deviation of 16.
        assert!(
            crowd.iter().all(|count| (120..400).contains(count)),
            "{crowd:?}"
        );
    }
}
