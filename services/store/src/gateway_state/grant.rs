//! Codes, access tokens and client assertions.

use super::{GatewayState, Redemption, SecretHash, SignIn, of_keeper};
use crate::error::StoreError;

impl GatewayState {
    /// The sign-in of a code, used or not, ended or not.
    pub async fn by_code(&self, code_hash: &SecretHash) -> Result<Option<SignIn>, StoreError> {
        of_keeper!(self, by_code(code_hash))
    }

    /// Exchanges a code for an access token. Of any number of redemptions one succeeds, and a redemption that does not
    /// fit (another client, address, verifier or key) spends nothing.
    pub async fn redeem_code(
        &self,
        redemption: &Redemption<'_>,
        now: i64,
    ) -> Result<bool, StoreError> {
        of_keeper!(self, redeem_code(redemption, now))
    }

    /// Revokes what this client got for a code, because the code came again (RFC 6749 section 4.1.2).
    pub async fn revoke_redeemed_code(
        &self,
        code_hash: &SecretHash,
        client_id: &str,
    ) -> Result<bool, StoreError> {
        of_keeper!(self, revoke_redeemed_code(code_hash, client_id))
    }

    /// The sign-in of an access token that is good now.
    pub async fn by_access_token(
        &self,
        access_token_hash: &SecretHash,
        now: i64,
    ) -> Result<Option<SignIn>, StoreError> {
        of_keeper!(self, by_access_token(access_token_hash, now))
    }

    /// Revokes an access token of this client; another client's is left alone.
    pub async fn revoke_access_token(
        &self,
        access_token_hash: &SecretHash,
        client_id: &str,
    ) -> Result<bool, StoreError> {
        of_keeper!(self, revoke_access_token(access_token_hash, client_id))
    }

    /// Uses a client assertion up: `true` the first time, `false` ever after until it is swept past `expires_at`.
    pub async fn use_assertion(
        &self,
        client_id: &str,
        assertion_hash: &SecretHash,
        expires_at: i64,
    ) -> Result<bool, StoreError> {
        of_keeper!(self, use_assertion(client_id, assertion_hash, expires_at))
    }
}
