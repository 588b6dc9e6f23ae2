//! The token endpoint, and revocation.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use http::request::Parts;
use serde_json::json;
use store::{Redemption, SignIn, Stage, StoreError};

use crate::authentication_context::RevocationMethod;
use crate::authorization_request::{PageRule, RequestRefusal};
use crate::bearer::{BearerSecret, NoRandomness, sha256};
use crate::claims::IdTokenClaims;
use crate::client_authentication::{AssertionRule, Unauthenticated};
use crate::client_proof::{ProofRule, ProvenClient};
use crate::clients::Client;
use crate::dpop::ProofError;
use crate::gateway::Gateway;
use crate::http_exchange::{
    BodyError, json_answer, json_error, read_form, reference_number, with_outcome,
};
use crate::identity::{Identity, SealError, SealedUnder};
use crate::limits;
use crate::parameters::{Duplicate, Parameters};
use crate::signing_keys::SigningError;

/// Why a request of a client is refused (RFC 6749 section 5.2).
#[derive(Debug, Clone, Copy)]
pub(crate) enum TokenError {
    Body(BodyError),
    InvalidRequest(&'static str),
    /// A pushed request breaks a rule of the authorization endpoint; its error and what to do.
    Refused(&'static str, &'static str),
    InvalidClient(AssertionRule),
    /// The proof of possession is missing or does not hold.
    InvalidProof(&'static str),
    /// The proof of possession needs a nonce of ours.
    UseNonce,
    /// The code is unknown, over, used, another client's, or came with the wrong address, verifier or key.
    InvalidGrant,
    UnsupportedGrantType,
    /// The client's registration does not allow the grant.
    UnauthorizedClient,
    InvalidScope(&'static str),
    /// The client has too much stored.
    Full,
    Unavailable,
}

/// `POST` of the token endpoint.
pub(crate) async fn token(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let answer = match read_form(&parts.headers, body).await {
        Ok(form) => gateway.exchange_code(&parts, &form).await,
        Err(error) => Err(TokenError::Body(error)),
    };
    gateway.with_nonce(answer.unwrap_or_else(TokenError::answer))
}

/// `POST` of the revocation endpoint (RFC 7009).
pub(crate) async fn revoke(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let answer = match read_form(&parts.headers, body).await {
        Ok(form) => gateway.revoke_token(&parts, &form).await,
        Err(error) => Err(TokenError::Body(error)),
    };
    answer.unwrap_or_else(TokenError::answer)
}

impl Gateway {
    async fn exchange_code(
        &self,
        parts: &Parts,
        form: &Parameters,
    ) -> Result<Response, TokenError> {
        let address = &self.endpoints.token;
        let proven = self
            .authenticate_with_proof(parts, form, address, ProofRule::ByProfile)
            .await?;
        match form.single("grant_type")? {
            Some("authorization_code") => {}
            Some("client_credentials") => return self.grant_signing_token(&proven, form).await,
            Some(_) => return Err(TokenError::UnsupportedGrantType),
            None => return Err(TokenError::InvalidRequest("grant_type is missing")),
        }
        let code = form.single("code")?;
        let code = code.ok_or(TokenError::InvalidRequest("code is missing"))?;
        let redirect_uri = form.single("redirect_uri")?;
        let redirect_uri =
            redirect_uri.ok_or(TokenError::InvalidRequest("redirect_uri is missing"))?;
        let verifier = form.single("code_verifier")?;
        let verifier = verifier.ok_or(TokenError::InvalidRequest("code_verifier is missing"))?;
        if !is_code_verifier(verifier) {
            return Err(TokenError::InvalidGrant);
        }
        let code = BearerSecret::parse(code).ok_or(TokenError::InvalidGrant)?;
        self.redeem(&proven, &code, redirect_uri, verifier).await
    }

    async fn redeem(
        &self,
        proven: &ProvenClient,
        code: &BearerSecret,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<Response, TokenError> {
        let client = proven.client.as_ref();
        let thumbprint = proven.thumbprint.as_deref().unwrap_or_default();
        let code_hash = code.hash();
        let sign_in = self
            .state
            .by_code(&code_hash)
            .await?
            .ok_or(TokenError::InvalidGrant)?;
        if sign_in.stage != Stage::CodeIssued {
            return Err(self.refuse_used_code(&code_hash, client).await?);
        }
        let interaction_id = &sign_in.interaction_id;
        let sealed = &sign_in.sealed_identity;
        let identity = Identity::open(sealed, code, SealedUnder::Code, interaction_id)?;
        let access_token = BearerSecret::generate()?;
        let sealed = identity.seal(&access_token, SealedUnder::AccessToken, interaction_id)?;
        let now = self.now();
        // Before the code is spent: if the key cannot sign now, the client may come again with the same code.
        let id_token = self
            .sign_id_token(proven, &sign_in, &identity, &access_token.reveal(), now)
            .await?;
        let redemption = Redemption {
            code_hash: &code_hash,
            client_id: client.id(),
            redirect_uri,
            code_challenge: &URL_SAFE_NO_PAD.encode(sha256(&[verifier.as_bytes()])),
            dpop_jkt: thumbprint,
            access_token_hash: &access_token.hash(),
            sealed_identity: &sealed,
            access_token_expires_at: now + self.lifetimes.access_token_seconds,
        };
        // The statement itself compares client, address, verifier, key and time: what does not fit spends nothing.
        if !self.state.redeem_code(&redemption, now).await? {
            return Err(self.refuse_used_code(&code_hash, client).await?);
        }
        Ok(self.token_answer(proven, &sign_in, &access_token.reveal(), &id_token))
    }

    /// A code that comes again may have been stolen, before or after: what it bought ends (RFC 6749 section 4.1.2).
    async fn refuse_used_code(
        &self,
        code_hash: &[u8; 32],
        client: &Client,
    ) -> Result<TokenError, TokenError> {
        if self
            .state
            .revoke_redeemed_code(code_hash, client.id())
            .await?
        {
            tracing::warn!(
                client_id = client.id(),
                "a code came again; its access token is revoked"
            );
        }
        Ok(TokenError::InvalidGrant)
    }

    async fn sign_id_token(
        &self,
        proven: &ProvenClient,
        sign_in: &SignIn,
        identity: &Identity,
        access_token: &str,
        now: i64,
    ) -> Result<String, TokenError> {
        let claims = IdTokenClaims {
            issuer: &self.endpoints.issuer,
            subject: &identity.subject,
            client_id: proven.client.id(),
            issued_at: now,
            expires_at: now + self.lifetimes.id_token_seconds,
            authenticated_at: sign_in.authenticated_at,
            nonce: &sign_in.nonce,
            revocation_method: RevocationMethod::by_name(&sign_in.revocation_method),
            access_token,
        };
        let claims = claims.to_json();
        let signed = self.signing_keys.sign_id_token(&claims, now).await;
        signed.map_err(TokenError::from)
    }

    fn token_answer(
        &self,
        proven: &ProvenClient,
        sign_in: &SignIn,
        access_token: &str,
        id_token: &str,
    ) -> Response {
        let body = json!({
            "access_token": access_token,
            "token_type": if proven.thumbprint.is_some() { "DPoP" } else { "Bearer" },
            "expires_in": self.lifetimes.access_token_seconds,
            "scope": sign_in.scope,
            "id_token": id_token,
        });
        with_outcome(json_answer(StatusCode::OK, &body), "issued")
    }

    /// RFC 7009 section 2.2: the answer is the same whether there was such a token, whose it was, or neither.
    async fn revoke_token(&self, parts: &Parts, form: &Parameters) -> Result<Response, TokenError> {
        let client = self.authenticate(parts, form).await?;
        form.single("token_type_hint")?;
        let token = form.single("token")?;
        let token = token.ok_or(TokenError::InvalidRequest("token is missing"))?;
        if let Some(token) = BearerSecret::parse(token) {
            let (hash, client_id) = (token.hash(), client.id());
            if !self.state.revoke_access_token(&hash, client_id).await? {
                self.state.revoke_signing_token(&hash, client_id).await?;
            }
        }
        Ok(with_outcome(
            json_answer(StatusCode::OK, &json!({})),
            "revoked",
        ))
    }
}

/// RFC 7636 section 4.1.
fn is_code_verifier(verifier: &str) -> bool {
    limits::CODE_VERIFIER_CHARACTERS.contains(&verifier.len())
        && verifier
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || b"-._~".contains(&octet))
}

impl TokenError {
    /// What a client is told that pushed a request which the authorization endpoint would refuse.
    pub(crate) fn of_refusal(refusal: &RequestRefusal) -> Self {
        match refusal {
            RequestRefusal::OnPage(PageRule::RedirectUri) => Self::InvalidRequest(
                "redirect_uri is missing, sent twice or not registered, character for character",
            ),
            RequestRefusal::OnPage(PageRule::Client | PageRule::RequestUri) => {
                Self::InvalidRequest("client_id or request_uri is not as it must be")
            }
            RequestRefusal::ToClient {
                error, description, ..
            } => Self::Refused(error, description),
        }
    }

    pub(crate) fn answer(self) -> Response {
        let (status, error, description) = self.told();
        let reference = reference_number();
        let rule = self.rule();
        tracing::info!(reference, error, rule, "a client's request is refused");
        json_error(
            status,
            error,
            &format!("{description} (reference {reference})"),
        )
    }

    /// What the client is told.
    fn told(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Body(error) => (error.status(), "invalid_request", error.description()),
            Self::InvalidRequest(rule) => (StatusCode::BAD_REQUEST, "invalid_request", rule),
            Self::Refused(error, rule) => (StatusCode::BAD_REQUEST, error, rule),
            Self::InvalidProof(rule) => (StatusCode::BAD_REQUEST, "invalid_dpop_proof", rule),
            Self::UseNonce => (
                StatusCode::BAD_REQUEST,
                "use_dpop_nonce",
                "the proof needs the nonce of the DPoP-Nonce header",
            ),
            // One wording for every reason, so that nobody learns which clients and keys exist.
            Self::InvalidClient(_) => (
                StatusCode::UNAUTHORIZED,
                "invalid_client",
                "client authentication failed",
            ),
            Self::InvalidGrant => {
                let rule = "the code is unknown, over or used, or does not belong to this request";
                (StatusCode::BAD_REQUEST, "invalid_grant", rule)
            }
            Self::UnsupportedGrantType => {
                let rule = "grant_type must be authorization_code or client_credentials";
                (StatusCode::BAD_REQUEST, "unsupported_grant_type", rule)
            }
            Self::UnauthorizedClient => {
                let rule = "the client may not ask for signatures";
                (StatusCode::BAD_REQUEST, "unauthorized_client", rule)
            }
            Self::InvalidScope(rule) => (StatusCode::BAD_REQUEST, "invalid_scope", rule),
            Self::Full | Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "please try again later",
            ),
        }
    }

    /// What the log says beyond that.
    fn rule(self) -> &'static str {
        match self {
            Self::Body(error) => error.description(),
            Self::InvalidRequest(rule)
            | Self::InvalidScope(rule)
            | Self::Refused(_, rule)
            | Self::InvalidProof(rule)
            | Self::InvalidClient(AssertionRule(rule)) => rule,
            Self::UseNonce => "dpop_nonce",
            Self::InvalidGrant => "code",
            Self::UnsupportedGrantType | Self::UnauthorizedClient => "grant_type",
            Self::Full => "quota",
            Self::Unavailable => "unavailable",
        }
    }
}

impl From<Unauthenticated> for TokenError {
    fn from(refusal: Unauthenticated) -> Self {
        match refusal {
            Unauthenticated::Request(rule) => Self::InvalidRequest(rule),
            Unauthenticated::Refused(rule) => Self::InvalidClient(rule),
        }
    }
}

impl From<ProofError> for TokenError {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::Invalid(rule) => Self::InvalidProof(rule),
            ProofError::Nonce => Self::UseNonce,
        }
    }
}

impl From<Duplicate> for TokenError {
    fn from(_: Duplicate) -> Self {
        Self::InvalidRequest("a parameter is sent more than once")
    }
}

impl From<StoreError> for TokenError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the gateway's state cannot be used");
        Self::Unavailable
    }
}

impl From<NoRandomness> for TokenError {
    fn from(error: NoRandomness) -> Self {
        tracing::error!(%error, "no secret can be made");
        Self::Unavailable
    }
}

impl From<SigningError> for TokenError {
    fn from(error: SigningError) -> Self {
        tracing::error!(%error, "an ID token cannot be signed");
        Self::Unavailable
    }
}

impl From<SealError> for TokenError {
    fn from(error: SealError) -> Self {
        tracing::error!(%error, "a stored identity cannot be used");
        Self::Unavailable
    }
}

/// Every error of the token and revocation endpoints: status and error code.
#[cfg(test)]
pub(crate) fn error_answers() -> Vec<Response> {
    let mut all = vec![
        TokenError::InvalidRequest("..."),
        TokenError::InvalidScope("..."),
        TokenError::InvalidProof("..."),
        TokenError::UseNonce,
        TokenError::UnauthorizedClient,
        TokenError::InvalidClient(AssertionRule("...")),
        TokenError::InvalidGrant,
        TokenError::UnsupportedGrantType,
        TokenError::Full,
        TokenError::Unavailable,
    ];
    all.extend(BodyError::ALL.map(TokenError::Body));
    for error in &all {
        // A new kind does not compile until it stands here, and above.
        match error {
            TokenError::Body(_)
            | TokenError::InvalidRequest(_)
            | TokenError::InvalidScope(_)
            | TokenError::InvalidProof(_)
            | TokenError::UseNonce
            | TokenError::UnauthorizedClient
            // What is wrong with a pushed request has the errors of the authorization endpoint.
            | TokenError::Refused(..)
            | TokenError::InvalidClient(_)
            | TokenError::InvalidGrant
            | TokenError::UnsupportedGrantType
            | TokenError::Full
            | TokenError::Unavailable => {}
        }
    }
    all.into_iter().map(TokenError::answer).collect()
}
