//! Paths in a configuration count from the folder of its file, wherever the process was started.

use std::cell::RefCell;
use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use super::ConfigError;

thread_local! {
    /// The folder of the file being read. serde passes nothing along to a field's own reader, and
    /// reading is one call on one thread.
    static FOLDER: RefCell<PathBuf> = const { RefCell::new(PathBuf::new()) };
}

pub(super) fn relative_to<T>(folder: &Path, read: impl FnOnce() -> T) -> T {
    let before = FOLDER.replace(folder.to_owned());
    let value = read();
    FOLDER.set(before);
    value
}

/// A path in a configuration file, already counted from that file's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigPath(PathBuf);

impl ConfigPath {
    /// A path that needs no folder.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The path.
    pub fn as_path(&self) -> &Path {
        &self.0
    }

    /// Reads a file of at most so many octets.
    ///
    /// # Errors
    /// When it cannot be read or is larger.
    pub fn read(&self, most: u64) -> Result<Vec<u8>, ConfigError> {
        let octets = std::fs::metadata(&self.0)
            .map_err(|e| ConfigError::file(&self.0, e))?
            .len();
        if octets > most {
            let problem = format!("{octets} octets, at most {most} are read");
            return Err(ConfigError::file(&self.0, problem));
        }
        std::fs::read(&self.0).map_err(|e| ConfigError::file(&self.0, e))
    }
}

impl Deref for ConfigPath {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl AsRef<Path> for ConfigPath {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl fmt::Display for ConfigPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(formatter)
    }
}

impl<'de> Deserialize<'de> for ConfigPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let path = PathBuf::deserialize(deserializer)?;
        if path.as_os_str().is_empty() {
            return Err(serde::de::Error::custom("an empty path"));
        }
        Ok(Self(FOLDER.with_borrow(|folder| folder.join(path))))
    }
}

/// A file that holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretFile(ConfigPath);

impl SecretFile {
    /// A secret file at a path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(ConfigPath::new(path))
    }

    /// Where it is.
    pub fn path(&self) -> &ConfigPath {
        &self.0
    }

    /// Reads the secret, and warns when the file can be read by more than its owner and group.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self) -> Result<Zeroizing<Vec<u8>>, ConfigError> {
        warn_if_open(&self.0);
        self.0
            .read(crate::limits::PEM_FILE_OCTETS)
            .map(Zeroizing::new)
    }

    /// Reads a key of exactly 32 octets, as they are or as 64 hexadecimal digits with or without a
    /// line end.
    ///
    /// # Errors
    /// When it cannot be read or is no such key.
    pub fn read_key(&self) -> Result<Zeroizing<[u8; 32]>, ConfigError> {
        let bytes = self.read()?;
        let mut key = Zeroizing::new([0; 32]);
        if bytes.len() == key.len() {
            key.copy_from_slice(&bytes);
            return Ok(key);
        }
        let digits = bytes.trim_ascii_end();
        hex::decode_to_slice(digits, &mut *key).map_err(|_| {
            let problem = "a key file holds 32 octets, or 64 hexadecimal digits";
            ConfigError::file(&self.0, problem)
        })?;
        Ok(key)
    }
}

impl<'de> Deserialize<'de> for SecretFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ConfigPath::deserialize(deserializer).map(Self)
    }
}

/// Says so when others than the owner and its group can read a secret. Not refused: container
/// platforms mount secrets with modes of their own.
pub(crate) fn warn_if_open(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).map_or(0, |metadata| metadata.permissions().mode());
    if mode & 0o007 != 0 {
        tracing::warn!(
            file = %path.display(),
            mode = format!("{:03o}", mode & 0o777),
            "a secret file is open to every user of this computer; chmod 600 it"
        );
    }
}
