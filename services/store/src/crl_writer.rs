//! The authority that changes the lists: crl-sync's.

use std::collections::BTreeMap;

use crate::crl::{
    ApplyError, AttemptOutcome, CurrentSegment, Feed, HighWater, SegmentFacts, SourceRegistration,
    StoredSegment,
};
use crate::crl_apply::{self, Replacement};
use crate::crl_delta::{self, NewDelta};
use crate::crl_departures::{
    self, AcceptError, AcceptedRemovals, RecentDepartures, RemovalDecision,
};
use crate::crl_originals::{self, Original};
use crate::crl_rows::{self, LISTS_LOCK};
use crate::database::Database;
use crate::database_url::DatabaseUrl;
use crate::error::{During as _, StoreError};
use crate::hashed_segment::HashedSegment;
use crate::migrations::Part;
use crate::segment_pieces::SegmentPieces;
use crate::worker_lease::WorkerLease;
use crate::{crl_feed, crl_manifest, crl_sources, crl_upkeep, high_water};

/// Writes lists. One process should do so at a time; several are safe, and all but one are refused.
#[derive(Debug, Clone)]
pub struct CrlWriter {
    database: Database,
    url: DatabaseUrl,
}

impl CrlWriter {
    /// Connects and brings the schema up to this program's version.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let database = Database::open(url, Part::Crl).await?;
        crl_upkeep::begin(&database);
        let url = url.clone();
        Ok(Self { database, url })
    }

    /// Makes `registrations` the sources of every certification authority that they name. A source of these
    /// authorities that is not among them goes, with its list; its highest number stays.
    pub async fn register_sources(
        &self,
        registrations: &[SourceRegistration],
    ) -> Result<Feed, StoreError> {
        let authorities = registrations.iter();
        let authorities: Vec<_> = authorities
            .map(|registration| registration.certification_authority.as_str())
            .collect();
        self.register_sources_of(&authorities, registrations).await
    }

    /// [`Self::register_sources`], also for authorities that have no source.
    pub async fn register_sources_of(
        &self,
        certification_authorities: &[&str],
        registrations: &[SourceRegistration],
    ) -> Result<Feed, StoreError> {
        crl_sources::check(registrations)?;
        let mut transaction = self.database.begin_exclusive(LISTS_LOCK).await?;
        let (authorities, sources) = (certification_authorities, registrations);
        if crl_sources::replace(&mut transaction, authorities, sources).await? {
            crl_sources::announce(&mut transaction).await?;
        }
        let feed = crl_feed::feed(&mut *transaction).await?;
        transaction
            .commit()
            .await
            .during("sources are registered")?;
        Ok(feed)
    }

    /// Adds one source, or changes it, beside those that are registered.
    pub async fn register_source(
        &self,
        registration: &SourceRegistration,
    ) -> Result<(), StoreError> {
        crl_sources::check(std::slice::from_ref(registration))?;
        let mut transaction = self.database.begin_exclusive(LISTS_LOCK).await?;
        if crl_sources::register(&mut transaction, registration).await? {
            crl_sources::announce(&mut transaction).await?;
        }
        transaction.commit().await.during("a source is registered")
    }

    /// The counters now.
    pub async fn feed(&self) -> Result<Feed, StoreError> {
        crl_feed::feed(self.database.reader()).await
    }

    /// The list in force of `source`.
    pub async fn current(&self, source: &str) -> Result<Option<CurrentSegment>, StoreError> {
        crl_rows::current(self.database.reader(), source).await
    }

    /// The list in force of `source`, and the highest number accepted from this signer for this scope.
    pub async fn current_and_highest(
        &self,
        source: &str,
        signer_key_id: &[u8],
        scope_key: &[u8],
    ) -> Result<(Option<CurrentSegment>, Option<HighWater>), StoreError> {
        let key = (signer_key_id, scope_key);
        crl_rows::current_and_highest(self.database.reader(), source, key).await
    }

    /// Every list in force, by the name of its source.
    pub async fn in_force(&self) -> Result<BTreeMap<String, CurrentSegment>, StoreError> {
        let changes = crl_manifest::read(self.database.reader(), &Feed::default(), true).await?;
        let in_force = changes.sources.into_iter();
        Ok(in_force
            .filter_map(|state| Some((state.registration.source, state.current?)))
            .collect())
    }

    /// The highest number accepted from this signer for this scope.
    pub async fn high_water(
        &self,
        signer_key_id: &[u8],
        scope_key: &[u8],
    ) -> Result<Option<HighWater>, StoreError> {
        let key = (signer_key_id, scope_key);
        high_water::read(self.database.reader(), &high_water::LISTS, key).await
    }

    /// The same of delta lists, which have numbers of their own.
    pub async fn delta_high_water(
        &self,
        signer_key_id: &[u8],
        scope_key: &[u8],
    ) -> Result<Option<HighWater>, StoreError> {
        let key = (signer_key_id, scope_key);
        high_water::read(self.database.reader(), &high_water::DELTAS, key).await
    }

    /// Puts a delta list in force in place of the one before it, in one transaction: all of it or nothing. Returns the
    /// new generation.
    pub async fn apply_delta(&self, delta: &NewDelta<'_>) -> Result<u64, ApplyError> {
        crl_delta::apply(&self.database, delta).await
    }

    /// Makes a list the one in force of its source, in one transaction: all of it or nothing. The very list that holds
    /// the highest number may be applied again: after its source was renamed, say. Returns the new generation.
    pub async fn replace(&self, replacement: &Replacement<'_>) -> Result<u64, ApplyError> {
        crl_apply::replace(&self.database, replacement).await
    }

    /// [`Self::replace`] for several lists, and [`Self::record_attempts`] that the attempts at those in force were accepted
    /// at this moment, in as few transactions as may be: of thousands of small lists, some dozen share a commit. What came of each, in their order: one whose condition does not hold, or whose number does
    /// not rise, is refused alone; when the database fails, all of its transaction have failed. Each has a generation of
    /// its own.
    pub async fn replace_each_and_record(
        &self,
        replacements: &[&Replacement<'_>],
        at: i64,
    ) -> Vec<Result<u64, ApplyError>> {
        crl_apply::replace_each(&self.database, replacements, Some(at)).await
    }

    /// [`Self::replace`] for a list that nothing left, because the source had none or one that this one contains.
    /// `replaces` is the generation of the list in force that the caller has seen ([`CurrentSegment::generation`]), 0
    /// for none.
    pub async fn apply(
        &self,
        facts: &SegmentFacts,
        segment: &[u8],
        replaces: u64,
    ) -> Result<u64, ApplyError> {
        let segment = HashedSegment::new(segment.to_vec());
        let replacement = Replacement::without_departures(facts, segment, replaces);
        self.replace(&replacement).await
    }

    /// The segment of a list in force, to be read piece by piece.
    pub fn segment_pieces(&self, current: &CurrentSegment) -> SegmentPieces {
        SegmentPieces::of_list(&self.database, current)
    }

    /// A segment beside those in force, to be read piece by piece.
    pub fn stored_pieces(&self, stored: &StoredSegment) -> SegmentPieces {
        SegmentPieces::of_stored(&self.database, stored)
    }

    /// A list of a source as it was fetched, by its number, unsigned big-endian without leading zero octets; `None`: it is
    /// not kept.
    pub async fn original(
        &self,
        source: &str,
        crl_number: &[u8],
    ) -> Result<Option<Original>, StoreError> {
        crl_originals::find(&self.database, source, crl_number).await
    }

    /// What left the lists of a source that came into force with a thisUpdate after `after`, without what was held.
    pub async fn recent_departures(
        &self,
        source: &str,
        after: i64,
    ) -> Result<RecentDepartures, StoreError> {
        crl_departures::recent(&self.database, source, after).await
    }

    /// Every source with held certificates, by name.
    pub async fn held_removals(&self) -> Result<Vec<CurrentSegment>, StoreError> {
        crl_departures::all_held(&self.database).await
    }

    /// Lets go what is held of a source, if the list in force still has the number that the operator looked at.
    /// Recorded with who decided. Returns how many certificates were held.
    pub async fn accept_removals(
        &self,
        source: &str,
        crl_number: &[u8],
        decision: &RemovalDecision<'_>,
    ) -> Result<u64, AcceptError> {
        crl_departures::accept(&self.database, source, crl_number, decision).await
    }

    /// What operators accepted, oldest first.
    pub async fn removal_decisions(&self) -> Result<Vec<AcceptedRemovals>, StoreError> {
        crl_departures::decisions(&self.database).await
    }

    /// Records in one transaction how attempts ended: each by its source, its moment and its outcome. Whether each source is
    /// registered; of one that is not, nothing is recorded.
    pub async fn record_attempts(
        &self,
        attempts: &[(&str, i64, AttemptOutcome<'_>)],
    ) -> Result<Vec<bool>, StoreError> {
        let mut transaction = self.database.begin_write().await?;
        let registered = crl_sources::record_attempts(&mut transaction, attempts).await?;
        transaction.commit().await.during("attempts are recorded")?;
        crl_upkeep::committed(&self.database, 0);
        Ok(registered)
    }

    /// Asks to be the one process that refreshes the lists. `None`: another one is.
    ///
    /// The lease is a lock of its own database session: it ends with the process, however that ends, and with the
    /// connection. SQLite is one machine's and has no competitors: there everybody gets it.
    pub async fn worker_lease(&self) -> Result<Option<WorkerLease>, StoreError> {
        WorkerLease::ask(&self.url).await
    }

    /// Waits until what was committed is where it stays, and what it replaced is gone: both happen beside those who read and
    /// write, and this one says when they have.
    pub async fn settle(&self) -> Result<(), StoreError> {
        crl_upkeep::settle(&self.database).await
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.database.close().await;
    }
}
