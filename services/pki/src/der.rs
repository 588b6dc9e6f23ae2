//! A strict reader of DER (X.690 section 8 and 10 to 11).
//!
//! Two certificates that differ in bytes but mean the same would get around every rule that
//! compares bytes, so an encoding that is not the one distinguished encoding is refused before
//! anything looks at its meaning. Nothing here allocates, and nothing recurses deeper than
//! [`MAX_DEPTH`](crate::limits::MAX_DER_DEPTH).

use crate::limits::MAX_DER_DEPTH;

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const ENUMERATED: u8 = 0x0a;
pub(crate) const UTF8_STRING: u8 = 0x0c;
pub(crate) const PRINTABLE_STRING: u8 = 0x13;
pub(crate) const IA5_STRING: u8 = 0x16;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const UNIVERSAL_STRING: u8 = 0x1c;
pub(crate) const BMP_STRING: u8 = 0x1e;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

const CONSTRUCTED: u8 = 0x20;
const CLASS: u8 = 0xc0;

/// The tag of a context-specific element, `[number]`, constructed.
pub(crate) const fn context(number: u8) -> u8 {
    0x80 | CONSTRUCTED | number
}

/// The tag of a context-specific element, `[number]`, primitive.
pub(crate) const fn context_primitive(number: u8) -> u8 {
    0x80 | number
}

/// Which rule of DER (X.690) is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DerError {
    /// The bytes end before the element does.
    #[error("the bytes end inside an element")]
    Truncated,
    /// Bytes follow where the structure ends.
    #[error("{octets} octets follow the end of the structure")]
    TrailingBytes {
        /// How many.
        octets: usize,
    },
    /// Tag numbers above 30 do not occur in certificates and lists.
    #[error("a tag has a number above 30")]
    LongTag,
    /// Another element was expected here.
    #[error("an element has tag {found:#04x} where {expected:#04x} is expected")]
    UnexpectedTag {
        /// What the structure says.
        expected: u8,
        /// What is there; zero at the end of the bytes.
        found: u8,
    },
    /// The indefinite form is BER only.
    #[error("a length has the indefinite form (X.690 section 10.1)")]
    IndefiniteLength,
    /// A shorter form of the same length exists.
    #[error("a length is longer than it has to be (X.690 section 10.1)")]
    NonMinimalLength,
    /// A length above 4 octets.
    #[error("a length has {octets} octets; 4 are read")]
    LongLength {
        /// How many octets it has.
        octets: u8,
    },
    /// An empty integer, or one with needless leading octets.
    #[error("an integer is not in its shortest form (X.690 section 8.3.2)")]
    Integer,
    /// A boolean other than TRUE. All booleans of certificates and lists default to FALSE, so an
    /// encoded FALSE is not DER either (X.690 section 11.5).
    #[error("a boolean is not the octet 255 (X.690 sections 11.1 and 11.5)")]
    Boolean,
    /// A NULL with contents.
    #[error("a NULL is not empty (X.690 section 8.8.2)")]
    Null,
    /// Unused bits that are not zero, or an impossible count of them.
    #[error("a bit string has wrong unused bits (X.690 section 11.2.1)")]
    BitString,
    /// A named bit list with trailing zero bits.
    #[error("a list of named bits ends in a zero bit (X.690 section 11.2.2)")]
    NamedBits,
    /// An empty, cut off or padded object identifier.
    #[error("an object identifier is malformed (X.690 section 8.19.2)")]
    ObjectIdentifier,
    /// Text that is not in its character set.
    #[error("a string is not in its character set")]
    Text,
    /// A time that is not `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`, or no day of the calendar.
    #[error("a time is malformed (X.690 sections 11.7 and 11.8, RFC 5280 section 4.1.2.5)")]
    Time,
    /// UTCTime from 2050 on does not exist; GeneralizedTime before 2050 must not be used.
    #[error("a time before 2050 is not UTCTime (RFC 5280 section 4.1.2.5)")]
    TimeForm,
    /// The elements of a SET OF are not in ascending order.
    #[error("a set is not sorted (X.690 section 11.6)")]
    SetOrder,
    /// A primitive type in constructed form, or the reverse.
    #[error(
        "a type is primitive where it must be constructed, or the reverse (X.690 section 10.2)"
    )]
    Form,
    /// Nested deeper than anything in a certificate.
    #[error("elements are nested deeper than {MAX_DER_DEPTH}")]
    TooDeep,
}

/// One element.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) contents: &'a [u8],
    /// Tag, length and contents.
    pub(crate) raw: &'a [u8],
}

/// Reads one element after the other.
#[derive(Clone)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many octets are left.
    pub(crate) const fn remaining(&self) -> usize {
        self.0.len()
    }

    /// The tag of the next element, if there is one.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The next element, whatever it is.
    pub(crate) fn element(&mut self) -> Result<Element<'a>, DerError> {
        let (tag, after_tag) = self.0.split_first().ok_or(DerError::Truncated)?;
        if tag & 0x1f == 0x1f {
            return Err(DerError::LongTag);
        }
        let (length, header) = length(after_tag)?;
        let end = header
            .checked_add(1)
            .and_then(|start| start.checked_add(length));
        let raw = end
            .and_then(|end| self.0.get(..end))
            .ok_or(DerError::Truncated)?;
        self.0 = &self.0[raw.len()..];
        Ok(Element {
            tag: *tag,
            contents: &raw[header + 1..],
            raw,
        })
    }

    /// The next element, which must have this tag.
    pub(crate) fn expect(&mut self, tag: u8) -> Result<Element<'a>, DerError> {
        match self.peek() {
            Some(found) if found == tag => self.element(),
            found => Err(DerError::UnexpectedTag {
                expected: tag,
                found: found.unwrap_or(0),
            }),
        }
    }

    /// The next element if it has this tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>, DerError> {
        if self.peek() == Some(tag) {
            self.element().map(Some)
        } else {
            Ok(None)
        }
    }

    /// Contents of the next element, which must be a SEQUENCE.
    pub(crate) fn sequence(&mut self) -> Result<Self, DerError> {
        self.expect(SEQUENCE).map(|element| Self(element.contents))
    }

    /// Contents of the next INTEGER, in its shortest form.
    pub(crate) fn integer(&mut self) -> Result<&'a [u8], DerError> {
        let contents = self.expect(INTEGER)?.contents;
        check_integer(contents)?;
        Ok(contents)
    }

    /// Contents of the next object identifier.
    pub(crate) fn object_identifier(&mut self) -> Result<&'a [u8], DerError> {
        let contents = self.expect(OBJECT_IDENTIFIER)?.contents;
        check_object_identifier(contents)?;
        Ok(contents)
    }

    /// A `BOOLEAN DEFAULT FALSE`.
    pub(crate) fn default_false(&mut self) -> Result<bool, DerError> {
        match self.optional(BOOLEAN)? {
            Some(element) => check_true(element.contents).map(|()| true),
            None => Ok(false),
        }
    }

    /// The octets of the next BIT STRING, which must be whole octets.
    pub(crate) fn octet_aligned_bits(&mut self) -> Result<&'a [u8], DerError> {
        match self.expect(BIT_STRING)?.contents.split_first() {
            Some((0, octets)) => Ok(octets),
            _ => Err(DerError::BitString),
        }
    }

    /// The structure must end here.
    pub(crate) const fn finish(self) -> Result<(), DerError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(DerError::TrailingBytes {
                octets: self.0.len(),
            })
        }
    }
}

/// Reads bytes that are exactly one SEQUENCE; the result reads its contents.
pub(crate) fn whole_sequence(bytes: &[u8]) -> Result<Reader<'_>, DerError> {
    let mut outer = Reader::new(bytes);
    let contents = outer.sequence()?;
    outer.finish()?;
    Ok(contents)
}

/// Checks that bytes are exactly one element and that all of it, however deep, is DER.
pub(crate) fn check_strict(bytes: &[u8]) -> Result<(), DerError> {
    let mut reader = Reader::new(bytes);
    check_element(&reader.element()?, 0)?;
    reader.finish()
}

fn check_element(element: &Element<'_>, depth: usize) -> Result<(), DerError> {
    if depth >= MAX_DER_DEPTH {
        return Err(DerError::TooDeep);
    }
    let contents = element.contents;
    match element.tag {
        BOOLEAN => check_true(contents),
        INTEGER | ENUMERATED => check_integer(contents),
        BIT_STRING => check_bit_string(contents),
        NULL if contents.is_empty() => Ok(()),
        NULL => Err(DerError::Null),
        OBJECT_IDENTIFIER => check_object_identifier(contents),
        UTF8_STRING => std::str::from_utf8(contents)
            .map(drop)
            .map_err(|_| DerError::Text),
        PRINTABLE_STRING | IA5_STRING if !contents.is_ascii() => Err(DerError::Text),
        UTC_TIME | GENERALIZED_TIME => crate::time::from_der(element.tag, contents).map(drop),
        // X.690 section 10.2: strings are primitive; sections 8.9.1 and 8.11.1: sequences and sets
        // are constructed. Other classes are tagged by the structure that uses them.
        tag if tag & CLASS == 0 && (tag & CONSTRUCTED != 0) != (tag == SEQUENCE || tag == SET) => {
            Err(DerError::Form)
        }
        0x10 | 0x11 => Err(DerError::Form),
        tag if tag & CONSTRUCTED != 0 => check_elements(contents, tag == SET, depth + 1),
        _ => Ok(()),
    }
}

fn check_elements(contents: &[u8], sorted: bool, depth: usize) -> Result<(), DerError> {
    let mut reader = Reader::new(contents);
    let mut previous: &[u8] = &[];
    while !reader.is_empty() {
        let element = reader.element()?;
        check_element(&element, depth)?;
        if sorted && previous > element.raw {
            return Err(DerError::SetOrder);
        }
        previous = element.raw;
    }
    Ok(())
}

/// The length and how many octets it takes.
pub(crate) fn length(bytes: &[u8]) -> Result<(usize, usize), DerError> {
    let (first, rest) = bytes.split_first().ok_or(DerError::Truncated)?;
    match first {
        0..=0x7f => Ok((usize::from(*first), 1)),
        0x80 => Err(DerError::IndefiniteLength),
        0x81..=0x84 => {
            let octets = usize::from(first & 0x7f);
            let digits = rest.get(..octets).ok_or(DerError::Truncated)?;
            let length = digits
                .iter()
                .fold(0_u64, |sum, digit| sum << 8 | u64::from(*digit));
            if length < 0x80 || digits[0] == 0 {
                return Err(DerError::NonMinimalLength);
            }
            let length = usize::try_from(length).map_err(|_| DerError::Truncated)?;
            Ok((length, octets + 1))
        }
        _ => Err(DerError::LongLength {
            octets: first & 0x7f,
        }),
    }
}

fn check_true(contents: &[u8]) -> Result<(), DerError> {
    if contents == [0xff] {
        Ok(())
    } else {
        Err(DerError::Boolean)
    }
}

pub(crate) fn check_integer(contents: &[u8]) -> Result<(), DerError> {
    match contents {
        [] => Err(DerError::Integer),
        [0, second, ..] if second & 0x80 == 0 => Err(DerError::Integer),
        [0xff, second, ..] if second & 0x80 != 0 => Err(DerError::Integer),
        _ => Ok(()),
    }
}

fn check_bit_string(contents: &[u8]) -> Result<(), DerError> {
    match contents {
        [0] => Ok(()),
        [unused @ 0..=7, .., last] if last.trailing_zeros() >= u32::from(*unused) => Ok(()),
        _ => Err(DerError::BitString),
    }
}

/// The contents of an object identifier, for where its tag is implicit.
pub(crate) fn check_object_identifier(contents: &[u8]) -> Result<(), DerError> {
    // The identifiers of certificates' fields and extensions: every octet is a subidentifier.
    if !contents.is_empty() && contents.is_ascii() {
        return Ok(());
    }
    // Every subidentifier ends in an octet without the top bit and does not begin with 0x80.
    let begins_with_padding = std::iter::once(&0)
        .chain(contents)
        .zip(contents)
        .any(|(before, octet)| before & 0x80 == 0 && *octet == 0x80);
    match contents.last() {
        Some(last) if last & 0x80 == 0 && !begins_with_padding => Ok(()),
        _ => Err(DerError::ObjectIdentifier),
    }
}

/// Named bits (X.690 section 11.2.2), bit 0 of the list is bit 0 of the result; at most 16.
pub(crate) fn named_bits(contents: &[u8]) -> Result<u16, DerError> {
    check_bit_string(contents)?;
    let (unused, octets) = contents.split_first().ok_or(DerError::BitString)?;
    let last_bit_is_set = octets
        .last()
        .map_or(*unused == 0, |last| last >> unused & 1 == 1);
    if !last_bit_is_set || octets.len() > 2 {
        return Err(DerError::NamedBits);
    }
    let bits = octets
        .iter()
        .enumerate()
        .map(|(index, octet)| u16::from(octet.reverse_bits()) << (8 * index));
    Ok(bits.sum())
}

#[cfg(test)]
mod tests;
