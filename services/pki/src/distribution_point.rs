//! CRL distribution points: which partition of an authority's lists covers a certificate.
//!
//! A JPKI certificate names the directory entry of its municipality. That name leads back to the
//! municipality, so errors never carry it.

use crate::der::{Reader, SEQUENCE, check_strict, context, context_primitive, whole_sequence};
use crate::limits::MAX_GENERAL_NAMES;
use crate::name::{canonical_name, canonical_relative_name};
use crate::{DerError, NameError};

const FULL_NAME: u8 = context(0);
const RELATIVE_NAME: u8 = context(1);
const DIRECTORY_NAME: u8 = context(4);

/// Why a distribution point is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DistributionPointError {
    /// It is not DER.
    #[error(transparent)]
    Der(#[from] DerError),
    /// A name in it is malformed.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Reasons alone do not say where a list is.
    #[error("a distribution point has neither a name nor an issuer (RFC 5280 section 4.2.1.13)")]
    Empty,
    /// A full name without a name.
    #[error("a full name is empty (RFC 5280 section 4.2.1.6)")]
    EmptyFullName,
    /// More names than any real distribution point.
    #[error("a distribution point has more than {MAX_GENERAL_NAMES} names")]
    TooManyNames,
}

/// A `DistributionPoint` of a CRL distribution points extension (RFC 5280 section 4.2.1.13).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistributionPoint {
    der: Box<[u8]>,
    name: Option<DistributionPointName>,
    limits_reasons: bool,
    names_crl_issuer: bool,
}

impl DistributionPoint {
    /// Reads the `DistributionPoint` SEQUENCE, strictly.
    pub fn from_der(der: &[u8]) -> Result<Self, DistributionPointError> {
        check_strict(der)?;
        let mut reader = whole_sequence(der)?;
        let name = match reader.optional(context(0))? {
            // The name is a CHOICE, so its tag is explicit (X.680 section 31.2.7 c).
            Some(element) => Some(DistributionPointName::from_der(element.contents)?),
            None => None,
        };
        let limits_reasons = reader.optional(context_primitive(1))?.is_some();
        let names_crl_issuer = reader.optional(context(2))?.is_some();
        reader.finish()?;
        if name.is_none() && !names_crl_issuer {
            return Err(DistributionPointError::Empty);
        }
        Ok(Self {
            der: der.into(),
            name,
            limits_reasons,
            names_crl_issuer,
        })
    }

    /// The SEQUENCE as it was read.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Its name, if it has one.
    pub fn name(&self) -> Option<&DistributionPointName> {
        self.name.as_ref()
    }

    /// Whether its list covers only some reasons.
    pub fn limits_reasons(&self) -> bool {
        self.limits_reasons
    }

    /// Whether its list is issued by somebody else.
    pub fn names_crl_issuer(&self) -> bool {
        self.names_crl_issuer
    }
}

/// A `DistributionPointName`: the CHOICE with its `[0]` or `[1]` tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistributionPointName {
    der: Box<[u8]>,
    scope_key: Box<[u8]>,
    is_one_directory_name: bool,
}

impl DistributionPointName {
    /// Reads the CHOICE, beginning with its `[0]` (full name) or `[1]` (relative name) tag.
    pub fn from_der(der: &[u8]) -> Result<Self, DistributionPointError> {
        check_strict(der)?;
        let choice = Reader::new(der).element()?;
        let (scope_key, is_one_directory_name) = match choice.tag {
            FULL_NAME => full_name(choice.contents)?,
            RELATIVE_NAME => {
                let mut key = vec![1];
                canonical_relative_name(choice.contents, &mut key, &mut 0)?;
                (key, false)
            }
            found => Err(DerError::UnexpectedTag {
                expected: FULL_NAME,
                found,
            })?,
        };
        Ok(Self {
            der: der.into(),
            scope_key: scope_key.into(),
            is_one_directory_name,
        })
    }

    /// The CHOICE as it was read.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Bytes that are equal for two names exactly when they name the same scope, with directory
    /// names normalised as RFC 5280 section 7.1 compares them. Never empty.
    pub fn scope_key(&self) -> Vec<u8> {
        self.scope_key.to_vec()
    }

    /// Whether it is a full name of exactly one directory name, the only form of JPKI.
    pub fn is_one_directory_name(&self) -> bool {
        self.is_one_directory_name
    }
}

/// The scope key of `GeneralNames`, and whether they are one directory name.
fn full_name(contents: &[u8]) -> Result<(Vec<u8>, bool), DistributionPointError> {
    let mut reader = Reader::new(contents);
    let mut names = Vec::new();
    let mut directory_names = 0;
    while !reader.is_empty() {
        if names.len() == MAX_GENERAL_NAMES {
            return Err(DistributionPointError::TooManyNames);
        }
        let general_name = reader.element()?;
        let bytes = if general_name.tag == DIRECTORY_NAME {
            directory_names += 1;
            // `directoryName [4] Name`: Name is a CHOICE, so the tag is explicit.
            let mut name = Reader::new(general_name.contents);
            let sequence = name.expect(SEQUENCE)?;
            name.finish()?;
            canonical_name(sequence.raw)?
        } else {
            general_name.contents.to_vec()
        };
        names.push((general_name.tag, bytes));
    }
    if names.is_empty() {
        return Err(DistributionPointError::EmptyFullName);
    }
    let is_one_directory_name = directory_names == 1 && names.len() == 1;
    names.sort_unstable();
    let mut key = vec![0];
    for (tag, bytes) in names {
        key.push(tag);
        key.extend(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        key.extend(bytes);
    }
    Ok((key, is_one_directory_name))
}

#[cfg(test)]
mod tests {
    use super::{DistributionPoint, DistributionPointError, DistributionPointName};
    use crate::DerError;

    fn der(tag: u8, contents: &[u8]) -> Vec<u8> {
        [&[tag, u8::try_from(contents.len()).unwrap()], contents].concat()
    }

    fn relative_name(common_name: &[u8]) -> Vec<u8> {
        let attribute = [der(0x06, &[0x55, 4, 3]), der(0x0c, common_name)].concat();
        der(0x30, &attribute)
    }

    fn directory_name(common_name: &[u8]) -> Vec<u8> {
        der(0xa4, &der(0x30, &der(0x31, &relative_name(common_name))))
    }

    fn full_name(names: &[Vec<u8>]) -> Vec<u8> {
        der(0xa0, &names.concat())
    }

    #[test]
    fn a_directory_name_is_compared_by_meaning() {
        let read = |name: &[u8]| {
            DistributionPointName::from_der(&full_name(&[directory_name(name)])).unwrap()
        };
        assert_eq!(
            read(b"City CRLDP").scope_key(),
            read(b"city  crldp").scope_key()
        );
        assert_ne!(
            read(b"City CRLDP").scope_key(),
            read(b"Town CRLDP").scope_key()
        );
        assert!(read(b"City CRLDP").is_one_directory_name());
    }

    #[test]
    fn other_forms_are_read_and_told_apart() {
        let uri = der(0x86, b"http://x/");
        let read = |der: &[u8]| DistributionPointName::from_der(der).unwrap();
        let both = read(&full_name(&[directory_name(b"A"), uri.clone()]));
        let reversed = read(&full_name(&[uri.clone(), directory_name(b"A")]));
        assert_eq!(both.scope_key(), reversed.scope_key());
        assert!(!both.is_one_directory_name());
        let one = read(&full_name(&[uri]));
        assert_ne!(one.scope_key(), both.scope_key());
        assert!(!one.is_one_directory_name());
        let relative = read(&der(0xa1, &relative_name(b"A")));
        assert_ne!(
            relative.scope_key(),
            read(&full_name(&[directory_name(b"A")])).scope_key()
        );
        assert!(!relative.is_one_directory_name());
    }

    #[test]
    fn a_distribution_point_tells_its_parts() {
        let name = der(0xa0, &full_name(&[directory_name(b"A")]));
        let plain = DistributionPoint::from_der(&der(0x30, &name)).unwrap();
        assert!(plain.name().is_some() && !plain.limits_reasons() && !plain.names_crl_issuer());
        let reasons = der(0x81, &[7, 0x80]);
        let issuer = der(0xa2, &directory_name(b"B"));
        let all = [name, reasons.clone(), issuer].concat();
        let all = DistributionPoint::from_der(&der(0x30, &all)).unwrap();
        assert!(all.limits_reasons() && all.names_crl_issuer());
        assert_eq!(
            DistributionPoint::from_der(&der(0x30, &reasons)),
            Err(DistributionPointError::Empty)
        );
    }

    #[test]
    fn malformed_points_are_refused() {
        let refused = |bytes: &[u8]| DistributionPointName::from_der(bytes).unwrap_err();
        assert_eq!(
            refused(&full_name(&[])),
            DistributionPointError::EmptyFullName
        );
        assert_eq!(
            refused(&der(0xa2, &[])),
            DerError::UnexpectedTag {
                expected: 0xa0,
                found: 0xa2
            }
            .into()
        );
        let mut trailing = full_name(&[directory_name(b"A")]);
        trailing.push(0);
        assert_eq!(
            refused(&trailing),
            DerError::TrailingBytes { octets: 1 }.into()
        );
        let uri = der(0x86, b"x");
        assert!(DistributionPointName::from_der(&full_name(&vec![uri.clone(); 16])).is_ok());
        assert_eq!(
            refused(&full_name(&vec![uri; 17])),
            DistributionPointError::TooManyNames
        );
    }

    #[test]
    fn nothing_more_is_in_a_point_or_a_name() {
        let trailing = DistributionPointError::Der(DerError::TrailingBytes { octets: 2 });
        let name = || der(0xa0, &full_name(&[directory_name(b"A")]));
        let null = [5, 0].as_slice();
        let point = der(0x30, &[&name(), null].concat());
        assert_eq!(DistributionPoint::from_der(&point), Err(trailing));
        let two_names = der(0xa4, &[&directory_name(b"A")[2..], null].concat());
        let refused = DistributionPointName::from_der(&full_name(&[two_names]));
        assert_eq!(refused, Err(trailing));
        let broken_issuer = der(0x30, &[name(), der(0xa2, &[5, 1, 0])].concat());
        let null_with_contents = DistributionPointError::Der(DerError::Null);
        assert_eq!(
            DistributionPoint::from_der(&broken_issuer),
            Err(null_with_contents)
        );
    }
}
