//! An HTTP/1.1 listener: plain, behind a proxy or on loopback, or with TLS of its own, with limits on whoever connects.
//! It runs where it is called, or on threads of its own; the serving cores of gRPC are not for it.

mod threads;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use crate::error::ServeError;
use crate::peer::{Peer, identity};
use crate::shutdown::Shutdown;
use crate::tls::WebTls;

pub use threads::ServingThreads;

/// What one listener allows whoever connects.
#[derive(Clone, Copy, Debug)]
pub struct WebLimits {
    /// Open connections. Beyond it new ones wait in the listen queue, so memory stays bounded.
    pub connections: usize,
    /// How long a connection may live. Whoever sends requests and does not read the answers blocks its connection in the
    /// middle of one, where no other limit ends it.
    pub connection_age: Duration,
    /// How long a request in progress may still take when its connection's time is over.
    pub connection_grace: Duration,
    /// How long a TLS handshake, and how long the request line and the headers may take.
    pub header_timeout: Duration,
    /// Octets of the request line and the headers.
    pub header_octets: usize,
    /// How long requests in progress may take to finish once the process was asked to stop.
    pub drain_timeout: Duration,
}

/// A bound listener.
#[derive(Debug)]
pub struct WebServer {
    listener: TcpListener,
    tls: Option<Arc<WebTls>>,
    limits: WebLimits,
}

impl WebServer {
    /// Binds an address.
    ///
    /// # Errors
    /// When it cannot be listened on.
    pub async fn bind(
        address: SocketAddr,
        tls: Option<Arc<WebTls>>,
        limits: WebLimits,
    ) -> Result<Self, ServeError> {
        let listener = TcpListener::bind(address)
            .await
            .map_err(|source| ServeError::Listen { address, source })?;
        Ok(Self {
            listener,
            tls,
            limits,
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the operating system does not say.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until asked to stop, then lets requests in progress finish. Every request carries, among its extensions,
    /// what `about` says once a connection of who is at its other end.
    ///
    /// Connections are dealt out to threads of their own, one a core, so that a request is answered by one core from its
    /// first octet to its last. What comes back keeps the threads' runtimes: sockets that requests opened and left behind,
    /// those of a database, are driven by them.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub async fn serve<F, E>(
        self,
        router: Router,
        about: F,
        shutdown: Shutdown,
    ) -> Result<ServingThreads, ServeError>
    where
        F: Fn(Peer) -> E + Send + Sync + 'static,
        E: Clone + Send + Sync + 'static,
    {
        let service = move |peer| {
            let about = about(peer);
            let said = move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(about.clone());
                request
            };
            TowerToHyperService::new(router.clone().map_request(said))
        };
        let connections = Arc::new(Connections {
            services: service,
            tls: self.tls.clone(),
            limits: self.limits,
            shutdown: shutdown.clone(),
        });
        let mut threads = ServingThreads::start(&connections)?;
        let slots = Arc::new(Semaphore::new(self.limits.connections));
        while let Some(accepted) = next(&self.listener, &slots, &shutdown).await {
            threads.take(accepted).await;
        }
        drop(self.listener);
        let time = self.limits.drain_timeout;
        until_drained(threads.drained(), &shutdown, time).await;
        Ok(threads)
    }

    /// Serves a router where it is called.
    pub async fn serve_here(self, router: Router, shutdown: Shutdown) {
        let service = move |_| TowerToHyperService::new(router.clone());
        self.serve_by(service, shutdown).await;
    }

    /// Serves where it is called, by services that find their way without a router: `services` is called once a
    /// connection.
    pub async fn serve_by<F, S>(self, services: F, shutdown: Shutdown)
    where
        F: Fn(Peer) -> S + Send + Sync + 'static,
        S: Service<Request<Incoming>, Response = Response, Error = Infallible> + Send + 'static,
        S::Future: Send,
    {
        let served = Arc::new(Connections {
            services,
            tls: self.tls.clone(),
            limits: self.limits,
            shutdown: shutdown.clone(),
        });
        let mut connections = JoinSet::new();
        let slots = Arc::new(Semaphore::new(self.limits.connections));
        while let Some(accepted) = next(&self.listener, &slots, &shutdown).await {
            while connections.try_join_next().is_some() {}
            connections.spawn(Arc::clone(&served).serve(accepted));
        }
        drop(self.listener);
        let time = self.limits.drain_timeout;
        let drained = async { while connections.join_next().await.is_some() {} };
        until_drained(drained, &shutdown, time).await;
    }
}

/// The next connection, unless asked to stop.
async fn next(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
    shutdown: &Shutdown,
) -> Option<Accepted> {
    loop {
        let accepted = tokio::select! {
            () = shutdown.requested() => return None,
            accepted = accept(listener, slots) => accepted,
        };
        match accepted {
            Ok(accepted) => return Some(accepted),
            Err(error) => {
                // Out of file descriptors, or a client that left at once; without a pause this would be a busy loop.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn until_drained(drained: impl Future<Output = ()>, shutdown: &Shutdown, time: Duration) {
    tokio::select! {
        () = drained => {}
        () = shutdown.stopped() => {}
        () = tokio::time::sleep(time) => {
            tracing::warn!("requests were still in progress when the time to drain was over");
        }
    }
}

/// A connection, and the slot that it takes.
#[derive(Debug)]
struct Accepted<S = TcpStream> {
    stream: S,
    address: SocketAddr,
    slot: OwnedSemaphorePermit,
}

/// How connections are served.
struct Connections<F> {
    services: F,
    tls: Option<Arc<WebTls>>,
    limits: WebLimits,
    shutdown: Shutdown,
}

impl<F, S> Connections<F>
where
    F: Fn(Peer) -> S,
    S: Service<Request<Incoming>, Response = Response, Error = Infallible>,
{
    /// Serves one to its end.
    async fn serve(self: Arc<Self>, accepted: Accepted) {
        let (shutdown, tls) = (self.shutdown.clone(), self.tls.clone());
        let at = (accepted.stream, accepted.address);
        connection(at, tls, &self.services, shutdown, self.limits).await;
        drop(accepted.slot);
    }
}

async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>) -> std::io::Result<Accepted> {
    // The slot comes first: over the limit, clients wait in the kernel's queue and cost nothing.
    let slot = Arc::clone(slots)
        .acquire_owned()
        .await
        .map_err(std::io::Error::other)?;
    let (stream, address) = listener.accept().await?;
    Ok(Accepted {
        stream,
        address,
        slot,
    })
}

async fn connection<F, S>(
    (stream, address): (TcpStream, SocketAddr),
    tls: Option<Arc<WebTls>>,
    services: &F,
    shutdown: Shutdown,
    limits: WebLimits,
) where
    F: Fn(Peer) -> S,
    S: Service<Request<Incoming>, Response = Response, Error = Infallible>,
{
    // Small answers must not wait for more (Nagle); a socket that refuses the option works without it.
    let _ = stream.set_nodelay(true);
    let mut peer = Peer {
        address,
        identity: None,
    };
    let Some(tls) = tls else {
        return exchange(stream, services(peer), shutdown, limits).await;
    };
    let accepting = tls.acceptor().accept(stream);
    let stream = match tokio::time::timeout(limits.header_timeout, accepting).await {
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
    exchange(stream, services(peer), shutdown, limits).await;
}

async fn exchange<T, S>(stream: T, service: S, shutdown: Shutdown, limits: WebLimits)
where
    T: AsyncRead + AsyncWrite + Unpin,
    S: Service<Request<Incoming>, Response = Response, Error = Infallible>,
{
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(limits.header_octets)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let finished = tokio::select! {
        outcome = connection.as_mut() => Some(outcome),
        () = shutdown.requested() => None,
        () = tokio::time::sleep(limits.connection_age) => None,
    };
    let outcome = if let Some(outcome) = finished {
        Ok(outcome)
    } else {
        connection.as_mut().graceful_shutdown();
        tokio::time::timeout(limits.connection_grace, connection).await
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
    use std::net::{IpAddr, Ipv4Addr};

    use axum::Extension;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
    use tokio::task::JoinHandle;

    use super::*;

    const SHORT: WebLimits = WebLimits {
        connections: 1,
        connection_age: Duration::from_millis(200),
        connection_grace: Duration::from_millis(200),
        header_timeout: Duration::from_secs(10),
        header_octets: 64 * 1024,
        drain_timeout: Duration::from_secs(1),
    };

    /// A connection through a pipe of 1 KiB to a page that is larger.
    fn connect() -> (DuplexStream, JoinHandle<()>) {
        let router = Router::new().route("/", get(|| async { "x".repeat(4_096) }));
        let (ours, theirs) = tokio::io::duplex(1_024);
        let service = TowerToHyperService::new(router);
        let served = exchange(theirs, service, Shutdown::new(), SHORT);
        (ours, tokio::spawn(served))
    }

    async fn is_over(served: JoinHandle<()>) -> bool {
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
        let at: SocketAddr = (Ipv4Addr::LOCALHOST, 0).into();
        let server = WebServer::bind(at, None, SHORT).await.unwrap();
        let address = server.address().unwrap();
        let show = |Extension(peer): Extension<IpAddr>| async move { peer.to_string() };
        let router = Router::new().route("/", get(show));
        let address_of = |peer: Peer| peer.address.ip();
        let shutdown = Shutdown::new();
        let serving = server.serve(router, address_of, shutdown.clone());
        let serving = tokio::spawn(async move { drop(serving.await.unwrap()) });
        let mut ours = TcpStream::connect(address).await.unwrap();
        ours.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .await
            .unwrap();
        let mut answer = String::new();
        ours.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("127.0.0.1"), "{answer}");
        shutdown.begin();
        assert!(is_over(serving).await);
    }
}
