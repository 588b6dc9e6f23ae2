//! The counters that tell readers what changed.

use sqlx::{Any, Executor, Transaction};

use crate::columns::Columns as _;
use crate::crl::Feed;
use crate::dialect::Dialect;
use crate::error::{During as _, StoreError};
use crate::limits;

/// Where readers hear of changes.
pub(crate) const LISTS_CHANNEL: &str = "akashi_crl";

/// The counters.
pub(crate) async fn feed<'e>(
    executor: impl Executor<'e, Database = Any>,
) -> Result<Feed, StoreError> {
    let row = sqlx::query("SELECT generation, attempts, mark FROM crl_feed WHERE id = 1")
        .fetch_one(executor)
        .await
        .during("the feed is read")?;
    Ok(Feed {
        generation: row.count("generation")?,
        attempts: row.count("attempts")?,
        mark: row.bigint("mark")?,
    })
}

/// By how much the counters rise in one transaction.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Risen {
    /// Lists that come into force, or other changes of what is served.
    pub(crate) generations: i64,
    /// Attempts that are recorded.
    pub(crate) attempts: i64,
    /// Segments that are stored beside those in force.
    pub(crate) stored: i64,
}

impl Risen {
    /// One change of what is served.
    pub(crate) fn generation() -> Self {
        Self {
            generations: 1,
            ..Self::default()
        }
    }

    /// The same with so many segments beside it.
    pub(crate) fn storing(self, stored: i64) -> Self {
        Self { stored, ..self }
    }
}

/// Where the counters stand after they rose: the last number of each is the transaction's, and so are as many before it as
/// it asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    pub(crate) generation: i64,
    pub(crate) attempts: i64,
    pub(crate) stored: i64,
}

/// Lets the counters rise, the generation by one at least, and tells readers that something changes as soon as it is
/// committed. Readers only ever see the last of several generations, so that one alone is marked.
pub(crate) async fn rise(
    transaction: &mut Transaction<'static, Any>,
    by: Risen,
) -> Result<Counted, StoreError> {
    let during = "the generation rises";
    let mark = random()?;
    let row = sqlx::query(
        "UPDATE crl_feed SET generation = generation + $1, attempts = attempts + $2,
                stored = stored + $3, mark = $4
         WHERE id = 1 RETURNING generation, attempts, stored",
    )
    .bind(by.generations)
    .bind(by.attempts)
    .bind(by.stored)
    .bind(mark)
    .fetch_one(&mut **transaction)
    .await
    .during(during)?;
    let generation = row.bigint("generation")?;
    sqlx::query("INSERT INTO crl_change (generation, mark) VALUES ($1, $2)")
        .bind(generation)
        .bind(mark)
        .execute(&mut **transaction)
        .await
        .during(during)?;
    sqlx::query("DELETE FROM crl_change WHERE generation <= $1")
        .bind(generation - limits::MARKED_GENERATIONS)
        .execute(&mut **transaction)
        .await
        .during(during)?;
    Dialect::hint(transaction, LISTS_CHANNEL, generation)
        .await
        .during("readers are told")?;
    Ok(Counted {
        generation,
        attempts: row.bigint("attempts")?,
        stored: row.bigint("stored")?,
    })
}

/// One change of what is served: its generation.
pub(crate) async fn next_generation(
    transaction: &mut Transaction<'static, Any>,
) -> Result<i64, StoreError> {
    Ok(rise(transaction, Risen::generation()).await?.generation)
}

fn random() -> Result<i64, StoreError> {
    let mut octets = [0; 8];
    aws_lc_rs::rand::fill(&mut octets).map_err(|_| StoreError::Invalid {
        what: "the system has no random numbers",
    })?;
    Ok(i64::from_le_bytes(octets))
}
