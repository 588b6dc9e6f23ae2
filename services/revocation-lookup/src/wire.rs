//! Decisions in the words of the contract.

use index::Hit;
use pki::{
    CertificationAuthority, CrlNumber, KeyIdentifier, OcspResponder, OcspStatus, RevocationReason,
    UnixTime,
};
use proto::revocation::v1 as wire;

use crate::decide::{Decision, Moment, Reason, Rules};
use crate::freshness;
use crate::method::{Conclusion, OcspProblem};
use crate::snapshot::{List, Source};

/// The answer to a lookup.
pub(crate) fn response(
    decision: &Decision<'_>,
    generation: u64,
    now: UnixTime,
) -> wire::GetRevocationStatusResponse {
    let mut response = wire::GetRevocationStatusResponse {
        generation,
        ..Default::default()
    };
    let list = match decision {
        Decision::Good(list) => {
            response.set_status(wire::RevocationStatus::Good);
            Some(*list)
        }
        Decision::Revoked(hit, list) => {
            response.set_status(wire::RevocationStatus::Revoked);
            response.revocation = Some(revocation(*hit));
            Some(*list)
        }
        Decision::Unknown(reason, list) => {
            response.set_status(wire::RevocationStatus::Unknown);
            response.set_unknown_reason(unknown_reason(*reason));
            *list
        }
    };
    response.list = list.map(|list| evidence(list, now));
    response
}

/// The answer to a lookup that a responder took part in.
pub(crate) fn concluded(
    conclusion: &Conclusion<'_>,
    certification_authority: &str,
    issuer_key_id: &KeyIdentifier,
    generation: u64,
    now: UnixTime,
) -> wire::GetRevocationStatusResponse {
    let mut answer = wire::GetRevocationStatusResponse {
        generation,
        ..Default::default()
    };
    match conclusion {
        Conclusion::ByLists(decision) => return response(decision, generation, now),
        Conclusion::ByResponder(evidence) => {
            match evidence.status() {
                OcspStatus::Good => answer.set_status(wire::RevocationStatus::Good),
                OcspStatus::Revoked {
                    revoked_at,
                    reason: why,
                } => {
                    answer.set_status(wire::RevocationStatus::Revoked);
                    answer.revocation = Some(wire::Revocation {
                        revoked_at: revoked_at.secs(),
                        reason: reason(why.code()).into(),
                    });
                }
                OcspStatus::Unknown => {
                    answer.set_status(wire::RevocationStatus::Unknown);
                    answer.set_unknown_reason(wire::UnknownReason::OcspUnknown);
                }
            }
            answer.ocsp = Some(Box::new(wire::OcspEvidence {
                certification_authority: certification_authority.to_owned(),
                issuer_key_id: issuer_key_id.as_bytes().to_vec(),
                signer: ocsp_signer(evidence.responder()).into(),
                this_update: evidence.this_update().secs(),
                next_update: evidence.next_update().map_or(0, UnixTime::secs),
                produced_at: evidence.produced_at().secs(),
                age_seconds: now.secs().saturating_sub(evidence.this_update().secs()),
            }));
        }
        Conclusion::Nothing(problem) => {
            answer.set_status(wire::RevocationStatus::Unknown);
            answer.set_unknown_reason(match problem {
                OcspProblem::NotConfigured => wire::UnknownReason::OcspNotConfigured,
                OcspProblem::Unreachable => wire::UnknownReason::OcspUnreachable,
                OcspProblem::Refused => wire::UnknownReason::OcspRefused,
                OcspProblem::Unusable => wire::UnknownReason::OcspUnusable,
                OcspProblem::Spent => wire::UnknownReason::OcspQueriesSpent,
            });
        }
    }
    answer
}

fn ocsp_signer(responder: OcspResponder) -> wire::OcspSigner {
    match responder {
        OcspResponder::Issuer => wire::OcspSigner::Issuer,
        OcspResponder::Delegate { no_check: true } => wire::OcspSigner::Delegate,
        OcspResponder::Delegate { no_check: false } => wire::OcspSigner::DelegateUnchecked,
    }
}

/// The answer to a batch of so many certificates.
pub(crate) fn batch_response(
    certificates: usize,
    revoked: &[(usize, Hit, &List)],
    others: &Decision<'_>,
    generation: u64,
    now: UnixTime,
) -> wire::BatchGetRevocationStatusResponse {
    let others = response(others, generation, now);
    let mut bits = vec![0_u8; certificates.div_ceil(8)];
    let mut lists: Vec<&List> = Vec::new();
    let revocations = revoked
        .iter()
        .map(|(position, hit, list)| {
            bits[position / 8] |= 1 << (position % 8);
            // A handful at most, and mostly one.
            let known = lists.iter().position(|known| std::ptr::eq(*known, *list));
            let list = known.unwrap_or_else(|| {
                lists.push(list);
                lists.len() - 1
            });
            wire::BatchRevocation {
                position: u32::try_from(*position).unwrap_or(u32::MAX),
                revocation: Some(revocation(*hit)),
                list: u32::try_from(list).unwrap_or(u32::MAX),
            }
        })
        .collect();
    wire::BatchGetRevocationStatusResponse {
        others: others.status,
        others_unknown_reason: others.unknown_reason,
        others_list: others.list,
        revoked: bits,
        revocations,
        lists: lists.into_iter().map(|list| evidence(list, now)).collect(),
        generation,
    }
}

/// The state of one source.
pub(crate) fn source_freshness(
    source: &Source,
    authority: &CertificationAuthority,
    moment: &Moment,
    rules: &Rules,
) -> wire::SourceFreshness {
    let answers = |list| freshness::answers_good(list, authority, moment, rules);
    let list = source.list.as_deref();
    let entries = list.map_or(0, |list| list.segment.len());
    wire::SourceFreshness {
        source: source.state.registration.source.clone(),
        certification_authority: authority.name().to_owned(),
        list: list.map(|list| evidence(list, moment.now)),
        current: list.is_some_and(answers),
        entries: u64::try_from(entries).unwrap_or(u64::MAX),
        last_success_at: source.state.last_success_at.unwrap_or(0),
        last_refusal: source.state.last_refusal.clone().unwrap_or_default(),
        held_removals: u64::try_from(list.map_or(0, List::held_count)).unwrap_or(u64::MAX),
    }
}

fn evidence(list: &List, now: UnixTime) -> wire::ListEvidence {
    wire::ListEvidence {
        certification_authority: list.certification_authority.clone(),
        signer_key_id: list.signer_key_id.as_bytes().to_vec(),
        issuing_distribution_point: list.issuing_distribution_point.clone(),
        crl_number: CrlNumber::decimal_of(&list.crl_number),
        this_update: list.this_update.secs(),
        next_update: list.next_update.secs(),
        age_seconds: now.secs().saturating_sub(list.this_update.secs()),
        delta: list.delta.as_ref().map(|delta| {
            Box::new(wire::DeltaEvidence {
                crl_number: CrlNumber::decimal_of(&delta.crl_number),
                this_update: delta.this_update.secs(),
                next_update: delta.next_update.secs(),
            })
        }),
    }
}

pub(crate) fn revocation(hit: Hit) -> wire::Revocation {
    wire::Revocation {
        revoked_at: hit.revoked_at,
        reason: reason(hit.reason).into(),
    }
}

/// A number that RFC 5280 section 5.3.1 does not have, and removeFromCRL, which no full list may hold, are answered as
/// revoked without a stated reason: the entry is there.
fn reason(code: u8) -> wire::RevocationReason {
    match RevocationReason::from_code(code) {
        None | Some(RevocationReason::Unspecified | RevocationReason::RemoveFromCrl) => {
            wire::RevocationReason::NotStated
        }
        Some(RevocationReason::KeyCompromise) => wire::RevocationReason::KeyCompromise,
        Some(RevocationReason::CaCompromise) => wire::RevocationReason::CaCompromise,
        Some(RevocationReason::AffiliationChanged) => wire::RevocationReason::AffiliationChanged,
        Some(RevocationReason::Superseded) => wire::RevocationReason::Superseded,
        Some(RevocationReason::CessationOfOperation) => {
            wire::RevocationReason::CessationOfOperation
        }
        Some(RevocationReason::CertificateHold) => wire::RevocationReason::CertificateHold,
        Some(RevocationReason::PrivilegeWithdrawn) => wire::RevocationReason::PrivilegeWithdrawn,
        Some(RevocationReason::AaCompromise) => wire::RevocationReason::AaCompromise,
    }
}

fn unknown_reason(reason: Reason) -> wire::UnknownReason {
    match reason {
        Reason::NoSuchAuthority => wire::UnknownReason::NoSuchAuthority,
        Reason::NoList => wire::UnknownReason::NoList,
        Reason::Stale => wire::UnknownReason::Stale,
        Reason::OutOfScope => wire::UnknownReason::OutOfScope,
        Reason::Clock => wire::UnknownReason::Clock,
        Reason::Feed => wire::UnknownReason::Feed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_the_numbers_of_the_standard_plus_one() {
        for code in [0_u8, 1, 2, 3, 4, 5, 6, 9, 10] {
            assert_eq!(i32::from(reason(code)), i32::from(code) + 1);
        }
        assert_eq!(reason(8), wire::RevocationReason::NotStated);
        assert_eq!(reason(200), wire::RevocationReason::NotStated);
    }
}
