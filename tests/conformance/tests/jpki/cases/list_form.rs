//! The list's own fields and extensions.

use aws_lc_rs::signature::{RSA_PKCS1_SHA384, RSA_PSS_SHA256};
use conformance::issuer::MUNICIPALITY;
use sandbox::der;
use sandbox::mint::{CaKind, Extension, names, signature_algorithm};

use crate::scene::{OTHER_SERIAL, SERIAL, Scene, authentication, with_full_list};
use crate::table::Ruling::Unknown;
use crate::table::{Case, unknown};

fn name() -> Vec<u8> {
    let name = CaKind::UserAuthentication.distribution_point_name(MUNICIPALITY);
    der::context_constructed(0, &names::full_name(&name))
}

/// `[number] TRUE`.
fn flag(number: u8) -> Vec<u8> {
    der::context_primitive(number, &[0xff])
}

/// Gives the list an issuing distribution point of these members.
fn scope(scene: &mut Scene, members: &[Vec<u8>]) {
    let value = der::sequence(members);
    scene.list_extension(Extension::critical(
        names::ISSUING_DISTRIBUTION_POINT,
        value,
    ));
}

/// Gives the list a full name of these names as scope.
fn scope_names(scene: &mut Scene, general_names: &[Vec<u8>]) {
    let full = der::context_constructed(0, &der::concat(general_names));
    scope(scene, &[der::context_constructed(0, &full)]);
}

fn number(scene: &mut Scene, contents: &[u8]) {
    let value = der::element(0x02, contents);
    scene.list_extension(Extension::plain(names::CRL_NUMBER, value));
}

/// A number of 20 octets.
fn long_number() -> Scene {
    let mut scene = authentication();
    number(&mut scene, &[0x7f; 20]);
    scene
}

/// An unknown extension that is not critical.
fn with_unknown() -> Scene {
    let mut scene = authentication();
    scene.list_extension(Extension::plain("1.3.6.1.4.1.55555.1", der::null()));
    scene
}

/// A list without entries.
fn without_entries() -> Scene {
    let mut scene = authentication();
    scene.list().spec.entries.clear();
    scene
}

fn algorithm(scene: &mut Scene, algorithm: &[u8]) {
    let list = &mut scene.list().spec;
    list.inner_algorithm = algorithm.to_vec();
    list.outer_algorithm = algorithm.to_vec();
}

fn critical(scene: &mut Scene, oid: &str, critical: bool) {
    let mut extensions = scene.list().spec.extensions.iter_mut();
    let extension = extensions.find(|extension| extension.oid == oid);
    extension.unwrap().critical = critical;
}

const WRONG_SIGNATURE: crate::table::Ruling = Unknown("crl_signature");

pub(crate) static CASES: &[Case] = &[
    unknown(
        "list: no number",
        "number_missing",
        authentication,
        |scene| {
            scene.without_list_extension(names::CRL_NUMBER);
        },
    ),
    unknown(
        "list: a negative number",
        "number",
        authentication,
        |scene| number(scene, &[0xff]),
    ),
    unknown(
        "list: a number of 21 octets",
        "number",
        long_number,
        |scene| {
            number(scene, &[0x7f; 21]);
        },
    ),
    unknown(
        "list: no nextUpdate",
        "next_update_missing",
        authentication,
        |scene| {
            scene.list().spec.next_update = None;
        },
    ),
    unknown(
        "list: nextUpdate before thisUpdate",
        "update_order",
        authentication,
        |scene| {
            let list = &mut scene.list().spec;
            list.next_update = Some(list.this_update.plus_secs(-1));
        },
    ),
    unknown(
        "list: nextUpdate with thisUpdate",
        "update_order",
        authentication,
        |scene| {
            let list = &mut scene.list().spec;
            list.next_update = Some(list.this_update);
        },
    ),
    unknown(
        "list: GeneralizedTime before 2050",
        "not_der",
        authentication,
        |scene| {
            scene.list().spec.time = der::generalized_time;
        },
    ),
    unknown(
        "list: a delta list offered as a complete one",
        "delta",
        authentication,
        |scene| {
            let value = der::small_integer(999);
            scene.list_extension(Extension::critical(names::DELTA_CRL_INDICATOR, value));
        },
    ),
    unknown(
        "list: a delta list that does not say so critically",
        "delta",
        authentication,
        |scene| {
            let value = der::small_integer(999);
            scene.list_extension(Extension::plain(names::DELTA_CRL_INDICATOR, value));
        },
    ),
    unknown(
        "scope: not critical",
        "scope_not_critical",
        authentication,
        |scene| {
            critical(scene, names::ISSUING_DISTRIBUTION_POINT, false);
        },
    ),
    unknown("scope: empty", "empty_scope", with_full_list, |scene| {
        scope(scene, &[]);
    }),
    unknown(
        "scope: only users",
        "one_certificate_type",
        authentication,
        |scene| {
            scope(scene, &[name(), flag(1)]);
        },
    ),
    unknown(
        "scope: only users, of all points",
        "one_certificate_type",
        with_full_list,
        |scene| {
            scope(scene, &[flag(1)]);
        },
    ),
    unknown(
        "scope: only authorities",
        "one_certificate_type",
        authentication,
        |scene| {
            scope(scene, &[name(), flag(2)]);
        },
    ),
    unknown(
        "scope: only attributes",
        "one_certificate_type",
        authentication,
        |scene| {
            scope(scene, &[name(), flag(5)]);
        },
    ),
    unknown(
        "scope: only some reasons",
        "some_reasons",
        authentication,
        |scene| {
            scope(scene, &[name(), der::context_primitive(3, &[6, 0x40])]);
        },
    ),
    unknown("scope: indirect", "indirect", authentication, |scene| {
        scope(scene, &[name(), flag(4)]);
    }),
    unknown("scope: a URI", "scope_name", authentication, |scene| {
        scope_names(scene, &[der::context_primitive(6, b"http://crl.example/")]);
    }),
    unknown(
        "scope: a URI besides",
        "scope_name",
        authentication,
        |scene| {
            let name = CaKind::UserAuthentication.distribution_point_name(MUNICIPALITY);
            let uri = der::context_primitive(6, b"http://crl.example/");
            scope_names(scene, &[names::directory_name(&name), uri]);
        },
    ),
    unknown(
        "scope: relative to the issuer",
        "scope_name",
        authentication,
        |scene| {
            let relative = der::context_constructed(1, &names::utf8("2.5.4.3", "x")[2..]);
            scope(scene, &[der::context_constructed(0, &relative)]);
        },
    ),
    unknown(
        "scope: a default is written",
        "extension_value",
        authentication,
        |scene| {
            scope(scene, &[name(), der::context_primitive(4, &[0])]);
        },
    ),
    unknown(
        "list: an unknown critical extension",
        "unknown_critical_extension",
        with_unknown,
        |scene| {
            critical(scene, "1.3.6.1.4.1.55555.1", true);
        },
    ),
    unknown(
        "list: an extension twice",
        "duplicate_extension",
        authentication,
        |scene| {
            let extensions = &mut scene.list().spec.extensions;
            extensions.push(Extension::crl_number(1_000));
        },
    ),
    unknown(
        "list: the entries are there and empty",
        "empty_entries",
        without_entries,
        |scene| {
            scene.list().spec.empty_entries_present = true;
        },
    ),
    unknown(
        "list: a bit of the signature is flipped",
        "signature",
        authentication,
        |scene| {
            scene.list().after = |mut whole| {
                let at = whole.len() - 100;
                whole[at] ^= 1;
                whole
            };
        },
    )
    .offline(WRONG_SIGNATURE),
    unknown(
        "list: an entry is renumbered after signing",
        "signature",
        authentication,
        |scene| {
            scene.list().after = |mut whole| {
                let (found, wanted) = (
                    der::small_integer(OTHER_SERIAL),
                    der::small_integer(SERIAL + 2),
                );
                let at = whole
                    .windows(found.len())
                    .position(|part| part == found)
                    .unwrap();
                whole[at..at + found.len()].copy_from_slice(&wanted);
                whole
            };
        },
    )
    .offline(WRONG_SIGNATURE),
    unknown("list: no signature", "signature", authentication, |scene| {
        scene.list().sign = |_, _| Vec::new();
    })
    .offline(WRONG_SIGNATURE),
    unknown(
        "list: another algorithm outside",
        "signature_algorithms_differ",
        authentication,
        |scene| {
            scene.list().spec.outer_algorithm = signature_algorithm("1.2.840.113549.1.1.12");
        },
    ),
    unknown(
        "list: another algorithm inside",
        "signature_algorithms_differ",
        authentication,
        |scene| {
            scene.list().spec.inner_algorithm = signature_algorithm("1.2.840.113549.1.1.12");
        },
    ),
    unknown(
        "list: SHA-384 with RSA",
        "signature_algorithm",
        authentication,
        |scene| {
            algorithm(scene, &signature_algorithm("1.2.840.113549.1.1.12"));
            scene.list().sign = |key, signed| key.sign_with(&RSA_PKCS1_SHA384, signed);
        },
    ),
    unknown(
        "list: said to be SHA-1 with RSA",
        "signature_algorithm",
        authentication,
        |scene| {
            algorithm(scene, &signature_algorithm("1.2.840.113549.1.1.5"));
        },
    ),
    unknown(
        "list: the algorithm without its NULL",
        "signature_algorithm",
        authentication,
        |scene| {
            algorithm(
                scene,
                &der::sequence([der::object_identifier("1.2.840.113549.1.1.11")]),
            );
        },
    ),
    unknown(
        "list: RSASSA-PSS behind the name of the other",
        "signature",
        authentication,
        |scene| {
            scene.list().sign = |key, signed| key.sign_with(&RSA_PSS_SHA256, signed);
        },
    )
    .offline(WRONG_SIGNATURE),
    unknown(
        "list: version 1 by its number",
        "crl_version",
        authentication,
        |scene| {
            scene.list().spec.version = der::small_integer(0);
        },
    ),
    unknown(
        "list: version 1, without a number",
        "not_der",
        authentication,
        |scene| {
            scene.list().spec.version.clear();
        },
    ),
    unknown(
        "list: the issuer's name is empty",
        "empty_issuer",
        authentication,
        |scene| {
            scene.list().spec.issuer = der::sequence::<Vec<u8>>([]);
        },
    ),
    unknown(
        "list: an octet behind",
        "not_der",
        authentication,
        |scene| {
            scene.list().spec.trailing = vec![0];
        },
    ),
    unknown(
        "list: an element behind the extensions",
        "not_der",
        authentication,
        |scene| {
            scene.list().before = |signed| der::sequence([&signed[4..], &der::null()]);
        },
    ),
    unknown(
        "list: a longer length, not signed",
        "not_der",
        authentication,
        |scene| {
            scene.list().after = |whole| [&[0x30, 0x83, 0], &whole[2..]].concat();
        },
    ),
    unknown(
        "list: a longer length, signed",
        "not_der",
        authentication,
        |scene| {
            scene.list().before = |signed| [&[0x30, 0x83, 0], &signed[2..]].concat();
        },
    ),
];
