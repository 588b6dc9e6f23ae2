//! The listener: HTTP/1.1, plain behind a proxy or with TLS of its own, with limits on whoever connects.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use runtime::shutdown::Shutdown;
use runtime::web::{ServingThreads, WebLimits, WebServer};
use runtime::{ServeError, WebTls};

use crate::config::Config;
use crate::limits;
use crate::source::PeerAddress;

/// A bound listener.
pub(crate) struct Server {
    web: WebServer,
    tls: Option<Arc<WebTls>>,
}

impl Server {
    /// Binds the configured address.
    pub(crate) async fn bind(config: &Config) -> Result<Self, ServeError> {
        let tls = match &config.tls {
            Some(tls) => Some(Arc::new(WebTls::load(&tls.certificate, &tls.private_key)?)),
            None => None,
        };
        let limits = WebLimits {
            connections: limits::CONNECTIONS,
            connection_age: limits::CONNECTION_AGE,
            connection_grace: limits::CONNECTION_GRACE,
            header_timeout: limits::HEADER_TIMEOUT,
            header_octets: limits::HEADER_BYTES,
            drain_timeout: Duration::from_secs(config.listen.drain_timeout_seconds),
        };
        let web = WebServer::bind(config.listen.address, tls.clone(), limits).await?;
        Ok(Self { web, tls })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> Option<std::net::SocketAddr> {
        self.web.address().ok()
    }

    /// Its TLS, if it has one of its own.
    pub(crate) fn tls(&self) -> Option<Arc<WebTls>> {
        self.tls.clone()
    }

    /// Serves until asked to stop, then lets requests in progress finish. Each request carries the other end's address.
    /// What comes back keeps what requests opened alive: to be dropped after the store is closed.
    pub(crate) async fn serve(
        self,
        router: Router,
        shutdown: Shutdown,
    ) -> Result<ServingThreads, ServeError> {
        let address = |peer: runtime::peer::Peer| PeerAddress(peer.address.ip());
        self.web.serve(router, address, shutdown).await
    }
}
