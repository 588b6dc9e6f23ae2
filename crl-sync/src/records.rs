//! The entries of a list on their way into an index, while it is read.

use index::{BuildError, Builder};
use pki::{RevokedEntry, RevokedSink};

/// The entries so far, and the first that no index can hold.
#[derive(Debug, Default)]
pub(crate) struct Records {
    builder: Builder,
    refused: Option<BuildError>,
}

impl RevokedSink for Records {
    fn revoked(&mut self, entry: RevokedEntry) {
        // Behind an entry that is refused nothing is kept: the list comes to nothing.
        if self.refused.is_none() {
            let (serial, reason) = (entry.serial.as_bytes(), entry.reason.code());
            let pushed = self.builder.push(serial, entry.revoked_at.secs(), reason);
            self.refused = pushed.err();
        }
    }
}

impl Records {
    /// Serialises the entries into a segment. A serial that occurs twice is refused.
    pub(crate) fn build(self) -> Result<Vec<u8>, BuildError> {
        match self.refused {
            Some(refused) => Err(refused),
            None => self.builder.finish(),
        }
    }
}

#[cfg(test)]
#[path = "records_tests.rs"]
mod tests;
