//! Where the broken rules are written.
//!
//! The sentences of errors end with their clause in parentheses; here it stands alone, for tables and
//! programs.

use crate::certificate::ExtensionError;
use crate::path::{CrlRefusal, PathError};
use crate::{CertificateError, CrlError, LeafError, PublicKeyError, SignatureAlgorithmError};

/// A size or number that no standard limits.
const LIMIT: &str = "a limit of this validator";
/// A row of a card's profile.
const PROFILE: &str = "the certificate profile of JPKI";
/// Both implementations must agree before a signature counts.
const CROSS_CHECK: &str = "the cross-check of this validator";

impl PathError {
    /// The clause of the standard that the broken rule is from: "RFC 5280 section 6.1.3 a 2".
    pub fn clause(&self) -> &'static str {
        match self {
            Self::Certificate(error) => certificate(error),
            Self::Profile(error) => profile(error),
            Self::Extension(error) => extension(error),
            Self::SignatureAlgorithm(error) => signature_algorithm(error),
            Self::PublicKey(error) => public_key(error),
            Self::GeneralName(_) => "RFC 5280 section 4.2.1.6",
            Self::DistributionPoint(_) => "RFC 5280 section 4.2.1.13",
            Self::NoTrustAnchor => "RFC 5280 section 6.1.1 d",
            Self::IntermediateForbidden { .. } => PROFILE,
            Self::TooManyCertificates { .. }
            | Self::TooManyCrls { .. }
            | Self::PathTooLong { .. }
            | Self::BudgetExhausted { .. }
            | Self::TooManySubtrees { .. }
            | Self::TooManyPolicies { .. }
            | Self::TooManyPolicyMappings { .. } => LIMIT,
            Self::IssuerUnknown { .. } | Self::IssuerName { .. } => "RFC 5280 section 6.1.3 a 4",
            Self::IssuerSignature => "RFC 5280 section 6.1.3 a 1",
            Self::CrossCheckDisagreement => CROSS_CHECK,
            Self::NotYetValid { .. } | Self::Expired { .. } => "RFC 5280 section 6.1.3 a 2",
            Self::UnknownCriticalExtension { .. } => "RFC 5280 section 4.2",
            Self::ExtensionCriticality { .. } => {
                "RFC 5280 sections 4.2.1.1, 4.2.1.2, 4.2.1.15, 4.2.2"
            }
            Self::IssuerVersion { .. } | Self::NotAuthority => "RFC 5280 section 6.1.4 k",
            Self::PathLength { .. } => "RFC 5280 section 6.1.4 l to m",
            Self::KeyCertSign { .. } => "RFC 5280 section 6.1.4 n",
            Self::NameConstraints(_)
            | Self::NameConstraintsEmpty
            | Self::NameConstraintDistance
            | Self::NameConstraintMalformed { .. }
            | Self::NameMalformed { .. }
            | Self::NameFormNotUnderstood { .. } => "RFC 5280 section 4.2.1.10",
            Self::NameExcluded { .. } => "RFC 5280 section 6.1.3 c",
            Self::NameNotPermitted { .. } => "RFC 5280 section 6.1.3 b",
            Self::DuplicatePolicy | Self::PolicyQualifier { .. } => "RFC 5280 section 4.2.1.4",
            Self::PolicyMappingOfAnyPolicy => "RFC 5280 section 6.1.4 a",
            Self::PolicyMissing => "RFC 5280 section 6.1.3 f",
            Self::PolicyNotAccepted { .. } => "RFC 5280 section 6.1.5 g",
            Self::Revoked { .. } | Self::RevocationUndetermined => "RFC 5280 section 6.3.3",
            Self::CrlIssuerCycle => "RFC 5280 section 6.3.3 f",
        }
    }
}

impl CrlRefusal {
    /// The clause of the standard that the broken rule is from: "RFC 5280 section 6.3.3 g".
    pub fn clause(&self) -> &'static str {
        match self {
            Self::Unusable(error) => error.clause(),
            Self::NotIndirect => "RFC 5280 section 6.3.3 b 1",
            Self::DistributionPoint => "RFC 5280 section 6.3.3 b 2 i",
            Self::UserCertificatesOnly => "RFC 5280 section 6.3.3 b 2 ii",
            Self::AuthorityCertificatesOnly => "RFC 5280 section 6.3.3 b 2 iii",
            Self::AttributeCertificatesOnly => "RFC 5280 section 6.3.3 b 2 iv",
            Self::NoReasons => "RFC 5280 section 6.3.3 d to e",
            Self::NotYetCurrent { .. } => "RFC 5280 section 5.1.2.4",
            Self::Expired { .. } | Self::NextUpdateMissing => "RFC 5280 section 5.1.2.5",
            Self::Superseded { .. } => "RFC 5280 section 5.2.3",
            Self::DeltaAlone => "RFC 5280 section 5.2.4",
            Self::SignerUnknown | Self::SignerKeyUsage { .. } | Self::SignerPath(_) => {
                "RFC 5280 section 6.3.3 f"
            }
            Self::SignatureAlgorithm(error) => signature_algorithm(error),
            Self::PublicKey(error) => public_key(error),
            Self::Signature => "RFC 5280 section 6.3.3 g",
            Self::CrossCheckDisagreement => CROSS_CHECK,
        }
    }
}

impl CertificateError {
    /// The clause of the standard that the broken rule is from.
    pub fn clause(&self) -> &'static str {
        certificate(self)
    }
}

impl CrlError {
    /// The clause of the standard that the broken rule is from.
    pub fn clause(&self) -> &'static str {
        list(self)
    }
}

fn certificate(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::NotACertificateFile => "RFC 7468 section 5",
        CertificateError::TooLarge { .. } => LIMIT,
        CertificateError::Der(_) | CertificateError::Structure => "RFC 5280 section 4.1",
        CertificateError::Version { .. } => "RFC 5280 section 4.1.2.1",
        CertificateError::Serial(_) => "RFC 5280 section 4.1.2.2",
        CertificateError::SignatureAlgorithmsDiffer => "RFC 5280 section 4.1.1.2",
        CertificateError::SignatureAlgorithm { .. } => PROFILE,
        CertificateError::SignatureParameters => "RFC 4055 section 5",
        CertificateError::Name(_) | CertificateError::EmptyIssuer => "RFC 5280 section 4.1.2.4",
        CertificateError::EmptySubject => "RFC 5280 section 4.1.2.6",
        CertificateError::EmptyValidity => "RFC 5280 section 4.1.2.5",
        CertificateError::UniqueIdentifier => "RFC 5280 section 4.1.2.8",
        CertificateError::PublicKey(error) => public_key(error),
        CertificateError::Extension(error) => extension(error),
        CertificateError::NoSubjectKeyIdentifier => "RFC 5280 section 4.2.1.2",
    }
}

fn extension(error: &ExtensionError) -> &'static str {
    match error {
        ExtensionError::Der(_)
        | ExtensionError::Duplicate { .. }
        | ExtensionError::Value { .. } => "RFC 5280 section 4.2",
        ExtensionError::TooMany => LIMIT,
        ExtensionError::KeyIdentifier(_) => "RFC 5280 sections 4.2.1.1 and 4.2.1.2",
        ExtensionError::HalfAuthority => "RFC 5280 section 4.2.1.1",
        ExtensionError::NoAuthorityKeyIdentifier => "RFC 5280 sections 4.2.1.1 and 5.2.1",
    }
}

fn signature_algorithm(error: &SignatureAlgorithmError) -> &'static str {
    match error {
        SignatureAlgorithmError::Der(_) => "RFC 5280 section 4.1.1.2",
        SignatureAlgorithmError::Unsupported { .. } => "the algorithms of this validator",
        SignatureAlgorithmError::Parameters => "RFC 4055 sections 3.1 and 5, RFC 5758 section 3.2",
    }
}

fn public_key(error: &PublicKeyError) -> &'static str {
    match error {
        PublicKeyError::Der(_) => "RFC 5280 section 4.1.2.7",
        PublicKeyError::Unsupported { .. } => "RFC 3279 section 2.3",
        PublicKeyError::NotInProfile { .. } => PROFILE,
        PublicKeyError::Parameters => "RFC 3279 section 2.3.1",
        PublicKeyError::ModulusSize { .. } => "NIST SP 800-131A",
        PublicKeyError::EvenModulus => "RFC 8017 section 3.1",
        PublicKeyError::Exponent => "NIST SP 800-56B",
        PublicKeyError::UnnamedCurve => "RFC 5480 section 2.1.1",
        PublicKeyError::UnsupportedCurve { .. } => "RFC 5480 section 2.1.1.1",
        PublicKeyError::PointForm { .. } => "RFC 5480 section 2.2",
        PublicKeyError::PointNotOnCurve => "SEC 1 section 3.2.2.1",
    }
}

fn profile(error: &LeafError) -> &'static str {
    match error {
        LeafError::Certificate(error) => certificate(error),
        LeafError::Extension(error) => extension(error),
        LeafError::UnknownCriticalExtension { .. } => "RFC 5280 section 4.2",
        LeafError::KeyUsage { .. } => "RFC 5280 section 4.2.1.3",
        LeafError::ExtendedKeyUsage { .. } => "RFC 5280 section 4.2.1.12",
        LeafError::PolicyCount { .. }
        | LeafError::Policy { .. }
        | LeafError::PolicyQualifier { .. } => "RFC 5280 section 4.2.1.4",
        LeafError::Authority | LeafError::PathLength => "RFC 5280 section 4.2.1.9",
        LeafError::DistributionPointCount { .. } | LeafError::DistributionPoint(_) => {
            "RFC 5280 section 4.2.1.13"
        }
        LeafError::ExtensionMissing { .. }
        | LeafError::ExtensionForbidden { .. }
        | LeafError::ExtensionCriticality { .. }
        | LeafError::DistributionPointName
        | LeafError::DistributionPointReasons
        | LeafError::DistributionPointIssuer => PROFILE,
        LeafError::UnknownIssuerKey { .. } => "RFC 5280 section 4.2.1.1",
        LeafError::IssuerName => "RFC 5280 section 6.1.3 a 4",
        LeafError::IssuerSignature => "RFC 5280 section 6.1.3 a 1",
        LeafError::CrossCheckDisagreement => CROSS_CHECK,
        LeafError::NotYetValid { .. } | LeafError::Expired { .. } => "RFC 5280 section 4.1.2.5",
    }
}

fn list(error: &CrlError) -> &'static str {
    match error {
        CrlError::TooLarge { .. }
        | CrlError::TooManyEntries { .. }
        | CrlError::FrameTooLarge
        | CrlError::EntryTooLarge { .. } => LIMIT,
        CrlError::Der(_) => "RFC 5280 section 5.1",
        CrlError::Version => "RFC 5280 section 5.1.2.1",
        CrlError::Version1Extensions => "RFC 5280 section 5.1.2.7",
        CrlError::Version1EntryExtensions { .. }
        | CrlError::UnknownCriticalEntryExtension { .. } => "RFC 5280 section 5.3",
        CrlError::SignatureAlgorithmsDiffer | CrlError::SignatureAlgorithm => {
            "RFC 5280 section 5.1.1.2"
        }
        CrlError::IssuerMalformed(_) | CrlError::EmptyIssuer => "RFC 5280 section 5.1.2.3",
        CrlError::NextUpdateMissing | CrlError::UpdateOrder { .. } | CrlError::Expired { .. } => {
            "RFC 5280 section 5.1.2.5"
        }
        CrlError::NotYetCurrent { .. } => "RFC 5280 section 5.1.2.4",
        CrlError::EmptyEntries
        | CrlError::Entry { .. }
        | CrlError::EntrySerial { .. }
        | CrlError::DuplicateSerials { .. } => "RFC 5280 section 5.1.2.6",
        CrlError::Extension(error) => extension(error),
        CrlError::UnknownCriticalExtension { .. } => "RFC 5280 section 5.2",
        CrlError::AuthorityKeyMalformed(_) => "RFC 5280 section 5.2.1",
        CrlError::NumberMissing | CrlError::Number => "RFC 5280 section 5.2.3",
        CrlError::Delta | CrlError::NotDelta | CrlError::BaseNumberNotCritical => {
            "RFC 5280 section 5.2.4"
        }
        CrlError::FreshestMalformed(_) | CrlError::FreshestInDelta => "RFC 5280 section 5.2.6",
        CrlError::ScopeNotCritical
        | CrlError::EmptyScope
        | CrlError::ScopeMalformed(_)
        | CrlError::SeveralCertificateTypes
        | CrlError::NoReasons
        | CrlError::OneCertificateType
        | CrlError::SomeReasons
        | CrlError::Indirect => "RFC 5280 section 5.2.5",
        CrlError::ScopeName => PROFILE,
        CrlError::UnknownSigner { .. } | CrlError::Issuer => "RFC 5280 section 6.3.3 f",
        CrlError::Signature | CrlError::HashingInterrupted => "RFC 5280 section 6.3.3 g",
        CrlError::CrossCheckDisagreement => CROSS_CHECK,
        CrlError::DuplicateEntryExtension { .. } => "RFC 5280 section 4.2",
        CrlError::EntryIssuer { .. }
        | CrlError::EntryIssuerMalformed { .. }
        | CrlError::EntryIssuerName { .. } => "RFC 5280 section 5.3.3",
        CrlError::Reason { .. } | CrlError::RemovedFromFullList { .. } => "RFC 5280 section 5.3.1",
    }
}

#[cfg(test)]
mod tests {
    use crate::path::{CrlRefusal, NameForm, PathError, Work};
    use crate::{
        CertificateError, CrlError, ExtensionError, KeyUsage, LeafError, Oid, PublicKeyError,
        RevocationReason, SignatureAlgorithmError, UnixTime,
    };

    const AT: UnixTime = UnixTime::from_secs(0);

    fn oid() -> Oid {
        Oid::any_policy()
    }

    /// One error for each way in which a sentence ends.
    fn errors() -> Vec<PathError> {
        let found = KeyUsage::CRL_SIGN;
        let form = NameForm::DirectoryName;
        vec![
            CertificateError::Structure.into(),
            CertificateError::Version { found: 1 }.into(),
            CertificateError::SignatureAlgorithmsDiffer.into(),
            CertificateError::SignatureParameters.into(),
            CertificateError::EmptyIssuer.into(),
            CertificateError::EmptySubject.into(),
            CertificateError::EmptyValidity.into(),
            CertificateError::UniqueIdentifier.into(),
            CertificateError::NoSubjectKeyIdentifier.into(),
            CertificateError::PublicKey(PublicKeyError::Parameters).into(),
            CertificateError::Extension(ExtensionError::HalfAuthority).into(),
            ExtensionError::NoAuthorityKeyIdentifier.into(),
            SignatureAlgorithmError::Parameters.into(),
            LeafError::Authority.into(),
            LeafError::PathLength.into(),
            LeafError::PolicyCount { found: 2 }.into(),
            LeafError::DistributionPointCount { found: 2 }.into(),
            LeafError::IssuerName.into(),
            LeafError::IssuerSignature.into(),
            LeafError::NotYetValid { now: AT }.into(),
            LeafError::Expired { now: AT }.into(),
            PathError::NoTrustAnchor,
            PathError::IssuerSignature,
            PathError::UnknownCriticalExtension { extension: oid() },
            PathError::ExtensionCriticality { extension: "x" },
            PathError::IssuerVersion { version: 1 },
            PathError::NotAuthority,
            PathError::PathLength {
                allowed: 0,
                follow: 1,
            },
            PathError::KeyCertSign { found },
            PathError::NameConstraintsEmpty,
            PathError::NameConstraintDistance,
            PathError::NameConstraintMalformed { form },
            PathError::NameMalformed { form },
            PathError::NameExcluded { form },
            PathError::NameNotPermitted { form },
            PathError::NameFormNotUnderstood { form },
            PathError::DuplicatePolicy,
            PathError::PolicyQualifier { qualifier: oid() },
            PathError::PolicyMappingOfAnyPolicy,
            PathError::PolicyMissing,
            PathError::PolicyNotAccepted {
                found: vec![oid()],
                accepted: Vec::new(),
            },
            PathError::Revoked {
                revoked_at: AT,
                reason: RevocationReason::Superseded,
            },
            PathError::RevocationUndetermined,
            PathError::CrlIssuerCycle,
        ]
    }

    fn refusals() -> Vec<CrlRefusal> {
        vec![
            CrlError::Version.into(),
            CrlError::Version1Extensions.into(),
            CrlError::SignatureAlgorithmsDiffer.into(),
            CrlError::SignatureAlgorithm.into(),
            CrlError::EmptyIssuer.into(),
            CrlError::NextUpdateMissing.into(),
            CrlError::EmptyEntries.into(),
            CrlError::NumberMissing.into(),
            CrlError::Number.into(),
            CrlError::Delta.into(),
            CrlError::BaseNumberNotCritical.into(),
            CrlError::FreshestInDelta.into(),
            CrlError::ScopeNotCritical.into(),
            CrlError::EmptyScope.into(),
            CrlError::SeveralCertificateTypes.into(),
            CrlError::NoReasons.into(),
            CrlError::OneCertificateType.into(),
            CrlError::SomeReasons.into(),
            CrlError::Indirect.into(),
            CrlError::Issuer.into(),
            CrlError::Signature.into(),
            CrlError::EntryIssuer { position: 1 }.into(),
            CrlError::Reason {
                position: 1,
                code: 7,
            }
            .into(),
            CrlRefusal::NotIndirect,
            CrlRefusal::DistributionPoint,
            CrlRefusal::UserCertificatesOnly,
            CrlRefusal::AuthorityCertificatesOnly,
            CrlRefusal::AttributeCertificatesOnly,
            CrlRefusal::NoReasons,
            CrlRefusal::Expired {
                next_update: AT,
                at: AT,
            },
            CrlRefusal::NextUpdateMissing,
            CrlRefusal::DeltaAlone,
            CrlRefusal::SignerUnknown,
            CrlRefusal::SignerKeyUsage {
                found: KeyUsage::KEY_CERT_SIGN,
            },
            CrlRefusal::SignerPath(Box::new(PathError::NotAuthority)),
            CrlRefusal::Signature,
        ]
    }

    #[test]
    fn the_clause_is_the_one_that_ends_the_sentence() {
        let errors = errors();
        let errors = errors.iter().map(|it| (it.to_string(), it.clause()));
        let refusals = refusals();
        let refusals = refusals.iter().map(|it| (it.to_string(), it.clause()));
        for (sentence, clause) in errors.chain(refusals) {
            let expected = if sentence.ends_with(')') {
                sentence.ends_with(&format!(" ({clause})"))
            } else {
                !clause.is_empty()
            };
            assert!(expected, "{sentence}: {clause}");
        }
    }

    #[test]
    fn what_no_standard_says_claims_no_clause() {
        let work = Work::PathSteps;
        let own = [
            PathError::BudgetExhausted { work, limit: 1 },
            PathError::PathTooLong { limit: 1 },
            PathError::CrossCheckDisagreement,
            PathError::IntermediateForbidden { given: 1 },
        ];
        for error in own {
            assert!(!error.clause().contains("RFC"), "{error}");
        }
    }
}
