//! From a question to what is answered: the same decision over the same lists as by gRPC, counted in the same ledger.

use std::sync::Arc;

use pki::{OcspAnswer, OcspFailure, OcspQuestion, OcspStatus, RevocationReason, UnixTime};
use proto::revocation::v1::Purpose;

use crate::decide::{Decision, Reason, Rules, Scope};
use crate::lookups::Asking;
use crate::metrics::Method;
use crate::service::Shared;
use crate::snapshot::List;

/// The lookups of one listener.
pub(super) struct Lookups {
    pub(super) shared: Arc<Shared>,
    /// Where the authority is.
    pub(super) place: usize,
    pub(super) purpose: Purpose,
}

/// What is answered, and until when it may be kept.
pub(super) struct Answered {
    pub(super) answer: OcspAnswer,
    pub(super) this_update: UnixTime,
    pub(super) next_update: Option<UnixTime>,
}

impl Lookups {
    /// Decides about the certificate of a question and counts the lookup.
    pub(super) fn look_up(
        &self,
        caller: &Arc<str>,
        issuer_key_id: &pki::KeyIdentifier,
        question: &OcspQuestion<'_>,
        now: UnixTime,
    ) -> Result<Answered, OcspFailure> {
        let shared = &self.shared;
        // Every identity that a listener lets in has limits.
        let asked = shared
            .callers
            .asked(caller)
            .ok_or(OcspFailure::Unauthorized)?;
        let asking = Asking {
            identity: caller,
            asked,
            method: Method::Ocsp,
            place: Some(self.place),
            purpose: self.purpose,
            now,
        };
        let rules = &shared.trusted.rules[self.place];
        let tell = |decision: &Decision<'_>, _| answer(question, decision, rules, now);
        // A question does not name the certificate's distribution point.
        let scope = &Scope::Unnamed;
        let decided = shared.decided(&asking, issuer_key_id, scope, question.serial(), tell);
        shared
            .counted(Method::Ocsp, decided)
            .map_err(|_| OcspFailure::TryLater)?
    }
}

/// The decision in the words of RFC 6960. What is not known is no answer: *unknown* there means that no such certificate
/// is known, and clients take it for final.
fn answer(
    question: &OcspQuestion<'_>,
    decision: &Decision<'_>,
    rules: &Rules,
    now: UnixTime,
) -> Result<Answered, OcspFailure> {
    let (status, list) = match decision {
        Decision::Good(list) => (OcspStatus::Good, list),
        Decision::Revoked(hit, list) => {
            let revoked_at = UnixTime::from_secs(hit.revoked_at);
            let reason = RevocationReason::from_code(hit.reason);
            let reason = reason.unwrap_or(RevocationReason::Unspecified);
            (OcspStatus::Revoked { revoked_at, reason }, list)
        }
        Decision::Unknown(Reason::NoSuchAuthority, _) => return Err(OcspFailure::Unauthorized),
        Decision::Unknown(..) => return Err(OcspFailure::TryLater),
    };
    let (this_update, next_update) = (list.this_update, next_update(list, rules, now));
    Ok(Answered {
        answer: OcspAnswer::new(question, status, this_update, next_update),
        this_update,
        next_update,
    })
}

/// The moment from which the list proves nothing but a revocation. Where that is over, a revocation is final and the
/// answer has no end.
fn next_update(list: &List, rules: &Rules, now: UnixTime) -> Option<UnixTime> {
    let too_old = |age: i64| list.this_update.plus_secs(age.saturating_add(1));
    let end = rules
        .max_age
        .map(too_old)
        .map_or(list.next_update, |end| end.min(list.next_update));
    (now < end && list.this_update < end).then_some(end)
}
