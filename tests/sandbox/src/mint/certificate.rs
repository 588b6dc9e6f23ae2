//! A certificate before it is signed, with every field open to a test.

use pki::UnixTime;

use super::authority::KeyGeneration;
use super::extension::{Extension, Extensions, extensions_der};
use super::keys::RsaKey;
use super::names::{self, CaKind};
use super::people::LeafSubject;
use crate::der;

/// AlgorithmIdentifier of sha256WithRSAEncryption, with its NULL parameter.
pub fn sha256_with_rsa() -> Vec<u8> {
    signature_algorithm("1.2.840.113549.1.1.11")
}

/// AlgorithmIdentifier with a NULL parameter.
pub fn signature_algorithm(oid: &str) -> Vec<u8> {
    der::sequence([der::object_identifier(oid), der::null()])
}

/// Every field of a certificate. The constructors follow the profile; a test then changes one thing.
#[derive(Clone, Debug)]
pub struct CertificateSpec {
    /// `[0] EXPLICIT Version`, or nothing at all.
    pub version: Vec<u8>,
    /// The serial's INTEGER in DER, so that it can be negative or too long.
    pub serial: Vec<u8>,
    /// The signature field inside the signed part.
    pub inner_algorithm: Vec<u8>,
    /// The signatureAlgorithm field outside of it.
    pub outer_algorithm: Vec<u8>,
    /// The issuer's Name.
    pub issuer: Vec<u8>,
    /// The first second of its validity.
    pub not_before: UnixTime,
    /// The last.
    pub not_after: UnixTime,
    /// The subject's Name.
    pub subject: Vec<u8>,
    /// SubjectPublicKeyInfo.
    pub subject_public_key_info: Vec<u8>,
    /// issuerUniqueID and subjectUniqueID: nothing at all.
    pub unique_identifiers: Vec<u8>,
    /// How the validity is written.
    pub time: fn(UnixTime) -> Vec<u8>,
    /// The extensions in their order.
    pub extensions: Vec<Extension>,
    /// Octets after the certificate.
    pub trailing: Vec<u8>,
}

impl Extensions for CertificateSpec {
    fn extensions_mut(&mut self) -> &mut Vec<Extension> {
        &mut self.extensions
    }
}

impl CertificateSpec {
    /// A leaf of the authority's kind, exactly as on a card.
    pub fn leaf(
        kind: CaKind,
        issuer: &KeyGeneration,
        serial: u64,
        key: &RsaKey,
        subject: &LeafSubject,
    ) -> Self {
        match kind {
            CaKind::UserAuthentication => {
                Self::user_authentication_leaf(issuer, serial, key, subject)
            }
            CaKind::DigitalSignature => Self::digital_signature_leaf(issuer, serial, key, subject),
        }
    }

    fn user_authentication_leaf(
        issuer: &KeyGeneration,
        serial: u64,
        key: &RsaKey,
        subject: &LeafSubject,
    ) -> Self {
        let kind = CaKind::UserAuthentication;
        let name = names::user_authentication_subject(&subject.user_authentication_name(serial));
        let extensions = vec![
            // digitalSignature
            Extension::key_usage(&[0]),
            Extension::client_authentication(),
            Extension::certificate_policies(kind.policy()),
            Extension::issuer_alt_name(kind),
            Extension::crl_distribution_point(kind, subject.municipality),
            Extension::ocsp_access(),
            Extension::authority_key_identifier(
                &issuer.key.key_id(),
                &kind.distinguished_name(),
                &issuer.serial.to_be_bytes(),
            ),
            Extension::subject_key_identifier(&key.key_id()),
        ];
        Self::of_profile(kind, serial, key, name, extensions)
            .with_validity(subject.not_before, subject.not_after)
    }

    fn digital_signature_leaf(
        issuer: &KeyGeneration,
        serial: u64,
        key: &RsaKey,
        subject: &LeafSubject,
    ) -> Self {
        let kind = CaKind::DigitalSignature;
        let common_name = subject.digital_signature_name(serial);
        let name = names::digital_signature_subject(subject.municipality, &common_name);
        let extensions = vec![
            // digitalSignature, nonRepudiation
            Extension::key_usage(&[0, 1]),
            subject.person.personal_data(subject.municipality),
            Extension::certificate_policies(kind.policy()),
            Extension::issuer_alt_name(kind),
            Extension::crl_distribution_point(kind, subject.municipality),
            Extension::authority_key_identifier(
                &issuer.key.key_id(),
                &kind.distinguished_name(),
                &issuer.serial.to_be_bytes(),
            ),
            Extension::subject_key_identifier(&key.key_id()),
        ];
        Self::of_profile(kind, serial, key, name, extensions)
            .with_validity(subject.not_before, subject.not_after)
    }

    /// A self-signed root: no AKI, no policies.
    pub fn root(kind: CaKind, serial: u64, key: &RsaKey) -> Self {
        let japanese_name = names::directory_name(&kind.japanese_name());
        let extensions = vec![
            // keyCertSign, cRLSign
            Extension::key_usage(&[5, 6]),
            Extension::plain(names::SUBJECT_ALT_NAME, der::sequence([japanese_name])),
            Extension::basic_constraints_ca(),
            Extension::crl_distribution_point_named(&kind.distinguished_name()),
            Extension::subject_key_identifier(&key.key_id()),
        ];
        Self::of_profile(kind, serial, key, kind.distinguished_name(), extensions)
    }

    fn of_profile(
        kind: CaKind,
        serial: u64,
        key: &RsaKey,
        subject: Vec<u8>,
        extensions: Vec<Extension>,
    ) -> Self {
        Self {
            version: der::context_constructed(0, &der::small_integer(2)),
            serial: der::small_integer(serial),
            inner_algorithm: sha256_with_rsa(),
            outer_algorithm: sha256_with_rsa(),
            issuer: kind.distinguished_name(),
            not_before: UnixTime::from_secs(0),
            not_after: UnixTime::from_secs(0),
            subject,
            subject_public_key_info: key.subject_public_key_info(),
            unique_identifiers: Vec::new(),
            time: der::time,
            extensions,
            trailing: Vec::new(),
        }
    }

    /// Sets the validity.
    #[must_use]
    pub fn with_validity(mut self, not_before: UnixTime, not_after: UnixTime) -> Self {
        (self.not_before, self.not_after) = (not_before, not_after);
        self
    }

    /// The part that is signed.
    pub fn to_be_signed(&self) -> Vec<u8> {
        let extensions = if self.extensions.is_empty() {
            Vec::new()
        } else {
            der::context_constructed(3, &extensions_der(&self.extensions))
        };
        der::sequence([
            self.version.clone(),
            self.serial.clone(),
            self.inner_algorithm.clone(),
            self.issuer.clone(),
            der::sequence([(self.time)(self.not_before), (self.time)(self.not_after)]),
            self.subject.clone(),
            self.subject_public_key_info.clone(),
            self.unique_identifiers.clone(),
            extensions,
        ])
    }

    /// The certificate, signed with SHA-256 by a key.
    pub fn sign(&self, key: &RsaKey) -> Vec<u8> {
        self.with_signature(&key.sign(&self.to_be_signed()))
    }

    /// The certificate with this signature value, whatever it is.
    pub fn with_signature(&self, signature: &[u8]) -> Vec<u8> {
        assemble(
            &self.to_be_signed(),
            &self.outer_algorithm,
            signature,
            &self.trailing,
        )
    }
}

/// `SIGNED{}`: the signed part, the algorithm, the signature; then octets that do not belong there.
pub(crate) fn assemble(
    to_be_signed: &[u8],
    algorithm: &[u8],
    signature: &[u8],
    trailing: &[u8],
) -> Vec<u8> {
    let signed = der::sequence([to_be_signed, algorithm, &der::bit_string(signature)]);
    der::concat([signed.as_slice(), trailing])
}
