//! Lists as they were fetched: kept in chunks beside their segments for as long as is configured, and read again.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use sqlx::{Any, Transaction};

use crate::columns::{Columns as _, to_bigint};
use crate::crl::SegmentFacts;
use crate::crl_group::Entering;
use crate::crl_rows;
use crate::database::Database;
use crate::error::{During as _, StoreError};
use crate::limits;
use crate::segment_pieces::SegmentPieces;

/// A list as it was fetched, in a file.
#[derive(Debug, Clone)]
pub struct NewOriginal {
    /// The octets, from the first on.
    pub file: Arc<File>,
    /// How many there are.
    pub octets: u64,
    /// SHA-256 of them, made while they were verified.
    pub sha256: [u8; 32],
    /// Until when it is kept: seconds since 1970-01-01T00:00:00Z.
    pub kept_until: i64,
}

/// A list that is kept as it was fetched.
#[derive(Debug)]
pub struct Original {
    /// thisUpdate: seconds since 1970-01-01T00:00:00Z.
    pub this_update: i64,
    /// SHA-256 of its octets.
    pub sha256: [u8; 32],
    /// Its octets. Nothing of them is proven until their end.
    pub pieces: SegmentPieces,
}

/// Keeps lists that come into force, if they are to be kept; and lets go what was kept for long enough.
pub(crate) async fn record(
    transaction: &mut Transaction<'static, Any>,
    lists: &[Entering<'_>],
) -> Result<(), StoreError> {
    let newest = lists.iter().map(|it| it.list.facts.this_update).max();
    if let Some(newest) = newest {
        let_go(transaction, newest).await?;
    }
    for it in lists {
        if let Some(original) = &it.list.original {
            let chunks = keep_chunks(transaction, original, it.generation).await?;
            keep_facts(transaction, it.list.facts, original, it.generation, chunks).await?;
        }
    }
    Ok(())
}

/// Lets go what was to be kept until then.
async fn let_go(transaction: &mut Transaction<'static, Any>, until: i64) -> Result<(), StoreError> {
    let during = "old originals are let go";
    let gone = sqlx::query("DELETE FROM crl_original WHERE kept_until <= $1 RETURNING generation")
        .bind(until)
        .fetch_all(&mut **transaction)
        .await
        .during(during)?;
    for row in gone {
        sqlx::query("DELETE FROM crl_original_chunk WHERE generation = $1")
            .bind(row.bigint("generation")?)
            .execute(&mut **transaction)
            .await
            .during(during)?;
    }
    Ok(())
}

async fn keep_facts(
    transaction: &mut Transaction<'static, Any>,
    facts: &SegmentFacts,
    original: &NewOriginal,
    generation: i64,
    chunks: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO crl_original
             (generation, source, certification_authority, crl_number, this_update, sha256,
              octets, chunks, kept_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(generation)
    .bind(facts.source.clone())
    .bind(facts.certification_authority.clone())
    .bind(crl_rows::pad_number(&facts.crl_number)?)
    .bind(facts.this_update)
    .bind(original.sha256.to_vec())
    .bind(to_bigint(original.octets)?)
    .bind(chunks)
    .bind(original.kept_until)
    .execute(&mut **transaction)
    .await
    .during("an original is kept")?;
    Ok(())
}

/// Writes the chunks, never more than one in memory, and returns how many there are.
async fn keep_chunks(
    transaction: &mut Transaction<'static, Any>,
    original: &NewOriginal,
    generation: i64,
) -> Result<i64, StoreError> {
    let mut digest = Context::new(&SHA256);
    let (mut chunk, mut offset) = (0_i64, 0_u64);
    while offset < original.octets {
        let content = chunk_of(original, offset).await?;
        digest.update(&content);
        offset += content.len() as u64;
        sqlx::query(
            "INSERT INTO crl_original_chunk (generation, chunk, content) VALUES ($1, $2, $3)",
        )
        .bind(generation)
        .bind(chunk)
        .bind(content)
        .execute(&mut **transaction)
        .await
        .during("an original's chunk is written")?;
        chunk += 1;
    }
    if digest.finish().as_ref() != original.sha256 {
        return Err(StoreError::Invalid {
            what: "the file of an original does not hold what was verified",
        });
    }
    Ok(chunk)
}

async fn chunk_of(original: &NewOriginal, offset: u64) -> Result<Vec<u8>, StoreError> {
    let unreadable = StoreError::Invalid {
        what: "an original cannot be read from its file",
    };
    let left = usize::try_from(original.octets - offset).unwrap_or(usize::MAX);
    let file = Arc::clone(&original.file);
    let mut content = vec![0; left.min(limits::SEGMENT_CHUNK_OCTETS)];
    let read = tokio::task::spawn_blocking(move || {
        file.read_exact_at(&mut content, offset).map(|()| content)
    });
    match read.await {
        Ok(Ok(content)) => Ok(content),
        _ => Err(unreadable),
    }
}

/// The list of a source with this number, unsigned big-endian without leading zero octets, if it is kept.
pub(crate) async fn find(
    database: &Database,
    source: &str,
    crl_number: &[u8],
) -> Result<Option<Original>, StoreError> {
    // Where a key began its numbers anew, the later list.
    let row = sqlx::query(
        "SELECT generation, this_update, sha256, octets, chunks FROM crl_original
         WHERE source = $1 AND crl_number = $2 ORDER BY generation DESC LIMIT 1",
    )
    .bind(source.to_owned())
    .bind(crl_rows::pad_number(crl_number)?)
    .fetch_optional(database.reader())
    .await
    .during("an original is looked for")?;
    let Some(row) = row else { return Ok(None) };
    let sha256 = row.array("sha256")?;
    let (generation, octets) = (row.count("generation")?, row.count("octets")?);
    let chunks = row.bigint("chunks")?;
    Ok(Some(Original {
        this_update: row.bigint("this_update")?,
        sha256,
        pieces: SegmentPieces::of_original(database, generation, chunks, octets, sha256),
    }))
}
