//! A private key, wherever it is.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;
use zeroize::Zeroizing;

use super::pkcs11::{TokenError, TokenKey};

/// A P-256 key that signs.
pub(super) enum Signer {
    /// Read from a file.
    Memory(Box<EcdsaKeyPair>),
    /// In a token, which signs itself.
    Token(TokenKey),
}

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SigningError {
    /// No key is due.
    #[error("no signing key is due")]
    NoKey,
    /// The cryptographic library.
    #[error("the cryptographic library did not sign")]
    Library,
    /// The token.
    #[error("the PKCS#11 token: {0}")]
    Token(#[from] TokenError),
}

impl Signer {
    pub(super) fn from_pem(pem: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(pem).ok()?.trim();
        let body: Zeroizing<String> = Zeroizing::new(
            text.strip_prefix("-----BEGIN PRIVATE KEY-----")?
                .strip_suffix("-----END PRIVATE KEY-----")?
                .split_whitespace()
                .collect(),
        );
        let der = Zeroizing::new(STANDARD.decode(body.as_bytes()).ok()?);
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der).ok()?;
        Some(Self::Memory(Box::new(pair)))
    }

    pub(super) fn from_token(key: TokenKey) -> Self {
        Self::Token(key)
    }

    /// The public point, uncompressed.
    pub(super) fn point(&self) -> &[u8] {
        match self {
            Self::Memory(pair) => pair.public_key().as_ref(),
            Self::Token(key) => key.point(),
        }
    }

    /// The signature of a message, r || s.
    pub(super) async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        match self {
            Self::Memory(pair) => {
                let signature = pair.sign(&SystemRandom::new(), message);
                let signature = signature.map_err(|_| SigningError::Library)?;
                Ok(signature.as_ref().to_vec())
            }
            Self::Token(key) => Ok(key.sign(message).await?),
        }
    }

    /// Could it sign? Blocks.
    pub(super) fn probe(&self) -> Result<(), SigningError> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Token(key) => Ok(key.probe()?),
        }
    }
}

/// The public half as a JWK: the point is uncompressed, 0x04 || x || y.
pub(super) fn public_jwk(key_id: &str, point: &[u8]) -> String {
    let (x, y) = point.split_at(1).1.split_at(32);
    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
    // Written out, because it is compared as text with what another gateway wrote.
    format!(
        r#"{{"kid":{},"kty":"EC","crv":"P-256","x":"{x}","y":"{y}","alg":"ES256","use":"sig"}}"#,
        json!(key_id)
    )
}
