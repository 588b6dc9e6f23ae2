//! The signature leg beside the other: whether it is due, and what is stored of it.

use store::{Acceptance, SignIn, SignatureResult, StoreError};

use super::{CardAnswer, CardProblem};
use crate::gateway::Gateway;
use crate::limits;
use crate::scope::Scopes;
use crate::signature::{PendingSignature, SigningLeg};

/// The signature leg and the transaction that it answers.
pub(super) struct Signed {
    pending: PendingSignature,
    leg: SigningLeg,
}

impl Gateway {
    /// The transaction of a sign-in that asks for a signature; `None` for any other.
    pub(super) async fn pending_signature(
        &self,
        sign_in: &SignIn,
        scopes: &Scopes,
    ) -> Result<Option<PendingSignature>, CardProblem> {
        if !scopes.ask_for_a_signature() {
            return Ok(None);
        }
        let transaction = self.state.signature_of(&sign_in.interaction_id).await;
        let transaction = transaction.map_err(CardProblem::of_store)?;
        transaction
            .and_then(|transaction| PendingSignature::of(self, sign_in, transaction))
            .map(Some)
            .ok_or(CardProblem::Gone)
    }

    /// The signature leg, brought if and only if the sign-in asks for it. Found out before anything is spent.
    pub(super) async fn due_signature(
        &self,
        sign_in: &SignIn,
        answer: &mut CardAnswer,
    ) -> Result<Option<Signed>, CardProblem> {
        let scopes = Scopes::parse(&sign_in.scope).map_err(|_| CardProblem::Gone)?;
        match (scopes.ask_for_a_signature(), answer.signing.take()) {
            (false, None) => Ok(None),
            (true, Some(leg)) => {
                let pending = self.pending_signature(sign_in, &scopes).await?;
                Ok(pending.map(|pending| Signed { pending, leg }))
            }
            (true, None) => Err(CardProblem::Malformed(
                "signing is missing: this sign-in asks for a signature with the signing key",
            )),
            (false, Some(_)) => Err(CardProblem::Malformed(
                "signing is brought, and this sign-in asks for no signature",
            )),
        }
    }

    /// Records a verified sign-in with the signature, which is encrypted before it is stored.
    pub(super) async fn record_signed(
        &self,
        sign_in: &SignIn,
        acceptance: &Acceptance<'_>,
        Signed { pending, leg }: &Signed,
    ) -> Result<Result<bool, StoreError>, CardProblem> {
        let encrypted = pending.encrypt(self, &sign_in.client_id, leg);
        let encrypted = encrypted.map_err(|error| {
            tracing::error!(%error, "a signature could not be encrypted to its recipient");
            CardProblem::Unavailable
        })?;
        let lifetimes = self.lifetimes;
        let result = SignatureResult {
            encrypted: &encrypted.compact,
            certificate_commitment: &encrypted.certificate_commitment,
            fetches: limits::RESULT_FETCHES,
            // The user access token ends by then.
            expires_at: sign_in.expires_at
                + lifetimes.code_seconds
                + lifetimes.access_token_seconds,
        };
        Ok(self
            .state
            .record_acceptance_with_signature(&sign_in.interaction_id, acceptance, &result)
            .await)
    }
}
