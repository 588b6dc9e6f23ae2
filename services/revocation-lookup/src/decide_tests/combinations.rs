//! All rules together.

use std::collections::BTreeSet;

use super::*;

/// Every combination of lists, scopes, clock and feed: *good* is never said without its proof, and *revoked* is said
/// exactly when a list in scope says it.
#[test]
fn no_combination_is_good_without_proof() {
    let mut said = BTreeSet::new();
    for (full, a, b) in product3(&variants(""), &variants("a"), &variants("b")) {
        let missing = [("a", &a), ("b", &b)];
        let missing = missing.iter().filter(|(_, list)| list.is_none());
        let missing: Vec<_> = missing.map(|(name, _)| *name).collect();
        let held = [&full, &a, &b].into_iter().flatten().cloned().collect();
        let lists = lists(held, &missing);
        for scope in [partition("a"), Scope::Unnamed, Scope::FullOnly] {
            let expected = expected(&scope, full.as_ref(), a.as_ref(), b.as_ref());
            for (clock_is_right, feed_is_fresh) in [(true, true), (true, false), (false, true)] {
                let moment = Moment {
                    newest_this_update: (!clock_is_right).then(|| UnixTime::from_secs(NOW + HOUR)),
                    feed_age: feed_is_fresh.then_some(0),
                    ..moment()
                };
                let (outcome, _) = decided_at(REVOKED, &scope, &lists, &moment, &RULES);
                assert_eq!(outcome == "revoked", expected.hit, "{outcome} {scope:?}");
                let good = !expected.hit && expected.proof && clock_is_right && feed_is_fresh;
                assert_eq!(outcome == "good", good, "{outcome} {scope:?}");
                said.insert(outcome);
            }
        }
    }
    let all = [
        "Clock",
        "Feed",
        "NoList",
        "OutOfScope",
        "Stale",
        "good",
        "revoked",
    ];
    assert!(said.iter().eq(all), "{said:?}");
}

fn variants(name: &str) -> [Option<List>; 9] {
    let list = list(name);
    let superseded = List {
        superseded: true,
        ..list.clone()
    };
    [
        None,
        Some(list.clone()),
        Some(list.clone().stale()),
        Some(list.clone().revoking()),
        Some(list.clone().stale().revoking()),
        Some(list.clone().holding()),
        Some(list.clone().revoking().changed(&[REVOKED])),
        Some(superseded),
        Some(list.signed_by_generation(1)),
    ]
}

/// What the lists in scope say, written down a second time and as plainly as possible.
struct Expected {
    hit: bool,
    proof: bool,
}

fn expected(scope: &Scope, full: Option<&List>, a: Option<&List>, b: Option<&List>) -> Expected {
    match scope {
        Scope::Partition(_) => Expected {
            hit: has_entry(a) || has_entry(full),
            proof: can_prove(a) || can_prove(full),
        },
        Scope::FullOnly => Expected {
            hit: has_entry(full),
            proof: can_prove(full),
        },
        Scope::Unnamed => Expected {
            hit: has_entry(a) || has_entry(b) || has_entry(full),
            proof: can_prove(full) || (can_prove(a) && can_prove(b)),
        },
    }
}

fn by_right_key(list: Option<&List>) -> Option<&List> {
    list.filter(|list| list.signer_key_id == key(2))
}

fn has_entry(list: Option<&List>) -> bool {
    let serial = serial(REVOKED);
    by_right_key(list).is_some_and(|list| {
        let held = list.held.as_ref().map(|held| &held.segment);
        let mut segments = [Some(&list.segment), held].into_iter().flatten();
        segments.any(|segment| segment.lookup(serial.as_bytes()).is_some())
    })
}

fn can_prove(list: Option<&List>) -> bool {
    by_right_key(list).is_some_and(|list| !list.superseded && list.next_update > moment().now)
}

type Lists3 = (Option<List>, Option<List>, Option<List>);

fn product3<'a>(
    x: &'a [Option<List>],
    y: &'a [Option<List>],
    z: &'a [Option<List>],
) -> impl Iterator<Item = Lists3> + 'a {
    x.iter().flat_map(move |x| {
        y.iter()
            .flat_map(move |y| z.iter().map(move |z| (x.clone(), y.clone(), z.clone())))
    })
}
