//! Signatures and their verification, with an independent second implementation behind it.
//!
//! aws-lc verifies PKCS#1 v1.5, PSS and ECDSA; the second opinion comes from `rsa`, `p256`, `p384`,
//! `p521` and `sha2`. For PKCS#1 v1.5 both rebuild the padded message and compare all of it, so there
//! is no parsing to be fooled (the forgeries of Bleichenbacher 2006 and their many repeats). For bare
//! hashes aws-lc has no verification without unsafe code, so `rsa` verifies and plain big-number
//! arithmetic (`num-bigint`) gives the second opinion; see
//! [`second_opinion`](crate::second_opinion).

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest;

use crate::{KeyAlgorithm, PublicKey, first_opinion, second_opinion};

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
}

impl fmt::Display for HashAlgorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        })
    }
}

/// How a signature is formed from a hash. Named by the caller, never guessed: a signature that verifies
/// one way must not be accepted as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureEncoding {
    /// PKCS#1 v1.5 over a DER `DigestInfo` with NULL parameters (RFC 8017 section 9.2): the standard.
    Pkcs1V15DigestInfo,
    /// PKCS#1 v1.5 over the bare hash, as JPKI cards sign when a relying party submits a bare digest.
    Pkcs1V15BareHash,
    /// RSASSA-PSS (RFC 8017 section 9.1) with MGF1 over the same hash, a salt exactly as long as the
    /// hash and trailer field 1.
    Pss,
    /// ECDSA (FIPS 186-5 section 6): `SEQUENCE { r INTEGER, s INTEGER }` in DER (RFC 3279 section
    /// 2.2.3).
    EcdsaDer,
}

impl SignatureEncoding {
    /// Whether such a key makes such signatures.
    pub const fn suits(self, key: KeyAlgorithm) -> bool {
        match self {
            Self::Pkcs1V15DigestInfo | Self::Pkcs1V15BareHash | Self::Pss => {
                matches!(key, KeyAlgorithm::Rsa { .. })
            }
            Self::EcdsaDer => match key {
                KeyAlgorithm::Rsa { .. } => false,
                KeyAlgorithm::EcP256 | KeyAlgorithm::EcP384 | KeyAlgorithm::EcP521 => true,
            },
        }
    }
}

impl fmt::Display for SignatureEncoding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Pkcs1V15DigestInfo => "RSASSA-PKCS1-v1_5",
            Self::Pkcs1V15BareHash => "PKCS#1 v1.5 over the bare hash",
            Self::Pss => "RSASSA-PSS",
            Self::EcdsaDer => "ECDSA",
        })
    }
}

/// What was signed.
#[derive(Clone, Copy, Debug)]
pub enum Signed<'a> {
    /// The message itself; it is hashed here.
    Message(&'a [u8]),
    /// The hash of the message.
    Digest(&'a [u8]),
}

/// How many verifications the second implementation repeats, and how many leaves the second reader
/// of certificates.
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
    #[error("the signature does not verify (RFC 8017 section 8, FIPS 186-5 section 6.4.2)")]
    Mismatch,
    /// Such a key makes no such signatures.
    #[error("the key is {key}, the signature {encoding}: one does not make the other")]
    KeyAlgorithm {
        /// What the key computes with.
        key: KeyAlgorithm,
        /// The encoding asked for.
        encoding: SignatureEncoding,
    },
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

impl SignatureError {
    /// The broken rule, in snake case.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Mismatch => "signature_mismatch",
            Self::KeyAlgorithm { .. } => "signature_key_algorithm",
            Self::DigestLength { .. } => "digest_length",
            Self::CrossCheckDisagreement => "cross_check_disagreement",
        }
    }
}

/// One of the two implementations behind a [`Verifier`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Implementation {
    /// The one that always verifies.
    First,
    /// The one that repeats what [`CrossCheck`] asks for.
    Second,
}

impl Implementation {
    /// What this implementation alone says of a signature. For conformance tests, which must see each
    /// one's own mistakes; everything else asks a [`Verifier`].
    pub fn verify(
        self,
        key: &PublicKey,
        encoding: SignatureEncoding,
        hash: HashAlgorithm,
        signed: Signed<'_>,
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        check_input(key, encoding, hash, signed)?;
        let verifies = match self {
            Self::First => first_opinion::verifies,
            Self::Second => second_opinion::verifies,
        };
        if verifies(key, encoding, hash, signed, signature) {
            Ok(())
        } else {
            Err(SignatureError::Mismatch)
        }
    }
}

/// Verifies signatures and counts how often the two implementations disagreed.
#[derive(Debug)]
pub struct Verifier {
    cross_check: CrossCheck,
    verified: AtomicU64,
    read: AtomicU64,
    cross_checked: AtomicU64,
    disagreements: AtomicU64,
}

impl Verifier {
    /// A verifier that repeats this share of its work with the second implementation.
    pub const fn new(cross_check: CrossCheck) -> Self {
        Self {
            cross_check,
            verified: AtomicU64::new(0),
            read: AtomicU64::new(0),
            cross_checked: AtomicU64::new(0),
            disagreements: AtomicU64::new(0),
        }
    }

    /// Whether `signature` over `signed` was made with the private half of `key`. The encoding must be one
    /// that `key` makes, and a digest must have the length of `hash`.
    pub fn verify(
        &self,
        key: &PublicKey,
        encoding: SignatureEncoding,
        hash: HashAlgorithm,
        signed: Signed<'_>,
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        check_input(key, encoding, hash, signed)?;
        let first = first_opinion::verifies(key, encoding, hash, signed, signature);
        if self.is_cross_checked(&self.verified) {
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

    /// Whether the next leaf is to be read by the second reader too.
    pub(crate) fn wants_second_reader(&self) -> bool {
        self.is_cross_checked(&self.read)
    }

    fn is_cross_checked(&self, counter: &AtomicU64) -> bool {
        match self.cross_check {
            CrossCheck::Off => false,
            CrossCheck::All => true,
            CrossCheck::Sampled { one_in } => {
                let sequence = counter.fetch_add(1, Ordering::Relaxed);
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

fn check_input(
    key: &PublicKey,
    encoding: SignatureEncoding,
    hash: HashAlgorithm,
    signed: Signed<'_>,
) -> Result<(), SignatureError> {
    let key = key.algorithm();
    if !encoding.suits(key) {
        return Err(SignatureError::KeyAlgorithm { key, encoding });
    }
    match signed {
        Signed::Digest(digest) if digest.len() != hash.octets() => {
            Err(SignatureError::DigestLength {
                expected: hash.octets(),
                found: digest.len(),
            })
        }
        Signed::Digest(_) | Signed::Message(_) => Ok(()),
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
