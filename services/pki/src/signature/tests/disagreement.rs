use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding};

use super::{CrossCheck, Hash, KEY, MESSAGE, Verifier, ecdsa, new_key};
use crate::public_key::Curve;
use crate::{PublicKey, SignatureEncoding, SignatureError, Signed};

const REFUSED: Result<(), SignatureError> = Err(SignatureError::CrossCheckDisagreement);

fn ask(
    verifier: &Verifier,
    key: &PublicKey,
    encoding: SignatureEncoding,
    signature: &[u8],
) -> Result<(), SignatureError> {
    let signed = Signed::Message(MESSAGE);
    verifier.verify(key, encoding, Hash::Sha256, signed, signature)
}

#[test]
fn a_disagreement_refuses_and_is_counted() {
    let verifier = Verifier::new(CrossCheck::All);
    assert_eq!(verifier.compare(true, true), Ok(()));
    assert_eq!(verifier.compare(false, false), Ok(()));
    assert_eq!(verifier.disagreements(), 0);
    assert_eq!(verifier.compare(true, false), REFUSED);
    assert_eq!(verifier.compare(false, true), REFUSED);
    assert_eq!((verifier.disagreements(), verifier.cross_checked()), (2, 4));
}

/// The first implementation holds one key and the second another: each signature is by one of them.
fn check(second: (&PublicKey, &[u8]), first: (&PublicKey, &[u8]), encoding: SignatureEncoding) {
    let verifier = Verifier::new(CrossCheck::All);
    assert_eq!(ask(&verifier, second.0, encoding, second.1), Ok(()));
    assert_eq!(ask(&verifier, first.0, encoding, first.1), Ok(()));
    assert_eq!((verifier.disagreements(), verifier.cross_checked()), (0, 2));
    let torn = second.0.with_first_of(first.0);
    assert_eq!(ask(&verifier, &torn, encoding, first.1), REFUSED);
    assert_eq!(ask(&verifier, &torn, encoding, second.1), REFUSED);
    assert_eq!((verifier.disagreements(), verifier.cross_checked()), (2, 4));
    // Without a second opinion nobody notices: it is the cross-check that refuses.
    let alone = Verifier::new(CrossCheck::Off);
    assert_eq!(ask(&alone, &torn, encoding, first.1), Ok(()));
}

#[test]
fn a_disagreement_about_rsa_refuses_whichever_accepts() {
    let other = new_key();
    let schemes: [(_, &'static dyn RsaEncoding); 2] = [
        (SignatureEncoding::Pkcs1V15DigestInfo, &RSA_PKCS1_SHA256),
        (SignatureEncoding::Pss, &RSA_PSS_SHA256),
    ];
    for (encoding, scheme) in schemes {
        check(
            (&KEY.public, &KEY.sign_with(scheme, MESSAGE)),
            (&other.public, &other.sign_with(scheme, MESSAGE)),
            encoding,
        );
    }
}

#[test]
fn a_disagreement_about_ecdsa_refuses_whichever_accepts() {
    let (one, other) = (ecdsa::p256(), ecdsa::p256());
    check(
        (&one.public, &one.sign(Hash::Sha256)),
        (&other.public, &other.sign(Hash::Sha256)),
        SignatureEncoding::EcdsaDer,
    );
}

/// What the first implementation let pass as a point, the second looks at again.
#[test]
fn a_point_off_the_curve_that_the_first_lets_pass_is_a_disagreement() {
    let key = ecdsa::p256();
    let signature = key.sign(Hash::Sha256);
    let verifier = Verifier::new(CrossCheck::All);
    let encoding = SignatureEncoding::EcdsaDer;
    let on = key.public.ec().unwrap().point();
    let again = PublicKey::of_unchecked_point(Curve::P256, on).with_first_of(&key.public);
    assert_eq!(ask(&verifier, &again, encoding, &signature), Ok(()));
    let mut off = on.to_vec();
    off[64] ^= 1;
    let off = PublicKey::of_unchecked_point(Curve::P256, &off).with_first_of(&key.public);
    assert_eq!(ask(&verifier, &off, encoding, &signature), REFUSED);
    assert_eq!(verifier.disagreements(), 1);
}
