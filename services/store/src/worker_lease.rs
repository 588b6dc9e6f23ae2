//! Which of several crl-syncs does the work.

use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::{Any, AnyConnection, AnyPool, Executor as _};

use crate::database_url::{DatabaseUrl, Location};
use crate::dialect::{Access, Dialect, connect_options};
use crate::error::{DriverError, During as _, StoreError};
use crate::limits;

/// The lock of the one that refreshes the lists.
const WORKER_LOCK: i32 = 1;

/// A server that does not answer for so long may have given the lease to somebody else.
const ANSWER: Duration = Duration::from_secs(5);

/// Being the one process that refreshes the lists. It lasts as long as the session that it belongs to: the server ends
/// that with the process, or when it hears nothing from it for half a minute.
///
/// Whoever has lost it and does not know yet does no harm: a list comes into force only in place of the one that was
/// seen, and with a higher number.
#[derive(Debug)]
pub struct WorkerLease(Option<Session>);

/// A connection of its own, which no pool hands to anybody else.
#[derive(Debug)]
struct Session {
    connection: sqlx::pool::PoolConnection<Any>,
    pool: AnyPool,
}

impl WorkerLease {
    pub(crate) async fn ask(url: &DatabaseUrl) -> Result<Option<Self>, StoreError> {
        if matches!(url.location(), Location::Sqlite(_)) {
            return Ok(Some(Self(None)));
        }
        let during = "the worker's lease is asked for";
        let options = connect_options(url.location(), Access::Owner).during(during)?;
        let pool = AnyPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(limits::ACQUIRE_TIMEOUT)
            .connect_lazy_with(options);
        let mut connection = pool.acquire().await.during(during)?;
        let lock = Dialect::try_session_lock(&mut connection, WORKER_LOCK);
        if in_time(lock).await? {
            return Ok(Some(Self(Some(Session { connection, pool }))));
        }
        drop(connection);
        pool.close().await;
        Ok(None)
    }

    /// Fails when the lease may be somebody else's by now: stop working, and ask again.
    pub async fn confirm(&mut self) -> Result<(), StoreError> {
        let Some(session) = &mut self.0 else {
            return Ok(());
        };
        let connection: &mut AnyConnection = &mut session.connection;
        in_time(async { connection.execute("SELECT 1").await.map(|_| ()) }).await
    }

    /// Lets somebody else have it at once.
    pub async fn release(self) {
        if let Some(session) = self.0 {
            // Closed, not given back: the lock belongs to the connection.
            let _closed = tokio::time::timeout(ANSWER, session.connection.close()).await;
            session.pool.close().await;
        }
    }
}

async fn in_time<T>(asking: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, StoreError> {
    let during = "the worker's lease is confirmed";
    match tokio::time::timeout(ANSWER, asking).await {
        Ok(answer) => answer.during(during),
        Err(_) => Err(StoreError::Unavailable {
            during,
            source: DriverError::text("no answer in time"),
        }),
    }
}
