//! Writing answers as a responder does (RFC 6960 section 4.2). Whoever holds the key signs them.

use crate::der::{
    ENUMERATED, GENERALIZED_TIME, OBJECT_IDENTIFIER, OCTET_STRING, context, context_primitive,
};
use crate::ocsp::response::BASIC;
use crate::ocsp::writer::{self, element, sequence};
use crate::ocsp::{NONCE, OcspDelegate, OcspFailure, OcspQuestion, OcspStatus};
use crate::{RevocationReason, UnixTime};

/// What is answered about the certificate of a question: a `SingleResponse` in DER.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OcspAnswer(Vec<u8>);

impl OcspAnswer {
    /// Names the certificate with the question's own octets. Without `next_update` the answer says that newer
    /// information is there all the time (RFC 6960 section 4.2.2.1).
    pub fn new(
        question: &OcspQuestion<'_>,
        status: OcspStatus,
        this_update: UnixTime,
        next_update: Option<UnixTime>,
    ) -> Self {
        let mut fields = vec![
            question.cert_id_der().to_vec(),
            cert_status(status),
            generalized_time(this_update),
        ];
        fields.extend(next_update.map(|at| element(context(0), &generalized_time(at))));
        Self(sequence(&fields))
    }
}

/// It names a certificate by its serial number.
impl std::fmt::Debug for OcspAnswer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("OcspAnswer(redacted)")
    }
}

/// A response before it is signed.
pub struct UnsignedOcspResponse<'a> {
    to_be_signed: Vec<u8>,
    delegate: &'a OcspDelegate,
}

impl<'a> UnsignedOcspResponse<'a> {
    /// A response with one answer, by the key of this delegate, with the question's nonce where it had one (RFC 9654
    /// section 2.1).
    pub fn new(
        delegate: &'a OcspDelegate,
        produced_at: UnixTime,
        answer: &OcspAnswer,
        nonce: Option<&[u8]>,
    ) -> Self {
        let by_key = element(OCTET_STRING, delegate.key_hash());
        let mut fields = vec![
            element(context(2), &by_key),
            generalized_time(produced_at),
            sequence(std::slice::from_ref(&answer.0)),
        ];
        fields.extend(nonce.map(|nonce| {
            let value = element(OCTET_STRING, nonce);
            let extension = [
                element(OBJECT_IDENTIFIER, NONCE),
                element(OCTET_STRING, &value),
            ];
            element(context(1), &sequence(&[sequence(&extension)]))
        }));
        Self {
            to_be_signed: sequence(&fields),
            delegate,
        }
    }

    /// `ResponseData` in DER: what is signed, RSASSA-PKCS1-v1_5 or ECDSA with SHA-256 as the delegate's key is.
    pub fn to_be_signed(&self) -> &[u8] {
        &self.to_be_signed
    }

    /// `OCSPResponse` in DER, with the signature and the delegate's certificate.
    pub fn signed(self, signature: &[u8]) -> Vec<u8> {
        let algorithm = self.delegate.key().algorithm();
        let signature = writer::signature(algorithm, signature, self.delegate.der());
        let basic = sequence(&[self.to_be_signed, signature]);
        let bytes = sequence(&[
            element(OBJECT_IDENTIFIER, BASIC),
            element(OCTET_STRING, &basic),
        ]);
        sequence(&[element(ENUMERATED, &[0]), element(context(0), &bytes)])
    }
}

/// `OCSPResponse` in DER of a responder that does not answer. It is not signed (RFC 6960 section 2.3).
pub fn ocsp_failure(failure: OcspFailure) -> Vec<u8> {
    let code = match failure {
        OcspFailure::MalformedRequest => 1,
        OcspFailure::InternalError => 2,
        OcspFailure::TryLater => 3,
        OcspFailure::SigRequired => 5,
        OcspFailure::Unauthorized => 6,
    };
    sequence(&[element(ENUMERATED, &[code])])
}

/// `CertStatus`.
fn cert_status(status: OcspStatus) -> Vec<u8> {
    match status {
        OcspStatus::Good => element(context_primitive(0), &[]),
        OcspStatus::Unknown => element(context_primitive(2), &[]),
        OcspStatus::Revoked { revoked_at, reason } => {
            let mut fields = generalized_time(revoked_at);
            // RFC 5280 section 5.3.1: absent rather than unspecified; removeFromCRL is no reason here.
            if !matches!(
                reason,
                RevocationReason::Unspecified | RevocationReason::RemoveFromCrl
            ) {
                let code = element(ENUMERATED, &[reason.code()]);
                fields.extend(element(context(0), &code));
            }
            element(context(1), &fields)
        }
    }
}

/// `YYYYMMDDHHMMSSZ` (RFC 5280 section 4.1.2.5.2).
fn generalized_time(time: UnixTime) -> Vec<u8> {
    let digits: String = time.to_string().replace(['-', ':', 'T'], "");
    element(GENERALIZED_TIME, digits.as_bytes())
}
