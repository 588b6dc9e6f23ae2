//! Debian's programs: found, and run as the user they may run as.

use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{PATIENCE, PostgresError};

/// Another process may take the free port between looking and listening.
const PORT_ATTEMPTS: u32 = 5;

/// Debian's programs and the user they run as.
#[derive(Debug)]
pub(super) struct Programs {
    folder: PathBuf,
    /// Only when we are root: PostgreSQL refuses to run as root.
    pub(super) user: Option<(u32, u32)>,
    /// What a command begins with.
    pub(super) within: Vec<String>,
    /// Whether a commit waits for the disk.
    pub(super) is_durable: bool,
}

impl Programs {
    /// Other installations (in /usr/local, say) may lack programs or belong to somebody: only Debian's are used.
    pub(super) fn find() -> Result<Self, PostgresError> {
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

    pub(super) fn command(&self, program: &'static str) -> Command {
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

    pub(super) fn initialise(&self, data: &Path) -> Result<(), PostgresError> {
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

    pub(super) fn listen(&self, folder: &Path) -> Result<(Child, u16), PostgresError> {
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
    pub(super) fn spawn(&self, folder: &Path, port: u16) -> std::io::Result<Child> {
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
    pub(super) fn answers(&self, server: &mut Child, port: u16) -> bool {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until && matches!(server.try_wait(), Ok(None)) {
            if self.psql(port, "postgres", "SELECT 1").is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }

    pub(super) fn psql(&self, port: u16, database: &str, sql: &str) -> Result<(), PostgresError> {
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
