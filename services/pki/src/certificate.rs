//! Reading a certificate strictly.

use crate::KeyIdentifier;

/// Why bytes are not a certificate we read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// It is not DER.
    #[error(transparent)]
    Der(#[from] crate::DerError),
}

/// The authority key identifier of a certificate that was not validated: only good for choosing
/// the authority to validate it with.
pub fn peek_issuer_key_id(der: &[u8]) -> Result<KeyIdentifier, CertificateError> {
    let _ = der;
    todo!()
}
