//! What a verification ends with.

use lookup::{Revocation, Status};
use pki::{KeyIdentifier, LeafError, LeafErrorKind, UnixTime};
use store::HolderResolution;

/// The results of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    Ok,
    CertificateExpired,
    CertificateNotYetValid,
    SignatureMismatch,
    CertificateRevoked,
    RevocationUnknown,
    UntrustedIssuer,
    UnsupportedCertificate,
    MalformedCertificate,
    CrossCheckDisagreement,
}

/// An outcome with its evidence.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    pub(crate) outcome: Outcome,
    /// The rule that failed; empty for a success.
    pub(crate) failed_rule: &'static str,
    /// The sentence for an operator; empty for a success.
    pub(crate) explanation: String,
    pub(crate) issuer: Option<Issuer>,
    pub(crate) revocation: Option<Revocation>,
    /// Set exactly for a success.
    pub(crate) success: Option<Success>,
}

/// The established issuer.
#[derive(Clone, Debug)]
pub(crate) struct Issuer {
    pub(crate) key_id: KeyIdentifier,
    pub(crate) certification_authority: String,
}

/// What only a success tells.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Success {
    pub(crate) holder: HolderResolution,
    pub(crate) not_after: UnixTime,
}

impl Verdict {
    pub(crate) fn ok(issuer: Issuer, revocation: Revocation, success: Success) -> Self {
        Self {
            outcome: Outcome::Ok,
            failed_rule: "",
            explanation: String::new(),
            issuer: Some(issuer),
            revocation: Some(revocation),
            success: Some(success),
        }
    }

    /// The certificate itself is refused; `issuer` once it is established.
    pub(crate) fn leaf_refused(error: &LeafError, issuer: Option<Issuer>) -> Self {
        let outcome = match error.kind() {
            LeafErrorKind::Malformed => Outcome::MalformedCertificate,
            LeafErrorKind::Unsupported => Outcome::UnsupportedCertificate,
            LeafErrorKind::UntrustedIssuer => Outcome::UntrustedIssuer,
            LeafErrorKind::NotYetValid => Outcome::CertificateNotYetValid,
            LeafErrorKind::Expired => Outcome::CertificateExpired,
            LeafErrorKind::CrossCheckDisagreement => Outcome::CrossCheckDisagreement,
        };
        Self::refused(outcome, error.rule(), error.to_string(), issuer)
    }

    pub(crate) fn signature_refused(error: &pki::SignatureError, issuer: Issuer) -> Self {
        let outcome = match error {
            pki::SignatureError::CrossCheckDisagreement => Outcome::CrossCheckDisagreement,
            pki::SignatureError::Mismatch
            | pki::SignatureError::KeyAlgorithm { .. }
            | pki::SignatureError::DigestLength { .. } => Outcome::SignatureMismatch,
        };
        Self::refused(outcome, error.rule(), error.to_string(), Some(issuer))
    }

    /// Not good: revoked or unknown.
    pub(crate) fn not_good(revocation: Revocation, issuer: Issuer) -> Self {
        let (outcome, rule, explanation) = match &revocation.status {
            Status::Revoked { revoked_at, reason } => (
                Outcome::CertificateRevoked,
                "certificate_revoked",
                format!(
                    "the CA revoked the certificate at {revoked_at}, CRLReason {} (RFC 5280 \
                     section 5.3.1)",
                    reason.code()
                ),
            ),
            Status::Unknown(why) => (
                Outcome::RevocationUnknown,
                why.rule(),
                why.sentence().to_owned(),
            ),
            // Unreachable by its caller; refusing is the safe reading of a mistake.
            Status::Good => (
                Outcome::RevocationUnknown,
                "revocation_unavailable",
                "the revocation status was not concluded".to_owned(),
            ),
        };
        let refused = Self::refused(outcome, rule, explanation, Some(issuer));
        Self {
            revocation: Some(revocation),
            ..refused
        }
    }

    fn refused(
        outcome: Outcome,
        failed_rule: &'static str,
        explanation: String,
        issuer: Option<Issuer>,
    ) -> Self {
        Self {
            outcome,
            failed_rule,
            explanation,
            issuer,
            revocation: None,
            success: None,
        }
    }
}
