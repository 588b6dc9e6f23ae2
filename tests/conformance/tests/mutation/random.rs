//! Random numbers good enough to choose what to break.

use std::hash::{BuildHasher as _, RandomState};

/// A sequence decided by its seed (xorshift64*, Marsaglia and Vigna).
pub(crate) struct Random(u64);

impl Random {
    /// The sequence of this seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below a bound, which is not zero.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).expect("a small bound");
        usize::try_from((self.next() >> 16) % bound).expect("below a small bound")
    }

    /// An octet; one in four is one that means something in DER.
    pub(crate) fn octet(&mut self) -> u8 {
        const TELLING: [u8; 16] = [
            0, 1, 2, 3, 4, 5, 6, 0x0a, 0x17, 0x18, 0x30, 0x31, 0x7f, 0x80, 0xa0, 0xff,
        ];
        let number = self.next().to_be_bytes();
        if number[0] < 0x40 {
            TELLING[usize::from(number[1] % 16)]
        } else {
            number[1]
        }
    }
}

/// A seed that is another every time.
pub(crate) fn seed() -> u64 {
    RandomState::new().hash_one(0_u8)
}
