//! Why a path is refused.

use crate::certificate::ExtensionError;
use crate::general_name::GeneralNameError;
use crate::path::name_constraints::NameForm;
use crate::path::withheld::Withheld;
use crate::{
    CertificateError, DerError, DistributionPointError, KeyIdentifier, KeyUsage, LeafError, Oid,
    PublicKeyError, RevocationReason, SignatureAlgorithmError, UnixTime,
};

/// Why a path is refused: one variant a rule, with the values that were compared. Values that lead
/// to a person are [`Withheld`]: errors reach logs, and only who asks for the value gets it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// The bytes are not a certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The certificate is not of its profile.
    #[error(transparent)]
    Profile(#[from] LeafError),
    /// The value of an extension that is read is malformed.
    #[error(transparent)]
    Extension(#[from] ExtensionError),
    /// An alternative name or the base of a constraint is malformed.
    #[error("a general name is malformed: {0} (RFC 5280 section 4.2.1.6)")]
    GeneralName(GeneralNameError),
    /// A distribution point is malformed.
    #[error("a CRL distribution point is malformed: {0} (RFC 5280 section 4.2.1.13)")]
    DistributionPoint(DistributionPointError),
    /// The name constraints are not DER.
    #[error("nameConstraints is malformed: {0} (RFC 5280 section 4.2.1.10)")]
    NameConstraints(DerError),
    /// No trust anchor was given.
    #[error("no trust anchor was given (RFC 5280 section 6.1.1 d)")]
    NoTrustAnchor,
    /// The profile has one tier, and an intermediate was given.
    #[error("{given} intermediates were given; the profile has none")]
    IntermediateForbidden {
        /// How many.
        given: usize,
    },
    /// More certificates than are looked at.
    #[error("{given} intermediates were given; {limit} are looked at")]
    TooManyCertificates {
        /// How many.
        given: usize,
        /// The most.
        limit: usize,
    },
    /// More lists than are looked at.
    #[error("{given} revocation lists were given; {limit} are looked at")]
    TooManyCrls {
        /// How many.
        given: usize,
        /// The most.
        limit: usize,
    },
    /// The path would be longer than any real one.
    #[error("the path has more than {limit} certificates")]
    PathTooLong {
        /// The most.
        limit: usize,
    },
    /// More work than one question may cost.
    #[error("the search was given up after {limit} {work}")]
    BudgetExhausted {
        /// What was counted.
        work: Work,
        /// The most of it.
        limit: u32,
    },
    /// Nothing that was given has the issuer's name.
    #[error(
        "neither a trust anchor nor an intermediate has the issuer's name (RFC 5280 section 6.1.3 a 4)"
    )]
    IssuerUnknown {
        /// The issuer's name in DER.
        issuer: Withheld<Box<[u8]>>,
    },
    /// The certificate whose key is named has another subject.
    #[error(
        "the certificate with the named key {key_id} has another subject than the issuer's name (RFC 5280 section 6.1.3 a 4)"
    )]
    IssuerName {
        /// The authority key identifier.
        key_id: KeyIdentifier,
        /// The issuer's name in DER.
        issuer: Withheld<Box<[u8]>>,
        /// The other subject in DER.
        subject: Withheld<Box<[u8]>>,
    },
    /// No issuer's key verifies the signature.
    #[error("the issuer's key does not verify the signature (RFC 5280 section 6.1.3 a 1)")]
    IssuerSignature,
    /// The two signature implementations disagree.
    #[error("the two signature implementations disagree about a signature")]
    CrossCheckDisagreement,
    /// The signature's algorithm is not supported.
    #[error(transparent)]
    SignatureAlgorithm(#[from] SignatureAlgorithmError),
    /// The issuer's key is not supported.
    #[error("the issuer's key: {0}")]
    PublicKey(#[from] PublicKeyError),
    /// Asked before the validity begins.
    #[error("the certificate is not valid yet at {at} (RFC 5280 section 6.1.3 a 2)")]
    NotYetValid {
        /// The moment asked about.
        at: UnixTime,
        /// When the validity begins.
        not_before: Withheld<UnixTime>,
    },
    /// Asked after the validity ended.
    #[error("the certificate is expired at {at} (RFC 5280 section 6.1.3 a 2)")]
    Expired {
        /// The moment asked about.
        at: UnixTime,
        /// When the validity ended.
        not_after: Withheld<UnixTime>,
    },
    /// A critical extension that is not understood.
    #[error("extension {extension} is critical and unknown (RFC 5280 section 4.2)")]
    UnknownCriticalExtension {
        /// The extension.
        extension: Oid,
    },
    /// Critical, and the standard says it must not be.
    #[error(
        "{extension} is critical and must not be (RFC 5280 sections 4.2.1.1, 4.2.1.2, 4.2.1.15, 4.2.2)"
    )]
    ExtensionCriticality {
        /// Its name.
        extension: &'static str,
    },
    /// An issuer of the path has a version that cannot say it is an authority.
    #[error(
        "an issuer has version {version}, which cannot say that it is an authority (RFC 5280 section 6.1.4 k)"
    )]
    IssuerVersion {
        /// Its version, counted from 1.
        version: u32,
    },
    /// An issuer of the path is no authority.
    #[error(
        "an issuer is no authority: basicConstraints is absent or says so (RFC 5280 section 6.1.4 k)"
    )]
    NotAuthority,
    /// More certificates follow than an issuer allows.
    #[error(
        "{follow} certificates that are not self-issued follow an issuer that allows {allowed} (RFC 5280 section 6.1.4 l to m)"
    )]
    PathLength {
        /// How many the issuer allows between itself and the last one.
        allowed: usize,
        /// How many there are.
        follow: usize,
    },
    /// An issuer may not sign certificates.
    #[error("an issuer's keyUsage {:#011b} lacks keyCertSign (RFC 5280 section 6.1.4 n)", found.bits())]
    KeyCertSign {
        /// Its key usage.
        found: KeyUsage,
    },
    /// Neither permitted nor excluded subtrees, or an empty list of them.
    #[error("nameConstraints says nothing (RFC 5280 section 4.2.1.10)")]
    NameConstraintsEmpty,
    /// A minimum or maximum distance.
    #[error("a name constraint has a minimum or maximum (RFC 5280 section 4.2.1.10)")]
    NameConstraintDistance,
    /// The base of a constraint is not of its form.
    #[error("a name constraint is no {form} constraint (RFC 5280 section 4.2.1.10)")]
    NameConstraintMalformed {
        /// The form.
        form: NameForm,
    },
    /// More subtrees than any real certificate.
    #[error("nameConstraints has more than {limit} subtrees")]
    TooManySubtrees {
        /// The most.
        limit: usize,
    },
    /// A name under constraints is not of its form, so nobody can say what it is.
    #[error("a {form} under name constraints is malformed (RFC 5280 section 4.2.1.10)")]
    NameMalformed {
        /// The form.
        form: NameForm,
    },
    /// A name in an excluded subtree.
    #[error("a {form} is in an excluded subtree (RFC 5280 section 6.1.3 c)")]
    NameExcluded {
        /// The form.
        form: NameForm,
    },
    /// A name in none of the permitted subtrees.
    #[error("a {form} is in none of the permitted subtrees (RFC 5280 section 6.1.3 b)")]
    NameNotPermitted {
        /// The form.
        form: NameForm,
    },
    /// A name of a form whose constraints are not understood.
    #[error("a {form} is constrained, which is not understood (RFC 5280 section 4.2.1.10)")]
    NameFormNotUnderstood {
        /// The form.
        form: NameForm,
    },
    /// More policies than any real certificate.
    #[error("the certificate has {found} policies; {limit} are read")]
    TooManyPolicies {
        /// How many.
        found: usize,
        /// The most.
        limit: usize,
    },
    /// More policy mappings than any real certificate.
    #[error("the certificate has {found} policy mappings; {limit} are read")]
    TooManyPolicyMappings {
        /// How many.
        found: usize,
        /// The most.
        limit: usize,
    },
    /// The same policy twice.
    #[error("a policy occurs twice in a certificate (RFC 5280 section 4.2.1.4)")]
    DuplicatePolicy,
    /// A qualifier that is not understood in a critical extension.
    #[error("a critical policy has the unknown qualifier {qualifier} (RFC 5280 section 4.2.1.4)")]
    PolicyQualifier {
        /// The qualifier.
        qualifier: Oid,
    },
    /// A mapping from or to anyPolicy.
    #[error("a policy mapping is from or to anyPolicy (RFC 5280 section 6.1.4 a)")]
    PolicyMappingOfAnyPolicy,
    /// A policy is required and the path has none here.
    #[error(
        "a policy is required, and none is left at this certificate (RFC 5280 section 6.1.3 f)"
    )]
    PolicyMissing,
    /// A policy is required, and the path's are not among the accepted ones.
    #[error(
        "the policies {} are not among the accepted {} (RFC 5280 section 6.1.5 g)",
        crate::path::error::list(found),
        crate::path::error::list(accepted)
    )]
    PolicyNotAccepted {
        /// The policies of the path.
        found: Vec<Oid>,
        /// The initial policy set.
        accepted: Vec<Oid>,
    },
    /// The certificate is revoked.
    #[error("the certificate was revoked at {revoked_at}: {reason:?} (RFC 5280 section 6.3.3)")]
    Revoked {
        /// Since when.
        revoked_at: UnixTime,
        /// Why.
        reason: RevocationReason,
    },
    /// The given lists do not say whether the certificate is revoked.
    #[error(
        "no current list in scope says whether the certificate is revoked (RFC 5280 section 6.3.3)"
    )]
    RevocationUndetermined,
    /// Whether the certificate of a list's issuer is good depends on itself.
    #[error(
        "the certificates of the lists' issuers depend on each other (RFC 5280 section 6.3.3 f)"
    )]
    CrlIssuerCycle,
}

/// What a search is paid with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Work {
    /// Revocation lists compared with a certificate's distribution points.
    ListComparisons,
    /// Revocation lists read from the first entry to the last.
    ListReadings,
    /// Names compared with name constraints.
    NameComparisons,
    /// Certificates put on a path.
    PathSteps,
    /// Nodes of the policy graph, each counted once for every policy that leads to it.
    PolicyNodes,
    /// Signatures checked.
    SignatureChecks,
}

impl std::fmt::Display for Work {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::ListComparisons => "comparisons of lists",
            Self::ListReadings => "readings of lists",
            Self::NameComparisons => "comparisons of names",
            Self::PathSteps => "path steps",
            Self::PolicyNodes => "nodes of the policy graph",
            Self::SignatureChecks => "signature checks",
        })
    }
}

/// Identifiers with spaces between them.
fn list(identifiers: &[Oid]) -> String {
    let words: Vec<String> = identifiers.iter().map(Oid::to_string).collect();
    format!("({})", words.join(" "))
}

impl PathError {
    /// The broken rule, in snake case.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Certificate(error) => error.rule(),
            Self::Profile(error) => error.rule(),
            Self::Extension(error) => error.rule(),
            Self::GeneralName(_) => "general_name",
            Self::DistributionPoint(_) => "distribution_point",
            Self::NameConstraints(_) => "name_constraints_not_der",
            Self::NoTrustAnchor => "no_trust_anchor",
            Self::IntermediateForbidden { .. } => "intermediate_forbidden",
            Self::TooManyCertificates { .. } => "too_many_certificates",
            Self::TooManyCrls { .. } => "too_many_crls",
            Self::PathTooLong { .. } => "path_too_long",
            Self::BudgetExhausted { .. } => "budget_exhausted",
            Self::IssuerUnknown { .. } => "issuer_unknown",
            Self::IssuerName { .. } => "issuer_name",
            Self::IssuerSignature => "issuer_signature",
            Self::CrossCheckDisagreement => "cross_check_disagreement",
            Self::SignatureAlgorithm(error) => error.rule(),
            Self::PublicKey(_) => "public_key",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::Expired { .. } => "expired",
            Self::UnknownCriticalExtension { .. } => "unknown_critical_extension",
            Self::ExtensionCriticality { .. } => "extension_criticality",
            Self::IssuerVersion { .. } => "issuer_version",
            Self::NotAuthority => "not_authority",
            Self::PathLength { .. } => "path_length",
            Self::KeyCertSign { .. } => "key_cert_sign",
            Self::NameConstraintsEmpty => "name_constraints_empty",
            Self::NameConstraintDistance => "name_constraint_distance",
            Self::NameConstraintMalformed { .. } => "name_constraint_malformed",
            Self::TooManySubtrees { .. } => "too_many_subtrees",
            Self::NameMalformed { .. } => "name_malformed",
            Self::NameExcluded { .. } => "name_excluded",
            Self::NameNotPermitted { .. } => "name_not_permitted",
            Self::NameFormNotUnderstood { .. } => "name_form_not_understood",
            Self::TooManyPolicies { .. } => "too_many_policies",
            Self::TooManyPolicyMappings { .. } => "too_many_policy_mappings",
            Self::DuplicatePolicy => "duplicate_policy",
            Self::PolicyQualifier { .. } => "policy_qualifier",
            Self::PolicyMappingOfAnyPolicy => "policy_mapping_of_any_policy",
            Self::PolicyMissing => "policy_missing",
            Self::PolicyNotAccepted { .. } => "policy_not_accepted",
            Self::Revoked { .. } => "revoked",
            Self::RevocationUndetermined => "revocation_undetermined",
            Self::CrlIssuerCycle => "crl_issuer_cycle",
        }
    }

    /// Whether it says that something could not be found out, rather than that it is wrong.
    pub fn is_undetermined(&self) -> bool {
        matches!(
            self,
            Self::RevocationUndetermined | Self::CrlIssuerCycle | Self::BudgetExhausted { .. }
        )
    }
}
