use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use num_bigint::BigUint;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::{Bare, DigestInfo, Hash, KEY, MESSAGE};
use crate::SignatureEncoding::{EcdsaDer, Pss};
use crate::public_key::tests::{P256, P384, P521, der, ec_spki};
use crate::{
    CrossCheck, Implementation, KeyAlgorithm, PublicKey, SignatureError, Signed, Verifier,
};

const REFUSED: Result<(), SignatureError> = Err(SignatureError::Mismatch);
const HASHES: [Hash; 3] = [Hash::Sha256, Hash::Sha384, Hash::Sha512];

/// Signs a digest.
type Sign = Box<dyn Fn(&[u8]) -> Vec<u8>>;

/// A key of one curve, minted anew for each test.
pub(super) struct Key {
    pub(super) public: PublicKey,
    /// The order of the curve (SP 800-186 section 3.2.1).
    order: BigUint,
    sign: Sign,
}

macro_rules! key {
    ($curve:ident, $identifier:expr, $octets:expr, $order:expr) => {{
        use $curve::ecdsa::signature::hazmat::PrehashSigner as _;
        let mut secret = [0; $octets];
        SystemRandom::new().fill(&mut secret).unwrap();
        // Below every order.
        secret[0] = 0;
        let key = $curve::ecdsa::SigningKey::from_slice(&secret).unwrap();
        let point = key.verifying_key().to_sec1_point(false);
        let spki = ec_spki(&der(6, $identifier), point.as_bytes());
        Key {
            public: PublicKey::from_spki_der(&spki).unwrap(),
            order: BigUint::parse_bytes($order, 16).unwrap(),
            sign: Box::new(move |digest| {
                let signature: $curve::ecdsa::DerSignature = key.sign_prehash(digest).unwrap();
                signature.as_bytes().to_vec()
            }),
        }
    }};
}

pub(super) fn p256() -> Key {
    key!(
        p256,
        P256,
        32,
        b"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
    )
}

fn p384() -> Key {
    key!(
        p384,
        P384,
        48,
        b"ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973"
    )
}

fn p521() -> Key {
    key!(
        p521,
        P521,
        66,
        b"1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409"
    )
}

impl Key {
    pub(super) fn sign(&self, hash: Hash) -> Vec<u8> {
        (self.sign)(&digest(hash))
    }

    fn verify(
        &self,
        hash: Hash,
        signed: Signed<'_>,
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        let verifier = Verifier::new(CrossCheck::All);
        let verdict = verifier.verify(&self.public, EcdsaDer, hash, signed, signature);
        assert_eq!(verifier.disagreements(), 0, "the implementations disagree");
        verdict
    }
}

fn digest(hash: Hash) -> Vec<u8> {
    match hash {
        Hash::Sha256 => Sha256::digest(MESSAGE).to_vec(),
        Hash::Sha384 => Sha384::digest(MESSAGE).to_vec(),
        Hash::Sha512 => Sha512::digest(MESSAGE).to_vec(),
    }
}

fn integer(number: &BigUint) -> Vec<u8> {
    let mut octets = number.to_bytes_be();
    if octets[0] & 0x80 != 0 {
        octets.insert(0, 0);
    }
    der(2, &octets)
}

/// r and s of a signature.
fn numbers(signature: &[u8]) -> (BigUint, BigUint) {
    let mut reader = crate::der::whole_sequence(signature).unwrap();
    let mut number = || BigUint::from_bytes_be(reader.integer().unwrap());
    (number(), number())
}

#[test]
fn every_curve_verifies_every_hash_as_message_and_as_digest() {
    for key in [p256(), p384(), p521()] {
        for hash in HASHES {
            let signature = key.sign(hash);
            let message = Signed::Message(MESSAGE);
            assert_eq!(key.verify(hash, message, &signature), Ok(()));
            let digest = digest(hash);
            assert_eq!(
                key.verify(hash, Signed::Digest(&digest), &signature),
                Ok(())
            );
            let other = Signed::Message(b"another");
            assert_eq!(key.verify(hash, other, &signature), REFUSED);
            for another in HASHES.into_iter().filter(|another| *another != hash) {
                assert_eq!(key.verify(another, message, &signature), REFUSED);
            }
        }
    }
}

#[test]
fn an_s_in_the_upper_half_is_as_good_as_in_the_lower() {
    for key in [p256(), p384(), p521()] {
        let (r, s) = numbers(&key.sign(Hash::Sha256));
        let half = &key.order >> 1;
        let negated = &key.order - &s;
        assert_ne!(s > half, negated > half);
        for s in [s, negated] {
            let signature = der(0x30, &[integer(&r), integer(&s)].concat());
            let verdict = key.verify(Hash::Sha256, Signed::Message(MESSAGE), &signature);
            assert_eq!(verdict, Ok(()));
        }
    }
}

#[test]
fn r_and_s_are_from_1_to_below_the_order() {
    for key in [p256(), p384(), p521()] {
        let (r, s) = numbers(&key.sign(Hash::Sha256));
        let verdict = |r: &BigUint, s: &BigUint| {
            let signature = der(0x30, &[integer(r), integer(s)].concat());
            key.verify(Hash::Sha256, Signed::Message(MESSAGE), &signature)
        };
        assert_eq!(verdict(&r, &s), Ok(()));
        let zero = BigUint::ZERO;
        for (r, s) in [
            (&zero, &s),
            (&r, &zero),
            (&zero, &zero),
            (&key.order, &s),
            (&r, &key.order),
            (&(&r + &key.order), &s),
            (&r, &(&s + &key.order)),
        ] {
            assert_eq!(verdict(r, s), REFUSED);
        }
    }
}

#[test]
fn a_signature_is_one_der_sequence_of_two_integers() {
    for key in [p256(), p384(), p521()] {
        let signature = key.sign(Hash::Sha256);
        let (r, s) = numbers(&signature);
        let (r_der, s_der) = (integer(&r), integer(&s));
        let verdict = |parts: &[&[u8]]| {
            let signature = der(0x30, &parts.concat());
            key.verify(Hash::Sha256, Signed::Message(MESSAGE), &signature)
        };
        assert_eq!(verdict(&[&r_der, &s_der]), Ok(()));
        assert_eq!(verdict(&[&r_der]), REFUSED);
        assert_eq!(verdict(&[&r_der, &s_der, &[5, 0]]), REFUSED);
        let padded = der(2, &[&[0, 0], s.to_bytes_be().as_slice()].concat());
        assert_eq!(verdict(&[&r_der, &padded]), REFUSED);
        let mut negative = s.to_bytes_be();
        negative[0] |= 0x80;
        assert_eq!(verdict(&[&r_der, &der(2, &negative)]), REFUSED);
        let whole =
            |signature: &[u8]| key.verify(Hash::Sha256, Signed::Message(MESSAGE), signature);
        assert_eq!(whole(&signature), Ok(()));
        assert_eq!(whole(&[signature.as_slice(), &[0]].concat()), REFUSED);
        assert_eq!(whole(&signature[..signature.len() - 1]), REFUSED);
        assert_eq!(whole(&[]), REFUSED);
        let side_by_side = [r.to_bytes_be(), s.to_bytes_be()].concat();
        assert_eq!(whole(&side_by_side), REFUSED);
        let mut set = signature.clone();
        set[0] = 0x31;
        assert_eq!(whole(&set), REFUSED);
    }
}

/// FIPS 186-5 section 6.4.2 step 2: the leftmost bits, as many as the order has.
#[test]
fn a_longer_digest_is_cut_to_its_leftmost_bits() {
    for (key, used) in [(p256(), 32), (p384(), 48), (p521(), 64)] {
        let right = digest(Hash::Sha512);
        let signature = key.sign(Hash::Sha512);
        for octet in [0, used - 1, 63] {
            let mut changed = right.clone();
            changed[octet] ^= 1;
            let verdict = key.verify(Hash::Sha512, Signed::Digest(&changed), &signature);
            let expected = if octet < used { REFUSED } else { Ok(()) };
            assert_eq!(verdict, expected, "octet {octet} of {used}");
        }
    }
}

#[test]
fn a_key_makes_only_its_own_encodings() {
    let elliptic = p256();
    let signature = elliptic.sign(Hash::Sha256);
    let cases = [
        (&KEY.public, EcdsaDer),
        (&elliptic.public, DigestInfo),
        (&elliptic.public, Bare),
        (&elliptic.public, Pss),
    ];
    for (key, encoding) in cases {
        let refused = Err(SignatureError::KeyAlgorithm {
            key: key.algorithm(),
            encoding,
        });
        let (hash, signed) = (Hash::Sha256, Signed::Message(MESSAGE));
        let verifier = Verifier::new(CrossCheck::All);
        let verdict = verifier.verify(key, encoding, hash, signed, &signature);
        assert_eq!(verdict, refused);
        assert_eq!((verifier.cross_checked(), verifier.disagreements()), (0, 0));
        for one in [Implementation::First, Implementation::Second] {
            let verdict = one.verify(key, encoding, hash, signed, &signature);
            assert_eq!(verdict, refused);
        }
    }
    assert_eq!(elliptic.public.algorithm(), KeyAlgorithm::EcP256);
    let signed = Signed::Message(MESSAGE);
    assert_eq!(elliptic.verify(Hash::Sha256, signed, &signature), Ok(()));
}
