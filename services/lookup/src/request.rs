//! The fields that every caller of such a service sends, read once and strictly.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use proto::revocation::v1::Purpose as WirePurpose;

/// Octets of a certificate in a request: the contract's limit. A genuine one has 1,600 to 1,800; the longest address JPKI
/// allows adds some 600.
pub const MAX_CERTIFICATE_OCTETS: usize = 8 * 1024;

/// Characters of a case reference: the contract's limit.
pub const MAX_CASE_REFERENCE_CHARACTERS: usize = 64;

/// The bytes of a certificate that somebody sent, and their SHA-256: made together, so that neither can be another's.
pub struct Certificate {
    der: Vec<u8>,
    sha256: [u8; 32],
}

impl Certificate {
    /// Takes the bytes of the field `certificate`; whether they are a certificate is not looked at.
    ///
    /// # Errors
    /// When there are none or too many.
    pub fn parse(der: Vec<u8>) -> Result<Self, InvalidField> {
        let der = octets_within("certificate", der, MAX_CERTIFICATE_OCTETS)?;
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(digest(&SHA256, &der).as_ref());
        Ok(Self { der, sha256 })
    }

    /// The bytes.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Their SHA-256.
    pub const fn sha256(&self) -> [u8; 32] {
        self.sha256
    }
}

/// A certificate is about a person: it is never shown.
impl fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Certificate(redacted)")
    }
}

/// Why a certificate's status is asked; recorded with the lookup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A person authenticates.
    UserAuthentication,
    /// A signature made with the certificate's key is verified.
    SignatureVerification,
    /// The certificate's present validity is confirmed, without a signature.
    ValidityConfirmation,
}

impl Purpose {
    /// Every one.
    pub const ALL: &[Self] = &[
        Self::UserAuthentication,
        Self::SignatureVerification,
        Self::ValidityConfirmation,
    ];

    /// Reads the number of the field `purpose`, where only some are `suitable`.
    ///
    /// # Errors
    /// When it is missing, unsuitable or not known to this version.
    pub fn parse(number: i32, suitable: &'static [Self]) -> Result<Self, InvalidField> {
        if number == WirePurpose::Unspecified as i32 {
            return Err(InvalidField::PurposeMissing { suitable });
        }
        suitable
            .iter()
            .copied()
            .find(|purpose| WirePurpose::from(*purpose) as i32 == number)
            .ok_or(InvalidField::PurposeUnsuitable { number, suitable })
    }
}

/// The caller's own reference for the case: 1 to 64 characters of `A-Z a-z 0-9 . _ : -`. The narrow alphabet keeps names
/// and addresses out of ledger and audit log; it cannot keep out a number, so callers are told not to put one there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseReference(String);

impl CaseReference {
    /// Reads a reference.
    ///
    /// # Errors
    /// When it is empty, too long or has another character.
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

/// Bytes of a field that must be there and be no more than so many.
///
/// # Errors
/// When there are none or too many.
pub fn octets_within(
    field: &'static str,
    bytes: Vec<u8>,
    most: usize,
) -> Result<Vec<u8>, InvalidField> {
    match bytes.len() {
        0 => Err(InvalidField::Missing { field }),
        octets if octets > most => Err(InvalidField::TooLarge {
            field,
            octets,
            most,
        }),
        _ => Ok(bytes),
    }
}

/// A field of a request that is not as the contract says. The value itself is never repeated: a caller who mixes up two
/// fields would see a name in an error, and errors reach logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidField {
    /// Nothing was sent.
    #[error("{field}: missing")]
    Missing {
        /// The field.
        field: &'static str,
    },
    /// Too many octets.
    #[error("{field}: {octets} octets; at most {most} are read")]
    TooLarge {
        /// The field.
        field: &'static str,
        /// How many came.
        octets: usize,
        /// How many may come.
        most: usize,
    },
    /// No purpose.
    #[error("purpose: missing; send {}", names(suitable))]
    PurposeMissing {
        /// Those that may be sent.
        suitable: &'static [Purpose],
    },
    /// A purpose that this service does not serve, or one this version does not know.
    #[error(
        "purpose: {number} is not one of this service; send {}",
        names(suitable)
    )]
    PurposeUnsuitable {
        /// Its number on the wire.
        number: i32,
        /// Those that may be sent.
        suitable: &'static [Purpose],
    },
    /// A moment before 1970 or after now.
    #[error(
        "at: seconds since 1970-01-01T00:00:00Z, and not after this server's clock; leave it out to ask about this moment"
    )]
    At,
    /// No case reference.
    #[error("case_reference: missing; send your reference for the case")]
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
    /// The broken rule, in snake case: what an audit log keeps of a malformed request.
    pub fn rule(&self) -> String {
        match self {
            Self::Missing { field } => format!("{field}_missing"),
            Self::TooLarge { field, .. } => format!("{field}_too_large"),
            Self::PurposeMissing { .. } => "purpose_missing".to_owned(),
            Self::PurposeUnsuitable { .. } => "purpose_unsuitable".to_owned(),
            Self::At => "at_not_in_the_past".to_owned(),
            Self::CaseReferenceMissing => "case_reference_missing".to_owned(),
            Self::CaseReferenceCharacter { .. } => "case_reference_character".to_owned(),
            Self::CaseReferenceTooLong { .. } => "case_reference_too_long".to_owned(),
        }
    }
}

fn names(purposes: &[Purpose]) -> String {
    let names = purposes
        .iter()
        .map(|purpose| WirePurpose::from(*purpose).as_str_name());
    names.collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use super::{
        CaseReference, Certificate, InvalidField, MAX_CASE_REFERENCE_CHARACTERS,
        MAX_CERTIFICATE_OCTETS, Purpose,
    };

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

    #[test]
    fn a_certificate_is_there_and_at_most_its_limit_and_never_shown() {
        let largest = Certificate::parse(vec![7; MAX_CERTIFICATE_OCTETS]).unwrap();
        assert_eq!(format!("{largest:?}"), "Certificate(redacted)");
        for octets in [0, MAX_CERTIFICATE_OCTETS + 1] {
            assert!(Certificate::parse(vec![7; octets]).is_err(), "{octets}");
        }
    }

    #[test]
    fn a_purpose_is_read_where_it_is_suitable_and_the_suitable_ones_are_named() {
        const FOR_SIGNATURES: &[Purpose] = &[
            Purpose::SignatureVerification,
            Purpose::ValidityConfirmation,
        ];
        assert_eq!(
            Purpose::parse(1, Purpose::ALL),
            Ok(Purpose::UserAuthentication)
        );
        assert_eq!(
            Purpose::parse(1, FOR_SIGNATURES).unwrap_err().to_string(),
            "purpose: 1 is not one of this service; send PURPOSE_SIGNATURE_VERIFICATION or \
             PURPOSE_VALIDITY_CONFIRMATION"
        );
        for number in [0, 4, -1, i32::MAX] {
            let refused = Purpose::parse(number, Purpose::ALL).unwrap_err();
            assert!(refused.rule().starts_with("purpose_"), "{refused}");
        }
    }
}
