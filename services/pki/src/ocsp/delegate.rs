//! A responder's own certificate (RFC 6960 section 4.2.2.2), and the key that it speaks for.

use crate::certificate::CardCertificate;
use crate::ocsp::OcspError;
use crate::ocsp::cert_id::{FoundCertId, IssuerNames, key_hash};
use crate::ocsp::responder::{IssuingKey, check_delegate};
use crate::pem;
use crate::{CertificateError, PublicKey, TrustAnchor, UnixTime, Verifier};

/// One key of an authority, as questions name it.
#[derive(Clone, Debug)]
pub struct OcspIssuer {
    anchor: TrustAnchor,
    names: IssuerNames,
}

impl OcspIssuer {
    /// The key of this anchor.
    pub fn new(anchor: &TrustAnchor) -> Self {
        Self {
            names: IssuerNames::new(anchor.subject_der(), anchor.public_key()),
            anchor: anchor.clone(),
        }
    }

    /// The anchor.
    pub fn anchor(&self) -> &TrustAnchor {
        &self.anchor
    }

    pub(super) fn is_meant_by(&self, found: &FoundCertId<'_>) -> bool {
        self.names.are_meant_by(found)
    }
}

/// The certificate of a key that an authority's key authorized to answer.
#[derive(Clone, Debug)]
pub struct OcspDelegate {
    der: Box<[u8]>,
    key: PublicKey,
    key_hash: Box<[u8]>,
    not_before: UnixTime,
    not_after: UnixTime,
}

impl OcspDelegate {
    /// Reads a certificate in DER or PEM that the issuer's key signed, whose purpose is `id-kp-OCSPSigning` and that
    /// is valid now.
    ///
    /// # Errors
    /// Every rule that a verifier of its answers would find broken.
    pub fn from_pem_or_der(
        bytes: &[u8],
        issuer: &OcspIssuer,
        now: UnixTime,
        verifier: &Verifier,
    ) -> Result<Self, OcspError> {
        let der = pem::der_of(bytes, "CERTIFICATE").ok_or(OcspError::ResponderCertificate(
            CertificateError::NotACertificateFile,
        ))?;
        let read = CardCertificate::read(&der).map_err(OcspError::ResponderCertificate)?;
        let issuing = IssuingKey {
            canonical_name: issuer.anchor.canonical_subject(),
            key: issuer.anchor.public_key(),
        };
        check_delegate(&read, &issuing, now, verifier)?;
        Ok(Self {
            key_hash: key_hash(&read.public_key),
            not_before: read.certificate.not_before,
            not_after: read.certificate.not_after,
            key: read.public_key,
            der: der.as_ref().into(),
        })
    }

    /// Whether its answers count now.
    pub fn is_current(&self, now: UnixTime) -> bool {
        self.not_before <= now && now <= self.not_after
    }

    /// The last moment of its validity.
    pub fn not_after(&self) -> UnixTime {
        self.not_after
    }

    /// Its key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The certificate in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// How it names itself in an answer.
    pub(super) fn key_hash(&self) -> &[u8] {
        &self.key_hash
    }
}
