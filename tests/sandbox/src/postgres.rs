//! A PostgreSQL server of its own for a test: Debian's package, started on a free port of the loopback interface in a
//! temporary folder, stopped and removed when it is dropped.
//!
//! Each database has what a real installation has: one schema and one role for each authority over data, and a role
//! that may only read the lists. A role finds its tables through its own `search_path`, so that URLs name no schema.

use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

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

/// Another process may take the free port between looking and listening.
const PORT_ATTEMPTS: u32 = 5;

/// Why there is no server.
#[derive(Debug)]
pub enum PostgresError {
    /// The programs are not installed.
    NotInstalled,
    /// We are root, PostgreSQL refuses to be, and there is no user for it.
    NoUser,
    /// A program failed; what it said.
    Failed {
        /// The program.
        program: &'static str,
        /// Its words.
        said: String,
    },
    /// The computer would not do it.
    Io(std::io::Error),
}

impl std::fmt::Display for PostgresError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotInstalled => {
                f.write_str("PostgreSQL is not installed; install the Debian package postgresql")
            }
            Self::NoUser => f.write_str(
                "PostgreSQL does not run as root and there is no user \"postgres\"; install the Debian package postgresql",
            ),
            Self::Failed { program, said } => write!(f, "{program} failed: {said}"),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PostgresError {}

impl From<std::io::Error> for PostgresError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

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

/// Debian's programs and the user they run as.
#[derive(Debug)]
struct Programs {
    folder: PathBuf,
    /// Only when we are root: PostgreSQL refuses to run as root.
    user: Option<(u32, u32)>,
    /// What a command begins with.
    within: Vec<String>,
    /// Whether a commit waits for the disk.
    is_durable: bool,
}

impl Programs {
    /// Other installations (in /usr/local, say) may lack programs or belong to somebody: only Debian's are used.
    fn find() -> Result<Self, PostgresError> {
        let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
            .map_err(|_| PostgresError::NotInstalled)?
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let version = entry.file_name().to_str()?.parse().ok()?;
                Some((version, entry.path().join("bin")))
            })
            .filter(|(_, folder)| {
                ["initdb", "postgres", "psql"]
                    .iter()
                    .all(|name| folder.join(name).exists())
            })
            .collect();
        versions.sort();
        let (_, folder) = versions.pop().ok_or(PostgresError::NotInstalled)?;
        let user = if number("id", &["-u"])? == 0 {
            let id = |flag| number("id", &[flag, "postgres"]).map_err(|_| PostgresError::NoUser);
            Some((id("-u")?, id("-g")?))
        } else {
            None
        };
        Ok(Self {
            folder,
            user,
            within: Vec::new(),
            is_durable: false,
        })
    }

    fn command(&self, program: &'static str) -> Command {
        let program = self.folder.join(program);
        let mut command = match (&*self.within, self.user) {
            ([], None) => Command::new(program),
            ([], Some((uid, gid))) => {
                let mut command = Command::new(program);
                command.uid(uid).gid(gid);
                command
            }
            // Only who we are now may go in there.
            ([enter, arguments @ ..], user) => {
                let mut command = Command::new(enter);
                command.args(arguments);
                if let Some((uid, gid)) = user {
                    let id = |flag, id| format!("--{flag}={id}");
                    command.args([
                        "setpriv",
                        &id("reuid", uid),
                        &id("regid", gid),
                        "--clear-groups",
                    ]);
                }
                command.arg(program);
                command
            }
        };
        // Our working folder may be closed to the other user.
        command
            .current_dir("/")
            .env_remove("PGSERVICE")
            .env_remove("PGPASSFILE");
        command
    }

    fn initialise(&self, data: &Path) -> Result<(), PostgresError> {
        let mut command = self.command("initdb");
        command.arg("-D").arg(data);
        command.args([
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ]);
        finish("initdb", &mut command, "")
    }

    fn listen(&self, folder: &Path) -> Result<(Child, u16), PostgresError> {
        for _ in 0..PORT_ATTEMPTS {
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
                .local_addr()?
                .port();
            let mut server = self.spawn(folder, port)?;
            if self.answers(&mut server, port) {
                return Ok((server, port));
            }
            let _ = server.kill();
            let _ = server.wait();
        }
        let said = fs::read_to_string(folder.join("log")).unwrap_or_default();
        Err(PostgresError::Failed {
            program: "postgres",
            said,
        })
    }

    /// Starts a server on `data` in a folder, with `log` beside it.
    fn spawn(&self, folder: &Path, port: u16) -> std::io::Result<Child> {
        self.command("postgres")
            .arg("-D")
            .arg(folder.join("data"))
            .args(["-p", &port.to_string()])
            .args([
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "unix_socket_directories=",
            ])
            // The files are thrown away; what is tested is the death of our processes, not of the computer.
            .args([
                "-c",
                if self.is_durable {
                    "fsync=on"
                } else {
                    "fsync=off"
                },
            ])
            .args(["-c", "max_connections=200"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.join("log"))?)
            .spawn()
    }

    /// Waits until the server answers; false when it ended instead.
    fn answers(&self, server: &mut Child, port: u16) -> bool {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until && matches!(server.try_wait(), Ok(None)) {
            if self.psql(port, "postgres", "SELECT 1").is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }

    fn psql(&self, port: u16, database: &str, sql: &str) -> Result<(), PostgresError> {
        let mut command = self.command("psql");
        command.args([
            "-X",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            "127.0.0.1",
            "-U",
            "postgres",
        ]);
        command.args(["-p", &port.to_string(), "-d", database, "-f", "-"]);
        finish("psql", &mut command, sql)
    }
}

/// The part of the server and the part of each database.
fn split_roles_sql() -> (&'static str, &'static str) {
    ROLES_SQL.split_at(ROLES_SQL.find(SCHEMAS_BEGIN).unwrap_or(ROLES_SQL.len()))
}

fn number(program: &'static str, arguments: &[&str]) -> Result<u32, PostgresError> {
    let output = Command::new(program).args(arguments).output()?;
    String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .map_err(|_| PostgresError::Failed {
            program,
            said: "no number".to_owned(),
        })
}

fn finish(program: &'static str, command: &mut Command, input: &str) -> Result<(), PostgresError> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(PostgresError::Failed { program, said })
}

#[cfg(test)]
mod tests {
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
