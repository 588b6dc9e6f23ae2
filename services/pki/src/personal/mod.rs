//! The basic four information of a signing certificate: name, birth date, gender, address.
//!
//! They stand in the subjectAltName of a JPKI signing certificate as six `otherName` values below
//! 1.2.392.200149.8.5.5, in no order that could be relied on. They are read only where somebody asks
//! for them: validating a certificate does not need them, and what was never decoded cannot leak.

mod birth_date;
mod error;
mod substitution;

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::certificate::Certificate;
use crate::der::{Element, Reader, UTF8_STRING, check_strict, whole_sequence};
use crate::general_name::{GeneralName, OTHER_NAME};
use crate::limits::{MAX_ADDRESS_CHARACTERS, MAX_ALTERNATIVE_NAMES, MAX_CERTIFICATE_BYTES};
use crate::profile::{Dotted, SUBJECT_ALTERNATIVE_NAME};
use crate::{DerError, GeneralNameError};

pub use birth_date::{BirthDate, Era};
pub use error::{FourInformationError, PersonalField};

/// The basic four information (基本4情報) of the holder of a signing certificate.
///
/// Its `Debug` form is redacted and it has no other; what it holds leaves it through the methods
/// alone, and is overwritten when it is dropped.
#[derive(ZeroizeOnDrop)]
pub struct FourInformation {
    name: String,
    name_substitutions: Vec<usize>,
    birth_date: BirthDate,
    gender: u8,
    address: String,
    address_substitutions: Vec<usize>,
    unknown: Vec<UnknownName>,
}

/// A name in the subjectAltName that is none of the six values: kept, because more are announced.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct UnknownName {
    type_id: Option<Vec<u8>>,
    der: Vec<u8>,
}

/// The gender on a certificate. The documents that are public do not agree on the codes for neither;
/// so those are kept as they are.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Gender {
    /// Code 1.
    Male,
    /// Code 2.
    Female,
    /// Another digit.
    Other(u8),
}

impl FourInformation {
    /// Reads them from a signing certificate in DER.
    ///
    /// Nothing is proven by that: whose they are is known only of a certificate that
    /// [`validate_leaf`](crate::validate_leaf) accepted and that is not revoked.
    pub fn from_certificate(der: &[u8]) -> Result<Self, FourInformationError> {
        let certificate = Certificate::read(der, MAX_CERTIFICATE_BYTES)?;
        let extension = certificate
            .extension(SUBJECT_ALTERNATIVE_NAME)
            .ok_or(FourInformationError::NoAlternativeName)?;
        Self::from_general_names(extension.value)
    }

    /// Reads them from the value of a subjectAltName.
    pub(crate) fn from_general_names(value: &[u8]) -> Result<Self, FourInformationError> {
        let values = Values::read(value)?;
        let name = values.text(PersonalField::Name)?;
        let address = values.text(PersonalField::Address)?;
        let characters = address.chars().count();
        if characters > MAX_ADDRESS_CHARACTERS {
            return Err(FourInformationError::AddressLength { characters });
        }
        let substitutions =
            |field, text| substitution::positions(values.field(field)?, text, field);
        Ok(Self {
            name_substitutions: substitutions(PersonalField::NameSubstitutions, name)?,
            address_substitutions: substitutions(PersonalField::AddressSubstitutions, address)?,
            birth_date: BirthDate::from_digits(values.field(PersonalField::BirthDate)?)?,
            gender: gender(values.field(PersonalField::Gender)?)?,
            name: name.to_owned(),
            address: address.to_owned(),
            unknown: values.unknown,
        })
    }

    /// The whole name, as it is written: usually family and given name around U+3000.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Family and given name, where the name is two parts around one U+3000. Not every name is.
    pub fn family_and_given_name(&self) -> Option<(&str, &str)> {
        let (family, given) = self.name.split_once('\u{3000}')?;
        let two_parts = !family.is_empty() && !given.is_empty() && !given.contains('\u{3000}');
        two_parts.then_some((family, given))
    }

    /// Which characters of the name, counted from zero, stand for one that the certificate's
    /// character set does not have.
    pub fn name_substitutions(&self) -> &[usize] {
        &self.name_substitutions
    }

    /// The birth date.
    pub fn birth_date(&self) -> BirthDate {
        self.birth_date
    }

    /// The gender.
    pub fn gender(&self) -> Gender {
        match self.gender {
            1 => Gender::Male,
            2 => Gender::Female,
            code => Gender::Other(code),
        }
    }

    /// The address, beginning with the prefecture.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Which characters of the address, counted from zero, stand for one that the certificate's
    /// character set does not have.
    pub fn address_substitutions(&self) -> &[usize] {
        &self.address_substitutions
    }

    /// What else the subjectAltName names, in its order.
    pub fn unknown_names(&self) -> &[UnknownName] {
        &self.unknown
    }
}

impl fmt::Debug for FourInformation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FourInformation(redacted)")
    }
}

impl UnknownName {
    /// What kind of `otherName` it is, in dotted decimal; None if it is another form of name.
    pub fn type_id(&self) -> Option<String> {
        let type_id = self.type_id.as_deref()?;
        Some(Dotted(type_id).to_string())
    }

    /// The value of an `otherName`, or the whole general name of another form, in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }
}

impl fmt::Debug for UnknownName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("UnknownName(redacted)")
    }
}

/// A gender is personal too.
impl fmt::Debug for Gender {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Gender(redacted)")
    }
}

/// 1.2.392.200149.8.5.5: jpki, securityObject, pki, personalData. One arc follows.
const PERSONAL_DATA: &[u8] = &[0x2a, 0x83, 0x08, 0x8c, 0x9b, 0x55, 0x08, 0x05, 0x05];

/// What a subjectAltName holds, sorted into the six values and the rest.
struct Values<'a> {
    fields: [Option<&'a str>; PersonalField::ALL.len()],
    unknown: Vec<UnknownName>,
}

impl<'a> Values<'a> {
    fn read(value: &'a [u8]) -> Result<Self, FourInformationError> {
        let mut values = Self {
            fields: [None; PersonalField::ALL.len()],
            unknown: Vec::new(),
        };
        let names = || {
            check_strict(value)?;
            whole_sequence(value)
        };
        let mut names = names().map_err(GeneralNameError::from)?;
        let mut count = 0;
        while !names.is_empty() {
            count += 1;
            if count > MAX_ALTERNATIVE_NAMES {
                Err(GeneralNameError::TooMany)?;
            }
            values.add(&names.element().map_err(GeneralNameError::from)?)?;
        }
        Ok(values)
    }

    fn add(&mut self, element: &Element<'a>) -> Result<(), FourInformationError> {
        let (type_id, der) = if element.tag == OTHER_NAME {
            match GeneralName::read(element)? {
                GeneralName::OtherName { type_id, value } => (Some(type_id), value),
                _ => (None, element.raw),
            }
        } else {
            (None, element.raw)
        };
        let Some(field) = type_id.and_then(field_of) else {
            self.unknown.push(UnknownName {
                type_id: type_id.map(<[u8]>::to_vec),
                der: der.to_vec(),
            });
            return Ok(());
        };
        let slot = &mut self.fields[field.index()];
        if slot.is_some() {
            return Err(FourInformationError::Duplicate { field });
        }
        let text =
            utf8_string(der).map_err(|error| FourInformationError::Value { field, error })?;
        *slot = Some(text);
        Ok(())
    }

    fn field(&self, field: PersonalField) -> Result<&'a str, FourInformationError> {
        self.fields[field.index()].ok_or(FourInformationError::Missing { field })
    }

    /// A value that is read by people.
    fn text(&self, field: PersonalField) -> Result<&'a str, FourInformationError> {
        let text = self.field(field)?;
        if text.is_empty() {
            return Err(FourInformationError::Empty { field });
        }
        // None is in the certificate's character set; a line break would forge a second line.
        if text.chars().any(char::is_control) {
            return Err(FourInformationError::ControlCharacter { field });
        }
        Ok(text)
    }
}

fn field_of(type_id: &[u8]) -> Option<PersonalField> {
    let (arc, parent) = type_id.split_last()?;
    let field = PersonalField::ALL
        .into_iter()
        .find(|field| field.arc() == *arc)?;
    (parent == PERSONAL_DATA).then_some(field)
}

fn utf8_string(der: &[u8]) -> Result<&str, DerError> {
    let mut reader = Reader::new(der);
    let contents = reader.expect(UTF8_STRING)?.contents;
    reader.finish()?;
    std::str::from_utf8(contents).map_err(|_| DerError::Text)
}

fn gender(digits: &str) -> Result<u8, FourInformationError> {
    match digits.as_bytes() {
        [digit @ b'0'..=b'9'] => Ok(digit - b'0'),
        _ => Err(FourInformationError::Gender),
    }
}

#[cfg(test)]
mod tests;
