//! Between the proto contract and this crate's own types; the only file that knows both.

use pki::{KeyIdentifier, RevocationReason, UnixTime};
use proto::revocation::v1 as revocation_v1;
use proto::signing::v1 as signing_v1;

use crate::check::{Outcome, Verdict};
use crate::request::{CaseReference, CheckRequest, InvalidField, MAX_CERTIFICATE_BYTES, Purpose};
use crate::revocation::{List, Question, Reason, Revocation, RevocationStatus, UnknownReason};

impl TryFrom<signing_v1::CheckSigningCertificateRequest> for CheckRequest {
    type Error = InvalidField;

    fn try_from(request: signing_v1::CheckSigningCertificateRequest) -> Result<Self, InvalidField> {
        let octets = request.certificate.len();
        if octets == 0 {
            return Err(InvalidField::CertificateMissing);
        }
        if octets > MAX_CERTIFICATE_BYTES {
            return Err(InvalidField::CertificateTooLarge { octets });
        }
        Ok(Self {
            purpose: purpose(request.purpose)?,
            case_reference: CaseReference::parse(&request.case_reference)?,
            certificate: request.certificate,
        })
    }
}

/// Authentication is no purpose here: a signing certificate authenticates nobody (its key signs documents).
fn purpose(number: i32) -> Result<Purpose, InvalidField> {
    match revocation_v1::Purpose::try_from(number) {
        Ok(revocation_v1::Purpose::Unspecified) => Err(InvalidField::PurposeMissing),
        Ok(revocation_v1::Purpose::SignatureVerification) => Ok(Purpose::SignatureVerification),
        Ok(revocation_v1::Purpose::ValidityConfirmation) => Ok(Purpose::ValidityConfirmation),
        Ok(revocation_v1::Purpose::UserAuthentication) | Err(_) => {
            Err(InvalidField::PurposeUnsuitable { number })
        }
    }
}

impl From<Purpose> for revocation_v1::Purpose {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::SignatureVerification => Self::SignatureVerification,
            Purpose::ValidityConfirmation => Self::ValidityConfirmation,
        }
    }
}

impl From<Outcome> for signing_v1::CheckResult {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Valid => Self::Valid,
            Outcome::Revoked => Self::Revoked,
            Outcome::Expired => Self::Expired,
            Outcome::NotYetValid => Self::NotYetValid,
            Outcome::RevocationUnknown => Self::RevocationUnknown,
            Outcome::UntrustedIssuer => Self::UntrustedIssuer,
            Outcome::UnsupportedCertificate => Self::UnsupportedCertificate,
            Outcome::MalformedCertificate => Self::MalformedCertificate,
            Outcome::CrossCheckDisagreement => Self::CrossCheckDisagreement,
        }
    }
}

/// The answer to the agency.
pub(crate) fn response(
    verdict: Verdict,
    checked_at: UnixTime,
    audit_record_id: String,
) -> signing_v1::CheckSigningCertificateResponse {
    signing_v1::CheckSigningCertificateResponse {
        result: signing_v1::CheckResult::from(verdict.outcome).into(),
        failed_rule: verdict.failed_rule.to_owned(),
        explanation: verdict.explanation,
        issuer_key_id: verdict
            .issuer_key_id
            .map_or_else(Vec::new, |key_id| key_id.as_bytes().to_vec()),
        revocation: verdict.revocation.map(Into::into),
        checked_at: checked_at.secs(),
        audit_record_id,
    }
}

/// The question to revocation-lookup.
pub(crate) fn lookup_request(question: Question<'_>) -> revocation_v1::GetRevocationStatusRequest {
    let leaf = question.leaf;
    revocation_v1::GetRevocationStatusRequest {
        issuer_key_id: leaf.issuer_key_id().as_bytes().to_vec(),
        serial_number: leaf.serial().as_bytes().to_vec(),
        distribution_point: leaf
            .distribution_point()
            .map_or_else(Vec::new, |point| point.der().to_vec()),
        purpose: revocation_v1::Purpose::from(question.purpose).into(),
        case_reference: question.case_reference.as_str().to_owned(),
    }
}

/// Why an answer of revocation-lookup is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AnswerError {
    #[error("it has no status this version knows")]
    Status,
    #[error("it says revoked and not when, or for a reason that revokes nothing")]
    Revocation,
    #[error("it says unknown and not why")]
    UnknownReason,
    #[error("the signer of its list has no key identifier")]
    Signer,
}

/// Reads revocation-lookup's answer.
pub(crate) fn revocation(
    answer: revocation_v1::GetRevocationStatusResponse,
) -> Result<Revocation, AnswerError> {
    let status = match answer.status() {
        revocation_v1::RevocationStatus::Unspecified => return Err(AnswerError::Status),
        revocation_v1::RevocationStatus::Good => RevocationStatus::Good,
        revocation_v1::RevocationStatus::Revoked => {
            revoked(answer.revocation.as_ref()).ok_or(AnswerError::Revocation)?
        }
        revocation_v1::RevocationStatus::Unknown => RevocationStatus::Unknown(
            unknown_reason(answer.unknown_reason()).ok_or(AnswerError::UnknownReason)?,
        ),
    };
    Ok(Revocation {
        status,
        list: answer.list.map(list).transpose()?,
        generation: answer.generation,
    })
}

fn revoked(revocation: Option<&revocation_v1::Revocation>) -> Option<RevocationStatus> {
    let revocation = revocation?;
    // The wire's numbers are the RFC's plus one.
    let code = u8::try_from(revocation.reason.checked_sub(1)?).ok()?;
    let reason = Reason::new(RevocationReason::from_code(code)?)?;
    let revoked_at = UnixTime::from_secs(revocation.revoked_at);
    Some(RevocationStatus::Revoked { revoked_at, reason })
}

fn unknown_reason(reason: revocation_v1::UnknownReason) -> Option<UnknownReason> {
    use revocation_v1::UnknownReason as Wire;
    Some(match reason {
        Wire::Unspecified => return None,
        Wire::NoSuchAuthority => UnknownReason::NoSuchAuthority,
        Wire::NoList => UnknownReason::NoList,
        Wire::Stale => UnknownReason::Stale,
        Wire::OutOfScope => UnknownReason::OutOfScope,
        Wire::Clock => UnknownReason::Clock,
        Wire::Feed => UnknownReason::Feed,
        Wire::Unavailable => UnknownReason::Unavailable,
    })
}

fn list(list: revocation_v1::ListEvidence) -> Result<List, AnswerError> {
    Ok(List {
        certification_authority: list.certification_authority,
        signer_key_id: KeyIdentifier::new(&list.signer_key_id).map_err(|_| AnswerError::Signer)?,
        issuing_distribution_point: list.issuing_distribution_point,
        crl_number: list.crl_number,
        this_update: UnixTime::from_secs(list.this_update),
        next_update: UnixTime::from_secs(list.next_update),
        age_seconds: list.age_seconds,
    })
}

impl From<Revocation> for revocation_v1::GetRevocationStatusResponse {
    fn from(revocation: Revocation) -> Self {
        let mut answer = Self {
            list: revocation.list.map(Into::into),
            generation: revocation.generation,
            ..Self::default()
        };
        match revocation.status {
            RevocationStatus::Good => answer.set_status(revocation_v1::RevocationStatus::Good),
            RevocationStatus::Revoked { revoked_at, reason } => {
                answer.set_status(revocation_v1::RevocationStatus::Revoked);
                answer.revocation = Some(revocation_v1::Revocation {
                    revoked_at: revoked_at.secs(),
                    reason: i32::from(reason.code()) + 1,
                });
            }
            RevocationStatus::Unknown(reason) => {
                answer.set_status(revocation_v1::RevocationStatus::Unknown);
                answer.set_unknown_reason(reason.into());
            }
        }
        answer
    }
}

impl From<UnknownReason> for revocation_v1::UnknownReason {
    fn from(reason: UnknownReason) -> Self {
        match reason {
            UnknownReason::NoSuchAuthority => Self::NoSuchAuthority,
            UnknownReason::NoList => Self::NoList,
            UnknownReason::Stale => Self::Stale,
            UnknownReason::OutOfScope => Self::OutOfScope,
            UnknownReason::Clock => Self::Clock,
            UnknownReason::Feed => Self::Feed,
            UnknownReason::Unavailable => Self::Unavailable,
        }
    }
}

impl From<List> for revocation_v1::ListEvidence {
    fn from(list: List) -> Self {
        Self {
            certification_authority: list.certification_authority,
            signer_key_id: list.signer_key_id.as_bytes().to_vec(),
            issuing_distribution_point: list.issuing_distribution_point,
            crl_number: list.crl_number,
            this_update: list.this_update.secs(),
            next_update: list.next_update.secs(),
            age_seconds: list.age_seconds,
        }
    }
}
