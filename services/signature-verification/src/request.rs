//! What a caller asks, once it is known to be well-formed.

use std::fmt;

use pki::{HashAlgorithm, SignatureEncoding};

/// Octets of a certificate; a JPKI leaf has 1,600 to 1,800.
pub(crate) const MAX_CERTIFICATE_OCTETS: usize = 8 * 1024;

/// Octets of a signature: RSA-4096.
pub(crate) const MAX_SIGNATURE_OCTETS: usize = 512;

/// Octets of a signed message. A card signs challenges and digests, not documents.
pub(crate) const MAX_MESSAGE_OCTETS: usize = 64 * 1024;

/// Characters of a case reference.
pub(crate) const MAX_CASE_REFERENCE: usize = 64;

/// A question whose every field is well-formed.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) certificate: Vec<u8>,
    pub(crate) signature: Vec<u8>,
    pub(crate) encoding: SignatureEncoding,
    pub(crate) hash: HashAlgorithm,
    pub(crate) signed: Signed,
    pub(crate) purpose: Purpose,
    pub(crate) case_reference: CaseReference,
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

/// Why the certificate's status is asked; recorded with the lookup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    UserAuthentication,
    SignatureVerification,
    ValidityConfirmation,
}

/// The caller's reference for the case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CaseReference(String);

impl CaseReference {
    /// The narrow alphabet keeps names and addresses out of the ledger.
    pub(crate) fn parse(text: String) -> Result<Self, InvalidField> {
        if text.is_empty() {
            return Err(InvalidField::Missing {
                field: "case_reference",
            });
        }
        if text.len() > MAX_CASE_REFERENCE {
            return Err(InvalidField::TooLong {
                field: "case_reference",
                octets: text.len(),
                most: MAX_CASE_REFERENCE,
            });
        }
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':' | b'-');
        match text.bytes().position(|b| !allowed(b)) {
            Some(at) => Err(InvalidField::CaseReferenceCharacter { position: at + 1 }),
            None => Ok(Self(text)),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A field that is not as the contract says. Its value is never repeated: a caller who mixes up two
/// fields would put a name into an error, and errors reach logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidField {
    #[error("{field}: missing")]
    Missing { field: &'static str },
    #[error("{field}: {octets} octets, at most {most} are read")]
    TooLong {
        field: &'static str,
        octets: usize,
        most: usize,
    },
    #[error("{field}: {number} is no value of this contract")]
    UnknownValue { field: &'static str, number: i32 },
    #[error("digest: {octets} octets, hash_algorithm has {expected}")]
    DigestLength { octets: usize, expected: usize },
    #[error("case_reference: octet {position} is none of A-Z a-z 0-9 . _ : -")]
    CaseReferenceCharacter { position: usize },
}

/// Bytes that must be there and be no more than so many.
pub(crate) fn within(
    field: &'static str,
    bytes: Vec<u8>,
    most: usize,
) -> Result<Vec<u8>, InvalidField> {
    match bytes.len() {
        0 => Err(InvalidField::Missing { field }),
        octets if octets > most => Err(InvalidField::TooLong {
            field,
            octets,
            most,
        }),
        _ => Ok(bytes),
    }
}

/// Octets of a digest.
pub(crate) const fn digest_octets(hash: HashAlgorithm) -> usize {
    match hash {
        HashAlgorithm::Sha256 => 32,
        HashAlgorithm::Sha384 => 48,
        HashAlgorithm::Sha512 => 64,
    }
}
