//! The sandbox's side of a test, within the test's own process: the throw-away JPKI, its list repository, the card
//! holder's app and the demo relying party, each on a port of its own.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use sandbox::card_app::{self, CardAppConfig};
use sandbox::deployment::{Client, Lists, Surroundings};
use sandbox::relying_party::{self, ClientConfig, ClientKey, Registration, RelyingPartyConfig};
use sandbox::repository::{self, Repository};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Everything around Akashi, running.
pub struct World {
    /// The throw-away JPKI and its published lists.
    pub repository: Arc<Repository>,
    /// Where lists are fetched.
    pub repository_url: String,
    /// The card holder's app.
    pub card_url: String,
    /// The demo relying party.
    pub relying_party_url: String,
    clients: Vec<Client>,
    // Dropping it stops the servers.
    _running: watch::Sender<()>,
}

impl World {
    /// Mints a JPKI into `folder` and starts everything, for a gateway that will be at `gateway_url`. Lists are good
    /// for `list_lifetime_seconds` and are published anew well before they end.
    pub async fn start(
        folder: &Path,
        gateway_url: &str,
        list_lifetime_seconds: u32,
    ) -> Result<Self> {
        let repository = Repository::open(folder, list_lifetime_seconds, sandbox::now())?;
        let (running, stopped) = watch::channel(());
        let (lists, repository_url) = listen().await?;
        let (cards, card_url) = listen().await?;
        let (shop, relying_party_url) = listen().await?;
        let (clients, configs) = registrations(&relying_party_url)?;

        spawn(repository::serve(
            lists,
            Arc::clone(&repository),
            gone(&stopped),
        ));
        let config = CardAppConfig {
            public_url: card_url.clone(),
            gateway_url: gateway_url.to_owned(),
        };
        spawn(card_app::serve(
            cards,
            config,
            Arc::clone(&repository),
            gone(&stopped),
        ));
        let issuer = format!("{gateway_url}/api/realms/main");
        let config = RelyingPartyConfig {
            public_url: relying_party_url.clone(),
            issuer,
            clients: configs,
        };
        spawn(relying_party::serve(shop, config, gone(&stopped)));
        let mut stopped = stopped;
        let publishing = Arc::clone(&repository).keep_publishing();
        tokio::spawn(async move {
            tokio::select! { () = publishing => {}, _ = stopped.changed() => {} }
        });
        Ok(Self {
            repository,
            repository_url,
            card_url,
            relying_party_url,
            clients,
            _running: running,
        })
    }

    /// What a deployment has to know about it.
    pub fn surroundings(&self, lists: &Lists) -> Surroundings {
        let (repository, card) = (&self.repository_url, &self.card_url);
        self.repository
            .read(|jpki| Surroundings::of(jpki, lists, repository, card, self.clients.clone()))
    }
}

async fn listen() -> Result<(TcpListener, String)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok((listener, url))
}

fn gone(stopped: &watch::Receiver<()>) -> impl Future<Output = ()> + Send + 'static {
    let mut stopped = stopped.clone();
    // An error means that the sender was dropped with the world.
    async move { while stopped.changed().await.is_ok() {} }
}

fn spawn(server: impl Future<Output = Result<()>> + Send + 'static) {
    tokio::spawn(async move {
        if let Err(error) = server.await {
            eprintln!("a server of the sandbox stopped: {error:#}");
        }
    });
}

/// The two registrations, as the gateway and as the relying party know them: different sectors on purpose.
fn registrations(relying_party_url: &str) -> Result<(Vec<Client>, Vec<ClientConfig>)> {
    let (mut clients, mut configs) = (Vec::new(), Vec::new());
    for (registration, client_id, sector, name_ja, name_en) in [
        (
            Registration::City,
            "RP00000001",
            "city.sandbox.test",
            "みなと市 市民サービス",
            "Harbour City Services",
        ),
        (
            Registration::Shop,
            "RP00000002",
            "shop.sandbox.test",
            "プレミアム商店",
            "Premium Shop",
        ),
    ] {
        let key = ClientKey::generate()?;
        let key_id = format!("{client_id}-1");
        clients.push(Client {
            client_id: client_id.to_owned(),
            name_ja: name_ja.to_owned(),
            name_en: name_en.to_owned(),
            redirect_uris: vec![registration.redirect_uri(relying_party_url)],
            sector: sector.to_owned(),
            scopes: registration
                .scopes()
                .iter()
                .map(|scope| (*scope).to_owned())
                .collect(),
            jwk: serde_json::to_value(key.public_jwk(&key_id))?,
        });
        configs.push(ClientConfig {
            client_id: client_id.to_owned(),
            key_id,
            private_key_pem: key.to_pkcs8_pem()?,
            name: name_en.to_owned(),
        });
    }
    Ok((clients, configs))
}
