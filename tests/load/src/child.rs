//! A process of ours: its log in a file, its CPU time, and its end with ours.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::cpu::CpuTime;

/// A running process; killed when dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program with its output in `<name>.log` in the folder `logs`. Standard input stays open until the end
    /// of this program, however it ends, so that a child can notice that.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(name: &str, command: &mut Command, logs: &Path) -> Result<Self> {
        let output = File::create(logs.join(format!("{name}.log")))?;
        command.stdout(output);
        Self::spawn(name, command, logs)
    }

    /// The same, with its standard output to be read.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_read(
        name: &str,
        command: &mut Command,
        logs: &Path,
    ) -> Result<(Self, ChildStdout)> {
        command.stdout(Stdio::piped());
        let mut process = Self::spawn(name, command, logs)?;
        let output = process.child.stdout.take().context("no standard output")?;
        Ok((process, output))
    }

    fn spawn(name: &str, command: &mut Command, logs: &Path) -> Result<Self> {
        let log = logs.join(format!("{name}.err.log"));
        let child = command
            .stdin(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn()
            .with_context(|| format!("starting {name}"))?;
        Ok(Self {
            name: name.to_owned(),
            child,
            log,
        })
    }

    /// The CPU time its threads have used so far.
    ///
    /// # Errors
    /// When it has ended.
    pub fn cpu(&self) -> Result<CpuTime> {
        CpuTime::of_process(self.child.id()).with_context(|| format!("{} has ended", self.name))
    }

    /// Its standard input, which stays open as long as the result lives, and no longer.
    ///
    /// # Errors
    /// When it was taken before.
    pub fn take_input(&mut self) -> Result<ChildStdin> {
        self.child.stdin.take().context("no standard input")
    }

    /// Kilobytes of memory that it has resident.
    ///
    /// # Errors
    /// When it has ended.
    pub fn resident_kilobytes(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let line = line.with_context(|| format!("{} has ended", self.name))?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }

    /// Refuses a process that has ended, with its last words.
    ///
    /// # Errors
    /// When it has.
    pub fn check(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("{} ended: {status}\n{}", self.name, self.last_words()),
        }
    }

    /// Waits for a process that does its work and ends.
    ///
    /// # Errors
    /// When it fails or takes longer than `patience`.
    pub fn finish(mut self, patience: Duration) -> Result<()> {
        let until = Instant::now() + patience;
        loop {
            match self.child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(_) => return self.check(),
                None if Instant::now() > until => {
                    bail!("{} took too long:\n{}", self.name, self.last_words())
                }
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    /// The end of what it said.
    pub fn last_words(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_process_that_fails_is_reported_with_its_last_words() {
        let logs = tempfile::tempdir().unwrap();
        let patience = Duration::from_secs(10);
        let start = |script| Process::start("child", &mut shell(script), logs.path()).unwrap();
        start("exit 0").finish(patience).unwrap();
        let failed = start("echo the disk is full >&2; exit 3").finish(patience);
        let message = failed.unwrap_err().to_string();
        assert!(
            message.contains("exit status: 3") && message.contains("the disk is full"),
            "{message}"
        );
    }

    #[test]
    fn a_process_ends_with_its_owner() {
        let logs = tempfile::tempdir().unwrap();
        let process = Process::start("child", &mut shell("exec sleep 60"), logs.path()).unwrap();
        let id = process.child.id();
        assert!(process.cpu().is_ok());
        drop(process);
        assert!(CpuTime::of_process(id).is_err());
    }
}
