//! A whole installation: the sandbox's world, a deployment folder, and the shipped binary's processes on it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use sandbox::deployment::{Databases, Deployment, Lists, Pace, Ports};
use sandbox::postgres::Postgres;

use crate::process::{PATIENCE, Process};
use crate::small_disk::SmallDisk;
use crate::world::World;

/// The roles, each a process of its own unless one runs them all.
pub const ROLES: [&str; 5] = [
    "crl-sync",
    "revocation-lookup",
    "signature-verification",
    "signing-certificate",
    "oidc-gateway",
];

/// How an installation is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `akashi all` on SQLite files.
    AllOnSqlite,
    /// Each role its own process, on SQLite files that they share.
    RolesOnSqlite,
    /// Each role its own process, with its own certificate, PostgreSQL role and configuration.
    RolesOnPostgres,
}

/// What an installation is made of.
#[derive(Clone, Debug)]
pub struct Plan {
    /// One process or many.
    pub shape: Shape,
    /// Which lists are fetched.
    pub lists: Lists,
    /// How long a list is good for.
    pub list_lifetime_seconds: u32,
    /// Whether there are OCSP responders.
    pub ocsp: bool,
    /// Whether the data lie on a disk so small that it can be filled: those of the SQLite files and of the state
    /// directory, or those of PostgreSQL.
    pub has_small_disk: bool,
}

impl Plan {
    /// Every list, good for an hour.
    pub fn of(shape: Shape) -> Self {
        Self {
            shape,
            lists: Lists::all(),
            list_lifetime_seconds: 3600,
            ocsp: false,
            has_small_disk: false,
        }
    }
}

/// A running installation. Dropping it ends its processes.
pub struct System {
    /// What is around it.
    pub world: World,
    /// Its folder.
    pub deployment: Deployment,
    processes: BTreeMap<&'static str, Process>,
    postgres: Option<Postgres>,
    // Gone after everything that runs within.
    small_disk: Option<SmallDisk>,
    log_folder: PathBuf,
    folder: tempfile::TempDir,
}

impl System {
    /// Starts everything and waits until the first lists are served.
    pub async fn start(plan: &Plan) -> Result<Self> {
        let mut system = Self::prepare(plan).await?;
        for role in roles(plan.shape) {
            system.start_role(role)?;
        }
        system.wait_until_ready().await?;
        Ok(system)
    }

    /// Makes everything but starts no process.
    pub async fn prepare(plan: &Plan) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("akashi-e2e-").tempdir()?;
        let ports = next_ports()?;
        let world = World::start(
            &folder.path().join("jpki"),
            &ports.public_url(),
            plan.list_lifetime_seconds,
        )
        .await?;
        let (postgres, mut small_disk) = match (plan.shape, plan.has_small_disk) {
            (Shape::AllOnSqlite | Shape::RolesOnSqlite, _) => (None, None),
            (Shape::RolesOnPostgres, false) => {
                let postgres = Postgres::start().context("starting PostgreSQL")?;
                (Some(postgres), None)
            }
            (Shape::RolesOnPostgres, true) => {
                let (postgres, disk) = postgres_on_small_disk().context("starting PostgreSQL")?;
                (Some(postgres), Some(disk))
            }
        };
        let databases = postgres
            .as_ref()
            .map_or(Databases::Sqlite, postgres_databases);
        let pace = Pace {
            sync_interval_seconds: 1,
            poll_interval_seconds: 1,
        };
        let surroundings = if plan.ocsp {
            world.surroundings_with_ocsp(&plan.lists)?
        } else {
            world.surroundings(&plan.lists)
        };
        let deployment = Deployment::write(
            &folder.path().join("deployment"),
            &surroundings,
            &databases,
            ports,
            pace,
        )?;
        if plan.has_small_disk && small_disk.is_none() {
            let data = deployment.folder().join("data");
            small_disk = Some(SmallDisk::mount(&data, SMALL_DATA)?);
            // The highest numbers lie there too.
            std::os::unix::fs::symlink("data", deployment.folder().join("state"))?;
        }
        // Kept after the test, beside the build, so that a failure can be looked into.
        let log_folder = build_folder()
            .join("e2e-logs")
            .join(ports.oidc_gateway.service.to_string());
        std::fs::create_dir_all(&log_folder)?;
        Ok(Self {
            world,
            deployment,
            processes: BTreeMap::new(),
            postgres,
            small_disk,
            log_folder,
            folder,
        })
    }

    /// Starts one process: a role, or `all`.
    pub fn start_role(&mut self, role: &'static str) -> Result<()> {
        let config = match role {
            "all" => self.deployment.folder().to_owned(),
            role => self.deployment.config_file(role),
        };
        let config = config.to_str().context("a temporary folder in UTF-8")?;
        let program = akashi_binary();
        let mut words = self
            .small_disk
            .as_ref()
            .map_or_else(Vec::new, SmallDisk::within);
        words.push(
            program
                .to_str()
                .context("a build folder in UTF-8")?
                .to_owned(),
        );
        words.extend([role, "--config", config].map(ToOwned::to_owned));
        let arguments: Vec<&str> = words[1..].iter().map(String::as_str).collect();
        let process = Process::start(Path::new(&words[0]), &arguments, role, &self.log_folder)?;
        self.processes.insert(role, process);
        Ok(())
    }

    /// Starts only these roles, in this order, and waits until their lists are served.
    pub async fn start_only(plan: &Plan, roles: &[&'static str]) -> Result<Self> {
        let mut system = Self::prepare(plan).await?;
        for role in roles {
            system.start_role(role)?;
        }
        system.wait_for_fresh_lists(true).await?;
        Ok(system)
    }

    /// The PostgreSQL server, where the shape has one.
    pub fn postgres(&mut self) -> Result<&mut Postgres> {
        self.postgres.as_mut().context("there is no PostgreSQL")
    }

    /// The disk that can be filled, where the plan has one.
    pub fn small_disk(&self) -> Result<&SmallDisk> {
        self.small_disk.as_ref().context("there is no small disk")
    }

    /// A running process.
    pub fn process(&mut self, role: &str) -> Result<&mut Process> {
        self.processes
            .get_mut(role)
            .with_context(|| format!("{role} is not running"))
    }

    /// Takes a process out, to be killed or stopped.
    pub fn take(&mut self, role: &str) -> Result<Process> {
        self.processes
            .remove(role)
            .with_context(|| format!("{role} is not running"))
    }

    /// Kills every process.
    pub fn kill_all(&mut self) -> Result<()> {
        let all = std::mem::take(&mut self.processes);
        all.into_values().try_for_each(Process::kill)
    }

    /// Keeps a copy of the lists' database as it is. No process may run.
    pub fn back_up_lists(&mut self) -> Result<()> {
        if let Some(postgres) = &self.postgres {
            let sql = "CREATE DATABASE backup TEMPLATE akashi";
            return Ok(postgres.execute("postgres", sql)?);
        }
        let data = self.deployment.folder().join("data");
        copy_lists(&data, &self.folder.path().join("backup"))
    }

    /// Puts the copy in the place of the lists' database. No process may run.
    pub fn restore_lists(&mut self) -> Result<()> {
        if let Some(postgres) = &self.postgres {
            // The connections of what was killed may not have noticed yet.
            postgres.execute("postgres", "DROP DATABASE akashi WITH (FORCE)")?;
            let sql = "ALTER DATABASE backup RENAME TO akashi";
            return Ok(postgres.execute("postgres", sql)?);
        }
        let data = self.deployment.folder().join("data");
        copy_lists(&self.folder.path().join("backup"), &data)
    }

    /// Everything that all processes have said.
    pub fn logs(&self) -> String {
        self.processes.values().map(Process::log).collect()
    }

    /// The end of every process's log but for routine, and where the whole of it is kept.
    pub fn last_words(&self) -> String {
        let notable = |log: String| {
            let lines: Vec<&str> = log
                .lines()
                .filter(|line| !line.contains("\"INFO\""))
                .collect();
            lines[lines.len().saturating_sub(20)..].join("\n")
        };
        let words: Vec<String> = self
            .processes
            .iter()
            .map(|(role, process)| format!("--- {role}:\n{}\n", notable(process.log())))
            .collect();
        let words = words.concat();
        format!("{words}--- whole logs: {}", self.log_folder.display())
    }

    /// The audit log's database, to read what was recorded.
    pub fn audit_url(&self) -> String {
        self.database_url("audit", "audit.db")
    }

    /// The lists' database, with the rights of its writer.
    pub fn crl_url(&self) -> String {
        self.database_url("crl_writer", "crl.db")
    }

    /// The holders' database.
    pub fn holder_links_url(&self) -> String {
        self.database_url("holder_links", "holder-links.db")
    }

    fn database_url(&self, role: &str, file: &str) -> String {
        if let Some(postgres) = &self.postgres {
            return postgres.url(role);
        }
        let file = self.deployment.folder().join("data").join(file);
        format!("sqlite://{}", file.display())
    }

    /// Where certificate and other files of a test may lie.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Waits until every role is ready and the lists are there.
    pub async fn wait_until_ready(&mut self) -> Result<()> {
        let ports = self.deployment.ports();
        for role in [
            ports.crl_sync,
            ports.revocation_lookup,
            ports.signature_verification,
            ports.signing_certificate,
            ports.oidc_gateway,
        ] {
            let url = format!("http://127.0.0.1:{}/readyz", role.metrics);
            eventually(&format!("{url} answering 200"), || async {
                Ok(reqwest_client()?
                    .get(&url)
                    .send()
                    .await
                    .is_ok_and(|answer| answer.status().is_success()))
            })
            .await
            .with_context(|| self.last_words())?;
        }
        self.wait_for_fresh_lists(true).await
    }

    /// Waits until the freshness of both authorities is as said.
    pub async fn wait_for_fresh_lists(&mut self, fresh: bool) -> Result<()> {
        for authority in ["user-authentication", "digital-signature"] {
            let what = format!("freshness/{authority} being {fresh}");
            eventually(&what, || async {
                Ok(
                    crate::health::is_serving(&self.deployment, &format!("freshness/{authority}"))
                        .await
                        == Some(fresh),
                )
            })
            .await
            .with_context(|| self.last_words())?;
        }
        Ok(())
    }
}

/// Copies the files of a SQLite database that nobody has open.
fn copy_lists(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for name in ["crl.db", "crl.db-wal", "crl.db-shm"] {
        let (from, to) = (from.join(name), to.join(name));
        match std::fs::remove_file(&to) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        if from.exists() {
            std::fs::copy(from, to)?;
        }
    }
    Ok(())
}

fn roles(shape: Shape) -> Vec<&'static str> {
    match shape {
        Shape::AllOnSqlite => vec!["all"],
        Shape::RolesOnSqlite | Shape::RolesOnPostgres => ROLES.to_vec(),
    }
}

/// Tries again until `condition` holds, or gives up with `what` was waited for.
pub async fn eventually<F: Future<Output = Result<bool>>>(
    what: &str,
    condition: impl Fn() -> F,
) -> Result<()> {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if condition().await? {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bail!("waited in vain for {what}")
}

/// An HTTP client that follows no redirect.
pub fn reqwest_client() -> Result<reqwest::Client> {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy();
    Ok(client.timeout(Duration::from_secs(20)).build()?)
}

/// The shipped binary, built by `tests/run` beside this test.
pub fn akashi_binary() -> PathBuf {
    build_folder().join("akashi")
}

/// Where cargo put what it built: `target/debug` for a test in `target/debug/deps`.
fn build_folder() -> PathBuf {
    let mut path = std::env::current_exe().unwrap_or_default();
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    path
}

/// Tests run at the same time: each installation gets a block of ports to itself, below the range from which the
/// kernel takes outgoing ports.
fn next_ports() -> Result<Ports> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let base = 20_000 + u16::try_from(std::process::id() % 100)? * 100;
    let first = base + NEXT.fetch_add(20, Ordering::Relaxed);
    Ports::free_from(first).context("no free ports")
}

/// Room for the files of an installation that holds little.
const SMALL_DATA: u32 = 16;

/// Room for a new server and its first logs.
const SMALL_SERVER: u32 = 192;

fn postgres_on_small_disk() -> Result<(Postgres, SmallDisk)> {
    let folder = tempfile::Builder::new()
        .prefix("akashi-postgres-")
        .tempdir()?;
    let disk = SmallDisk::mount(folder.path(), SMALL_SERVER)?;
    let postgres = Postgres::start_within(&disk.within(), folder)?;
    Ok((postgres, disk))
}

fn postgres_databases(postgres: &Postgres) -> Databases {
    Databases::Postgres {
        crl_writer: postgres.url("crl_writer"),
        crl_reader: postgres.url("crl_reader"),
        audit: postgres.url("audit"),
        holder_links: postgres.url("holder_links"),
        gateway: postgres.url("gateway"),
    }
}
