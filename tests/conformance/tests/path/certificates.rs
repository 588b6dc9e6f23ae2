//! The fields of a certificate and the extensions every path needs: RFC 5280 sections 4.1, 4.2.1.1 to 4.2.1.3,
//! 4.2.1.9, 6.1.3 (a) and 6.1.4 (k) to (n).

use conformance::issuer::NOW;
use conformance::path::{World, bare, extended, values};
use pki::UnixTime;
use sandbox::der;
use sandbox::mint::{CertificateSpec, CrlEntry, Extension, Extensions as _, names};

use crate::case::Outcome::{Refused, Valid};
use crate::case::{Case, case, check};

fn at_its_time() -> World {
    World::small().without_revocation()
}

fn serial(contents: &[u8], world: World) -> World {
    let serial = der::element(0x02, contents);
    world.leaf(|leaf| CertificateSpec { serial, ..leaf })
}

fn version(number: u64, certificate: CertificateSpec) -> CertificateSpec {
    CertificateSpec {
        version: der::context_constructed(0, &der::small_integer(number)),
        ..certificate
    }
}

fn first_version(certificate: CertificateSpec) -> CertificateSpec {
    CertificateSpec {
        version: Vec::new(),
        ..certificate
    }
}

/// A certificate on the list under the same serial, which the RFC allows to be strange.
fn revoked_under_its_serial(world: World) -> World {
    let mut entry = CrlEntry::new(0, NOW.plus_secs(-60), None);
    entry.serial.clone_from(&world.tiers[1].certificate.serial);
    world.leaf_list(|list| list.with_entry(entry))
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = times_and_serials();
    cases.extend(authorities());
    cases.extend(critical());
    cases
}

fn times_and_serials() -> Vec<Case> {
    vec![
        case(
            "the first second",
            at_its_time,
            |world| {
                let first = world.tiers[1].certificate.not_before;
                world.at(first)
            },
            Valid,
        ),
        case(
            "the second before the first",
            at_its_time,
            |world| {
                let first = world.tiers[1].certificate.not_before;
                world.at(first.plus_secs(-1))
            },
            Refused("NotYetValid"),
        ),
        case(
            "the last second",
            at_its_time,
            |world| {
                let last = world.tiers[1].certificate.not_after;
                world.at(last)
            },
            Valid,
        ),
        case(
            "the second after the last",
            at_its_time,
            |world| {
                let last = world.tiers[1].certificate.not_after;
                world.at(last.plus_secs(1))
            },
            Refused("Expired"),
        ),
        case(
            "an expired authority",
            World::small,
            |world| {
                world.certificate(0, |certificate| {
                    certificate.with_validity(NOW.plus_secs(-60), NOW.plus_secs(-1))
                })
            },
            Refused("Expired"),
        ),
        case(
            "an anchor whose dates are over",
            World::small,
            |mut world| {
                let root = world.root.certify_authority(&world.root);
                let over = root.with_validity(NOW.plus_secs(-60), NOW.plus_secs(-1));
                world.anchors = vec![world.root.sign(&over)];
                world
            },
            Valid,
        ),
        // 9999-12-31T23:59:59Z: no well-defined end (section 4.1.2.5).
        case(
            "GeneralizedTime",
            World::small,
            |world| {
                world.leaf(|leaf| CertificateSpec {
                    not_after: UnixTime::from_secs(253_402_300_799),
                    ..leaf
                })
            },
            Valid,
        ),
        // Section 4.1.2.2: certificates with a serial that is negative or zero are to be handled gracefully. Section
        // 6.1 has no rule about serials; it is the issuer who must not write more than 20 octets.
        case("serial 0", World::small, |world| serial(&[0], world), Valid),
        case(
            "a negative serial",
            World::small,
            |world| serial(&[0x80], world),
            Valid,
        ),
        case(
            "a serial of 20 octets",
            World::small,
            |world| serial(&[0x7f; 20], world),
            Valid,
        ),
        case(
            "a serial of 21 octets",
            World::small,
            |world| serial(&[0x7f; 21], world),
            Valid,
        ),
        case(
            "a negative serial on the list",
            || serial(&[0x80], World::small()),
            revoked_under_its_serial,
            Refused("Revoked"),
        ),
        case(
            "a serial of 21 octets on the list",
            || serial(&[0x7f; 21], World::small()),
            revoked_under_its_serial,
            Refused("Revoked"),
        ),
        // 128 and -128 differ in one octet, which is a zero.
        case(
            "the list has the negative of the serial",
            || serial(&[0, 0x80], World::small()),
            |world| {
                let mut entry = CrlEntry::new(0, NOW.plus_secs(-60), None);
                entry.serial = der::element(0x02, &[0x80]);
                world.leaf_list(|list| list.with_entry(entry))
            },
            Valid,
        ),
        case(
            "an empty subject and a critical alternative name",
            World::small,
            |world| {
                world.leaf(|leaf| {
                    let name = values::alternative_names(&[values::dns("leaf.example.jp")]);
                    let mut leaf = leaf
                        .with_extension(name)
                        .with_criticality(names::SUBJECT_ALT_NAME, true);
                    leaf.subject = names::name([]);
                    leaf
                })
            },
            Valid,
        ),
    ]
}

fn authorities() -> Vec<Case> {
    vec![
        case(
            "a leaf of version 1",
            World::small,
            |world| world.leaf(|leaf| first_version(bare(leaf))),
            Valid,
        ),
        case(
            "and with extensions",
            || World::small().leaf(|leaf| first_version(bare(leaf))),
            |world| world.leaf(|leaf| leaf.with_extension(Extension::client_authentication())),
            Refused("Certificate/certificate_version"),
        ),
        case(
            "a leaf of version 4",
            World::small,
            |world| world.leaf(|leaf| version(3, leaf)),
            Refused("Certificate/certificate_version"),
        ),
        case(
            "an authority of version 1",
            World::small,
            |world| world.certificate(0, |it| first_version(bare(it))),
            Refused("IssuerVersion"),
        ),
        case(
            "an authority of version 2",
            World::small,
            |world| world.certificate(0, |it| version(1, bare(it))),
            Refused("IssuerVersion"),
        ),
        case(
            "an authority without basicConstraints",
            World::small,
            |world| world.certificate(0, |it| it.without_extension(names::BASIC_CONSTRAINTS)),
            Refused("NotAuthority"),
        ),
        case(
            "an authority whose basicConstraints say nothing",
            World::small,
            |world| {
                let nothing =
                    Extension::critical(names::BASIC_CONSTRAINTS, der::sequence::<Vec<u8>>([]));
                world.certificate(0, |it| it.with_extension(nothing))
            },
            Refused("NotAuthority"),
        ),
        case(
            "basicConstraints that are not critical",
            World::small,
            |world| world.certificate(0, |it| it.with_criticality(names::BASIC_CONSTRAINTS, false)),
            Valid,
        ),
        case(
            "an authority without keyUsage",
            World::small,
            |world| world.certificate(0, |it| it.without_extension(names::KEY_USAGE)),
            Valid,
        ),
        case(
            "an authority without keyCertSign",
            World::small,
            |world| world.certificate(0, |it| it.with_extension(Extension::key_usage(&[6]))),
            Refused("KeyCertSign"),
        ),
        case(
            "one authority too many below",
            || {
                World::medium()
                    .certificate(0, |it| extended(it, [values::basic_constraints(Some(1))]))
            },
            |world| world.certificate(0, |it| extended(it, [values::basic_constraints(Some(0))])),
            Refused("PathLength"),
        ),
        case(
            "a path length below that is longer than the one above",
            || {
                World::of(&["top", "upper", "authority", "leaf"])
                    .certificate(1, |it| extended(it, [values::basic_constraints(Some(9))]))
            },
            |world| world.certificate(0, |it| extended(it, [values::basic_constraints(Some(1))])),
            Refused("PathLength"),
        ),
        case(
            "self-issued certificates are not counted",
            || World::medium().self_issued(1),
            |world| world.certificate(0, |it| extended(it, [values::basic_constraints(Some(0))])),
            Valid,
        ),
        case(
            "a self-issued one hides no other",
            || {
                World::of(&["top", "upper", "authority", "leaf"])
                    .self_issued(1)
                    .certificate(0, |it| extended(it, [values::basic_constraints(Some(1))]))
            },
            |world| world.certificate(0, |it| extended(it, [values::basic_constraints(Some(0))])),
            Refused("PathLength"),
        ),
        case(
            "an authority at the end is not counted",
            || {
                World::small()
                    .certificate(0, |it| extended(it, [values::basic_constraints(Some(0))]))
            },
            |world| world.leaf(|leaf| extended(leaf, [values::basic_constraints(None)])),
            Valid,
        ),
        case(
            "a path length beyond any number",
            World::small,
            |world| {
                let value =
                    der::sequence([der::boolean_true(), der::unsigned_integer(&[0x7f; 20])]);
                world.certificate(0, |it| {
                    extended(it, [Extension::critical(names::BASIC_CONSTRAINTS, value)])
                })
            },
            Valid,
        ),
        case(
            "a negative path length",
            World::small,
            |world| {
                let value = der::sequence([der::boolean_true(), der::element(2, &[0xff])]);
                world.certificate(0, |it| {
                    extended(it, [Extension::critical(names::BASIC_CONSTRAINTS, value)])
                })
            },
            Refused("Extension/extension_value"),
        ),
    ]
}

fn critical_on(index: usize, oid: &str, world: World) -> World {
    world.certificate(index, |it| it.with_criticality(oid, true))
}

fn with_never_critical() -> World {
    World::small().leaf(|leaf| {
        let freshest = values::distribution_points(&[values::Point::at("http://example.jp/delta")]);
        let freshest = Extension::plain(values::FRESHEST_CRL, freshest.value);
        let subject = Extension::plain(SUBJECT_INFORMATION, der::sequence::<Vec<u8>>([]));
        extended(leaf, [freshest, Extension::ocsp_access(), subject])
    })
}

const SUBJECT_INFORMATION: &str = "1.3.6.1.5.5.7.1.11";

fn critical() -> Vec<Case> {
    vec![
        case(
            "an unknown critical extension of the leaf",
            || World::small().leaf(|leaf| leaf.with_extension(unknown())),
            |world| critical_on(1, &unknown().oid, world),
            Refused("UnknownCriticalExtension"),
        ),
        case(
            "an unknown critical extension of the authority",
            || World::small().certificate(0, |it| it.with_extension(unknown())),
            |world| critical_on(0, &unknown().oid, world),
            Refused("UnknownCriticalExtension"),
        ),
        case(
            "an unknown critical extension of the anchor",
            World::small,
            |mut world| {
                let root = world.root.certify_authority(&world.root);
                world.anchors = vec![
                    world
                        .root
                        .sign(&root.with_extension(Extension::unknown_critical())),
                ];
                world
            },
            Valid,
        ),
        case(
            "authorityKeyIdentifier",
            World::small,
            |world| critical_on(1, names::AUTHORITY_KEY_IDENTIFIER, world),
            Refused("ExtensionCriticality/authorityKeyIdentifier"),
        ),
        case(
            "subjectKeyIdentifier",
            World::small,
            |world| critical_on(0, names::SUBJECT_KEY_IDENTIFIER, world),
            Refused("ExtensionCriticality/subjectKeyIdentifier"),
        ),
        case(
            "freshestCRL",
            with_never_critical,
            |world| critical_on(1, values::FRESHEST_CRL, world),
            Refused("ExtensionCriticality/freshestCRL"),
        ),
        case(
            "authorityInfoAccess",
            with_never_critical,
            |world| critical_on(1, names::AUTHORITY_INFO_ACCESS, world),
            Refused("ExtensionCriticality/authorityInfoAccess"),
        ),
        case(
            "subjectInfoAccess",
            with_never_critical,
            |world| critical_on(1, SUBJECT_INFORMATION, world),
            Refused("ExtensionCriticality/subjectInfoAccess"),
        ),
        case(
            "a critical extKeyUsage",
            World::small,
            |world| {
                world.leaf(|leaf| {
                    leaf.with_extension(Extension::client_authentication())
                        .with_criticality(names::EXTENDED_KEY_USAGE, true)
                })
            },
            Valid,
        ),
    ]
}

fn unknown() -> Extension {
    let mut unknown = Extension::unknown_critical();
    unknown.critical = false;
    unknown
}

#[test]
fn fields_and_extensions_of_authorities() {
    check(&cases());
}
