//! RSA PKCS#1 v1.5 verification, with an independent second implementation behind it.

use crate::PublicKey;

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

/// What stands behind the padding of a PKCS#1 v1.5 signature. Named by the caller, never guessed.
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
        /// At least 1; 1 is all of them.
        one_in: u32,
    },
    /// Every one.
    All,
}

/// Why a signature is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
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
}

impl Verifier {
    /// A verifier that repeats this share of its work with the second implementation.
    pub fn new(cross_check: CrossCheck) -> Self {
        Self { cross_check }
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
        let _ = (key, encoding, hash, signed, signature, self.cross_check);
        todo!()
    }

    /// How often the two implementations disagreed. Anything but zero is an alarm.
    pub fn disagreements(&self) -> u64 {
        todo!()
    }

    /// How many verifications both implementations did.
    pub fn cross_checked(&self) -> u64 {
        todo!()
    }
}
