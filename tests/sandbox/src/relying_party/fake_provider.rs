//! A small provider for the tests: it checks what the relying party sends as the gateway would, and
//! tells one lie if asked to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

use super::id_token::access_token_hash;
use super::key_set::KeySet;
use super::{ClientKey, sign_in};

/// The one thing that is wrong with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lie {
    Nothing,
    Nonce,
    Issuer,
    AccessTokenHash,
    ForeignKey,
    UnknownKey,
    OtherPerson,
    CallbackIssuer,
    NoCallbackIssuer,
    State,
    Metadata,
    Refuses(&'static str),
}

/// A running provider.
pub(super) struct FakeProvider {
    pub(super) issuer: String,
    state: Arc<Inner>,
}

struct Inner {
    issuer: String,
    key: ClientKey,
    foreign_key: ClientKey,
    client_keys: HashMap<String, KeySet>,
    told: Mutex<Told>,
}

struct Told {
    lie: Lie,
    birthdate: &'static str,
    /// Code to the authorization request it was issued for.
    requests: HashMap<String, HashMap<String, String>>,
    /// Access token to client id.
    tokens: HashMap<String, String>,
    assertion_ids: Vec<String>,
}

impl FakeProvider {
    /// Starts one that knows these clients and their keys.
    pub(super) async fn start(clients: &[(&str, &ClientKey)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}/realm", listener.local_addr().unwrap());
        let client_keys = clients.iter().map(|(client_id, key)| {
            let set = json!({ "keys": [key.public_jwk("rp")] }).to_string();
            (
                (*client_id).to_owned(),
                KeySet::from_json(set.as_bytes()).unwrap(),
            )
        });
        let state = Arc::new(Inner {
            issuer: issuer.clone(),
            key: ClientKey::generate().unwrap(),
            foreign_key: ClientKey::generate().unwrap(),
            client_keys: client_keys.collect(),
            told: Mutex::new(Told {
                lie: Lie::Nothing,
                birthdate: "19850315",
                requests: HashMap::new(),
                tokens: HashMap::new(),
                assertion_ids: Vec::new(),
            }),
        });
        let router = Router::new()
            .route("/realm/.well-known/openid-configuration", get(metadata))
            .route("/realm/keys", get(keys))
            .route("/realm/authorize", get(authorize))
            .route("/realm/token", post(token))
            .route("/realm/userinfo", get(user_info))
            .with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { issuer, state }
    }

    /// Tells this lie from now on.
    pub(super) fn tell(&self, lie: Lie) {
        self.state.told.lock().unwrap().lie = lie;
    }

    /// Gives everybody this birth date from now on.
    pub(super) fn set_birthdate(&self, birthdate: &'static str) {
        self.state.told.lock().unwrap().birthdate = birthdate;
    }
}

impl Inner {
    fn lie(&self) -> Lie {
        self.told.lock().unwrap().lie
    }
}

type Shared = State<Arc<Inner>>;

async fn metadata(State(inner): Shared) -> Json<Value> {
    let issuer = &inner.issuer;
    let named = if inner.lie() == Lie::Metadata {
        "http://another.test"
    } else {
        issuer
    };
    Json(json!({
        "issuer": named,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "jwks_uri": format!("{issuer}/keys"),
        "code_challenge_methods_supported": ["S256"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
    }))
}

async fn keys(State(inner): Shared) -> Json<Value> {
    Json(json!({ "keys": [inner.key.public_jwk("op")] }))
}

async fn authorize(
    State(inner): Shared,
    Query(request): Query<HashMap<String, String>>,
) -> Redirect {
    let lie = inner.lie();
    let code = sign_in::random().unwrap();
    let mut address = Url::parse(&request["redirect_uri"]).unwrap();
    {
        let mut answer = address.query_pairs_mut();
        let state = if lie == Lie::State {
            "another"
        } else {
            &request["state"]
        };
        answer.append_pair("state", state);
        match lie {
            Lie::CallbackIssuer => answer.append_pair("iss", "http://another.test"),
            Lie::NoCallbackIssuer => &mut answer,
            _ => answer.append_pair("iss", &inner.issuer),
        };
        match lie {
            Lie::Refuses(error) => answer
                .append_pair("error", error)
                .append_pair("error_description", "in <b>its</b> own words"),
            _ => answer.append_pair("code", &code),
        };
    }
    inner.told.lock().unwrap().requests.insert(code, request);
    Redirect::to(address.as_str())
}

async fn token(State(inner): Shared, Form(form): Form<HashMap<String, String>>) -> Response {
    // A code counts once, whatever else is wrong.
    let Some(request) = inner.told.lock().unwrap().requests.remove(&form["code"]) else {
        return error(StatusCode::BAD_REQUEST, "invalid_grant");
    };
    if !assertion_is_good(&inner, &form["client_assertion"], &request["client_id"]) {
        return error(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let challenge_fits = sign_in::code_challenge(&form["code_verifier"])
        == request["code_challenge"]
        && request["code_challenge_method"] == "S256";
    if !challenge_fits || form["redirect_uri"] != request["redirect_uri"] {
        return error(StatusCode::BAD_REQUEST, "invalid_grant");
    }
    let access_token = sign_in::random().unwrap();
    let lie = inner.lie();
    let client_id = &request["client_id"];
    let hashed = if lie == Lie::AccessTokenHash {
        "another token"
    } else {
        &access_token
    };
    let claims = json!({
        "iss": if lie == Lie::Issuer { "http://another.test" } else { &inner.issuer },
        "sub": subject(client_id),
        "aud": client_id,
        "iat": crate::now().secs(),
        "exp": crate::now().secs() + 300,
        "auth_time": crate::now().secs(),
        "nonce": if lie == Lie::Nonce { "another nonce" } else { &request["nonce"] },
        "at_hash": access_token_hash(hashed),
        "acr": "aal3",
        "amr": ["pop", "pin"],
    });
    let key = if lie == Lie::ForeignKey {
        &inner.foreign_key
    } else {
        &inner.key
    };
    let key_id = if lie == Lie::UnknownKey {
        "unheard-of"
    } else {
        "op"
    };
    let id_token = key.sign_jwt(key_id, &claims).unwrap();
    inner
        .told
        .lock()
        .unwrap()
        .tokens
        .insert(access_token.clone(), client_id.clone());
    Json(json!({
        "access_token": access_token, "token_type": "Bearer", "expires_in": 300, "id_token": id_token,
    }))
    .into_response()
}

async fn user_info(State(inner): Shared, headers: HeaderMap) -> Response {
    let bearer = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    let told = inner.told.lock().unwrap();
    let client_id = bearer
        .and_then(|value| value.strip_prefix("Bearer "))
        .and_then(|it| told.tokens.get(it));
    let Some(client_id) = client_id else {
        return error(StatusCode::UNAUTHORIZED, "invalid_token");
    };
    let subject = match told.lie {
        Lie::OtherPerson => "somebody-else".to_owned(),
        _ => subject(client_id),
    };
    Json(json!({
        "sub": subject, "name": "見本 <花子>", "address": "みなと市1-2-3",
        "birthdate": told.birthdate, "gender": "2",
    }))
    .into_response()
}

/// What the gateway checks of a client assertion, once each.
fn assertion_is_good(inner: &Inner, assertion: &str, client_id: &str) -> bool {
    let (message, signature) = assertion.rsplit_once('.').unwrap();
    let (header, claims) = message.split_once('.').unwrap();
    let decode = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).unwrap();
    let header: Value = serde_json::from_slice(&decode(header)).unwrap();
    let claims: Value = serde_json::from_slice(&decode(claims)).unwrap();
    let key = inner.client_keys[client_id]
        .by_id(header["kid"].as_str().unwrap())
        .unwrap();
    let now = crate::now().secs();
    let mut told = inner.told.lock().unwrap();
    let id = claims["jti"].as_str().unwrap().to_owned();
    let fresh = !told.assertion_ids.contains(&id);
    told.assertion_ids.push(id);
    fresh
        && key.verify(message.as_bytes(), &decode(signature)).is_ok()
        && header["alg"] == "ES256"
        && claims["iss"] == client_id
        && claims["sub"] == client_id
        && claims["aud"] == inner.issuer.as_str()
        && (claims["iat"].as_i64().unwrap() - now).abs() < 10
        && (now..=now + 60).contains(&claims["exp"].as_i64().unwrap())
}

/// Pairwise enough for a fake: one person, another name at each client.
fn subject(client_id: &str) -> String {
    format!("person-at-{client_id}")
}

fn error(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({ "error": error }))).into_response()
}
