//! Serial numbers as keys: unsigned numbers that have exactly one form.

use crate::format::{u64_at, u128_at};

/// JPKI's serials have 4 octets; other issuers use random ones of up to 20.
pub(crate) const NARROW: usize = 8;
/// RFC 5280 section 4.1.2.2 allows 20 octets and no more.
pub(crate) const WIDE: usize = 20;

/// The serial as a big-endian number of `WIDTH` octets, or nothing if it is zero or does not fit: it is never cut off.
#[inline]
pub(crate) fn key<const WIDTH: usize>(serial: &[u8]) -> Option<[u8; WIDTH]> {
    padded(serial).filter(|key| *key != [0; WIDTH])
}

/// The same for a serial that may be zero, which no segment holds.
#[inline]
pub(crate) fn padded<const WIDTH: usize>(serial: &[u8]) -> Option<[u8; WIDTH]> {
    let mut key = [0; WIDTH];
    match (WIDTH.checked_sub(serial.len()), key.last_chunk_mut()) {
        (Some(0), _) => return serial.try_into().ok(),
        (Some(_), Some(last)) if serial.len() <= NARROW => *last = short(serial).to_be_bytes(),
        (Some(start), _) => key[start..].copy_from_slice(serial),
        (None, _) => {
            let (front, back) = serial.split_last_chunk()?;
            return front.iter().all(|octet| *octet == 0).then_some(*back);
        }
    }
    Some(key)
}

/// The number that these octets, at most 8, are. Of two loads, which may overlap: for so few octets of any number, a call
/// of the general routine that copies takes longer.
#[inline]
fn short(octets: &[u8]) -> u64 {
    let bits = |before: usize| u32::try_from(octets.len().saturating_sub(before) * 8).unwrap_or(0);
    if let (Some(first), Some(last)) = (octets.first_chunk::<4>(), octets.last_chunk()) {
        let (first, last) = (u32::from_be_bytes(*first), u32::from_be_bytes(*last));
        u64::from(first) << bits(4) | u64::from(last)
    } else if let (Some(first), Some(last)) = (octets.first_chunk::<2>(), octets.last_chunk()) {
        let (first, last) = (u16::from_be_bytes(*first), u16::from_be_bytes(*last));
        u64::from(first) << bits(2) | u64::from(last)
    } else {
        octets.first().map_or(0, |octet| u64::from(*octet))
    }
}

/// A key as a number that can be subtracted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Number {
    /// The first 4 of 20 octets.
    high: u32,
    /// The other 16.
    low: u128,
}

impl Number {
    #[inline]
    pub(crate) fn of_wide(key: &[u8; WIDE]) -> Self {
        let [first, second, third, fourth, low @ ..] = key;
        Self {
            high: u32::from_be_bytes([*first, *second, *third, *fourth]),
            low: u128_at(low, 0),
        }
    }

    #[inline]
    pub(crate) fn of_narrow(key: [u8; NARROW]) -> Self {
        Self {
            high: 0,
            low: u128::from(u64::from_be_bytes(key)),
        }
    }

    /// The number of a serial, unless it has more than 20 octets.
    #[inline]
    pub(crate) fn of_serial(serial: &[u8]) -> Option<Self> {
        padded(serial)
            .map(Self::of_narrow)
            .or_else(|| padded(serial).map(|key| Self::of_wide(&key)))
    }

    pub(crate) fn octets(self) -> [u8; WIDE] {
        let mut octets = [0; WIDE];
        octets[..4].copy_from_slice(&self.high.to_be_bytes());
        octets[4..].copy_from_slice(&self.low.to_be_bytes());
        octets
    }

    /// The number that lies so far above this one; `None` past 20 octets.
    pub(crate) fn plus(self, distance: u64) -> Option<Self> {
        let (low, carry) = self.low.overflowing_add(u128::from(distance));
        let high = self.high.checked_add(u32::from(carry))?;
        Some(Self { high, low })
    }

    /// How far it lies above a lower bound; `u64::MAX` stands for below it and for too far.
    #[inline]
    pub(crate) fn above(self, bound: Self) -> u64 {
        let (low, borrow) = self.low.overflowing_sub(bound.low);
        let borrowed = bound.high.wrapping_add(u32::from(borrow));
        // Where the high parts differ by more than the borrowed one, the number is below the bound or too far above.
        match u64::try_from(low) {
            Ok(distance) if self.high == borrowed && self >= bound => distance,
            _ => u64::MAX,
        }
    }
}

/// The finaliser of splitmix64: a bijection in which every bit of the input changes half of the output.
#[inline]
pub(crate) const fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// What [`mix`] was given.
const fn unmix(word: u64) -> u64 {
    let word = word ^ (word >> 31) ^ (word >> 62);
    let word = word.wrapping_mul(0x3196_42b2_d24d_8ec3);
    let word = (word ^ (word >> 27) ^ (word >> 54)).wrapping_mul(0x96de_1b17_3f11_9089);
    word ^ (word >> 30) ^ (word >> 60)
}

/// The hash of a key. Among keys that agree in all but their last 8 octets it is a bijection: those other octets
/// together with the hash *are* the key, so a record that holds both is compared exactly.
///
/// Issuers choose serials and callers choose queries, so the hash need not resist an attacker: what it costs to be
/// crowded is bounded when a segment is written.
#[inline]
pub(crate) fn hash<const WIDTH: usize>(key: &[u8; WIDTH], seed: u32) -> u64 {
    mix(u64_at(key, WIDTH.saturating_sub(NARROW)).swap_bytes() ^ salt(key, seed))
}

/// The last 8 octets of the key that has this hash, given its other octets: `front` is a key of which those are not
/// looked at.
pub(crate) fn last_octets<const WIDTH: usize>(
    hash: u64,
    front: &[u8; WIDTH],
    seed: u32,
) -> [u8; NARROW] {
    (unmix(hash) ^ salt(front, seed)).to_be_bytes()
}

/// What the octets of a key before its last eight, and the seed, do to its hash.
#[inline]
fn salt<const WIDTH: usize>(key: &[u8; WIDTH], seed: u32) -> u64 {
    const ODD: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xd6e8_feb8_6659_fd93];
    let salt = u64::from(seed).wrapping_mul(ODD[0]);
    if WIDTH <= NARROW {
        return salt;
    }
    // The first 12 of 20 octets, the middle 4 of them twice.
    (salt ^ u64_at(key, 0).swap_bytes())
        .wrapping_mul(ODD[0])
        .rotate_left(32)
        ^ u64_at(key, 4).swap_bytes().wrapping_mul(ODD[1])
}

/// Scales a hash to `0..slots`, evenly and in the order of the hashes (Lemire 2019).
#[inline]
pub(crate) fn scaled(hash: u64, slots: u64) -> usize {
    let product = u128::from(hash) * u128::from(slots);
    usize::try_from(product >> 64).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Number, WIDE, hash, last_octets, padded};

    proptest! {
        #[test]
        fn a_padded_serial_is_the_same_number(serial in proptest::collection::vec(any::<u8>(), 0..24)) {
            fn slowly<const WIDTH: usize>(serial: &[u8]) -> Option<[u8; WIDTH]> {
                let zeros = serial.iter().take_while(|octet| **octet == 0).count();
                let start = WIDTH.checked_sub(serial.len() - zeros)?;
                Some(std::array::from_fn(|at| {
                    at.checked_sub(start).map_or(0, |at| serial[zeros + at])
                }))
            }
            for front in [0, 1, 5] {
                let serial = [&vec![0; front], serial.as_slice()].concat();
                prop_assert_eq!(padded::<8>(&serial), slowly(&serial));
                prop_assert_eq!(padded::<WIDE>(&serial), slowly(&serial));
            }
        }

        #[test]
        fn hash_and_front_are_the_key(key: [u8; WIDE], seed: u32) {
            let mut front = key;
            front[12..].fill(0);
            prop_assert_eq!(&last_octets(hash(&key, seed), &front, seed)[..], &key[12..]);
            let narrow: [u8; 8] = std::array::from_fn(|at| key[at]);
            prop_assert_eq!(last_octets(hash(&narrow, seed), &[0; 8], seed), narrow);
        }

        #[test]
        fn what_is_added_is_the_distance(key: [u8; WIDE], distance in 0..u64::MAX) {
            let number = Number::of_wide(&key);
            if let Some(sum) = number.plus(distance) {
                prop_assert_eq!(sum.above(number), distance);
            }
        }
    }

    #[test]
    fn distances_are_exact_over_160_bits() {
        let number = |serial: &[u8]| Number::of_serial(serial).unwrap();
        let top = [0xff; WIDE];
        assert_eq!(number(&top).above(number(&top)), 0);
        assert_eq!(number(&top).octets(), top);
        assert_eq!(number(&[9]).above(number(&[7])), 2);
        // Below the bound, and farther above it than is counted.
        assert_eq!(number(&[7]).above(number(&[9])), u64::MAX);
        assert_eq!(number(&[7]).above(number(&top)), u64::MAX);
        assert_eq!(number(&top).above(number(&[7])), u64::MAX);
        // Borrowing across the boundary of the two parts.
        let mut above = [0; WIDE];
        above[3] = 1;
        assert_eq!(number(&above).above(number(&[0xff; 16])), 1);
        assert_eq!(number(&[0xff; 16]).above(number(&above)), u64::MAX);
        assert!(Number::of_serial(&[1; 21]).is_none());
        assert_eq!(Number::of_serial(&[0; 21]), Number::of_serial(&[]));
    }
}
