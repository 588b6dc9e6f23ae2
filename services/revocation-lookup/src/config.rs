//! The role's configuration file; deploy/config/revocation-lookup.toml is the operator's manual for it.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use pki::{KeyUsage, Profile};
use runtime::access::AccessTable;
use runtime::config::{
    CertificationAuthorityConfig, ConfigError, ConfigPath, Environment, Listen,
    ObservabilityConfig, TlsConfig,
};
use serde::Deserialize;
use store::DatabaseUrl;

use crate::asked::Limits;
use crate::ocsp::{self, OcspConfig};
use crate::ocsp_client::OcspClientConfig;

/// The path of the lookup.
pub const GET_REVOCATION_STATUS: &str =
    "/akashi.revocation.v1.RevocationLookupService/GetRevocationStatus";

/// The path of lookups in a batch.
pub const BATCH_GET_REVOCATION_STATUS: &str =
    "/akashi.revocation.v1.RevocationLookupService/BatchGetRevocationStatus";

/// The path of lookups in a stream.
pub const STREAM_REVOCATION_STATUS: &str =
    "/akashi.revocation.v1.RevocationLookupService/StreamRevocationStatus";

/// The path of the lookup at a moment in the past.
pub const GET_REVOCATION_STATUS_AS_OF: &str =
    "/akashi.revocation.v1.RevocationLookupService/GetRevocationStatusAsOf";

/// The path of the freshness report.
pub const GET_FRESHNESS: &str = "/akashi.revocation.v1.RevocationLookupService/GetFreshness";

/// Everything revocation-lookup is told.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Which of the three worlds this is.
    pub environment: Environment,
    /// Where it listens.
    pub listen: Listen,
    /// Its own certificate and the CA of its callers.
    pub tls: TlsConfig,
    /// Where the lists and the ledger are.
    pub store: StoreConfig,
    /// The folder where the highest list numbers served are kept outside the store; absent: a replica that starts over a
    /// store restored from an older copy serves its lists.
    #[serde(default)]
    pub state_directory: Option<ConfigPath>,
    /// How often the store is asked for changes.
    #[serde(default = "one")]
    pub poll_interval_seconds: u64,
    /// For how long an unreachable store changes nothing.
    #[serde(default = "half_an_hour")]
    pub max_feed_age_seconds: u64,
    /// The greatest age of a list that proves anything, by authority; absent: its next update alone decides.
    #[serde(default)]
    pub max_age_seconds: BTreeMap<String, u64>,
    /// How many partitions an authority publishes. Only where it is said, and lists of so many are fetched, do they
    /// prove *good* for a certificate whose distribution point the caller does not name.
    #[serde(default)]
    pub partition_count: BTreeMap<String, usize>,
    /// How much of what left the lists is kept in memory for lookups at past moments, in MiB.
    #[serde(default = "sixty_four")]
    pub history_cache_mib: u64,
    /// For how many minutes a caller that asked about neighbouring serial numbers in a row is refused.
    #[serde(default = "an_hour")]
    pub sweep_pause_minutes: u64,
    /// Whether the interface describes itself to callers.
    #[serde(default)]
    pub reflection: bool,
    /// Metrics and logs.
    #[serde(default)]
    pub observability: ObservabilityConfig,
    /// The authorities that are asked about.
    pub certification_authority: Vec<CertificationAuthorityConfig>,
    /// Who may ask. Empty: nobody at all.
    #[serde(default)]
    pub caller: Vec<CallerConfig>,
    /// Who may ask by OCSP. Empty: there is no OCSP.
    #[serde(default)]
    pub ocsp: Vec<OcspConfig>,
    /// The authorities' own OCSP responders, for lookups that want one asked. Empty: none is.
    #[serde(default)]
    pub ocsp_client: Vec<OcspClientConfig>,
}

/// `[store]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreConfig {
    /// The lists, read only.
    pub crl: DatabaseUrl,
    /// The ledger of lookups and the refusals.
    pub audit: DatabaseUrl,
}

/// `[[caller]]`: who may ask what about which authorities.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallerConfig {
    /// The dNSName of the caller's client certificate.
    pub identity: String,
    /// Full method names.
    pub methods: Vec<String>,
    /// The names of the authorities it may ask about; of others it learns nothing.
    pub certification_authorities: Vec<String>,
    /// How many distinct serial numbers it may ask about in an hour, by all methods together, at each replica.
    #[serde(default = "a_hundred_thousand")]
    pub distinct_serials_per_hour: usize,
    /// How many neighbouring serial numbers it may ask about among the newest eight times as many distinct ones.
    #[serde(default = "ten_thousand")]
    pub neighbouring_serials: usize,
}

const fn one() -> u64 {
    1
}

const fn sixty_four() -> u64 {
    64
}

const fn an_hour() -> u64 {
    60
}

const fn a_hundred_thousand() -> usize {
    100_000
}

const fn ten_thousand() -> usize {
    10_000
}

const fn half_an_hour() -> u64 {
    1_800
}

impl Config {
    /// Whether the values can be; opens no file and no port.
    ///
    /// # Errors
    /// Naming the key that cannot be.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.listen.check()?;
        self.observability.check()?;
        self.access_table()?;
        let seconds = |key: &str, seconds: u64, limits: RangeInclusive<u64>| {
            check_within(key, seconds, limits, "seconds")
        };
        seconds("poll_interval_seconds", self.poll_interval_seconds, 1..=60)?;
        let max_feed_age = self.max_feed_age_seconds;
        seconds("max_feed_age_seconds", max_feed_age, 60..=86_400)?;
        let minutes = self.sweep_pause_minutes;
        check_within("sweep_pause_minutes", minutes, 1..=1_440, "minutes")?;
        let mebibytes = self.history_cache_mib;
        check_within("history_cache_mib", mebibytes, 1..=65_536, "MiB")?;
        CertificationAuthorityConfig::check_present(&self.certification_authority)?;
        for (authority, max_age) in &self.max_age_seconds {
            let key = format!("max_age_seconds.{authority}");
            self.check_authority(&key, authority)?;
            seconds(&key, *max_age, 60..=366 * 86_400)?;
        }
        for (authority, count) in &self.partition_count {
            let key = format!("partition_count.{authority}");
            self.check_authority(&key, authority)?;
            if *count == 0 {
                return Err(ConfigError::invalid(&key, "at least 1, or absent"));
            }
        }
        for caller in &self.caller {
            let key = "caller.certification_authorities";
            for authority in &caller.certification_authorities {
                self.check_authority(key, authority)?;
            }
            if caller.certification_authorities.is_empty() {
                let problem = format!("{} is allowed no authority", caller.identity);
                return Err(ConfigError::invalid(key, problem));
            }
            let serials = |key: &str, count: usize, most: usize| {
                check_within(key, count, 1..=most, "serial numbers")
            };
            // In memory they take 25 octets each, 2.5 GB at the most.
            let an_hour = caller.distinct_serials_per_hour;
            serials("caller.distinct_serials_per_hour", an_hour, 100_000_000)?;
            // Eight times as many are seen at 60 octets each, 0.5 GB at the most.
            let neighbours = caller.neighbouring_serials;
            serials("caller.neighbouring_serials", neighbours, 1_000_000)?;
        }
        self.check_ocsp()?;
        self.check_ocsp_clients()
    }

    fn check_ocsp_clients(&self) -> Result<(), ConfigError> {
        let key = "ocsp_client.certification_authority";
        for (place, client) in self.ocsp_client.iter().enumerate() {
            let name = &client.certification_authority;
            self.check_authority(key, name)?;
            let earlier = &self.ocsp_client[..place];
            if earlier
                .iter()
                .any(|other| other.certification_authority == *name)
            {
                let problem = format!("{name:?} has two; one is asked");
                return Err(ConfigError::invalid(key, problem));
            }
            client.check()?;
        }
        Ok(())
    }

    fn check_ocsp(&self) -> Result<(), ConfigError> {
        ocsp::check_count(&self.ocsp)?;
        for listener in &self.ocsp {
            let name = &listener.certification_authority;
            self.check_authority("ocsp.certification_authority", name)?;
            // Anything but the certificates that people sign in with is taken for a signing certificate.
            let signing = self
                .certification_authority
                .iter()
                .find(|authority| authority.name == *name)
                .and_then(|authority| Profile::by_name(&authority.profile))
                .is_none_or(|profile| profile.key_usage() != KeyUsage::DIGITAL_SIGNATURE);
            listener.check(signing)?;
        }
        Ok(())
    }

    /// How much everybody may ask about, by identity: callers as their entries say, those who ask by OCSP alone as an
    /// entry says that says nothing.
    pub(crate) fn limits_by_identity(&self) -> BTreeMap<&str, Limits> {
        let limits = |distinct_an_hour, neighbours| Limits {
            distinct_an_hour,
            neighbours,
            pause_minutes: self.sweep_pause_minutes,
        };
        let by_default = limits(a_hundred_thousand(), ten_thousand());
        let by_ocsp = self.ocsp.iter().flat_map(OcspConfig::identities);
        let callers = self.caller.iter().map(|caller| {
            let limits = limits(
                caller.distinct_serials_per_hour,
                caller.neighbouring_serials,
            );
            (&*caller.identity, limits)
        });
        by_ocsp
            .map(|identity| (identity, by_default))
            .chain(callers)
            .collect()
    }

    /// How often the store is asked for changes.
    pub(crate) fn poll_interval(&self) -> Duration {
        Duration::from_secs(self.poll_interval_seconds)
    }

    pub(crate) fn access_table(&self) -> Result<AccessTable, ConfigError> {
        let allowances = self
            .caller
            .iter()
            .map(|c| (c.identity.as_str(), c.methods.as_slice()));
        let methods = [
            GET_REVOCATION_STATUS,
            BATCH_GET_REVOCATION_STATUS,
            STREAM_REVOCATION_STATUS,
            GET_REVOCATION_STATUS_AS_OF,
            GET_FRESHNESS,
        ];
        AccessTable::from_allowances(&methods, allowances)
    }

    fn check_authority(&self, key: &str, name: &str) -> Result<(), ConfigError> {
        if self
            .certification_authority
            .iter()
            .any(|authority| authority.name == name)
        {
            return Ok(());
        }
        let problem = format!("there is no certification_authority {name:?}");
        Err(ConfigError::invalid(key, problem))
    }
}

pub(crate) fn check_within<N: Copy + PartialOrd + Display>(
    key: &str,
    number: N,
    limits: RangeInclusive<N>,
    unit: &str,
) -> Result<(), ConfigError> {
    if limits.contains(&number) {
        return Ok(());
    }
    let (least, most) = limits.into_inner();
    Err(ConfigError::invalid(
        key,
        format!("{least} to {most} {unit}"),
    ))
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
