//! `[[ocsp_client]]`: the responders that are asked, none by default.

use std::time::Duration;

use pki::{CertIdHash, DelegateRevocation};
use reqwest::Url;
use runtime::config::{ConfigError, ConfigPath, SecretFile};
use serde::Deserialize;

use crate::config::check_within;

/// Without a nonce the times alone say that an answer is no old one: four times as long as JPKI leaves its responder as it
/// is.
const MAX_AGE_WITHOUT_NONCE: u64 = 3_600;

/// The responder of one authority.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OcspClientConfig {
    /// The name of the authority whose certificates it is asked about.
    pub certification_authority: String,
    /// Where it is, by https or http: answers are signed. The address in a certificate is never used.
    pub url: String,
    /// How many questions may be put to it on one day (UTC), by this replica.
    pub queries_per_day: u64,
    /// Whether an answer must have the nonce of its question.
    #[serde(default)]
    pub nonce: Presence,
    /// Whether the certificate of a delegated responder must say that its own revocation need not be asked about
    /// (id-pkix-ocsp-nocheck).
    #[serde(default)]
    pub responder_no_check: Presence,
    /// The greatest age of an answer, from its thisUpdate.
    #[serde(default = "half_an_hour")]
    pub max_age_seconds: u64,
    /// For how long a verified answer is given again instead of asking, at most to its nextUpdate.
    #[serde(default = "a_minute")]
    pub keep_seconds: u64,
    /// How a question names the authority.
    #[serde(default)]
    pub cert_id_hash: CertIdHashConfig,
    /// How long a question may take, with waiting for its turn. Less than the callers of this service wait.
    #[serde(default = "one_and_a_half_seconds")]
    pub timeout_milliseconds: u64,
    /// How long connecting may take.
    #[serde(default = "half_a_second")]
    pub connect_timeout_milliseconds: u64,
    /// How many questions are put to it at the same time.
    #[serde(default = "sixteen")]
    pub concurrent_queries: usize,
    /// The authorities that issue the responder's TLS certificate; absent: those that this computer trusts.
    pub server_ca: Option<ConfigPath>,
    /// Who signs questions; absent: they are not signed.
    pub requester: Option<OcspClientRequesterConfig>,
}

/// `[ocsp_client.requester]`: the certificate whose key signs questions. Both files are read again when they change.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OcspClientRequesterConfig {
    /// The certificate, in PEM or DER. It goes along with each question.
    pub certificate: ConfigPath,
    /// Its private key, RSA or P-256, in PKCS#8 PEM.
    pub private_key: SecretFile,
}

/// Whether something must be there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// It must be.
    #[default]
    Required,
    /// It need not be.
    Optional,
}

/// [`CertIdHash`], as it is written in a configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CertIdHashConfig {
    /// What every responder knows (RFC 5019 section 2.1.1). Nothing is proven by it.
    #[default]
    Sha1,
    /// SHA-256.
    Sha256,
}

const fn half_an_hour() -> u64 {
    1_800
}
const fn a_minute() -> u64 {
    60
}
const fn one_and_a_half_seconds() -> u64 {
    1_500
}
const fn half_a_second() -> u64 {
    500
}
const fn sixteen() -> usize {
    16
}

impl OcspClientConfig {
    /// Whether the values can be; opens no file.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let key = |name: &str| format!("ocsp_client.{name}");
        let url = self.url()?;
        let within =
            |name: &str, number, limits, unit| check_within(&key(name), number, limits, unit);
        within(
            "queries_per_day",
            self.queries_per_day,
            1..=100_000_000,
            "queries",
        )?;
        let age = self.max_age_seconds;
        within("max_age_seconds", age, 60..=7 * 86_400, "seconds")?;
        if self.nonce == Presence::Optional && age > MAX_AGE_WITHOUT_NONCE {
            let problem = format!(
                "at most {MAX_AGE_WITHOUT_NONCE} seconds where nonce is optional: then the times alone say that an answer is no old one"
            );
            return Err(ConfigError::invalid(key("max_age_seconds"), problem));
        }
        within("keep_seconds", self.keep_seconds, 0..=900, "seconds")?;
        let timeout = self.timeout_milliseconds;
        within("timeout_milliseconds", timeout, 100..=9_000, "milliseconds")?;
        let connecting = self.connect_timeout_milliseconds;
        within(
            "connect_timeout_milliseconds",
            connecting,
            50..=timeout,
            "milliseconds",
        )?;
        check_within(
            &key("concurrent_queries"),
            self.concurrent_queries,
            1..=256,
            "queries",
        )?;
        if self.server_ca.is_some() && url.scheme() != "https" {
            return Err(ConfigError::invalid(key("server_ca"), "is for https"));
        }
        Ok(())
    }

    /// Where the responder is.
    pub(super) fn url(&self) -> Result<Url, ConfigError> {
        let wrong = |problem: String| ConfigError::invalid("ocsp_client.url", problem);
        let url = Url::parse(&self.url).map_err(|error| wrong(error.to_string()))?;
        let plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !matches!(url.scheme(), "https" | "http") || !url.has_host() || !plain {
            let problem = "https:// or http://, a host, a port and a path, and nothing else";
            return Err(wrong(problem.to_owned()));
        }
        Ok(url)
    }

    pub(super) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_milliseconds)
    }

    pub(super) fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_milliseconds)
    }

    pub(super) fn delegate_revocation(&self) -> DelegateRevocation {
        match self.responder_no_check {
            Presence::Required => DelegateRevocation::NoCheckRequired,
            Presence::Optional => DelegateRevocation::MayBeUndetermined,
        }
    }
}

impl From<CertIdHashConfig> for CertIdHash {
    fn from(config: CertIdHashConfig) -> Self {
        match config {
            CertIdHashConfig::Sha1 => Self::Sha1,
            CertIdHashConfig::Sha256 => Self::Sha256,
        }
    }
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
