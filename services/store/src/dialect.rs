//! Every difference between SQLite and PostgreSQL, and nothing else. The SQL elsewhere runs on both: columns are
//! BIGINT, TEXT and BYTEA only, identifiers are made by the application, and there is no bool, SUM without a cast,
//! time stamp, array or `FOR UPDATE`.

use std::path::Path;
use std::str::FromStr as _;

use sqlx::any::AnyConnectOptions;
use sqlx::{Any, AnyConnection, AnyPool, Row as _, Transaction};

use crate::database_url::Location;
use crate::limits;

/// Which database is behind a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// Whether a missing SQLite file is created, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// For small rows.
    Owner,
    /// For blobs of a megabyte.
    OwnerOfLists,
    Reader,
}

impl Dialect {
    pub(crate) fn of(location: &Location) -> Self {
        match location {
            Location::Sqlite(_) => Self::Sqlite,
            Location::Postgres(_) => Self::Postgres,
        }
    }

    /// SQLite has one writer at a time: a second connection would only wait, or fail in spite of waiting.
    pub(crate) fn writer_connections(self) -> u32 {
        match self {
            Self::Sqlite => 1,
            Self::Postgres => limits::READER_CONNECTIONS,
        }
    }

    /// Begins a transaction that may read before it writes. SQLite's plain BEGIN would fail when the lock is upgraded.
    pub(crate) async fn begin_write(
        self,
        writer: &AnyPool,
    ) -> Result<Transaction<'static, Any>, sqlx::Error> {
        match self {
            Self::Sqlite => writer.begin_with("BEGIN IMMEDIATE").await,
            Self::Postgres => writer.begin().await,
        }
    }

    /// Makes the rest of the transaction the only one that holds `lock`. SQLite's write transactions exclude each
    /// other already; PostgreSQL's READ COMMITTED would lose updates between a read and the write that depends on it.
    pub(crate) async fn serialise(
        self,
        transaction: &mut Transaction<'static, Any>,
        lock: i64,
    ) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite => Ok(()),
            Self::Postgres => {
                sqlx::query("SELECT CASE WHEN pg_advisory_xact_lock($1) IS NULL THEN 0 ELSE 1 END")
                    .bind(lock)
                    .execute(&mut **transaction)
                    .await
                    .map(|_| ())
            }
        }
    }

    /// Lets listeners know when the transaction is committed. SQLite has none.
    pub(crate) async fn hint(
        transaction: &mut Transaction<'static, Any>,
        channel: &str,
        generation: i64,
    ) -> Result<(), sqlx::Error> {
        if transaction.backend_name() == "SQLite" {
            return Ok(());
        }
        sqlx::query("SELECT CASE WHEN pg_notify($1, $2) IS NULL THEN 0 ELSE 1 END")
            .bind(channel.to_owned())
            .bind(generation.to_string())
            .execute(&mut **transaction)
            .await
            .map(|_| ())
    }

    /// Takes the one lock of this kind that the schema has for the rest of the session, if nobody has it. SQLite is one
    /// machine's, where nobody competes.
    pub(crate) async fn try_session_lock(
        connection: &mut AnyConnection,
        lock: i32,
    ) -> Result<bool, sqlx::Error> {
        if connection.backend_name() == "SQLite" {
            return Ok(true);
        }
        // A holder that vanished without a word (no power, no network) is noticed by the server within half a minute.
        sqlx::raw_sql(
            "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; \
             SET tcp_keepalives_count = 3; SET tcp_user_timeout = 25000;",
        )
        .execute(&mut *connection)
        .await?;
        let row = sqlx::query(
            "SELECT CASE WHEN pg_try_advisory_lock($1, hashtext(current_schema()))
                         THEN 1 ELSE 0 END",
        )
        .bind(lock)
        .fetch_one(connection)
        .await?;
        Ok(row.try_get::<i32, _>(0)? == 1)
    }

    /// Moves what was committed from SQLite's log into its file, beside those who read and write. PostgreSQL does so by
    /// itself.
    pub(crate) async fn settle(self, reader: &AnyPool) -> Result<(), sqlx::Error> {
        match self {
            Self::Postgres => Ok(()),
            Self::Sqlite => sqlx::raw_sql("PRAGMA wal_checkpoint(PASSIVE)")
                .execute(reader)
                .await
                .map(|_| ()),
        }
    }

    /// Empties SQLite's log once it was moved into its file: what was removed stands in the log as it was before. Where
    /// somebody reads or writes just then, it is left for the next time, and nobody waits.
    pub(crate) async fn empty_log(self, writer: &AnyPool) -> Result<(), sqlx::Error> {
        match self {
            Self::Postgres => Ok(()),
            Self::Sqlite => sqlx::raw_sql(
                "PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA busy_timeout = 10000;",
            )
            .execute(writer)
            .await
            .map(|_| ()),
        }
    }

    /// What every new connection is told first.
    pub(crate) async fn prepare(
        connection: &mut AnyConnection,
        access: Access,
    ) -> Result<(), sqlx::Error> {
        if connection.backend_name() != "SQLite" {
            return Ok(());
        }
        // FULL: a commit that was acknowledged survives a power cut; the audit log and the highest CRL number need it.
        // A statement waits 10 s for another process's lock before it fails.
        let settings = match access {
            // secure_delete: what is removed is overwritten. Of sign-ins and signatures that are over nothing shall be read
            // out of a file or a copy of it.
            Access::Owner => {
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = 0; \
                 PRAGMA busy_timeout = 10000; PRAGMA secure_delete = 1;"
            }
            // A page costs two calls of the system on its way into the log and two more into the file, whatever its size.
            // A file that is there keeps the size it has. The log is moved into the file by [`Self::settle`]; only where
            // that fails for long a commit does so itself.
            Access::OwnerOfLists => {
                "PRAGMA page_size = 65536; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                 PRAGMA trusted_schema = 0; PRAGMA busy_timeout = 10000; \
                 PRAGMA wal_autocheckpoint = 8192;"
            }
            Access::Reader => {
                "PRAGMA query_only = 1; PRAGMA trusted_schema = 0; PRAGMA busy_timeout = 10000;"
            }
        };
        sqlx::raw_sql(settings)
            .execute(connection)
            .await
            .map(|_| ())
    }
}

/// The driver's form of a location.
pub(crate) fn connect_options(
    location: &Location,
    access: Access,
) -> Result<AnyConnectOptions, sqlx::Error> {
    match location {
        Location::Sqlite(path) => AnyConnectOptions::from_str(&sqlite_url(path, access)),
        Location::Postgres(url) => AnyConnectOptions::from_str(url.as_str()),
    }
}

fn sqlite_url(path: &Path, access: Access) -> String {
    let mode = match access {
        Access::Owner | Access::OwnerOfLists => "rwc",
        Access::Reader => "rw",
    };
    let path = path
        .to_string_lossy()
        .replace('%', "%25")
        .replace('#', "%23")
        .replace('?', "%3F");
    format!("sqlite://{path}?mode={mode}")
}

/// Whether an error says that the schema does not exist yet.
pub(crate) fn is_missing_schema(code: Option<&str>, message: &str) -> bool {
    match code {
        // PostgreSQL: undefined_table, invalid_schema_name. SQLite: SQLITE_CANTOPEN, the file is not there.
        Some("42P01" | "3F000" | "14") => true,
        // SQLite: SQLITE_ERROR is shared by many.
        Some("1") => message.starts_with("no such table"),
        _ => false,
    }
}

/// Whether an error says that the database is there but cannot serve now.
pub(crate) fn is_unavailable(code: Option<&str>) -> bool {
    code.is_some_and(|code| {
        // PostgreSQL classes 08 (connection), 53 (resources), 57P (shutdown); SQLite BUSY and its extended codes.
        code.starts_with("08")
            || code.starts_with("53")
            || code.starts_with("57P")
            || matches!(code, "5" | "261" | "517" | "773")
    })
}
