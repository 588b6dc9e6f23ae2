//! The clients as the files have them now, with those who receive their signatures: looked at again while the gateway runs,
//! and taken whole or not at all.

use std::path::Path;
use std::sync::Arc;

use runtime::config::ConfigError;
use runtime::{Refreshed, Reloading};

use super::{Client, Clients, ClientsFile};
use crate::config::Config;
use crate::pairwise::PairwiseSecrets;
use crate::recipients::{Recipients, RecipientsFile};

/// The clients in force.
#[derive(Debug)]
pub(crate) struct LiveClients(Reloading<Clients, ConfigError>);

impl LiveClients {
    /// Reads the file for the first time.
    pub(crate) fn load(config: &Config, pairwise: &PairwiseSecrets) -> Result<Self, ConfigError> {
        let path = config.clients.as_path().to_owned();
        let loopback = config.allows_loopback();
        let versions = pairwise.versions();
        let recipients = config.recipients.clone();
        let recipients = recipients.map(|recipients| recipients.as_path().to_owned());
        let paths = std::iter::once(path.clone()).chain(recipients.clone());
        Reloading::new(paths.collect(), move || {
            let has_secret = |version| versions.contains(&version);
            read(&path, recipients.as_deref(), loopback, has_secret)
        })
        .map(Self)
    }

    /// All of them, as they are for one request from its beginning to its end.
    pub(crate) fn current(&self) -> Arc<Clients> {
        self.0.current()
    }

    /// The client of this identifier.
    pub(crate) fn by_id(&self, client_id: &str) -> Option<Arc<Client>> {
        self.current().by_id(client_id).map(Arc::clone)
    }

    /// Looks whether the file changed. A file that breaks a rule changes nothing. Blocks on the file system.
    pub(crate) fn refresh(&self) -> Refreshed {
        self.0.refresh()
    }
}

/// Reads a clients file, and the file of those who receive private clients' signatures, and checks them whole.
pub(crate) fn read(
    path: &Path,
    recipients: Option<&Path>,
    loopback: bool,
    has_pairwise_secret: impl Fn(u32) -> bool,
) -> Result<Clients, ConfigError> {
    let file: ClientsFile = runtime::config::load(path)?;
    let recipients = match recipients {
        None => Recipients::default(),
        Some(path) => {
            let file: RecipientsFile = runtime::config::load(path)?;
            Recipients::check(file).map_err(|refused| ConfigError::file(path, refused))?
        }
    };
    Clients::check(file, loopback, has_pairwise_secret, &recipients)
        .map_err(|refused| ConfigError::file(path, refused))
}
