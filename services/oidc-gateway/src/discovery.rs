//! Where everything is, and the document that says so (OpenID Connect Discovery 1.0 section 3).

use serde_json::{Value, json};

use crate::config::Config;
use crate::jws::Algorithm;

/// The provider's addresses. All come from the configuration, none from a request.
#[derive(Debug, Clone)]
pub(crate) struct Endpoints {
    pub(crate) public_url: String,
    pub(crate) path_prefix: String,
    pub(crate) issuer: String,
    pub(crate) authorization: String,
    pub(crate) token: String,
    pub(crate) userinfo: String,
    pub(crate) jwks: String,
    pub(crate) revocation: String,
    pub(crate) stylesheet: String,
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
            token: protocol("token"),
            userinfo: protocol("userinfo"),
            jwks: protocol("certs"),
            revocation: protocol("revoke"),
            waiting_script: format!("{}/assets/waiting.js", config.path_prefix),
            stylesheet: format!("{}/assets/gateway.css", config.path_prefix),
            issuer,
        }
    }

    /// The page of a sign-in, as a path.
    pub(crate) fn interaction_path(&self, interaction_id: &str) -> String {
        format!("{}/interactions/{interaction_id}", self.path_prefix)
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
        "token_endpoint": endpoints.token,
        "userinfo_endpoint": endpoints.userinfo,
        "jwks_uri": endpoints.jwks,
        "revocation_endpoint": endpoints.revocation,
        "scopes_supported": ["openid", "name", "address", "birthdate", "gender"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "acr_values_supported": ["aal3"],
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
        "request_uri_parameter_supported": false,
        "code_challenge_methods_supported": ["S256"],
        // RFC 9207 section 3.
        "authorization_response_iss_parameter_supported": true,
    })
}
