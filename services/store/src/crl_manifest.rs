//! Reading what is in force: everything, or what changed.

use sqlx::AnyPool;
use sqlx::any::AnyRow;

use crate::columns::{Columns as _, to_bigint};
use crate::crl::{Changes, Feed, SourceRegistration, SourceState};
use crate::crl_rows::{self, current_columns, current_joins};
use crate::error::{During as _, StoreError};

/// What changed since the counters stood so, or everything: one statement is one snapshot on both databases.
///
/// A generation whose mark is another one is a restored copy's, and nothing that was read before is to be believed.
pub(crate) async fn read(
    pool: &AnyPool,
    since: &Feed,
    everything: bool,
) -> Result<Changes, StoreError> {
    let rows = sqlx::query(concat!(
        "SELECT f.generation AS feed_generation, f.attempts AS feed_attempts,
                f.mark AS feed_mark,
                CASE WHEN $3 = 1 OR f.registered > $1 OR f.attempts < $2 OR NOT EXISTS
                         (SELECT 1 FROM crl_change c WHERE c.generation = $1 AND c.mark = $4)
                     THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END AS whole,
                s.source AS source, s.certification_authority AS certification_authority,
                s.expected_scope_key AS expected_scope_key, s.ordinal AS ordinal,
                s.last_attempt_at AS last_attempt_at, s.last_success_at AS last_success_at,
                s.last_refusal AS last_refusal,
                ",
        current_columns!(),
        "
         FROM crl_feed f
         LEFT JOIN crl_source s
             ON $3 = 1 OR f.registered > $1 OR f.attempts < $2 OR NOT EXISTS
                         (SELECT 1 FROM crl_change c WHERE c.generation = $1 AND c.mark = $4)
                OR s.changed > $1 OR s.attempt > $2
         LEFT JOIN crl_segment g ON g.source = s.source",
        current_joins!(),
        " WHERE f.id = 1
         ORDER BY s.certification_authority, s.ordinal, s.source"
    ))
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
        .map(|_| crl_rows::segment(row, source.clone()))
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
