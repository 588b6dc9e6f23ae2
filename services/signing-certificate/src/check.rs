//! The decision: what a signing certificate is worth at one moment, from what is known about it.
//!
//! The order is that of the proof. First the bytes, the profile and the issuer, because a certificate of another CA has
//! no status here; then the validity period, because an expired certificate leaves the lists and "not listed" would
//! prove nothing (RFC 5280 section 5); the revocation status last. Nothing here asks anybody: the handler fetches the
//! status between [`examine`] and [`conclude`].

use std::sync::Arc;

use moka::sync::Cache;
use pki::{
    CertificationAuthority, KeyIdentifier, LeafError, LeafErrorKind, UnixTime, ValidatedLeaf,
    Verifier, validate_leaf,
};

use crate::revocation::{Revocation, RevocationStatus};

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

/// Decides everything about a certificate that the certificate itself and the trust anchors can tell.
pub(crate) struct Examiner {
    authorities: Vec<CertificationAuthority>,
    verifier: Verifier,
    /// Leaves by the SHA-256 of their bytes. Only what passed is kept: a refusal costs a caller who repeats it the same
    /// work again, and must not stay behind when it came from a passing fault. What depends on time is never in here.
    validated: Cache<[u8; 32], Arc<ValidatedLeaf>>,
}

/// A certificate that may be asked about, with the authority that issued it.
pub(crate) struct Examined<'a> {
    pub(crate) leaf: Arc<ValidatedLeaf>,
    pub(crate) authority: &'a CertificationAuthority,
}

impl Examiner {
    pub(crate) fn new(
        authorities: Vec<CertificationAuthority>,
        verifier: Verifier,
        cache_capacity: u64,
    ) -> Self {
        Self {
            authorities,
            verifier,
            validated: Cache::new(cache_capacity),
        }
    }

    /// Bytes, profile, issuer, validity period. An error is the final verdict.
    pub(crate) fn examine(
        &self,
        der: &[u8],
        sha256: [u8; 32],
        now: UnixTime,
    ) -> Result<Examined<'_>, Box<Verdict>> {
        let authority = self.authority_named_by(der);
        let leaf = if let Some(leaf) = self.validated.get(&sha256) {
            leaf
        } else {
            let leaf = validate_leaf(der, authority, &self.verifier)
                .map_err(|error| refused(&error, None))?;
            let leaf = Arc::new(leaf);
            self.validated.insert(sha256, Arc::clone(&leaf));
            leaf
        };
        leaf.validity_at(now)
            .map_err(|error| refused(&error, Some(leaf.issuer_key_id())))?;
        Ok(Examined { leaf, authority })
    }

    /// How often the two signature implementations disagreed since the start.
    pub(crate) fn disagreements(&self) -> u64 {
        self.verifier.disagreements()
    }

    /// The authority whose key the certificate names (RFC 5280 section 4.2.1.1). The generations of JPKI's keys share
    /// one distinguished name, so the name would not tell. A certificate that names none of our keys is held against
    /// the first authority, which refuses it with the rule it breaks first.
    fn authority_named_by(&self, der: &[u8]) -> &CertificationAuthority {
        pki::peek_issuer_key_id(der)
            .ok()
            .and_then(|key_id| {
                self.authorities
                    .iter()
                    .find(|authority| authority.anchor(&key_id).is_some())
            })
            .unwrap_or(&self.authorities[0])
    }
}

/// The verdict on a certificate that passed the examination, from its revocation status.
pub(crate) fn conclude(examined: &Examined<'_>, revocation: Revocation, now: UnixTime) -> Verdict {
    let revocation = revocation.with_good_proven(examined.authority, now);
    let (outcome, failed_rule, explanation) = match revocation.status {
        RevocationStatus::Good => (
            Outcome::Valid,
            "",
            "A trusted CA key signed it, it is within its validity period, and the current list in its scope does \
             not contain it."
                .to_owned(),
        ),
        RevocationStatus::Revoked { revoked_at, reason } => (
            Outcome::Revoked,
            "certificate_revoked",
            format!(
                "The CA revoked it at {revoked_at}, reason {} (RFC 5280 section 5.3.1).",
                reason.rfc_name()
            ),
        ),
        RevocationStatus::Unknown(reason) => (
            Outcome::RevocationUnknown,
            reason.rule(),
            format!("Whether it is revoked is unknown: {}. Treat it as not valid.", reason.sentence()),
        ),
    };
    Verdict {
        outcome,
        failed_rule,
        explanation,
        issuer_key_id: Some(examined.leaf.issuer_key_id().clone()),
        revocation: Some(revocation),
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
