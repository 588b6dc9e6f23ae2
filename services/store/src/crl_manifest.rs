//! Reading what is in force: everything, or what changed.

use sqlx::AnyPool;
use sqlx::any::AnyRow;

use crate::columns::{Columns as _, to_bigint};
use crate::crl::{Changes, Feed, SourceRegistration, SourceState};
use crate::crl_rows;
use crate::error::{During as _, StoreError};

/// What changed since the counters stood so, or everything: one statement is one snapshot on both databases.
///
/// A generation whose mark is another one is a restored copy's, and nothing that was read before is to be believed.
pub(crate) async fn read(
    pool: &AnyPool,
    since: &Feed,
    everything: bool,
) -> Result<Changes, StoreError> {
    let rows = sqlx::query(
        "SELECT f.generation AS feed_generation, f.attempts AS feed_attempts,
                f.mark AS feed_mark,
                CASE WHEN $3 = 1 OR f.registered > $1 OR f.attempts < $2 OR NOT EXISTS
                         (SELECT 1 FROM crl_change c WHERE c.generation = $1 AND c.mark = $4)
                     THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END AS whole,
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
                h.octets AS held_octets, h.chunks AS held_chunks,
                d.stored AS delta_stored, d.base_number AS delta_base_number,
                d.crl_number AS delta_crl_number, d.this_update AS delta_this_update,
                d.next_update AS delta_next_update, d.crl_sha256 AS delta_crl_sha256,
                d.entry_count AS delta_entry_count, d.segment_sha256 AS delta_segment_sha256,
                d.octets AS delta_octets, d.chunks AS delta_chunks
         FROM crl_feed f
         LEFT JOIN crl_source s
             ON $3 = 1 OR f.registered > $1 OR f.attempts < $2 OR NOT EXISTS
                         (SELECT 1 FROM crl_change c WHERE c.generation = $1 AND c.mark = $4)
                OR s.changed > $1 OR s.attempt > $2
         LEFT JOIN crl_segment g ON g.source = s.source
         LEFT JOIN crl_held h ON h.source = g.source
         LEFT JOIN crl_delta d ON d.source = g.source
         WHERE f.id = 1
         ORDER BY s.certification_authority, s.ordinal, s.source",
    )
    .bind(to_bigint(since.generation)?)
    .bind(to_bigint(since.attempts)?)
    .bind(i64::from(everything))
    .bind(since.mark)
    .fetch_all(pool)
    .await
    .during("the manifest is read")?;
    let first = rows.first().ok_or(StoreError::Inconsistent {
        what: "the feed has no row",
    })?;
    let feed = Feed {
        generation: first.count("feed_generation")?,
        attempts: first.count("feed_attempts")?,
        mark: first.bigint("feed_mark")?,
    };
    let whole = first.bigint("whole")? == 1;
    let sources: Result<Vec<_>, _> = rows
        .iter()
        .filter_map(|row| source_state(row).transpose())
        .collect();
    Ok(Changes {
        feed,
        whole,
        sources: sources?,
    })
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
