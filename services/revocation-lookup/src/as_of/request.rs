//! The fields of a question about a moment in the past.

use pki::UnixTime;
use proto::revocation::v1::{GetRevocationStatusAsOfRequest, GetRevocationStatusRequest};

use super::Question;
use crate::request::{InvalidField, Lookup, lookup};

/// What is asked, beyond whose certificate it is. The moment must have come.
pub(crate) fn question(
    request: GetRevocationStatusAsOfRequest,
    now: UnixTime,
) -> Result<(Lookup, Question), InvalidField> {
    let (at, not_after) = (request.at, request.not_after);
    let lookup = lookup(&GetRevocationStatusRequest {
        issuer_key_id: request.issuer_key_id,
        serial_number: request.serial_number,
        distribution_point: request.distribution_point,
        purpose: request.purpose,
        case_reference: request.case_reference,
        ..Default::default()
    })?;
    if at < 1 || at > now.secs() {
        return Err(InvalidField::At);
    }
    if not_after < 0 {
        return Err(InvalidField::NotAfter);
    }
    let question = Question {
        at: UnixTime::from_secs(at),
        not_after: (not_after > 0).then(|| UnixTime::from_secs(not_after)),
    };
    Ok((lookup, question))
}
