//! Codes, access tokens and client assertions.

use super::InDatabase;
use super::row::{sign_in, sign_in_columns};
use crate::error::{During as _, StoreError};
use crate::gateway_state::{Redemption, SecretHash, SignIn};

impl InDatabase {
    pub(crate) async fn by_code(
        &self,
        code_hash: &SecretHash,
    ) -> Result<Option<SignIn>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            sign_in_columns!(),
            " FROM sign_in WHERE code_hash = $1"
        ))
        .bind(code_hash.as_slice())
        .fetch_optional(self.database.reader())
        .await
        .during("a code is being read")?;
        row.as_ref().map(sign_in).transpose()
    }

    pub(crate) async fn redeem_code(
        &self,
        redemption: &Redemption<'_>,
        now: i64,
    ) -> Result<bool, StoreError> {
        self.step(
            sqlx::query(
                "UPDATE sign_in SET stage = 'redeemed', access_token_hash = $5, sealed_identity = $6, \
                 expires_at = $7, dpop_jkt = $9 WHERE code_hash = $1 AND stage = 'code_issued' AND client_id = $2 \
                 AND redirect_uri = $3 AND code_challenge = $4 AND dpop_jkt IN ('', $9) AND expires_at > $8",
            )
            .bind(redemption.code_hash.as_slice())
            .bind(redemption.client_id)
            .bind(redemption.redirect_uri)
            .bind(redemption.code_challenge)
            .bind(redemption.access_token_hash.as_slice())
            .bind(redemption.sealed_identity)
            .bind(redemption.access_token_expires_at)
            .bind(now)
            .bind(redemption.dpop_jkt),
            "a code is being redeemed",
        )
        .await
    }

    pub(crate) async fn revoke_redeemed_code(
        &self,
        code_hash: &SecretHash,
        client_id: &str,
    ) -> Result<bool, StoreError> {
        self.step(
            sqlx::query(
                "UPDATE sign_in SET stage = 'revoked', access_token_hash = NULL, sealed_identity = $3 \
                 WHERE code_hash = $1 AND client_id = $2 AND stage = 'redeemed'",
            )
            .bind(code_hash.as_slice())
            .bind(client_id)
            .bind([].as_slice()),
            "a code's token is being revoked",
        )
        .await
    }

    pub(crate) async fn by_access_token(
        &self,
        access_token_hash: &SecretHash,
        now: i64,
    ) -> Result<Option<SignIn>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            sign_in_columns!(),
            " FROM sign_in WHERE access_token_hash = $1 AND stage = 'redeemed' AND expires_at > $2"
        ))
        .bind(access_token_hash.as_slice())
        .bind(now)
        .fetch_optional(self.database.reader())
        .await
        .during("an access token is being read")?;
        row.as_ref().map(sign_in).transpose()
    }

    pub(crate) async fn revoke_access_token(
        &self,
        access_token_hash: &SecretHash,
        client_id: &str,
    ) -> Result<bool, StoreError> {
        self.step(
            sqlx::query(
                "UPDATE sign_in SET stage = 'revoked', access_token_hash = NULL, sealed_identity = $3 \
                 WHERE access_token_hash = $1 AND client_id = $2 AND stage = 'redeemed'",
            )
            .bind(access_token_hash.as_slice())
            .bind(client_id)
            .bind([].as_slice()),
            "an access token is being revoked",
        )
        .await
    }

    pub(crate) async fn use_assertion(
        &self,
        client_id: &str,
        assertion_hash: &SecretHash,
        expires_at: i64,
    ) -> Result<bool, StoreError> {
        self.step(
            sqlx::query(
                "INSERT INTO assertion_id (assertion_hash, client_id, expires_at) VALUES ($1, $2, $3) \
                 ON CONFLICT (assertion_hash) DO NOTHING",
            )
            .bind(assertion_hash.as_slice())
            .bind(client_id)
            .bind(expires_at),
            "an assertion is being used up",
        )
        .await
    }
}
