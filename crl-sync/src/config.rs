//! crl-sync's configuration file; `deploy/config/crl-sync.toml` explains every key.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use runtime::config::{
    CertificationAuthorityConfig, ConfigError, ConfigPath, CrlSignerConfig, CrossCheckConfig,
    Environment, ObservabilityConfig, SecretFile,
};
use runtime::priority::NICEST;
use serde::Deserialize;
use store::DatabaseUrl;

use crate::folder::{Folder, FolderConfig};
use crate::source::{Source, SourceKind};

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Which of the three worlds this process belongs to.
    pub environment: Environment,
    /// The key under which serial numbers are hashed; needed with a source of serial links.
    #[serde(default)]
    pub holder_key_file: Option<SecretFile>,
    /// How much others come first where the processor is wanted by several: 0 not at all, 19 as much as can be. Holds
    /// where crl-sync is a process of its own.
    #[serde(default = "default_nice")]
    pub nice: u8,
    /// How many signature checks the second implementation repeats.
    #[serde(default)]
    pub cross_check: CrossCheckConfig,
    /// Where the lists and links go.
    pub store: StoreConfig,
    /// The folder where the highest list numbers are kept outside the store; absent: a store restored from an older copy
    /// takes them back.
    #[serde(default)]
    pub state_directory: Option<ConfigPath>,
    /// How to fetch.
    #[serde(default)]
    pub fetch: FetchConfig,
    /// What may leave a list.
    #[serde(default)]
    pub removals: RemovalsConfig,
    /// Whether lists are kept as they were fetched.
    #[serde(default)]
    pub originals: OriginalsConfig,
    /// The authorities whose lists are believed.
    pub certification_authority: Vec<CertificationAuthorityConfig>,
    /// Where lists and links come from, one by one.
    #[serde(default)]
    pub source: Vec<SourceConfig>,
    /// Folders of lists.
    #[serde(default)]
    pub folder: Vec<FolderConfig>,
    /// Metrics and logs.
    #[serde(default)]
    pub observability: ObservabilityConfig,
}

/// `[store]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreConfig {
    /// The lists, of which crl-sync is the only writer.
    pub crl: DatabaseUrl,
    /// Holders and links; needed with a source of serial links.
    #[serde(default)]
    pub holder_links: Option<DatabaseUrl>,
}

/// `[fetch]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FetchConfig {
    /// How long connecting may take, TLS included.
    pub connect_timeout_seconds: u64,
    /// How long a transfer may bring nothing.
    pub read_timeout_seconds: u64,
    /// How many sources are fetched and verified at the same time.
    pub concurrency: usize,
}

impl Default for FetchConfig {
    fn default() -> Self {
        Self {
            connect_timeout_seconds: 10,
            read_timeout_seconds: 30,
            concurrency: 4,
        }
    }
}

/// `[originals]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OriginalsConfig {
    /// For how many days lists are kept as they were fetched; 0: they are not.
    pub keep_days: u16,
    /// Where a list is put down while it is read; the system's temporary folder if absent.
    pub spool_folder: Option<ConfigPath>,
}

/// `[removals]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RemovalsConfig {
    /// The share of a list's certificates that may leave it within a day, beyond what expiry explains: 0 to 1.
    pub largest_share: f64,
    /// How long certificates are valid at most: expired ones leave the lists, spread over this time.
    pub certificate_lifetime_days: u16,
    /// How long it is remembered which lists were in force and what left them.
    pub history_days: u16,
}

impl Default for RemovalsConfig {
    fn default() -> Self {
        Self {
            largest_share: 0.02,
            certificate_lifetime_days: 1_827,
            history_days: 3_653,
        }
    }
}

impl RemovalsConfig {
    fn check(&self) -> Result<(), ConfigError> {
        if !(0.0..=1.0).contains(&self.largest_share) {
            let problem = "0 (none) to 1 (all of them)";
            return Err(ConfigError::invalid("removals.largest_share", problem));
        }
        for (key, days) in [
            (
                "removals.certificate_lifetime_days",
                self.certificate_lifetime_days,
            ),
            ("removals.history_days", self.history_days),
        ] {
            if days == 0 {
                return Err(ConfigError::invalid(key, "at least 1 day"));
            }
        }
        Ok(())
    }
}

/// What a source delivers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KindConfig {
    /// A certificate revocation list.
    #[default]
    Crl,
    /// Who was revoked since a list that another source delivers.
    DeltaCrl,
    /// Which new serial number succeeded which old one.
    SerialLinks,
}

/// `[[source]]`: one address that delivers one list.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceConfig {
    /// The key of its data, and its name in logs.
    pub name: String,
    /// Whose list it is.
    pub certification_authority: String,
    /// What it delivers.
    #[serde(default)]
    pub kind: KindConfig,
    /// For a delta list: the source of the lists that it changes.
    #[serde(default)]
    pub base_source: Option<String>,
    /// Where it is.
    pub url: String,
    /// From one fetch to the next.
    pub interval_seconds: u64,
    /// The most that is added to an interval at random; absent: a tenth of it.
    #[serde(default)]
    pub jitter_seconds: Option<u64>,
    /// To the first retry after a failure; doubles up to the interval.
    #[serde(default = "thirty")]
    pub retry_seconds: u64,
    /// The largest body that is read; absent: 64 MiB, 16 MiB from a directory.
    #[serde(default)]
    pub max_bytes: Option<u64>,
    /// How long the whole transfer may take.
    #[serde(default = "three_hundred")]
    pub timeout_seconds: u64,
    /// Where redirects may lead: `host` or `host:port`.
    #[serde(default)]
    pub redirect_hosts: Vec<String>,
    /// The user whose password is shown: HTTP basic authentication, or the name that a directory is bound with.
    #[serde(default)]
    pub user: Option<String>,
    /// The user's password.
    #[serde(default)]
    pub password_file: Option<SecretFile>,
    /// The TLS client certificate that is shown, PEM with its intermediates.
    #[serde(default)]
    pub client_certificate: Option<ConfigPath>,
    /// Its private key, PEM.
    #[serde(default)]
    pub client_key: Option<SecretFile>,
    /// The only authorities that the source's own TLS certificate may come from, PEM; absent: the machine's.
    #[serde(default)]
    pub ca: Option<ConfigPath>,
    /// The issuing distribution point the list must have: a `DistributionPointName`, DER in base64; absent: none,
    /// a full list.
    #[serde(default)]
    pub distribution_point: Option<String>,
    /// The key that must sign, in hexadecimal; only where every generation signs its own lists.
    #[serde(default)]
    pub signer_key_id: Option<String>,
}

pub(crate) const fn thirty() -> u64 {
    30
}
pub(crate) const fn three_hundred() -> u64 {
    300
}

impl FetchConfig {
    /// How long connecting may take.
    pub(crate) fn connect_timeout(&self) -> Duration {
        Duration::from_secs(self.connect_timeout_seconds)
    }

    /// How long a transfer may bring nothing.
    pub(crate) fn read_timeout(&self) -> Duration {
        Duration::from_secs(self.read_timeout_seconds)
    }

    fn check(&self) -> Result<(), ConfigError> {
        for (key, seconds) in [
            (
                "fetch.connect_timeout_seconds",
                self.connect_timeout_seconds,
            ),
            ("fetch.read_timeout_seconds", self.read_timeout_seconds),
        ] {
            if !(1..=3600).contains(&seconds) {
                return Err(ConfigError::invalid(key, "1 to 3600 seconds"));
            }
        }
        if !(1..=64).contains(&self.concurrency) {
            return Err(ConfigError::invalid(
                "fetch.concurrency",
                "1 to 64 sources at a time",
            ));
        }
        Ok(())
    }
}

/// A tenth of the weight of a thread that answers lookups: enough to get on beside them, too little for them to notice.
const fn default_nice() -> u8 {
    10
}

impl Config {
    /// Whether everything in the file can be, as far as it can be told without the files it names.
    ///
    /// # Errors
    /// Naming the first key that cannot be.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.observability.check()?;
        self.fetch.check()?;
        self.cross_check.check()?;
        self.removals.check()?;
        if self.nice > NICEST {
            let problem = format!("0 to {NICEST}");
            return Err(ConfigError::invalid("nice", problem));
        }
        let sources = self.sources()?;
        let folders = self.folders(&sources)?;
        if sources.is_empty() && folders.is_empty() {
            let problem = "at least one [[source]] or [[folder]] is needed";
            return Err(ConfigError::invalid("source", problem));
        }
        if sources
            .iter()
            .any(|source| matches!(source.kind, SourceKind::SerialLinks))
        {
            if self.holder_key_file.is_none() {
                return Err(missing("holder_key_file"));
            }
            if self.store.holder_links.is_none() {
                return Err(missing("store.holder_links"));
            }
        }
        Ok(())
    }

    /// The sources, checked one by one and against each other.
    pub(crate) fn sources(&self) -> Result<Vec<Source>, ConfigError> {
        let signers: BTreeMap<&str, CrlSignerConfig> = self
            .certification_authority
            .iter()
            .map(|authority| (authority.name.as_str(), authority.crl_signer))
            .collect();
        let mut names = BTreeSet::new();
        let mut scopes = BTreeSet::new();
        let mut sources = Vec::with_capacity(self.source.len());
        for config in &self.source {
            let key = |key: &str| format!("source.{}.{key}", config.name);
            let source = Source::from_config(config)?;
            let Some(signer) = signers.get(config.certification_authority.as_str()) else {
                let problem = "is not the name of a [[certification_authority]]";
                return Err(ConfigError::invalid(
                    key("certification_authority"),
                    problem,
                ));
            };
            if config.signer_key_id.is_some() && *signer == CrlSignerConfig::NewestKey {
                let problem = "crl_signer = \"newest_key\" already says which key signs";
                return Err(ConfigError::invalid(key("signer_key_id"), problem));
            }
            if !names.insert(source.name.clone()) {
                return Err(ConfigError::invalid(
                    key("name"),
                    "two sources have this name",
                ));
            }
            if !scopes.insert((source.certification_authority.clone(), source.kind.slot())) {
                let problem = "another source of this authority delivers the same: sources need different \
                               distribution_points or base_sources, or different signer_key_ids with \
                               crl_signer = \"own_key\"";
                return Err(ConfigError::invalid(key("kind"), problem));
            }
            sources.push(source);
        }
        check_bases(&sources)?;
        Ok(sources)
    }

    /// The folders, checked one by one and against each other and the sources.
    pub(crate) fn folders(&self, sources: &[Source]) -> Result<Vec<Folder>, ConfigError> {
        let mut folders: Vec<Folder> = Vec::with_capacity(self.folder.len());
        for config in &self.folder {
            let folder = Folder::from_config(config)?.beside(sources);
            let key = |key: &str| format!("folder.{}.{key}", config.name);
            let mut authorities = self.certification_authority.iter();
            if !authorities.any(|authority| authority.name == config.certification_authority) {
                let problem = "is not the name of a [[certification_authority]]";
                let key = key("certification_authority");
                return Err(ConfigError::invalid(key, problem));
            }
            let mut names = sources
                .iter()
                .map(|source| &source.name)
                .chain(folders.iter().map(|other| &other.name));
            let is_mine = |name: &str| *name == *folder.name || folder.owns(name);
            let is_theirs = folders.iter().any(|other| other.owns(&folder.name));
            if names.any(|name| is_mine(name)) || is_theirs {
                let problem =
                    "its sources are called name.something: no other source or folder may be";
                return Err(ConfigError::invalid(key("name"), problem));
            }
            if folders.iter().any(|other| other.is_same_place(&folder)) {
                let problem = "another folder of this authority has the same path and suffix";
                return Err(ConfigError::invalid(key("path"), problem));
            }
            folders.push(folder);
        }
        Ok(folders)
    }
}

/// A delta list changes the lists of another source of its authority.
fn check_bases(sources: &[Source]) -> Result<(), ConfigError> {
    for source in sources {
        let SourceKind::DeltaCrl { base_source } = &source.kind else {
            continue;
        };
        let is_base = |base: &&Source| {
            base.name == *base_source
                && base.certification_authority == source.certification_authority
                && matches!(base.kind, SourceKind::Crl { .. })
        };
        if !sources.iter().any(|base| is_base(&base)) {
            let key = format!("source.{}.base_source", source.name);
            let problem = "is not the name of a source of complete lists of this authority";
            return Err(ConfigError::invalid(key, problem));
        }
    }
    Ok(())
}

fn missing(key: &str) -> ConfigError {
    ConfigError::invalid(key, "is needed with a source of kind \"serial_links\"")
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
