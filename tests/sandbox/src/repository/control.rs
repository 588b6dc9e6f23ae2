//! The control API: what a person or a test does to the sandbox while it runs. Loopback only.
//!
//! Bodies are JSON with its own content type, so that a web page elsewhere cannot send them without
//! asking first, which nobody here would allow.

use std::future::Future;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{Fault, Repository, list_path};
use crate::card::{Card, PinKind};
use crate::mint::{CaKind, Jpki, ListKind, MintError};

/// The reasons a certificate can be revoked for, with their codes (RFC 5280 section 5.3.1).
pub const REASONS: [(&str, u8); 8] = [
    ("unspecified", 0),
    ("key_compromise", 1),
    ("ca_compromise", 2),
    ("affiliation_changed", 3),
    ("superseded", 4),
    ("cessation_of_operation", 5),
    ("certificate_hold", 6),
    ("privilege_withdrawn", 9),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revocation {
    holder: String,
    /// Absent: both.
    #[serde(default)]
    certificate: Option<CaKind>,
    #[serde(default = "default_reason")]
    reason: String,
}

fn default_reason() -> String {
    "key_compromise".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unlock {
    holder: String,
}

type Shared = State<Arc<Repository>>;

/// Serves the control API until `shutdown`.
pub async fn serve_control(
    listener: TcpListener,
    repository: Arc<Repository>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let router = Router::new()
        .route("/control/state", get(state))
        .route("/control/revoke", post(revoke))
        .route("/control/publish", post(publish))
        .route("/control/fault", post(fault))
        .route("/control/unlock", post(unlock))
        .with_state(repository);
    axum::serve(listener, router)
        .with_graceful_shutdown(shutdown)
        .await
        .context("the control API stopped")
}

async fn state(State(repository): Shared) -> Json<Value> {
    Json(state_of(&repository))
}

async fn revoke(State(repository): Shared, Json(revocation): Json<Revocation>) -> Response {
    let Some((_, reason)) = REASONS.iter().find(|(name, _)| *name == revocation.reason) else {
        let known: Vec<_> = REASONS.iter().map(|(name, _)| *name).collect();
        let problem = format!(
            "no reason {:?}; there are {}",
            revocation.reason,
            known.join(", ")
        );
        return refuse(StatusCode::BAD_REQUEST, &problem);
    };
    let kinds = match &revocation.certificate {
        Some(kind) => std::slice::from_ref(kind),
        None => &CaKind::ALL,
    };
    done(
        &repository,
        repository.revoke(&revocation.holder, kinds, *reason, crate::now()),
    )
}

async fn publish(State(repository): Shared) -> Response {
    done(&repository, repository.publish(crate::now()))
}

async fn fault(State(repository): Shared, Json(fault): Json<Fault>) -> Response {
    repository.set_fault(fault);
    done(&repository, Ok(()))
}

async fn unlock(State(repository): Shared, Json(unlock): Json<Unlock>) -> Response {
    let unlocked = repository.change(|jpki| jpki.card_mut(&unlock.holder).map(Card::unlock));
    done(&repository, unlocked.and_then(std::convert::identity))
}

fn done(repository: &Repository, outcome: Result<(), MintError>) -> Response {
    match outcome {
        Ok(()) => Json(state_of(repository)).into_response(),
        Err(error @ MintError::NoCard(..)) => refuse(StatusCode::NOT_FOUND, &error.to_string()),
        Err(error @ MintError::AlreadyRevoked(..)) => {
            refuse(StatusCode::CONFLICT, &error.to_string())
        }
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

fn refuse(status: StatusCode, problem: &str) -> Response {
    (status, Json(json!({ "error": problem }))).into_response()
}

fn state_of(repository: &Repository) -> Value {
    let publications = repository.publications();
    let lists: Vec<Value> = CaKind::ALL
        .into_iter()
        .flat_map(|kind| ListKind::all().into_iter().map(move |list| (kind, list)))
        .filter_map(|(kind, list)| {
            let publication = publications.get(kind.name())?;
            let path = list_path(kind, &list);
            Some(json!({
                "certification_authority": kind.name(),
                "fetched": repository.was_fetched(&path),
                "path": path,
                "number": publication.number,
                "this_update": publication.this_update,
                "next_update": publication.next_update,
            }))
        })
        .collect();
    let holders = repository.read(|jpki| {
        jpki.cards
            .iter()
            .map(|card| holder_of(jpki, card))
            .collect::<Vec<_>>()
    });
    json!({ "holders": holders, "lists": lists, "fault": repository.fault() })
}

fn holder_of(jpki: &Jpki, card: &Card) -> Value {
    json!({
        "holder": card.id,
        "name": card.person().latin_name,
        "municipality": card.municipality().slug,
        "revoked": {
            "user-authentication": jpki.is_revoked(card, CaKind::UserAuthentication),
            "digital-signature": jpki.is_revoked(card, CaKind::DigitalSignature),
        },
        "tries_left": {
            "authentication": card.tries_left(PinKind::Authentication),
            "card_surface": card.tries_left(PinKind::CardSurface),
            "signing": card.tries_left(PinKind::Signing),
        },
    })
}
