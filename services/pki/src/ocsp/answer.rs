//! Writing answers as a responder does (RFC 6960 section 4.2). Whoever holds the key signs them.

use crate::der::{
    ENUMERATED, GENERALIZED_TIME, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, context,
    context_primitive,
};
use crate::ocsp::response::BASIC;
use crate::ocsp::writer::{self, Der, element, sequence};
use crate::ocsp::{NONCE, OcspDelegate, OcspFailure, OcspQuestion, OcspStatus};
use crate::{RevocationReason, UnixTime, time};

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
        let cert_id = question.cert_id_der();
        let mut der = Der::with_capacity(cert_id.len() + writer::AROUND);
        der.nested(SEQUENCE, |fields| {
            fields.raw(cert_id);
            cert_status(fields, status);
            generalized_time(fields, this_update);
            if let Some(at) = next_update {
                fields.nested(context(0), |tagged| generalized_time(tagged, at));
            }
        });
        Self(der.into_octets())
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
        let octets = answer.0.len() + nonce.map_or(0, <[u8]>::len);
        let mut to_be_signed = Der::with_capacity(octets + writer::AROUND);
        to_be_signed.nested(SEQUENCE, |fields| {
            fields.nested(context(2), |by_key| {
                by_key.element(OCTET_STRING, delegate.key_hash());
            });
            generalized_time(fields, produced_at);
            fields.element(SEQUENCE, &answer.0);
            if let Some(nonce) = nonce {
                fields.nested(context(1), |tagged| extensions(tagged, nonce));
            }
        });
        Self {
            to_be_signed: to_be_signed.into_octets(),
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
        let certificate = self.delegate.der();
        let octets = self.to_be_signed.len() + signature.len() + certificate.len();
        let mut response = Der::with_capacity(octets + writer::AROUND);
        response.nested(SEQUENCE, |response| {
            response.element(ENUMERATED, &[0]);
            response.nested(context(0), |tagged| {
                tagged.nested(SEQUENCE, |bytes| {
                    bytes.element(OBJECT_IDENTIFIER, BASIC);
                    bytes.nested(OCTET_STRING, |octets| {
                        octets.nested(SEQUENCE, |basic| {
                            basic.raw(&self.to_be_signed);
                            writer::signature(basic, algorithm, signature, certificate);
                        });
                    });
                });
            });
        });
        response.into_octets()
    }
}

/// The nonce as the one extension (RFC 9654 section 2.1).
fn extensions(der: &mut Der, nonce: &[u8]) {
    der.nested(SEQUENCE, |list| {
        list.nested(SEQUENCE, |extension| {
            extension.element(OBJECT_IDENTIFIER, NONCE);
            extension.nested(OCTET_STRING, |value| value.element(OCTET_STRING, nonce));
        });
    });
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
fn cert_status(der: &mut Der, status: OcspStatus) {
    match status {
        OcspStatus::Good => der.element(context_primitive(0), &[]),
        OcspStatus::Unknown => der.element(context_primitive(2), &[]),
        OcspStatus::Revoked { revoked_at, reason } => der.nested(context(1), |fields| {
            generalized_time(fields, revoked_at);
            // RFC 5280 section 5.3.1: absent rather than unspecified; removeFromCRL is no reason here.
            if !matches!(
                reason,
                RevocationReason::Unspecified | RevocationReason::RemoveFromCrl
            ) {
                fields.nested(context(0), |tagged| {
                    tagged.element(ENUMERATED, &[reason.code()]);
                });
            }
        }),
    }
}

/// `YYYYMMDDHHMMSSZ` (RFC 5280 section 4.1.2.5.2).
fn generalized_time(der: &mut Der, at: UnixTime) {
    der.element(GENERALIZED_TIME, &time::generalized(at));
}
