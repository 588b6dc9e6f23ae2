//! What to do with a verified list: a pure decision over what it says, what its source must deliver, and what is in
//! force. Whoever replays an old list, crosses two sources, or publishes nonsense under a good signature is stopped
//! here; the list in force stays.

use pki::limits::CLOCK_TOLERANCE_SECS;
use pki::{CertificationAuthority, CrlFacts, CrlNumber, CrlSigner, KeyIdentifier, UnixTime};
use store::{CurrentSegment, DeltaSegment, HighWater, SegmentFacts};

use crate::source::SourceKind;

/// What to do with a verified list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Put it in force.
    Accept,
    /// It is in force already.
    Unchanged,
    /// Keep the list in force.
    Refuse(Refusal),
}

impl Decision {
    /// Its name in logs.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Unchanged => "unchanged",
            Self::Refuse(_) => "refuse",
        }
    }
}

/// Why a verified list is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(
        "the list covers another scope than its source is configured for (RFC 5280 section 5.2.5)"
    )]
    ScopeMismatch,
    #[error("the list is signed with key {signer}, which is not the one that must sign it")]
    SignerNotExpected { signer: KeyIdentifier },
    #[error(
        "the list is signed with key {signer}; so far this source delivered lists of another key"
    )]
    SignerChanged { signer: KeyIdentifier },
    #[error(
        "the list was due to be replaced at {next_update} and it is {now} (RFC 5280 section 5.1.2.5)"
    )]
    Expired {
        next_update: UnixTime,
        now: UnixTime,
    },
    #[error("the list was issued at {this_update} and it is {now} (RFC 5280 section 5.1.2.4)")]
    NotYetCurrent {
        this_update: UnixTime,
        now: UnixTime,
    },
    #[error(
        "the list has number {offered}; {highest} was accepted already (RFC 5280 section 5.2.3)"
    )]
    NumberFalling { offered: String, highest: String },
    #[error("another list with number {number} was accepted already (RFC 5280 section 5.2.3)")]
    NumberReused { number: String },
    #[error("the list was issued at {offered}, before one of {newest} that was accepted already")]
    ThisUpdateFalling { offered: UnixTime, newest: UnixTime },
    #[error(
        "the delta list changes lists from number {base} on; number {in_force} is in force (RFC 5280 section 6.3.3 c)"
    )]
    BaseAhead { base: String, in_force: String },
    #[error(
        "the delta list has number {number} and changes lists from {base} on (RFC 5280 section 5.2.4)"
    )]
    BaseNotBelow { base: String, number: String },
}

impl Refusal {
    /// The broken rule's name.
    pub(crate) const fn rule(&self) -> &'static str {
        match self {
            Self::ScopeMismatch => "scope_mismatch",
            Self::SignerNotExpected { .. } => "signer_not_expected",
            Self::SignerChanged { .. } => "signer_changed",
            Self::Expired { .. } => "expired",
            Self::NotYetCurrent { .. } => "not_yet_current",
            Self::NumberFalling { .. } => "number_falling",
            Self::NumberReused { .. } => "number_reused",
            Self::ThisUpdateFalling { .. } => "this_update_falling",
            Self::BaseAhead { .. } => "delta_base_ahead",
            Self::BaseNotBelow { .. } => "delta_base_not_below",
        }
    }
}

/// What a source must deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expectation {
    /// The scope: empty for a full list.
    pub(crate) scope_key: Vec<u8>,
    /// Whose key must sign.
    pub(crate) signer: ExpectedSigner,
}

/// Whose key must sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ExpectedSigner {
    /// This key's holder.
    Key(KeyIdentifier),
    /// Whoever signed the list in force. Verification has already said that it is one of the authority's keys, so any
    /// of them may begin; but lists of two generations must not take turns in one source, because each covers only the
    /// certificates of its own.
    SameAsBefore,
}

impl Expectation {
    /// What a source of this kind must deliver for this authority; none for serial links.
    pub(crate) fn new(kind: &SourceKind, authority: &CertificationAuthority) -> Option<Self> {
        let SourceKind::Crl { signer_key_id, .. } = kind else {
            return None;
        };
        let signer = match (authority.crl_signer(), signer_key_id) {
            (CrlSigner::NewestKey, _) => {
                ExpectedSigner::Key(authority.newest_anchor().key_id().clone())
            }
            (CrlSigner::OwnKey, Some(key)) => ExpectedSigner::Key(key.clone()),
            (CrlSigner::OwnKey, None) => ExpectedSigner::SameAsBefore,
        };
        Some(Self {
            scope_key: kind.scope_key(),
            signer,
        })
    }
}

/// What is known about a source before a list is put in force.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known<'a> {
    /// The list in force.
    pub(crate) in_force: Option<&'a SegmentFacts>,
    /// The highest number ever accepted from the offered list's signer for its scope, whatever the source was called.
    pub(crate) highest: Option<&'a HighWater>,
}

/// Decides about a verified list.
pub(crate) fn decide(
    offered: &CrlFacts,
    expected: &Expectation,
    known: Known<'_>,
    now: UnixTime,
) -> Decision {
    match examine(offered, expected, known, now) {
        Err(refusal) => Decision::Refuse(refusal),
        Ok(())
            if known
                .in_force
                .is_some_and(|facts| facts.crl_sha256 == offered.identity) =>
        {
            Decision::Unchanged
        }
        Ok(()) => Decision::Accept,
    }
}

/// Whether a list still speaks for this moment. Also asked when a server says that nothing changed: a publisher that has
/// stopped publishing must not look healthy.
pub(crate) fn check_current(
    this_update: UnixTime,
    next_update: UnixTime,
    now: UnixTime,
) -> Result<(), Refusal> {
    if this_update > now.plus_secs(CLOCK_TOLERANCE_SECS) {
        return Err(Refusal::NotYetCurrent { this_update, now });
    }
    if now >= next_update {
        return Err(Refusal::Expired { next_update, now });
    }
    Ok(())
}

/// Decides about a verified delta list to the list in force of its base source (RFC 5280 section 6.3.3 c). `highest`: the
/// highest number ever accepted of a delta list of this signer and scope.
pub(crate) fn decide_delta(
    offered: &CrlFacts,
    base: &CurrentSegment,
    highest: Option<&HighWater>,
    now: UnixTime,
) -> Decision {
    if let Err(refusal) = examine_delta(offered, &base.facts, highest, now) {
        return Decision::Refuse(refusal);
    }
    let is_in_force = |delta: &DeltaSegment| delta.crl_sha256 == offered.identity;
    // What the complete list says already needs no delta list.
    let is_known = CrlNumber::from_unsigned_be(&base.facts.crl_number)
        .is_none_or(|in_force| offered.number <= in_force);
    if is_known || base.delta.as_ref().is_some_and(is_in_force) {
        return Decision::Unchanged;
    }
    Decision::Accept
}

fn examine_delta(
    offered: &CrlFacts,
    base: &SegmentFacts,
    highest: Option<&HighWater>,
    now: UnixTime,
) -> Result<(), Refusal> {
    if offered.scope.key() != base.scope_key {
        return Err(Refusal::ScopeMismatch);
    }
    if offered.signer_key_id.as_bytes() != base.signer_key_id {
        let signer = offered.signer_key_id.clone();
        return Err(Refusal::SignerNotExpected { signer });
    }
    check_current(offered.this_update, offered.next_update, now)?;
    let decimal = |number: &CrlNumber| number.to_decimal();
    let in_force = CrlNumber::from_unsigned_be(&base.crl_number);
    // A stream of delta lists lets nothing else through.
    let base_number = offered.base_number.as_ref().ok_or(Refusal::ScopeMismatch)?;
    if *base_number >= offered.number {
        return Err(Refusal::BaseNotBelow {
            base: decimal(base_number),
            number: decimal(&offered.number),
        });
    }
    if let Some(in_force) = in_force.as_ref().filter(|it| base_number > *it) {
        return Err(Refusal::BaseAhead {
            base: decimal(base_number),
            in_force: decimal(in_force),
        });
    }
    if let Some(highest) = highest {
        check_rising(offered, highest)?;
    }
    let newest = UnixTime::from_secs(base.this_update);
    let is_newer = in_force.is_some_and(|in_force| offered.number > in_force);
    if is_newer && offered.this_update < newest {
        return Err(Refusal::ThisUpdateFalling {
            offered: offered.this_update,
            newest,
        });
    }
    Ok(())
}

fn examine(
    offered: &CrlFacts,
    expected: &Expectation,
    known: Known<'_>,
    now: UnixTime,
) -> Result<(), Refusal> {
    // RFC 5280 section 6.3.3 b: the list's scope is the one asked for.
    if offered.scope.key() != expected.scope_key {
        return Err(Refusal::ScopeMismatch);
    }
    check_signer(offered, expected, known.in_force)?;
    check_current(offered.this_update, offered.next_update, now)?;
    if let Some(highest) = known.highest {
        check_rising(offered, highest)?;
    }
    // Also across signers, where numbers cannot be compared: a roll of the key never leads back in time.
    if let Some(newest) = known
        .in_force
        .map(|facts| UnixTime::from_secs(facts.this_update))
        && offered.this_update < newest
    {
        return Err(Refusal::ThisUpdateFalling {
            offered: offered.this_update,
            newest,
        });
    }
    Ok(())
}

fn check_signer(
    offered: &CrlFacts,
    expected: &Expectation,
    in_force: Option<&SegmentFacts>,
) -> Result<(), Refusal> {
    let signer = || offered.signer_key_id.clone();
    match &expected.signer {
        ExpectedSigner::Key(key) if *key != offered.signer_key_id => {
            Err(Refusal::SignerNotExpected { signer: signer() })
        }
        ExpectedSigner::SameAsBefore
            if in_force
                .is_some_and(|facts| facts.signer_key_id != offered.signer_key_id.as_bytes()) =>
        {
            Err(Refusal::SignerChanged { signer: signer() })
        }
        ExpectedSigner::Key(_) | ExpectedSigner::SameAsBefore => Ok(()),
    }
}

/// RFC 5280 section 5.2.3: a later list of one issuer and scope has a higher number, and one number is one list. The very
/// same list may come back, after its source was renamed for example.
fn check_rising(offered: &CrlFacts, highest: &HighWater) -> Result<(), Refusal> {
    let accepted = CrlNumber::from_unsigned_be(&highest.crl_number);
    if let Some(accepted) = accepted.filter(|accepted| offered.number < *accepted) {
        return Err(Refusal::NumberFalling {
            offered: offered.number.to_decimal(),
            highest: accepted.to_decimal(),
        });
    }
    let is_other = highest.is_known_to_differ_from(&offered.identity);
    if offered.number.as_bytes() == highest.crl_number && is_other {
        return Err(Refusal::NumberReused {
            number: offered.number.to_decimal(),
        });
    }
    let newest = UnixTime::from_secs(highest.this_update);
    if offered.this_update < newest {
        return Err(Refusal::ThisUpdateFalling {
            offered: offered.this_update,
            newest,
        });
    }
    Ok(())
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
