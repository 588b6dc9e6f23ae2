//! The listener: HTTP/1.1, plain behind a proxy or with TLS of its own, with limits on whoever connects.

use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use runtime::shutdown::Shutdown;
use runtime::{ServeError, WebTls};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use crate::config::Config;
use crate::limits;
use crate::source::PeerAddress;

/// A bound listener.
pub(crate) struct Server {
    listener: TcpListener,
    tls: Option<Arc<WebTls>>,
    drain_timeout: Duration,
}

/// How long one connection may last.
#[derive(Debug, Clone, Copy)]
struct Patience {
    age: Duration,
    grace: Duration,
}

const PATIENCE: Patience = Patience {
    age: limits::CONNECTION_AGE,
    grace: limits::CONNECTION_GRACE,
};

impl Server {
    /// Binds the configured address.
    pub(crate) async fn bind(config: &Config) -> Result<Self, ServeError> {
        let address = config.listen.address;
        let tls = match &config.tls {
            Some(tls) => Some(Arc::new(WebTls::load(&tls.certificate, &tls.private_key)?)),
            None => None,
        };
        let listener = TcpListener::bind(address)
            .await
            .map_err(|source| ServeError::Listen { address, source })?;
        let drain_timeout = Duration::from_secs(config.listen.drain_timeout_seconds);
        Ok(Self {
            listener,
            tls,
            drain_timeout,
        })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> Option<std::net::SocketAddr> {
        self.listener.local_addr().ok()
    }

    /// Its TLS, if it has one of its own.
    pub(crate) fn tls(&self) -> Option<Arc<WebTls>> {
        self.tls.clone()
    }

    /// Serves until asked to stop, then lets requests in progress finish.
    pub(crate) async fn serve(self, router: Router, shutdown: Shutdown) {
        let slots = Arc::new(Semaphore::new(limits::CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                () = shutdown.requested() => break,
                accepted = accept(&self.listener, &slots) => accepted,
                Some(_) = connections.join_next() => continue,
            };
            match accepted {
                Ok((stream, peer, permit)) => {
                    let (tls, service) = (self.tls.clone(), service(&router, peer));
                    connections.spawn(connection(stream, tls, service, shutdown.clone(), permit));
                }
                Err(error) => {
                    // Out of file descriptors, or a client that left at once; without a pause this would be a busy loop.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
        drop(self.listener);
        tokio::select! {
            () = async { while connections.join_next().await.is_some() {} } => {}
            () = shutdown.stopped() => {}
            () = tokio::time::sleep(self.drain_timeout) => {
                tracing::warn!("requests were still in progress when the time to drain was over");
            }
        }
    }
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, PeerAddress, OwnedSemaphorePermit)> {
    // The slot comes first: over the limit, clients wait in the kernel's queue and cost nothing.
    let permit = Arc::clone(slots)
        .acquire_owned()
        .await
        .map_err(std::io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, PeerAddress(peer.ip()), permit))
}

/// The router as the service of one connection: each request carries the other end's address.
fn service(router: &Router, peer: PeerAddress) -> ConnectionService {
    TowerToHyperService::new(router.clone().layer(Extension(peer)))
}

type ConnectionService = TowerToHyperService<Router>;

async fn connection(
    stream: TcpStream,
    tls: Option<Arc<WebTls>>,
    service: ConnectionService,
    shutdown: Shutdown,
    permit: OwnedSemaphorePermit,
) {
    // Small answers must not wait for more (Nagle); a socket that refuses the option works without it.
    let _ = stream.set_nodelay(true);
    match tls {
        None => exchange(stream, service, shutdown, PATIENCE).await,
        Some(tls) => {
            let acceptor = tls.acceptor();
            let handshake = tokio::time::timeout(limits::HEADER_TIMEOUT, acceptor.accept(stream));
            match handshake.await {
                Ok(Ok(stream)) => exchange(stream, service, shutdown, PATIENCE).await,
                Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
                Err(_) => tracing::debug!("a TLS handshake took too long"),
            }
        }
    }
    drop(permit);
}

async fn exchange<S>(stream: S, service: ConnectionService, shutdown: Shutdown, patience: Patience)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HEADER_TIMEOUT)
        .max_buf_size(limits::HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let finished = tokio::select! {
        outcome = connection.as_mut() => Some(outcome),
        () = shutdown.requested() => None,
        () = tokio::time::sleep(patience.age) => None,
    };
    let outcome = if let Some(outcome) = finished {
        Ok(outcome)
    } else {
        connection.as_mut().graceful_shutdown();
        tokio::time::timeout(patience.grace, connection).await
    };
    match outcome {
        Ok(Ok(())) => {}
        // The other side broke off, was too slow or spoke no HTTP.
        Ok(Err(error)) => tracing::debug!(%error, "a connection ended early"),
        Err(_) => tracing::debug!("a connection did not take its answers in time"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};

    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    const PEER: PeerAddress = PeerAddress(IpAddr::V4(Ipv4Addr::LOCALHOST));

    const SHORT: Patience = Patience {
        age: Duration::from_millis(200),
        grace: Duration::from_millis(200),
    };

    /// A connection through a pipe of 1 KiB to a page that is larger.
    fn connect() -> (tokio::io::DuplexStream, tokio::task::JoinHandle<()>) {
        let router = Router::new()
            .route("/", get(|| async { "x".repeat(4_096) }))
            .route("/peer", get(peer));
        let (ours, theirs) = tokio::io::duplex(1_024);
        let served = exchange(theirs, service(&router, PEER), Shutdown::new(), SHORT);
        (ours, tokio::spawn(served))
    }

    async fn peer(Extension(PeerAddress(peer)): Extension<PeerAddress>) -> String {
        peer.to_string()
    }

    async fn is_over(served: tokio::task::JoinHandle<()>) -> bool {
        tokio::time::timeout(Duration::from_secs(5), served)
            .await
            .is_ok()
    }

    #[tokio::test]
    async fn attack_74_whoever_does_not_read_the_answers_loses_the_connection() {
        let (mut ours, served) = connect();
        ours.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        assert!(is_over(served).await);
    }

    #[tokio::test]
    async fn a_browser_that_reads_gets_the_whole_answer_and_then_its_connection_s_time_is_over() {
        let (mut ours, served) = connect();
        ours.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        let mut answer = Vec::new();
        ours.read_to_end(&mut answer).await.unwrap();
        assert!(answer.ends_with("x".repeat(4_096).as_bytes()));
        assert!(is_over(served).await);
    }

    #[tokio::test]
    async fn a_request_carries_the_other_end_s_address() {
        let (mut ours, _served) = connect();
        ours.write_all(b"GET /peer HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .await
            .unwrap();
        let mut answer = String::new();
        ours.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("127.0.0.1"), "{answer}");
    }
}
