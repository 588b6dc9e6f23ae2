//! The signing keys file, as written.

use runtime::config::{ConfigPath, SecretFile};
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::clients::is_key_id;

/// Keys in a file. A roll needs two; more than a few make every relying party's key set large.
const KEYS: std::ops::RangeInclusive<usize> = 1..=16;

/// The signing keys file. `deploy/config/signing-keys.toml` explains every key.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningKeysFile {
    /// The keys.
    #[serde(rename = "signing_key")]
    pub signing_keys: Vec<SigningKeyEntry>,
    /// Keys that relying parties must not believe any more, from now on.
    #[serde(default)]
    pub withdrawn: Vec<String>,
    /// The token that holds the keys that are in no file.
    #[serde(default)]
    pub pkcs11: Option<Pkcs11Config>,
}

/// One key.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningKeyEntry {
    /// Its `kid`.
    pub key_id: String,
    /// From when it signs, RFC 3339; absent: from the beginning.
    #[serde(default)]
    pub sign_from: Option<String>,
    /// P-256, PKCS#8 in PEM.
    #[serde(default)]
    pub file: Option<SecretFile>,
    /// The label of both halves in the token.
    #[serde(default)]
    pub pkcs11_label: Option<String>,
}

/// `[pkcs11]`: a hardware security module, or anything else that speaks PKCS#11.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pkcs11Config {
    /// The vendor's library.
    pub module: ConfigPath,
    /// The token's label; this or `slot`.
    #[serde(default)]
    pub token_label: Option<String>,
    /// The slot's number; this or `token_label`.
    #[serde(default)]
    pub slot: Option<u64>,
    /// The user's PIN.
    pub pin_file: SecretFile,
    /// Signatures at a time.
    #[serde(default = "four")]
    pub sessions: usize,
}

const fn four() -> usize {
    4
}

/// Where a private key is.
#[derive(Debug, Clone, Copy)]
pub(super) enum KeyPlace<'a> {
    /// In a file.
    File(&'a SecretFile),
    /// In the token, under this label.
    Token(&'a Pkcs11Config, &'a str),
}

impl SigningKeysFile {
    /// Checks what can be checked without reading a key.
    pub(super) fn check(&self) -> Result<(), String> {
        if !KEYS.contains(&self.signing_keys.len()) {
            return Err("there must be 1 to 16 [[signing_key]] entries".to_owned());
        }
        let mut times = Vec::new();
        for (index, entry) in self.signing_keys.iter().enumerate() {
            let key_id = &entry.key_id;
            let earlier = &self.signing_keys[..index];
            if !is_key_id(key_id) || earlier.iter().any(|other| other.key_id == *key_id) {
                return Err(format!(
                    "key_id {key_id:?} must be unique, 1 to 128 printable ASCII characters"
                ));
            }
            if self.withdrawn.contains(key_id) {
                return Err(format!(
                    "key {key_id:?} is withdrawn and cannot sign: remove one of the two"
                ));
            }
            let from = entry.sign_from()?;
            if times.contains(&from) {
                return Err(format!(
                    "key {key_id:?}: two keys sign from the same time on; give each its own sign_from"
                ));
            }
            times.push(from);
            self.place(entry)?;
        }
        self.pkcs11.as_ref().map_or(Ok(()), Pkcs11Config::check)
    }

    /// Where the private key of an entry is.
    pub(super) fn place<'a>(&'a self, entry: &'a SigningKeyEntry) -> Result<KeyPlace<'a>, String> {
        let key_id = &entry.key_id;
        match (&entry.file, &entry.pkcs11_label, &self.pkcs11) {
            (Some(file), None, _) => Ok(KeyPlace::File(file)),
            (None, Some(label), Some(token)) if !label.is_empty() => {
                Ok(KeyPlace::Token(token, label))
            }
            (None, Some(_), None) => Err(format!(
                "key {key_id:?} has a pkcs11_label, and there is no [pkcs11]"
            )),
            _ => Err(format!(
                "key {key_id:?} must have either a file or a pkcs11_label"
            )),
        }
    }
}

impl SigningKeyEntry {
    /// The time from which it signs, in seconds since 1970.
    pub(super) fn sign_from(&self) -> Result<i64, String> {
        let Some(text) = &self.sign_from else {
            return Ok(i64::MIN);
        };
        OffsetDateTime::parse(text, &Rfc3339)
            .map(OffsetDateTime::unix_timestamp)
            .map_err(|_| {
                format!(
                    "key {:?}: sign_from {text:?} is no time such as \"2027-02-01T00:00:00+09:00\"",
                    self.key_id
                )
            })
    }
}

impl Pkcs11Config {
    fn check(&self) -> Result<(), String> {
        if self.token_label.is_some() == self.slot.is_some() {
            return Err("[pkcs11] must have either token_label or slot".to_owned());
        }
        if !(1..=64).contains(&self.sessions) {
            return Err("[pkcs11] sessions must be 1 to 64".to_owned());
        }
        Ok(())
    }
}
