//! A fresh database for each test.

use std::sync::Arc;

use sandbox::postgres::Postgres;
use sqlx::{AnyConnection, Connection as _, Executor as _, PgConnection, SqliteConnection};
use store::{AuditLog, CrlReader, CrlWriter, DatabaseUrl, GatewayState, HolderLinks};

/// One empty installation: a database for each authority.
pub(crate) enum Databases {
    /// None but the gateway's, which every gateway of the test shares.
    Memory(GatewayState),
    Sqlite(tempfile::TempDir),
    Postgres {
        server: Arc<Postgres>,
        database: String,
    },
}

impl Databases {
    #[expect(clippy::unused_async, reason = "one of three that are made alike")]
    pub(crate) async fn memory() -> Self {
        Self::Memory(GatewayState::in_memory())
    }

    #[expect(clippy::unused_async, reason = "one of three that are made alike")]
    pub(crate) async fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().unwrap())
    }

    pub(crate) async fn postgres() -> Self {
        tokio::task::spawn_blocking(|| {
            let server = Postgres::shared().unwrap_or_else(|error| panic!("{error}"));
            let database = server.fresh_database().unwrap();
            Self::Postgres { server, database }
        })
        .await
        .unwrap()
    }

    /// The URL of one role. On SQLite the roles that share a part share a file.
    pub(crate) fn url(&self, role: &str) -> DatabaseUrl {
        match self {
            Self::Memory(_) => panic!("what is in memory has no address"),
            Self::Sqlite(folder) => {
                let part = if role.starts_with("crl_") {
                    "crl"
                } else {
                    role
                };
                DatabaseUrl::sqlite(&folder.path().join(format!("{part}.db"))).unwrap()
            }
            Self::Postgres { server, database } => server.url_in(database, role).parse().unwrap(),
        }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    /// Ends every session of a role, as a server does that is stopped.
    pub(crate) fn end_sessions(&self, role: &str) {
        let Self::Postgres { server, database } = self else {
            panic!("SQLite has no sessions")
        };
        let end = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE usename = '{role}' AND datname = '{database}'"
        );
        server.execute("postgres", &end).unwrap();
    }

    /// The file of the lists.
    pub(crate) fn sqlite_file(&self) -> std::path::PathBuf {
        let Self::Sqlite(folder) = self else {
            panic!("PostgreSQL has no file of ours")
        };
        folder.path().join("crl.db")
    }

    /// Changes the database of the lists behind their writer's back.
    pub(crate) async fn tamper(&self, sql: &'static str) {
        match self {
            Self::Memory(_) => panic!("nothing of the lists is in memory"),
            Self::Sqlite(folder) => {
                let path = format!("sqlite://{}", folder.path().join("crl.db").display());
                let mut connection = SqliteConnection::connect(&path).await.unwrap();
                connection.execute(sql).await.unwrap();
                connection.close().await.unwrap();
            }
            Self::Postgres { server, database } => {
                let url = server.url_in(database, "crl_writer");
                let mut connection = PgConnection::connect(&url).await.unwrap();
                connection.execute(sql).await.unwrap();
                connection.close().await.unwrap();
            }
        }
    }

    /// A number that is asked for in the database of the lists, beside their writer.
    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        sqlx::any::install_default_drivers();
        let url = match self {
            Self::Memory(_) => panic!("nothing of the lists is in memory"),
            Self::Sqlite(_) => format!("sqlite://{}", self.sqlite_file().display()),
            Self::Postgres { server, database } => server.url_in(database, "crl_writer"),
        };
        let mut connection = AnyConnection::connect(&url).await.unwrap();
        let number = sqlx::query_scalar(sql).fetch_one(&mut connection).await;
        connection.close().await.unwrap();
        number.unwrap()
    }

    pub(crate) async fn writer(&self) -> CrlWriter {
        CrlWriter::open(&self.url("crl_writer")).await.unwrap()
    }

    pub(crate) fn reader(&self) -> CrlReader {
        CrlReader::open(&self.url("crl_reader")).unwrap()
    }

    pub(crate) async fn audit(&self) -> AuditLog {
        AuditLog::open(&self.url("audit")).await.unwrap()
    }

    pub(crate) async fn gateway(&self) -> GatewayState {
        match self {
            Self::Memory(state) => state.clone(),
            _ => GatewayState::open(&self.url("gateway")).await.unwrap(),
        }
    }

    pub(crate) async fn holders(&self) -> HolderLinks {
        HolderLinks::open(&self.url("holder_links")).await.unwrap()
    }
}
