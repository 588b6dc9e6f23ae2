//! Distinguished names and how they are compared (RFC 5280 section 7.1).
//!
//! A name is reduced once to canonical bytes; two names are the same exactly when those bytes are.
//! Case and insignificant spaces are folded away as RFC 4518 says; the Unicode normalisation of
//! its section 2.3 is left out. So two spellings of one name may count as different (which refuses)
//! but never two names as the same.

use crate::DerError;
use crate::der::{
    BMP_STRING, Element, IA5_STRING, PRINTABLE_STRING, Reader, SEQUENCE, SET, UNIVERSAL_STRING,
    UTF8_STRING,
};
use crate::limits::MAX_NAME_ATTRIBUTES;

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
    let mut canonical = Vec::with_capacity(der.len());
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
    let mut members = Vec::new();
    while !reader.is_empty() {
        *attributes += 1;
        if *attributes > MAX_NAME_ATTRIBUTES {
            return Err(NameError::TooManyAttributes);
        }
        members.push(canonical_attribute(reader.expect(SEQUENCE)?.contents)?);
    }
    if members.is_empty() {
        return Err(NameError::EmptyRelativeName);
    }
    // The order of a SET carries no meaning, and folding case may have changed it.
    members.sort_unstable();
    append_counted(canonical, members.len(), &members.concat());
    Ok(())
}

fn canonical_attribute(contents: &[u8]) -> Result<Vec<u8>, NameError> {
    let mut reader = Reader::new(contents);
    let attribute_type = reader.object_identifier()?;
    let value = reader.element()?;
    reader.finish()?;
    let mut canonical = Vec::with_capacity(contents.len() + 16);
    append_counted(&mut canonical, 0, attribute_type);
    match text(&value) {
        Some(text) => append_counted(&mut canonical, 0, fold(&text).as_bytes()),
        // RFC 5280 section 7.1: other types may be compared byte by byte; the tag is part of it.
        None => append_counted(&mut canonical, 1, value.raw),
    }
    Ok(canonical)
}

/// The text of a value whose type has a character set we read.
fn text(value: &Element<'_>) -> Option<String> {
    let contents = value.contents;
    match value.tag {
        UTF8_STRING | PRINTABLE_STRING | IA5_STRING => {
            std::str::from_utf8(contents).ok().map(str::to_owned)
        }
        BMP_STRING => {
            let (pairs, rest) = contents.as_chunks::<2>();
            let units: Vec<u16> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
            if rest.is_empty() {
                String::from_utf16(&units).ok()
            } else {
                None
            }
        }
        UNIVERSAL_STRING => {
            let (fours, rest) = contents.as_chunks::<4>();
            let characters = fours
                .iter()
                .map(|four| char::from_u32(u32::from_be_bytes(*four)));
            if rest.is_empty() {
                characters.collect()
            } else {
                None
            }
        }
        _ => None,
    }
}

/// Case folding and insignificant space handling (RFC 4518 sections 2.2 and 2.6.1): leading and
/// trailing spaces vanish, runs of inner spaces become one.
fn fold(text: &str) -> String {
    let lower = text.to_lowercase();
    lower
        .split(' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Appends bytes so that no two sequences of appended parts give the same bytes: a marker or
/// count, the length, the bytes.
fn append_counted(target: &mut Vec<u8>, marker: usize, bytes: &[u8]) {
    // Both numbers are bounded by the limits on certificates and names.
    for number in [marker, bytes.len()] {
        target.extend(u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes());
    }
    target.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::{NameError, canonical_name};
    use crate::DerError;

    fn der(tag: u8, contents: &[u8]) -> Vec<u8> {
        [&[tag, u8::try_from(contents.len()).unwrap()], contents].concat()
    }

    fn attribute(arc: u8, tag: u8, value: &[u8]) -> Vec<u8> {
        der(
            0x30,
            &[der(0x06, &[0x55, 0x04, arc]), der(tag, value)].concat(),
        )
    }

    /// A name of relative names, each of (arc, string tag, value) attributes.
    fn name(parts: &[&[(u8, u8, &[u8])]]) -> Vec<u8> {
        let parts = parts.iter().map(|part| {
            let members: Vec<_> = part
                .iter()
                .map(|(arc, tag, value)| attribute(*arc, *tag, value))
                .collect();
            der(0x31, &members.concat())
        });
        der(0x30, &parts.collect::<Vec<_>>().concat())
    }

    #[track_caller]
    fn same(left: &[&[(u8, u8, &[u8])]], right: &[&[(u8, u8, &[u8])]]) -> bool {
        canonical_name(&name(left)).unwrap() == canonical_name(&name(right)).unwrap()
    }

    #[test]
    fn case_spaces_and_string_types_do_not_matter() {
        assert!(same(
            &[&[(3, 0x0c, b"City  CRLDP")]],
            &[&[(3, 0x13, b" city crldp ")]]
        ));
        assert!(same(&[&[(3, 0x0c, b"AB")]], &[&[(3, 0x1e, b"\0a\0b")]]));
        assert!(same(
            &[&[(3, 0x0c, b"AB")]],
            &[&[(3, 0x1c, b"\0\0\0a\0\0\0b")]]
        ));
        assert!(same(
            &[&[(3, 0x0c, "É".as_bytes())]],
            &[&[(3, 0x0c, "é".as_bytes())]]
        ));
    }

    #[test]
    fn values_types_order_and_grouping_matter() {
        assert!(!same(&[&[(3, 0x0c, b"A")]], &[&[(3, 0x0c, b"B")]]));
        assert!(!same(&[&[(3, 0x0c, b"A B")]], &[&[(3, 0x0c, b"AB")]]));
        assert!(!same(&[&[(3, 0x0c, b"A")]], &[&[(10, 0x0c, b"A")]]));
        let (a, b) = ((3, 0x0c, b"A".as_slice()), (3, 0x0c, b"B".as_slice()));
        assert!(!same(&[&[a], &[b]], &[&[b], &[a]]));
        assert!(!same(&[&[a], &[b]], &[&[a, b]]));
        assert!(!same(&[&[a], &[b]], &[&[a]]));
        assert!(same(&[&[a, b]], &[&[b, a]]));
    }

    #[test]
    fn a_type_without_a_known_character_set_is_compared_byte_by_byte() {
        assert!(same(&[&[(3, 0x14, b"A")]], &[&[(3, 0x14, b"A")]]));
        assert!(!same(&[&[(3, 0x14, b"A")]], &[&[(3, 0x14, b"a")]]));
        assert!(!same(&[&[(3, 0x14, b"a")]], &[&[(3, 0x0c, b"a")]]));
    }

    #[test]
    fn an_empty_part_is_refused_and_an_empty_name_is_a_name() {
        assert_eq!(
            canonical_name(&name(&[&[]])),
            Err(NameError::EmptyRelativeName)
        );
        assert_eq!(canonical_name(&name(&[])), Ok(Vec::new()));
    }

    #[test]
    fn an_attribute_is_a_type_and_one_value() {
        let three = der(
            0x30,
            &[der(0x06, &[0x55]), der(0x0c, b"A"), der(0x0c, b"B")].concat(),
        );
        let found = canonical_name(&der(0x30, &der(0x31, &three)));
        assert_eq!(
            found,
            Err(NameError::Der(DerError::TrailingBytes { octets: 3 }))
        );
    }

    #[test]
    fn a_name_of_thirty_two_attributes_is_read_and_of_thirty_three_is_not() {
        let attribute: &[(u8, u8, &[u8])] = &[(3, 0x0c, b"")];
        let long = |count| {
            let parts = vec![attribute; count];
            let short = name(&parts[..1]);
            let contents = short[2..].repeat(count);
            let length = u16::try_from(contents.len()).unwrap().to_be_bytes();
            [&[0x30, 0x82], length.as_slice(), &contents].concat()
        };
        assert!(canonical_name(&long(32)).is_ok());
        assert_eq!(canonical_name(&long(33)), Err(NameError::TooManyAttributes));
    }
}
