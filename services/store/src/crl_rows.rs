//! How lists stand in their tables.

use aws_lc_rs::digest;
use sqlx::any::AnyRow;
use sqlx::{Any, Executor, Transaction};

use crate::columns::Columns as _;
use crate::crl::{CurrentSegment, Feed, HighWater, SegmentFacts};
use crate::error::{During as _, StoreError};
use crate::limits;

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

/// The counters.
pub(crate) async fn feed<'e>(
    executor: impl Executor<'e, Database = Any>,
) -> Result<Feed, StoreError> {
    let row = sqlx::query("SELECT generation, attempts FROM crl_feed WHERE id = 1")
        .fetch_one(executor)
        .await
        .during("the feed is read")?;
    Ok(Feed {
        generation: row.count("generation")?,
        attempts: row.count("attempts")?,
    })
}

/// A row of crl_segment.
pub(crate) fn segment(
    row: &AnyRow,
    source: String,
    generation: i64,
) -> Result<CurrentSegment, StoreError> {
    Ok(CurrentSegment {
        generation: crate::columns::from_bigint(generation)?,
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
            segment_sha256: row.array("segment_sha256")?,
        },
        octets: row.count("octets")?,
        chunks: row.bigint("chunks")?,
    })
}

/// A row of crl_high_water.
pub(crate) fn high_water(row: &AnyRow) -> Result<HighWater, StoreError> {
    Ok(HighWater {
        crl_number: strip_number(&row.octets("crl_number")?),
        this_update: row.bigint("this_update")?,
        crl_sha256: row.array("crl_sha256")?,
    })
}

/// Lets the generation rise.
pub(crate) async fn next_generation(
    transaction: &mut Transaction<'static, Any>,
) -> Result<i64, StoreError> {
    sqlx::query("UPDATE crl_feed SET generation = generation + 1 WHERE id = 1 RETURNING generation")
        .fetch_one(&mut **transaction)
        .await
        .during("the generation rises")?
        .bigint("generation")
}

/// Removes the list in force of a source; its highest number stays.
pub(crate) async fn remove_segment(
    transaction: &mut Transaction<'static, Any>,
    source: &str,
) -> Result<(), StoreError> {
    for statement in [
        "DELETE FROM crl_segment_chunk WHERE source = $1",
        "DELETE FROM crl_segment WHERE source = $1",
    ] {
        sqlx::query(statement)
            .bind(source.to_owned())
            .execute(&mut **transaction)
            .await
            .during("a segment is removed")?;
    }
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
