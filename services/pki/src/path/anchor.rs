//! Whom a path begins with.

use std::sync::Arc;

use crate::certificate::{Certificate, SUBJECT_KEY_IDENTIFIER, subject_key_id};
use crate::limits::MAX_PATH_CERTIFICATE_BYTES;
use crate::{CertificateError, KeyIdentifier, PathError, PublicKey};

/// A name and a key that are trusted because the caller says so (RFC 5280 section 6.1.1 d). Dates
/// and extensions of the certificate they come from are not looked at.
#[derive(Clone, Debug)]
pub struct PathAnchor(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    subject: Box<[u8]>,
    canonical_subject: Box<[u8]>,
    public_key: PublicKey,
    key_id: Option<KeyIdentifier>,
}

impl PathAnchor {
    /// Takes name and key from a certificate in DER.
    pub fn from_der(der: &[u8]) -> Result<Self, PathError> {
        let certificate = Certificate::read(der, MAX_PATH_CERTIFICATE_BYTES)?;
        if certificate.canonical_subject.is_empty() {
            return Err(CertificateError::EmptySubject.into());
        }
        // A hint for choosing between anchors of one name; a malformed one is no hint.
        let key_id = certificate
            .extension(SUBJECT_KEY_IDENTIFIER)
            .and_then(|extension| subject_key_id(extension).ok());
        Ok(Self(Arc::new(Inner {
            subject: certificate.subject.into(),
            canonical_subject: certificate.canonical_subject.into(),
            public_key: PublicKey::from_spki_der(certificate.spki)?,
            key_id,
        })))
    }

    /// Its name in DER.
    pub fn subject_der(&self) -> &[u8] {
        &self.0.subject
    }

    /// Its key.
    pub fn public_key(&self) -> &PublicKey {
        &self.0.public_key
    }

    /// The subject key identifier of the certificate it comes from.
    pub fn key_id(&self) -> Option<&KeyIdentifier> {
        self.0.key_id.as_ref()
    }

    pub(super) fn canonical_subject(&self) -> &[u8] {
        &self.0.canonical_subject
    }
}
