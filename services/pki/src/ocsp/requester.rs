//! Who may sign questions (RFC 6960 section 4.1.2).

use crate::certificate::CardCertificate;
use crate::ocsp::question::UnreadOcspRequest;
use crate::pem;
use crate::{CertificateError, PublicKey, SignatureAlgorithm, Signed, UnixTime, Verifier};

/// A certificate whose key may sign questions. It counts because the operator registered it; its issuer is not
/// asked.
#[derive(Clone, Debug)]
pub struct OcspRequester {
    der: Box<[u8]>,
    subject: Box<[u8]>,
    key: PublicKey,
    not_before: UnixTime,
    not_after: UnixTime,
}

impl OcspRequester {
    /// Reads a certificate in DER or PEM.
    pub fn from_pem_or_der(bytes: &[u8]) -> Result<Self, CertificateError> {
        let der = pem::der_of(bytes, "CERTIFICATE").ok_or(CertificateError::NotACertificateFile)?;
        let read = CardCertificate::read(&der)?;
        Ok(Self {
            not_before: read.certificate.not_before,
            not_after: read.certificate.not_after,
            subject: read.certificate.subject.into(),
            key: read.public_key,
            der: der.as_ref().into(),
        })
    }

    /// The certificate in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Its key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The last moment of its validity.
    pub fn not_after(&self) -> UnixTime {
        self.not_after
    }

    /// Whether its time is now.
    fn is_current(&self, now: UnixTime) -> bool {
        self.not_before <= now && now <= self.not_after
    }

    /// `Name` in DER.
    pub(super) fn subject_der(&self) -> &[u8] {
        &self.subject
    }

    /// Whether this certificate came with the request, is valid now, and its key signed the request.
    pub fn signed(
        &self,
        request: &UnreadOcspRequest<'_>,
        now: UnixTime,
        verifier: &Verifier,
    ) -> bool {
        let Some(signature) = request.signature() else {
            return false;
        };
        let Ok(algorithm) = SignatureAlgorithm::from_der(signature.algorithm) else {
            return false;
        };
        let came_along = signature.certificates.contains(&&*self.der);
        came_along && self.is_current(now) && {
            let signed = Signed::Message(request.to_be_signed());
            let SignatureAlgorithm { encoding, hash } = algorithm;
            verifier
                .verify(&self.key, encoding, hash, signed, signature.value)
                .is_ok()
        }
    }
}
