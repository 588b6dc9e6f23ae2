//! The authority that changes the lists: crl-sync's.

use crate::crl::{
    ApplyError, AttemptOutcome, CurrentSegment, Feed, HighWater, SegmentFacts, SourceRegistration,
};
use crate::database::Database;
use crate::database_url::DatabaseUrl;
use crate::error::StoreError;
use crate::migrations::Part;

/// Writes lists. One process should do so at a time; several are safe, and all but one are refused.
#[derive(Debug, Clone)]
pub struct CrlWriter {
    database: Database,
}

impl CrlWriter {
    /// Connects and brings the schema up to this program's version.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        Ok(Self {
            database: Database::open(url, Part::Crl).await?,
        })
    }

    /// Makes `registrations` the sources of every certification authority that they name. A source of these
    /// authorities that is not among them goes, with its list; its highest number stays.
    pub async fn register_sources(
        &self,
        registrations: &[SourceRegistration],
    ) -> Result<Feed, StoreError> {
        let _ = registrations;
        todo!()
    }

    /// The counters now.
    pub async fn feed(&self) -> Result<Feed, StoreError> {
        todo!()
    }

    /// The list in force of `source`.
    pub async fn current(&self, source: &str) -> Result<Option<CurrentSegment>, StoreError> {
        let _ = source;
        todo!()
    }

    /// The highest number accepted from this signer for this scope.
    pub async fn high_water(
        &self,
        signer_key_id: &[u8],
        scope_key: &[u8],
    ) -> Result<Option<HighWater>, StoreError> {
        let _ = (signer_key_id, scope_key);
        todo!()
    }

    /// Makes a list the one in force of its source, in one transaction: all of it or nothing.
    ///
    /// `replaces` is the generation of the list in force that the caller has seen ([`CurrentSegment::generation`]), 0
    /// for none. Returns the new generation.
    pub async fn apply(
        &self,
        facts: &SegmentFacts,
        segment: &[u8],
        replaces: u64,
    ) -> Result<u64, ApplyError> {
        let _ = (facts, segment, replaces);
        todo!()
    }

    /// Records how an attempt to refresh `source` ended.
    pub async fn record_attempt(
        &self,
        source: &str,
        at: i64,
        outcome: AttemptOutcome<'_>,
    ) -> Result<(), StoreError> {
        let _ = (source, at, outcome);
        todo!()
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.database.close().await;
    }
}
