//! The entries of a list while it is read: packed, because a list has up to forty million of them.

use index::{BuildError, Entry};
use pki::{CrlError, RevokedEntry, RevokedSink};

/// Octets of a serial that fits the narrow form; JPKI's have 4.
const NARROW: usize = 8;
/// RFC 5280 section 4.1.2.2 allows 20 octets and no more.
const WIDE: usize = 20;

/// A serial, filled up with zeros in front; seconds since the epoch; the reason's number.
type Record<const WIDTH: usize> = ([u8; WIDTH], [u8; 4], u8);

/// The entries so far: 13 octets for one with a serial of up to 8 octets, else 25.
#[derive(Debug, Default)]
pub(crate) struct Records {
    narrow: Vec<Record<NARROW>>,
    wide: Vec<Record<WIDE>>,
    /// Whether the serials of both rose strictly so far, as issuers mostly sort them.
    unsorted: bool,
    refused: Option<BuildError>,
}

impl RevokedSink for Records {
    fn revoked(&mut self, entry: RevokedEntry) {
        let position = self.narrow.len() + self.wide.len();
        let Ok(revoked_at) = u32::try_from(entry.revoked_at.secs()) else {
            let before = self.refused.take();
            self.refused = before.or(Some(BuildError::RevokedAt { position }));
            return;
        };
        let (serial, reason) = (entry.serial.as_bytes(), entry.reason.code());
        let in_order = if serial.len() <= NARROW {
            keep(&mut self.narrow, serial, revoked_at, reason)
        } else {
            keep(&mut self.wide, serial, revoked_at, reason)
        };
        self.unsorted |= !in_order;
    }
}

impl Records {
    /// Refuses a serial that occurs twice. Only what is not sorted has to be.
    pub(crate) fn check_serials(&mut self) -> Result<(), CrlError> {
        if !self.unsorted {
            return Ok(());
        }
        match repeated(&mut self.narrow) + repeated(&mut self.wide) {
            0 => Ok(()),
            count => Err(CrlError::DuplicateSerials { count }),
        }
    }

    /// Serialises the entries into a segment.
    pub(crate) fn build(self) -> Result<Vec<u8>, BuildError> {
        if let Some(refused) = self.refused {
            return Err(refused);
        }
        let mut entries = Vec::with_capacity(self.narrow.len() + self.wide.len());
        entries.extend(self.narrow.iter().map(entry));
        entries.extend(self.wide.iter().map(entry));
        index::build(&entries)
    }
}

/// Keeps a record; says whether its serial is above the one before.
fn keep<const WIDTH: usize>(
    records: &mut Vec<Record<WIDTH>>,
    serial: &[u8],
    revoked_at: u32,
    reason: u8,
) -> bool {
    let mut key = [0; WIDTH];
    // A serial has at most 20 octets, and the caller has chosen the width.
    let start = WIDTH.saturating_sub(serial.len());
    key[start..].copy_from_slice(serial);
    let rises = records.last().is_none_or(|(before, ..)| *before < key);
    records.push((key, revoked_at.to_be_bytes(), reason));
    rises
}

fn repeated<const WIDTH: usize>(records: &mut [Record<WIDTH>]) -> u64 {
    records.sort_unstable();
    let pairs = records.windows(2).filter(|pair| pair[0].0 == pair[1].0);
    u64::try_from(pairs.count()).unwrap_or(u64::MAX)
}

fn entry<const WIDTH: usize>((key, revoked_at, reason): &Record<WIDTH>) -> Entry<'_> {
    let start = key.iter().position(|octet| *octet != 0).unwrap_or(WIDTH);
    Entry {
        serial: &key[start..],
        revoked_at: u32::from_be_bytes(*revoked_at).into(),
        reason: *reason,
    }
}

#[cfg(test)]
#[path = "records_tests.rs"]
mod tests;
