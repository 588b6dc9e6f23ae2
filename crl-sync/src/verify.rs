//! Verifying a list while it is fetched, away from the runtime's threads: a large list keeps a core busy for half a
//! second.

use std::sync::Arc;

use bytes::Bytes;
use pki::{CertificationAuthority, CrlFacts, CrlLimits, CrlStream, HashingTurn, Verifier};

use crate::body::BodyReader;
use crate::cores::{another_core, on_a_core};
use crate::limits;
use crate::original::Spool;
use crate::outcome::SyncError;
use crate::records::Records;

/// A list whose form and signature were checked. Whether a serial occurs twice shows when its index is built, which a
/// list that is in force already is spared.
#[derive(Debug)]
pub(crate) struct VerifiedList {
    /// What it says about itself.
    pub(crate) facts: CrlFacts,
    /// Whom it revokes.
    pub(crate) records: Records,
    /// The list as it came, where that is kept.
    pub(crate) spool: Spool,
}

/// Which of the two forms of lists is expected: neither is ever taken for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ListForm {
    Complete,
    Delta,
}

/// Verifies a list against its authority as it comes: form and signature.
pub(crate) struct ListReader {
    stream: CrlStream<Records>,
    authority: CertificationAuthority,
    verifier: Arc<Verifier>,
    spool: Spool,
    /// How many octets came.
    octets: usize,
}

impl ListReader {
    /// A reader of one list, complete or delta, which may have so many octets.
    pub(crate) fn new(
        form: ListForm,
        authority: CertificationAuthority,
        max_bytes: u64,
        verifier: Arc<Verifier>,
    ) -> Self {
        let limits = CrlLimits {
            max_bytes,
            max_entries: pki::limits::MAX_CRL_ENTRIES,
        };
        let stream = match form {
            ListForm::Complete => CrlStream::into_sink(&limits, Records::default()),
            ListForm::Delta => CrlStream::delta_into_sink(&limits, Records::default()),
        };
        Self {
            stream,
            authority,
            verifier,
            spool: Spool::default(),
            octets: 0,
        }
    }

    /// The same, which keeps the list as it comes.
    pub(crate) fn spooled(self, spool: Spool) -> Self {
        Self { spool, ..self }
    }
}

impl BodyReader for ListReader {
    type Read = VerifiedList;

    fn read(&mut self, octets: &Bytes) -> Result<(), SyncError> {
        self.octets = self.octets.saturating_add(octets.len());
        if self.octets >= limits::SHARED_FROM_OCTETS {
            self.stream.push_shared(octets, hash_beside)?;
        } else {
            self.stream.push(octets)?;
        }
        self.spool.push(octets);
        Ok(())
    }

    fn finish(self) -> Result<VerifiedList, SyncError> {
        let (authority, verifier) = (&self.authority, &self.verifier);
        let (facts, records) = self.stream.finish_into_sink(authority, verifier)?;
        Ok(VerifiedList {
            facts,
            records,
            spool: self.spool,
        })
    }
}

/// Has another thread hash a list while this one reads it, where a core is free for that.
fn hash_beside(turn: HashingTurn) {
    if let Some(core) = another_core() {
        core.begin(|core| turn.run(limits::HASHING_PATIENCE, || !core.is_wanted()));
    }
}

/// Runs work that keeps a core busy. A panic in it, which only crafted input could cause, ends this attempt and not the
/// process.
pub(crate) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, SyncError> {
    tokio::task::spawn_blocking(|| on_a_core(work))
        .await
        .map_err(|_| SyncError::Panicked)
}
