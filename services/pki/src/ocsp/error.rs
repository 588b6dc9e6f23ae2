//! Why an answer is refused.

use crate::certificate::{ExtensionError, FoundIdentifier};
use crate::limits::{
    MAX_OCSP_ANSWERS, MAX_OCSP_CERTIFICATES, MAX_OCSP_NONCE_BYTES, MAX_OCSP_RESPONSE_BYTES,
};
use crate::ocsp::CertIdPart;
use crate::{CertificateError, DerError, KeyUsage, NameError, UnixTime};

/// Why a responder does not answer (RFC 6960 section 4.2.1). It is not signed: anybody on the way
/// can say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OcspFailure {
    /// The request does not have the form of one.
    #[error("malformedRequest")]
    MalformedRequest,
    /// The responder is in trouble.
    #[error("internalError")]
    InternalError,
    /// The responder cannot answer now.
    #[error("tryLater")]
    TryLater,
    /// The request must be signed.
    #[error("sigRequired")]
    SigRequired,
    /// The client may not ask, or the responder cannot answer for this issuer.
    #[error("unauthorized")]
    Unauthorized,
}

/// Why an answer is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OcspError {
    /// Larger than any answer.
    #[error("the response has {octets} octets; {MAX_OCSP_RESPONSE_BYTES} are read")]
    TooLarge {
        /// Its size.
        octets: usize,
    },
    /// It is not DER, or holds more or fewer elements than a response.
    #[error("the response is not DER: {0}")]
    Der(#[from] DerError),
    /// A status that the standard does not define.
    #[error("responseStatus is {code}, which does not exist (RFC 6960 section 4.2.1)")]
    ResponseStatus {
        /// The number given.
        code: u8,
    },
    /// The responder refused to answer.
    #[error("the responder does not answer: {failure} (RFC 6960 section 4.2.1)")]
    Unsuccessful {
        /// Why.
        failure: OcspFailure,
    },
    /// A success without an answer.
    #[error(
        "responseStatus is successful, but there are no responseBytes (RFC 6960 section 4.2.1)"
    )]
    ResponseBytesMissing,
    /// A failure with an answer.
    #[error("responseStatus is a failure, but there are responseBytes (RFC 6960 section 4.2.1)")]
    ResponseBytesUnexpected,
    /// Not a basic response.
    #[error("the response has the type {found}, not id-pkix-ocsp-basic (RFC 6960 section 4.2.1)")]
    ResponseType {
        /// The type.
        found: FoundIdentifier,
    },
    /// Another version than 1, or version 1 written out, which DER leaves out.
    #[error("the response has a version; version 1 has none written (RFC 6960 section 4.2.1)")]
    Version,
    /// More answers than anybody asked for.
    #[error("the response has more than {MAX_OCSP_ANSWERS} answers")]
    TooManyAnswers,
    /// More certificates than are needed.
    #[error("the response has more than {MAX_OCSP_CERTIFICATES} certificates")]
    TooManyCertificates,
    /// A name in the response is malformed.
    #[error("the responder's name is malformed: {0}")]
    ResponderName(#[from] NameError),
    /// The extensions, or the value of one, are malformed.
    #[error(transparent)]
    Extension(#[from] ExtensionError),
    /// A critical extension of the response that is not understood.
    #[error("extension {extension} is critical and unknown (RFC 6960 section 4.4)")]
    UnknownCriticalExtension {
        /// The extension.
        extension: FoundIdentifier,
    },
    /// A critical extension of an answer that is not understood.
    #[error("extension {extension} of an answer is critical and unknown (RFC 6960 section 4.4)")]
    UnknownCriticalAnswerExtension {
        /// The extension.
        extension: FoundIdentifier,
    },
    /// A reason that the standard does not define, or that makes no sense here.
    #[error("the reason of a revocation is {code} (RFC 5280 section 5.3.1)")]
    Reason {
        /// The number given.
        code: u8,
    },
    /// nextUpdate is not after thisUpdate.
    #[error("nextUpdate {next_update} is not after thisUpdate {this_update}")]
    UpdateOrder {
        /// When the status was known.
        this_update: UnixTime,
        /// When newer information is due.
        next_update: UnixTime,
    },
    /// A nonce of an impossible length.
    #[error(
        "the nonce has {octets} octets, not 1 to {MAX_OCSP_NONCE_BYTES} (RFC 9654 section 2.1)"
    )]
    NonceLength {
        /// Its length.
        octets: usize,
    },
    /// Signed with another algorithm.
    #[error(
        "the signature algorithm is {found}, not RSA with SHA-256, SHA-384 or SHA-512 \
         (RFC 6960 section 4.3)"
    )]
    SignatureAlgorithm {
        /// The algorithm.
        found: FoundIdentifier,
    },
    /// The parameters of the signature algorithm are not NULL.
    #[error("the parameters of the signature algorithm are not NULL (RFC 4055 section 5)")]
    SignatureParameters,
    /// Neither the issuer nor one of the certificates is who says it answers.
    #[error(
        "the responder is neither the issuer nor has a certificate in the response (RFC 6960 section 4.2.2.2)"
    )]
    UnknownResponder,
    /// None of the certificates is the responder's, and one cannot be read.
    #[error("a certificate of the response cannot be read: {0}")]
    ResponderCertificate(CertificateError),
    /// The responder's certificate has another issuer than the certificate asked about.
    #[error("the responder's certificate has another issuer (RFC 6960 section 4.2.2.2)")]
    ResponderIssuer,
    /// The key that issued the certificate asked about did not sign the responder's certificate.
    #[error("the issuer's key did not sign the responder's certificate (RFC 6960 section 4.2.2.2)")]
    ResponderIssuerSignature,
    /// The responder's certificate does not allow it to answer.
    #[error("the responder's certificate lacks id-kp-OCSPSigning (RFC 6960 section 4.2.2.2)")]
    ResponderExtendedKeyUsage,
    /// The responder's key may not sign messages.
    #[error(
        "the responder's key usage is {found:?}, without digitalSignature (RFC 5280 section 4.2.1.3)"
    )]
    ResponderKeyUsage {
        /// Its key usage.
        found: KeyUsage,
    },
    /// The responder's certificate has a critical extension that is not understood.
    #[error(
        "extension {extension} of the responder's certificate is critical and unknown (RFC 5280 section 4.2)"
    )]
    ResponderUnknownCriticalExtension {
        /// The extension.
        extension: FoundIdentifier,
    },
    /// The responder's certificate is not valid yet.
    #[error("the responder's certificate is valid from {not_before}; it is {now}")]
    ResponderNotYetValid {
        /// The first moment of its validity.
        not_before: UnixTime,
        /// The moment of the question.
        now: UnixTime,
    },
    /// The responder's certificate has expired.
    #[error("the responder's certificate expired at {not_after}; it is {now}")]
    ResponderExpired {
        /// The last moment of its validity.
        not_after: UnixTime,
        /// The moment of the question.
        now: UnixTime,
    },
    /// Nobody says whether the responder's certificate is revoked.
    #[error(
        "the responder's certificate lacks id-pkix-ocsp-nocheck, and its own status is undetermined (RFC 6960 section 4.2.2.2.1)"
    )]
    ResponderRevocationUndetermined,
    /// The responder's key did not sign the response.
    #[error("the responder did not sign the response (RFC 6960 section 3.2, rule 2)")]
    Signature,
    /// The two signature implementations disagree.
    #[error("the two signature implementations disagree about the response's signatures")]
    CrossCheckDisagreement,
    /// The answer does not have the nonce of the question.
    #[error("the response has no nonce (RFC 9654 section 2.1)")]
    NonceMissing,
    /// The answer has the nonce of another question.
    #[error("the response has another nonce than the request (RFC 9654 section 2.1)")]
    NonceMismatch,
    /// A response without any answer.
    #[error("the response answers nothing (RFC 6960 section 3.2, rule 1)")]
    NoAnswer,
    /// Every answer is about another certificate.
    #[error(
        "the response answers about another certificate: {part} differs (RFC 6960 section 3.2, rule 1)"
    )]
    OtherCertificate {
        /// The first member in which the closest answer differs.
        part: CertIdPart,
    },
    /// Several answers about the certificate that do not say the same.
    #[error("the response has answers about the certificate that contradict each other")]
    Contradiction,
    /// Signed in the future.
    #[error("the response is of {produced_at}, which is more than five minutes after {now}")]
    ProducedInFuture {
        /// When it says it was signed.
        produced_at: UnixTime,
        /// The moment of the question.
        now: UnixTime,
    },
    /// About the future.
    #[error(
        "the answer is of {this_update}, which is more than five minutes after {now} (RFC 6960 section 4.2.2.1)"
    )]
    NotYetCurrent {
        /// When the status was known.
        this_update: UnixTime,
        /// The moment of the question.
        now: UnixTime,
    },
    /// Newer information is due.
    #[error("the answer expired at {next_update}; it is {now} (RFC 6960 section 4.2.2.1)")]
    Expired {
        /// When newer information was due.
        next_update: UnixTime,
        /// The moment of the question.
        now: UnixTime,
    },
    /// Older than the configured age.
    #[error("the answer is of {this_update}, more than {max_age_secs} seconds before {now}")]
    TooOld {
        /// When the status was known.
        this_update: UnixTime,
        /// The age that is allowed, in seconds.
        max_age_secs: i64,
        /// The moment of the question.
        now: UnixTime,
    },
    /// Nobody knows how long the answer holds.
    #[error("the answer has no nextUpdate and no age is configured (RFC 6960 section 4.2.2.1)")]
    NextUpdateMissing,
}

impl OcspError {
    /// The broken rule, in snake case.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "ocsp_too_large",
            Self::Der(_) => "not_der",
            Self::ResponseStatus { .. } => "response_status",
            Self::Unsuccessful { .. } => "unsuccessful",
            Self::ResponseBytesMissing => "response_bytes_missing",
            Self::ResponseBytesUnexpected => "response_bytes_unexpected",
            Self::ResponseType { .. } => "response_type",
            Self::Version => "ocsp_version",
            Self::TooManyAnswers => "too_many_answers",
            Self::TooManyCertificates => "too_many_certificates",
            Self::ResponderName(_) => "responder_name",
            Self::Extension(error) => error.rule(),
            Self::UnknownCriticalExtension { .. } => "unknown_critical_extension",
            Self::UnknownCriticalAnswerExtension { .. } => "unknown_critical_answer_extension",
            Self::Reason { .. } => "reason",
            Self::UpdateOrder { .. } => "update_order",
            Self::NonceLength { .. } => "nonce_length",
            Self::SignatureAlgorithm { .. } => "signature_algorithm",
            Self::SignatureParameters => "signature_parameters",
            Self::UnknownResponder => "unknown_responder",
            Self::ResponderCertificate(_) => "responder_certificate",
            Self::ResponderIssuer => "responder_issuer",
            Self::ResponderIssuerSignature => "responder_issuer_signature",
            Self::ResponderExtendedKeyUsage => "responder_extended_key_usage",
            Self::ResponderKeyUsage { .. } => "responder_key_usage",
            Self::ResponderUnknownCriticalExtension { .. } => {
                "responder_unknown_critical_extension"
            }
            Self::ResponderNotYetValid { .. } => "responder_not_yet_valid",
            Self::ResponderExpired { .. } => "responder_expired",
            Self::ResponderRevocationUndetermined => "responder_revocation_undetermined",
            Self::Signature => "signature",
            Self::CrossCheckDisagreement => "cross_check_disagreement",
            Self::NonceMissing => "nonce_missing",
            Self::NonceMismatch => "nonce_mismatch",
            Self::NoAnswer => "no_answer",
            Self::OtherCertificate { .. } => "other_certificate",
            Self::Contradiction => "contradiction",
            Self::ProducedInFuture { .. } => "produced_in_future",
            Self::NotYetCurrent { .. } => "not_yet_current",
            Self::Expired { .. } => "expired",
            Self::TooOld { .. } => "too_old",
            Self::NextUpdateMissing => "next_update_missing",
        }
    }
}
