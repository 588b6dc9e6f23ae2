//! Everything around Akashi, started together: the repository, its control API, the card app and the
//! demo relying party. The launcher starts Akashi beside it; tests start whatever they need.

mod clients;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Error, Result, anyhow};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::card_app::{self, CardAppConfig};
use crate::deployment::{Client, Lists, Surroundings, is_free};
use crate::relying_party::{self, Agency, ClientConfig, RelyingPartyConfig};
use crate::repository::{self, Repository};

use crate::recipient::SignatureRecipient;
use clients::{Receivers, client_configs, registrations};

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
    /// Ports that the system chooses.
    pub fn any() -> Self {
        Self {
            relying_party: 0,
            card: 0,
            repository: 0,
            control: 0,
        }
    }

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

/// The running world. Dropped, it stops at once.
pub struct World {
    addresses: Addresses,
    repository: Arc<Repository>,
    registrations: Vec<Client>,
    receivers: Receivers,
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
        let receivers = Receivers::kept(&options.data)?;
        let registrations = registrations(&clients, &addresses.relying_party, &receivers)?;
        let (operator, agency) = repository
            .read(|jpki| anyhow::Ok((receivers.operator(jpki)?, receivers.city(jpki)?)))?;
        let mut world = Self {
            addresses,
            repository,
            registrations,
            receivers,
            shutdown: watch::Sender::new(false),
            servers: JoinSet::new(),
        };
        let config = world.relying_party(clients, operator, agency);
        world.serve(relying_party, card, files, control, config);
        Ok(world)
    }

    fn relying_party(
        &self,
        clients: Vec<ClientConfig>,
        operator: SignatureRecipient,
        agency: Agency,
    ) -> RelyingPartyConfig {
        RelyingPartyConfig {
            public_url: self.addresses.relying_party.clone(),
            issuer: self.addresses.issuer.clone(),
            clients,
            operator: Some(operator),
            agency: Some(agency),
        }
    }

    fn serve(
        &mut self,
        relying_party: Listening,
        card: Listening,
        files: Listening,
        control: Listening,
        config: RelyingPartyConfig,
    ) {
        let (repository, addresses) = (&self.repository, &self.addresses);
        let shutdown = || {
            let mut shutdown = self.shutdown.subscribe();
            async move {
                let _ = shutdown.wait_for(|begun| *begun).await;
            }
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
    pub fn surroundings(&self, lists: &Lists) -> Surroundings {
        let (files, card) = (&self.addresses.repository, &self.addresses.card);
        let clients = self.registrations.clone();
        let surroundings = self
            .repository
            .read(|jpki| Surroundings::of(jpki, lists, files, card, clients));
        Surroundings {
            recipients: vec![self.receivers.recipient()],
            forwarded_agencies: vec![self.receivers.agency()],
            ..surroundings
        }
    }

    /// The same with an OCSP responder for each authority.
    pub fn surroundings_with_ocsp(&self, lists: &Lists) -> Result<Surroundings> {
        let surroundings = self.surroundings(lists);
        let with_ocsp = |jpki: &_| surroundings.with_ocsp(jpki, crate::now());
        Ok(self.repository.read(with_ocsp)?)
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

#[cfg(test)]
mod tests;
