//! From the authorization request to the person's decision.

use super::{
    Acceptance, BrowserReturn, Consent, GatewayState, NewSignIn, SecretHash, SignIn, of_keeper,
};
use crate::error::StoreError;

impl GatewayState {
    /// Stores a sign-in that begins.
    pub async fn begin_sign_in(&self, new: &NewSignIn<'_>) -> Result<(), StoreError> {
        of_keeper!(self, begin_sign_in(new))
    }

    /// The sign-in of this interaction, if its present stage has not ended.
    pub async fn sign_in(
        &self,
        interaction_id: &str,
        now: i64,
    ) -> Result<Option<SignIn>, StoreError> {
        of_keeper!(self, sign_in(interaction_id, now))
    }

    /// The sign-in with its challenge for the card: the present one while it is good, else one made of `random`, which
    /// replaces it for ever. `None` unless the sign-in waits for the card and `opener` is what its link carries, or the
    /// device that opened its QR code in time.
    pub async fn issue_challenge(
        &self,
        interaction_id: &str,
        opener: &SecretHash,
        random: &[u8; 32],
        challenge_expires_at: i64,
        now: i64,
    ) -> Result<Option<SignIn>, StoreError> {
        of_keeper!(
            self,
            issue_challenge(interaction_id, opener, random, challenge_expires_at, now)
        )
    }

    /// Spends the challenge: of any number of answers to it, one gets the sign-in and goes on to verification. Nothing
    /// is spent unless `opener` is what the link carries, or the device that opened the QR code in time.
    pub async fn consume_challenge(
        &self,
        interaction_id: &str,
        opener: &SecretHash,
        now: i64,
    ) -> Result<Option<SignIn>, StoreError> {
        of_keeper!(self, consume_challenge(interaction_id, opener, now))
    }

    /// Records that the card's answer is good.
    pub async fn record_acceptance(
        &self,
        interaction_id: &str,
        acceptance: &Acceptance<'_>,
    ) -> Result<bool, StoreError> {
        of_keeper!(self, record_acceptance(interaction_id, acceptance))
    }

    /// Records that the card's answer was refused, and why.
    pub async fn record_refusal(
        &self,
        interaction_id: &str,
        return_token_hash: &SecretHash,
        refusal: &str,
    ) -> Result<bool, StoreError> {
        of_keeper!(
            self,
            record_refusal(interaction_id, return_token_hash, refusal)
        )
    }

    /// Takes the browser back: the return token is spent, and the browser's secret changes.
    pub async fn return_to_browser(
        &self,
        interaction_id: &str,
        back: &BrowserReturn<'_>,
        now: i64,
    ) -> Result<bool, StoreError> {
        of_keeper!(self, return_to_browser(interaction_id, back, now))
    }

    /// Records the person's consent: the code is good from now on.
    pub async fn record_consent(
        &self,
        interaction_id: &str,
        consent: &Consent<'_>,
        now: i64,
    ) -> Result<bool, StoreError> {
        of_keeper!(self, record_consent(interaction_id, consent, now))
    }

    /// Records that the person said no, at any point before consent; who it is is forgotten.
    pub async fn record_denial(
        &self,
        interaction_id: &str,
        browser_hash: &SecretHash,
        now: i64,
    ) -> Result<bool, StoreError> {
        of_keeper!(self, record_denial(interaction_id, browser_hash, now))
    }
}
