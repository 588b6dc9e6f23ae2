//! The role's configuration file; deploy/config/signing-certificate.toml is the operator's manual for it.

use lookup::{CacheConfig, RevocationMethod};
use runtime::access::AccessTable;
use runtime::config::{
    Caller, CertificationAuthorityConfig, ConfigError, CrossCheckConfig, Environment,
    GrpcClientConfig, Listen, ObservabilityConfig, TlsConfig,
};
use serde::Deserialize;
use store::DatabaseUrl;

use crate::audit::METHOD;

/// The profiles of signing certificates.
const SIGNING_PROFILES: [&str; 2] = ["jpki-signing", "jpki-test-signing"];

/// Everything signing-certificate is told.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Which of the three worlds this is.
    pub environment: Environment,
    /// Where it listens.
    pub listen: Listen,
    /// Its own certificate and the CA of its callers.
    pub tls: TlsConfig,
    /// revocation-lookup.
    pub revocation: GrpcClientConfig,
    /// Who is asked there: the lists or the authority's OCSP responder.
    #[serde(default)]
    pub revocation_method: RevocationMethod,
    /// Where the audit log is.
    pub store: StoreConfig,
    /// The certificates kept in memory once validated.
    #[serde(default = "default_cache")]
    pub cache: CacheConfig,
    /// How many signature checks the second implementation repeats; every one by default, because nobody here is in a
    /// hurry.
    #[serde(default)]
    pub cross_check: CrossCheckConfig,
    /// Metrics and logs.
    #[serde(default)]
    pub observability: ObservabilityConfig,
    /// Whether the interface describes itself to callers.
    #[serde(default)]
    pub reflection: bool,
    /// The authorities whose certificates are checked.
    pub certification_authority: Vec<CertificationAuthorityConfig>,
    /// The administrative callers; nobody else is answered. Empty: nobody at all.
    #[serde(default)]
    pub caller: Vec<Caller>,
}

/// `[store]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreConfig {
    /// The audit log's database.
    pub audit: DatabaseUrl,
}

/// Agencies check thousands a day; these take some 30 MB.
const fn default_cache() -> CacheConfig {
    CacheConfig { capacity: 10_000 }
}

impl Config {
    /// Whether the values can be; opens no file and no port.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.listen.check()?;
        self.revocation.check("revocation")?;
        self.observability.check()?;
        self.cross_check.check()?;
        self.cache.check()?;
        self.access_table()?;
        CertificationAuthorityConfig::check_profiles(
            &self.certification_authority,
            &SIGNING_PROFILES,
            "signing certificates are checked",
        )
    }

    pub(crate) fn access_table(&self) -> Result<AccessTable, ConfigError> {
        AccessTable::new(&[METHOD], &self.caller)
    }
}

#[cfg(test)]
mod tests {
    use super::{Config, RevocationMethod};
    use pki::CrossCheck;

    const SAMPLE: &str = include_str!("../../../deploy/config/signing-certificate.toml");

    /// The sample with one piece of text replaced, checked.
    fn checked(from: &str, to: &str) -> Result<Config, String> {
        assert!(SAMPLE.contains(from), "{from}");
        let text = SAMPLE.replace(from, to);
        let config: Config = runtime::config::parse(&text).map_err(|error| error.to_string())?;
        config.check().map_err(|error| error.to_string())?;
        Ok(config)
    }

    #[test]
    fn the_sample_configuration_is_accepted() {
        let config = checked("10000", "10000").unwrap();
        assert_eq!(config.caller.len(), 2);
        assert_eq!(config.certification_authority[0].trust_anchor.len(), 2);
        assert_eq!(CrossCheck::from(config.cross_check), CrossCheck::All);
    }

    #[test]
    fn an_authority_of_another_profile_is_refused() {
        let refused = checked(
            "profile = \"jpki-signing\"",
            "profile = \"jpki-user-authentication\"",
        );
        assert!(refused.unwrap_err().contains("only signing certificates"));
    }

    #[test]
    fn the_lists_are_asked_unless_it_says_otherwise() {
        let with = |text: &str| checked("revocation_method = \"crl\"\n", text);
        let method = |text| with(text).unwrap().revocation_method;
        assert_eq!(method(""), RevocationMethod::Crl);
        let then_crl = "revocation_method = \"ocsp_then_crl\"\n";
        assert_eq!(method(then_crl), RevocationMethod::OcspThenCrl);
        assert!(with("revocation_method = \"none\"\n").is_err());
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_name() {
        let refused = checked("[cache]", "[cache]\ncapasity = 5").unwrap_err();
        assert!(
            refused.contains("capasity") && refused.contains("capacity"),
            "{refused}"
        );
    }

    #[test]
    fn a_method_that_does_not_exist_is_refused() {
        assert!(checked("/CheckSigningCertificate", "/Check").is_err());
    }

    #[test]
    fn the_share_of_cross_checks_is_checked() {
        let sampled = checked("cross_check = \"all\"", "cross_check = { one_in = 100 }").unwrap();
        assert_eq!(
            CrossCheck::from(sampled.cross_check),
            CrossCheck::Sampled { one_in: 100 }
        );
        assert!(checked("cross_check = \"all\"", "cross_check = { one_in = 0 }").is_err());
    }
}
