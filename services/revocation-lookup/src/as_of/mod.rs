//! The status at a moment in the past: what the lists prove about it, those in force and those before. Pure: what it looks
//! at, it is given.
//!
//! *Revoked at T*: a verified list names the certificate with a revocation time at or before T. It wins over everything.
//! *Good at T*: a verified list issued at or after T covers the certificate, which had not expired when that list was
//! issued, and does not name it, or names it with a later revocation time. Entries leave lists when their certificates
//! have expired, so that a later list proves nothing by its silence (RFC 5280 section 5). A list need not be in force any
//! more to prove the past. *Good as known*: the list that was in force at T does not name it, and no later list can be
//! asked any more or yet. Everything else is unknown, with why.
//!
//! What an old list did not say is known as long as it is known of every list after it in its source who left with it, up
//! to one that is held in memory (`past.rs`). `history.rs` reads that, `lookup.rs` is a question's way through the service.

pub(crate) mod history;
mod lookup;
mod past;
mod request;
pub(crate) mod wire;

use index::Hit;
use pki::UnixTime;

use crate::decide::Reason;

pub(crate) use past::{InMemory, Past, Signers};

/// What is asked about a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Question {
    /// T.
    pub(crate) at: UnixTime,
    /// The last moment of its validity period; `None`: the caller does not know it.
    pub(crate) not_after: Option<UnixTime>,
}

/// A list that is in force or was, as evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Evidence {
    pub(crate) signer_key_id: Vec<u8>,
    pub(crate) is_full: bool,
    /// Unsigned big-endian.
    pub(crate) crl_number: Vec<u8>,
    pub(crate) this_update: UnixTime,
    pub(crate) next_update: UnixTime,
    /// The delta list to it that is part of the proof.
    pub(crate) delta: Option<DeltaEvidence>,
}

/// A delta list as evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeltaEvidence {
    pub(crate) crl_number: Vec<u8>,
    pub(crate) this_update: UnixTime,
    pub(crate) next_update: UnixTime,
}

impl Evidence {
    /// When what it says was known.
    pub(crate) fn known_at(&self) -> UnixTime {
        let delta = self.delta.as_ref().map(|delta| delta.this_update);
        delta.map_or(self.this_update, |delta| delta.max(self.this_update))
    }

    /// Until when it was in force.
    fn until(&self) -> UnixTime {
        let delta = self.delta.as_ref().map(|delta| delta.next_update);
        delta.map_or(self.next_update, |delta| delta.min(self.next_update))
    }
}

/// A list that names the certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Naming {
    pub(crate) hit: Hit,
    /// The list, where it is remembered.
    pub(crate) named_by: Option<Evidence>,
    /// The first list of its source without it, if it left.
    pub(crate) left_with: Option<Evidence>,
    /// The list that names it was issued at this moment or later; `None`: nobody knows when.
    pub(crate) not_before: Option<UnixTime>,
    /// It was issued at this moment or before: from then on the certificate is revoked, whatever time the list gives.
    pub(crate) not_after: UnixTime,
    /// Of several, the greatest speaks: thisUpdate of the list, and the place among what there is to it.
    pub(crate) rank: (i64, u8),
}

/// A list that does not name the certificate with a time at or before T, if everything that left it was searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) list: Evidence,
    /// Whether it is known what it named.
    pub(crate) is_known: bool,
    /// Whether it may stand for the moments after it: the newest that can be asked, or the newest of its time.
    pub(crate) stands_after: bool,
    /// Whether it is in memory, and not only remembered.
    pub(crate) in_memory: bool,
}

/// Everything that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) namings: Vec<Naming>,
    /// Lists any of which covers the certificate.
    pub(crate) any: Vec<Candidate>,
    /// The lists of every partition, one of which covers the certificate; empty: nobody knows all partitions, or the one
    /// is known.
    pub(crate) each: Vec<Vec<Candidate>>,
    /// Why there is no list, if there is none.
    pub(crate) lacking: Reason,
    /// Whether everything that is remembered was searched.
    pub(crate) is_searched: bool,
}

/// What can be said about the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AsOf {
    Good(Evidence),
    Revoked(Hit, Option<Evidence>, Option<Evidence>),
    /// Provisional: as known at thisUpdate of this list, before the moment.
    GoodAsKnown(Evidence),
    Unknown(Why, Option<Evidence>),
}

/// Why nothing can be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// As of now.
    Now(Reason),
    /// The certificate had expired by the moment: no list need name it.
    Expired,
    /// Without the end of its validity period, no list's silence means anything.
    NoExpiry,
    /// No list is remembered that was issued before the certificate expired.
    NotRemembered,
    /// A list that would decide is remembered, but not what it named.
    Gap,
    /// More is remembered than one lookup may search.
    TooMuch,
}

/// The limits and the state of this process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Present {
    /// Why this process can judge no list now.
    pub(crate) problem: Option<Reason>,
    /// The greatest age in seconds of a list that stands for a later moment.
    pub(crate) max_age: Option<i64>,
}

/// The decision.
pub(crate) fn decide(question: &Question, found: Found, present: &Present) -> AsOf {
    if let Some(revoked) = revoked(question, &found.namings) {
        return revoked;
    }
    if let Some(problem) = present.problem {
        return AsOf::Unknown(Why::Now(problem), None);
    }
    if !found.is_searched {
        return AsOf::Unknown(Why::TooMuch, None);
    }
    // The authority itself says that it was revoked later.
    let later = found.namings.into_iter();
    let covers = |naming: &Naming| naming.not_before.is_some_and(|it| it >= question.at);
    let proof = later.filter(covers).max_by_key(|naming| naming.rank);
    if let Some(list) = proof.and_then(|naming| naming.named_by) {
        return AsOf::Good(list);
    }
    let Some(not_after) = question.not_after else {
        return AsOf::Unknown(Why::NoExpiry, None);
    };
    if question.at > not_after {
        return AsOf::Unknown(Why::Expired, None);
    }
    let prove = |candidates| prove(question.at, not_after, candidates, found.lacking, present);
    let any = prove(&found.any);
    if matches!(any, AsOf::Good(_)) || found.each.is_empty() {
        return any;
    }
    let each = found.each.iter().map(|candidates| prove(candidates));
    let each = each.reduce(weaker);
    match (any, each) {
        (_, Some(good @ AsOf::Good(_))) => good,
        (AsOf::Unknown(..), Some(each)) => each,
        (any, _) => any,
    }
}

/// Whether the certificate was revoked, as the newest list says that names it as revoked by then.
pub(crate) fn revoked(question: &Question, namings: &[Naming]) -> Option<AsOf> {
    let by_then = |naming: &&Naming| {
        naming.hit.revoked_at <= question.at.secs() || naming.not_after <= question.at
    };
    let naming = namings.iter().filter(by_then).max_by_key(|it| it.rank)?;
    let (named_by, left_with) = (naming.named_by.clone(), naming.left_with.clone());
    Some(AsOf::Revoked(naming.hit, named_by, left_with))
}

/// What the lists of one scope prove by not naming the certificate.
fn prove(
    at: UnixTime,
    not_after: UnixTime,
    candidates: &[Candidate],
    lacking: Reason,
    present: &Present,
) -> AsOf {
    // RFC 5280 section 5: an entry stays until its certificate has expired, so at notAfter it is still there.
    let covers = |it: &&Candidate| at <= it.list.known_at() && it.list.known_at() <= not_after;
    let was_in_force = |it: &&Candidate| it.list.known_at() < at && at < it.list.until();
    let young = |it: &&Candidate| {
        let age = at.secs().saturating_sub(it.list.known_at().secs());
        present.max_age.is_none_or(|max_age| age <= max_age)
    };
    let known = || candidates.iter().filter(|it| it.is_known);
    let newest = |it: &&Candidate| it.list.known_at();
    if let Some(proof) = known().filter(covers).max_by_key(newest) {
        return AsOf::Good(proof.list.clone());
    }
    let standing = known().filter(|it| it.stands_after);
    let standing = standing.filter(was_in_force).filter(young);
    if let Some(proof) = standing.max_by_key(newest) {
        return AsOf::GoodAsKnown(proof.list.clone());
    }
    let forgotten = |it: &&Candidate| {
        !it.is_known && !it.in_memory && (covers(it) || (was_in_force(it) && young(it)))
    };
    let (why, list) = if let Some(gap) = candidates.iter().filter(forgotten).max_by_key(newest) {
        (Why::Gap, Some(gap))
    } else if let Some(stale) = candidates
        .iter()
        .filter(|it| it.list.known_at() <= not_after)
        .max_by_key(|it| it.list.until())
    {
        (Why::Now(Reason::Stale), Some(stale))
    } else if candidates.is_empty() {
        (Why::Now(lacking), None)
    } else {
        (Why::NotRemembered, None)
    };
    AsOf::Unknown(why, list.map(|it| it.list.clone()))
}

/// Of what two partitions prove, what is true of both.
fn weaker(one: AsOf, other: AsOf) -> AsOf {
    match (one, other) {
        (unknown @ AsOf::Unknown(..), _) | (_, unknown @ AsOf::Unknown(..)) => unknown,
        (AsOf::GoodAsKnown(one), AsOf::GoodAsKnown(other)) => {
            let earlier = one.known_at() <= other.known_at();
            AsOf::GoodAsKnown(if earlier { one } else { other })
        }
        (as_known @ AsOf::GoodAsKnown(_), _) | (_, as_known @ AsOf::GoodAsKnown(_)) => as_known,
        (AsOf::Good(one), AsOf::Good(other)) => {
            let earlier = one.known_at() <= other.known_at();
            AsOf::Good(if earlier { one } else { other })
        }
        (revoked, _) => revoked,
    }
}

#[cfg(test)]
#[path = "tests/mod.rs"]
mod tests;
