//! The highest numbers ever accepted, which never fall (RFC 5280 section 5.2.3).

use sqlx::{Any, Executor, Transaction};

use crate::crl::{ApplyError, HighWater};
use crate::crl_rows;
use crate::error::{During as _, StoreError};

/// The statements on one of the two tables of highest numbers.
pub(crate) struct Table {
    raise: &'static str,
    read: &'static str,
}

macro_rules! table {
    ($name:literal) => {
        Table {
            raise: concat!(
                "INSERT INTO ",
                $name,
                " (signer_key_id, scope_key, crl_number, this_update, crl_sha256,
                     identified)
                 VALUES ($1, $2, $3, $4, $5, 1)
                 ON CONFLICT (signer_key_id, scope_key) DO UPDATE SET
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
                ".crl_sha256 = excluded.crl_sha256))"
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

/// Lets the highest number of a signer for a scope rise, or says why this list may not follow it. The comparison and the
/// change are one statement. The very list that has the highest number may come again.
pub(crate) async fn raise_high_water(
    transaction: &mut Transaction<'static, Any>,
    table: &Table,
    (signer_key_id, scope_key): (&[u8], &[u8]),
    number: &HighWater,
) -> Result<(), ApplyError> {
    let raised = sqlx::query(table.raise)
        .bind(signer_key_id.to_vec())
        .bind(scope_key.to_vec())
        .bind(crl_rows::pad_number(&number.crl_number)?)
        .bind(number.this_update)
        .bind(number.crl_sha256.to_vec())
        .execute(&mut **transaction)
        .await
        .during("the highest number is raised")?;
    if raised.rows_affected() == 1 {
        return Ok(());
    }
    let highest = read(&mut **transaction, table, (signer_key_id, scope_key))
        .await?
        .ok_or(StoreError::Inconsistent {
            what: "a highest number that stands in the way is not there",
        })?;
    if crl_rows::pad_number(&number.crl_number)? > crl_rows::pad_number(&highest.crl_number)? {
        return Err(ApplyError::ThisUpdateFalling {
            offered: number.this_update,
            newest: highest.this_update,
        });
    }
    Err(ApplyError::NumberNotRising {
        offered: number.crl_number.clone(),
        highest: highest.crl_number,
    })
}

#[cfg(test)]
mod tests {
    use super::{DELTAS, LISTS, Table, raise_high_water, read};
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
        let raised = raise_high_water(&mut transaction, table, KEY, &number).await;
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
