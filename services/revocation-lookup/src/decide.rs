//! The decision: revoked, good, or unknown and why. Pure: what it looks at, it is given.
//!
//! *Revoked* wins: any verified list in scope proves it, however old the list is, because entries never leave a list
//! before their certificate has expired. *Good* needs proof: a list in scope that is current, a clock that can judge
//! that, and a feed that was confirmed recently. Everything else is *unknown*.

use std::collections::BTreeSet;
use std::sync::Arc;

use index::{Hit, Packed};
use pki::limits::CLOCK_TOLERANCE_SECS;
use pki::{CertificationAuthority, DistributionPoint, KeyIdentifier, SerialNumber, UnixTime};

use crate::anywhere::Anywhere;
use crate::snapshot::{AuthorityLists, List, SignerLists};

/// Which lists cover the certificate, by its distribution point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The caller does not know the distribution point: any partition may be the one.
    Unnamed,
    /// The partition of this name, and full lists.
    Partition(Vec<u8>),
    /// Full lists alone: the distribution point has no name, or its list would cover some reasons only or be somebody
    /// else's.
    FullOnly,
}

impl Scope {
    /// The scope that a certificate's distribution point stands for (RFC 5280 section 4.2.1.13).
    pub(crate) fn of(point: Option<&DistributionPoint>) -> Self {
        match point {
            None => Self::Unnamed,
            Some(point) if point.limits_reasons() || point.names_crl_issuer() => Self::FullOnly,
            Some(point) => point
                .name()
                .map_or(Self::FullOnly, |name| Self::Partition(name.scope_key())),
        }
    }
}

/// The moment of the decision.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) now: UnixTime,
    /// thisUpdate of the newest list accepted from anybody.
    pub(crate) newest_this_update: Option<UnixTime>,
    /// Seconds since the store confirmed that nothing newer is there, negative when the clock was set back since;
    /// `None`: never.
    pub(crate) feed_age: Option<i64>,
}

/// The limits of one authority.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// The greatest age of a list in seconds, where one is set.
    pub(crate) max_age: Option<i64>,
    /// The greatest age of the feed's confirmation in seconds.
    pub(crate) max_feed_age: i64,
    /// How many partitions the authority publishes, where that is known.
    pub(crate) partition_count: Option<usize>,
}

/// The decision, with the list behind it.
#[derive(Clone, Copy)]
pub(crate) enum Decision<'a> {
    Good(&'a List),
    Revoked(Hit, &'a List),
    Unknown(Reason, Option<&'a List>),
}

/// Why nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    NoSuchAuthority,
    NoList,
    Stale,
    OutOfScope,
    Clock,
    Feed,
}

/// Everything that a decision takes but the serial number: the same for all certificates of one key and one distribution
/// point, at one moment.
pub(crate) struct InScope<'a> {
    lists: Lists<'a>,
    /// What is decided about a certificate that none of the lists names.
    others: Decision<'a>,
}

/// The lists that cover a certificate.
enum Lists<'a> {
    /// Those of its partition, and the full ones.
    Of(Vec<&'a Arc<List>>),
    /// All: whose certificate it is, nobody knows.
    All(&'a Anywhere),
}

impl<'a> Lists<'a> {
    fn in_scope(scope: &Scope, held: &'a SignerLists) -> Self {
        let full = held.full.iter();
        match scope {
            Scope::FullOnly => Self::Of(full.collect()),
            Scope::Partition(name) => {
                let partition = held.partitions.get(name).into_iter().flatten();
                Self::Of(partition.chain(full).collect())
            }
            // A serial number is unique under its issuer, so whichever partition names it means this certificate.
            Scope::Unnamed => Self::All(&held.anywhere),
        }
    }

    fn iter(&self) -> impl Iterator<Item = &'a Arc<List>> {
        let (some, all) = match self {
            Self::Of(lists) => (lists.as_slice(), [].as_slice()),
            Self::All(anywhere) => ([].as_slice(), anywhere.lists()),
        };
        some.iter().copied().chain(all)
    }

    /// The newest list that contains the certificate. certificateHold counts: JPKI never lifts a hold.
    fn revocation(&self, serial: &SerialNumber) -> Option<(Hit, &'a List)> {
        match self {
            Self::All(anywhere) => anywhere.revocation(serial),
            Self::Of(lists) => lists
                .iter()
                .copied()
                .filter_map(|list| Some((list.lookup(serial.as_bytes())?, list.as_ref())))
                .max_by_key(|(_, list)| list.this_update),
        }
    }

    /// The list that was current last.
    fn latest(&self) -> Option<&'a List> {
        let latest = self.iter().max_by_key(|list| list.next_update);
        latest.map(AsRef::as_ref)
    }
}

impl<'a> InScope<'a> {
    /// Gathers the lists of one authority that cover certificates of this key with this distribution point.
    pub(crate) fn new(
        issuer_key_id: &KeyIdentifier,
        scope: &Scope,
        authority: &CertificationAuthority,
        lists: &'a AuthorityLists,
        moment: &Moment,
        rules: &Rules,
    ) -> Self {
        // RFC 5280 section 6.3.3 (f): the list's signer is the one that the authority's lists are signed by; a list of
        // another key says nothing about this certificate.
        let Some(signer) = authority.expected_crl_signer(issuer_key_id) else {
            return Self::nothing(Reason::NoSuchAuthority);
        };
        let Some(held) = lists.signed_by(signer) else {
            return Self::nothing(host_problem(moment, rules).unwrap_or(Reason::NoList));
        };
        let in_scope = Lists::in_scope(scope, held);
        let others = if let Some(reason) = host_problem(moment, rules) {
            Decision::Unknown(reason, in_scope.latest())
        } else if let Some(proof) = proof(scope, held, lists, moment, rules) {
            Decision::Good(proof)
        } else {
            let why = missing_proof(scope, held, lists, rules);
            Decision::Unknown(why, in_scope.latest())
        };
        Self {
            lists: in_scope,
            others,
        }
    }

    /// Without a list.
    pub(crate) fn nothing(reason: Reason) -> Self {
        Self {
            lists: Lists::Of(Vec::new()),
            others: Decision::Unknown(reason, None),
        }
    }

    /// How many lists are searched.
    pub(crate) fn list_count(&self) -> usize {
        match &self.lists {
            Lists::Of(lists) => lists.len(),
            Lists::All(anywhere) => anywhere.lists().len(),
        }
    }

    /// The decision about one certificate.
    pub(crate) fn decide(&self, serial: &SerialNumber) -> Decision<'a> {
        match self.lists.revocation(serial) {
            Some((hit, list)) => Decision::Revoked(hit, list),
            None => self.others,
        }
    }

    /// The decision about every certificate that no list names: *good* or *unknown*.
    pub(crate) fn others(&self) -> Decision<'a> {
        self.others
    }

    /// The decisions *revoked* about many certificates, by position, ascending: what [`Self::decide`] says of each.
    pub(crate) fn revoked(&self, serials: Packed<'_>) -> Vec<(usize, Hit, &'a List)> {
        let mut revoked: Vec<(usize, Hit, &'a List)> = Vec::new();
        for list in self.lists.iter() {
            list.lookup_batch(serials, |position, hit| {
                revoked.push((position, hit, list.as_ref()));
            });
        }
        if self.list_count() > 1 || self.lists.iter().any(|list| list.has_parts()) {
            // Stable, as is `max_by_key`: of equally new lists the last one counts.
            revoked.sort_by_key(|(position, _, list)| (*position, list.this_update));
            revoked.reverse();
            revoked.dedup_by_key(|(position, ..)| *position);
            revoked.reverse();
        }
        revoked
    }
}

/// Whether this process can judge any list now.
pub(crate) fn host_problem(moment: &Moment, rules: &Rules) -> Option<Reason> {
    // A clock behind the newest list is wrong, and would take expired lists for current ones.
    let behind = |newest: UnixTime| moment.now < newest.plus_secs(-CLOCK_TOLERANCE_SECS);
    if moment.newest_this_update.is_some_and(behind) {
        return Some(Reason::Clock);
    }
    match moment.feed_age {
        // A clock that went back since the confirmation would keep it young for as long as it went back.
        Some(age) if age < -CLOCK_TOLERANCE_SECS => Some(Reason::Clock),
        Some(age) if age <= rules.max_feed_age => None,
        _ => Some(Reason::Feed),
    }
}

/// Whether a list can prove anything but a revocation now: thisUpdate - 5 min <= now < nextUpdate (RFC 5280 section
/// 6.3.3 (a)), and not older than the authority's limit. The list itself must be current; a delta list makes it younger.
pub(crate) fn is_current(list: &List, moment: &Moment, rules: &Rules) -> bool {
    let newest = list.newest_this_update(moment.now);
    let age = moment.now.secs().saturating_sub(newest.secs());
    !list.superseded
        && age >= -CLOCK_TOLERANCE_SECS
        && moment.now < list.next_update
        && rules.max_age.is_none_or(|max_age| age <= max_age)
}

/// The list that proves that the certificate is not revoked; of several partitions the one that will be stale first.
fn proof<'a>(
    scope: &Scope,
    held: &'a SignerLists,
    lists: &AuthorityLists,
    moment: &Moment,
    rules: &Rules,
) -> Option<&'a List> {
    let newest = |lists: &'a [Arc<List>]| -> Option<&'a List> {
        let current = lists.iter().filter(|list| is_current(list, moment, rules));
        current
            .max_by_key(|list| list.this_update)
            .map(AsRef::as_ref)
    };
    let partition = |name: &Vec<u8>| newest(held.partitions.get(name)?);
    let full = newest(&held.full);
    match scope {
        Scope::FullOnly => full,
        Scope::Partition(name) => partition(name).or(full),
        Scope::Unnamed if full.is_some() => full,
        Scope::Unnamed => {
            let names = every_partition(lists, rules)?;
            held.anywhere.proof(moment, rules).or_else(|| {
                let all: Option<Vec<&List>> = names.iter().map(partition).collect();
                all?.into_iter().min_by_key(|list| list.next_update)
            })
        }
    }
}

/// Every partition of the authority; `None`: there may be more than those that lists are expected for. Partitions that
/// nobody fetches prove nothing, so the registered ones are all of them only where the operator says how many there are.
pub(crate) fn every_partition<'a>(
    lists: &'a AuthorityLists,
    rules: &Rules,
) -> Option<&'a BTreeSet<Vec<u8>>> {
    let names = lists.partitions()?;
    rules
        .partition_count
        .is_some_and(|count| names.len() >= count)
        .then_some(names)
}

/// Why there is no proof although lists of the right signer are held.
fn missing_proof(
    scope: &Scope,
    held: &SignerLists,
    lists: &AuthorityLists,
    rules: &Rules,
) -> Reason {
    if !held.full.is_empty() {
        return Reason::Stale;
    }
    match scope {
        Scope::Partition(name) if held.partitions.contains_key(name) => Reason::Stale,
        Scope::Partition(_) | Scope::FullOnly => Reason::NoList,
        Scope::Unnamed => {
            let complete = every_partition(lists, rules)
                .is_some_and(|names| names.iter().all(|name| held.partitions.contains_key(name)));
            if complete {
                Reason::Stale
            } else {
                Reason::OutOfScope
            }
        }
    }
}

#[cfg(test)]
#[path = "decide_tests/mod.rs"]
pub(crate) mod tests;
