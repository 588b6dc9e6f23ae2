//! Octets with the proof of their hash: hashed once, and never again on their way into the store.

use std::fmt;

use bytes::Bytes;

use crate::crl_rows;

/// A serialised segment and its SHA-256. It can only be made by hashing, and what it holds cannot be changed, so whoever
/// has one need not hash again.
#[derive(Clone, PartialEq, Eq)]
pub struct HashedSegment {
    octets: Bytes,
    sha256: [u8; 32],
}

impl HashedSegment {
    /// Hashes the octets.
    pub fn new(octets: impl Into<Bytes>) -> Self {
        let octets = octets.into();
        let sha256 = crl_rows::sha256(&octets);
        Self { octets, sha256 }
    }

    /// What was hashed.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// SHA-256 of it.
    pub const fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }
}

impl fmt::Debug for HashedSegment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "HashedSegment({} octets)", self.octets.len())
    }
}

#[cfg(test)]
mod tests {
    use super::HashedSegment;

    #[test]
    fn the_hash_is_that_of_the_octets() {
        let segment = HashedSegment::new(&b"abc"[..]);
        // FIPS 180-2, appendix B.1.
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex::encode(segment.sha256()), hash);
        assert_eq!(segment.octets(), b"abc");
        assert_eq!(format!("{segment:?}"), "HashedSegment(3 octets)");
    }
}
