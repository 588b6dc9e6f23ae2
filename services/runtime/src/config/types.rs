//! The tables that several roles' files share. Each role's own `Config` names the ones it has.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use pki::CrossCheck;
use serde::Deserialize;

use super::{ConfigError, ConfigPath, SecretFile};
use crate::peer::is_host_name;

/// Which of the three worlds a process belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// The real JPKI. Only the published production roots are accepted as trust anchors.
    Production,
    /// The JPKI's test environment.
    Test,
    /// A throw-away JPKI.
    Sandbox,
}

/// `[listen]`: where and how a gRPC role listens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// Address and port; port 0 takes a free one.
    pub address: SocketAddr,
    /// Serving threads, each with a listener and a runtime of its own; absent: one a core.
    #[serde(default)]
    pub threads: Option<usize>,
    /// How long one request may take.
    #[serde(default = "ten")]
    pub request_timeout_seconds: u64,
    /// After this time a connection is closed gently. A certificate is checked when a connection
    /// begins, so this bounds how long one lives on after it expired.
    #[serde(default = "hour")]
    pub max_connection_age_seconds: u64,
    /// How long requests in progress may take to finish once the process was asked to stop.
    #[serde(default = "twenty")]
    pub drain_timeout_seconds: u64,
}

const fn ten() -> u64 {
    10
}
const fn twenty() -> u64 {
    20
}
const fn hour() -> u64 {
    3600
}

impl Listen {
    /// The defaults at an address.
    pub fn at(address: SocketAddr) -> Self {
        Self {
            address,
            threads: None,
            request_timeout_seconds: ten(),
            max_connection_age_seconds: hour(),
            drain_timeout_seconds: twenty(),
        }
    }

    /// Whether the numbers can be.
    ///
    /// # Errors
    /// Naming the key that cannot be.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self
            .threads
            .is_some_and(|threads| !(1..=256).contains(&threads))
        {
            return Err(ConfigError::invalid(
                "listen.threads",
                "1 to 256, or absent for one a core",
            ));
        }
        for (key, seconds) in [
            (
                "listen.request_timeout_seconds",
                self.request_timeout_seconds,
            ),
            (
                "listen.max_connection_age_seconds",
                self.max_connection_age_seconds,
            ),
            ("listen.drain_timeout_seconds", self.drain_timeout_seconds),
        ] {
            if !(1..=86_400).contains(&seconds) {
                return Err(ConfigError::invalid(key, "1 to 86400 seconds"));
            }
        }
        Ok(())
    }

    pub(crate) fn thread_count(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        self.threads.unwrap_or_else(cores)
    }
}

/// `[tls]`: the certificate a server shows and the authorities whose clients it lets in. PEM files,
/// read again when they change.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// The server's certificate, then its intermediates.
    pub certificate: ConfigPath,
    /// Its private key.
    pub private_key: SecretFile,
    /// The authorities that issue client certificates.
    pub client_ca: ConfigPath,
    /// How often the files are looked at for changes.
    #[serde(default = "ten")]
    pub reload_interval_seconds: u64,
}

/// The TLS files of a client.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientTlsConfig {
    /// The client's certificate, then its intermediates: who it is.
    pub certificate: ConfigPath,
    /// Its private key.
    pub private_key: SecretFile,
    /// The authorities that issue the server's certificate.
    pub server_ca: ConfigPath,
    /// The name the server's certificate must have.
    pub server_name: String,
}

/// A table such as `[revocation]`: another gRPC service, and how to reach it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrpcClientConfig {
    /// `https://host:port`.
    pub uri: String,
    /// The client's certificate, then its intermediates: who it is.
    pub certificate: ConfigPath,
    /// Its private key.
    pub private_key: SecretFile,
    /// The authorities that issue the server's certificate.
    pub server_ca: ConfigPath,
    /// The name the server's certificate must have.
    pub server_name: String,
    /// How long one call may take, in milliseconds.
    #[serde(default = "two_thousand")]
    pub timeout_milliseconds: u64,
}

const fn two_thousand() -> u64 {
    2_000
}

impl GrpcClientConfig {
    /// Its TLS files alone.
    pub fn tls(&self) -> ClientTlsConfig {
        ClientTlsConfig {
            certificate: self.certificate.clone(),
            private_key: self.private_key.clone(),
            server_ca: self.server_ca.clone(),
            server_name: self.server_name.clone(),
        }
    }

    /// How long one call may take.
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_milliseconds)
    }

    /// Whether the values can be; `table` is its name in the file.
    ///
    /// # Errors
    /// Naming the key that cannot be.
    pub fn check(&self, table: &str) -> Result<(), ConfigError> {
        crate::client::check(self)
            .map_err(|problem| ConfigError::invalid(table, problem.to_string()))?;
        if !(1..=60_000).contains(&self.timeout_milliseconds) {
            let key = format!("{table}.timeout_milliseconds");
            return Err(ConfigError::invalid(key, "1 to 60000 milliseconds"));
        }
        Ok(())
    }
}

/// `[observability]`: metrics and logs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ObservabilityConfig {
    /// Where `/metrics`, `/healthz` and `/readyz` are answered in plain HTTP; loopback by default,
    /// because nothing there asks who is reading.
    pub metrics_listen: SocketAddr,
    /// Which log lines are written: a level, or directives such as `info,store=debug`.
    pub log: String,
    /// How log lines are written.
    pub log_format: LogFormat,
}

impl Default for ObservabilityConfig {
    fn default() -> Self {
        Self {
            metrics_listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            log: "info".to_owned(),
            log_format: LogFormat::Json,
        }
    }
}

impl ObservabilityConfig {
    /// Whether the values can be.
    ///
    /// # Errors
    /// Naming the key that cannot be.
    pub fn check(&self) -> Result<(), ConfigError> {
        crate::logging::filter(&self.log).map(drop)
    }
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// `[[caller]]`: who may call what. A method that no caller names refuses everybody.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caller {
    /// The dNSName of the caller's client certificate.
    pub identity: String,
    /// Full method names: `/akashi.revocation.v1.RevocationLookupService/GetRevocationStatus`.
    pub methods: Vec<String>,
}

impl Caller {
    /// Whether an identity can be one, for callers tables of other shapes.
    ///
    /// # Errors
    /// When it is not a plain lowercase host name.
    pub fn check_identity(identity: &str) -> Result<(), ConfigError> {
        if is_host_name(identity) {
            return Ok(());
        }
        let problem = format!("{identity:?} is not a plain lowercase host name");
        Err(ConfigError::invalid("caller.identity", problem))
    }
}

/// `[[certification_authority]]`: one authority and the keys it is trusted by.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificationAuthorityConfig {
    /// Its name in metrics, answers and other tables: lowercase letters, digits and hyphens.
    pub name: String,
    /// The profile its leaves must have, such as `jpki-user-authentication`.
    pub profile: String,
    /// Whose key signs the revocation list that covers a certificate.
    pub crl_signer: CrlSignerConfig,
    /// Its keys, one a generation.
    pub trust_anchor: Vec<TrustAnchorConfig>,
}

impl CertificationAuthorityConfig {
    /// Whether there is one at all.
    ///
    /// # Errors
    /// When there is none.
    pub fn check_present(authorities: &[Self]) -> Result<(), ConfigError> {
        if authorities.is_empty() {
            let problem = "at least one is needed";
            return Err(ConfigError::invalid("certification_authority", problem));
        }
        Ok(())
    }

    /// Whether there is one, and each has a profile that the role is for. An authority of another profile would let
    /// the role answer about certificates that its callers were not cleared for.
    ///
    /// # Errors
    /// Naming the profile, with what the role is for.
    pub fn check_profiles(
        authorities: &[Self],
        profiles: &[&str],
        role_is_for: &str,
    ) -> Result<(), ConfigError> {
        Self::check_present(authorities)?;
        let foreign = |authority: &&Self| !profiles.contains(&authority.profile.as_str());
        if let Some(authority) = authorities.iter().find(foreign) {
            let (found, known) = (&authority.profile, profiles.join(" or "));
            let problem = format!("{found:?}: only {role_is_for} here, profile {known}");
            let key = "certification_authority.profile";
            return Err(ConfigError::invalid(key, problem));
        }
        Ok(())
    }
}

/// Whose key signs the revocation list that covers a certificate. JPKI does not publish it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CrlSignerConfig {
    /// The key that issued the certificate.
    OwnKey,
    /// The authority's newest key, for the certificates of every generation.
    NewestKey,
}

/// `[[certification_authority.trust_anchor]]`: one self-signed certificate.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustAnchorConfig {
    /// The certificate, DER or PEM.
    pub file: ConfigPath,
    /// SHA-256 over its DER, 64 hexadecimal digits: compared when the file is read, so that a file
    /// alone cannot add trust.
    pub sha256: String,
}

/// `cross_check`: `"off"`, `"all"` or `{ one_in = 100 }`: how many signature checks the second,
/// independent implementation repeats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CrossCheckConfig {
    /// None.
    Off,
    /// Every one.
    #[default]
    All,
    /// One in so many.
    OneIn(u32),
}

impl CrossCheckConfig {
    /// Whether the share can be.
    ///
    /// # Errors
    /// For one in none.
    pub fn check(self) -> Result<(), ConfigError> {
        if self == Self::OneIn(0) {
            return Err(ConfigError::invalid("cross_check.one_in", "1 or more"));
        }
        Ok(())
    }
}

impl From<CrossCheckConfig> for CrossCheck {
    fn from(config: CrossCheckConfig) -> Self {
        match config {
            CrossCheckConfig::Off => Self::Off,
            CrossCheckConfig::All => Self::All,
            CrossCheckConfig::OneIn(one_in) => Self::Sampled { one_in },
        }
    }
}
