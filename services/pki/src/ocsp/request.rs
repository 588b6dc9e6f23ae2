//! The question (RFC 6960 section 4.1).

use std::fmt;

use crate::der::{OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, context};
use crate::ocsp::writer::{self, Der, element, sequence};
use crate::ocsp::{CertId, NONCE, OcspRequester};

/// A question about one certificate.
#[derive(Clone)]
pub struct OcspRequest(Vec<u8>);

impl OcspRequest {
    /// Asks about one certificate (RFC 5019 section 2.1.1), with a nonce of 32 random octets
    /// (RFC 9654 section 2.1) or without one, for responders that sign in advance.
    pub fn new(cert_id: &CertId, nonce: Option<&[u8; 32]>) -> Self {
        Self(sequence(&[to_be_signed(None, cert_id, nonce)]))
    }

    /// The same question, for this requestor's key to sign (RFC 6960 section 4.1.2).
    pub fn by<'a>(
        requester: &'a OcspRequester,
        cert_id: &CertId,
        nonce: Option<&[u8; 32]>,
    ) -> UnsignedOcspRequest<'a> {
        UnsignedOcspRequest {
            to_be_signed: to_be_signed(Some(requester.subject_der()), cert_id, nonce),
            requester,
        }
    }

    /// `OCSPRequest` in DER, the body of the request to the responder.
    pub fn der(&self) -> &[u8] {
        &self.0
    }
}

/// It names a certificate by its serial number.
impl fmt::Debug for OcspRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OcspRequest(redacted)")
    }
}

/// A question that its requestor has not signed yet.
pub struct UnsignedOcspRequest<'a> {
    to_be_signed: Vec<u8>,
    requester: &'a OcspRequester,
}

impl UnsignedOcspRequest<'_> {
    /// `TBSRequest` in DER: what is signed, RSASSA-PKCS1-v1_5 or ECDSA with SHA-256 as the requestor's key is.
    pub fn to_be_signed(&self) -> &[u8] {
        &self.to_be_signed
    }

    /// The question with the signature and the requestor's certificate.
    pub fn signed(self, signature: &[u8]) -> OcspRequest {
        let algorithm = self.requester.key().algorithm();
        let certificate = self.requester.der();
        let octets = self.to_be_signed.len() + signature.len() + certificate.len();
        let mut request = Der::with_capacity(octets + writer::AROUND);
        request.nested(SEQUENCE, |request| {
            request.raw(&self.to_be_signed);
            request.nested(context(0), |tagged| {
                tagged.nested(SEQUENCE, |der| {
                    writer::signature(der, algorithm, signature, certificate);
                });
            });
        });
        OcspRequest(request.into_octets())
    }
}

/// `TBSRequest`; the requestor's name is a directoryName.
fn to_be_signed(
    requester_subject: Option<&[u8]>,
    cert_id: &CertId,
    nonce: Option<&[u8; 32]>,
) -> Vec<u8> {
    let name = requester_subject.map(|name| element(context(1), &element(context(4), name)));
    let request = sequence(&[cert_id.to_der()]);
    let mut fields: Vec<_> = name.into_iter().chain([sequence(&[request])]).collect();
    if let Some(nonce) = nonce {
        let value = element(OCTET_STRING, nonce);
        let extension = sequence(&[
            element(OBJECT_IDENTIFIER, NONCE),
            element(OCTET_STRING, &value),
        ]);
        fields.push(element(context(2), &sequence(&[extension])));
    }
    sequence(&fields)
}
