//! Name constraints: directory names, forms that are not understood, and their way down the path (RFC 5280 sections
//! 4.2.1.10 and 6.1.3 b to c).

use conformance::path::values::{self, directory, dns};
use conformance::path::{World, extended};
use sandbox::der;
use sandbox::mint::{CertificateSpec, Extension, Extensions as _, names};

use crate::case::Outcome::{Refused, Valid};
use crate::case::{Case, case, check};

type General = Vec<u8>;

/// The authority's name constraints.
pub(crate) fn constrained(world: World, permitted: &[General], excluded: &[General]) -> World {
    world.certificate(0, |it| {
        extended(it, [values::name_constraints(permitted, excluded)])
    })
}

/// The leaf's alternative names.
pub(crate) fn named(world: World, general_names: &[General]) -> World {
    world.leaf(|leaf| extended(leaf, [values::alternative_names(general_names)]))
}

/// A leaf of this name within this permitted subtree.
pub(crate) fn permits(base: General, name: General) -> World {
    named(constrained(World::small(), &[base], &[]), &[name])
}

/// A leaf of this name beside this excluded subtree.
pub(crate) fn excludes(base: General, name: General) -> World {
    named(constrained(World::small(), &[], &[base]), &[name])
}

pub(crate) fn subject(world: World, subject: Vec<u8>) -> World {
    world.leaf(|leaf| CertificateSpec { subject, ..leaf })
}

pub(crate) fn utf8(text: &str) -> Vec<u8> {
    values::name_in(0x0c, text.as_bytes())
}

pub(crate) const NOT_PERMITTED: crate::case::Outcome = Refused("NameNotPermitted");
pub(crate) const EXCLUDED: crate::case::Outcome = Refused("NameExcluded");
pub(crate) const MALFORMED: crate::case::Outcome = Refused("NameMalformed");
pub(crate) const NO_CONSTRAINT: crate::case::Outcome = Refused("NameConstraintMalformed");

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = directories();
    cases.extend(other_forms());
    cases.extend(paths());
    cases.extend(extension());
    cases
}

/// `C=JP, O=Conformance`, which all names of the tests begin with.
fn organisation() -> General {
    directory(&names::name([
        names::country(),
        names::utf8("2.5.4.10", "conFORMance"),
    ]))
}

fn directories() -> Vec<Case> {
    let inside: fn() -> World = || constrained(World::small(), &[organisation()], &[]);
    vec![
        case(
            "a subject outside",
            inside,
            |world| subject(world, utf8("leaf")),
            NOT_PERMITTED,
        ),
        case(
            "the base itself",
            inside,
            |world| {
                let base = names::name([names::country(), names::utf8("2.5.4.10", "Conformance")]);
                subject(world, base)
            },
            Valid,
        ),
        case(
            "a part of the base",
            inside,
            |world| subject(world, names::name([names::country()])),
            NOT_PERMITTED,
        ),
        case(
            "the subject inside and an alternative name outside",
            inside,
            |world| named(world, &[directory(&utf8("leaf"))]),
            NOT_PERMITTED,
        ),
        case(
            "an empty subject is no name",
            inside,
            |world| {
                let named = world
                    .leaf(|leaf| leaf.with_extension(values::alternative_names(&[dns("a.jp")])));
                subject(named, names::name([]))
            },
            Valid,
        ),
        case(
            "the empty base permits all",
            inside,
            |world| {
                subject(
                    constrained(world, &[directory(&names::name([]))], &[]),
                    utf8("leaf"),
                )
            },
            Valid,
        ),
        case(
            "an excluded subject",
            || constrained(World::small(), &[], &[directory(&utf8("leaf"))]),
            |world| subject(world, utf8("LEAF")),
            EXCLUDED,
        ),
        case(
            "a base with an empty part",
            inside,
            |world| {
                constrained(
                    world,
                    &[directory(&der::sequence([der::element(0x31, &[])]))],
                    &[],
                )
            },
            NO_CONSTRAINT,
        ),
    ]
}

const NOT_UNDERSTOOD: crate::case::Outcome = Refused("NameFormNotUnderstood");

fn other_forms() -> Vec<Case> {
    let plain: fn() -> World = || {
        named(
            World::small(),
            &[
                values::other("1.2.3", "x"),
                values::registered(),
                values::x400(),
                values::edi("x"),
            ],
        )
    };
    vec![
        case(
            "a constrained otherName",
            plain,
            |world| constrained(world, &[values::other("1.2.3", "x")], &[]),
            NOT_UNDERSTOOD,
        ),
        case(
            "an excluded otherName",
            plain,
            |world| constrained(world, &[], &[values::other("1.2.3", "y")]),
            NOT_UNDERSTOOD,
        ),
        case(
            "an otherName of another type",
            plain,
            |world| constrained(world, &[values::other("1.2.4", "x")], &[]),
            Valid,
        ),
        case(
            "a constrained registeredID",
            plain,
            |world| constrained(world, &[values::registered()], &[]),
            NOT_UNDERSTOOD,
        ),
        case(
            "a constrained x400Address",
            plain,
            |world| constrained(world, &[], &[values::x400()]),
            NOT_UNDERSTOOD,
        ),
        case(
            "a constrained ediPartyName",
            plain,
            |world| constrained(world, &[], &[values::edi("y")]),
            NOT_UNDERSTOOD,
        ),
        case(
            "a form that is not understood and does not occur",
            || named(World::small(), &[dns("a.jp")]),
            |world| constrained(world, &[values::registered()], &[]),
            Valid,
        ),
    ]
}

fn paths() -> Vec<Case> {
    let far: fn() -> World = || {
        let world = World::of(&["upper", "authority", "lower", "leaf"]);
        named(
            constrained(world, &[dns("example.jp")], &[]),
            &[dns("example.jp")],
        )
    };
    let self_issued: fn() -> World = || {
        let world = World::of(&["authority", "new key", "leaf"]).self_issued(1);
        constrained(world, &[], &[directory(&values::name("nobody"))])
    };
    vec![
        case(
            "constraints far above",
            far,
            |world| named(world, &[dns("example.com")]),
            NOT_PERMITTED,
        ),
        case(
            "constraints below that permit more",
            far,
            |world| {
                let world = world.certificate(2, |it| {
                    extended(
                        it,
                        [values::name_constraints(
                            &[dns("example.com"), dns("example.jp")],
                            &[],
                        )],
                    )
                });
                named(world, &[dns("example.com")])
            },
            NOT_PERMITTED,
        ),
        case(
            "constraints below that permit something else",
            far,
            |world| {
                world.certificate(2, |it| {
                    extended(it, [values::name_constraints(&[dns("example.com")], &[])])
                })
            },
            NOT_PERMITTED,
        ),
        case(
            "an authority in between with an excluded name",
            far,
            |world| {
                let excluded = [directory(&values::name("lower"))];
                world.certificate(0, |it| {
                    extended(it, [values::name_constraints(&[], &excluded)])
                })
            },
            EXCLUDED,
        ),
        case(
            "a self-issued authority is exempt",
            self_issued,
            |world| {
                let excluded = [directory(&values::name("authority"))];
                constrained(world, &[], &excluded)
            },
            Valid,
        ),
        case(
            "unless it is the last",
            || {
                constrained(
                    self_issued_last(),
                    &[],
                    &[directory(&values::name("nobody"))],
                )
            },
            |world| constrained(world, &[], &[directory(&values::name("authority"))]),
            EXCLUDED,
        ),
        case(
            "the leaf's own constraints bind nobody",
            || named(World::small(), &[dns("a.jp")]),
            |world| {
                world.leaf(|leaf| extended(leaf, [values::name_constraints(&[dns("b.jp")], &[])]))
            },
            Valid,
        ),
    ]
}

fn self_issued_last() -> World {
    World::of(&["authority", "leaf"]).self_issued(1)
}

fn raw(world: World, value: Vec<u8>) -> World {
    world.certificate(0, |it| {
        it.with_extension(Extension::critical(values::NAME_CONSTRAINTS, value))
    })
}

fn with_distance(distance: &[u8]) -> Vec<u8> {
    let subtree = der::sequence([&dns("example.jp"), distance]);
    der::sequence([der::context_constructed(0, &subtree)])
}

fn extension() -> Vec<Case> {
    let right: fn() -> World = || permits(dns("example.jp"), dns("example.jp"));
    vec![
        case(
            "constraints that are not critical count too",
            right,
            |world| {
                let world =
                    world.certificate(0, |it| it.with_criticality(values::NAME_CONSTRAINTS, false));
                named(world, &[dns("example.com")])
            },
            NOT_PERMITTED,
        ),
        case(
            "neither permitted nor excluded",
            right,
            |world| raw(world, vec![0x30, 0]),
            Refused("NameConstraintsEmpty"),
        ),
        case(
            "an empty list of permitted subtrees",
            right,
            |world| raw(world, vec![0x30, 2, 0xa0, 0]),
            Refused("NameConstraintsEmpty"),
        ),
        case(
            "an empty list of excluded subtrees",
            right,
            |world| raw(world, vec![0x30, 2, 0xa1, 0]),
            Refused("NameConstraintsEmpty"),
        ),
        case(
            "no SEQUENCE",
            right,
            |world| raw(world, vec![5, 0]),
            Refused("NameConstraints"),
        ),
        case(
            "a minimum of 1",
            right,
            |world| raw(world, with_distance(&der::context_primitive(0, &[1]))),
            Refused("NameConstraintDistance"),
        ),
        // The default is not written in DER (X.690 section 11.5).
        case(
            "a minimum of 0, written",
            right,
            |world| raw(world, with_distance(&der::context_primitive(0, &[0]))),
            Refused("NameConstraintDistance"),
        ),
        case(
            "a maximum",
            right,
            |world| raw(world, with_distance(&der::context_primitive(1, &[5]))),
            Refused("NameConstraintDistance"),
        ),
        case(
            "a base of no form",
            right,
            |world| constrained(world, &[der::context_primitive(9, b"x")], &[]),
            Refused("GeneralName/unknown_general_name"),
        ),
        case(
            "1025 subtrees",
            || constrained(World::small(), &vec![dns("a.jp"); 1024], &[]),
            |world| constrained(world, &vec![dns("a.jp"); 1025], &[]),
            Refused("TooManySubtrees"),
        ),
    ]
}

#[test]
fn names_and_constraints() {
    check(&cases());
}
