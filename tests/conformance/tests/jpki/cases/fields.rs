//! The fields of the leaf: version, serial, algorithms, validity, key, encoding.

use aws_lc_rs::signature::{RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256};
use conformance::issuer::NOW;
use sandbox::der;
use sandbox::mint::{EcKey, Extension, signature_algorithm};

use crate::scene::{Scene, authentication};
use crate::table::{Case, refused};

/// Its validity begins with the moment asked about.
fn begins_now() -> Scene {
    let mut scene = authentication();
    scene.leaf.spec.not_before = NOW;
    scene
}

/// Its validity ends with the moment asked about.
fn ends_now() -> Scene {
    let mut scene = authentication();
    scene.leaf.spec.not_after = NOW;
    scene
}

/// The validity of a second.
fn of_a_second() -> Scene {
    let mut scene = begins_now();
    scene.leaf.spec.not_after = NOW;
    scene
}

/// Its validity ends in 2050.
fn until_2050() -> Scene {
    let mut scene = authentication();
    scene.leaf.spec.not_after = pki::UnixTime::from_secs(2_524_608_000);
    scene
}

/// A serial of 20 octets.
fn long_serial() -> Scene {
    let mut scene = authentication();
    scene.leaf.spec.serial = der::element(0x02, &[0x7f; 20]);
    scene
}

/// A key of 4096 bits.
fn long_key() -> Scene {
    let mut scene = authentication();
    scene.leaf.spec.subject_public_key_info = rsa(&modulus(512), 65_537);
    scene
}

/// A key of 2048 bits that nobody has.
fn invented_key() -> Scene {
    let mut scene = authentication();
    scene.leaf.spec.subject_public_key_info = rsa(&modulus(256), 65_537);
    scene
}

/// An odd number of so many octets with its topmost bit.
fn modulus(octets: usize) -> Vec<u8> {
    vec![0xff; octets]
}

fn rsa(modulus: &[u8], exponent: u64) -> Vec<u8> {
    let key = [der::unsigned_integer(modulus), der::small_integer(exponent)];
    der::sequence([
        signature_algorithm("1.2.840.113549.1.1.1"),
        der::bit_string(&der::sequence(key)),
    ])
}

fn algorithm(scene: &mut Scene, algorithm: &[u8]) {
    scene.leaf.spec.inner_algorithm = algorithm.to_vec();
    scene.leaf.spec.outer_algorithm = algorithm.to_vec();
}

fn version(number: u64) -> Vec<u8> {
    der::context_constructed(0, &der::small_integer(number))
}

/// RSASSA-PSS with SHA-256, MGF1 with the same, and a salt of 32 octets.
fn pss() -> Vec<u8> {
    let sha256 = || signature_algorithm("2.16.840.1.101.3.4.2.1");
    let mask = der::sequence([der::object_identifier("1.2.840.113549.1.1.8"), sha256()]);
    let parameters = der::sequence([
        der::context_constructed(0, &sha256()),
        der::context_constructed(1, &mask),
        der::context_constructed(2, &der::small_integer(32)),
    ]);
    der::sequence([der::object_identifier("1.2.840.113549.1.1.10"), parameters])
}

/// The outermost length in one octet more than it takes.
fn longer_length(whole: &[u8]) -> Vec<u8> {
    assert_eq!(whole[..2], [0x30, 0x82]);
    [&[0x30, 0x83, 0], &whole[2..]].concat()
}

pub(crate) static CASES: &[Case] = &[
    refused(
        "validity: begins in a second",
        "not_yet_valid",
        begins_now,
        |scene| {
            scene.leaf.spec.not_before = NOW.plus_secs(1);
        },
    ),
    refused(
        "validity: ended a second ago",
        "expired",
        ends_now,
        |scene| {
            scene.leaf.spec.not_after = NOW.plus_secs(-1);
        },
    ),
    refused(
        "validity: asked a second too late",
        "expired",
        ends_now,
        |scene| {
            scene.now = NOW.plus_secs(1);
        },
    ),
    refused(
        "validity: ends before it begins",
        "empty_validity",
        of_a_second,
        |scene| {
            scene.leaf.spec.not_after = NOW.plus_secs(-1);
        },
    ),
    refused(
        "validity: GeneralizedTime before 2050",
        "not_der",
        authentication,
        |scene| {
            scene.leaf.spec.time = der::generalized_time;
        },
    ),
    refused(
        "validity: UTCTime from 2050 on",
        "empty_validity",
        until_2050,
        |scene| {
            scene.leaf.spec.time = der::utc_time;
        },
    ),
    refused("serial: zero", "serial_number", authentication, |scene| {
        scene.leaf.spec.serial = der::small_integer(0);
    }),
    refused(
        "serial: negative",
        "serial_number",
        authentication,
        |scene| {
            scene.leaf.spec.serial = der::element(0x02, &[0xff]);
        },
    ),
    refused("serial: 21 octets", "serial_number", long_serial, |scene| {
        scene.leaf.spec.serial = der::element(0x02, &[0x7f; 21]);
    }),
    refused(
        "serial: a zero in front",
        "not_der",
        authentication,
        |scene| {
            scene.leaf.spec.serial = der::element(0x02, &[0, 1]);
        },
    ),
    refused(
        "version: 1",
        "certificate_version",
        authentication,
        |scene| {
            scene.leaf.spec.version.clear();
        },
    ),
    refused(
        "version: 2",
        "certificate_version",
        authentication,
        |scene| {
            scene.leaf.spec.version = version(1);
        },
    ),
    refused(
        "version: 4",
        "certificate_version",
        authentication,
        |scene| {
            scene.leaf.spec.version = version(3);
        },
    ),
    refused(
        "unique identifier: the issuer's",
        "unique_identifier",
        authentication,
        |scene| {
            scene.leaf.spec.unique_identifiers = der::context_primitive(1, &[0, 0xaa]);
        },
    ),
    refused(
        "unique identifier: the subject's",
        "unique_identifier",
        authentication,
        |scene| {
            scene.leaf.spec.unique_identifiers = der::context_primitive(2, &[0, 0xaa]);
        },
    ),
    refused(
        "issuer: its name is empty",
        "empty_issuer",
        authentication,
        |scene| {
            scene.leaf.spec.issuer = der::sequence::<Vec<u8>>([]);
        },
    ),
    refused(
        "algorithm: said to be SHA-1 with RSA",
        "signature_algorithm",
        authentication,
        |scene| {
            algorithm(scene, &signature_algorithm("1.2.840.113549.1.1.5"));
        },
    ),
    refused(
        "algorithm: said to be MD5 with RSA",
        "signature_algorithm",
        authentication,
        |scene| {
            algorithm(scene, &signature_algorithm("1.2.840.113549.1.1.4"));
        },
    ),
    refused(
        "algorithm: SHA-384 with RSA",
        "signature_algorithm",
        authentication,
        |scene| {
            algorithm(scene, &signature_algorithm("1.2.840.113549.1.1.12"));
            scene.leaf.sign = |key, signed| key.sign_with(&RSA_PKCS1_SHA384, signed);
        },
    ),
    refused(
        "algorithm: SHA-512 with RSA",
        "signature_algorithm",
        authentication,
        |scene| {
            algorithm(scene, &signature_algorithm("1.2.840.113549.1.1.13"));
            scene.leaf.sign = |key, signed| key.sign_with(&RSA_PKCS1_SHA512, signed);
        },
    ),
    refused(
        "algorithm: RSASSA-PSS",
        "signature_algorithm",
        authentication,
        |scene| {
            algorithm(scene, &pss());
            scene.leaf.sign = |key, signed| key.sign_with(&RSA_PSS_SHA256, signed);
        },
    ),
    refused(
        "algorithm: RSASSA-PSS behind the name of the other",
        "issuer_signature",
        authentication,
        |scene| {
            scene.leaf.sign = |key, signed| key.sign_with(&RSA_PSS_SHA256, signed);
        },
    ),
    refused(
        "algorithm: said to be ECDSA",
        "signature_algorithm",
        authentication,
        |scene| {
            algorithm(
                scene,
                &der::sequence([der::object_identifier("1.2.840.10045.4.3.2")]),
            );
        },
    ),
    refused(
        "algorithm: without its NULL",
        "signature_parameters",
        authentication,
        |scene| {
            algorithm(
                scene,
                &der::sequence([der::object_identifier("1.2.840.113549.1.1.11")]),
            );
        },
    ),
    refused(
        "algorithm: another outside",
        "signature_algorithms_differ",
        authentication,
        |scene| {
            scene.leaf.spec.outer_algorithm = signature_algorithm("1.2.840.113549.1.1.12");
        },
    ),
    refused(
        "algorithm: another inside",
        "signature_algorithms_differ",
        authentication,
        |scene| {
            scene.leaf.spec.inner_algorithm = signature_algorithm("1.2.840.113549.1.1.12");
        },
    ),
    refused("key: 1024 bits", "public_key", invented_key, |scene| {
        scene.leaf.spec.subject_public_key_info = rsa(&modulus(128), 65_537);
    }),
    refused("key: 2047 bits", "public_key", invented_key, |scene| {
        let mut modulus = modulus(256);
        modulus[0] = 0x7f;
        scene.leaf.spec.subject_public_key_info = rsa(&modulus, 65_537);
    }),
    refused("key: 4104 bits", "public_key", long_key, |scene| {
        scene.leaf.spec.subject_public_key_info = rsa(&modulus(513), 65_537);
    }),
    refused("key: exponent 3", "public_key", invented_key, |scene| {
        scene.leaf.spec.subject_public_key_info = rsa(&modulus(256), 3);
    }),
    refused(
        "key: an even exponent",
        "public_key",
        invented_key,
        |scene| {
            scene.leaf.spec.subject_public_key_info = rsa(&modulus(256), 65_538);
        },
    ),
    refused(
        "key: an even modulus",
        "public_key",
        invented_key,
        |scene| {
            let mut modulus = modulus(256);
            modulus[255] = 0xfe;
            scene.leaf.spec.subject_public_key_info = rsa(&modulus, 65_537);
        },
    ),
    refused("key: EC P-256", "public_key", authentication, |scene| {
        scene.leaf.spec.subject_public_key_info =
            EcKey::generate().unwrap().subject_public_key_info();
    }),
    refused(
        "encoding: an octet behind",
        "not_der",
        authentication,
        |scene| {
            scene.leaf.spec.trailing = vec![0];
        },
    ),
    refused(
        "encoding: an element behind the extensions",
        "not_der",
        authentication,
        |scene| {
            scene.leaf.before = |signed| der::sequence([&signed[4..], &der::null()]);
        },
    ),
    refused(
        "encoding: a longer length, not signed",
        "not_der",
        authentication,
        |scene| {
            scene.leaf.after = |whole| longer_length(&whole);
        },
    ),
    refused(
        "encoding: a longer length, signed",
        "not_der",
        authentication,
        |scene| {
            scene.leaf.before = |whole| longer_length(&whole);
        },
    ),
    refused(
        "encoding: an indefinite length",
        "not_der",
        authentication,
        |scene| {
            scene.leaf.after = |whole| [&[0x30, 0x80], &whole[4..], &[0, 0]].concat();
        },
    ),
    refused("encoding: cut short", "not_der", authentication, |scene| {
        scene.leaf.after = |mut whole| {
            whole.pop();
            whole
        };
    }),
    refused(
        "encoding: a signature of fewer bits",
        "not_der",
        authentication,
        |scene| {
            scene.leaf.after = |mut whole| {
                // The octet in front of the signature says how many bits of its last are unused.
                let at = whole.len() - 257;
                whole[at] = 1;
                let last = whole.len() - 1;
                whole[last] &= 0xfe;
                whole
            };
        },
    ),
    refused(
        "encoding: more octets than are read",
        "certificate_too_large",
        authentication,
        |scene| {
            let padding = der::octet_string(&vec![0; 33_000]);
            scene.leaf_extension(Extension::plain("1.3.6.1.4.1.55555.2", padding));
        },
    ),
];
