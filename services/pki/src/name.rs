//! Distinguished names and how they are compared (RFC 5280 section 7.1).
//!
//! A name is reduced once to canonical bytes; two names are the same exactly when those bytes are.
//! Values of character sets that map to Unicode are prepared as RFC 4518 says; every other value, and
//! one that cannot be prepared, is compared byte by byte, its tag included. So two spellings of one
//! name may count as different (which refuses) but never two names as the same.
//!
//! TeletexString is compared byte by byte: RFC 4518 section 2.1 leaves its mapping to Unicode a local
//! matter, because in practice it holds T.61, Latin-1 or worse. Whatever mapping we chose would make
//! two different names of somebody who chose another one the same.
//!
//! The canonical bytes of a name are those of its relative names one after the other, each saying
//! where it ends: whatever begins with the bytes of a name is a name below it, and appending those
//! of a relative name gives the longer name.

mod prepare;
mod text;

use crate::DerError;
use crate::der::{
    BMP_STRING, Element, IA5_STRING, PRINTABLE_STRING, Reader, SEQUENCE, SET, UNIVERSAL_STRING,
    UTF8_STRING,
};
use crate::limits::MAX_NAME_ATTRIBUTES;

pub use text::NameText;

/// Why a name is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It is not DER.
    #[error(transparent)]
    Der(#[from] DerError),
    /// A relative distinguished name without an attribute.
    #[error("a part of the name is empty (X.501 section 9.3)")]
    EmptyRelativeName,
    /// More attributes than any real name.
    #[error("the name has more than {MAX_NAME_ATTRIBUTES} attributes")]
    TooManyAttributes,
}

/// The canonical bytes of a `Name`, given as its SEQUENCE.
pub(crate) fn canonical_name(der: &[u8]) -> Result<Vec<u8>, NameError> {
    let mut parts = crate::der::whole_sequence(der)?;
    // Four numbers for each attribute of at least 9 octets, and two for each part around them.
    let mut canonical = Vec::with_capacity(der.len() * 3);
    let mut attributes = 0;
    while !parts.is_empty() {
        let part = parts.expect(SET)?;
        canonical_relative_name(part.contents, &mut canonical, &mut attributes)?;
    }
    Ok(canonical)
}

/// Appends the canonical bytes of a `RelativeDistinguishedName`, given as the contents of its SET.
pub(crate) fn canonical_relative_name(
    contents: &[u8],
    canonical: &mut Vec<u8>,
    attributes: &mut usize,
) -> Result<(), NameError> {
    let mut reader = Reader::new(contents);
    let start = begin_counted(canonical);
    let mut count = 0;
    while !reader.is_empty() {
        *attributes += 1;
        if *attributes > MAX_NAME_ATTRIBUTES {
            return Err(NameError::TooManyAttributes);
        }
        append_attribute(reader.expect(SEQUENCE)?.contents, canonical)?;
        count += 1;
    }
    if count == 0 {
        return Err(NameError::EmptyRelativeName);
    }
    if count > 1 {
        sort_attributes(&mut canonical[start..]);
    }
    end_counted(canonical, start, count);
    Ok(())
}

fn append_attribute(contents: &[u8], canonical: &mut Vec<u8>) -> Result<(), NameError> {
    let mut reader = Reader::new(contents);
    let attribute_type = reader.object_identifier()?;
    let value = reader.element()?;
    reader.finish()?;
    let start = begin_counted(canonical);
    canonical.extend(attribute_type);
    end_counted(canonical, start, TYPE);
    let start = begin_counted(canonical);
    if append_prepared(&value, canonical).is_some() {
        end_counted(canonical, start, PREPARED_VALUE);
    } else {
        // RFC 5280 section 7.1: other types may be compared byte by byte; the tag is part of it.
        canonical.truncate(start);
        canonical.extend(value.raw);
        end_counted(canonical, start, RAW_VALUE);
    }
    Ok(())
}

/// Appends the prepared text of a value whose type has a character set we read. None, with anything
/// appended, if it has another type, is not in its character set or cannot be prepared.
fn append_prepared(value: &Element<'_>, canonical: &mut Vec<u8>) -> Option<()> {
    match value.tag {
        UTF8_STRING | PRINTABLE_STRING | IA5_STRING if value.contents.is_ascii() => {
            prepare::append_ascii(value.contents, canonical);
            Some(())
        }
        _ => prepare::append(&text(value)?, canonical),
    }
}

/// The text of a value whose type has a character set that maps to Unicode (RFC 4518 section 2.1).
fn text(value: &Element<'_>) -> Option<String> {
    let contents = value.contents;
    match value.tag {
        UTF8_STRING => std::str::from_utf8(contents).ok().map(str::to_owned),
        PRINTABLE_STRING | IA5_STRING => {
            let text = std::str::from_utf8(contents).ok();
            text.filter(|text| text.is_ascii()).map(str::to_owned)
        }
        // UCS-2: a surrogate is no character (RFC 3454 table C.5), not even with its other half.
        BMP_STRING => {
            let (pairs, rest) = contents.as_chunks::<2>();
            let characters = pairs
                .iter()
                .map(|pair| char::from_u32(u16::from_be_bytes(*pair).into()));
            rest.is_empty().then(|| characters.collect())?
        }
        UNIVERSAL_STRING => {
            let (fours, rest) = contents.as_chunks::<4>();
            let characters = fours
                .iter()
                .map(|four| char::from_u32(u32::from_be_bytes(*four)));
            rest.is_empty().then(|| characters.collect())?
        }
        _ => None,
    }
}

/// Marks of an attribute's parts.
const TYPE: u32 = 0;
const PREPARED_VALUE: u32 = 0;
const RAW_VALUE: u32 = 1;

/// Octets before counted bytes: a mark or count, and the length.
const COUNTED: usize = 8;

/// Leaves room for a mark and a length; the bytes appended from here on are counted. No two
/// sequences of counted bytes are the same bytes.
fn begin_counted(target: &mut Vec<u8>) -> usize {
    target.extend([0; COUNTED]);
    target.len()
}

/// Writes the mark and the length of what was appended since [`begin_counted`].
fn end_counted(target: &mut [u8], start: usize, mark: u32) {
    // Bounded by the limits on certificates and lists.
    let length = u32::try_from(target.len() - start).unwrap_or(u32::MAX);
    target[start - COUNTED..start - 4].copy_from_slice(&mark.to_be_bytes());
    target[start - 4..start].copy_from_slice(&length.to_be_bytes());
}

/// Sorts the canonical attributes of one relative name: the order of a SET carries no meaning, and
/// preparing the values may have changed it.
fn sort_attributes(canonical: &mut [u8]) {
    let mut attributes = Vec::new();
    let mut rest = &*canonical;
    while !rest.is_empty() {
        let (attribute, after) = rest.split_at(counted_length(rest, 2));
        attributes.push(attribute);
        rest = after;
    }
    attributes.sort_unstable();
    let sorted = attributes.concat();
    canonical.copy_from_slice(&sorted);
}

/// How many octets a number of counted bytes, one after the other, take at the beginning.
fn counted_length(bytes: &[u8], number: usize) -> usize {
    (0..number).fold(0, |start, _| {
        let length: u32 = bytes[start + 4..start + COUNTED]
            .iter()
            .fold(0, |sum, octet| sum << 8 | u32::from(*octet));
        start + COUNTED + usize::try_from(length).unwrap_or(usize::MAX)
    })
}

#[cfg(test)]
mod tests;
