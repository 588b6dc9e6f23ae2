//! Reading a certificate strictly.
//!
//! Two readers must agree: x509-parser, which is widely used but lenient (it accepts BER here and
//! there, and elements behind the last one of a structure), and the strict reader of this crate,
//! which checks that every byte is DER and every structure holds exactly the elements it may hold.
//! What only one of them accepts, or what they read differently, is refused.

mod error;
mod extension;

use x509_parser::certificate::{X509Certificate, X509CertificateParser};
use x509_parser::nom::Parser;
use x509_parser::x509::{AlgorithmIdentifier, X509Version};

use crate::der::{Reader, SEQUENCE, check_strict, context, context_primitive, whole_sequence};
use crate::limits::MAX_CERTIFICATE_BYTES;
use crate::name::canonical_name;
use crate::{KeyIdentifier, PublicKey, SerialNumber, UnixTime};

pub use error::CertificateError;
pub(crate) use extension::{
    AUTHORITY_KEY_IDENTIFIER, Extension, authority_key_id, check_duplicates, read_extensions,
    subject_key_id,
};
pub use extension::{ExtensionError, FoundIdentifier};

/// `sha256WithRSAEncryption`, 1.2.840.113549.1.1.11.
pub(crate) const SHA256_WITH_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0b];
/// `id-ce-subjectKeyIdentifier`, 2.5.29.14.
pub(crate) const SUBJECT_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x0e];

/// A certificate as it was read; nothing about it is proven.
pub(crate) struct Certificate<'a> {
    pub(crate) signed: &'a [u8],
    pub(crate) signature: &'a [u8],
    pub(crate) serial: SerialNumber,
    pub(crate) canonical_issuer: Vec<u8>,
    pub(crate) subject: &'a [u8],
    pub(crate) not_before: UnixTime,
    pub(crate) not_after: UnixTime,
    pub(crate) public_key: PublicKey,
    pub(crate) extensions: Vec<Extension<'a>>,
}

impl<'a> Certificate<'a> {
    pub(crate) fn parse(der: &'a [u8]) -> Result<Self, CertificateError> {
        if der.len() > MAX_CERTIFICATE_BYTES {
            return Err(CertificateError::TooLarge { octets: der.len() });
        }
        check_strict(der)?;
        let parts = Parts::read(der)?;
        let mut parser = X509CertificateParser::new().with_deep_parse_extensions(false);
        let (_, parsed) = parser.parse(der).map_err(|_| CertificateError::Structure)?;
        parts.check_agreement(&parsed)?;
        let tbs = &parsed.tbs_certificate;
        if tbs.version != X509Version::V3 {
            return Err(CertificateError::Version {
                found: tbs.version.0.saturating_add(1),
            });
        }
        if tbs.issuer_uid.is_some() || tbs.subject_uid.is_some() {
            return Err(CertificateError::UniqueIdentifier);
        }
        check_signature_algorithms(&tbs.signature, &parsed.signature_algorithm)?;
        let serial = SerialNumber::from_der_integer(parts.serial)?;
        let canonical_issuer = canonical_name(parts.issuer)?;
        if canonical_issuer.is_empty() {
            return Err(CertificateError::EmptyIssuer);
        }
        canonical_name(parts.subject)?;
        if parts.not_after < parts.not_before {
            return Err(CertificateError::EmptyValidity);
        }
        check_duplicates(&parts.extensions)?;
        let public_key = PublicKey::from_spki_der(parts.spki)?;
        public_key.check_card_limits()?;
        Ok(Self {
            signed: parts.signed,
            signature: parts.signature,
            serial,
            canonical_issuer,
            subject: parts.subject,
            not_before: parts.not_before,
            not_after: parts.not_after,
            public_key,
            extensions: parts.extensions,
        })
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
}

/// The authority key identifier of a certificate that was not validated: only good for choosing
/// the authority to validate it with.
pub fn peek_issuer_key_id(der: &[u8]) -> Result<KeyIdentifier, CertificateError> {
    Ok(Certificate::parse(der)?.issuer_key_id()?)
}

/// The parts of a certificate as the strict reader finds them (RFC 5280 section 4.1).
struct Parts<'a> {
    signed: &'a [u8],
    serial: &'a [u8],
    issuer: &'a [u8],
    not_before: UnixTime,
    not_after: UnixTime,
    subject: &'a [u8],
    spki: &'a [u8],
    extensions: Vec<Extension<'a>>,
    signature: &'a [u8],
}

impl<'a> Parts<'a> {
    fn read(der: &'a [u8]) -> Result<Self, CertificateError> {
        let mut certificate = whole_sequence(der)?;
        let signed = certificate.expect(SEQUENCE)?;
        certificate.expect(SEQUENCE)?;
        let signature = certificate.octet_aligned_bits()?;
        certificate.finish()?;

        let mut tbs = Reader::new(signed.contents);
        if let Some(version) = tbs.optional(context(0))? {
            let mut version = Reader::new(version.contents);
            version.integer()?;
            version.finish()?;
        }
        let serial = tbs.integer()?;
        tbs.expect(SEQUENCE)?;
        let issuer = tbs.expect(SEQUENCE)?.raw;
        let mut validity = tbs.sequence()?;
        let not_before = crate::time::from_element(&validity.element()?)?;
        let not_after = crate::time::from_element(&validity.element()?)?;
        validity.finish()?;
        let subject = tbs.expect(SEQUENCE)?.raw;
        let spki = tbs.expect(SEQUENCE)?.raw;
        tbs.optional(context_primitive(1))?;
        tbs.optional(context_primitive(2))?;
        let extensions = match tbs.optional(context(3))? {
            Some(tagged) => read_extensions(tagged.contents)?,
            None => Vec::new(),
        };
        tbs.finish()?;
        let signed = signed.raw;
        Ok(Self {
            signed,
            serial,
            issuer,
            not_before,
            not_after,
            subject,
            spki,
            extensions,
            signature,
        })
    }

    /// Whether the other reader found the same parts.
    fn check_agreement(&self, other: &X509Certificate<'_>) -> Result<(), CertificateError> {
        let tbs = &other.tbs_certificate;
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
            && tbs.raw_serial() == self.serial
            && tbs.issuer.as_raw() == self.issuer
            && tbs.validity.not_before.timestamp() == self.not_before.secs()
            && tbs.validity.not_after.timestamp() == self.not_after.secs()
            && tbs.subject.as_raw() == self.subject
            && tbs.subject_pki.raw == self.spki
            && *other.signature_value.data == *self.signature
            && same_extensions;
        if same {
            Ok(())
        } else {
            Err(CertificateError::Structure)
        }
    }
}

fn check_signature_algorithms(
    signed: &AlgorithmIdentifier<'_>,
    outer: &AlgorithmIdentifier<'_>,
) -> Result<(), CertificateError> {
    // RFC 5280 section 4.1.1.2. The outer one is not signed; an attacker chooses it.
    if signed != outer {
        return Err(CertificateError::SignatureAlgorithmsDiffer);
    }
    let found = signed.algorithm.as_bytes();
    if found != SHA256_WITH_RSA {
        let found = FoundIdentifier::new(found);
        return Err(CertificateError::SignatureAlgorithm { found });
    }
    match signed.parameters() {
        Some(parameters) if parameters.as_null().is_ok() => Ok(()),
        _ => Err(CertificateError::SignatureParameters),
    }
}
