//! The parameter rules of an authorization request.
//!
//! The order matters: until the client and its redirect URI are established, nothing may be sent anywhere (an open
//! redirector is what phishing is made of), so the answer is a page of ours. Afterwards every error goes to the client.

use std::sync::Arc;

use crate::authentication_context::{
    DemandError, RevocationMethod, check_claims_parameter, check_max_age, method_asked_for,
};
use crate::clients::{Client, Clients, is_client_id};
use crate::dpop::is_thumbprint;
use crate::limits;
use crate::parameters::{Duplicate, Parameters};
use crate::scope::Scopes;
use crate::signature::is_transaction_id;

/// A request that passed every rule.
#[derive(Debug)]
pub(crate) struct AuthorizationRequest {
    pub(crate) client: Arc<Client>,
    pub(crate) redirect_uri: String,
    pub(crate) state: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) scopes: Scopes,
    pub(crate) code_challenge: String,
    /// The thumbprint of the key that the code is to be bound to (RFC 9449 section 10).
    pub(crate) dpop_jkt: Option<String>,
    /// How the client asks for the certificate to be checked.
    pub(crate) revocation_method: Option<RevocationMethod>,
    pub(crate) ui_locales: Option<String>,
    /// The signature transaction to use: there if and only if the scopes ask for a signature.
    pub(crate) sign_transaction_id: Option<String>,
}

/// Why a request was refused, and who is told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RequestRefusal {
    /// The person: where the request came from is not established.
    OnPage(PageRule),
    /// The client.
    ToClient {
        redirect_uri: String,
        /// The request's `state`, if it has one that can be given back.
        state: Option<String>,
        /// As in RFC 6749 section 4.1.2.1 and OpenID Connect Core section 3.1.2.6.
        error: &'static str,
        description: &'static str,
    },
}

/// The rules before anything may be sent to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageRule {
    /// `client_id` is missing, sent twice, malformed or not registered.
    Client,
    /// `redirect_uri` is missing, sent twice or not registered, character for character.
    RedirectUri,
    /// `request_uri` is not a pushed request of this client, or it is over or was answered.
    RequestUri,
}

impl PageRule {
    /// The rule's name in the log.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Client => "client_unknown",
            Self::RedirectUri => "redirect_uri_unregistered",
            Self::RequestUri => "request_uri_unknown",
        }
    }
}

struct ClientError(&'static str, &'static str);

impl From<DemandError> for ClientError {
    fn from(error: DemandError) -> Self {
        match error {
            // OpenID Connect Core Unmet Authentication Requirements 1.0 section 2.
            DemandError::Unmet(rule) => Self("unmet_authentication_requirements", rule),
            DemandError::Malformed(rule) => Self("invalid_request", rule),
        }
    }
}

impl From<Duplicate> for ClientError {
    fn from(_: Duplicate) -> Self {
        Self("invalid_request", "a parameter is sent more than once")
    }
}

impl AuthorizationRequest {
    /// Checks a request that came through the browser with all its parameters.
    pub(crate) fn check(
        parameters: &Parameters,
        clients: &Clients,
        offered: &[RevocationMethod],
    ) -> Result<Self, RequestRefusal> {
        let client = requesting_client(parameters, clients)?;
        Self::check_of(parameters, client, Way::Browser, offered)
    }

    /// Checks a request that this client pushed, when it comes and again when a sign-in begins with it: the registration
    /// may have changed in between.
    pub(crate) fn check_pushed(
        parameters: &Parameters,
        client: &Arc<Client>,
        offered: &[RevocationMethod],
    ) -> Result<Self, RequestRefusal> {
        Self::check_of(parameters, client, Way::Pushed, offered)
    }

    fn check_of(
        parameters: &Parameters,
        client: &Arc<Client>,
        way: Way,
        offered: &[RevocationMethod],
    ) -> Result<Self, RequestRefusal> {
        // RFC 9700 section 4.1.3: exact comparison. A duplicate is refused too: whoever compares the first and whoever
        // redirects to the second must not be two.
        let redirect_uri = parameters
            .single("redirect_uri")
            .ok()
            .flatten()
            .filter(|redirect_uri| client.has_redirect_uri(redirect_uri))
            .ok_or(RequestRefusal::OnPage(PageRule::RedirectUri))?;
        check_way(client, way)
            .and_then(|()| check_rest(parameters, client, redirect_uri, offered))
            .map_err(|ClientError(error, description)| RequestRefusal::ToClient {
                redirect_uri: redirect_uri.to_owned(),
                state: state_to_return(parameters),
                error,
                description,
            })
    }
}

/// How a request's parameters came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Browser,
    Pushed,
}

/// The client that a request in the browser names.
pub(crate) fn requesting_client<'a>(
    parameters: &Parameters,
    clients: &'a Clients,
) -> Result<&'a Arc<Client>, RequestRefusal> {
    parameters
        .single("client_id")
        .ok()
        .flatten()
        .filter(|client_id| is_client_id(client_id))
        .and_then(|client_id| clients.by_id(client_id))
        .ok_or(RequestRefusal::OnPage(PageRule::Client))
}

/// FAPI 2.0 section 5.3.2.2: what came through the browser may have been changed there.
fn check_way(client: &Client, way: Way) -> Result<(), ClientError> {
    if way == Way::Browser && client.is_fapi2() {
        return Err(ClientError(
            "invalid_request",
            "this client must push its authorization requests (RFC 9126)",
        ));
    }
    Ok(())
}

/// What the client is told in an error: only a state that a success would carry too.
fn state_to_return(parameters: &Parameters) -> Option<String> {
    parameters
        .single("state")
        .ok()
        .flatten()
        .filter(|state| is_opaque(state))
        .map(str::to_owned)
}

fn check_rest(
    parameters: &Parameters,
    client: &Arc<Client>,
    redirect_uri: &str,
    offered: &[RevocationMethod],
) -> Result<AuthorizationRequest, ClientError> {
    refuse_unsupported(parameters)?;
    match parameters.single("response_type")? {
        Some("code") => {}
        Some(_) => {
            return Err(ClientError(
                "unsupported_response_type",
                "response_type must be code",
            ));
        }
        None => return Err(ClientError("invalid_request", "response_type is missing")),
    }
    let state = opaque(
        parameters.single("state")?,
        client.needs_state(),
        "state must be 1 to 255 characters from space to tilde",
    )?;
    let nonce = opaque(
        parameters.single("nonce")?,
        client.needs_nonce(),
        "nonce must be 1 to 255 characters from space to tilde",
    )?;
    let scopes = check_scope(parameters.single("scope")?, client)?;
    let sign_transaction_id = check_sign_transaction(parameters, &scopes)?;
    let code_challenge = check_code_challenge(parameters)?;
    check_prompt(parameters.single("prompt")?)?;
    let revocation_method = method_asked_for(parameters.single("acr_values")?, offered)?;
    check_claims_parameter(parameters.single("claims")?)?;
    check_max_age(parameters.single("max_age")?)?;
    // Read for their duplicates alone; a card is read at every sign-in, so they ask for nothing more.
    for name in ["id_token_hint", "login_hint", "display"] {
        parameters.single(name)?;
    }
    Ok(AuthorizationRequest {
        client: Arc::clone(client),
        redirect_uri: redirect_uri.to_owned(),
        state,
        nonce,
        scopes,
        code_challenge,
        dpop_jkt: check_dpop_jkt(parameters.single("dpop_jkt")?)?,
        revocation_method,
        ui_locales: parameters.single("ui_locales")?.map(str::to_owned),
        sign_transaction_id,
    })
}

/// Refused by name, because ignoring them would answer another request than the one that was sent.
fn refuse_unsupported(parameters: &Parameters) -> Result<(), ClientError> {
    if parameters.is_sent("request") {
        return Err(ClientError(
            "request_not_supported",
            "request objects are not offered",
        ));
    }
    // Never fetched: a provider that follows request_uri can be sent anywhere (SSRF).
    if parameters.is_sent("request_uri") {
        return Err(ClientError(
            "request_uri_not_supported",
            "request_uri must be one that the pushed authorization request endpoint gave",
        ));
    }
    if parameters.is_sent("registration") {
        return Err(ClientError(
            "registration_not_supported",
            "registration is not offered",
        ));
    }
    // The code travels in the query only; a fragment or a form can be read where a query cannot.
    match parameters.single("response_mode")? {
        None | Some("query") => Ok(()),
        Some(_) => Err(ClientError(
            "invalid_request",
            "response_mode must be query",
        )),
    }
}

/// `state` and `nonce`: 1 to 255 VSCHAR (RFC 6749 appendix A).
fn opaque(
    value: Option<&str>,
    is_required: bool,
    description: &'static str,
) -> Result<Option<String>, ClientError> {
    match value {
        Some(value) if is_opaque(value) => Ok(Some(value.to_owned())),
        None if !is_required => Ok(None),
        _ => Err(ClientError("invalid_request", description)),
    }
}

/// RFC 9449 section 10: a JWK thumbprint with SHA-256, base64url.
fn check_dpop_jkt(value: Option<&str>) -> Result<Option<String>, ClientError> {
    match value {
        Some(thumbprint) if !is_thumbprint(thumbprint) => Err(ClientError(
            "invalid_request",
            "dpop_jkt must be a SHA-256 JWK thumbprint in base64url (RFC 7638)",
        )),
        other => Ok(other.map(str::to_owned)),
    }
}

fn is_opaque(value: &str) -> bool {
    (1..=limits::PARAMETER_CHARACTERS).contains(&value.len())
        && value.bytes().all(|octet| (0x20..=0x7E).contains(&octet))
}

fn check_scope(value: Option<&str>, client: &Client) -> Result<Scopes, ClientError> {
    let invalid = |description| ClientError("invalid_scope", description);
    let text = value.ok_or(invalid("scope is missing; it must contain openid"))?;
    if text.len() > limits::SCOPE_CHARACTERS {
        return Err(invalid("scope is too long"));
    }
    let scopes = Scopes::parse(text).map_err(|error| {
        use crate::scope::ScopeError::{Malformed, NoOpenId};
        invalid(match error {
            Malformed => "scope must be values separated by single spaces",
            NoOpenId => "scope must contain openid",
        })
    })?;
    // Said, not dropped: a client that asks for more than its registration would else wonder where the claim is.
    if client.is_beyond_registration(&scopes) {
        return Err(invalid(
            "scope contains a value beyond the client's registration",
        ));
    }
    Ok(scopes)
}

/// A signature and its transaction come together or not at all. Whether the transaction can be used is found out when the
/// sign-in begins.
fn check_sign_transaction(
    parameters: &Parameters,
    scopes: &Scopes,
) -> Result<Option<String>, ClientError> {
    let invalid = |description| Err(ClientError("invalid_request", description));
    let transaction_id = parameters.single("sign_transaction_id")?;
    match (transaction_id, scopes.ask_for_a_signature()) {
        (None, false) => Ok(None),
        (Some(id), true) if is_transaction_id(id) => Ok(Some(id.to_owned())),
        (Some(_), true) => {
            invalid("sign_transaction_id is not the uuid of a signature transaction")
        }
        (None, true) => invalid("scope sign needs sign_transaction_id: open a transaction first"),
        (Some(_), false) => invalid("sign_transaction_id needs scope sign"),
    }
}

/// PKCE (RFC 7636) is required, and `plain` is no protection.
fn check_code_challenge(parameters: &Parameters) -> Result<String, ClientError> {
    let invalid = |description| Err(ClientError("invalid_request", description));
    let Some(challenge) = parameters.single("code_challenge")? else {
        return invalid("code_challenge is missing");
    };
    let is_allowed = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-' || octet == b'_';
    if challenge.len() > limits::CODE_CHALLENGE_CHARACTERS || !challenge.bytes().all(is_allowed) {
        return invalid("code_challenge must be 1 to 128 characters of 0-9 a-z A-Z - _");
    }
    match parameters.single("code_challenge_method")? {
        Some("S256") => Ok(challenge.to_owned()),
        // RFC 7636 section 4.3 would read a missing method as plain.
        _ => invalid("code_challenge_method must be S256"),
    }
}

/// There is no session at the provider: every sign-in reads the card, so `none` can never succeed.
fn check_prompt(value: Option<&str>) -> Result<(), ClientError> {
    let mut prompts = value.unwrap_or_default().split(' ');
    match value {
        Some("none") => Err(ClientError(
            "login_required",
            "the card is read at every sign-in, so somebody must be there",
        )),
        // OpenID Connect Core section 3.1.2.1.
        Some(_) if prompts.any(|prompt| prompt == "none") => Err(ClientError(
            "invalid_request",
            "prompt none cannot be combined with others",
        )),
        _ => Ok(()),
    }
}
