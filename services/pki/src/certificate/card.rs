//! What a profile says of the fields of a certificate, before it looks at extensions.

use crate::certificate::{Certificate, CertificateError, FoundIdentifier};
use crate::der::whole_sequence;
use crate::limits::MAX_CERTIFICATE_BYTES;
use crate::{
    Profile, PublicKey, PublicKeyError, SerialNumber, SignatureAlgorithm, SignatureAlgorithmError,
    SignatureEncoding,
};

/// A certificate of the form that JPKI's profiles have in common: version 3, a positive serial
/// number, an algorithm and a key that are supported.
pub(crate) struct CardCertificate<'a> {
    pub(crate) certificate: Certificate<'a>,
    pub(crate) serial: SerialNumber,
    pub(crate) public_key: PublicKey,
    pub(crate) signature_algorithm: SignatureAlgorithm,
}

impl<'a> CardCertificate<'a> {
    /// Reads a certificate with both readers.
    pub(crate) fn read(der: &'a [u8]) -> Result<Self, CertificateError> {
        Self::from_certificate(Certificate::read(der, MAX_CERTIFICATE_BYTES)?)
    }

    /// Reads a certificate with the strict reader alone.
    pub(crate) fn read_once(der: &'a [u8]) -> Result<Self, CertificateError> {
        Self::from_certificate(Certificate::read_once(der, MAX_CERTIFICATE_BYTES)?)
    }

    fn from_certificate(certificate: Certificate<'a>) -> Result<Self, CertificateError> {
        certificate.validity_form?;
        certificate.signature_form?;
        if certificate.version != 3 {
            let found = certificate.version;
            return Err(CertificateError::Version { found });
        }
        if certificate.has_unique_identifiers {
            return Err(CertificateError::UniqueIdentifier);
        }
        let signature_algorithm = SignatureAlgorithm::from_der(certificate.signature_algorithm)
            .map_err(|error| match error {
                SignatureAlgorithmError::Der(error) => CertificateError::Der(error),
                SignatureAlgorithmError::Unsupported { found } => {
                    CertificateError::SignatureAlgorithm { found }
                }
                SignatureAlgorithmError::Parameters => CertificateError::SignatureParameters,
            })?;
        if signature_algorithm.encoding == SignatureEncoding::Pkcs1V15DigestInfo {
            check_null(certificate.signature_algorithm)?;
        }
        Ok(Self {
            serial: SerialNumber::from_der_integer(certificate.serial)?,
            public_key: PublicKey::from_spki_der(certificate.spki)?,
            signature_algorithm,
            certificate,
        })
    }

    /// The rows about algorithms and keys.
    pub(crate) fn check_algorithms(&self, profile: &Profile) -> Result<(), CertificateError> {
        if !profile
            .signature_algorithms()
            .contains(&self.signature_algorithm)
        {
            let identifier =
                whole_sequence(self.certificate.signature_algorithm)?.object_identifier()?;
            let found = FoundIdentifier::new(identifier);
            return Err(CertificateError::SignatureAlgorithm { found });
        }
        let found = self.public_key.algorithm();
        if profile.allows_key(found) {
            Ok(())
        } else {
            Err(PublicKeyError::NotInProfile { found }.into())
        }
    }
}

/// RFC 4055 section 5: the parameters must be NULL. That readers must also accept none is for
/// issuers whom nobody can ask to do better; a profile can.
fn check_null(algorithm: &[u8]) -> Result<(), CertificateError> {
    let mut fields = whole_sequence(algorithm)?;
    fields.object_identifier()?;
    if fields.is_empty() {
        return Err(CertificateError::SignatureParameters);
    }
    Ok(())
}
