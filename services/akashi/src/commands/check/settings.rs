//! Where to ask and who asks: from agency.toml, or from the command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use proto::signing::v1::signing_certificate_service_client::SigningCertificateServiceClient;
use runtime::client::ClientError;
use runtime::config::{ClientTlsConfig, ConfigError, ConfigPath, GrpcClientConfig, SecretFile};
use serde::Deserialize;
use tonic::transport::Channel;

use super::LARGEST_ANSWER;

/// The options that say where to ask: a file, or all five of them.
#[derive(Args, Debug)]
pub(super) struct Connection {
    /// The connection's settings, such as deploy/config/agency.toml.
    #[arg(long, value_name = "FILE", required_unless_present = "server")]
    config: Option<PathBuf>,
    /// The service to ask, https://host:port; instead of --config, with the four below.
    #[arg(
        long,
        value_name = "URI",
        conflicts_with = "config",
        requires_all = ["certificate", "private_key", "server_ca", "server_name"]
    )]
    server: Option<String>,
    /// The agency's client certificate.
    #[arg(long, value_name = "PEM", requires = "server")]
    certificate: Option<PathBuf>,
    /// Its private key.
    #[arg(long, value_name = "PEM", requires = "server")]
    private_key: Option<PathBuf>,
    /// The CA that issued the service's certificate.
    #[arg(long, value_name = "PEM", requires = "server")]
    server_ca: Option<PathBuf>,
    /// The dNSName that the service's certificate must carry.
    #[arg(long, value_name = "NAME", requires = "server")]
    server_name: Option<String>,
}

/// Why a signing certificate is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Purpose {
    /// Is the certificate valid now?
    ValidityConfirmation,
    /// A signature made with it is being verified.
    SignatureVerification,
}

impl From<Purpose> for proto::revocation::v1::Purpose {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::ValidityConfirmation => Self::ValidityConfirmation,
            Purpose::SignatureVerification => Self::SignatureVerification,
        }
    }
}

/// Everything needed to ask.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) purpose: Purpose,
    uri: String,
    tls: ClientTlsConfig,
    timeout: Duration,
}

/// agency.toml.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AgencyConfig {
    purpose: Option<Purpose>,
    signing_certificate: GrpcClientConfig,
}

/// The service itself waits up to two seconds for the revocation status and five for its record; less here would turn its
/// answer "unknown, because ..." into none.
const TIMEOUT: Duration = Duration::from_secs(10);

/// It waits up to twenty-five seconds for a status of the past.
const PAST_TIMEOUT: Duration = Duration::from_secs(35);

/// Why nothing can be asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum SettingsError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Client(#[from] ClientError),
    /// clap asks for these already; this is for whoever builds the arguments another way.
    #[error(
        "give --config, or all of --server --certificate --private-key --server-ca --server-name"
    )]
    Incomplete,
}

impl Settings {
    pub(super) fn new(
        connection: Connection,
        purpose: Option<Purpose>,
    ) -> Result<Self, SettingsError> {
        if let Some(path) = connection.config {
            let config: AgencyConfig = runtime::config::load(&path)?;
            config.signing_certificate.check("signing_certificate")?;
            return Ok(Self {
                purpose: purpose
                    .or(config.purpose)
                    .unwrap_or(Purpose::ValidityConfirmation),
                uri: config.signing_certificate.uri.clone(),
                tls: config.signing_certificate.tls(),
                timeout: config.signing_certificate.timeout(),
            });
        }
        let missing = SettingsError::Incomplete;
        let (Some(uri), Some(certificate), Some(private_key), Some(server_ca), Some(server_name)) = (
            connection.server,
            connection.certificate,
            connection.private_key,
            connection.server_ca,
            connection.server_name,
        ) else {
            return Err(missing);
        };
        Ok(Self {
            purpose: purpose.unwrap_or(Purpose::ValidityConfirmation),
            uri,
            tls: ClientTlsConfig {
                certificate: ConfigPath::new(certificate),
                private_key: SecretFile::new(private_key),
                server_ca: ConfigPath::new(server_ca),
                server_name,
            },
            timeout: TIMEOUT,
        })
    }

    /// The same; with more time for an answer where the past is asked about, which the service reads from a database.
    pub(super) fn patient(mut self, past: bool) -> Self {
        if past {
            self.timeout = self.timeout.max(PAST_TIMEOUT);
        }
        self
    }

    /// A client that connects with the first question.
    pub(super) fn client(&self) -> Result<SigningCertificateServiceClient<Channel>, SettingsError> {
        let channel = runtime::client::channel(&self.uri, &self.tls, self.timeout)?;
        Ok(SigningCertificateServiceClient::new(channel).max_decoding_message_size(LARGEST_ANSWER))
    }
}

#[cfg(test)]
mod tests {
    use super::{AgencyConfig, Purpose, Settings};
    use crate::commands::check::CheckArguments;
    use clap::Parser;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        arguments: CheckArguments,
    }

    const FLAGS: &str = "check a.cer --case-reference R8-1 --server https://localhost:7444 --certificate c.pem \
                         --private-key k.pem --server-ca ca.pem --server-name signing-certificate.internal";

    fn settings(line: &str) -> Result<Settings, String> {
        let command =
            Command::try_parse_from(line.split_whitespace()).map_err(|e| e.to_string())?;
        let CheckArguments {
            connection,
            purpose,
            ..
        } = command.arguments;
        Settings::new(connection, purpose).map_err(|e| e.to_string())
    }

    #[test]
    fn the_five_flags_replace_the_file() {
        let settings = settings(FLAGS).unwrap();
        assert_eq!(settings.uri, "https://localhost:7444");
        assert_eq!(settings.purpose, Purpose::ValidityConfirmation);
    }

    #[test]
    fn a_missing_flag_is_named() {
        let refused = settings(&FLAGS.replace("--server-ca ca.pem", "")).unwrap_err();
        assert!(refused.contains("--server-ca"), "{refused}");
        assert!(
            settings("check a.cer --case-reference R8-1")
                .unwrap_err()
                .contains("--config")
        );
    }

    #[test]
    fn a_file_and_a_server_contradict_each_other() {
        assert!(settings(&format!("{FLAGS} --config agency.toml")).is_err());
    }

    #[test]
    fn the_sample_file_is_accepted_and_the_flag_wins_over_its_purpose() {
        let sample = include_str!("../../../../../deploy/config/agency.toml");
        let config: AgencyConfig = runtime::config::parse(sample).unwrap();
        assert_eq!(config.purpose, Some(Purpose::ValidityConfirmation));
        assert!(
            config
                .signing_certificate
                .check("signing_certificate")
                .is_ok()
        );

        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../deploy/config/agency.toml"
        );
        let line = format!(
            "check a.cer --case-reference R8-1 --config {folder} --purpose signature-verification"
        );
        assert_eq!(
            settings(&line).unwrap().purpose,
            Purpose::SignatureVerification
        );
    }
}
