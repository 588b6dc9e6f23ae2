//! The keys that sign ID tokens, and the set that relying parties check them with.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use runtime::config::ConfigError;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::bearer::NoRandomness;
use crate::clients::is_key_id;
use crate::config::SigningKeyConfig;
use crate::jws::{compact, signing_input};

/// ES256 keys; the first signs, all are published.
pub(crate) struct SigningKeys {
    signing_key_id: String,
    signing_key: EcdsaKeyPair,
    key_set: Value,
}

impl std::fmt::Debug for SigningKeys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_tuple("SigningKeys")
            .field(&self.signing_key_id)
            .finish()
    }
}

impl SigningKeys {
    /// Reads the key files.
    pub(crate) fn load(keys: &[SigningKeyConfig]) -> Result<Self, ConfigError> {
        let mut signing = None;
        let mut published: Vec<Value> = Vec::new();
        for SigningKeyConfig { key_id, file } in keys {
            if !is_key_id(key_id) || published.iter().any(|key| key["kid"] == key_id.as_str()) {
                let problem =
                    format!("key_id {key_id:?}: unique, 1 to 128 printable ASCII characters");
                return Err(ConfigError::invalid("signing_keys", problem));
            }
            let pair = key_pair(&file.read()?).ok_or_else(|| {
                ConfigError::file(file.path(), "holds no P-256 private key in PKCS#8 PEM")
            })?;
            published.push(public_jwk(key_id, &pair));
            signing.get_or_insert((key_id.clone(), pair));
        }
        let Some((signing_key_id, signing_key)) = signing else {
            return Err(ConfigError::invalid(
                "signing_keys",
                "at least one key must sign",
            ));
        };
        Ok(Self {
            signing_key_id,
            signing_key,
            key_set: json!({ "keys": published }),
        })
    }

    /// The JWK Set (RFC 7517 section 5).
    pub(crate) fn key_set(&self) -> &Value {
        &self.key_set
    }

    /// A signed ID token with these claims.
    pub(crate) fn sign_id_token(&self, claims: &Value) -> Result<String, NoRandomness> {
        let header = json!({ "alg": "ES256", "kid": self.signing_key_id, "typ": "JWT" });
        let input = signing_input(&header, claims);
        let signature = self
            .signing_key
            .sign(&SystemRandom::new(), input.as_bytes())
            .map_err(|_| NoRandomness)?;
        Ok(compact(&input, signature.as_ref()))
    }
}

fn key_pair(pem: &[u8]) -> Option<EcdsaKeyPair> {
    let text = std::str::from_utf8(pem).ok()?.trim();
    let body: Zeroizing<String> = Zeroizing::new(
        text.strip_prefix("-----BEGIN PRIVATE KEY-----")?
            .strip_suffix("-----END PRIVATE KEY-----")?
            .split_whitespace()
            .collect(),
    );
    let der = Zeroizing::new(STANDARD.decode(body.as_bytes()).ok()?);
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der).ok()
}

/// The public half as a JWK: the point is uncompressed, 0x04 || x || y.
fn public_jwk(key_id: &str, pair: &EcdsaKeyPair) -> Value {
    let point = pair.public_key().as_ref();
    let (x, y) = point.split_at(1).1.split_at(32);
    json!({
        "kid": key_id,
        "kty": "EC",
        "crv": "P-256",
        "x": URL_SAFE_NO_PAD.encode(x),
        "y": URL_SAFE_NO_PAD.encode(y),
        "alg": "ES256",
        "use": "sig",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jws::{Algorithm, JsonWebKey, PublicKey, UnverifiedJws};
    use aws_lc_rs::encoding::AsBigEndian as _;
    use runtime::config::SecretFile;

    fn key_file(folder: &tempfile::TempDir, name: &str, pem: &str) -> SecretFile {
        let path = folder.path().join(name);
        std::fs::write(&path, pem).unwrap();
        SecretFile::new(path)
    }

    fn fresh_pem() -> String {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let _ = pair.private_key().as_be_bytes();
        let der = pair.to_pkcs8v1().unwrap();
        let body = STANDARD.encode(der.as_ref());
        format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n")
    }

    #[test]
    fn a_token_signed_by_the_first_key_verifies_with_the_published_one() {
        let folder = tempfile::tempdir().unwrap();
        let keys = SigningKeys::load(&[
            SigningKeyConfig {
                key_id: "new".to_owned(),
                file: key_file(&folder, "new.pem", &fresh_pem()),
            },
            SigningKeyConfig {
                key_id: "old".to_owned(),
                file: key_file(&folder, "old.pem", &fresh_pem()),
            },
        ])
        .unwrap();
        let token = keys.sign_id_token(&json!({ "sub": "s" })).unwrap();
        let jws = UnverifiedJws::parse(&token).unwrap();
        assert_eq!(jws.header().kid.as_deref(), Some("new"));
        let key = |index: usize| {
            let jwk: JsonWebKey =
                serde_json::from_value(keys.key_set()["keys"][index].clone()).unwrap();
            PublicKey::from_jwk(&jwk, Algorithm::Es256).unwrap()
        };
        assert_eq!(jws.verify(&key(0)), Ok(br#"{"sub":"s"}"#.as_slice()));
        assert!(jws.verify(&key(1)).is_err());
    }

    #[test]
    fn the_published_set_holds_no_private_part() {
        let folder = tempfile::tempdir().unwrap();
        let file = key_file(&folder, "key.pem", &fresh_pem());
        let keys = SigningKeys::load(&[SigningKeyConfig {
            key_id: "k".to_owned(),
            file,
        }])
        .unwrap();
        assert!(keys.key_set()["keys"][0].get("d").is_none());
        assert!(keys.key_set()["keys"][0].get("x").is_some());
    }

    #[test]
    fn what_is_no_key_and_what_is_named_twice_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let good = key_file(&folder, "good.pem", &fresh_pem());
        let bad = key_file(&folder, "bad.pem", "no key");
        let entry = |key_id: &str, file: &SecretFile| SigningKeyConfig {
            key_id: key_id.to_owned(),
            file: file.clone(),
        };
        assert!(SigningKeys::load(&[entry("k", &good)]).is_ok());
        assert!(SigningKeys::load(&[entry("k", &bad)]).is_err());
        assert!(SigningKeys::load(&[entry("k", &good), entry("k", &good)]).is_err());
        assert!(SigningKeys::load(&[entry("", &good)]).is_err());
        assert!(SigningKeys::load(&[]).is_err());
    }
}
