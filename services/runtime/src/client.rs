//! Calling another gRPC service over mutual TLS.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Endpoint};

use crate::config::{ClientTlsConfig, GrpcClientConfig};
use crate::gathered::Gathered;
use crate::limits;
use crate::tls::{Reloading, TlsError, client_config};

/// Why a client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address of the service.
    #[error("uri {uri:?}: {problem}")]
    Uri {
        /// The address.
        uri: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The server's name.
    #[error("server_name {0:?} is not a host name")]
    ServerName(String),
    /// The TLS files.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A channel to a service. It connects at the first call and again whenever the connection is lost;
/// each new connection uses the TLS files as they are then. Must be called within the tokio runtime
/// that is to do the work.
///
/// # Errors
/// When the address, the server's name or a TLS file is wrong.
pub fn channel(
    uri: &str,
    tls: &ClientTlsConfig,
    call_timeout: Duration,
) -> Result<Channel, ClientError> {
    let server_name = server_name(&tls.server_name)?;
    if crate::plaintext::caller().is_some() {
        return without_tls(uri, call_timeout);
    }
    let endpoint = limited(uri, call_timeout)?;
    let files = tls.clone();
    let paths = [&tls.certificate, tls.private_key.path(), &tls.server_ca];
    let paths = paths.into_iter().map(|path| Path::to_owned(path)).collect();
    let tls = Arc::new(Reloading::new(paths, move || client_config(&files))?);
    let connector = tower::service_fn(move |uri: Uri| {
        let (tls, server_name) = (tls.clone(), server_name.clone());
        async move {
            tls.refresh();
            connect(&uri, tls.current(), server_name).await.map(for_h2)
        }
    });
    Ok(endpoint.connect_with_connector_lazy(connector))
}

/// A channel for benchmarks, see [`crate::plaintext`].
pub(crate) fn without_tls(uri: &str, call_timeout: Duration) -> Result<Channel, ClientError> {
    let connector = tower::service_fn(async |uri: Uri| tcp(&uri).await.map(for_h2));
    Ok(limited(uri, call_timeout)?.connect_with_connector_lazy(connector))
}

/// Where to connect, with the limits of every channel.
fn limited(uri: &str, call_timeout: Duration) -> Result<Endpoint, ClientError> {
    Ok(endpoint(uri)?
        .connect_timeout(limits::CONNECT_TIMEOUT)
        .timeout(call_timeout)
        .http2_keep_alive_interval(limits::KEEPALIVE_INTERVAL)
        .keep_alive_timeout(limits::KEEPALIVE_TIMEOUT)
        .keep_alive_while_idle(true))
}

/// A connection as h2 gets it.
fn for_h2<S: AsyncWrite + Unpin>(stream: S) -> TokioIo<Gathered<S>> {
    TokioIo::new(Gathered::new(stream))
}

/// A channel by a table of the configuration.
///
/// # Errors
/// When the address, the server's name or a TLS file is wrong.
pub fn channel_of(config: &GrpcClientConfig) -> Result<Channel, ClientError> {
    channel(&config.uri, &config.tls(), config.timeout())
}

/// Whether the TLS files of a client can be used.
///
/// # Errors
/// Naming the file and what is wrong with it.
pub fn check_tls(files: &ClientTlsConfig) -> Result<(), TlsError> {
    client_config(files).map(drop)
}

/// Whether a table's address and server name can be; reads no file.
pub(crate) fn check(config: &GrpcClientConfig) -> Result<(), ClientError> {
    endpoint(&config.uri)?;
    server_name(&config.server_name)?;
    Ok(())
}

fn endpoint(uri: &str) -> Result<Endpoint, ClientError> {
    let wrong = |problem| ClientError::Uri {
        uri: uri.to_owned(),
        problem,
    };
    let endpoint = Endpoint::from_shared(uri.to_owned()).map_err(|_| wrong("is no URI"))?;
    let parsed = endpoint.uri();
    if parsed.scheme_str() != Some("https") {
        return Err(wrong("services are called by https:// only"));
    }
    if parsed.host().is_none() || parsed.port_u16().is_none() {
        return Err(wrong("names host and port: https://host:port"));
    }
    if parsed.path() != "/" || parsed.query().is_some() {
        return Err(wrong("has no path: https://host:port"));
    }
    Ok(endpoint)
}

fn server_name(name: &str) -> Result<ServerName<'static>, ClientError> {
    if !crate::peer::is_host_name(name) {
        return Err(ClientError::ServerName(name.to_owned()));
    }
    ServerName::try_from(name.to_owned()).map_err(|_| ClientError::ServerName(name.to_owned()))
}

async fn connect(
    uri: &Uri,
    tls: Arc<ClientConfig>,
    server_name: ServerName<'static>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = tcp(uri).await?;
    TlsConnector::from(tls).connect(server_name, stream).await
}

async fn tcp(uri: &Uri) -> std::io::Result<TcpStream> {
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let stream = TcpStream::connect((host, uri.port_u16().unwrap_or(443))).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::endpoint;

    #[test]
    fn services_are_addressed_by_https_host_and_port() {
        assert!(endpoint("https://127.0.0.1:7001").is_ok());
        assert!(endpoint("https://[::1]:7001").is_ok());
        for other in [
            "http://127.0.0.1:7001",
            "https://127.0.0.1",
            "https://a:1/path",
            "127.0.0.1:7001",
            "",
        ] {
            assert!(endpoint(other).is_err(), "{other}");
        }
    }
}
