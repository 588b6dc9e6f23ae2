//! `GET` of a transaction's result, with the user access token of the sign-in that used it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, Method, StatusCode};
use serde_json::json;
use store::{Fetched, SignIn};

use super::{SignatureProblem, bearer_token, is_transaction_id};
use crate::bearer::BearerSecret;
use crate::clients::Client;
use crate::gateway::Gateway;
use crate::http_exchange::{json_answer, json_error, with_outcome};
use crate::interaction_id::InteractionId;

/// The result, encrypted to its recipient. There is no waiting for it: the token exists only after the card has signed.
pub(crate) async fn result(
    State(gateway): State<Arc<Gateway>>,
    InteractionId(transaction_id): InteractionId,
    method: Method,
    headers: HeaderMap,
) -> Response {
    // The router sends HEAD here too: it would count as a fetch and bring nothing.
    if method != Method::GET {
        let rule = "a result is fetched with GET";
        return json_error(StatusCode::METHOD_NOT_ALLOWED, "invalid_request", rule);
    }
    let answer = gateway.fetch_result(&transaction_id, &headers).await;
    answer.unwrap_or_else(SignatureProblem::answer)
}

impl Gateway {
    async fn fetch_result(
        &self,
        transaction_id: &str,
        headers: &HeaderMap,
    ) -> Result<Response, SignatureProblem> {
        let token = bearer_token(headers)?;
        let (sign_in, _) = self.signed_in(&token).await?;
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

    /// The sign-in behind a user access token, and its client, if that may still ask for signatures.
    pub(super) async fn signed_in(
        &self,
        token: &BearerSecret,
    ) -> Result<(SignIn, Arc<Client>), SignatureProblem> {
        let (hash, now) = (token.hash(), self.now());
        let Some(sign_in) = self.state.by_access_token(&hash, now).await? else {
            let opens = self.state.client_of_signing_token(&hash, now).await?;
            return Err(if opens.is_some() {
                SignatureProblem::Forbidden(
                    "a result is fetched with the user access token of the sign-in that signed",
                )
            } else {
                SignatureProblem::InvalidToken
            });
        };
        let client = self.clients.by_id(&sign_in.client_id);
        let client = Arc::clone(client.ok_or(SignatureProblem::InvalidToken)?);
        if client.recipient().is_none() {
            return Err(SignatureProblem::Forbidden(
                "the client may not ask for signatures",
            ));
        }
        Ok((sign_in, client))
    }
}
