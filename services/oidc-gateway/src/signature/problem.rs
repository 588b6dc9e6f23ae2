//! Why a request of the signature API is refused (RFC 6750 section 3.1).

use axum::response::Response;
use http::StatusCode;
use http::header::{self, HeaderMap, HeaderValue};
use store::StoreError;

use crate::bearer::{BearerSecret, NoRandomness};
use crate::http_exchange::{BodyError, json_error, reference_number};

/// Why a request is refused.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SignatureProblem {
    Body(BodyError),
    /// The body's rule.
    Malformed(&'static str),
    NoToken,
    /// The way the token was sent.
    TokenForm,
    InvalidToken,
    /// The token is good for something else, or its client may not do this; the rule.
    Forbidden(&'static str),
    /// Unknown, another client's, another person's or over: which one is not told.
    NotFound,
    /// The result was fetched as often as it may be.
    Erased,
    /// The client has too much stored.
    Full,
    Unavailable,
}

/// The one access token of the `Authorization` header (RFC 6750 section 2.1).
pub(crate) fn bearer_token(headers: &HeaderMap) -> Result<BearerSecret, SignatureProblem> {
    let mut sent = headers.get_all(header::AUTHORIZATION).iter();
    let value = sent.next().ok_or(SignatureProblem::NoToken)?;
    if sent.next().is_some() {
        return Err(SignatureProblem::TokenForm);
    }
    let text = value.to_str().map_err(|_| SignatureProblem::TokenForm)?;
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => {
            BearerSecret::parse(token.trim()).ok_or(SignatureProblem::InvalidToken)
        }
        _ => Err(SignatureProblem::InvalidToken),
    }
}

impl SignatureProblem {
    pub(crate) fn answer(self) -> Response {
        let (status, error, description) = self.told();
        let reference = reference_number();
        tracing::info!(
            reference,
            error,
            description,
            "a request of the signature API is refused"
        );
        let description = format!("{description} (reference {reference})");
        let mut response = json_error(status, error, &description);
        if let Some(challenge) = self.challenge() {
            let challenge = HeaderValue::from_static(challenge);
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }

    fn told(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Body(error) => (error.status(), "invalid_request", error.description()),
            Self::Malformed(rule) => (StatusCode::BAD_REQUEST, "invalid_request", rule),
            Self::NoToken => (
                StatusCode::UNAUTHORIZED,
                "no_token",
                "an access token is required",
            ),
            Self::TokenForm => (
                StatusCode::BAD_REQUEST,
                "invalid_request",
                "the access token must be sent once, in the Authorization header",
            ),
            Self::InvalidToken => (
                StatusCode::UNAUTHORIZED,
                "invalid_token",
                "the access token is unknown, over or revoked",
            ),
            Self::Forbidden(rule) => (StatusCode::FORBIDDEN, "insufficient_scope", rule),
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "not_found",
                "this access token is for no such signature transaction",
            ),
            Self::Erased => (
                StatusCode::GONE,
                "gone",
                "the result was fetched as often as it may be and is erased",
            ),
            Self::Full | Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "please try again later",
            ),
        }
    }

    /// RFC 6750 section 3.1: without a token no error code, only how to bring one.
    fn challenge(self) -> Option<&'static str> {
        match self {
            Self::NoToken => Some("Bearer realm=\"akashi\""),
            Self::TokenForm => Some("Bearer realm=\"akashi\", error=\"invalid_request\""),
            Self::InvalidToken => Some("Bearer realm=\"akashi\", error=\"invalid_token\""),
            Self::Forbidden(_) => Some("Bearer realm=\"akashi\", error=\"insufficient_scope\""),
            _ => None,
        }
    }
}

impl From<BodyError> for SignatureProblem {
    fn from(error: BodyError) -> Self {
        Self::Body(error)
    }
}

impl From<StoreError> for SignatureProblem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the gateway's state cannot be used");
        Self::Unavailable
    }
}

impl From<NoRandomness> for SignatureProblem {
    fn from(error: NoRandomness) -> Self {
        tracing::error!(%error, "no secret can be made");
        Self::Unavailable
    }
}
