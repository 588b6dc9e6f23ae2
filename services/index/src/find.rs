//! One serial in a segment that is too large to be held: looked for in its pieces.

use crate::reading::Reading;
use crate::segment::{Hit, SegmentError};
use crate::serial::{WIDE, padded};

/// Looks for one serial in a segment that comes in pieces from the front, as it is stored.
///
/// Only the form of the octets is checked: whoever reads them proves by their hash that they are what was stored.
///
/// ```
/// let mut builder = index::Builder::new();
/// builder.push(&[5], 1_700_000_000, 1)?;
/// let stored = builder.finish()?;
/// let mut find = index::Find::new(&[5]);
/// for piece in stored.chunks(7) {
///     find.push(piece)?;
/// }
/// assert_eq!(find.finish()?.map(|hit| hit.revoked_at), Some(1_700_000_000));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Find {
    /// `None`: no segment holds such a serial.
    serial: Option<[u8; WIDE]>,
    reading: Reading,
    hit: Option<Hit>,
}

impl Find {
    /// `serial`: unsigned big-endian.
    #[must_use]
    pub fn new(serial: &[u8]) -> Self {
        Self {
            serial: padded(serial),
            reading: Reading::default(),
            hit: None,
        }
    }

    /// Takes the next octets of the segment.
    ///
    /// # Errors
    /// They are not those of a segment.
    pub fn push(&mut self, octets: &[u8]) -> Result<(), SegmentError> {
        let (wanted, hit) = (self.serial, &mut self.hit);
        self.reading.push(octets, |serial, value| {
            if Some(serial) == wanted {
                *hit = Hit::of_value(value);
            }
            Ok(())
        })
    }

    /// What the segment says of the serial, once all octets came.
    ///
    /// # Errors
    /// They were not all, or too many.
    pub fn finish(self) -> Result<Option<Hit>, SegmentError> {
        self.reading.check_complete()?;
        Ok(self.hit)
    }
}

/// Without the serial.
impl std::fmt::Debug for Find {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Find(..)")
    }
}

#[cfg(test)]
#[path = "find_tests.rs"]
mod tests;
