//! The relying party's side of the wire: discovery, key set, token endpoint, userinfo. Every answer is
//! limited in size and time, no redirect is followed, and nothing of it is logged.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use reqwest::{Client as HttpClient, RequestBuilder, StatusCode};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use tokio::sync::Mutex;
use url::Url;

use super::Client;
use super::claims::UserInfo;
use super::key_set::KeySet;
use super::limits::{
    ASSERTION_SECONDS, CONNECT_TIMEOUT, METADATA_AGE, METADATA_FLOOR, REQUEST_TIMEOUT,
    RESPONSE_BYTES,
};
use super::refusal::Refusal;

/// RFC 7523 section 2.2.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The provider at one issuer.
pub(super) struct Provider {
    issuer: String,
    http: HttpClient,
    known: Mutex<Option<(Instant, Arc<Discovered>)>>,
}

/// What discovery found.
pub(super) struct Discovered {
    pub(super) metadata: Metadata,
    pub(super) keys: KeySet,
}

/// The provider metadata this site uses (OpenID Connect Discovery 1.0 section 3).
#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    issuer: String,
    #[serde(deserialize_with = "absolute_url")]
    pub(super) authorization_endpoint: Url,
    #[serde(deserialize_with = "absolute_url")]
    token_endpoint: Url,
    #[serde(deserialize_with = "absolute_url")]
    userinfo_endpoint: Url,
    #[serde(deserialize_with = "absolute_url")]
    jwks_uri: Url,
    #[serde(default)]
    code_challenge_methods_supported: Vec<String>,
    #[serde(default)]
    id_token_signing_alg_values_supported: Vec<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

/// What the token endpoint gave for a code.
#[derive(Deserialize)]
pub(super) struct Tokens {
    pub(super) access_token: String,
    pub(super) id_token: String,
    token_type: String,
}

/// What the token endpoint gave a client for itself.
#[derive(Deserialize)]
struct Granted {
    access_token: String,
}

/// RFC 6749 section 5.2.
#[derive(Deserialize)]
struct ErrorAnswer {
    error: String,
    error_description: Option<String>,
}

impl Provider {
    pub(super) fn new(issuer: String) -> anyhow::Result<Self> {
        let url = Url::parse(&issuer).context("issuer")?;
        ensure!(
            matches!(url.scheme(), "http" | "https"),
            "issuer must be an http or https URL"
        );
        let mut builder = HttpClient::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy();
        if url.scheme() == "http" {
            // Plain HTTP needs no roots, and the demo must run on a machine that has none.
            builder = builder.tls_certs_only([]);
        }
        let http = builder.build().context("the HTTP client")?;
        Ok(Self {
            issuer,
            http,
            known: Mutex::new(None),
        })
    }

    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The provider's metadata and keys, fetched when they are not known or too old.
    pub(super) async fn discovered(&self) -> Result<Arc<Discovered>, Refusal> {
        self.discovered_within(METADATA_AGE).await
    }

    /// The same after a token named an unknown key: the provider may have rolled its keys.
    pub(super) async fn discovered_again(&self) -> Result<Arc<Discovered>, Refusal> {
        self.discovered_within(METADATA_FLOOR).await
    }

    async fn discovered_within(
        &self,
        max_age: std::time::Duration,
    ) -> Result<Arc<Discovered>, Refusal> {
        // The lock is held over the fetch, so that a crowd of people makes one request.
        let mut known = self.known.lock().await;
        if let Some((fetched_at, discovered)) = known.as_ref()
            && fetched_at.elapsed() < max_age
        {
            return Ok(Arc::clone(discovered));
        }
        let address = format!("{}/.well-known/openid-configuration", self.issuer);
        let metadata: Metadata = answer(self.http.get(address)).await?;
        metadata.check(&self.issuer)?;
        let key_set = body(self.http.get(metadata.jwks_uri.clone())).await?.1;
        let keys = KeySet::from_json(&key_set)
            .map_err(|_| Refusal::Metadata("the provider's key set cannot be read"))?;
        let discovered = Arc::new(Discovered { metadata, keys });
        *known = Some((Instant::now(), Arc::clone(&discovered)));
        Ok(discovered)
    }

    /// Turns a code into tokens, proving who asks by key (private_key_jwt) and that the same browser
    /// began by the code verifier (RFC 7636 section 4.5).
    pub(super) async fn redeem(
        &self,
        metadata: &Metadata,
        client: &Client,
        code: &str,
        code_verifier: &str,
        now: i64,
    ) -> Result<Tokens, Refusal> {
        let assertion = self.client_assertion(client, now)?;
        let request = self.http.post(metadata.token_endpoint.clone()).form(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", client.redirect_uri.as_str()),
            ("code_verifier", code_verifier),
            ("client_id", client.id.as_str()),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", assertion.as_str()),
        ]);
        let tokens: Tokens = answer(request).await?;
        if !tokens.token_type.eq_ignore_ascii_case("Bearer") {
            return Err(Refusal::Metadata("the access token is not a bearer token"));
        }
        Ok(tokens)
    }

    /// What the provider tells about the person the access token is for.
    pub(super) async fn user_info(
        &self,
        metadata: &Metadata,
        access_token: &str,
    ) -> Result<UserInfo, Refusal> {
        let address = metadata.userinfo_endpoint.clone();
        answer(self.http.get(address).bearer_auth(access_token)).await
    }

    /// A token to open signature transactions with (RFC 6749 section 4.4).
    pub(super) async fn signing_token(
        &self,
        metadata: &Metadata,
        client: &Client,
        now: i64,
    ) -> Result<String, Refusal> {
        let assertion = self.client_assertion(client, now)?;
        let request = self.http.post(metadata.token_endpoint.clone()).form(&[
            ("grant_type", "client_credentials"),
            ("scope", "sign"),
            ("client_id", client.id.as_str()),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", assertion.as_str()),
        ]);
        let granted: Granted = answer(request).await?;
        Ok(granted.access_token)
    }

    pub(super) fn get(&self, address: Url) -> RequestBuilder {
        self.http.get(address)
    }

    pub(super) fn post(&self, address: Url) -> RequestBuilder {
        self.http.post(address)
    }

    fn client_assertion(&self, client: &Client, now: i64) -> Result<String, Refusal> {
        let claims = serde_json::json!({
            "iss": client.id,
            "sub": client.id,
            // The issuer and nothing else: an endpoint's address could be one an attacker's metadata
            // made us believe in, and a list could be replayed at its other members.
            "aud": self.issuer,
            "jti": uuid::Uuid::new_v4().to_string(),
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
        });
        client
            .key
            .sign_jwt(&client.key_id, &claims)
            .map_err(|_| Refusal::Internal("the client assertion could not be signed"))
    }
}

impl Metadata {
    fn check(&self, issuer: &str) -> Result<(), Refusal> {
        // Discovery section 4.3: the issuer must be the one that was asked, or its keys could be
        // used to speak for another.
        if self.issuer != issuer {
            return Err(Refusal::Metadata("the metadata name another issuer"));
        }
        let endpoints = [
            &self.authorization_endpoint,
            &self.token_endpoint,
            &self.userinfo_endpoint,
            &self.jwks_uri,
        ];
        // An issuer behind TLS cannot send its tokens elsewhere in the clear.
        let secure = issuer.starts_with("https://");
        let usable = |url: &&Url| url.scheme() == "https" || (!secure && url.scheme() == "http");
        if !endpoints.iter().all(usable) {
            return Err(Refusal::Metadata(
                "an endpoint of the provider is not secure",
            ));
        }
        let offered = |list: &[String], wanted: &str| list.iter().any(|item| item == wanted);
        if offered(&self.code_challenge_methods_supported, "S256")
            && offered(&self.id_token_signing_alg_values_supported, "ES256")
            && offered(
                &self.token_endpoint_auth_methods_supported,
                "private_key_jwt",
            )
        {
            Ok(())
        } else {
            Err(Refusal::Metadata(
                "the provider lacks S256, ES256 or private_key_jwt",
            ))
        }
    }
}

fn absolute_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    Url::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

pub(super) async fn answer<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Refusal> {
    let (status, bytes) = body(request).await?;
    if status.is_success() {
        return serde_json::from_slice(&bytes)
            .map_err(|_| Refusal::Unreachable("the provider's answer cannot be read"));
    }
    match serde_json::from_slice::<ErrorAnswer>(&bytes) {
        Ok(answer) => Err(Refusal::from_provider(
            &answer.error,
            answer.error_description.as_deref(),
        )),
        Err(_) => Err(Refusal::Unreachable("the provider answered with an error")),
    }
}

async fn body(request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), Refusal> {
    let unreachable = |_| Refusal::Unreachable("the provider did not answer");
    let mut response = request.send().await.map_err(unreachable)?;
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if bytes.len() + chunk.len() > RESPONSE_BYTES {
            return Err(Refusal::Unreachable("the provider's answer is too long"));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok((response.status(), bytes))
}
