//! DPoP proofs, honest and spoiled, and what FAPI 2.0 clients do with them.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RsaKeyPair};
use axum::Router;
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Method, Request, header};
use serde_json::{Value, json};

use crate::assertion::{ASSERTION_TYPE, TOKEN};
use crate::browser::{Answer, AuthRequest, Browser, PROTOCOL, form_request, post_form, send};
use crate::card::HANAKO;
use crate::world::{ClientKey, NOW, PUBLIC_URL, RelyingParty, World, fresh_ec};

static SERIAL: AtomicU64 = AtomicU64::new(0);

/// The pushed authorization request endpoint.
pub(crate) const PAR: &str = "/api/realms/main/protocol/openid-connect/ext/par/request";

/// The userinfo endpoint.
pub(crate) const USERINFO: &str = "/api/realms/main/protocol/openid-connect/userinfo";

/// A key that tokens are bound to.
pub(crate) fn fresh_key() -> ClientKey {
    ClientKey::Es256(fresh_ec())
}

pub(crate) fn fresh_rsa_key() -> ClientKey {
    ClientKey::Ps256(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
}

/// The public half as a JWK.
pub(crate) fn jwk(key: &ClientKey) -> Value {
    match key {
        ClientKey::Es256(pair) => {
            let point = pair.public_key().as_ref();
            json!({
                "kty": "EC", "crv": "P-256",
                "x": URL_SAFE_NO_PAD.encode(&point[1..33]),
                "y": URL_SAFE_NO_PAD.encode(&point[33..]),
            })
        }
        ClientKey::Rs256(pair) | ClientKey::Ps256(pair) => {
            let modulus = &pair.public_key().as_ref()[9..9 + 256];
            json!({ "kty": "RSA", "n": URL_SAFE_NO_PAD.encode(modulus), "e": "AQAB" })
        }
    }
}

/// RFC 7638: the members in the order of their names, which is how this JSON is written.
pub(crate) fn thumbprint(key: &ClientKey) -> String {
    hash(&jwk(key).to_string())
}

fn hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()))
}

/// A proof to be spoiled and signed.
#[derive(Debug, Clone)]
pub(crate) struct Proof {
    pub(crate) header: Value,
    pub(crate) claims: Value,
}

impl Proof {
    /// For a request to this path.
    pub(crate) fn of(key: &ClientKey, method: &str, path: &str) -> Self {
        let jti = format!("proof-{}", SERIAL.fetch_add(1, Ordering::Relaxed));
        Self {
            header: json!({ "alg": key.algorithm(), "typ": "dpop+jwt", "jwk": jwk(key) }),
            claims: json!({
                "htm": method, "htu": format!("{PUBLIC_URL}{path}"), "iat": NOW, "jti": jti,
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

    /// With a fresh nonce of the gateway's.
    pub(crate) async fn with_nonce(self, router: &Router) -> Self {
        let nonce = nonce(router).await;
        self.claim("nonce", json!(nonce))
    }

    /// For use with this access token.
    pub(crate) fn for_token(self, token: &str) -> Self {
        self.claim("ath", json!(hash(token)))
    }

    pub(crate) fn signed_by(&self, key: &ClientKey) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", part(&self.header), part(&self.claims));
        let signature = URL_SAFE_NO_PAD.encode(key.sign(input.as_bytes()));
        format!("{input}.{signature}")
    }
}

/// A nonce as every answer for clients brings one, whatever it says.
pub(crate) async fn nonce(router: &Router) -> String {
    let answer = post_form(router, PAR, &[("x", "y")]).await;
    answer.header("dpop-nonce").unwrap().to_owned()
}

/// A form with these proofs.
pub(crate) async fn post_proven(
    router: &Router,
    path: &str,
    form: &[(&str, &str)],
    proofs: &[&str],
) -> Answer {
    let mut request = form_request(path, form);
    for proof in proofs {
        request.headers_mut().append("dpop", proof.parse().unwrap());
    }
    send(router, request).await
}

/// Userinfo with a token, as bound or not, and proofs.
pub(crate) async fn userinfo_with(
    router: &Router,
    method: Method,
    authorization: &str,
    proofs: &[&str],
) -> Answer {
    let mut request = Request::builder().method(method).uri(USERINFO);
    request = request.header(header::AUTHORIZATION, authorization);
    for proof in proofs {
        request = request.header("dpop", *proof);
    }
    send(router, request.body(Body::empty()).unwrap()).await
}

impl RelyingParty {
    /// Pushes a request; honest unless the request is spoiled.
    pub(crate) async fn push(&self, router: &Router, request: &AuthRequest) -> Answer {
        self.push_proven(router, request, &[]).await
    }

    pub(crate) async fn push_proven(
        &self,
        router: &Router,
        request: &AuthRequest,
        proofs: &[&str],
    ) -> Answer {
        let assertion = self.assertion();
        let mut form: Vec<(&str, &str)> = request
            .0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        form.push(("client_assertion_type", ASSERTION_TYPE));
        form.push(("client_assertion", &assertion));
        post_proven(router, PAR, &form, proofs).await
    }

    /// Pushes an honest request; gives what the browser brings instead of it.
    pub(crate) async fn pushed(&self, router: &Router, request: &AuthRequest) -> AuthRequest {
        let answer = self.push(router, request).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        self.reference(&answer)
    }

    /// What the browser brings after a push.
    pub(crate) fn reference(&self, answer: &Answer) -> AuthRequest {
        let reference = answer.json()["request_uri"].as_str().unwrap().to_owned();
        AuthRequest(vec![
            ("client_id".to_owned(), self.client_id.to_owned()),
            ("request_uri".to_owned(), reference),
        ])
    }

    /// A whole sign-in by a pushed request; gives the client's answer.
    pub(crate) async fn pushed_sign_in(&self, world: &World, request: &AuthRequest) -> Answer {
        let reference = self.pushed(&world.router, request).await;
        Browser::default().sign_in(world, &reference, HANAKO).await
    }

    /// The same; gives the code.
    pub(crate) async fn pushed_code(&self, world: &World, request: &AuthRequest) -> String {
        let answer = self.pushed_sign_in(world, request).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        answer.redirected("code").unwrap()
    }

    /// Redeems a code with a proof.
    pub(crate) async fn redeem_proven(&self, router: &Router, code: &str, proof: &str) -> Answer {
        let assertion = self.assertion();
        let form = self.redemption(code, &assertion);
        post_proven(router, TOKEN, &form, &[proof]).await
    }

    /// Redeems a code as a FAPI 2.0 client should.
    pub(crate) async fn redeem_bound(
        &self,
        router: &Router,
        code: &str,
        key: &ClientKey,
    ) -> Answer {
        let proof = Proof::of(key, "POST", TOKEN).with_nonce(router).await;
        self.redeem_proven(router, code, &proof.signed_by(key))
            .await
    }

    /// A whole sign-in of a FAPI 2.0 client; gives the tokens, bound to this key.
    pub(crate) async fn bound_tokens(
        &self,
        world: &World,
        request: &AuthRequest,
        key: &ClientKey,
    ) -> Value {
        let code = self.pushed_code(world, request).await;
        let answer = self.redeem_bound(&world.router, &code, key).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }
}

/// Userinfo for a bound token, as it should be.
pub(crate) async fn bound_userinfo(router: &Router, token: &str, key: &ClientKey) -> Answer {
    let proof = Proof::of(key, "GET", USERINFO).for_token(token);
    let authorization = format!("DPoP {token}");
    userinfo_with(
        router,
        Method::GET,
        &authorization,
        &[&proof.signed_by(key)],
    )
    .await
}

/// The authorization endpoint's answer to a request with no browser history.
pub(crate) async fn authorize(world: &World, request: &AuthRequest) -> Answer {
    let path = format!("{PROTOCOL}/auth?{}", request.query());
    Browser::default().get(world, &path).await
}
