//! An HTTP/1.1 listener for answers of a few kilobytes: plain or with TLS of its own, with limits on whoever connects.
//! It runs where it is called, which is the background runtime: the serving cores are for gRPC.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use crate::error::ServeError;
use crate::limits;
use crate::peer::{Peer, identity};
use crate::shutdown::Shutdown;
use crate::tls::WebTls;

/// A bound listener.
#[derive(Debug)]
pub struct WebServer {
    listener: TcpListener,
    tls: Option<Arc<WebTls>>,
    drain_timeout: Duration,
}

impl WebServer {
    /// Binds an address. Requests in progress get the time to drain when the process was asked to stop.
    ///
    /// # Errors
    /// When it cannot be listened on.
    pub async fn bind(
        address: SocketAddr,
        tls: Option<Arc<WebTls>>,
        drain_timeout: Duration,
    ) -> Result<Self, ServeError> {
        let listener = TcpListener::bind(address)
            .await
            .map_err(|source| ServeError::Listen { address, source })?;
        Ok(Self {
            listener,
            tls,
            drain_timeout,
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the operating system does not say.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until asked to stop, then lets requests in progress finish. `routes` is called once a connection, with
    /// who is at its other end.
    pub async fn serve<F>(self, routes: F, shutdown: Shutdown)
    where
        F: Fn(Peer) -> Router + Send + Sync + 'static,
    {
        let slots = Arc::new(Semaphore::new(limits::CONNECTIONS_PER_THREAD));
        let routes = Arc::new(routes);
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                () = shutdown.requested() => break,
                accepted = accept(&self.listener, &slots) => accepted,
                Some(_) = connections.join_next() => continue,
            };
            match accepted {
                Ok((stream, address, permit)) => {
                    let (tls, routes) = (self.tls.clone(), routes.clone());
                    let shutdown = shutdown.clone();
                    connections.spawn(async move {
                        connection(stream, address, tls, &*routes, shutdown).await;
                        drop(permit);
                    });
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
) -> std::io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    // The slot comes first: over the limit, clients wait in the kernel's queue and cost nothing.
    let permit = Arc::clone(slots)
        .acquire_owned()
        .await
        .map_err(std::io::Error::other)?;
    let (stream, address) = listener.accept().await?;
    Ok((stream, address, permit))
}

async fn connection<F>(
    stream: TcpStream,
    address: SocketAddr,
    tls: Option<Arc<WebTls>>,
    routes: &F,
    shutdown: Shutdown,
) where
    F: Fn(Peer) -> Router,
{
    // Small answers must not wait for more (Nagle); a socket that refuses the option works without it.
    let _ = stream.set_nodelay(true);
    let mut peer = Peer {
        address,
        identity: None,
    };
    let Some(tls) = tls else {
        return exchange(stream, routes(peer), shutdown).await;
    };
    let accepting = tls.acceptor().accept(stream);
    let stream = match tokio::time::timeout(limits::HANDSHAKE_TIMEOUT, accepting).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => return tracing::debug!("a TLS handshake took too long"),
    };
    let certificates = stream.get_ref().1.peer_certificates();
    if let Some(certificate) = certificates.and_then(<[_]>::first) {
        match identity(certificate) {
            Ok(identity) => peer.identity = Some(identity),
            Err(error) => return tracing::debug!(%error, "a client certificate names nobody"),
        }
    }
    exchange(stream, routes(peer), shutdown).await;
}

async fn exchange<S>(stream: S, router: Router, shutdown: Shutdown)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::WEB_HEADER_TIMEOUT)
        .max_buf_size(limits::WEB_HEADER_OCTETS)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::pin!(connection);
    let finished = tokio::select! {
        outcome = connection.as_mut() => Some(outcome),
        () = shutdown.requested() => None,
        () = tokio::time::sleep(limits::WEB_CONNECTION_AGE) => None,
    };
    let outcome = if let Some(outcome) = finished {
        Ok(outcome)
    } else {
        connection.as_mut().graceful_shutdown();
        tokio::time::timeout(limits::WEB_CONNECTION_GRACE, connection).await
    };
    match outcome {
        Ok(Ok(())) => {}
        // The other side broke off, was too slow or spoke no HTTP.
        Ok(Err(error)) => tracing::debug!(%error, "a connection ended early"),
        Err(_) => tracing::debug!("a connection did not take its answers in time"),
    }
}
