//! What `akashi client check` says of a clients file.

use std::path::Path;

use runtime::config::{ConfigError, SecretFile};

use super::{Client, live};
use crate::gateway::load_pairwise;

/// How a clients file is looked at where no gateway's configuration is at hand.
#[derive(Debug, Clone, Default)]
pub struct ClientsCheck {
    /// Allow `http` redirect URIs on this machine, as the sandbox does.
    pub sandbox: bool,
    /// The file whose versions clients may name; without it any version is taken.
    pub pairwise_secret_file: Option<std::path::PathBuf>,
    /// The file of those who receive signatures; without it no private client may ask for any.
    pub recipients: Option<std::path::PathBuf>,
}

/// A registration that holds, in a few words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSummary {
    /// Which client.
    pub client_id: String,
    /// Profile, algorithm, keys and addresses.
    pub summary: String,
}

/// Reads a clients file as the gateway would.
///
/// # Errors
/// Naming the client and the rule that it breaks.
pub fn check_clients(path: &Path, how: &ClientsCheck) -> Result<Vec<ClientSummary>, ConfigError> {
    let pairwise = match &how.pairwise_secret_file {
        Some(file) => Some(load_pairwise(&SecretFile::new(file))?),
        None => None,
    };
    let has_secret = |version| {
        pairwise
            .as_ref()
            .is_none_or(|pairwise| pairwise.has(version))
    };
    let clients = live::read(path, how.recipients.as_deref(), how.sandbox, has_secret)?;
    let mut summaries: Vec<ClientSummary> = clients.all().map(|client| summary(client)).collect();
    summaries.sort_by(|one, other| one.client_id.cmp(&other.client_id));
    Ok(summaries)
}

fn summary(client: &Client) -> ClientSummary {
    let counted = |count: usize, what: &str| {
        let ending = if count == 1 { "" } else { "s" };
        format!("{count} {what}{ending}")
    };
    let words = [
        format!("profile {}", client.profile().name()),
        client.assertion_algorithm().name().to_owned(),
        counted(client.keys.len(), "key"),
        counted(client.registration.redirect_uris.len(), "redirect URI"),
        format!("sector {}", client.sector()),
    ];
    ClientSummary {
        client_id: client.id().to_owned(),
        summary: words.join(", "),
    }
}
