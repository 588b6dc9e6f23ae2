//! An OCSP response before it is signed, with every field open to a test (RFC 6960 section 4.2.1).

use aws_lc_rs::digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use pki::UnixTime;

use super::certificate::{CertificateSpec, sha256_with_rsa, signature_algorithm};
use super::extension::{Extension, Extensions, extensions_der};
use super::keys::RsaKey;
use super::names::{self, CaKind};
use crate::der;

/// id-kp-OCSPSigning
pub const OCSP_SIGNING: &str = "1.3.6.1.5.5.7.3.9";
/// id-pkix-ocsp-nocheck
pub const OCSP_NO_CHECK: &str = "1.3.6.1.5.5.7.48.1.5";
/// id-pkix-ocsp-nonce
pub const OCSP_NONCE: &str = "1.3.6.1.5.5.7.48.1.2";
/// id-pkix-ocsp-basic
const OCSP_BASIC: &str = "1.3.6.1.5.5.7.48.1.1";

impl Extension {
    /// Extended key usage with these purposes.
    pub fn extended_key_usage(purposes: &[&str]) -> Self {
        let purposes = purposes
            .iter()
            .map(|purpose| der::object_identifier(purpose));
        Self::plain(names::EXTENDED_KEY_USAGE, der::sequence(purposes))
    }

    /// The issuer says that the responder's own revocation need not be asked about.
    pub fn ocsp_no_check() -> Self {
        Self::plain(OCSP_NO_CHECK, der::null())
    }

    /// The nonce of a question or an answer (RFC 9654 section 2.1).
    pub fn ocsp_nonce(nonce: &[u8]) -> Self {
        Self::plain(OCSP_NONCE, der::octet_string(nonce))
    }
}

impl CertificateSpec {
    /// The certificate of a delegated responder, for a key of the authority to sign; JPKI's own is
    /// not public.
    pub fn ocsp_responder(
        kind: CaKind,
        issuer: &RsaKey,
        key: &RsaKey,
        (not_before, not_after): (UnixTime, UnixTime),
    ) -> Self {
        Self {
            version: der::context_constructed(0, &der::small_integer(2)),
            serial: der::small_integer(20_500_000),
            inner_algorithm: sha256_with_rsa(),
            outer_algorithm: sha256_with_rsa(),
            issuer: kind.distinguished_name(),
            not_before,
            not_after,
            subject: names::user_authentication_subject("OCSP responder"),
            subject_public_key_info: key.subject_public_key_info(),
            extensions: vec![
                Extension::key_usage(&[0]),
                Extension::extended_key_usage(&[OCSP_SIGNING]),
                Extension::ocsp_no_check(),
                Extension::signer_key_identifier(&issuer.key_id()),
                Extension::subject_key_identifier(&key.key_id()),
            ],
            trailing: Vec::new(),
        }
    }
}

/// `CertID`, each member in DER.
#[derive(Clone, Debug)]
pub struct CertIdSpec {
    /// AlgorithmIdentifier of the hash.
    pub algorithm: Vec<u8>,
    /// The hash of the issuer's name.
    pub issuer_name: Vec<u8>,
    /// The hash of the issuer's key.
    pub issuer_key: Vec<u8>,
    /// The serial's INTEGER.
    pub serial: Vec<u8>,
}

impl CertIdSpec {
    /// Names a certificate by SHA-1.
    pub fn sha1(issuer_name: &[u8], issuer: &RsaKey, serial: u64) -> Self {
        let hash = |octets: &[u8]| digest::digest(&SHA1_FOR_LEGACY_USE_ONLY, octets);
        Self {
            algorithm: signature_algorithm("1.3.14.3.2.26"),
            issuer_name: der::octet_string(hash(issuer_name).as_ref()),
            issuer_key: der::octet_string(hash(&issuer.public_key_bits()).as_ref()),
            serial: der::small_integer(serial),
        }
    }

    /// Names a certificate by SHA-256.
    pub fn sha256(issuer_name: &[u8], issuer: &RsaKey, serial: u64) -> Self {
        let hash = |octets: &[u8]| digest::digest(&SHA256, octets);
        Self {
            algorithm: signature_algorithm("2.16.840.1.101.3.4.2.1"),
            issuer_name: der::octet_string(hash(issuer_name).as_ref()),
            issuer_key: der::octet_string(hash(&issuer.public_key_bits()).as_ref()),
            serial: der::small_integer(serial),
        }
    }

    fn to_der(&self) -> Vec<u8> {
        der::sequence([
            &self.algorithm,
            &self.issuer_name,
            &self.issuer_key,
            &self.serial,
        ])
    }
}

/// `CertStatus` good.
pub fn ocsp_good() -> Vec<u8> {
    der::context_primitive(0, &[])
}

/// `CertStatus` revoked.
pub fn ocsp_revoked(at: UnixTime, reason: Option<u8>) -> Vec<u8> {
    let reason = reason.map(|code| der::context_constructed(0, &der::enumerated(code)));
    let contents = [der::generalized_time(at), reason.unwrap_or_default()];
    der::context_constructed(1, &der::concat(contents))
}

/// `CertStatus` unknown.
pub fn ocsp_unknown() -> Vec<u8> {
    der::context_primitive(2, &[])
}

/// `SingleResponse`.
#[derive(Clone, Debug)]
pub struct OcspAnswer {
    /// Which certificate.
    pub cert_id: CertIdSpec,
    /// `CertStatus` in DER.
    pub status: Vec<u8>,
    /// When the status was known; the element in DER.
    pub this_update: Vec<u8>,
    /// When newer information is due; nothing leaves the field out.
    pub next_update: Option<UnixTime>,
    /// Its extensions; none leaves the field out.
    pub extensions: Vec<Extension>,
}

impl Extensions for OcspAnswer {
    fn extensions_mut(&mut self) -> &mut Vec<Extension> {
        &mut self.extensions
    }
}

impl OcspAnswer {
    fn to_der(&self) -> Vec<u8> {
        let next_update = self
            .next_update
            .map(|at| der::context_constructed(0, &der::generalized_time(at)));
        der::sequence([
            self.cert_id.to_der(),
            self.status.clone(),
            self.this_update.clone(),
            next_update.unwrap_or_default(),
            tagged_extensions(&self.extensions),
        ])
    }
}

/// Every field of a response. The constructor follows RFC 6960; a test then changes one thing.
#[derive(Clone, Debug)]
pub struct OcspSpec {
    /// `OCSPResponseStatus` in DER.
    pub response_status: Vec<u8>,
    /// The type of the response.
    pub response_type: String,
    /// The version, tag included; version 1 is left out.
    pub version: Vec<u8>,
    /// `ResponderID` in DER.
    pub responder_id: Vec<u8>,
    /// When it says it was signed.
    pub produced_at: UnixTime,
    /// The answers in their order.
    pub answers: Vec<OcspAnswer>,
    /// The response's extensions; none leaves the field out.
    pub extensions: Vec<Extension>,
    /// The signature algorithm.
    pub algorithm: Vec<u8>,
    /// Certificates that come along; none leaves the field out.
    pub certificates: Vec<Vec<u8>>,
    /// Octets after the response.
    pub trailing: Vec<u8>,
}

impl Extensions for OcspSpec {
    fn extensions_mut(&mut self) -> &mut Vec<Extension> {
        &mut self.extensions
    }
}

impl OcspSpec {
    /// A successful response with one answer, for the key that the identifier names to sign.
    pub fn new(responder_id: Vec<u8>, produced_at: UnixTime, answer: OcspAnswer) -> Self {
        Self {
            response_status: der::enumerated(0),
            response_type: OCSP_BASIC.to_owned(),
            version: Vec::new(),
            responder_id,
            produced_at,
            answers: vec![answer],
            extensions: Vec::new(),
            algorithm: sha256_with_rsa(),
            certificates: Vec::new(),
            trailing: Vec::new(),
        }
    }

    /// `ResponderID` by a name.
    pub fn by_name(name: &[u8]) -> Vec<u8> {
        der::context_constructed(1, name)
    }

    /// `ResponderID` by the SHA-1 hash of a key.
    pub fn by_key(key: &RsaKey) -> Vec<u8> {
        der::context_constructed(2, &der::octet_string(&key.key_id()))
    }

    /// The part that is signed.
    pub fn to_be_signed(&self) -> Vec<u8> {
        der::sequence([
            self.version.clone(),
            self.responder_id.clone(),
            der::generalized_time(self.produced_at),
            der::sequence(self.answers.iter().map(OcspAnswer::to_der)),
            tagged_extensions(&self.extensions),
        ])
    }

    /// The response, signed with SHA-256 by a key, which need not be the one it names.
    pub fn sign(&self, key: &RsaKey) -> Vec<u8> {
        self.with_signature(&key.sign(&self.to_be_signed()))
    }

    /// The response with this signature value, whatever it is.
    pub fn with_signature(&self, signature: &[u8]) -> Vec<u8> {
        self.around(&self.to_be_signed(), signature)
    }

    /// The response around any signed part.
    pub fn around(&self, to_be_signed: &[u8], signature: &[u8]) -> Vec<u8> {
        let certificates = if self.certificates.is_empty() {
            Vec::new()
        } else {
            der::context_constructed(0, &der::sequence(&self.certificates))
        };
        let basic = der::sequence([
            to_be_signed,
            &self.algorithm,
            &der::bit_string(signature),
            &certificates,
        ]);
        let bytes = der::sequence([
            der::object_identifier(&self.response_type),
            der::octet_string(&basic),
        ]);
        let response = der::sequence([&self.response_status, &der::context_constructed(0, &bytes)]);
        der::concat([&response, &self.trailing])
    }
}

fn tagged_extensions(extensions: &[Extension]) -> Vec<u8> {
    if extensions.is_empty() {
        Vec::new()
    } else {
        der::context_constructed(1, &extensions_der(extensions))
    }
}
