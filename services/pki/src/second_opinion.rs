//! The second implementation: what it computes shares no code with the first.
//!
//! | encoding | first | second |
//! |---|---|---|
//! | DigestInfo | aws-lc | `rsa` over `sha2` |
//! | bare hash | `rsa` (hash by aws-lc) | rebuilt padding and `num-bigint` (hash by `sha2`) |
//! | PSS | aws-lc | `rsa` over `sha2` |
//! | ECDSA | aws-lc | `p256`, `p384` or `p521` over `sha2` |

use num_bigint::BigUint;
use rsa::{BoxedUint, Pkcs1v15Sign};
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::public_key::{Curve, EcPublicKey};
use crate::{HashAlgorithm, PublicKey, RsaPublicKey, SignatureEncoding, Signed};

/// Whether the second implementation accepts the signature; a digest has the length of the hash.
pub(crate) fn verifies(
    key: &PublicKey,
    encoding: SignatureEncoding,
    hash: HashAlgorithm,
    signed: Signed<'_>,
    signature: &[u8],
) -> bool {
    let digest = match signed {
        Signed::Digest(digest) => digest.to_vec(),
        Signed::Message(message) => match hash {
            HashAlgorithm::Sha256 => Sha256::digest(message).to_vec(),
            HashAlgorithm::Sha384 => Sha384::digest(message).to_vec(),
            HashAlgorithm::Sha512 => Sha512::digest(message).to_vec(),
        },
    };
    match (encoding, key.rsa(), key.ec()) {
        (SignatureEncoding::Pkcs1V15DigestInfo, Some(key), _) => {
            let scheme = match hash {
                HashAlgorithm::Sha256 => Pkcs1v15Sign::new::<Sha256>(),
                HashAlgorithm::Sha384 => Pkcs1v15Sign::new::<Sha384>(),
                HashAlgorithm::Sha512 => Pkcs1v15Sign::new::<Sha512>(),
            };
            pkcs1(key, scheme, &digest, signature)
        }
        (SignatureEncoding::Pkcs1V15BareHash, Some(key), _) => {
            bare_hash_by_big_number(key, &digest, signature)
        }
        (SignatureEncoding::Pss, Some(key), _) => pss(key, hash, &digest, signature),
        (SignatureEncoding::EcdsaDer, _, Some(key)) => ecdsa(key, &digest, signature),
        _ => false,
    }
}

/// Verifies a padded bare hash with the `rsa` crate.
pub(crate) fn bare_hash_by_rsa(key: &RsaPublicKey, digest: &[u8], signature: &[u8]) -> bool {
    pkcs1(key, Pkcs1v15Sign::new_unprefixed(), digest, signature)
}

fn pkcs1(key: &RsaPublicKey, scheme: Pkcs1v15Sign, digest: &[u8], signature: &[u8]) -> bool {
    // RFC 8017 section 8.2.2 step 1.
    signature.len() == key.modulus().len()
        && rsa_key(key).is_some_and(|key| key.verify(scheme, digest, signature).is_ok())
}

/// RFC 8017 section 8.1.2, with MGF1 over the same hash and a salt of exactly its length.
fn pss(key: &RsaPublicKey, hash: HashAlgorithm, digest: &[u8], signature: &[u8]) -> bool {
    if signature.len() != key.modulus().len() {
        return false;
    }
    rsa_key(key).is_some_and(|key| {
        match hash {
            HashAlgorithm::Sha256 => key.pss_verify_prehash::<Sha256>(digest, signature),
            HashAlgorithm::Sha384 => key.pss_verify_prehash::<Sha384>(digest, signature),
            HashAlgorithm::Sha512 => key.pss_verify_prehash::<Sha512>(digest, signature),
        }
        .is_ok()
    })
}

fn rsa_key(key: &RsaPublicKey) -> Option<rsa::PublicKey> {
    let modulus = BoxedUint::from_be_slice_vartime(key.modulus());
    rsa::PublicKey::new(modulus, BoxedUint::from(key.exponent())).ok()
}

/// FIPS 186-5 section 6.4.2: r and s from 1 to n - 1, the digest cut to its leftmost bits where it has
/// more than n. An s in the upper half is as good as one in the lower; X.509 prefers neither.
fn ecdsa(key: &EcPublicKey, digest: &[u8], signature: &[u8]) -> bool {
    macro_rules! verifies {
        ($curve:ident) => {{
            use $curve::ecdsa::signature::hazmat::PrehashVerifier as _;
            let key = $curve::ecdsa::VerifyingKey::from_sec1_bytes(key.point());
            let signature = $curve::ecdsa::Signature::from_der(signature);
            key.is_ok_and(|key| {
                signature.is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok())
            })
        }};
    }
    match key.curve() {
        Curve::P256 => verifies!(p256),
        Curve::P384 => verifies!(p384),
        Curve::P521 => verifies!(p521),
    }
}

/// Computes the padded message from the signature and compares it with the one it must be.
fn bare_hash_by_big_number(key: &RsaPublicKey, digest: &[u8], signature: &[u8]) -> bool {
    let octets = key.modulus().len();
    // RFC 8017 section 9.2 step 3: at least eight octets of padding.
    let Some(padding) = octets
        .checked_sub(digest.len() + 3)
        .filter(|padding| *padding >= 8)
    else {
        return false;
    };
    let modulus = BigUint::from_bytes_be(key.modulus());
    let representative = BigUint::from_bytes_be(signature);
    // RFC 8017 section 5.2.2 step 1: a representative out of range is another spelling of one in it.
    if signature.len() != octets || representative >= modulus {
        return false;
    }
    let encoded = [&[0, 1], vec![0xff; padding].as_slice(), &[0], digest].concat();
    let found = representative.modpow(&BigUint::from(key.exponent()), &modulus);
    found == BigUint::from_bytes_be(&encoded)
}
