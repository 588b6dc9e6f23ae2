//! E-mail addresses in a subject, where older certificates have them (RFC 5280 section 4.1.2.6).

use crate::DerError;
use crate::der::{IA5_STRING, Reader, SET, whole_sequence};

/// `emailAddress`, 1.2.840.113549.1.9.1.
const EMAIL_ADDRESS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1];

/// The addresses in a `Name`, given as its SEQUENCE. One that is no IA5String is an error: what it
/// says could not be compared.
pub(super) fn email_addresses(name: &[u8]) -> Result<Vec<&str>, DerError> {
    let mut addresses = Vec::new();
    let mut parts = whole_sequence(name)?;
    while !parts.is_empty() {
        let mut part = Reader::new(parts.expect(SET)?.contents);
        while !part.is_empty() {
            let mut attribute = part.sequence()?;
            if attribute.object_identifier()? == EMAIL_ADDRESS {
                let text = attribute.expect(IA5_STRING)?.contents;
                addresses.push(std::str::from_utf8(text).map_err(|_| DerError::Text)?);
            }
        }
    }
    Ok(addresses)
}
