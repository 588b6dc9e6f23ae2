//! A certificate in a file, DER or PEM. What is plainly no certificate stays on this computer: a wrongly chosen file may
//! hold anything.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use lookup::MAX_CERTIFICATE_OCTETS;
use pki::UnixTime;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// A certificate of the largest size the service takes, in PEM with a page of text before it.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// One certificate, as far as can be told without validating it.
#[derive(Debug)]
pub(super) struct CertificateFile(Vec<u8>);

/// The validity period that a certificate claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) not_before: UnixTime,
    pub(super) not_after: UnixTime,
}

/// Why a file cannot be checked.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    #[error("the file cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    #[error("this is a folder; name the files in it")]
    Folder,
    #[error("the file is empty")]
    Empty,
    #[error(
        "the file is too large to be one certificate (at most {MAX_CERTIFICATE_OCTETS} octets of DER)"
    )]
    TooLarge,
    #[error(
        "the file holds a private key; a certificate is needed, and a private key must not be handed to anybody"
    )]
    PrivateKey,
    #[error("the PEM text in the file is damaged or holds no certificate")]
    Pem,
    #[error("the file holds {0} certificates; put each into a file of its own")]
    Several(usize),
    #[error("the file is neither a DER nor a PEM certificate")]
    NotACertificate,
    #[error("the certificate is cut short: it announces {announced} octets and {found} are there")]
    CutShort { announced: usize, found: usize },
    #[error("{extra} octets follow the certificate; the file is damaged or holds something else")]
    Trailing { extra: usize },
}

impl CertificateFile {
    pub(super) fn read(path: &Path) -> Result<Self, FileError> {
        let file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(FileError::Folder);
        }
        let mut bytes = Vec::new();
        file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
        Self::from_bytes(bytes)
    }

    fn from_bytes(bytes: Vec<u8>) -> Result<Self, FileError> {
        if bytes.is_empty() {
            return Err(FileError::Empty);
        }
        if u64::try_from(bytes.len()).is_ok_and(|octets| octets > MAX_FILE_BYTES) {
            return Err(FileError::TooLarge);
        }
        let der = if contains(&bytes, b"-----BEGIN ") {
            from_pem(&bytes)?
        } else {
            bytes
        };
        check_envelope(&der)?;
        if der.len() > MAX_CERTIFICATE_OCTETS {
            return Err(FileError::TooLarge);
        }
        Ok(Self(der))
    }

    pub(super) fn der(&self) -> &[u8] {
        &self.0
    }

    /// What the certificate says of itself. Only for the wording of an answer; None when it does not parse.
    pub(super) fn validity(&self) -> Option<Validity> {
        let (_, certificate) = X509Certificate::from_der(&self.0).ok()?;
        let validity = certificate.validity();
        Some(Validity {
            not_before: UnixTime::from_secs(validity.not_before.timestamp()),
            not_after: UnixTime::from_secs(validity.not_after.timestamp()),
        })
    }
}

fn from_pem(bytes: &[u8]) -> Result<Vec<u8>, FileError> {
    if contains(bytes, b"PRIVATE KEY-----") {
        return Err(FileError::PrivateKey);
    }
    let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(bytes)
        .collect::<Result<_, _>>()
        .map_err(|_| FileError::Pem)?;
    match certificates.as_slice() {
        [] => Err(FileError::Pem),
        [certificate] => Ok(certificate.to_vec()),
        several => Err(FileError::Several(several.len())),
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// One DER SEQUENCE that ends where the bytes end (X.690 sections 8.1.3 and 10.1). Whether it is a certificate is the
/// service's to say.
fn check_envelope(der: &[u8]) -> Result<(), FileError> {
    const SEQUENCE: u8 = 0x30;
    let (header, contents) = match der {
        [SEQUENCE, length @ 0..=0x7f, ..] => (2, usize::from(*length)),
        [SEQUENCE, 0x81, length, ..] => (3, usize::from(*length)),
        [SEQUENCE, 0x82, high, low, ..] => (4, usize::from(u16::from_be_bytes([*high, *low]))),
        _ => return Err(FileError::NotACertificate),
    };
    let (announced, found) = (header + contents, der.len());
    match found.checked_sub(announced) {
        Some(0) => Ok(()),
        Some(extra) => Err(FileError::Trailing { extra }),
        None => Err(FileError::CutShort { announced, found }),
    }
}

#[cfg(test)]
mod tests {
    use super::{CertificateFile, FileError};
    use std::path::Path;

    /// A genuine certificate of JPKI's test environment (tests/conformance/fixtures/myna-card).
    const CERTIFICATE: &[u8] = include_bytes!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/conformance/fixtures/myna-card/jpki-sign-cert.der"
    ));

    fn refused(bytes: &[u8]) -> String {
        CertificateFile::from_bytes(bytes.to_vec())
            .unwrap_err()
            .to_string()
    }

    fn pem(label: &str) -> String {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(CERTIFICATE);
        let mut pem = format!("-----BEGIN {label}-----\n");
        for start in (0..text.len()).step_by(64) {
            pem.push_str(&text[start..text.len().min(start + 64)]);
            pem.push('\n');
        }
        pem + &format!("-----END {label}-----\n")
    }

    #[test]
    fn a_certificate_is_read_from_der_and_from_pem() {
        let der = CertificateFile::from_bytes(CERTIFICATE.to_vec()).unwrap();
        let preface = format!("Certificate of case R8-1\n{}", pem("CERTIFICATE"));
        let pem = CertificateFile::from_bytes(preface.into_bytes()).unwrap();
        assert_eq!(der.der(), pem.der());
        assert_eq!(
            der.validity().unwrap().not_after.to_string(),
            "2030-02-17T14:59:59Z"
        );
    }

    #[test]
    fn what_is_no_certificate_is_refused_in_words() {
        assert_eq!(refused(b""), "the file is empty");
        assert!(refused(b"hello").contains("neither"));
        assert!(refused(b"0").contains("neither"));
        assert!(refused(&vec![b'x'; 65 * 1024]).contains("too large"));
        assert!(refused(pem("PRIVATE KEY").as_bytes()).contains("private key"));
        assert!(refused(pem("CERTIFICATE REQUEST").as_bytes()).contains("no certificate"));
        let two = format!("{0}{0}", pem("CERTIFICATE"));
        assert_eq!(
            refused(two.as_bytes()),
            "the file holds 2 certificates; put each into a file of its own"
        );
        let damaged = pem("CERTIFICATE").replace("-----END", "-----");
        assert!(refused(damaged.as_bytes()).contains("damaged"));
    }

    #[test]
    fn a_certificate_one_octet_short_or_long_is_refused() {
        let length = CERTIFICATE.len();
        assert_eq!(
            refused(&CERTIFICATE[..length - 1]),
            format!(
                "the certificate is cut short: it announces {length} octets and {} are there",
                length - 1
            )
        );
        assert!(refused(&[CERTIFICATE, b"\n"].concat()).contains("1 octets follow"));
    }

    #[test]
    fn every_truncation_and_every_changed_octet_is_read_without_a_panic() {
        for length in 0..CERTIFICATE.len() {
            let _ = CertificateFile::from_bytes(CERTIFICATE[..length].to_vec());
        }
        for at in 0..CERTIFICATE.len() {
            let mut changed = CERTIFICATE.to_vec();
            changed[at] ^= 0xff;
            if let Ok(file) = CertificateFile::from_bytes(changed) {
                let _ = file.validity();
            }
        }
    }

    #[test]
    fn a_folder_and_a_missing_file_are_refused() {
        let folder = CertificateFile::read(Path::new(env!("CARGO_MANIFEST_DIR")));
        assert!(matches!(folder, Err(FileError::Folder)));
        let missing = CertificateFile::read(Path::new("/nonexistent/certificate.cer"));
        assert!(matches!(missing, Err(FileError::Unreadable(_))));
    }
}
