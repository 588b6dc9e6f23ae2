//! `[[folder]]` of the configuration, and how it is checked.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use runtime::config::{ConfigError, ConfigPath};
use serde::Deserialize;

use super::Folder;
use crate::config::{thirty, three_hundred};
use crate::limits;
use crate::schedule::Pace;
use crate::source;

/// `[[folder]]`: a folder of this machine whose files are the lists of one authority, complete and delta, partitioned
/// and full. What each covers is what its own issuing distribution point says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FolderConfig {
    /// What the names of its sources begin with, and its name in logs.
    pub name: String,
    /// Whose lists these are.
    pub certification_authority: String,
    /// Where it is.
    pub path: ConfigPath,
    /// What the names of its files end with.
    #[serde(default = "crl")]
    pub suffix: String,
    /// How many such files it may have.
    #[serde(default = "ten_thousand")]
    pub max_files: usize,
    /// From one look at it to the next.
    pub interval_seconds: u64,
    /// The most that is added to an interval at random; absent: a tenth of it.
    #[serde(default)]
    pub jitter_seconds: Option<u64>,
    /// To the first retry after a failure; doubles up to the interval.
    #[serde(default = "thirty")]
    pub retry_seconds: u64,
    /// The largest file that is read; absent: 64 MiB.
    #[serde(default)]
    pub max_bytes: Option<u64>,
    /// How long reading one file may take.
    #[serde(default = "three_hundred")]
    pub timeout_seconds: u64,
    /// Sources of the folder, by name, that are no more: their lists go, and files with their scopes are refused.
    #[serde(default)]
    pub retired: Vec<String>,
}

fn crl() -> String {
    ".crl".to_owned()
}
const fn ten_thousand() -> usize {
    10_000
}

impl Folder {
    /// Checks one `[[folder]]` by itself.
    pub(crate) fn from_config(config: &FolderConfig) -> Result<Self, ConfigError> {
        if !source::is_name(&config.name, NAME_OCTETS) {
            let problem = "1 to 40 of a-z 0-9 - and .";
            return Err(ConfigError::invalid("folder.name", problem));
        }
        let refused = |key: &str, problem: &str| {
            ConfigError::invalid(format!("folder.{}.{key}", config.name), problem)
        };
        let pace = Pace::from_seconds(
            config.interval_seconds,
            config.jitter_seconds,
            config.retry_seconds,
        );
        if config.suffix.is_empty() || config.suffix.contains('/') {
            let problem = "is what names of files end with, such as \".crl\"";
            return Err(refused("suffix", problem));
        }
        if !(1..=limits::FOLDER_FILES).contains(&config.max_files) {
            return Err(refused("max_files", "1 to 100000 files"));
        }
        let max_bytes = config.max_bytes.unwrap_or(limits::DEFAULT_MAX_BYTES);
        if !(1..=pki::limits::MAX_CRL_BYTES).contains(&max_bytes) {
            return Err(refused("max_bytes", "1 to 1610612736 octets"));
        }
        if !(1..=86_400).contains(&config.timeout_seconds) {
            return Err(refused("timeout_seconds", "1 to 86400 seconds"));
        }
        let folder = Self {
            name: config.name.as_str().into(),
            certification_authority: config.certification_authority.as_str().into(),
            path: PathBuf::from(config.path.as_path()),
            suffix: config.suffix.clone(),
            max_files: config.max_files,
            pace: pace.map_err(|(key, problem)| refused(key, problem))?,
            max_bytes,
            timeout: Duration::from_secs(config.timeout_seconds),
            retired: config.retired.iter().cloned().collect(),
            taken: Arc::new(BTreeSet::new()),
        };
        if let Some(other) = folder.retired.iter().find(|name| !folder.owns(name)) {
            let problem = format!("{other:?} is not the name of a source of this folder");
            return Err(refused("retired", &problem));
        }
        Ok(folder)
    }
}

/// With the 17 octets that each of its sources adds, within what a source's name may have.
const NAME_OCTETS: usize = 40;

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
