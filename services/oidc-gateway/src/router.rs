//! Which address is answered by what.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post};
use http::{StatusCode, header};

use crate::authorization::{accepted_language, authorize};
use crate::gateway::Gateway;
use crate::http_exchange::{json_answer, protect};
use crate::observation::observe;
use crate::problem::PageProblem;
use crate::signing_keys::KEY_SET_SECONDS;
use crate::{card, interaction, other_device, pushed_request, signature, token, userinfo};

const STYLESHEET: &str = include_str!("../assets/gateway.css");
const WAITING_SCRIPT: &str = include_str!("../assets/waiting.js");

/// How long relying parties and browsers may keep what only changes with the configuration.
const CACHED: &str = "public, max-age=3600";

/// Every address of the gateway.
pub fn router(gateway: Arc<Gateway>) -> Router {
    let prefix = gateway.endpoints.path_prefix.clone();
    let under_prefix = |path: &str| format!("{prefix}{path}");
    let protocol = |name: &str| format!("{prefix}/protocol/openid-connect/{name}");
    let on = |endpoint: &'static str, methods: MethodRouter<Arc<Gateway>>| {
        methods.fallback(wrong_method).layer(from_fn_with_state(
            (Arc::clone(&gateway), endpoint),
            observe,
        ))
    };
    let sign_transactions = gateway.endpoints.sign_transactions.clone();
    Router::new()
        .route(&sign_transactions, on("sign_start", post(signature::start)))
        .route(
            &format!("{sign_transactions}/{{id}}/result"),
            on("sign_result", get(signature::result)),
        )
        .route(
            &format!("{sign_transactions}/{{id}}/validity"),
            on("sign_validity", post(signature::validity)),
        )
        .route(
            &under_prefix("/.well-known/openid-configuration"),
            on("discovery", get(discovery)),
        )
        // RFC 8414 section 3.1: the path of the issuer comes after the well-known one.
        .route(
            &format!("/.well-known/oauth-authorization-server{prefix}"),
            on("discovery", get(discovery)),
        )
        .route(&protocol("certs"), on("certs", get(key_set)))
        .route(
            &protocol("auth"),
            on("authorize", get(authorize).post(authorize)),
        )
        .route(
            &protocol("ext/par/request"),
            on("pushed_request", post(pushed_request::push)),
        )
        .route(&protocol("token"), on("token", post(token::token)))
        .route(
            &protocol("userinfo"),
            on("userinfo", get(userinfo::show).post(userinfo::show)),
        )
        .route(&protocol("revoke"), on("revoke", post(token::revoke)))
        .route(
            &under_prefix("/interactions/{id}"),
            on("interaction", get(interaction::show)),
        )
        .route(
            &under_prefix("/interactions/{id}/decision"),
            on("decision", post(interaction::decide)),
        )
        .route(
            &under_prefix("/interactions/{id}/qr"),
            on("qr", post(other_device::show_code)),
        )
        .route(
            &under_prefix("/interactions/{id}/state"),
            on("state", get(other_device::tell_progress)),
        )
        .route(
            &under_prefix("/assets/waiting.js"),
            on("script", get(waiting_script)),
        )
        .route(
            &under_prefix("/assets/gateway.css"),
            on("stylesheet", get(stylesheet)),
        )
        .route(
            "/card/interactions/{id}",
            on("card_challenge", get(card::ask)),
        )
        .route(
            "/card/interactions/{id}/response",
            on("card_answer", post(card::answer)),
        )
        .route(
            "/card/return",
            on("card_return", get(interaction::come_back)),
        )
        .fallback(not_found)
        .layer(from_fn_with_state(Arc::clone(&gateway), protect))
        .with_state(gateway)
}

async fn discovery(State(gateway): State<Arc<Gateway>>) -> Response {
    cached(json_answer(StatusCode::OK, &gateway.discovery_document))
}

async fn key_set(State(gateway): State<Arc<Gateway>>) -> Response {
    // Its own max-age is what the keys' times are reckoned with.
    let mut response = (
        [(header::CONTENT_TYPE, "application/json")],
        gateway.signing_keys.key_set(),
    )
        .into_response();
    let kept = format!("public, max-age={KEY_SET_SECONDS}");
    if let Ok(kept) = http::HeaderValue::from_str(&kept) {
        response.headers_mut().insert(header::CACHE_CONTROL, kept);
    }
    response
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
