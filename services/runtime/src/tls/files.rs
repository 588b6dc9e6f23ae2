//! PEM files into rustls configurations.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::{ClientTlsConfig, ConfigError, ConfigPath, SecretFile, TlsConfig};
use crate::limits;

/// Why TLS files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A file is not what it should be.
    #[error("{}: {problem}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

impl TlsError {
    fn file(path: &Path, problem: impl std::fmt::Display) -> Self {
        Self::File {
            path: path.to_owned(),
            problem: problem.to_string(),
        }
    }
}

/// HTTP/2 and nothing else (RFC 7301, RFC 9113 section 3.3).
pub(super) const ALPN_H2: &[u8] = b"h2";

/// HTTP/1.1 and nothing else (RFC 7301).
pub(super) const ALPN_HTTP_1_1: &[u8] = b"http/1.1";

/// The one cryptographic provider, named here and not taken from the process, so that no dependency's
/// feature can make the choice ambiguous.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// A server that speaks TLS 1.3 only and lets nobody in without a certificate by `client_ca`.
pub(super) fn server_config(
    files: &TlsConfig,
    application_protocol: &[u8],
) -> Result<ServerConfig, TlsError> {
    let roots = roots(&files.client_ca)?;
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
        .build()
        .map_err(|error| TlsError::file(&files.client_ca, error))?;
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| TlsError::file(&files.certificate, error))?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain(&files.certificate)?, private_key(&files.private_key)?)
        .map_err(|error| TlsError::file(&files.certificate, error))?;
    config.alpn_protocols = vec![application_protocol.to_vec()];
    // No resumption: a resumed session would carry on with a client certificate that was verified
    // under files that have since been replaced.
    config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// A server for browsers: TLS 1.3 and HTTP/1.1, no client certificates.
pub(super) fn web_server_config(
    certificate: &ConfigPath,
    key: &SecretFile,
) -> Result<ServerConfig, TlsError> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| TlsError::file(certificate, error))?
        .with_no_client_auth()
        .with_single_cert(chain(certificate)?, private_key(key)?)
        .map_err(|error| TlsError::file(certificate, error))?;
    config.alpn_protocols = vec![ALPN_HTTP_1_1.to_vec()];
    Ok(config)
}

/// A client that shows its certificate and trusts `server_ca` only.
pub(crate) fn client_config(files: &ClientTlsConfig) -> Result<ClientConfig, TlsError> {
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| TlsError::file(&files.certificate, error))?
        .with_root_certificates(roots(&files.server_ca)?)
        .with_client_auth_cert(chain(&files.certificate)?, private_key(&files.private_key)?)
        .map_err(|error| TlsError::file(&files.certificate, error))?;
    config.alpn_protocols = vec![ALPN_H2.to_vec()];
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}

fn roots(path: &ConfigPath) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in chain(path)? {
        roots
            .add(certificate)
            .map_err(|error| TlsError::file(path, error))?;
    }
    Ok(roots)
}

fn chain(path: &ConfigPath) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = path.read(limits::PEM_FILE_OCTETS)?;
    let chain = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| TlsError::file(path, error))?;
    if chain.is_empty() {
        return Err(TlsError::file(path, "holds no PEM certificate"));
    }
    Ok(chain)
}

/// Reads a private key in PEM, of whatever kind.
///
/// # Errors
/// When the file cannot be read or holds none.
pub fn private_key(file: &SecretFile) -> Result<PrivateKeyDer<'static>, TlsError> {
    let pem = file.read()?;
    PrivateKeyDer::from_pem_slice(&pem)
        .map_err(|_| TlsError::file(file.path(), "holds no PEM private key"))
}
