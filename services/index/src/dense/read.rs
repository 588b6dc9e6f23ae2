//! Looking up in a bitmap.

use super::{LEAST_AT, REST_AT, SPAN_AT, ones_before, place, split};
use crate::block::take_turns;
use crate::format::{COUNT_AT, LINE, LINES_AT, VALUE_OCTETS, length, u32_at, u64_at};
use crate::prefetch::prefetch;
use crate::records::Value;
use crate::segment::Hit;
use crate::serial::{Number, WIDE};

/// What stands for a line that is not there.
static NOTHING: [u8; LINE] = [0; LINE];

/// What the header of a dense segment says, so that no lookup has to wait for it.
#[derive(Clone, Copy)]
pub(crate) struct DenseHeader {
    least: Number,
    lines: usize,
}

impl DenseHeader {
    pub(crate) fn of(header: &[u8; LINE]) -> Self {
        let least = header.get(LEAST_AT..).and_then(<[u8]>::first_chunk);
        Self {
            least: Number::of_wide(least.unwrap_or(&[0; WIDE])),
            lines: length(u32_at(header, LINES_AT)),
        }
    }
}

/// The parts of a dense segment.
pub(crate) struct Dense<'a> {
    least: Number,
    lines: &'a [[u8; LINE]],
    values: &'a [Value],
}

impl<'a> Dense<'a> {
    /// How long the segment with this header must be.
    pub(crate) fn octets(header: &[u8; LINE]) -> u64 {
        let number = |at| u64::from(u32_at(header, at));
        LINE as u64 * (1 + number(LINES_AT)) + VALUE_OCTETS as u64 * number(COUNT_AT)
    }

    /// The parts of a segment with this header and that length.
    pub(crate) fn new(segment: &'a [u8], header: &DenseHeader) -> Self {
        let parts = || {
            let body = segment.get(LINE..)?;
            body.split_at_checked(header.lines * LINE)
        };
        let (lines, values) = parts().unwrap_or_default();
        Self {
            least: header.least,
            lines: lines.as_chunks().0,
            values: values.as_chunks().0,
        }
    }

    /// The ranks agree with the bitmap, no bit is set outside of the span, and the header has nothing that is not
    /// known.
    pub(crate) fn is_sound(&self, header: &[u8; LINE]) -> bool {
        let span = u64_at(header, SPAN_AT);
        let mut rank = 0_u64;
        let ranks = self.lines.iter().all(|line| {
            let sound = u64::from(u32_at(line, 0)) == rank;
            rank += u64::from(ones_before(line, 480));
            sound
        });
        // The span ends on the last line, and that line has no bit behind it.
        let (last, bit) = split(span.saturating_sub(1));
        let tail = self
            .lines
            .last()
            .is_none_or(|line| ones_before(line, 480) == ones_before(line, bit + 1));
        ranks
            && tail
            && span > 0
            && self.lines.len() == last + 1
            && rank == self.values.len() as u64
            && header[REST_AT..] == [0; LINE - REST_AT]
    }

    pub(crate) fn find(&self, serial: &[u8]) -> Option<Hit> {
        let distance = self.distance(serial);
        if self.holds(distance) {
            self.value(distance)
        } else {
            None
        }
    }

    /// Looks up serials of `SERIAL` octets, or of `width` if that is 0, packed end to end; tells the hits in order.
    pub(crate) fn batch<const SERIAL: usize>(
        &self,
        width: usize,
        packed: &[u8],
        on_hit: &mut impl FnMut(usize, Hit),
    ) {
        let width = if SERIAL == 0 { width } else { SERIAL };
        take_turns(
            (width, packed),
            (0, 0),
            |first, serials, asked| {
                for (position, serial) in (first..).zip(serials.chunks_exact(width)) {
                    asked.add_if((position, self.distance(serial)), true);
                }
                // One after the other, so that the processor looks for several pages at a time.
                for (_, distance) in asked.items() {
                    prefetch(self.line(*distance).0);
                }
            },
            |asked, found| {
                for (position, distance) in asked {
                    found.add_if((*position, *distance), self.holds(*distance));
                }
                for (_, distance) in found.items() {
                    if let Some(value) = self.values.get(self.rank(*distance)) {
                        prefetch(value);
                        prefetch(&value[VALUE_OCTETS - 1]);
                    }
                }
            },
            |found| {
                for (position, distance) in found {
                    if let Some(hit) = self.value(*distance) {
                        on_hit(*position, hit);
                    }
                }
            },
        );
    }

    /// Begins to load the line on which this number would be, and tells how far it lies above the least one, for
    /// [`Self::holds`].
    pub(crate) fn prefetch(&self, number: Option<Number>) -> u64 {
        let distance = number.map_or(u64::MAX, |number| number.above(self.least));
        prefetch(self.line(distance).0);
        distance
    }

    /// How far a serial lies above the least one; `u64::MAX`, which no line has, if it is below or too far or too wide.
    #[inline]
    fn distance(&self, serial: &[u8]) -> u64 {
        Number::of_serial(serial).map_or(u64::MAX, |number| number.above(self.least))
    }

    /// The line of a distance and the bit in it.
    #[inline]
    fn line(&self, distance: u64) -> (&'a [u8; LINE], usize) {
        let (line, bit) = split(distance);
        (self.lines.get(line).unwrap_or(&NOTHING), bit)
    }

    /// Whether the serial that lies so far above the least one is here.
    #[inline]
    pub(crate) fn holds(&self, distance: u64) -> bool {
        let (line, bit) = self.line(distance);
        let (octet, mask) = place(bit);
        line[octet] & mask != 0
    }

    /// The number of the value of a serial that is here.
    #[inline]
    fn rank(&self, distance: u64) -> usize {
        let (line, bit) = self.line(distance);
        length(u32_at(line, 0)) + length(ones_before(line, bit))
    }

    #[inline]
    fn value(&self, distance: u64) -> Option<Hit> {
        Hit::of_value(*self.values.get(self.rank(distance))?)
    }
}

#[cfg(test)]
mod tests {
    use super::{Dense, DenseHeader};
    use crate::dense::NUMBERS;
    use crate::format::LINE;

    #[test]
    fn no_line_has_the_distance_that_stands_for_no_number() {
        assert!(u64::MAX / NUMBERS > u64::from(u32::MAX));
        let dense = Dense::new(&[], &DenseHeader::of(&[0; LINE]));
        assert!(!dense.holds(u64::MAX) && !dense.holds(0));
        assert_eq!(dense.find(&[1]), None);
    }
}
