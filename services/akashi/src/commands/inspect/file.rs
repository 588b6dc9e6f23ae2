//! A certificate or a revocation list in a file, DER or PEM.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use pki::inspect::{CertificateFacts, ListFacts};
use pki::limits::{MAX_CERTIFICATE_BYTES, MAX_CRL_BYTES};
use pki::{CertificateError, CrlError, EscapedText};
use x509_parser::pem::parse_x509_pem;

/// What a file turned out to be. The certificate's DER is kept, because the four information are read from it.
#[derive(Debug)]
pub(super) enum Inspected {
    Certificate(Vec<u8>, Box<CertificateFacts>),
    List(Box<ListFacts>),
}

/// Why a file cannot be shown.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    #[error("the file cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    #[error("this is a folder; name a file in it")]
    Folder,
    #[error("the file is empty; give a certificate or a revocation list")]
    Empty,
    #[error("the file is larger than any revocation list (at most {MAX_CRL_BYTES} octets)")]
    TooLarge,
    #[error("the file holds a private key; give the certificate, and the key to nobody")]
    PrivateKey,
    #[error("the PEM text is damaged; export the certificate or the list again")]
    Pem,
    #[error("the file holds more than one PEM block; put each into a file of its own")]
    Several,
    #[error("the PEM block is labelled \"{label}\"; only CERTIFICATE and X509 CRL can be shown")]
    Label { label: EscapedText },
    #[error("the certificate cannot be read: {0}; get it again from where it came from")]
    Certificate(CertificateError),
    #[error("the revocation list cannot be read: {0}; get it again from its issuer")]
    List(CrlError),
    #[error(
        "the file is no certificate ({certificate}) and no revocation list ({list}); give one of them, DER or PEM"
    )]
    Neither {
        certificate: CertificateError,
        list: CrlError,
    },
}

impl Inspected {
    pub(super) fn read(path: &Path) -> Result<Self, FileError> {
        let file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(FileError::Folder);
        }
        // PEM has four characters for three octets, and line breaks.
        let limit = MAX_CRL_BYTES / 2 * 3;
        let mut bytes = Vec::new();
        file.take(limit + 1).read_to_end(&mut bytes)?;
        if u64::try_from(bytes.len()).is_ok_and(|octets| octets > limit) {
            return Err(FileError::TooLarge);
        }
        Self::from_bytes(bytes)
    }

    fn from_bytes(bytes: Vec<u8>) -> Result<Self, FileError> {
        match bytes.first() {
            None => Err(FileError::Empty),
            // DER begins with a SEQUENCE, and PEM never with this octet, the digit 0.
            Some(0x30) => Self::from_der(bytes),
            Some(_) if contains(&bytes, b"PRIVATE KEY-----") => Err(FileError::PrivateKey),
            Some(_) if contains(&bytes, b"-----BEGIN ") => Self::from_pem(&bytes),
            Some(_) => Self::from_der(bytes),
        }
    }

    fn from_pem(bytes: &[u8]) -> Result<Self, FileError> {
        let (rest, block) = parse_x509_pem(bytes).map_err(|_| FileError::Pem)?;
        if contains(rest, b"-----BEGIN ") {
            return Err(FileError::Several);
        }
        match block.label.as_str() {
            "CERTIFICATE" => {
                let facts =
                    CertificateFacts::read(&block.contents).map_err(FileError::Certificate)?;
                Ok(Self::Certificate(block.contents, Box::new(facts)))
            }
            "X509 CRL" => {
                let facts = ListFacts::read(&block.contents).map_err(FileError::List)?;
                Ok(Self::List(Box::new(facts)))
            }
            label => Err(FileError::Label {
                label: EscapedText::new(label),
            }),
        }
    }

    /// DER has no label, so both readers are tried; no bytes are both.
    fn from_der(der: Vec<u8>) -> Result<Self, FileError> {
        let certificate = match CertificateFacts::read(&der) {
            Ok(facts) => return Ok(Self::Certificate(der, Box::new(facts))),
            Err(error) => error,
        };
        match ListFacts::read(&der) {
            Ok(facts) => Ok(Self::List(Box::new(facts))),
            // What is too large for a certificate was meant to be a list.
            Err(list) if der.len() > MAX_CERTIFICATE_BYTES => Err(FileError::List(list)),
            Err(list) => Err(FileError::Neither { certificate, list }),
        }
    }
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}
