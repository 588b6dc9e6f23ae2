//! A revocation status, the list or the OCSP answer behind it, and when *good* is believed.

use pki::limits::CLOCK_TOLERANCE_SECS;
use pki::{
    CertificationAuthority, DistributionPoint, DistributionPointName, KeyIdentifier,
    RevocationReason, UnixTime, ValidatedLeaf,
};

/// A revocation status with what is behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// The status.
    pub status: Status,
    /// The list that decided, if one did.
    pub list: Option<List>,
    /// The answer of the authority's OCSP responder that decided, if one did.
    pub ocsp: Option<Ocsp>,
    /// The generation of the store that was read; 0 where nobody answered.
    pub generation: u64,
}

/// The status of one certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Not on the current list in its scope, or good by its authority's OCSP responder. Proves nothing before [`Revocation::with_good_proven`].
    Good,
    /// On a list of its authority, or revoked by its OCSP responder.
    Revoked {
        /// When the authority revoked it.
        revoked_at: UnixTime,
        /// Why.
        reason: Reason,
    },
    /// Neither can be said; treat as not valid.
    Unknown(Unknown),
}

/// A reason code that an answer may carry: every one but removeFromCRL, which undoes a revocation and stands in delta
/// lists only (RFC 5280 section 5.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason(RevocationReason);

impl Reason {
    /// The reason, unless it revokes nothing.
    pub fn new(reason: RevocationReason) -> Option<Self> {
        (reason != RevocationReason::RemoveFromCrl).then_some(Self(reason))
    }

    /// Its number in RFC 5280 section 5.3.1.
    pub const fn code(self) -> u8 {
        self.0.code()
    }

    /// Its name in RFC 5280 section 5.3.1.
    pub const fn rfc_name(self) -> &'static str {
        match self.0 {
            RevocationReason::Unspecified | RevocationReason::RemoveFromCrl => "unspecified",
            RevocationReason::KeyCompromise => "keyCompromise",
            RevocationReason::CaCompromise => "cACompromise",
            RevocationReason::AffiliationChanged => "affiliationChanged",
            RevocationReason::Superseded => "superseded",
            RevocationReason::CessationOfOperation => "cessationOfOperation",
            RevocationReason::CertificateHold => "certificateHold",
            RevocationReason::PrivilegeWithdrawn => "privilegeWithdrawn",
            RevocationReason::AaCompromise => "aACompromise",
        }
    }
}

/// Why a status is unknown; the reasons of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// No authority has the issuer's key.
    NoSuchAuthority,
    /// No list is held.
    NoList,
    /// Every list in scope is too old.
    Stale,
    /// No list held is in scope.
    OutOfScope,
    /// A clock cannot be right.
    Clock,
    /// A newer list may have been missed.
    Feed,
    /// Nobody answered, or not with an answer.
    Unavailable,
    /// By OCSP: the authority has no responder at revocation-lookup.
    OcspNotConfigured,
    /// By OCSP: the responder did not answer in time.
    OcspUnreachable,
    /// By OCSP: the responder refused to answer.
    OcspRefused,
    /// By OCSP: what the responder answered proves nothing.
    OcspUnusable,
    /// By OCSP: the day's queries are spent.
    OcspQueriesSpent,
    /// By OCSP: the responder does not know the certificate.
    OcspUnknown,
}

impl Unknown {
    /// The rule that a valid certificate would have kept.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::NoSuchAuthority => "revocation_no_such_authority",
            Self::NoList => "revocation_no_list",
            Self::Stale => "revocation_list_stale",
            Self::OutOfScope => "revocation_list_out_of_scope",
            Self::Clock => "revocation_clock",
            Self::Feed => "revocation_feed",
            Self::Unavailable => "revocation_unavailable",
            Self::OcspNotConfigured => "revocation_ocsp_not_configured",
            Self::OcspUnreachable => "revocation_ocsp_unreachable",
            Self::OcspRefused => "revocation_ocsp_refused",
            Self::OcspUnusable => "revocation_ocsp_unusable",
            Self::OcspQueriesSpent => "revocation_ocsp_queries_spent",
            Self::OcspUnknown => "revocation_ocsp_unknown",
        }
    }

    /// The same in words for an operator.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NoSuchAuthority => "the revocation service knows no CA with this key",
            Self::NoList => {
                "no list is held for the certificate's distribution point, and no full list"
            }
            Self::Stale => {
                "every list in its scope is past its next update (RFC 5280 section 5.1.2.5) or too old"
            }
            Self::OutOfScope => "only lists of other scopes are held (RFC 5280 section 5.2.5)",
            Self::Clock => "a clock is before the newest list, so no list's dates can be judged",
            Self::Feed => "the revocation service may have missed a newer list",
            Self::Unavailable => {
                "the revocation service could not be asked, or its answer proves nothing"
            }
            Self::OcspNotConfigured => {
                "no OCSP responder of this CA is configured at the revocation service"
            }
            Self::OcspUnreachable => "the CA's OCSP responder did not answer in time",
            Self::OcspRefused => {
                "the CA's OCSP responder refused to answer (RFC 6960 section 4.2.1)"
            }
            Self::OcspUnusable => {
                "the answer of the CA's OCSP responder proves nothing (RFC 6960 section 3.2)"
            }
            Self::OcspQueriesSpent => {
                "the questions that may be put to the CA's OCSP responder today are spent"
            }
            Self::OcspUnknown => {
                "the CA's OCSP responder does not know the certificate (RFC 6960 section 2.2)"
            }
        }
    }
}

/// The list behind an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// Whose list it is, by revocation-lookup's configuration.
    pub certification_authority: String,
    /// The key that signed it.
    pub signer_key_id: KeyIdentifier,
    /// DER; empty for a full list.
    pub issuing_distribution_point: Vec<u8>,
    /// Its number, decimal.
    pub crl_number: String,
    /// From when it holds.
    pub this_update: UnixTime,
    /// When the next one comes at the latest.
    pub next_update: UnixTime,
    /// Its age when the answer was given.
    pub age_seconds: i64,
    /// The newest delta list to it.
    pub delta: Option<DeltaList>,
}

/// A delta list: who was revoked since the list that it changes. It makes no list current that is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeltaList {
    /// Its number, decimal.
    pub crl_number: String,
    /// From when it holds.
    pub this_update: UnixTime,
    /// When the next one comes at the latest.
    pub next_update: UnixTime,
}

/// The OCSP answer behind an answer. Its signature and nonce were verified by revocation-lookup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ocsp {
    /// Whose responder it is, by revocation-lookup's configuration.
    pub certification_authority: String,
    /// The key that issued the certificate, and signed the answer or its signer's certificate.
    pub issuer_key_id: KeyIdentifier,
    /// Who signed it.
    pub signer: OcspSigner,
    /// When the status was known to be right.
    pub this_update: UnixTime,
    /// When newer information is there at the latest, if the responder says so.
    pub next_update: Option<UnixTime>,
    /// When it was signed.
    pub produced_at: UnixTime,
    /// Its age when the answer was given.
    pub age_seconds: i64,
}

/// Who signed an OCSP answer (RFC 6960 section 4.2.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OcspSigner {
    /// The key that issued the certificate.
    Issuer,
    /// A key authorized by it, whose own revocation need not be asked about.
    Delegate,
    /// A key authorized by it, whose own revocation was not found out.
    DelegateUnchecked,
}

/// An answer of a responder proves nothing from then on, whatever revocation-lookup's configuration says: its limit.
const GREATEST_OCSP_AGE_SECS: i64 = 7 * 86_400;

impl Revocation {
    /// Nothing is known, not even a list.
    pub const fn unknown(why: Unknown) -> Self {
        Self {
            status: Status::Unknown(why),
            list: None,
            ocsp: None,
            generation: 0,
        }
    }

    /// The same answer, unless it says *good* on a list or an OCSP answer that proves nothing here: signed by a key that is
    /// not this authority's, of a scope that does not cover the certificate, or not current by our own clock. revocation-lookup
    /// checks all of it; that process has its own anchors and its own clock, and a mistake there must not become
    /// *valid* in this one.
    #[must_use]
    pub fn with_good_proven(
        mut self,
        leaf: &ValidatedLeaf,
        authority: &CertificationAuthority,
        now: UnixTime,
    ) -> Self {
        if self.status == Status::Good
            && let Some(why) = self.missing_proof(leaf, authority, now)
        {
            tracing::error!(
                rule = why.rule(),
                "revocation-lookup called a certificate good on what does not prove it here"
            );
            self.status = Status::Unknown(why);
        }
        self
    }

    fn missing_proof(
        &self,
        leaf: &ValidatedLeaf,
        authority: &CertificationAuthority,
        now: UnixTime,
    ) -> Option<Unknown> {
        match (&self.list, &self.ocsp) {
            (Some(list), None) => not_proved_by_list(list, leaf, authority, now),
            (None, Some(ocsp)) => not_proved_by_ocsp(ocsp, leaf, now),
            // Nothing, or two things of which one is not what decided.
            (None, None) | (Some(_), Some(_)) => Some(Unknown::Unavailable),
        }
    }
}

/// RFC 6960 section 3.2, rules 5 and 6; a certificate is spoken of by the key that issued it alone.
fn not_proved_by_ocsp(ocsp: &Ocsp, leaf: &ValidatedLeaf, now: UnixTime) -> Option<Unknown> {
    if ocsp.issuer_key_id != *leaf.issuer_key_id() {
        return Some(Unknown::OcspUnusable);
    }
    if now < ocsp.this_update.plus_secs(-CLOCK_TOLERANCE_SECS) {
        return Some(Unknown::Clock);
    }
    let is_current = ocsp.next_update.is_none_or(|end| now < end)
        && now <= ocsp.this_update.plus_secs(GREATEST_OCSP_AGE_SECS);
    (!is_current).then_some(Unknown::OcspUnusable)
}

fn not_proved_by_list(
    list: &List,
    leaf: &ValidatedLeaf,
    authority: &CertificationAuthority,
    now: UnixTime,
) -> Option<Unknown> {
    if authority.anchor(&list.signer_key_id).is_none() || !covers(list, leaf) {
        return Some(Unknown::OutOfScope);
    }
    if now < list.this_update.plus_secs(-CLOCK_TOLERANCE_SECS) {
        return Some(Unknown::Clock);
    }
    // RFC 5280 section 5.1.2.5: the next list is issued no later than nextUpdate, so from then on this one is old.
    (now >= list.next_update).then_some(Unknown::Stale)
}

/// RFC 5280 section 6.3.3 (b)(2)(i): a partition's list speaks of the certificates that name its distribution point; a
/// full list of all.
fn covers(list: &List, leaf: &ValidatedLeaf) -> bool {
    let partition = &*list.issuing_distribution_point;
    let point = leaf.distribution_point().and_then(DistributionPoint::name);
    partition.is_empty()
        || point.is_some_and(|name| {
            // The very bytes nearly always; otherwise the same name written in another way.
            name.der() == partition
                || DistributionPointName::from_der(partition)
                    .is_ok_and(|other| other.scope_key() == name.scope_key())
        })
}
