//! Signature algorithms and keys: RFC 5280 sections 4.1.1.2, 4.1.2.7 and 6.1.3 (a) (1).

use conformance::path::{Key, World};
use sandbox::der;
use sandbox::mint::CertificateSpec;

use crate::case::Outcome::{Refused, Valid};
use crate::case::{Case, case, check};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = algorithms();
    cases.extend(keys());
    cases
}

fn algorithm(world: World, algorithm: &[u8]) -> World {
    world.leaf(|leaf| CertificateSpec {
        inner_algorithm: algorithm.to_vec(),
        outer_algorithm: algorithm.to_vec(),
        ..leaf
    })
}

fn null_algorithm(world: World, oid: &str) -> World {
    let parts = [der::object_identifier(oid), der::null()];
    algorithm(world, &der::sequence(parts))
}

fn algorithms() -> Vec<Case> {
    vec![
        case(
            "another algorithm outside",
            World::small,
            |world| {
                world.leaf(|leaf| CertificateSpec {
                    outer_algorithm: Key::p384().algorithm().to_vec(),
                    ..leaf
                })
            },
            Refused("Certificate/signature_algorithms_differ"),
        ),
        case(
            "SHA-1 with RSA",
            World::small,
            |world| null_algorithm(world, "1.2.840.113549.1.1.5"),
            Refused("SignatureAlgorithm/signature_algorithm"),
        ),
        case(
            "MD5 with RSA",
            World::small,
            |world| null_algorithm(world, "1.2.840.113549.1.1.4"),
            Refused("SignatureAlgorithm/signature_algorithm"),
        ),
        case(
            "SHA-1 with ECDSA",
            World::small,
            |world| {
                algorithm(
                    world,
                    &der::sequence([der::object_identifier("1.2.840.10045.4.1")]),
                )
            },
            Refused("SignatureAlgorithm/signature_algorithm"),
        ),
        case(
            "ECDSA with parameters",
            World::small,
            |world| null_algorithm(world, "1.2.840.10045.4.3.2"),
            Refused("SignatureAlgorithm/signature_parameters"),
        ),
        case(
            "PSS with a number where a hash is",
            World::small,
            |world| {
                let parameters =
                    der::sequence([der::context_constructed(0, &der::small_integer(1))]);
                let identifier = der::object_identifier("1.2.840.113549.1.1.10");
                algorithm(world, &der::sequence([identifier, parameters]))
            },
            Refused("SignatureAlgorithm/not_der"),
        ),
        case(
            "an algorithm of another kind of key",
            World::small,
            |world| null_algorithm(world, "1.2.840.113549.1.1.11"),
            Refused("IssuerSignature"),
        ),
        case(
            "P-384",
            World::small,
            |world| world.rekey(0, &Key::p384()),
            Valid,
        ),
        case(
            "P-521",
            World::small,
            |world| world.rekey(0, &Key::p521()),
            Valid,
        ),
        case(
            "RSA-2048",
            World::small,
            |world| world.rekey(0, &Key::rsa()),
            Valid,
        ),
        case(
            "PSS",
            World::small,
            |world| world.rekey(0, &Key::rsa_pss()),
            Valid,
        ),
    ]
}

/// `RSAPublicKey` with a modulus of this many octets.
fn rsa(octets: usize, last: u8, exponent: u64) -> Vec<u8> {
    let mut modulus = vec![0xc5; octets];
    modulus[octets - 1] = last;
    der::sequence([
        der::unsigned_integer(&modulus),
        der::small_integer(exponent),
    ])
}

fn with_rsa(world: World, key: &[u8]) -> World {
    let algorithm = der::sequence([der::object_identifier("1.2.840.113549.1.1.1"), der::null()]);
    world.rekey(0, &Key::broken(&algorithm, key))
}

fn with_ec(world: World, parameters: &[u8], point: &[u8]) -> World {
    let algorithm = [&der::object_identifier("1.2.840.10045.2.1"), parameters];
    world.rekey(0, &Key::broken(&der::sequence(algorithm), point))
}

fn keys() -> Vec<Case> {
    vec![
        case(
            "RSA-1024",
            World::small,
            |world| with_rsa(world, &rsa(128, 1, 65_537)),
            Refused("PublicKey/modulus_size"),
        ),
        case(
            "an even modulus",
            World::small,
            |world| with_rsa(world, &rsa(256, 2, 65_537)),
            Refused("PublicKey/even_modulus"),
        ),
        case(
            "exponent 3",
            World::small,
            |world| with_rsa(world, &rsa(256, 1, 3)),
            Refused("PublicKey/exponent"),
        ),
        case(
            "an RSA key that is not one",
            World::small,
            |world| with_rsa(world, &[5, 0]),
            Refused("PublicKey/not_der"),
        ),
        case(
            "RSA without NULL",
            World::small,
            |world| {
                let algorithm = der::sequence([der::object_identifier("1.2.840.113549.1.1.1")]);
                world.rekey(0, &Key::broken(&algorithm, &rsa(256, 1, 65_537)))
            },
            Refused("PublicKey/key_parameters"),
        ),
        case(
            "Ed25519",
            World::small,
            |world| {
                let algorithm = der::sequence([der::object_identifier("1.3.101.112")]);
                world.rekey(0, &Key::broken(&algorithm, &[7; 32]))
            },
            Refused("PublicKey/key_algorithm"),
        ),
        case(
            "a curve without a name",
            World::small,
            |world| with_ec(world, &der::null(), &[4; 65]),
            Refused("PublicKey/unnamed_curve"),
        ),
        case(
            "secp256k1",
            World::small,
            |world| with_ec(world, &der::object_identifier("1.3.132.0.10"), &[4; 65]),
            Refused("PublicKey/unsupported_curve"),
        ),
        case(
            "a compressed point",
            World::small,
            |world| {
                with_ec(
                    world,
                    &der::object_identifier("1.2.840.10045.3.1.7"),
                    &[2; 33],
                )
            },
            Refused("PublicKey/point_form"),
        ),
        case(
            "a point beside the curve",
            World::small,
            |world| {
                with_ec(
                    world,
                    &der::object_identifier("1.2.840.10045.3.1.7"),
                    &[4; 65],
                )
            },
            Refused("PublicKey/point_not_on_curve"),
        ),
    ]
}

#[test]
fn algorithms_and_keys() {
    check(&cases());
}
