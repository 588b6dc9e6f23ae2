//! Lists, moments and questions for the tests of the decision.

mod cases;
mod combinations;

use std::sync::{Arc, LazyLock};

use index::{Entry, Packed, Segment, build};
use pki::{
    CertificationAuthority, CrlSigner, DistributionPoint, KeyIdentifier, SerialNumber, UnixTime,
};
use sandbox::mint::{Authority, CaKind};
use store::{SourceRegistration, SourceState, StoredSegment};

use super::{Decision, InScope, Moment, Reason, Rules, Scope};
use crate::snapshot::{AuthorityLists, Beside, Delta, List, Source};

pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const HOUR: i64 = 3_600;
pub(crate) const REVOKED: u64 = 77;
pub(crate) const RULES: Rules = Rules {
    max_age: None,
    max_feed_age: 1_800,
    partition_count: Some(2),
};

static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| {
    let mut authority = Authority::new(CaKind::UserAuthentication);
    authority
        .add_generation(UnixTime::from_secs(NOW - 200 * 86_400))
        .unwrap();
    authority
        .add_generation(UnixTime::from_secs(NOW - 100 * 86_400))
        .unwrap();
    authority
});

pub(crate) fn authority(crl_signer: CrlSigner) -> CertificationAuthority {
    AUTHORITY.trusted(crl_signer)
}

pub(crate) fn key(generation: u8) -> KeyIdentifier {
    KeyIdentifier::new(&AUTHORITY.generation(generation).key.key_id()).unwrap()
}

pub(crate) fn serial(number: u64) -> SerialNumber {
    SerialNumber::from_unsigned_be(&number.to_be_bytes()).unwrap()
}

pub(crate) fn scope(name: &str) -> Vec<u8> {
    name.as_bytes().to_vec()
}

pub(crate) fn partition(name: &str) -> Scope {
    Scope::Partition(scope(name))
}

/// A list by the newest key, of `name` (empty: full), an hour old, current for another hour, without entries.
pub(crate) fn list(name: &str) -> List {
    List {
        source: format!("source-{name}"),
        generation: 1,
        certification_authority: "user-authentication".to_owned(),
        signer_key_id: key(2),
        scope_key: scope(name),
        issuing_distribution_point: scope(name),
        crl_number: vec![1],
        crl_sha256: [1; 32],
        this_update: UnixTime::from_secs(NOW - HOUR),
        next_update: UnixTime::from_secs(NOW + HOUR),
        segment: segment(&[]),
        delta: None,
        held: None,
        superseded: false,
    }
}

pub(crate) fn segment(serials: &[u64]) -> Segment {
    segment_at(serials, NOW - 10 * HOUR)
}

/// The same, revoked at this moment.
pub(crate) fn segment_at(serials: &[u64], revoked_at: i64) -> Segment {
    let serials: Vec<_> = serials.iter().map(|number| serial(*number)).collect();
    let entry = |serial| Entry {
        serial,
        revoked_at,
        reason: 6,
    };
    let entries: Vec<_> = serials
        .iter()
        .map(|serial| entry(serial.as_bytes()))
        .collect();
    Segment::open(build(&entries).unwrap()).unwrap()
}

fn beside(serials: &[u64]) -> Beside {
    Beside {
        stored: StoredSegment::default(),
        segment: segment(serials),
    }
}

impl List {
    pub(crate) fn revoking(self) -> Self {
        Self {
            segment: segment(&[REVOKED]),
            ..self
        }
    }

    pub(crate) fn holding(self) -> Self {
        Self {
            held: Some(beside(&[REVOKED])),
            ..self
        }
    }

    /// With a delta list of a minute ago, current for a quarter of an hour.
    pub(crate) fn changed(self, revoked: &[u64]) -> Self {
        let delta = Delta {
            crl_number: vec![2],
            this_update: UnixTime::from_secs(NOW - 60),
            next_update: UnixTime::from_secs(NOW + 900),
            revoked: beside(revoked),
        };
        Self {
            delta: Some(delta),
            ..self
        }
    }

    pub(crate) fn stale(self) -> Self {
        Self {
            next_update: UnixTime::from_secs(NOW - 1),
            ..self
        }
    }

    pub(crate) fn signed_by_generation(self, generation: u8) -> Self {
        Self {
            signer_key_id: key(generation),
            ..self
        }
    }
}

/// A source for each list, and sources without one for the partitions in `missing`.
pub(crate) fn lists(lists: Vec<List>, missing: &[&str]) -> AuthorityLists {
    let source = |scope_key: Vec<u8>, list: Option<Arc<List>>| Source {
        state: Arc::new(SourceState {
            registration: SourceRegistration {
                source: "source".to_owned(),
                certification_authority: "user-authentication".to_owned(),
                expected_scope_key: Some(scope_key),
                ordinal: 0,
            },
            current: None,
            last_attempt_at: None,
            last_success_at: None,
            last_refusal: None,
        }),
        list,
    };
    let held = lists
        .into_iter()
        .map(|list| source(list.scope_key.clone(), Some(Arc::new(list))));
    let missing = missing.iter().map(|name| source(scope(name), None));
    AuthorityLists::new(held.chain(missing).collect())
}

pub(crate) fn moment() -> Moment {
    Moment {
        now: UnixTime::from_secs(NOW),
        newest_this_update: Some(UnixTime::from_secs(NOW - HOUR)),
        feed_age: Some(0),
    }
}

/// What is decided about a certificate of the newest key: "good", "revoked" or the reason, and the deciding list.
fn decided(serial_number: u64, scope: &Scope, lists: &AuthorityLists) -> (String, String) {
    decided_at(serial_number, scope, lists, &moment(), &RULES)
}

fn decided_at(
    serial_number: u64,
    scope: &Scope,
    lists: &AuthorityLists,
    moment: &Moment,
    rules: &Rules,
) -> (String, String) {
    let newest = authority(CrlSigner::NewestKey);
    let in_scope = InScope::new(&key(2), scope, &newest, lists, moment, rules);
    let alone = described(&in_scope.decide(&serial(serial_number)));
    // Whatever is decided about one certificate is decided about it among others.
    let batch = [u64::MAX, serial_number, u64::MAX].map(u64::to_be_bytes);
    let revoked = in_scope.revoked(Packed::new(8, batch.as_flattened()).unwrap());
    let among_others = match revoked.as_slice() {
        [] => described(&in_scope.others()),
        [(1, hit, list)] => described(&Decision::Revoked(*hit, list)),
        _ => panic!("{} hits", revoked.len()),
    };
    assert_eq!(alone, among_others);
    alone
}

fn described(decision: &Decision<'_>) -> (String, String) {
    let (outcome, list) = match decision {
        Decision::Good(list) => ("good".to_owned(), Some(*list)),
        Decision::Revoked(hit, list) => {
            assert_eq!((hit.reason, hit.revoked_at), (6, NOW - 10 * HOUR));
            ("revoked".to_owned(), Some(*list))
        }
        Decision::Unknown(reason, list) => (format!("{reason:?}"), *list),
    };
    (
        outcome,
        list.map_or_else(|| "-".to_owned(), |list| list.source.clone()),
    )
}

fn is(outcome: &str, source: &str) -> (String, String) {
    (outcome.to_owned(), source.to_owned())
}
