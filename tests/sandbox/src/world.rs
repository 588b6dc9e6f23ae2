//! Everything around Akashi, started together: the repository, its control API, the card app and the
//! demo relying party. The launcher starts Akashi beside it; tests start whatever they need.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Error, Result, anyhow};
use pki::CrlSigner;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::card_app::{self, CardAppConfig};
use crate::deployment::{self, Client, Reader, Source, SourceKind, Surroundings, is_free};
use crate::files::write_private;
use crate::mint::{CaKind, Jpki, ListKind, ListSigner, MUNICIPALITIES, names, pem};
use crate::relying_party::{self, ClientConfig, ClientKey, Registration, RelyingPartyConfig};
use crate::repository::{self, Repository, links_path, list_path};

/// The key id under which both relying parties sign.
const CLIENT_KEY_ID: &str = "sandbox-1";

/// What the world has to be told.
#[derive(Clone, Debug)]
pub struct WorldOptions {
    /// Where the JPKI and the relying party's keys are kept.
    pub data: PathBuf,
    /// The gateway's origin as browsers see it, such as `http://localhost:8700`.
    pub gateway_url: String,
    /// Where the world listens.
    pub ports: WorldPorts,
    /// Seconds from thisUpdate to nextUpdate of every list.
    pub list_lifetime_seconds: u32,
}

/// Where the world listens, on loopback.
#[derive(Clone, Copy, Debug)]
pub struct WorldPorts {
    /// The demo relying party.
    pub relying_party: u16,
    /// The card app.
    pub card: u16,
    /// The repository of lists.
    pub repository: u16,
    /// The control API.
    pub control: u16,
}

impl WorldPorts {
    /// Ports that are free now, from `first` upwards and below the range from which the kernel takes
    /// outgoing ports.
    pub fn free_from(first: u16) -> Option<Self> {
        let mut free = (first..32_700).filter(|port| is_free(*port));
        Some(Self {
            relying_party: free.next()?,
            card: free.next()?,
            repository: free.next()?,
            control: free.next()?,
        })
    }
}

/// Where everything can be found.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Addresses {
    /// The gateway's origin.
    pub gateway: String,
    /// The gateway's issuer.
    pub issuer: String,
    /// The demo relying party.
    pub relying_party: String,
    /// The card app.
    pub card: String,
    /// The repository of lists.
    pub repository: String,
    /// The control API.
    pub control: String,
}

/// Which lists an authority's verifiers fetch.
#[derive(Clone, Copy, Debug)]
pub struct ListChoice {
    /// Whose key signs them.
    pub crl_signer: CrlSigner,
    /// The full list of each signer.
    pub full: bool,
    /// Every municipality's partition of each signer.
    pub partitions: bool,
}

/// Which lists are fetched of both authorities.
#[derive(Clone, Copy, Debug)]
pub struct ListChoices {
    /// Of user authentication.
    pub user_authentication: ListChoice,
    /// Of digital signature.
    pub digital_signature: ListChoice,
}

impl Default for ListChoices {
    /// Both forms at once: full lists signed by each generation's own key for one authority, partitions
    /// signed by the newest key for the other.
    fn default() -> Self {
        Self {
            user_authentication: ListChoice {
                crl_signer: CrlSigner::OwnKey,
                full: true,
                partitions: false,
            },
            digital_signature: ListChoice {
                crl_signer: CrlSigner::NewestKey,
                full: false,
                partitions: true,
            },
        }
    }
}

impl ListChoices {
    fn of(self, kind: CaKind) -> ListChoice {
        match kind {
            CaKind::UserAuthentication => self.user_authentication,
            CaKind::DigitalSignature => self.digital_signature,
        }
    }

    /// The lists that are fetched of an authority.
    pub fn lists(self, kind: CaKind) -> Vec<ListKind> {
        let choice = self.of(kind);
        let chosen = |list: &ListKind| {
            let signer = match choice.crl_signer {
                CrlSigner::OwnKey => list.signer != ListSigner::Newest,
                CrlSigner::NewestKey => list.signer == ListSigner::Newest,
            };
            signer
                && if list.municipality.is_none() {
                    choice.full
                } else {
                    choice.partitions
                }
        };
        ListKind::all().into_iter().filter(chosen).collect()
    }
}

/// The running world. Dropped, it stops at once.
pub struct World {
    addresses: Addresses,
    repository: Arc<Repository>,
    registrations: Vec<Client>,
    shutdown: watch::Sender<bool>,
    servers: JoinSet<(&'static str, Result<()>)>,
}

impl World {
    /// Mints or reloads the JPKI and starts everything.
    pub async fn start(options: WorldOptions) -> Result<Self> {
        let lifetime = options.list_lifetime_seconds;
        let data = options.data.clone();
        // Keys take seconds to make, which would hold up the other tasks of this thread.
        let opening =
            tokio::task::spawn_blocking(move || Repository::open(&data, lifetime, crate::now()));
        let repository = opening.await??;
        let ports = options.ports;
        let relying_party = Listening::on(ports.relying_party).await?;
        let card = Listening::on(ports.card).await?;
        let files = Listening::on(ports.repository).await?;
        let control = Listening::on(ports.control).await?;
        let addresses = Addresses {
            issuer: format!("{}/api/realms/main", options.gateway_url),
            gateway: options.gateway_url,
            relying_party: relying_party.url(),
            card: card.url(),
            repository: files.url(),
            control: control.url(),
        };
        let clients = client_configs(&options.data)?;
        let registrations = registrations(&clients, &addresses.relying_party)?;
        let mut world = Self {
            addresses,
            repository,
            registrations,
            shutdown: watch::Sender::new(false),
            servers: JoinSet::new(),
        };
        world.serve(relying_party, card, files, control, clients);
        Ok(world)
    }

    fn serve(
        &mut self,
        relying_party: Listening,
        card: Listening,
        files: Listening,
        control: Listening,
        clients: Vec<ClientConfig>,
    ) {
        let (repository, addresses) = (&self.repository, &self.addresses);
        let shutdown = || {
            let mut shutdown = self.shutdown.subscribe();
            async move {
                let _ = shutdown.wait_for(|begun| *begun).await;
            }
        };
        let config = RelyingPartyConfig {
            public_url: addresses.relying_party.clone(),
            issuer: addresses.issuer.clone(),
            clients,
        };
        let shop = relying_party::serve(relying_party.0, config, shutdown());
        let config = CardAppConfig {
            public_url: addresses.card.clone(),
            gateway_url: addresses.gateway.clone(),
        };
        let app = card_app::serve(card.0, config, Arc::clone(repository), shutdown());
        let lists = repository::serve(files.0, Arc::clone(repository), shutdown());
        let controlled = repository::serve_control(control.0, Arc::clone(repository), shutdown());
        let publishing = Arc::clone(repository).keep_publishing();
        self.servers
            .spawn(async { ("the relying party", shop.await) });
        self.servers.spawn(async { ("the card app", app.await) });
        self.servers
            .spawn(async { ("the repository", lists.await) });
        self.servers
            .spawn(async { ("the control API", controlled.await) });
        let stopping = shutdown();
        self.servers.spawn(async {
            tokio::select! {
                () = publishing => {}
                () = stopping => {}
            }
            ("the publisher", Ok(()))
        });
    }

    /// Where everything can be found.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The JPKI and what it publishes.
    pub fn repository(&self) -> &Arc<Repository> {
        &self.repository
    }

    /// What a deployment has to know about this world.
    pub fn surroundings(&self, choices: ListChoices) -> Surroundings {
        self.repository.read(|jpki| Surroundings {
            authorities: CaKind::ALL.map(|kind| trusted(jpki, kind, choices)).into(),
            sources: sources(jpki, choices, &self.addresses.repository),
            clients: self.registrations.clone(),
            readers: vec![Reader {
                key_id: jpki.reader_key_id.clone(),
                public_key_pem: pem("PUBLIC KEY", &jpki.reader_key.subject_public_key_info()),
            }],
            reader_app_url: format!("{}/", self.addresses.card),
        })
    }

    /// Waits until one of the servers ends although nobody asked; why.
    pub async fn failed(&mut self) -> Error {
        match self.servers.join_next().await {
            None => anyhow!("nothing is served any more"),
            Some(Ok((name, Ok(())))) => anyhow!("{name} ended by itself"),
            Some(Ok((name, Err(error)))) => error.context(name),
            Some(Err(panicked)) => anyhow!("a server of the sandbox died: {panicked}"),
        }
    }

    /// Stops everything.
    pub async fn stop(mut self) {
        self.shutdown.send_replace(true);
        let ended = async { while self.servers.join_next().await.is_some() {} };
        // A browser may keep a connection open for as long as it likes.
        let _ = tokio::time::timeout(std::time::Duration::from_secs(2), ended).await;
    }
}

struct Listening(TcpListener, SocketAddr);

impl Listening {
    async fn on(port: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .with_context(|| format!("listening on 127.0.0.1:{port}"))?;
        let address = listener.local_addr()?;
        Ok(Self(listener, address))
    }

    fn url(&self) -> String {
        format!("http://{}", self.1)
    }
}

/// The relying parties' keys, made once and kept.
fn client_configs(data: &Path) -> Result<Vec<ClientConfig>> {
    let config = |client_id: &str, file: &str, name: &str| -> Result<ClientConfig> {
        let path = data.join("relying-party").join(file);
        if !path.exists() {
            write_private(&path, ClientKey::generate()?.to_pkcs8_pem()?.as_bytes())?;
        }
        Ok(ClientConfig {
            client_id: client_id.to_owned(),
            key_id: CLIENT_KEY_ID.to_owned(),
            private_key_pem: std::fs::read_to_string(&path)
                .with_context(|| path.display().to_string())?,
            name: name.to_owned(),
        })
    };
    Ok(vec![
        config("RP00000001", "city.pem", "Harbour City e-services")?,
        config("RP00000002", "shop.pem", "Harbour Market")?,
    ])
}

fn registrations(clients: &[ClientConfig], origin: &str) -> Result<Vec<Client>> {
    let japanese = ["みなと市 電子申請", "みなと市場"];
    let sectors = ["city.example", "market.example"];
    let rows = clients
        .iter()
        .zip(Registration::ALL)
        .zip(japanese.into_iter().zip(sectors));
    rows.map(|((client, registration), (name_ja, sector))| {
        let key = ClientKey::from_pem(&client.private_key_pem)?;
        Ok(Client {
            client_id: client.client_id.clone(),
            name_ja: name_ja.to_owned(),
            name_en: client.name.clone(),
            redirect_uris: vec![registration.redirect_uri(origin)],
            sector: sector.to_owned(),
            scopes: registration
                .scopes()
                .iter()
                .map(|scope| (*scope).to_owned())
                .collect(),
            jwk: serde_json::to_value(key.public_jwk(&client.key_id))?,
        })
    })
    .collect()
}

fn trusted(jpki: &Jpki, kind: CaKind, choices: ListChoices) -> deployment::Authority {
    let crl_signer = match choices.of(kind).crl_signer {
        CrlSigner::OwnKey => "own_key",
        CrlSigner::NewestKey => "newest_key",
    };
    let generations = &jpki.authority(kind).generations;
    deployment::Authority {
        name: kind.name().to_owned(),
        profile: kind.profile_name().to_owned(),
        crl_signer: crl_signer.to_owned(),
        anchors: generations
            .iter()
            .map(|generation| generation.certificate.clone())
            .collect(),
    }
}

fn sources(jpki: &Jpki, choices: ListChoices, repository: &str) -> Vec<Source> {
    let mut sources = Vec::new();
    for kind in CaKind::ALL {
        let authority = jpki.authority(kind);
        for list in choices.lists(kind) {
            let signer_key_id = match list.signer {
                ListSigner::Own(ordinal) => Some(authority.generation(ordinal).key.key_id()),
                ListSigner::Newest => None,
            };
            sources.push(Source {
                name: source_name(kind, &list),
                authority: kind.name().to_owned(),
                url: format!("{repository}{}", list_path(kind, &list)),
                kind: SourceKind::Crl {
                    distribution_point: list
                        .municipality
                        .map(|it| names::full_name(&kind.distribution_point_name(it))),
                    signer_key_id,
                },
            });
        }
    }
    // Only people who sign in have a holder id, so only that authority's links are of use.
    let kind = CaKind::UserAuthentication;
    sources.push(Source {
        name: format!("{}-links", kind.name()),
        authority: kind.name().to_owned(),
        url: format!("{repository}{}", links_path(kind)),
        kind: SourceKind::SerialLinks,
    });
    sources
}

/// The name of a list as a source of crl-sync: `user-authentication-own-2-full`.
pub fn source_name(kind: CaKind, list: &ListKind) -> String {
    let path = list.path();
    format!(
        "{}-{}",
        kind.name(),
        path.trim_end_matches(".crl").replace('/', "-")
    )
}

/// Every municipality has a partition in a deployment that fetches partitions.
const _: () = assert!(MUNICIPALITIES.len() >= 3);

#[cfg(test)]
mod tests;
