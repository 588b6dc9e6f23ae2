//! Bearer secrets: browser cookie, return token, code and access token.
//!
//! Each is 256 random bits, shown once to whom it is for. The store keeps only its SHA-256, which finds the row without
//! comparing secrets, and which cannot be turned back: whoever reads the database can neither redeem a code nor open what
//! is sealed under it.

use aws_lc_rs::{digest, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// 256 random bits that whoever holds them may use.
pub(crate) struct BearerSecret(Zeroizing<[u8; 32]>);

/// By what it is made of.
impl ZeroizeOnDrop for BearerSecret {}

/// The operating system gave no randomness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the random number generator failed")]
pub(crate) struct NoRandomness;

impl std::fmt::Debug for BearerSecret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("BearerSecret(..)")
    }
}

impl BearerSecret {
    /// A fresh secret.
    pub(crate) fn generate() -> Result<Self, NoRandomness> {
        Ok(Self(Zeroizing::new(random_octets()?)))
    }

    /// The secret behind this text: 43 characters of base64url, nothing else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut octets = Zeroizing::new([0; 32]);
        match URL_SAFE_NO_PAD.decode_slice_unchecked(text.get(..43)?, octets.as_mut()) {
            Ok(32) if text.len() == 43 => Some(Self(octets)),
            _ => None,
        }
    }

    /// The text for the one who may hold it.
    pub(crate) fn reveal(&self) -> String {
        URL_SAFE_NO_PAD.encode(*self.0)
    }

    /// What the store keeps instead.
    pub(crate) fn hash(&self) -> [u8; 32] {
        sha256(&[&*self.0])
    }

    /// Another secret, which whoever holds this one can make again.
    pub(crate) fn derived(&self, label: &[u8], parts: &[&[u8]]) -> Self {
        let mut all: Vec<&[u8]> = vec![label, &*self.0];
        all.extend(parts);
        Self(Zeroizing::new(sha256(&all)))
    }

    /// The octets, for deriving keys.
    pub(crate) fn octets(&self) -> &[u8] {
        &*self.0
    }
}

/// Random octets from the operating system's generator.
pub(crate) fn random_octets<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut octets = [0; N];
    rand::fill(&mut octets).map_err(|_| NoRandomness)?;
    Ok(octets)
}

/// SHA-256 of the parts, one after the other.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// The part with its length before it (32 bits, big-endian), so that no two lists of parts run together alike.
pub(crate) fn length_prefixed(part: &[u8]) -> Vec<u8> {
    // Every caller's parts are limited to kilobytes.
    let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), part].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revealed_secret_parses_back_to_itself() {
        let secret = BearerSecret::generate().unwrap();
        let parsed = BearerSecret::parse(&secret.reveal()).unwrap();
        assert_eq!(parsed.hash(), secret.hash());
    }

    #[test]
    fn another_spelling_of_a_secret_is_no_secret() {
        let text = BearerSecret(Zeroizing::new([7; 32])).reveal();
        assert!(BearerSecret::parse(&text).is_some());
        for other in [
            format!("{text}="),
            format!("{text}A"),
            text[..42].to_owned(),
            format!("{}+", &text[..42]),
            // The last character carries two bits that must be zero.
            format!("{}d", &text[..42]),
            format!("é{}", &text[2..]),
        ] {
            assert!(BearerSecret::parse(&other).is_none(), "{other}");
        }
    }

    #[test]
    fn a_secret_is_not_printed() {
        let secret = BearerSecret(Zeroizing::new([7; 32]));
        assert_eq!(format!("{secret:?}"), "BearerSecret(..)");
    }
}
