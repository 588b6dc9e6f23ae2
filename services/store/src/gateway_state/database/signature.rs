//! Signatures: the tokens that open a transaction, the transaction, and its result.

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::InDatabase;
use crate::error::{During as _, StoreError};
use crate::gateway_state::{
    Acceptance, Fetched, NewSignIn, NewSignatureTransaction, SecretHash, SignatureResult,
    SignatureTransaction, SigningToken,
};

impl InDatabase {
    pub(crate) async fn store_signing_token(
        &self,
        token_hash: &SecretHash,
        client_id: &str,
        dpop_jkt: &str,
        expires_at: i64,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO signing_token (token_hash, client_id, dpop_jkt, expires_at) VALUES ($1, $2, $3, $4)",
        )
        .bind(token_hash.as_slice())
        .bind(client_id)
        .bind(dpop_jkt)
        .bind(expires_at)
        .execute(self.database.writer())
        .await
        .during("a signing token is being stored")
        .map(|_| ())
    }

    pub(crate) async fn signing_token(
        &self,
        token_hash: &SecretHash,
        now: i64,
    ) -> Result<Option<SigningToken>, StoreError> {
        let row = sqlx::query(
            "SELECT client_id, dpop_jkt FROM signing_token WHERE token_hash = $1 AND expires_at > $2",
        )
        .bind(token_hash.as_slice())
        .bind(now)
        .fetch_optional(self.database.reader())
        .await
        .during("a signing token is being read")?;
        let read = |row: AnyRow| {
            Ok(SigningToken {
                client_id: row.try_get(0).during("a signing token is being read")?,
                dpop_jkt: row.try_get(1).during("a signing token is being read")?,
            })
        };
        row.map(read).transpose()
    }

    pub(crate) async fn revoke_signing_token(
        &self,
        token_hash: &SecretHash,
        client_id: &str,
    ) -> Result<bool, StoreError> {
        self.step(
            sqlx::query("DELETE FROM signing_token WHERE token_hash = $1 AND client_id = $2")
                .bind(token_hash.as_slice())
                .bind(client_id),
            "a signing token is being revoked",
        )
        .await
    }

    pub(crate) async fn open_signature(
        &self,
        new: &NewSignatureTransaction<'_>,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO signature_transaction (transaction_id, client_id, stage, to_sign, result, \
             certificate_commitment, fetches_left, expires_at) VALUES ($1, $2, 'open', $3, '', $4, 0, $5)",
        )
        .bind(new.transaction_id)
        .bind(new.client_id)
        .bind(new.to_sign)
        .bind([].as_slice())
        .bind(new.expires_at)
        .execute(self.database.writer())
        .await
        .during("a signature transaction is being stored")
        .map(|_| ())
    }

    pub(crate) async fn begin_signature_sign_in(
        &self,
        new: &NewSignIn<'_>,
        transaction_id: &str,
        now: i64,
    ) -> Result<bool, StoreError> {
        let during = "a signature transaction is being used";
        let mut transaction = self.database.begin_write().await?;
        let used = sqlx::query(
            "UPDATE signature_transaction SET stage = 'used', interaction_id = $3, expires_at = $4 \
             WHERE transaction_id = $1 AND client_id = $2 AND stage = 'open' AND expires_at > $5",
        )
        .bind(transaction_id.to_owned())
        .bind(new.client_id.to_owned())
        .bind(new.interaction_id.to_owned())
        .bind(new.expires_at)
        .bind(now)
        .execute(&mut *transaction)
        .await
        .during(during)?;
        if used.rows_affected() != 1 {
            return Ok(false);
        }
        Self::insert_sign_in(new, &mut *transaction).await?;
        transaction.commit().await.during(during)?;
        Ok(true)
    }

    pub(crate) async fn signature_of(
        &self,
        interaction_id: &str,
    ) -> Result<Option<SignatureTransaction>, StoreError> {
        let row = sqlx::query(
            "SELECT transaction_id, to_sign FROM signature_transaction \
             WHERE interaction_id = $1 AND stage = 'used'",
        )
        .bind(interaction_id)
        .fetch_optional(self.database.reader())
        .await
        .during(READING)?;
        row.as_ref().map(signature_transaction).transpose()
    }

    pub(crate) async fn record_acceptance_with_signature(
        &self,
        interaction_id: &str,
        acceptance: &Acceptance<'_>,
        result: &SignatureResult<'_>,
    ) -> Result<bool, StoreError> {
        let during = "a signature is being stored";
        let mut transaction = self.database.begin_write().await?;
        let verified = sqlx::query(
            "UPDATE sign_in SET stage = 'verified', return_token_hash = $2, authenticated_at = $3, \
             sealed_identity = $4 WHERE interaction_id = $1 AND stage = 'verifying'",
        )
        .bind(interaction_id.to_owned())
        .bind(acceptance.return_token_hash.to_vec())
        .bind(acceptance.authenticated_at)
        .bind(acceptance.sealed_identity.to_vec())
        .execute(&mut *transaction)
        .await
        .during(during)?;
        let signed = sqlx::query(
            "UPDATE signature_transaction SET stage = 'signed', result = $2, certificate_commitment = $3, \
             fetches_left = $4, expires_at = $5 WHERE interaction_id = $1 AND stage = 'used'",
        )
        .bind(interaction_id.to_owned())
        .bind(result.encrypted.to_owned())
        .bind(result.certificate_commitment.to_vec())
        .bind(result.fetches)
        .bind(result.expires_at)
        .execute(&mut *transaction)
        .await
        .during(during)?;
        if (verified.rows_affected(), signed.rows_affected()) != (1, 1) {
            return Ok(false);
        }
        transaction.commit().await.during(during)?;
        Ok(true)
    }

    pub(crate) async fn erase_signature(&self, interaction_id: &str) -> Result<bool, StoreError> {
        self.step(
            sqlx::query("DELETE FROM signature_transaction WHERE interaction_id = $1")
                .bind(interaction_id),
            "a signature is being erased",
        )
        .await
    }

    pub(crate) async fn fetch_signature(
        &self,
        transaction_id: &str,
        interaction_id: &str,
        now: i64,
    ) -> Result<Fetched, StoreError> {
        // The result is read and counted by one statement: of any number of requests, no more get it than may.
        let row = sqlx::query(
            "UPDATE signature_transaction SET fetches_left = fetches_left - 1 \
             WHERE transaction_id = $1 AND interaction_id = $2 AND stage = 'signed' AND fetches_left > 0 \
             AND expires_at > $3 RETURNING result, fetches_left",
        )
        .bind(transaction_id)
        .bind(interaction_id)
        .bind(now)
        .fetch_optional(self.database.writer())
        .await
        .during(READING)?;
        let Some(row) = row else {
            return self
                .was_fetched(transaction_id, interaction_id, now)
                .await
                .map(|was_fetched| {
                    if was_fetched {
                        Fetched::Erased
                    } else {
                        Fetched::Unknown
                    }
                });
        };
        let fetches_left: i64 = row.try_get("fetches_left").during(READING)?;
        if fetches_left == 0 {
            self.step(
                sqlx::query(
                    "UPDATE signature_transaction SET result = '' \
                     WHERE transaction_id = $1 AND fetches_left = 0",
                )
                .bind(transaction_id),
                "a fetched signature is being erased",
            )
            .await?;
        }
        Ok(Fetched::Result {
            encrypted: row.try_get("result").during(READING)?,
            fetches_left,
        })
    }

    async fn was_fetched(
        &self,
        transaction_id: &str,
        interaction_id: &str,
        now: i64,
    ) -> Result<bool, StoreError> {
        let commitment = self
            .certificate_commitment(transaction_id, interaction_id, now)
            .await?;
        Ok(commitment.is_some())
    }

    pub(crate) async fn certificate_commitment(
        &self,
        transaction_id: &str,
        interaction_id: &str,
        now: i64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let row = sqlx::query(
            "SELECT certificate_commitment FROM signature_transaction \
             WHERE transaction_id = $1 AND interaction_id = $2 AND stage = 'signed' AND expires_at > $3",
        )
        .bind(transaction_id)
        .bind(interaction_id)
        .bind(now)
        .fetch_optional(self.database.reader())
        .await
        .during(READING)?;
        row.map(|row| row.try_get(0).during(READING)).transpose()
    }
}

fn signature_transaction(row: &AnyRow) -> Result<SignatureTransaction, StoreError> {
    Ok(SignatureTransaction {
        transaction_id: row.try_get("transaction_id").during(READING)?,
        to_sign: row.try_get("to_sign").during(READING)?,
    })
}

const READING: &str = "a signature transaction is being read";
