//! Which sources there are: what crl-sync's configuration says, kept with the lists so that readers know what to expect.

use std::collections::BTreeSet;

use sqlx::{Any, Transaction};

use crate::columns::{Columns as _, check_text, to_bigint};
use crate::crl::{AttemptOutcome, SourceRegistration};
use crate::crl_feed::next_generation;
use crate::crl_rows::remove_list;
use crate::error::{During as _, StoreError};

/// What goes on while attempts are.
const ATTEMPTS: &str = "attempts are recorded";

/// Whether every source has a name of its own.
pub(crate) fn check(registrations: &[SourceRegistration]) -> Result<(), StoreError> {
    let mut names = BTreeSet::new();
    for registration in registrations {
        check_text(&registration.source)?;
        check_text(&registration.certification_authority)?;
        if registration.source.is_empty() || !names.insert(&registration.source) {
            return Err(StoreError::Invalid {
                what: "a source has no name, or the name of another",
            });
        }
    }
    Ok(())
}

/// Makes `registrations` the sources of these authorities. Returns whether anything was different.
pub(crate) async fn replace(
    transaction: &mut Transaction<'static, Any>,
    authorities: &[&str],
    registrations: &[SourceRegistration],
) -> Result<bool, StoreError> {
    let mut changed = remove_unnamed(transaction, authorities, registrations).await?;
    for registration in registrations {
        changed |= register(transaction, registration).await?;
    }
    Ok(changed)
}

/// Tells readers that the sources are others now.
pub(crate) async fn announce(
    transaction: &mut Transaction<'static, Any>,
) -> Result<(), StoreError> {
    let generation = next_generation(transaction).await?;
    sqlx::query("UPDATE crl_feed SET registered = $1 WHERE id = 1")
        .bind(generation)
        .execute(&mut **transaction)
        .await
        .during("sources are registered")?;
    Ok(())
}

/// Removes what no registration names any more. Returns whether anything went.
async fn remove_unnamed(
    transaction: &mut Transaction<'static, Any>,
    authorities: &[&str],
    registrations: &[SourceRegistration],
) -> Result<bool, StoreError> {
    let named: BTreeSet<_> = registrations.iter().map(|r| r.source.as_str()).collect();
    let rows = sqlx::query("SELECT source, certification_authority FROM crl_source")
        .fetch_all(&mut **transaction)
        .await
        .during("sources are read")?;
    let mut changed = false;
    for row in rows {
        let source = row.text("source")?;
        let authority = row.text("certification_authority")?;
        if authorities.contains(&authority.as_str()) && !named.contains(source.as_str()) {
            remove_list(transaction, &source).await?;
            sqlx::query("DELETE FROM crl_source WHERE source = $1")
                .bind(source)
                .execute(&mut **transaction)
                .await
                .during("a source is removed")?;
            changed = true;
        }
    }
    Ok(changed)
}

/// Adds or changes one source. Returns whether it was any different.
pub(crate) async fn register(
    transaction: &mut Transaction<'static, Any>,
    registration: &SourceRegistration,
) -> Result<bool, StoreError> {
    let row = sqlx::query(
        "SELECT certification_authority, expected_scope_key, ordinal FROM crl_source
         WHERE source = $1",
    )
    .bind(registration.source.clone())
    .fetch_optional(&mut **transaction)
    .await
    .during("a source is read")?;
    if let Some(row) = row {
        let same_meaning = row.text("certification_authority")?
            == registration.certification_authority
            && row.octets_or_null("expected_scope_key")? == registration.expected_scope_key;
        if same_meaning && row.bigint("ordinal")? == registration.ordinal {
            return Ok(false);
        }
        if !same_meaning {
            // Its list was verified for another authority or scope.
            remove_list(transaction, &registration.source).await?;
        }
    }
    sqlx::query(
        "INSERT INTO crl_source
             (source, certification_authority, expected_scope_key, ordinal, last_refusal)
         VALUES ($1, $2, $3, $4, '')
         ON CONFLICT (source) DO UPDATE SET
             certification_authority = excluded.certification_authority,
             expected_scope_key = excluded.expected_scope_key, ordinal = excluded.ordinal",
    )
    .bind(registration.source.clone())
    .bind(registration.certification_authority.clone())
    .bind(registration.expected_scope_key.clone())
    .bind(registration.ordinal)
    .execute(&mut **transaction)
    .await
    .during("a source is registered")?;
    Ok(true)
}

/// Records how attempts to refresh sources ended: of each, whether its source is registered. The counter of attempts rises
/// by all of them at once, and each has its last number: readers only ever see that one.
pub(crate) async fn record_attempts(
    transaction: &mut Transaction<'static, Any>,
    attempts: &[(&str, i64, AttemptOutcome<'_>)],
) -> Result<Vec<bool>, StoreError> {
    let number =
        sqlx::query("UPDATE crl_feed SET attempts = attempts + $1 WHERE id = 1 RETURNING attempts")
            .bind(to_bigint(attempts.len() as u64)?)
            .fetch_one(&mut **transaction)
            .await
            .during(ATTEMPTS)?
            .bigint("attempts")?;
    let mut registered = Vec::with_capacity(attempts.len());
    for (source, at, outcome) in attempts {
        registered.push(record_attempt(transaction, source, *at, *outcome, number).await?);
    }
    Ok(registered)
}

async fn record_attempt(
    transaction: &mut Transaction<'static, Any>,
    source: &str,
    at: i64,
    outcome: AttemptOutcome<'_>,
    number: i64,
) -> Result<bool, StoreError> {
    let (success, refusal) = match outcome {
        AttemptOutcome::Accepted | AttemptOutcome::Unchanged => (Some(at), ""),
        AttemptOutcome::Refused { rule } | AttemptOutcome::Failed { rule } => (None, rule),
    };
    check_text(refusal)?;
    let updated = sqlx::query(
        "UPDATE crl_source SET last_attempt_at = $2,
                last_success_at = COALESCE($3, last_success_at), last_refusal = $4,
                attempt = $5
         WHERE source = $1",
    )
    .bind(source.to_owned())
    .bind(at)
    .bind(success)
    .bind(refusal.to_owned())
    .bind(number)
    .execute(&mut **transaction)
    .await
    .during(ATTEMPTS)?;
    Ok(updated.rows_affected() > 0)
}
