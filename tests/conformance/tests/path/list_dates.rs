//! When a list speaks, and which of several: RFC 5280 sections 5.1.2.4, 5.1.2.5, 5.2.3 and 6.3.3 (a).

use conformance::issuer::NOW;
use conformance::path::{HOUR, World, revoked};
use sandbox::der;
use sandbox::mint::{CrlSpec, Extension, Extensions as _, names};

use crate::case::Outcome::{Refused, Unusable, Valid};
use crate::case::{Case, case, check};

const UNREADABLE: crate::case::Outcome = Refused("RevocationUndetermined");

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = dates();
    cases.extend(order());
    cases
}

fn dated(world: World, this_update: i64, next_update: Option<i64>) -> World {
    world.leaf_list(|list| CrlSpec {
        this_update: NOW.plus_secs(this_update),
        next_update: next_update.map(|secs| NOW.plus_secs(secs)),
        ..list
    })
}

/// One more whole list of the authority.
fn also(world: World, change: impl FnOnce(CrlSpec) -> CrlSpec) -> World {
    let authority = world.tiers[0].party.clone();
    world.also_list(authority.sign_list(&change(authority.list())))
}

/// One more whole list that has the leaf.
fn also_revoking(world: World, change: impl FnOnce(CrlSpec) -> CrlSpec) -> World {
    let entry = revoked(&world.tiers[1].certificate, None);
    also(world, |list| change(list.with_entry(entry)))
}

fn numbered(world: World, number: u64, this_update: i64) -> World {
    let world = world.leaf_list(|list| list.with_number(number));
    dated(world, this_update, Some(HOUR))
}

fn dates() -> Vec<Case> {
    vec![
        case(
            "a list that expired a second ago",
            World::small,
            |world| dated(world, -HOUR, Some(-1)),
            Unusable("Expired"),
        ),
        case(
            "a list that expires now",
            World::small,
            |world| dated(world, -HOUR, Some(0)),
            Unusable("Expired"),
        ),
        case(
            "a list that expires in a second",
            World::small,
            |world| dated(world, -HOUR, Some(1)),
            Valid,
        ),
        case(
            "a list of this second",
            World::small,
            |world| dated(world, 0, Some(1)),
            Valid,
        ),
        case(
            "a list of the next second",
            World::small,
            |world| dated(world, 1, Some(HOUR)),
            Unusable("NotYetCurrent"),
        ),
        case(
            "a list without an end",
            World::small,
            |world| dated(world, -HOUR, None),
            Unusable("NextUpdateMissing"),
        ),
        case(
            "a list that ends before it begins",
            World::small,
            |world| dated(world, -1, Some(-HOUR)),
            UNREADABLE,
        ),
        case(
            "revoked on an expired list",
            World::small,
            |world| dated(world.revoke(1, None), -HOUR, Some(-1)),
            Unusable("Expired"),
        ),
        case(
            "an expired list beside a current one",
            World::small,
            |world| {
                also(world, |mut list| {
                    list = list.with_number(9);
                    list.this_update = NOW.plus_secs(-3 * HOUR);
                    list.next_update = Some(NOW.plus_secs(-2 * HOUR));
                    list
                })
            },
            Valid,
        ),
        case(
            "a list of the future that has the leaf",
            World::small,
            |world| {
                also_revoking(world, |mut list| {
                    list = list.with_number(11);
                    list.this_update = NOW.plus_secs(1);
                    list
                })
            },
            Valid,
        ),
    ]
}

fn order() -> Vec<Case> {
    vec![
        case(
            "released from hold by the next list",
            World::small,
            |world| also_revoking(numbered(world, 11, -60), |list| list),
            Valid,
        ),
        case(
            "revoked by the next list",
            World::small,
            |world| {
                also_revoking(world, |mut list| {
                    list = list.with_number(11);
                    list.this_update = NOW.plus_secs(-60);
                    list
                })
            },
            Refused("Revoked"),
        ),
        case(
            "the next list is expired",
            World::small,
            |world| {
                also(world, |mut list| {
                    list = list.with_number(11);
                    list.this_update = NOW.plus_secs(-60);
                    list.next_update = Some(NOW.plus_secs(-1));
                    list
                })
            },
            Unusable("Superseded"),
        ),
        // Nobody can say which of the two is the later, so what either revokes is revoked.
        case(
            "a later list with a smaller number",
            World::small,
            |world| {
                also_revoking(world, |mut list| {
                    list = list.with_number(1);
                    list.this_update = NOW.plus_secs(-60);
                    list
                })
            },
            Refused("Revoked"),
        ),
        case(
            "another list with the same number and date",
            World::small,
            |world| also_revoking(world, |list| list),
            Refused("Revoked"),
        ),
        case(
            "another list without a number",
            World::small,
            |world| also_revoking(world, |list| list.without_extension(names::CRL_NUMBER)),
            Refused("Revoked"),
        ),
        case(
            "the same list twice",
            World::small,
            |world| also(world, |list| list),
            Valid,
        ),
        case(
            "two lists without numbers",
            || World::small().leaf_list(|list| list.without_extension(names::CRL_NUMBER)),
            |world| {
                also_revoking(world, |mut list| {
                    list = list.without_extension(names::CRL_NUMBER);
                    list.this_update = NOW.plus_secs(-60);
                    list
                })
            },
            Refused("Revoked"),
        ),
        case(
            "a number of 20 octets",
            World::small,
            |world| {
                also_revoking(world, |mut list| {
                    list = list.with_extension(Extension::plain(
                        names::CRL_NUMBER,
                        der::unsigned_integer(&[0x7f; 20]),
                    ));
                    list.this_update = NOW.plus_secs(-60);
                    list
                })
            },
            Refused("Revoked"),
        ),
    ]
}

#[test]
fn lists_are_current_and_in_force() {
    check(&cases());
}
