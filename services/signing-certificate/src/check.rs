//! The decision: what a signing certificate is worth at one moment, from what is known about it.
//!
//! The order is that of the proof. First the bytes, the profile and the issuer, because a certificate of another CA has
//! no status here; then the validity period, because an expired certificate leaves the lists and "not listed" would
//! prove nothing (RFC 5280 section 5); the revocation status last. Nothing here asks anybody: the handler fetches the
//! status between [`examine`] and [`conclude`].

use lookup::{Certificate, Found, Leaves, Revocation, Status};
use pki::{KeyIdentifier, LeafError, LeafErrorKind, UnixTime};

/// What a check ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    Valid,
    Revoked,
    Expired,
    NotYetValid,
    RevocationUnknown,
    UntrustedIssuer,
    UnsupportedCertificate,
    MalformedCertificate,
    CrossCheckDisagreement,
}

/// The outcome with the evidence for it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) outcome: Outcome,
    /// The rule that failed; empty for a valid certificate.
    pub(crate) failed_rule: &'static str,
    pub(crate) explanation: String,
    /// None until the issuer's signature on the certificate was verified.
    pub(crate) issuer_key_id: Option<KeyIdentifier>,
    /// None when the checks ended before the lookup.
    pub(crate) revocation: Option<Revocation>,
}

/// Decides everything about a certificate that the certificate itself and the trust anchors can tell: bytes, profile,
/// issuer, validity period. An error is the final verdict.
pub(crate) fn examine<'a>(
    leaves: &'a Leaves,
    certificate: &Certificate,
    now: UnixTime,
) -> Result<Found<'a>, Box<Verdict>> {
    let found = leaves
        .validate(certificate)
        .map_err(|error| refused(&error, None))?;
    found
        .leaf
        .validity_at(now)
        .map_err(|error| refused(&error, Some(found.leaf.issuer_key_id())))?;
    Ok(found)
}

/// The verdict on a certificate that passed the examination, from its revocation status.
pub(crate) fn conclude(found: &Found<'_>, revocation: Revocation, now: UnixTime) -> Verdict {
    let revocation = revocation.with_good_proven(&found.leaf, found.authority, now);
    let (outcome, failed_rule, explanation) = match revocation.status {
        Status::Good => (
            Outcome::Valid,
            "",
            format!(
                "A trusted CA key signed it, it is within its validity period, and {}.",
                not_revoked(&revocation)
            ),
        ),
        Status::Revoked { revoked_at, reason } => (
            Outcome::Revoked,
            "certificate_revoked",
            format!(
                "The CA revoked it at {revoked_at}, reason {} (RFC 5280 section 5.3.1).",
                reason.rfc_name()
            ),
        ),
        Status::Unknown(reason) => (
            Outcome::RevocationUnknown,
            reason.rule(),
            format!(
                "Whether it is revoked is unknown: {}. Treat it as not valid.",
                reason.sentence()
            ),
        ),
    };
    Verdict {
        outcome,
        failed_rule,
        explanation,
        issuer_key_id: Some(found.leaf.issuer_key_id().clone()),
        revocation: Some(revocation),
    }
}

fn not_revoked(revocation: &Revocation) -> &'static str {
    if revocation.ocsp.is_some() {
        "the CA's OCSP responder says that it is not revoked"
    } else {
        "the current list in its scope does not contain it"
    }
}

fn refused(error: &LeafError, issuer_key_id: Option<&KeyIdentifier>) -> Box<Verdict> {
    Box::new(Verdict {
        outcome: match error.kind() {
            LeafErrorKind::Malformed => Outcome::MalformedCertificate,
            LeafErrorKind::Unsupported => Outcome::UnsupportedCertificate,
            LeafErrorKind::UntrustedIssuer => Outcome::UntrustedIssuer,
            LeafErrorKind::NotYetValid => Outcome::NotYetValid,
            LeafErrorKind::Expired => Outcome::Expired,
            LeafErrorKind::CrossCheckDisagreement => Outcome::CrossCheckDisagreement,
        },
        failed_rule: error.rule(),
        explanation: error.to_string(),
        issuer_key_id: issuer_key_id.cloned(),
        revocation: None,
    })
}
