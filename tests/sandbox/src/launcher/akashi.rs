//! The shipped binary: built, started as a child, watched, stopped.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Error, Result, anyhow, bail, ensure};
use tokio::process::{Child, Command};

use super::arguments::RunArguments;

/// Longer than Akashi takes to drain.
const STOP_PATIENCE: Duration = Duration::from_secs(30);
/// How much of the log is shown when it died.
const TAIL_LINES: usize = 20;

/// The path of the binary to start, built if need be.
pub(super) async fn binary(arguments: &RunArguments) -> Result<PathBuf> {
    if let Some(binary) = &arguments.akashi_binary {
        ensure!(binary.is_file(), "there is no file {}", binary.display());
        return fs::canonicalize(binary).with_context(|| binary.display().to_string());
    }
    // Cargo puts both into the folder of the profile, wherever its configuration moved that.
    let sandbox = std::env::current_exe().context("finding this program")?;
    let folder = sandbox.parent().context("finding this program's folder")?;
    if !arguments.no_build {
        build(folder.ends_with("release")).await?;
    }
    let binary = folder.join("akashi");
    ensure!(
        binary.is_file(),
        "there is no {}; build it or give --akashi-binary",
        binary.display()
    );
    Ok(binary)
}

async fn build(release: bool) -> Result<()> {
    eprintln!("Building akashi; the first time takes some minutes.");
    let profile: &[&str] = if release { &["--release"] } else { &[] };
    let status = Command::new("cargo")
        .args(["build", "--locked", "-p", "akashi"])
        .args(profile)
        .current_dir(super::repository_root())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .status()
        .await
        .context("starting cargo")?;
    ensure!(status.success(), "akashi could not be built");
    Ok(())
}

/// The running child.
pub(super) struct Akashi {
    binary: PathBuf,
    log: PathBuf,
    child: Child,
}

impl Akashi {
    /// Starts every role in one process, by the files of the folder `config`.
    pub(super) fn start(binary: &Path, config: &Path, logs: &Path) -> Result<Self> {
        fs::create_dir_all(logs)?;
        let log = logs.join("akashi.log");
        let output = File::create(&log).with_context(|| log.display().to_string())?;
        let child = Command::new(binary)
            .args(["all", "--config"])
            .arg(config)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            // Ctrl-C at a terminal goes to a whole group: only the launcher may have it, and it
            // stops its child in order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {}", binary.display()))?;
        Ok(Self {
            binary: binary.to_owned(),
            log,
            child,
        })
    }

    pub(super) fn binary(&self) -> &Path {
        &self.binary
    }

    /// Its process id; none once it has ended.
    pub(super) fn process(&self) -> Option<u32> {
        self.child.id()
    }

    pub(super) fn log(&self) -> &Path {
        &self.log
    }

    /// Waits until the child ends although nobody asked; how, and its last words.
    pub(super) async fn ended(&mut self) -> Error {
        let how = match self.child.wait().await {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let tail = lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n");
        anyhow!(
            "akashi ended ({how}). The end of {}:\n{tail}",
            self.log.display()
        )
    }

    /// Asks it to drain, and ends it if it does not.
    pub(super) async fn stop(mut self) -> Result<()> {
        // Without an id it has ended and been waited for.
        let Some(id) = self.child.id() else {
            return Ok(());
        };
        let asked = Command::new("kill")
            .args(["-TERM", &id.to_string()])
            .status()
            .await?;
        ensure!(
            asked.success(),
            "akashi (process {id}) could not be asked to stop"
        );
        let Ok(ended) = tokio::time::timeout(STOP_PATIENCE, self.child.wait()).await else {
            self.child.kill().await?;
            let patience = STOP_PATIENCE.as_secs();
            bail!("akashi did not stop within {patience} s and was killed");
        };
        let (status, log) = (ended?, self.log.display());
        ensure!(status.success(), "akashi stopped with {status}; see {log}");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A program that is not Akashi, and its running child.
    fn start(script: &str) -> (tempfile::TempDir, Akashi) {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("akashi");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let akashi = Akashi::start(&program, folder.path(), &folder.path().join("logs")).unwrap();
        (folder, akashi)
    }

    async fn until_said(akashi: &Akashi, words: &str) {
        while !fs::read_to_string(akashi.log())
            .unwrap_or_default()
            .contains(words)
        {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    #[tokio::test]
    async fn a_child_that_dies_is_reported_with_its_last_words() {
        let (_folder, mut akashi) = start("echo the port is taken >&2; exit 3");
        let error = akashi.ended().await.to_string();
        assert!(
            error.contains("exit status: 3") && error.contains("the port is taken"),
            "{error}"
        );
        akashi.stop().await.unwrap();
    }

    #[tokio::test]
    async fn a_child_is_asked_to_stop_and_waited_for() {
        let script = "trap 'echo drained; exit 0' TERM; echo ready; while :; do sleep 0.1; done";
        let (_folder, akashi) = start(script);
        until_said(&akashi, "ready").await;
        let log = akashi.log().to_owned();
        akashi.stop().await.unwrap();
        assert!(fs::read_to_string(log).unwrap().contains("drained"));
    }

    #[tokio::test]
    async fn a_child_that_stops_with_an_error_is_reported() {
        let script = "trap 'exit 4' TERM; echo ready; while :; do sleep 0.1; done";
        let (_folder, akashi) = start(script);
        until_said(&akashi, "ready").await;
        let error = akashi.stop().await.unwrap_err().to_string();
        assert!(error.contains("exit status: 4"), "{error}");
    }
}
