//! Stopping in order: the first signal drains (no new work, finish what was begun), the second stops
//! at once.

use tokio_util::sync::CancellationToken;

/// The wish to stop, shared by everything that must notice it. Clones are the same wish.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    drain: CancellationToken,
    stop: CancellationToken,
}

impl Shutdown {
    /// Nothing was asked yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks everybody to drain.
    pub fn begin(&self) {
        self.drain.cancel();
    }

    /// Asks everybody to stop at once, drained or not.
    pub fn stop_now(&self) {
        self.drain.cancel();
        self.stop.cancel();
    }

    /// Waits until draining was asked for.
    pub async fn requested(&self) {
        self.drain.cancelled().await;
    }

    /// Whether draining was asked for.
    pub fn is_requested(&self) -> bool {
        self.drain.is_cancelled()
    }

    /// Waits until stopping at once was asked for.
    pub async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    /// Turns SIGTERM and SIGINT into the wish to drain, and a second of them into the wish to stop.
    /// Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the signal handlers cannot be installed.
    pub fn on_signals(&self) -> std::io::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let shutdown = self.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                if shutdown.is_requested() {
                    tracing::warn!("second signal: stopping at once");
                    shutdown.stop_now();
                } else {
                    tracing::info!("signal: draining");
                    shutdown.begin();
                }
            }
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Shutdown;

    #[tokio::test]
    async fn beginning_drains_but_does_not_stop() {
        let shutdown = Shutdown::new();
        assert!(!shutdown.is_requested());
        shutdown.clone().begin();
        shutdown.requested().await;
        assert!(!shutdown.stop.is_cancelled());
    }

    #[tokio::test]
    async fn stopping_also_drains() {
        let shutdown = Shutdown::new();
        shutdown.stop_now();
        shutdown.requested().await;
        shutdown.stopped().await;
    }
}
