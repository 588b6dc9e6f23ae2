//! Hearing of changed lists sooner than by asking again.
//!
//! A hint is never the truth: it may be lost, come late or come without a change. Whoever follows the lists asks the
//! counters on its own schedule, and at a hint at once.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgListener;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::crl_feed::LISTS_CHANNEL;
use crate::database_url::{DatabaseUrl, Location};

/// Between two attempts to listen while the server cannot be reached.
const PAUSE: Duration = Duration::from_secs(1);

/// Hints that lists changed. Dropped, it stops listening.
#[derive(Debug)]
pub struct ListHints {
    hinted: Arc<Notify>,
    listening: Option<AbortHandle>,
}

impl ListHints {
    /// PostgreSQL tells; SQLite never does.
    pub(crate) fn listen(url: &DatabaseUrl) -> Self {
        let hinted = Arc::new(Notify::new());
        let listening = match url.location() {
            Location::Sqlite(_) => None,
            Location::Postgres(url) => {
                let (url, hinted) = (url.as_str().to_owned(), Arc::clone(&hinted));
                Some(tokio::spawn(listen(url, hinted)).abort_handle())
            }
        };
        Self { hinted, listening }
    }

    /// The next hint; hints that come while nobody waits are one.
    pub async fn next(&self) {
        self.hinted.notified().await;
    }
}

impl Drop for ListHints {
    fn drop(&mut self) {
        if let Some(listening) = &self.listening {
            listening.abort();
        }
    }
}

/// Listens until it is aborted. What changed while nobody listened was told to nobody, so beginning to listen is a hint.
async fn listen(url: String, hinted: Arc<Notify>) {
    loop {
        if let Ok(mut listener) = PgListener::connect(&url).await
            && listener.listen(LISTS_CHANNEL).await.is_ok()
        {
            hinted.notify_one();
            while listener.try_recv().await.is_ok() {
                hinted.notify_one();
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}
