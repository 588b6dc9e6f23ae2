//! The gateway's configuration: one TOML file, checked whole before a port opens.

use std::net::SocketAddr;

use runtime::config::{
    ConfigError, ConfigPath, Environment, GrpcClientConfig, ObservabilityConfig, SecretFile,
};
use serde::Deserialize;
use url::Url;

use crate::authentication_context::RevocationMethod;
use crate::clients::is_loopback;
use crate::source::Network;
use crate::state_store::StateStore;

/// The gateway's configuration file. `deploy/config/oidc-gateway.toml` explains every key.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Which world this process belongs to.
    pub environment: Environment,
    /// The origin browsers and relying parties see.
    pub public_url: String,
    /// Where the provider's paths start; with `public_url` it is the issuer.
    #[serde(default = "default_path_prefix")]
    pub path_prefix: String,
    /// Where the person reads the card.
    pub reader_app_url: String,
    /// The relying parties.
    pub clients: ConfigPath,
    /// The registered card readers.
    pub readers: ConfigPath,
    /// The platform operators that signatures are encrypted to; without the file no private client may ask for any.
    #[serde(default)]
    pub recipients: Option<ConfigPath>,
    /// Where the signature API's paths start, outside the provider's.
    #[serde(default = "default_sign_path_prefix")]
    pub sign_path_prefix: String,
    /// The secret behind every pairwise subject.
    pub pairwise_secret_file: SecretFile,
    /// The file that names the keys of the ID tokens; read again while the gateway runs.
    pub signing_keys: ConfigPath,
    /// Where to listen.
    pub listen: ListenConfig,
    /// TLS, when the gateway serves it itself.
    #[serde(default)]
    pub tls: Option<WebTlsConfig>,
    /// The service that verifies card signatures.
    pub signature_verification: GrpcClientConfig,
    /// The service that agencies' questions about signing certificates are forwarded to; without it there is no answer.
    #[serde(default)]
    pub signing_certificate: Option<GrpcClientConfig>,
    /// The gateway's database.
    pub store: StoreConfig,
    /// Which ways of checking for revocation a relying party may ask for.
    #[serde(default = "lists_only")]
    pub revocation_methods: Vec<RevocationMethod>,
    /// How long things are good for.
    #[serde(default)]
    pub lifetimes: Lifetimes,
    /// How much one client may have stored.
    #[serde(default)]
    pub quotas: Quotas,
    /// Metrics and logs.
    #[serde(default)]
    pub observability: ObservabilityConfig,
}

fn default_path_prefix() -> String {
    "/api/realms/main".to_owned()
}

fn lists_only() -> Vec<RevocationMethod> {
    vec![RevocationMethod::Crl]
}

fn default_sign_path_prefix() -> String {
    "/api".to_owned()
}

/// `[listen]`: where the gateway listens.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListenConfig {
    /// Address and port; port 0 takes a free one.
    pub address: SocketAddr,
    /// Allows plain HTTP on an address that other machines reach: the network in between is trusted.
    #[serde(default)]
    pub plain_http_beyond_loopback: bool,
    /// Proxies whose `X-Forwarded-For` is believed; only for the limit per address.
    #[serde(default)]
    pub trusted_proxies: Vec<Network>,
    /// How long requests in progress may take to finish once the process was asked to stop.
    #[serde(default = "twenty")]
    pub drain_timeout_seconds: u64,
}

const fn twenty() -> u64 {
    20
}

/// `[tls]`: the certificate the gateway shows to browsers. No client certificates are asked for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebTlsConfig {
    /// The certificate, then its intermediates.
    pub certificate: ConfigPath,
    /// Its private key.
    pub private_key: SecretFile,
}

/// `[store]`: where the gateway keeps its state.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreConfig {
    /// SQLite or this process's memory for one process, PostgreSQL for several.
    pub gateway: StateStore,
}

/// `[lifetimes]`: seconds. The defaults are also the most that is allowed: each is what somebody who stole the thing
/// has to use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lifetimes {
    /// From the authorization request to consent.
    pub interaction_seconds: i64,
    /// The card's challenge.
    pub challenge_seconds: i64,
    /// The authorization code.
    pub code_seconds: i64,
    /// The access token.
    pub access_token_seconds: i64,
    /// The ID token.
    pub id_token_seconds: i64,
    /// A signature transaction, from its opening to the authorization request that uses it.
    pub sign_transaction_seconds: i64,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            interaction_seconds: 600,
            challenge_seconds: 120,
            code_seconds: 60,
            access_token_seconds: 300,
            id_token_seconds: 300,
            sign_transaction_seconds: 600,
        }
    }
}

/// `[quotas]`: rows one client may have stored at a time, and how many of them one address may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quotas {
    /// Sign-ins under way, with their codes and tokens.
    pub sign_ins_per_client: u64,
    /// Client assertions and proofs of possession that were used and have not expired.
    pub assertion_ids_per_client: u64,
    /// Pushed authorization requests, kept as long as a sign-in may answer them.
    pub pushed_requests_per_client: u64,
    /// Sign-ins that one address (of IPv6: one /64) may begin at one process while the first of them lives.
    pub sign_ins_per_address: u64,
    /// Signature transactions, and the tokens that open them.
    pub signatures_per_client: u64,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            sign_ins_per_client: 50_000,
            assertion_ids_per_client: 100_000,
            pushed_requests_per_client: 50_000,
            sign_ins_per_address: 2_000,
            signatures_per_client: 50_000,
        }
    }
}

impl Config {
    /// Checks what can be checked without opening anything.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.check_public_url()?;
        self.check_reader_app_url()?;
        self.check_listen()?;
        self.signature_verification
            .check("signature_verification")?;
        if let Some(service) = &self.signing_certificate {
            service.check("signing_certificate")?;
        }
        self.lifetimes.check()?;
        for (key, rows) in [
            (
                "quotas.sign_ins_per_client",
                self.quotas.sign_ins_per_client,
            ),
            (
                "quotas.assertion_ids_per_client",
                self.quotas.assertion_ids_per_client,
            ),
            (
                "quotas.pushed_requests_per_client",
                self.quotas.pushed_requests_per_client,
            ),
            (
                "quotas.sign_ins_per_address",
                self.quotas.sign_ins_per_address,
            ),
            (
                "quotas.signatures_per_client",
                self.quotas.signatures_per_client,
            ),
        ] {
            if rows == 0 {
                return Err(ConfigError::invalid(key, "1 or more"));
            }
        }
        self.observability.check()
    }

    /// The issuer identifier: fixed by configuration, whatever a request's Host header says.
    pub fn issuer(&self) -> String {
        format!("{}{}", self.public_url, self.path_prefix)
    }

    /// Only the sandbox talks `http`, and only to this machine.
    pub(crate) fn allows_loopback(&self) -> bool {
        self.environment == Environment::Sandbox
    }

    fn check_public_url(&self) -> Result<(), ConfigError> {
        let refused = |problem: &str| Err(ConfigError::invalid("public_url", problem));
        let Ok(url) = Url::parse(&self.public_url) else {
            return refused("an absolute URL such as https://auth.example.jp");
        };
        // The issuer is compared character for character (RFC 9207 section 2.4), so it has one spelling.
        if url.origin().ascii_serialization() != self.public_url {
            return refused("scheme, host and port in their normal form, without a trailing slash");
        }
        match url.scheme() {
            "https" => {}
            "http" if self.allows_loopback() && is_loopback(&url) => {}
            _ => return refused("https (http only in the sandbox, and only for localhost)"),
        }
        for (key, prefix) in [
            ("path_prefix", &self.path_prefix),
            ("sign_path_prefix", &self.sign_path_prefix),
        ] {
            if !is_path_prefix(prefix) {
                let problem = "empty, or segments of a-z A-Z 0-9 - _ as in /api/realms/main";
                return Err(ConfigError::invalid(key, problem));
            }
        }
        Ok(())
    }

    fn check_reader_app_url(&self) -> Result<(), ConfigError> {
        let refused = |problem: &str| Err(ConfigError::invalid("reader_app_url", problem));
        let Ok(url) = Url::parse(&self.reader_app_url) else {
            return refused("an absolute URL such as https://reader.example.jp/open");
        };
        if url.query().is_some() || url.fragment().is_some() {
            return refused("no query and no fragment: the gateway appends ?interaction=...");
        }
        match url.scheme() {
            "https" => Ok(()),
            "http" if self.allows_loopback() && is_loopback(&url) => Ok(()),
            _ => refused("https (http only in the sandbox, and only for this machine)"),
        }
    }

    fn check_listen(&self) -> Result<(), ConfigError> {
        if !(1..=3_600).contains(&self.listen.drain_timeout_seconds) {
            let key = "listen.drain_timeout_seconds";
            return Err(ConfigError::invalid(key, "1 to 3600 seconds"));
        }
        if self.tls.is_some()
            || self.listen.address.ip().is_loopback()
            || self.listen.plain_http_beyond_loopback
        {
            return Ok(());
        }
        let problem = "without [tls] only a loopback address, or plain_http_beyond_loopback = true";
        Err(ConfigError::invalid("listen.address", problem))
    }
}

fn is_path_prefix(prefix: &str) -> bool {
    let mut segments = prefix.strip_prefix('/').unwrap_or("/").split('/');
    let plain = |segment: &str| {
        !segment.is_empty()
            && segment
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    prefix.is_empty() || segments.all(plain)
}

impl Lifetimes {
    fn check(&self) -> Result<(), ConfigError> {
        let most = Self::default();
        for (key, seconds, most) in [
            (
                "interaction_seconds",
                self.interaction_seconds,
                most.interaction_seconds,
            ),
            (
                "challenge_seconds",
                self.challenge_seconds,
                most.challenge_seconds,
            ),
            ("code_seconds", self.code_seconds, most.code_seconds),
            (
                "access_token_seconds",
                self.access_token_seconds,
                most.access_token_seconds,
            ),
            (
                "id_token_seconds",
                self.id_token_seconds,
                most.id_token_seconds,
            ),
            (
                "sign_transaction_seconds",
                self.sign_transaction_seconds,
                most.sign_transaction_seconds,
            ),
        ] {
            if !(1..=most).contains(&seconds) {
                let problem = format!("1 to {most} seconds");
                return Err(ConfigError::invalid(format!("lifetimes.{key}"), problem));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Config;

    /// The documented sample, so that the document cannot fall behind.
    const SAMPLE: &str = include_str!("../../../deploy/config/oidc-gateway.toml");

    fn parsed(text: &str) -> Config {
        runtime::config::parse(text).unwrap()
    }

    #[test]
    fn the_documented_configuration_is_accepted() {
        let config = parsed(SAMPLE);
        config.check().unwrap();
        assert_eq!(config.issuer(), "https://auth.example.jp/api/realms/main");
    }

    #[test]
    fn http_is_for_the_sandbox_on_this_machine() {
        let sandbox = SAMPLE.replace("\"production\"", "\"sandbox\"");
        let with = |text: &str, url: &str| {
            parsed(&text.replace("\"https://auth.example.jp\"", &format!("{url:?}"))).check()
        };
        assert!(with(&sandbox, "http://localhost:8080").is_ok());
        assert!(with(SAMPLE, "http://localhost:8080").is_err());
        assert!(with(&sandbox, "http://auth.example.jp").is_err());
    }

    #[test]
    fn an_issuer_has_one_spelling() {
        for url in [
            "https://auth.example.jp/",
            "https://AUTH.example.jp",
            "https://auth.example.jp:443",
            "https://user@auth.example.jp",
            "https://auth.example.jp?x",
            "auth.example.jp",
        ] {
            let text = SAMPLE.replace("\"https://auth.example.jp\"", &format!("{url:?}"));
            assert!(parsed(&text).check().is_err(), "{url}");
        }
        for prefix in ["api", "/api/", "//api", "/a b", "/../x", "/api?x"] {
            let text = SAMPLE.replace("\"/api/realms/main\"", &format!("{prefix:?}"));
            assert!(parsed(&text).check().is_err(), "{prefix}");
            let text = SAMPLE.replace("\"/api\"", &format!("{prefix:?}"));
            assert!(parsed(&text).check().is_err(), "{prefix}");
        }
    }

    #[test]
    fn plain_http_stays_on_this_machine_unless_told_otherwise() {
        let open = SAMPLE.replace("\"127.0.0.1:8080\"", "\"0.0.0.0:8080\"");
        assert!(parsed(&open).check().is_err());
        let told = open.replace("[listen]", "[listen]\nplain_http_beyond_loopback = true");
        assert!(parsed(&told).check().is_ok());
    }

    #[test]
    fn the_configuration_that_the_compose_file_asks_for_is_accepted() {
        let container = SAMPLE
            .replace("\"127.0.0.1:8080\"", "\"0.0.0.0:8443\"")
            .replace("127.0.0.1:9105", "0.0.0.0:9464")
            .replace(
                "sqlite:///var/lib/akashi/gateway.db",
                "postgres://gateway@postgres/akashi",
            );
        assert!(parsed(&container).check().is_err());
        let with_tls = container
            .replace("#[tls]", "[tls]")
            .replace("#certificate =", "certificate =")
            .replace("#private_key =", "private_key =");
        parsed(&with_tls).check().unwrap();
    }

    #[test]
    fn lifetimes_may_be_shortened_and_not_lengthened() {
        let with = |seconds: &str| {
            parsed(&SAMPLE.replace("code_seconds = 60", &format!("code_seconds = {seconds}")))
                .check()
        };
        assert!(with("30").is_ok());
        assert!(with("61").is_err());
        assert!(with("0").is_err());
    }

    #[test]
    fn unknown_keys_are_refused() {
        let error = runtime::config::parse::<Config>(&format!("publik_url = 1\n{SAMPLE}"));
        assert!(error.unwrap_err().to_string().contains("publik_url"));
    }
}
