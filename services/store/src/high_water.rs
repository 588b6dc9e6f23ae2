//! The highest numbers ever accepted, which never fall (RFC 5280 section 5.2.3).

use std::collections::BTreeSet;

use sqlx::{Any, Executor, Transaction};

use crate::columns::Columns as _;
use crate::crl::{ApplyError, HighWater};
use crate::crl_rows;
use crate::error::{During as _, StoreError};
use crate::several::{rows, statement};

/// The statements on one of the two tables of highest numbers.
pub(crate) struct Table {
    /// Before and behind the rows.
    raise: (&'static str, &'static str),
    read: &'static str,
}

macro_rules! table {
    ($name:literal) => {
        Table {
            raise: (
                concat!(
                    "INSERT INTO ",
                    $name,
                    " (signer_key_id, scope_key, crl_number, this_update, crl_sha256,
                         identified) VALUES "
                ),
                concat!(
                    " ON CONFLICT (signer_key_id, scope_key) DO UPDATE SET
                         crl_number = excluded.crl_number, this_update = excluded.this_update,
                         crl_sha256 = excluded.crl_sha256, identified = 1
                     WHERE (",
                    $name,
                    ".crl_number < excluded.crl_number AND ",
                    $name,
                    ".this_update <= excluded.this_update) OR (",
                    $name,
                    ".crl_number = excluded.crl_number AND ",
                    $name,
                    ".this_update <= excluded.this_update AND (",
                    $name,
                    ".identified = 0 OR ",
                    $name,
                    ".crl_sha256 = excluded.crl_sha256))
                     RETURNING signer_key_id, scope_key"
                ),
            ),
            read: concat!(
                "SELECT crl_number, this_update, crl_sha256, identified FROM ",
                $name,
                " WHERE signer_key_id = $1 AND scope_key = $2"
            ),
        }
    };
}

/// Of complete lists.
pub(crate) const LISTS: Table = table!("crl_high_water");
/// Of delta lists.
pub(crate) const DELTAS: Table = table!("crl_delta_high_water");

/// The highest number accepted from a signer for a scope.
pub(crate) async fn read<'e>(
    executor: impl Executor<'e, Database = Any>,
    table: &Table,
    (signer_key_id, scope_key): (&[u8], &[u8]),
) -> Result<Option<HighWater>, StoreError> {
    let row = sqlx::query(table.read)
        .bind(signer_key_id.to_vec())
        .bind(scope_key.to_vec())
        .fetch_optional(executor)
        .await
        .during("the highest number is read")?;
    row.map(|row| crl_rows::high_water(&row)).transpose()
}

/// A number that is to become the highest of a signer for a scope.
#[derive(Clone, Copy)]
pub(crate) struct Rise<'a> {
    /// The signer's key identifier and the scope.
    pub(crate) key: (&'a [u8], &'a [u8]),
    /// The number.
    pub(crate) number: &'a HighWater,
}

/// Lets the highest number of a signer for a scope rise, or says why this list may not follow it.
pub(crate) async fn raise_high_water(
    transaction: &mut Transaction<'static, Any>,
    table: &Table,
    rise: Rise<'_>,
) -> Result<(), ApplyError> {
    let raised = raise_each(transaction, table, &[rise]).await?;
    raised.into_iter().collect()
}

/// The same of several, no two of one signer and scope. The comparison and the change are one statement: of a number that
/// may not follow nothing is left. The very list that has the highest number may come again.
pub(crate) async fn raise_each(
    transaction: &mut Transaction<'static, Any>,
    table: &Table,
    rises: &[Rise<'_>],
) -> Result<Vec<Result<(), ApplyError>>, StoreError> {
    let during = "the highest number is raised";
    if rises.is_empty() {
        return Ok(Vec::new());
    }
    let (before, behind) = table.raise;
    let mut query = statement(format!("{before}{}{behind}", rows(rises.len(), 6)));
    for Rise { key, number } in rises {
        query = query
            .bind(key.0.to_vec())
            .bind(key.1.to_vec())
            .bind(crl_rows::pad_number(&number.crl_number)?)
            .bind(number.this_update)
            .bind(number.crl_sha256.to_vec())
            .bind(1_i64);
    }
    let raised = query.fetch_all(&mut **transaction).await.during(during)?;
    let raised: Result<BTreeSet<_>, StoreError> = raised
        .iter()
        .map(|row| Ok((row.octets("signer_key_id")?, row.octets("scope_key")?)))
        .collect();
    let raised = raised?;
    let mut outcomes = Vec::with_capacity(rises.len());
    for rise in rises {
        let key = (rise.key.0.to_vec(), rise.key.1.to_vec());
        outcomes.push(if raised.contains(&key) {
            Ok(())
        } else {
            Err(in_the_way(transaction, table, *rise).await?)
        });
    }
    Ok(outcomes)
}

/// Why a number may not follow the highest one.
async fn in_the_way(
    transaction: &mut Transaction<'static, Any>,
    table: &Table,
    Rise { key, number }: Rise<'_>,
) -> Result<ApplyError, StoreError> {
    let highest = read(&mut **transaction, table, key)
        .await?
        .ok_or(StoreError::Inconsistent {
            what: "a highest number that stands in the way is not there",
        })?;
    if crl_rows::pad_number(&number.crl_number)? > crl_rows::pad_number(&highest.crl_number)? {
        return Ok(ApplyError::ThisUpdateFalling {
            offered: number.this_update,
            newest: highest.this_update,
        });
    }
    Ok(ApplyError::NumberNotRising {
        offered: number.crl_number.clone(),
        highest: highest.crl_number,
    })
}

#[cfg(test)]
mod tests {
    use super::{DELTAS, LISTS, Rise, Table, raise_high_water, read};
    use crate::crl::HighWater;
    use crate::database::Database;
    use crate::database_url::DatabaseUrl;
    use crate::migrations::Part;

    const KEY: (&[u8], &[u8]) = (b"signer", b"");

    async fn raise(database: &Database, table: &Table, number: u8, identity: u8) -> bool {
        let number = HighWater {
            crl_number: vec![number],
            this_update: number.into(),
            crl_sha256: [identity; 32],
        };
        let mut transaction = database.begin_write().await.unwrap();
        let rise = Rise {
            key: KEY,
            number: &number,
        };
        let raised = raise_high_water(&mut transaction, table, rise).await;
        transaction.commit().await.unwrap();
        raised.is_ok()
    }

    #[tokio::test]
    async fn a_list_that_an_earlier_version_stored_counts_by_its_number_alone() {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::sqlite(&folder.path().join("crl.db")).unwrap();
        let database = Database::open(&url, Part::Crl).await.unwrap();
        for (table, name) in [
            (&LISTS, "crl_high_water"),
            (&DELTAS, "crl_delta_high_water"),
        ] {
            assert!(raise(&database, table, 5, 1).await);
            assert!(!raise(&database, table, 5, 2).await);
            let before = read(database.reader(), table, KEY).await.unwrap().unwrap();
            assert!(before.is_known_to_differ_from(&[2; 32]));
            let older = sqlx::AssertSqlSafe(format!("UPDATE {name} SET identified = 0"));
            let older = sqlx::query(older).execute(database.writer()).await.unwrap();
            assert_eq!(older.rows_affected(), 1);
            let before = read(database.reader(), table, KEY).await.unwrap().unwrap();
            assert!(!before.is_known_to_differ_from(&[2; 32]));
            // It may come again once, and from then on it is known.
            assert!(!raise(&database, table, 4, 2).await);
            assert!(raise(&database, table, 5, 2).await);
            assert!(!raise(&database, table, 5, 3).await);
        }
        database.close().await;
    }
}
