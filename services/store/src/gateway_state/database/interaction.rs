//! From the authorization request to the person's decision.

use sqlx::Any;
use sqlx::any::AnyArguments;
use sqlx::query::Query;

use super::InDatabase;
use super::row::{sign_in, sign_in_columns};
use crate::error::{During as _, StoreError};
use crate::gateway_state::{Acceptance, BrowserReturn, Consent, NewSignIn, SecretHash, SignIn};

impl InDatabase {
    pub(crate) async fn begin_sign_in(&self, new: &NewSignIn<'_>) -> Result<(), StoreError> {
        Self::insert_sign_in(new, self.database.writer()).await
    }

    pub(super) async fn insert_sign_in<'c>(
        new: &NewSignIn<'_>,
        executor: impl sqlx::Executor<'c, Database = Any>,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO sign_in (interaction_id, stage, client_id, redirect_uri, state, nonce, scope, code_challenge, \
             language, browser_hash, challenge_random, challenge_expires_at, refusal, authenticated_at, \
             sealed_identity, expires_at, pushed_request_hash, dpop_jkt, revocation_method, link_hash) \
             VALUES ($1, 'waiting', $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, '', 0, $10, $11, $12, $13, $14, $15)",
        )
        .bind(new.interaction_id.to_owned())
        .bind(new.client_id.to_owned())
        .bind(new.redirect_uri.to_owned())
        .bind(new.state.to_owned())
        .bind(new.nonce.to_owned())
        .bind(new.scope.to_owned())
        .bind(new.code_challenge.to_owned())
        .bind(new.language.to_owned())
        .bind(new.browser_hash.to_vec())
        .bind(Vec::<u8>::new())
        .bind(new.expires_at)
        .bind(new.pushed_request_hash.map(|hash| hash.to_vec()))
        .bind(new.dpop_jkt.to_owned())
        .bind(new.revocation_method.to_owned())
        .bind(new.link_hash.to_vec())
        .execute(executor)
        .await
        .during("a sign-in is being stored")
        .map(|_| ())
    }

    pub(crate) async fn sign_in(
        &self,
        interaction_id: &str,
        now: i64,
    ) -> Result<Option<SignIn>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            sign_in_columns!(),
            " FROM sign_in WHERE interaction_id = $1 AND expires_at > $2"
        ))
        .bind(interaction_id)
        .bind(now)
        .fetch_optional(self.database.reader())
        .await
        .during("a sign-in is being read")?;
        row.as_ref().map(sign_in).transpose()
    }

    pub(crate) async fn issue_challenge(
        &self,
        interaction_id: &str,
        opener: &SecretHash,
        random: &[u8; 32],
        challenge_expires_at: i64,
        now: i64,
    ) -> Result<Option<SignIn>, StoreError> {
        // The statement is also the answer when the challenge is still good: it then writes what is there.
        let row = sqlx::query(concat!(
            "UPDATE sign_in SET \
             challenge_random = CASE WHEN challenge_expires_at > $4 THEN challenge_random ELSE $2 END, \
             challenge_expires_at = CASE WHEN challenge_expires_at > $4 THEN challenge_expires_at ELSE $3 END \
             WHERE interaction_id = $1 AND stage = 'waiting' AND expires_at > $4 \
             AND (link_hash = $5 OR (card_hash = $5 AND other_device_until > $4)) RETURNING ",
            sign_in_columns!()
        ))
        .bind(interaction_id)
        .bind(random.as_slice())
        .bind(challenge_expires_at)
        .bind(now)
        .bind(opener.as_slice())
        .fetch_optional(self.database.writer())
        .await
        .during("a challenge is being issued")?;
        row.as_ref().map(sign_in).transpose()
    }

    pub(crate) async fn consume_challenge(
        &self,
        interaction_id: &str,
        opener: &SecretHash,
        now: i64,
    ) -> Result<Option<SignIn>, StoreError> {
        let row = sqlx::query(concat!(
            "UPDATE sign_in SET stage = 'verifying' \
             WHERE interaction_id = $1 AND stage = 'waiting' AND challenge_expires_at > $2 AND expires_at > $2 \
             AND (link_hash = $3 OR (card_hash = $3 AND other_device_until > $2)) RETURNING ",
            sign_in_columns!()
        ))
        .bind(interaction_id)
        .bind(now)
        .bind(opener.as_slice())
        .fetch_optional(self.database.writer())
        .await
        .during("a challenge is being spent")?;
        row.as_ref().map(sign_in).transpose()
    }

    pub(crate) async fn record_acceptance(
        &self,
        interaction_id: &str,
        acceptance: &Acceptance<'_>,
    ) -> Result<bool, StoreError> {
        self.step(
            sqlx::query(
                "UPDATE sign_in SET stage = 'verified', return_token_hash = $2, authenticated_at = $3, \
                 sealed_identity = $4 WHERE interaction_id = $1 AND stage = 'verifying'",
            )
            .bind(interaction_id)
            .bind(acceptance.return_token_hash.as_slice())
            .bind(acceptance.authenticated_at)
            .bind(acceptance.sealed_identity),
            "a verified sign-in is being stored",
        )
        .await
    }

    pub(crate) async fn record_refusal(
        &self,
        interaction_id: &str,
        return_token_hash: &SecretHash,
        refusal: &str,
    ) -> Result<bool, StoreError> {
        self.step(
            sqlx::query(
                "UPDATE sign_in SET stage = 'refused', return_token_hash = $2, refusal = $3 \
                 WHERE interaction_id = $1 AND stage = 'verifying'",
            )
            .bind(interaction_id)
            .bind(return_token_hash.as_slice())
            .bind(refusal),
            "a refused sign-in is being stored",
        )
        .await
    }

    pub(crate) async fn return_to_browser(
        &self,
        interaction_id: &str,
        back: &BrowserReturn<'_>,
        now: i64,
    ) -> Result<bool, StoreError> {
        self.step(
            sqlx::query(
                "UPDATE sign_in SET stage = CASE stage WHEN 'verified' THEN 'consent' ELSE 'refusal_shown' END, \
                 return_token_hash = NULL, browser_hash = $4, sealed_identity = $5 \
                 WHERE interaction_id = $1 AND stage IN ('verified', 'refused') AND return_token_hash = $2 \
                 AND browser_hash = $3 AND expires_at > $6",
            )
            .bind(interaction_id)
            .bind(back.return_token_hash.as_slice())
            .bind(back.browser_hash.as_slice())
            .bind(back.next_browser_hash.as_slice())
            .bind(back.sealed_identity)
            .bind(now),
            "a browser comes back",
        )
        .await
    }

    pub(crate) async fn record_consent(
        &self,
        interaction_id: &str,
        consent: &Consent<'_>,
        now: i64,
    ) -> Result<bool, StoreError> {
        self.step(
            sqlx::query(
                "UPDATE sign_in SET stage = 'code_issued', code_hash = $3, sealed_identity = $4, expires_at = $5, \
                 challenge_random = $7 \
                 WHERE interaction_id = $1 AND stage = 'consent' AND browser_hash = $2 AND expires_at > $6",
            )
            .bind(interaction_id)
            .bind(consent.browser_hash.as_slice())
            .bind(consent.code_hash.as_slice())
            .bind(consent.sealed_identity)
            .bind(consent.code_expires_at)
            .bind(now)
            .bind([].as_slice()),
            "consent is being stored",
        )
        .await
    }

    pub(crate) async fn record_denial(
        &self,
        interaction_id: &str,
        browser_hash: &SecretHash,
        now: i64,
    ) -> Result<bool, StoreError> {
        self.step(
            sqlx::query(
                "UPDATE sign_in SET stage = 'denied', sealed_identity = $4, return_token_hash = NULL \
                 WHERE interaction_id = $1 AND browser_hash = $2 AND expires_at > $3 \
                 AND stage IN ('waiting', 'verifying', 'verified', 'refused', 'consent', 'refusal_shown')",
            )
            .bind(interaction_id)
            .bind(browser_hash.as_slice())
            .bind(now)
            .bind([].as_slice()),
            "a denial is being stored",
        )
        .await
    }

    /// Runs one step; `true` if this caller made it.
    pub(super) async fn step(
        &self,
        statement: Query<'_, Any, AnyArguments>,
        during: &'static str,
    ) -> Result<bool, StoreError> {
        self.steps.make(statement, during).await
    }
}
