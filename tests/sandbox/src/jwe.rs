//! What the recipient of a signature does: decrypts a compact JWE (RFC 7516) with its private key. Written apart from the
//! gateway, which can only encrypt.

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use aws_lc_rs::{aead, agreement};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::mint::{EcKey, RsaKey, sha256};

/// The private key of somebody who receives signatures.
#[derive(Clone, Debug)]
pub enum RecipientKey {
    /// RSA-OAEP-256.
    Rsa(RsaKey),
    /// ECDH-ES over P-256.
    Ec(EcKey),
}

impl RecipientKey {
    /// The public half, as it is registered.
    ///
    /// # Panics
    /// If an RSA key that the sandbox made is not of its one size.
    pub fn public_jwk(&self, key_id: &str) -> Value {
        match self {
            Self::Rsa(key) => {
                // RSAPublicKey: a sequence of the modulus, 257 octets with its zero, and 65537.
                let bits = key.public_key_bits();
                let modulus = bits.get(9..9 + 256).expect("an RSA-2048 key");
                json!({
                    "kid": key_id, "use": "enc", "alg": "RSA-OAEP-256", "kty": "RSA",
                    "n": URL_SAFE_NO_PAD.encode(modulus), "e": "AQAB",
                })
            }
            Self::Ec(key) => {
                let (x, y) = key.jwk_coordinates();
                json!({
                    "kid": key_id, "use": "enc", "alg": "ECDH-ES", "kty": "EC", "crv": "P-256",
                    "x": x, "y": y,
                })
            }
        }
    }

    /// The header and the text of what was encrypted to this key.
    pub fn decrypt(&self, compact: &str) -> Result<(Value, Vec<u8>)> {
        let parts: Vec<&str> = compact.split('.').collect();
        let [header_part, key, nonce, text, tag] = parts.as_slice() else {
            bail!("a compact JWE has five parts");
        };
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).context("not base64url");
        let header: Value = serde_json::from_slice(&decode(header_part)?)?;
        ensure!(header["enc"] == "A256GCM", "another content encryption");
        ensure!(header.get("zip").is_none() && header.get("crit").is_none());
        let key = self.content_key(&header, &decode(key)?)?;
        let key = aead::UnboundKey::new(&aead::AES_256_GCM, &key)
            .map_err(|_| anyhow!("the content key has another length"))?;
        let nonce = aead::Nonce::try_assume_unique_for_key(&decode(nonce)?)
            .map_err(|_| anyhow!("the nonce has another length"))?;
        let mut text = [decode(text)?, decode(tag)?].concat();
        let plain = aead::LessSafeKey::new(key)
            .open_in_place(nonce, aead::Aad::from(header_part.as_bytes()), &mut text)
            .map_err(|_| anyhow!("it does not decrypt"))?;
        Ok((header, plain.to_vec()))
    }

    fn content_key(&self, header: &Value, encrypted: &[u8]) -> Result<Vec<u8>> {
        match self {
            Self::Rsa(key) => {
                ensure!(header["alg"] == "RSA-OAEP-256", "another algorithm");
                let key = PrivateDecryptingKey::from_pkcs8(key.pkcs8())
                    .map_err(|_| anyhow!("not an RSA key"))?;
                let key = OaepPrivateDecryptingKey::new(key).map_err(|_| anyhow!("no OAEP"))?;
                let mut plain = vec![0; key.min_output_size()];
                let plain = key
                    .decrypt(&OAEP_SHA256_MGF1SHA256, encrypted, &mut plain, None)
                    .map_err(|_| anyhow!("the content key does not decrypt"))?;
                Ok(plain.to_vec())
            }
            Self::Ec(key) => {
                ensure!(header["alg"] == "ECDH-ES", "another algorithm");
                ensure!(
                    encrypted.is_empty(),
                    "direct agreement has no encrypted key"
                );
                let own =
                    agreement::PrivateKey::from_private_key_der(&agreement::ECDH_P256, key.pkcs8())
                        .map_err(|_| anyhow!("not a P-256 key"))?;
                let mut point = vec![4];
                for coordinate in ["x", "y"] {
                    let text = header["epk"][coordinate].as_str().context("no epk")?;
                    point.extend(URL_SAFE_NO_PAD.decode(text)?);
                }
                let peer = agreement::UnparsedPublicKey::new(&agreement::ECDH_P256, point);
                agreement::agree(&own, peer, anyhow!("no agreement"), |agreed| {
                    Ok(concat_kdf(agreed))
                })
            }
        }
    }
}

/// RFC 7518 section 4.6.2 for A256GCM without party information.
fn concat_kdf(agreed: &[u8]) -> Vec<u8> {
    let info = b"\0\0\0\x07A256GCM\0\0\0\0\0\0\0\0\0\0\x01\0";
    sha256(&[b"\0\0\0\x01".as_slice(), agreed, info].concat()).to_vec()
}
