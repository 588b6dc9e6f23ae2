//! Compact JSON Web Encryption (RFC 7516) to one recipient: RSA-OAEP-256 or ECDH-ES over P-256, always with A256GCM.
//!
//! Only encryption: the gateway makes results that it cannot read again. The algorithm belongs to the recipient's key, the
//! content encryption is fixed, and nothing is compressed. What was secret in memory is overwritten.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use aws_lc_rs::{aead, agreement, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::bearer::{NoRandomness, length_prefixed, random_octets};
use crate::jws::{JsonWebKey, KeyError, ec_point, rsa_spki};

/// The content encryption (RFC 7518 section 5.3).
const ENCRYPTION: &str = "A256GCM";

/// A key that results are encrypted to, and the one algorithm it is for.
pub(crate) struct RecipientKey {
    key_id: String,
    key: Key,
}

enum Key {
    /// RFC 7518 section 4.3.
    RsaOaep256(OaepPublicEncryptingKey),
    /// RFC 7518 section 4.6: the uncompressed point.
    EcdhEs(Vec<u8>),
}

/// Nothing could be encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cryptographic library did not encrypt")]
pub(crate) struct NotEncrypted;

impl std::fmt::Debug for RecipientKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("RecipientKey")
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

impl RecipientKey {
    /// The key of a JWK whose `use` is `enc` and whose `alg` is one of the two.
    pub(crate) fn from_jwk(jwk: &JsonWebKey) -> Result<Self, KeyError> {
        if jwk.d.is_some() {
            return Err(KeyError::PrivatePart);
        }
        let key = match jwk.alg.as_deref() {
            Some("RSA-OAEP-256") => {
                require(jwk, "RSA-OAEP-256", "RSA", None)?;
                let key = PublicEncryptingKey::from_der(&rsa_spki(jwk)?)
                    .map_err(|_| KeyError::Rejected)?;
                Key::RsaOaep256(OaepPublicEncryptingKey::new(key).map_err(|_| KeyError::Rejected)?)
            }
            Some("ECDH-ES") => {
                require(jwk, "ECDH-ES", "EC", Some("P-256"))?;
                let point = ec_point(jwk)?;
                // Parsed for its own sake: a point that is not on the curve is refused now, not at somebody's signature.
                let unparsed =
                    agreement::UnparsedPublicKey::new(&agreement::ECDH_P256, point.as_slice());
                agreement::ParsedPublicKey::try_from(unparsed).map_err(|_| KeyError::Rejected)?;
                Key::EcdhEs(point)
            }
            other => {
                return Err(KeyError::Unsuitable {
                    member: "alg",
                    found: other.unwrap_or_default().to_owned(),
                    needed: "RSA-OAEP-256 or ECDH-ES",
                    algorithm: "encryption",
                });
            }
        };
        Ok(Self {
            key_id: jwk.kid.clone(),
            key,
        })
    }

    /// The `alg` of what is encrypted to this key.
    fn algorithm(&self) -> &'static str {
        match self.key {
            Key::RsaOaep256(_) => "RSA-OAEP-256",
            Key::EcdhEs(_) => "ECDH-ES",
        }
    }

    /// The compact serialisation (RFC 7516 section 7.1) of this JSON, encrypted to the key.
    pub(crate) fn encrypt(&self, plain: Zeroizing<Vec<u8>>) -> Result<String, NotEncrypted> {
        let mut header = json!({
            "alg": self.algorithm(),
            "enc": ENCRYPTION,
            "kid": self.key_id,
            "cty": "json",
        });
        let (content_key, encrypted_key) = self.content_key(&mut header)?;
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        let nonce: [u8; aead::NONCE_LEN] = random_octets()?;
        let key =
            aead::UnboundKey::new(&aead::AES_256_GCM, &*content_key).map_err(|_| NotEncrypted)?;
        let mut text = plain;
        let tag = aead::LessSafeKey::new(key)
            .seal_in_place_separate_tag(
                aead::Nonce::assume_unique_for_key(nonce),
                aead::Aad::from(header.as_bytes()),
                &mut text,
            )
            .map_err(|_| NotEncrypted)?;
        Ok([
            header,
            URL_SAFE_NO_PAD.encode(encrypted_key),
            URL_SAFE_NO_PAD.encode(nonce),
            URL_SAFE_NO_PAD.encode(&*text),
            URL_SAFE_NO_PAD.encode(tag.as_ref()),
        ]
        .join("."))
    }

    /// A fresh content key, and how the recipient finds it: encrypted to it, or agreed upon with the `epk` of the header.
    fn content_key(
        &self,
        header: &mut Value,
    ) -> Result<(Zeroizing<[u8; 32]>, Vec<u8>), NotEncrypted> {
        match &self.key {
            Key::RsaOaep256(recipient) => {
                let key = Zeroizing::new(random_octets()?);
                let mut encrypted = vec![0; recipient.ciphertext_size()];
                let length = recipient
                    .encrypt(&OAEP_SHA256_MGF1SHA256, &*key, &mut encrypted, None)
                    .map_err(|_| NotEncrypted)?
                    .len();
                encrypted.truncate(length);
                Ok((key, encrypted))
            }
            Key::EcdhEs(recipient) => {
                let own = agreement::EphemeralPrivateKey::generate(
                    &agreement::ECDH_P256,
                    &SystemRandom::new(),
                )
                .map_err(|_| NotEncrypted)?;
                let point = own.compute_public_key().map_err(|_| NotEncrypted)?;
                let (x, y) = point.as_ref().get(1..65).ok_or(NotEncrypted)?.split_at(32);
                header["epk"] = json!({
                    "kty": "EC",
                    "crv": "P-256",
                    "x": URL_SAFE_NO_PAD.encode(x),
                    "y": URL_SAFE_NO_PAD.encode(y),
                });
                let peer = agreement::UnparsedPublicKey::new(&agreement::ECDH_P256, recipient);
                let key = agreement::agree_ephemeral(own, peer, NotEncrypted, |agreed| {
                    Ok(derived_key(agreed))
                })?;
                // Direct agreement: the encrypted key is empty (RFC 7516 section 5.1).
                Ok((key, Vec::new()))
            }
        }
    }
}

/// The key of the content from an agreed secret: one round of the Concat KDF with SHA-256, no party information
/// (RFC 7518 section 4.6.2).
fn derived_key(agreed: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&1_u32.to_be_bytes());
    context.update(agreed);
    context.update(&length_prefixed(ENCRYPTION.as_bytes()));
    // PartyUInfo and PartyVInfo, both empty, and SuppPubInfo, the length of the key in bits.
    for part in [0_u32, 0, 256] {
        context.update(&part.to_be_bytes());
    }
    let mut key = Zeroizing::new([0; 32]);
    key.copy_from_slice(context.finish().as_ref());
    key
}

fn require(
    jwk: &JsonWebKey,
    algorithm: &'static str,
    key_type: &'static str,
    curve: Option<&'static str>,
) -> Result<(), KeyError> {
    let members = [
        ("use", jwk.public_key_use.as_deref(), Some("enc")),
        ("kty", Some(jwk.kty.as_str()), Some(key_type)),
        ("crv", jwk.crv.as_deref(), curve),
    ];
    for (member, found, needed) in members {
        if found != needed {
            return Err(KeyError::Unsuitable {
                member,
                found: found.unwrap_or_default().to_owned(),
                needed: needed.unwrap_or("absent"),
                algorithm,
            });
        }
    }
    Ok(())
}

impl From<NoRandomness> for NotEncrypted {
    fn from(_: NoRandomness) -> Self {
        Self
    }
}

#[cfg(test)]
mod tests;
