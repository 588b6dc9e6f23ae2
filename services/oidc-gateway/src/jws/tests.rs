//! Known vectors, and a second implementation for RSA.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::signature::{RandomizedSigner as _, SignatureEncoding as _, Signer as _};
use rsa::traits::PublicKeyParts as _;

use super::*;

/// RFC 7515 appendix A.3: ES256.
const RFC_7515_A3: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

fn ec_key() -> JsonWebKey {
    JsonWebKey {
        kid: "k".to_owned(),
        kty: "EC".to_owned(),
        crv: Some("P-256".to_owned()),
        x: Some("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU".to_owned()),
        y: Some("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0".to_owned()),
        n: None,
        e: None,
        alg: None,
        public_key_use: None,
        d: None,
    }
}

fn rsa_key(private: &rsa::PrivateKey) -> JsonWebKey {
    let public = private.to_public_key();
    JsonWebKey {
        kty: "RSA".to_owned(),
        crv: None,
        x: None,
        y: None,
        n: Some(URL_SAFE_NO_PAD.encode(public.n_bytes())),
        e: Some(URL_SAFE_NO_PAD.encode(public.e_bytes())),
        ..ec_key()
    }
}

/// A key made by one library and used by the other.
fn fresh_rsa(size: aws_lc_rs::rsa::KeySize) -> rsa::PrivateKey {
    use aws_lc_rs::encoding::AsDer as _;
    let pair = aws_lc_rs::rsa::KeyPair::generate(size).unwrap();
    let pkcs8: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().unwrap();
    rsa::PrivateKey::from_pkcs8_der(pkcs8.as_ref()).unwrap()
}

#[test]
fn the_es256_vector_of_rfc_7515_verifies_and_a_changed_one_does_not() {
    let key = PublicKey::from_jwk(&ec_key(), Algorithm::Es256).unwrap();
    assert!(
        UnverifiedJws::parse(RFC_7515_A3)
            .unwrap()
            .verify(&key)
            .is_ok()
    );
    let changed = RFC_7515_A3.replace("eyJpc3Mi", "eyJpc3Nj");
    assert_eq!(
        UnverifiedJws::parse(&changed).unwrap().verify(&key),
        Err(JwsError::Signature)
    );
}

#[test]
fn signatures_of_the_rsa_crate_verify_under_their_own_algorithm_only() {
    let private = fresh_rsa(aws_lc_rs::rsa::KeySize::Rsa2048);
    let key = rsa_key(&private);
    let token = |alg: &str, sign: &dyn Fn(&[u8]) -> Vec<u8>| {
        let input = signing_input(&serde_json::json!({ "alg": alg }), &serde_json::json!({}));
        let signature = sign(input.as_bytes());
        compact(&input, &signature)
    };
    let pkcs1 = rsa::pkcs1v15::SigningKey::<sha2::Sha256>::new(private.clone());
    let pss = rsa::pss::SigningKey::<sha2::Sha256>::new(private);
    let rs256 = |message: &[u8]| pkcs1.sign(message).to_vec();
    let ps256 = |message: &[u8]| pss.sign_with_rng(&mut Rng, message).to_vec();
    let verified = |token: &str, algorithm| {
        let key = PublicKey::from_jwk(&key, algorithm).unwrap();
        UnverifiedJws::parse(token).unwrap().verify(&key).map(drop)
    };
    assert_eq!(verified(&token("RS256", &rs256), Algorithm::Rs256), Ok(()));
    assert_eq!(verified(&token("PS256", &ps256), Algorithm::Ps256), Ok(()));
    assert_eq!(
        verified(&token("RS256", &rs256), Algorithm::Ps256),
        Err(JwsError::Algorithm)
    );
    assert_eq!(
        verified(&token("PS256", &rs256), Algorithm::Ps256),
        Err(JwsError::Signature)
    );
    assert_eq!(
        verified(&token("RS256", &ps256), Algorithm::Rs256),
        Err(JwsError::Signature)
    );
}

#[test]
fn a_header_that_asks_for_extensions_or_is_no_object_is_refused() {
    let with_header = |header: &str| format!("{}.e30.AA", URL_SAFE_NO_PAD.encode(header));
    assert!(UnverifiedJws::parse(&with_header(r#"{"alg":"ES256","x":1}"#)).is_ok());
    for header in [
        r#"{"alg":"ES256","crit":["exp"]}"#,
        r#"{"alg":"ES256","alg":"none"}"#,
        r#"{"alg":1}"#,
        "{}",
        "[]",
        "",
    ] {
        assert!(
            UnverifiedJws::parse(&with_header(header)).is_err(),
            "{header}"
        );
    }
}

#[test]
fn only_three_strict_base64url_parts_are_a_compact_jws() {
    assert!(UnverifiedJws::parse(RFC_7515_A3).is_ok());
    for spoiled in [
        RFC_7515_A3.replacen('.', "", 1),
        format!("{RFC_7515_A3}."),
        format!("{RFC_7515_A3}="),
        RFC_7515_A3.replace('-', "+"),
        format!(" {RFC_7515_A3}"),
        // The last character carries four bits that must be zero.
        format!("{}R", &RFC_7515_A3[..RFC_7515_A3.len() - 1]),
    ] {
        assert!(UnverifiedJws::parse(&spoiled).is_err(), "{spoiled}");
    }
}

#[test]
fn keys_that_do_not_fit_their_algorithm_are_refused() {
    let es256 = |key: &JsonWebKey| PublicKey::from_jwk(key, Algorithm::Es256).map(drop);
    assert!(es256(&ec_key()).is_ok());
    let base = ec_key;
    assert_eq!(
        es256(&JsonWebKey {
            d: Some(serde::de::IgnoredAny),
            ..base()
        }),
        Err(KeyError::PrivatePart)
    );
    for spoiled in [
        JsonWebKey {
            crv: Some("P-384".to_owned()),
            ..base()
        },
        JsonWebKey {
            crv: None,
            ..base()
        },
        JsonWebKey {
            kty: "RSA".to_owned(),
            ..base()
        },
        JsonWebKey {
            public_key_use: Some("enc".to_owned()),
            ..base()
        },
        JsonWebKey {
            alg: Some("ES384".to_owned()),
            ..base()
        },
        JsonWebKey {
            y: base().x,
            ..base()
        },
        JsonWebKey { x: None, ..base() },
        JsonWebKey {
            x: Some("AA".to_owned()),
            ..base()
        },
    ] {
        assert!(es256(&spoiled).is_err(), "{spoiled:?}");
    }
}

#[test]
fn attack_33_short_rsa_keys_and_odd_exponents_are_refused() {
    let good = rsa_key(&fresh_rsa(aws_lc_rs::rsa::KeySize::Rsa2048));
    let rs256 = |key: &JsonWebKey| PublicKey::from_jwk(key, Algorithm::Rs256).map(drop);
    assert_eq!(rs256(&good), Ok(()));
    let modulus = URL_SAFE_NO_PAD.decode(good.n.as_ref().unwrap()).unwrap();
    let with_modulus = |octets: &[u8]| JsonWebKey {
        n: Some(URL_SAFE_NO_PAD.encode(octets)),
        ..good.clone()
    };
    let short = [&[0x7f], &modulus[1..]].concat();
    assert_eq!(
        rs256(&with_modulus(&modulus[..128])),
        Err(KeyError::ModulusSize { bits: 1024 })
    );
    assert_eq!(
        rs256(&with_modulus(&short)),
        Err(KeyError::ModulusSize { bits: 2047 })
    );
    assert!(rs256(&with_modulus(&[&[0], &modulus[..]].concat())).is_err());
    let odd = JsonWebKey {
        e: Some("Aw".to_owned()),
        ..good
    };
    assert_eq!(rs256(&odd), Err(KeyError::Exponent));
}

/// The operating system's generator in the form that the `rsa` crate wants.
struct Rng;

impl rsa::rand_core::TryRng for Rng {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(u32::from_ne_bytes(crate::bearer::random_octets().unwrap()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(u64::from_ne_bytes(crate::bearer::random_octets().unwrap()))
    }

    fn try_fill_bytes(&mut self, octets: &mut [u8]) -> Result<(), Self::Error> {
        aws_lc_rs::rand::fill(octets).unwrap();
        Ok(())
    }
}

impl rsa::rand_core::TryCryptoRng for Rng {}
