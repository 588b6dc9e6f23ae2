//! The userinfo endpoint (OpenID Connect Core section 5.3): the claims, for the access token.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::header::{self, HeaderValue};
use http::{HeaderMap, Method, StatusCode};

use crate::bearer::BearerSecret;
use crate::claims::userinfo;
use crate::gateway::Gateway;
use crate::http_exchange::{BodyError, json_answer, json_error, read_form, with_outcome};
use crate::identity::{Identity, SealedUnder};
use crate::scope::Scopes;

/// Why userinfo refuses (RFC 6750 section 3.1).
#[derive(Debug, Clone, Copy)]
enum UserinfoError {
    Body(BodyError),
    NoToken,
    InvalidRequest,
    InvalidToken,
    Unavailable,
}

/// `GET` and `POST` of the userinfo endpoint.
pub(crate) async fn show(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let answer = match bearer_token(request).await {
        Ok(token) => gateway.userinfo(&token).await,
        Err(error) => Err(error),
    };
    answer.unwrap_or_else(UserinfoError::answer)
}

impl Gateway {
    async fn userinfo(&self, token: &str) -> Result<Response, UserinfoError> {
        let token = BearerSecret::parse(token).ok_or(UserinfoError::InvalidToken)?;
        let found = self.state.by_access_token(&token.hash(), self.now()).await;
        let sign_in = found.map_err(|error| {
            tracing::error!(%error, "the gateway's state cannot be used");
            UserinfoError::Unavailable
        })?;
        let sign_in = sign_in.ok_or(UserinfoError::InvalidToken)?;
        let client = self
            .clients
            .by_id(&sign_in.client_id)
            .ok_or(UserinfoError::InvalidToken)?;
        let scopes = Scopes::parse(&sign_in.scope).map_err(|_| UserinfoError::Unavailable)?;
        let identity = Identity::open(
            &sign_in.sealed_identity,
            &token,
            SealedUnder::AccessToken,
            &sign_in.interaction_id,
        )
        .map_err(|error| {
            tracing::error!(%error, "a stored identity cannot be used");
            UserinfoError::Unavailable
        })?;
        let claims = userinfo(&identity, &scopes, client.claim_forms());
        Ok(with_outcome(json_answer(StatusCode::OK, &claims), "ok"))
    }
}

/// The token from the header, or from a form (RFC 6750 sections 2.1 and 2.2): one of them, and never from the query,
/// which ends up in logs.
async fn bearer_token(request: Request) -> Result<String, UserinfoError> {
    let (parts, body) = request.into_parts();
    let from_header = header_token(&parts.headers)?;
    let is_form = parts
        .headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| {
            value
                .as_bytes()
                .starts_with(b"application/x-www-form-urlencoded")
        });
    let mut from_form = None;
    if parts.method == Method::POST && is_form {
        let form = read_form(&parts.headers, body)
            .await
            .map_err(UserinfoError::Body)?;
        let sent = form
            .single("access_token")
            .map_err(|_| UserinfoError::InvalidRequest)?;
        from_form = sent.map(str::to_owned);
    }
    match (from_header, from_form) {
        (Some(token), None) | (None, Some(token)) => Ok(token),
        (Some(_), Some(_)) => Err(UserinfoError::InvalidRequest),
        (None, None) => Err(UserinfoError::NoToken),
    }
}

fn header_token(headers: &HeaderMap) -> Result<Option<String>, UserinfoError> {
    let mut sent = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = sent.next() else {
        return Ok(None);
    };
    if sent.next().is_some() {
        return Err(UserinfoError::InvalidRequest);
    }
    let text = value.to_str().map_err(|_| UserinfoError::InvalidRequest)?;
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => {
            Ok(Some(token.trim().to_owned()))
        }
        _ => Err(UserinfoError::InvalidToken),
    }
}

impl UserinfoError {
    fn answer(self) -> Response {
        let (status, error, description, challenge) = match self {
            Self::Body(error) => (error.status(), "invalid_request", error.description(), None),
            // RFC 6750 section 3.1: without a token no error code, only how to bring one.
            Self::NoToken => {
                let challenge = Some("Bearer realm=\"akashi\"");
                (
                    StatusCode::UNAUTHORIZED,
                    "no_token",
                    "an access token is required",
                    challenge,
                )
            }
            Self::InvalidRequest => {
                let challenge = Some("Bearer realm=\"akashi\", error=\"invalid_request\"");
                let rule = "the access token must be sent once";
                (StatusCode::BAD_REQUEST, "invalid_request", rule, challenge)
            }
            Self::InvalidToken => {
                let challenge = Some("Bearer realm=\"akashi\", error=\"invalid_token\"");
                let rule = "the access token is unknown, over or revoked";
                (StatusCode::UNAUTHORIZED, "invalid_token", rule, challenge)
            }
            Self::Unavailable => {
                let rule = "please try again later";
                (
                    StatusCode::SERVICE_UNAVAILABLE,
                    "temporarily_unavailable",
                    rule,
                    None,
                )
            }
        };
        let mut response = json_error(status, error, description);
        if let Some(challenge) = challenge {
            response.headers_mut().insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static(challenge),
            );
        }
        response
    }
}

/// Every error of the userinfo endpoint.
#[cfg(test)]
pub(crate) fn error_answers() -> Vec<Response> {
    let mut all = vec![
        UserinfoError::NoToken,
        UserinfoError::InvalidRequest,
        UserinfoError::InvalidToken,
        UserinfoError::Unavailable,
    ];
    all.extend(BodyError::ALL.map(UserinfoError::Body));
    for error in &all {
        // A new kind does not compile until it stands here, and above.
        match error {
            UserinfoError::Body(_)
            | UserinfoError::NoToken
            | UserinfoError::InvalidRequest
            | UserinfoError::InvalidToken
            | UserinfoError::Unavailable => {}
        }
    }
    all.into_iter().map(UserinfoError::answer).collect()
}
