//! Why a leaf is refused.

use crate::certificate::{ExtensionError, FoundIdentifier};
use crate::{
    CertificateError, DistributionPointError, KeyIdentifier, KeyUsage, ObjectIdentifier, UnixTime,
};

/// Why a leaf is refused. Nothing in it leads to the holder: no serial, no name, no date of the
/// certificate (the last day of a JPKI certificate is a birthday).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    /// Not a certificate we read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The value of an extension that the profile reads is malformed.
    #[error(transparent)]
    Extension(#[from] ExtensionError),
    /// An extension that the profile demands is missing.
    #[error("the certificate has no {extension}, which its profile demands")]
    ExtensionMissing {
        /// Its name.
        extension: &'static str,
    },
    /// An extension that the profile does not have.
    #[error("the certificate has {extension}, which its profile does not have")]
    ExtensionForbidden {
        /// Its name.
        extension: &'static str,
    },
    /// An extension is marked critical and should not be, or the reverse.
    #[error("{extension} is marked critical: {found}; its profile says the opposite")]
    ExtensionCriticality {
        /// Its name.
        extension: &'static str,
        /// How it is marked.
        found: bool,
    },
    /// A critical extension that is not understood.
    #[error("extension {extension} is critical and unknown (RFC 5280 section 4.2)")]
    UnknownCriticalExtension {
        /// The extension.
        extension: FoundIdentifier,
    },
    /// Other key usages than the profile's.
    #[error("keyUsage is {:#011b}, its profile says {:#011b} (RFC 5280 section 4.2.1.3)", found.bits(), expected.bits())]
    KeyUsage {
        /// The profile's.
        expected: KeyUsage,
        /// The certificate's.
        found: KeyUsage,
    },
    /// Other purposes than the profile's one.
    #[error("extKeyUsage is not exactly {expected} (RFC 5280 section 4.2.1.12)")]
    ExtendedKeyUsage {
        /// The profile's.
        expected: ObjectIdentifier,
    },
    /// Not exactly one policy.
    #[error(
        "there are {found} certificate policies; the profile has one (RFC 5280 section 4.2.1.4)"
    )]
    PolicyCount {
        /// How many.
        found: usize,
    },
    /// Another policy than the profile's.
    #[error(
        "the certificate policy is {found}, the profile's is {expected} (RFC 5280 section 4.2.1.4)"
    )]
    Policy {
        /// The profile's.
        expected: ObjectIdentifier,
        /// The certificate's.
        found: FoundIdentifier,
    },
    /// A critical policy has a qualifier that is not understood.
    #[error("the certificate policy has the unknown qualifier {found} (RFC 5280 section 4.2.1.4)")]
    PolicyQualifier {
        /// The qualifier.
        found: FoundIdentifier,
    },
    /// The certificate of an authority.
    #[error("the certificate is one of an authority (RFC 5280 section 4.2.1.9)")]
    Authority,
    /// A path length in the certificate of no authority.
    #[error("the certificate has a path length and is of no authority (RFC 5280 section 4.2.1.9)")]
    PathLength,
    /// Not exactly one distribution point.
    #[error(
        "there are {found} CRL distribution points; the profile has one (RFC 5280 section 4.2.1.13)"
    )]
    DistributionPointCount {
        /// How many.
        found: usize,
    },
    /// The distribution point is malformed.
    #[error("the CRL distribution point is malformed: {0}")]
    DistributionPoint(DistributionPointError),
    /// The distribution point is not one directory name.
    #[error("the CRL distribution point is not one directory name, as the profile has it")]
    DistributionPointName,
    /// The distribution point names reasons: its list would not be the whole answer.
    #[error("the CRL distribution point covers only some reasons, which the profile does not have")]
    DistributionPointReasons,
    /// The distribution point names another issuer.
    #[error("the CRL distribution point has another issuer, which the profile does not have")]
    DistributionPointIssuer,
    /// None of the authority's keys has this identifier.
    #[error("no trust anchor of this authority has the key identifier {key_id}")]
    UnknownIssuerKey {
        /// The identifier in the certificate.
        key_id: KeyIdentifier,
    },
    /// The issuer's name is not the anchor's.
    #[error(
        "the issuer is not the trust anchor with its key identifier (RFC 5280 section 6.1.3 a 4)"
    )]
    IssuerName,
    /// The anchor's key did not sign it.
    #[error("the trust anchor did not sign the certificate (RFC 5280 section 6.1.3 a 1)")]
    IssuerSignature,
    /// The two signature implementations disagree.
    #[error("the two signature implementations disagree about the issuer's signature")]
    CrossCheckDisagreement,
    /// Asked before the validity begins.
    #[error("the certificate is not valid yet at {now} (RFC 5280 section 4.1.2.5)")]
    NotYetValid {
        /// The moment asked about.
        now: UnixTime,
    },
    /// Asked after the validity ended.
    #[error("the certificate is expired at {now} (RFC 5280 section 4.1.2.5)")]
    Expired {
        /// The moment asked about.
        now: UnixTime,
    },
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

impl LeafError {
    /// The broken rule, in snake case.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Certificate(error) => error.rule(),
            Self::Extension(error) => error.rule(),
            Self::ExtensionMissing { .. } => "extension_missing",
            Self::ExtensionForbidden { .. } => "extension_forbidden",
            Self::ExtensionCriticality { .. } => "extension_criticality",
            Self::UnknownCriticalExtension { .. } => "unknown_critical_extension",
            Self::KeyUsage { .. } => "key_usage",
            Self::ExtendedKeyUsage { .. } => "extended_key_usage",
            Self::PolicyCount { .. } => "policy_count",
            Self::Policy { .. } => "policy",
            Self::PolicyQualifier { .. } => "policy_qualifier",
            Self::Authority => "authority",
            Self::PathLength => "path_length",
            Self::DistributionPointCount { .. } => "distribution_point_count",
            Self::DistributionPoint(_) => "distribution_point",
            Self::DistributionPointName => "distribution_point_name",
            Self::DistributionPointReasons => "distribution_point_reasons",
            Self::DistributionPointIssuer => "distribution_point_issuer",
            Self::UnknownIssuerKey { .. } => "unknown_issuer_key",
            Self::IssuerName => "issuer_name",
            Self::IssuerSignature => "issuer_signature",
            Self::CrossCheckDisagreement => "cross_check_disagreement",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::Expired { .. } => "expired",
        }
    }

    /// What sort of refusal it is.
    pub fn kind(&self) -> LeafErrorKind {
        match self {
            Self::Certificate(error) if error.is_unsupported() => LeafErrorKind::Unsupported,
            Self::Certificate(_)
            | Self::Extension(_)
            | Self::PathLength
            | Self::DistributionPoint(_) => LeafErrorKind::Malformed,
            Self::UnknownIssuerKey { .. } | Self::IssuerName | Self::IssuerSignature => {
                LeafErrorKind::UntrustedIssuer
            }
            Self::CrossCheckDisagreement => LeafErrorKind::CrossCheckDisagreement,
            Self::NotYetValid { .. } => LeafErrorKind::NotYetValid,
            Self::Expired { .. } => LeafErrorKind::Expired,
            _ => LeafErrorKind::Unsupported,
        }
    }
}
