//! Between the contract of revocation-lookup and this crate's own types; the only file that knows both.

use pki::{KeyIdentifier, RevocationReason, UnixTime};
use proto::revocation::v1 as wire;

use crate::client::{Question, RevocationMethod};
use crate::request::Purpose;
use crate::revocation::{DeltaList, List, Ocsp, OcspSigner, Reason, Revocation, Status, Unknown};

impl From<Purpose> for wire::Purpose {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::UserAuthentication => Self::UserAuthentication,
            Purpose::SignatureVerification => Self::SignatureVerification,
            Purpose::ValidityConfirmation => Self::ValidityConfirmation,
        }
    }
}

impl From<RevocationMethod> for wire::RevocationMethod {
    fn from(method: RevocationMethod) -> Self {
        match method {
            RevocationMethod::Crl => Self::Crl,
            RevocationMethod::Ocsp => Self::Ocsp,
            RevocationMethod::OcspThenCrl => Self::OcspThenCrl,
        }
    }
}

impl Question<'_> {
    /// The question as it is sent.
    pub(crate) fn with_method(self, method: RevocationMethod) -> wire::GetRevocationStatusRequest {
        let leaf = self.leaf;
        wire::GetRevocationStatusRequest {
            issuer_key_id: leaf.issuer_key_id().as_bytes().to_vec(),
            serial_number: leaf.serial().as_bytes().to_vec(),
            distribution_point: leaf
                .distribution_point()
                .map_or_else(Vec::new, |point| point.der().to_vec()),
            purpose: wire::Purpose::from(self.purpose).into(),
            case_reference: self.case_reference.as_str().to_owned(),
            method: wire::RevocationMethod::from(method).into(),
        }
    }
}

/// Why an answer of revocation-lookup is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// No status.
    #[error("it has no status this version knows")]
    Status,
    /// The fields say different things.
    #[error("its status, revocation and unknown_reason do not fit together")]
    Contradiction,
    /// Revoked for nothing.
    #[error("it says revoked for a reason that this version does not know or that revokes nothing")]
    Reason,
    /// Unknown for nothing.
    #[error("it says unknown and not why")]
    UnknownReason,
    /// A list of nobody.
    #[error("the signer of its list has no key identifier")]
    Signer,
    /// An OCSP answer of nobody.
    #[error("its OCSP answer names no issuer, or no signer that this version knows")]
    Ocsp,
    /// Good by what was not asked for.
    #[error("it says good by another method than was asked for; update revocation-lookup")]
    Method,
}

impl Revocation {
    /// The same, unless it says *good* on another evidence than was asked for, as a revocation-lookup would that does not
    /// know the method.
    pub(crate) fn by(self, method: RevocationMethod) -> Result<Self, AnswerError> {
        let by_another = match method {
            RevocationMethod::Crl => self.ocsp.is_some(),
            RevocationMethod::Ocsp => self.list.is_some(),
            RevocationMethod::OcspThenCrl => false,
        };
        if self.status == Status::Good && by_another {
            return Err(AnswerError::Method);
        }
        Ok(self)
    }
}

/// The contract sets `revocation` exactly for *revoked* and `unknown_reason` exactly for *unknown*. An answer that sets
/// one more says two things, and which of them was meant is not guessed.
impl TryFrom<wire::GetRevocationStatusResponse> for Revocation {
    type Error = AnswerError;

    fn try_from(answer: wire::GetRevocationStatusResponse) -> Result<Self, AnswerError> {
        use wire::RevocationStatus as Wire;
        let status = match (answer.status(), answer.revocation, answer.unknown_reason) {
            (Wire::Unspecified, _, _) => return Err(AnswerError::Status),
            (Wire::Good, None, 0) => Status::Good,
            (Wire::Revoked, Some(revocation), 0) => Status::Revoked {
                revoked_at: UnixTime::from_secs(revocation.revoked_at),
                reason: reason(revocation.reason).ok_or(AnswerError::Reason)?,
            },
            (Wire::Unknown, None, why) => {
                Status::Unknown(unknown(why).ok_or(AnswerError::UnknownReason)?)
            }
            (Wire::Good | Wire::Revoked | Wire::Unknown, _, _) => {
                return Err(AnswerError::Contradiction);
            }
        };
        Ok(Self {
            status,
            list: answer.list.map(List::try_from).transpose()?,
            ocsp: answer.ocsp.map(|ocsp| Ocsp::try_from(*ocsp)).transpose()?,
            generation: answer.generation,
        })
    }
}

/// The wire's numbers are the RFC's plus one.
fn reason(number: i32) -> Option<Reason> {
    let code = u8::try_from(number.checked_sub(1)?).ok()?;
    Reason::new(RevocationReason::from_code(code)?)
}

fn unknown(number: i32) -> Option<Unknown> {
    use wire::UnknownReason as Wire;
    match Wire::try_from(number).ok()? {
        Wire::Unspecified => None,
        Wire::NoSuchAuthority => Some(Unknown::NoSuchAuthority),
        Wire::NoList => Some(Unknown::NoList),
        Wire::Stale => Some(Unknown::Stale),
        Wire::OutOfScope => Some(Unknown::OutOfScope),
        Wire::Clock => Some(Unknown::Clock),
        Wire::Feed => Some(Unknown::Feed),
        Wire::Unavailable => Some(Unknown::Unavailable),
        Wire::OcspNotConfigured => Some(Unknown::OcspNotConfigured),
        Wire::OcspUnreachable => Some(Unknown::OcspUnreachable),
        Wire::OcspRefused => Some(Unknown::OcspRefused),
        Wire::OcspUnusable => Some(Unknown::OcspUnusable),
        Wire::OcspQueriesSpent => Some(Unknown::OcspQueriesSpent),
        Wire::OcspUnknown => Some(Unknown::OcspUnknown),
    }
}

impl TryFrom<wire::ListEvidence> for List {
    type Error = AnswerError;

    fn try_from(list: wire::ListEvidence) -> Result<Self, AnswerError> {
        Ok(Self {
            certification_authority: list.certification_authority,
            signer_key_id: KeyIdentifier::new(&list.signer_key_id)
                .map_err(|_| AnswerError::Signer)?,
            issuing_distribution_point: list.issuing_distribution_point,
            crl_number: list.crl_number,
            this_update: UnixTime::from_secs(list.this_update),
            next_update: UnixTime::from_secs(list.next_update),
            age_seconds: list.age_seconds,
            delta: list.delta.map(|delta| DeltaList {
                crl_number: delta.crl_number,
                this_update: UnixTime::from_secs(delta.this_update),
                next_update: UnixTime::from_secs(delta.next_update),
            }),
        })
    }
}

impl TryFrom<wire::OcspEvidence> for Ocsp {
    type Error = AnswerError;

    fn try_from(ocsp: wire::OcspEvidence) -> Result<Self, AnswerError> {
        Ok(Self {
            signer: match ocsp.signer() {
                wire::OcspSigner::Unspecified => return Err(AnswerError::Ocsp),
                wire::OcspSigner::Issuer => OcspSigner::Issuer,
                wire::OcspSigner::Delegate => OcspSigner::Delegate,
                wire::OcspSigner::DelegateUnchecked => OcspSigner::DelegateUnchecked,
            },
            certification_authority: ocsp.certification_authority,
            issuer_key_id: KeyIdentifier::new(&ocsp.issuer_key_id)
                .map_err(|_| AnswerError::Ocsp)?,
            this_update: UnixTime::from_secs(ocsp.this_update),
            next_update: (ocsp.next_update != 0).then(|| UnixTime::from_secs(ocsp.next_update)),
            produced_at: UnixTime::from_secs(ocsp.produced_at),
            age_seconds: ocsp.age_seconds,
        })
    }
}

impl From<Revocation> for wire::GetRevocationStatusResponse {
    fn from(revocation: Revocation) -> Self {
        let mut answer = Self {
            list: revocation.list.map(Into::into),
            ocsp: revocation.ocsp.map(|ocsp| Box::new(ocsp.into())),
            generation: revocation.generation,
            ..Self::default()
        };
        match revocation.status {
            Status::Good => answer.set_status(wire::RevocationStatus::Good),
            Status::Revoked { revoked_at, reason } => {
                answer.set_status(wire::RevocationStatus::Revoked);
                answer.revocation = Some(wire::Revocation {
                    revoked_at: revoked_at.secs(),
                    reason: i32::from(reason.code()) + 1,
                });
            }
            Status::Unknown(why) => {
                answer.set_status(wire::RevocationStatus::Unknown);
                answer.set_unknown_reason(why.into());
            }
        }
        answer
    }
}

impl From<Unknown> for wire::UnknownReason {
    fn from(why: Unknown) -> Self {
        match why {
            Unknown::NoSuchAuthority => Self::NoSuchAuthority,
            Unknown::NoList => Self::NoList,
            Unknown::Stale => Self::Stale,
            Unknown::OutOfScope => Self::OutOfScope,
            Unknown::Clock => Self::Clock,
            Unknown::Feed => Self::Feed,
            Unknown::Unavailable => Self::Unavailable,
            Unknown::OcspNotConfigured => Self::OcspNotConfigured,
            Unknown::OcspUnreachable => Self::OcspUnreachable,
            Unknown::OcspRefused => Self::OcspRefused,
            Unknown::OcspUnusable => Self::OcspUnusable,
            Unknown::OcspQueriesSpent => Self::OcspQueriesSpent,
            Unknown::OcspUnknown => Self::OcspUnknown,
        }
    }
}

impl From<List> for wire::ListEvidence {
    fn from(list: List) -> Self {
        Self {
            certification_authority: list.certification_authority,
            signer_key_id: list.signer_key_id.as_bytes().to_vec(),
            issuing_distribution_point: list.issuing_distribution_point,
            crl_number: list.crl_number,
            this_update: list.this_update.secs(),
            next_update: list.next_update.secs(),
            age_seconds: list.age_seconds,
            delta: list.delta.map(|delta| {
                Box::new(wire::DeltaEvidence {
                    crl_number: delta.crl_number,
                    this_update: delta.this_update.secs(),
                    next_update: delta.next_update.secs(),
                })
            }),
        }
    }
}

impl From<Ocsp> for wire::OcspEvidence {
    fn from(ocsp: Ocsp) -> Self {
        Self {
            certification_authority: ocsp.certification_authority,
            issuer_key_id: ocsp.issuer_key_id.as_bytes().to_vec(),
            signer: match ocsp.signer {
                OcspSigner::Issuer => wire::OcspSigner::Issuer,
                OcspSigner::Delegate => wire::OcspSigner::Delegate,
                OcspSigner::DelegateUnchecked => wire::OcspSigner::DelegateUnchecked,
            }
            .into(),
            this_update: ocsp.this_update.secs(),
            next_update: ocsp.next_update.map_or(0, UnixTime::secs),
            produced_at: ocsp.produced_at.secs(),
            age_seconds: ocsp.age_seconds,
        }
    }
}

#[cfg(test)]
mod tests {
    use proto::revocation::v1 as wire;

    use super::{AnswerError, Revocation, RevocationMethod};

    const GOOD: i32 = 1;
    const REVOKED: i32 = 2;
    const UNKNOWN: i32 = 3;

    /// An answer of these numbers: the status, the reason of a revocation, and why nothing is known.
    fn answer(
        status: i32,
        reason: Option<i32>,
        unknown_reason: i32,
    ) -> wire::GetRevocationStatusResponse {
        wire::GetRevocationStatusResponse {
            status,
            revocation: reason.map(|reason| wire::Revocation {
                revoked_at: 1_000,
                reason,
            }),
            unknown_reason,
            list: Some(wire::ListEvidence {
                signer_key_id: vec![1; 20],
                crl_number: "7".to_owned(),
                delta: Some(Box::new(wire::DeltaEvidence {
                    crl_number: "8".to_owned(),
                    this_update: 5,
                    next_update: 6,
                })),
                ..Default::default()
            }),
            generation: 5,
            ocsp: None,
        }
    }

    /// The same by OCSP.
    fn by_ocsp(answer: &wire::GetRevocationStatusResponse) -> wire::GetRevocationStatusResponse {
        wire::GetRevocationStatusResponse {
            list: None,
            ocsp: Some(Box::new(wire::OcspEvidence {
                certification_authority: "user-authentication".to_owned(),
                issuer_key_id: vec![1; 20],
                signer: wire::OcspSigner::Delegate.into(),
                this_update: 1_000,
                next_update: 1_900,
                produced_at: 1_001,
                age_seconds: 2,
            })),
            ..answer.clone()
        }
    }

    #[test]
    fn an_answer_of_the_contract_is_read_and_passed_on_as_it_is() {
        let reasons = (1..=7).chain([10, 11]);
        let revoked = reasons.map(|reason| answer(REVOKED, Some(reason), 0));
        let unknown = (1..=13).map(|why| answer(UNKNOWN, None, why));
        let good = answer(GOOD, None, 0);
        let by_ocsp = [by_ocsp(&good), by_ocsp(&answer(REVOKED, Some(2), 0))];
        for answer in revoked.chain(unknown).chain([good]).chain(by_ocsp) {
            let revocation = Revocation::try_from(answer.clone()).unwrap();
            assert_eq!(wire::GetRevocationStatusResponse::from(revocation), answer);
        }
    }

    #[test]
    fn an_answer_that_says_two_things_or_nothing_is_none() {
        for (status, reason, unknown_reason, problem) in [
            (0, None, 0, AnswerError::Status),
            (4, None, 0, AnswerError::Status),
            (GOOD, Some(1), 0, AnswerError::Contradiction),
            (GOOD, None, 3, AnswerError::Contradiction),
            (GOOD, None, 99, AnswerError::Contradiction),
            (REVOKED, None, 0, AnswerError::Contradiction),
            (REVOKED, Some(1), 3, AnswerError::Contradiction),
            (UNKNOWN, Some(1), 3, AnswerError::Contradiction),
            (UNKNOWN, None, 0, AnswerError::UnknownReason),
            (UNKNOWN, None, 99, AnswerError::UnknownReason),
            (REVOKED, Some(0), 0, AnswerError::Reason),
            // 8 + 1: removeFromCRL.
            (REVOKED, Some(9), 0, AnswerError::Reason),
            (REVOKED, Some(12), 0, AnswerError::Reason),
            (REVOKED, Some(i32::MIN), 0, AnswerError::Reason),
        ] {
            assert_eq!(
                Revocation::try_from(answer(status, reason, unknown_reason)),
                Err(problem),
                "{status} {reason:?} {unknown_reason}"
            );
        }
    }

    #[test]
    fn a_list_names_the_key_that_signed_it() {
        let mut of_nobody = answer(GOOD, None, 0);
        of_nobody.list = Some(wire::ListEvidence::default());
        assert_eq!(Revocation::try_from(of_nobody), Err(AnswerError::Signer));
    }

    #[test]
    fn an_ocsp_answer_names_the_issuer_and_the_sort_of_its_signer() {
        for change in [
            |ocsp: &mut wire::OcspEvidence| ocsp.issuer_key_id.clear(),
            |ocsp: &mut wire::OcspEvidence| ocsp.signer = 0,
            |ocsp: &mut wire::OcspEvidence| ocsp.signer = 4,
        ] {
            let mut of_nobody = by_ocsp(&answer(GOOD, None, 0));
            change(of_nobody.ocsp.as_mut().unwrap());
            assert_eq!(Revocation::try_from(of_nobody), Err(AnswerError::Ocsp));
        }
    }

    #[test]
    fn good_is_believed_by_the_method_that_was_asked_for() {
        use RevocationMethod::{Crl, Ocsp, OcspThenCrl};
        let by_list = answer(GOOD, None, 0);
        let by_ocsp = by_ocsp(&by_list);
        for (method, good_by_list, good_by_ocsp) in [
            (Crl, true, false),
            (Ocsp, false, true),
            (OcspThenCrl, true, true),
        ] {
            let is_good = |answer: &wire::GetRevocationStatusResponse| {
                Revocation::try_from(answer.clone())
                    .unwrap()
                    .by(method)
                    .is_ok()
            };
            assert_eq!(is_good(&by_list), good_by_list, "{method:?}");
            assert_eq!(is_good(&by_ocsp), good_by_ocsp, "{method:?}");
        }
        // A list that revokes it wins by every method.
        let revoked = Revocation::try_from(answer(REVOKED, Some(2), 0)).unwrap();
        assert!(revoked.by(Ocsp).is_ok());
    }
}
