//! Attacks on how an assertion is signed. The twin of each is an honest assertion that passes beside it.

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::assertion::Assertion;
use crate::browser::get;
use crate::client_assertions::{honest, only_the_honest_one_passes};
use crate::proof::{fresh_key, jwk};
use crate::world::{ClientKey, World};

#[tokio::test]
async fn attack_21_an_unsigned_assertion_is_refused() {
    let world = World::new().await;
    for none in ["none", "None", "nOnE", "NONE", ""] {
        let unsigned = honest(&world).header("alg", json!(none));
        let signature = world.alpha.key.sign(unsigned.signing_input().as_bytes());
        for signature in [&[][..], &signature] {
            let assertion = unsigned.with_signature(signature);
            assert!(!world.alpha.proves(&world, &assertion).await, "{none}");
        }
    }
    // Under an honest header, with the signature left off.
    let input = honest(&world).signing_input();
    for stripped in [input.clone(), format!("{input}."), format!("{input}.AA")] {
        assert!(!world.alpha.proves(&world, &stripped).await, "{stripped}");
    }
    assert!(world.alpha.proves(&world, &world.alpha.assertion()).await);
}

/// What somebody may take the client's public key for: a secret that it shares with the provider.
fn spellings_of(key: &ClientKey) -> Vec<Vec<u8>> {
    let (raw, spki) = match key {
        ClientKey::Es256(pair) => {
            let spki: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
            (pair.public_key().as_ref().to_vec(), spki.as_ref().to_vec())
        }
        ClientKey::Rs256(pair) | ClientKey::Ps256(pair) => {
            let spki: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
            (pair.public_key().as_ref().to_vec(), spki.as_ref().to_vec())
        }
    };
    let encoded = STANDARD.encode(&spki);
    let lines: Vec<&str> = encoded
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        lines.join("\n")
    );
    vec![
        raw,
        spki,
        encoded.clone().into_bytes(),
        pem.trim_end().as_bytes().to_vec(),
        pem.into_bytes(),
        jwk(key).to_string().into_bytes(),
        Vec::new(),
    ]
}

#[tokio::test]
async fn attack_22_hmac_under_a_public_key_is_refused() {
    let world = World::new().await;
    let published = get(
        &world.router,
        "/api/realms/main/protocol/openid-connect/certs",
    )
    .await
    .body;
    for party in [&world.alpha, &world.beta, &world.gamma] {
        let mut secrets = spellings_of(&party.key);
        secrets.push(published.clone().into_bytes());
        for secret in secrets {
            for (name, algorithm) in [
                ("HS256", hmac::HMAC_SHA256),
                ("HS512", hmac::HMAC_SHA512),
                // The tag under the header of the algorithm that is registered.
                (party.key.algorithm(), hmac::HMAC_SHA256),
            ] {
                let symmetric = Assertion::of(party).header("alg", json!(name));
                let key = hmac::Key::new(algorithm, &secret);
                let tag = hmac::sign(&key, symmetric.signing_input().as_bytes());
                let assertion = symmetric.with_signature(tag.as_ref());
                assert!(!party.proves(&world, &assertion).await, "{name}");
            }
        }
        assert!(party.proves(&world, &party.assertion()).await);
    }
}

#[tokio::test]
async fn attack_24_a_key_that_is_not_registered_under_its_name_is_refused() {
    let world = World::new().await;
    only_the_honest_one_passes(
        &world,
        [
            ("unknown", honest(&world).header("kid", json!("key-2"))),
            (
                "path",
                honest(&world).header("kid", json!("../../../dev/null")),
            ),
            ("sql", honest(&world).header("kid", json!("' OR '1'='1"))),
            ("number", honest(&world).header("kid", json!(1))),
            ("critical", honest(&world).header("crit", json!(["exp"]))),
        ],
    )
    .await;
    // With a single key registered, its name may be left out.
    let unnamed = honest(&world).without_header("kid");
    let unnamed = unnamed.signed_by(&world.alpha.key);
    assert!(world.alpha.proves(&world, &unnamed).await);
}

#[tokio::test]
async fn attack_24_keys_that_an_assertion_brings_along_are_ignored_and_never_fetched() {
    let world = World::new().await;
    let stranger = fresh_key();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let address = json!(format!("http://127.0.0.1:{port}/keys"));
    let certificate = json!([STANDARD.encode(&spellings_of(&stranger)[1])]);
    for (name, value) in [
        ("jwk", jwk(&stranger)),
        ("jku", address.clone()),
        ("x5u", address.clone()),
        ("x5c", certificate),
        ("jwks_uri", address),
    ] {
        let brought = || honest(&world).header(name, value.clone());
        for spoiled in [
            brought(),
            brought().without_header("kid"),
            brought().header("kid", json!("key-of-a-stranger")),
        ] {
            let assertion = spoiled.signed_by(&stranger);
            assert!(!world.alpha.proves(&world, &assertion).await, "{name}");
        }
        let assertion = brought().signed_by(&world.alpha.key);
        assert!(world.alpha.proves(&world, &assertion).await, "{name}");
    }
    assert!(listener.accept().is_err(), "somebody connected");
}

#[tokio::test]
async fn attack_33_signatures_have_one_form() {
    let world = World::new().await;
    let assertion = honest(&world);
    let good = world.alpha.key.sign(assertion.signing_input().as_bytes());
    let der = der_signature(&good);
    let zero_r = [&[0; 32], &good[32..]].concat();
    let zero_s = [&good[..32], &[0; 32]].concat();
    let long = [&good[..], &[0]].concat();
    let order = hex::decode(ORDER).unwrap();
    let big_r = [&order[..], &good[32..]].concat();
    let big_s = [&good[..32], &order].concat();
    let other_curve = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
    let message = assertion.signing_input();
    let other_curve = other_curve.sign(&SystemRandom::new(), message.as_bytes());
    for spoiled in [
        &der,
        &zero_r,
        &zero_s,
        &big_r,
        &big_s,
        &other_curve.unwrap().as_ref().to_vec(),
        &long,
        &good[..63].to_vec(),
        &vec![0; 64],
    ] {
        assert!(
            !world
                .alpha
                .proves(&world, &assertion.with_signature(spoiled))
                .await
        );
    }
    // Padding and other spellings of the same octets are refused too.
    let padded = format!("{}==", assertion.with_signature(&good));
    assert!(!world.alpha.proves(&world, &padded).await);
    assert!(
        world
            .alpha
            .proves(&world, &assertion.with_signature(&good))
            .await
    );
}

/// `(r, n - s)` verifies wherever `(r, s)` does (no rule of ES256 chooses between them), and an assertion is no other for
/// being signed in the other way: it is still used once.
#[tokio::test]
async fn attack_33_the_other_half_of_a_signature_is_no_second_assertion() {
    let world = World::new().await;
    for _ in 0..4 {
        for begins_mirrored in [false, true] {
            let assertion = honest(&world);
            let signature = world.alpha.key.sign(assertion.signing_input().as_bytes());
            let mut both = [
                assertion.with_signature(&signature),
                assertion.with_signature(&mirrored(&signature)),
            ];
            assert_ne!(both[0], both[1]);
            if begins_mirrored {
                both.reverse();
            }
            assert!(world.alpha.proves(&world, &both[0]).await);
            assert!(!world.alpha.proves(&world, &both[1]).await);
        }
    }
}

/// The order n of P-256's group.
const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

fn mirrored(signature: &[u8]) -> Vec<u8> {
    let mut s = hex::decode(ORDER).unwrap();
    let mut borrow = 0;
    for (digit, taken) in s.iter_mut().zip(&signature[32..]).rev() {
        let difference = i16::from(*digit) - i16::from(*taken) - borrow;
        borrow = i16::from(difference < 0);
        *digit = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    [&signature[..32], &s].concat()
}

fn der_signature(raw: &[u8]) -> Vec<u8> {
    let integer = |octets: &[u8]| {
        let mut body: Vec<u8> = octets
            .iter()
            .copied()
            .skip_while(|octet| *octet == 0)
            .collect();
        if body[0] >= 0x80 {
            body.insert(0, 0);
        }
        [vec![2, u8::try_from(body.len()).unwrap()], body].concat()
    };
    let body = [integer(&raw[..32]), integer(&raw[32..])].concat();
    [vec![0x30, u8::try_from(body.len()).unwrap()], body].concat()
}
