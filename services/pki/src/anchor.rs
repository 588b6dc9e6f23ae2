//! Trust anchors.

use std::sync::Arc;

use crate::certificate::{CardCertificate, SUBJECT_KEY_IDENTIFIER, subject_key_id};
use crate::pem;
use crate::signature::sha256;
use crate::{CertificateError, KeyIdentifier, PublicKey, UnixTime};

/// A name and a key that are trusted because the operator said so. Its self-signature is not
/// checked: it would prove nothing (RFC 5280 section 6.1.1 d). Its dates are for whoever loads it.
#[derive(Clone, Debug)]
pub struct TrustAnchor(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    der: Box<[u8]>,
    key_id: KeyIdentifier,
    subject: Box<[u8]>,
    canonical_subject: Box<[u8]>,
    public_key: PublicKey,
    sha256_fingerprint: [u8; 32],
    not_before: UnixTime,
    not_after: UnixTime,
}

impl TrustAnchor {
    /// Reads a self-signed certificate in DER.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        let CardCertificate {
            certificate,
            public_key,
            ..
        } = CardCertificate::read(der)?;
        let key_id = certificate
            .extension(SUBJECT_KEY_IDENTIFIER)
            .ok_or(CertificateError::NoSubjectKeyIdentifier)?;
        Ok(Self(Arc::new(Inner {
            der: der.into(),
            key_id: subject_key_id(key_id)?,
            subject: certificate.subject.into(),
            canonical_subject: certificate.canonical_subject.into(),
            sha256_fingerprint: sha256(der),
            not_before: certificate.not_before,
            not_after: certificate.not_after,
            public_key,
        })))
    }

    /// Reads a self-signed certificate in DER or PEM.
    pub fn from_pem_or_der(bytes: &[u8]) -> Result<Self, CertificateError> {
        let der = pem::der_of(bytes, "CERTIFICATE").ok_or(CertificateError::NotACertificateFile)?;
        Self::from_der(&der)
    }

    /// The certificate it was read from.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// Its subject key identifier.
    pub fn key_id(&self) -> &KeyIdentifier {
        &self.0.key_id
    }

    /// Its subject name in DER.
    pub fn subject_der(&self) -> &[u8] {
        &self.0.subject
    }

    /// Its subject name as it is compared.
    pub(crate) fn canonical_subject(&self) -> &[u8] {
        &self.0.canonical_subject
    }

    /// Its key.
    pub fn public_key(&self) -> &PublicKey {
        &self.0.public_key
    }

    /// SHA-256 over the whole certificate.
    pub fn sha256_fingerprint(&self) -> [u8; 32] {
        self.0.sha256_fingerprint
    }

    /// The first moment of its validity.
    pub fn not_before(&self) -> UnixTime {
        self.0.not_before
    }

    /// The last moment of its validity.
    pub fn not_after(&self) -> UnixTime {
        self.0.not_after
    }
}
