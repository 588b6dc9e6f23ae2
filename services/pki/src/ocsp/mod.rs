//! OCSP on both sides: verifying answers of responders, and reading questions and writing answers as one
//! (RFC 6960, RFC 5019, RFC 9654).
//!
//! An answer counts only if it is about the certificate asked about, is signed by the key that
//! issued the certificate or by one that this key authorized directly, and speaks for now. Only
//! [`verify_ocsp_response`] makes an [`OcspEvidence`]; whatever else arrives is an [`OcspError`],
//! from which nobody can read *good*. Who sends the question and receives the answer is not the
//! matter of this crate.

mod answer;
mod cert_id;
mod delegate;
mod error;
mod question;
mod request;
mod requester;
mod responder;
mod response;
mod writer;

pub use answer::{OcspAnswer, UnsignedOcspResponse, ocsp_failure};
pub use cert_id::{CertId, CertIdHash, CertIdPart};
pub use delegate::{OcspDelegate, OcspIssuer};
pub use error::{OcspError, OcspFailure};
pub use question::{OcspQuestion, OcspQuestionError, UnreadOcspRequest};
pub use request::{OcspRequest, UnsignedOcspRequest};
pub use requester::OcspRequester;

use crate::limits::CLOCK_TOLERANCE_SECS;
use crate::{RevocationReason, UnixTime, Verifier};
use response::{Answer, BasicResponse};

/// `id-pkix-ocsp-nonce`, 1.3.6.1.5.5.7.48.1.2.
const NONCE: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 2];

/// What the responder says about the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OcspStatus {
    /// Not revoked; whether it was ever issued, the responder need not know (RFC 6960 section 2.2).
    Good,
    /// Revoked, or on hold.
    Revoked {
        /// Since when.
        revoked_at: UnixTime,
        /// Why; unspecified if the responder does not say.
        reason: RevocationReason,
    },
    /// The responder does not know the certificate.
    Unknown,
}

/// Who signed the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OcspResponder {
    /// The key that issued the certificate.
    Issuer,
    /// A key that the issuer's key authorized.
    Delegate {
        /// Whether the issuer said that the delegate's own revocation need not be asked about
        /// (`id-pkix-ocsp-nocheck`). If not, it is undetermined.
        no_check: bool,
    },
}

/// What an answer proves; only [`verify_ocsp_response`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OcspEvidence {
    status: OcspStatus,
    this_update: UnixTime,
    next_update: Option<UnixTime>,
    produced_at: UnixTime,
    responder: OcspResponder,
}

impl OcspEvidence {
    /// The certificate's status.
    pub fn status(&self) -> OcspStatus {
        self.status
    }

    /// The moment at which the status was known to be right.
    pub fn this_update(&self) -> UnixTime {
        self.this_update
    }

    /// When newer information is there at the latest, if the responder says so.
    pub fn next_update(&self) -> Option<UnixTime> {
        self.next_update
    }

    /// When the answer was signed.
    pub fn produced_at(&self) -> UnixTime {
        self.produced_at
    }

    /// Who signed it.
    pub fn responder(&self) -> OcspResponder {
        self.responder
    }
}

/// The nonce that ties an answer to its question (RFC 9654).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedNonce<'a> {
    /// The answer has this one.
    Required(&'a [u8]),
    /// The answer has this one or none: the responder may sign in advance (RFC 5019 section 4).
    /// Then only the times say that the answer is no old one.
    Optional(&'a [u8]),
    /// None was sent; one in the answer says nothing.
    NotSent,
}

/// What is asked of a delegate whose certificate might itself be revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DelegateRevocation {
    /// The issuer must have said that this need not be asked about (`id-pkix-ocsp-nocheck`).
    NoCheckRequired,
    /// It may stay undetermined; [`OcspEvidence::responder`] tells.
    MayBeUndetermined,
}

/// What an answer must fulfil.
#[derive(Clone, Copy, Debug)]
pub struct OcspExpectation<'a> {
    /// The nonce.
    pub nonce: ExpectedNonce<'a>,
    /// What is asked of a delegate.
    pub delegate_revocation: DelegateRevocation,
    /// Seconds from thisUpdate after which an answer is too old, whatever its nextUpdate; without
    /// it, an answer without nextUpdate is refused.
    pub max_age_secs: Option<i64>,
    /// The moment of the question.
    pub now: UnixTime,
}

/// Verifies an `OCSPResponse` in DER about a certificate (RFC 6960 section 3.2).
///
/// # Errors
/// Every broken rule is an error; a responder that refuses is [`OcspError::Unsuccessful`].
pub fn verify_ocsp_response(
    der: &[u8],
    cert_id: &CertId,
    expectation: &OcspExpectation<'_>,
    verifier: &Verifier,
) -> Result<OcspEvidence, OcspError> {
    let response = BasicResponse::read(der)?;
    let responder = responder::find(&response, cert_id, expectation, verifier)?;
    check_nonce(response.nonce, expectation.nonce)?;
    let answer = answer_about(cert_id, &response.answers)?;
    check_times(answer, response.produced_at, expectation)?;
    Ok(OcspEvidence {
        status: answer.status,
        this_update: answer.this_update,
        next_update: answer.next_update,
        produced_at: response.produced_at,
        responder,
    })
}

fn check_nonce(found: Option<&[u8]>, expected: ExpectedNonce<'_>) -> Result<(), OcspError> {
    match (found, expected) {
        (_, ExpectedNonce::NotSent) | (None, ExpectedNonce::Optional(_)) => Ok(()),
        (None, ExpectedNonce::Required(_)) => Err(OcspError::NonceMissing),
        (Some(found), ExpectedNonce::Required(sent) | ExpectedNonce::Optional(sent)) => {
            if found == sent {
                Ok(())
            } else {
                Err(OcspError::NonceMismatch)
            }
        }
    }
}

/// The one answer about the certificate (RFC 6960 section 3.2, rule 1).
fn answer_about<'r, 'a>(
    cert_id: &CertId,
    answers: &'r [Answer<'a>],
) -> Result<&'r Answer<'a>, OcspError> {
    let mut closest = None;
    for answer in answers {
        match cert_id.difference(&answer.cert_id) {
            None => return only_answer(cert_id, answer, answers),
            Some(part) => closest = closest.max(Some(part)),
        }
    }
    Err(match closest {
        Some(part) => OcspError::OtherCertificate { part },
        None => OcspError::NoAnswer,
    })
}

/// A second answer about the same certificate must say the same, even if it names the certificate
/// with another hash: a *good* beside a *revoked* is not good.
fn only_answer<'r, 'a>(
    cert_id: &CertId,
    chosen: &'r Answer<'a>,
    answers: &[Answer<'a>],
) -> Result<&'r Answer<'a>, OcspError> {
    let said = |answer: &Answer<'_>| (answer.status, answer.this_update, answer.next_update);
    let contradiction = answers
        .iter()
        .any(|other| cert_id.is_meant_by(&other.cert_id) && said(other) != said(chosen));
    if contradiction {
        Err(OcspError::Contradiction)
    } else {
        Ok(chosen)
    }
}

/// RFC 6960 section 3.2, rules 5 and 6, and section 2.4.
fn check_times(
    answer: &Answer<'_>,
    produced_at: UnixTime,
    expectation: &OcspExpectation<'_>,
) -> Result<(), OcspError> {
    let (now, this_update) = (expectation.now, answer.this_update);
    if now < produced_at.plus_secs(-CLOCK_TOLERANCE_SECS) {
        return Err(OcspError::ProducedInFuture { produced_at, now });
    }
    if now < this_update.plus_secs(-CLOCK_TOLERANCE_SECS) {
        return Err(OcspError::NotYetCurrent { this_update, now });
    }
    match (answer.next_update, expectation.max_age_secs) {
        (Some(next_update), _) if now >= next_update => {
            Err(OcspError::Expired { next_update, now })
        }
        (_, Some(max_age_secs)) if now > this_update.plus_secs(max_age_secs) => {
            Err(OcspError::TooOld {
                this_update,
                max_age_secs,
                now,
            })
        }
        // RFC 6960 section 4.2.2.1: newer information is there all the time.
        (None, None) => Err(OcspError::NextUpdateMissing),
        _ => Ok(()),
    }
}
