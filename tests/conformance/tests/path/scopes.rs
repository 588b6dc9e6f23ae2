//! Which lists answer for which certificates: RFC 5280 sections 4.2.1.13, 5.2.5 and 6.3.3 (b) to (e).

use conformance::path::values::{self, Point, Scope, directory, full_name, uri};
use conformance::path::{Party, World, extended, revoked};
use sandbox::mint::{CrlSpec, Extensions as _};

use crate::case::Outcome::{Refused, Unusable, Valid};
use crate::case::{Case, case, check};

const A: &str = "http://example.jp/a";
const B: &str = "http://example.jp/b";

/// The leaf's distribution points.
fn pointed(world: World, points: &[Point]) -> World {
    world.leaf(|leaf| extended(leaf, [values::distribution_points(points)]))
}

/// The scope of the list about the leaf.
fn scoped(world: World, scope: &Scope) -> World {
    world.leaf_list(|list| list.with_extension(scope.extension()))
}

/// One more list of the authority, with this scope.
fn also_scoped(world: World, scope: &Scope, change: impl FnOnce(CrlSpec) -> CrlSpec) -> World {
    let authority = world.tiers[0].party.clone();
    let list = change(authority.list().with_extension(scope.extension()));
    world.also_list(authority.sign_list(&list))
}

fn partition() -> World {
    scoped(pointed(World::small(), &[Point::at(A)]), &Scope::at(A))
}

/// Two lists, each for half of the reasons.
fn halves() -> World {
    let world = scoped(World::small(), &Scope::of_reasons(&[1, 2, 3, 4]));
    also_scoped(world, &Scope::of_reasons(&[5, 6, 7, 8]), |list| list)
}

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

/// An entry about the leaf's serial, of the issuer named here or before.
fn entry(world: &World, issuer: Option<&[u8]>) -> sandbox::mint::CrlEntry {
    let mut entry = revoked(&world.tiers[1].certificate, None);
    entry
        .extensions
        .extend(issuer.map(values::certificate_issuer));
    entry
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = points();
    cases.extend(types());
    cases.extend(reasons());
    cases.extend(relative());
    cases.extend(indirect_lists());
    cases
}

fn points() -> Vec<Case> {
    vec![
        case(
            "a list of another point",
            partition,
            |world| scoped(world, &Scope::at(B)),
            Unusable("DistributionPoint"),
        ),
        case(
            "a list of another point beside the right one",
            partition,
            |world| also_scoped(world, &Scope::at(B), |list| list),
            Valid,
        ),
        case(
            "revoked on a list of another point",
            partition,
            |world| {
                let entry = entry(&world, None);
                also_scoped(world, &Scope::at(B), |list| list.with_entry(entry))
            },
            Valid,
        ),
        case(
            "revoked on the right one",
            partition,
            |world| world.revoke(1, Some(1)),
            Refused("Revoked"),
        ),
        case(
            "a list without a scope for a certificate with a point",
            partition,
            |world| {
                world.leaf_list(|list| {
                    list.without_extension(sandbox::mint::names::ISSUING_DISTRIBUTION_POINT)
                })
            },
            Valid,
        ),
        // pkix.md's case: an answer for somebody's partition is none for a certificate without points.
        case(
            "a certificate without points and a list of a point",
            World::small,
            |world| scoped(world, &Scope::at(A)),
            Unusable("DistributionPoint"),
        ),
        case(
            "revoked on the whole list and not on that of a point",
            World::small,
            |world| also_scoped(world.revoke(1, None), &Scope::at(A), |list| list),
            Refused("Revoked"),
        ),
        // Section 6.3.3 assumes a point that is named as the certificate's issuer.
        case(
            "a certificate without points and a list of its issuer's point",
            World::small,
            |world| {
                let name = full_name(&[directory(&world.tiers[0].party.name)]);
                scoped(
                    world,
                    &Scope {
                        name: Some(name),
                        ..Scope::default()
                    },
                )
            },
            Valid,
        ),
        case(
            "a list of a point elsewhere and of the issuer's",
            || pointed(World::small(), &[Point::at(A)]),
            |world| {
                let name = full_name(&[uri(B), directory(&world.tiers[0].party.name)]);
                scoped(
                    world,
                    &Scope {
                        name: Some(name),
                        ..Scope::default()
                    },
                )
            },
            Valid,
        ),
        // RUSTSEC-2026-0049: not only the first point and the first name count.
        case(
            "the second of two points",
            partition,
            |world| pointed(world, &[Point::at(B), Point::at(A)]),
            Valid,
        ),
        case(
            "the second of a point's names",
            partition,
            |world| {
                let name = full_name(&[uri(B), uri(A)]);
                pointed(
                    world,
                    &[Point {
                        name: Some(name),
                        ..Point::default()
                    }],
                )
            },
            Valid,
        ),
        case(
            "the second of a list's names",
            partition,
            |world| {
                let name = full_name(&[uri(B), uri(A)]);
                scoped(
                    world,
                    &Scope {
                        name: Some(name),
                        ..Scope::default()
                    },
                )
            },
            Valid,
        ),
        case(
            "revoked on the list of the second point",
            || {
                let world = pointed(partition(), &[Point::at(A), Point::at(B)]);
                also_scoped(world, &Scope::at(B), |list| list)
            },
            |mut world| {
                world.lists.clear();
                let entry = entry(&world, None);
                also_scoped(world, &Scope::at(B), |list| list.with_entry(entry))
            },
            Refused("Revoked"),
        ),
        // Section 7.4: scheme and host without regard to case, the path exactly.
        case(
            "the host in another case",
            partition,
            |world| scoped(world, &Scope::at("HTTP://EXAMPLE.jp/a")),
            Valid,
        ),
        case(
            "the path in another case",
            partition,
            |world| scoped(world, &Scope::at("http://example.jp/A")),
            Unusable("DistributionPoint"),
        ),
        case(
            "a directory name in another spelling",
            || {
                let named = |text: &str| full_name(&[directory(&values::name(text))]);
                let world = pointed(
                    World::small(),
                    &[Point {
                        name: Some(named("Point  A")),
                        ..Point::default()
                    }],
                );
                scoped(
                    world,
                    &Scope {
                        name: Some(named("Point A")),
                        ..Scope::default()
                    },
                )
            },
            |world| {
                let name = full_name(&[directory(&values::name(" POINT A"))]);
                scoped(
                    world,
                    &Scope {
                        name: Some(name),
                        ..Scope::default()
                    },
                )
            },
            Valid,
        ),
    ]
}

fn types() -> Vec<Case> {
    vec![
        case(
            "a list for users only and a user",
            World::small,
            |world| {
                scoped(
                    world,
                    &Scope {
                        users: true,
                        ..Scope::default()
                    },
                )
            },
            Valid,
        ),
        case(
            "a list for authorities only and a user",
            World::small,
            |world| {
                scoped(
                    world,
                    &Scope {
                        authorities: true,
                        ..Scope::default()
                    },
                )
            },
            Unusable("AuthorityCertificatesOnly"),
        ),
        case(
            "a list for authorities only and an authority",
            World::small,
            |world| {
                world.list(0, |list| {
                    list.with_extension(
                        Scope {
                            authorities: true,
                            ..Scope::default()
                        }
                        .extension(),
                    )
                })
            },
            Valid,
        ),
        case(
            "a list for users only and an authority",
            World::small,
            |world| {
                world.list(0, |list| {
                    list.with_extension(
                        Scope {
                            users: true,
                            ..Scope::default()
                        }
                        .extension(),
                    )
                })
            },
            Unusable("UserCertificatesOnly"),
        ),
        case(
            "a list for attribute certificates only",
            World::small,
            |world| {
                scoped(
                    world,
                    &Scope {
                        attributes: true,
                        ..Scope::default()
                    },
                )
            },
            Unusable("AttributeCertificatesOnly"),
        ),
        case(
            "revoked on the list for the other type",
            || {
                also_scoped(
                    World::small(),
                    &Scope {
                        authorities: true,
                        ..Scope::default()
                    },
                    |list| list,
                )
            },
            |mut world| {
                world.lists.clear();
                let entry = entry(&world, None);
                also_scoped(
                    world,
                    &Scope {
                        authorities: true,
                        ..Scope::default()
                    },
                    |list| list.with_entry(entry),
                )
            },
            Valid,
        ),
        case(
            "a scope that is not critical is a scope",
            World::small,
            |world| {
                let world = scoped(
                    world,
                    &Scope {
                        authorities: true,
                        ..Scope::default()
                    },
                );
                world.leaf_list(|list| {
                    list.with_criticality(sandbox::mint::names::ISSUING_DISTRIBUTION_POINT, false)
                })
            },
            Unusable("AuthorityCertificatesOnly"),
        ),
    ]
}

fn reasons() -> Vec<Case> {
    vec![
        case(
            "two lists for half of the reasons each",
            World::small,
            |_| halves(),
            Valid,
        ),
        case(
            "one of them is missing",
            halves,
            |mut world| {
                world.lists.clear();
                world
            },
            Refused("RevocationUndetermined"),
        ),
        case(
            "one reason is on neither",
            halves,
            |world| scoped(world, &Scope::of_reasons(&[1, 2, 3])),
            Refused("RevocationUndetermined"),
        ),
        case(
            "revoked on the second",
            halves,
            |mut world| {
                world.lists.clear();
                let entry = entry(&world, None);
                also_scoped(world, &Scope::of_reasons(&[5, 6, 7, 8]), |list| {
                    list.with_entry(entry)
                })
            },
            Refused("Revoked"),
        ),
        case(
            "revoked on the first, and the second is missing",
            halves,
            |mut world| {
                world.lists.clear();
                world.revoke(1, Some(1))
            },
            Refused("Revoked"),
        ),
        case(
            "two points for half of the reasons each",
            || {
                let points = [
                    Point::at(A).for_reasons(&[1, 2, 3, 4]),
                    Point::at(B).for_reasons(&[5, 6, 7, 8]),
                ];
                let world = scoped(pointed(World::small(), &points), &Scope::at(A));
                also_scoped(world, &Scope::at(B), |list| list)
            },
            |mut world| {
                world.lists.clear();
                world
            },
            Refused("RevocationUndetermined"),
        ),
        case(
            "one whole list for two such points",
            || {
                let points = [
                    Point::at(A).for_reasons(&[1, 2, 3, 4]),
                    Point::at(B).for_reasons(&[5, 6, 7, 8]),
                ];
                pointed(World::small(), &points)
            },
            |world| scoped(world, &Scope::at(A)),
            Refused("RevocationUndetermined"),
        ),
        case(
            "a list for other reasons than the point's",
            || {
                let points = [Point::at(A).for_reasons(&[1])];
                pointed(World::small(), &points)
            },
            |world| {
                scoped(
                    world,
                    &Scope {
                        reasons: Some(vec![2]),
                        ..Scope::at(A)
                    },
                )
            },
            Unusable("NoReasons"),
        ),
    ]
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
fn lists_answer_for_what_they_cover() {
    check(&cases());
}
