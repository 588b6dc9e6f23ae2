use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair,
};

use super::{EC_PUBLIC_KEY, KeyAlgorithm, PublicKey, PublicKeyError, RSA_ENCRYPTION};
use crate::{DerError, Profile};

pub(crate) fn der(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = u16::try_from(contents.len()).unwrap().to_be_bytes();
    let header = match length {
        [0, short @ 0..0x80] => vec![tag, short],
        [0, long] => vec![tag, 0x81, long],
        [high, low] => vec![tag, 0x82, high, low],
    };
    [header.as_slice(), contents].concat()
}

fn spki(parameters: &[u8], modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let key = der(0x30, &[der(0x02, modulus), der(0x02, exponent)].concat());
    let algorithm = der(0x30, &[&der(0x06, RSA_ENCRYPTION), parameters].concat());
    der(
        0x30,
        &[algorithm, der(0x03, &[&[0], key.as_slice()].concat())].concat(),
    )
}

const NULL: &[u8] = &[5, 0];
const F4: &[u8] = &[1, 0, 1];

/// A number of this many bits, all ones.
fn modulus(bits: usize) -> Vec<u8> {
    let mut octets = vec![0xff; bits.div_ceil(8)];
    octets[0] >>= octets.len() * 8 - bits;
    if octets[0] & 0x80 != 0 {
        octets.insert(0, 0);
    }
    octets
}

fn read(modulus: &[u8], exponent: &[u8]) -> Result<PublicKey, PublicKeyError> {
    PublicKey::from_spki_der(&spki(NULL, modulus, exponent))
}

#[test]
fn a_modulus_has_2048_to_8192_bits_and_on_cards_to_4096() {
    let key = read(&modulus(2048), F4).unwrap();
    let rsa = key.rsa().unwrap();
    assert_eq!((rsa.modulus().len(), rsa.exponent()), (256, 65_537));
    let wrong = |bits| read(&modulus(bits), F4).unwrap_err();
    assert_eq!(wrong(2047), PublicKeyError::ModulusSize { bits: 2047 });
    assert_eq!(wrong(8193), PublicKeyError::ModulusSize { bits: 8193 });
    assert_eq!(
        read(&[0], F4).unwrap_err(),
        PublicKeyError::ModulusSize { bits: 0 }
    );
    for (bits, on_a_card) in [(2048, true), (4096, true), (4097, false), (8192, false)] {
        let key = read(&modulus(bits), F4).unwrap();
        let modulus_bits = bits;
        assert_eq!(key.algorithm(), KeyAlgorithm::Rsa { modulus_bits });
        let card = Profile::by_name("jpki-signing").unwrap();
        assert_eq!(card.allows_key(key.algorithm()), on_a_card);
    }
}

#[test]
fn a_modulus_is_odd_and_positive() {
    let mut even = modulus(2048);
    *even.last_mut().unwrap() = 0xfe;
    assert_eq!(read(&even, F4).unwrap_err(), PublicKeyError::EvenModulus);
    assert_eq!(
        read(&[0x80; 256], F4).unwrap_err(),
        DerError::Integer.into()
    );
}

#[test]
fn an_exponent_is_odd_and_at_least_65537() {
    let wrong = |exponent: &[u8]| read(&modulus(2048), exponent).unwrap_err();
    assert_eq!(wrong(&[3]), PublicKeyError::Exponent);
    assert_eq!(wrong(&[0, 0xff, 0xff]), PublicKeyError::Exponent);
    assert_eq!(wrong(&[1, 0, 2]), PublicKeyError::Exponent);
    assert_eq!(wrong(&[2, 0, 0, 0, 1]), PublicKeyError::Exponent);
    assert_eq!(wrong(&[1; 9]), PublicKeyError::Exponent);
    assert!(read(&modulus(2048), &[1, 0xff, 0xff, 0xff, 0xff]).is_ok());
}

#[test]
fn the_algorithm_is_rsa_with_null_parameters() {
    let read = |parameters| PublicKey::from_spki_der(&spki(parameters, &modulus(2048), F4));
    assert!(read(NULL).is_ok());
    assert_eq!(read(&[]).unwrap_err(), PublicKeyError::Parameters);
    assert_eq!(read(&[5, 0, 5, 0]).unwrap_err(), PublicKeyError::Parameters);
    let mut other = spki(NULL, &modulus(2048), F4);
    let algorithm = other
        .windows(9)
        .position(|octets| octets == RSA_ENCRYPTION)
        .unwrap();
    other[algorithm + 8] = 2;
    let error = PublicKey::from_spki_der(&other).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the key's algorithm is 1.2.840.113549.1.1.2, not rsaEncryption or id-ecPublicKey (RFC 3279 \
         section 2.3)"
    );
}

#[test]
fn nothing_follows_the_key() {
    let right = spki(NULL, &modulus(2048), F4);
    let refused = |bytes: &[u8]| PublicKey::from_spki_der(bytes).unwrap_err();
    let trailing = |octets| DerError::TrailingBytes { octets }.into();
    assert_eq!(refused(&[right.as_slice(), &[0]].concat()), trailing(1));
    assert_eq!(
        refused(&der(0x30, &[&right[4..], NULL].concat())),
        trailing(2)
    );
    let numbers = [der(0x02, &modulus(2048)), der(0x02, F4), NULL.to_vec()].concat();
    let key = [&[0], der(0x30, &numbers).as_slice()].concat();
    let algorithm = der(0x30, &[&der(0x06, RSA_ENCRYPTION), NULL].concat());
    let longer = der(0x30, &[algorithm, der(0x03, &key)].concat());
    assert_eq!(refused(&longer), trailing(2));
}

/// The three curves: how to mint a key, its object identifier, its name, and octets of a point.
const CURVES: [(&EcdsaSigningAlgorithm, &[u8], KeyAlgorithm, usize); 3] = [
    (
        &ECDSA_P256_SHA256_ASN1_SIGNING,
        P256,
        KeyAlgorithm::EcP256,
        65,
    ),
    (
        &ECDSA_P384_SHA384_ASN1_SIGNING,
        P384,
        KeyAlgorithm::EcP384,
        97,
    ),
    (
        &ECDSA_P521_SHA512_ASN1_SIGNING,
        P521,
        KeyAlgorithm::EcP521,
        133,
    ),
];
pub(crate) const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
pub(crate) const P384: &[u8] = &[0x2b, 0x81, 0x04, 0, 0x22];
pub(crate) const P521: &[u8] = &[0x2b, 0x81, 0x04, 0, 0x23];

pub(crate) fn ec_spki(parameters: &[u8], point: &[u8]) -> Vec<u8> {
    let algorithm = der(0x30, &[&der(0x06, EC_PUBLIC_KEY), parameters].concat());
    der(
        0x30,
        &[algorithm, der(0x03, &[&[0], point].concat())].concat(),
    )
}

fn refused(spki: &[u8]) -> PublicKeyError {
    PublicKey::from_spki_der(spki).unwrap_err()
}

#[test]
fn a_point_on_each_curve_is_read() {
    for (minted, curve, algorithm, octets) in CURVES {
        let pair = EcdsaKeyPair::generate(minted).unwrap();
        let point = pair.public_key().as_ref();
        assert_eq!(point.len(), octets);
        let ours = ec_spki(&der(6, curve), point);
        let theirs: aws_lc_rs::encoding::PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        assert_eq!(ours, theirs.as_ref());
        let key = PublicKey::from_spki_der(&ours).unwrap();
        assert_eq!(key.algorithm(), algorithm);
        assert!(key.rsa().is_none());
        assert_eq!(key, PublicKey::from_spki_der(&ours).unwrap());
    }
}

#[test]
fn a_point_is_uncompressed_and_of_its_curve() {
    for (minted, curve, _, expected) in CURVES {
        let pair = EcdsaKeyPair::generate(minted).unwrap();
        let point = pair.public_key().as_ref();
        let wrong = |point: &[u8]| refused(&ec_spki(&der(6, curve), point));
        let form = PublicKeyError::PointForm { expected };
        let half = point.len() / 2;
        let compressed = [&[2 | (point[point.len() - 1] & 1)], &point[1..=half]].concat();
        assert_eq!(wrong(&compressed), form);
        let hybrid = [&[6 | (point[point.len() - 1] & 1)], &point[1..]].concat();
        assert_eq!(wrong(&hybrid), form);
        assert_eq!(wrong(&[0]), form, "the point at infinity");
        assert_eq!(wrong(&[]), form);
        assert_eq!(wrong(&point[..point.len() - 1]), form);
        assert_eq!(wrong(&[point, &[0]].concat()), form);
    }
    let pair = EcdsaKeyPair::generate(CURVES[0].0).unwrap();
    let elsewhere = ec_spki(&der(6, P384), pair.public_key().as_ref());
    assert_eq!(
        refused(&elsewhere),
        PublicKeyError::PointForm { expected: 97 }
    );
}

#[test]
fn a_point_off_the_curve_is_refused() {
    for (minted, curve, _, octets) in CURVES {
        let pair = EcdsaKeyPair::generate(minted).unwrap();
        let on = pair.public_key().as_ref();
        let mut off = on.to_vec();
        off[octets - 1] ^= 1;
        let mut beyond = vec![0xff; octets];
        beyond[0] = 4;
        for wrong in [off, beyond] {
            let spki = ec_spki(&der(6, curve), &wrong);
            assert_eq!(refused(&spki), PublicKeyError::PointNotOnCurve);
        }
    }
}

#[test]
fn a_curve_is_named_and_one_of_three() {
    let pair = EcdsaKeyPair::generate(CURVES[0].0).unwrap();
    let point = pair.public_key().as_ref();
    let named = der(6, P256);
    assert!(PublicKey::from_spki_der(&ec_spki(&named, point)).is_ok());
    // implicitCurve and specifiedCurve, and parameters left out.
    for unnamed in [NULL, &der(0x30, &[2, 1, 1]), &[]] {
        assert_eq!(
            refused(&ec_spki(unnamed, point)),
            PublicKeyError::UnnamedCurve
        );
    }
    let more = [named.as_slice(), NULL].concat();
    assert_eq!(
        refused(&ec_spki(&more, point)),
        DerError::TrailingBytes { octets: 2 }.into()
    );
    // secp256k1, whose points are as long as those of P-256.
    let koblitz = der(6, &[0x2b, 0x81, 0x04, 0, 0x0a]);
    assert_eq!(
        refused(&ec_spki(&koblitz, point)).to_string(),
        "the curve is 1.3.132.0.10, not P-256, P-384 or P-521 (RFC 5480 section 2.1.1.1)"
    );
    let mut longer = ec_spki(&named, point);
    longer[1] += 2;
    longer.extend_from_slice(NULL);
    assert_eq!(
        refused(&longer),
        DerError::TrailingBytes { octets: 2 }.into()
    );
}

#[test]
fn debug_shows_only_the_algorithm() {
    let key = read(&modulus(2048), F4).unwrap();
    assert_eq!(format!("{key:?}"), "PublicKey(RSA-2048)");
    let rsa = key.rsa().unwrap();
    assert_eq!(format!("{rsa:?}"), "RsaPublicKey(2048 bits)");
    let pair = EcdsaKeyPair::generate(CURVES[2].0).unwrap();
    let key = PublicKey::from_spki_der(&ec_spki(&der(6, P521), pair.public_key().as_ref()));
    assert_eq!(format!("{:?}", key.unwrap()), "PublicKey(EC P-521)");
}
