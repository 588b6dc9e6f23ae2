//! Lists of other issuers and names relative to an issuer: RFC 5280 sections 4.2.1.13, 5.2.5, 5.3.3 and 6.3.3 (b).

use conformance::path::values::{self, Point, Scope, directory, full_name};
use conformance::path::{Party, World};
use sandbox::mint::{CrlSpec, Extensions as _};

use crate::case::Outcome::{Refused, Unusable, Valid};
use crate::case::{Case, case, check};
use crate::scopes::{A, B, entry, pointed, scoped};

/// The leaf's lists come from somebody else, whom the root certified.
fn other() -> Party {
    Party::new("issuer of lists")
}

fn indirect() -> World {
    let other = other();
    let world = pointed(World::small(), &[Point::at(A).of(&other.name)]).without_list(1);
    let certificate = world.root.sign(&world.root.certify_authority(&other));
    let list = other.list().with_extension(
        Scope {
            indirect: true,
            ..Scope::at(A)
        }
        .extension(),
    );
    world.also(certificate).also_list(other.sign_list(&list))
}

/// The indirect list with entries.
fn indirect_with(world: World, change: impl FnOnce(CrlSpec) -> CrlSpec) -> World {
    let other = other();
    let list = other.list().with_extension(
        Scope {
            indirect: true,
            ..Scope::at(A)
        }
        .extension(),
    );
    let mut world = world;
    world.lists = vec![other.sign_list(&change(list))];
    world
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = relative();
    cases.extend(indirect_lists());
    cases
}

/// The leaf's point is relative to the issuer of its list.
fn relative_point() -> World {
    let name = || Some(values::relative_name("point"));
    let world = pointed(
        World::small(),
        &[Point {
            name: name(),
            ..Point::default()
        }],
    );
    scoped(
        world,
        &Scope {
            name: name(),
            ..Scope::default()
        },
    )
}

/// The name of the authority and one part more.
fn below(issuer: &[u8], common_name: &str) -> Vec<u8> {
    // A Name of less than 128 octets: tag, length, parts.
    let parts = [
        &issuer[2..],
        &sandbox::mint::names::utf8("2.5.4.3", common_name),
    ]
    .concat();
    sandbox::der::element(0x30, &parts)
}

fn relative() -> Vec<Case> {
    vec![
        case(
            "another relative name",
            relative_point,
            |world| {
                scoped(
                    world,
                    &Scope {
                        name: Some(values::relative_name("another")),
                        ..Scope::default()
                    },
                )
            },
            Unusable("DistributionPoint"),
        ),
        case(
            "the same name, whole",
            relative_point,
            |world| {
                let whole = below(&world.tiers[0].party.name, "POINT");
                scoped(
                    world,
                    &Scope {
                        name: Some(full_name(&[directory(&whole)])),
                        ..Scope::default()
                    },
                )
            },
            Valid,
        ),
        case(
            "relative to the issuer of the list",
            || {
                let other = other();
                let point = Point {
                    name: Some(values::relative_name("point")),
                    ..Point::default()
                }
                .of(&other.name);
                let world = pointed(indirect(), &[point]);
                relative_list(world, "point")
            },
            |world| relative_list(world, "another"),
            Unusable("DistributionPoint"),
        ),
        // Not relative to the certificate's issuer then.
        case(
            "relative to the certificate's issuer",
            || {
                let other = other();
                let point = Point {
                    name: Some(values::relative_name("point")),
                    ..Point::default()
                }
                .of(&other.name);
                relative_list(pointed(indirect(), &[point]), "point")
            },
            |mut world| {
                let other = other();
                let whole = below(&world.tiers[0].party.name, "point");
                let scope = Scope {
                    name: Some(full_name(&[directory(&whole)])),
                    ..Scope::indirect()
                };
                world.lists =
                    vec![other.sign_list(&other.list().with_extension(scope.extension()))];
                world
            },
            Unusable("DistributionPoint"),
        ),
    ]
}

fn relative_list(mut world: World, common_name: &str) -> World {
    let other = other();
    let scope = Scope {
        name: Some(values::relative_name(common_name)),
        ..Scope::indirect()
    };
    world.lists = vec![other.sign_list(&other.list().with_extension(scope.extension()))];
    world
}

fn indirect_lists() -> Vec<Case> {
    vec![
        case(
            "the named issuer's list is not indirect",
            indirect,
            |mut world| {
                let other = other();
                world.lists =
                    vec![other.sign_list(&other.list().with_extension(Scope::at(A).extension()))];
                world
            },
            Unusable("NotIndirect"),
        ),
        case(
            "nobody named the issuer of the list",
            indirect,
            |world| pointed(world, &[Point::at(A)]),
            Refused("RevocationUndetermined"),
        ),
        // (b) (2) (i): a point without a name is named as the issuer of its list.
        case(
            "a point without a name",
            indirect,
            |world| pointed(world, &[Point::default().of(&other().name)]),
            Unusable("DistributionPoint"),
        ),
        case(
            "a point without a name, and a list named as its issuer",
            indirect,
            |world| {
                let other = other();
                let mut world = pointed(world, &[Point::default().of(&other.name)]);
                let scope = Scope {
                    name: Some(full_name(&[directory(&other.name)])),
                    ..Scope::indirect()
                };
                world.lists =
                    vec![other.sign_list(&other.list().with_extension(scope.extension()))];
                world
            },
            Valid,
        ),
        case(
            "an entry of the certificate's issuer",
            indirect,
            |world| {
                let entry = entry(&world, Some(&world.tiers[0].party.name.clone()));
                indirect_with(world, |list| list.with_entry(entry))
            },
            Refused("Revoked"),
        ),
        case(
            "an entry with the serial and another issuer",
            indirect,
            |world| {
                let entry = entry(&world, Some(&values::name("somebody")));
                indirect_with(world, |list| list.with_entry(entry))
            },
            Valid,
        ),
        case(
            "an entry with the serial and the list's own issuer",
            indirect,
            |world| {
                let entry = entry(&world, None);
                indirect_with(world, |list| list.with_entry(entry))
            },
            Valid,
        ),
        // Section 5.3.3: the issuer named last goes on.
        case(
            "the issuer was named by an entry before",
            indirect,
            |world| {
                let issuer = world.tiers[0].party.name.clone();
                let mut first = entry(&world, Some(&issuer));
                first.serial = sandbox::der::small_integer(1);
                let second = entry(&world, None);
                indirect_with(world, |list| list.with_entry(first).with_entry(second))
            },
            Refused("Revoked"),
        ),
        case(
            "and another one after it",
            indirect,
            |world| {
                let issuer = world.tiers[0].party.name.clone();
                let mut first = entry(&world, Some(&issuer));
                first.serial = sandbox::der::small_integer(1);
                let second = entry(&world, Some(&values::name("somebody")));
                indirect_with(world, |list| list.with_entry(first).with_entry(second))
            },
            Valid,
        ),
        case(
            "the authority's own list is indirect",
            World::small,
            |world| scoped(world, &Scope::indirect()),
            Valid,
        ),
        // openssl/openssl#29136
        case(
            "an entry's issuer in a list that is not indirect",
            World::small,
            |world| {
                let entry = entry(&world, Some(&values::name("somebody")));
                world.leaf_list(|list| list.with_entry(entry))
            },
            Unusable("Unusable/entry_issuer"),
        ),
        case(
            "both the authority's list and that of another issuer are named",
            indirect,
            |world| {
                let point = Point::at(B);
                pointed(world, &[point, Point::at(A).of(&other().name)])
            },
            Valid,
        ),
    ]
}

#[test]
fn lists_of_other_issuers() {
    check(&cases());
}
