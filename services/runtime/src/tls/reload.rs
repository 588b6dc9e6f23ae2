//! Certificates are replaced without a restart: a new connection uses the files as they are now. Files
//! that do not load leave the last good ones in use, with an error in the log, because a half-written
//! file must not close the service.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use rustls::ServerConfig;

use super::files::{TlsError, server_config};
use crate::config::TlsConfig;

/// A value made of files, made again when one of them changed.
pub(crate) struct Reloading<T> {
    current: ArcSwap<T>,
    paths: Vec<PathBuf>,
    seen: Mutex<Stamp>,
    load: Box<dyn Fn() -> Result<T, TlsError> + Send + Sync>,
}

/// What tells a changed file from the same one: its time, its size and, because a replaced file may
/// have both, its inode.
type Stamp = Vec<Option<(SystemTime, u64, u64)>>;

impl<T> Reloading<T> {
    pub(crate) fn new(
        paths: Vec<PathBuf>,
        load: impl Fn() -> Result<T, TlsError> + Send + Sync + 'static,
    ) -> Result<Self, TlsError> {
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
    pub(crate) fn current(&self) -> Arc<T> {
        self.current.load_full()
    }

    /// Looks at the files and makes the value again if one changed. Blocks on the file system.
    pub(crate) fn refresh(&self) {
        let now = stamp(&self.paths);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == now {
            return;
        }
        match (self.load)() {
            Ok(value) => {
                self.current.store(Arc::new(value));
                tracing::info!(file = %shown(&self.paths), "TLS files were loaded again");
            }
            Err(error) => {
                tracing::error!(%error, "changed TLS files do not load; the former ones stay in use");
            }
        }
        *seen = now;
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
            server_config(&files)
        })
    }
}
