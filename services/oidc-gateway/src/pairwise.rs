//! Pairwise subjects: one person, a different `sub` in every sector.
//!
//! `sub` = HMAC-SHA-256(secret, length-prefixed sector || holder id). The holder id belongs to the person, not to a
//! certificate, so a renewed card keeps its `sub`; without the secret nobody links two sectors or finds a person.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::bearer::length_prefixed;

/// The secrets by version.
pub(crate) struct PairwiseSecrets(BTreeMap<u32, hmac::Key>);

/// Why the secrets file was refused. Its content is never repeated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PairwiseSecretsError {
    /// A line is not `version:64 hex digits`.
    #[error("line {0} is not \"version:64 hexadecimal digits\"")]
    Line(usize),
    /// The same version twice.
    #[error("version {0} is there twice")]
    Repeated(u32),
    /// No secret at all.
    #[error("there is no secret in it")]
    Empty,
}

impl std::fmt::Debug for PairwiseSecrets {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_tuple("PairwiseSecrets")
            .field(&self.0.keys())
            .finish()
    }
}

impl PairwiseSecrets {
    /// Reads the text of a secrets file: one `version:64 hexadecimal digits` a line.
    pub(crate) fn parse(text: &str) -> Result<Self, PairwiseSecretsError> {
        let mut secrets = BTreeMap::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let refused = PairwiseSecretsError::Line(index + 1);
            let Some((version, digits)) = line.split_once(':') else {
                return Err(refused);
            };
            let mut secret = Zeroizing::new([0; 32]);
            let (Ok(version), Ok(())) = (
                version.parse::<u32>(),
                hex::decode_to_slice(digits, secret.as_mut()),
            ) else {
                return Err(refused);
            };
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_ref());
            if secrets.insert(version, key).is_some() {
                return Err(PairwiseSecretsError::Repeated(version));
            }
        }
        if secrets.is_empty() {
            Err(PairwiseSecretsError::Empty)
        } else {
            Ok(Self(secrets))
        }
    }

    /// The versions there are.
    pub(crate) fn versions(&self) -> BTreeSet<u32> {
        self.0.keys().copied().collect()
    }

    /// Is there a secret of this version?
    pub(crate) fn has(&self, version: u32) -> bool {
        self.0.contains_key(&version)
    }

    /// A key for another purpose, the same at every replica: of the first version, which stays when others are added.
    pub(crate) fn derived_key(&self, label: &[u8]) -> hmac::Key {
        // The file has at least one line.
        let secret = self.0.values().next();
        let derived = secret.map(|secret| hmac::sign(secret, label));
        let octets = derived.as_ref().map_or(&[][..], AsRef::as_ref);
        hmac::Key::new(hmac::HMAC_SHA256, octets)
    }

    /// The subject of a holder in a sector; `None` for a version that is not there.
    pub(crate) fn subject(&self, version: u32, sector: &str, holder_id: &[u8]) -> Option<String> {
        let input = [length_prefixed(sector.as_bytes()).as_slice(), holder_id].concat();
        let tag = hmac::sign(self.0.get(&version)?, &input);
        Some(URL_SAFE_NO_PAD.encode(tag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> PairwiseSecrets {
        PairwiseSecrets::parse(&format!(
            "# comment\n1:{}\n\n2:{}\n",
            "11".repeat(32),
            "22".repeat(32)
        ))
        .unwrap()
    }

    #[test]
    fn a_subject_differs_by_sector_holder_and_version_and_is_stable() {
        let secrets = secrets();
        let subject = secrets.subject(1, "a.example", &[1; 16]).unwrap();
        assert_eq!(secrets.subject(1, "a.example", &[1; 16]).unwrap(), subject);
        assert_ne!(secrets.subject(1, "b.example", &[1; 16]).unwrap(), subject);
        assert_ne!(secrets.subject(1, "a.example", &[2; 16]).unwrap(), subject);
        assert_ne!(secrets.subject(2, "a.example", &[1; 16]).unwrap(), subject);
        assert_eq!(secrets.subject(3, "a.example", &[1; 16]), None);
        assert_eq!(subject.len(), 43);
    }

    #[test]
    fn a_subject_is_the_documented_hmac() {
        // python3: hmac.new(b"\x11"*32, b"\0\0\0\x09a.example" + b"\x01"*16, "sha256"), base64url.
        let subject = secrets().subject(1, "a.example", &[1; 16]).unwrap();
        assert_eq!(subject, "Q6VTdKsoTO1IRcbK7YC-px6GG09Tub83t05qkEjctn0");
    }

    #[test]
    fn a_file_that_is_not_a_list_of_secrets_is_refused() {
        let good = "11".repeat(32);
        assert!(PairwiseSecrets::parse(&format!("1:{good}")).is_ok());
        for text in [
            String::new(),
            good.clone(),
            format!("x:{good}"),
            format!("1:{}", &good[2..]),
            format!("1:{good}\n1:{good}"),
        ] {
            assert!(PairwiseSecrets::parse(&text).is_err(), "{text}");
        }
    }
}
