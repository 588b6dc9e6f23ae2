//! Verifying certificate revocation lists.

use crate::{
    CertificationAuthority, DistributionPointName, KeyIdentifier, RevocationReason, SerialNumber,
    UnixTime, Verifier,
};

/// What may be known about a verified list without its entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlFacts {
    /// The issuer's name in DER.
    pub issuer: Vec<u8>,
    /// The key that signed it.
    pub signer_key_id: KeyIdentifier,
    /// Its number.
    pub number: CrlNumber,
    /// When it was issued.
    pub this_update: UnixTime,
    /// When the next one is due at the latest.
    pub next_update: UnixTime,
    /// Which certificates it covers.
    pub scope: CrlScope,
    /// SHA-256 over the whole list.
    pub sha256: [u8; 32],
    /// How many entries it has.
    pub entry_count: u64,
}

/// Which certificates of its issuer a list covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CrlScope {
    /// All of them.
    Full,
    /// Those that name this distribution point.
    Partition(DistributionPointName),
}

impl CrlScope {
    /// Bytes that are equal for two scopes exactly when they are the same; empty for a full list.
    pub fn key(&self) -> Vec<u8> {
        match self {
            Self::Full => Vec::new(),
            Self::Partition(name) => name.scope_key(),
        }
    }
}

/// A CRL number: 1 to 20 octets, non-negative, ordered numerically (RFC 5280 section 5.2.3).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CrlNumber(Vec<u8>);

impl CrlNumber {
    /// Reads unsigned big-endian octets; leading zeros are dropped.
    pub fn from_unsigned_be(octets: &[u8]) -> Option<Self> {
        let _ = octets;
        todo!()
    }

    /// Reads decimal digits.
    pub fn from_decimal(digits: &str) -> Option<Self> {
        let _ = digits;
        todo!()
    }

    /// The number in decimal.
    pub fn to_decimal(&self) -> String {
        todo!()
    }

    /// The unsigned big-endian octets without leading zeros; one zero octet for zero.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// One revoked certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokedEntry {
    /// Its serial number.
    pub serial: SerialNumber,
    /// Since when.
    pub revoked_at: UnixTime,
    /// Why.
    pub reason: RevocationReason,
}

/// How large a list may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrlLimits {
    /// Octets of the whole list.
    pub max_bytes: u64,
    /// Entries.
    pub max_entries: u64,
}

/// A list whose form and signature were checked; only [`verify_crl`] makes one.
#[derive(Debug)]
pub struct VerifiedCrl {
    facts: CrlFacts,
    entries: Vec<RevokedEntry>,
}

impl VerifiedCrl {
    /// What it says about itself.
    pub fn facts(&self) -> &CrlFacts {
        &self.facts
    }

    /// Its entries, in the order of the list.
    pub fn entries(&self) -> &[RevokedEntry] {
        &self.entries
    }

    /// Whether it speaks for this moment: thisUpdate - 5 min <= now < nextUpdate.
    pub fn current_at(&self, now: UnixTime) -> Result<(), CrlError> {
        let _ = now;
        todo!()
    }
}

/// Verifies a list against an authority: form, scope, signature by one of the authority's keys.
pub fn verify_crl(
    der: &[u8],
    authority: &CertificationAuthority,
    limits: &CrlLimits,
    verifier: &Verifier,
) -> Result<VerifiedCrl, CrlError> {
    let _ = (der, authority, limits, verifier);
    todo!()
}

/// Why a list is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrlError {
    /// It is not DER.
    #[error(transparent)]
    Der(#[from] crate::DerError),
}

impl CrlError {
    /// The broken rule, in snake case.
    pub fn rule(&self) -> &'static str {
        todo!()
    }
}
