//! Why a request of the signature API is refused (RFC 6750 section 3.1).

use axum::response::Response;
use http::StatusCode;
use http::header::{self, HeaderValue};
use store::StoreError;

use crate::bearer::NoRandomness;
use crate::http_exchange::{BodyError, json_error, reference_number};
use crate::protected_resource::ResourceError;

/// Why a request is refused.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SignatureProblem {
    Body(BodyError),
    /// The body's rule.
    Malformed(&'static str),
    /// The access token, or what goes with it.
    Token(ResourceError),
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

impl SignatureProblem {
    pub(crate) fn answer(self) -> Response {
        let (status, error, description) = match self {
            Self::Token(error) => return error.answer(),
            other => other.told(),
        };
        let reference = reference_number();
        tracing::info!(
            reference,
            error,
            description,
            "a request of the signature API is refused"
        );
        let description = format!("{description} (reference {reference})");
        let mut response = json_error(status, error, &description);
        // RFC 6750 section 3.1.
        if matches!(self, Self::Forbidden(_)) {
            let challenge =
                HeaderValue::from_static("Bearer realm=\"akashi\", error=\"insufficient_scope\"");
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
            Self::Full | Self::Unavailable | Self::Token(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "please try again later",
            ),
        }
    }
}

impl From<BodyError> for SignatureProblem {
    fn from(error: BodyError) -> Self {
        Self::Body(error)
    }
}

impl From<ResourceError> for SignatureProblem {
    fn from(error: ResourceError) -> Self {
        Self::Token(error)
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

/// Every error of the signature API besides those of its access tokens.
#[cfg(test)]
pub(crate) fn error_answers() -> Vec<Response> {
    let mut all = vec![
        SignatureProblem::Malformed("a rule"),
        SignatureProblem::Forbidden("a rule"),
        SignatureProblem::NotFound,
        SignatureProblem::Erased,
        SignatureProblem::Full,
        SignatureProblem::Unavailable,
    ];
    all.extend(BodyError::ALL.map(SignatureProblem::Body));
    for error in &all {
        // A new kind does not compile until it stands here, and above.
        match error {
            SignatureProblem::Body(_)
            | SignatureProblem::Malformed(_)
            | SignatureProblem::Token(_)
            | SignatureProblem::Forbidden(_)
            | SignatureProblem::NotFound
            | SignatureProblem::Erased
            | SignatureProblem::Full
            | SignatureProblem::Unavailable => {}
        }
    }
    all.into_iter().map(SignatureProblem::answer).collect()
}
