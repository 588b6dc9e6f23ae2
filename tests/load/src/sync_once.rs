//! crl-sync's one run over its sources, in a process of its own, so that its memory and CPU time are its alone.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use runtime::Context;
use runtime::shutdown::Shutdown;

use crate::child::Process;
use crate::limits::Took;

/// How long a run may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(10);

/// What the process is told.
#[derive(Clone, Debug, clap::Args)]
pub struct SyncOnceOptions {
    /// crl-sync's configuration file.
    #[arg(long)]
    pub config: PathBuf,
}

/// What a run cost.
#[derive(Clone, Copy, Debug, serde::Deserialize, serde::Serialize)]
pub struct SyncRun {
    /// How long it took.
    pub took: Took,
    /// The most memory that it had, in octets.
    pub peak: u64,
}

/// Runs it in this process, and prints what it cost.
///
/// # Errors
/// When a source does not succeed.
pub fn run(options: &SyncOnceOptions) -> Result<()> {
    // As the shipped binary does it.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let config: crl_sync::Config = runtime::config::load(&options.config)?;
    runtime::priority::be_nice(config.nice)?;
    let (progress, cpu) = (crl_sync::Progress::default(), cpu_seconds()?);
    let outcomes = runtime.block_on(async {
        let context = Context::new("crl-sync", Shutdown::new()).await;
        crl_sync::sync_once_watched(config, context, &progress).await
    })?;
    let wall = progress.took().context("no source was asked")?;
    let took = Took {
        wall: wall.as_secs_f64(),
        cpu: cpu_seconds()? - cpu,
    };
    if let Some(failed) = outcomes.iter().find(|outcome| !outcome.succeeded()) {
        bail!("{}: {:?}", failed.source, failed.outcome);
    }
    let peak = peak_octets()?;
    println!("{}", serde_json::to_string(&SyncRun { took, peak })?);
    Ok(())
}

/// Starts `program`, which is this one, to do so, and waits for it.
///
/// # Errors
/// When it fails.
pub fn start(program: &Path, config: &Path, logs: &Path) -> Result<SyncRun> {
    begin(program, config, logs)?.finish()
}

/// A run that goes on.
pub struct Running {
    process: Process,
    output: ChildStdout,
}

/// Starts it without waiting.
///
/// # Errors
/// When it cannot be started.
pub fn begin(program: &Path, config: &Path, logs: &Path) -> Result<Running> {
    let mut command = Command::new(program);
    command.arg("sync-once").arg("--config").arg(config);
    let (process, output) = Process::start_read("sync-once", &mut command, logs)?;
    Ok(Running { process, output })
}

impl Running {
    /// Waits until it has ended.
    ///
    /// # Errors
    /// When it failed.
    pub fn finish(mut self) -> Result<SyncRun> {
        let mut text = String::new();
        self.output.read_to_string(&mut text)?;
        self.process.finish(PATIENCE)?;
        serde_json::from_str(&text).with_context(|| format!("crl-sync said {text:?}"))
    }
}

/// The CPU time of this process with all threads that ever were, which the kernel tells in hundredths of a second.
fn cpu_seconds() -> Result<f64> {
    let text = fs::read_to_string("/proc/self/stat")?;
    // The name of the program, in brackets, may hold anything.
    let fields = text.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: u32 = ticks.map(str::parse::<u32>).sum::<Result<_, _>>()?;
    Ok(f64::from(ticks) / 100.0)
}

fn peak_octets() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    Ok(kilobytes.context("the kernel tells no peak of memory")? * 1_024)
}
