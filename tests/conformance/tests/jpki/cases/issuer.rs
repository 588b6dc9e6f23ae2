//! Who issued the leaf: generations under one name, forgeries, the other authority, other profiles.

use sandbox::der;
use sandbox::mint::{CaKind, Extension, Extensions as _, names};

use crate::scene::{Scene, authentication, replace, signing, test_authentication, test_signing};
use crate::table::Ruling::Refused;
use crate::table::{Case, refused};
use crate::world::{generation, world};

const KIND: CaKind = CaKind::UserAuthentication;

/// A leaf of the second generation.
fn second_generation() -> Scene {
    Scene::new(KIND, 2)
}

/// The issuer's name in other letters, with other spaces.
fn other_letters() -> Scene {
    let mut scene = authentication();
    scene.leaf.spec.issuer = issuer("jpki ", "JPKI  for USER authentication");
    scene
}

/// An authority key identifier whose issuer and serial are of nobody here: only hints.
fn other_issuer_and_serial() -> Scene {
    let mut scene = authentication();
    let key_id = generation(KIND, 3).key.key_id();
    let name = names::user_authentication_subject("nobody");
    let extension = Extension::authority_key_identifier(&key_id, &name, &[1]);
    scene.leaf_extension(extension);
    scene
}

fn issuer(organization: &str, unit: &str) -> Vec<u8> {
    names::name([
        names::country(),
        names::utf8("2.5.4.10", organization),
        names::utf8("2.5.4.11", unit),
        names::utf8(
            "2.5.4.11",
            "Japan Agency for Local Authority Information Systems",
        ),
    ])
}

fn name_key(scene: &mut Scene, key_id: &[u8]) {
    scene.leaf_extension(Extension::signer_key_identifier(key_id));
}

fn flip(mut whole: Vec<u8>, at: usize) -> Vec<u8> {
    whole[at] ^= 1;
    whole
}

pub(crate) static CASES: &[Case] = &[
    refused(
        "issuer: its generation is no anchor",
        "unknown_issuer_key",
        second_generation,
        |scene| {
            scene.anchors = vec![1, 3];
        },
    )
    .offline(Refused("issuer_unknown")),
    refused(
        "issuer: only an older generation is an anchor",
        "unknown_issuer_key",
        authentication,
        |scene| {
            scene.anchors = vec![1];
        },
    )
    .offline(Refused("issuer_unknown")),
    refused(
        "issuer: the key identifier is another generation's",
        "issuer_signature",
        authentication,
        |scene| {
            name_key(scene, &generation(KIND, 2).key.key_id());
        },
    ),
    refused(
        "issuer: the key identifier is nobody's",
        "unknown_issuer_key",
        authentication,
        |scene| {
            name_key(scene, &[7; 20]);
        },
    )
    .offline(Refused("issuer_unknown")),
    refused(
        "issuer: no authorityKeyIdentifier",
        "extension_missing",
        authentication,
        |scene| {
            scene.without_leaf_extension(names::AUTHORITY_KEY_IDENTIFIER);
        },
    ),
    refused(
        "issuer: authorityKeyIdentifier without a key",
        "no_authority_key_identifier",
        authentication,
        |scene| {
            let name =
                der::context_constructed(1, &names::directory_name(&KIND.distinguished_name()));
            let value = der::sequence([name, der::context_primitive(2, &[1])]);
            scene.leaf_extension(Extension::plain(names::AUTHORITY_KEY_IDENTIFIER, value));
        },
    )
    .offline(Refused("issuer_unknown")),
    refused(
        "issuer: authorityKeyIdentifier with an issuer and no serial",
        "half_authority",
        other_issuer_and_serial,
        |scene| {
            let key = der::context_primitive(0, &generation(KIND, 3).key.key_id());
            let name = names::directory_name(&names::user_authentication_subject("nobody"));
            let value = der::sequence([key, der::context_constructed(1, &name)]);
            scene.leaf_extension(Extension::plain(names::AUTHORITY_KEY_IDENTIFIER, value));
        },
    )
    .offline(Refused("issuer_unknown")),
    refused(
        "issuer: signed by another generation",
        "issuer_signature",
        authentication,
        |scene| {
            scene.leaf.key = &generation(KIND, 2).key;
        },
    ),
    refused(
        "issuer: signed by a generation that is no anchor",
        "issuer_signature",
        anchors_1_and_3,
        |scene| {
            scene.leaf.key = &generation(KIND, 2).key;
        },
    ),
    refused(
        "issuer: forged, with the authority's name and key identifier",
        "issuer_signature",
        authentication,
        |scene| {
            scene.leaf.key = &world().stranger;
        },
    ),
    refused(
        "issuer: forged, with the authority's name and an own key",
        "unknown_issuer_key",
        authentication,
        |scene| {
            name_key(scene, &world().stranger.key_id());
            scene.leaf.key = &world().stranger;
        },
    )
    .offline(Refused("issuer_unknown")),
    refused(
        "issuer: the leaf signs itself",
        "unknown_issuer_key",
        authentication,
        |scene| {
            scene.leaf.spec.issuer.clone_from(&scene.leaf.spec.subject);
            name_key(scene, &world().holder.key_id());
            scene.leaf.key = &world().holder;
        },
    )
    .offline(Refused("issuer_unknown")),
    refused(
        "issuer: a card's key signs with the authority's name",
        "unknown_issuer_key",
        authentication,
        |scene| {
            name_key(scene, &world().holder.key_id());
            scene.leaf.key = &world().holder;
        },
    )
    .offline(Refused("issuer_name")),
    refused(
        "issuer: one letter of its name is another",
        "issuer_name",
        other_letters,
        |scene| {
            scene.leaf.spec.issuer = issuer("jpkj ", "JPKI  for USER authentication");
        },
    ),
    refused(
        "issuer: a word of its name is run together",
        "issuer_name",
        other_letters,
        |scene| {
            scene.leaf.spec.issuer = issuer("jpki ", "JPKI for userauthentication");
        },
    ),
    refused(
        "issuer: one more part of its name",
        "issuer_name",
        authentication,
        |scene| {
            let name = KIND.distinguished_name();
            scene.leaf.spec.issuer = der::sequence([&name[3..], &names::utf8("2.5.4.3", "x")]);
        },
    ),
    refused(
        "issuer: its name is the other authority's",
        "issuer_name",
        authentication,
        |scene| {
            scene.leaf.spec.issuer = CaKind::DigitalSignature.distinguished_name();
        },
    ),
    refused(
        "issuer: the other authority's key signs",
        "issuer_signature",
        authentication,
        |scene| {
            scene.leaf.key = &generation(CaKind::DigitalSignature, 3).key;
        },
    ),
    refused(
        "issuer: a signing leaf under the roots for user authentication",
        "unknown_issuer_key",
        signing,
        |scene| {
            scene.authority = CaKind::UserAuthentication;
        },
    )
    .offline(Refused("issuer_unknown")),
    refused(
        "issuer: a user-authentication leaf under the roots for signing",
        "unknown_issuer_key",
        authentication,
        |scene| {
            scene.authority = CaKind::DigitalSignature;
        },
    )
    .offline(Refused("issuer_unknown")),
    refused(
        "issuer: an intermediate between",
        "unknown_issuer_key",
        authentication,
        |scene| {
            let key = &world().stranger;
            let mut between = generation_certificate(key);
            replace(&mut between, |between| {
                between.with_extension(Extension::signer_key_identifier(
                    &generation(KIND, 3).key.key_id(),
                ))
            });
            scene.intermediates = vec![between.sign(&generation(KIND, 3).key)];
            name_key(scene, &key.key_id());
            scene.leaf.key = key;
        },
    )
    .offline(Refused("intermediate_forbidden")),
    refused(
        "issuer: a bit of the signature is flipped",
        "issuer_signature",
        authentication,
        |scene| {
            scene.leaf.after = |whole| {
                let at = whole.len() - 100;
                flip(whole, at)
            };
        },
    ),
    refused(
        "issuer: a bit of the subject's key is flipped",
        "issuer_signature",
        authentication,
        |scene| {
            scene.leaf.after = |whole| {
                let key = &world().holder.subject_public_key_info();
                let at = whole
                    .windows(key.len())
                    .position(|part| part == *key)
                    .unwrap();
                flip(whole, at + 100)
            };
        },
    ),
    refused(
        "issuer: the serial is exchanged after signing",
        "issuer_signature",
        authentication,
        |scene| {
            scene.leaf.after = |whole| {
                let serial = der::small_integer(crate::scene::SERIAL);
                let at = whole
                    .windows(serial.len())
                    .position(|part| part == serial)
                    .unwrap();
                flip(whole, at + serial.len() - 1)
            };
        },
    ),
    refused(
        "issuer: no signature",
        "issuer_signature",
        authentication,
        |scene| {
            scene.leaf.sign = |_, _| Vec::new();
        },
    ),
    refused(
        "profile: a signing leaf offered for user authentication",
        "extension_missing",
        signing,
        |scene| {
            scene.profile = "jpki-user-authentication";
        },
    ),
    refused(
        "profile: a user-authentication leaf offered for signing",
        "extension_forbidden",
        authentication,
        |scene| {
            scene.profile = "jpki-signing";
        },
    ),
    refused(
        "profile: a test leaf in production, user authentication",
        "policy",
        test_authentication,
        |scene| {
            scene.profile = "jpki-user-authentication";
        },
    ),
    refused(
        "profile: a test leaf in production, signing",
        "policy",
        test_signing,
        |scene| {
            scene.profile = "jpki-signing";
        },
    ),
    refused(
        "profile: a production leaf among test leaves, user authentication",
        "policy",
        authentication,
        |scene| {
            scene.profile = "jpki-test-user-authentication";
        },
    ),
    refused(
        "profile: a production leaf among test leaves, signing",
        "policy",
        signing,
        |scene| {
            scene.profile = "jpki-test-signing";
        },
    ),
    refused(
        "profile: a test signing leaf offered for test user authentication",
        "extension_missing",
        test_signing,
        |scene| {
            scene.profile = "jpki-test-user-authentication";
        },
    ),
];

/// The second generation is no anchor.
fn anchors_1_and_3() -> Scene {
    let mut scene = authentication();
    scene.anchors = vec![1, 3];
    scene
}

/// An authority's certificate of the authority's own name for another key.
fn generation_certificate(key: &sandbox::mint::RsaKey) -> sandbox::mint::CertificateSpec {
    let scene = authentication().leaf.spec;
    sandbox::mint::CertificateSpec::root(KIND, 1, key)
        .with_validity(scene.not_before, scene.not_after)
}
