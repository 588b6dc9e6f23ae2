//! Certificates and extensions that are not what their definitions say.

use conformance::path::values::{self, Point};
use conformance::path::{World, extended};
use pki::{PathAnchor, PathError, Profile};
use sandbox::der;
use sandbox::mint::{CaKind, CertificateSpec, Extension, Extensions as _, names};

use crate::case::Outcome::{Refused, Valid};
use crate::case::{Case, case, check};
use conformance::issuer::Issuer;

fn with(world: World, oid: &str, value: Vec<u8>) -> World {
    world.leaf(|leaf| leaf.with_extension(Extension::plain(oid, value)))
}

fn subject(world: World, subject: Vec<u8>) -> World {
    world.leaf(|leaf| CertificateSpec { subject, ..leaf })
}

fn version(world: World, number: u64) -> World {
    let version = der::context_constructed(0, &der::small_integer(number));
    world.leaf(|leaf| CertificateSpec { version, ..leaf })
}

fn of_parts(count: usize) -> Vec<u8> {
    names::name(vec![names::utf8("2.5.4.3", "x"); count])
}

fn with_extensions(world: World, count: usize) -> World {
    world.leaf(|mut leaf| {
        leaf.extensions.clear();
        for number in 0..count {
            leaf.extensions
                .push(Extension::plain(&values::policy(number), der::null()));
        }
        leaf
    })
}

fn padded(world: World, octets: usize) -> World {
    with(
        world,
        &values::policy(1),
        der::octet_string(&vec![0; octets]),
    )
}

/// A leaf of a card under its own authority.
fn card(change: impl FnOnce(CertificateSpec) -> CertificateSpec) -> World {
    let issuer = Issuer::of(CaKind::UserAuthentication);
    let mut world = World::small().without_revocation();
    world.tiers.clear();
    world.anchors = vec![issuer.authority.newest().certificate.clone()];
    world.profile = Profile::by_name("jpki-user-authentication").unwrap();
    world.target = Some(issuer.sign(&change(issuer.leaf())));
    world
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = certificates();
    cases.extend(general_names());
    cases.extend(points());
    cases
}

fn certificates() -> Vec<Case> {
    vec![
        case(
            "octets behind the certificate",
            World::small,
            |world| {
                world.leaf(|leaf| CertificateSpec {
                    trailing: vec![0],
                    ..leaf
                })
            },
            Refused("Certificate/not_der"),
        ),
        case(
            "a part of the subject without an attribute",
            World::small,
            |world| subject(world, der::sequence([der::element(0x31, &[])])),
            Refused("Certificate/name"),
        ),
        case(
            "a version that nobody defined",
            World::small,
            |world| version(world, 200),
            Refused("Certificate/certificate_structure"),
        ),
        case(
            "a subject of 33 attributes",
            || subject(World::small(), of_parts(32)),
            |world| subject(world, of_parts(33)),
            Refused("Certificate/name"),
        ),
        case(
            "an empty issuer",
            World::small,
            |world| {
                world.leaf(|leaf| CertificateSpec {
                    issuer: names::name([]),
                    ..leaf
                })
            },
            Refused("Certificate/empty_issuer"),
        ),
        case(
            "a validity that ends before it begins",
            World::small,
            |world| {
                world.leaf(|leaf| {
                    let (first, last) = (leaf.not_before, leaf.not_after);
                    leaf.with_validity(last, first)
                })
            },
            Refused("Certificate/empty_validity"),
        ),
        case(
            "an extension twice",
            World::small,
            |world| {
                world.leaf(|leaf| {
                    let twin = leaf.extensions[0].clone();
                    leaf.with_duplicate(twin)
                })
            },
            Refused("Certificate/duplicate_extension"),
        ),
        case(
            "33 extensions",
            || with_extensions(World::small(), 32),
            |world| with_extensions(world, 33),
            Refused("Certificate/too_many_extensions"),
        ),
        case(
            "a certificate of more than 128 KiB",
            || padded(World::small(), 130_000),
            |world| padded(world, 131_072),
            Refused("Certificate/certificate_too_large"),
        ),
        case(
            "keyUsage that is none",
            World::small,
            |world| with(world, names::KEY_USAGE, der::null()),
            Refused("Extension/extension_value"),
        ),
        case(
            "keyUsage without a bit",
            World::small,
            |world| with(world, names::KEY_USAGE, vec![3, 1, 0]),
            Refused("Extension/extension_value"),
        ),
        case(
            "an empty key identifier",
            World::small,
            |world| with(world, names::SUBJECT_KEY_IDENTIFIER, vec![4, 0]),
            Refused("Extension/key_identifier"),
        ),
        case(
            "an issuer without a serial",
            World::small,
            |world| {
                let issuer = values::directory(&world.tiers[0].party.name);
                let value = der::sequence([der::context_constructed(1, &issuer)]);
                with(world, names::AUTHORITY_KEY_IDENTIFIER, value)
            },
            Refused("Extension/half_authority"),
        ),
        case(
            "policyConstraints without contents",
            || {
                with(
                    World::small(),
                    values::POLICY_CONSTRAINTS,
                    values::policy_constraints(Some(9), None).value,
                )
            },
            |world| with(world, values::POLICY_CONSTRAINTS, vec![0x30, 0]),
            Refused("Extension/extension_value"),
        ),
        case(
            "policies without one",
            World::small,
            |world| with(world, names::CERTIFICATE_POLICIES, vec![0x30, 0]),
            Refused("Extension/extension_value"),
        ),
        case(
            "a card and an intermediate",
            || card(|leaf| leaf),
            |world| {
                let root = world.root.root();
                world.also(root)
            },
            Refused("IntermediateForbidden"),
        ),
        case(
            "a card with another key usage",
            || card(|leaf| leaf),
            |_| card(|leaf| leaf.with_extension(Extension::key_usage(&[1]))),
            Refused("Profile/key_usage"),
        ),
    ]
}

fn named(world: World, general_names: &[Vec<u8>]) -> World {
    world.leaf(|leaf| extended(leaf, [values::alternative_names(general_names)]))
}

fn general_names() -> Vec<Case> {
    vec![
        case(
            "no alternative name",
            || named(World::small(), &[values::dns("example.jp")]),
            |world| named(world, &[]),
            Refused("GeneralName/no_general_name"),
        ),
        case(
            "a name beyond ASCII",
            || named(World::small(), &[values::dns("example.jp")]),
            |world| named(world, &[values::dns("例.jp")]),
            Refused("GeneralName/general_name_not_ia5"),
        ),
        case(
            "an unknown form of name",
            World::small,
            |world| named(world, &[der::context_primitive(9, b"x")]),
            Refused("GeneralName/unknown_general_name"),
        ),
        case(
            "alternative names cut off",
            World::small,
            |world| with(world, names::SUBJECT_ALT_NAME, vec![0x30, 3, 0x82]),
            Refused("GeneralName/not_der"),
        ),
        case(
            "257 names",
            || named(World::small(), &vec![values::dns("example.jp"); 256]),
            |world| named(world, &vec![values::dns("example.jp"); 257]),
            Refused("GeneralName/too_many_general_names"),
        ),
        case(
            "every form of name",
            World::small,
            |world| {
                named(
                    world,
                    &[
                        values::mail("a@example.jp"),
                        values::dns("example.jp"),
                        values::directory(&values::name("x")),
                        values::uri("http://example.jp"),
                        values::ip(&[127, 0, 0, 1]),
                        values::registered(),
                        values::x400(),
                        values::edi("x"),
                        values::other("1.2.3", "x"),
                    ],
                )
            },
            Valid,
        ),
    ]
}

fn pointed(world: World, points: &[Point]) -> World {
    world.leaf(|leaf| extended(leaf, [values::distribution_points(points)]))
}

fn one() -> Point {
    Point::at("http://example.jp/list")
}

fn points() -> Vec<Case> {
    let right: fn() -> World = || pointed(World::small(), &[one()]);
    vec![
        case(
            "no point",
            right,
            |world| pointed(world, &[]),
            Refused("DistributionPoint/NoPoints"),
        ),
        case(
            "33 points",
            || pointed(World::small(), &vec![one(); 32]),
            |world| pointed(world, &vec![one(); 33]),
            Refused("DistributionPoint/TooManyPoints"),
        ),
        case(
            "a point that says nothing",
            right,
            |world| pointed(world, &[Point::default()]),
            Refused("DistributionPoint/Empty"),
        ),
        case(
            "a name of no names",
            right,
            |world| {
                pointed(
                    world,
                    &[Point {
                        name: Some(values::full_name(&[])),
                        ..Point::default()
                    }],
                )
            },
            Refused("DistributionPoint/EmptyFullName"),
        ),
        case(
            "a list issuer without a name",
            right,
            |world| {
                pointed(
                    world,
                    &[Point {
                        crl_issuer: Some(Vec::new()),
                        ..one()
                    }],
                )
            },
            Refused("DistributionPoint/EmptyCrlIssuer"),
        ),
        case(
            "for no reason",
            right,
            |world| pointed(world, &[one().for_reasons(&[])]),
            Refused("DistributionPoint/NoReasons"),
        ),
        case(
            "a point of 17 names",
            || {
                pointed(
                    World::small(),
                    &[Point {
                        name: Some(values::full_name(&vec![
                            values::uri("http://example.jp");
                            16
                        ])),
                        ..Point::default()
                    }],
                )
            },
            |world| {
                pointed(
                    world,
                    &[Point {
                        name: Some(values::full_name(&vec![
                            values::uri("http://example.jp");
                            17
                        ])),
                        ..Point::default()
                    }],
                )
            },
            Refused("DistributionPoint/TooManyNames"),
        ),
        case(
            "a directory name with an empty part",
            right,
            |world| {
                let name = values::directory(&der::sequence([der::element(0x31, &[])]));
                pointed(
                    world,
                    &[Point {
                        name: Some(values::full_name(&[name])),
                        ..Point::default()
                    }],
                )
            },
            Refused("DistributionPoint/Name"),
        ),
        case(
            "a point that is not one",
            right,
            |world| {
                with(
                    world,
                    names::CRL_DISTRIBUTION_POINTS,
                    der::sequence([der::null()]),
                )
            },
            Refused("DistributionPoint/Der"),
        ),
    ]
}

#[test]
fn malformed_certificates_and_extensions() {
    check(&cases());
}

#[test]
fn an_anchor_has_a_name_and_a_supported_key() {
    let world = World::small();
    let root = world.root.certify_authority(&world.root);
    let anchor =
        |certificate: &CertificateSpec| PathAnchor::from_der(&world.root.sign(certificate));
    assert!(anchor(&root).is_ok());
    let nameless = CertificateSpec {
        subject: names::name([]),
        ..root.clone()
    };
    let rule = |result: Result<PathAnchor, PathError>| result.map_err(|error| error.rule()).err();
    assert_eq!(rule(anchor(&nameless)), Some("empty_subject"));
    let keyless = CertificateSpec {
        subject_public_key_info: der::sequence([
            der::sequence([der::object_identifier("1.3.101.112")]),
            der::bit_string(&[7; 32]),
        ]),
        ..root
    };
    assert_eq!(rule(anchor(&keyless)), Some("public_key"));
    assert_eq!(rule(PathAnchor::from_der(&[5, 0])), Some("not_der"));
}
