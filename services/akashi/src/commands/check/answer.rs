//! The service's answer, read strictly: what contradicts itself is no answer.

use pki::UnixTime;
use proto::revocation::v1 as revocation_v1;
use proto::signing::v1::{CheckResult, CheckSigningCertificateResponse};

/// What was answered about one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) outcome: Outcome,
    pub(super) failed_rule: String,
    pub(super) explanation: String,
    pub(super) issuer_key_id: Vec<u8>,
    pub(super) list: Option<List>,
    pub(super) ocsp: Option<Ocsp>,
    /// The moment in the past that was asked about.
    pub(super) at: Option<UnixTime>,
    pub(super) checked_at: UnixTime,
    pub(super) audit_record_id: String,
}

/// The outcome with what only that outcome has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Valid,
    /// At a moment in the past, as far as it was known at this one, before it.
    ValidAsKnown {
        known_at: UnixTime,
    },
    Revoked {
        revoked_at: UnixTime,
        reason: Reason,
    },
    Expired,
    NotYetValid,
    RevocationUnknown(revocation_v1::UnknownReason),
    /// The same about a moment in the past.
    PastRevocationUnknown(revocation_v1::AsOfUnknownReason),
    UntrustedIssuer,
    UnsupportedCertificate,
    MalformedCertificate,
    CrossCheckDisagreement,
}

/// A reason code (RFC 5280 section 5.3.1), or one that this version has no words for.
pub(super) type Reason = Option<revocation_v1::RevocationReason>;

/// The list behind an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct List {
    pub(super) certification_authority: String,
    pub(super) signer_key_id: Vec<u8>,
    /// A partition covers one distribution point, a full list the whole authority.
    pub(super) is_full: bool,
    pub(super) number: String,
    pub(super) this_update: UnixTime,
    pub(super) next_update: UnixTime,
    pub(super) age_seconds: i64,
}

/// The OCSP answer behind an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ocsp {
    pub(super) certification_authority: String,
    pub(super) this_update: UnixTime,
    pub(super) next_update: Option<UnixTime>,
    pub(super) produced_at: UnixTime,
    pub(super) age_seconds: i64,
}

/// Why a response is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum AnswerError {
    #[error(
        "the service answered with outcome {0}, which this version of akashi does not know; update it"
    )]
    Outcome(i32),
    #[error("the service answered {0} without the evidence for it; tell its operator")]
    Evidence(&'static str),
    #[error(
        "the service answered about another moment than was asked; an older version knows the present only: tell its operator"
    )]
    Moment,
    #[error("the service answered without the identifier of its audit record; tell its operator")]
    AuditRecord,
}

impl Answer {
    /// Reads the answer to a question about a moment; `None`: about now.
    pub(super) fn read(
        response: CheckSigningCertificateResponse,
        at: Option<UnixTime>,
    ) -> Result<Self, AnswerError> {
        if response.audit_record_id.is_empty() {
            return Err(AnswerError::AuditRecord);
        }
        // A service that does not know the field has passed it over, and answered about now.
        if response.at != at.map_or(0, UnixTime::secs) {
            return Err(AnswerError::Moment);
        }
        let (outcome, list) = match at {
            None => {
                let list = response.revocation.as_ref().and_then(|it| it.list.clone());
                (outcome(&response)?, list.map(Into::into))
            }
            Some(_) => past_outcome(&response)?,
        };
        let revocation = response.revocation.unwrap_or_default();
        Ok(Self {
            outcome,
            failed_rule: response.failed_rule,
            explanation: response.explanation,
            issuer_key_id: response.issuer_key_id,
            list,
            ocsp: revocation.ocsp.map(|ocsp| (*ocsp).into()),
            at,
            checked_at: UnixTime::from_secs(response.checked_at),
            audit_record_id: response.audit_record_id,
        })
    }
}

/// The outcome at a moment in the past, with the list behind it.
fn past_outcome(
    response: &CheckSigningCertificateResponse,
) -> Result<(Outcome, Option<List>), AnswerError> {
    use revocation_v1::AsOfStatus;
    let past = response.revocation_as_of.as_ref();
    let list = past.and_then(|past| past.list.as_ref());
    // Both must have come with their proof.
    let proof = |status, name| match (past, list) {
        (Some(past), Some(list)) if past.status() == status => Ok(list),
        _ => Err(AnswerError::Evidence(name)),
    };
    let outcome = match response.result() {
        CheckResult::Valid => proof(AsOfStatus::Good, "valid").map(|_| Outcome::Valid)?,
        CheckResult::ValidAsKnown => {
            let list = proof(AsOfStatus::GoodAsKnown, "valid as known")?;
            Outcome::ValidAsKnown {
                known_at: UnixTime::from_secs(list.known_at),
            }
        }
        CheckResult::Revoked => past
            .and_then(|past| past.revocation.as_ref())
            .map(revoked)
            .ok_or(AnswerError::Evidence("revoked"))?,
        CheckResult::RevocationUnknown => Outcome::PastRevocationUnknown(past.map_or(
            revocation_v1::AsOfUnknownReason::Unspecified,
            revocation_v1::GetRevocationStatusAsOfResponse::unknown_reason,
        )),
        _ => outcome(response)?,
    };
    let list = list.map(|list| List {
        certification_authority: list.certification_authority.clone(),
        signer_key_id: list.signer_key_id.clone(),
        is_full: list.full,
        number: list.crl_number.clone(),
        this_update: UnixTime::from_secs(list.this_update),
        next_update: UnixTime::from_secs(list.next_update),
        age_seconds: response.checked_at.saturating_sub(list.this_update),
    });
    Ok((outcome, list))
}

fn revoked(revocation: &revocation_v1::Revocation) -> Outcome {
    Outcome::Revoked {
        revoked_at: UnixTime::from_secs(revocation.revoked_at),
        reason: revocation_v1::RevocationReason::try_from(revocation.reason).ok(),
    }
}

fn outcome(response: &CheckSigningCertificateResponse) -> Result<Outcome, AnswerError> {
    let status = response
        .revocation
        .as_ref()
        .map(revocation_v1::GetRevocationStatusResponse::status);
    Ok(match response.result() {
        // Of the present it is never said.
        CheckResult::Unspecified | CheckResult::ValidAsKnown => {
            return Err(AnswerError::Outcome(response.result));
        }
        CheckResult::Valid => {
            // "Valid" is the one outcome that lets something happen, so its proof must have come with it.
            let has_proof = response
                .revocation
                .as_ref()
                .is_some_and(|revocation| revocation.list.is_some() || revocation.ocsp.is_some());
            if status != Some(revocation_v1::RevocationStatus::Good) || !has_proof {
                return Err(AnswerError::Evidence("valid"));
            }
            Outcome::Valid
        }
        CheckResult::Revoked => response
            .revocation
            .as_ref()
            .and_then(|revocation| revocation.revocation.as_ref())
            .map(revoked)
            .ok_or(AnswerError::Evidence("revoked"))?,
        CheckResult::Expired => Outcome::Expired,
        CheckResult::NotYetValid => Outcome::NotYetValid,
        CheckResult::RevocationUnknown => Outcome::RevocationUnknown(
            response
                .revocation
                .as_ref()
                .map_or(revocation_v1::UnknownReason::Unspecified, |r| {
                    r.unknown_reason()
                }),
        ),
        CheckResult::UntrustedIssuer => Outcome::UntrustedIssuer,
        CheckResult::UnsupportedCertificate => Outcome::UnsupportedCertificate,
        CheckResult::MalformedCertificate => Outcome::MalformedCertificate,
        CheckResult::CrossCheckDisagreement => Outcome::CrossCheckDisagreement,
    })
}

impl From<revocation_v1::ListEvidence> for List {
    fn from(list: revocation_v1::ListEvidence) -> Self {
        Self {
            certification_authority: list.certification_authority,
            signer_key_id: list.signer_key_id,
            is_full: list.issuing_distribution_point.is_empty(),
            number: list.crl_number,
            this_update: UnixTime::from_secs(list.this_update),
            next_update: UnixTime::from_secs(list.next_update),
            age_seconds: list.age_seconds,
        }
    }
}

impl From<revocation_v1::OcspEvidence> for Ocsp {
    fn from(ocsp: revocation_v1::OcspEvidence) -> Self {
        Self {
            certification_authority: ocsp.certification_authority,
            this_update: UnixTime::from_secs(ocsp.this_update),
            next_update: (ocsp.next_update != 0).then(|| UnixTime::from_secs(ocsp.next_update)),
            produced_at: UnixTime::from_secs(ocsp.produced_at),
            age_seconds: ocsp.age_seconds,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, AnswerError, Outcome};
    use pki::UnixTime;
    use proto::revocation::v1::{
        AsOfStatus, GetRevocationStatusAsOfResponse, GetRevocationStatusResponse, ListEvidence,
        PastListEvidence, RevocationStatus,
    };
    use proto::signing::v1::{CheckResult, CheckSigningCertificateResponse};

    fn valid() -> CheckSigningCertificateResponse {
        CheckSigningCertificateResponse {
            result: CheckResult::Valid.into(),
            audit_record_id: "record".to_owned(),
            revocation: Some(GetRevocationStatusResponse {
                status: RevocationStatus::Good.into(),
                list: Some(ListEvidence::default()),
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    fn read(response: CheckSigningCertificateResponse) -> Result<Answer, AnswerError> {
        Answer::read(response, None)
    }

    #[test]
    fn an_answer_about_another_moment_is_no_answer() {
        let at = Some(UnixTime::from_secs(1_000));
        // As of a service that does not know the field.
        assert_eq!(Answer::read(valid(), at), Err(AnswerError::Moment));
        let mut then = valid();
        then.at = 1_000;
        assert_eq!(read(then), Err(AnswerError::Moment));
    }

    #[test]
    fn valid_at_a_moment_is_believed_with_its_own_proof_only() {
        let at = Some(UnixTime::from_secs(1_000));
        let past = |status: AsOfStatus, result: CheckResult| CheckSigningCertificateResponse {
            result: result.into(),
            at: 1_000,
            revocation: None,
            revocation_as_of: Some(GetRevocationStatusAsOfResponse {
                status: status.into(),
                list: Some(PastListEvidence {
                    known_at: 900,
                    ..Default::default()
                }),
                ..Default::default()
            }),
            ..valid()
        };
        let outcome = |response| Answer::read(response, at).map(|answer| answer.outcome);
        let good = past(AsOfStatus::Good, CheckResult::Valid);
        assert_eq!(outcome(good.clone()), Ok(Outcome::Valid));
        let known_at = UnixTime::from_secs(900);
        let as_known = past(AsOfStatus::GoodAsKnown, CheckResult::ValidAsKnown);
        assert_eq!(
            outcome(as_known.clone()),
            Ok(Outcome::ValidAsKnown { known_at })
        );

        let provisional = past(AsOfStatus::GoodAsKnown, CheckResult::Valid);
        let evidence = Err(AnswerError::Evidence("valid"));
        assert_eq!(outcome(provisional), evidence);
        let mut without_list = good.clone();
        without_list.revocation_as_of.as_mut().unwrap().list = None;
        assert_eq!(outcome(without_list), evidence);
        let mut present = valid();
        present.at = 1_000;
        assert_eq!(outcome(present), evidence);
        let mut of_now = as_known;
        of_now.at = 0;
        assert_eq!(read(of_now), Err(AnswerError::Outcome(10)));
    }

    #[test]
    fn valid_is_believed_with_its_proof_only() {
        assert_eq!(read(valid()).unwrap().outcome, Outcome::Valid);

        let mut without_list = valid();
        without_list.revocation.as_mut().unwrap().list = None;
        assert_eq!(read(without_list), Err(AnswerError::Evidence("valid")));

        let mut by_ocsp = valid();
        let revocation = by_ocsp.revocation.as_mut().unwrap();
        revocation.list = None;
        revocation.ocsp = Some(Box::default());
        let by_ocsp = read(by_ocsp).unwrap();
        assert_eq!(by_ocsp.outcome, Outcome::Valid);
        assert!(by_ocsp.list.is_none() && by_ocsp.ocsp.is_some());

        let mut contradicting = valid();
        contradicting
            .revocation
            .as_mut()
            .unwrap()
            .set_status(RevocationStatus::Unknown);
        assert_eq!(read(contradicting), Err(AnswerError::Evidence("valid")));
    }

    #[test]
    fn an_outcome_of_a_later_version_is_no_answer() {
        let mut later = valid();
        later.result = 99;
        assert_eq!(read(later), Err(AnswerError::Outcome(99)));
    }

    #[test]
    fn an_answer_without_an_audit_record_is_no_answer() {
        let mut unrecorded = valid();
        unrecorded.audit_record_id.clear();
        assert_eq!(read(unrecorded), Err(AnswerError::AuditRecord));
    }

    #[test]
    fn revoked_without_a_time_is_no_answer() {
        let mut response = valid();
        response.set_result(CheckResult::Revoked);
        assert_eq!(read(response), Err(AnswerError::Evidence("revoked")));
    }
}
