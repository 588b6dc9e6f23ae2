//! Delta lists: who was revoked since a complete list (RFC 5280 section 5.2.4).

use sqlx::{Any, Transaction};

use crate::columns::{from_bigint, to_bigint};
use crate::crl::{ApplyError, HighWater, Seen};
use crate::crl_apply::{NewSegment, expect_seen};
use crate::crl_departures::store;
use crate::crl_feed::{Risen, rise};
use crate::crl_rows::{self, LISTS_LOCK};
use crate::crl_upkeep;
use crate::database::Database;
use crate::error::{During as _, StoreError};
use crate::high_water::{self, Rise, raise_high_water};

/// A delta list to the list in force of a source.
#[derive(Debug, Clone)]
pub struct NewDelta<'a> {
    /// The source whose list it changes.
    pub source: &'a str,
    /// The certification authority's name in the configuration.
    pub certification_authority: &'a str,
    /// subjectKeyIdentifier of the key whose signature on it was verified.
    pub signer_key_id: &'a [u8],
    /// Canonical octets of its scope; empty for a full one.
    pub scope_key: &'a [u8],
    /// BaseCRLNumber, unsigned big-endian without leading zero octets.
    pub base_number: &'a [u8],
    /// Its cRLNumber, thisUpdate and hash.
    pub number: HighWater,
    /// nextUpdate: seconds since 1970-01-01T00:00:00Z.
    pub next_update: i64,
    /// Who is revoked, besides those on the list.
    pub segment: NewSegment<'a>,
    /// What the caller has seen in force.
    pub seen: Seen,
}

/// Puts a delta list in force in place of the one before it, in one transaction.
pub(crate) async fn apply(database: &Database, delta: &NewDelta<'_>) -> Result<u64, ApplyError> {
    let what = if delta.next_update <= delta.number.this_update {
        Some("nextUpdate is not after thisUpdate")
    } else if delta.seen.generation == 0 {
        Some("a delta list without a list that it changes")
    } else {
        None
    };
    if let Some(what) = what {
        return Err(StoreError::Invalid { what }.into());
    }
    let mut transaction = database.begin_exclusive(LISTS_LOCK).await?;
    let (source, authority) = (delta.source, delta.certification_authority);
    let expected = [(source, authority, delta.seen)];
    let seen = expect_seen(&mut transaction, &expected).await?;
    seen.into_iter().collect::<Result<Vec<_>, _>>()?;
    let key = (delta.signer_key_id, delta.scope_key);
    let number = &delta.number;
    raise_high_water(&mut transaction, &high_water::DELTAS, Rise { key, number }).await?;
    let counted = rise(&mut transaction, Risen::generation().storing(1)).await?;
    let generation = counted.generation;
    remove(&mut transaction, source).await?;
    insert(&mut transaction, delta, counted.stored).await?;
    crl_rows::mark_changed(&mut transaction, source, generation).await?;
    transaction
        .commit()
        .await
        .during("a delta list is committed")?;
    crl_upkeep::committed(database, delta.segment.segment.len());
    Ok(from_bigint(generation)?)
}

async fn insert(
    transaction: &mut Transaction<'static, Any>,
    delta: &NewDelta<'_>,
    number: i64,
) -> Result<(), StoreError> {
    let stored = store(transaction, number, &delta.segment).await?;
    sqlx::query(
        "INSERT INTO crl_delta
             (source, stored, base_number, crl_number, this_update, next_update, crl_sha256,
              entry_count, segment_sha256, octets, chunks)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(delta.source.to_owned())
    .bind(stored.number)
    .bind(crl_rows::pad_number(delta.base_number)?)
    .bind(crl_rows::pad_number(&delta.number.crl_number)?)
    .bind(delta.number.this_update)
    .bind(delta.next_update)
    .bind(delta.number.crl_sha256.to_vec())
    .bind(to_bigint(delta.segment.entry_count)?)
    .bind(stored.segment_sha256)
    .bind(stored.octets)
    .bind(stored.chunks)
    .execute(&mut **transaction)
    .await
    .during("a delta list is stored")?;
    Ok(())
}

/// The delta list of a source goes; its number stays.
pub(crate) async fn remove(
    transaction: &mut Transaction<'static, Any>,
    source: &str,
) -> Result<(), StoreError> {
    for statement in [
        "DELETE FROM crl_stored_chunk WHERE stored IN
             (SELECT stored FROM crl_delta WHERE source = $1)",
        "DELETE FROM crl_delta WHERE source = $1",
    ] {
        sqlx::query(statement)
            .bind(source.to_owned())
            .execute(&mut **transaction)
            .await
            .during("a delta list is removed")?;
    }
    Ok(())
}
