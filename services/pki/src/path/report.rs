//! What is told about a path: enough for an auditor to follow every step.

use crate::certificate::Certificate;
use crate::limits::MAX_PATH_CERTIFICATE_BYTES;
use crate::path::{PathError, Withheld};
use crate::{
    CertificateError, CrlError, CrlNumber, KeyUsage, Oid, PublicKeyError, RevocationReason,
    SignatureAlgorithmError, UnixTime,
};

/// The answer in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// A path keeps every rule, and the status of each certificate was shown where that was asked.
    Valid,
    /// No path does, or a certificate is revoked.
    Invalid,
    /// A path keeps every rule, but something could not be found out. To be treated as invalid.
    Indeterminate,
}

/// The answer, and what it rests on.
#[derive(Debug)]
pub struct PathReport {
    /// The answer in one word.
    pub verdict: Verdict,
    /// The rule that failed; none exactly when the verdict is valid.
    pub error: Option<PathError>,
    /// At which certificate of `path`; none if the bytes could not be looked at as a path.
    pub refused_at: Option<usize>,
    /// The index of the trust anchor that the path begins with.
    pub trust_anchor: Option<usize>,
    /// The path, anchor's side first, without the anchor. Of several that fail, the one that came
    /// furthest. It may not reach an anchor.
    pub path: Vec<PathCertificate>,
    /// The policies it is valid for, of the initial set; anyPolicy where all of them are.
    pub policies: Vec<Oid>,
    /// Intermediates that could not be read, by their index, and why. They were left out.
    pub unreadable_intermediates: Vec<(usize, CertificateError)>,
    /// Lists that could not be read, by their index, and why. They were left out.
    pub unreadable_crls: Vec<(usize, CrlError)>,
}

impl PathReport {
    /// Refused before a path was sought, for what the certificate itself is.
    pub(super) fn refused_alone(error: PathError, der: &[u8]) -> Self {
        let certificate = Certificate::read(der, MAX_PATH_CERTIFICATE_BYTES).ok();
        let path = certificate.map(|it| PathCertificate::new(&it, None, Vec::new()));
        Self {
            refused_at: path.as_ref().map(|_| 0),
            path: path.into_iter().collect(),
            ..Self::refused_unread(error)
        }
    }

    pub(super) fn refused_unread(error: PathError) -> Self {
        Self {
            verdict: verdict_of(&error),
            error: Some(error),
            refused_at: None,
            trust_anchor: None,
            path: Vec::new(),
            policies: Vec::new(),
            unreadable_intermediates: Vec::new(),
            unreadable_crls: Vec::new(),
        }
    }
}

pub(super) fn verdict_of(error: &PathError) -> Verdict {
    if error.is_undetermined() {
        Verdict::Indeterminate
    } else {
        Verdict::Invalid
    }
}

/// One certificate of a path. Subject, serial and validity may lead to a person.
#[derive(Debug)]
pub struct PathCertificate {
    /// The index among the intermediates; none for the certificate asked about.
    pub intermediate: Option<usize>,
    /// Its subject in DER.
    pub subject_der: Withheld<Vec<u8>>,
    /// Its issuer in DER.
    pub issuer_der: Withheld<Vec<u8>>,
    /// Whether issuer and subject are the same name (RFC 5280 section 3.2).
    pub is_self_issued: bool,
    /// The first moment of its validity.
    pub not_before: Withheld<UnixTime>,
    /// The last moment of its validity.
    pub not_after: Withheld<UnixTime>,
    /// Which lists were asked about it, and what they said.
    pub revocation: Vec<RevocationEvidence>,
}

impl PathCertificate {
    pub(super) fn new(
        certificate: &Certificate<'_>,
        intermediate: Option<usize>,
        revocation: Vec<RevocationEvidence>,
    ) -> Self {
        Self {
            intermediate,
            subject_der: Withheld::new(certificate.subject.to_vec()),
            issuer_der: Withheld::new(certificate.issuer.to_vec()),
            is_self_issued: certificate.is_self_issued(),
            not_before: Withheld::new(certificate.not_before),
            not_after: Withheld::new(certificate.not_after),
            revocation,
        }
    }
}

/// What one list says about a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationEvidence {
    /// The list's index.
    pub crl: usize,
    /// Its number.
    pub number: Option<CrlNumber>,
    /// When it was issued.
    pub this_update: UnixTime,
    /// When the next one is due.
    pub next_update: Option<UnixTime>,
    /// The index of the delta list that was added to it.
    pub delta: Option<usize>,
    /// The delta's number.
    pub delta_number: Option<CrlNumber>,
    /// What was learnt.
    pub outcome: CrlOutcome,
}

/// What was learnt from a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CrlOutcome {
    /// It covers the certificate and does not list it.
    NotListed,
    /// It lists the certificate.
    Revoked {
        /// Since when.
        revoked_at: UnixTime,
        /// Why.
        reason: RevocationReason,
    },
    /// It was not believed, or does not cover the certificate.
    Refused(CrlRefusal),
}

/// Why a list says nothing about a certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrlRefusal {
    /// It cannot be used for any certificate.
    #[error(transparent)]
    Unusable(#[from] CrlError),
    /// The certificate names its issuer as another one's, but it does not say it is indirect.
    #[error(
        "it is of another issuer and does not say that it is indirect (RFC 5280 section 6.3.3 b 1)"
    )]
    NotIndirect,
    /// Its distribution point is not one of the certificate's.
    #[error("its distribution point is not the certificate's (RFC 5280 section 6.3.3 b 2 i)")]
    DistributionPoint,
    /// It covers certificates of users only.
    #[error(
        "it covers only user certificates, and this one is an authority's (RFC 5280 section 6.3.3 b 2 ii)"
    )]
    UserCertificatesOnly,
    /// It covers certificates of authorities only.
    #[error(
        "it covers only authorities' certificates, and this is none (RFC 5280 section 6.3.3 b 2 iii)"
    )]
    AuthorityCertificatesOnly,
    /// It covers attribute certificates only.
    #[error("it covers only attribute certificates (RFC 5280 section 6.3.3 b 2 iv)")]
    AttributeCertificatesOnly,
    /// No reason is covered by both the list and the distribution point.
    #[error("it covers none of the distribution point's reasons (RFC 5280 section 6.3.3 d to e)")]
    NoReasons,
    /// It was issued after the moment asked about.
    #[error("it is of {this_update}, after {at}")]
    NotYetCurrent {
        /// When it was issued.
        this_update: UnixTime,
        /// The moment asked about.
        at: UnixTime,
    },
    /// The next one was due.
    #[error("it expired at {next_update}; asked about {at} (RFC 5280 section 5.1.2.5)")]
    Expired {
        /// When the next one was due.
        next_update: UnixTime,
        /// The moment asked about.
        at: UnixTime,
    },
    /// Without nextUpdate nobody knows when it is stale.
    #[error("it has no nextUpdate, so it may be of any age (RFC 5280 section 5.1.2.5)")]
    NextUpdateMissing,
    /// A later one of the same issuer, key and scope was given.
    #[error("list {by} of the same scope is later")]
    Superseded {
        /// The later list's index.
        by: usize,
    },
    /// Its changes are of a list that was not given.
    #[error(
        "it is a delta list, and the list that it changes was not given (RFC 5280 section 5.2.4)"
    )]
    DeltaAlone,
    /// No certificate or anchor of its issuer was given.
    #[error("no certificate of its issuer was given (RFC 5280 section 6.3.3 f)")]
    SignerUnknown,
    /// Its issuer may not sign lists.
    #[error("its issuer's keyUsage {:#011b} lacks cRLSign (RFC 5280 section 6.3.3 f)", found.bits())]
    SignerKeyUsage {
        /// The key usage.
        found: KeyUsage,
    },
    /// No path leads to its issuer's certificate.
    #[error("no path leads to its issuer: {0} (RFC 5280 section 6.3.3 f)")]
    SignerPath(Box<PathError>),
    /// Its signature's algorithm is not supported.
    #[error(transparent)]
    SignatureAlgorithm(#[from] SignatureAlgorithmError),
    /// Its issuer's key is not supported.
    #[error("its issuer's key: {0}")]
    PublicKey(#[from] PublicKeyError),
    /// Its issuer's key does not verify its signature.
    #[error("its issuer's key does not verify its signature (RFC 5280 section 6.3.3 g)")]
    Signature,
    /// The two signature implementations disagree.
    #[error("the two signature implementations disagree about its signature")]
    CrossCheckDisagreement,
}

impl CrlRefusal {
    /// The broken rule, in snake case.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Unusable(error) => error.rule(),
            Self::NotIndirect => "crl_not_indirect",
            Self::DistributionPoint => "crl_distribution_point",
            Self::UserCertificatesOnly => "crl_user_certificates_only",
            Self::AuthorityCertificatesOnly => "crl_authority_certificates_only",
            Self::AttributeCertificatesOnly => "crl_attribute_certificates_only",
            Self::NoReasons => "crl_no_reasons",
            Self::NotYetCurrent { .. } => "crl_not_yet_current",
            Self::Expired { .. } => "crl_expired",
            Self::NextUpdateMissing => "next_update_missing",
            Self::Superseded { .. } => "crl_superseded",
            Self::DeltaAlone => "crl_delta_alone",
            Self::SignerUnknown => "crl_signer_unknown",
            Self::SignerKeyUsage { .. } => "crl_signer_key_usage",
            Self::SignerPath(_) => "crl_signer_path",
            Self::SignatureAlgorithm(error) => error.rule(),
            Self::PublicKey(_) => "public_key",
            Self::Signature => "crl_signature",
            Self::CrossCheckDisagreement => "cross_check_disagreement",
        }
    }
}
