//! One measurement from the command line: the binaries, a temporary folder that goes with it, the report and the exit code.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use tokio::signal::unix::{SignalKind, signal};

use crate::binary::build_akashi;
use crate::command::{load_average, optimised, verdict};
use crate::ratios::RatioReport;
use crate::turns;

/// How often, and where.
#[derive(Clone, Debug, clap::Args)]
pub struct Common {
    /// How often everything is measured.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(5..=50))]
    pub rounds: u32,
    /// The disk to measure on: a temporary folder is made here, and removed [default: where temporary files are].
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// The report as JSON.
    #[arg(long)]
    pub json: bool,
}

/// The shipped binary, built if it is not named, and this program.
pub(crate) fn binaries(named: Option<&Path>) -> Result<(PathBuf, PathBuf)> {
    let program = std::env::current_exe().context("finding this program")?;
    let akashi = match named {
        Some(binary) => std::fs::canonicalize(binary)
            .with_context(|| format!("--akashi-binary {}", binary.display()))?,
        None => build_akashi(&program)?,
    };
    Ok((akashi, program))
}

/// Measures in a temporary folder, which goes also when a signal ends the run.
pub(crate) async fn measured(
    common: &Common,
    measure: impl FnOnce(&Path, String) -> Result<RatioReport> + Send + 'static,
) -> Result<ExitCode> {
    optimised(&std::env::current_exe().context("finding this program")?)?;
    let load_before = load_average()?;
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix("akashi-load-");
    let folder = match &common.dir {
        Some(dir) => builder.tempdir_in(dir),
        None => builder.tempdir(),
    };
    let folder = folder.context("making a temporary folder")?;
    let path = folder.path().to_owned();
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let run = tokio::task::spawn_blocking(move || measure(&path, load_before));
    let mut asked_to_stop = async || {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    };
    let mut run = std::pin::pin!(run);
    let report = tokio::select! {
        report = &mut run => report??,
        () = asked_to_stop() => {
            // A thread cannot be dropped, and has processes of its own.
            turns::stop();
            eprintln!("ending after this step; again: at once");
            tokio::select! {
                report = &mut run => report??,
                () = asked_to_stop() => stop(folder),
            }
        }
    };
    if common.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("{report}");
    }
    Ok(verdict(report.is_void(), report.is_within_limits()))
}

/// Ends the process in the middle of a step.
fn stop(folder: tempfile::TempDir) -> ! {
    drop(folder);
    std::process::exit(1)
}
