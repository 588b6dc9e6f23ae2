//! Which address is answered by what.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post};
use http::{HeaderValue, header};
use tower::util::MapResponseLayer;

use crate::authorization::{accepted_language, authorize};
use crate::gateway::Gateway;
use crate::http_exchange::Protection;
use crate::observation::observed;
use crate::problem::PageProblem;
use crate::{
    card, interaction, other_device, pushed_request, signature, signing_keys, token, userinfo,
};

const STYLESHEET: &str = include_str!("../assets/gateway.css");
const WAITING_SCRIPT: &str = include_str!("../assets/waiting.js");

/// How long relying parties and browsers may keep what only changes with the configuration.
const CACHED: &str = "public, max-age=3600";

const JSON: [(header::HeaderName, HeaderValue); 1] = [(
    header::CONTENT_TYPE,
    HeaderValue::from_static("application/json"),
)];

/// An address, what it is called in metrics, and what answers it.
type Address = (String, &'static str, MethodRouter<Arc<Gateway>>);

/// Every address of the gateway.
pub fn router(gateway: Arc<Gateway>) -> Router {
    let endpoints = &gateway.endpoints;
    let addresses = [
        protocol(&endpoints.path_prefix),
        signatures(&endpoints.sign_transactions),
        pages(&endpoints.path_prefix),
        reader_app(),
    ];
    let mut router = Router::new();
    for (path, endpoint, methods) in addresses.into_iter().flatten() {
        let methods = methods.fallback(wrong_method);
        let methods = observed(methods, &gateway.observation, endpoint);
        router = router.route(&path, methods);
    }
    let protection = Protection::at(&endpoints.public_url);
    router
        .fallback(not_found)
        .layer(MapResponseLayer::new(move |response| {
            protection.protect(response)
        }))
        .with_state(gateway)
}

/// For relying parties: the provider's endpoints.
fn protocol(prefix: &str) -> Vec<Address> {
    let at = |name: &str| format!("{prefix}/protocol/openid-connect/{name}");
    vec![
        (
            format!("{prefix}/.well-known/openid-configuration"),
            "discovery",
            get(discovery),
        ),
        // RFC 8414 section 3.1: the path of the issuer comes after the well-known one.
        (
            format!("/.well-known/oauth-authorization-server{prefix}"),
            "discovery",
            get(discovery),
        ),
        (at("certs"), "certs", get(key_set)),
        (at("auth"), "authorize", get(authorize).post(authorize)),
        (
            at("ext/par/request"),
            "pushed_request",
            post(pushed_request::push),
        ),
        (at("token"), "token", post(token::token)),
        (
            at("userinfo"),
            "userinfo",
            get(userinfo::show).post(userinfo::show),
        ),
        (at("revoke"), "revoke", post(token::revoke)),
    ]
}

/// For relying parties: the signature API.
fn signatures(transactions: &str) -> Vec<Address> {
    vec![
        (
            transactions.to_owned(),
            "sign_start",
            post(signature::start),
        ),
        (
            format!("{transactions}/{{id}}/result"),
            "sign_result",
            get(signature::result),
        ),
        (
            format!("{transactions}/{{id}}/validity"),
            "sign_validity",
            post(signature::validity),
        ),
    ]
}

/// For browsers.
fn pages(prefix: &str) -> Vec<Address> {
    let at = |path: &str| format!("{prefix}{path}");
    vec![
        (
            at("/interactions/{id}"),
            "interaction",
            get(interaction::show),
        ),
        (
            at("/interactions/{id}/decision"),
            "decision",
            post(interaction::decide),
        ),
        (
            at("/interactions/{id}/qr"),
            "qr",
            post(other_device::show_code),
        ),
        (
            at("/interactions/{id}/state"),
            "state",
            get(other_device::tell_progress),
        ),
        (at("/assets/waiting.js"), "script", get(waiting_script)),
        (at("/assets/gateway.css"), "stylesheet", get(stylesheet)),
    ]
}

/// For the reader app, and its way back into the browser.
fn reader_app() -> Vec<Address> {
    let at = |path: &str| format!("/card{path}");
    vec![
        (at("/interactions/{id}"), "card_challenge", get(card::ask)),
        (
            at("/interactions/{id}/response"),
            "card_answer",
            post(card::answer),
        ),
        (at("/return"), "card_return", get(interaction::come_back)),
    ]
}

async fn discovery(State(gateway): State<Arc<Gateway>>) -> Response {
    cached((JSON, gateway.discovery_document.clone()).into_response())
}

async fn key_set(State(gateway): State<Arc<Gateway>>) -> Response {
    // Its own max-age is what the keys' times are reckoned with.
    let cache_control = [(header::CACHE_CONTROL, signing_keys::CACHE_CONTROL)];
    (JSON, cache_control, gateway.signing_keys.key_set()).into_response()
}

async fn stylesheet() -> Response {
    cached(
        (
            [(header::CONTENT_TYPE, "text/css; charset=utf-8")],
            STYLESHEET,
        )
            .into_response(),
    )
}

async fn waiting_script() -> Response {
    cached(
        (
            [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")],
            WAITING_SCRIPT,
        )
            .into_response(),
    )
}

fn cached(mut response: Response) -> Response {
    let value = http::HeaderValue::from_static(CACHED);
    response.headers_mut().insert(header::CACHE_CONTROL, value);
    response
}

async fn wrong_method(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    gateway.problem_page(accepted_language(request.headers()), PageProblem::Method)
}

async fn not_found(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    gateway.problem_page(accepted_language(request.headers()), PageProblem::NotFound)
}
