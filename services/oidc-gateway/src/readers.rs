//! The registered card readers and what they vouch for.
//!
//! The gateway never sees the card-surface record with which the four information could be checked: it holds an unsalted
//! hash of the individual number. The reader checks it and signs the result together with the challenge and the
//! certificate, so that it counts for this sign-in of this card alone.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::bearer::{length_prefixed, sha256};
use crate::clients::is_key_id;
use crate::jws::{Algorithm, PublicKey};

/// The readers file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadersFile {
    /// The readers.
    #[serde(rename = "reader", default)]
    pub readers: Vec<ReaderRegistration>,
}

/// One reader, as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReaderRegistration {
    /// Which key the reader says it used.
    pub key_id: String,
    /// ECDSA P-256 SubjectPublicKeyInfo, PEM or base64.
    pub public_key: String,
}

/// Why a reader was refused.
#[derive(Debug, thiserror::Error)]
#[error("reader {key_id:?}: {rule}")]
pub struct ReaderRefused {
    /// Which reader.
    pub key_id: String,
    /// What is wrong with it.
    pub rule: &'static str,
}

/// All readers.
#[derive(Debug, Default)]
pub(crate) struct Readers(HashMap<String, PublicKey>);

/// The four information as a reader read them.
#[derive(Clone, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
pub(crate) struct CardSurface {
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) birthdate: String,
    pub(crate) gender: String,
}

/// What became of the reader's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vouching {
    /// A registered reader vouches.
    Vouched,
    /// The key is not registered: nobody vouches.
    Unregistered,
    /// The key is registered, and the signature is not by it over this.
    Mismatch,
}

impl Readers {
    /// Checks every reader.
    pub(crate) fn check(file: ReadersFile) -> Result<Self, ReaderRefused> {
        let mut readers = HashMap::new();
        for ReaderRegistration { key_id, public_key } in file.readers {
            let refused = |rule| ReaderRefused {
                key_id: key_id.clone(),
                rule,
            };
            if !is_key_id(&key_id) {
                return Err(refused(
                    "key_id must be 1 to 128 printable ASCII characters",
                ));
            }
            let key = spki(&public_key)
                .and_then(|spki| PublicKey::parse(Algorithm::Es256, &spki).ok())
                .ok_or_else(|| refused("public_key is no P-256 SubjectPublicKeyInfo"))?;
            if readers.insert(key_id.clone(), key).is_some() {
                return Err(refused("it is registered twice"));
            }
        }
        Ok(Self(readers))
    }

    /// Does a registered reader vouch for these items, in answer to this challenge, by this card?
    pub(crate) fn vouch(
        &self,
        key_id: &str,
        signature: &[u8],
        surface: &CardSurface,
        challenge: &[u8; 32],
        certificate: &[u8],
    ) -> Vouching {
        let Some(key) = self.0.get(key_id) else {
            return Vouching::Unregistered;
        };
        match key.verify(&vouched_message(surface, challenge, certificate), signature) {
            Ok(()) => Vouching::Vouched,
            Err(_) => Vouching::Mismatch,
        }
    }
}

fn vouched_message(
    surface: &CardSurface,
    challenge: &[u8; 32],
    certificate: &[u8],
) -> Zeroizing<Vec<u8>> {
    let item = |text: &str| Zeroizing::new(length_prefixed(text.as_bytes()));
    Zeroizing::new(
        [
            b"akashi-reader-v1".as_slice(),
            &item(&surface.name),
            &item(&surface.address),
            &item(&surface.birthdate),
            &item(&surface.gender),
            challenge,
            &sha256(&[certificate]),
        ]
        .concat(),
    )
}

/// The octets of a PEM or base64 SubjectPublicKeyInfo.
fn spki(text: &str) -> Option<Vec<u8>> {
    let body: String = text
        .trim()
        .strip_prefix("-----BEGIN PUBLIC KEY-----")
        .map_or(Some(text), |rest| {
            rest.trim_end().strip_suffix("-----END PUBLIC KEY-----")
        })?
        .split_whitespace()
        .collect();
    STANDARD.decode(body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};

    fn surface() -> CardSurface {
        CardSurface {
            name: "明石 花子".to_owned(),
            address: "明石市".to_owned(),
            birthdate: "19850315".to_owned(),
            gender: "2".to_owned(),
        }
    }

    fn registered(pair: &EcdsaKeyPair) -> Readers {
        let prefix = hex::decode("3059301306072a8648ce3d020106082a8648ce3d030107034200").unwrap();
        let spki = [&prefix, pair.public_key().as_ref()].concat();
        let public_key = STANDARD.encode(spki);
        let file = ReadersFile {
            readers: vec![ReaderRegistration {
                key_id: "reader".to_owned(),
                public_key,
            }],
        };
        Readers::check(file).unwrap()
    }

    #[test]
    fn a_reader_vouches_for_one_card_one_challenge_and_these_items() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let readers = registered(&pair);
        let message = vouched_message(&surface(), &[1; 32], b"certificate");
        let signature = pair.sign(&SystemRandom::new(), &message).unwrap();
        let vouch = |key_id: &str, surface: &CardSurface, challenge: u8, certificate: &[u8]| {
            readers.vouch(
                key_id,
                signature.as_ref(),
                surface,
                &[challenge; 32],
                certificate,
            )
        };
        assert_eq!(
            vouch("reader", &surface(), 1, b"certificate"),
            Vouching::Vouched
        );
        assert_eq!(
            vouch("other", &surface(), 1, b"certificate"),
            Vouching::Unregistered
        );
        assert_eq!(
            vouch("reader", &surface(), 2, b"certificate"),
            Vouching::Mismatch
        );
        assert_eq!(
            vouch("reader", &surface(), 1, b"another"),
            Vouching::Mismatch
        );
        let mut changed = surface();
        "1".clone_into(&mut changed.gender);
        assert_eq!(
            vouch("reader", &changed, 1, b"certificate"),
            Vouching::Mismatch
        );
    }

    #[test]
    fn the_documented_reader_is_accepted() {
        let sample = include_str!("../../../deploy/config/readers.toml");
        let file: ReadersFile = runtime::config::parse(sample).unwrap();
        let readers = Readers::check(file).unwrap();
        assert!(readers.0.contains_key("reader-app-2026"));
        let twice = runtime::config::parse(&format!("{sample}\n{sample}")).unwrap();
        assert!(Readers::check(twice).is_err());
    }

    #[test]
    fn what_is_no_p256_key_is_refused() {
        for public_key in [
            "",
            "AAAA",
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        ] {
            let file = ReadersFile {
                readers: vec![ReaderRegistration {
                    key_id: "reader".to_owned(),
                    public_key: public_key.to_owned(),
                }],
            };
            assert!(Readers::check(file).is_err());
        }
    }
}
