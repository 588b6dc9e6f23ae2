//! A file of certificates or lists, DER or PEM, read with a limit and never waited for.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use pki::limits::{MAX_CRL_BYTES, MAX_PATH_CERTIFICATE_BYTES};

use super::pem::{self, PemError};

/// What a file is given for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// The one certificate asked about.
    Certificate,
    /// One or more certificates: anchors or intermediates.
    Certificates,
    /// One or more lists.
    Crls,
}

impl Kind {
    const fn label(self) -> &'static str {
        match self {
            Self::Certificate | Self::Certificates => "CERTIFICATE",
            Self::Crls => "X509 CRL",
        }
    }

    /// The largest file that is DER.
    const fn max_der(self) -> u64 {
        match self {
            Self::Certificate | Self::Certificates => MAX_PATH_CERTIFICATE_BYTES as u64,
            Self::Crls => MAX_CRL_BYTES,
        }
    }

    /// The largest file that is text. Base64 takes 1.35 times the octets, and people write a preface.
    const fn max_pem(self) -> u64 {
        match self {
            Self::Certificates => MAX_BUNDLE_BYTES,
            Self::Certificate | Self::Crls => 2 * self.max_der(),
        }
    }
}

/// Octets of PEM text with many certificates: browsers' whole stores, with their comments, have 0.3 MB.
const MAX_BUNDLE_BYTES: u64 = 16 * 1024 * 1024;

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    #[error("the file cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    #[error("this is a folder; name the files in it")]
    Folder,
    #[error("this is not a regular file; save what it yields to one and name that")]
    NotRegular,
    #[error("the file is empty")]
    Empty,
    #[error("the file has more than {limit} octets, the most that is read of this kind")]
    TooLarge { limit: u64 },
    #[error(
        "the file is neither DER nor PEM text; export it in one of these forms, PEM with the label {label}"
    )]
    NeitherDerNorPem { label: &'static str },
    #[error(transparent)]
    Pem(#[from] PemError),
    #[error("the PEM text has no block with the label {label}")]
    NoBlock { label: &'static str },
    #[error(
        "PEM block {block} has another label than {label}; put what is of another kind into a file of its own"
    )]
    Label { block: usize, label: &'static str },
    #[error(
        "the file holds a private key; certificates and lists are needed, and a private key must not be handed to anybody"
    )]
    PrivateKey,
    #[error(
        "the file holds {found} certificates; put the one to validate into a file of its own and name the others as \
         intermediates"
    )]
    SeveralCertificates { found: usize },
}

impl FileError {
    /// Its name, in snake case.
    pub(super) const fn rule(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "file_unreadable",
            Self::Folder => "file_is_folder",
            Self::NotRegular => "file_not_regular",
            Self::Empty => "file_empty",
            Self::TooLarge { .. } => "file_too_large",
            Self::NeitherDerNorPem { .. } => "neither_der_nor_pem",
            Self::Pem(_) => "pem",
            Self::NoBlock { .. } => "pem_no_block",
            Self::Label { .. } => "pem_label",
            Self::PrivateKey => "private_key",
            Self::SeveralCertificates { .. } => "several_certificates",
        }
    }
}

/// What a file holds, each piece in DER; at least one.
#[derive(Debug)]
pub(super) struct Contents {
    pieces: Vec<Vec<u8>>,
}

impl Contents {
    /// Reads a file. What it holds is looked at no further than its armour.
    pub(super) fn read(path: &Path, kind: Kind) -> Result<Self, FileError> {
        // Opening a pipe would wait for its writer, so the kind of file is looked at first.
        check_regular(&std::fs::metadata(path)?)?;
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        check_regular(&metadata)?;
        let mut bytes = Vec::new();
        file.by_ref().take(2).read_to_end(&mut bytes)?;
        let limit = if begins_like_der(&bytes) {
            kind.max_der()
        } else {
            kind.max_pem()
        };
        if metadata.len() > limit {
            return Err(FileError::TooLarge { limit });
        }
        // The file may grow while it is read.
        bytes.reserve_exact(usize::try_from(metadata.len()).unwrap_or(0));
        let rest = limit.saturating_sub(2) + 1;
        file.take(rest).read_to_end(&mut bytes)?;
        if u64::try_from(bytes.len()).is_ok_and(|octets| octets > limit) {
            return Err(FileError::TooLarge { limit });
        }
        Self::from_bytes(bytes, kind)
    }

    fn from_bytes(bytes: Vec<u8>, kind: Kind) -> Result<Self, FileError> {
        if bytes.is_empty() {
            return Err(FileError::Empty);
        }
        if !begins_like_der(&bytes) && pem::is_pem(&bytes) {
            return Self::from_pem(&bytes, kind);
        }
        // Whether it is the DER of anything is the validator's to say.
        if bytes.first() == Some(&SEQUENCE) {
            let pieces = vec![bytes];
            return Ok(Self { pieces });
        }
        let label = kind.label();
        Err(FileError::NeitherDerNorPem { label })
    }

    fn from_pem(text: &[u8], kind: Kind) -> Result<Self, FileError> {
        let label = kind.label();
        let mut pieces = Vec::new();
        for (index, block) in pem::blocks(text)?.into_iter().enumerate() {
            if block.label.ends_with("PRIVATE KEY") {
                return Err(FileError::PrivateKey);
            }
            if block.label != label {
                let block = index + 1;
                return Err(FileError::Label { block, label });
            }
            pieces.push(block.der);
        }
        match pieces.len() {
            0 => Err(FileError::NoBlock { label }),
            // Which one is meant, only the caller knows: bundles begin with the leaf or with the root.
            2.. if kind == Kind::Certificate => {
                let found = pieces.len();
                Err(FileError::SeveralCertificates { found })
            }
            _ => Ok(Self { pieces }),
        }
    }

    /// The pieces in the file's order.
    pub(super) fn pieces(&self) -> &[Vec<u8>] {
        &self.pieces
    }

    /// Octets in memory.
    pub(super) fn octets(&self) -> usize {
        self.pieces.iter().map(Vec::len).sum()
    }
}

fn check_regular(metadata: &std::fs::Metadata) -> Result<(), FileError> {
    if metadata.is_dir() {
        Err(FileError::Folder)
    } else if metadata.is_file() {
        Ok(())
    } else {
        Err(FileError::NotRegular)
    }
}

const SEQUENCE: u8 = 0x30;

/// A SEQUENCE of 128 octets or more, as all certificates and lists are. Text that begins with the digit 0, which is the
/// same octet, does not go on like that.
fn begins_like_der(bytes: &[u8]) -> bool {
    matches!(bytes, [SEQUENCE, 0x80..=0xff, ..])
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Contents, FileError, Kind, MAX_PATH_CERTIFICATE_BYTES};

    const BLOCK: &str = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";

    fn read(bytes: &[u8], kind: Kind) -> Result<usize, FileError> {
        Contents::from_bytes(bytes.to_vec(), kind).map(|contents| contents.pieces().len())
    }

    fn rule(bytes: &[u8], kind: Kind) -> &'static str {
        read(bytes, kind).unwrap_err().rule()
    }

    #[test]
    fn der_and_pem_are_read() {
        assert_eq!(read(&[0x30, 0], Kind::Certificate).unwrap(), 1);
        assert_eq!(read(BLOCK.as_bytes(), Kind::Certificate).unwrap(), 1);
        // A preface that begins like a SEQUENCE.
        let preface = format!("0: the root\n{BLOCK}");
        assert_eq!(read(preface.as_bytes(), Kind::Certificates).unwrap(), 1);
        let list = BLOCK.replace("CERTIFICATE", "X509 CRL");
        assert_eq!(read(list.as_bytes(), Kind::Crls).unwrap(), 1);
    }

    #[test]
    fn several_blocks_are_all_used_except_where_one_certificate_is_meant() {
        let two = BLOCK.repeat(2);
        assert_eq!(read(two.as_bytes(), Kind::Certificates).unwrap(), 2);
        assert_eq!(
            rule(two.as_bytes(), Kind::Certificate),
            "several_certificates"
        );
    }

    #[test]
    fn what_is_neither_is_refused_by_name() {
        assert_eq!(rule(b"", Kind::Crls), "file_empty");
        assert_eq!(rule(b"hello", Kind::Crls), "neither_der_nor_pem");
        assert_eq!(rule(BLOCK.as_bytes(), Kind::Crls), "pem_label");
        let damaged = BLOCK.replace("-----END", "-----");
        assert_eq!(rule(damaged.as_bytes(), Kind::Certificate), "pem");
        let key = BLOCK.replace("CERTIFICATE", "EC PRIVATE KEY");
        assert_eq!(rule(key.as_bytes(), Kind::Certificates), "private_key");
        assert_eq!(rule(b"x -----BEGIN ", Kind::Crls), "pem_no_block");
    }

    #[test]
    fn a_file_over_its_limit_is_refused_before_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let at_limit = |octets: usize, first: [u8; 2]| {
            let path = folder.path().join("file");
            let mut bytes = vec![b'x'; octets];
            bytes[..2].copy_from_slice(&first);
            std::fs::write(&path, bytes).unwrap();
            Contents::read(&path, Kind::Certificate).map(|_| ())
        };
        let most = MAX_PATH_CERTIFICATE_BYTES;
        assert!(at_limit(most, [0x30, 0x83]).is_ok());
        let refused = at_limit(most + 1, [0x30, 0x83]).unwrap_err();
        assert_eq!(refused.rule(), "file_too_large");
        // As text it may be larger, and then is refused for what it is.
        let refused = at_limit(most + 1, *b"-x").unwrap_err();
        assert_eq!(refused.rule(), "neither_der_nor_pem");
        let refused = at_limit(2 * most + 1, *b"-x").unwrap_err();
        assert_eq!(refused.rule(), "file_too_large");
        // Sparse: it has this size without its octets.
        let path = folder.path().join("sparse");
        let file = std::fs::File::create(&path).unwrap();
        file.set_len(1 << 40).unwrap();
        let refused = Contents::read(&path, Kind::Crls).unwrap_err();
        assert_eq!(refused.rule(), "file_too_large");
    }

    #[test]
    fn what_is_no_file_is_refused_without_waiting() {
        let refused = |path: &Path| Contents::read(path, Kind::Crls).unwrap_err().rule();
        assert_eq!(
            refused(Path::new(env!("CARGO_MANIFEST_DIR"))),
            "file_is_folder"
        );
        assert_eq!(refused(Path::new("/nonexistent/a.crl")), "file_unreadable");
        assert_eq!(refused(Path::new("/dev/null")), "file_not_regular");
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        assert_eq!(refused(&pipe), "file_not_regular");
    }
}
