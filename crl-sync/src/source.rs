//! A source as it was checked: what its address, pace and expectations are.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pki::{DistributionPointName, KeyIdentifier};
use runtime::config::ConfigError;

use crate::config::{KindConfig, SourceConfig};
use crate::location::Location;
use crate::schedule::Pace;

/// One checked source.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) name: Arc<str>,
    pub(crate) certification_authority: Arc<str>,
    pub(crate) kind: SourceKind,
    pub(crate) location: Location,
    pub(crate) pace: Pace,
}

/// What a source must deliver.
#[derive(Clone, Debug)]
pub(crate) enum SourceKind {
    /// A list of this scope, none meaning a full list, signed by this key if one is named.
    Crl {
        distribution_point: Option<DistributionPointName>,
        signer_key_id: Option<KeyIdentifier>,
    },
    /// The changes of the lists of another source.
    DeltaCrl { base_source: Arc<str> },
    /// Serial links.
    SerialLinks,
}

impl SourceKind {
    /// The scope key a list must have: empty for a full list.
    pub(crate) fn scope_key(&self) -> Vec<u8> {
        match self {
            Self::Crl {
                distribution_point: Some(name),
                ..
            } => name.scope_key(),
            Self::Crl {
                distribution_point: None,
                ..
            }
            | Self::DeltaCrl { .. }
            | Self::SerialLinks => Vec::new(),
        }
    }

    /// What no two sources of one authority may have in common.
    pub(crate) fn slot(&self) -> (u8, Vec<u8>, Option<KeyIdentifier>) {
        match self {
            Self::Crl { signer_key_id, .. } => (0, self.scope_key(), signer_key_id.clone()),
            Self::DeltaCrl { base_source } => (1, base_source.as_bytes().to_vec(), None),
            Self::SerialLinks => (2, Vec::new(), None),
        }
    }
}

/// The longest name of a source.
const NAME_OCTETS: usize = 64;

/// Whether a text can name a source or a folder: in logs, in the store, on command lines.
pub(crate) fn is_name(text: &str, longest: usize) -> bool {
    let is_sign = |octet: u8| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
    (1..=longest).contains(&text.len()) && text.bytes().all(is_sign)
}

impl Source {
    /// Checks one `[[source]]` by itself.
    pub(crate) fn from_config(config: &SourceConfig) -> Result<Self, ConfigError> {
        if !is_name(&config.name, NAME_OCTETS) {
            return Err(ConfigError::invalid(
                "source.name",
                "1 to 64 of a-z 0-9 - and .",
            ));
        }
        let refused = |key: &str, problem: &str| {
            ConfigError::invalid(format!("source.{}.{key}", config.name), problem)
        };
        Ok(Self {
            name: config.name.as_str().into(),
            certification_authority: config.certification_authority.as_str().into(),
            kind: kind(config).map_err(|(key, problem)| refused(key, &problem))?,
            location: Location::from_config(config)
                .map_err(|(key, problem)| refused(key, problem))?,
            pace: Pace::from_seconds(
                config.interval_seconds,
                config.jitter_seconds,
                config.retry_seconds,
            )
            .map_err(|(key, problem)| refused(key, problem))?,
        })
    }
}

fn kind(config: &SourceConfig) -> Result<SourceKind, (&'static str, String)> {
    if config.kind == KindConfig::Crl {
        if config.base_source.is_some() {
            let problem = "only a source of kind \"delta_crl\" has one";
            return Err(("base_source", problem.to_owned()));
        }
        return complete(config);
    }
    for (key, is_there) in [
        ("distribution_point", config.distribution_point.is_some()),
        ("signer_key_id", config.signer_key_id.is_some()),
    ] {
        if is_there {
            let problem = "only a source of kind \"crl\" has one";
            return Err((key, problem.to_owned()));
        }
    }
    match (config.kind, &config.base_source) {
        (KindConfig::DeltaCrl, Some(base_source)) => Ok(SourceKind::DeltaCrl {
            base_source: base_source.as_str().into(),
        }),
        (KindConfig::DeltaCrl, None) => {
            let problem = "is needed: the name of the source whose lists it changes";
            Err(("base_source", problem.to_owned()))
        }
        (_, Some(_)) => {
            let problem = "only a source of kind \"delta_crl\" has one";
            Err(("base_source", problem.to_owned()))
        }
        (_, None) => Ok(SourceKind::SerialLinks),
    }
}

fn complete(config: &SourceConfig) -> Result<SourceKind, (&'static str, String)> {
    let distribution_point = match &config.distribution_point {
        None => None,
        Some(text) => {
            let refused = |problem| ("distribution_point", problem);
            let der = STANDARD
                .decode(text)
                .map_err(|_| refused("is not base64".to_owned()))?;
            Some(
                DistributionPointName::from_der(&der)
                    .map_err(|error| refused(error.to_string()))?,
            )
        }
    };
    let signer_key_id = match &config.signer_key_id {
        None => None,
        Some(text) => {
            let octets = hex::decode(text).ok();
            let key_id = octets.and_then(|octets| KeyIdentifier::new(&octets).ok());
            let problem = || {
                (
                    "signer_key_id",
                    "is not the hex of a key identifier".to_owned(),
                )
            };
            Some(key_id.ok_or_else(problem)?)
        }
    };
    Ok(SourceKind::Crl {
        distribution_point,
        signer_key_id,
    })
}
