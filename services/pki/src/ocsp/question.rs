//! Reading a question as a responder does (RFC 6960 section 4.1), in two steps: who asks is known before
//! anything of what is asked is looked at.

use crate::certificate::{
    Extension, ExtensionError, FoundIdentifier, check_duplicates, read_extensions,
};
use crate::der::{SEQUENCE, check_strict, context, whole_sequence};
use crate::limits::{MAX_OCSP_CERTIFICATES, MAX_OCSP_NONCE_BYTES, MAX_OCSP_REQUEST_BYTES};
use crate::ocsp::NONCE;
use crate::ocsp::cert_id::FoundCertId;
use crate::ocsp::delegate::OcspIssuer;
use crate::ocsp::response::{check_nonce_length, nonce_octets};
use crate::{DerError, SerialError, SerialNumber};

/// Why a request has no question that can be answered: a responder says malformedRequest. Never repeats
/// what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OcspQuestionError {
    /// Larger than any request.
    #[error("the request has {octets} octets; {MAX_OCSP_REQUEST_BYTES} are read")]
    TooLarge {
        /// Its size.
        octets: usize,
    },
    /// It is not DER, or holds more or fewer elements than a request.
    #[error("the request is not DER: {0}")]
    Der(#[from] DerError),
    /// Another version than 1, or version 1 written out, which DER leaves out.
    #[error("the request has a version; version 1 has none written (RFC 6960 section 4.1.1)")]
    Version,
    /// Signed by nobody who says a name.
    #[error("the request is signed and has no requestorName (RFC 6960 section 4.1.2)")]
    NoRequestorName,
    /// More certificates than are needed.
    #[error("the signature has more than {MAX_OCSP_CERTIFICATES} certificates")]
    TooManyCertificates,
    /// None or several. Serial numbers are dense, so lists of questions have no place here.
    #[error("the request does not ask about exactly one certificate (RFC 5019 section 2.1.1)")]
    NotOneQuestion,
    /// The extensions, or the value of one, are malformed.
    #[error(transparent)]
    Extension(#[from] ExtensionError),
    /// A critical extension that is not understood.
    #[error("extension {extension} is critical and unknown (RFC 6960 section 4.4)")]
    UnknownCriticalExtension {
        /// The extension.
        extension: FoundIdentifier,
    },
    /// A nonce of an impossible length.
    #[error(
        "the nonce has {octets} octets, not 1 to {MAX_OCSP_NONCE_BYTES} (RFC 9654 section 2.1)"
    )]
    NonceLength {
        /// Its length.
        octets: usize,
    },
    /// No certificate has such a serial number.
    #[error(transparent)]
    SerialNumber(#[from] SerialError),
}

/// A request of which only the signature was read.
pub struct UnreadOcspRequest<'a> {
    der: &'a [u8],
    to_be_signed: &'a [u8],
    signature: Option<RequestSignature<'a>>,
}

/// `Signature` of a request.
pub(super) struct RequestSignature<'a> {
    /// `AlgorithmIdentifier`.
    pub(super) algorithm: &'a [u8],
    pub(super) value: &'a [u8],
    /// Each in DER, not looked at.
    pub(super) certificates: Vec<&'a [u8]>,
}

impl<'a> UnreadOcspRequest<'a> {
    /// Reads an `OCSPRequest` up to its signature. Of the question only tag and length are looked at.
    pub fn read(der: &'a [u8]) -> Result<Self, OcspQuestionError> {
        if der.len() > MAX_OCSP_REQUEST_BYTES {
            return Err(OcspQuestionError::TooLarge { octets: der.len() });
        }
        let mut request = whole_sequence(der)?;
        let to_be_signed = request.expect(SEQUENCE)?.raw;
        let signature = match request.optional(context(0))? {
            Some(tagged) => Some(signature(tagged.contents)?),
            None => None,
        };
        request.finish()?;
        Ok(Self {
            der,
            to_be_signed,
            signature,
        })
    }

    /// Whether anybody signed it; by whom, [`OcspRequester::signed`](crate::OcspRequester::signed) tells.
    pub fn is_signed(&self) -> bool {
        self.signature.is_some()
    }

    /// The certificates that came with the signature, each in DER; whether the first of them signed, they do not prove.
    pub fn certificates(&self) -> &[&'a [u8]] {
        self.signature
            .as_ref()
            .map_or(&[], |signature| &signature.certificates)
    }

    pub(super) fn to_be_signed(&self) -> &'a [u8] {
        self.to_be_signed
    }

    pub(super) fn signature(&self) -> Option<&RequestSignature<'a>> {
        self.signature.as_ref()
    }

    /// Reads the question.
    pub fn question(&self) -> Result<OcspQuestion<'a>, OcspQuestionError> {
        check_strict(self.der)?;
        let mut fields = whole_sequence(self.to_be_signed)?;
        // The default is version 1, so DER leaves it out (X.690 section 11.5).
        if fields.optional(context(0))?.is_some() {
            return Err(OcspQuestionError::Version);
        }
        let requestor_name = fields.optional(context(1))?;
        if self.is_signed() && requestor_name.is_none() {
            return Err(OcspQuestionError::NoRequestorName);
        }
        let mut list = fields.sequence()?;
        if list.is_empty() {
            return Err(OcspQuestionError::NotOneQuestion);
        }
        let mut request = list.sequence()?;
        if !list.is_empty() {
            return Err(OcspQuestionError::NotOneQuestion);
        }
        let cert_id = FoundCertId::read(&mut request)?;
        if let Some(tagged) = request.optional(context(0))? {
            read_known(tagged.contents, |_| false)?;
        }
        request.finish()?;
        let nonce = match fields.optional(context(2))? {
            Some(tagged) => nonce(tagged.contents)?,
            None => None,
        };
        fields.finish()?;
        Ok(OcspQuestion {
            serial: cert_id.serial()?,
            cert_id,
            nonce,
        })
    }
}

fn signature(tagged: &[u8]) -> Result<RequestSignature<'_>, OcspQuestionError> {
    check_strict(tagged)?;
    let mut fields = whole_sequence(tagged)?;
    let algorithm = fields.expect(SEQUENCE)?.raw;
    let value = fields.octet_aligned_bits()?;
    let mut certificates = Vec::new();
    if let Some(tagged) = fields.optional(context(0))? {
        let mut list = whole_sequence(tagged.contents)?;
        while !list.is_empty() {
            if certificates.len() == MAX_OCSP_CERTIFICATES {
                return Err(OcspQuestionError::TooManyCertificates);
            }
            certificates.push(list.expect(SEQUENCE)?.raw);
        }
    }
    fields.finish()?;
    Ok(RequestSignature {
        algorithm,
        value,
        certificates,
    })
}

/// Extensions of which those that are not known are not critical.
fn read_known(
    tagged: &[u8],
    is_known: impl Fn(&[u8]) -> bool,
) -> Result<Vec<Extension<'_>>, OcspQuestionError> {
    let extensions = read_extensions(tagged)?;
    check_duplicates(&extensions)?;
    match extensions
        .iter()
        .find(|extension| extension.critical && !is_known(extension.identifier))
    {
        Some(unknown) => Err(OcspQuestionError::UnknownCriticalExtension {
            extension: FoundIdentifier::new(unknown.identifier),
        }),
        None => Ok(extensions),
    }
}

fn nonce(tagged: &[u8]) -> Result<Option<&[u8]>, OcspQuestionError> {
    let extensions = read_known(tagged, |identifier| identifier == NONCE)?;
    let Some(extension) = extensions.iter().find(|e| e.identifier == NONCE) else {
        return Ok(None);
    };
    let nonce = nonce_octets(extension)?;
    check_nonce_length(nonce).map_err(|octets| OcspQuestionError::NonceLength { octets })?;
    Ok(Some(nonce))
}

/// A question about one certificate.
pub struct OcspQuestion<'a> {
    cert_id: FoundCertId<'a>,
    serial: SerialNumber,
    nonce: Option<&'a [u8]>,
}

impl<'a> OcspQuestion<'a> {
    /// Whether the question is about a certificate that this authority's key issued: the hashes of name and key are
    /// both compared.
    pub fn is_about(&self, issuer: &OcspIssuer) -> bool {
        issuer.is_meant_by(&self.cert_id)
    }

    /// The certificate's serial number.
    pub fn serial(&self) -> &SerialNumber {
        &self.serial
    }

    /// `CertID` in DER, as it was asked.
    pub fn cert_id_der(&self) -> &'a [u8] {
        self.cert_id.der()
    }

    /// The nonce to answer with.
    pub fn nonce(&self) -> Option<&'a [u8]> {
        self.nonce
    }
}

/// It names a certificate by its serial number.
impl std::fmt::Debug for OcspQuestion<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("OcspQuestion(redacted)")
    }
}

/// It names a certificate by its serial number.
impl std::fmt::Debug for UnreadOcspRequest<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("UnreadOcspRequest(redacted)")
    }
}
