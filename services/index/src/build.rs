//! Writing a segment.

use std::num::NonZeroU64;

use crate::dense::Ascending;
use crate::format::length;
use crate::hashed::{NARROW_RECORD, WIDE_RECORD};
use crate::records::{Records, Value};
use crate::segment::Segment;
use crate::serial::{NARROW, Number, WIDE, key, padded};
use crate::{dense, hashed};

/// One revoked serial to put into a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Unsigned big-endian octets, 1 to 20 of them without leading zeros.
    pub serial: &'a [u8],
    /// Seconds since the epoch.
    pub revoked_at: i64,
    /// The number of the reason in RFC 5280 section 5.3.1.
    pub reason: u8,
}

/// Why entries cannot be put into a segment. Entries are named by their position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// More entries than a segment can count.
    #[error("{count} entries are more than a segment holds")]
    TooManyEntries {
        /// How many were given.
        count: usize,
    },
    /// A serial that is zero, empty or longer than 20 octets.
    #[error("the serial of entry {position} is zero or has more than 20 octets")]
    Serial {
        /// The entry's position, from 0.
        position: usize,
    },
    /// A revocation before 1970 or after 2106.
    #[error("the revocation time of entry {position} is before 1970 or after 2106")]
    RevokedAt {
        /// The entry's position, from 0.
        position: usize,
    },
    /// A serial more than once: which entry counts?
    #[error("{count} entries repeat a serial that another entry has")]
    DuplicateSerials {
        /// How many entries are more than one for each serial.
        count: u64,
    },
    /// No seed spreads the serials well enough.
    #[error("the serials crowd together under every seed")]
    Crowded,
}

/// Serialises entries, in any order, into a segment.
pub fn build(entries: &[Entry<'_>]) -> Result<Vec<u8>, BuildError> {
    let mut builder = Builder::new();
    for entry in entries {
        builder.push(entry.serial, entry.revoked_at, entry.reason)?;
    }
    builder.finish()
}

/// Collects the entries of a list while it is read, and writes them as a segment.
///
/// Serials of up to 8 octets that come in ascending order and lie close together become a bitmap as they come: then an
/// entry takes some 6 octets here, and writing the segment is moving it. Otherwise an entry of up to 8 octets takes 13
/// octets, a longer one 25, in pieces that are given back to the system while the segment is written: the most memory
/// in use is about the entries or the segment, whichever is more, and one octet an entry.
///
/// The segment has the form that is smaller for its serials. With `n` serials between `least` and `greatest`, headers
/// apart:
///
/// - *dense*: `64 ⌈(greatest − least + 1) / 480⌉ + 5 n` octets;
/// - *hashed*: `64 ⌈n / 36⌉ + 12 n` octets, or `+ 24 n` if a serial has more than 8 octets.
///
/// So serials of up to 8 octets are kept dense where more than one number in 66 is revoked (13.8 octets a serial; 8 at
/// one in 22, 5.5 at one in 4), and longer ones where more than one in 156 is.
#[derive(Default)]
pub struct Builder {
    count: u32,
    kept: Kept,
}

/// The entries so far.
#[derive(Default)]
enum Kept {
    #[default]
    Nothing,
    Ascending(Ascending),
    Any(Any),
}

/// Serials of any length in any order.
#[derive(Default)]
struct Any {
    records: Records,
    /// Whether one came that is not above those before it, among those of at most 8 octets.
    are_mixed: bool,
    /// The least and the greatest serial of at most 8 octets, and of the others.
    narrow: NarrowBounds,
    wide: Option<(Number, Number)>,
}

impl Builder {
    /// Without an entry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one entry. `serial` is unsigned and big-endian, and its leading zeros do not matter; `revoked_at` is in
    /// seconds since the epoch; `reason` is the number of RFC 5280 section 5.3.1. Serials that occur twice are noticed
    /// by [`Self::finish`].
    #[inline]
    pub fn push(&mut self, serial: &[u8], revoked_at: i64, reason: u8) -> Result<(), BuildError> {
        let short = padded(serial).map(u64::from_be_bytes);
        if let Some(serial) = short.and_then(NonZeroU64::new) {
            return self.push_short(serial, revoked_at, reason);
        }
        let count = self.next()?;
        let position = self.len();
        let key = key::<WIDE>(serial).ok_or(BuildError::Serial { position })?;
        let value = self.value(revoked_at, reason)?;
        match &mut self.kept {
            Kept::Any(any) => any.push_wide(key, value),
            Kept::Nothing | Kept::Ascending(_) => self.turn(|any| any.push_wide(key, value)),
        }
        self.count = count;
        Ok(())
    }

    /// The same for a serial of at most 8 octets, as a number.
    #[inline]
    pub fn push_short(
        &mut self,
        serial: NonZeroU64,
        revoked_at: i64,
        reason: u8,
    ) -> Result<(), BuildError> {
        let count = self.next()?;
        let (serial, value) = (serial.get(), self.value(revoked_at, reason)?);
        match &mut self.kept {
            Kept::Ascending(ascending) => {
                if !ascending.push(serial, value, self.count) {
                    self.turn(|any| any.push_narrow(serial, value));
                }
            }
            Kept::Any(any) => any.push_narrow(serial, value),
            Kept::Nothing => self.kept = Kept::Ascending(Ascending::new(serial, value)),
        }
        self.count = count;
        Ok(())
    }

    /// How many entries there will be with the next one.
    #[inline]
    fn next(&self) -> Result<u32, BuildError> {
        let count = self.len().saturating_add(1);
        let next = self.count.checked_add(1);
        next.ok_or(BuildError::TooManyEntries { count })
    }

    /// Time and reason of the next entry.
    #[inline]
    fn value(&self, revoked_at: i64, reason: u8) -> Result<Value, BuildError> {
        let position = self.len();
        let seconds = u32::try_from(revoked_at).map_err(|_| BuildError::RevokedAt { position })?;
        let [first, second, third, fourth] = seconds.to_le_bytes();
        Ok([first, second, third, fourth, reason])
    }

    /// Adds the first entry that does not go on as those before it.
    #[cold]
    fn turn(&mut self, push: impl FnOnce(&mut Any)) {
        let mut any = std::mem::take(&mut self.kept).into_any();
        push(&mut any);
        self.kept = Kept::Any(any);
    }

    /// How many entries were added.
    #[inline]
    pub fn len(&self) -> usize {
        length(self.count)
    }

    /// Whether none was added.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Writes the segment, ready for lookups. What was written this moment is not read again to see whether it is sound,
    /// as [`Segment::open`] does with octets from elsewhere.
    pub fn finish_segment(self) -> Result<Segment, BuildError> {
        Ok(Segment::of_written(self.finish()?))
    }

    /// Writes the segment.
    pub fn finish(self) -> Result<Vec<u8>, BuildError> {
        let count = self.count;
        match self.kept {
            Kept::Ascending(ascending)
                if ascending.octets(count) < hashed::octets::<NARROW_RECORD>(count) =>
            {
                ascending.write(count)
            }
            kept => kept.into_any().write(count),
        }
    }
}

impl Kept {
    fn into_any(self) -> Any {
        match self {
            Self::Any(any) => any,
            Self::Nothing => Any::default(),
            Self::Ascending(ascending) => Any {
                narrow: NarrowBounds::of(ascending.bounds()),
                records: ascending.into_records(),
                ..Any::default()
            },
        }
    }
}

impl Any {
    #[inline]
    fn push_narrow(&mut self, serial: u64, value: Value) {
        self.records.push_narrow(serial.to_be_bytes(), value);
        self.are_mixed |= serial <= self.narrow.greatest;
        self.narrow.widen(serial);
    }

    fn push_wide(&mut self, key: [u8; WIDE], value: Value) {
        self.records.push_wide(key, value);
        let number = Number::of_wide(&key);
        self.wide = Some(self.wide.map_or((number, number), |(least, greatest)| {
            (least.min(number), greatest.max(number))
        }));
    }

    fn write(self, count: u32) -> Result<Vec<u8>, BuildError> {
        let records = self.records;
        let narrow = records.are_narrow();
        let hashed = if narrow {
            hashed::octets::<NARROW_RECORD>(count)
        } else {
            hashed::octets::<WIDE_RECORD>(count)
        };
        let narrow_bounds = self.narrow.numbers();
        // Whatever has more octets is greater.
        let bounds = match (narrow_bounds, self.wide) {
            (Some((least, _)), Some((_, greatest))) => Some((least, greatest)),
            (narrow, wide) => narrow.or(wide),
        };
        if let Some((least, greatest)) = bounds {
            let farthest = greatest.above(least);
            if dense::octets(count, farthest) < hashed {
                return dense::write(records, count, (least, farthest));
            }
        }
        if narrow {
            // What always rises occurs once.
            hashed::write::<NARROW, NARROW_RECORD>(records, count, !self.are_mixed)
        } else {
            hashed::write::<WIDE, WIDE_RECORD>(records, count, false)
        }
    }
}

/// How many entries, and none of them.
impl std::fmt::Debug for Builder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Builder({} serials)", self.count)
    }
}

/// The least and the greatest of serials of at most 8 octets, without a branch on whether there are any: the list has
/// millions. Without one, the greatest is below the least.
struct NarrowBounds {
    least: u64,
    greatest: u64,
}

impl NarrowBounds {
    const fn of((least, greatest): (u64, u64)) -> Self {
        Self { least, greatest }
    }

    #[inline]
    fn widen(&mut self, serial: u64) {
        self.least = self.least.min(serial);
        self.greatest = self.greatest.max(serial);
    }

    fn numbers(&self) -> Option<(Number, Number)> {
        let number = |serial: u64| Number::of_narrow(serial.to_be_bytes());
        (self.least <= self.greatest).then(|| (number(self.least), number(self.greatest)))
    }
}

/// Without a serial, none of which is zero.
impl Default for NarrowBounds {
    fn default() -> Self {
        Self::of((u64::MAX, 0))
    }
}

#[cfg(test)]
mod tests {
    use super::{BuildError, Builder};

    #[test]
    fn more_entries_than_the_header_counts_are_refused() {
        let mut builder = Builder {
            count: u32::MAX,
            ..Builder::new()
        };
        let count = usize::try_from(u32::MAX).unwrap() + 1;
        assert_eq!(
            builder.push(&[1], 0, 0),
            Err(BuildError::TooManyEntries { count })
        );
    }
}
