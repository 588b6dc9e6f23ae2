//! The only builder of gRPC servers: mutual TLS, access check, limits, health and metrics cannot be
//! left out, because there is no other way to serve.
//!
//! Each serving thread has a listener, a single-threaded runtime and its own copy of the services; a
//! request is handled from its first octet to its last by one core. Work that can block goes to the
//! background runtime of the [`Context`].

mod acceptor;
mod listeners;
mod measure;

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use prometheus::IntCounterVec;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic_health::pb::health_server::HealthServer;

use crate::access::{AccessLayer, AccessTable, LogRefusals, RefusalSink};
use crate::config::{Listen, TlsConfig};
use crate::context::Context;
use crate::error::ServeError;
use crate::limits;
use crate::tls::{ServerTls, TlsError};

use measure::MeasureLayer;

/// A gRPC server before it serves.
pub struct GrpcServer {
    context: Context,
    listen: Listen,
    tls: Arc<ServerTls>,
    reload_interval: Duration,
    access: AccessTable,
    sink: Arc<dyn RefusalSink>,
    services: Vec<&'static str>,
    descriptors: Option<&'static [u8]>,
}

impl GrpcServer {
    /// A server of these services (their full names, for health) for the callers of a table.
    ///
    /// # Errors
    /// When the TLS files do not load.
    pub fn new(
        context: &Context,
        listen: &Listen,
        tls: &TlsConfig,
        access: AccessTable,
        services: &[&'static str],
    ) -> Result<Self, ServeError> {
        listen.check()?;
        Ok(Self {
            context: context.clone(),
            listen: listen.clone(),
            tls: Arc::new(ServerTls::load(tls)?),
            reload_interval: Duration::from_secs(tls.reload_interval_seconds.max(1)),
            access,
            sink: Arc::new(LogRefusals),
            services: services.to_vec(),
            descriptors: None,
        })
    }

    /// Who is told of refused callers; without this, the log.
    #[must_use]
    pub fn report_refusals_to(mut self, sink: Arc<dyn RefusalSink>) -> Self {
        self.sink = sink;
        self
    }

    /// Switches server reflection on, with these encoded descriptors, for the callers whose entries name it.
    #[must_use]
    pub fn with_reflection(mut self, descriptors: &'static [u8]) -> Self {
        self.descriptors = Some(descriptors);
        self
    }

    /// Serves until the context's shutdown, then drains. `routes` is called once on each serving
    /// thread, inside its runtime: clients made there live on that core. Announces its address as
    /// `grpc`, then sets health `""` and the services' names to serving.
    ///
    /// # Errors
    /// When it cannot listen or a thread dies.
    pub async fn serve<F>(self, routes: F) -> Result<(), ServeError>
    where
        F: Fn(usize) -> Result<Routes, ServeError> + Send + Sync + 'static,
    {
        let address = self.listen.address;
        if crate::plaintext::caller().is_some() && !address.ip().is_loopback() {
            return Err(ServeError::role(NotLoopback));
        }
        let (bound, listeners) = listeners::bind(address, self.listen.thread_count())
            .map_err(|source| ServeError::Listen { address, source })?;
        let parts = Arc::new(Parts::new(&self)?);
        let routes = Arc::new(routes);
        let mut threads = Vec::with_capacity(listeners.len());
        for (index, listener) in listeners.into_iter().enumerate() {
            threads.push(start_thread(
                index,
                listener,
                parts.clone(),
                routes.clone(),
            )?);
        }
        let reloading = tokio::spawn(reload(self.tls.clone(), self.reload_interval));
        let outcome = match all_started(&mut threads).await {
            Ok(()) => {
                self.context.addresses.announce("grpc", bound);
                tracing::info!(role = %self.context.role, address = %bound, "gRPC listens");
                self.set_health(true).await;
                self.until_drained(threads, &parts).await
            }
            Err(error) => {
                parts.accepting.cancel();
                parts.running.cancel();
                Err(error)
            }
        };
        reloading.abort();
        outcome
    }

    /// Waits for the shutdown, takes the health back, stops accepting, and gives requests in progress
    /// the drain time-out.
    async fn until_drained(
        &self,
        threads: Vec<ServingThread>,
        parts: &Parts,
    ) -> Result<(), ServeError> {
        let shutdown = &self.context.shutdown;
        let mut ended = std::pin::pin!(all_ended(threads));
        let mut outcome = tokio::select! {
            outcome = &mut ended => Some(outcome),
            () = shutdown.requested() => None,
        };
        // Balancers look at the health before they look at refused connections.
        self.set_health(false).await;
        parts.accepting.cancel();
        if outcome.is_none() {
            let limit = Duration::from_secs(self.listen.drain_timeout_seconds);
            outcome = tokio::select! {
                outcome = &mut ended => Some(outcome),
                () = tokio::time::sleep(limit) => None,
                () = shutdown.stopped() => None,
            };
        }
        if let Some(outcome) = outcome {
            return outcome;
        }
        tracing::warn!(role = %self.context.role, "requests in progress were cut off");
        parts.running.cancel();
        ended.await
    }

    async fn set_health(&self, serving: bool) {
        for name in self.services.iter().chain(&[""]) {
            self.context.health.set(name, serving).await;
        }
    }
}

/// A benchmark must not be reached from anywhere else.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("without TLS only loopback is listened on")]
struct NotLoopback;

/// Whether the TLS files of a server can be used.
///
/// # Errors
/// Naming the file and what is wrong with it.
pub fn check_tls(files: &TlsConfig) -> Result<(), TlsError> {
    ServerTls::load(files).map(drop)
}

/// Looks at the TLS files again and again.
async fn reload(tls: Arc<ServerTls>, interval: Duration) {
    loop {
        tokio::time::sleep(interval).await;
        let tls = tls.clone();
        // Reading files blocks.
        let _ = tokio::task::spawn_blocking(move || tls.refresh()).await;
    }
}

/// What every serving thread shares.
struct Parts {
    context: Context,
    tls: Arc<ServerTls>,
    measure: MeasureLayer,
    access: AccessLayer,
    handshake_failures: IntCounterVec,
    descriptors: Option<&'static [u8]>,
    request_timeout: Duration,
    max_connection_age: Duration,
    /// Cancelled: no new connections, finish what was begun.
    accepting: CancellationToken,
    /// Cancelled: stop now.
    running: CancellationToken,
}

impl Parts {
    fn new(server: &GrpcServer) -> Result<Self, ServeError> {
        let metrics = &server.context.metrics;
        let refused = metrics.counters(
            "akashi_access_refused_total",
            "Calls refused because the caller has no allowlist entry for the method.",
            &["method"],
        )?;
        let handshake_failures = metrics.counters(
            "akashi_tls_handshakes_failed_total",
            "TLS connections refused before any call, by reason.",
            &["reason"],
        )?;
        let access = AccessLayer::new(
            server.access.clone(),
            server.sink.clone(),
            server.context.clock.clone(),
            refused,
        );
        Ok(Self {
            context: server.context.clone(),
            tls: server.tls.clone(),
            measure: MeasureLayer::new(&server.access, metrics)?,
            access,
            handshake_failures,
            descriptors: server.descriptors,
            request_timeout: Duration::from_secs(server.listen.request_timeout_seconds),
            max_connection_age: Duration::from_secs(server.listen.max_connection_age_seconds),
            accepting: CancellationToken::new(),
            running: CancellationToken::new(),
        })
    }
}

struct ServingThread {
    index: usize,
    /// Comes once the thread accepts connections.
    started: Option<oneshot::Receiver<()>>,
    ended: oneshot::Receiver<Result<(), ServeError>>,
}

fn start_thread<F>(
    index: usize,
    listener: TcpListener,
    parts: Arc<Parts>,
    routes: Arc<F>,
) -> Result<ServingThread, ServeError>
where
    F: Fn(usize) -> Result<Routes, ServeError> + Send + Sync + 'static,
{
    let died = move |error: std::io::Error| ServeError::Thread {
        thread: index,
        problem: error.to_string(),
    };
    let (started_sender, started) = oneshot::channel();
    let (ended_sender, ended) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(died)?;
    let name = format!("{}-{index}", parts.context.role);
    std::thread::Builder::new()
        .name(name)
        .spawn(move || {
            let running = parts.running.clone();
            let serving = serve_on_this_thread(index, listener, parts, routes, started_sender);
            let outcome = runtime.block_on(async {
                tokio::select! {
                    outcome = serving => outcome,
                    () = running.cancelled() => Ok(()),
                }
            });
            // Ends what is left of tasks before anybody hears that the thread ended.
            drop(runtime);
            let _ = ended_sender.send(outcome);
        })
        .map_err(died)?;
    Ok(ServingThread {
        index,
        started: Some(started),
        ended,
    })
}

async fn serve_on_this_thread<F>(
    index: usize,
    listener: TcpListener,
    parts: Arc<Parts>,
    routes: Arc<F>,
    started: oneshot::Sender<()>,
) -> Result<(), ServeError>
where
    F: Fn(usize) -> Result<Routes, ServeError>,
{
    let died = |problem: &dyn ToString| ServeError::Thread {
        thread: index,
        problem: problem.to_string(),
    };
    let listener = tokio::net::TcpListener::from_std(listener).map_err(|error| died(&error))?;
    let mut routes = routes(index)?.add_service(HealthServer::new(parts.context.health.service()));
    if let Some(descriptors) = parts.descriptors {
        let reflection = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(descriptors)
            .build_v1()
            .map_err(|error| died(&error))?;
        routes = routes.add_service(reflection);
    }
    tokio::spawn(pulse());
    let (sender, connections) = mpsc::channel(64);
    tokio::spawn(acceptor::accept(
        listener,
        parts.tls.clone(),
        sender,
        parts.handshake_failures.clone(),
        parts.accepting.clone(),
    ));
    let server = Server::builder()
        .timeout(parts.request_timeout)
        .max_concurrent_streams(limits::STREAMS_PER_CONNECTION)
        .max_connection_age(parts.max_connection_age)
        .http2_keepalive_interval(Some(limits::KEEPALIVE_INTERVAL))
        .http2_keepalive_timeout(Some(limits::KEEPALIVE_TIMEOUT))
        .http2_max_header_list_size(limits::HEADER_LIST_OCTETS)
        .layer(parts.measure.clone())
        .layer(parts.access.clone())
        .add_routes(routes)
        .serve_with_incoming_shutdown(
            ReceiverStream::new(connections),
            parts.accepting.clone().cancelled_owned(),
        );
    let _ = started.send(());
    server.await.map_err(|error| died(&error))
}

/// Keeps a timer that is always due soon. Tokio writes to itself through the kernel for every timer that is due before all
/// others that it knew when it last waited, and every call has deadlines: without this one, each of them would.
async fn pulse() {
    loop {
        tokio::time::sleep(limits::PULSE).await;
    }
}

async fn all_started(threads: &mut [ServingThread]) -> Result<(), ServeError> {
    for thread in threads {
        let Some(started) = thread.started.take() else {
            continue;
        };
        if started.await.is_err() {
            // It ended before it began; its end says why.
            return match (&mut thread.ended).await {
                Ok(Err(error)) => Err(error),
                _ => Err(panicked(thread.index)),
            };
        }
    }
    Ok(())
}

async fn all_ended(threads: Vec<ServingThread>) -> Result<(), ServeError> {
    let ends = threads.into_iter().map(|thread| async move {
        thread
            .ended
            .await
            .unwrap_or_else(|_| Err(panicked(thread.index)))
    });
    join_all(ends).await.into_iter().collect()
}

fn panicked(thread: usize) -> ServeError {
    ServeError::Thread {
        thread,
        problem: "it panicked".to_owned(),
    }
}
