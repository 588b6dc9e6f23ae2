//! Names as people read them.

use std::fmt;

use crate::NameError;
use crate::der::{Reader, SEQUENCE, SET, whole_sequence};
use crate::escape::{append_attribute_value, append_hexadecimal};
use crate::limits::MAX_NAME_ATTRIBUTES;
use crate::profile::Dotted;

/// A name in the form of RFC 4514, in the order in which it is encoded, as names are usually shown:
/// `C=JP, O=JPKI, OU=JPKI for digital signature`. An attribute without a short name has its dotted
/// identifier; a value that is no text has its DER after a `#`. Nothing in it can end a line or
/// speak to a terminal.
#[derive(Clone, PartialEq, Eq)]
pub struct NameText(String);

impl NameText {
    /// Renders a `Name`, given as its SEQUENCE in DER.
    pub fn from_der(der: &[u8]) -> Result<Self, NameError> {
        let mut parts = whole_sequence(der)?;
        let mut text = Self(String::with_capacity(der.len()));
        let mut attributes = 0;
        while !parts.is_empty() {
            if !text.0.is_empty() {
                text.0.push_str(", ");
            }
            text.append_relative_name(parts.expect(SET)?.contents, &mut attributes)?;
        }
        Ok(text)
    }

    /// Renders a `RelativeDistinguishedName`, given as the contents of its SET.
    pub(crate) fn from_relative_name(contents: &[u8]) -> Result<Self, NameError> {
        let mut text = Self(String::with_capacity(contents.len()));
        text.append_relative_name(contents, &mut 0)?;
        Ok(text)
    }

    fn append_relative_name(
        &mut self,
        contents: &[u8],
        attributes: &mut usize,
    ) -> Result<(), NameError> {
        let mut members = Reader::new(contents);
        let mut first = true;
        while !members.is_empty() {
            *attributes += 1;
            if *attributes > MAX_NAME_ATTRIBUTES {
                return Err(NameError::TooManyAttributes);
            }
            if !std::mem::take(&mut first) {
                self.0.push('+');
            }
            self.append_attribute(members.expect(SEQUENCE)?.contents)?;
        }
        if first {
            return Err(NameError::EmptyRelativeName);
        }
        Ok(())
    }

    fn append_attribute(&mut self, contents: &[u8]) -> Result<(), NameError> {
        let mut reader = Reader::new(contents);
        let attribute_type = reader.object_identifier()?;
        let value = reader.element()?;
        reader.finish()?;
        match short_name(attribute_type) {
            Some(name) => self.0.push_str(name),
            None => self.0.push_str(&Dotted(attribute_type).to_string()),
        }
        self.0.push('=');
        if let Some(text) = super::text(&value) {
            append_attribute_value(&mut self.0, &text);
        } else {
            self.0.push('#');
            append_hexadecimal(&mut self.0, value.raw);
        }
        Ok(())
    }

    /// The text; empty for a name without parts.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NameText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// It may be a person's name.
impl fmt::Debug for NameText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("NameText(redacted)")
    }
}

/// The short names of RFC 4514 section 3 that certificates use, and two that everybody knows.
fn short_name(attribute_type: &[u8]) -> Option<&'static str> {
    match attribute_type {
        [0x55, 4, 3] => Some("CN"),
        [0x55, 4, 5] => Some("serialNumber"),
        [0x55, 4, 6] => Some("C"),
        [0x55, 4, 7] => Some("L"),
        [0x55, 4, 8] => Some("ST"),
        [0x55, 4, 10] => Some("O"),
        [0x55, 4, 11] => Some("OU"),
        // 0.9.2342.19200300.100.1.25
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25] => Some("DC"),
        // 1.2.840.113549.1.9.1
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1] => Some("emailAddress"),
        _ => None,
    }
}
