//! What the databases can do at best with the same octets, by their own drivers and statements: nothing but the octets is
//! written, in the place of those before.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};
use sqlx::postgres::PgPoolCopyExt as _;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, Executor as _, PgPool, SqliteConnection};
use tokio::runtime::Runtime;

/// Octets of a blob: what fits well into memory more than once.
const BLOB: usize = 1024 * 1024;

/// A SQLite file with the largest pages there are, whose log is moved into it while nobody waits.
pub struct BareSqlite<'a> {
    runtime: &'a Runtime,
    connection: SqliteConnection,
}

impl<'a> BareSqlite<'a> {
    /// Makes the file.
    ///
    /// # Errors
    /// When SQLite does not.
    pub fn open(runtime: &'a Runtime, path: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true);
        let connection = runtime.block_on(async {
            let mut connection = SqliteConnection::connect_with(&options).await?;
            let settings = "PRAGMA page_size = 65536; PRAGMA journal_mode = WAL; \
                            PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; \
                            CREATE TABLE bare (chunk INTEGER PRIMARY KEY, content BLOB NOT NULL)";
            connection.execute(settings).await?;
            Ok::<_, anyhow::Error>(connection)
        })?;
        Ok(Self {
            runtime,
            connection,
        })
    }

    /// Commits the octets in the place of those before; takes so many seconds.
    ///
    /// # Errors
    /// When SQLite does not.
    pub fn replace(&mut self, octets: &[u8]) -> Result<f64> {
        let connection = &mut self.connection;
        self.runtime.block_on(async {
            let began = Instant::now();
            let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
            transaction.execute("DELETE FROM bare").await?;
            for content in octets.chunks(BLOB) {
                sqlx::query("INSERT INTO bare (content) VALUES ($1)")
                    .bind(content.to_vec())
                    .execute(&mut *transaction)
                    .await?;
            }
            transaction.commit().await?;
            let took = began.elapsed().as_secs_f64();
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").await?;
            Ok(took)
        })
    }
}

/// A table of PostgreSQL, filled by its copy protocol.
pub struct BarePostgres<'a> {
    runtime: &'a Runtime,
    pool: PgPool,
}

impl<'a> BarePostgres<'a> {
    /// Makes the table.
    ///
    /// # Errors
    /// When PostgreSQL does not.
    pub fn open(runtime: &'a Runtime, url: &str) -> Result<Self> {
        let pool = runtime.block_on(async {
            let pool = PgPool::connect(url).await?;
            let table = "CREATE TABLE bare (chunk BIGINT PRIMARY KEY, content BYTEA NOT NULL)";
            pool.execute(table).await?;
            let plain = "ALTER TABLE bare ALTER COLUMN content SET STORAGE EXTERNAL";
            pool.execute(plain).await?;
            Ok::<_, anyhow::Error>(pool)
        })?;
        Ok(Self { runtime, pool })
    }

    /// Commits the octets in an empty table; takes so many seconds.
    ///
    /// # Errors
    /// When PostgreSQL does not.
    pub fn replace(&mut self, octets: &[u8]) -> Result<f64> {
        let pool = &self.pool;
        self.runtime.block_on(async {
            pool.execute("TRUNCATE bare").await?;
            let began = Instant::now();
            let mut copy = pool
                .copy_in_raw("COPY bare (chunk, content) FROM STDIN (FORMAT binary)")
                .await?;
            copy.send(&b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0"[..])
                .await?;
            for (number, content) in (0_i64..).zip(octets.chunks(BLOB)) {
                let mut row = Vec::with_capacity(content.len() + 18);
                row.extend(2_i16.to_be_bytes());
                row.extend(8_i32.to_be_bytes());
                row.extend(number.to_be_bytes());
                let length = i32::try_from(content.len()).context("a short blob")?;
                row.extend(length.to_be_bytes());
                row.extend(content);
                copy.send(row).await?;
            }
            copy.send(&(-1_i16).to_be_bytes()[..]).await?;
            copy.finish().await?;
            Ok(began.elapsed().as_secs_f64())
        })
    }
}
