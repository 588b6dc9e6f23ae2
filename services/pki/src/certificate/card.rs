//! What the certificates of cards and of their authorities have in common, whatever their profile.

use crate::certificate::{Certificate, CertificateError, FoundIdentifier, SHA256_WITH_RSA};
use crate::der::{NULL, whole_sequence};
use crate::limits::MAX_CERTIFICATE_BYTES;
use crate::{PublicKey, SerialNumber};

/// A certificate of the form that JPKI's profiles demand before they look at extensions.
pub(crate) struct CardCertificate<'a> {
    pub(crate) certificate: Certificate<'a>,
    pub(crate) serial: SerialNumber,
    pub(crate) public_key: PublicKey,
}

impl<'a> CardCertificate<'a> {
    pub(crate) fn read(der: &'a [u8]) -> Result<Self, CertificateError> {
        let certificate = Certificate::read(der, MAX_CERTIFICATE_BYTES)?;
        certificate.validity_form?;
        if certificate.version != 3 {
            let found = certificate.version;
            return Err(CertificateError::Version { found });
        }
        if certificate.has_unique_identifiers {
            return Err(CertificateError::UniqueIdentifier);
        }
        check_signature_algorithm(certificate.signature_algorithm)?;
        Ok(Self {
            serial: SerialNumber::from_der_integer(certificate.serial)?,
            public_key: PublicKey::from_spki_der(certificate.spki)?,
            certificate,
        })
    }
}

fn check_signature_algorithm(der: &[u8]) -> Result<(), CertificateError> {
    let mut algorithm = whole_sequence(der)?;
    let found = algorithm.object_identifier()?;
    if found != SHA256_WITH_RSA {
        let found = FoundIdentifier::new(found);
        return Err(CertificateError::SignatureAlgorithm { found });
    }
    match algorithm.optional(NULL)? {
        Some(_) if algorithm.is_empty() => Ok(()),
        _ => Err(CertificateError::SignatureParameters),
    }
}
