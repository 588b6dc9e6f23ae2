//! What a service that asks revocation-lookup needs: the fields that its own callers must send for that (`request`), the
//! certificates it has validated already (`leaves`), the question itself (`client`) and its way (`hop`), and when an answer
//! is believed (`revocation`, `wire`).
//!
//! One rule runs through all of it: what could not be learnt, or is not proved here and now, is *unknown*, and unknown
//! counts as not valid.

mod client;
mod hop;
mod leaves;
mod past;
mod request;
mod revocation;
mod wire;

pub use client::{PastLookup, Question, RevocationClient, RevocationLookup, RevocationMethod};
pub use leaves::{CacheConfig, Found, Leaves};
pub use past::{PastRevocation, PastStatus};
pub use request::{
    CaseReference, Certificate, InvalidField, MAX_CASE_REFERENCE_CHARACTERS,
    MAX_CERTIFICATE_OCTETS, Purpose, octets_within,
};
pub use revocation::{DeltaList, List, Ocsp, OcspSigner, Reason, Revocation, Status, Unknown};
pub use wire::AnswerError;
