//! The provider's public keys, as far as this relying party accepts them: P-256 for ES256.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;

/// The usable keys of a JWK Set, by name.
#[derive(Debug, Clone, Default)]
pub(super) struct KeySet {
    keys: Vec<(String, UnparsedPublicKey<Vec<u8>>)>,
}

#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Reads a JWK Set. Keys of other kinds are skipped, as RFC 7517 section 5 asks.
    pub(super) fn from_json(json: &[u8]) -> Result<Self, serde_json::Error> {
        let set: JwkSet = serde_json::from_slice(json)?;
        Ok(Self {
            keys: set.keys.into_iter().filter_map(Jwk::into_key).collect(),
        })
    }

    /// The key of that name. No name, no key: trying them all would let a forger choose.
    pub(super) fn by_id(&self, key_id: &str) -> Option<&UnparsedPublicKey<Vec<u8>>> {
        self.keys
            .iter()
            .find(|(known, _)| known == key_id)
            .map(|(_, key)| key)
    }
}

impl Jwk {
    fn into_key(self) -> Option<(String, UnparsedPublicKey<Vec<u8>>)> {
        let usable = self.kty == "EC"
            && self.crv.as_deref() == Some("P-256")
            && self.alg.as_deref().is_none_or(|alg| alg == "ES256")
            && self
                .purpose
                .as_deref()
                .is_none_or(|purpose| purpose == "sig");
        if !usable {
            return None;
        }
        let x = coordinate(&self.x?)?;
        let y = coordinate(&self.y?)?;
        let point = [&[0x04], x.as_slice(), y.as_slice()].concat();
        Some((
            self.kid?,
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point),
        ))
    }
}

fn coordinate(base64url: &str) -> Option<Vec<u8>> {
    // RFC 7518 section 6.2.1.2: the full length of the field, leading zeros included.
    BASE64_URL_SAFE_NO_PAD
        .decode(base64url)
        .ok()
        .filter(|bytes| bytes.len() == 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relying_party::ClientKey;

    #[test]
    fn an_encryption_key_is_not_used_to_verify_and_its_twin_is() {
        let jwk = serde_json::to_value(ClientKey::generate().unwrap().public_jwk("k")).unwrap();
        for (purpose, usable) in [("enc", false), ("sig", true)] {
            let mut jwk = jwk.clone();
            jwk["use"] = purpose.into();
            let set = serde_json::json!({ "keys": [jwk] }).to_string();
            assert_eq!(
                KeySet::from_json(set.as_bytes())
                    .unwrap()
                    .by_id("k")
                    .is_some(),
                usable
            );
        }
    }
}
