//! As of now, the answer is the one that a lookup gives.

use pki::{CrlSigner, UnixTime};

use super::super::{AsOf, InMemory, Past, Present, Question, Signers, Why, decide};
use crate::decide::tests::{
    HOUR, NOW, REVOKED, RULES, authority, key, list, lists, moment, partition, serial,
};
use crate::decide::{Decision, InScope, Moment, Reason, Rules, Scope, host_problem};
use crate::snapshot::List;

/// "good", "revoked" or why not, both ways.
fn both(scope: &Scope, held: Vec<List>, moment: &Moment, rules: &Rules) -> (String, String) {
    let authority = authority(CrlSigner::NewestKey);
    let lists = lists(held, &[]);
    let serial = serial(REVOKED);
    let in_scope = InScope::new(&key(2), scope, &authority, &lists, moment, rules);
    let by_now = match in_scope.decide(&serial) {
        Decision::Good(_) => "good".to_owned(),
        Decision::Revoked(..) => "revoked".to_owned(),
        Decision::Unknown(reason, _) => format!("{reason:?}"),
    };
    let signers = Signers::of(&authority, &key(2)).unwrap();
    let in_memory = InMemory::new(&lists, scope, signers);
    let past = Past::new(Vec::new(), &in_memory);
    let namings = in_memory.namings(&serial);
    let found = in_memory.found(namings, &past, &[], true, rules);
    let question = Question {
        at: moment.now,
        not_after: Some(UnixTime::from_secs(NOW + 1_000 * HOUR)),
    };
    let present = Present {
        problem: host_problem(moment, rules),
        max_age: rules.max_age,
    };
    let as_of = match decide(&question, found, &present) {
        AsOf::Good(_) | AsOf::GoodAsKnown(_) => "good".to_owned(),
        AsOf::Revoked(..) => "revoked".to_owned(),
        AsOf::Unknown(Why::Now(reason), _) => format!("{reason:?}"),
        AsOf::Unknown(why, _) => panic!("{why:?}"),
    };
    (by_now, as_of)
}

#[test]
fn as_of_now_is_what_a_lookup_answers() {
    let kinds: [fn(List) -> List; 9] = [
        |list| list,
        List::revoking,
        List::holding,
        |list| list.changed(&[]),
        |list| list.changed(&[REVOKED]),
        List::stale,
        |list| list.stale().revoking(),
        |list| List {
            superseded: true,
            ..list
        },
        // From the future, within what clocks may differ.
        |list| List {
            this_update: UnixTime::from_secs(NOW + 200),
            ..list
        },
    ];
    let scopes = [Scope::FullOnly, Scope::Unnamed, partition("a")];
    let old = Rules {
        max_age: Some(HOUR / 2),
        ..RULES
    };
    let one = Rules {
        partition_count: Some(1),
        ..RULES
    };
    let no_feed = Moment {
        feed_age: None,
        ..moment()
    };
    let behind = Moment {
        newest_this_update: Some(UnixTime::from_secs(NOW + 301)),
        ..moment()
    };
    let mut seen = std::collections::BTreeMap::new();
    for scope in &scopes {
        for rules in [&RULES, &old, &one] {
            for moment in [&moment(), &no_feed, &behind] {
                for first in kinds {
                    for second in kinds {
                        for names in [vec!["a"], vec!["", "a"], vec!["a", "b"], vec!["b"]] {
                            let held = names.iter().zip([first, second]);
                            let held = held.map(|(name, kind)| kind(list(name))).collect();
                            let (by_now, as_of) = both(scope, held, moment, rules);
                            assert_eq!(by_now, as_of, "{scope:?} {names:?}");
                            *seen.entry(by_now).or_insert(0) += 1;
                        }
                    }
                }
            }
        }
    }
    for outcome in ["good", "revoked"] {
        assert!(seen[outcome] > 100, "{seen:?}");
    }
    for reason in [
        Reason::NoList,
        Reason::Stale,
        Reason::OutOfScope,
        Reason::Clock,
        Reason::Feed,
    ] {
        assert!(seen[&format!("{reason:?}")] > 10, "{seen:?}");
    }
}
