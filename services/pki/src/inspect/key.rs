//! Public keys, without judging them.

use super::identifier_name;
use crate::DerError;
use crate::der::{OBJECT_IDENTIFIER, Reader, whole_sequence};

/// A public key's algorithm and size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFacts {
    /// The algorithm, and the curve if it has one.
    pub algorithm: String,
    /// Bits of the modulus or of the curve's field, as far as they are known.
    pub bits: Option<usize>,
}

impl KeyFacts {
    /// Reads the contents of a `SubjectPublicKeyInfo`.
    pub(super) fn read(contents: &[u8]) -> Result<Self, DerError> {
        let mut spki = Reader::new(contents);
        let mut algorithm = spki.sequence()?;
        let key = spki.octet_aligned_bits()?;
        spki.finish()?;
        let name = identifier_name(algorithm.object_identifier()?);
        let curve = match algorithm.peek() {
            Some(OBJECT_IDENTIFIER) => Some(identifier_name(algorithm.object_identifier()?)),
            _ => None,
        };
        let bits = match curve.as_deref().unwrap_or(&name).split(' ').next() {
            Some("P-256" | "Ed25519") => Some(256),
            Some("P-384") => Some(384),
            Some("P-521") => Some(521),
            Some("rsaEncryption" | "RSASSA-PSS") => modulus_bits(key).ok(),
            _ => None,
        };
        let algorithm = curve.map_or_else(|| name.clone(), |curve| format!("{name}, {curve}"));
        Ok(Self { algorithm, bits })
    }
}

/// Bits of the modulus of an `RSAPublicKey`.
fn modulus_bits(key: &[u8]) -> Result<usize, DerError> {
    let modulus = whole_sequence(key)?.integer()?;
    let octets = modulus.strip_prefix(&[0]).unwrap_or(modulus);
    let unused = octets.first().map_or(0, |first| first.leading_zeros());
    Ok(octets.len() * 8 - usize::try_from(unused).unwrap_or(0))
}
