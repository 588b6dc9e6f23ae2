//! Which lists were in force, and what left with each: what can be said about a moment in the past.

use sqlx::AnyPool;
use sqlx::any::AnyRow;

use crate::columns::{Columns as _, from_bigint};
use crate::crl::StoredSegment;
use crate::crl_rows;
use crate::error::{During as _, StoreError};

/// A list that was in force, or still is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastList {
    /// The generation that it came into force with.
    pub generation: u64,
    /// The source's name in the configuration of that time.
    pub source: String,
    /// subjectKeyIdentifier of the key whose signature on the list was verified.
    pub signer_key_id: Vec<u8>,
    /// Canonical octets of the list's scope; empty for a full list.
    pub scope_key: Vec<u8>,
    /// cRLNumber, unsigned big-endian without leading zero octets.
    pub crl_number: Vec<u8>,
    /// thisUpdate: seconds since 1970-01-01T00:00:00Z.
    pub this_update: i64,
    /// nextUpdate: seconds since 1970-01-01T00:00:00Z.
    pub next_update: i64,
    /// SHA-256 of the list as it was fetched.
    pub crl_sha256: [u8; 32],
    /// thisUpdate of the list that it replaced in its source; `None`: there was none.
    pub replaced_this_update: Option<i64>,
    /// How many certificates of that list, or of its delta list, are not on this one; `None`: nobody knows.
    pub departed: Option<u64>,
    /// Their segment; `None`: none left, or nobody knows.
    pub left: Option<StoredSegment>,
}

/// Whose lists are remembered for a question.
#[derive(Debug, Clone, Copy)]
pub struct PastScope<'a> {
    /// The certification authority's name in the configuration.
    pub certification_authority: &'a str,
    /// A partition, besides full lists; `None`: every partition.
    pub partition: Option<&'a [u8]>,
}

impl<'a> PastScope<'a> {
    /// Full lists alone.
    pub const fn full(certification_authority: &'a str) -> Self {
        Self {
            certification_authority,
            partition: Some(&[]),
        }
    }
}

/// The lists of a scope by source, each source's in the order in which they came into force; no more than `most`.
pub(crate) async fn read(
    pool: &AnyPool,
    scope: &PastScope<'_>,
    most: u32,
) -> Result<Vec<PastList>, StoreError> {
    macro_rules! columns {
        () => {
            "SELECT generation, source, signer_key_id, scope_key, crl_number, this_update,
                    next_update, crl_sha256, replaced_this_update, departed, stored,
                    segment_sha256, octets, chunks
             FROM crl_history WHERE certification_authority = $1"
        };
    }
    let query = match scope.partition {
        Some(partition) => sqlx::query(concat!(
            columns!(),
            " AND scope_key IN ($3, $4) ORDER BY source, generation LIMIT $2"
        ))
        .bind(scope.certification_authority.to_owned())
        .bind(i64::from(most))
        .bind(partition.to_vec())
        .bind(Vec::new()),
        None => sqlx::query(concat!(columns!(), " ORDER BY source, generation LIMIT $2"))
            .bind(scope.certification_authority.to_owned())
            .bind(i64::from(most)),
    };
    let rows = query.fetch_all(pool).await.during("past lists are read")?;
    rows.iter().map(past_list).collect()
}

fn past_list(row: &AnyRow) -> Result<PastList, StoreError> {
    let departed = row.bigint_or_null("departed")?;
    let departed = departed.map(from_bigint).transpose()?;
    let left = match row.bigint_or_null("stored")? {
        None => None,
        Some(stored) => Some(StoredSegment {
            stored: from_bigint(stored)?,
            entry_count: departed.unwrap_or(0),
            octets: row.count("octets")?,
            segment_sha256: row.array("segment_sha256")?,
            chunks: row.bigint("chunks")?,
        }),
    };
    Ok(PastList {
        generation: row.count("generation")?,
        source: row.text("source")?,
        signer_key_id: row.octets("signer_key_id")?,
        scope_key: row.octets("scope_key")?,
        crl_number: crl_rows::strip_number(&row.octets("crl_number")?),
        this_update: row.bigint("this_update")?,
        next_update: row.bigint("next_update")?,
        crl_sha256: row.array("crl_sha256")?,
        replaced_this_update: row.bigint_or_null("replaced_this_update")?,
        departed,
        left,
    })
}
