//! A list as it comes, kept beside its reading in a file that has no name: whoever ends, it is gone.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest::{Context, SHA256};
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
        let (kept_secs, spooled) = (self.kept_secs?, spooled.0?);
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(spooled.digest.finish().as_ref());
        Some(NewOriginal {
            file: Arc::new(spooled.file),
            octets: spooled.octets,
            sha256,
            kept_until: this_update.saturating_add(kept_secs),
        })
    }
}

/// The octets so far; `None`: they are not kept, or could not be.
#[derive(Default)]
pub(crate) struct Spool(Option<Spooled>);

struct Spooled {
    file: File,
    octets: u64,
    /// Of the octets as they were verified, whatever becomes of the file. Only who keeps lists pays for it.
    digest: Context,
}

impl fmt::Debug for Spool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let octets = self.0.as_ref().map(|spooled| spooled.octets);
        formatter.debug_tuple("Spool").field(&octets).finish()
    }
}

impl Spool {
    fn begun(file: io::Result<File>) -> Self {
        let mut spool = Self::default();
        match file {
            Ok(file) => {
                spool.0 = Some(Spooled {
                    file,
                    octets: 0,
                    digest: Context::new(&SHA256),
                });
            }
            Err(error) => give_up(&error),
        }
        spool
    }

    /// Takes the next octets. A list comes into force also if it cannot be kept as it was: who is revoked must not wait.
    pub(crate) fn push(&mut self, octets: &[u8]) {
        let Some(spooled) = &mut self.0 else {
            return;
        };
        match spooled.file.write_all(octets) {
            Ok(()) => {
                spooled.octets += octets.len() as u64;
                spooled.digest.update(octets);
            }
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
