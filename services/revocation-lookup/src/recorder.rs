//! Writes the ledger and the refusals down, on the background runtime. A database that is away is waited for: sums and
//! refusals stay in memory up to their limits.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join_all};
use pki::UnixTime;
use prometheus::{IntCounter, IntGauge};
use runtime::access::RefusalSink;
use runtime::{Context, ServeError};
use store::{AuditLog, DatabaseUrl, Refusal, StoreError};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::ledger::{self, Ledger};

/// Half of the ten seconds within which a lookup must be in the ledger.
const FLUSH_INTERVAL: Duration = Duration::from_secs(5);

/// Writing may take this long at the end of the process.
const LAST_FLUSH: Duration = Duration::from_secs(5);

/// Refusals that wait to be written down. Beyond it they are in the log and the metric only.
const WAITING_REFUSALS: usize = 4_096;

/// Refusals written down together.
const REFUSALS_AT_ONCE: usize = 256;

/// Takes note of refusals without ever waiting for the database.
#[derive(Clone)]
pub(crate) struct Refusals {
    queue: mpsc::Sender<Refusal>,
    lost: IntCounter,
}

impl Refusals {
    pub(crate) fn note(&self, caller: &str, method: &str, reason: &str, at: UnixTime) {
        tracing::warn!(caller, method, reason, "a caller was refused");
        let refusal = Refusal {
            refused_at: at.secs(),
            caller: caller.to_owned(),
            method: method.to_owned(),
            reason: reason.to_owned(),
        };
        if self.queue.try_send(refusal).is_err() {
            self.lost.inc();
        }
    }
}

impl RefusalSink for Refusals {
    fn refused(&self, refusal: runtime::access::Refusal) -> BoxFuture<'_, ()> {
        let identity = refusal.identity.as_deref().unwrap_or_default();
        self.note(identity, &refusal.method, "not_on_allowlist", refusal.at);
        std::future::ready(()).boxed()
    }
}

/// The task that writes.
pub(crate) struct Recorder {
    finish: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Recorder {
    /// Opens the audit log and begins to write.
    ///
    /// # Errors
    /// When the database is there and refuses this program. One that cannot be reached is waited for.
    pub(crate) async fn start(
        url: &DatabaseUrl,
        ledger: Arc<Ledger>,
        context: &Context,
    ) -> Result<(Self, Arc<Refusals>), ServeError> {
        let log = match AuditLog::open(url).await {
            Ok(log) => Some(log),
            Err(error @ StoreError::Unavailable { .. }) => {
                tracing::error!(%error, "the audit log is waited for");
                None
            }
            Err(error) => return Err(ServeError::role(error)),
        };
        let (queue, waiting) = mpsc::channel(WAITING_REFUSALS);
        let lost = context.metrics.counter(
            "akashi_audit_refusals_lost_total",
            "Refusals that were not written to the audit log because too many waited.",
        )?;
        let unwritten = context.metrics.gauge(
            "akashi_ledger_unwritten_sums",
            "Sums of lookups that the database did not take yet.",
        )?;
        let writer = Writer {
            url: url.clone(),
            log,
            ledger,
            waiting,
            held: Vec::new(),
            unwritten,
        };
        let (finish, finished) = oneshot::channel();
        let task = context.background.spawn(writer.run(finished));
        Ok((Self { finish, task }, Arc::new(Refusals { queue, lost })))
    }

    /// Writes what is left, and ends.
    pub(crate) async fn finish(self) {
        let _ = self.finish.send(());
        if self.task.await.is_err() {
            tracing::error!("the ledger's writer died");
        }
    }
}

struct Writer {
    url: DatabaseUrl,
    log: Option<AuditLog>,
    ledger: Arc<Ledger>,
    waiting: mpsc::Receiver<Refusal>,
    /// Refusals that the database did not take yet.
    held: Vec<Refusal>,
    unwritten: IntGauge,
}

impl Writer {
    async fn run(mut self, mut finished: oneshot::Receiver<()>) {
        let mut ticks = tokio::time::interval(FLUSH_INTERVAL);
        loop {
            let ready = self.log.is_some() && self.held.is_empty();
            tokio::select! {
                _ = &mut finished => break,
                _ = ticks.tick() => self.write().await,
                _ = self.waiting.recv_many(&mut self.held, REFUSALS_AT_ONCE), if ready => {
                    self.write_refusals().await;
                }
            }
        }
        if tokio::time::timeout(LAST_FLUSH, self.write_the_rest())
            .await
            .is_err()
        {
            tracing::error!("the ledger could not be written before the end");
        }
    }

    async fn write_the_rest(&mut self) {
        self.waiting.close();
        self.write().await;
        while self.log.is_some() && self.held.is_empty() {
            if self
                .waiting
                .recv_many(&mut self.held, REFUSALS_AT_ONCE)
                .await
                == 0
            {
                break;
            }
            self.write_refusals().await;
        }
        if let Some(log) = &self.log {
            log.close().await;
        }
    }

    async fn write(&mut self) {
        if self.log.is_none() {
            match AuditLog::open(&self.url).await {
                Ok(log) => self.log = Some(log),
                Err(error) => tracing::error!(%error, "the audit log is still waited for"),
            }
        }
        self.write_ledger().await;
        self.write_refusals().await;
    }

    async fn write_ledger(&mut self) {
        let taken = self.ledger.take();
        if taken.is_empty() {
            self.unwritten.set(0);
            return;
        }
        let written = match &self.log {
            Some(log) => log.flush_ledger(&ledger::rows(&taken)).await.map_err(Some),
            None => Err(None),
        };
        match written {
            Ok(()) => self.unwritten.set(0),
            Err(error) => {
                if let Some(error) = error {
                    tracing::error!(%error, "the ledger could not be written");
                }
                self.unwritten
                    .set(i64::try_from(taken.len()).unwrap_or(i64::MAX));
                self.ledger.put_back(taken);
            }
        }
    }

    async fn write_refusals(&mut self) {
        let Some(log) = &self.log else { return };
        let refusals = std::mem::take(&mut self.held);
        // Together, so that they share commits.
        let appended = join_all(
            refusals
                .iter()
                .map(|refusal| log.append_refusal(refusal.clone())),
        );
        for (refusal, appended) in refusals.iter().zip(appended.await) {
            match appended {
                Ok(_) => {}
                // It can never be stored.
                Err(error @ StoreError::Invalid { .. }) => {
                    tracing::error!(%error, "a refusal could not be written");
                }
                Err(error) => {
                    tracing::error!(%error, "a refusal could not be written yet");
                    self.held.push(refusal.clone());
                }
            }
        }
    }
}
