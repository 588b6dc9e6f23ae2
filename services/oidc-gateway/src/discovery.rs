//! Where everything is, and the document that says so (OpenID Connect Discovery 1.0 section 3).

use serde_json::{Value, json};

use crate::authentication_context::LEVEL;
use crate::config::Config;
use crate::dpop;
use crate::jws::Algorithm;

/// The provider's addresses. All come from the configuration, none from a request.
#[derive(Debug, Clone)]
pub(crate) struct Endpoints {
    pub(crate) public_url: String,
    pub(crate) path_prefix: String,
    pub(crate) issuer: String,
    pub(crate) authorization: String,
    pub(crate) pushed_authorization_request: String,
    pub(crate) token: String,
    pub(crate) userinfo: String,
    pub(crate) jwks: String,
    pub(crate) revocation: String,
    pub(crate) stylesheet: String,
    /// Of the signature API, a path.
    pub(crate) sign_transactions: String,
    pub(crate) waiting_script: String,
}

impl Endpoints {
    pub(crate) fn new(config: &Config) -> Self {
        let issuer = config.issuer();
        let protocol = |name: &str| format!("{issuer}/protocol/openid-connect/{name}");
        Self {
            public_url: config.public_url.clone(),
            path_prefix: config.path_prefix.clone(),
            authorization: protocol("auth"),
            pushed_authorization_request: protocol("ext/par/request"),
            token: protocol("token"),
            userinfo: protocol("userinfo"),
            jwks: protocol("certs"),
            revocation: protocol("revoke"),
            sign_transactions: format!("{}/sign-transactions", config.sign_path_prefix),
            waiting_script: format!("{}/assets/waiting.js", config.path_prefix),
            stylesheet: format!("{}/assets/gateway.css", config.path_prefix),
            issuer,
        }
    }

    /// The page of a sign-in, as a path.
    pub(crate) fn interaction_path(&self, interaction_id: &str) -> String {
        format!("{}/interactions/{interaction_id}", self.path_prefix)
    }

    /// What is asked of a signature transaction: `result` or `validity`.
    pub(crate) fn of_signature(&self, transaction_id: &str, what: &str) -> String {
        let (origin, transactions) = (&self.public_url, &self.sign_transactions);
        format!("{origin}{transactions}/{transaction_id}/{what}")
    }

    /// Where the reader app sends the browser back.
    pub(crate) fn return_url(&self, interaction_id: &str, token: &str) -> String {
        format!(
            "{}/card/return?interaction={interaction_id}&token={token}",
            self.public_url
        )
    }
}

/// The discovery document.
pub(crate) fn document(endpoints: &Endpoints) -> Value {
    let algorithms = Algorithm::ALL.map(Algorithm::name);
    json!({
        "issuer": endpoints.issuer,
        "authorization_endpoint": endpoints.authorization,
        "pushed_authorization_request_endpoint": endpoints.pushed_authorization_request,
        "token_endpoint": endpoints.token,
        "userinfo_endpoint": endpoints.userinfo,
        "jwks_uri": endpoints.jwks,
        "revocation_endpoint": endpoints.revocation,
        "scopes_supported": ["openid", "name", "address", "birthdate", "gender", "sign"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "acr_values_supported": [LEVEL],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint_auth_methods_supported": ["private_key_jwt"],
        "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        "display_values_supported": ["page"],
        "claim_types_supported": ["normal"],
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr",
            "name", "address", "birthdate", "gender"
        ],
        "ui_locales_supported": ["ja", "en"],
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        // Of OpenID Connect: an address to be fetched. That of RFC 9126 is none.
        "request_uri_parameter_supported": false,
        // Some clients must (FAPI 2.0), none may not.
        "require_pushed_authorization_requests": false,
        "dpop_signing_alg_values_supported": dpop::ALGORITHMS.map(Algorithm::name),
        "code_challenge_methods_supported": ["S256"],
        // RFC 9207 section 3.
        "authorization_response_iss_parameter_supported": true,
    })
}
