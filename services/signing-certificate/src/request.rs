//! What a caller asks, once it is known to be well-formed.

use std::fmt;

/// Octets of a certificate in a request: the proto contract's limit. A genuine signing certificate has about 1,750; the
/// longest address JPKI allows adds some 600.
pub const MAX_CERTIFICATE_BYTES: usize = 8 * 1024;

/// Characters of a case reference: the proto contract's limit.
pub const MAX_CASE_REFERENCE_CHARACTERS: usize = 64;

/// A request whose every field is well-formed.
#[derive(Debug)]
pub(crate) struct CheckRequest {
    pub(crate) certificate: Vec<u8>,
    pub(crate) purpose: Purpose,
    pub(crate) case_reference: CaseReference,
}

/// Why the validity of a signing certificate may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    SignatureVerification,
    ValidityConfirmation,
}

/// The agency's own reference for the case: 1 to 64 characters of `A-Z a-z 0-9 . _ : -`. The narrow alphabet keeps names
/// and addresses out of the audit log; it cannot keep out a number, so agencies are told not to put one there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseReference(String);

impl CaseReference {
    /// Reads a reference.
    pub fn parse(text: &str) -> Result<Self, InvalidField> {
        if text.is_empty() {
            return Err(InvalidField::CaseReferenceMissing);
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '-');
        if let Some(position) = text.chars().position(|c| !allowed(c)) {
            return Err(InvalidField::CaseReferenceCharacter {
                position: position + 1,
            });
        }
        if text.len() > MAX_CASE_REFERENCE_CHARACTERS {
            return Err(InvalidField::CaseReferenceTooLong {
                characters: text.len(),
            });
        }
        Ok(Self(text.to_owned()))
    }

    /// The reference.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CaseReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A field of a request that is not as the contract says. The value itself is never repeated: a caller who mixes up two
/// fields would see a name in an error, and errors reach logs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidField {
    /// No certificate.
    #[error(
        "certificate: missing; send the signing certificate in DER, 1 to {MAX_CERTIFICATE_BYTES} octets"
    )]
    CertificateMissing,
    /// Too many octets for a certificate.
    #[error("certificate: {octets} octets; at most {MAX_CERTIFICATE_BYTES} are read")]
    CertificateTooLarge {
        /// How many came.
        octets: usize,
    },
    /// No purpose.
    #[error(
        "purpose: missing; send PURPOSE_SIGNATURE_VERIFICATION or PURPOSE_VALIDITY_CONFIRMATION"
    )]
    PurposeMissing,
    /// A purpose for which no signing certificate is used, or one this version does not know.
    #[error(
        "purpose: {number} is not one a signing certificate is checked for; send PURPOSE_SIGNATURE_VERIFICATION or \
         PURPOSE_VALIDITY_CONFIRMATION"
    )]
    PurposeUnsuitable {
        /// Its number on the wire.
        number: i32,
    },
    /// No case reference.
    #[error("case_reference: missing; send the agency's reference for the case")]
    CaseReferenceMissing,
    /// A character outside the alphabet.
    #[error("case_reference: character {position} is not one of A-Z a-z 0-9 . _ : -")]
    CaseReferenceCharacter {
        /// Which character, counted from 1.
        position: usize,
    },
    /// Too long.
    #[error("case_reference: {characters} characters; at most {MAX_CASE_REFERENCE_CHARACTERS}")]
    CaseReferenceTooLong {
        /// How many it has.
        characters: usize,
    },
}

impl InvalidField {
    /// The broken rule, in snake case: what the audit log keeps of a malformed request.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::CertificateMissing => "certificate_missing",
            Self::CertificateTooLarge { .. } => "certificate_too_large",
            Self::PurposeMissing => "purpose_missing",
            Self::PurposeUnsuitable { .. } => "purpose_unsuitable",
            Self::CaseReferenceMissing => "case_reference_missing",
            Self::CaseReferenceCharacter { .. } => "case_reference_character",
            Self::CaseReferenceTooLong { .. } => "case_reference_too_long",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CaseReference, InvalidField, MAX_CASE_REFERENCE_CHARACTERS};

    #[test]
    fn a_case_reference_of_the_alphabet_is_accepted_up_to_its_length() {
        assert_eq!(
            CaseReference::parse("R8.tax:2026_00-17").unwrap().as_str(),
            "R8.tax:2026_00-17"
        );
        let longest = "a".repeat(MAX_CASE_REFERENCE_CHARACTERS);
        assert_eq!(CaseReference::parse(&longest).unwrap().as_str(), longest);
    }

    #[test]
    fn an_empty_long_or_foreign_case_reference_is_refused() {
        assert_eq!(
            CaseReference::parse(""),
            Err(InvalidField::CaseReferenceMissing)
        );
        assert_eq!(
            CaseReference::parse(&"a".repeat(MAX_CASE_REFERENCE_CHARACTERS + 1)),
            Err(InvalidField::CaseReferenceTooLong { characters: 65 })
        );
        for (text, position) in [("case 1", 5), ("山田", 1), ("case\n", 5), ("a/b", 2)] {
            assert_eq!(
                CaseReference::parse(text),
                Err(InvalidField::CaseReferenceCharacter { position }),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_refusal_never_repeats_the_value() {
        let refused = CaseReference::parse("山田太郎").unwrap_err().to_string();
        assert!(!refused.contains('山'), "{refused}");
    }
}
