//! A revocation status, the list behind it, and when *good* is believed.

use pki::limits::CLOCK_TOLERANCE_SECS;
use pki::{
    CertificationAuthority, DistributionPoint, DistributionPointName, KeyIdentifier,
    RevocationReason, UnixTime, ValidatedLeaf,
};

/// A revocation status with the list behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// The status.
    pub status: Status,
    /// The list that decided, if one did.
    pub list: Option<List>,
    /// The generation of the store that was read; 0 where nobody answered.
    pub generation: u64,
}

/// The status of one certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Not on the current list in its scope. Proves nothing before [`Revocation::with_good_proven`].
    Good,
    /// On a list of its authority.
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

impl Revocation {
    /// Nothing is known, not even a list.
    pub const fn unknown(why: Unknown) -> Self {
        Self {
            status: Status::Unknown(why),
            list: None,
            generation: 0,
        }
    }

    /// The same answer, unless it says *good* on a list that proves nothing here: signed by a key that is not this
    /// authority's, of a scope that does not cover the certificate, or not current by our own clock. revocation-lookup
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
            && let Some(why) = missing_proof(self.list.as_ref(), leaf, authority, now)
        {
            tracing::error!(
                rule = why.rule(),
                "revocation-lookup called a certificate good on a list that does not prove it here"
            );
            self.status = Status::Unknown(why);
        }
        self
    }
}

fn missing_proof(
    list: Option<&List>,
    leaf: &ValidatedLeaf,
    authority: &CertificationAuthority,
    now: UnixTime,
) -> Option<Unknown> {
    let Some(list) = list else {
        return Some(Unknown::Unavailable);
    };
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
