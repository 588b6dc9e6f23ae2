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
                " (signer_key_id, scope_key, crl_number, this_update, crl_sha256)
                 VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (signer_key_id, scope_key) DO UPDATE SET
                     crl_number = excluded.crl_number, this_update = excluded.this_update,
                     crl_sha256 = excluded.crl_sha256
                 WHERE (",
                $name,
                ".crl_number < excluded.crl_number AND ",
                $name,
                ".this_update <= excluded.this_update) OR (",
                $name,
                ".crl_number = excluded.crl_number AND ",
                $name,
                ".crl_sha256 = excluded.crl_sha256)"
            ),
            read: concat!(
                "SELECT crl_number, this_update, crl_sha256 FROM ",
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
