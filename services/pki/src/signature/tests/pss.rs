use aws_lc_rs::signature::{
    RSA_PKCS1_SHA256, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
    RsaPssSaltLength, RsaSignatureEncoding,
};
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::{Bare, DigestInfo, Hash, KEY, MESSAGE, verify};
use crate::SignatureEncoding::Pss;
use crate::{SignatureError, Signed};

const REFUSED: Result<(), SignatureError> = Err(SignatureError::Mismatch);

#[test]
fn every_hash_verifies_as_message_and_as_digest() {
    let cases: [(_, &'static dyn RsaEncoding, _); 3] = [
        (
            Hash::Sha256,
            &RSA_PSS_SHA256,
            Sha256::digest(MESSAGE).to_vec(),
        ),
        (
            Hash::Sha384,
            &RSA_PSS_SHA384,
            Sha384::digest(MESSAGE).to_vec(),
        ),
        (
            Hash::Sha512,
            &RSA_PSS_SHA512,
            Sha512::digest(MESSAGE).to_vec(),
        ),
    ];
    for (hash, scheme, digest) in cases {
        let signature = KEY.sign_with(scheme, MESSAGE);
        let message = Signed::Message(MESSAGE);
        assert_eq!(verify(Pss, hash, message, &signature), Ok(()));
        let digest = Signed::Digest(&digest);
        assert_eq!(verify(Pss, hash, digest, &signature), Ok(()));
        let other = Signed::Message(b"another");
        assert_eq!(verify(Pss, hash, other, &signature), REFUSED);
        for another in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
            let expected = if another == hash { Ok(()) } else { REFUSED };
            assert_eq!(verify(Pss, another, message, &signature), expected);
        }
    }
}

/// The scheme with salts of these lengths.
macro_rules! salted {
    ($scheme:ident: $($length:expr),*) => {
        [$({
            const SALTED: RsaSignatureEncoding = $scheme.with_pss_salt_length($length);
            let scheme: &'static dyn RsaEncoding = &SALTED;
            scheme
        }),*]
    };
}

#[test]
fn a_salt_is_exactly_as_long_as_the_hash() {
    use RsaPssSaltLength::{Custom, Digest, Max};
    let cases = [
        (
            Hash::Sha256,
            salted!(RSA_PSS_SHA256: Custom(32), Digest, Custom(0), Custom(20), Custom(31), Custom(33), Max),
        ),
        (
            Hash::Sha384,
            salted!(RSA_PSS_SHA384: Custom(48), Digest, Custom(0), Custom(32), Custom(47), Custom(49), Max),
        ),
        (
            Hash::Sha512,
            salted!(RSA_PSS_SHA512: Custom(64), Digest, Custom(0), Custom(32), Custom(63), Custom(65), Max),
        ),
    ];
    for (hash, schemes) in cases {
        for (index, scheme) in schemes.into_iter().enumerate() {
            let signature = KEY.sign_with(scheme, MESSAGE);
            let expected = if index < 2 { Ok(()) } else { REFUSED };
            let verdict = verify(Pss, hash, Signed::Message(MESSAGE), &signature);
            assert_eq!(verdict, expected, "{scheme:?}");
        }
    }
}

#[test]
fn pss_and_pkcs1_are_never_taken_for_each_other() {
    let message = Signed::Message(MESSAGE);
    let pss = KEY.sign_with(&RSA_PSS_SHA256, MESSAGE);
    assert_eq!(verify(Pss, Hash::Sha256, message, &pss), Ok(()));
    assert_eq!(verify(DigestInfo, Hash::Sha256, message, &pss), REFUSED);
    assert_eq!(verify(Bare, Hash::Sha256, message, &pss), REFUSED);
    let pkcs1 = KEY.sign_with(&RSA_PKCS1_SHA256, MESSAGE);
    assert_eq!(verify(DigestInfo, Hash::Sha256, message, &pkcs1), Ok(()));
    assert_eq!(verify(Pss, Hash::Sha256, message, &pkcs1), REFUSED);
}

#[test]
fn a_signature_has_exactly_the_length_of_the_modulus_and_is_below_it() {
    let message = Signed::Message(MESSAGE);
    let signature = KEY.sign_with(&RSA_PSS_SHA256, MESSAGE);
    assert_eq!(verify(Pss, Hash::Sha256, message, &signature), Ok(()));
    let longer = [&[0], signature.as_slice()].concat();
    let modulus = KEY.public.rsa().unwrap().modulus();
    for wrong in [longer.as_slice(), &signature[1..], &[], modulus] {
        assert_eq!(verify(Pss, Hash::Sha256, message, wrong), REFUSED);
    }
}

#[test]
fn a_digest_of_another_length_is_an_error_of_its_own() {
    let signature = KEY.sign_with(&RSA_PSS_SHA256, MESSAGE);
    let digest = Sha256::digest(MESSAGE);
    for (hash, expected) in [(Hash::Sha384, 48), (Hash::Sha512, 64)] {
        let found = 32;
        assert_eq!(
            verify(Pss, hash, Signed::Digest(&digest), &signature),
            Err(SignatureError::DigestLength { expected, found })
        );
    }
}
