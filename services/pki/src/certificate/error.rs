//! Why a certificate is refused before its profile is looked at.

use crate::certificate::{ExtensionError, FoundIdentifier};
use crate::{DerError, NameError, PublicKeyError, SerialError};

/// Why bytes are not a certificate we read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Neither DER nor one PEM block of a certificate.
    #[error("the file is neither a certificate in DER nor one PEM block of a certificate")]
    NotACertificateFile,
    /// Larger than any certificate.
    #[error("the certificate has {octets} octets; {limit} are read")]
    TooLarge {
        /// Its size.
        octets: usize,
        /// The most that is read.
        limit: usize,
    },
    /// It is not DER, or holds more or fewer elements than a certificate.
    #[error("the certificate is not DER: {0}")]
    Der(#[from] DerError),
    /// It is DER, but the two readers do not both read it, or not the same.
    #[error("the certificate does not have the structure of RFC 5280 section 4.1")]
    Structure,
    /// Not version 3.
    #[error(
        "the certificate has version {found}; extensions need version 3 (RFC 5280 section 4.1.2.1)"
    )]
    Version {
        /// Its version, counted from 1.
        found: u32,
    },
    /// The serial number is no serial number.
    #[error(transparent)]
    Serial(#[from] SerialError),
    /// The signed and the unsigned algorithm identifier differ.
    #[error("the two signature algorithms differ (RFC 5280 section 4.1.1.2)")]
    SignatureAlgorithmsDiffer,
    /// Signed with another algorithm.
    #[error("the signature algorithm is {found}; the profile has sha256WithRSAEncryption")]
    SignatureAlgorithm {
        /// The algorithm.
        found: FoundIdentifier,
    },
    /// The parameters of the signature algorithm are not NULL.
    #[error("the parameters of the signature algorithm are not NULL (RFC 4055 section 5)")]
    SignatureParameters,
    /// The issuer's or the subject's name is malformed.
    #[error("a name is malformed: {0}")]
    Name(#[from] NameError),
    /// Without an issuer nobody vouches.
    #[error("the issuer is empty (RFC 5280 section 4.1.2.4)")]
    EmptyIssuer,
    /// Without a subject nothing can be issued.
    #[error("the subject of a trust anchor is empty (RFC 5280 section 4.1.2.6)")]
    EmptySubject,
    /// The validity ends before it begins.
    #[error("the validity ends before it begins (RFC 5280 section 4.1.2.5)")]
    EmptyValidity,
    /// Unique identifiers must not be used.
    #[error("the certificate has unique identifiers (RFC 5280 section 4.1.2.8)")]
    UniqueIdentifier,
    /// The key is refused.
    #[error("the certificate's key: {0}")]
    PublicKey(#[from] PublicKeyError),
    /// The extensions, or the value of one, are malformed.
    #[error(transparent)]
    Extension(#[from] ExtensionError),
    /// An anchor without a subject key identifier.
    #[error("the trust anchor has no subject key identifier (RFC 5280 section 4.2.1.2)")]
    NoSubjectKeyIdentifier,
}

impl CertificateError {
    /// The broken rule, in snake case.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::NotACertificateFile => "not_a_certificate_file",
            Self::TooLarge { .. } => "certificate_too_large",
            Self::Der(_) => "not_der",
            Self::Structure => "certificate_structure",
            Self::Version { .. } => "certificate_version",
            Self::Serial(_) => "serial_number",
            Self::SignatureAlgorithmsDiffer => "signature_algorithms_differ",
            Self::SignatureAlgorithm { .. } => "signature_algorithm",
            Self::SignatureParameters => "signature_parameters",
            Self::Name(_) => "name",
            Self::EmptyIssuer => "empty_issuer",
            Self::EmptySubject => "empty_subject",
            Self::EmptyValidity => "empty_validity",
            Self::UniqueIdentifier => "unique_identifier",
            Self::PublicKey(_) => "public_key",
            Self::Extension(error) => error.rule(),
            Self::NoSubjectKeyIdentifier => "no_subject_key_identifier",
        }
    }

    /// Whether the certificate is well formed, but uses something that is not supported.
    pub(crate) fn is_unsupported(&self) -> bool {
        matches!(
            self,
            Self::SignatureAlgorithm { .. }
                | Self::PublicKey(
                    PublicKeyError::NotInProfile { .. }
                        | PublicKeyError::Unsupported { .. }
                        | PublicKeyError::UnnamedCurve
                        | PublicKeyError::UnsupportedCurve { .. }
                        | PublicKeyError::ModulusSize { .. }
                        | PublicKeyError::Exponent
                )
        )
    }
}
