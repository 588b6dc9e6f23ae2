//! Reading a certificate strictly.
//!
//! The strict reader of this crate checks that every byte is DER and every structure holds exactly
//! the elements it may hold. The second reader, x509-parser, is widely used but lenient (it accepts
//! BER here and there, and elements behind the last one of a structure); it has to agree. What only
//! one of them accepts, or what they read differently, is refused.
//!
//! Both read everything but leaves, whose second reading is part of what the cross-check repeats
//! ([`Verifier`](crate::Verifier)): it would be a third of what a leaf costs beside its signature.

mod card;
mod error;
mod extension;

use x509_parser::certificate::X509CertificateParser;
use x509_parser::nom::Parser;

use crate::der::{
    BIT_STRING, Reader, SEQUENCE, check_strict, context, context_primitive, whole_sequence,
};
use crate::name::canonical_name;
use crate::{DerError, KeyIdentifier, UnixTime};

pub(crate) use card::CardCertificate;
pub use error::CertificateError;
pub(crate) use extension::{
    AUTHORITY_KEY_IDENTIFIER, Extension, authority_key_id, check_duplicates, read_extensions,
    subject_key_id,
};
pub use extension::{ExtensionError, FoundIdentifier};

/// `id-ce-subjectKeyIdentifier`, 2.5.29.14.
pub(crate) const SUBJECT_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x0e];

/// A certificate of any kind RFC 5280 section 4 knows, as it was read; nothing about it is proven.
/// What a profile leaves out (other versions, other algorithms) is refused by whoever applies the
/// profile: [`CardCertificate`] for cards, the path for everything else.
pub(crate) struct Certificate<'a> {
    /// The TBSCertificate, which is signed.
    pub(crate) signed: &'a [u8],
    pub(crate) signature: &'a [u8],
    /// The AlgorithmIdentifier; the signed and the outer one are the same bytes.
    pub(crate) signature_algorithm: &'a [u8],
    /// Counted from 1.
    pub(crate) version: u32,
    /// Contents of the INTEGER in its shortest form; RFC 5280 section 4.1.2.2 wants negative ones
    /// and zero handled gracefully.
    pub(crate) serial: &'a [u8],
    pub(crate) issuer: &'a [u8],
    pub(crate) canonical_issuer: Vec<u8>,
    pub(crate) subject: &'a [u8],
    pub(crate) canonical_subject: Vec<u8>,
    pub(crate) not_before: UnixTime,
    pub(crate) not_after: UnixTime,
    /// Whether the validity is written in the one form RFC 5280 section 4.1.2.5 has for its year.
    pub(crate) validity_form: Result<(), DerError>,
    /// Whether the signature is whole octets. Otherwise it is no signature of any algorithm here.
    pub(crate) signature_form: Result<(), DerError>,
    pub(crate) has_unique_identifiers: bool,
    /// The SubjectPublicKeyInfo.
    pub(crate) spki: &'a [u8],
    pub(crate) extensions: Vec<Extension<'a>>,
}

impl<'a> Certificate<'a> {
    /// Reads a certificate of at most `max_octets`, with both readers.
    pub(crate) fn read(der: &'a [u8], max_octets: usize) -> Result<Self, CertificateError> {
        let certificate = Self::read_once(der, max_octets)?;
        certificate.check_second_reader(der)?;
        Ok(certificate)
    }

    /// Reads a certificate of at most `max_octets`, with the strict reader alone.
    pub(crate) fn read_once(der: &'a [u8], max_octets: usize) -> Result<Self, CertificateError> {
        if der.len() > max_octets {
            let (octets, limit) = (der.len(), max_octets);
            return Err(CertificateError::TooLarge { octets, limit });
        }
        let parts = Parts::read(der)?;
        // RFC 5280 section 4.1.1.2. The outer one is not signed; an attacker chooses it.
        if parts.signed_algorithm != parts.outer_algorithm {
            return Err(CertificateError::SignatureAlgorithmsDiffer);
        }
        let canonical_issuer = canonical_name(parts.issuer)?;
        if canonical_issuer.is_empty() {
            return Err(CertificateError::EmptyIssuer);
        }
        if parts.not_after < parts.not_before {
            return Err(CertificateError::EmptyValidity);
        }
        check_duplicates(&parts.extensions)?;
        Ok(Self {
            signed: parts.signed,
            signature: parts.signature,
            signature_algorithm: parts.signed_algorithm,
            version: parts.version,
            serial: parts.serial,
            issuer: parts.issuer,
            canonical_issuer,
            subject: parts.subject,
            canonical_subject: canonical_name(parts.subject)?,
            not_before: parts.not_before,
            not_after: parts.not_after,
            validity_form: parts.validity_form,
            signature_form: parts.signature_form,
            has_unique_identifiers: parts.has_unique_identifiers,
            spki: parts.spki,
            extensions: parts.extensions,
        })
    }

    /// Whether the second reader finds the same certificate in the same bytes.
    pub(crate) fn check_second_reader(&self, der: &[u8]) -> Result<(), CertificateError> {
        let mut parser = X509CertificateParser::new().with_deep_parse_extensions(false);
        let (_, theirs) = parser.parse(der).map_err(|_| CertificateError::Structure)?;
        let tbs = &theirs.tbs_certificate;
        let same_extensions = tbs.extensions().len() == self.extensions.len()
            && tbs
                .extensions()
                .iter()
                .zip(&self.extensions)
                .all(|(theirs, ours)| {
                    theirs.oid.as_bytes() == ours.identifier
                        && theirs.critical == ours.critical
                        && theirs.value == ours.value
                });
        let same = tbs.as_ref() == self.signed
            && tbs.version.0.checked_add(1) == Some(self.version)
            && tbs.raw_serial() == self.serial
            && tbs.issuer.as_raw() == self.issuer
            && tbs.validity.not_before.timestamp() == self.not_before.secs()
            && tbs.validity.not_after.timestamp() == self.not_after.secs()
            && tbs.subject.as_raw() == self.subject
            && tbs.subject_pki.raw == self.spki
            && (tbs.issuer_uid.is_some() || tbs.subject_uid.is_some())
                == self.has_unique_identifiers
            && *theirs.signature_value.data == *self.signature
            && same_extensions;
        if same {
            Ok(())
        } else {
            Err(CertificateError::Structure)
        }
    }

    pub(crate) fn extension(&self, identifier: &[u8]) -> Option<&Extension<'a>> {
        self.extensions
            .iter()
            .find(|extension| extension.identifier == identifier)
    }

    /// The key that issued it, by its own account.
    pub(crate) fn issuer_key_id(&self) -> Result<KeyIdentifier, ExtensionError> {
        let extension = self
            .extension(AUTHORITY_KEY_IDENTIFIER)
            .ok_or(ExtensionError::NoAuthorityKeyIdentifier)?;
        authority_key_id(extension)
    }

    /// Whether issuer and subject are the same name (RFC 5280 section 3.2).
    pub(crate) fn is_self_issued(&self) -> bool {
        self.canonical_issuer == self.canonical_subject
    }
}

/// The parts of a certificate as the strict reader finds them (RFC 5280 section 4.1).
struct Parts<'a> {
    signed: &'a [u8],
    version: u32,
    signed_algorithm: &'a [u8],
    outer_algorithm: &'a [u8],
    serial: &'a [u8],
    issuer: &'a [u8],
    not_before: UnixTime,
    not_after: UnixTime,
    validity_form: Result<(), DerError>,
    subject: &'a [u8],
    spki: &'a [u8],
    has_unique_identifiers: bool,
    extensions: Vec<Extension<'a>>,
    signature: &'a [u8],
    signature_form: Result<(), DerError>,
}

impl<'a> Parts<'a> {
    fn read(der: &'a [u8]) -> Result<Self, CertificateError> {
        Reader::new(der).element()?;
        let mut certificate = whole_sequence(der)?;
        let signed = certificate.expect(SEQUENCE)?;
        check_strict(signed.raw)?;
        let outer_algorithm = certificate.expect(SEQUENCE)?.raw;
        check_strict(outer_algorithm)?;
        let bits = certificate.expect(BIT_STRING)?.contents;
        let (unused, signature) = bits.split_first().ok_or(DerError::BitString)?;
        let signature_form = if *unused == 0 {
            Ok(())
        } else {
            Err(DerError::BitString)
        };
        certificate.finish()?;

        let mut tbs = Reader::new(signed.contents);
        let version = match tbs.optional(context(0))? {
            Some(tagged) => read_version(tagged.contents)?,
            None => 1,
        };
        let serial = tbs.integer()?;
        let signed_algorithm = tbs.expect(SEQUENCE)?.raw;
        let issuer = tbs.expect(SEQUENCE)?.raw;
        let mut validity = tbs.sequence()?;
        let (begin, end) = (validity.element()?, validity.element()?);
        validity.finish()?;
        let not_before = crate::time::from_der(begin.tag, begin.contents)?;
        let not_after = crate::time::from_der(end.tag, end.contents)?;
        let validity_form = crate::time::check_form(begin.tag, not_before)
            .and_then(|()| crate::time::check_form(end.tag, not_after));
        let subject = tbs.expect(SEQUENCE)?.raw;
        let spki = tbs.expect(SEQUENCE)?.raw;
        let issuer_identifier = tbs.optional(context_primitive(1))?;
        let subject_identifier = tbs.optional(context_primitive(2))?;
        let extensions = match tbs.optional(context(3))? {
            Some(tagged) => read_extensions(tagged.contents)?,
            None => Vec::new(),
        };
        tbs.finish()?;
        let signed = signed.raw;
        Ok(Self {
            signed,
            version,
            signed_algorithm,
            outer_algorithm,
            serial,
            issuer,
            not_before,
            not_after,
            validity_form,
            subject,
            spki,
            has_unique_identifiers: issuer_identifier.is_some() || subject_identifier.is_some(),
            extensions,
            signature,
            signature_form,
        })
    }
}

/// The number of a version, counted from 1, given as the contents of its tag.
fn read_version(tagged: &[u8]) -> Result<u32, CertificateError> {
    let mut reader = Reader::new(tagged);
    let contents = reader.integer()?;
    reader.finish()?;
    // Whatever is no small number is no version that anybody defined.
    match contents {
        [number @ 0..=0x7f] => Ok(u32::from(*number) + 1),
        _ => Err(CertificateError::Structure),
    }
}
