//! Signatures of every kind, over messages and digests.

use aws_lc_rs::digest::{self, SHA256, SHA384, SHA512};
use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
};
use fuzz_targets::input::octets;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::{Pkcs1v15Sign, PrivateKey};
use sandbox::der;

use crate::ocsp;

const MESSAGE: &[u8] = b"what was signed";

/// How an input chooses the encoding.
const BARE: u8 = 1 << 2;
const PSS: u8 = 2 << 2;
const ECDSA: u8 = 3 << 2;
/// How it chooses that the message is given.
const MESSAGE_GIVEN: u8 = 16;

/// One kind of hash, by its number in an input.
type Hash = (
    u8,
    &'static digest::Algorithm,
    [&'static dyn RsaEncoding; 2],
    &'static EcdsaSigningAlgorithm,
);

static HASHES: [Hash; 3] = [
    (
        0,
        &SHA256,
        [&RSA_PKCS1_SHA256, &RSA_PSS_SHA256],
        &ECDSA_P256_SHA256_ASN1_SIGNING,
    ),
    (
        1,
        &SHA384,
        [&RSA_PKCS1_SHA384, &RSA_PSS_SHA384],
        &ECDSA_P384_SHA384_ASN1_SIGNING,
    ),
    (
        2,
        &SHA512,
        [&RSA_PKCS1_SHA512, &RSA_PSS_SHA512],
        &ECDSA_P521_SHA512_ASN1_SIGNING,
    ),
];

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let key = ocsp::issuer_key();
    let spki = key.subject_public_key_info();
    let private = PrivateKey::from_pkcs8_der(key.pkcs8()).expect("an RSA key");
    let mut seeds = Vec::new();
    for (hash, algorithm, [pkcs1, pss], ecdsa) in HASHES {
        let digest = digest::digest(algorithm, MESSAGE);
        let bare = private
            .sign(Pkcs1v15Sign::new_unprefixed(), digest.as_ref())
            .expect("a key that was read can sign");
        let (ec_spki, ec_signature) = sign_ecdsa(ecdsa);
        for (spki, encoding, signature) in [
            (&spki, 0, key.sign_with(pkcs1, MESSAGE)),
            (&spki, BARE, bare),
            (&spki, PSS, key.sign_with(pss, MESSAGE)),
            (&ec_spki, ECDSA, ec_signature),
        ] {
            for (choice, signed) in [(0, digest.as_ref()), (MESSAGE_GIVEN, MESSAGE)] {
                seeds.push(der::concat([
                    spki.clone(),
                    octets(&[hash | encoding | choice]),
                    octets(signed),
                    signature.clone(),
                ]));
            }
        }
    }
    seeds
}

fn sign_ecdsa(algorithm: &'static EcdsaSigningAlgorithm) -> (Vec<u8>, Vec<u8>) {
    let pair = EcdsaKeyPair::generate(algorithm).expect("a key on the curve");
    let signature = pair
        .sign(&SystemRandom::new(), MESSAGE)
        .expect("a fresh key can sign");
    let spki: PublicKeyX509Der<'_> = pair
        .public_key()
        .as_der()
        .expect("a key that can be written");
    (spki.as_ref().to_vec(), signature.as_ref().to_vec())
}

#[test]
fn every_kind_of_signature_verifies() {
    for seed in seeds() {
        assert!(fuzz_targets::run("digest_info", &seed));
    }
}
