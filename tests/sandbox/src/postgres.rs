//! A PostgreSQL server of its own for a test: Debian's package, started on a free port of the loopback interface in a
//! temporary folder, stopped and removed when it is dropped.
//!
//! Each database has what a real installation has: one schema and one role for each authority over data, and a role
//! that may only read the lists. A role finds its tables through its own `search_path`, so that URLs name no schema.

mod error;
mod programs;

use std::fs;
use std::os::unix::fs::chown;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

pub use error::PostgresError;
use programs::Programs;

/// The roles of every database: the writer of each part owns its schema, `crl_reader` may only read.
pub const ROLES: [&str; 5] = [
    "crl_writer",
    "crl_reader",
    "audit",
    "holder_links",
    "gateway",
];

/// The database that [`Postgres::url`] names.
const DATABASE: &str = "akashi";

/// What an installation runs once: what is tested is what is shipped.
const ROLES_SQL: &str = include_str!("../../../deploy/postgres/roles.sql");

/// Where the part begins that belongs to one database; before it stand the roles, which belong to the server.
const SCHEMAS_BEGIN: &str = "REVOKE ALL ON SCHEMA public";

/// How long a server may take to start or to stop on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running server.
#[derive(Debug)]
pub struct Postgres {
    server: Child,
    programs: Programs,
    port: u16,
    databases: AtomicU32,
    // Dropped after the server has stopped.
    folder: tempfile::TempDir,
}

impl Postgres {
    /// Starts a server with one prepared database.
    pub fn start() -> Result<Self, PostgresError> {
        Self::start_with(Programs::find()?)
    }

    fn start_with(programs: Programs) -> Result<Self, PostgresError> {
        let folder = tempfile::Builder::new()
            .prefix("akashi-postgres-")
            .tempdir()?;
        if let Some((uid, gid)) = programs.user {
            chown(folder.path(), Some(uid), Some(gid))?;
        }
        Self::start_in(programs, folder)
    }

    fn start_in(programs: Programs, folder: tempfile::TempDir) -> Result<Self, PostgresError> {
        programs.initialise(&folder.path().join("data"))?;
        let (server, port) = programs.listen(folder.path())?;
        let postgres = Self {
            server,
            programs,
            port,
            databases: AtomicU32::new(0),
            folder,
        };
        postgres.execute("postgres", split_roles_sql().0)?;
        postgres.create(DATABASE)?;
        Ok(postgres)
    }

    /// The same, which waits until what it commits is on the disk: for measuring what that costs.
    pub fn start_durable() -> Result<Self, PostgresError> {
        let mut programs = Programs::find()?;
        programs.is_durable = true;
        Self::start_with(programs)
    }

    /// The same in a place of its own: `within` is what a command begins with that sees this empty folder as it is there,
    /// a file system of its own say.
    pub fn start_within(
        within: &[String],
        folder: tempfile::TempDir,
    ) -> Result<Self, PostgresError> {
        let mut programs = Programs::find()?;
        within.clone_into(&mut programs.within);
        Self::start_in(programs, folder)
    }

    /// One server for all tests of a process: started by the first, stopped when the last lets go of it.
    pub fn shared() -> Result<Arc<Self>, PostgresError> {
        static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = shared.upgrade() {
            return Ok(running);
        }
        let started = Arc::new(Self::start()?);
        *shared = Arc::downgrade(&started);
        Ok(started)
    }

    /// The URL of one of [`ROLES`] in the prepared database.
    pub fn url(&self, role: &str) -> String {
        self.url_in(DATABASE, role)
    }

    /// The URL of one of [`ROLES`] in a database made by [`Postgres::fresh_database`].
    pub fn url_in(&self, database: &str, role: &str) -> String {
        format!("postgres://{role}@127.0.0.1:{}/{database}", self.port)
    }

    /// Makes another database with the same schemas and privileges, for a test that wants to be alone.
    pub fn fresh_database(&self) -> Result<String, PostgresError> {
        let name = format!("akashi_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.create(&name)?;
        Ok(name)
    }

    /// The port it listens on, on the loopback interface.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs SQL as the superuser, for what no role of ours may do, such as ending a connection.
    pub fn execute(&self, database: &str, sql: &str) -> Result<(), PostgresError> {
        self.programs.psql(self.port, database, sql)
    }

    /// All that is in a database, as the text that would restore it.
    pub fn dump(&self, database: &str) -> Result<Vec<u8>, PostgresError> {
        let mut command = self.programs.command("pg_dump");
        command.args(["-h", "127.0.0.1", "-U", "postgres"]);
        let output = command
            .args(["-p", &self.port.to_string(), "-d", database])
            .output()?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        Err(PostgresError::Failed {
            program: "pg_dump",
            said: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    fn create(&self, database: &str) -> Result<(), PostgresError> {
        self.execute("postgres", &format!("CREATE DATABASE {database}"))?;
        self.execute(database, split_roles_sql().1)
    }
}

impl Postgres {
    /// Stops the server as if its machine were gone; its data stay.
    pub fn stop(&mut self) {
        if !matches!(self.server.try_wait(), Ok(None)) {
            return;
        }
        // SIGINT is PostgreSQL's fast shutdown: sessions end, files are left consistent.
        let _ = Command::new("kill")
            .args(["-INT", &self.server.id().to_string()])
            .status();
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if !matches!(self.server.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.server.kill();
        let _ = self.server.wait();
    }

    /// Whether it runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.server.try_wait(), Ok(None))
    }

    /// Starts a stopped server again, on its port and with its data.
    pub fn start_again(&mut self) -> Result<(), PostgresError> {
        self.stop();
        self.server = self.programs.spawn(self.folder.path(), self.port)?;
        if self.programs.answers(&mut self.server, self.port) {
            return Ok(());
        }
        let said = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        Err(PostgresError::Failed {
            program: "postgres",
            said,
        })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The part of the server and the part of each database.
fn split_roles_sql() -> (&'static str, &'static str) {
    ROLES_SQL.split_at(ROLES_SQL.find(SCHEMAS_BEGIN).unwrap_or(ROLES_SQL.len()))
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    #[test]
    fn a_server_answers_every_role_and_stops_when_dropped() {
        let postgres = Postgres::start().unwrap();
        let port = postgres.port();
        for role in ROLES {
            postgres
                .execute("akashi", &format!("SET ROLE {role}; SELECT 1"))
                .unwrap();
        }
        assert!(postgres.execute("akashi", "SET ROLE nobody").is_err());
        drop(postgres);
        assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok());
    }

    #[test]
    fn a_server_that_was_stopped_comes_back_with_its_data() {
        let mut postgres = Postgres::start().unwrap();
        let (port, table) = (postgres.port(), "CREATE TABLE kept (id BIGINT)");
        postgres.execute("akashi", table).unwrap();
        postgres.stop();
        assert!(postgres.execute("akashi", "SELECT 1").is_err());
        postgres.start_again().unwrap();
        assert_eq!(postgres.port(), port);
        postgres.execute("akashi", "SELECT id FROM kept").unwrap();
    }
}
