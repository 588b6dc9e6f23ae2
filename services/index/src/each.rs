//! One serial in many segments, as in the partitions of a certification authority when nobody knows in which of them the
//! certificate would be.

use crate::block::BLOCK;
use crate::dense::Dense;
use crate::segment::{Form, Narrow, Segment, Wide};
use crate::serial::{NARROW, Number, WIDE, hash, padded};

/// Tells which of these segments hold a serial (unsigned big-endian, leading zeros do not matter), by their positions,
/// in order: those whose [`Segment::lookup`] finds it.
///
/// Memory is asked for a block of segments while the one before it is looked at: with thousands of segments, each of which
/// would have to be waited for, that is many times as fast as a lookup in each of them.
///
/// ```
/// let segment = |serial: u8| {
///     let mut builder = index::Builder::new();
///     builder.push(&[serial], 1_700_000_000, 1)?;
///     builder.finish_segment()
/// };
/// let segments = [segment(5)?, segment(6)?, segment(5)?];
/// let mut found = Vec::new();
/// index::find_in_each(&segments, &[5], |position| found.push(position));
/// assert_eq!(found, [0, 2]);
/// # Ok::<(), index::BuildError>(())
/// ```
pub fn find_in_each(segments: &[Segment], serial: &[u8], mut on_hit: impl FnMut(usize)) {
    let mut asked = Asked::new(serial);
    let mut look = |first: usize, segments: &[Segment], places: &[Option<u64>]| {
        for (position, (segment, place)) in (first..).zip(segments.iter().zip(places)) {
            if may_hold(segment, *place) && segment.lookup(serial).is_some() {
                on_hit(position);
            }
        }
    };
    let mut before = None;
    for (number, segments) in segments.chunks(BLOCK).enumerate() {
        let mut places = [None; BLOCK];
        for (place, segment) in places.iter_mut().zip(segments) {
            *place = asked.prefetch(segment);
        }
        if let Some((first, segments, places)) = before.replace((number * BLOCK, segments, places))
        {
            look(first, segments, &places);
        }
    }
    if let Some((first, segments, places)) = before {
        look(first, segments, &places);
    }
}

/// The serial in every form that a segment may want it in.
struct Asked {
    narrow: Option<[u8; NARROW]>,
    wide: Option<[u8; WIDE]>,
    number: Option<Number>,
    /// The hash of the narrow and of the wide key by the seed that was met last: nearly all segments have the same.
    hashes: [Option<(u32, u64)>; 2],
}

impl Asked {
    fn new(serial: &[u8]) -> Self {
        Self {
            narrow: padded(serial),
            wide: padded(serial),
            number: Number::of_serial(serial),
            hashes: [None; 2],
        }
    }

    /// Begins to load where the serial would be, and tells that place: a distance or a hash. `None`: it is too wide for
    /// the segment, or the segment is of a form without such a place.
    fn prefetch(&mut self, segment: &Segment) -> Option<u64> {
        let octets = segment.serialised();
        let [narrow_hash, wide_hash] = &mut self.hashes;
        match segment.form() {
            Form::Dense(header) => Some(Dense::new(octets, header).prefetch(self.number)),
            Form::Narrow(header) => {
                let hash = remembered(narrow_hash, header.seed, self.narrow.as_ref()?);
                Narrow::new(octets, header).prefetch(hash);
                Some(hash)
            }
            Form::Wide(header) => {
                let hash = remembered(wide_hash, header.seed, self.wide.as_ref()?);
                Wide::new(octets, header).prefetch(hash);
                Some(hash)
            }
            Form::Directory(_) => None,
        }
    }
}

fn remembered<const WIDTH: usize>(
    last: &mut Option<(u32, u64)>,
    seed: u32,
    key: &[u8; WIDTH],
) -> u64 {
    match last {
        Some((of, hash)) if *of == seed => *hash,
        _ => last.insert((seed, hash(key, seed))).1,
    }
}

/// False if the serial whose place this is is not in the segment.
fn may_hold(segment: &Segment, place: Option<u64>) -> bool {
    let octets = segment.serialised();
    match (segment.form(), place) {
        (Form::Dense(header), Some(distance)) => Dense::new(octets, header).holds(distance),
        (Form::Narrow(header), Some(hash)) => Narrow::new(octets, header).may_hold(hash),
        (Form::Wide(header), Some(hash)) => Wide::new(octets, header).may_hold(hash),
        // Of version 1, a lookup tells.
        (Form::Directory(_), _) => true,
        (_, None) => false,
    }
}

#[cfg(test)]
#[path = "each_tests.rs"]
mod tests;
