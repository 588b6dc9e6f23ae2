//! Certificate policies: RFC 5280 sections 6.1.2 to 6.1.5 with the graph of RFC 9618.

use std::time::{Duration, Instant};

use conformance::path::values::{
    self, ANY_POLICY, inhibit_any_policy, mappings, policies, policy, policy_constraints,
};
use conformance::path::{World, extended};
use pki::Oid;
use sandbox::der;
use sandbox::mint::{Extension, names};

use crate::case::Outcome::{Refused, Valid};
use crate::case::{Case, case, check};

fn oid(number: usize) -> Oid {
    Oid::from_dotted(&policy(number)).unwrap()
}

/// Adds extensions to a certificate.
fn with<const N: usize>(world: World, index: usize, extensions: [Extension; N]) -> World {
    world.certificate(index, |it| extended(it, extensions))
}

fn of(numbers: &[usize]) -> Extension {
    policies(numbers.iter().map(|number| policy(*number)))
}

fn any() -> Extension {
    policies([ANY_POLICY])
}

fn map(pairs: &[(usize, usize)]) -> Extension {
    mappings(
        pairs
            .iter()
            .map(|(issuer, subject)| (policy(*issuer), policy(*subject))),
    )
}

/// A policy is required, one of these.
fn requiring(world: World, numbers: &[usize]) -> World {
    world.asking(|settings| {
        settings.require_explicit_policy = true;
        settings.initial_policy_set = numbers.iter().map(|number| oid(*number)).collect();
    })
}

/// Two authorities and a leaf of these policies, one of which is required.
fn chain(extensions: [Extension; 3]) -> World {
    let [upper, authority, leaf] = extensions;
    let world = with(World::medium(), 0, [upper]);
    requiring(with(with(world, 1, [authority]), 2, [leaf]), &[])
}

/// Policy 1 becomes policy 2 on the way.
fn mapped() -> World {
    let world = with(chain([of(&[1]), of(&[1]), of(&[2])]), 1, [map(&[(1, 2)])]);
    requiring(world, &[1])
}

const MISSING: crate::case::Outcome = Refused("PolicyMissing");
const NOT_ACCEPTED: crate::case::Outcome = Refused("PolicyNotAccepted");

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = sets();
    cases.extend(maps());
    cases.extend(counters());
    cases.extend(forms());
    cases
}

fn sets() -> Vec<Case> {
    let same: fn() -> World = || chain([of(&[1]), of(&[1]), of(&[1])]);
    vec![
        case(
            "an accepted policy",
            same,
            |world| requiring(world, &[1, 9]),
            Valid,
        ),
        case(
            "none of the accepted policies",
            same,
            |world| requiring(world, &[9]),
            NOT_ACCEPTED,
        ),
        case(
            "none of the accepted policies, and none required",
            same,
            |world| {
                let mut world = requiring(world, &[9]);
                world.policies.require_explicit_policy = false;
                world
            },
            Valid,
        ),
        case(
            "another policy below",
            same,
            |world| with(world, 2, [of(&[2])]),
            MISSING,
        ),
        case(
            "no policy below",
            World::medium,
            |world| requiring(with(world, 0, [of(&[1])]), &[]),
            MISSING,
        ),
        case(
            "anyPolicy above",
            same,
            |world| with(world, 0, [any()]),
            Valid,
        ),
        case(
            "anyPolicy below",
            same,
            |world| with(world, 2, [any()]),
            Valid,
        ),
        case(
            "anyPolicy everywhere and an accepted policy",
            same,
            |_| requiring(chain([any(), any(), any()]), &[5]),
            Valid,
        ),
        case(
            "anyPolicy in the initial set",
            || requiring(chain([of(&[1]), of(&[1]), of(&[1])]), &[1]),
            |mut world| {
                world.policies.initial_policy_set = vec![Oid::any_policy()];
                world
            },
            Valid,
        ),
        case(
            "anyPolicy means nothing",
            || chain([any(), of(&[1]), of(&[1])]),
            |world| world.asking(|settings| settings.inhibit_any_policy = true),
            MISSING,
        ),
        case(
            "one of two policies survives",
            same,
            |world| requiring(with(world, 1, [of(&[1, 2])]), &[1]),
            Valid,
        ),
        case(
            "and it is not the accepted one",
            same,
            |world| requiring(with(world, 1, [of(&[1, 2])]), &[2]),
            NOT_ACCEPTED,
        ),
    ]
}

fn maps() -> Vec<Case> {
    vec![
        case(
            "the issuer's policy is accepted, not the subject's",
            mapped,
            |world| requiring(world, &[2]),
            NOT_ACCEPTED,
        ),
        case(
            "the mapped policy below",
            mapped,
            |world| with(world, 2, [of(&[1])]),
            MISSING,
        ),
        case(
            "mappings are not followed",
            mapped,
            |world| world.asking(|settings| settings.inhibit_policy_mapping = true),
            MISSING,
        ),
        case(
            "mapped to two policies",
            mapped,
            |world| with(world, 1, [map(&[(1, 3), (1, 2)])]),
            Valid,
        ),
        case(
            "two policies mapped to one",
            mapped,
            |world| {
                requiring(
                    with(
                        with(world, 0, [of(&[1, 3])]),
                        1,
                        [of(&[1, 3]), map(&[(3, 2), (1, 2)])],
                    ),
                    &[3],
                )
            },
            Valid,
        ),
        case(
            "a chain of mappings",
            mapped,
            |world| {
                with(
                    with(
                        with(world, 0, [map(&[(1, 5)])]),
                        1,
                        [of(&[5]), map(&[(5, 6)])],
                    ),
                    2,
                    [of(&[6])],
                )
            },
            Valid,
        ),
        case(
            "a chain of mappings with a gap",
            || {
                let world = with(
                    with(mapped(), 0, [map(&[(1, 5)])]),
                    1,
                    [of(&[5]), map(&[(5, 6)])],
                );
                with(world, 2, [of(&[6])])
            },
            |world| with(world, 1, [map(&[(1, 6)])]),
            MISSING,
        ),
        case(
            "a policy mapped that only anyPolicy stands for",
            mapped,
            |world| with(with(world, 0, [any()]), 1, [any()]),
            Valid,
        ),
        case(
            "and that is not accepted",
            mapped,
            |world| requiring(with(with(world, 0, [any()]), 1, [any()]), &[2]),
            NOT_ACCEPTED,
        ),
        case(
            "a mapping of anyPolicy",
            mapped,
            |world| with(world, 1, [mappings([(ANY_POLICY.to_owned(), policy(2))])]),
            Refused("PolicyMappingOfAnyPolicy"),
        ),
        case(
            "a mapping to anyPolicy",
            mapped,
            |world| with(world, 1, [mappings([(policy(1), ANY_POLICY.to_owned())])]),
            Refused("PolicyMappingOfAnyPolicy"),
        ),
        case(
            "a mapping in the leaf means nothing",
            mapped,
            |world| with(world, 2, [map(&[(2, 7)])]),
            Valid,
        ),
    ]
}

fn free() -> World {
    World::of(&["top", "upper", "authority", "leaf"])
}

/// Without a policy in the leaf.
fn with_policies() -> World {
    let world = with(with(free(), 0, [of(&[1])]), 1, [of(&[1])]);
    with(world, 2, [of(&[1])])
}

fn counters() -> Vec<Case> {
    vec![
        // Section 6.1.5 (a): the counter is lowered once more at the end.
        case(
            "required from here on",
            with_policies,
            |world| with(world, 0, [policy_constraints(Some(0), None)]),
            MISSING,
        ),
        case(
            "required after two",
            with_policies,
            |world| with(world, 0, [policy_constraints(Some(2), None)]),
            MISSING,
        ),
        case(
            "required after three",
            with_policies,
            |world| with(world, 0, [policy_constraints(Some(3), None)]),
            NOT_ACCEPTED,
        ),
        case(
            "required after four",
            with_policies,
            |world| with(world, 0, [policy_constraints(Some(4), None)]),
            Valid,
        ),
        case(
            "a later certificate requires it sooner",
            || with(with_policies(), 0, [policy_constraints(Some(9), None)]),
            |world| with(world, 2, [policy_constraints(Some(0), None)]),
            MISSING,
        ),
        case(
            "and cannot take it back",
            || {
                with(
                    with(with_policies(), 0, [policy_constraints(Some(0), None)]),
                    3,
                    [of(&[1])],
                )
            },
            |world| {
                with(
                    with(world, 2, [policy_constraints(Some(9), None)]),
                    3,
                    [of(&[2])],
                )
            },
            MISSING,
        ),
        case(
            "self-issued certificates do not count",
            || with(with_policies(), 0, [policy_constraints(Some(4), None)]).self_issued(1),
            |world| with(world, 0, [policy_constraints(Some(3), None)]),
            Valid,
        ),
        case(
            "but they count at the end",
            || with(with_policies(), 0, [policy_constraints(Some(3), None)]).self_issued(1),
            |world| with(world, 0, [policy_constraints(Some(2), None)]),
            NOT_ACCEPTED,
        ),
        case(
            "the leaf requires one itself",
            free,
            |world| with(world, 3, [policy_constraints(Some(0), None)]),
            NOT_ACCEPTED,
        ),
        case(
            "the leaf requires one after itself",
            free,
            |world| with(world, 3, [policy_constraints(Some(1), None)]),
            Valid,
        ),
        case(
            "anyPolicy counts in the next certificate only",
            || {
                requiring(
                    with(
                        with(
                            with(with(free(), 0, [any(), inhibit_any_policy(2)]), 1, [any()]),
                            2,
                            [any()],
                        ),
                        3,
                        [of(&[1])],
                    ),
                    &[],
                )
            },
            |world| with(world, 0, [inhibit_any_policy(1)]),
            MISSING,
        ),
        case(
            "a self-issued certificate may have it all the same",
            || {
                requiring(
                    with(
                        with(
                            with(with(free(), 0, [any(), inhibit_any_policy(1)]), 1, [any()]),
                            2,
                            [of(&[1])],
                        ),
                        3,
                        [of(&[1])],
                    ),
                    &[],
                )
                .self_issued(1)
            },
            |world| with(world, 0, [inhibit_any_policy(0)]),
            Valid,
        ),
        case(
            "mappings end here",
            mapped,
            |world| with(world, 0, [policy_constraints(None, Some(0))]),
            MISSING,
        ),
        // Section 6.1.4: a certificate's mappings come before its constraints, so 1 is enough for the next one.
        case(
            "mappings end after one",
            mapped,
            |world| with(world, 0, [policy_constraints(None, Some(1))]),
            Valid,
        ),
    ]
}

fn with_qualifier(critical: bool) -> Extension {
    let qualifier = der::sequence([der::object_identifier("1.2.3.4"), der::null()]);
    let information = der::sequence([
        der::object_identifier(&policy(1)),
        der::sequence([qualifier]),
    ]);
    Extension {
        oid: names::CERTIFICATE_POLICIES.to_owned(),
        critical,
        value: der::sequence([information]),
    }
}

fn numbers(count: usize) -> Vec<usize> {
    (0..count).collect()
}

fn forms() -> Vec<Case> {
    vec![
        case(
            "an unknown qualifier of a critical extension",
            || with(World::small(), 1, [with_qualifier(false)]),
            |world| with(world, 1, [with_qualifier(true)]),
            Refused("PolicyQualifier"),
        ),
        case(
            "a policy twice",
            || with(World::small(), 1, [of(&[1, 2])]),
            |world| with(world, 1, [of(&[1, 1])]),
            Refused("DuplicatePolicy"),
        ),
        case(
            "129 policies",
            || with(World::small(), 1, [of(&numbers(128))]),
            |world| with(world, 1, [of(&numbers(129))]),
            Refused("TooManyPolicies"),
        ),
        case(
            "129 mappings",
            || with(World::small(), 0, [map(&vec![(1, 2); 128])]),
            |world| with(world, 0, [map(&vec![(1, 2); 129])]),
            Refused("TooManyPolicyMappings"),
        ),
        case(
            "a number that does not fit",
            World::small,
            |world| {
                let value = der::unsigned_integer(&[0x7f; 20]);
                with(
                    world,
                    0,
                    [Extension::critical(values::INHIBIT_ANY_POLICY, value)],
                )
            },
            Valid,
        ),
    ]
}

#[test]
fn policies_mappings_and_counters() {
    check(&cases());
}

#[test]
fn the_policies_that_a_path_is_valid_for_are_told_by_the_anchor_s_names() {
    let valid_for = |world: World| {
        let report = world.ask();
        assert_eq!(report.error, None);
        report.policies
    };
    assert_eq!(valid_for(mapped()), [oid(1)]);
    assert_eq!(valid_for(requiring(mapped(), &[])), [oid(1)]);
    assert_eq!(valid_for(chain([any(), any(), any()])), [Oid::any_policy()]);
    assert_eq!(
        valid_for(requiring(chain([any(), any(), any()]), &[7, 5])),
        [oid(5), oid(7)]
    );
    assert_eq!(valid_for(World::small()), []);
}

/// RFC 9618, appendix: two policies that each certificate maps to both double the nodes of RFC 5280's tree at each
/// step. Twenty steps are a million nodes there.
#[test]
fn a_tree_that_doubles_at_each_step_is_small_as_a_graph() {
    let mut world = crate::issuers::chain_of(20).without_revocation();
    for index in 0..20 {
        world = with(
            world,
            index,
            [of(&[1, 2]), map(&[(1, 1), (1, 2), (2, 1), (2, 2)])],
        );
    }
    let world = requiring(world, &[1]);
    let begun = Instant::now();
    let report = world.ask();
    assert_eq!((report.error, report.policies), (None, vec![oid(1)]));
    assert!(begun.elapsed() < Duration::from_mins(1));
    let refused = requiring(world, &[3]).ask().error.unwrap();
    assert_eq!(refused.rule(), "policy_not_accepted");
}

/// The widest graph that the limits let through, from bottom to top, and one that grows by mappings of anyPolicy.
#[test]
fn the_widest_graphs_are_within_the_budget() {
    let all = numbers(128);
    let pairs: Vec<(usize, usize)> = all
        .iter()
        .map(|number| (*number, (number + 1) % 128))
        .collect();
    let fresh = |depth: usize| -> Vec<(usize, usize)> {
        (0..128)
            .map(|number| (1_000 * depth + number, 1_000 * (depth + 1) + number))
            .collect()
    };
    let chain = || crate::issuers::chain_of(20).without_revocation();
    let (mut wide, mut growing) = (chain(), chain());
    for index in 0..20 {
        wide = with(wide, index, [of(&all), map(&pairs)]);
        growing = with(growing, index, [any(), map(&fresh(index))]);
    }
    assert_eq!(requiring(wide, &[]).ask().error, None);
    let report = requiring(growing, &[]).ask();
    assert!(
        report
            .error
            .is_none_or(|error| error.rule() == "budget_exhausted")
    );
}
