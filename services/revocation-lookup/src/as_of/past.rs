//! Which lists cover a certificate, those in memory and those that are remembered, and of which it is known what they
//! named. Pure.

use std::collections::HashSet;
use std::sync::Arc;

use index::Hit;
use pki::{CertificationAuthority, CrlSigner, KeyIdentifier, SerialNumber, UnixTime};
use store::{PastList, PastScope, StoredSegment};

use super::{Candidate, DeltaEvidence, Evidence, Found, Naming};
use crate::decide::{Reason, Rules, Scope, every_partition};
use crate::snapshot::{AuthorityLists, List};

/// Whose lists say anything about certificates of one key.
#[derive(Debug, Clone)]
pub(crate) struct Signers {
    /// Who signs them now.
    expected: KeyIdentifier,
    /// Who may ever have: under `newest_key` every key that is not older than the certificates'.
    all: Vec<KeyIdentifier>,
}

impl Signers {
    /// `None`: the key is none of the authority's.
    pub(crate) fn of(
        authority: &CertificationAuthority,
        issuer_key_id: &KeyIdentifier,
    ) -> Option<Self> {
        let expected = authority.expected_crl_signer(issuer_key_id)?.clone();
        let are_shared = authority.crl_signer() == CrlSigner::NewestKey;
        let anchors = authority.anchors().iter().map(pki::TrustAnchor::key_id);
        let all = if are_shared {
            let not_older = anchors.skip_while(|key_id| *key_id != issuer_key_id);
            not_older.cloned().collect()
        } else {
            vec![expected.clone()]
        };
        Some(Self { expected, all })
    }

    fn include(&self, signer: &[u8]) -> bool {
        self.all.iter().any(|key_id| key_id.as_bytes() == signer)
    }
}

/// The lists in memory that cover certificates of one key and distribution point.
pub(crate) struct InMemory<'a> {
    lists: Vec<&'a Arc<List>>,
    all: &'a AuthorityLists,
    scope: &'a Scope,
    signers: Signers,
}

impl<'a> InMemory<'a> {
    pub(crate) fn new(all: &'a AuthorityLists, scope: &'a Scope, signers: Signers) -> Self {
        let lists = all
            .sources
            .iter()
            .filter_map(|source| source.list.as_ref())
            .filter(|list| signers.include(list.signer_key_id.as_bytes()))
            .filter(|list| covers(scope, &list.scope_key))
            .collect();
        Self {
            lists,
            all,
            scope,
            signers,
        }
    }

    /// What is to be read of the past.
    pub(crate) fn past_scope<'s>(&'s self, certification_authority: &'s str) -> PastScope<'s> {
        let partition = match self.scope {
            Scope::Unnamed => None,
            Scope::Partition(name) => Some(&name[..]),
            Scope::FullOnly => return PastScope::full(certification_authority),
        };
        PastScope {
            certification_authority,
            partition,
        }
    }

    /// Every list in memory that names the certificate: each part of it by itself.
    pub(crate) fn namings(&self, serial: &SerialNumber) -> Vec<Naming> {
        let serial = serial.as_bytes();
        let mut namings = Vec::new();
        for list in &self.lists {
            let mut add = |hit: Option<Hit>, named_by: Evidence, not_before, part| {
                namings.extend(hit.map(|hit| Naming {
                    hit,
                    left_with: None,
                    not_before,
                    not_after: named_by.known_at(),
                    named_by: Some(named_by),
                    rank: (list.this_update.secs(), part),
                }));
            };
            if let Some(held) = &list.held {
                // When the list was issued that it left is remembered, if at all, in the history.
                add(held.segment.lookup(serial), evidence(list, false), None, 0);
            }
            let of_list = list.segment.lookup(serial);
            add(of_list, evidence(list, false), Some(list.this_update), 1);
            if let Some(delta) = &list.delta {
                // What earlier delta lists said is kept in the later one's, so that nobody knows which of them said it.
                let of_delta = delta.revoked.segment.lookup(serial);
                add(of_delta, evidence(list, true), None, 2);
            }
        }
        namings
    }

    /// What can be decided from the memory and from what is remembered. `hits`: the places of the lists in `past` with
    /// which the certificate left.
    pub(crate) fn found(
        &self,
        namings: Vec<Naming>,
        past: &Past,
        hits: &[(usize, Hit)],
        is_searched: bool,
        rules: &Rules,
    ) -> Found {
        let mut namings = namings;
        namings.extend(hits.iter().map(|(place, hit)| past.naming(*place, *hit)));
        let by_silence = |name: Option<&[u8]>| -> Vec<Candidate> {
            let of_scope = |scope_key: &[u8]| name.is_none_or(|name| name == scope_key);
            let lists = self.lists.iter().filter(|list| of_scope(&list.scope_key));
            lists.flat_map(|list| self.candidates(list)).collect()
        };
        let (mut any, mut each, mut lacking) = (Vec::new(), Vec::new(), Reason::NoList);
        match self.scope {
            Scope::FullOnly | Scope::Partition(_) => {
                any.extend(by_silence(None));
                any.extend(past.candidates(|_| true));
            }
            Scope::Unnamed => {
                any.extend(by_silence(Some(&[])));
                any.extend(past.candidates(<[u8]>::is_empty));
                // Partitions come and go: those of the past may not have been those of today.
                let partitions = every_partition(self.all, rules).into_iter().flatten();
                each.extend(partitions.map(|name| by_silence(Some(name))));
                if !self.lists.is_empty() {
                    lacking = Reason::OutOfScope;
                }
            }
        }
        Found {
            namings,
            any,
            each,
            lacking,
            is_searched,
        }
    }

    fn candidates(&self, list: &List) -> Vec<Candidate> {
        let candidate = |evidence| Candidate {
            list: evidence,
            is_known: !list.superseded,
            // A list of the key before stands for its own time and not for the present.
            stands_after: list.signer_key_id == self.signers.expected,
            in_memory: true,
        };
        let mut candidates = vec![candidate(evidence(list, false))];
        // With its delta list it says what the authority knew at the delta list's time, as long as it was in force itself.
        let in_force = |delta: &&crate::snapshot::Delta| delta.this_update < list.next_update;
        if list.delta.as_ref().is_some_and(|delta| in_force(&delta)) {
            candidates.push(candidate(evidence(list, true)));
        }
        candidates
    }
}

fn covers(scope: &Scope, scope_key: &[u8]) -> bool {
    match scope {
        Scope::Unnamed => true,
        Scope::FullOnly => scope_key.is_empty(),
        Scope::Partition(name) => scope_key.is_empty() || name == scope_key,
    }
}

fn evidence(list: &List, with_delta: bool) -> Evidence {
    let delta = list.delta.as_ref().filter(|_| with_delta);
    Evidence {
        signer_key_id: list.signer_key_id.as_bytes().to_vec(),
        is_full: list.scope_key.is_empty(),
        crl_number: list.crl_number.clone(),
        this_update: list.this_update,
        next_update: list.next_update,
        delta: delta.map(|delta| DeltaEvidence {
            crl_number: delta.crl_number.clone(),
            this_update: delta.this_update,
            next_update: delta.next_update,
        }),
    }
}

/// What is remembered of the lists that were in force.
pub(crate) struct Past {
    /// By source, in the order in which they came into force.
    lists: Vec<PastList>,
    /// Whether it is known what each of them named.
    are_known: Vec<bool>,
    /// Whether the list is signed by one whose lists count.
    count: Vec<bool>,
}

impl Past {
    /// `in_memory`: what the lists there name is known.
    pub(crate) fn new(lists: Vec<PastList>, in_memory: &InMemory<'_>) -> Self {
        let signers = &in_memory.signers;
        let count: Vec<_> = lists
            .iter()
            .map(|list| signers.include(&list.signer_key_id))
            .collect();
        // The same octets are the same list, whatever its source was called.
        let held = in_memory.lists.iter().filter(|list| !list.superseded);
        let mut known: HashSet<[u8; 32]> = held.map(|list| list.crl_sha256).collect();
        let mut are_known = vec![false; lists.len()];
        // From the newest to the oldest; again while that tells of the same list in another source.
        loop {
            let before = known.len();
            for place in (0..lists.len()).rev() {
                let is_known = known.contains(&lists[place].crl_sha256)
                    || (place + 1 < lists.len()
                        && are_known[place + 1]
                        && count[place]
                        && tells(&lists[place + 1], &lists[place]));
                if is_known && count[place] {
                    are_known[place] = true;
                    known.insert(lists[place].crl_sha256);
                }
            }
            if known.len() == before {
                break;
            }
        }
        Self {
            lists,
            are_known,
            count,
        }
    }

    /// What left, with the place of the list that it left with; first what left when a certificate should that expired
    /// at this moment.
    pub(crate) fn departures(&self, expired_at: Option<UnixTime>) -> Vec<(usize, &StoredSegment)> {
        let of = |(place, list): (usize, &'_ PastList)| -> Option<usize> {
            let left_from = self.before(place).unwrap_or(place);
            (list.left.is_some() && self.count[left_from]).then_some(place)
        };
        let mut places: Vec<usize> = self.lists.iter().enumerate().filter_map(of).collect();
        let expected = expired_at.map_or(i64::MAX, UnixTime::secs);
        places.sort_by_key(|place| self.lists[*place].this_update.abs_diff(expected));
        let departed = |place: usize| Some((place, self.lists[place].left.as_ref()?));
        places.into_iter().filter_map(departed).collect()
    }

    /// The place of the list that another one replaced.
    fn before(&self, place: usize) -> Option<usize> {
        let before = place.checked_sub(1)?;
        let (older, newer) = (&self.lists[before], &self.lists[place]);
        let is_replaced =
            older.source == newer.source && newer.replaced_this_update == Some(older.this_update);
        is_replaced.then_some(before)
    }

    fn naming(&self, place: usize, hit: Hit) -> Naming {
        let list = &self.lists[place];
        let replaced = list.replaced_this_update;
        Naming {
            hit,
            named_by: self.before(place).map(|place| self.evidence(place)),
            left_with: Some(self.evidence(place)),
            not_before: replaced.map(UnixTime::from_secs),
            not_after: UnixTime::from_secs(list.this_update),
            rank: (replaced.unwrap_or(i64::MIN), 0),
        }
    }

    fn candidates(&self, covers: impl Fn(&[u8]) -> bool) -> impl Iterator<Item = Candidate> {
        let places = 0..self.lists.len();
        let places =
            places.filter(move |place| self.count[*place] && covers(&self.lists[*place].scope_key));
        places.map(|place| Candidate {
            list: self.evidence(place),
            is_known: self.are_known[place],
            // Only before the next one came, which is looked at too.
            stands_after: self.is_past(place),
            in_memory: false,
        })
    }

    /// Whether another list followed in its source.
    fn is_past(&self, place: usize) -> bool {
        self.lists
            .get(place + 1)
            .is_some_and(|next| next.source == self.lists[place].source)
    }

    fn evidence(&self, place: usize) -> Evidence {
        let list = &self.lists[place];
        Evidence {
            signer_key_id: list.signer_key_id.clone(),
            is_full: list.scope_key.is_empty(),
            crl_number: list.crl_number.clone(),
            this_update: UnixTime::from_secs(list.this_update),
            next_update: UnixTime::from_secs(list.next_update),
            delta: None,
        }
    }
}

/// Whether what a list named follows from what the next one named and who left with that. Both are of signers whose lists
/// name the certificate's key's certificates: where each key has lists of its own, of one.
fn tells(newer: &PastList, older: &PastList) -> bool {
    newer.source == older.source
        && newer.scope_key == older.scope_key
        && newer.departed.is_some()
        && newer.replaced_this_update == Some(older.this_update)
}
