//! The decision: what a signing certificate is worth at one moment, from what is known about it.
//!
//! The order is that of the proof. First the bytes, the profile and the issuer, because a certificate of another CA has
//! no status here; then the validity period, because an expired certificate leaves the lists and "not listed" would
//! prove nothing (RFC 5280 section 5); the revocation status last. Nothing here asks anybody: the handler fetches the
//! status between [`examine`] and [`conclude`].

use lookup::{Certificate, Found, Leaves, PastRevocation, PastStatus, Revocation, Status, Unknown};
use pki::{KeyIdentifier, LeafError, LeafErrorKind, UnixTime};
use proto::revocation::v1::AsOfUnknownReason;

/// What a check ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    Valid,
    /// At a moment in the past, as far as it was known shortly before.
    ValidAsKnown,
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
    /// The same where a moment in the past was asked about.
    pub(crate) past: Option<PastRevocation>,
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
        past: None,
    }
}

/// Whether the key that issued the certificate was a trusted one's at a moment in the past. That it is one now was found
/// out when the anchors were loaded.
pub(crate) fn examine_issuer(found: &Found<'_>, at: UnixTime) -> Result<(), Box<Verdict>> {
    let issuer_key_id = found.leaf.issuer_key_id();
    let anchor = found.authority.anchor(issuer_key_id);
    if anchor.is_some_and(|it| it.not_before() <= at && at <= it.not_after()) {
        return Ok(());
    }
    Err(Box::new(Verdict {
        outcome: Outcome::UntrustedIssuer,
        failed_rule: "issuer_not_valid_then",
        explanation: format!(
            "The CA's certificate of the key that issued it was not within its validity period at {at} \
             (RFC 5280 section 6.1.3 a)."
        ),
        issuer_key_id: Some(issuer_key_id.clone()),
        revocation: None,
        past: None,
    }))
}

/// The verdict on a certificate at a moment in the past that it passed the examination for.
pub(crate) fn conclude_as_of(found: &Found<'_>, past: PastRevocation, at: UnixTime) -> Verdict {
    let past = past.with_good_proven(&found.leaf, found.authority, at);
    let (outcome, failed_rule, explanation) = match past.status {
        PastStatus::Good => (
            Outcome::Valid,
            "",
            format!(
                "A trusted CA key signed it, {at} is within its validity period, and a list of that moment or later \
                 proves that it was not revoked then."
            ),
        ),
        PastStatus::GoodAsKnown(known_at) => (
            Outcome::ValidAsKnown,
            "",
            format!(
                "A trusted CA key signed it, {at} is within its validity period, and the list in force at {at} does not \
                 contain it, as known at {known_at}. A revocation between the two would not be seen."
            ),
        ),
        PastStatus::Revoked { revoked_at, reason } => (
            Outcome::Revoked,
            "certificate_revoked",
            format!(
                "At {at} it was revoked: by the CA at {revoked_at}, reason {} (RFC 5280 section 5.3.1).",
                reason.rfc_name()
            ),
        ),
        PastStatus::Unknown(why) => (
            Outcome::RevocationUnknown,
            past_rule(why),
            format!(
                "Whether it was revoked at {at} is unknown: {}. Treat it as not valid.",
                past_sentence(why)
            ),
        ),
    };
    Verdict {
        outcome,
        failed_rule,
        explanation,
        issuer_key_id: Some(found.leaf.issuer_key_id().clone()),
        revocation: None,
        past: Some(past),
    }
}

/// The rule that would have been kept.
fn past_rule(why: AsOfUnknownReason) -> &'static str {
    match why {
        AsOfUnknownReason::NoSuchAuthority => Unknown::NoSuchAuthority.rule(),
        AsOfUnknownReason::NoList => Unknown::NoList.rule(),
        AsOfUnknownReason::Stale => Unknown::Stale.rule(),
        AsOfUnknownReason::OutOfScope => Unknown::OutOfScope.rule(),
        AsOfUnknownReason::Clock => Unknown::Clock.rule(),
        AsOfUnknownReason::Feed => Unknown::Feed.rule(),
        AsOfUnknownReason::Expired => "revocation_expired_then",
        AsOfUnknownReason::NoExpiry => "revocation_no_expiry",
        AsOfUnknownReason::NotRemembered => "revocation_not_remembered",
        AsOfUnknownReason::Gap => "revocation_history_gap",
        AsOfUnknownReason::TooMuch => "revocation_history_too_long",
        AsOfUnknownReason::Unavailable | AsOfUnknownReason::Unspecified => {
            Unknown::Unavailable.rule()
        }
    }
}

/// The same in words.
fn past_sentence(why: AsOfUnknownReason) -> &'static str {
    match why {
        AsOfUnknownReason::NoSuchAuthority => Unknown::NoSuchAuthority.sentence(),
        AsOfUnknownReason::NoList => {
            "no list is held or remembered for the certificate's distribution point, and no full list"
        }
        AsOfUnknownReason::Stale => {
            "no list in its scope was in force then, or the one that was is too old"
        }
        AsOfUnknownReason::OutOfScope => Unknown::OutOfScope.sentence(),
        AsOfUnknownReason::Clock => Unknown::Clock.sentence(),
        AsOfUnknownReason::Feed => Unknown::Feed.sentence(),
        AsOfUnknownReason::Expired => "it had expired, and lists need not name it any more",
        AsOfUnknownReason::NoExpiry => "the end of its validity period was not told",
        AsOfUnknownReason::NotRemembered => {
            "no list is remembered from before it expired (RFC 5280 section 5)"
        }
        AsOfUnknownReason::Gap => {
            "the list that would decide is remembered, but not which certificates it named"
        }
        AsOfUnknownReason::TooMuch => {
            "more is remembered than one question may search; asked again, it may suffice"
        }
        AsOfUnknownReason::Unavailable | AsOfUnknownReason::Unspecified => {
            Unknown::Unavailable.sentence()
        }
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
        past: None,
    })
}
