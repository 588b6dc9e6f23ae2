//! The status of a certificate at a moment in the past: the answer, and when *good* is believed.

use pki::{CertificationAuthority, KeyIdentifier, RevocationReason, UnixTime, ValidatedLeaf};
use proto::revocation::v1 as wire;

use crate::client::Question;
use crate::revocation::Reason;
use crate::wire::AnswerError;

/// What the lists prove about a moment, with the list behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct PastRevocation {
    /// The status at the moment.
    pub status: PastStatus,
    /// The answer as it came; what this service says itself where it could not be believed.
    pub answer: wire::GetRevocationStatusAsOfResponse,
}

/// The status of one certificate at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PastStatus {
    /// A list of that moment or later proves it. Proves nothing before [`PastRevocation::with_good_proven`].
    Good,
    /// Provisional: as known at this moment, before the one that was asked about. The same holds.
    GoodAsKnown(UnixTime),
    /// Revoked by then.
    Revoked {
        /// When the authority revoked it.
        revoked_at: UnixTime,
        /// Why.
        reason: Reason,
    },
    /// Nothing can be said; treat as not valid.
    Unknown(wire::AsOfUnknownReason),
}

impl PastRevocation {
    /// Nobody could be asked, or what came is no answer.
    pub fn unavailable(at: UnixTime) -> Self {
        Self::unknown(wire::AsOfUnknownReason::Unavailable, at)
    }

    fn unknown(why: wire::AsOfUnknownReason, at: UnixTime) -> Self {
        let mut answer = wire::GetRevocationStatusAsOfResponse {
            at: at.secs(),
            ..Default::default()
        };
        answer.set_status(wire::AsOfStatus::Unknown);
        answer.set_unknown_reason(why);
        Self {
            status: PastStatus::Unknown(why),
            answer,
        }
    }

    /// Reads an answer to a question about this moment.
    ///
    /// # Errors
    /// When its fields do not fit together, or it is about another moment.
    pub(crate) fn read(
        answer: wire::GetRevocationStatusAsOfResponse,
        at: UnixTime,
    ) -> Result<Self, AnswerError> {
        use wire::AsOfStatus as Wire;
        if answer.at != at.secs() {
            return Err(AnswerError::Contradiction);
        }
        let known_at = answer.list.as_ref().map(|list| list.known_at);
        let status = match (
            answer.status(),
            &answer.revocation,
            answer.unknown_reason(),
            known_at,
        ) {
            (Wire::Unspecified, ..) => return Err(AnswerError::Status),
            (Wire::Good, None, wire::AsOfUnknownReason::Unspecified, Some(_)) => PastStatus::Good,
            (Wire::GoodAsKnown, None, wire::AsOfUnknownReason::Unspecified, Some(known_at)) => {
                PastStatus::GoodAsKnown(UnixTime::from_secs(known_at))
            }
            (Wire::Revoked, Some(revocation), wire::AsOfUnknownReason::Unspecified, _) => {
                PastStatus::Revoked {
                    revoked_at: UnixTime::from_secs(revocation.revoked_at),
                    reason: reason(revocation.reason).ok_or(AnswerError::Reason)?,
                }
            }
            (Wire::Unknown, None, wire::AsOfUnknownReason::Unspecified, _) => {
                return Err(AnswerError::UnknownReason);
            }
            (Wire::Unknown, None, why, _) => PastStatus::Unknown(why),
            _ => return Err(AnswerError::Contradiction),
        };
        Ok(Self { status, answer })
    }

    /// The same answer, unless it says *good* on a list that proves nothing here: of another authority or key, of a
    /// partition for a certificate without one, or of another time than *good* needs.
    #[must_use]
    pub fn with_good_proven(
        self,
        leaf: &ValidatedLeaf,
        authority: &CertificationAuthority,
        at: UnixTime,
    ) -> Self {
        let is_proof = |list: &wire::PastListEvidence| {
            let signer = KeyIdentifier::new(&list.signer_key_id).ok();
            let is_ours = list.certification_authority == authority.name()
                && signer.is_some_and(|key_id| authority.anchor(&key_id).is_some());
            is_ours && (list.full || leaf.distribution_point().is_some())
        };
        let is_of_time = |list: &wire::PastListEvidence| match self.status {
            PastStatus::Good => list.known_at >= at.secs(),
            PastStatus::GoodAsKnown(_) => list.known_at < at.secs() && at.secs() < list.next_update,
            PastStatus::Revoked { .. } | PastStatus::Unknown(_) => true,
        };
        let claims_good = matches!(self.status, PastStatus::Good | PastStatus::GoodAsKnown(_));
        let list = self.answer.list.as_ref();
        if claims_good && !list.is_some_and(|list| is_proof(list) && is_of_time(list)) {
            tracing::error!(
                "revocation-lookup called a certificate good at a moment on what does not prove it here"
            );
            return Self::unavailable(at);
        }
        self
    }
}

/// The wire's numbers are the RFC's plus one.
fn reason(number: i32) -> Option<Reason> {
    let code = u8::try_from(number.checked_sub(1)?).ok()?;
    Reason::new(RevocationReason::from_code(code)?)
}

impl Question<'_> {
    /// The question about a moment as it is sent.
    pub(crate) fn as_of(self, at: UnixTime) -> wire::GetRevocationStatusAsOfRequest {
        let leaf = self.leaf;
        wire::GetRevocationStatusAsOfRequest {
            issuer_key_id: leaf.issuer_key_id().as_bytes().to_vec(),
            serial_number: leaf.serial().as_bytes().to_vec(),
            distribution_point: leaf
                .distribution_point()
                .map_or_else(Vec::new, |point| point.der().to_vec()),
            purpose: wire::Purpose::from(self.purpose).into(),
            case_reference: self.case_reference.as_str().to_owned(),
            at: at.secs(),
            not_after: leaf.not_after().secs(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PastRevocation, PastStatus, UnixTime, wire};
    use wire::{AsOfStatus, AsOfUnknownReason};

    const AT: i64 = 1_000;

    fn answer(status: AsOfStatus, why: AsOfUnknownReason) -> wire::GetRevocationStatusAsOfResponse {
        wire::GetRevocationStatusAsOfResponse {
            status: status.into(),
            unknown_reason: why.into(),
            at: AT,
            ..Default::default()
        }
    }

    fn status(answer: wire::GetRevocationStatusAsOfResponse) -> Option<PastStatus> {
        let read = PastRevocation::read(answer, UnixTime::from_secs(AT));
        read.ok().map(|read| read.status)
    }

    #[test]
    fn an_answer_says_one_thing_about_the_moment_that_was_asked() {
        let why = AsOfUnknownReason::Unspecified;
        let list = Some(wire::PastListEvidence {
            known_at: 900,
            ..Default::default()
        });
        let with_list = |status| wire::GetRevocationStatusAsOfResponse {
            list: list.clone(),
            ..answer(status, why)
        };
        let revoked = wire::GetRevocationStatusAsOfResponse {
            revocation: Some(wire::Revocation {
                revoked_at: 5,
                reason: 2,
            }),
            ..answer(AsOfStatus::Revoked, why)
        };
        assert_eq!(status(with_list(AsOfStatus::Good)), Some(PastStatus::Good));
        let as_known = PastStatus::GoodAsKnown(UnixTime::from_secs(900));
        assert_eq!(status(with_list(AsOfStatus::GoodAsKnown)), Some(as_known));
        assert!(matches!(
            status(revoked.clone()),
            Some(PastStatus::Revoked { .. })
        ));
        let gap = answer(AsOfStatus::Unknown, AsOfUnknownReason::Gap);
        let unknown = PastStatus::Unknown(AsOfUnknownReason::Gap);
        assert_eq!(status(gap.clone()), Some(unknown));

        let wrong = [
            answer(AsOfStatus::Unspecified, why),
            // Without a list there is no proof.
            answer(AsOfStatus::Good, why),
            answer(AsOfStatus::GoodAsKnown, why),
            answer(AsOfStatus::Revoked, why),
            answer(AsOfStatus::Unknown, why),
            wire::GetRevocationStatusAsOfResponse {
                revocation: revoked.revocation,
                ..with_list(AsOfStatus::Good)
            },
            wire::GetRevocationStatusAsOfResponse {
                unknown_reason: AsOfUnknownReason::Gap.into(),
                ..with_list(AsOfStatus::Good)
            },
            wire::GetRevocationStatusAsOfResponse {
                at: AT + 1,
                ..with_list(AsOfStatus::Good)
            },
            wire::GetRevocationStatusAsOfResponse {
                revocation: Some(wire::Revocation {
                    revoked_at: 5,
                    reason: 0,
                }),
                ..revoked
            },
        ];
        for answer in wrong {
            assert_eq!(status(answer.clone()), None, "{answer:?}");
        }
    }
}
