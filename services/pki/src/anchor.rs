//! Trust anchors.

use std::sync::Arc;

use crate::{CertificateError, KeyIdentifier, PublicKey, UnixTime};

/// A name and a key that are trusted because the operator said so. Its self-signature is not
/// checked: it would prove nothing (RFC 5280 section 6.1.1 d).
#[derive(Clone, Debug)]
pub struct TrustAnchor(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    der: Box<[u8]>,
}

impl TrustAnchor {
    /// Reads a self-signed certificate in DER.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        Ok(Self(Arc::new(Inner { der: der.into() })))
    }

    /// Reads a self-signed certificate in DER or PEM.
    pub fn from_pem_or_der(bytes: &[u8]) -> Result<Self, CertificateError> {
        let _ = bytes;
        todo!()
    }

    /// The certificate it was read from.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// Its subject key identifier.
    pub fn key_id(&self) -> &KeyIdentifier {
        todo!()
    }

    /// Its subject name in DER.
    pub fn subject_der(&self) -> &[u8] {
        todo!()
    }

    /// Its key.
    pub fn public_key(&self) -> &PublicKey {
        todo!()
    }

    /// SHA-256 over the whole certificate.
    pub fn sha256_fingerprint(&self) -> [u8; 32] {
        todo!()
    }

    /// The first moment of its validity.
    pub fn not_before(&self) -> UnixTime {
        todo!()
    }

    /// The last moment of its validity.
    pub fn not_after(&self) -> UnixTime {
        todo!()
    }
}
