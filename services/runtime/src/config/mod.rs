//! Configuration: one TOML file a role, closed to unknown keys, wholly checked before a port opens.

mod error;
mod path;
mod types;

pub use error::ConfigError;
pub use path::{ConfigPath, SecretFile};
pub use types::{
    Caller, CertificationAuthorityConfig, ClientTlsConfig, CrlSignerConfig, CrossCheckConfig,
    Environment, GrpcClientConfig, Listen, LogFormat, ObservabilityConfig, TlsConfig,
    TrustAnchorConfig,
};

use std::path::Path;

use serde::de::DeserializeOwned;

use crate::limits;

/// Reads a configuration file. Unknown keys are refused; relative paths in it count from its folder.
///
/// # Errors
/// When the file cannot be read, or says what the role does not understand.
pub fn load<T: DeserializeOwned>(path: &Path) -> Result<T, ConfigError> {
    let read = |source| ConfigError::Read {
        path: path.to_owned(),
        source,
    };
    let octets = std::fs::metadata(path).map_err(read)?.len();
    if octets > limits::CONFIG_FILE_OCTETS {
        return Err(read(std::io::Error::other(
            "larger than a configuration file may be",
        )));
    }
    let text = std::fs::read_to_string(path).map_err(read)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    path::relative_to(folder, || parse(&text)).map_err(|error| error.in_file(path))
}

/// Reads a configuration from a text; relative paths count from the working folder.
///
/// # Errors
/// When the text says what the role does not understand.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, ConfigError> {
    toml::from_str(text).map_err(|error| ConfigError::from_toml(&error, text))
}

/// The value of an environment variable, if it is set and is text. The only place that reads the
/// environment.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment"
)]
pub fn environment_variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests;
