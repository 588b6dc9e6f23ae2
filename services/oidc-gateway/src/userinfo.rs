//! The userinfo endpoint (OpenID Connect Core section 5.3): the claims, for the access token.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use http::request::Parts;

use crate::claims::userinfo;
use crate::gateway::Gateway;
use crate::http_exchange::{json_answer, with_outcome};
use crate::identity::{Identity, SealedUnder};
use crate::protected_resource::{Opened, ResourceError, Scheme, SentToken, sent_token};
use crate::scope::Scopes;

/// `GET` and `POST` of the userinfo endpoint.
pub(crate) async fn show(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let (is_dpop, answer) = match sent_token(&parts, body).await {
        Ok(sent) => (
            sent.scheme == Scheme::Dpop,
            gateway.userinfo(&parts, &sent).await,
        ),
        Err(error) => (false, Err(error)),
    };
    let answer = answer.unwrap_or_else(ResourceError::answer);
    if is_dpop {
        gateway.with_nonce(answer)
    } else {
        answer
    }
}

impl Gateway {
    async fn userinfo(&self, parts: &Parts, sent: &SentToken) -> Result<Response, ResourceError> {
        let address = &self.endpoints.userinfo;
        let Opened { sign_in, token } = self.open_with(parts, sent, address).await?;
        let client = self
            .clients
            .by_id(&sign_in.client_id)
            .ok_or(ResourceError::InvalidToken(sent.scheme))?;
        let scopes = Scopes::parse(&sign_in.scope).map_err(|_| ResourceError::Unavailable)?;
        let identity = Identity::open(
            &sign_in.sealed_identity,
            &token,
            SealedUnder::AccessToken,
            &sign_in.interaction_id,
        )
        .map_err(|error| {
            tracing::error!(%error, "a stored identity cannot be used");
            ResourceError::Unavailable
        })?;
        let claims = userinfo(&identity, &scopes, client.claim_forms());
        Ok(with_outcome(json_answer(StatusCode::OK, &claims), "ok"))
    }
}
