//! Which lists answer for which certificates: RFC 5280 sections 4.2.1.13, 5.2.5 and 6.3.3 (b) to (e).

use conformance::path::values::{self, Point, Scope, directory, full_name, uri};
use conformance::path::{World, extended, revoked};
use sandbox::mint::{CrlSpec, Extensions as _};

use crate::case::Outcome::{Refused, Unusable, Valid};
use crate::case::{Case, case, check};

pub(crate) const A: &str = "http://example.jp/a";
pub(crate) const B: &str = "http://example.jp/b";

/// The leaf's distribution points.
pub(crate) fn pointed(world: World, points: &[Point]) -> World {
    world.leaf(|leaf| extended(leaf, [values::distribution_points(points)]))
}

/// The scope of the list about the leaf.
pub(crate) fn scoped(world: World, scope: &Scope) -> World {
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

/// An entry about the leaf's serial, of the issuer named here or before.
pub(crate) fn entry(world: &World, issuer: Option<&[u8]>) -> sandbox::mint::CrlEntry {
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

#[test]
fn lists_answer_for_what_they_cover() {
    check(&cases());
}
