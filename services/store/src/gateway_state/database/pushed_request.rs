//! Authorization requests that clients pushed (RFC 9126).

use sqlx::Row as _;

use super::InDatabase;
use crate::error::{During as _, StoreError};
use crate::gateway_state::{NewPushedRequest, PushedRequest, SecretHash};

impl InDatabase {
    pub(crate) async fn push_request(&self, new: &NewPushedRequest<'_>) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO pushed_request (request_uri_hash, client_id, parameters, dpop_jkt, answered_by, expires_at, \
             kept_until) VALUES ($1, $2, $3, $4, '', $5, $6)",
        )
        .bind(new.request_uri_hash.as_slice())
        .bind(new.client_id)
        .bind(new.parameters)
        .bind(new.dpop_jkt)
        .bind(new.expires_at)
        .bind(new.kept_until)
        .execute(self.database.writer())
        .await
        .during("a pushed request is being stored")
        .map(|_| ())
    }

    pub(crate) async fn pushed_request(
        &self,
        request_uri_hash: &SecretHash,
        client_id: &str,
        now: i64,
    ) -> Result<Option<PushedRequest>, StoreError> {
        let row = sqlx::query(
            "SELECT parameters, dpop_jkt FROM pushed_request \
             WHERE request_uri_hash = $1 AND client_id = $2 AND answered_by = '' AND expires_at > $3",
        )
        .bind(request_uri_hash.as_slice())
        .bind(client_id)
        .bind(now)
        .fetch_optional(self.database.reader())
        .await
        .during(READING)?;
        row.map(|row| {
            Ok(PushedRequest {
                parameters: row.try_get("parameters").during(READING)?,
                dpop_jkt: row.try_get("dpop_jkt").during(READING)?,
            })
        })
        .transpose()
    }

    pub(crate) async fn answer_pushed_request(
        &self,
        request_uri_hash: &[u8],
        interaction_id: &str,
    ) -> Result<bool, StoreError> {
        self.step(
            sqlx::query(
                "UPDATE pushed_request SET answered_by = $2 \
                 WHERE request_uri_hash = $1 AND answered_by IN ('', $2)",
            )
            .bind(request_uri_hash)
            .bind(interaction_id),
            "a pushed request is being answered",
        )
        .await
    }
}

const READING: &str = "a pushed request is being read";
