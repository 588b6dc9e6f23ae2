//! `POST` of a signature transaction: what is to be signed.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use http::request::Parts;
use serde_json::json;
use store::NewSignatureTransaction;

use super::{SignatureProblem, ToSign, random_transaction_id};
use crate::gateway::Gateway;
use crate::http_exchange::{json_answer, read_body, with_outcome};
use crate::quota::Stored;

/// Opens a transaction for the client of the token.
pub(crate) async fn start(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let answer = gateway.open_transaction(&parts, body).await;
    answer.unwrap_or_else(SignatureProblem::answer)
}

impl Gateway {
    async fn open_transaction(
        &self,
        parts: &Parts,
        body: Body,
    ) -> Result<Response, SignatureProblem> {
        let client = self.signing_client(parts).await?;
        let body = read_body(&parts.headers, body, "application/json").await?;
        let to_sign = ToSign::parse(&body).map_err(SignatureProblem::Malformed)?;
        if !self.quotas.admit(client.id(), Stored::Signature) {
            tracing::warn!(
                client_id = client.id(),
                "the client has as many signatures stored as it may"
            );
            return Err(SignatureProblem::Full);
        }
        let transaction_id = random_transaction_id()?;
        let seconds = self.lifetimes.sign_transaction_seconds;
        let expires_at = self.now() + seconds;
        self.state
            .open_signature(&NewSignatureTransaction {
                transaction_id: &transaction_id,
                client_id: client.id(),
                to_sign: to_sign.octets(),
                expires_at,
            })
            .await?;
        let body = json!({
            "sign_transaction_id": transaction_id,
            "expires_in": seconds,
            "expires_at": expires_at,
        });
        Ok(with_outcome(json_answer(StatusCode::OK, &body), "opened"))
    }
}
