//! The serials of a hashed segment in their order, for finding out which of them a newer list has no more.

use super::read::EXTRAS_AT;
use super::{FINGERPRINTS, FINGERPRINTS_AT, HASH_OCTETS, KEPT, extra_line, on_line};
use crate::format::{LINE, LINES_AT, SEED_AT, length, u32_at, u64_at};
use crate::serial::{NARROW, WIDE, last_octets};

/// Walks over the fingerprints of the lines, one for each record.
pub(crate) struct HashedWalk<const WIDTH: usize> {
    lines: usize,
    extras: usize,
    seed: u32,
    line: usize,
    /// Of the next fingerprint on its line.
    place: usize,
}

impl<const WIDTH: usize> HashedWalk<WIDTH> {
    pub(crate) fn new(header: &[u8]) -> Self {
        let number = |at| length(u32_at(header, at));
        Self {
            lines: number(LINES_AT),
            extras: number(EXTRAS_AT),
            seed: u32_at(header, SEED_AT),
            line: 0,
            place: 0,
        }
    }

    /// Octets between header and records.
    pub(crate) fn front_octets(&self) -> usize {
        self.lines.saturating_add(self.extras).saturating_mul(LINE)
    }

    /// The serial of the next record; `None`: the lines have no more.
    pub(crate) fn next(&mut self, front: &[u8], record: &[u8]) -> Option<[u8; WIDE]> {
        let (lines, _) = front.as_chunks::<LINE>();
        let (lines, extras) = lines.split_at_checked(self.lines)?;
        let mut line = lines.get(self.line)?;
        while self.place >= on_line(line) {
            self.place = 0;
            self.line += 1;
            line = lines.get(self.line)?;
        }
        let fingerprint = if on_line(line) <= FINGERPRINTS || self.place < KEPT {
            *line.get(FINGERPRINTS_AT + self.place)?
        } else {
            *extras.get(extra_line(line))?.get(self.place - KEPT)?
        };
        self.place += 1;
        let hash = u64_at(record, 0) << 8 | u64::from(fingerprint);
        let before = WIDTH - NARROW;
        let mut key = [0; WIDTH];
        key[..before].copy_from_slice(record.get(HASH_OCTETS..HASH_OCTETS + before)?);
        let last = last_octets(hash, &key, self.seed);
        key[before..].copy_from_slice(&last);
        crate::serial::padded(&key)
    }
}
