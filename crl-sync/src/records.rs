//! The entries of a list while it is read, on their way into its index.

use index::{BuildError, Builder, Segment};
use pki::{CrlError, RevocationReason, RevokedEntry, RevokedSink};

use crate::outcome::SyncError;

/// The entries so far, packed as [`Builder`] keeps them, because a list has up to forty million of them.
#[derive(Debug, Default)]
pub(crate) struct Records {
    builder: Builder,
    /// The first entry that no index can say. Behind it nothing is kept: the list comes to nothing.
    refused: Option<BuildError>,
}

impl RevokedSink for Records {
    fn revoked(&mut self, entry: RevokedEntry) {
        // Only delta lists have such entries. A complete list says who has left it, and by how many that is judged.
        if entry.reason == RevocationReason::RemoveFromCrl {
            return;
        }
        if self.refused.is_none() {
            let (serial, reason) = (entry.serial.as_bytes(), entry.reason.code());
            let pushed = self.builder.push(serial, entry.revoked_at.secs(), reason);
            self.refused = pushed.err();
        }
    }
}

impl Records {
    /// The index of the entries. A serial that occurs twice makes the list one that cannot be used.
    pub(crate) fn index(self) -> Result<Segment, SyncError> {
        let built = match self.refused {
            Some(refused) => Err(refused),
            None => self.builder.finish_segment(),
        };
        built.map_err(|error| match error {
            BuildError::DuplicateSerials { count } => CrlError::DuplicateSerials { count }.into(),
            other => SyncError::Build(other),
        })
    }
}

#[cfg(test)]
#[path = "records_tests.rs"]
mod tests;
