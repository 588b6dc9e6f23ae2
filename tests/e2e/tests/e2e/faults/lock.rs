//! Holds what a writer needs, from outside, so that the moment before its commit lasts as long as a test wants.

use anyhow::{Result, ensure};
use e2e::system::eventually;
use sqlx::{AnyConnection, Connection as _, Row as _};

/// Lets nobody read the parts of the lists in PostgreSQL until it is released: whoever begins to stands still in the
/// middle of reading.
pub(crate) struct ReadLock {
    url: String,
    connection: AnyConnection,
}

impl ReadLock {
    pub(crate) async fn on_lists(url: &str) -> Result<Self> {
        let mut connection = connect(url).await?;
        run(&mut connection, "BEGIN").await?;
        let lock = "LOCK TABLE crl_segment_chunk IN ACCESS EXCLUSIVE MODE";
        run(&mut connection, lock).await?;
        Ok(Self {
            url: url.to_owned(),
            connection,
        })
    }

    /// Waits until somebody stands still in the middle of reading.
    pub(crate) async fn wait_for_reader(&self) -> Result<()> {
        eventually("a reader that waits", || async {
            let mut connection = connect(&self.url).await?;
            let waiting =
                "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation'
                 AND mode = 'AccessShareLock' AND relation = 'crl_segment_chunk'::regclass";
            let waiting = number(&mut connection, waiting).await?;
            connection.close().await?;
            Ok(waiting > 0)
        })
        .await
    }

    pub(crate) async fn release(mut self) -> Result<()> {
        run(&mut self.connection, "ROLLBACK").await?;
        Ok(self.connection.close().await?)
    }
}

/// Keeps writers from their commit until it is released or dropped; readers are not held up.
pub(crate) struct Lock {
    url: String,
    connection: AnyConnection,
}

impl Lock {
    /// Lets nobody begin to write to a SQLite database.
    pub(crate) async fn on_sqlite(url: &str) -> Result<Self> {
        let mut connection = connect(url).await?;
        run(&mut connection, "BEGIN IMMEDIATE").await?;
        Ok(Self {
            url: url.to_owned(),
            connection,
        })
    }

    /// Lets no list be committed. On PostgreSQL the writer is stopped in the middle of its transaction, when the old
    /// list is removed and the new one is written in part; on SQLite, where one transaction is one write to the disk,
    /// before it.
    pub(crate) async fn on_lists(url: &str) -> Result<Self> {
        if url.starts_with("sqlite:") {
            return Self::on_sqlite(url).await;
        }
        let mut connection = connect(url).await?;
        for statement in [
            "SELECT CASE WHEN pg_advisory_lock(4242) IS NULL THEN 0 ELSE 1 END",
            "CREATE FUNCTION wait_at_the_gate() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN PERFORM pg_advisory_xact_lock(4242); RETURN NEW; END'",
            "CREATE TRIGGER gate BEFORE INSERT ON crl_segment_chunk
             FOR EACH ROW EXECUTE FUNCTION wait_at_the_gate()",
        ] {
            run(&mut connection, statement).await?;
        }
        Ok(Self {
            url: url.to_owned(),
            connection,
        })
    }

    /// Waits until somebody waits for it. SQLite does not tell who does: there this returns at once.
    pub(crate) async fn wait_for_waiting(&self) -> Result<()> {
        if self.url.starts_with("sqlite:") {
            return Ok(());
        }
        eventually("somebody waiting at the gate", || async {
            let mut connection = connect(&self.url).await?;
            let waiting = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory' AND objid = 4242";
            Ok(number(&mut connection, waiting).await? > 0)
        })
        .await
    }

    pub(crate) async fn release(mut self) -> Result<()> {
        if !self.url.starts_with("sqlite:") {
            for statement in [
                "SELECT CASE WHEN pg_advisory_unlock(4242) THEN 1 ELSE 0 END",
                // Waits for the transaction of whoever stood at the gate: killed or not, it has ended then.
                "DROP TRIGGER gate ON crl_segment_chunk",
                "DROP FUNCTION wait_at_the_gate()",
            ] {
                run(&mut self.connection, statement).await?;
            }
        }
        Ok(self.connection.close().await?)
    }
}

/// Whether every part of every list belongs to a list in force, and on SQLite whether the file itself is sound.
pub(crate) async fn expect_nothing_half_written(url: &str) -> Result<()> {
    let mut connection = connect(url).await?;
    let orphans = "SELECT COUNT(*) FROM crl_segment_chunk c WHERE NOT EXISTS
         (SELECT 1 FROM crl_segment s WHERE s.source = c.source AND s.generation = c.generation)";
    let orphans = number(&mut connection, orphans).await?;
    ensure!(orphans == 0, "{orphans} parts belong to no list");
    let incomplete = "SELECT COUNT(*) FROM crl_segment s WHERE s.chunks <>
         (SELECT COUNT(*) FROM crl_segment_chunk c
          WHERE s.source = c.source AND s.generation = c.generation)";
    let incomplete = number(&mut connection, incomplete).await?;
    ensure!(incomplete == 0, "{incomplete} lists lack a part");
    if url.starts_with("sqlite:") {
        let row = sqlx::query("PRAGMA integrity_check")
            .fetch_one(&mut connection)
            .await?;
        let verdict: String = row.try_get(0)?;
        ensure!(verdict == "ok", "the file is damaged: {verdict}");
    }
    Ok(connection.close().await?)
}

async fn connect(url: &str) -> Result<AnyConnection> {
    sqlx::any::install_default_drivers();
    Ok(AnyConnection::connect(url).await?)
}

async fn run(connection: &mut AnyConnection, statement: &'static str) -> Result<()> {
    sqlx::query(statement).execute(connection).await?;
    Ok(())
}

async fn number(connection: &mut AnyConnection, statement: &'static str) -> Result<i64> {
    let row = sqlx::query(statement).fetch_one(connection).await?;
    Ok(row.try_get(0)?)
}
