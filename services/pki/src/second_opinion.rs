//! The second implementation: what it computes shares no code with the first.
//!
//! | encoding | first | second |
//! |---|---|---|
//! | DigestInfo | aws-lc | `rsa` over `sha2` |
//! | bare hash | `rsa` (hash by aws-lc) | rebuilt padding and `num-bigint` (hash by `sha2`) |

use num_bigint::BigUint;
use rsa::{BoxedUint, Pkcs1v15Sign};
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::{HashAlgorithm, PublicKey, SignatureEncoding, Signed};

/// Whether the second implementation accepts the signature.
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
    match encoding {
        SignatureEncoding::Pkcs1V15DigestInfo => {
            let scheme = match hash {
                HashAlgorithm::Sha256 => Pkcs1v15Sign::new::<Sha256>(),
                HashAlgorithm::Sha384 => Pkcs1v15Sign::new::<Sha384>(),
                HashAlgorithm::Sha512 => Pkcs1v15Sign::new::<Sha512>(),
            };
            by_rsa(key, scheme, &digest, signature)
        }
        SignatureEncoding::Pkcs1V15BareHash => bare_hash_by_big_number(key, &digest, signature),
    }
}

/// Verifies a padded bare hash with the `rsa` crate.
pub(crate) fn bare_hash_by_rsa(key: &PublicKey, digest: &[u8], signature: &[u8]) -> bool {
    by_rsa(key, Pkcs1v15Sign::new_unprefixed(), digest, signature)
}

fn by_rsa(key: &PublicKey, scheme: Pkcs1v15Sign, digest: &[u8], signature: &[u8]) -> bool {
    // RFC 8017 section 8.2.2 step 1.
    if signature.len() != key.modulus().len() {
        return false;
    }
    let modulus = BoxedUint::from_be_slice_vartime(key.modulus());
    rsa::PublicKey::new(modulus, BoxedUint::from(key.exponent()))
        .is_ok_and(|key| key.verify(scheme, digest, signature).is_ok())
}

/// Computes the padded message from the signature and compares it with the one it must be.
fn bare_hash_by_big_number(key: &PublicKey, digest: &[u8], signature: &[u8]) -> bool {
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
