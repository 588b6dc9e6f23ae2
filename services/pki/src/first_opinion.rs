//! The first implementation: aws-lc, and `rsa` for the one encoding that aws-lc has no safe entry for.
//!
//! Every scheme takes a message or a digest. [`Digest::import_less_safe`] is less safe where the
//! caller could choose a digest freely; what a card signs is a digest, and its length is checked.

use std::sync::OnceLock;

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P256_SHA512_ASN1, ECDSA_P384_SHA256_ASN1,
    ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA512_ASN1, ECDSA_P521_SHA256_ASN1, ECDSA_P521_SHA384_ASN1,
    ECDSA_P521_SHA512_ASN1, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, VerificationAlgorithm,
};

use crate::public_key::EcPublicKey;
use crate::{HashAlgorithm, KeyAlgorithm, PublicKey, SignatureEncoding, Signed, second_opinion};

/// A key as aws-lc wants it, one for each scheme: reading it anew costs a sixth of a verification, and
/// the keys of authorities are used for every certificate. Boxed, because a holder's key is kept in
/// memory by the hundred thousand and used with one scheme.
#[derive(Clone, Default)]
pub(crate) struct ParsedKeys([OnceLock<Option<Box<ParsedPublicKey>>>; 6]);

impl ParsedKeys {
    /// The keys of a point, if aws-lc finds it on its curve.
    pub(crate) fn of_point(key: &EcPublicKey) -> Option<Self> {
        let algorithm = key.curve().key_algorithm();
        let hash = match algorithm {
            KeyAlgorithm::EcP384 => HashAlgorithm::Sha384,
            KeyAlgorithm::EcP521 => HashAlgorithm::Sha512,
            KeyAlgorithm::EcP256 | KeyAlgorithm::Rsa { .. } => HashAlgorithm::Sha256,
        };
        let scheme = Scheme::of(algorithm, SignatureEncoding::EcdsaDer, hash)?;
        let keys = Self::default();
        keys.get(&scheme, key.point()).map(|_| ())?;
        Some(keys)
    }

    fn get(&self, scheme: &Scheme, key: &[u8]) -> Option<&ParsedPublicKey> {
        let read = || {
            ParsedPublicKey::new(scheme.algorithm, key)
                .ok()
                .map(Box::new)
        };
        self.0.get(scheme.slot)?.get_or_init(read).as_deref()
    }
}

/// What aws-lc calls a kind of key, an encoding and a hash.
struct Scheme {
    /// Where its key stands in [`ParsedKeys`].
    slot: usize,
    algorithm: &'static dyn VerificationAlgorithm,
}

impl Scheme {
    fn of(key: KeyAlgorithm, encoding: SignatureEncoding, hash: HashAlgorithm) -> Option<Self> {
        use HashAlgorithm::{Sha256, Sha384, Sha512};
        use KeyAlgorithm::{EcP256, EcP384, EcP521, Rsa};
        use SignatureEncoding::{EcdsaDer, Pkcs1V15DigestInfo, Pss};
        let (slot, algorithm): (_, &'static dyn VerificationAlgorithm) = match (key, encoding, hash)
        {
            (Rsa { .. }, Pkcs1V15DigestInfo, Sha256) => (0, &RSA_PKCS1_2048_8192_SHA256),
            (Rsa { .. }, Pkcs1V15DigestInfo, Sha384) => (1, &RSA_PKCS1_2048_8192_SHA384),
            (Rsa { .. }, Pkcs1V15DigestInfo, Sha512) => (2, &RSA_PKCS1_2048_8192_SHA512),
            // These demand a salt as long as the hash.
            (Rsa { .. }, Pss, Sha256) => (3, &RSA_PSS_2048_8192_SHA256),
            (Rsa { .. }, Pss, Sha384) => (4, &RSA_PSS_2048_8192_SHA384),
            (Rsa { .. }, Pss, Sha512) => (5, &RSA_PSS_2048_8192_SHA512),
            (EcP256, EcdsaDer, Sha256) => (0, &ECDSA_P256_SHA256_ASN1),
            (EcP256, EcdsaDer, Sha384) => (1, &ECDSA_P256_SHA384_ASN1),
            (EcP256, EcdsaDer, Sha512) => (2, &ECDSA_P256_SHA512_ASN1),
            (EcP384, EcdsaDer, Sha256) => (0, &ECDSA_P384_SHA256_ASN1),
            (EcP384, EcdsaDer, Sha384) => (1, &ECDSA_P384_SHA384_ASN1),
            (EcP384, EcdsaDer, Sha512) => (2, &ECDSA_P384_SHA512_ASN1),
            (EcP521, EcdsaDer, Sha256) => (0, &ECDSA_P521_SHA256_ASN1),
            (EcP521, EcdsaDer, Sha384) => (1, &ECDSA_P521_SHA384_ASN1),
            (EcP521, EcdsaDer, Sha512) => (2, &ECDSA_P521_SHA512_ASN1),
            _ => return None,
        };
        Some(Self { slot, algorithm })
    }
}

/// Whether the first implementation accepts the signature; the encoding suits the key, and a digest has
/// the length of the hash.
pub(crate) fn verifies(
    key: &PublicKey,
    encoding: SignatureEncoding,
    hash: HashAlgorithm,
    signed: Signed<'_>,
    signature: &[u8],
) -> bool {
    if encoding == SignatureEncoding::Pkcs1V15BareHash {
        return bare_hash(key, hash, signed, signature);
    }
    let bytes = match (key.rsa(), key.ec()) {
        (Some(rsa), _) => rsa.der(),
        (None, Some(ec)) => ec.point(),
        (None, None) => return false,
    };
    let scheme = Scheme::of(key.algorithm(), encoding, hash);
    let Some(parsed) = scheme.and_then(|scheme| key.parsed().get(&scheme, bytes)) else {
        return false;
    };
    match signed {
        Signed::Message(message) => parsed.verify_sig(message, signature).is_ok(),
        Signed::Digest(digest) => Digest::import_less_safe(digest, algorithm(hash))
            .is_ok_and(|digest| parsed.verify_digest_sig(&digest, signature).is_ok()),
    }
}

fn bare_hash(key: &PublicKey, hash: HashAlgorithm, signed: Signed<'_>, signature: &[u8]) -> bool {
    let Some(key) = key.rsa() else {
        return false;
    };
    match signed {
        Signed::Message(message) => {
            let digest = digest::digest(algorithm(hash), message);
            second_opinion::bare_hash_by_rsa(key, digest.as_ref(), signature)
        }
        Signed::Digest(digest) => second_opinion::bare_hash_by_rsa(key, digest, signature),
    }
}

fn algorithm(hash: HashAlgorithm) -> &'static digest::Algorithm {
    match hash {
        HashAlgorithm::Sha256 => &digest::SHA256,
        HashAlgorithm::Sha384 => &digest::SHA384,
        HashAlgorithm::Sha512 => &digest::SHA512,
    }
}
