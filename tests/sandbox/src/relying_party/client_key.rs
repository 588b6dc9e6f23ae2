//! The key a relying party proves itself with to the gateway (private_key_jwt), and the compact
//! signed form it makes with it.

use std::fmt;

use anyhow::{Context as _, anyhow};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde::Serialize;

use crate::mint::pem;

/// A P-256 key pair that signs ES256.
pub struct ClientKey {
    pair: EcdsaKeyPair,
}

/// The public half as registered in the gateway's `clients.toml` (RFC 7517, RFC 7518 section 6.2.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublicJwk {
    /// The key's name in the headers of what it signs.
    pub kid: String,
    /// Always `EC`.
    pub kty: String,
    /// Always `P-256`.
    pub crv: String,
    /// The point's first coordinate, 32 bytes in base64url.
    pub x: String,
    /// The point's second coordinate, 32 bytes in base64url.
    pub y: String,
}

impl ClientKey {
    /// Makes a new key pair.
    pub fn generate() -> anyhow::Result<Self> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .map_err(|_| anyhow!("no P-256 key pair could be made"))?;
        Ok(Self { pair })
    }

    /// Reads a PKCS#8 key in PEM.
    pub fn from_pem(pem: &str) -> anyhow::Result<Self> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes())
            .context("not a PKCS#8 private key in PEM")?;
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.secret_pkcs8_der())
                .map_err(|rejected| anyhow!("not a P-256 private key: {rejected}"))?;
        Ok(Self { pair })
    }

    /// Writes the pair as PKCS#8 in PEM.
    pub fn to_pkcs8_pem(&self) -> anyhow::Result<String> {
        let der = self
            .pair
            .to_pkcs8v1()
            .map_err(|_| anyhow!("the key cannot be written"))?;
        Ok(pem("PRIVATE KEY", der.as_ref()))
    }

    /// The public half under the name `key_id`.
    pub fn public_jwk(&self, key_id: &str) -> PublicJwk {
        // An uncompressed point: 0x04, then both coordinates (SEC 1 section 2.3.3).
        let point = self.pair.public_key().as_ref();
        let (x, y) = point.get(1..65).unwrap_or_default().split_at(32);
        PublicJwk {
            kid: key_id.to_owned(),
            kty: "EC".to_owned(),
            crv: "P-256".to_owned(),
            x: BASE64_URL_SAFE_NO_PAD.encode(x),
            y: BASE64_URL_SAFE_NO_PAD.encode(y),
        }
    }

    /// A JWT in compact form (RFC 7515 section 7.1).
    pub fn sign_jwt(&self, key_id: &str, claims: &serde_json::Value) -> anyhow::Result<String> {
        let header = serde_json::json!({ "alg": "ES256", "kid": key_id, "typ": "JWT" });
        let message = format!(
            "{}.{}",
            BASE64_URL_SAFE_NO_PAD.encode(header.to_string()),
            BASE64_URL_SAFE_NO_PAD.encode(claims.to_string()),
        );
        let signature = self
            .pair
            .sign(&SystemRandom::new(), message.as_bytes())
            .map_err(|_| anyhow!("the key cannot sign"))?;
        Ok(format!(
            "{message}.{}",
            BASE64_URL_SAFE_NO_PAD.encode(signature.as_ref())
        ))
    }
}

impl fmt::Debug for ClientKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ClientKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_being_written_and_read() {
        let key = ClientKey::generate().unwrap();
        let read = ClientKey::from_pem(&key.to_pkcs8_pem().unwrap()).unwrap();
        assert_eq!(read.public_jwk("a"), key.public_jwk("a"));
        assert_eq!(read.public_jwk("a").x.len(), 43);
    }

    #[test]
    fn text_that_is_no_key_is_refused() {
        assert!(ClientKey::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n").is_err());
        assert!(ClientKey::from_pem("").is_err());
    }
}
