//! Validating the certificate on a card.
//!
//! The hierarchy has exactly one tier: an authority's key signs the leaf, and nothing is between.
//! So there is no path to build: read the leaf, compare it with the profile, choose the anchor by
//! the authority key identifier (all generations share one name) and let its key confirm the
//! choice.

mod error;
mod profile_check;

use crate::certificate::{CardCertificate, Certificate};
use crate::{
    CertificateError, CertificationAuthority, DistributionPoint, ExtensionError, KeyIdentifier,
    Profile, PublicKey, SerialNumber, SignatureAlgorithm, SignatureError, Signed, UnixTime,
    Verifier,
};

pub use error::{LeafError, LeafErrorKind};

/// Compares the extensions of a certificate with the rows of its profile.
pub(crate) fn check_profile(
    certificate: &Certificate<'_>,
    profile: &Profile,
) -> Result<(), LeafError> {
    profile_check::check(certificate, profile).map(drop)
}

/// A certificate that is of its profile and was issued by a trust anchor. What depends on time is
/// asked separately ([`Self::validity_at`]), so that this value can be cached.
#[derive(Clone)]
pub struct ValidatedLeaf {
    profile: &'static Profile,
    issuer_key_id: KeyIdentifier,
    serial: SerialNumber,
    not_before: UnixTime,
    not_after: UnixTime,
    distribution_point: Option<DistributionPoint>,
    public_key: PublicKey,
}

impl ValidatedLeaf {
    /// The profile it was validated against.
    pub fn profile(&self) -> &'static Profile {
        self.profile
    }

    /// The key that issued it.
    pub fn issuer_key_id(&self) -> &KeyIdentifier {
        &self.issuer_key_id
    }

    /// Its serial number.
    pub fn serial(&self) -> &SerialNumber {
        &self.serial
    }

    /// Whether it is within its validity period, both ends included (RFC 5280 section 4.1.2.5).
    pub fn validity_at(&self, now: UnixTime) -> Result<(), LeafError> {
        if now < self.not_before {
            return Err(LeafError::NotYetValid { now });
        }
        if now > self.not_after {
            return Err(LeafError::Expired { now });
        }
        Ok(())
    }

    /// The first moment of its validity.
    pub fn not_before(&self) -> UnixTime {
        self.not_before
    }

    /// The last moment of its validity. JPKI ends it on a birthday of the holder: personal.
    pub fn not_after(&self) -> UnixTime {
        self.not_after
    }

    /// Its distribution point.
    pub fn distribution_point(&self) -> Option<&DistributionPoint> {
        self.distribution_point.as_ref()
    }

    /// The holder's key.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }
}

/// Nothing of it may be shown.
impl std::fmt::Debug for ValidatedLeaf {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "ValidatedLeaf({}, redacted)",
            self.profile.name()
        )
    }
}

/// A leaf that was read and not validated: all that may be asked of it is whom it names as its
/// issuer, which chooses the authority to validate it against.
pub struct UnvalidatedLeaf<'a> {
    der: &'a [u8],
    card: CardCertificate<'a>,
}

impl<'a> UnvalidatedLeaf<'a> {
    /// Reads a certificate in DER.
    pub fn read(der: &'a [u8]) -> Result<Self, CertificateError> {
        CardCertificate::read_once(der).map(|card| Self { der, card })
    }

    /// The authority key identifier: a hint that anybody can write.
    pub fn issuer_key_id(&self) -> Result<KeyIdentifier, ExtensionError> {
        self.card.certificate.issuer_key_id()
    }

    /// Validates it against the profile and the anchors of an authority.
    pub fn validate(
        self,
        authority: &CertificationAuthority,
        verifier: &Verifier,
    ) -> Result<ValidatedLeaf, LeafError> {
        if verifier.wants_second_reader() {
            self.card.certificate.check_second_reader(self.der)?;
        }
        let profile = authority.profile();
        self.card.check_algorithms(profile)?;
        let CardCertificate {
            certificate,
            serial,
            public_key,
            signature_algorithm,
        } = self.card;
        let distribution_point = profile_check::check(&certificate, profile)?;
        let issuer_key_id = check_issuer(&certificate, signature_algorithm, authority, verifier)?;
        Ok(ValidatedLeaf {
            profile,
            issuer_key_id,
            serial,
            not_before: certificate.not_before,
            not_after: certificate.not_after,
            distribution_point: Some(distribution_point),
            public_key,
        })
    }
}

/// Nothing of it may be shown.
impl std::fmt::Debug for UnvalidatedLeaf<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("UnvalidatedLeaf(redacted)")
    }
}

/// Validates a leaf against the profile and the anchors of an authority: parse, profile, issuer.
pub fn validate_leaf(
    der: &[u8],
    authority: &CertificationAuthority,
    verifier: &Verifier,
) -> Result<ValidatedLeaf, LeafError> {
    UnvalidatedLeaf::read(der)?.validate(authority, verifier)
}

/// RFC 5280 section 6.1.3 (a)(1) and (a)(4), for a path of one certificate.
fn check_issuer(
    certificate: &Certificate<'_>,
    algorithm: SignatureAlgorithm,
    authority: &CertificationAuthority,
    verifier: &Verifier,
) -> Result<KeyIdentifier, LeafError> {
    let key_id = certificate.issuer_key_id()?;
    let Some(anchor) = authority.anchor(&key_id) else {
        return Err(LeafError::UnknownIssuerKey { key_id });
    };
    // RFC 5280 section 7.1 says when two names are the same.
    if certificate.canonical_issuer != anchor.canonical_subject() {
        return Err(LeafError::IssuerName);
    }
    // The key identifier is a hint that anybody can write; the signature is the proof.
    verifier
        .verify(
            anchor.public_key(),
            algorithm.encoding,
            algorithm.hash,
            Signed::Message(certificate.signed),
            certificate.signature,
        )
        .map_err(refusal)?;
    Ok(key_id)
}

fn refusal(error: SignatureError) -> LeafError {
    match error {
        SignatureError::CrossCheckDisagreement => LeafError::CrossCheckDisagreement,
        SignatureError::Mismatch
        | SignatureError::KeyAlgorithm { .. }
        | SignatureError::DigestLength { .. } => LeafError::IssuerSignature,
    }
}

#[cfg(test)]
mod tests {
    use super::{LeafError, refusal};
    use crate::SignatureError;

    #[test]
    fn a_disagreement_of_the_implementations_is_told_apart_from_a_wrong_signature() {
        let disagreement = refusal(SignatureError::CrossCheckDisagreement);
        assert_eq!(disagreement, LeafError::CrossCheckDisagreement);
        assert_eq!(
            refusal(SignatureError::Mismatch),
            LeafError::IssuerSignature
        );
    }
}
