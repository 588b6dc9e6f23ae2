//! Serials that come in ascending order, as issuers write them: bitmap and values are made while they come.
//!
//! So nothing is put in order, no rank is counted again, and no serial can be there twice.

use super::write::header;
use super::{NUMBERS, RANK_BITS, octets, place};
use crate::build::BuildError;
use crate::format::{LINE, put_u32, seal, u64_at};
use crate::records::{Records, Value};
use crate::serial::{NARROW, Number};

/// Lines that are made for however few serials.
const FREE_LINES: usize = 64;
/// One line more is made for so many serials. With one for seven a bitmap is no smaller than what is hashed; the others
/// are for lists of which the beginning is sparser than the rest.
const SERIALS_PER_LINE: usize = 4;

/// Serials of at most 8 octets, each greater than the one before it.
pub(crate) struct Ascending {
    least: u64,
    greatest: u64,
    /// All lines but the greatest serial's.
    lines: Vec<[u8; LINE]>,
    /// That one, and the first number on it.
    line: [u8; LINE],
    begin: u64,
    values: Vec<u8>,
}

impl Ascending {
    /// With the first serial.
    pub(crate) fn new(serial: u64, value: Value) -> Self {
        let mut first = Self {
            least: serial,
            greatest: serial,
            lines: Vec::new(),
            line: [0; LINE],
            begin: serial,
            values: Vec::new(),
        };
        first.set(0, value);
        first
    }

    /// Adds a serial, with `count` before it. False: it is not above all of them, or so far above that these serials are
    /// hardly dense, and nothing was added.
    #[inline]
    pub(crate) fn push(&mut self, serial: u64, value: Value, count: u32) -> bool {
        if serial <= self.greatest || serial - self.begin >= NUMBERS && !self.turn(serial, count) {
            return false;
        }
        self.greatest = serial;
        self.set(serial - self.begin, value);
        true
    }

    #[inline]
    fn set(&mut self, bit: u64, value: Value) {
        let (octet, mask) = place(usize::try_from(bit).unwrap_or(usize::MAX));
        self.line[octet] |= mask;
        self.values.extend_from_slice(&value);
    }

    /// Goes on to the line of a serial, if there may be so many lines.
    fn turn(&mut self, serial: u64, count: u32) -> bool {
        let further = (serial - self.begin) / NUMBERS;
        let all =
            usize::try_from(further).map_or(usize::MAX, |it| it.saturating_add(self.lines.len()));
        if all > FREE_LINES + crate::format::length(count) / SERIALS_PER_LINE {
            return false;
        }
        self.lines.push(self.line);
        self.line = [0; LINE];
        put_u32(&mut self.line, 0, count);
        self.lines.resize(all, self.line);
        self.begin += further * NUMBERS;
        true
    }

    /// How long the segment of these serials is, of which there are `count`.
    pub(crate) fn octets(&self, count: u32) -> u64 {
        octets(count, self.greatest - self.least)
    }

    /// Serialises them. The values become the segment: they make room for what comes before them where they are, because
    /// memory that nobody used yet costs more than moving them.
    pub(crate) fn write(self, count: u32) -> Result<Vec<u8>, BuildError> {
        let least = Number::of_narrow(self.least.to_be_bytes());
        let farthest = self.greatest - self.least;
        let header = header(NARROW, count, (least, farthest))?;
        let lines = self.lines.as_flattened();
        let (last_line_at, values_at) = (LINE + lines.len(), LINE + lines.len() + LINE);
        let octets = self.values.len();
        let mut segment = self.values;
        segment.reserve_exact(values_at);
        segment.resize(octets + values_at, 0);
        segment.copy_within(..octets, values_at);
        segment[..LINE].copy_from_slice(&header);
        segment[LINE..last_line_at].copy_from_slice(lines);
        segment[last_line_at..values_at].copy_from_slice(&self.line);
        segment.shrink_to_fit();
        seal(&mut segment);
        Ok(segment)
    }

    /// The least and the greatest.
    pub(crate) fn bounds(&self) -> (u64, u64) {
        (self.least, self.greatest)
    }

    /// The same serials as records, in their order.
    pub(crate) fn into_records(self) -> Records {
        let numbers =
            self.lines
                .iter()
                .chain([&self.line])
                .zip(0..)
                .flat_map(|(line, nth): (_, u64)| {
                    let begin = self.least + nth * NUMBERS;
                    ones(line).map(move |bit| begin + bit)
                });
        let mut records = Records::default();
        for (value, number) in self.values.as_chunks().0.iter().zip(numbers) {
            records.push_narrow(number.to_be_bytes(), *value);
        }
        records
    }
}

/// The numbers of a line whose bits are set, counted from its first one.
fn ones(line: &[u8; LINE]) -> impl Iterator<Item = u64> {
    let words = (0..LINE / 8).map(move |word| (word, u64_at(line, word * 8)));
    words.flat_map(|(word, bits)| {
        let bits = if word == 0 {
            bits >> RANK_BITS << RANK_BITS
        } else {
            bits
        };
        let place = move |bit: u32| word as u64 * 64 + u64::from(bit) - RANK_BITS as u64;
        let rest = |bits: &u64| Some(bits & (bits - 1)).filter(|rest| *rest != 0);
        std::iter::successors(Some(bits).filter(|bits| *bits != 0), rest)
            .map(move |bits| place(bits.trailing_zeros()))
    })
}
