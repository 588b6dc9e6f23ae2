//! Reading a stored segment chunk by chunk: the driver needs about four times the size of what it fetches at once.

use aws_lc_rs::digest::{Context, SHA256};

use crate::columns::{Columns as _, to_bigint};
use crate::crl::{CurrentSegment, StoredSegment};
use crate::database::Database;
use crate::error::{During as _, StoreError};

/// The next octets of a segment.
#[derive(Debug)]
pub enum Piece {
    /// They follow those before.
    Octets(Vec<u8>),
    /// All of them came, and they are what was stored.
    End,
    /// The segment was replaced while it was read.
    Replaced,
}

/// A segment on its way out of the store. Nothing of it is proven until its end.
#[derive(Debug)]
pub struct SegmentPieces {
    database: Database,
    of: Of,
    next: i64,
    chunks: i64,
    octets: u64,
    segment_sha256: [u8; 32],
    digest: Digest,
}

/// Whose segment.
#[derive(Debug, Clone)]
enum Of {
    List {
        source: String,
        generation: u64,
    },
    Stored(u64),
    /// A list as it was fetched, by its generation.
    Original(u64),
}

impl SegmentPieces {
    pub(crate) fn of_list(database: &Database, current: &CurrentSegment) -> Self {
        let of = Of::List {
            source: current.facts.source.clone(),
            generation: current.generation,
        };
        let (chunks, octets) = (current.chunks, current.octets);
        Self::new(database, of, chunks, octets, current.segment_sha256)
    }

    pub(crate) fn of_stored(database: &Database, stored: &StoredSegment) -> Self {
        let of = Of::Stored(stored.stored);
        let (chunks, octets) = (stored.chunks, stored.octets);
        Self::new(database, of, chunks, octets, stored.segment_sha256)
    }

    pub(crate) fn of_original(
        database: &Database,
        generation: u64,
        chunks: i64,
        octets: u64,
        sha256: [u8; 32],
    ) -> Self {
        Self::new(database, Of::Original(generation), chunks, octets, sha256)
    }

    fn new(
        database: &Database,
        of: Of,
        chunks: i64,
        octets: u64,
        segment_sha256: [u8; 32],
    ) -> Self {
        Self {
            database: database.clone(),
            of,
            next: 0,
            chunks,
            octets,
            segment_sha256,
            digest: Digest(Context::new(&SHA256)),
        }
    }

    /// How many octets the whole segment has.
    pub fn octets(&self) -> u64 {
        self.octets
    }

    /// The next piece, or that there is none.
    pub async fn next(&mut self) -> Result<Piece, StoreError> {
        if self.next == self.chunks {
            let digest = self.digest.0.clone().finish();
            return if digest.as_ref() == self.segment_sha256 {
                Ok(Piece::End)
            } else {
                Err(StoreError::Inconsistent {
                    what: "a segment does not have the hash it was stored with",
                })
            };
        }
        let query = match &self.of {
            Of::List { source, generation } => sqlx::query(
                "SELECT content FROM crl_segment_chunk
                 WHERE source = $1 AND generation = $2 AND chunk = $3",
            )
            .bind(source.clone())
            .bind(to_bigint(*generation)?),
            Of::Original(generation) => sqlx::query(
                "SELECT content FROM crl_original_chunk WHERE generation = $1 AND chunk = $2",
            )
            .bind(to_bigint(*generation)?),
            Of::Stored(stored) => {
                sqlx::query("SELECT content FROM crl_stored_chunk WHERE stored = $1 AND chunk = $2")
                    .bind(to_bigint(*stored)?)
            }
        };
        let row = query
            .bind(self.next)
            .fetch_optional(self.database.reader())
            .await
            .during("a segment is read")?;
        let Some(row) = row else {
            return Ok(Piece::Replaced);
        };
        self.next += 1;
        let content = row.octets("content")?;
        self.digest.0.update(&content);
        Ok(Piece::Octets(content))
    }
}

/// So that what holds it can be printed.
struct Digest(Context);

impl std::fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Digest(..)")
    }
}
