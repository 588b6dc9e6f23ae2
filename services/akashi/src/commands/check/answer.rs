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
    pub(super) checked_at: UnixTime,
    pub(super) audit_record_id: String,
}

/// The outcome with what only that outcome has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Valid,
    Revoked {
        revoked_at: UnixTime,
        reason: Reason,
    },
    Expired,
    NotYetValid,
    RevocationUnknown(revocation_v1::UnknownReason),
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
    #[error("the service answered without the identifier of its audit record; tell its operator")]
    AuditRecord,
}

impl TryFrom<CheckSigningCertificateResponse> for Answer {
    type Error = AnswerError;

    fn try_from(response: CheckSigningCertificateResponse) -> Result<Self, AnswerError> {
        if response.audit_record_id.is_empty() {
            return Err(AnswerError::AuditRecord);
        }
        let outcome = outcome(&response)?;
        let revocation = response.revocation.unwrap_or_default();
        Ok(Self {
            outcome,
            failed_rule: response.failed_rule,
            explanation: response.explanation,
            issuer_key_id: response.issuer_key_id,
            list: revocation.list.map(Into::into),
            ocsp: revocation.ocsp.map(|ocsp| (*ocsp).into()),
            checked_at: UnixTime::from_secs(response.checked_at),
            audit_record_id: response.audit_record_id,
        })
    }
}

fn outcome(response: &CheckSigningCertificateResponse) -> Result<Outcome, AnswerError> {
    let status = response
        .revocation
        .as_ref()
        .map(revocation_v1::GetRevocationStatusResponse::status);
    Ok(match response.result() {
        CheckResult::Unspecified => return Err(AnswerError::Outcome(response.result)),
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
            .map(|revocation| Outcome::Revoked {
                revoked_at: UnixTime::from_secs(revocation.revoked_at),
                reason: revocation_v1::RevocationReason::try_from(revocation.reason).ok(),
            })
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
    use proto::revocation::v1::{GetRevocationStatusResponse, ListEvidence, RevocationStatus};
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

    #[test]
    fn valid_is_believed_with_its_proof_only() {
        assert_eq!(Answer::try_from(valid()).unwrap().outcome, Outcome::Valid);

        let mut without_list = valid();
        without_list.revocation.as_mut().unwrap().list = None;
        assert_eq!(
            Answer::try_from(without_list),
            Err(AnswerError::Evidence("valid"))
        );

        let mut by_ocsp = valid();
        let revocation = by_ocsp.revocation.as_mut().unwrap();
        revocation.list = None;
        revocation.ocsp = Some(Box::default());
        let by_ocsp = Answer::try_from(by_ocsp).unwrap();
        assert_eq!(by_ocsp.outcome, Outcome::Valid);
        assert!(by_ocsp.list.is_none() && by_ocsp.ocsp.is_some());

        let mut contradicting = valid();
        contradicting
            .revocation
            .as_mut()
            .unwrap()
            .set_status(RevocationStatus::Unknown);
        assert_eq!(
            Answer::try_from(contradicting),
            Err(AnswerError::Evidence("valid"))
        );
    }

    #[test]
    fn an_outcome_of_a_later_version_is_no_answer() {
        let mut later = valid();
        later.result = 99;
        assert_eq!(Answer::try_from(later), Err(AnswerError::Outcome(99)));
    }

    #[test]
    fn an_answer_without_an_audit_record_is_no_answer() {
        let mut unrecorded = valid();
        unrecorded.audit_record_id.clear();
        assert_eq!(Answer::try_from(unrecorded), Err(AnswerError::AuditRecord));
    }

    #[test]
    fn revoked_without_a_time_is_no_answer() {
        let mut response = valid();
        response.set_result(CheckResult::Revoked);
        assert_eq!(
            Answer::try_from(response),
            Err(AnswerError::Evidence("revoked"))
        );
    }
}
