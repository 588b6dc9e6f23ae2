//! The authority that reads the lists: revocation-lookup's.

use index::SegmentBuffer;

use crate::crl::{Changes, CurrentSegment, Feed, Manifest, StoredSegment};
use crate::crl_hints::ListHints;
use crate::crl_history::{self, PastList, PastScope};
use crate::database::Database;
use crate::database_url::DatabaseUrl;
use crate::error::StoreError;
use crate::limits;
use crate::segment_pieces::{Piece, SegmentPieces};
use crate::{crl_feed, crl_manifest};

/// Reads lists. Connects on first use; until the writer has run, every call says [`StoreError::NotPrepared`].
#[derive(Debug, Clone)]
pub struct CrlReader {
    database: Database,
    url: DatabaseUrl,
}

impl CrlReader {
    /// Prepares the connections. Must be called within a tokio runtime.
    pub fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        Ok(Self {
            database: Database::open_reader(url)?,
            url: url.clone(),
        })
    }

    /// The counters now: cheap enough to ask every second.
    pub async fn feed(&self) -> Result<Feed, StoreError> {
        crl_feed::feed(self.database.reader()).await
    }

    /// Every source and its list in force, at one moment: one statement is one snapshot on both databases.
    pub async fn manifest(&self) -> Result<Manifest, StoreError> {
        let never = Feed::default();
        let changes = crl_manifest::read(self.database.reader(), &never, true).await?;
        Ok(Manifest {
            feed: changes.feed,
            sources: changes.sources,
        })
    }

    /// What changed since the counters stood so, at one moment.
    pub async fn changes(&self, since: &Feed) -> Result<Changes, StoreError> {
        crl_manifest::read(self.database.reader(), since, false).await
    }

    /// Begins to listen for hints that lists changed. Must be called within a tokio runtime.
    pub fn hints(&self) -> ListHints {
        ListHints::listen(&self.url)
    }

    /// The serialised segment of a list in force, its hash checked, in the memory that lookups read. `None`: it was
    /// replaced meanwhile; read the manifest again.
    pub async fn segment(
        &self,
        current: &CurrentSegment,
    ) -> Result<Option<SegmentBuffer>, StoreError> {
        whole(SegmentPieces::of_list(&self.database, current)).await
    }

    /// The same for a segment beside those in force.
    pub async fn stored_segment(
        &self,
        stored: &StoredSegment,
    ) -> Result<Option<SegmentBuffer>, StoreError> {
        whole(SegmentPieces::of_stored(&self.database, stored)).await
    }

    /// A segment beside those in force, to be read piece by piece.
    pub fn stored_pieces(&self, stored: &StoredSegment) -> SegmentPieces {
        SegmentPieces::of_stored(&self.database, stored)
    }

    /// The lists that are remembered of a scope, by source, each source's in the order in which they came into force.
    /// No more than `most` are read: whoever gets so many does not know them all.
    pub async fn past_lists(
        &self,
        scope: &PastScope<'_>,
        most: u32,
    ) -> Result<Vec<PastList>, StoreError> {
        crl_history::read(self.database.reader(), scope, most).await
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.database.close().await;
    }
}

async fn whole(mut pieces: SegmentPieces) -> Result<Option<SegmentBuffer>, StoreError> {
    // A reader asks the system for as much memory as is stated, which must not be without a bound.
    let octets = usize::try_from(pieces.octets())
        .ok()
        .filter(|_| pieces.octets() <= limits::SEGMENT_OCTETS)
        .ok_or(StoreError::Inconsistent {
            what: "a segment is longer than any that is stored",
        })?;
    let mut segment = SegmentBuffer::with_capacity(octets);
    loop {
        match pieces.next().await? {
            Piece::Octets(octets) => segment.extend(&octets),
            Piece::End => return Ok(Some(segment)),
            Piece::Replaced => return Ok(None),
        }
    }
}
