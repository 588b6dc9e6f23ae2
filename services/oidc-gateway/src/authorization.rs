//! The authorization endpoint: checks the request and begins a sign-in in this browser.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, Method, header};
use store::{NewSignIn, SignIn};

use crate::authentication_context::RevocationMethod;
use crate::authorization_request::RequestRefusal;
use crate::bearer::BearerSecret;
use crate::devices;
use crate::gateway::Gateway;
use crate::http_exchange::{
    BodyError, random_identifier, read_form, reference_number, see_other, set_browser_secret,
    with_parameters,
};
use crate::language::Language;
use crate::parameters::Parameters;
use crate::problem::PageProblem;
use crate::pushed_request::{NotRequested, Requested};
use crate::quota::Stored;
use crate::source::{PeerAddress, Source};

/// `GET` and `POST` of the authorization endpoint (OpenID Connect Core section 3.1.2.1).
pub(crate) async fn authorize(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let accepted = accepted_language(&parts.headers);
    let parameters = if parts.method == Method::POST {
        read_form(&parts.headers, body).await
    } else {
        Parameters::parse(parts.uri.query().unwrap_or_default().as_bytes())
            .map_err(|_| BodyError::Unreadable)
    };
    let parameters = match parameters {
        Ok(parameters) => parameters,
        Err(error) => return gateway.problem_page(accepted, error.into()),
    };
    match gateway.requested(&parameters).await {
        Ok(requested) => {
            let language = Language::choose(
                requested.request.ui_locales.as_deref(),
                header_text(&parts.headers, &header::ACCEPT_LANGUAGE),
            );
            let peer = parts.extensions.get::<PeerAddress>().copied();
            let source = gateway.sources.of(peer, &parts.headers);
            begin(&gateway, &requested, language, source)
                .await
                .unwrap_or_else(|problem| gateway.problem_page(language, problem))
        }
        Err(NotRequested::Problem(problem)) => gateway.problem_page(accepted, problem),
        Err(NotRequested::Refused(RequestRefusal::OnPage(rule))) => {
            gateway.problem_page(accepted, PageProblem::Request(rule))
        }
        Err(NotRequested::Refused(RequestRefusal::ToClient {
            redirect_uri,
            state,
            error,
            description,
        })) => {
            let reference = reference_number();
            tracing::info!(
                reference,
                error,
                description,
                "an authorization request is refused"
            );
            let description = format!("{description} (reference {reference})");
            gateway.error_redirect(&redirect_uri, state.as_deref(), error, &description)
        }
    }
}

async fn begin(
    gateway: &Gateway,
    requested: &Requested,
    language: Language,
    source: Option<Source>,
) -> Result<Response, PageProblem> {
    let request = &requested.request;
    let client_id = request.client.id();
    // First, so that one source uses up its own share and not the client's.
    if !gateway.source_quota.admit(source, gateway.now()) {
        return Err(PageProblem::Crowded);
    }
    if !gateway.quotas.admit(client_id, Stored::SignIn) {
        tracing::warn!(
            client_id,
            "the client has as many sign-ins stored as it may"
        );
        return Err(PageProblem::Full);
    }
    let interaction_id = random_identifier()?;
    let browser = BearerSecret::generate()?;
    let seconds = gateway.lifetimes.interaction_seconds;
    let new = NewSignIn {
        interaction_id: &interaction_id,
        client_id,
        redirect_uri: &request.redirect_uri,
        state: request.state.as_deref().unwrap_or_default(),
        nonce: request.nonce.as_deref().unwrap_or_default(),
        scope: &request.scopes.joined(),
        code_challenge: &request.code_challenge,
        language: language.tag(),
        browser_hash: &browser.hash(),
        link_hash: &devices::link_secret(&browser, &interaction_id).hash(),
        pushed_request_hash: requested.pushed_request_hash.as_ref(),
        dpop_jkt: request.dpop_jkt.as_deref().unwrap_or_default(),
        revocation_method: request.revocation_method.map_or("", RevocationMethod::name),
        expires_at: gateway.now() + seconds,
    };
    match &request.sign_transaction_id {
        None => gateway.state.begin_sign_in(&new).await?,
        Some(id) if gateway.begin_with_signature(&new, id).await? => {}
        Some(_) => {
            gateway.quotas.release(client_id, Stored::SignIn);
            return Ok(gateway.refuse_signature_transaction(request));
        }
    }
    // To a page of its own, so that reloading it begins nothing and state and nonce leave the address bar.
    let mut response = see_other(
        &gateway.endpoints.interaction_path(&interaction_id),
        "begun",
    );
    set_browser_secret(&mut response, &interaction_id, &browser, seconds);
    Ok(response)
}

impl Gateway {
    /// An error to the client of a sign-in. An empty state is none.
    pub(crate) fn sign_in_error_address(
        &self,
        sign_in: &SignIn,
        error: &str,
        description: &str,
    ) -> String {
        let state = Some(sign_in.state.as_str()).filter(|state| !state.is_empty());
        self.error_address(&sign_in.redirect_uri, state, error, description)
    }

    /// An error to the client (RFC 6749 section 4.1.2.1), with the issuer (RFC 9207) so that it knows whose answer it is.
    pub(crate) fn error_redirect(
        &self,
        redirect_uri: &str,
        state: Option<&str>,
        error: &'static str,
        description: &str,
    ) -> Response {
        see_other(
            &self.error_address(redirect_uri, state, error, description),
            error,
        )
    }

    /// The address that carries an error to the client.
    pub(crate) fn error_address(
        &self,
        redirect_uri: &str,
        state: Option<&str>,
        error: &str,
        description: &str,
    ) -> String {
        let mut answer = vec![("error", error), ("error_description", description)];
        answer.extend(state.map(|state| ("state", state)));
        answer.push(("iss", &self.endpoints.issuer));
        with_parameters(redirect_uri, &answer)
    }
}

impl From<BodyError> for PageProblem {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => Self::TooLarge,
            BodyError::TooSlow => Self::TooSlow,
            BodyError::Unreadable => Self::Unreadable,
        }
    }
}

/// The language of the browser, for pages before a sign-in is known.
pub(crate) fn accepted_language(headers: &HeaderMap) -> Language {
    Language::choose(None, header_text(headers, &header::ACCEPT_LANGUAGE))
}

fn header_text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
