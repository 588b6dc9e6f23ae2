//! The authority that reads the lists: revocation-lookup's.

use index::SegmentBuffer;
use sqlx::any::AnyRow;

use crate::columns::Columns as _;
use crate::crl::{CurrentSegment, Feed, Manifest, SourceRegistration, SourceState, StoredSegment};
use crate::crl_rows;
use crate::database::Database;
use crate::database_url::DatabaseUrl;
use crate::error::{During as _, StoreError};
use crate::limits;
use crate::segment_pieces::{Piece, SegmentPieces};

/// Reads lists. Connects on first use; until the writer has run, every call says [`StoreError::NotPrepared`].
#[derive(Debug, Clone)]
pub struct CrlReader {
    database: Database,
}

impl CrlReader {
    /// Prepares the connections. Must be called within a tokio runtime.
    pub fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        Ok(Self {
            database: Database::open_reader(url)?,
        })
    }

    /// The counters now: cheap enough to ask every second.
    pub async fn feed(&self) -> Result<Feed, StoreError> {
        crl_rows::feed(self.database.reader()).await
    }

    /// Every source and its list in force, at one moment: one statement is one snapshot on both databases.
    pub async fn manifest(&self) -> Result<Manifest, StoreError> {
        let rows = sqlx::query(
            "SELECT f.generation AS feed_generation, f.attempts AS feed_attempts,
                    s.source AS source, s.certification_authority AS certification_authority,
                    s.expected_scope_key AS expected_scope_key, s.ordinal AS ordinal,
                    s.last_attempt_at AS last_attempt_at, s.last_success_at AS last_success_at,
                    s.last_refusal AS last_refusal,
                    g.generation AS segment_generation,
                    g.certification_authority AS segment_authority, g.signer_key_id AS signer_key_id,
                    g.scope_key AS scope_key,
                    g.issuing_distribution_point AS issuing_distribution_point,
                    g.crl_number AS crl_number, g.this_update AS this_update,
                    g.next_update AS next_update, g.crl_sha256 AS crl_sha256,
                    g.entry_count AS entry_count, g.segment_sha256 AS segment_sha256,
                    g.octets AS octets, g.chunks AS chunks,
                    h.stored AS held_stored, h.since AS held_since,
                    h.entry_count AS held_entry_count, h.segment_sha256 AS held_segment_sha256,
                    h.octets AS held_octets, h.chunks AS held_chunks
             FROM crl_feed f
             LEFT JOIN crl_source s ON 1 = 1
             LEFT JOIN crl_segment g ON g.source = s.source
             LEFT JOIN crl_held h ON h.source = g.source
             WHERE f.id = 1
             ORDER BY s.certification_authority, s.ordinal, s.source",
        )
        .fetch_all(self.database.reader())
        .await
        .during("the manifest is read")?;
        let first = rows.first().ok_or(StoreError::Inconsistent {
            what: "the feed has no row",
        })?;
        let feed = Feed {
            generation: first.count("feed_generation")?,
            attempts: first.count("feed_attempts")?,
        };
        let sources: Result<Vec<_>, _> = rows
            .iter()
            .filter_map(|row| source_state(row).transpose())
            .collect();
        Ok(Manifest {
            feed,
            sources: sources?,
        })
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

/// A row of the manifest; `None` for the row that stands for "no source at all".
fn source_state(row: &AnyRow) -> Result<Option<SourceState>, StoreError> {
    let Some(ordinal) = row.bigint_or_null("ordinal")? else {
        return Ok(None);
    };
    let source = row.text("source")?;
    let current = row
        .bigint_or_null("segment_generation")?
        .map(|generation| crl_rows::segment(row, source.clone(), generation))
        .transpose()?;
    let last_refusal = row.text("last_refusal")?;
    Ok(Some(SourceState {
        registration: SourceRegistration {
            source,
            certification_authority: row.text("certification_authority")?,
            expected_scope_key: row.octets_or_null("expected_scope_key")?,
            ordinal,
        },
        current,
        last_attempt_at: row.bigint_or_null("last_attempt_at")?,
        last_success_at: row.bigint_or_null("last_success_at")?,
        last_refusal: (!last_refusal.is_empty()).then_some(last_refusal),
    }))
}
