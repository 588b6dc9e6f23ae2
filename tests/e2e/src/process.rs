//! One `akashi` process: started with its log in a file, watched, stopped or killed.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// How long a process may take for anything on a busy machine.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A running process of ours; killed when dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `program` with `arguments`; standard output and error go to `<name>.log` in `logs`, which is emptied.
    pub fn start(program: &Path, arguments: &[&str], name: &str, logs: &Path) -> Result<Self> {
        let log = logs.join(format!("{name}.log"));
        let output = File::create(&log)?;
        let child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("starting {}", program.display()))?;
        Ok(Self {
            name: name.to_owned(),
            child,
            log,
        })
    }

    /// Everything it has said so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// How much it has said so far, to look later at what came after.
    pub fn log_length(&self) -> usize {
        self.log().len()
    }

    /// What it has said since its log was this long.
    pub fn log_since(&self, length: usize) -> String {
        self.log().get(length..).unwrap_or_default().to_owned()
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Waits until the log holds `text`.
    pub fn wait_for_log(&mut self, text: &str) -> Result<()> {
        self.wait_until(&format!("the words {text:?}"), |log| log.contains(text))
    }

    /// Waits until the log satisfies `condition`; polls fast, so that a kill can follow within about a millisecond.
    pub fn wait_until(&mut self, what: &str, condition: impl Fn(&str) -> bool) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        loop {
            if condition(&self.log()) {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!(
                    "{} ended ({status}) before {what}:\n{}",
                    self.name,
                    self.log()
                );
            }
            if Instant::now() > until {
                bail!("{} did not come to {what}:\n{}", self.name, self.log());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Ends it as the kernel would: no handler runs, nothing is flushed.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// The same; returns what it had said since its log was this long, up to its end.
    pub fn kill_and_read(mut self, length: usize) -> Result<String> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(self.log_since(length))
    }

    /// Asks it to drain and waits for its end.
    pub fn terminate(mut self) -> Result<ExitStatus> {
        self.ask_to_drain()?;
        self.wait()
    }

    /// Lets it stand still (SIGSTOP) until it is thawed or killed.
    pub fn freeze(&self) -> Result<()> {
        self.signal("-STOP")
    }

    /// Lets it go on (SIGCONT).
    pub fn thaw(&self) -> Result<()> {
        self.signal("-CONT")
    }

    /// Sends SIGTERM.
    pub fn ask_to_drain(&mut self) -> Result<()> {
        self.signal("-TERM")
    }

    fn signal(&self, signal: &str) -> Result<()> {
        let sent = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status()?;
        if !sent.success() {
            bail!("{} had already ended:\n{}", self.name, self.log());
        }
        Ok(())
    }

    /// Waits for it to end by itself.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        bail!("{} did not end:\n{}", self.name, self.log())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
