//! `CertID`, by which a question and its answer name a certificate (RFC 6960 section 4.1.1).

use std::fmt;

use aws_lc_rs::digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256};

use crate::der::{NULL, OBJECT_IDENTIFIER, OCTET_STRING, Reader, SEQUENCE};
use crate::name::canonical_name;
use crate::ocsp::writer::{self, element};
use crate::{DerError, NameError, PublicKey, SerialError, SerialNumber};

/// `id-sha1`, 1.3.14.3.2.26.
const SHA1: &[u8] = &[0x2b, 0x0e, 0x03, 0x02, 0x1a];
/// `id-sha256`, 2.16.840.1.101.3.4.2.1.
const SHA256_IDENTIFIER: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];

/// The hash by which a `CertID` names an issuer. Nothing is proven by it, so SHA-1 is allowed
/// here, and most responders know nothing else (RFC 6960 section 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertIdHash {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl CertIdHash {
    const ALL: [Self; 2] = [Self::Sha1, Self::Sha256];

    const fn identifier(self) -> &'static [u8] {
        match self {
            Self::Sha1 => SHA1,
            Self::Sha256 => SHA256_IDENTIFIER,
        }
    }

    fn of(self, bytes: &[u8]) -> Box<[u8]> {
        let algorithm = match self {
            Self::Sha1 => &SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &SHA256,
        };
        digest::digest(algorithm, bytes).as_ref().into()
    }
}

/// The SHA-1 hash of a key, by which a responder may name itself (RFC 6960 section 4.2.1).
pub(super) fn key_hash(key: &PublicKey) -> Box<[u8]> {
    CertIdHash::Sha1.of(key_bits(key))
}

/// The octets of the `subjectPublicKey` BIT STRING, without tag, length and unused bits.
fn key_bits(key: &PublicKey) -> &[u8] {
    key.subject_public_key()
}

/// A certificate to ask about, and the authority that issued it. They are one value, so that no
/// answer signed by one authority can be taken for a certificate of another.
#[derive(Clone, Debug)]
pub struct CertId {
    hash: CertIdHash,
    issuers: IssuerNames,
    serial: SerialNumber,
    canonical_issuer: Vec<u8>,
    issuer_key: PublicKey,
}

#[derive(Clone, Debug)]
struct IssuerHashes {
    name: Box<[u8]>,
    key: Box<[u8]>,
}

/// How `CertID`s name one authority with one of its keys: with SHA-1 and with SHA-256.
#[derive(Clone, Debug)]
pub(super) struct IssuerNames([IssuerHashes; 2]);

impl IssuerNames {
    pub(super) fn new(issuer_name: &[u8], issuer_key: &PublicKey) -> Self {
        Self(CertIdHash::ALL.map(|hash| IssuerHashes {
            name: hash.of(issuer_name),
            key: hash.of(key_bits(issuer_key)),
        }))
    }

    /// Whether a `CertID` names this authority and this key, with whatever hash it says so.
    pub(super) fn are_meant_by(&self, found: &FoundCertId<'_>) -> bool {
        found.hash.is_some_and(|hash| {
            let issuer = self.by(hash);
            *found.issuer_name == *issuer.name && *found.issuer_key == *issuer.key
        })
    }

    fn by(&self, hash: CertIdHash) -> &IssuerHashes {
        match hash {
            CertIdHash::Sha1 => &self.0[0],
            CertIdHash::Sha256 => &self.0[1],
        }
    }
}

impl CertId {
    /// Names the certificate with this serial number that an authority issued.
    ///
    /// `issuer_name` is the `Name` in DER as the certificate has it, `issuer_key` the key that
    /// signed the certificate: an authority with several generations of keys has as many names
    /// for one serial number.
    pub fn new(
        hash: CertIdHash,
        issuer_name: &[u8],
        issuer_key: &PublicKey,
        serial: SerialNumber,
    ) -> Result<Self, NameError> {
        Ok(Self {
            hash,
            issuers: IssuerNames::new(issuer_name, issuer_key),
            serial,
            canonical_issuer: canonical_name(issuer_name)?,
            issuer_key: issuer_key.clone(),
        })
    }

    /// The issuer's name as it is compared.
    pub(super) fn canonical_issuer(&self) -> &[u8] {
        &self.canonical_issuer
    }

    /// The issuer's key.
    pub(super) fn issuer_key(&self) -> &PublicKey {
        &self.issuer_key
    }

    /// `CertID` in DER. The parameters of the hash are NULL, as everybody writes them.
    pub(super) fn to_der(&self) -> Vec<u8> {
        let algorithm = [
            element(OBJECT_IDENTIFIER, self.hash.identifier()),
            element(NULL, &[]),
        ];
        let issuer = self.issuer(self.hash);
        writer::sequence(&[
            writer::sequence(&algorithm),
            element(OCTET_STRING, &issuer.name),
            element(OCTET_STRING, &issuer.key),
            writer::unsigned_integer(self.serial.as_bytes()),
        ])
    }

    /// What of the answer's `CertID` is not what was asked; nothing if it is about the
    /// certificate.
    pub(super) fn difference(&self, found: &FoundCertId<'_>) -> Option<CertIdPart> {
        if found.hash != Some(self.hash) {
            return Some(CertIdPart::HashAlgorithm);
        }
        self.difference_in(self.hash, found)
    }

    /// Whether an answer is about the certificate, with whatever hash it says so.
    pub(super) fn is_meant_by(&self, found: &FoundCertId<'_>) -> bool {
        found
            .hash
            .is_some_and(|hash| self.difference_in(hash, found).is_none())
    }

    fn difference_in(&self, hash: CertIdHash, found: &FoundCertId<'_>) -> Option<CertIdPart> {
        let issuer = self.issuer(hash);
        if *found.issuer_name != *issuer.name {
            Some(CertIdPart::IssuerName)
        } else if *found.issuer_key != *issuer.key {
            Some(CertIdPart::IssuerKey)
        } else if found.serial().as_ref() != Ok(&self.serial) {
            Some(CertIdPart::SerialNumber)
        } else {
            None
        }
    }

    fn issuer(&self, hash: CertIdHash) -> &IssuerHashes {
        self.issuers.by(hash)
    }
}

/// A member of `CertID`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CertIdPart {
    /// `hashAlgorithm`.
    HashAlgorithm,
    /// `issuerNameHash`.
    IssuerName,
    /// `issuerKeyHash`.
    IssuerKey,
    /// `serialNumber`.
    SerialNumber,
}

impl fmt::Display for CertIdPart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::HashAlgorithm => "hashAlgorithm",
            Self::IssuerName => "issuerNameHash",
            Self::IssuerKey => "issuerKeyHash",
            Self::SerialNumber => "serialNumber",
        })
    }
}

/// A `CertID` as it stands in a request or an answer.
pub(super) struct FoundCertId<'a> {
    /// None is another hash, or one with parameters it does not have.
    hash: Option<CertIdHash>,
    issuer_name: &'a [u8],
    issuer_key: &'a [u8],
    serial: &'a [u8],
    der: &'a [u8],
}

impl<'a> FoundCertId<'a> {
    /// Its encoding.
    pub(super) fn der(&self) -> &'a [u8] {
        self.der
    }

    /// The certificate's serial number.
    pub(super) fn serial(&self) -> Result<SerialNumber, SerialError> {
        SerialNumber::from_der_integer(self.serial)
    }

    pub(super) fn read(fields: &mut Reader<'a>) -> Result<Self, DerError> {
        let element = fields.expect(SEQUENCE)?;
        let mut cert_id = Reader::new(element.contents);
        let mut algorithm = cert_id.sequence()?;
        let identifier = algorithm.object_identifier()?;
        // RFC 4055 section 2.1: the parameters are NULL or absent.
        algorithm.optional(NULL)?;
        let hash = CertIdHash::ALL
            .into_iter()
            .find(|hash| hash.identifier() == identifier && algorithm.is_empty());
        let issuer_name = cert_id.expect(OCTET_STRING)?.contents;
        let issuer_key = cert_id.expect(OCTET_STRING)?.contents;
        let serial = cert_id.integer()?;
        cert_id.finish()?;
        Ok(Self {
            hash,
            issuer_name,
            issuer_key,
            serial,
            der: element.raw,
        })
    }
}
