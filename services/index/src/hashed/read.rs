//! Looking up in lines and records.

use super::{
    FINGERPRINTS, FINGERPRINTS_AT, HASH_OCTETS, KEPT, MOST_ON_A_LINE, SLOTS, equal, extra_line,
    fingerprints, first_record, on_line, slot,
};
use crate::block::take_turns;
use crate::format::{COUNT_AT, LINE, LINES_AT, SEED_AT, length, u32_at, u64_at};
use crate::prefetch::prefetch;
use crate::segment::Hit;
use crate::serial::{hash, padded, scaled};

/// Where the number of extra lines stands in the header.
pub(super) const EXTRAS_AT: usize = 32;
/// Behind it the header has nothing but zeros.
const REST_AT: usize = 36;

/// The bits of a record's first 8 octets that are the hash.
const HASH_BITS: u64 = u64::MAX >> 8;

/// What stands for a line that is not there.
static NOTHING: [u8; LINE] = [0; LINE];

/// What the header of a hashed segment says, so that no lookup has to wait for it.
#[derive(Clone, Copy)]
pub(crate) struct HashedHeader {
    lines: usize,
    extras: usize,
    pub(crate) seed: u32,
}

impl HashedHeader {
    pub(crate) fn of(header: &[u8; LINE]) -> Self {
        Self {
            lines: length(u32_at(header, LINES_AT)),
            extras: length(u32_at(header, EXTRAS_AT)),
            seed: u32_at(header, SEED_AT),
        }
    }
}

/// The parts of a hashed segment with keys of `WIDTH` octets and records of `RECORD`.
pub(crate) struct Hashed<'a, const WIDTH: usize, const RECORD: usize> {
    lines: &'a [[u8; LINE]],
    extras: &'a [[u8; LINE]],
    records: &'a [[u8; RECORD]],
    seed: u32,
}

impl<'a, const WIDTH: usize, const RECORD: usize> Hashed<'a, WIDTH, RECORD> {
    /// How long the segment with this header must be.
    pub(crate) fn octets(header: &[u8; LINE]) -> u64 {
        let number = |at| u64::from(u32_at(header, at));
        LINE as u64 * (1 + number(LINES_AT) + number(EXTRAS_AT)) + RECORD as u64 * number(COUNT_AT)
    }

    /// The parts of a segment with this header and that length.
    pub(crate) fn new(segment: &'a [u8], header: &HashedHeader) -> Self {
        let parts = || {
            let body = segment.get(LINE..)?;
            let (lines, body) = body.split_at_checked(header.lines * LINE)?;
            let (extras, records) = body.split_at_checked(header.extras * LINE)?;
            Some((lines, extras, records))
        };
        let (lines, extras, records) = parts().unwrap_or_default();
        Self {
            lines: lines.as_chunks().0,
            extras: extras.as_chunks().0,
            records: records.as_chunks().0,
            seed: header.seed,
        }
    }

    /// Every line goes on where the one before it ended, and the header has nothing that is not known.
    pub(crate) fn is_sound(&self, header: &[u8; LINE]) -> bool {
        let (mut records, mut extras) = (0, 0);
        let lines = self.lines.iter().all(|line| {
            let sound = first_record(line) == records
                && line[super::ENDS_AT..FINGERPRINTS_AT].is_sorted()
                && on_line(line) <= MOST_ON_A_LINE
                && (on_line(line) <= FINGERPRINTS || extra_line(line) == extras);
            records += on_line(line);
            extras += usize::from(on_line(line) > FINGERPRINTS);
            sound
        });
        lines
            && !self.lines.is_empty()
            && records == self.records.len()
            && extras == self.extras.len()
            && header[REST_AT..] == [0; LINE - REST_AT]
    }

    pub(crate) fn find(&self, serial: &[u8]) -> Option<Hit> {
        let key = padded(serial)?;
        self.find_key(&key, hash(&key, self.seed))
    }

    fn find_key(&self, key: &[u8; WIDTH], hash: u64) -> Option<Hit> {
        let (line, number) = self.line(hash);
        let (mut place, end) = slot(line, number);
        while place < end {
            let mut equal = equal(
                self.fingerprints(line, place),
                fingerprint(hash),
                end - place,
            );
            while equal != 0 {
                let record = first_record(line) + place + first(equal);
                if let Some(hit) = self.compare(record, key, hash) {
                    return Some(hit);
                }
                equal &= equal - 1;
            }
            place += 8;
        }
        None
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
            (0, [0; WIDTH], 0),
            |first, serials, asked| {
                for (position, serial) in (first..).zip(serials.chunks_exact(width)) {
                    // A serial that is too wide is not here.
                    if let Some(key) = padded::<WIDTH>(serial) {
                        asked.add_if((position, key, hash(&key, self.seed)), true);
                    }
                }
                // One after the other, so that the processor looks for several pages at a time.
                for (.., hash) in asked.items() {
                    self.prefetch(*hash);
                }
            },
            |asked, candidates| {
                for serial in asked {
                    candidates.add_if(*serial, self.may_hold(serial.2));
                }
                for (.., hash) in candidates.items() {
                    self.prefetch_record(*hash);
                }
            },
            |candidates| {
                for (position, key, hash) in candidates {
                    if let Some(hit) = self.find_key(key, *hash) {
                        on_hit(*position, hit);
                    }
                }
            },
        );
    }

    /// Begins to load the line on which the serial of this hash would be.
    pub(crate) fn prefetch(&self, hash: u64) {
        prefetch(self.line(hash).0);
    }

    /// False if the serial of this hash is not here.
    #[expect(
        clippy::needless_bitwise_bool,
        reason = "whether a fingerprint is equal is not predictable, so nothing may branch on it"
    )]
    #[inline]
    pub(crate) fn may_hold(&self, hash: u64) -> bool {
        let (line, number) = self.line(hash);
        let (begin, end) = slot(line, number);
        (equal_in_slot(line, begin, end, hash) != 0)
            | (end > begin + 8)
            | (on_line(line) > FINGERPRINTS)
    }

    /// Asks for the likeliest record of a serial that may be here.
    #[inline]
    fn prefetch_record(&self, hash: u64) {
        let (line, number) = self.line(hash);
        let (begin, end) = slot(line, number);
        let nth = begin + first(equal_in_slot(line, begin, end, hash));
        if let Some(record) = self.records.get(first_record(line) + nth) {
            prefetch(record);
            prefetch(&record[RECORD - 1]);
        }
    }

    /// The line of a hash and the number of its slot there.
    #[inline]
    fn line(&self, hash: u64) -> (&'a [u8; LINE], usize) {
        let slot = scaled(hash, self.lines.len() as u64 * SLOTS as u64);
        let line = self.lines.get(slot / SLOTS).unwrap_or(&NOTHING);
        (line, slot % SLOTS)
    }

    fn fingerprints(&self, line: &[u8; LINE], place: usize) -> u64 {
        if on_line(line) <= FINGERPRINTS {
            fingerprints(line, place)
        } else {
            self.spilt_fingerprints(line, place)
        }
    }

    #[cold]
    fn spilt_fingerprints(&self, line: &[u8; LINE], place: usize) -> u64 {
        let extra = self.extras.get(extra_line(line)).unwrap_or(&NOTHING);
        let octet = |place: usize| match place.checked_sub(KEPT) {
            Some(behind) => extra.get(behind),
            None => line.get(FINGERPRINTS_AT + place),
        };
        u64::from_le_bytes(std::array::from_fn(|nth| {
            octet(place + nth).copied().unwrap_or(0)
        }))
    }

    /// What a record says, if it is this key's: its fingerprint was compared.
    #[inline]
    fn compare(&self, record: usize, key: &[u8; WIDTH], hash: u64) -> Option<Hit> {
        let record = self.records.get(record)?;
        let (front, _) = key.split_last_chunk::<8>()?;
        let same = u64_at(record, 0) & HASH_BITS == hash >> 8
            && record.get(HASH_OCTETS..HASH_OCTETS + front.len()) == Some(front);
        if same {
            Hit::of_value(*record.last_chunk()?)
        } else {
            None
        }
    }
}

/// Which of the first eight serials of a slot have the fingerprint, if the line has no extra line.
#[inline]
fn equal_in_slot(line: &[u8; LINE], begin: usize, end: usize, hash: u64) -> u64 {
    let count = end.saturating_sub(begin);
    equal(fingerprints(line, begin), fingerprint(hash), count)
}

/// The last octet of a hash.
#[inline]
pub(super) fn fingerprint(hash: u64) -> u8 {
    hash.to_le_bytes()[0]
}

/// The place of the first octet whose highest bit is set.
#[inline]
fn first(equal: u64) -> usize {
    usize::try_from(equal.trailing_zeros() / 8).unwrap_or(0)
}
