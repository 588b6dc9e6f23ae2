//! Threads that connections are dealt out to, each with a single-threaded runtime.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;
use futures_util::future::join_all;
use hyper::body::Incoming;
use hyper::service::Service;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::{Accepted, Connections};
use crate::error::ServeError;
use crate::peer::Peer;

/// Connections that wait for a thread which is at work.
const WAITING: usize = 64;

/// The threads. Dropped, they end, with whatever is still on them.
#[derive(Debug)]
pub struct ServingThreads {
    threads: Vec<ServingThread>,
    next: usize,
}

#[derive(Debug)]
struct ServingThread {
    /// Gone: there will be no more.
    connections: Option<mpsc::Sender<Handed>>,
    /// Comes once every connection has ended.
    drained: Option<oneshot::Receiver<()>>,
    /// Dropped, the thread ends.
    _release: oneshot::Sender<()>,
}

/// A connection between two runtimes.
type Handed = Accepted<std::net::TcpStream>;

impl ServingThreads {
    /// One a core.
    pub(super) fn start<F, S>(connections: &Arc<Connections<F>>) -> Result<Self, ServeError>
    where
        F: Fn(Peer) -> S + Send + Sync + 'static,
        S: Service<Request<Incoming>, Response = Response, Error = Infallible> + Send + 'static,
        S::Future: Send,
    {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let start = |index| start_thread(index, Arc::clone(connections));
        Ok(Self {
            threads: (0..cores).map(start).collect::<Result<_, _>>()?,
            next: 0,
        })
    }

    /// Hands a connection to the next thread.
    pub(super) async fn take(&mut self, accepted: Accepted) {
        self.next = (self.next + 1) % self.threads.len().max(1);
        let Some(thread) = self.threads.get(self.next) else {
            return;
        };
        // What cannot be handed over is closed, as if the client had broken off.
        let Ok(stream) = accepted.stream.into_std() else {
            return;
        };
        let handed = Handed {
            stream,
            address: accepted.address,
            slot: accepted.slot,
        };
        if let Some(connections) = &thread.connections {
            let _ = connections.send(handed).await;
        }
    }

    /// Takes no more connections and waits until those that there are have ended.
    pub(super) async fn drained(&mut self) {
        let drained = self.threads.iter_mut().map(|thread| {
            thread.connections = None;
            thread.drained.take()
        });
        // A thread that died has no connections left either.
        join_all(drained.flatten()).await;
    }
}

fn start_thread<F, S>(
    index: usize,
    connections: Arc<Connections<F>>,
) -> Result<ServingThread, ServeError>
where
    F: Fn(Peer) -> S + Send + Sync + 'static,
    S: Service<Request<Incoming>, Response = Response, Error = Infallible> + Send + 'static,
    S::Future: Send,
{
    let died = move |error: std::io::Error| ServeError::Thread {
        thread: index,
        problem: error.to_string(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(died)?;
    let (sender, receiver) = mpsc::channel(WAITING);
    let (drained_sender, drained) = oneshot::channel();
    let (release, released) = oneshot::channel::<()>();
    let serving = async move {
        serve(receiver, connections).await;
        let _ = drained_sender.send(());
        // Drives what requests left behind until nobody needs it.
        std::future::pending::<()>().await;
    };
    std::thread::Builder::new()
        .name(format!("web-{index}"))
        .spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = serving => {}
                    _ = released => {}
                }
            });
            // Nobody waits for what still blocks.
            runtime.shutdown_background();
        })
        .map_err(died)?;
    Ok(ServingThread {
        connections: Some(sender),
        drained: Some(drained),
        _release: release,
    })
}

async fn serve<F, S>(mut handed: mpsc::Receiver<Handed>, connections: Arc<Connections<F>>)
where
    F: Fn(Peer) -> S + Send + Sync + 'static,
    S: Service<Request<Incoming>, Response = Response, Error = Infallible> + Send + 'static,
    S::Future: Send,
{
    let mut served = JoinSet::new();
    while let Some(handed) = handed.recv().await {
        while served.try_join_next().is_some() {}
        match TcpStream::from_std(handed.stream) {
            Ok(stream) => {
                let accepted = Accepted {
                    stream,
                    address: handed.address,
                    slot: handed.slot,
                };
                served.spawn(Arc::clone(&connections).serve(accepted));
            }
            Err(error) => tracing::warn!(%error, "a connection could not be served"),
        }
    }
    while served.join_next().await.is_some() {}
}
