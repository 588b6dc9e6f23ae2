//! How lists stand in their tables.

use aws_lc_rs::digest;
use sqlx::any::AnyRow;
use sqlx::{Any, Executor, Transaction};

use crate::columns::Columns as _;
use crate::crl::{
    CurrentSegment, DeltaSegment, HeldRemovals, HighWater, SegmentFacts, StoredSegment,
};
use crate::error::{During as _, StoreError};
use crate::limits;
use crate::several::{parameters, statement};

/// The lock that makes changes of the lists follow one another.
pub(crate) const LISTS_LOCK: i64 = 1;

pub(crate) fn sha256(octets: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, octets).as_ref());
    hash
}

/// A number as it is stored: padded on the left, so that comparing octets compares numbers.
pub(crate) fn pad_number(number: &[u8]) -> Result<Vec<u8>, StoreError> {
    let minimal = number.first().is_some_and(|first| *first != 0) || number == [0];
    if !minimal || number.len() > limits::CRL_NUMBER_OCTETS {
        return Err(StoreError::Invalid {
            what: "a CRL number is not 1 to 20 octets without leading zeros",
        });
    }
    let mut padded = vec![0; limits::CRL_NUMBER_OCTETS - number.len()];
    padded.extend_from_slice(number);
    Ok(padded)
}

/// A stored number without its padding; zero keeps one octet.
pub(crate) fn strip_number(padded: &[u8]) -> Vec<u8> {
    let zeros = padded.iter().take_while(|octet| **octet == 0).count();
    let kept = zeros.min(padded.len().saturating_sub(1));
    padded[kept..].to_vec()
}

/// The columns of a list in force with its delta and what is held of it, as [`segment`] reads them.
macro_rules! current_columns {
    () => {
        "g.generation AS segment_generation,
                g.certification_authority AS segment_authority, g.signer_key_id AS signer_key_id,
                g.scope_key AS scope_key, g.issuing_distribution_point AS issuing_distribution_point,
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
                d.octets AS delta_octets, d.chunks AS delta_chunks"
    };
}
pub(crate) use current_columns;

/// What these columns need beside `crl_segment g`.
macro_rules! current_joins {
    () => {
        " LEFT JOIN crl_held h ON h.source = g.source LEFT JOIN crl_delta d ON d.source = g.source"
    };
}
pub(crate) use current_joins;

/// The list in force of a source.
pub(crate) async fn current<'e>(
    executor: impl Executor<'e, Database = Any>,
    source: &str,
) -> Result<Option<CurrentSegment>, StoreError> {
    let row = sqlx::query(concat!(
        "SELECT ",
        current_columns!(),
        " FROM crl_segment g",
        current_joins!(),
        " WHERE g.source = $1"
    ))
    .bind(source.to_owned())
    .fetch_optional(executor)
    .await
    .during("a list in force is read")?;
    row.map(|row| segment(&row, source.to_owned())).transpose()
}

/// The list in force of a source, and the highest number of a signer for a scope, at one moment.
pub(crate) async fn current_and_highest<'e>(
    executor: impl Executor<'e, Database = Any>,
    source: &str,
    (signer_key_id, scope_key): (&[u8], &[u8]),
) -> Result<(Option<CurrentSegment>, Option<HighWater>), StoreError> {
    let row = sqlx::query(concat!(
        "SELECT ",
        current_columns!(),
        ", w.crl_number AS highest_number, w.this_update AS highest_this_update,
                w.crl_sha256 AS highest_sha256, w.identified AS highest_identified
         FROM crl_feed f LEFT JOIN crl_segment g ON g.source = $1",
        current_joins!(),
        " LEFT JOIN crl_high_water w ON w.signer_key_id = $2 AND w.scope_key = $3
         WHERE f.id = 1"
    ))
    .bind(source.to_owned())
    .bind(signer_key_id.to_vec())
    .bind(scope_key.to_vec())
    .fetch_one(executor)
    .await
    .during("a list in force is read")?;
    let current = match row.bigint_or_null("segment_generation")? {
        None => None,
        Some(_) => Some(segment(&row, source.to_owned())?),
    };
    let highest = match row.octets_or_null("highest_number")? {
        None => None,
        Some(padded) => Some(HighWater {
            crl_number: strip_number(&padded),
            this_update: row.bigint("highest_this_update")?,
            crl_sha256: match row.bigint("highest_identified")? {
                0 => [0; 32],
                _ => row.array("highest_sha256")?,
            },
        }),
    };
    Ok((current, highest))
}

/// A row of crl_segment.
pub(crate) fn segment(row: &AnyRow, source: String) -> Result<CurrentSegment, StoreError> {
    Ok(CurrentSegment {
        generation: row.count("segment_generation")?,
        facts: SegmentFacts {
            source,
            certification_authority: row.text("segment_authority")?,
            signer_key_id: row.octets("signer_key_id")?,
            scope_key: row.octets("scope_key")?,
            issuing_distribution_point: row.octets("issuing_distribution_point")?,
            crl_number: strip_number(&row.octets("crl_number")?),
            this_update: row.bigint("this_update")?,
            next_update: row.bigint("next_update")?,
            crl_sha256: row.array("crl_sha256")?,
            entry_count: row.bigint("entry_count")?,
        },
        octets: row.count("octets")?,
        segment_sha256: row.array("segment_sha256")?,
        chunks: row.bigint("chunks")?,
        held: held(row)?,
        delta: delta(row)?,
    })
}

/// The columns of a crl_held that was joined, each named `held_...`.
fn held(row: &AnyRow) -> Result<Option<HeldRemovals>, StoreError> {
    let Some(stored) = row.bigint_or_null("held_stored")? else {
        return Ok(None);
    };
    Ok(Some(HeldRemovals {
        since: row.bigint("held_since")?,
        segment: StoredSegment {
            stored: crate::columns::from_bigint(stored)?,
            entry_count: row.count("held_entry_count")?,
            octets: row.count("held_octets")?,
            segment_sha256: row.array("held_segment_sha256")?,
            chunks: row.bigint("held_chunks")?,
        },
    }))
}

/// The columns of a crl_delta that was joined, each named `delta_...`.
fn delta(row: &AnyRow) -> Result<Option<DeltaSegment>, StoreError> {
    let Some(stored) = row.bigint_or_null("delta_stored")? else {
        return Ok(None);
    };
    Ok(Some(DeltaSegment {
        base_number: strip_number(&row.octets("delta_base_number")?),
        crl_number: strip_number(&row.octets("delta_crl_number")?),
        this_update: row.bigint("delta_this_update")?,
        next_update: row.bigint("delta_next_update")?,
        crl_sha256: row.array("delta_crl_sha256")?,
        segment: StoredSegment {
            stored: crate::columns::from_bigint(stored)?,
            entry_count: row.count("delta_entry_count")?,
            octets: row.count("delta_octets")?,
            segment_sha256: row.array("delta_segment_sha256")?,
            chunks: row.bigint("delta_chunks")?,
        },
    }))
}

/// A row of crl_high_water.
pub(crate) fn high_water(row: &AnyRow) -> Result<HighWater, StoreError> {
    Ok(HighWater {
        crl_number: strip_number(&row.octets("crl_number")?),
        this_update: row.bigint("this_update")?,
        crl_sha256: match row.bigint("identified")? {
            0 => [0; 32],
            _ => row.array("crl_sha256")?,
        },
    })
}

/// Says that the list of a source, or what is held of it, is another one from a generation on.
pub(crate) async fn mark_changed(
    transaction: &mut Transaction<'static, Any>,
    source: &str,
    generation: i64,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE crl_source SET changed = $2 WHERE source = $1")
        .bind(source.to_owned())
        .bind(generation)
        .execute(&mut **transaction)
        .await
        .during("a source is marked as changed")?;
    Ok(())
}

/// Removes the list in force of a source with its delta and what is held of it; its highest number and its history stay.
pub(crate) async fn remove_list(
    transaction: &mut Transaction<'static, Any>,
    source: &str,
) -> Result<(), StoreError> {
    remove_segment(transaction, source).await?;
    crate::crl_delta::remove(transaction, source).await?;
    crate::crl_departures::remove_held(transaction, source).await
}

/// Removes the list in force of a source, or what is there of it.
async fn remove_segment(
    transaction: &mut Transaction<'static, Any>,
    source: &str,
) -> Result<(), StoreError> {
    remove_segments(transaction, &[source]).await
}

/// The same of several sources.
pub(crate) async fn remove_segments(
    transaction: &mut Transaction<'static, Any>,
    sources: &[&str],
) -> Result<(), StoreError> {
    remove_from("crl_segment_chunk", transaction, sources).await?;
    remove_facts(transaction, sources).await
}

/// Removes what is known of the lists in force of several sources, and leaves their segments.
pub(crate) async fn remove_facts(
    transaction: &mut Transaction<'static, Any>,
    sources: &[&str],
) -> Result<(), StoreError> {
    remove_from("crl_segment", transaction, sources).await
}

async fn remove_from(
    table: &'static str,
    transaction: &mut Transaction<'static, Any>,
    sources: &[&str],
) -> Result<(), StoreError> {
    if sources.is_empty() {
        return Ok(());
    }
    let those = parameters(1..sources.len() + 1);
    let mut query = statement(format!("DELETE FROM {table} WHERE source IN ({those})"));
    for source in sources {
        query = query.bind((*source).to_owned());
    }
    query
        .execute(&mut **transaction)
        .await
        .during("a segment is removed")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padded_numbers_compare_like_numbers() {
        let numbers: [&[u8]; 5] = [&[0], &[9], &[0xff], &[1, 0], &[0xff; 20]];
        let padded: Vec<_> = numbers.iter().map(|n| pad_number(n).unwrap()).collect();
        assert!(padded.is_sorted());
        for (number, padded) in numbers.iter().zip(&padded) {
            assert_eq!(strip_number(padded), *number);
        }
    }

    #[test]
    fn refuses_a_number_of_21_octets_and_one_with_leading_zeros() {
        assert!(pad_number(&[1; 20]).is_ok());
        assert!(pad_number(&[1; 21]).is_err());
        assert!(pad_number(&[1, 5]).is_ok());
        assert!(pad_number(&[0, 5]).is_err());
        assert!(pad_number(&[]).is_err());
    }
}
