//! Validating the certificate on a card.

use crate::{
    CertificateError, CertificationAuthority, DistributionPoint, KeyIdentifier, Profile, PublicKey,
    SerialNumber, UnixTime, Verifier,
};

/// A certificate that is of its profile and was issued by a trust anchor. What depends on time is
/// asked separately ([`Self::validity_at`]), so that this value can be cached.
#[derive(Clone)]
pub struct ValidatedLeaf {
    profile: &'static Profile,
}

impl ValidatedLeaf {
    /// The profile it was validated against.
    pub fn profile(&self) -> &'static Profile {
        self.profile
    }

    /// The key that issued it.
    pub fn issuer_key_id(&self) -> &KeyIdentifier {
        todo!()
    }

    /// Its serial number.
    pub fn serial(&self) -> &SerialNumber {
        todo!()
    }

    /// Whether it is within its validity period, both ends included.
    pub fn validity_at(&self, now: UnixTime) -> Result<(), LeafError> {
        let _ = now;
        todo!()
    }

    /// The first moment of its validity.
    pub fn not_before(&self) -> UnixTime {
        todo!()
    }

    /// The last moment of its validity.
    pub fn not_after(&self) -> UnixTime {
        todo!()
    }

    /// Its distribution point.
    pub fn distribution_point(&self) -> Option<&DistributionPoint> {
        todo!()
    }

    /// The holder's key.
    pub fn public_key(&self) -> &PublicKey {
        todo!()
    }

    /// SHA-256 over the whole certificate.
    pub fn sha256(&self) -> [u8; 32] {
        todo!()
    }
}

/// Validates a leaf against the profile and the anchors of an authority: parse, profile, issuer.
pub fn validate_leaf(
    der: &[u8],
    authority: &CertificationAuthority,
    verifier: &Verifier,
) -> Result<ValidatedLeaf, LeafError> {
    let _ = (der, authority, verifier);
    todo!()
}

/// Why a leaf is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    /// Not a certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

impl LeafError {
    /// The broken rule, in snake case.
    pub fn rule(&self) -> &'static str {
        todo!()
    }

    /// What sort of refusal it is.
    pub fn kind(&self) -> LeafErrorKind {
        todo!()
    }
}

/// The sorts of refusals a caller may want to tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LeafErrorKind {
    /// The bytes are not a certificate, or break RFC 5280.
    Malformed,
    /// A certificate, but not of this profile.
    Unsupported,
    /// Not issued by one of the authority's keys.
    UntrustedIssuer,
    /// Its validity has not begun.
    NotYetValid,
    /// Its validity is over.
    Expired,
    /// The two signature implementations disagree.
    CrossCheckDisagreement,
}
