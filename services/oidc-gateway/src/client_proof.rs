//! Clients that prove themselves and, where they must or will, a key: what every endpoint for clients begins with.

use std::sync::Arc;

use axum::response::Response;
use http::header;
use http::header::{HeaderName, HeaderValue};
use http::request::Parts;

use crate::client_authentication::{AssertionRule, CheckedAssertion};
use crate::clients::Client;
use crate::dpop::{self, Expected, Proof};
use crate::gateway::Gateway;
use crate::parameters::Parameters;
use crate::quota::Stored;
use crate::token::TokenError;

/// Whether a request must come with a proof of possession.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProofRule {
    /// Where the client's profile says so, and then with a nonce.
    ByProfile,
    /// A proof is welcome.
    Optional,
}

/// A client that proved itself, and the key it proved.
#[derive(Debug)]
pub(crate) struct ProvenClient {
    pub(crate) client: Arc<Client>,
    /// The thumbprint of that key.
    pub(crate) thumbprint: Option<String>,
}

impl Gateway {
    /// The client that proved itself. Its assertion is used up here, before anything is done for it, and nothing else is.
    pub(crate) async fn authenticate(
        &self,
        parts: &Parts,
        form: &Parameters,
    ) -> Result<Arc<Client>, TokenError> {
        let checked = self.check_assertion(parts, form)?;
        self.use_assertion(&checked).await?;
        Ok(checked.client)
    }

    /// The same with the proof of possession for the endpoint at this address. Both are checked before either is used up:
    /// a client that is asked for a nonce may come again with the same assertion.
    pub(crate) async fn authenticate_with_proof(
        &self,
        parts: &Parts,
        form: &Parameters,
        address: &str,
        rule: ProofRule,
    ) -> Result<ProvenClient, TokenError> {
        let checked = self.check_assertion(parts, form)?;
        let is_required = rule == ProofRule::ByProfile && checked.client.is_fapi2();
        let expected = Expected {
            method: parts.method.as_str(),
            address,
            access_token: None,
            needs_nonce: is_required,
        };
        let proof = dpop::check(&parts.headers, &expected, &self.dpop_nonces, self.now())?;
        if proof.is_none() && is_required {
            return Err(TokenError::InvalidProof(
                "the DPoP header is missing: this client's tokens are bound to a key (RFC 9449 section 5)",
            ));
        }
        self.use_assertion(&checked).await?;
        if let Some(proof) = &proof
            && !self.use_proof(checked.client.id(), proof).await?
        {
            return Err(TokenError::InvalidProof("the proof was used before"));
        }
        Ok(ProvenClient {
            client: checked.client,
            thumbprint: proof.map(|proof| proof.thumbprint),
        })
    }

    fn check_assertion(
        &self,
        parts: &Parts,
        form: &Parameters,
    ) -> Result<CheckedAssertion, TokenError> {
        let has_header = parts.headers.contains_key(header::AUTHORIZATION);
        let checked =
            self.authenticator
                .check(form, has_header, &self.clients.current(), self.now())?;
        Ok(checked)
    }

    async fn use_assertion(&self, checked: &CheckedAssertion) -> Result<(), TokenError> {
        let (hash, until) = (&checked.assertion_hash, checked.remember_until);
        if self.use_once(checked.client.id(), hash, until).await? {
            Ok(())
        } else {
            Err(TokenError::InvalidClient(AssertionRule("jti_used")))
        }
    }

    /// Uses a proof up; `false` if it was used before.
    pub(crate) async fn use_proof(
        &self,
        client_id: &str,
        proof: &Proof,
    ) -> Result<bool, TokenError> {
        self.use_once(client_id, &proof.identifier_hash, proof.remember_until)
            .await
    }

    async fn use_once(
        &self,
        client_id: &str,
        hash: &[u8; 32],
        until: i64,
    ) -> Result<bool, TokenError> {
        if !self.quotas.admit(client_id, Stored::AssertionId) {
            tracing::warn!(
                client_id,
                "the client has as many assertions and proofs stored as it may"
            );
            return Err(TokenError::Full);
        }
        let is_fresh = self.state.use_assertion(client_id, hash, until).await?;
        if !is_fresh {
            self.quotas.release(client_id, Stored::AssertionId);
        }
        Ok(is_fresh)
    }

    /// The answer with a nonce for the next proof (RFC 9449 section 8.2).
    pub(crate) fn with_nonce(&self, mut response: Response) -> Response {
        if let Ok(nonce) = HeaderValue::from_str(&self.dpop_nonces.issue(self.now())) {
            let name = HeaderName::from_static("dpop-nonce");
            response.headers_mut().insert(name, nonce);
        }
        response
    }
}
