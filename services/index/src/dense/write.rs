//! Writing a bitmap with ranks.

use super::{LEAST_AT, NUMBERS, RANK_BITS, SPAN_AT, ones_before, place, split};
use crate::build::BuildError;
use crate::format::{
    DENSE, Header, LINE, LINES_AT, VALUE_OCTETS, length, put_u32, seal, u32_at, u64_at,
};
use crate::records::{Records, Value};
use crate::serial::{NARROW, Number, WIDE};

/// How long a segment is for so many serials of which the greatest lies `farthest` above the least.
pub(crate) fn octets(count: u32, farthest: u64) -> u64 {
    let lines = farthest / NUMBERS + 1;
    lines
        .saturating_add(1)
        .saturating_mul(LINE as u64)
        .saturating_add(u64::from(count) * VALUE_OCTETS as u64)
}

/// The header of a segment with so many serials, keys of `width` octets, all of them from `least` on and up to
/// `farthest` above it. Its checksum is still missing.
pub(super) fn header(
    width: usize,
    count: u32,
    (least, farthest): (Number, u64),
) -> Result<[u8; LINE], BuildError> {
    let too_many = BuildError::TooManyEntries {
        count: length(count),
    };
    let lines = u32::try_from(farthest / NUMBERS + 1).map_err(|_| too_many)?;
    let mut octets = [0; LINE];
    let header = Header {
        kind: DENSE,
        width,
        count,
        lines,
        seed: 0,
    };
    header.write(&mut octets);
    octets[LEAST_AT..SPAN_AT].copy_from_slice(&least.octets());
    octets[SPAN_AT..SPAN_AT + 8].copy_from_slice(&(farthest + 1).to_le_bytes());
    Ok(octets)
}

/// Serialises the records, of which there are `count`, none below `least`.
pub(crate) fn write(
    records: Records,
    count: u32,
    (least, farthest): (Number, u64),
) -> Result<Vec<u8>, BuildError> {
    let width = if records.are_narrow() { NARROW } else { WIDE };
    let header = header(width, count, (least, farthest))?;
    let values_at = LINE + length(u32_at(&header, LINES_AT)) * LINE;
    // Zeroed by the system when it is first written, not here.
    let mut segment = vec![0; values_at + length(count) * VALUE_OCTETS];
    segment[..LINE].copy_from_slice(&header);
    let (front, values) = segment.split_at_mut(values_at);
    let (lines, _) = front[LINE..].as_chunks_mut();
    let (values, _) = values.as_chunks_mut();
    if width == NARROW {
        fill::<NARROW>(records, least, lines, values)?;
    } else {
        fill::<WIDE>(records, least, lines, values)?;
    }
    seal(&mut segment);
    Ok(segment)
}

fn fill<const WIDTH: usize>(
    records: Records,
    least: Number,
    lines: &mut [[u8; LINE]],
    values: &mut [Value],
) -> Result<(), BuildError> {
    // All lie less than 2^64 above the least: the last 8 octets of the difference are all of it.
    let last_octets = |key: &[u8]| u64_at(key, key.len().saturating_sub(NARROW)).swap_bytes();
    let least = last_octets(&least.octets());
    let distance = |key: &[u8; WIDTH]| last_octets(key).wrapping_sub(least);
    let mut repeated = 0;
    records.for_each(|key: [u8; WIDTH], _| {
        let (line, bit) = split(distance(&key));
        let (octet, mask) = place(bit);
        repeated += u64::from(lines[line][octet] & mask != 0);
        lines[line][octet] |= mask;
    });
    if repeated > 0 {
        return Err(BuildError::DuplicateSerials { count: repeated });
    }
    let mut ranks = Vec::with_capacity(lines.len());
    let mut rank = 0;
    for line in &mut *lines {
        put_u32(line, 0, rank);
        ranks.push(Ranks::of(line));
        rank += ones_before(line, 480);
    }
    records.drain(|key: [u8; WIDTH], value| {
        let (line, bit) = split(distance(&key));
        values[ranks[line].rank(&lines[line], bit)] = value;
    });
    Ok(())
}

/// How many serials of a line lie before each of its words: while it is written, every rank is asked for, and counting
/// the bits of whole words again for each would take longer than all the rest.
struct Ranks([u16; WORDS]);

const WORD: usize = 8;
const WORDS: usize = LINE / WORD;

impl Ranks {
    fn of(line: &[u8; LINE]) -> Self {
        let mut ones = 0;
        Self(std::array::from_fn(|word| {
            let before = ones;
            let skipped = if word == 0 { RANK_BITS } else { 0 };
            ones += (u64_at(line, word * WORD) >> skipped).count_ones();
            u16::try_from(before).unwrap_or(u16::MAX)
        }))
    }

    /// The number of the value of a set bit: [`ones_before`] and the serials before the line.
    fn rank(&self, line: &[u8; LINE], bit: usize) -> usize {
        let (word, place) = ((RANK_BITS + bit) / 64, (RANK_BITS + bit) % 64);
        let skipped = if word == 0 { RANK_BITS } else { 0 };
        let bits = u64_at(line, word * WORD) >> skipped;
        let below = bits & !(u64::MAX << (place - skipped));
        let in_line = u32::from(self.0[word]) + below.count_ones();
        length(u32_at(line, 0) + in_line)
    }
}

#[cfg(test)]
mod tests {
    use super::{LINE, Ranks, length, ones_before, u32_at};

    #[test]
    fn ranks_by_word_are_ranks_by_line() {
        for seed in [0, 0x9e37_79b9_7f4a_7c15_u64, u64::MAX] {
            let mut line: [u8; LINE] = std::array::from_fn(|at| {
                (seed.wrapping_mul(at as u64 * at as u64 + 1) >> 32).to_le_bytes()[0]
            });
            line[..4].copy_from_slice(&7_000_u32.to_le_bytes());
            let ranks = Ranks::of(&line);
            for bit in 0..480 {
                let expected = u32_at(&line, 0) + ones_before(&line, bit);
                assert_eq!(ranks.rank(&line, bit), length(expected), "{bit}");
            }
        }
    }
}
