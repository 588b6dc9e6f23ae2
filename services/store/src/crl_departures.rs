//! What left the lists: what is held of it, what is remembered of it, and what operators decided.

use sqlx::{Any, Transaction};

use crate::columns::{Columns as _, check_text, to_bigint};
use crate::crl::CurrentSegment;
use crate::crl_apply::{Departures, NewHeld, NewSegment};
use crate::crl_feed::next_generation;
use crate::crl_group::Entering;
use crate::crl_rows::{self, LISTS_LOCK, current_columns, current_joins};
use crate::database::Database;
use crate::error::{During as _, StoreError};
use crate::limits;
use crate::several::{rows, statement};

/// What left the lists of a source within some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RecentDepartures {
    /// How many certificates, without those that were held.
    pub departed: u64,
    /// thisUpdate of the oldest list that one of these lists replaced; `None`: there is none.
    pub since: Option<i64>,
}

/// Who decides about held certificates, and when.
#[derive(Debug, Clone, Copy)]
pub struct RemovalDecision<'a> {
    /// The name that is recorded: 1 octet at least.
    pub decided_by: &'a str,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub decided_at: i64,
}

/// What an operator decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedRemovals {
    /// The source's name in the configuration.
    pub source: String,
    /// The certification authority's name in the configuration.
    pub certification_authority: String,
    /// cRLNumber of the list in force then, unsigned big-endian without leading zero octets.
    pub crl_number: Vec<u8>,
    /// How many certificates were let go.
    pub entry_count: u64,
    /// Who decided.
    pub decided_by: String,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub decided_at: i64,
}

/// Why held certificates were not let go. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AcceptError {
    /// No list of this source is in force.
    #[error("no list is in force for this source")]
    NoList,
    /// Nothing is held of this source.
    #[error("nothing is held of this source")]
    NothingHeld,
    /// A newer list came into force than the one that was looked at.
    #[error("the list in force has another number")]
    NumberMoved {
        /// The number in force, unsigned big-endian.
        in_force: Vec<u8>,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Remembers lists that come into force with what left with them, and holds what is to be held. What was held before and
/// is not any more has gone already.
pub(crate) async fn record(
    transaction: &mut Transaction<'static, Any>,
    lists: &[Entering<'_>],
) -> Result<(), StoreError> {
    let mut left = Vec::with_capacity(lists.len());
    for it in lists {
        left.push(match it.list.departures {
            Departures::None | Departures::Unknown => None,
            Departures::Known { departed, held, .. } => {
                let mut number = it.stored;
                if let Some(held) = held {
                    hold(transaction, &it.list.facts.source, number, &held).await?;
                    number += 1;
                }
                match departed {
                    Some(segment) => Some(store(transaction, number, &segment).await?),
                    None => None,
                }
            }
        });
    }
    forget(transaction, lists).await?;
    remember(transaction, lists, &left).await
}

async fn hold(
    transaction: &mut Transaction<'static, Any>,
    source: &str,
    number: i64,
    held: &NewHeld<'_>,
) -> Result<(), StoreError> {
    let stored = store(transaction, number, &held.segment).await?;
    sqlx::query(
        "INSERT INTO crl_held
             (source, stored, since, entry_count, segment_sha256, octets, chunks)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(source.to_owned())
    .bind(stored.number)
    .bind(held.since)
    .bind(to_bigint(held.segment.entry_count)?)
    .bind(stored.segment_sha256)
    .bind(stored.octets)
    .bind(stored.chunks)
    .execute(&mut **transaction)
    .await
    .during("removals are held")?;
    Ok(())
}

/// Rows of the history: each list with the segment of who left, if anybody did.
async fn remember(
    transaction: &mut Transaction<'static, Any>,
    lists: &[Entering<'_>],
    left: &[Option<Stored>],
) -> Result<(), StoreError> {
    let mut query = statement(format!(
        "INSERT INTO crl_history
             (generation, source, certification_authority, signer_key_id, scope_key, crl_number,
              this_update, next_update, crl_sha256, entry_count, replaced_this_update,
              departed, held, stored, segment_sha256, octets, chunks)
         VALUES {}",
        rows(lists.len(), 17)
    ));
    for (it, stored) in lists.iter().zip(left) {
        let facts = it.list.facts;
        let (count, are_held) = match it.list.departures {
            Departures::Unknown => (None, false),
            Departures::None => (Some(0), false),
            Departures::Known {
                departed, are_held, ..
            } => {
                let count = departed.map_or(0, |it| it.entry_count);
                (Some(to_bigint(count)?), are_held)
            }
        };
        let stored = stored.as_ref();
        query = query
            .bind(it.generation)
            .bind(facts.source.clone())
            .bind(facts.certification_authority.clone())
            .bind(facts.signer_key_id.clone())
            .bind(facts.scope_key.clone())
            .bind(crl_rows::pad_number(&facts.crl_number)?)
            .bind(facts.this_update)
            .bind(facts.next_update)
            .bind(facts.crl_sha256.to_vec())
            .bind(facts.entry_count)
            .bind(it.list.replaced_this_update)
            .bind(count)
            .bind(i64::from(are_held))
            .bind(stored.map(|it| it.number))
            .bind(stored.map(|it| it.segment_sha256.clone()))
            .bind(stored.map(|it| it.octets))
            .bind(stored.map(|it| it.chunks));
    }
    query
        .execute(&mut **transaction)
        .await
        .during("a list is remembered")?;
    Ok(())
}

/// Removes what need not be remembered any more of the scopes of lists.
async fn forget(
    transaction: &mut Transaction<'static, Any>,
    lists: &[Entering<'_>],
) -> Result<(), StoreError> {
    let during = "old lists are forgotten";
    let conditions: Vec<_> = (0..lists.len())
        .map(|list| {
            let (authority, scope, this_update) = (3 * list + 1, 3 * list + 2, 3 * list + 3);
            format!(
                "(certification_authority = ${authority} AND scope_key = ${scope}
                  AND this_update <= ${this_update})"
            )
        })
        .collect();
    let mut query = statement(format!(
        "DELETE FROM crl_history WHERE {} RETURNING stored",
        conditions.join(" OR ")
    ));
    for it in lists {
        query = query
            .bind(it.list.facts.certification_authority.clone())
            .bind(it.list.facts.scope_key.clone())
            .bind(it.list.keep_history_after);
    }
    let forgotten = query.fetch_all(&mut **transaction).await.during(during)?;
    for row in forgotten {
        let Some(stored) = row.bigint_or_null("stored")? else {
            continue;
        };
        sqlx::query("DELETE FROM crl_stored_chunk WHERE stored = $1")
            .bind(stored)
            .execute(&mut **transaction)
            .await
            .during(during)?;
    }
    Ok(())
}

/// What is held of a source goes.
pub(crate) async fn remove_held(
    transaction: &mut Transaction<'static, Any>,
    source: &str,
) -> Result<(), StoreError> {
    for statement in [
        "DELETE FROM crl_stored_chunk WHERE stored IN
             (SELECT stored FROM crl_held WHERE source = $1)",
        "DELETE FROM crl_held WHERE source = $1",
    ] {
        sqlx::query(statement)
            .bind(source.to_owned())
            .execute(&mut **transaction)
            .await
            .during("held removals are let go")?;
    }
    Ok(())
}

/// The columns of a segment that was written.
pub(crate) struct Stored {
    pub(crate) number: i64,
    pub(crate) segment_sha256: Vec<u8>,
    pub(crate) octets: i64,
    pub(crate) chunks: i64,
}

/// Writes a segment beside those in force, under a number that nothing else has.
pub(crate) async fn store(
    transaction: &mut Transaction<'static, Any>,
    number: i64,
    segment: &NewSegment<'_>,
) -> Result<Stored, StoreError> {
    let content = segment.segment;
    if content.len() as u64 > limits::SEGMENT_OCTETS {
        return Err(StoreError::Invalid {
            what: "a segment is longer than a reader takes",
        });
    }
    let chunks = content.chunks(limits::SEGMENT_CHUNK_OCTETS);
    let count = to_bigint(chunks.len() as u64)?;
    for (chunk, content) in (0_i64..).zip(chunks) {
        sqlx::query("INSERT INTO crl_stored_chunk (stored, chunk, content) VALUES ($1, $2, $3)")
            .bind(number)
            .bind(chunk)
            .bind(content)
            .execute(&mut **transaction)
            .await
            .during("a segment is stored")?;
    }
    Ok(Stored {
        number,
        segment_sha256: crl_rows::sha256(content).to_vec(),
        octets: to_bigint(content.len() as u64)?,
        chunks: count,
    })
}

pub(crate) async fn recent(
    database: &Database,
    source: &str,
    after: i64,
) -> Result<RecentDepartures, StoreError> {
    let row = sqlx::query(
        "SELECT CAST(COALESCE(SUM(departed), 0) AS BIGINT) AS departed,
                MIN(replaced_this_update) AS since
         FROM crl_history WHERE source = $1 AND this_update > $2 AND held = 0",
    )
    .bind(source.to_owned())
    .bind(after)
    .fetch_one(database.reader())
    .await
    .during("recent departures are read")?;
    Ok(RecentDepartures {
        departed: row.count("departed")?,
        since: row.bigint_or_null("since")?,
    })
}

pub(crate) async fn all_held(database: &Database) -> Result<Vec<CurrentSegment>, StoreError> {
    let rows = sqlx::query(concat!(
        "SELECT g.source AS source, ",
        current_columns!(),
        " FROM crl_segment g",
        current_joins!(),
        " WHERE h.stored IS NOT NULL ORDER BY g.source"
    ))
    .fetch_all(database.reader())
    .await
    .during("held removals are read")?;
    rows.iter()
        .map(|row| crl_rows::segment(row, row.text("source")?))
        .collect()
}

pub(crate) async fn accept(
    database: &Database,
    source: &str,
    crl_number: &[u8],
    decision: &RemovalDecision<'_>,
) -> Result<u64, AcceptError> {
    check_text(decision.decided_by)?;
    if decision.decided_by.is_empty() {
        let what = "a decision without the name of who decided";
        return Err(StoreError::Invalid { what }.into());
    }
    let mut transaction = database.begin_exclusive(LISTS_LOCK).await?;
    let current = crl_rows::current(&mut *transaction, source)
        .await?
        .ok_or(AcceptError::NoList)?;
    let held = current.held.ok_or(AcceptError::NothingHeld)?;
    if current.facts.crl_number != crl_number {
        let in_force = current.facts.crl_number;
        return Err(AcceptError::NumberMoved { in_force });
    }
    remove_held(&mut transaction, source).await?;
    let generation = next_generation(&mut transaction).await?;
    crl_rows::mark_changed(&mut transaction, source, generation).await?;
    sqlx::query(
        "INSERT INTO crl_decision
             (generation, source, certification_authority, crl_number, entry_count, decided_by,
              decided_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(generation)
    .bind(source.to_owned())
    .bind(current.facts.certification_authority)
    .bind(crl_rows::pad_number(crl_number)?)
    .bind(to_bigint(held.segment.entry_count)?)
    .bind(decision.decided_by.to_owned())
    .bind(decision.decided_at)
    .execute(&mut *transaction)
    .await
    .during("a decision is recorded")?;
    transaction.commit().await.during("removals are accepted")?;
    Ok(held.segment.entry_count)
}

pub(crate) async fn decisions(database: &Database) -> Result<Vec<AcceptedRemovals>, StoreError> {
    let rows = sqlx::query(
        "SELECT source, certification_authority, crl_number, entry_count, decided_by, decided_at
         FROM crl_decision ORDER BY generation",
    )
    .fetch_all(database.reader())
    .await
    .during("decisions are read")?;
    rows.iter()
        .map(|row| {
            Ok(AcceptedRemovals {
                source: row.text("source")?,
                certification_authority: row.text("certification_authority")?,
                crl_number: crl_rows::strip_number(&row.octets("crl_number")?),
                entry_count: row.count("entry_count")?,
                decided_by: row.text("decided_by")?,
                decided_at: row.bigint("decided_at")?,
            })
        })
        .collect()
}
