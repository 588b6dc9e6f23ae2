//! The facts of one certificate.

use super::extension::{self, is_authority};
use super::key::KeyFacts;
use super::{Fact, dotted, hexadecimal, identifier_name};
use crate::certificate::read_extensions;
use crate::der::{Reader, SEQUENCE, check_strict, context, context_primitive, whole_sequence};
use crate::limits::MAX_PATH_CERTIFICATE_BYTES;
use crate::name::canonical_name;
use crate::signature::sha256;
use crate::time::from_der;
use crate::{CertificateError, DerError, GeneralNameError, NameText, UnixTime};

/// What a certificate says, each part safe to show.
#[derive(Clone, PartialEq, Eq)]
pub struct CertificateFacts {
    /// Its version, from 1.
    pub version: u8,
    /// The serial number's octets in hexadecimal, without a leading zero octet. Personal on a leaf.
    pub serial: String,
    /// The algorithm inside the signed part.
    pub signature_algorithm: String,
    /// Whether the algorithm outside of the signed part is another one.
    pub algorithms_differ: bool,
    /// The issuer.
    pub issuer: NameText,
    /// The first second of its validity.
    pub not_before: UnixTime,
    /// The last. Its day is the holder's birthday on a JPKI leaf.
    pub not_after: UnixTime,
    /// The subject. Personal on a leaf.
    pub subject: NameText,
    /// The key.
    pub key: KeyFacts,
    /// The extensions, in their order.
    pub extensions: Vec<ExtensionFacts>,
    /// SHA-256 over the whole certificate.
    pub sha256: [u8; 32],
    /// Whether subject and issuer are the same name (RFC 5280 section 3.2).
    pub self_issued: bool,
    /// Whether its basic constraints say that it is an authority's. Only then nothing in it is
    /// personal.
    pub authority: bool,
}

/// One extension.
#[derive(Clone, PartialEq, Eq)]
pub struct ExtensionFacts {
    /// Its identifier, in dotted decimal.
    pub identifier: String,
    /// Its name in RFC 5280, if it has one.
    pub name: Option<&'static str>,
    /// Whether it is critical.
    pub critical: bool,
    /// Octets of its value.
    pub octets: usize,
    /// What its value says; None if it is not known here.
    pub content: Option<Result<Vec<Fact>, GeneralNameError>>,
    /// Whether it leads to the holder on a leaf: other names, and places that name a municipality.
    pub personal_on_leaf: bool,
}

impl CertificateFacts {
    /// Reads a certificate's DER as far as it can be read at all.
    pub fn read(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > MAX_PATH_CERTIFICATE_BYTES {
            let (octets, limit) = (der.len(), MAX_PATH_CERTIFICATE_BYTES);
            return Err(CertificateError::TooLarge { octets, limit });
        }
        check_strict(der)?;
        let mut certificate = whole_sequence(der)?;
        let mut tbs = certificate.sequence()?;
        let outer_algorithm = certificate.expect(SEQUENCE)?;
        certificate.octet_aligned_bits()?;
        certificate.finish()?;

        let version = version(&mut tbs)?;
        let serial = tbs.integer()?;
        let algorithm = tbs.expect(SEQUENCE)?;
        let issuer = tbs.expect(SEQUENCE)?.raw;
        let mut validity = tbs.sequence()?;
        let (not_before, not_after) = (time(&mut validity)?, time(&mut validity)?);
        validity.finish()?;
        let subject = tbs.expect(SEQUENCE)?.raw;
        let key = KeyFacts::read(tbs.expect(SEQUENCE)?.contents)?;
        tbs.optional(context_primitive(1))?;
        tbs.optional(context_primitive(2))?;
        let extensions = match tbs.optional(context(3))? {
            Some(tagged) => read_extensions(tagged.contents)?,
            None => Vec::new(),
        };
        tbs.finish()?;
        let canonical_subject = canonical_name(subject)?;
        Ok(Self {
            version,
            serial: hexadecimal(
                serial
                    .strip_prefix(&[0])
                    .filter(|rest| !rest.is_empty())
                    .unwrap_or(serial),
            ),
            signature_algorithm: algorithm_name(algorithm.contents)?,
            algorithms_differ: algorithm.raw != outer_algorithm.raw,
            issuer: NameText::from_der(issuer)?,
            not_before,
            not_after,
            subject: NameText::from_der(subject)?,
            key,
            authority: extensions.iter().any(is_authority),
            extensions: extensions.iter().map(extension::facts).collect(),
            sha256: sha256(der),
            self_issued: canonical_subject == canonical_name(issuer)?,
        })
    }
}

/// What it shows may be personal.
impl std::fmt::Debug for CertificateFacts {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("CertificateFacts(redacted)")
    }
}

/// What it shows may be personal.
impl std::fmt::Debug for ExtensionFacts {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ExtensionFacts({}, redacted)", self.identifier)
    }
}

/// `[0] EXPLICIT INTEGER DEFAULT v1`, counted from 1.
fn version(tbs: &mut Reader<'_>) -> Result<u8, DerError> {
    let Some(tagged) = tbs.optional(context(0))? else {
        return Ok(1);
    };
    let mut inner = Reader::new(tagged.contents);
    let version = inner.integer()?;
    inner.finish()?;
    match version {
        [number @ 0..0x7f] => Ok(number + 1),
        _ => Err(DerError::Integer),
    }
}

fn time(reader: &mut Reader<'_>) -> Result<UnixTime, DerError> {
    let element = reader.element()?;
    from_der(element.tag, element.contents)
}

/// The algorithm of an `AlgorithmIdentifier`, given as its contents.
fn algorithm_name(contents: &[u8]) -> Result<String, DerError> {
    Reader::new(contents)
        .object_identifier()
        .map(identifier_name)
}

impl ExtensionFacts {
    pub(super) fn new(
        identifier: &[u8],
        critical: bool,
        octets: usize,
        known: Option<(&'static str, Result<Vec<Fact>, GeneralNameError>)>,
    ) -> Self {
        let (name, content) = known.unzip();
        Self {
            identifier: dotted(identifier),
            name,
            critical,
            octets,
            content,
            personal_on_leaf: extension::is_personal_on_leaf(identifier),
        }
    }
}
