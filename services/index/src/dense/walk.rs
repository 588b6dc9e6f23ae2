//! The serials of a bitmap in their order, for finding out which of them a newer list has no more.

use super::{LEAST_AT, NUMBERS, RANK_BITS};
use crate::format::{LINE, LINES_AT, length, u32_at, u64_at};
use crate::serial::{Number, WIDE};

/// Walks over the set bits of the lines, one for each value.
pub(crate) struct DenseWalk {
    least: Number,
    lines: usize,
    /// The next word of the lines, and what is left of the one before it.
    next_word: usize,
    bits: u64,
}

impl DenseWalk {
    pub(crate) fn new(header: &[u8]) -> Self {
        let least = header.get(LEAST_AT..).and_then(<[u8]>::first_chunk);
        Self {
            least: Number::of_wide(least.unwrap_or(&[0; WIDE])),
            lines: length(u32_at(header, LINES_AT)),
            next_word: 0,
            bits: 0,
        }
    }

    /// Octets between header and values.
    pub(crate) fn front_octets(&self) -> usize {
        self.lines.saturating_mul(LINE)
    }

    /// The next serial; `None`: the lines have no more.
    pub(crate) fn next(&mut self, lines: &[u8]) -> Option<[u8; WIDE]> {
        const WORD: usize = 8;
        while self.bits == 0 {
            if self.next_word * WORD >= lines.len() {
                return None;
            }
            self.bits = u64_at(lines, self.next_word * WORD);
            if self.next_word.is_multiple_of(LINE / WORD) {
                // A line begins with its rank.
                self.bits &= u64::MAX << RANK_BITS;
            }
            self.next_word += 1;
        }
        let bit = self.bits.trailing_zeros();
        self.bits &= self.bits - 1;
        let word = u64::try_from(self.next_word - 1).ok()?;
        let (line, word) = (word / 8, word % 8);
        let number = line * NUMBERS + (word * 64 + u64::from(bit)) - RANK_BITS as u64;
        Some(self.least.plus(number)?.octets())
    }
}
