//! Since when the public keys of ID tokens can be known, shared by every gateway of one issuer.

use sqlx::Row as _;

use super::InDatabase;
use crate::error::{During as _, StoreError};
use crate::gateway_state::PublishedKey;

impl InDatabase {
    pub(crate) async fn publish_key(
        &self,
        key_id: &str,
        jwk: &str,
        now: i64,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO published_key (key_id, jwk, published_at, held_at) VALUES ($1, $2, $3, $3) \
             ON CONFLICT (key_id) DO UPDATE SET held_at = $3 \
             WHERE published_key.jwk = $2 AND published_key.held_at < $3",
        )
        .bind(key_id)
        .bind(jwk)
        .bind(now)
        .execute(self.database.writer())
        .await
        .during("a signing key is being published")
        .map(|_| ())
    }

    pub(crate) async fn withdraw_key(&self, key_id: &str) -> Result<bool, StoreError> {
        self.step(
            sqlx::query("DELETE FROM published_key WHERE key_id = $1").bind(key_id),
            "a signing key is being withdrawn",
        )
        .await
    }

    pub(crate) async fn withdraw_keys_held_before(&self, before: i64) -> Result<u64, StoreError> {
        let done = sqlx::query("DELETE FROM published_key WHERE held_at < $1")
            .bind(before)
            .execute(self.database.writer())
            .await
            .during("old signing keys are being withdrawn")?;
        Ok(done.rows_affected())
    }

    pub(crate) async fn published_keys(&self) -> Result<Vec<PublishedKey>, StoreError> {
        const READING: &str = "a signing key is being read";
        let rows = sqlx::query(
            "SELECT key_id, jwk, published_at, held_at FROM published_key ORDER BY key_id LIMIT 1000",
        )
        .fetch_all(self.database.reader())
        .await
        .during(READING)?;
        rows.iter()
            .map(|row| {
                Ok(PublishedKey {
                    key_id: row.try_get(0).during(READING)?,
                    jwk: row.try_get(1).during(READING)?,
                    published_at: row.try_get(2).during(READING)?,
                    held_at: row.try_get(3).during(READING)?,
                })
            })
            .collect()
    }
}
