//! Sweeping what has ended, and counting what is there.

use std::collections::BTreeMap;

use sqlx::Row as _;

use super::{GatewayState, Occupancy};
use crate::error::{During as _, StoreError};

impl GatewayState {
    /// Removes at most `limit` sign-ins, used assertions, signature transactions and their tokens each that ended before `before`, and says how many in
    /// all. Nothing that has not ended is ever removed.
    pub async fn sweep(&self, before: i64, limit: i64) -> Result<u64, StoreError> {
        let sign_ins = sqlx::query(
            "DELETE FROM sign_in WHERE interaction_id IN \
             (SELECT interaction_id FROM sign_in WHERE expires_at < $1 LIMIT $2) AND expires_at < $1",
        )
        .bind(before)
        .bind(limit)
        .execute(self.database.writer())
        .await
        .during("ended sign-ins are being removed")?;
        let assertions = sqlx::query(
            "DELETE FROM assertion_id WHERE assertion_hash IN \
             (SELECT assertion_hash FROM assertion_id WHERE expires_at < $1 LIMIT $2)",
        )
        .bind(before)
        .bind(limit)
        .execute(self.database.writer())
        .await
        .during("ended assertions are being removed")?;
        let signatures = self.sweep_signatures(before, limit).await?;
        Ok(sign_ins.rows_affected() + assertions.rows_affected() + signatures)
    }

    /// How many rows each client has stored, for the limits per client.
    pub async fn occupancy(&self) -> Result<Vec<Occupancy>, StoreError> {
        let mut clients: BTreeMap<String, Occupancy> = BTreeMap::new();
        let rows = sqlx::query(
            "SELECT client_id, COUNT(*) AS sign_ins, 0 AS assertion_ids, 0 AS signatures FROM sign_in \
             GROUP BY client_id \
             UNION ALL \
             SELECT client_id, 0 AS sign_ins, COUNT(*) AS assertion_ids, 0 AS signatures FROM assertion_id \
             GROUP BY client_id \
             UNION ALL \
             SELECT client_id, 0 AS sign_ins, 0 AS assertion_ids, COUNT(*) AS signatures FROM signature_transaction \
             GROUP BY client_id \
             UNION ALL \
             SELECT client_id, 0 AS sign_ins, 0 AS assertion_ids, COUNT(*) AS signatures FROM signing_token \
             GROUP BY client_id",
        )
        .fetch_all(self.database.reader())
        .await
        .during("a client's rows are being counted")?;
        for row in rows {
            let client_id: String = row.try_get(0).during("a count is being read")?;
            let sign_ins: i64 = row.try_get(1).during("a count is being read")?;
            let assertion_ids: i64 = row.try_get(2).during("a count is being read")?;
            let signatures: i64 = row.try_get(3).during("a count is being read")?;
            let client = clients.entry(client_id.clone()).or_insert(Occupancy {
                client_id,
                sign_ins: 0,
                assertion_ids: 0,
                signatures: 0,
            });
            client.sign_ins += sign_ins.unsigned_abs();
            client.assertion_ids += assertion_ids.unsigned_abs();
            client.signatures += signatures.unsigned_abs();
        }
        Ok(clients.into_values().collect())
    }
}
