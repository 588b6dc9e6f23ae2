//! Octets with their hash, which is computed once: when it is first asked for, and by whoever asks first.

use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::crl_rows;

/// A serialised segment and its SHA-256. What it holds cannot be changed, so the hash is that of its octets.
///
/// A large one takes tens of milliseconds to hash, which another thread can do while its octets are written: clones share
/// the hash.
#[derive(Clone)]
pub struct HashedSegment {
    octets: Bytes,
    sha256: Arc<OnceLock<[u8; 32]>>,
}

impl HashedSegment {
    /// These octets, which are not hashed yet.
    pub fn new(octets: impl Into<Bytes>) -> Self {
        Self {
            octets: octets.into(),
            sha256: Arc::default(),
        }
    }

    /// What is hashed.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// SHA-256 of it. Hashes the octets if nobody has, and waits for whoever is at it.
    pub fn sha256(&self) -> [u8; 32] {
        *self.sha256.get_or_init(|| crl_rows::sha256(&self.octets))
    }

    /// SHA-256 of it, without keeping a thread of the runtime for it.
    pub(crate) async fn hashed(&self) -> [u8; 32] {
        if let Some(sha256) = self.sha256.get() {
            return *sha256;
        }
        let segment = self.clone();
        let hashing = tokio::task::spawn_blocking(move || segment.sha256());
        // A runtime that is ending runs nothing more elsewhere.
        hashing.await.unwrap_or_else(|_| self.sha256())
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

    #[tokio::test]
    async fn the_hash_is_that_of_the_octets_whoever_asks() {
        let segment = HashedSegment::new(&b"abc"[..]);
        // FIPS 180-2, appendix B.1.
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let other = segment.clone();
        assert_eq!(hex::encode(segment.hashed().await), hash);
        assert_eq!(other.sha256.get(), Some(&other.sha256()));
        assert_eq!(hex::encode(other.sha256()), hash);
        assert_eq!(segment.octets(), b"abc");
        assert_eq!(format!("{segment:?}"), "HashedSegment(3 octets)");
    }
}
