//! What is measured: the shipped binary's processes on a sandbox's world, and the echo beside them.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use proto::revocation::v1::BatchGetRevocationStatusResponse;
use proto::revocation::v1::revocation_lookup_service_client::RevocationLookupServiceClient;
use proto::verification::v1::signature_verification_service_client::SignatureVerificationServiceClient;
use runtime::config::{ClientTlsConfig, ConfigPath, SecretFile};
use sandbox::deployment::{Databases, Deployment, Lists, Pace, Ports, RolePorts, identity};
use sandbox::world::{World, WorldOptions, WorldPorts};
use tonic::transport::Channel;

use crate::child::Process;
use crate::client::{CONNECTIONS, Caller as _};
use crate::echo;
use crate::questions::{EmptyCaller, LookupCaller, Questions, VerificationCaller, revoke_many};
use crate::transport::{Transport, caller_of};

/// How long starting may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);
/// A call that takes longer is a failure.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// Longer than any run: no list ends in the middle of one.
const LIST_LIFETIME_SECONDS: u32 = 86_400;

/// How an installation is made.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The shipped binary.
    pub akashi: PathBuf,
    /// This program, to be started again as the echo.
    pub program: PathBuf,
    /// How octets get from one process to another.
    pub transport: Transport,
    /// Serving threads of each process.
    pub threads: usize,
    /// Revoked certificates on the list.
    pub revoked: u32,
    /// Different questions of each kind.
    pub questions: u32,
}

/// A running installation. Dropped, its processes end and its folder goes.
pub struct Installation {
    /// revocation-lookup.
    pub lookup: Process,
    /// signature-verification without the second implementation's opinion.
    pub verification: Process,
    /// signature-verification that asks the second implementation about every signature, as it does by default.
    pub cross_checked: Process,
    /// The echo.
    pub echo: Process,
    /// What is asked.
    pub questions: Questions,
    echo_address: SocketAddr,
    deployment: Deployment,
    transport: Transport,
    _folder: tempfile::TempDir,
}

impl Installation {
    /// Mints a JPKI, has crl-sync fetch its lists once, starts every process and waits until each answers.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn start(plan: &Plan) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("akashi-load-").tempdir()?;
        let logs = folder.path().join("logs");
        fs::create_dir(&logs)?;
        let (deployment, questions) = install(plan, folder.path(), &logs).await?;
        let transport = plan.transport;
        let role = |role: &str, config: &Path, name: &str| {
            let programs = (&*plan.akashi, &*plan.program);
            let role = (role, caller_of(role));
            transport.start(programs, role, config, (name, &logs))
        };
        let config = deployment.config_file("revocation-lookup");
        serve_with(&config, &config, plan.threads, |_| {})?;
        let mut lookup = role("revocation-lookup", &config, "revocation-lookup")?;
        let mut caller = lookup_caller(&deployment, transport, &questions)?;
        until_right(&mut lookup, || {
            let mut caller = caller.clone();
            async move { caller.call(1).await }
        })
        .await?;
        let sample = questions.lookups[1].request.clone();
        let answer = caller.client.get_revocation_status(sample).await?;
        let tls = deployment.tls_files(identity::REVOCATION_LOOKUP);
        let (echo, echo_address) = echo::start(
            &plan.program,
            &tls,
            identity::SIGNATURE_VERIFICATION,
            (plan.threads, transport),
            (
                answer.get_ref(),
                &BatchGetRevocationStatusResponse::default(),
            ),
            &logs,
        )?;
        let config = deployment.config_file("signature-verification");
        let other = deployment.config_file("cross-checked");
        serve_with(&config, &other, plan.threads, |file| {
            let ports = deployment.ports().signing_certificate;
            set(file, &["cross_check"], "all");
            set(file, &["listen", "address"], loopback(ports.service));
            let metrics = ["observability", "metrics_listen"];
            set(file, &metrics, loopback(ports.metrics));
        })?;
        serve_with(&config, &config, plan.threads, |file| {
            set(file, &["cross_check"], "off");
        })?;
        let verification = role("signature-verification", &config, "signature-verification")?;
        let cross_checked = role("signature-verification", &other, "cross-checked")?;
        let mut installation = Self {
            lookup,
            verification,
            cross_checked,
            echo,
            questions,
            echo_address,
            deployment,
            transport,
            _folder: folder,
        };
        installation.wait_for_verifications().await?;
        Ok(installation)
    }

    async fn wait_for_verifications(&mut self) -> Result<()> {
        let callers = self.verifications()?;
        until_right(&mut self.verification, || every_card(callers[0].clone())).await?;
        let callers = self.cross_checked_verifications()?;
        until_right(&mut self.cross_checked, || every_card(callers[0].clone())).await
    }

    /// Connections to revocation-lookup, in the name of signature-verification.
    ///
    /// # Errors
    /// When a TLS file cannot be read; the same for the others.
    pub fn lookups(&self) -> Result<Vec<LookupCaller>> {
        connections(|| lookup_caller(&self.deployment, self.transport, &self.questions))
    }

    /// Connections to the echo that ask what revocation-lookup is asked.
    ///
    /// # Errors
    /// See [`Self::lookups`].
    pub fn echoes(&self) -> Result<Vec<LookupCaller>> {
        connections(|| {
            Ok(LookupCaller {
                client: RevocationLookupServiceClient::new(self.echo_channel()?),
                lookups: self.questions.lookups.clone(),
                is_echo: true,
            })
        })
    }

    /// Connections to the echo with empty messages.
    ///
    /// # Errors
    /// See [`Self::lookups`].
    pub fn empty_echoes(&self) -> Result<Vec<EmptyCaller>> {
        connections(|| {
            let client = RevocationLookupServiceClient::new(self.echo_channel()?);
            Ok(EmptyCaller { client })
        })
    }

    /// Connections to signature-verification, in the name of the authentication backend.
    ///
    /// # Errors
    /// See [`Self::lookups`].
    pub fn verifications(&self) -> Result<Vec<VerificationCaller>> {
        self.verifications_at(self.deployment.ports().signature_verification)
    }

    /// The same, to the process that checks every signature twice.
    ///
    /// # Errors
    /// See [`Self::lookups`].
    pub fn cross_checked_verifications(&self) -> Result<Vec<VerificationCaller>> {
        self.verifications_at(self.deployment.ports().signing_certificate)
    }

    fn verifications_at(&self, ports: RolePorts) -> Result<Vec<VerificationCaller>> {
        let (from, to) = (
            identity::AUTHENTICATION_BACKEND,
            identity::SIGNATURE_VERIFICATION,
        );
        connections(|| {
            let address = loopback(ports.service);
            let channel = self
                .transport
                .channel(&self.deployment, from, to, &address)?;
            Ok(VerificationCaller {
                client: SignatureVerificationServiceClient::new(channel),
                verifications: self.questions.verifications.clone(),
            })
        })
    }

    fn echo_channel(&self) -> Result<Channel> {
        let (from, to) = (
            identity::SIGNATURE_VERIFICATION,
            identity::REVOCATION_LOOKUP,
        );
        let address = self.echo_address.to_string();
        self.transport.channel(&self.deployment, from, to, &address)
    }

    /// How many lookups revocation-lookup says that it has answered.
    ///
    /// # Errors
    /// When its metrics cannot be read.
    pub async fn lookups_counted(&self) -> Result<u64> {
        let ports = self.deployment.ports().revocation_lookup;
        let url = format!("http://{}/metrics", loopback(ports.metrics));
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(CALL_TIMEOUT)
            .build()?;
        let text = client.get(url).send().await?.text().await?;
        let counts = text.lines().filter(|line| {
            line.starts_with("akashi_lookup_requests_total{")
                && (line.contains("outcome=\"good\"") || line.contains("outcome=\"revoked\""))
        });
        counts
            .map(|line| {
                let count = line.rsplit(' ').next().unwrap_or_default();
                count
                    .parse::<u64>()
                    .with_context(|| format!("the metric {line}"))
            })
            .sum()
    }
}

/// The world is there only while the lists are fetched, so that nothing else runs while something is measured.
async fn install(plan: &Plan, folder: &Path, logs: &Path) -> Result<(Deployment, Questions)> {
    // Below the range from which the kernel takes outgoing ports.
    let first = 12_000 + u16::try_from(std::process::id() % 200)? * 20;
    let ports = Ports::free_from(first).context("no free ports")?;
    let world = World::start(WorldOptions {
        data: folder.join("jpki"),
        gateway_url: ports.public_url(),
        ports: WorldPorts::any(),
        list_lifetime_seconds: LIST_LIFETIME_SECONDS,
    })
    .await?;
    let (repository, now) = (world.repository(), sandbox::now());
    repository.change(|jpki| revoke_many(jpki, plan.revoked, now))??;
    repository.publish(now)?;
    let questions = repository.read(|jpki| Questions::new(jpki, plan.revoked, plan.questions))?;
    let deployment = Deployment::write(
        &folder.join("deployment"),
        &world.surroundings(&Lists::all()),
        &Databases::Sqlite,
        ports,
        Pace {
            sync_interval_seconds: 3_600,
            poll_interval_seconds: 1,
        },
    )?;
    let mut command = Command::new(&plan.akashi);
    command.args(["crl-sync", "--once", "--config"]);
    command.arg(deployment.config_file("crl-sync"));
    let fetching = Process::start("crl-sync", &mut command, logs)?;
    // This thread serves the lists meanwhile.
    tokio::task::spawn_blocking(|| fetching.finish(PATIENCE)).await??;
    world.stop().await;
    Ok((deployment, questions))
}

/// Writes the configuration `from` to `to` with so many serving threads and the given changes.
fn serve_with(
    from: &Path,
    to: &Path,
    threads: usize,
    change: impl FnOnce(&mut toml::Table),
) -> Result<()> {
    let mut file: toml::Table = fs::read_to_string(from)?.parse()?;
    set(&mut file, &["listen", "threads"], i64::try_from(threads)?);
    set(&mut file, &["observability", "log"], "warn");
    change(&mut file);
    Ok(fs::write(to, toml::to_string(&file)?)?)
}

/// Sets the value at a path of tables.
fn set(table: &mut toml::Table, path: &[&str], value: impl Into<toml::Value>) {
    match path {
        [] => {}
        [key] => {
            table.insert((*key).to_owned(), value.into());
        }
        [key, rest @ ..] => {
            let inner = table
                .entry(*key)
                .or_insert_with(|| toml::Table::new().into());
            if let Some(inner) = inner.as_table_mut() {
                set(inner, rest, value);
            }
        }
    }
}

pub(crate) fn loopback(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

pub(crate) fn connections<C>(connect: impl Fn() -> Result<C>) -> Result<Vec<C>> {
    (0..CONNECTIONS).map(|_| connect()).collect()
}

fn lookup_caller(
    deployment: &Deployment,
    transport: Transport,
    questions: &Questions,
) -> Result<LookupCaller> {
    let (from, to) = (
        identity::SIGNATURE_VERIFICATION,
        identity::REVOCATION_LOOKUP,
    );
    let address = loopback(deployment.ports().revocation_lookup.service);
    Ok(LookupCaller {
        client: RevocationLookupServiceClient::new(
            transport.channel(deployment, from, to, &address)?,
        ),
        lookups: questions.lookups.clone(),
        is_echo: false,
    })
}

/// One connection from an identity to a service.
pub(crate) fn channel(
    deployment: &Deployment,
    from: &str,
    to: &str,
    address: &str,
) -> Result<Channel> {
    let files = deployment.tls_files(from);
    let tls = ClientTlsConfig {
        certificate: ConfigPath::new(files.certificate),
        private_key: SecretFile::new(files.private_key),
        server_ca: ConfigPath::new(files.authority),
        server_name: to.to_owned(),
    };
    let uri = format!("https://{address}");
    Ok(runtime::client::channel(&uri, &tls, CALL_TIMEOUT)?)
}

/// Shows every card: its certificate is validated and kept, and its holder known.
async fn every_card(mut caller: VerificationCaller) -> Result<()> {
    for number in 0..8 {
        caller.call(number).await?;
    }
    Ok(())
}

/// Asks again until the answer is right; gives up when the process ended or the patience.
pub(crate) async fn until_right<F: Future<Output = Result<()>>>(
    process: &mut Process,
    ask: impl Fn() -> F,
) -> Result<()> {
    let until = Instant::now() + PATIENCE;
    loop {
        process.check()?;
        match ask().await {
            Ok(()) => return Ok(()),
            Err(error) if Instant::now() > until => {
                return Err(error.context(process.last_words()));
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}
