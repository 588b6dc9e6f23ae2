//! TLS connections below gRPC: with anybody's certificate or none, speaking whatever a test wants.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A certificate with its key, PEM files.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// The certificate, and those that are sent with it.
    pub certificate: &'a Path,
    /// Its private key.
    pub private_key: &'a Path,
}

/// Connects to a port of this machine that serves as `server_name`, trusting `authority`. In TLS 1.3 a client's
/// handshake ends before the server has looked at its certificate: a refusal comes with the first read.
pub async fn connect(
    port: u16,
    server_name: &str,
    authority: &Path,
    shown: Option<Shown<'_>>,
    protocol: &[u8],
) -> Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority)?)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    let mut config = match shown {
        None => builder.with_no_client_auth(),
        Some(shown) => builder.with_client_auth_cert(
            CertificateDer::pem_file_iter(shown.certificate)?.collect::<Result<_, _>>()?,
            PrivateKeyDer::from_pem_file(shown.private_key)?,
        )?,
    };
    config.alpn_protocols = vec![protocol.to_vec()];
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let name = ServerName::try_from(server_name.to_owned())?;
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .context("the TLS handshake")
}
