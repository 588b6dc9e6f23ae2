//! Sweeping what has ended, and counting what is there.

use std::collections::BTreeMap;

use sqlx::Row as _;

use super::InDatabase;
use crate::error::{During as _, StoreError};
use crate::gateway_state::Occupancy;

/// Of each table, what ended before `$1`, at most `$2` rows. A sign-in's end may move on in between.
const SWEEPS: [&str; 5] = [
    "DELETE FROM sign_in WHERE interaction_id IN \
     (SELECT interaction_id FROM sign_in WHERE expires_at < $1 LIMIT $2) AND expires_at < $1",
    "DELETE FROM assertion_id WHERE assertion_hash IN \
     (SELECT assertion_hash FROM assertion_id WHERE expires_at < $1 LIMIT $2)",
    "DELETE FROM pushed_request WHERE request_uri_hash IN \
     (SELECT request_uri_hash FROM pushed_request WHERE kept_until < $1 LIMIT $2)",
    "DELETE FROM signature_transaction WHERE transaction_id IN \
     (SELECT transaction_id FROM signature_transaction WHERE expires_at < $1 LIMIT $2) AND expires_at < $1",
    "DELETE FROM signing_token WHERE token_hash IN \
     (SELECT token_hash FROM signing_token WHERE expires_at < $1 LIMIT $2)",
];

impl InDatabase {
    pub(crate) async fn sweep(&self, before: i64, limit: i64) -> Result<u64, StoreError> {
        let mut removed = 0;
        for statement in SWEEPS {
            let swept = sqlx::query(statement).bind(before).bind(limit);
            let swept = swept.execute(self.database.writer()).await;
            removed += swept
                .during("what has ended is being removed")?
                .rows_affected();
        }
        Ok(removed)
    }

    pub(crate) async fn empty_log(&self) -> Result<(), StoreError> {
        let emptied = self
            .database
            .dialect()
            .empty_log(self.database.writer())
            .await;
        emptied.during("the log is being emptied")
    }

    pub(crate) async fn occupancy(&self) -> Result<Vec<Occupancy>, StoreError> {
        let mut clients: BTreeMap<String, Occupancy> = BTreeMap::new();
        let rows = sqlx::query(
            "SELECT client_id, 'sign_in', COUNT(*) FROM sign_in GROUP BY client_id \
             UNION ALL SELECT client_id, 'assertion_id', COUNT(*) FROM assertion_id GROUP BY client_id \
             UNION ALL SELECT client_id, 'pushed_request', COUNT(*) FROM pushed_request GROUP BY client_id \
             UNION ALL SELECT client_id, 'signature_transaction', COUNT(*) FROM signature_transaction GROUP BY client_id \
             UNION ALL SELECT client_id, 'signing_token', COUNT(*) FROM signing_token GROUP BY client_id",
        )
        .fetch_all(self.database.reader())
        .await
        .during("a client's rows are being counted")?;
        for row in rows {
            let client_id: String = row.try_get(0).during("a count is being read")?;
            let table: String = row.try_get(1).during("a count is being read")?;
            let count: i64 = row.try_get(2).during("a count is being read")?;
            let client = clients
                .entry(client_id.clone())
                .or_insert_with(|| Occupancy::none(client_id));
            let counted = match &*table {
                "sign_in" => &mut client.sign_ins,
                "assertion_id" => &mut client.assertion_ids,
                "pushed_request" => &mut client.pushed_requests,
                _ => &mut client.signatures,
            };
            *counted += count.unsigned_abs();
        }
        Ok(clients.into_values().collect())
    }
}
