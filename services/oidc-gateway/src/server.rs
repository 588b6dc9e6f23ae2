//! The listener: HTTP/1.1, plain behind a proxy or with TLS of its own, with limits on whoever connects.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
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

/// A bound listener.
pub(crate) struct Server {
    listener: TcpListener,
    tls: Option<Arc<WebTls>>,
    drain_timeout: Duration,
}

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
                Ok((stream, permit)) => {
                    let (tls, router) = (self.tls.clone(), router.clone());
                    connections.spawn(connection(stream, tls, router, shutdown.clone(), permit));
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
) -> std::io::Result<(TcpStream, OwnedSemaphorePermit)> {
    // The slot comes first: over the limit, clients wait in the kernel's queue and cost nothing.
    let permit = Arc::clone(slots)
        .acquire_owned()
        .await
        .map_err(std::io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, permit))
}

async fn connection(
    stream: TcpStream,
    tls: Option<Arc<WebTls>>,
    router: Router,
    shutdown: Shutdown,
    permit: OwnedSemaphorePermit,
) {
    // Small answers must not wait for more (Nagle); a socket that refuses the option works without it.
    let _ = stream.set_nodelay(true);
    match tls {
        None => exchange(stream, router, shutdown).await,
        Some(tls) => {
            let acceptor = tls.acceptor();
            let handshake = tokio::time::timeout(limits::HEADER_TIMEOUT, acceptor.accept(stream));
            match handshake.await {
                Ok(Ok(stream)) => exchange(stream, router, shutdown).await,
                Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
                Err(_) => tracing::debug!("a TLS handshake took too long"),
            }
        }
    }
    drop(permit);
}

async fn exchange<S>(stream: S, router: Router, shutdown: Shutdown)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let service = TowerToHyperService::new(router);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HEADER_TIMEOUT)
        .max_buf_size(limits::HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = shutdown.requested() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = outcome {
        // The other side broke off, was too slow or spoke no HTTP.
        tracing::debug!(%error, "a connection ended early");
    }
}
