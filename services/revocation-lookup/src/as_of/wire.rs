//! Answers about past moments in the words of the contract.

use pki::{CrlNumber, UnixTime};
use proto::revocation::v1 as wire;

use super::{AsOf, Evidence, Why};
use crate::decide::Reason;

/// The answer to a question.
pub(crate) fn response(
    answer: AsOf,
    certification_authority: &str,
    at: UnixTime,
    generation: u64,
    feed_age: Option<i64>,
) -> wire::GetRevocationStatusAsOfResponse {
    let mut response = wire::GetRevocationStatusAsOfResponse {
        at: at.secs(),
        generation,
        // Never confirmed: the greatest age there is.
        feed_age_seconds: feed_age.map_or(i64::MAX, |age| age.max(0)),
        ..Default::default()
    };
    let list = match answer {
        AsOf::Good(list) => {
            response.set_status(wire::AsOfStatus::Good);
            Some(list)
        }
        AsOf::GoodAsKnown(list) => {
            response.set_status(wire::AsOfStatus::GoodAsKnown);
            Some(list)
        }
        AsOf::Revoked(hit, named_by, left_with) => {
            response.set_status(wire::AsOfStatus::Revoked);
            response.revocation = Some(crate::wire::revocation(hit));
            response.left_with = left_with.map(|list| evidence(list, certification_authority));
            named_by
        }
        AsOf::Unknown(why, list) => {
            response.set_status(wire::AsOfStatus::Unknown);
            response.set_unknown_reason(unknown_reason(why));
            list
        }
    };
    response.list = list.map(|list| evidence(list, certification_authority));
    response
}

fn evidence(list: Evidence, certification_authority: &str) -> wire::PastListEvidence {
    wire::PastListEvidence {
        certification_authority: certification_authority.to_owned(),
        crl_number: CrlNumber::decimal_of(&list.crl_number),
        this_update: list.this_update.secs(),
        next_update: list.next_update.secs(),
        known_at: list.known_at().secs(),
        signer_key_id: list.signer_key_id,
        full: list.is_full,
        delta: list.delta.map(|delta| wire::DeltaEvidence {
            crl_number: CrlNumber::decimal_of(&delta.crl_number),
            this_update: delta.this_update.secs(),
            next_update: delta.next_update.secs(),
        }),
    }
}

fn unknown_reason(why: Why) -> wire::AsOfUnknownReason {
    match why {
        Why::Now(reason) => match reason {
            Reason::NoSuchAuthority => wire::AsOfUnknownReason::NoSuchAuthority,
            Reason::NoList => wire::AsOfUnknownReason::NoList,
            Reason::Stale => wire::AsOfUnknownReason::Stale,
            Reason::OutOfScope => wire::AsOfUnknownReason::OutOfScope,
            Reason::Clock => wire::AsOfUnknownReason::Clock,
            Reason::Feed => wire::AsOfUnknownReason::Feed,
        },
        Why::Expired => wire::AsOfUnknownReason::Expired,
        Why::NoExpiry => wire::AsOfUnknownReason::NoExpiry,
        Why::NotRemembered => wire::AsOfUnknownReason::NotRemembered,
        Why::Gap => wire::AsOfUnknownReason::Gap,
        Why::TooMuch => wire::AsOfUnknownReason::TooMuch,
    }
}
