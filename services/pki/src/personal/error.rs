//! Why the basic four information are refused. Nothing of what they say is in an error.

use std::fmt;

use crate::limits::MAX_ADDRESS_CHARACTERS;
use crate::{CertificateError, DerError, GeneralNameError};

/// One of the six values, by the last arc of its identifier below 1.2.392.200149.8.5.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PersonalField {
    /// .1: the name.
    Name,
    /// .2: where the name has substitute characters.
    NameSubstitutions,
    /// .3: the gender.
    Gender,
    /// .4: the birth date.
    BirthDate,
    /// .5: the address.
    Address,
    /// .6: where the address has substitute characters.
    AddressSubstitutions,
}

impl PersonalField {
    /// All, in the order of their arcs.
    pub const ALL: [Self; 6] = [
        Self::Name,
        Self::NameSubstitutions,
        Self::Gender,
        Self::BirthDate,
        Self::Address,
        Self::AddressSubstitutions,
    ];

    /// The last arc of its identifier.
    pub const fn arc(self) -> u8 {
        match self {
            Self::Name => 1,
            Self::NameSubstitutions => 2,
            Self::Gender => 3,
            Self::BirthDate => 4,
            Self::Address => 5,
            Self::AddressSubstitutions => 6,
        }
    }

    pub(super) fn index(self) -> usize {
        usize::from(self.arc() - 1)
    }
}

impl fmt::Display for PersonalField {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Name => "name",
            Self::NameSubstitutions => "name's substitute characters",
            Self::Gender => "gender",
            Self::BirthDate => "birth date",
            Self::Address => "address",
            Self::AddressSubstitutions => "address's substitute characters",
        })
    }
}

/// Why the basic four information are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FourInformationError {
    /// The certificate cannot be read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// There is no subjectAltName: the certificate is none for signing.
    #[error("the certificate has no subjectAltName")]
    NoAlternativeName,
    /// The subjectAltName is malformed.
    #[error("the subjectAltName is malformed: {0}")]
    AlternativeName(#[from] GeneralNameError),
    /// A value is missing.
    #[error("the {field} is missing (otherName 1.2.392.200149.8.5.5.{})", field.arc())]
    Missing {
        /// Which.
        field: PersonalField,
    },
    /// A value is there twice.
    #[error("the {field} occurs twice (otherName 1.2.392.200149.8.5.5.{})", field.arc())]
    Duplicate {
        /// Which.
        field: PersonalField,
    },
    /// A value is not one UTF8String.
    #[error("the {field} is not a UTF8String: {error}")]
    Value {
        /// Which.
        field: PersonalField,
        /// What is wrong.
        error: DerError,
    },
    /// The name or the address is empty.
    #[error("the {field} is empty")]
    Empty {
        /// Which.
        field: PersonalField,
    },
    /// The name or the address has a control character.
    #[error("the {field} has a control character")]
    ControlCharacter {
        /// Which.
        field: PersonalField,
    },
    /// The address is longer than an address can be.
    #[error("the address has {characters} characters, not at most {MAX_ADDRESS_CHARACTERS}")]
    AddressLength {
        /// How many it has.
        characters: usize,
    },
    /// A digit that is neither 0 nor 1.
    #[error("the {field} are not written in digits 0 and 1")]
    SubstitutionDigit {
        /// Of the name or of the address.
        field: PersonalField,
    },
    /// Not one digit a character.
    #[error("the {field} are not one digit for each character")]
    SubstitutionLength {
        /// Of the name or of the address.
        field: PersonalField,
    },
    /// Not one digit.
    #[error("the gender is not one digit")]
    Gender,
    /// Not nine digits.
    #[error("the birth date is not nine digits: an era's, then YYYYMMDD")]
    BirthDateForm,
    /// The era's digit is 0.
    #[error("the era of the birth date is unknown")]
    BirthDateEraUnknown,
    /// The era's digit is none of 0 to 5.
    #[error("the birth date has an era's digit above 5, which is Reiwa")]
    BirthDateEra,
    /// The year is 0000.
    #[error("the year of the birth date is unknown")]
    BirthDateYearUnknown,
    /// The month or the day is 00.
    #[error("the birth date is partial: its month or day is unknown")]
    BirthDatePartial,
    /// No day of the calendar.
    #[error("the birth date is no day of the calendar")]
    BirthDateImpossible,
    /// The day is not in the era.
    #[error("the birth date is not a day of its era")]
    BirthDateEraMismatch,
}

impl FourInformationError {
    /// The broken rule, in snake case.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Certificate(error) => error.rule(),
            Self::NoAlternativeName => "no_subject_alternative_name",
            Self::AlternativeName(error) => error.rule(),
            Self::Missing { .. } => "personal_field_missing",
            Self::Duplicate { .. } => "personal_field_duplicate",
            Self::Value { .. } => "personal_field_value",
            Self::Empty { .. } => "personal_field_empty",
            Self::ControlCharacter { .. } => "personal_field_control_character",
            Self::AddressLength { .. } => "address_length",
            Self::SubstitutionDigit { .. } => "substitution_digit",
            Self::SubstitutionLength { .. } => "substitution_length",
            Self::Gender => "gender",
            Self::BirthDateForm => "birth_date_form",
            Self::BirthDateEraUnknown => "birth_date_era_unknown",
            Self::BirthDateEra => "birth_date_era",
            Self::BirthDateYearUnknown => "birth_date_year_unknown",
            Self::BirthDatePartial => "birth_date_partial",
            Self::BirthDateImpossible => "birth_date_impossible",
            Self::BirthDateEraMismatch => "birth_date_era_mismatch",
        }
    }
}
