//! Connections to one authority's database.
//!
//! SQLite: one connection writes and the others read (WAL mode lets them). PostgreSQL: one pool for both. A write that
//! reads first goes through [`Database::begin_write`], never through a plain transaction.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::{Any, AnyPool, Connection as _, Transaction};
use tokio::runtime::Handle;
use tokio::sync::Mutex;

use crate::database_url::DatabaseUrl;
use crate::dialect::{Access, Dialect, connect_options};
use crate::error::{DriverError, During as _, StoreError};
use crate::limits;
use crate::migrations::{self, Part};

/// A cheap handle: clones share the connections.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    dialect: Dialect,
    reader: AnyPool,
    writer: AnyPool,
    /// The runtime that opened the database. Statements run there, so that a connection is never driven by the reactor
    /// of a serving thread, and a caller who goes away does not interrupt a transaction.
    runtime: Handle,
    /// Octets written since SQLite's log was moved into its file.
    unsettled: Arc<AtomicUsize>,
    settling: Arc<Mutex<()>>,
}

impl Database {
    /// Connects, and brings the schema of `part` up to this program's version.
    pub(crate) async fn open(url: &DatabaseUrl, part: Part) -> Result<Self, StoreError> {
        let patience = match part {
            // Nobody waits for a list, and a failed attempt would have to fetch it again.
            Part::Crl => limits::LISTS_PATIENCE,
            Part::Audit | Part::HolderLinks | Part::Gateway => limits::ACQUIRE_TIMEOUT,
        };
        let access = match part {
            Part::Crl => Access::OwnerOfLists,
            Part::Audit | Part::HolderLinks | Part::Gateway => Access::Owner,
        };
        let database = Self::connect(url, access, patience)?;
        migrations::run(&database.writer, url.location(), part).await?;
        Ok(database)
    }

    /// Prepares connections for reading only. Connects on first use: the schema may not be there yet.
    pub(crate) fn open_reader(url: &DatabaseUrl) -> Result<Self, StoreError> {
        Self::connect(url, Access::Reader, limits::ACQUIRE_TIMEOUT)
    }

    /// `patience`: how long a write waits for others on SQLite, where there is one connection for all of them.
    fn connect(url: &DatabaseUrl, access: Access, patience: Duration) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let dialect = Dialect::of(url.location());
        let options =
            connect_options(url.location(), access).during("the database URL is being read")?;
        let reader =
            pool_options(limits::READER_CONNECTIONS, access).connect_lazy_with(options.clone());
        let writer = match (dialect, access) {
            (Dialect::Sqlite, Access::Owner | Access::OwnerOfLists) => {
                let pool = pool_options(dialect.writer_connections(), access);
                pool.acquire_timeout(patience).connect_lazy_with(options)
            }
            _ => reader.clone(),
        };
        Ok(Self {
            dialect,
            reader,
            writer,
            runtime: Handle::current(),
            unsettled: Arc::default(),
            settling: Arc::default(),
        })
    }

    /// Notes that a transaction with so many octets of lists was committed. Whether so much waits in SQLite's log that it
    /// should be moved into its file.
    pub(crate) fn written(&self, octets: usize) -> bool {
        let octets = octets + limits::TRANSACTION_OCTETS;
        let before = self.unsettled.fetch_add(octets, Ordering::Relaxed);
        let is_due = before + octets >= limits::UNSETTLED_OCTETS;
        if is_due {
            self.unsettled.store(0, Ordering::Relaxed);
        }
        is_due
    }

    /// Moves what was committed from SQLite's log into its file.
    pub(crate) async fn settle(&self) -> Result<(), StoreError> {
        let settled = self.dialect.settle(&self.reader).await;
        settled.during("the log is moved into the file")
    }

    /// The turn of whoever looks after what was committed. One after the other: SQLite lets nobody move its log who finds
    /// somebody doing so.
    pub(crate) fn settling(&self) -> Arc<Mutex<()>> {
        Arc::clone(&self.settling)
    }

    /// Which of the two it is.
    pub(crate) const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// For single statements that read, and on either database for reads that need no lock.
    pub(crate) fn reader(&self) -> &AnyPool {
        &self.reader
    }

    /// For single statements that write (compare-and-set in one statement).
    pub(crate) fn writer(&self) -> &AnyPool {
        &self.writer
    }

    /// A transaction that reads before it writes. Dropped without commit it changes nothing.
    pub(crate) async fn begin_write(&self) -> Result<Transaction<'static, Any>, StoreError> {
        self.dialect
            .begin_write(&self.writer)
            .await
            .during("a transaction begins")
    }

    /// Like [`Database::begin_write`], and no other transaction holds the same `lock` until this one ends.
    pub(crate) async fn begin_exclusive(
        &self,
        lock: i64,
    ) -> Result<Transaction<'static, Any>, StoreError> {
        let mut transaction = self.begin_write().await?;
        self.dialect
            .serialise(&mut transaction, lock)
            .await
            .during("a lock is taken")?;
        Ok(transaction)
    }

    /// Runs `work` on the runtime that opened the database; it continues when the caller stops waiting.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.runtime
            .spawn(work)
            .await
            .unwrap_or_else(|_| Err(stopped()))
    }

    /// The runtime that opened the database.
    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Closes every connection.
    pub(crate) async fn close(&self) {
        self.writer.close().await;
        self.reader.close().await;
    }
}

/// The runtime or task that serves the database has ended.
pub(crate) fn stopped() -> StoreError {
    StoreError::Unavailable {
        during: "the program is stopping",
        source: DriverError::text("the database's runtime has ended"),
    }
}

fn pool_options(connections: u32, access: Access) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(limits::ACQUIRE_TIMEOUT)
        // SQLite ends a transaction by itself where the disk is full, and the driver goes on counting it: on such a
        // connection no other could begin, ever.
        .before_acquire(|connection, _| {
            let is_free = !connection.is_in_transaction();
            Box::pin(std::future::ready(Ok(is_free)))
        })
        .after_connect(move |connection, _| Box::pin(Dialect::prepare(connection, access)))
}

#[cfg(test)]
mod tests {
    use super::Database;
    use crate::DatabaseUrl;
    use crate::limits::ACQUIRE_TIMEOUT;
    use crate::migrations::Part;

    #[tokio::test]
    async fn a_list_waits_longer_for_others_than_anybody_who_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let open = async |file, part| {
            let url = DatabaseUrl::sqlite(&folder.path().join(file)).unwrap();
            Database::open(&url, part).await.unwrap()
        };
        let lists = open("lists", Part::Crl).await;
        let audit = open("audit", Part::Audit).await;
        let (first, others) = (lists.begin_write().await, audit.begin_write().await);
        let (first, others) = (first.unwrap(), others.unwrap());
        let waiting = tokio::spawn(async move { lists.begin_write().await.map(drop) });
        assert!(audit.begin_write().await.is_err());
        tokio::time::sleep(ACQUIRE_TIMEOUT / 5).await;
        assert!(!waiting.is_finished());
        drop(first);
        waiting.await.unwrap().unwrap();
        drop(others);
    }
}
