//! From the keys file to keys that sign.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use runtime::config::{ConfigError, ConfigPath};
use store::{GatewayState, StoreError};

use super::file::{KeyPlace, SigningKeysFile};
use super::pkcs11::Token;
use super::signer::{Signer, public_jwk};

/// The keys that this gateway holds.
pub(super) struct HeldKeys {
    keys: Vec<HeldKey>,
    withdrawn: Vec<String>,
    paths: Vec<PathBuf>,
}

/// A key whose private half this gateway can use.
pub(super) struct HeldKey {
    pub(super) key_id: String,
    /// From when it signs, in seconds since 1970.
    pub(super) sign_from: i64,
    pub(super) signer: Signer,
    /// The public half as a JWK, in the one spelling that is published and compared.
    pub(super) jwk: String,
}

impl HeldKeys {
    /// Reads the file, and every key that it names.
    pub(super) fn load(path: &ConfigPath) -> Result<Self, ConfigError> {
        let file: SigningKeysFile = runtime::config::load(path)?;
        let refused = |problem: String| ConfigError::file(path, problem);
        file.check().map_err(refused)?;
        let mut token = None;
        let mut paths = Vec::new();
        let mut keys = Vec::new();
        for entry in &file.signing_keys {
            let key_id = &entry.key_id;
            let signer = match file.place(entry).map_err(refused)? {
                KeyPlace::File(file) => {
                    paths.push(file.path().as_path().to_owned());
                    Signer::from_pem(&file.read()?).ok_or_else(|| {
                        ConfigError::file(file.path(), "holds no P-256 private key in PKCS#8 PEM")
                    })?
                }
                KeyPlace::Token(config, label) => {
                    paths.push(config.pin_file.path().as_path().to_owned());
                    let token = match &token {
                        Some(token) => Arc::clone(token),
                        None => Arc::clone(token.insert(Token::open(config)?)),
                    };
                    let key = token.key(label).map_err(|error| {
                        refused(format!("key {key_id:?}, label {label:?}: {error}"))
                    })?;
                    Signer::from_token(key)
                }
            };
            keys.push(HeldKey {
                key_id: key_id.clone(),
                sign_from: entry.sign_from().map_err(refused)?,
                jwk: public_jwk(key_id, signer.point()),
                signer,
            });
        }
        Ok(Self {
            keys,
            withdrawn: file.withdrawn,
            paths,
        })
    }

    pub(super) fn keys(&self) -> &[HeldKey] {
        &self.keys
    }

    pub(super) fn key_ids(&self) -> Vec<&str> {
        self.keys.iter().map(|key| key.key_id.as_str()).collect()
    }

    pub(super) fn withdrawn(&self) -> &[String] {
        &self.withdrawn
    }

    /// Publishes every key, or says that it is still held. The inner error: an identifier that belongs to another key.
    pub(super) async fn publish(
        &self,
        state: &GatewayState,
        now: i64,
    ) -> Result<Result<(), String>, StoreError> {
        for key in &self.keys {
            state.publish_key(&key.key_id, &key.jwk, now).await?;
        }
        let published = state.published_keys().await?;
        for key in &self.keys {
            let is_another = published
                .iter()
                .any(|other| other.key_id == key.key_id && other.jwk != key.jwk);
            if is_another {
                return Ok(Err(format!(
                    "key_id {:?} was published for another key, and relying parties may keep that one: give the new key \
                     an identifier of its own",
                    key.key_id
                )));
            }
        }
        Ok(Ok(()))
    }
}

/// What tells changed files from the same ones: for each its time, its size and its inode.
#[derive(PartialEq, Eq)]
pub(super) struct Stamp(Vec<(PathBuf, Option<Seen>)>);

/// Time, size and inode.
type Seen = (SystemTime, u64, u64);

impl Stamp {
    /// The keys file, and the files of the keys as far as they are known.
    pub(super) fn of(path: &Path, held: Option<&HeldKeys>) -> Self {
        let others = held.map(|held| held.paths.as_slice()).unwrap_or_default();
        let paths = std::iter::once(path).chain(others.iter().map(PathBuf::as_path));
        Self(paths.map(|path| (path.to_owned(), seen(path))).collect())
    }

    /// The keys file as it was, and the files of the keys that were just read from it.
    pub(super) fn with_keys(mut self, held: &HeldKeys) -> Self {
        self.0.truncate(1);
        let others = held.paths.iter();
        self.0.extend(others.map(|path| (path.clone(), seen(path))));
        self
    }
}

fn seen(path: &Path) -> Option<Seen> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len(), metadata.ino()))
}
