//! Compact JSON Web Signatures (RFC 7515), as far as a provider needs them.
//!
//! The header never chooses how a signature is checked: the algorithm belongs to the key's record, a header that says
//! otherwise is refused, and `jwk`, `jku`, `x5u` and `x5c` are not even read. With that, `alg: none`, HMAC under a public
//! key and keys brought along by the token have nothing to attack.

mod key;

pub use key::{JsonWebKey, KeyError};
pub(crate) use key::{PublicKey, ec_point, rsa_spki};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// The signature algorithms a client may register. ES256 is the only one the gateway signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
pub enum Algorithm {
    /// ECDSA over P-256 with SHA-256 (RFC 7518 section 3.4).
    #[serde(rename = "ES256")]
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3).
    #[serde(rename = "RS256")]
    Rs256,
    /// RSASSA-PSS with SHA-256 (RFC 7518 section 3.5).
    #[serde(rename = "PS256")]
    Ps256,
}

impl Algorithm {
    /// Every algorithm, in the order the discovery document lists them.
    pub(crate) const ALL: [Self; 3] = [Self::Es256, Self::Rs256, Self::Ps256];

    /// The `alg` value.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
        }
    }

    /// The algorithm of this `alg` value, if it is one of ours.
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
    }
}

/// The header members that are read. Others are ignored, as RFC 7515 section 4 asks, except that `crit` refuses.
#[derive(Debug, Deserialize)]
pub(crate) struct Header {
    /// The algorithm the signer says it used.
    pub(crate) alg: String,
    /// Which of the signer's keys.
    #[serde(default)]
    pub(crate) kid: Option<String>,
    /// What kind of token this is.
    #[serde(default)]
    pub(crate) typ: Option<String>,
    /// Extensions that must be understood; none is.
    #[serde(default)]
    crit: Option<serde_json::Value>,
}

/// A compact JWS taken apart, its signature not yet checked.
pub(crate) struct UnverifiedJws<'a> {
    header: Header,
    signing_input: &'a str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// Why a compact JWS was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JwsError {
    /// Not three base64url parts, or a header that is no JSON object of the right form.
    #[error("not a compact JWS (RFC 7515 section 7.1)")]
    Malformed,
    /// The header names extensions.
    #[error("the header has critical extensions (RFC 7515 section 4.1.11)")]
    CriticalExtension,
    /// The header's algorithm is not the key's.
    #[error("the algorithm is not the one registered for the key (RFC 8725 section 3.1)")]
    Algorithm,
    /// The signature is not by the key.
    #[error("the signature does not verify")]
    Signature,
}

impl<'a> UnverifiedJws<'a> {
    /// Takes a compact JWS apart. Nothing in it may be believed before [`UnverifiedJws::verify`].
    pub(crate) fn parse(compact: &'a str) -> Result<Self, JwsError> {
        let (signing_input, signature) = compact.rsplit_once('.').ok_or(JwsError::Malformed)?;
        let (header, payload) = signing_input.split_once('.').ok_or(JwsError::Malformed)?;
        if payload.contains('.') {
            return Err(JwsError::Malformed);
        }
        // Strict base64url: no padding, no stray trailing bits, so that one token has one spelling.
        let decode = |part: &str| {
            URL_SAFE_NO_PAD
                .decode(part)
                .map_err(|_| JwsError::Malformed)
        };
        let header: Header =
            serde_json::from_slice(&decode(header)?).map_err(|_| JwsError::Malformed)?;
        if header.crit.is_some() {
            return Err(JwsError::CriticalExtension);
        }
        Ok(Self {
            header,
            signing_input,
            payload: decode(payload)?,
            signature: decode(signature)?,
        })
    }

    /// The header, as the sender wrote it.
    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    /// The payload before anybody vouched for it: only for finding out whose key to check with.
    pub(crate) fn unverified_payload(&self) -> &[u8] {
        &self.payload
    }

    /// The payload, once the signature proved to be by `key` under the key's own algorithm.
    pub(crate) fn verify(&self, key: &PublicKey) -> Result<&[u8], JwsError> {
        if self.header.alg != key.algorithm().name() {
            return Err(JwsError::Algorithm);
        }
        key.verify(self.signing_input.as_bytes(), &self.signature)?;
        Ok(&self.payload)
    }

    /// Spends the time a verification takes, for callers that have no key to check with and must not say so.
    pub(crate) fn verify_in_vain(&self, key: &PublicKey) {
        // The outcome is of no interest: the caller refuses either way.
        let _ = key.verify(self.signing_input.as_bytes(), &self.signature);
    }
}

/// The signing input of a JWS with this header and payload (RFC 7515 section 5.1).
pub(crate) fn signing_input(header: &serde_json::Value, payload: &serde_json::Value) -> String {
    format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(payload.to_string())
    )
}

/// The compact form: signing input and signature.
pub(crate) fn compact(signing_input: &str, signature: &[u8]) -> String {
    format!("{signing_input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[cfg(test)]
mod tests;
