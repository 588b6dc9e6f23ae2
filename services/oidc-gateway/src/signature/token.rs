//! The client credentials grant (RFC 6749 section 4.4): only to open signature transactions.

use std::sync::Arc;

use axum::response::Response;
use http::StatusCode;
use http::request::Parts;
use serde_json::json;

use super::SignatureProblem;
use crate::bearer::BearerSecret;
use crate::client_proof::ProvenClient;
use crate::clients::Client;
use crate::gateway::Gateway;
use crate::http_exchange::{json_answer, with_outcome};
use crate::limits;
use crate::parameters::Parameters;
use crate::protected_resource::{ResourceError, token_of_header};
use crate::quota::Stored;
use crate::scope::SIGN;
use crate::token::TokenError;

impl Gateway {
    /// A token for a client that has proved itself: no refresh token, no ID token, no person behind it.
    pub(crate) async fn grant_signing_token(
        &self,
        proven: &ProvenClient,
        form: &Parameters,
    ) -> Result<Response, TokenError> {
        let client = proven.client.as_ref();
        if client.recipient().is_none() {
            return Err(TokenError::UnauthorizedClient);
        }
        if form.single("scope")? != Some(SIGN) {
            return Err(TokenError::InvalidScope(
                "scope must be sign and nothing else",
            ));
        }
        if !self.quotas.admit(client.id(), Stored::Signature) {
            tracing::warn!(
                client_id = client.id(),
                "the client has as many signatures stored as it may"
            );
            return Err(TokenError::Full);
        }
        let token = BearerSecret::generate()?;
        let expires_at = self.now() + limits::SIGNING_TOKEN_SECONDS;
        let bound_to = proven.thumbprint.as_deref().unwrap_or_default();
        self.state
            .store_signing_token(&token.hash(), client.id(), bound_to, expires_at)
            .await?;
        let body = json!({
            "access_token": token.reveal(),
            "token_type": if bound_to.is_empty() { "Bearer" } else { "DPoP" },
            "expires_in": limits::SIGNING_TOKEN_SECONDS,
            "scope": SIGN,
        });
        Ok(with_outcome(json_answer(StatusCode::OK, &body), "issued"))
    }

    /// The client behind a token of this grant that opens a transaction in this request, if it may still ask for
    /// signatures.
    pub(super) async fn signing_client(
        &self,
        parts: &Parts,
    ) -> Result<Arc<Client>, SignatureProblem> {
        let sent = token_of_header(&parts.headers)?;
        let endpoints = &self.endpoints;
        let address = format!("{}{}", endpoints.public_url, endpoints.sign_transactions);
        let (token, proof) = self.token_with_proof(parts, &sent, &address)?;
        let (hash, now) = (token.hash(), self.now());
        let Some(found) = self.state.signing_token(&hash, now).await? else {
            let is_persons = self.state.by_access_token(&hash, now).await?.is_some();
            return Err(if is_persons {
                SignatureProblem::Forbidden(
                    "a transaction is opened with a token of the client_credentials grant",
                )
            } else {
                SignatureProblem::Token(ResourceError::InvalidToken(sent.scheme))
            });
        };
        self.check_binding(&found.client_id, &found.dpop_jkt, proof.as_ref())
            .await?;
        let client = self.clients.by_id(&found.client_id);
        let client = client.ok_or(ResourceError::InvalidToken(sent.scheme))?;
        if client.recipient().is_none() {
            return Err(SignatureProblem::Forbidden(
                "the client may not ask for signatures",
            ));
        }
        Ok(client)
    }
}
