//! Certificates, keys and registrations are replaced without a restart: what begins uses the files as they are now.
//! Files that do not load leave the last good ones in use, with an error in the log, because a half-written
//! file must not close the service.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use rustls::ServerConfig;

use super::files::{ALPN_H2, TlsError, server_config};
use crate::config::TlsConfig;

/// A value made of files, made again when one of them changed.
pub struct Reloading<T, E = TlsError> {
    current: ArcSwap<T>,
    paths: Vec<PathBuf>,
    seen: Mutex<Stamp>,
    load: Box<dyn Fn() -> Result<T, E> + Send + Sync>,
}

impl<T, E> fmt::Debug for Reloading<T, E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Reloading({})", shown(&self.paths))
    }
}

/// What a look at the files led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// No file changed.
    Unchanged,
    /// The new files are in use.
    Loaded,
    /// The new files do not load; the former ones stay in use.
    Refused,
}

/// What tells a changed file from the same one: its time, its size and, because a replaced file may
/// have both, its inode.
type Stamp = Vec<Option<(SystemTime, u64, u64)>>;

impl<T, E: fmt::Display> Reloading<T, E> {
    /// Makes the value for the first time.
    ///
    /// # Errors
    /// Whatever keeps it from being made.
    pub fn new(
        paths: Vec<PathBuf>,
        load: impl Fn() -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<Self, E> {
        // The stamp is taken before the files are read: a change in between is seen next time.
        let seen = Mutex::new(stamp(&paths));
        let current = ArcSwap::from_pointee(load()?);
        Ok(Self {
            current,
            paths,
            seen,
            load: Box::new(load),
        })
    }

    /// The value of the files as they were last looked at.
    pub fn current(&self) -> Arc<T> {
        self.current.load_full()
    }

    /// Looks at the files and makes the value again if one changed. Blocks on the file system.
    pub fn refresh(&self) -> Refreshed {
        let now = stamp(&self.paths);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == now {
            return Refreshed::Unchanged;
        }
        let refreshed = match (self.load)() {
            Ok(value) => {
                self.current.store(Arc::new(value));
                tracing::info!(file = %shown(&self.paths), "changed files were loaded again");
                Refreshed::Loaded
            }
            Err(error) => {
                tracing::error!(%error, "changed files do not load; the former ones stay in use");
                Refreshed::Refused
            }
        };
        *seen = now;
        refreshed
    }
}

fn stamp(paths: &[PathBuf]) -> Stamp {
    use std::os::unix::fs::MetadataExt as _;
    let of = |path: &PathBuf| {
        let metadata = std::fs::metadata(path).ok()?;
        Some((metadata.modified().ok()?, metadata.len(), metadata.ino()))
    };
    paths.iter().map(of).collect()
}

fn shown(paths: &[PathBuf]) -> String {
    paths
        .first()
        .map(|path| path.display().to_string())
        .unwrap_or_default()
}

/// A server's TLS.
pub(crate) type ServerTls = Reloading<ServerConfig>;

impl ServerTls {
    pub(crate) fn load(files: &TlsConfig) -> Result<Self, TlsError> {
        let paths = [
            files.certificate.as_path(),
            files.private_key.path().as_path(),
            files.client_ca.as_path(),
        ];
        let files = files.clone();
        Self::new(paths.into_iter().map(Path::to_owned).collect(), move || {
            server_config(&files, ALPN_H2)
        })
    }
}
