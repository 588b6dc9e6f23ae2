//! General names: the ways in which certificates and lists name somebody or something
//! (RFC 5280 section 4.2.1.6).

use crate::der::{
    Element, Reader, SEQUENCE, check_strict, context, context_primitive, whole_sequence,
};
use crate::limits::MAX_ALTERNATIVE_NAMES;
use crate::{DerError, NameError};

/// Why a general name is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GeneralNameError {
    /// It is not DER.
    #[error(transparent)]
    Der(#[from] DerError),
    /// A directory name in it is malformed.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A tag that no form of name has.
    #[error("a general name has tag {found:#04x}, which is none (RFC 5280 section 4.2.1.6)")]
    UnknownForm {
        /// The tag.
        found: u8,
    },
    /// Text that is not IA5String.
    #[error("a general name is not in IA5String (RFC 5280 section 4.2.1.6)")]
    NotIa5,
    /// An extension of names without a name.
    #[error("there is no general name where at least one is needed (RFC 5280 section 4.2.1.6)")]
    Empty,
    /// More names than any certificate or list.
    #[error("there are more than {MAX_ALTERNATIVE_NAMES} general names")]
    TooMany,
}

impl GeneralNameError {
    /// The broken rule, in snake case.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Der(_) => "not_der",
            Self::Name(_) => "name",
            Self::UnknownForm { .. } => "unknown_general_name",
            Self::NotIa5 => "general_name_not_ia5",
            Self::Empty => "no_general_name",
            Self::TooMany => "too_many_general_names",
        }
    }
}

/// One `GeneralName`. Texts are what was encoded: nothing is known about their form but that they
/// are ASCII.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum GeneralName<'a> {
    OtherName {
        /// Contents of the identifier that says what the value is.
        type_id: &'a [u8],
        /// The value in DER, without its explicit tag.
        value: &'a [u8],
    },
    Rfc822(&'a str),
    Dns(&'a str),
    /// The `ORAddress` as it stands, with its tag.
    X400(&'a [u8]),
    /// The `Name`, as its SEQUENCE.
    Directory(&'a [u8]),
    /// The `EDIPartyName` as it stands, with its tag.
    EdiParty(&'a [u8]),
    Uri(&'a str),
    /// The octets of an address, or in a constraint of an address and a mask.
    Ip(&'a [u8]),
    /// Contents of an object identifier.
    RegisteredId(&'a [u8]),
}

pub(crate) const OTHER_NAME: u8 = context(0);
const RFC822_NAME: u8 = context_primitive(1);
const DNS_NAME: u8 = context_primitive(2);
const X400_ADDRESS: u8 = context(3);
const DIRECTORY_NAME: u8 = context(4);
const EDI_PARTY_NAME: u8 = context(5);
const UNIFORM_RESOURCE_IDENTIFIER: u8 = context_primitive(6);
const IP_ADDRESS: u8 = context_primitive(7);
const REGISTERED_ID: u8 = context_primitive(8);

impl<'a> GeneralName<'a> {
    /// Reads one element that [`check_strict`] has passed.
    pub(crate) fn read(element: &Element<'a>) -> Result<Self, GeneralNameError> {
        let contents = element.contents;
        Ok(match element.tag {
            OTHER_NAME => {
                let mut fields = Reader::new(contents);
                let type_id = fields.object_identifier()?;
                let tagged = fields.expect(context(0))?;
                fields.finish()?;
                // `value [0] EXPLICIT ANY`: exactly one value.
                let mut value = Reader::new(tagged.contents);
                let value_der = value.element()?.raw;
                value.finish()?;
                Self::OtherName {
                    type_id,
                    value: value_der,
                }
            }
            RFC822_NAME => Self::Rfc822(ia5(contents)?),
            DNS_NAME => Self::Dns(ia5(contents)?),
            X400_ADDRESS => Self::X400(element.raw),
            DIRECTORY_NAME => {
                // Name is a CHOICE, so its tag is explicit (X.680 section 31.2.7 c).
                let mut tagged = Reader::new(contents);
                let name = tagged.expect(SEQUENCE)?;
                tagged.finish()?;
                Self::Directory(name.raw)
            }
            EDI_PARTY_NAME => Self::EdiParty(element.raw),
            UNIFORM_RESOURCE_IDENTIFIER => Self::Uri(ia5(contents)?),
            IP_ADDRESS => Self::Ip(contents),
            REGISTERED_ID => {
                // The tag is implicit, so the strict reader could not know what it is.
                crate::der::check_object_identifier(contents)?;
                Self::RegisteredId(contents)
            }
            found => return Err(GeneralNameError::UnknownForm { found }),
        })
    }
}

fn ia5(contents: &[u8]) -> Result<&str, GeneralNameError> {
    match std::str::from_utf8(contents) {
        Ok(text) if text.is_ascii() => Ok(text),
        _ => Err(GeneralNameError::NotIa5),
    }
}

/// `GeneralNames`, the whole value of an alternative name extension.
pub(crate) fn read_general_names(value: &[u8]) -> Result<Vec<GeneralName<'_>>, GeneralNameError> {
    check_strict(value)?;
    read_general_name_list(whole_sequence(value)?)
}

/// The contents of a `GeneralNames` that [`check_strict`] has passed, for where its tag is implicit.
pub(crate) fn read_general_name_list(
    mut list: Reader<'_>,
) -> Result<Vec<GeneralName<'_>>, GeneralNameError> {
    let mut names = Vec::new();
    while !list.is_empty() {
        if names.len() == MAX_ALTERNATIVE_NAMES {
            return Err(GeneralNameError::TooMany);
        }
        names.push(GeneralName::read(&list.element()?)?);
    }
    if names.is_empty() {
        return Err(GeneralNameError::Empty);
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::{GeneralName, GeneralNameError, read_general_names};
    use crate::DerError;

    fn der(tag: u8, contents: &[u8]) -> Vec<u8> {
        let length = u16::try_from(contents.len()).unwrap().to_be_bytes();
        let header = match length {
            [0, short @ 0..0x80] => vec![tag, short],
            [0, long] => vec![tag, 0x81, long],
            [high, low] => vec![tag, 0x82, high, low],
        };
        [header.as_slice(), contents].concat()
    }

    fn names(names: &[Vec<u8>]) -> Vec<u8> {
        der(0x30, &names.concat())
    }

    fn other_name(value: &[u8]) -> Vec<u8> {
        der(0xa0, &[&der(6, &[0x2a, 3]), value].concat())
    }

    #[track_caller]
    fn refused(name: Vec<u8>) -> GeneralNameError {
        read_general_names(&names(&[name])).err().unwrap()
    }

    #[test]
    fn every_form_is_read() {
        let null = [5, 0].as_slice();
        let empty_name = [0x30, 0].as_slice();
        let encoded = names(&[
            other_name(&der(0xa0, null)),
            der(0x81, b"a@b"),
            der(0x82, b"b"),
            der(0xa3, null),
            der(0xa4, empty_name),
            der(0xa5, null),
            der(0x86, b"x:"),
            der(0x87, &[127, 0, 0, 1]),
            der(0x88, &[0x2a, 3]),
        ]);
        let read = read_general_names(&encoded).unwrap();
        let expected = [
            GeneralName::OtherName {
                type_id: &[0x2a, 3],
                value: null,
            },
            GeneralName::Rfc822("a@b"),
            GeneralName::Dns("b"),
            GeneralName::X400(&[0xa3, 2, 5, 0]),
            GeneralName::Directory(empty_name),
            GeneralName::EdiParty(&[0xa5, 2, 5, 0]),
            GeneralName::Uri("x:"),
            GeneralName::Ip(&[127, 0, 0, 1]),
            GeneralName::RegisteredId(&[0x2a, 3]),
        ];
        assert!(read == expected);
    }

    #[test]
    fn an_unknown_tag_is_no_name() {
        // Also a known number in the wrong form.
        for found in [0x89, 0xa1, 0xa2, 0xa6, 0x84, 0x0c] {
            assert_eq!(
                refused(vec![found, 0]),
                GeneralNameError::UnknownForm { found }
            );
        }
    }

    #[test]
    fn text_is_ia5() {
        for tag in [0x81, 0x82, 0x86] {
            assert!(read_general_names(&names(&[der(tag, b"e")])).is_ok());
            assert_eq!(refused(der(tag, "é".as_bytes())), GeneralNameError::NotIa5);
            assert_eq!(refused(der(tag, &[0xff])), GeneralNameError::NotIa5);
        }
    }

    #[test]
    fn tags_around_a_choice_and_a_value_are_explicit() {
        let unexpected =
            |expected, found| GeneralNameError::Der(DerError::UnexpectedTag { expected, found });
        assert_eq!(refused(other_name(&[5, 0])), unexpected(0xa0, 5));
        assert_eq!(refused(other_name(&[])), unexpected(0xa0, 0));
        assert_eq!(refused(der(0xa4, &der(0x31, &[]))), unexpected(0x30, 0x31));
        let trailing = GeneralNameError::Der(DerError::TrailingBytes { octets: 2 });
        assert_eq!(refused(other_name(&der(0xa0, &[5, 0, 5, 0]))), trailing);
        let two_values = [der(0xa0, &[5, 0]), vec![5, 0]].concat();
        assert_eq!(refused(other_name(&two_values)), trailing);
        assert_eq!(refused(der(0xa4, &[0x30, 0, 5, 0])), trailing);
    }

    #[test]
    fn a_registered_identifier_is_an_object_identifier() {
        let malformed = GeneralNameError::Der(DerError::ObjectIdentifier);
        assert_eq!(refused(der(0x88, &[])), malformed);
        assert_eq!(refused(der(0x88, &[0x2a, 0x80])), malformed);
    }

    #[test]
    fn there_is_at_least_one_name_and_at_most_the_limit() {
        let of =
            |count| read_general_names(&names(&vec![der(0x82, b"b"); count])).map(|it| it.len());
        assert_eq!(of(0), Err(GeneralNameError::Empty));
        assert_eq!(of(1), Ok(1));
        assert_eq!(of(256), Ok(256));
        assert_eq!(of(257), Err(GeneralNameError::TooMany));
    }
}
