//! The authority that changes the lists: crl-sync's.

use sqlx::{Any, Transaction};

use crate::columns::{Columns as _, check_text, from_bigint, to_bigint};
use crate::crl::{
    ApplyError, AttemptOutcome, CurrentSegment, Feed, HighWater, SegmentFacts, SourceRegistration,
};
use crate::crl_rows::{self, LISTS_LOCK, next_generation, remove_segment};
use crate::crl_sources;
use crate::database::Database;
use crate::database_url::DatabaseUrl;
use crate::error::{During as _, StoreError};
use crate::limits;
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
        crl_sources::check(registrations)?;
        let mut transaction = self.database.begin_exclusive(LISTS_LOCK).await?;
        if crl_sources::replace(&mut transaction, registrations).await? {
            next_generation(&mut transaction).await?;
        }
        let feed = crl_rows::feed(&mut *transaction).await?;
        transaction
            .commit()
            .await
            .during("sources are registered")?;
        Ok(feed)
    }

    /// The counters now.
    pub async fn feed(&self) -> Result<Feed, StoreError> {
        crl_rows::feed(self.database.reader()).await
    }

    /// The list in force of `source`.
    pub async fn current(&self, source: &str) -> Result<Option<CurrentSegment>, StoreError> {
        let row = sqlx::query(
            "SELECT generation, certification_authority AS segment_authority, signer_key_id,
                    scope_key, issuing_distribution_point, crl_number, this_update, next_update,
                    crl_sha256, entry_count, segment_sha256, octets, chunks
             FROM crl_segment WHERE source = $1",
        )
        .bind(source.to_owned())
        .fetch_optional(self.database.reader())
        .await
        .during("a list in force is read")?;
        row.map(|row| crl_rows::segment(&row, source.to_owned(), row.bigint("generation")?))
            .transpose()
    }

    /// The highest number accepted from this signer for this scope.
    pub async fn high_water(
        &self,
        signer_key_id: &[u8],
        scope_key: &[u8],
    ) -> Result<Option<HighWater>, StoreError> {
        let row = sqlx::query(
            "SELECT crl_number, this_update, crl_sha256 FROM crl_high_water
             WHERE signer_key_id = $1 AND scope_key = $2",
        )
        .bind(signer_key_id.to_vec())
        .bind(scope_key.to_vec())
        .fetch_optional(self.database.reader())
        .await
        .during("the highest number is read")?;
        row.map(|row| crl_rows::high_water(&row)).transpose()
    }

    /// Makes a list the one in force of its source, in one transaction: all of it or nothing.
    ///
    /// `replaces` is the generation of the list in force that the caller has seen ([`CurrentSegment::generation`]), 0
    /// for none. The very list that holds the highest number may be applied again: after its source was renamed, say.
    /// Returns the new generation.
    pub async fn apply(
        &self,
        facts: &SegmentFacts,
        segment: &[u8],
        replaces: u64,
    ) -> Result<u64, ApplyError> {
        check_facts(facts, segment)?;
        let mut transaction = self.database.begin_exclusive(LISTS_LOCK).await?;
        expect_generation(&mut transaction, facts, replaces).await?;
        raise_high_water(&mut transaction, facts).await?;
        let generation = next_generation(&mut transaction).await?;
        replace_segment(&mut transaction, facts, segment, generation).await?;
        transaction.commit().await.during("a list is committed")?;
        Ok(from_bigint(generation)?)
    }

    /// Records how an attempt to refresh `source` ended.
    pub async fn record_attempt(
        &self,
        source: &str,
        at: i64,
        outcome: AttemptOutcome<'_>,
    ) -> Result<(), StoreError> {
        let during = "an attempt is recorded";
        let (success, refusal) = match outcome {
            AttemptOutcome::Accepted | AttemptOutcome::Unchanged => (Some(at), ""),
            AttemptOutcome::Refused { rule } | AttemptOutcome::Failed { rule } => (None, rule),
        };
        check_text(refusal)?;
        let mut transaction = self.database.begin_write().await?;
        let updated = sqlx::query(
            "UPDATE crl_source SET last_attempt_at = $2,
                    last_success_at = COALESCE($3, last_success_at), last_refusal = $4
             WHERE source = $1",
        )
        .bind(source.to_owned())
        .bind(at)
        .bind(success)
        .bind(refusal.to_owned())
        .execute(&mut *transaction)
        .await
        .during(during)?;
        if updated.rows_affected() == 0 {
            return Err(StoreError::Invalid {
                what: "the source is not registered",
            });
        }
        sqlx::query("UPDATE crl_feed SET attempts = attempts + 1 WHERE id = 1")
            .execute(&mut *transaction)
            .await
            .during(during)?;
        transaction.commit().await.during(during)
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.database.close().await;
    }
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

async fn expect_generation(
    transaction: &mut Transaction<'static, Any>,
    facts: &SegmentFacts,
    replaces: u64,
) -> Result<(), ApplyError> {
    let row = sqlx::query(
        "SELECT s.expected_scope_key AS expected_scope_key,
                COALESCE(g.generation, 0) AS generation
         FROM crl_source s LEFT JOIN crl_segment g ON g.source = s.source
         WHERE s.source = $1 AND s.certification_authority = $2",
    )
    .bind(facts.source.clone())
    .bind(facts.certification_authority.clone())
    .fetch_optional(&mut **transaction)
    .await
    .during("the generation is read")?;
    let row = row.ok_or(ApplyError::NotRegistered)?;
    if row
        .octets_or_null("expected_scope_key")?
        .is_some_and(|scope| scope != facts.scope_key)
    {
        return Err(ApplyError::Store(StoreError::Invalid {
            what: "the list's scope is not the one that its source is registered for",
        }));
    }
    let found = row.count("generation")?;
    if found == replaces {
        return Ok(());
    }
    Err(ApplyError::GenerationMoved {
        expected: replaces,
        found,
    })
}

/// Lets the highest number rise, or says why this list may not follow it (RFC 5280 section 5.2.3). The comparison and
/// the change are one statement.
async fn raise_high_water(
    transaction: &mut Transaction<'static, Any>,
    facts: &SegmentFacts,
) -> Result<(), ApplyError> {
    let raised = sqlx::query(
        "INSERT INTO crl_high_water (signer_key_id, scope_key, crl_number, this_update, crl_sha256)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (signer_key_id, scope_key) DO UPDATE SET
             crl_number = excluded.crl_number, this_update = excluded.this_update,
             crl_sha256 = excluded.crl_sha256
         WHERE (crl_high_water.crl_number < excluded.crl_number
                AND crl_high_water.this_update <= excluded.this_update)
            OR (crl_high_water.crl_number = excluded.crl_number
                AND crl_high_water.crl_sha256 = excluded.crl_sha256)",
    )
    .bind(facts.signer_key_id.clone())
    .bind(facts.scope_key.clone())
    .bind(crl_rows::pad_number(&facts.crl_number)?)
    .bind(facts.this_update)
    .bind(facts.crl_sha256.to_vec())
    .execute(&mut **transaction)
    .await
    .during("the highest number is raised")?;
    if raised.rows_affected() == 1 {
        return Ok(());
    }
    let row = sqlx::query(
        "SELECT crl_number, this_update, crl_sha256 FROM crl_high_water
         WHERE signer_key_id = $1 AND scope_key = $2",
    )
    .bind(facts.signer_key_id.clone())
    .bind(facts.scope_key.clone())
    .fetch_one(&mut **transaction)
    .await
    .during("the highest number is read")?;
    let highest = crl_rows::high_water(&row)?;
    if crl_rows::pad_number(&facts.crl_number)? > crl_rows::pad_number(&highest.crl_number)? {
        return Err(ApplyError::ThisUpdateFalling {
            offered: facts.this_update,
            newest: highest.this_update,
        });
    }
    Err(ApplyError::NumberNotRising {
        offered: facts.crl_number.clone(),
        highest: highest.crl_number,
    })
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
