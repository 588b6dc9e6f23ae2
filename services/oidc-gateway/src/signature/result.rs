//! `GET` of a transaction's result, with the user access token of the sign-in that used it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use http::{Method, StatusCode};
use serde_json::json;
use store::{Fetched, SignIn};

use super::{SignatureProblem, is_transaction_id};
use crate::clients::Client;
use crate::gateway::Gateway;
use crate::http_exchange::{json_answer, json_error, with_outcome};
use crate::interaction_id::InteractionId;
use crate::protected_resource::{ResourceError, token_of_header};

/// The result, encrypted to its recipient. There is no waiting for it: the token exists only after the card has signed.
pub(crate) async fn result(
    State(gateway): State<Arc<Gateway>>,
    InteractionId(transaction_id): InteractionId,
    request: Request,
) -> Response {
    // The router sends HEAD here too: it would count as a fetch and bring nothing.
    if request.method() != Method::GET {
        let rule = "a result is fetched with GET";
        return json_error(StatusCode::METHOD_NOT_ALLOWED, "invalid_request", rule);
    }
    let (parts, _) = request.into_parts();
    let answer = gateway.fetch_result(&transaction_id, &parts).await;
    answer.unwrap_or_else(SignatureProblem::answer)
}

impl Gateway {
    async fn fetch_result(
        &self,
        transaction_id: &str,
        parts: &Parts,
    ) -> Result<Response, SignatureProblem> {
        let address = self.endpoints.of_signature(transaction_id, "result");
        let (sign_in, _) = self.signed_in(parts, &address).await?;
        if !is_transaction_id(transaction_id) {
            return Err(SignatureProblem::NotFound);
        }
        let fetched = self
            .state
            .fetch_signature(transaction_id, &sign_in.interaction_id, self.now())
            .await?;
        match fetched {
            Fetched::Result {
                encrypted,
                fetches_left,
            } => {
                let body = json!({
                    "sign_transaction_id": transaction_id,
                    "jwe": encrypted,
                    "fetches_left": fetches_left,
                });
                Ok(with_outcome(json_answer(StatusCode::OK, &body), "fetched"))
            }
            Fetched::Erased => Err(SignatureProblem::Erased),
            Fetched::Unknown => Err(SignatureProblem::NotFound),
        }
    }

    /// The sign-in behind a user access token that may be used at the endpoint of this address, and its client, if that may
    /// still ask for signatures.
    pub(super) async fn signed_in(
        &self,
        parts: &Parts,
        address: &str,
    ) -> Result<(SignIn, Arc<Client>), SignatureProblem> {
        let sent = token_of_header(&parts.headers)?;
        let sign_in = match self.open_with(parts, &sent, address).await {
            Ok(opened) => opened.sign_in,
            Err(ResourceError::InvalidToken(scheme)) => {
                let (token, _) = self.token_with_proof(parts, &sent, address)?;
                let opens = self.state.signing_token(&token.hash(), self.now()).await?;
                return Err(if opens.is_some() {
                    SignatureProblem::Forbidden(
                        "a result is fetched with the user access token of the sign-in that signed",
                    )
                } else {
                    SignatureProblem::Token(ResourceError::InvalidToken(scheme))
                });
            }
            Err(error) => return Err(error.into()),
        };
        let client = self.clients.by_id(&sign_in.client_id);
        let client = client.ok_or(ResourceError::InvalidToken(sent.scheme))?;
        if client.recipient().is_none() {
            return Err(SignatureProblem::Forbidden(
                "the client may not ask for signatures",
            ));
        }
        Ok((sign_in, client))
    }
}
