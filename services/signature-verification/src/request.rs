//! What a caller asks, once it is known to be well-formed.

use std::fmt;

use lookup::{CaseReference, Certificate, Purpose, RevocationMethod};
use pki::{HashAlgorithm, SignatureEncoding};

/// Octets of a signature: RSA-4096, the longest. One of ECDSA on P-521 has at most 139.
pub(crate) const MAX_SIGNATURE_OCTETS: usize = 512;

/// Octets of a signed message. A card signs challenges and digests, not documents.
pub(crate) const MAX_MESSAGE_OCTETS: usize = 64 * 1024;

/// A request whose every field is well-formed.
#[derive(Debug)]
pub(crate) struct VerifyRequest {
    pub(crate) certificate: Certificate,
    pub(crate) signature: Vec<u8>,
    pub(crate) encoding: SignatureEncoding,
    pub(crate) hash: HashAlgorithm,
    pub(crate) signed: Signed,
    pub(crate) purpose: Purpose,
    pub(crate) case_reference: CaseReference,
    /// Where the caller relies on one.
    pub(crate) revocation_method: Option<RevocationMethod>,
}

/// What was signed, by its name in the contract.
pub(crate) enum Signed {
    Message(Vec<u8>),
    /// As long as the hash.
    Digest(Vec<u8>),
}

impl Signed {
    pub(crate) fn as_pki(&self) -> pki::Signed<'_> {
        match self {
            Self::Message(message) => pki::Signed::Message(message),
            Self::Digest(digest) => pki::Signed::Digest(digest),
        }
    }
}

/// What is signed may hold anything: it is never shown.
impl fmt::Debug for Signed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Message(_) => "Message(redacted)",
            Self::Digest(_) => "Digest(redacted)",
        })
    }
}

/// A field that is not as the contract says. Its value is never repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidField {
    /// What any service that asks revocation-lookup can say of a field.
    #[error(transparent)]
    Any(#[from] lookup::InvalidField),
    #[error("{field}: {number} is no value of this contract")]
    UnknownValue { field: &'static str, number: i32 },
    #[error("digest: {octets} octets, hash_algorithm has {expected}")]
    DigestLength { octets: usize, expected: usize },
}

/// Octets of a digest.
pub(crate) const fn digest_octets(hash: HashAlgorithm) -> usize {
    match hash {
        HashAlgorithm::Sha256 => 32,
        HashAlgorithm::Sha384 => 48,
        HashAlgorithm::Sha512 => 64,
    }
}
