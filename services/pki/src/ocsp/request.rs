//! The question (RFC 6960 section 4.1).

use std::fmt;

use crate::der::{OBJECT_IDENTIFIER, OCTET_STRING, context};
use crate::ocsp::writer::{element, sequence};
use crate::ocsp::{CertId, NONCE};

/// A question about one certificate, not signed.
#[derive(Clone)]
pub struct OcspRequest(Vec<u8>);

impl OcspRequest {
    /// Asks about one certificate (RFC 5019 section 2.1.1), with a nonce of 32 random octets
    /// (RFC 9654 section 2.1) or without one, for responders that sign in advance.
    pub fn new(cert_id: &CertId, nonce: Option<&[u8; 32]>) -> Self {
        let request = sequence(&[cert_id.to_der()]);
        let mut fields = vec![sequence(&[request])];
        if let Some(nonce) = nonce {
            let value = element(OCTET_STRING, nonce);
            let extension = sequence(&[
                element(OBJECT_IDENTIFIER, NONCE),
                element(OCTET_STRING, &value),
            ]);
            fields.push(element(context(2), &sequence(&[extension])));
        }
        Self(sequence(&[sequence(&fields)]))
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
