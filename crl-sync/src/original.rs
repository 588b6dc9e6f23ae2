//! A list as it comes, kept beside its reading in a file that has no name: whoever ends, it is gone.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use store::NewOriginal;

use crate::config::OriginalsConfig;
use crate::removals::DAY;

/// Whether lists are kept as they were fetched.
#[derive(Clone, Debug)]
pub(crate) struct Originals {
    /// `None`: they are not.
    kept_secs: Option<i64>,
    folder: PathBuf,
}

impl From<&OriginalsConfig> for Originals {
    fn from(config: &OriginalsConfig) -> Self {
        let days = i64::from(config.keep_days);
        let folder = config
            .spool_folder
            .as_ref()
            .map(|folder| folder.to_path_buf());
        Self {
            kept_secs: (days > 0).then_some(days * DAY),
            folder: folder.unwrap_or_else(std::env::temp_dir),
        }
    }
}

impl Originals {
    /// A file for the next list, if lists are kept.
    pub(crate) fn spool(&self) -> Spool {
        self.kept_secs
            .map_or_else(Spool::default, |_| Spool::begun(nameless(&self.folder)))
    }

    /// What is stored of a list of this moment that was spooled.
    pub(crate) fn keep(&self, spooled: Spool, this_update: i64) -> Option<NewOriginal> {
        let (kept_secs, (file, octets)) = (self.kept_secs?, spooled.0?);
        Some(NewOriginal {
            file: Arc::new(file),
            octets,
            kept_until: this_update.saturating_add(kept_secs),
        })
    }
}

/// The octets so far and how many; `None`: they are not kept, or could not be.
#[derive(Debug, Default)]
pub(crate) struct Spool(Option<(File, u64)>);

impl Spool {
    fn begun(file: io::Result<File>) -> Self {
        let mut spool = Self::default();
        match file {
            Ok(file) => spool.0 = Some((file, 0)),
            Err(error) => give_up(&error),
        }
        spool
    }

    /// Takes the next octets. A list comes into force also if it cannot be kept as it was: who is revoked must not wait.
    pub(crate) fn push(&mut self, octets: &[u8]) {
        let Some((file, count)) = &mut self.0 else {
            return;
        };
        match file.write_all(octets) {
            Ok(()) => *count += octets.len() as u64,
            Err(error) => {
                give_up(&error);
                self.0 = None;
            }
        }
    }
}

fn give_up(error: &io::Error) {
    tracing::error!(%error, "a list cannot be kept as it was fetched; it comes into force all the same");
}

/// Tells files of one process apart.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// A file of this user's alone, whose name is removed at once.
fn nameless(folder: &Path) -> io::Result<File> {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let path = folder.join(format!("akashi-crl-{}-{number}", std::process::id()));
    // What a process of the same number left when it was killed between the two.
    let _ = std::fs::remove_file(&path);
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}
