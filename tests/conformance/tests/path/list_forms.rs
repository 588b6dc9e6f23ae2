//! What a list must look like and when it speaks: RFC 5280 sections 5.1 to 5.3 and 6.3.3 (a).

use conformance::issuer::NOW;
use conformance::path::values::{self, Scope};
use conformance::path::{HOUR, Key, World, revoked};
use sandbox::der;
use sandbox::mint::{CrlEntry, CrlSpec, Extension, Extensions as _, names};

use crate::case::Outcome::{Refused, Unusable, Valid};
use crate::case::{Case, case, check};

fn first_version(mut list: CrlSpec) -> CrlSpec {
    list.version = Vec::new();
    list.extensions.clear();
    list
}

/// A list with an entry about somebody else.
fn with_entry(world: World, change: impl FnOnce(CrlEntry) -> CrlEntry) -> World {
    let mut entry = revoked(&world.tiers[1].certificate, None);
    entry.serial = der::small_integer(7);
    world.leaf_list(|list| list.with_entry(change(entry)))
}

fn listed() -> World {
    with_entry(World::small(), |entry| entry)
}

/// Another entry behind those that are there.
fn with_extension(world: World, extension: Extension) -> World {
    with_entry(world, |entry| entry.with_extension(extension))
}

fn algorithm(world: World, algorithm: &[u8]) -> World {
    world.leaf_list(|list| CrlSpec {
        inner_algorithm: algorithm.to_vec(),
        outer_algorithm: algorithm.to_vec(),
        ..list
    })
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

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = presence();
    cases.extend(dates());
    cases.extend(entries());
    cases.extend(order());
    cases
}

const UNREADABLE: crate::case::Outcome = Refused("RevocationUndetermined");

fn presence() -> Vec<Case> {
    vec![
        case(
            "no list",
            World::small,
            |world| world.without_list(1),
            UNREADABLE,
        ),
        case(
            "no list, and none is needed",
            || World::small().without_revocation(),
            |world| world.without_list(1),
            Valid,
        ),
        case(
            "no list about the authority",
            World::small,
            |world| world.without_list(0),
            UNREADABLE,
        ),
        case(
            "revoked",
            World::small,
            |world| world.revoke(1, None),
            Refused("Revoked"),
        ),
        case(
            "the authority is revoked",
            World::small,
            |world| world.revoke(0, Some(2)),
            Refused("Revoked"),
        ),
        case(
            "on hold",
            World::small,
            |world| world.revoke(1, Some(6)),
            Refused("Revoked"),
        ),
        case(
            "revoked, and lists are not consulted",
            World::small,
            |world| world.revoke(1, None).without_revocation(),
            Valid,
        ),
        case(
            "octets that are no list",
            World::small,
            |world| world.also_list(vec![5, 0]),
            Valid,
        ),
        case(
            "a list of version 1",
            World::small,
            |world| world.leaf_list(first_version),
            Valid,
        ),
        case(
            "revoked on a list of version 1",
            || World::small().leaf_list(first_version),
            |world| world.revoke(1, None),
            Refused("Revoked"),
        ),
        // openssl/openssl#31213
        case(
            "another algorithm outside the list",
            World::small,
            |world| {
                world.leaf_list(|list| CrlSpec {
                    outer_algorithm: Key::p384().algorithm().to_vec(),
                    ..list
                })
            },
            UNREADABLE,
        ),
        case(
            "a list with SHA-1",
            World::small,
            |world| {
                algorithm(
                    world,
                    &der::sequence([der::object_identifier("1.2.840.10045.4.1")]),
                )
            },
            Unusable("SignatureAlgorithm/signature_algorithm"),
        ),
        case(
            "a list with parameters of ECDSA",
            World::small,
            |world| {
                let parts = [der::object_identifier("1.2.840.10045.4.3.2"), der::null()];
                algorithm(world, &der::sequence(parts))
            },
            Unusable("SignatureAlgorithm/signature_parameters"),
        ),
        case(
            "a list with an unknown critical extension",
            || World::small().leaf_list(|list| list.with_extension(unknown(false))),
            |world| world.leaf_list(|list| list.with_extension(unknown(true))),
            UNREADABLE,
        ),
        // RUSTSEC-2026-0104
        case(
            "a list for the reasons of an empty BIT STRING",
            || {
                World::small().leaf_list(|list| {
                    list.with_extension(Scope::of_reasons(&[1, 2, 3, 4, 5, 6, 7, 8]).extension())
                })
            },
            |world| world.leaf_list(|list| list.with_extension(Scope::of_reasons(&[]).extension())),
            UNREADABLE,
        ),
        case(
            "a list for the reasons of no octet at all",
            World::small,
            |world| {
                let value = der::sequence([der::context_primitive(3, &[])]);
                world.leaf_list(|list| {
                    list.with_extension(Extension::critical(
                        names::ISSUING_DISTRIBUTION_POINT,
                        value,
                    ))
                })
            },
            UNREADABLE,
        ),
        case(
            "a list whose scope is empty",
            World::small,
            |world| world.leaf_list(|list| list.with_extension(Scope::default().extension())),
            UNREADABLE,
        ),
        case(
            "a list for users and for authorities only",
            World::small,
            |world| {
                let scope = Scope {
                    users: true,
                    authorities: true,
                    ..Scope::default()
                };
                world.leaf_list(|list| list.with_extension(scope.extension()))
            },
            UNREADABLE,
        ),
        case(
            "a list without a number",
            World::small,
            |world| world.leaf_list(|list| list.without_extension(names::CRL_NUMBER)),
            Valid,
        ),
        case(
            "a list without a key identifier",
            World::small,
            |world| world.leaf_list(|list| list.without_extension(names::AUTHORITY_KEY_IDENTIFIER)),
            Valid,
        ),
        case(
            "a list that names another key",
            World::small,
            |world| {
                world.leaf_list(|list| {
                    list.with_extension(Extension::signer_key_identifier(b"another"))
                })
            },
            Valid,
        ),
    ]
}

fn unknown(critical: bool) -> Extension {
    let mut unknown = Extension::unknown_critical();
    unknown.critical = critical;
    unknown
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

fn entries() -> Vec<Case> {
    vec![
        // openssl/openssl#32366
        case(
            "an unknown critical extension of another entry",
            || with_extension(World::small(), unknown(false)),
            |world| with_extension(world, unknown(true)),
            Unusable("Unusable/unknown_critical_entry_extension"),
        ),
        case(
            "and it stands behind the leaf's entry",
            listed,
            |world| with_extension(world.revoke(1, None), unknown(true)),
            Unusable("Unusable/unknown_critical_entry_extension"),
        ),
        case(
            "behind an extension that is none",
            listed,
            |world| {
                let broken = Extension::plain(names::REASON_CODE, der::null());
                with_entry(world, |entry| {
                    entry.with_extension(broken).with_extension(unknown(true))
                })
            },
            Unusable("Unusable/entry"),
        ),
        // golang/go#73452
        case(
            "the leaf twice",
            World::small,
            |world| world.revoke(1, None).revoke(1, Some(1)),
            Unusable("Unusable/duplicate_serials"),
        ),
        case(
            "a reason that does not exist",
            listed,
            |world| with_extension(world, Extension::reason(7)),
            Unusable("Unusable/reason"),
        ),
        case(
            "removed from a complete list",
            listed,
            |world| with_extension(world, Extension::reason(8)),
            Unusable("Unusable/removed_from_full_list"),
        ),
        case(
            "an entry's extension twice",
            listed,
            |world| {
                with_entry(world, |entry| {
                    entry
                        .with_extension(Extension::reason(1))
                        .with_duplicate(Extension::reason(1))
                })
            },
            Unusable("Unusable/duplicate_entry_extension"),
        ),
        case(
            "an entry extension in a list of version 1",
            || with_entry(World::small().leaf_list(first_version), |entry| entry),
            |world| with_extension(world, Extension::reason(1)),
            Unusable("Unusable/version_1_entry_extensions"),
        ),
        case(
            "an issuer of an entry without a directory name",
            || indirect(World::small()),
            |world| {
                let value = der::sequence([values::dns("example.jp")]);
                with_extension(world, Extension::critical(names::CERTIFICATE_ISSUER, value))
            },
            Unusable("Unusable/entry_issuer_name"),
        ),
        case(
            "an issuer of an entry that is no name",
            || indirect(World::small()),
            |world| {
                let value =
                    der::sequence([values::directory(&der::sequence([der::element(0x31, &[])]))]);
                with_extension(world, Extension::critical(names::CERTIFICATE_ISSUER, value))
            },
            Unusable("Unusable/entry_issuer_malformed"),
        ),
        case(
            "an entry of more than 16 KiB",
            listed,
            |world| {
                let long =
                    Extension::plain(&values::policy(1), der::octet_string(&vec![0; 16 * 1024]));
                with_extension(world, long)
            },
            Unusable("Unusable/entry_too_large"),
        ),
        case(
            "a serial that differs in a leading zero",
            listed,
            |world| {
                let serial = [&[0], &world.tiers[1].certificate.serial[2..]].concat();
                with_entry(world, |mut entry| {
                    entry.serial = der::element(2, &serial);
                    entry
                })
            },
            Unusable("Unusable/entry"),
        ),
    ]
}

fn indirect(world: World) -> World {
    world.leaf_list(|list| list.with_extension(Scope::indirect().extension()))
}

fn numbered(world: World, number: u64, this_update: i64) -> World {
    let world = world.leaf_list(|list| list.with_number(number));
    dated(world, this_update, Some(HOUR))
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
fn lists_are_well_formed_current_and_in_force() {
    check(&cases());
}
