//! What stands between the network and the LDAP library: TLS, a limit on octets, and an end to silence.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};

use super::FetchError;
use crate::access::Credentials;
use crate::limits;
use crate::location::LdapLocation;

/// A connection to a server, in the clear or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Connects to a directory.
pub(super) async fn connect(
    at: &LdapLocation,
    credentials: &Credentials,
) -> Result<Box<dyn Stream>, FetchError> {
    let host = || FetchError::Connect {
        host: at.host.clone(),
    };
    let stream = TcpStream::connect((at.host.as_str(), at.port))
        .await
        .map_err(|_| host())?;
    if !at.tls {
        return Ok(Box::new(stream));
    }
    let config = tls(credentials)?;
    let name = ServerName::try_from(at.host.clone()).map_err(|_| host())?;
    let stream = tokio_rustls::TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .map_err(|_| host())?;
    Ok(Box::new(stream))
}

/// TLS that believes the source's own authorities only, and shows its client certificate.
pub(super) fn tls(credentials: &Credentials) -> Result<ClientConfig, FetchError> {
    let problem = |error: &dyn std::fmt::Display| FetchError::Credentials {
        problem: error.to_string(),
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(credentials.ca.as_deref().unwrap_or_default())
    {
        let certificate = certificate.map_err(|error| problem(&error))?;
        roots.add(certificate).map_err(|error| problem(&error))?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| problem(&error))?
        .with_root_certificates(roots);
    let Some((certificate, key)) = &credentials.identity else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = CertificateDer::pem_slice_iter(certificate).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| problem(&error))?;
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|_| problem(&"client_key holds no PEM private key"))?;
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|error| problem(&error))
}

/// Passes octets on between a server and the library.
pub(super) struct Relay {
    server: Box<dyn Stream>,
    limit: u64,
}

impl Relay {
    /// A relay that lets a value of so many octets through, and what is around it.
    pub(super) fn new(server: Box<dyn Stream>, limit: u64) -> Self {
        Self { server, limit }
    }

    /// Passes on until something is wrong, and says what. A server that has ended the connection is not: what it said
    /// may be all there is to say.
    pub(super) async fn run(self, library: UnixStream, silence: Duration) -> FetchError {
        let limit = self.limit;
        let (mut from_server, mut to_server) = tokio::io::split(self.server);
        let (mut from_library, mut to_library) = library.into_split();
        let questions = async {
            // However it ends, the other direction notices.
            let _ = tokio::io::copy(&mut from_library, &mut to_server).await;
            std::future::pending::<FetchError>().await
        };
        let answers = async {
            let mut octets = 0_u64;
            let mut buffer = vec![0; 64 * 1024];
            loop {
                let reading = tokio::time::timeout(silence, from_server.read(&mut buffer)).await;
                let read = match reading {
                    Err(_) => return FetchError::Stalled,
                    Ok(Ok(read)) if read > 0 => read,
                    Ok(_) => break,
                };
                octets = octets.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
                if octets > limit.saturating_add(limits::LDAP_FRAME_OCTETS) {
                    return FetchError::Oversized { limit };
                }
                if to_library.write_all(&buffer[..read]).await.is_err() {
                    break;
                }
            }
            let _ = to_library.shutdown().await;
            std::future::pending().await
        };
        tokio::select! {
            ended = questions => ended,
            ended = answers => ended,
        }
    }
}
