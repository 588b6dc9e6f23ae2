//! Writing a bitmap with ranks.

use super::{LEAST_AT, NUMBERS, SPAN_AT, ones_before, place, split};
use crate::build::BuildError;
use crate::format::{DENSE, Header, LINE, VALUE_OCTETS, length, put_u32, seal, u32_at};
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

/// Serialises the records, of which there are `count`, none below `least`.
pub(crate) fn write(
    records: Records,
    count: u32,
    (least, farthest): (Number, u64),
) -> Result<Vec<u8>, BuildError> {
    let too_many = BuildError::TooManyEntries {
        count: length(count),
    };
    let lines = u32::try_from(farthest / NUMBERS + 1).map_err(|_| too_many)?;
    let values_at = LINE + length(lines) * LINE;
    let mut segment = vec![0; values_at + length(count) * VALUE_OCTETS];
    let width = if records.are_narrow() { NARROW } else { WIDE };
    let header = Header {
        kind: DENSE,
        width,
        count,
        lines,
        seed: 0,
    };
    header.write(&mut segment);
    segment[LEAST_AT..SPAN_AT].copy_from_slice(&least.octets());
    segment[SPAN_AT..SPAN_AT + 8].copy_from_slice(&(farthest + 1).to_le_bytes());

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
    // No key is wider than a serial may be.
    let distance =
        |key: &[u8; WIDTH]| Number::of_serial(key).map_or(u64::MAX, |it| it.above(least));
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
    let mut rank = 0;
    for line in &mut *lines {
        put_u32(line, 0, rank);
        rank += ones_before(line, 480);
    }
    records.drain(|key: [u8; WIDTH], value| {
        let (line, bit) = split(distance(&key));
        let rank = u32_at(&lines[line], 0) + ones_before(&lines[line], bit);
        values[length(rank)] = value;
    });
    Ok(())
}
