//! The entries of a list while it is read, on their way into its index.

use index::{BuildError, Builder, Segment};
use pki::{CrlError, RevocationReason, RevokedEntry, RevokedSink, ShortEntry};

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
        let (serial, revoked_at) = (entry.serial.as_bytes(), entry.revoked_at.secs());
        self.keep(|builder| builder.push(serial, revoked_at, entry.reason.code()));
    }

    #[inline]
    fn short(&mut self, entry: ShortEntry) {
        if entry.reason == RevocationReason::RemoveFromCrl {
            return;
        }
        let revoked_at = entry.revoked_at.secs();
        self.keep(|builder| builder.push_short(entry.serial, revoked_at, entry.reason.code()));
    }
}

impl Records {
    #[inline]
    fn keep(&mut self, push: impl FnOnce(&mut Builder) -> Result<(), BuildError>) {
        if self.refused.is_none() {
            self.refused = push(&mut self.builder).err();
        }
    }

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
