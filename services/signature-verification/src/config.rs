//! The role's configuration file; `deploy/config/signature-verification.toml` is the operator's manual.

use lookup::{CacheConfig, RevocationMethod};
use runtime::access::AccessTable;
use runtime::config::{
    Caller, CertificationAuthorityConfig, ConfigError, CrossCheckConfig, Environment,
    GrpcClientConfig, Listen, ObservabilityConfig, SecretFile, TlsConfig,
};
use serde::Deserialize;
use store::DatabaseUrl;

/// The only method of the service.
pub const METHOD: &str = "/akashi.verification.v1.SignatureVerificationService/VerifySignature";

/// The profiles of user-authentication certificates. With a signing authority here, the status of
/// signing certificates would be open to callers who are no administrative agencies.
const PROFILES: [&str; 2] = ["jpki-user-authentication", "jpki-test-user-authentication"];

/// A hundred thousand people are more than sign in within an hour; their certificates take some 300 MB.
const fn default_cache() -> CacheConfig {
    CacheConfig { capacity: 100_000 }
}

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Which of the three worlds this process belongs to.
    pub environment: Environment,
    /// The key under which serial numbers are hashed.
    pub holder_key_file: SecretFile,
    /// How many signature checks the second implementation repeats.
    #[serde(default)]
    pub cross_check: CrossCheckConfig,
    /// Whether the interface describes itself to callers.
    #[serde(default)]
    pub reflection: bool,
    /// Where and how it listens.
    pub listen: Listen,
    /// Its certificate and the authorities of its callers.
    pub tls: TlsConfig,
    /// revocation-lookup.
    pub revocation: GrpcClientConfig,
    /// Who is asked there: the lists or the authority's OCSP responder.
    #[serde(default)]
    pub revocation_method: RevocationMethod,
    /// Where holder identifiers are.
    pub store: StoreConfig,
    /// The certificates kept in memory once validated.
    #[serde(default = "default_cache")]
    pub cache: CacheConfig,
    /// Metrics and logs.
    #[serde(default)]
    pub observability: ObservabilityConfig,
    /// The authorities whose certificates are accepted.
    pub certification_authority: Vec<CertificationAuthorityConfig>,
    /// Who may call.
    #[serde(default)]
    pub caller: Vec<Caller>,
}

/// `[store]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreConfig {
    /// Holder identifiers and serial links.
    pub holder_links: DatabaseUrl,
}

impl Config {
    /// Whether the values can be. Opens no file and no port.
    ///
    /// # Errors
    /// Naming the key that cannot be.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.listen.check()?;
        self.revocation.check("revocation")?;
        self.observability.check()?;
        self.cross_check.check()?;
        self.cache.check()?;
        self.access_table()?;
        CertificationAuthorityConfig::check_profiles(
            &self.certification_authority,
            &PROFILES,
            "user-authentication certificates are verified",
        )
    }

    pub(crate) fn access_table(&self) -> Result<AccessTable, ConfigError> {
        AccessTable::new(&[METHOD], &self.caller)
    }
}

#[cfg(test)]
mod tests {
    use super::{Config, RevocationMethod};

    const SAMPLE: &str = include_str!("../../../deploy/config/signature-verification.toml");

    fn checked(text: &str) -> Result<Config, String> {
        let config: Config = runtime::config::parse(text).map_err(|error| error.to_string())?;
        config.check().map_err(|error| error.to_string())?;
        Ok(config)
    }

    #[test]
    fn the_sample_configuration_is_accepted() {
        let config = checked(SAMPLE).unwrap();
        assert_eq!(config.caller.len(), 3);
        assert_eq!(config.certification_authority[0].trust_anchor.len(), 2);
    }

    #[test]
    fn the_lists_are_asked_unless_it_says_otherwise() {
        let method = "revocation_method = \"crl\"";
        let with = |text: &str| checked(&SAMPLE.replace(method, text)).map(|c| c.revocation_method);
        assert!(SAMPLE.contains(method));
        assert_eq!(with(""), Ok(RevocationMethod::Crl));
        for (name, read) in [
            ("crl", RevocationMethod::Crl),
            ("ocsp", RevocationMethod::Ocsp),
            ("ocsp_then_crl", RevocationMethod::OcspThenCrl),
        ] {
            assert_eq!(with(&format!("revocation_method = {name:?}")), Ok(read));
        }
        assert!(with("revocation_method = \"none\"").is_err());
    }

    #[test]
    fn a_signing_authority_is_refused() {
        let text = SAMPLE.replace("\"jpki-user-authentication\"", "\"jpki-signing\"");
        assert_eq!(
            checked(&text).unwrap_err(),
            "certification_authority.profile: \"jpki-signing\": only user-authentication \
             certificates are verified here, profile jpki-user-authentication or \
             jpki-test-user-authentication"
        );
    }

    #[test]
    fn a_misspelt_key_is_refused_with_the_nearest_one() {
        let text = SAMPLE.replace("holder_key_file", "holder_key_fil");
        let error = checked(&text).unwrap_err();
        assert!(error.contains("did you mean `holder_key_file`?"), "{error}");
    }

    #[test]
    fn a_service_without_tls_is_not_called() {
        let text = SAMPLE.replace("https://revocation-lookup", "http://revocation-lookup");
        let error = checked(&text).unwrap_err();
        assert!(
            error.starts_with("revocation: ") && error.contains("https://"),
            "{error}"
        );
    }
}
