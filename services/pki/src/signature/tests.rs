mod disagreement;
mod ecdsa;
mod pss;

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::RsaEncoding;
use num_bigint::BigUint;
use rsa::pkcs8::DecodePrivateKey;
use rsa::traits::PrivateKeyParts;
use rsa::{Pkcs1v15Sign, PrivateKey};
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::{CrossCheck, HashAlgorithm, SignatureEncoding, SignatureError, Signed, Verifier};
use crate::PublicKey;
use crate::second_opinion;

use HashAlgorithm as Hash;
use SignatureEncoding::{Pkcs1V15BareHash as Bare, Pkcs1V15DigestInfo as DigestInfo};

const MESSAGE: &[u8] = b"a challenge";

struct Key {
    public: PublicKey,
    private: PrivateKey,
    pair: KeyPair,
}

/// One key for all tests; minted anew in every run.
static KEY: LazyLock<Key> = LazyLock::new(new_key);

fn new_key() -> Key {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let private = PrivateKey::from_pkcs8_der(pkcs8.as_ref()).unwrap();
    let spki: aws_lc_rs::encoding::PublicKeyX509Der<'_> =
        aws_lc_rs::signature::KeyPair::public_key(&pair)
            .as_der()
            .unwrap();
    Key {
        public: PublicKey::from_spki_der(spki.as_ref()).unwrap(),
        private,
        pair,
    }
}

impl Key {
    fn sign(&self, scheme: Pkcs1v15Sign, digest: &[u8]) -> Vec<u8> {
        self.private.sign(scheme, digest).unwrap()
    }

    /// A signature over a message, PSS or not.
    fn sign_with(&self, scheme: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; 256];
        self.pair
            .sign(scheme, &SystemRandom::new(), message, &mut signature)
            .unwrap();
        signature
    }

    /// The private operation on any padded message, for signatures nobody should accept.
    fn sign_raw(&self, encoded: &[u8]) -> Vec<u8> {
        let exponent = BigUint::from_bytes_be(&self.private.d().to_be_bytes());
        let modulus = BigUint::from_bytes_be(self.public.rsa().unwrap().modulus());
        let signature = BigUint::from_bytes_be(encoded)
            .modpow(&exponent, &modulus)
            .to_bytes_be();
        [vec![0; 256 - signature.len()], signature].concat()
    }
}

fn verify(
    encoding: SignatureEncoding,
    hash: HashAlgorithm,
    signed: Signed<'_>,
    signature: &[u8],
) -> Result<(), SignatureError> {
    let verifier = Verifier::new(CrossCheck::All);
    let verdict = verifier.verify(&KEY.public, encoding, hash, signed, signature);
    assert_eq!(verifier.disagreements(), 0, "the implementations disagree");
    verdict
}

#[test]
fn every_hash_verifies_as_message_and_as_digest() {
    let cases = [
        (
            Hash::Sha256,
            Pkcs1v15Sign::new::<Sha256>(),
            Sha256::digest(MESSAGE).to_vec(),
        ),
        (
            Hash::Sha384,
            Pkcs1v15Sign::new::<Sha384>(),
            Sha384::digest(MESSAGE).to_vec(),
        ),
        (
            Hash::Sha512,
            Pkcs1v15Sign::new::<Sha512>(),
            Sha512::digest(MESSAGE).to_vec(),
        ),
    ];
    for (hash, scheme, digest) in cases {
        let signature = KEY.sign(scheme, &digest);
        assert_eq!(
            verify(DigestInfo, hash, Signed::Message(MESSAGE), &signature),
            Ok(())
        );
        assert_eq!(
            verify(DigestInfo, hash, Signed::Digest(&digest), &signature),
            Ok(())
        );
        let bare = KEY.sign(Pkcs1v15Sign::new_unprefixed(), &digest);
        assert_eq!(verify(Bare, hash, Signed::Message(MESSAGE), &bare), Ok(()));
        assert_eq!(verify(Bare, hash, Signed::Digest(&digest), &bare), Ok(()));
    }
}

#[test]
fn one_encoding_is_never_taken_for_the_other() {
    let digest = Sha256::digest(MESSAGE);
    let standard = KEY.sign(Pkcs1v15Sign::new::<Sha256>(), &digest);
    let bare = KEY.sign(Pkcs1v15Sign::new_unprefixed(), &digest);
    let refused = Err(SignatureError::Mismatch);
    assert_eq!(
        verify(Bare, Hash::Sha256, Signed::Digest(&digest), &standard),
        refused
    );
    assert_eq!(
        verify(DigestInfo, Hash::Sha256, Signed::Digest(&digest), &bare),
        refused
    );
}

#[test]
fn another_message_hash_or_key_does_not_verify() {
    let digest = Sha256::digest(MESSAGE);
    let signature = KEY.sign(Pkcs1v15Sign::new::<Sha256>(), &digest);
    let refused = Err(SignatureError::Mismatch);
    assert_eq!(
        verify(
            DigestInfo,
            Hash::Sha256,
            Signed::Message(b"another"),
            &signature
        ),
        refused
    );
    assert_eq!(
        verify(
            DigestInfo,
            Hash::Sha384,
            Signed::Message(MESSAGE),
            &signature
        ),
        refused
    );
    let mut changed = signature;
    changed[100] ^= 1;
    assert_eq!(
        verify(DigestInfo, Hash::Sha256, Signed::Message(MESSAGE), &changed),
        refused
    );
}

#[test]
fn a_signature_has_exactly_the_length_of_the_modulus() {
    let digest = Sha256::digest(MESSAGE);
    for (encoding, scheme) in [
        (DigestInfo, Pkcs1v15Sign::new::<Sha256>()),
        (Bare, Pkcs1v15Sign::new_unprefixed()),
    ] {
        let signature = KEY.sign(scheme, &digest);
        let longer = [&[0], signature.as_slice()].concat();
        for wrong in [longer.as_slice(), &signature[1..], &[]] {
            assert_eq!(
                verify(encoding, Hash::Sha256, Signed::Digest(&digest), wrong),
                Err(SignatureError::Mismatch)
            );
        }
    }
}

#[test]
fn a_representative_of_the_modulus_or_more_is_refused() {
    let digest = Sha256::digest(MESSAGE);
    let modulus = KEY.public.rsa().unwrap().modulus();
    for encoding in [DigestInfo, Bare] {
        let verdict = verify(encoding, Hash::Sha256, Signed::Digest(&digest), modulus);
        assert_eq!(verdict, Err(SignatureError::Mismatch));
    }
}

/// `DigestInfo` of SHA-256 in its one accepted form, then the padding around it.
fn padded(block_type: u8, padding_octet: u8, padding: usize, rest: &[u8]) -> Vec<u8> {
    let mut encoded = [
        &[0, block_type],
        vec![padding_octet; padding].as_slice(),
        &[0],
        rest,
    ]
    .concat();
    encoded.resize(256, 0xaa);
    encoded
}

#[test]
fn every_other_padding_is_refused() {
    let digest = Sha256::digest(MESSAGE).to_vec();
    let algorithm = [
        0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
    ];
    let with_null = [
        &[0x30, 0x31, 0x30, 0x0d],
        &algorithm[..],
        &[0x04, 0x20],
        &digest,
    ]
    .concat();
    let without_null = [
        &[0x30, 0x2f, 0x30, 0x0b],
        &algorithm[..11],
        &[0x04, 0x20],
        &digest,
    ]
    .concat();
    let verdict = |encoded: &[u8]| {
        verify(
            DigestInfo,
            Hash::Sha256,
            Signed::Digest(&digest),
            &KEY.sign_raw(encoded),
        )
    };
    assert_eq!(verdict(&padded(1, 0xff, 202, &with_null)), Ok(()));
    let refused = Err(SignatureError::Mismatch);
    // RFC 8017 allows leaving out the NULL in some uses; JPKI has it, and one form is enough.
    assert_eq!(verdict(&padded(1, 0xff, 204, &without_null)), refused);
    assert_eq!(verdict(&padded(2, 0xff, 202, &with_null)), refused);
    assert_eq!(verdict(&padded(1, 0xfe, 202, &with_null)), refused);
    // Short padding with rubbish behind the hash: Bleichenbacher's forgery.
    assert_eq!(verdict(&padded(1, 0xff, 8, &with_null)), refused);
    let bare_verdict = |encoded: &[u8]| {
        verify(
            Bare,
            Hash::Sha256,
            Signed::Digest(&digest),
            &KEY.sign_raw(encoded),
        )
    };
    assert_eq!(bare_verdict(&padded(1, 0xff, 221, &digest)), Ok(()));
    assert_eq!(bare_verdict(&padded(1, 0xff, 8, &digest)), refused);
    assert_eq!(bare_verdict(&padded(2, 0xff, 221, &digest)), refused);
}

#[test]
fn a_digest_of_another_length_is_an_error_of_its_own() {
    let digest = Sha256::digest(MESSAGE);
    let signature = KEY.sign(Pkcs1v15Sign::new_unprefixed(), &digest);
    assert_eq!(
        verify(Bare, Hash::Sha256, Signed::Digest(&digest[1..]), &signature),
        Err(SignatureError::DigestLength {
            expected: 32,
            found: 31
        })
    );
    // A hash that begins the padded text would verify if the length did not matter.
    assert_eq!(
        verify(Bare, Hash::Sha384, Signed::Digest(&digest), &signature),
        Err(SignatureError::DigestLength {
            expected: 48,
            found: 32
        })
    );
}

#[test]
fn the_share_of_second_readings_is_as_configured() {
    let read_twice = |cross_check| {
        let verifier = Verifier::new(cross_check);
        (0..8).filter(|_| verifier.wants_second_reader()).count()
    };
    assert_eq!(read_twice(CrossCheck::Off), 0);
    assert_eq!(read_twice(CrossCheck::Sampled { one_in: 4 }), 2);
    assert_eq!(read_twice(CrossCheck::All), 8);
}

#[test]
fn the_share_of_cross_checks_is_as_configured() {
    let digest = Sha256::digest(MESSAGE);
    let signature = KEY.sign(Pkcs1v15Sign::new::<Sha256>(), &digest);
    let checked = |cross_check| {
        let verifier = Verifier::new(cross_check);
        for _ in 0..8 {
            let signed = Signed::Message(MESSAGE);
            verifier
                .verify(&KEY.public, DigestInfo, Hash::Sha256, signed, &signature)
                .unwrap();
        }
        verifier.cross_checked()
    };
    assert_eq!(checked(CrossCheck::Off), 0);
    assert_eq!(checked(CrossCheck::Sampled { one_in: 4 }), 2);
    assert_eq!(checked(CrossCheck::Sampled { one_in: 1 }), 8);
    assert_eq!(checked(CrossCheck::Sampled { one_in: 0 }), 8);
    assert_eq!(checked(CrossCheck::All), 8);
}

#[test]
fn the_second_opinion_alone_refuses_what_does_not_verify() {
    let digest = Sha256::digest(MESSAGE);
    for (encoding, scheme) in [
        (DigestInfo, Pkcs1v15Sign::new::<Sha256>()),
        (Bare, Pkcs1v15Sign::new_unprefixed()),
    ] {
        let mut signature = KEY.sign(scheme, &digest);
        let second = |signature: &[u8]| {
            let signed = Signed::Message(MESSAGE);
            second_opinion::verifies(&KEY.public, encoding, Hash::Sha256, signed, signature)
        };
        assert!(second(&signature));
        signature[255] ^= 1;
        assert!(!second(&signature));
    }
}
