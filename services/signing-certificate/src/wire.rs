//! Between the proto contract and this crate's own types; the only file that knows both.

use lookup::{CaseReference, Certificate, InvalidField, Purpose};
use pki::UnixTime;
use proto::signing::v1 as signing_v1;

use crate::check::{Outcome, Verdict};
use crate::request::{CheckRequest, PURPOSES};

impl CheckRequest {
    /// Reads the fields of a request that came at this moment.
    pub(crate) fn read(
        request: signing_v1::CheckSigningCertificateRequest,
        now: UnixTime,
    ) -> Result<Self, InvalidField> {
        if !(0..=now.secs()).contains(&request.at) {
            return Err(InvalidField::At);
        }
        Ok(Self {
            at: (request.at != 0).then(|| UnixTime::from_secs(request.at)),
            certificate: Certificate::parse(request.certificate)?,
            purpose: Purpose::parse(request.purpose, PURPOSES)?,
            case_reference: CaseReference::parse(&request.case_reference)?,
        })
    }
}

impl From<Outcome> for signing_v1::CheckResult {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Valid => Self::Valid,
            Outcome::ValidAsKnown => Self::ValidAsKnown,
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
    at: Option<UnixTime>,
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
        at: at.map_or(0, UnixTime::secs),
        revocation_as_of: verdict.past.map(|past| past.answer),
    }
}
