//! Delta lists: RFC 5280 sections 5.2.4 and 6.3.3 (c), (i) to (l).

use conformance::issuer::NOW;
use conformance::path::values::{self, Point, Scope};
use conformance::path::{HOUR, Key, World, extended, revoked};
use sandbox::der;
use sandbox::mint::{CrlSpec, Extension, Extensions as _, names};

use crate::case::Outcome::{Refused, Unusable, Valid};
use crate::case::{Case, case, check};

/// The leaf is on the delta list to the authority's list.
fn delta(world: World, reason: Option<u8>, change: impl FnOnce(CrlSpec) -> CrlSpec) -> World {
    let authority = world.tiers[0].party.clone();
    let entry = revoked(&world.tiers[1].certificate, reason);
    let delta = change(authority.delta().with_entry(entry));
    world.also_list(authority.sign_list(&delta))
}

fn empty_delta(world: World, change: impl FnOnce(CrlSpec) -> CrlSpec) -> World {
    let authority = world.tiers[0].party.clone();
    world.also_list(authority.sign_list(&change(authority.delta())))
}

/// The list is expired, the delta list is not.
fn brought_up_to_date() -> World {
    empty_delta(expired(World::small()), |delta| delta)
}

fn expired(world: World) -> World {
    world.leaf_list(|list| CrlSpec {
        next_update: Some(NOW.plus_secs(-1)),
        ..list
    })
}

fn ended(delta: CrlSpec) -> CrlSpec {
    CrlSpec {
        next_update: Some(NOW.plus_secs(-1)),
        ..delta
    }
}

/// The leaf is on hold, and the delta list lifts that.
fn lifted() -> World {
    delta(World::small().revoke(1, Some(6)), Some(8), |delta| delta)
}

fn relifted(mut world: World, change: impl FnOnce(CrlSpec) -> CrlSpec) -> World {
    world.lists.clear();
    delta(world, Some(8), change)
}

const POINT: &str = "http://example.jp/a";

/// The list and the certificate have a point.
fn partition() -> World {
    let world = World::small()
        .leaf(|leaf| extended(leaf, [values::distribution_points(&[Point::at(POINT)])]));
    world.leaf_list(|list| list.with_extension(Scope::at(POINT).extension()))
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = changes();
    cases.extend(bases());
    cases.extend(forms());
    cases
}

fn changes() -> Vec<Case> {
    vec![
        case(
            "a delta list without entries",
            World::small,
            |world| empty_delta(world, |delta| delta),
            Valid,
        ),
        case(
            "revoked on the delta list",
            World::small,
            |world| delta(world, None, |delta| delta),
            Refused("Revoked"),
        ),
        case("hold lifted", World::small, |_| lifted(), Valid),
        case(
            "hold lifted and put on again",
            lifted,
            |world| {
                delta(world, Some(6), |mut delta| {
                    delta = delta.with_number(12);
                    delta.this_update = NOW.plus_secs(-60);
                    delta
                })
            },
            Refused("Revoked"),
        ),
        case(
            "a delta list brings an expired list up to date",
            World::small,
            |_| brought_up_to_date(),
            Valid,
        ),
        case(
            "and is not given",
            brought_up_to_date,
            |mut world| {
                world.lists.clear();
                world
            },
            Unusable("Expired"),
        ),
        case(
            "both are expired",
            brought_up_to_date,
            |mut world| {
                world.lists.clear();
                empty_delta(world, ended)
            },
            Unusable("Expired"),
        ),
        // openssl/openssl#31297: the complete list is current, so the answer is its own.
        case(
            "an expired delta list beside a current list",
            World::small,
            |world| empty_delta(world, ended),
            Valid,
        ),
        case(
            "an expired delta list that revokes",
            World::small,
            |world| delta(world, None, ended),
            Refused("Revoked"),
        ),
        case(
            "an expired delta list lifts nothing",
            lifted,
            |world| relifted(world, ended),
            Refused("Revoked"),
        ),
        case(
            "a delta list of the future",
            lifted,
            |world| {
                relifted(world, |delta| CrlSpec {
                    this_update: NOW.plus_secs(1),
                    ..delta
                })
            },
            Refused("Revoked"),
        ),
        case(
            "a delta list of the future, told",
            World::small,
            |world| {
                let world = empty_delta(world, |delta| CrlSpec {
                    this_update: NOW.plus_secs(1),
                    ..delta
                });
                expired(world)
            },
            Unusable("NotYetCurrent"),
        ),
        case(
            "two delta lists with the same number",
            lifted,
            |world| delta(world, Some(1), |delta| delta),
            Refused("Revoked"),
        ),
        case(
            "an unusable delta list",
            World::small,
            |world| {
                delta(world, None, |delta| {
                    let mut entry = sandbox::mint::CrlEntry::new(7, NOW, None);
                    entry.extensions.push(Extension::unknown_critical());
                    delta.with_entry(entry)
                })
            },
            Unusable("Unusable/unknown_critical_entry_extension"),
        ),
    ]
}

fn bases() -> Vec<Case> {
    vec![
        case(
            "a base that is older than the list",
            lifted,
            |world| relifted(world, |delta| delta.as_delta_of(3)),
            Valid,
        ),
        case(
            "a base that is newer than the list",
            lifted,
            |world| relifted(world, |delta| delta.with_number(12).as_delta_of(11)),
            Refused("Revoked"),
        ),
        case(
            "a delta list as old as the list",
            lifted,
            |world| relifted(world, |delta| delta.with_number(10).as_delta_of(9)),
            Refused("Revoked"),
        ),
        case(
            "a delta list that is older than the list",
            World::small,
            |world| {
                delta(world, None, |mut delta| {
                    delta = delta.with_number(9).as_delta_of(8);
                    delta.this_update = NOW.plus_secs(-2 * HOUR);
                    delta
                })
            },
            Valid,
        ),
        case(
            "a delta list alone",
            || empty_delta(World::small(), |delta| delta),
            |world| world.without_list(1),
            Unusable("DeltaAlone"),
        ),
        case(
            "a list without a number",
            lifted,
            |world| world.leaf_list(|list| list.without_extension(names::CRL_NUMBER)),
            Refused("Revoked"),
        ),
        case(
            "another scope",
            lifted,
            |world| {
                relifted(world, |delta| {
                    delta.with_extension(
                        Scope {
                            users: true,
                            ..Scope::default()
                        }
                        .extension(),
                    )
                })
            },
            Refused("Revoked"),
        ),
        case(
            "the same scope",
            partition,
            |world| {
                delta(world, None, |delta| {
                    delta.with_extension(Scope::at(POINT).extension())
                })
            },
            Refused("Revoked"),
        ),
        // RFC 5280 section 6.3.3 (c) (2): both have the same scope or none.
        case(
            "a scope on one side only",
            partition,
            |world| delta(world, None, |delta| delta),
            Valid,
        ),
        case(
            "another authority key identifier",
            lifted,
            |world| {
                relifted(world, |delta| {
                    delta.with_extension(Extension::signer_key_identifier(b"another"))
                })
            },
            Refused("Revoked"),
        ),
        case(
            "no authority key identifier",
            lifted,
            |world| {
                relifted(world, |delta| {
                    delta.without_extension(names::AUTHORITY_KEY_IDENTIFIER)
                })
            },
            Refused("Revoked"),
        ),
        case(
            "another key",
            lifted,
            |world| {
                let authority = world.tiers[0].party.clone();
                let other = authority.with_key(Key::named("key for deltas"));
                let certificate = world.root.sign(&world.root.certify_authority(&other));
                let entry = revoked(&world.tiers[1].certificate, Some(8));
                let mut world = world.also(certificate);
                world.lists = vec![other.sign_list(&authority.delta().with_entry(entry))];
                world
            },
            Refused("Revoked"),
        ),
    ]
}

fn forms() -> Vec<Case> {
    vec![
        // CVE-2026-28388
        case(
            "a delta list without a number",
            lifted,
            |world| relifted(world, |delta| delta.without_extension(names::CRL_NUMBER)),
            Refused("Revoked"),
        ),
        case(
            "a base number that is not critical",
            lifted,
            |world| {
                relifted(world, |delta| {
                    delta.with_criticality(names::DELTA_CRL_INDICATOR, false)
                })
            },
            Refused("Revoked"),
        ),
        case(
            "a delta list with delta lists of its own",
            lifted,
            |world| {
                let freshest = values::distribution_points(&[Point::at(POINT)]).value;
                relifted(world, |delta| {
                    delta.with_extension(Extension::plain(values::FRESHEST_CRL, freshest))
                })
            },
            Refused("Revoked"),
        ),
        case(
            "a negative base number",
            lifted,
            |world| {
                let negative =
                    Extension::critical(names::DELTA_CRL_INDICATOR, der::element(2, &[0xff]));
                relifted(world, |delta| delta.with_extension(negative))
            },
            Refused("Revoked"),
        ),
        case(
            "a delta list signed by somebody else",
            lifted,
            |mut world| {
                let authority = world.tiers[0].party.clone();
                let entry = revoked(&world.tiers[1].certificate, Some(8));
                let stranger = conformance::path::Party::new("stranger");
                world.lists = vec![stranger.sign_list(&authority.delta().with_entry(entry))];
                world
            },
            Refused("Revoked"),
        ),
    ]
}

#[test]
fn delta_lists_change_their_lists_and_no_others() {
    check(&cases());
}
