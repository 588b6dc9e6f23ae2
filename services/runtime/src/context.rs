//! What every role is handed when it starts.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::clock::{Clock, SystemClock};
use crate::health::Health;
use crate::metrics::Metrics;
use crate::shutdown::Shutdown;

/// The surroundings of one role. Clones are the same surroundings.
#[derive(Clone, Debug)]
pub struct Context {
    /// The role's name, such as `revocation-lookup`: its label in metrics and logs.
    pub role: Arc<str>,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// The role's metrics.
    pub metrics: Metrics,
    /// Whether the role can answer.
    pub health: Health,
    /// The wish to stop.
    pub shutdown: Shutdown,
    /// The runtime for everything that can block or take long: SQL, HTTP, files. The serving cores
    /// must never wait for it while holding up other requests.
    pub background: Handle,
    /// Where the role listens, once it does.
    pub addresses: Addresses,
}

impl Context {
    /// Surroundings with the computer's clock; the runtime it is called on becomes the background
    /// runtime.
    pub async fn new(role: &str, shutdown: Shutdown) -> Self {
        Self::with_clock(role, shutdown, Arc::new(SystemClock)).await
    }

    /// Surroundings with a clock of one's own.
    pub async fn with_clock(role: &str, shutdown: Shutdown, clock: Arc<dyn Clock>) -> Self {
        Self {
            role: role.into(),
            clock,
            metrics: Metrics::new(role),
            health: Health::new().await,
            shutdown,
            background: Handle::current(),
            addresses: Addresses::default(),
        }
    }

    /// Runs a future on the background runtime and waits for it.
    ///
    /// # Errors
    /// When it panicked or the background runtime is gone.
    pub async fn on_background<F>(&self, future: F) -> Result<F::Output, BackgroundError>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        on_background(&self.background, future).await
    }
}

/// Runs a future on a runtime and waits for it from another.
///
/// # Errors
/// When it panicked or the runtime is gone.
pub async fn on_background<F>(runtime: &Handle, future: F) -> Result<F::Output, BackgroundError>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    runtime.spawn(future).await.map_err(|_| BackgroundError)
}

/// Background work ended without a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("background work ended without a result")]
pub struct BackgroundError;

/// Where a role listens, by name (`grpc`, `http`, `metrics`). With port 0 in the configuration this is
/// the only place that knows the port.
#[derive(Clone, Debug)]
pub struct Addresses(watch::Sender<BTreeMap<&'static str, SocketAddr>>);

impl Default for Addresses {
    fn default() -> Self {
        Self(watch::Sender::new(BTreeMap::new()))
    }
}

impl Addresses {
    /// Says where a listener of this name is bound.
    pub fn announce(&self, name: &'static str, address: SocketAddr) {
        self.0.send_modify(|addresses| {
            addresses.insert(name, address);
        });
    }

    /// The address of this name, if it is bound yet.
    pub fn bound(&self, name: &str) -> Option<SocketAddr> {
        self.0.borrow().get(name).copied()
    }

    /// Waits until a listener of this name is bound.
    pub async fn wait(&self, name: &str) -> SocketAddr {
        let mut receiver = self.0.subscribe();
        loop {
            if let Some(address) = receiver.borrow_and_update().get(name) {
                return *address;
            }
            // `self` holds the sender, so the channel cannot close while we wait.
            let _ = receiver.changed().await;
        }
    }
}
