//! RSA PKCS#1 v1.5 verification, with an independent second implementation behind it.
//!
//! Standard signatures are verified by aws-lc; the second opinion comes from `rsa` and `sha2`. Both
//! rebuild the padded message and compare all of it, so there is no parsing to be fooled (the
//! forgeries of Bleichenbacher 2006 and their many repeats). For bare hashes aws-lc has no
//! verification without unsafe code, so `rsa` verifies and plain big-number arithmetic
//! (`num-bigint`) gives the second opinion; see [`second_opinion`](crate::second_opinion).

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RsaParameters,
};

use crate::PublicKey;
use crate::second_opinion;

/// The hash under a signature. SHA-1 and MD5 are not here, so they cannot be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HashAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl HashAlgorithm {
    /// The length of its value in octets.
    pub const fn octets(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    const fn algorithm(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }

    fn parameters(self) -> &'static RsaParameters {
        match self {
            Self::Sha256 => &RSA_PKCS1_2048_8192_SHA256,
            Self::Sha384 => &RSA_PKCS1_2048_8192_SHA384,
            Self::Sha512 => &RSA_PKCS1_2048_8192_SHA512,
        }
    }
}

/// What stands behind the padding of a PKCS#1 v1.5 signature. Named by the caller, never guessed:
/// a signature that verifies one way must not be accepted as the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureEncoding {
    /// A DER `DigestInfo` with NULL parameters (RFC 8017 section 9.2): the standard.
    Pkcs1V15DigestInfo,
    /// The bare hash, as JPKI cards sign when a relying party submits a bare digest.
    Pkcs1V15BareHash,
}

/// What was signed.
#[derive(Clone, Copy, Debug)]
pub enum Signed<'a> {
    /// The message itself; it is hashed here.
    Message(&'a [u8]),
    /// The hash of the message.
    Digest(&'a [u8]),
}

/// How many verifications the second implementation repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrossCheck {
    /// None.
    Off,
    /// One in this many.
    Sampled {
        /// At least 1, which is all of them; 0 counts as 1.
        one_in: u32,
    },
    /// Every one.
    All,
}

/// Why a signature is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The signature does not verify.
    #[error("the signature does not verify (RFC 8017 section 8.2.2)")]
    Mismatch,
    /// The digest has the wrong length for the hash.
    #[error("the digest has {found} octets, the hash {expected}")]
    DigestLength {
        /// The length of this hash.
        expected: usize,
        /// The length given.
        found: usize,
    },
    /// The two implementations disagree; nothing is believed.
    #[error("the two signature implementations disagree; the signature is refused")]
    CrossCheckDisagreement,
}

/// Verifies signatures and counts how often the two implementations disagreed.
#[derive(Debug)]
pub struct Verifier {
    cross_check: CrossCheck,
    verified: AtomicU64,
    cross_checked: AtomicU64,
    disagreements: AtomicU64,
}

impl Verifier {
    /// A verifier that repeats this share of its work with the second implementation.
    pub const fn new(cross_check: CrossCheck) -> Self {
        Self {
            cross_check,
            verified: AtomicU64::new(0),
            cross_checked: AtomicU64::new(0),
            disagreements: AtomicU64::new(0),
        }
    }

    /// Whether `signature` over `signed` was made with the private half of `key`.
    pub fn verify(
        &self,
        key: &PublicKey,
        encoding: SignatureEncoding,
        hash: HashAlgorithm,
        signed: Signed<'_>,
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        if let Signed::Digest(digest) = signed
            && digest.len() != hash.octets()
        {
            return Err(SignatureError::DigestLength {
                expected: hash.octets(),
                found: digest.len(),
            });
        }
        let first = first_opinion(key, encoding, hash, signed, signature);
        if self.is_cross_checked() {
            let second = second_opinion::verifies(key, encoding, hash, signed, signature);
            self.compare(first, second)?;
        }
        if first {
            Ok(())
        } else {
            Err(SignatureError::Mismatch)
        }
    }

    /// How often the two implementations disagreed. Anything but zero is an alarm.
    pub fn disagreements(&self) -> u64 {
        self.disagreements.load(Ordering::Relaxed)
    }

    /// How many verifications both implementations did.
    pub fn cross_checked(&self) -> u64 {
        self.cross_checked.load(Ordering::Relaxed)
    }

    fn is_cross_checked(&self) -> bool {
        match self.cross_check {
            CrossCheck::Off => false,
            CrossCheck::All => true,
            CrossCheck::Sampled { one_in } => {
                let sequence = self.verified.fetch_add(1, Ordering::Relaxed);
                sequence.is_multiple_of(u64::from(one_in.max(1)))
            }
        }
    }

    fn compare(&self, first: bool, second: bool) -> Result<(), SignatureError> {
        self.cross_checked.fetch_add(1, Ordering::Relaxed);
        if first == second {
            return Ok(());
        }
        self.disagreements.fetch_add(1, Ordering::Relaxed);
        Err(SignatureError::CrossCheckDisagreement)
    }
}

fn first_opinion(
    key: &PublicKey,
    encoding: SignatureEncoding,
    hash: HashAlgorithm,
    signed: Signed<'_>,
    signature: &[u8],
) -> bool {
    match encoding {
        SignatureEncoding::Pkcs1V15DigestInfo => {
            let Some(parsed) = key.parsed(hash, hash.parameters()) else {
                return false;
            };
            match signed {
                Signed::Message(message) => parsed.verify_sig(message, signature).is_ok(),
                Signed::Digest(digest) => Digest::import_less_safe(digest, hash.algorithm())
                    .is_ok_and(|digest| parsed.verify_digest_sig(&digest, signature).is_ok()),
            }
        }
        SignatureEncoding::Pkcs1V15BareHash => match signed {
            Signed::Message(message) => {
                let digest = digest::digest(hash.algorithm(), message);
                second_opinion::bare_hash_by_rsa(key, digest.as_ref(), signature)
            }
            Signed::Digest(digest) => second_opinion::bare_hash_by_rsa(key, digest, signature),
        },
    }
}

/// SHA-256 of bytes.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut value = [0; 32];
    value.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    value
}

#[cfg(test)]
mod tests;
