//! Certificates, validated once.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use pki::{CertificationAuthority, LeafError, UnvalidatedLeaf, ValidatedLeaf, Verifier};
use runtime::config::ConfigError;
use serde::Deserialize;

use crate::request::Certificate;

/// `[cache]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheConfig {
    /// How many validated certificates are kept, some 2 to 3 kB each; 0 keeps none.
    pub capacity: u64,
}

/// A million certificates are some 3 GB.
const MAX_CAPACITY: u64 = 1_000_000;

impl CacheConfig {
    /// Whether the value can be.
    ///
    /// # Errors
    /// When it is more than a process should hold.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.capacity > MAX_CAPACITY {
            let problem = format!("0 to {MAX_CAPACITY} certificates");
            return Err(ConfigError::invalid("cache.capacity", problem));
        }
        Ok(())
    }
}

/// A certificate that nobody showed for this long is forgotten: it is about a person, and there is no reason to keep it.
const KEPT_UNUSED: Duration = Duration::from_hours(1);

/// The authorities, and the leaves of theirs that were validated, by the SHA-256 of their bytes. Only what does not
/// depend on time is kept: profile and issuer, never validity or revocation. A refusal is not kept either: it would let
/// anybody fill the cache for nothing, and it may have come from a passing fault.
pub struct Leaves {
    authorities: Vec<CertificationAuthority>,
    verifier: Arc<Verifier>,
    /// With each leaf, which authority is its own: reading that out of the bytes again would cost a parse at every hit.
    validated: Cache<[u8; 32], (Arc<ValidatedLeaf>, usize)>,
}

/// A validated leaf with its authority.
pub struct Found<'a> {
    /// The leaf. Its validity period is not yet judged.
    pub leaf: Arc<ValidatedLeaf>,
    /// Whose it is.
    pub authority: &'a CertificationAuthority,
    /// Whether it was validated before.
    pub was_kept: bool,
}

impl Leaves {
    /// The leaves of these authorities, of which there is at least one.
    pub fn new(
        authorities: Vec<CertificationAuthority>,
        verifier: Arc<Verifier>,
        config: &CacheConfig,
    ) -> Self {
        let validated = Cache::builder()
            .max_capacity(config.capacity)
            .time_to_idle(KEPT_UNUSED)
            .build();
        Self {
            authorities,
            verifier,
            validated,
        }
    }

    /// The validated leaf of these bytes.
    ///
    /// # Errors
    /// The rule that the certificate breaks.
    pub fn validate(&self, certificate: &Certificate) -> Result<Found<'_>, LeafError> {
        let key = certificate.sha256();
        if let Some((leaf, authority)) = self.validated.get(&key) {
            return Ok(self.found(leaf, authority, true));
        }
        let leaf = UnvalidatedLeaf::read(certificate.der())?;
        let authority = self.authority_named_by(&leaf);
        let leaf = Arc::new(leaf.validate(&self.authorities[authority], &self.verifier)?);
        self.validated.insert(key, (leaf.clone(), authority));
        Ok(self.found(leaf, authority, false))
    }

    fn found(&self, leaf: Arc<ValidatedLeaf>, authority: usize, was_kept: bool) -> Found<'_> {
        Found {
            leaf,
            authority: &self.authorities[authority],
            was_kept,
        }
    }

    /// The authority whose key the certificate names (RFC 5280 section 4.2.1.1): a hint that validation then proves or
    /// refuses. The generations of JPKI's keys share one distinguished name, so the name would not tell. A certificate
    /// that names none of our keys is held against the first authority, which words the refusal.
    fn authority_named_by(&self, leaf: &UnvalidatedLeaf<'_>) -> usize {
        let Ok(key_id) = leaf.issuer_key_id() else {
            return 0;
        };
        let has_key = |authority: &CertificationAuthority| authority.anchor(&key_id).is_some();
        self.authorities.iter().position(has_key).unwrap_or(0)
    }
}
