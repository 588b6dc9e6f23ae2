//! What a caller asks, once it is known to be well-formed.

use lookup::{CaseReference, Certificate, Purpose};
use pki::UnixTime;

/// Why the validity of a signing certificate may be asked. Authentication is no purpose here: a signing certificate
/// authenticates nobody (its key signs documents).
pub(crate) const PURPOSES: &[Purpose] = &[
    Purpose::SignatureVerification,
    Purpose::ValidityConfirmation,
];

/// A request whose every field is well-formed.
#[derive(Debug)]
pub(crate) struct CheckRequest {
    pub(crate) certificate: Certificate,
    pub(crate) purpose: Purpose,
    pub(crate) case_reference: CaseReference,
    /// The moment in the past that is asked about; `None`: now.
    pub(crate) at: Option<UnixTime>,
}
