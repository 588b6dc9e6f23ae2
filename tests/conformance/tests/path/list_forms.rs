//! What a list must look like: RFC 5280 sections 5.1 to 5.3.

use conformance::path::values::{self, Scope};
use conformance::path::{Key, World, revoked};
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

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = presence();
    cases.extend(entries());
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

#[test]
fn lists_are_well_formed_current_and_in_force() {
    check(&cases());
}
