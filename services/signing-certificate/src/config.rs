//! The role's configuration file; deploy/config/signing-certificate.toml is the operator's manual for it.

use lookup::{CacheConfig, RevocationMethod};
use runtime::access::AccessTable;
use runtime::config::{
    Caller, CertificationAuthorityConfig, ConfigError, CrossCheckConfig, Environment,
    GrpcClientConfig, Listen, ObservabilityConfig, TlsConfig,
};
use serde::Deserialize;
use store::DatabaseUrl;

use crate::assertion::Agencies;
use crate::audit::{FORWARDED_METHOD, METHOD};

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
    /// The agencies whose signed assertions are taken from whoever may forward them.
    #[serde(default)]
    pub forwarded: Option<ForwardedConfig>,
}

/// `[forwarded]`: what the OIDC gateway may bring for agencies.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForwardedConfig {
    /// What assertions name as their audience.
    pub audience: String,
    /// The agencies.
    pub agency: Vec<AgencyConfig>,
}

/// `[[forwarded.agency]]`: one agency and its keys.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgencyConfig {
    /// What its assertions name as their issuer, and its name in the audit log: a plain lowercase host name.
    pub identity: String,
    /// Its keys; several while one replaces another.
    pub key: Vec<AgencyKeyConfig>,
}

/// One key of an agency.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgencyKeyConfig {
    /// The `kid` of its assertions.
    pub key_id: String,
    /// P-256, SubjectPublicKeyInfo in PEM.
    pub public_key: String,
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
        self.check_forwarders()?;
        self.agencies()?;
        CertificationAuthorityConfig::check_profiles(
            &self.certification_authority,
            &SIGNING_PROFILES,
            "signing certificates are checked",
        )
    }

    pub(crate) fn access_table(&self) -> Result<AccessTable, ConfigError> {
        AccessTable::new(&[METHOD, FORWARDED_METHOD], &self.caller)
    }

    pub(crate) fn agencies(&self) -> Result<Agencies, ConfigError> {
        self.forwarded
            .as_ref()
            .map_or_else(|| Ok(Agencies::default()), Agencies::new)
    }

    /// Who forwards for agencies may not ask by its own word.
    fn check_forwarders(&self) -> Result<(), ConfigError> {
        let names =
            |caller: &Caller, method: &str| caller.methods.iter().any(|name| name == method);
        let both = |caller: &&Caller| names(caller, METHOD) && names(caller, FORWARDED_METHOD);
        match self.caller.iter().find(both) {
            None => Ok(()),
            Some(caller) => Err(ConfigError::invalid(
                "caller.methods",
                format!(
                    "{} may either ask as an agency or forward for agencies, not both",
                    caller.identity
                ),
            )),
        }
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
        assert_eq!(config.caller.len(), 3);
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
    fn who_forwards_for_agencies_may_not_ask_itself() {
        let both = "CheckForwardedSigningCertificate\", \
                    \"/akashi.signing.v1.SigningCertificateService/CheckSigningCertificate\"]";
        let refused = checked("CheckForwardedSigningCertificate\"]", both).unwrap_err();
        assert!(refused.contains("not both"), "{refused}");
    }

    #[test]
    fn an_agency_without_a_key_or_with_another_kind_is_refused() {
        for (from, to, expected) in [
            (
                "identity = \"ministry.agency.example\"",
                "identity = \"Ministry\"",
                "host name",
            ),
            ("key_id = \"ministry-2026\"", "key_id = \"\"", "key_id"),
            (
                "-----BEGIN PUBLIC KEY-----\nMFkw",
                "-----BEGIN PUBLIC KEY-----\nMFkx",
                "P-256",
            ),
            (
                "audience = \"signing-certificate.internal\"",
                "audience = \"\"",
                "audience",
            ),
        ] {
            let refused = checked(from, to).unwrap_err();
            assert!(refused.contains(expected), "{from}: {refused}");
        }
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
