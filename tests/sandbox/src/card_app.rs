//! The card holder's app, on an origin of its own: it reads a (sandbox) card and answers the gateway's
//! challenge. PINs are typed here and nowhere else; no PIN ever reaches the gateway or a relying party.
//!
//! It fetches from the gateway what the card is to sign, recomputes the challenge from it, and shows
//! who asks and for what before any PIN is typed. A real app is a program on a phone; this one is a web
//! page so that a browser can drive it, and its cards are in the sandbox's memory.

mod challenge;
mod gateway;
mod handlers;
mod pages;
mod reader;

use std::future::Future;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use axum::routing::get;
use axum::{Router, middleware};
use http::HeaderValue;
use tokio::net::TcpListener;
use url::Url;

use crate::repository::Repository;

pub use challenge::{ChallengeInputs, challenge, length_prefixed};
pub use reader::reader_message;

use gateway::Gateway;

/// What the app has to be told.
#[derive(Clone, Debug)]
pub struct CardAppConfig {
    /// Where browsers reach it, an origin such as `http://127.0.0.1:8711`.
    pub public_url: String,
    /// The gateway's origin; the app talks to no other.
    pub gateway_url: String,
}

struct CardApp {
    origin: String,
    gateway: Gateway,
    repository: Arc<Repository>,
    security_policy: HeaderValue,
}

/// Answers browsers on `listener` until `shutdown` completes.
pub async fn serve(
    listener: TcpListener,
    config: CardAppConfig,
    repository: Arc<Repository>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let app = CardApp::new(&config, repository)?;
    axum::serve(listener, router(Arc::new(app)))
        .with_graceful_shutdown(shutdown)
        .await
        .context("the card app stopped")
}

impl CardApp {
    fn new(config: &CardAppConfig, repository: Arc<Repository>) -> Result<Self> {
        let origin = Url::parse(&config.public_url)
            .context("public_url")?
            .origin();
        let gateway = Gateway::new(&config.gateway_url)?;
        // The answer to the form is a redirect to the gateway, which browsers count as its target. No
        // script, no style but our own file, no frame around a page that takes PINs.
        let policy = format!(
            "default-src 'none'; style-src 'self'; form-action 'self' {}; base-uri 'none'; \
             frame-ancestors 'none'",
            gateway.origin()
        );
        Ok(Self {
            origin: origin.ascii_serialization(),
            gateway,
            repository,
            security_policy: HeaderValue::from_str(&policy)?,
        })
    }
}

fn router(app: Arc<CardApp>) -> Router {
    Router::new()
        .route("/", get(handlers::ask).post(handlers::answer))
        .route("/assets/card_app.css", get(handlers::style_sheet))
        .fallback(handlers::not_found)
        .layer(middleware::map_response_with_state(
            Arc::clone(&app),
            handlers::add_security_headers,
        ))
        .with_state(app)
}

#[cfg(test)]
mod tests;
