//! Putting a list in force: the highest number rises, the list before it goes, and what left with it is kept, in one
//! transaction.

use sqlx::{Any, Transaction};

use crate::columns::{Columns as _, from_bigint, to_bigint};
use crate::crl::{ApplyError, AttemptOutcome, HighWater, Seen, SegmentFacts};
use crate::crl_originals::NewOriginal;
use crate::crl_rows::{self, LISTS_LOCK, next_generation, remove_segment};
use crate::database::Database;
use crate::error::{During as _, StoreError};
use crate::high_water::{self, raise_high_water};
use crate::{crl_delta, crl_departures, crl_originals, crl_sources, limits};

/// A list, and what changes with it.
#[derive(Debug, Clone)]
pub struct Replacement<'a> {
    /// What is known of the list.
    pub facts: &'a SegmentFacts,
    /// Its serialised segment.
    pub segment: &'a [u8],
    /// What the caller has seen in force.
    pub seen: Seen,
    /// Whether the delta in force is newer than this list, so that it stays.
    pub keeps_delta: bool,
    /// thisUpdate of the list that is replaced, if there is one.
    pub replaced_this_update: Option<i64>,
    /// What left with it.
    pub departures: Departures<'a>,
    /// The list as it was fetched, where that is to be kept.
    pub original: Option<NewOriginal>,
    /// Lists of this scope whose thisUpdate is not after this one need not be remembered any more, nor what left them.
    pub keep_history_after: i64,
}

/// Which certificates of the list before are not on this one.
#[derive(Debug, Clone, Copy)]
pub enum Departures<'a> {
    /// None; and nothing is held.
    None,
    /// Nobody knows, because what is stored of the list before cannot be read. What is held stays held.
    Unknown,
    /// These.
    Known {
        /// Their segment, if there is one.
        departed: Option<NewSegment<'a>>,
        /// Whether they were too many to be believed, so that they are among those held.
        are_held: bool,
        /// What is held from now on, in place of what was.
        held: Option<NewHeld<'a>>,
    },
}

/// A segment to be stored beside those in force.
#[derive(Debug, Clone, Copy)]
pub struct NewSegment<'a> {
    /// Serialised.
    pub segment: &'a [u8],
    /// How many certificates it holds.
    pub entry_count: u64,
}

/// Certificates to be held.
#[derive(Debug, Clone, Copy)]
pub struct NewHeld<'a> {
    /// thisUpdate of the first list that some of them were missing from.
    pub since: i64,
    /// Their segment.
    pub segment: NewSegment<'a>,
}

pub(crate) async fn replace(
    database: &Database,
    replacement: &Replacement<'_>,
    attempted_at: Option<i64>,
) -> Result<u64, ApplyError> {
    let facts = replacement.facts;
    check_facts(facts, replacement.segment)?;
    let mut transaction = database.begin_exclusive(LISTS_LOCK).await?;
    let registered_scope = expect_seen(
        &mut transaction,
        &facts.source,
        &facts.certification_authority,
        replacement.seen,
    )
    .await?;
    if registered_scope.is_some_and(|scope| scope != facts.scope_key) {
        return Err(ApplyError::Store(StoreError::Invalid {
            what: "the list's scope is not the one that its source is registered for",
        }));
    }
    let number = HighWater {
        crl_number: facts.crl_number.clone(),
        this_update: facts.this_update,
        crl_sha256: facts.crl_sha256,
    };
    let key = (&*facts.signer_key_id, &*facts.scope_key);
    raise_high_water(&mut transaction, &high_water::LISTS, key, &number).await?;
    let generation = next_generation(&mut transaction).await?;
    replace_segment(&mut transaction, facts, replacement.segment, generation).await?;
    if !replacement.keeps_delta {
        crl_delta::remove(&mut transaction, &facts.source).await?;
    }
    crl_departures::record(&mut transaction, replacement, generation).await?;
    let original = replacement.original.as_ref();
    crl_originals::record(&mut transaction, facts, original, generation).await?;
    crl_rows::mark_changed(&mut transaction, &facts.source, generation).await?;
    if let Some(at) = attempted_at {
        let accepted = AttemptOutcome::Accepted;
        crl_sources::record_attempt(&mut transaction, &facts.source, at, accepted).await?;
    }
    transaction.commit().await.during("a list is committed")?;
    Ok(from_bigint(generation)?)
}

fn check_facts(facts: &SegmentFacts, segment: &[u8]) -> Result<(), StoreError> {
    let what = if facts.signer_key_id.is_empty()
        || facts.signer_key_id.len() > limits::KEY_IDENTIFIER_OCTETS
    {
        "a signer's key identifier is not 1 to 64 octets"
    } else if facts.next_update <= facts.this_update {
        "nextUpdate is not after thisUpdate"
    } else if facts.scope_key.is_empty() != facts.issuing_distribution_point.is_empty() {
        "a scope without a distribution point, or the reverse"
    } else if segment.len() as u64 > limits::SEGMENT_OCTETS {
        "a segment is longer than a reader takes"
    } else if crl_rows::sha256(segment) != facts.segment_sha256 {
        "the segment does not have the hash stated for it"
    } else {
        return Ok(());
    };
    Err(StoreError::Invalid { what })
}

/// What is in force must be what the caller has seen. Returns the scope that the source is registered for.
pub(crate) async fn expect_seen(
    transaction: &mut Transaction<'static, Any>,
    source: &str,
    certification_authority: &str,
    seen: Seen,
) -> Result<Option<Vec<u8>>, ApplyError> {
    let row = sqlx::query(
        "SELECT s.expected_scope_key AS expected_scope_key,
                COALESCE(g.generation, 0) AS generation, COALESCE(h.stored, 0) AS held,
                COALESCE(d.stored, 0) AS delta
         FROM crl_source s LEFT JOIN crl_segment g ON g.source = s.source
         LEFT JOIN crl_held h ON h.source = s.source
         LEFT JOIN crl_delta d ON d.source = s.source
         WHERE s.source = $1 AND s.certification_authority = $2",
    )
    .bind(source.to_owned())
    .bind(certification_authority.to_owned())
    .fetch_optional(&mut **transaction)
    .await
    .during("the generation is read")?;
    let row = row.ok_or(ApplyError::NotRegistered)?;
    let found = Seen {
        generation: row.count("generation")?,
        held: row.count("held")?,
        delta: row.count("delta")?,
    };
    if found != seen {
        return Err(ApplyError::GenerationMoved {
            expected: seen.generation,
            found: found.generation,
        });
    }
    Ok(row.octets_or_null("expected_scope_key")?)
}

async fn replace_segment(
    transaction: &mut Transaction<'static, Any>,
    facts: &SegmentFacts,
    segment: &[u8],
    generation: i64,
) -> Result<(), StoreError> {
    remove_segment(transaction, &facts.source).await?;
    let chunks = segment.chunks(limits::SEGMENT_CHUNK_OCTETS);
    sqlx::query(
        "INSERT INTO crl_segment
             (source, generation, certification_authority, signer_key_id, scope_key,
              issuing_distribution_point, crl_number, this_update, next_update, crl_sha256,
              entry_count, segment_sha256, octets, chunks)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(facts.source.clone())
    .bind(generation)
    .bind(facts.certification_authority.clone())
    .bind(facts.signer_key_id.clone())
    .bind(facts.scope_key.clone())
    .bind(facts.issuing_distribution_point.clone())
    .bind(crl_rows::pad_number(&facts.crl_number)?)
    .bind(facts.this_update)
    .bind(facts.next_update)
    .bind(facts.crl_sha256.to_vec())
    .bind(facts.entry_count)
    .bind(facts.segment_sha256.to_vec())
    .bind(to_bigint(segment.len() as u64)?)
    .bind(to_bigint(chunks.len() as u64)?)
    .execute(&mut **transaction)
    .await
    .during("a segment's facts are written")?;
    for (number, content) in (0_i64..).zip(chunks) {
        sqlx::query(
            "INSERT INTO crl_segment_chunk (source, generation, chunk, content)
             VALUES ($1, $2, $3, $4)",
        )
        .bind(facts.source.clone())
        .bind(generation)
        .bind(number)
        .bind(content.to_vec())
        .execute(&mut **transaction)
        .await
        .during("a segment's chunk is written")?;
    }
    Ok(())
}
