//! CRL distribution points: which partition of an authority's lists covers a certificate.
//!
//! A JPKI certificate names the directory entry of its municipality. That name leads back to the
//! municipality, so errors never carry it.

use crate::der::{
    Element, Reader, SEQUENCE, check_strict, context, context_primitive, whole_sequence,
};
use crate::limits::{MAX_DISTRIBUTION_POINTS, MAX_GENERAL_NAMES};
use crate::name::{canonical_name, canonical_relative_name};
use crate::{DerError, NameError, ReasonFlags};

const FULL_NAME: u8 = context(0);
const RELATIVE_NAME: u8 = context(1);
const DIRECTORY_NAME: u8 = context(4);
const UNIFORM_RESOURCE_IDENTIFIER: u8 = context_primitive(6);

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
    /// An issuer without a name.
    #[error("the issuer of a distribution point's list is empty (RFC 5280 section 4.2.1.6)")]
    EmptyCrlIssuer,
    /// A set of reasons in which there is none.
    #[error("a distribution point is for no reason at all (RFC 5280 section 4.2.1.13)")]
    NoReasons,
    /// No distribution point where there must be one.
    #[error("the distribution points are empty (RFC 5280 section 4.2.1.13)")]
    NoPoints,
    /// More distribution points than any real certificate or list.
    #[error("there are more than {MAX_DISTRIBUTION_POINTS} distribution points")]
    TooManyPoints,
    /// More names than any real distribution point.
    #[error("a distribution point has more than {MAX_GENERAL_NAMES} names")]
    TooManyNames,
}

/// A `DistributionPoint` of a CRL distribution points extension (RFC 5280 section 4.2.1.13).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistributionPoint {
    der: Box<[u8]>,
    name: Option<DistributionPointName>,
    reasons: Option<ReasonFlags>,
    crl_issuer: Option<Box<[CanonicalGeneralName]>>,
}

impl DistributionPoint {
    /// Reads the `DistributionPoint` SEQUENCE, strictly.
    pub fn from_der(der: &[u8]) -> Result<Self, DistributionPointError> {
        check_strict(der)?;
        Self::from_strict_der(der)
    }

    /// Reads what [`check_strict`] has passed: it runs over every leaf, and once is enough.
    pub(crate) fn from_strict_der(der: &[u8]) -> Result<Self, DistributionPointError> {
        let mut reader = whole_sequence(der)?;
        let name = match reader.optional(context(0))? {
            // The name is a CHOICE, so its tag is explicit (X.680 section 31.2.7 c).
            Some(element) => {
                let mut tagged = Reader::new(element.contents);
                let choice = tagged.element()?;
                tagged.finish()?;
                Some(DistributionPointName::from_choice(&choice)?)
            }
            None => None,
        };
        let reasons = match reader.optional(context_primitive(1))? {
            Some(element) => Some(ReasonFlags::from_bits(element.contents)?),
            None => None,
        };
        let crl_issuer = match reader.optional(context(2))? {
            Some(element) => Some(general_names(element.contents)?),
            None => None,
        };
        reader.finish()?;
        if name.is_none() && crl_issuer.is_none() {
            return Err(DistributionPointError::Empty);
        }
        if reasons.is_some_and(ReasonFlags::is_empty) {
            return Err(DistributionPointError::NoReasons);
        }
        if crl_issuer.as_ref().is_some_and(Vec::is_empty) {
            return Err(DistributionPointError::EmptyCrlIssuer);
        }
        Ok(Self {
            der: der.into(),
            name,
            reasons,
            crl_issuer: crl_issuer.map(Vec::into_boxed_slice),
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
        self.reasons.is_some()
    }

    /// The reasons its list covers, if they are not all; never the empty set.
    pub fn reasons(&self) -> Option<ReasonFlags> {
        self.reasons
    }

    /// Whether its list is issued by somebody else.
    pub fn names_crl_issuer(&self) -> bool {
        self.crl_issuer.is_some()
    }

    /// The names of whoever else issues its list, if somebody does; never without a name, and of
    /// whatever forms they are: which of them may be used is not decided here.
    pub fn crl_issuer(&self) -> Option<&[CanonicalGeneralName]> {
        self.crl_issuer.as_deref()
    }
}

/// `CRLDistributionPoints`, as they stand in a certificate (RFC 5280 section 4.2.1.13) or as the
/// freshest CRL of a certificate or list (sections 4.2.1.15 and 5.2.6).
pub(crate) fn read_distribution_points(
    value: &[u8],
) -> Result<Vec<DistributionPoint>, DistributionPointError> {
    let mut list = whole_sequence(value)?;
    let mut points = Vec::new();
    while !list.is_empty() {
        if points.len() == MAX_DISTRIBUTION_POINTS {
            return Err(DistributionPointError::TooManyPoints);
        }
        points.push(DistributionPoint::from_der(list.expect(SEQUENCE)?.raw)?);
    }
    if points.is_empty() {
        return Err(DistributionPointError::NoPoints);
    }
    Ok(points)
}

/// A `GeneralName` in the form in which two are equal bytes exactly when they are the same name:
/// directory names by RFC 5280 section 7.1; of a URI the scheme and the host without regard to case
/// (section 7.4); everything else octet by octet.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CanonicalGeneralName {
    tag: u8,
    value: Box<[u8]>,
}

impl CanonicalGeneralName {
    /// Tag and contents of a name, of a directory name its canonical bytes.
    fn new((tag, bytes): (u8, Vec<u8>)) -> Self {
        let value = match tag {
            UNIFORM_RESOURCE_IDENTIFIER => canonical_uri(bytes).into(),
            _ => bytes.into(),
        };
        Self { tag, value }
    }

    /// A directory name, given in its canonical form.
    pub(crate) fn of_directory_name(canonical: &[u8]) -> Self {
        Self {
            tag: DIRECTORY_NAME,
            value: canonical.into(),
        }
    }

    /// The canonical bytes of the name, if it is a directory name.
    pub(crate) fn directory_name(&self) -> Option<&[u8]> {
        (self.tag == DIRECTORY_NAME).then_some(&*self.value)
    }

    /// Whether it is a directory name.
    pub fn is_directory_name(&self) -> bool {
        self.tag == DIRECTORY_NAME
    }

    /// The name, if it is a URI; its scheme and host are in lower case.
    pub fn uri(&self) -> Option<&str> {
        let is_uri = self.tag == UNIFORM_RESOURCE_IDENTIFIER;
        is_uri.then(|| std::str::from_utf8(&self.value).ok())?
    }
}

/// Its form alone: a directory name can lead to the holder's municipality.
impl std::fmt::Debug for CanonicalGeneralName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "CanonicalGeneralName([{}] redacted)",
            self.tag & 0x1f
        )
    }
}

/// A `DistributionPointName`: the CHOICE with its `[0]` or `[1]` tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistributionPointName {
    der: Box<[u8]>,
    scope_key: Box<[u8]>,
    form: NameForm,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum NameForm {
    Full(Box<[CanonicalGeneralName]>),
    Relative,
}

/// What the scope key of a relative name begins with; the canonical relative name follows.
const RELATIVE_KEY: u8 = 1;
/// What the scope key of a full name begins with.
const FULL_KEY: u8 = 0;

impl DistributionPointName {
    /// Reads the CHOICE, beginning with its `[0]` (full name) or `[1]` (relative name) tag.
    pub fn from_der(der: &[u8]) -> Result<Self, DistributionPointError> {
        check_strict(der)?;
        Self::from_choice(&Reader::new(der).element()?)
    }

    /// Reads an element that [`check_strict`] has passed.
    fn from_choice(choice: &Element<'_>) -> Result<Self, DistributionPointError> {
        let (scope_key, form) = match choice.tag {
            FULL_NAME => {
                let names = each_general_name(choice.contents)?;
                if names.is_empty() {
                    return Err(DistributionPointError::EmptyFullName);
                }
                let key = full_name_key(&names);
                let names = names.into_iter().map(CanonicalGeneralName::new);
                (key, NameForm::Full(names.collect()))
            }
            RELATIVE_NAME => {
                let mut key = vec![RELATIVE_KEY];
                canonical_relative_name(choice.contents, &mut key, &mut 0)?;
                (key, NameForm::Relative)
            }
            found => Err(DerError::UnexpectedTag {
                expected: FULL_NAME,
                found,
            })?,
        };
        Ok(Self {
            der: choice.raw.into(),
            scope_key: scope_key.into(),
            form,
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
        match &self.form {
            NameForm::Full(names) => matches!(&**names, [name] if name.is_directory_name()),
            NameForm::Relative => false,
        }
    }

    /// Whether it is relative to the name of the list's issuer.
    pub fn is_relative(&self) -> bool {
        self.form == NameForm::Relative
    }

    /// All its names. One that is relative follows the name of the list's issuer (RFC 5280 sections
    /// 4.2.1.13 and 5.2.5), given here in its canonical form.
    pub(crate) fn full_names(&self, relative_to: &[u8]) -> Vec<CanonicalGeneralName> {
        match &self.form {
            NameForm::Full(names) => names.to_vec(),
            NameForm::Relative => {
                // Canonical names are their parts' canonical bytes, one after the other.
                let relative = self.scope_key.get(1..).unwrap_or_default();
                vec![CanonicalGeneralName {
                    tag: DIRECTORY_NAME,
                    value: [relative_to, relative].concat().into(),
                }]
            }
        }
    }
}

/// The elements of `GeneralNames`, given as its contents: tag and contents, and for a directory
/// name its canonical bytes instead.
fn each_general_name(contents: &[u8]) -> Result<Vec<(u8, Vec<u8>)>, DistributionPointError> {
    let mut reader = Reader::new(contents);
    let mut names = Vec::new();
    while !reader.is_empty() {
        if names.len() == MAX_GENERAL_NAMES {
            return Err(DistributionPointError::TooManyNames);
        }
        let general_name = reader.element()?;
        let bytes = if general_name.tag == DIRECTORY_NAME {
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
    Ok(names)
}

/// `GeneralNames`, given as its contents; may be empty. The caller has checked that they are DER.
pub(crate) fn general_names(
    contents: &[u8],
) -> Result<Vec<CanonicalGeneralName>, DistributionPointError> {
    let names = each_general_name(contents)?.into_iter();
    Ok(names.map(CanonicalGeneralName::new).collect())
}

/// Scheme and host in lower case (RFC 5280 section 7.4, RFC 3986 section 6.2.2.1); the user before
/// the host, the path and what follows it keep their case.
fn canonical_uri(mut uri: Vec<u8>) -> Vec<u8> {
    let Some(colon) = uri.iter().position(|octet| *octet == b':') else {
        return uri;
    };
    uri[..colon].make_ascii_lowercase();
    let start = colon + 3;
    if uri.get(colon + 1..start) == Some(b"//") {
        let length = uri[start..]
            .iter()
            .position(|octet| matches!(octet, b'/' | b'?' | b'#'));
        let end = length.map_or(uri.len(), |length| start + length);
        let user = uri[start..end].iter().rposition(|octet| *octet == b'@');
        let host = user.map_or(start, |user| start + user + 1);
        uri[host..end].make_ascii_lowercase();
    }
    uri
}

/// The scope key of `GeneralNames`. Lists are stored under it, so it must never change: it has
/// URIs as they were written.
fn full_name_key(names: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut names: Vec<_> = names.iter().collect();
    names.sort_unstable();
    let octets: usize = names.iter().map(|(_, bytes)| 9 + bytes.len()).sum();
    let mut key = Vec::with_capacity(1 + octets);
    key.push(FULL_KEY);
    for (tag, bytes) in names {
        key.push(*tag);
        key.extend(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        key.extend(bytes);
    }
    key
}

#[cfg(test)]
mod tests;
