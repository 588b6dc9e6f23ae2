//! `[[ocsp]]`: the OCSP listeners, none by default.

use std::net::SocketAddr;

use proto::revocation::v1::Purpose;
use runtime::config::{Caller, ConfigError, ConfigPath, SecretFile, TlsConfig};
use serde::Deserialize;

use super::LISTENER_NAMES;

/// One OCSP listener: it answers about one authority, for one purpose, to those it names.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OcspConfig {
    /// Address and port. Without `tls` it must be a loopback address.
    pub address: SocketAddr,
    /// The name of the authority whose certificates are asked about.
    pub certification_authority: String,
    /// What every lookup through this listener is for.
    pub purpose: OcspPurpose,
    /// Whether questions may come in a URL (RFC 5019 section 5): a serial number then is in the logs of every proxy on
    /// the way.
    #[serde(default)]
    pub get: bool,
    /// Its certificate, and the authority of the callers' client certificates. Absent: plain HTTP, on loopback.
    pub tls: Option<TlsConfig>,
    /// Who may ask without a signature: the identities of client certificates; without `tls` exactly one, under which
    /// whatever comes over loopback is counted.
    #[serde(default)]
    pub callers: Vec<String>,
    /// Whose signed questions are answered. Where there are any, no others are; an authority of signing certificates
    /// needs them.
    #[serde(default)]
    pub requester: Vec<OcspRequesterConfig>,
    /// The keys that sign, one for each key of the authority whose certificates are answered for.
    pub signer: Vec<OcspSignerConfig>,
}

/// `[[ocsp.requester]]`: an agency that signs its questions.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OcspRequesterConfig {
    /// Under which name its lookups are counted. With `tls` also the identity of its client certificate: a signed
    /// question does not age, and whoever recorded one must not get an answer to it.
    pub identity: String,
    /// The certificate whose key signs, in PEM or DER. It comes along with each question.
    pub certificate: ConfigPath,
}

/// `[[ocsp.signer]]`: a delegated key, read again when it changes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OcspSignerConfig {
    /// The certificate, issued by a key of the authority for id-kp-OCSPSigning, in PEM or DER.
    pub certificate: ConfigPath,
    /// Its private key, RSA or P-256, in PKCS#8 PEM.
    pub private_key: SecretFile,
}

/// [`Purpose`], as it is written in a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OcspPurpose {
    /// A person authenticates.
    UserAuthentication,
    /// A digital signature is verified.
    SignatureVerification,
    /// The present validity is confirmed without a new signature.
    ValidityConfirmation,
}

impl From<OcspPurpose> for Purpose {
    fn from(purpose: OcspPurpose) -> Self {
        match purpose {
            OcspPurpose::UserAuthentication => Self::UserAuthentication,
            OcspPurpose::SignatureVerification => Self::SignatureVerification,
            OcspPurpose::ValidityConfirmation => Self::ValidityConfirmation,
        }
    }
}

impl OcspConfig {
    /// Everybody whose questions are answered.
    pub(crate) fn identities(&self) -> impl Iterator<Item = &str> {
        let requesters = self.requester.iter().map(|requester| &requester.identity);
        self.callers.iter().chain(requesters).map(String::as_str)
    }

    /// Whether the values can be. `signing` says whether the authority's certificates are for signatures: their status
    /// is for administrative agencies only.
    pub(crate) fn check(&self, signing: bool) -> Result<(), ConfigError> {
        if self.tls.is_none() && !self.address.ip().is_loopback() {
            let problem = "without tls, a loopback address: answers are for those who are named";
            return Err(ConfigError::invalid("ocsp.address", problem));
        }
        if self.signer.is_empty() {
            return Err(ConfigError::invalid("ocsp.signer", "at least one"));
        }
        if signing && self.requester.is_empty() {
            let problem = "the status of signing certificates is for agencies that sign their questions: at least one";
            return Err(ConfigError::invalid("ocsp.requester", problem));
        }
        let callers = match (self.requester.is_empty(), &self.tls) {
            (false, _) => 0..=0,
            (true, None) => 1..=1,
            (true, Some(_)) => 1..=usize::MAX,
        };
        if !callers.contains(&self.callers.len()) {
            let problem = "none beside requester, one without tls, at least one otherwise";
            return Err(ConfigError::invalid("ocsp.callers", problem));
        }
        self.identities().try_for_each(Caller::check_identity)
    }
}

/// Whether there may be so many listeners.
pub(crate) fn check_count(listeners: &[OcspConfig]) -> Result<(), ConfigError> {
    let most = LISTENER_NAMES.len();
    if listeners.len() <= most {
        return Ok(());
    }
    Err(ConfigError::invalid(
        "ocsp",
        format!("at most {most} listeners"),
    ))
}

#[cfg(test)]
mod tests {
    use crate::Config;

    const SAMPLE: &str = include_str!("../../../../deploy/config/revocation-lookup.toml");

    /// The sample with its OCSP listeners switched on and one piece of text replaced, checked.
    fn checked(from: &str, to: &str) -> Result<Config, String> {
        let (rest, listeners) = SAMPLE.split_once("#[[ocsp]]\n").unwrap();
        // The responders that are asked come behind.
        let (listeners, _) = listeners.split_once("\n\n").unwrap();
        let switched_on: Vec<_> = listeners
            .lines()
            .map(|line| line.strip_prefix('#').unwrap_or(line))
            .collect();
        let text = format!("{rest}[[ocsp]]\n{}", switched_on.join("\n"));
        assert!(text.contains(from), "{from}");
        let text = text.replace(from, to);
        let config: Config = runtime::config::parse(&text).map_err(|error| error.to_string())?;
        config.check().map_err(|error| error.to_string())?;
        Ok(config)
    }

    fn refused(from: &str, to: &str) -> String {
        checked(from, to).map(drop).unwrap_err()
    }

    #[test]
    fn the_sample_is_off_and_its_listeners_are_accepted_when_switched_on() {
        let off: Config = runtime::config::parse(SAMPLE).unwrap();
        assert!(off.ocsp.is_empty());
        let config = checked("7452", "7452").unwrap();
        assert_eq!(config.ocsp.len(), 2);
        assert!(!config.ocsp[0].get && config.ocsp[1].requester.len() == 1);
    }

    #[test]
    fn plain_http_is_for_loopback() {
        assert!(checked("127.0.0.1:7452", "[::1]:7452").is_ok());
        assert!(refused("127.0.0.1:7452", "0.0.0.0:7452").contains("ocsp.address"));
    }

    #[test]
    fn signing_certificates_are_asked_about_by_those_who_sign_only() {
        let (from, to) = (
            "\"digital-signature\"\npurpose",
            "\"user-authentication\"\npurpose",
        );
        assert!(checked(from, to).is_ok());
        let name = "certification_authority = \"user-authentication\"\n#";
        let signing = "certification_authority = \"digital-signature\"\n#";
        assert!(refused(name, signing).contains("ocsp.requester"));
    }

    #[test]
    fn without_a_signature_the_callers_are_named() {
        let callers = "callers = [\"ocsp-proxy.internal\"]";
        assert!(checked(callers, "callers = [\"other.internal\"]").is_ok());
        for wrong in ["callers = []", "callers = [\"a.internal\", \"b.internal\"]"] {
            assert!(refused(callers, wrong).contains("ocsp.callers"), "{wrong}");
        }
        assert!(refused(callers, "callers = [\"Not A Name\"]").contains("host name"));
    }

    #[test]
    fn an_authority_is_a_configured_one() {
        let from = "certification_authority = \"digital-signature\"";
        let to = "certification_authority = \"signature\"";
        assert!(refused(from, to).contains("ocsp.certification_authority"));
    }
}
