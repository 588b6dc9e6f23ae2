//! Certificates, validated once.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use moka::sync::Cache;
use pki::{CertificationAuthority, LeafError, ValidatedLeaf, Verifier, validate_leaf};

/// A certificate that nobody showed for this long is forgotten: it is about a person, and there is no
/// reason to keep it.
const KEPT_UNUSED: Duration = Duration::from_hours(1);

/// The authorities, and the leaves of theirs that were validated. Only what does not depend on time is
/// kept: profile and issuer, never validity or revocation. A refusal is not kept either: it would let
/// anybody fill the cache for nothing.
pub(crate) struct Leaves {
    authorities: Vec<CertificationAuthority>,
    validated: Cache<[u8; 32], Leaf>,
}

/// A validated leaf with its authority.
#[derive(Clone)]
pub(crate) struct Leaf {
    pub(crate) leaf: Arc<ValidatedLeaf>,
    authority: usize,
}

impl Leaves {
    pub(crate) fn new(authorities: Vec<CertificationAuthority>, capacity: u64) -> Self {
        let validated = Cache::builder()
            .max_capacity(capacity)
            .time_to_idle(KEPT_UNUSED)
            .build();
        Self {
            authorities,
            validated,
        }
    }

    /// The validated leaf of these bytes, and whether it was kept from before.
    pub(crate) fn validate(
        &self,
        der: &[u8],
        verifier: &Verifier,
    ) -> Result<(Leaf, bool), LeafError> {
        let key = sha256(der);
        if let Some(leaf) = self.validated.get(&key) {
            return Ok((leaf, true));
        }
        let index = self.authority_of(der);
        let leaf = Arc::new(validate_leaf(der, &self.authorities[index], verifier)?);
        let leaf = Leaf {
            leaf,
            authority: index,
        };
        self.validated.insert(key, leaf.clone());
        Ok((leaf, false))
    }

    pub(crate) fn authority(&self, leaf: &Leaf) -> &CertificationAuthority {
        &self.authorities[leaf.authority]
    }

    /// Which authority the certificate says it is from, by its authority key identifier: a hint that
    /// validation then proves or refuses. Without a match the first authority words the refusal.
    fn authority_of(&self, der: &[u8]) -> usize {
        let Ok(key_id) = pki::peek_issuer_key_id(der) else {
            return 0;
        };
        let has_key = |authority: &CertificationAuthority| authority.anchor(&key_id).is_some();
        self.authorities.iter().position(has_key).unwrap_or(0)
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}
