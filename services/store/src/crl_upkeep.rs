//! What is done about lists after they came into force, when nobody waits for it.

use sqlx::{Any, Transaction};
use tokio::sync::OwnedMutexGuard;

use crate::columns::{Columns as _, to_bigint};
use crate::crl_rows::LISTS_LOCK;
use crate::database::Database;
use crate::error::{During as _, StoreError};
use crate::limits;

/// Says that a transaction with so many octets of lists was committed. From time to time what it left is looked after, by
/// nobody who waits for a list to be in force.
pub(crate) fn committed(database: &Database, octets: usize) {
    if database.written(octets) {
        begin(database);
    }
}

/// Has what earlier transactions left looked after, and does not wait for it. What cannot be done now is done with the next
/// list.
pub(crate) fn begin(database: &Database) {
    // Taken now, so that whoever waits for it from now on does wait.
    let turn = database.settling().try_lock_owned();
    let after = database.clone();
    database.runtime().spawn(async move {
        match turn {
            Ok(turn) => settle_in_turn(&after, turn).await,
            Err(_) => settle(&after).await,
        }
    });
}

/// Removes the segments of lists that were replaced, and moves what was committed from SQLite's log into its file.
pub(crate) async fn settle(database: &Database) -> Result<(), StoreError> {
    let turn = database.settling().lock_owned().await;
    settle_in_turn(database, turn).await
}

async fn settle_in_turn(database: &Database, turn: OwnedMutexGuard<()>) -> Result<(), StoreError> {
    let removed = remove_replaced(database).await;
    let settled = database.settle().await;
    drop(turn);
    settled.and(removed)
}

/// Removes segments that are no list's in force any more. A large one is not removed when its list goes: SQLite has to read
/// what it removes, which takes about half as long as to write the next one. Whatever a program that was stopped has left
/// is among them.
async fn remove_replaced(database: &Database) -> Result<(), StoreError> {
    let rows = sqlx::query(
        "SELECT c.source AS source, c.generation AS generation
         FROM (SELECT DISTINCT source, generation FROM crl_segment_chunk) c
         LEFT JOIN crl_segment g ON g.source = c.source AND g.generation = c.generation
         WHERE g.source IS NULL",
    )
    .fetch_all(database.reader())
    .await;
    let rows = rows.during("replaced segments are looked for")?;
    for together in rows.chunks(limits::LISTS_TOGETHER) {
        // In turns with whoever puts lists in force: two that remove the same rows in another order would wait for each other.
        let mut transaction = database.begin_exclusive(LISTS_LOCK).await?;
        for row in together {
            remove_chunks(
                &mut transaction,
                row.text("source")?,
                row.count("generation")?,
            )
            .await?;
        }
        let during = "replaced segments are removed";
        transaction.commit().await.during(during)?;
    }
    Ok(())
}

async fn remove_chunks(
    transaction: &mut Transaction<'static, Any>,
    source: String,
    generation: u64,
) -> Result<(), StoreError> {
    // What is no list's never becomes one's: every list has a generation of its own.
    sqlx::query("DELETE FROM crl_segment_chunk WHERE source = $1 AND generation = $2")
        .bind(source)
        .bind(to_bigint(generation)?)
        .execute(&mut **transaction)
        .await
        .during("a replaced segment is removed")?;
    Ok(())
}
