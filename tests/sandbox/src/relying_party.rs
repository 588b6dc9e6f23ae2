//! The demo relying party: what a city, a shop or a bar would build to let people sign in with their
//! card. It knows the OIDC gateway only by its issuer and speaks plain OpenID Connect to it, so it is
//! also the gateway's most honest test.
//!
//! One process shows five uses as five pages. The city signs people in to an account with their
//! four information; the shop hands out one premium item per person; the bar asks whether somebody is
//! 20 or over; the shop has a contract signed; the city takes a signed application and asks whether the
//! signing certificate is valid. City and shop are two registrations at two sectors, which is why one
//! card has another `sub` at the city than at the shop and the bar.
//!
//! Everything is kept in memory and forgotten when the process ends.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use axum::Router;
use axum::middleware;
use axum::routing::{get, post};
use axum_extra::extract::CookieJar;
use tokio::net::TcpListener;
use url::Url;

pub use agency::Agency;
pub use client_key::{ClientKey, PublicJwk};
pub use uses::{Registration, Use};

use crate::recipient::SignatureRecipient;
use premium::PremiumItems;
use provider::Provider;
use sessions::Sessions;

mod age;
mod agency;
mod application;
mod claims;
mod client_key;
mod contract;
mod facts;
#[cfg(test)]
mod fake_provider;
mod handlers;
mod id_token;
mod key_set;
mod limits;
mod pages;
mod premium;
mod provider;
mod refusal;
mod sessions;
mod sign_in;
mod signature;
#[cfg(test)]
mod tests;
mod uses;

/// What the relying party has to be told.
#[derive(Debug, Clone)]
pub struct RelyingPartyConfig {
    /// Where browsers reach it, an origin such as `http://127.0.0.1:8700`.
    pub public_url: String,
    /// The gateway's issuer, character for character; discovery starts there.
    pub issuer: String,
    /// The two registrations: first the city's, then the shop's ([`Registration`]).
    pub clients: Vec<ClientConfig>,
    /// The platform operator that receives the shop's signatures. In the world it is somebody else; here it stands beside
    /// the shop, so that a page can show what it finds.
    pub operator: Option<SignatureRecipient>,
    /// What the city has as an administrative agency.
    pub agency: Option<Agency>,
}

/// One registration, as the relying party knows it.
#[derive(Clone)]
pub struct ClientConfig {
    /// `client_id` in the gateway's `clients.toml`.
    pub client_id: String,
    /// `kid` of the key there.
    pub key_id: String,
    /// The P-256 private key, PKCS#8 in PEM ([`ClientKey::to_pkcs8_pem`]).
    pub private_key_pem: String,
    /// Who the page says it is.
    pub name: String,
}

impl fmt::Debug for ClientConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ClientConfig")
            .field("client_id", &self.client_id)
            .field("key_id", &self.key_id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Answers browsers on `listener` until `shutdown` completes and the open requests are done.
pub async fn serve(
    listener: TcpListener,
    config: RelyingPartyConfig,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let relying_party = RelyingParty::new(config)?;
    axum::serve(listener, router(Arc::new(relying_party)))
        .with_graceful_shutdown(shutdown)
        .await
        .context("the relying party stopped")
}

/// Everything a request may need.
struct RelyingParty {
    origin: String,
    city: Client,
    shop: Client,
    provider: Provider,
    sessions: Sessions,
    premium_items: PremiumItems,
    operator: Option<SignatureRecipient>,
    agency: Option<Agency>,
}

/// A registration whose key has been read.
struct Client {
    id: String,
    key_id: String,
    key: ClientKey,
    name: String,
    redirect_uri: String,
}

impl RelyingParty {
    fn new(config: RelyingPartyConfig) -> anyhow::Result<Self> {
        let public_url = Url::parse(&config.public_url).context("public_url")?;
        ensure!(
            matches!(public_url.scheme(), "http" | "https") && public_url.path() == "/",
            "public_url must be an http or https origin without a path"
        );
        let origin = public_url.origin().ascii_serialization();
        let clients: [ClientConfig; 2] = config.clients.try_into().map_err(|other: Vec<_>| {
            anyhow::anyhow!("two clients are needed, city and shop, not {}", other.len())
        })?;
        let [city, shop] = clients;
        Ok(Self {
            city: Client::new(city, &origin, Registration::City)?,
            shop: Client::new(shop, &origin, Registration::Shop)?,
            provider: Provider::new(config.issuer)?,
            sessions: Sessions::default(),
            premium_items: PremiumItems::default(),
            operator: config.operator,
            agency: config.agency,
            origin,
        })
    }

    fn client(&self, registration: Registration) -> &Client {
        match registration {
            Registration::City => &self.city,
            Registration::Shop => &self.shop,
        }
    }
}

impl Client {
    fn new(config: ClientConfig, origin: &str, registration: Registration) -> anyhow::Result<Self> {
        Ok(Self {
            key: ClientKey::from_pem(&config.private_key_pem)
                .with_context(|| format!("the private key of client {}", config.client_id))?,
            id: config.client_id,
            key_id: config.key_id,
            name: config.name,
            redirect_uri: registration.redirect_uri(origin),
        })
    }
}

fn router(relying_party: Arc<RelyingParty>) -> Router {
    let mut router = Router::new()
        .route("/", get(handlers::home))
        .route("/sign-out", post(handlers::sign_out))
        .route("/assets/relying_party.css", get(handlers::style_sheet))
        .fallback(handlers::not_found);
    for purpose in Use::ALL {
        router = router
            .route(
                purpose.path(),
                get(async move |state, jar: CookieJar| handlers::use_page(purpose, state, &jar)),
            )
            .route(
                purpose.sign_in_path(),
                get(move |state, jar| handlers::begin_sign_in(purpose, state, jar)),
            );
    }
    for registration in Registration::ALL {
        router = router.route(
            registration.callback_path(),
            get(move |state, jar, query| handlers::callback(registration, state, jar, query)),
        );
    }
    router
        .layer(middleware::map_response(handlers::add_security_headers))
        .with_state(relying_party)
}
