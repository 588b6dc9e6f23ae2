//! A small file system that can be filled to the last octet, in a mount namespace of its own: what is started within it
//! sees it in the place of a folder. Needs root, or a machine on which users may make namespaces; without either it
//! fails and says so.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// Gone when dropped, with whatever runs within it unmounted last.
#[derive(Debug)]
pub struct SmallDisk {
    /// Keeps the namespace.
    holder: Child,
    folder: PathBuf,
    is_root: bool,
}

impl SmallDisk {
    /// An empty file system of so many mebibytes in the place of a folder.
    pub fn mount(folder: &Path, mebibytes: u32) -> Result<Self> {
        let user = Command::new("id").arg("-u").output()?.stdout;
        let is_root = String::from_utf8_lossy(&user).trim() == "0";
        let script = format!(
            "mount -t tmpfs -o size={mebibytes}m,mode=777 small \"$0\" && echo mounted && exec sleep 3600"
        );
        let mut holder = Command::new("unshare")
            .arg(if is_root { "-m" } else { "-Urm" })
            .args(["sh", "-c", &script])
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("starting unshare")?;
        let mut line = String::new();
        let said = holder.stdout.take().context("a pipe")?;
        BufReader::new(said).read_line(&mut line)?;
        if line.trim() != "mounted" {
            let said = holder.wait_with_output()?.stderr;
            bail!(
                "a small file system cannot be mounted, which takes root or the right of users to make namespaces: {}",
                String::from_utf8_lossy(&said)
            );
        }
        Ok(Self {
            holder,
            folder: folder.to_owned(),
            is_root,
        })
    }

    /// What a command begins with that runs within.
    pub fn within(&self) -> Vec<String> {
        let target = format!("--target={}", self.holder.id());
        let mut words = vec!["nsenter", &target, "--mount"];
        if !self.is_root {
            words.extend(["--user", "--preserve-credentials"]);
        }
        words.into_iter().map(ToOwned::to_owned).collect()
    }

    /// A file within, as it is reached from outside.
    pub fn path(&self, name: &str) -> PathBuf {
        let root = format!("/proc/{}/root", self.holder.id());
        let inside = self.folder.strip_prefix("/").unwrap_or(&self.folder);
        Path::new(&root).join(inside).join(name)
    }

    /// Fills it: nothing can be written any more.
    pub fn fill(&self) -> Result<()> {
        let mut filler = File::options()
            .create(true)
            .append(true)
            .open(self.path("filler"))?;
        for octets in [vec![0; 1 << 16], vec![0; 1]] {
            loop {
                match filler.write_all(&octets) {
                    Ok(()) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    /// Makes room again.
    pub fn free(&self) -> Result<()> {
        Ok(fs::remove_file(self.path("filler"))?)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
