//! `cargo demo`: builds the shipped binary, starts it against the sandbox and says where everything is.

mod akashi;
mod arguments;
mod command;
mod nation;
mod ready;
mod summary;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Parser as _;
use tokio::signal::unix::{SignalKind, signal};

use crate::deployment::{Databases, Deployment, Lists, Pace, Ports, SourceKind};
use crate::files::write_private;
use crate::mint::CaKind;
use crate::world::{World, WorldOptions, WorldPorts};

use akashi::Akashi;
use arguments::{Command, Launch, RunArguments};

/// Runs the command line; the whole of the `sandbox` binary.
pub fn main() -> ExitCode {
    let launch = Launch::parse();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(tracing_subscriber::EnvFilter::new("warn"))
        .init();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let data = launch.data.unwrap_or_else(default_data);
    let outcome = runtime.block_on(async {
        match launch.command {
            None => run(&data, launch.run).await,
            Some(Command::Revoke(it)) => command::revoke(&data, &it).await,
            Some(Command::Unlock(it)) => command::unlock(&data, &it).await,
            Some(Command::Fault(it)) => command::fault(&data, &it).await,
            Some(Command::Nation(it)) => nation::mint(&it),
        }
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("cargo demo: {error:#}");
    ExitCode::FAILURE
}

/// The top of the repository: paths never depend on where the command is typed.
fn repository_root() -> PathBuf {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_folder
        .ancestors()
        .nth(2)
        .unwrap_or(crate_folder)
        .to_owned()
}

fn default_data() -> PathBuf {
    repository_root().join("target").join("demo")
}

/// What `running.json` says, for the other commands and for tests.
#[derive(serde::Serialize, serde::Deserialize)]
struct Running {
    #[serde(flatten)]
    addresses: crate::world::Addresses,
    data: PathBuf,
    deployment: PathBuf,
    akashi: PathBuf,
    log: PathBuf,
    /// The process of Akashi.
    process: Option<u32>,
    /// The address of each authority's OCSP responder, by its name.
    #[serde(default)]
    ocsp: BTreeMap<String, String>,
    /// The metrics address of each role, by its name.
    metrics: BTreeMap<String, String>,
}

fn running_file(data: &Path) -> PathBuf {
    data.join("running.json")
}

async fn run(data: &Path, arguments: RunArguments) -> Result<()> {
    fs::create_dir_all(data).with_context(|| data.display().to_string())?;
    // Absolute, because Akashi reads its files from where they are, not from here.
    let data = &fs::canonicalize(data)?;
    let _lock = lock(data)?;
    refuse_orphan(data).await?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let asked_to_stop = async {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    };
    tokio::pin!(asked_to_stop);
    let binary = tokio::select! {
        binary = akashi::binary(&arguments) => binary?,
        () = &mut asked_to_stop => return Ok(()),
    };
    let (mut world, deployment, lists) = prepare(data, &arguments).await?;
    let mut akashi = Akashi::start(&binary, deployment.folder(), &data.join("logs"))?;
    let running = describe(data, &world, &deployment, &akashi);
    let serving = async {
        let ready = ready::Ready::new(&running, lists);
        tokio::select! {
            outcome = ready.wait() => outcome?,
            died = akashi.ended() => return Err(died),
        }
        write_private(
            &running_file(data),
            serde_json::to_string(&running)?.as_bytes(),
        )?;
        if arguments.print_json {
            println!("{}", serde_json::to_string(&running)?);
        } else {
            print!("{}", summary::text(&running, &world));
        }
        tokio::select! {
            died = akashi.ended() => Err(died),
            error = world.failed() => Err(error),
        }
    };
    let outcome = tokio::select! {
        outcome = serving => outcome,
        () = &mut asked_to_stop => Ok(()),
    };
    let _ = fs::remove_file(running_file(data));
    let stopped = akashi.stop().await;
    world.stop().await;
    outcome.and(stopped)
}

/// One sandbox a data folder.
fn lock(data: &Path) -> Result<File> {
    let lock = File::create(data.join("lock"))?;
    if lock.try_lock().is_err() {
        bail!(
            "another demo is running on {}; give this one --data",
            data.display()
        );
    }
    Ok(lock)
}

/// A launcher that was killed leaves its child behind, which would keep writing the same databases.
async fn refuse_orphan(data: &Path) -> Result<()> {
    let earlier = fs::read(running_file(data)).ok();
    let earlier = earlier.and_then(|octets| serde_json::from_slice::<Running>(&octets).ok());
    let Some(earlier) = earlier else {
        return Ok(());
    };
    let http = reqwest::Client::builder()
        .timeout(Duration::from_secs(2))
        .build()?;
    for address in earlier.metrics.values() {
        if http.get(format!("{address}/healthz")).send().await.is_ok() {
            let process = earlier
                .process
                .map_or_else(String::new, |id| format!(" (process {id})"));
            bail!(
                "akashi{process} of an earlier demo is still running on {}",
                data.display()
            );
        }
    }
    Ok(())
}

/// Starts the world and writes a deployment that knows it; says how many lists that fetches.
async fn prepare(data: &Path, arguments: &RunArguments) -> Result<(World, Deployment, usize)> {
    let first = arguments.first_port();
    let ports = Ports::free_from(first).context("no free ports")?;
    let world_ports =
        WorldPorts::free_from(ports.ocsp.digital_signature + 1).context("no free ports")?;
    let world = World::start(WorldOptions {
        data: data.to_owned(),
        gateway_url: ports.public_url(),
        ports: world_ports,
        list_lifetime_seconds: arguments.list_lifetime_seconds,
    })
    .await?;
    let pace = Pace {
        sync_interval_seconds: arguments.sync_interval_seconds,
        poll_interval_seconds: 1,
    };
    let folder = data.join("deployment");
    let surroundings = world.surroundings_with_ocsp(&Lists::all())?;
    let deployment = Deployment::write(&folder, &surroundings, &Databases::Sqlite, ports, pace)?;
    let is_list = |kind: &SourceKind| matches!(kind, SourceKind::Crl { .. });
    let lists = surroundings
        .sources
        .iter()
        .filter(|source| is_list(&source.kind))
        .count();
    Ok((world, deployment, lists))
}

fn describe(data: &Path, world: &World, deployment: &Deployment, akashi: &Akashi) -> Running {
    let ports = deployment.ports();
    let metrics = [
        ("oidc-gateway", ports.oidc_gateway),
        ("signature-verification", ports.signature_verification),
        ("revocation-lookup", ports.revocation_lookup),
        ("signing-certificate", ports.signing_certificate),
        ("crl-sync", ports.crl_sync),
    ];
    let address =
        |ports: crate::deployment::RolePorts| format!("http://127.0.0.1:{}", ports.metrics);
    let ocsp = [
        (CaKind::UserAuthentication, ports.ocsp.user_authentication),
        (CaKind::DigitalSignature, ports.ocsp.digital_signature),
    ];
    Running {
        addresses: world.addresses().clone(),
        data: data.to_owned(),
        deployment: deployment.folder().to_owned(),
        akashi: akashi.binary().to_owned(),
        log: akashi.log().to_owned(),
        process: akashi.process(),
        ocsp: ocsp
            .map(|(kind, port)| (kind.name().to_owned(), format!("http://127.0.0.1:{port}/")))
            .into(),
        metrics: metrics
            .map(|(role, ports)| (role.to_owned(), address(ports)))
            .into(),
    }
}
