//! What an access token opens: brought in one of the ways it may be, by whom it may be used, and while it lasts.

use axum::body::Body;
use axum::response::Response;
use http::header::{self, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};
use store::SignIn;

use crate::bearer::BearerSecret;
use crate::dpop::{self, Expected, Proof, ProofError};
use crate::gateway::Gateway;
use crate::http_exchange::{BodyError, json_error, read_form};

/// How a token comes, which is also what it must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// RFC 6750: whoever has the token may use it.
    Bearer,
    /// RFC 9449 section 7.1: whoever has the token and its key.
    Dpop,
}

/// A token as it was sent.
pub(crate) struct SentToken {
    pub(crate) scheme: Scheme,
    token: String,
}

/// Why a request with an access token is refused (RFC 6750 section 3.1, RFC 9449 section 7.1).
#[derive(Debug, Clone, Copy)]
pub(crate) enum ResourceError {
    Body(BodyError),
    NoToken,
    InvalidRequest,
    InvalidToken(Scheme),
    /// The token is bound to a key and came without it.
    BoundToken,
    Proof(ProofError),
    Unavailable,
}

/// What an access token opened.
pub(crate) struct Opened {
    pub(crate) sign_in: SignIn,
    /// The token itself, under which the identity is sealed.
    pub(crate) token: BearerSecret,
}

impl Gateway {
    /// The sign-in of an access token that may be used in this request, at the endpoint of this address.
    pub(crate) async fn open_with(
        &self,
        parts: &Parts,
        sent: &SentToken,
        address: &str,
    ) -> Result<Opened, ResourceError> {
        let (token, proof) = self.token_with_proof(parts, sent, address)?;
        let refused = ResourceError::InvalidToken(sent.scheme);
        let found = self.state.by_access_token(&token.hash(), self.now()).await;
        let sign_in = found.map_err(|error| {
            tracing::error!(%error, "the gateway's state cannot be used");
            ResourceError::Unavailable
        })?;
        let sign_in = sign_in.ok_or(refused)?;
        self.check_binding(&sign_in.client_id, &sign_in.dpop_jkt, proof.as_ref())
            .await?;
        Ok(Opened { sign_in, token })
    }

    /// The token, if it has a token's form, with its proof for the endpoint of this address.
    pub(crate) fn token_with_proof(
        &self,
        parts: &Parts,
        sent: &SentToken,
        address: &str,
    ) -> Result<(BearerSecret, Option<Proof>), ResourceError> {
        let proof = self.proof_of(parts, sent, address)?;
        let token = BearerSecret::parse(&sent.token);
        Ok((
            token.ok_or(ResourceError::InvalidToken(sent.scheme))?,
            proof,
        ))
    }

    /// The proof that goes with the token, if it came as one that is bound to a key. Its nonce is looked at and not asked
    /// for: by `ath` nobody made it before there was this token.
    fn proof_of(
        &self,
        parts: &Parts,
        sent: &SentToken,
        address: &str,
    ) -> Result<Option<Proof>, ResourceError> {
        if sent.scheme == Scheme::Bearer {
            return Ok(None);
        }
        let expected = Expected {
            method: parts.method.as_str(),
            address,
            access_token: Some(&sent.token),
            needs_nonce: false,
        };
        dpop::check(&parts.headers, &expected, &self.dpop_nonces, self.now())
            .and_then(|proof| proof.ok_or(ProofError::Invalid("the DPoP header is missing")))
            .map(Some)
            .map_err(ResourceError::Proof)
    }

    /// A bound token is used with its key, an unbound one without any; and the proof once.
    pub(crate) async fn check_binding(
        &self,
        client_id: &str,
        bound_to: &str,
        proof: Option<&Proof>,
    ) -> Result<(), ResourceError> {
        match proof {
            None if bound_to.is_empty() => Ok(()),
            None => Err(ResourceError::BoundToken),
            Some(proof) if proof.thumbprint == bound_to => {
                match self.use_proof(client_id, proof).await {
                    Ok(true) => Ok(()),
                    Ok(false) => Err(ResourceError::Proof(ProofError::Invalid(
                        "the proof was used before",
                    ))),
                    Err(_) => Err(ResourceError::Unavailable),
                }
            }
            Some(_) => Err(ResourceError::InvalidToken(Scheme::Dpop)),
        }
    }
}

/// The token from the header, or from a form (RFC 6750 sections 2.1 and 2.2): one of them, and never from the query,
/// which ends up in logs.
pub(crate) async fn sent_token(parts: &Parts, body: Body) -> Result<SentToken, ResourceError> {
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
            .map_err(ResourceError::Body)?;
        let sent = form
            .single("access_token")
            .map_err(|_| ResourceError::InvalidRequest)?;
        from_form = sent.map(|token| SentToken {
            scheme: Scheme::Bearer,
            token: token.to_owned(),
        });
    }
    match (from_header, from_form) {
        (Some(token), None) | (None, Some(token)) => Ok(token),
        (Some(_), Some(_)) => Err(ResourceError::InvalidRequest),
        (None, None) => Err(ResourceError::NoToken),
    }
}

/// The token from the header, where there is no other way to send one.
pub(crate) fn token_of_header(headers: &HeaderMap) -> Result<SentToken, ResourceError> {
    header_token(headers)?.ok_or(ResourceError::NoToken)
}

fn header_token(headers: &HeaderMap) -> Result<Option<SentToken>, ResourceError> {
    let mut sent = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = sent.next() else {
        return Ok(None);
    };
    if sent.next().is_some() {
        return Err(ResourceError::InvalidRequest);
    }
    let text = value.to_str().map_err(|_| ResourceError::InvalidRequest)?;
    let (scheme, token) = text
        .split_once(' ')
        .ok_or(ResourceError::InvalidToken(Scheme::Bearer))?;
    let scheme = if scheme.eq_ignore_ascii_case("Bearer") {
        Scheme::Bearer
    } else if scheme.eq_ignore_ascii_case("DPoP") {
        Scheme::Dpop
    } else {
        return Err(ResourceError::InvalidToken(Scheme::Bearer));
    };
    Ok(Some(SentToken {
        scheme,
        token: token.trim().to_owned(),
    }))
}

/// What a challenge says: the scheme, the error, and what to do.
type Challenge = Option<(Scheme, &'static str)>;

impl ResourceError {
    pub(crate) fn answer(self) -> Response {
        let (status, error, description, challenge) = self.told();
        let mut response = json_error(status, error, description);
        let mut challenges = Vec::new();
        match challenge {
            None => {}
            // RFC 6750 section 3.1: without a token no error code, only how to bring one.
            Some((_, "")) => {
                challenges.push("Bearer realm=\"akashi\"".to_owned());
                challenges.push("DPoP realm=\"akashi\", algs=\"ES256 PS256\"".to_owned());
            }
            Some((Scheme::Bearer, error)) => {
                challenges.push(format!("Bearer realm=\"akashi\", error=\"{error}\""));
            }
            Some((Scheme::Dpop, error)) => challenges.push(format!(
                "DPoP realm=\"akashi\", error=\"{error}\", algs=\"ES256 PS256\""
            )),
        }
        for challenge in challenges {
            if let Ok(value) = HeaderValue::from_str(&challenge) {
                response
                    .headers_mut()
                    .append(header::WWW_AUTHENTICATE, value);
            }
        }
        response
    }

    fn told(self) -> (StatusCode, &'static str, &'static str, Challenge) {
        let unauthorized = |error, description, scheme| {
            let challenge = Some((scheme, error));
            (StatusCode::UNAUTHORIZED, error, description, challenge)
        };
        match self {
            Self::Body(error) => (error.status(), "invalid_request", error.description(), None),
            Self::NoToken => (
                StatusCode::UNAUTHORIZED,
                "no_token",
                "an access token is required",
                Some((Scheme::Bearer, "")),
            ),
            Self::InvalidRequest => (
                StatusCode::BAD_REQUEST,
                "invalid_request",
                "the access token must be sent once",
                Some((Scheme::Bearer, "invalid_request")),
            ),
            Self::InvalidToken(Scheme::Bearer) => unauthorized(
                "invalid_token",
                "the access token is unknown, over or revoked",
                Scheme::Bearer,
            ),
            Self::InvalidToken(Scheme::Dpop) => unauthorized(
                "invalid_token",
                "the access token is unknown, over or revoked, or is not bound to the proof's key",
                Scheme::Dpop,
            ),
            Self::BoundToken => unauthorized(
                "invalid_token",
                "the access token is bound to a key: send it as DPoP with a proof (RFC 9449 section 7.1)",
                Scheme::Dpop,
            ),
            Self::Proof(ProofError::Invalid(rule)) => {
                unauthorized("invalid_dpop_proof", rule, Scheme::Dpop)
            }
            Self::Proof(ProofError::Nonce) => unauthorized(
                "use_dpop_nonce",
                "the proof needs the nonce of the DPoP-Nonce header",
                Scheme::Dpop,
            ),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "please try again later",
                None,
            ),
        }
    }
}

/// Every error of an endpoint that an access token opens.
#[cfg(test)]
pub(crate) fn error_answers() -> Vec<Response> {
    let mut all = vec![
        ResourceError::NoToken,
        ResourceError::InvalidRequest,
        ResourceError::InvalidToken(Scheme::Bearer),
        ResourceError::InvalidToken(Scheme::Dpop),
        ResourceError::BoundToken,
        ResourceError::Proof(ProofError::Invalid("a rule")),
        ResourceError::Proof(ProofError::Nonce),
        ResourceError::Unavailable,
    ];
    all.extend(BodyError::ALL.map(ResourceError::Body));
    for error in &all {
        // A new kind does not compile until it stands here, and above.
        match error {
            ResourceError::Body(_)
            | ResourceError::NoToken
            | ResourceError::InvalidRequest
            | ResourceError::InvalidToken(_)
            | ResourceError::BoundToken
            | ResourceError::Proof(_)
            | ResourceError::Unavailable => {}
        }
    }
    all.into_iter().map(ResourceError::answer).collect()
}
