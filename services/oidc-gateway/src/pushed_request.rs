//! Pushed authorization requests (RFC 9126): the client hands its request over itself, and the browser carries a reference
//! that says nothing and can be changed into nothing.
//!
//! A reference is a bearer secret of 256 bits, kept by its hash, bound to its client and good for a minute. It is used up by
//! the *answer* to it, not by the page that shows it: people reload pages, and mail and chat programs open links before
//! they do (FAPI 2.0 section 5.3.2.2, note). Any number of sign-ins may begin with it while it lasts; one of them, decided
//! by one statement of the store, gets a code, and from then on it begins nothing.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use http::request::Parts;
use serde_json::json;
use store::NewPushedRequest;

use crate::authorization_request::{
    AuthorizationRequest, PageRule, RequestRefusal, requesting_client,
};
use crate::bearer::BearerSecret;
use crate::client_proof::{ProofRule, ProvenClient};
use crate::gateway::Gateway;
use crate::http_exchange::{json_answer, read_form, with_outcome};
use crate::limits;
use crate::parameters::Parameters;
use crate::problem::PageProblem;
use crate::quota::Stored;
use crate::token::TokenError;

/// What every reference begins with (RFC 9126 section 2.2).
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// Not stored: the client's proof, which is used up, and hints that are not looked at and may name a person.
const NOT_STORED: [&str; 4] = [
    "client_assertion",
    "client_assertion_type",
    "login_hint",
    "id_token_hint",
];

/// A request as it is to be begun, and the pushed request it came from.
#[derive(Debug)]
pub(crate) struct Requested {
    pub(crate) request: AuthorizationRequest,
    pub(crate) pushed_request_hash: Option<[u8; 32]>,
}

/// Why a request in the browser begins nothing.
#[derive(Debug)]
pub(crate) enum NotRequested {
    Refused(RequestRefusal),
    Problem(PageProblem),
}

impl From<RequestRefusal> for NotRequested {
    fn from(refusal: RequestRefusal) -> Self {
        Self::Refused(refusal)
    }
}

/// `POST` of the pushed authorization request endpoint.
pub(crate) async fn push(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let answer = match read_form(&parts.headers, body).await {
        Ok(form) => gateway.push_request(&parts, &form).await,
        Err(error) => Err(TokenError::Body(error)),
    };
    gateway.with_nonce(answer.unwrap_or_else(TokenError::answer))
}

impl Gateway {
    async fn push_request(&self, parts: &Parts, form: &Parameters) -> Result<Response, TokenError> {
        let address = &self.endpoints.pushed_authorization_request;
        let ProvenClient { client, thumbprint } = self
            .authenticate_with_proof(parts, form, address, ProofRule::Optional)
            .await?;
        // RFC 9126 section 2.1.
        if form.is_sent("request_uri") {
            return Err(TokenError::InvalidRequest(
                "request_uri must not be sent to the pushed authorization request endpoint",
            ));
        }
        let request = AuthorizationRequest::check_pushed(form, &client, &self.revocation_methods)
            .map_err(|refusal| TokenError::of_refusal(&refusal))?;
        let thumbprint = thumbprint.unwrap_or_default();
        // RFC 9449 section 10.1.
        if let Some(asked) = &request.dpop_jkt
            && !thumbprint.is_empty()
            && *asked != thumbprint
        {
            return Err(TokenError::InvalidRequest(
                "dpop_jkt is not the thumbprint of the key in the DPoP header",
            ));
        }
        let parameters = form.encoded_without(&NOT_STORED);
        if parameters.len() > limits::PUSHED_REQUEST_BYTES {
            return Err(TokenError::InvalidRequest(
                "the request's parameters are longer than 16 KiB",
            ));
        }
        if !self.quotas.admit(client.id(), Stored::PushedRequest) {
            tracing::warn!(
                client_id = client.id(),
                "the client has as many pushed requests stored as it may"
            );
            return Err(TokenError::Full);
        }
        let reference = BearerSecret::generate()?;
        let expires_at = self.now() + limits::PUSHED_REQUEST_SECONDS;
        self.state
            .push_request(&NewPushedRequest {
                request_uri_hash: &reference.hash(),
                client_id: client.id(),
                parameters: &parameters,
                dpop_jkt: &thumbprint,
                expires_at,
                kept_until: expires_at + self.lifetimes.interaction_seconds,
            })
            .await?;
        let body = json!({
            "request_uri": format!("{PREFIX}{}", reference.reveal()),
            "expires_in": limits::PUSHED_REQUEST_SECONDS,
        });
        Ok(with_outcome(
            json_answer(StatusCode::CREATED, &body),
            "pushed",
        ))
    }

    /// The request that a browser brings: in its parameters, or by reference.
    pub(crate) async fn requested(
        &self,
        parameters: &Parameters,
    ) -> Result<Requested, NotRequested> {
        match parameters.single("request_uri") {
            Ok(Some(reference)) if reference.starts_with(PREFIX) => {
                self.pushed(parameters, reference).await
            }
            // Twice, and one of them ours: which was meant is not guessed.
            Err(_) => Err(RequestRefusal::OnPage(PageRule::RequestUri).into()),
            Ok(_) => Ok(Requested {
                request: AuthorizationRequest::check(
                    parameters,
                    &self.clients.current(),
                    &self.revocation_methods,
                )?,
                pushed_request_hash: None,
            }),
        }
    }

    /// The pushed request alone counts: what else stands in the address was not sent by the client (RFC 9101 section 6.3).
    async fn pushed(
        &self,
        parameters: &Parameters,
        reference: &str,
    ) -> Result<Requested, NotRequested> {
        let unknown = || NotRequested::from(RequestRefusal::OnPage(PageRule::RequestUri));
        let client = Arc::clone(requesting_client(parameters, &self.clients.current())?);
        let reference = reference
            .strip_prefix(PREFIX)
            .and_then(BearerSecret::parse)
            .ok_or_else(unknown)?;
        let hash = reference.hash();
        let stored = self
            .state
            .pushed_request(&hash, client.id(), self.now())
            .await
            .map_err(|error| NotRequested::Problem(error.into()))?
            .ok_or_else(unknown)?;
        let parameters = Parameters::parse(stored.parameters.as_bytes()).map_err(|_| unknown())?;
        let mut request =
            AuthorizationRequest::check_pushed(&parameters, &client, &self.revocation_methods)?;
        // A key that was proved when the request was pushed binds the code as dpop_jkt does.
        if !stored.dpop_jkt.is_empty() {
            request.dpop_jkt = Some(stored.dpop_jkt);
        }
        Ok(Requested {
            request,
            pushed_request_hash: Some(hash),
        })
    }
}
