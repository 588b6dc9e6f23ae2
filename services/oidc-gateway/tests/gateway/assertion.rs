//! Client assertions, honest and spoiled, and what clients do with them.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256};
use axum::Router;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Request, header};
use serde_json::{Value, json};

use crate::browser::{Answer, PROTOCOL, VERIFIER, post_form, send};
use crate::world::{ClientKey, ISSUER, NOW, RelyingParty, World};

static SERIAL: AtomicU64 = AtomicU64::new(0);

pub(crate) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An assertion to be spoiled and signed.
#[derive(Debug, Clone)]
pub(crate) struct Assertion {
    pub(crate) header: Value,
    pub(crate) claims: Value,
}

impl Assertion {
    pub(crate) fn of(party: &RelyingParty) -> Self {
        let jti = format!("jti-{}", SERIAL.fetch_add(1, Ordering::Relaxed));
        Self {
            header: json!({ "alg": party.key.algorithm(), "kid": "key-1", "typ": "JWT" }),
            claims: json!({
                "iss": party.client_id, "sub": party.client_id, "aud": ISSUER,
                "jti": jti, "iat": NOW, "exp": NOW + 60,
            }),
        }
    }

    pub(crate) fn claim(mut self, name: &str, value: Value) -> Self {
        self.claims[name] = value;
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.claims.as_object_mut().unwrap().remove(name);
        self
    }

    pub(crate) fn header(mut self, name: &str, value: Value) -> Self {
        self.header[name] = value;
        self
    }

    pub(crate) fn without_header(mut self, name: &str) -> Self {
        self.header.as_object_mut().unwrap().remove(name);
        self
    }

    pub(crate) fn signing_input(&self) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}", part(&self.header), part(&self.claims))
    }

    pub(crate) fn signed_by(&self, key: &ClientKey) -> String {
        let input = self.signing_input();
        format!(
            "{input}.{}",
            URL_SAFE_NO_PAD.encode(key.sign(input.as_bytes()))
        )
    }

    pub(crate) fn with_signature(&self, signature: &[u8]) -> String {
        format!(
            "{}.{}",
            self.signing_input(),
            URL_SAFE_NO_PAD.encode(signature)
        )
    }
}

impl ClientKey {
    pub(crate) fn algorithm(&self) -> &'static str {
        match self {
            Self::Es256(_) => "ES256",
            Self::Rs256(_) => "RS256",
            Self::Ps256(_) => "PS256",
        }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let (pair, padding): (_, &'static dyn aws_lc_rs::signature::RsaEncoding) = match self {
            Self::Es256(pair) => return pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::Rs256(pair) => (pair, &RSA_PKCS1_SHA256),
            Self::Ps256(pair) => (pair, &RSA_PSS_SHA256),
        };
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(padding, &random, message, &mut signature)
            .unwrap();
        signature
    }
}

impl RelyingParty {
    /// A fresh, honest assertion.
    pub(crate) fn assertion(&self) -> String {
        Assertion::of(self).signed_by(&self.key)
    }

    /// Redeems a code as it should be.
    pub(crate) async fn redeem(&self, router: &Router, code: &str) -> Answer {
        let assertion = self.assertion();
        post_form(router, TOKEN, &self.redemption(code, &assertion)).await
    }

    /// The form of an honest redemption.
    pub(crate) fn redemption<'a>(
        &self,
        code: &'a str,
        assertion: &'a str,
    ) -> [(&'static str, &'a str); 6] {
        [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.redirect_uri),
            ("code_verifier", VERIFIER),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion),
        ]
    }

    /// Whether this assertion proves the client: asked at the revocation endpoint, which then answers 200.
    pub(crate) async fn proves(&self, world: &World, assertion: &str) -> bool {
        let form = [
            ("token", "x"),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion),
        ];
        let answer = post_form(&world.router, REVOKE, &form).await;
        match answer.status {
            200 => true,
            401 => {
                assert_eq!(answer.json()["error"], "invalid_client");
                false
            }
            other => panic!("{other} {}", answer.body),
        }
    }
}

pub(crate) const TOKEN: &str = "/api/realms/main/protocol/openid-connect/token";
pub(crate) const REVOKE: &str = "/api/realms/main/protocol/openid-connect/revoke";

/// The form with one field changed.
pub(crate) fn changed<'a>(
    form: &[(&'a str, &'a str)],
    name: &str,
    value: &'a str,
) -> Vec<(&'a str, &'a str)> {
    form.iter()
        .map(|(sent, old)| (*sent, if *sent == name { value } else { *old }))
        .collect()
}

/// The form without one field.
pub(crate) fn without<'a>(form: &[(&'a str, &'a str)], name: &str) -> Vec<(&'a str, &'a str)> {
    form.iter()
        .filter(|(sent, _)| *sent != name)
        .copied()
        .collect()
}

/// Userinfo for an access token.
pub(crate) async fn userinfo(router: &Router, token: &str) -> Answer {
    let request = Request::get(format!("{PROTOCOL}/userinfo"))
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(axum::body::Body::empty());
    send(router, request.unwrap()).await
}

/// The claims of a compact JWS, not verified.
pub(crate) fn payload(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}
