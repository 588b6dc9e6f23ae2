//! What stays behind of every check and every refusal.
//!
//! The record is committed before the answer leaves: an answer without a record would be a use of revocation data that
//! nobody could account for. The other way round, a record whose answer got lost on the way, does no harm.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use lookup::{
    InvalidField, List, Ocsp, OcspSigner, PastRevocation, PastStatus, Revocation, Status,
};
use pki::UnixTime;
use prometheus::{IntCounter, IntCounterVec};
use proto::revocation::v1::{self as wire, Purpose as WirePurpose};
use proto::signing::v1::CheckResult;
use runtime::access::{Refusal, RefusalSink};
use runtime::context::{Context, on_background};
use serde::Serialize;
use store::{AuditLog, CheckRecord, RefusalTotal, StoreError};
use tokio::runtime::Handle;

use crate::assertion::{AssertionRefused, CheckedAssertion};
use crate::check::Verdict;
use crate::request::CheckRequest;

/// The method that agencies call themselves.
pub const METHOD: &str = "/akashi.signing.v1.SigningCertificateService/CheckSigningCertificate";

/// The same for what an agency's assertion is forwarded with.
pub const FORWARDED_METHOD: &str =
    "/akashi.signing.v1.SigningCertificateService/CheckForwardedSigningCertificate";

/// How long a used assertion is remembered after its end: a clock that jumps back by less brings none back to life.
const ASSERTION_MARGIN_SECONDS: i64 = 120;

/// A commit takes milliseconds. A database that needs longer than this is down for the caller, who must be told while
/// the call still runs; the record may then be committed without an answer.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(5);

/// Commits records; waits for the database on the background runtime, never on a serving core.
pub(crate) struct AuditTrail {
    log: AuditLog,
    background: Handle,
    failures: IntCounter,
    refusals: IntCounterVec,
}

/// The record could not be committed, so there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the audit record could not be committed, and without one no answer is given; ask again later"
)]
pub(crate) struct AuditUnavailable;

impl AuditTrail {
    pub(crate) fn new(log: AuditLog, context: &Context) -> Result<Self, prometheus::Error> {
        Ok(Self {
            log,
            background: context.background.clone(),
            failures: context.metrics.counter(
                "akashi_audit_failures_total",
                "Audit records that could not be committed; each is an answer that was not given.",
            )?,
            refusals: context.metrics.counters(
                "akashi_audit_refusals_total",
                "Refusals that reached the audit log: recorded one by one, or counted beyond the limit.",
                &["kept"],
            )?,
        })
    }

    /// Commits the record of a check and returns its identifier.
    pub(crate) async fn check(
        &self,
        caller: &str,
        method: &'static str,
        request: &CheckRequest,
        verdict: &Verdict,
        now: UnixTime,
    ) -> Result<String, AuditUnavailable> {
        let record_id = uuid::Uuid::new_v4().to_string();
        let record = CheckRecord {
            record_id: record_id.clone(),
            recorded_at: now.secs(),
            caller: caller.to_owned(),
            method: method.to_owned(),
            // A plain hash, not a keyed one: a serial number can be guessed from its hash, an RSA modulus with the CA's
            // signature over it cannot. So the hash betrays nothing, whoever holds the certificate can find its
            // records without a secret of ours, and no key has to outlive the years that records are kept.
            certificate_sha256: request.certificate.sha256(),
            purpose: WirePurpose::from(request.purpose).as_str_name().to_owned(),
            case_reference: request.case_reference.to_string(),
            outcome: CheckResult::from(verdict.outcome).as_str_name().to_owned(),
            evidence: Evidence::new(verdict, request.at).to_json(),
        };
        let log = self.log.clone();
        self.commit(async move { log.append_check(record).await })
            .await?;
        Ok(record_id)
    }

    /// Commits the refusal of a malformed request.
    pub(crate) async fn invalid_request(
        &self,
        caller: &str,
        method: &'static str,
        field: &InvalidField,
        now: UnixTime,
    ) -> Result<(), AuditUnavailable> {
        self.refusal(store::Refusal {
            refused_at: now.secs(),
            caller: caller.to_owned(),
            method: method.to_owned(),
            reason: field.rule(),
        })
        .await
    }

    /// Commits the refusal of an assertion that somebody forwarded.
    pub(crate) async fn refused_assertion(
        &self,
        forwarder: &str,
        refused: AssertionRefused,
        now: UnixTime,
    ) -> Result<(), AuditUnavailable> {
        self.refusal(store::Refusal {
            refused_at: now.secs(),
            caller: forwarder.to_owned(),
            method: FORWARDED_METHOD.to_owned(),
            reason: refused.0.to_owned(),
        })
        .await
    }

    /// Uses an assertion up; `false` if it was used before.
    pub(crate) async fn use_assertion(
        &self,
        assertion: &CheckedAssertion,
        now: UnixTime,
    ) -> Result<bool, AuditUnavailable> {
        let (log, hash, expires_at) = (self.log.clone(), assertion.hash, assertion.expires_at);
        let forget_before = now.secs() - ASSERTION_MARGIN_SECONDS;
        self.commit(async move { log.use_assertion(hash, expires_at, forget_before).await })
            .await
    }

    async fn refusal(&self, refusal: store::Refusal) -> Result<(), AuditUnavailable> {
        let log = self.log.clone();
        let total = self
            .commit(async move { log.append_refusal(refusal).await })
            .await?;
        let kept = match total {
            RefusalTotal::Recorded => "record",
            RefusalTotal::Counted => "count",
        };
        self.refusals.with_label_values(&[kept]).inc();
        Ok(())
    }

    async fn commit<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, AuditUnavailable> {
        let work = tokio::time::timeout(COMMIT_TIMEOUT, on_background(&self.background, work));
        match work.await {
            Ok(Ok(Ok(value))) => return Ok(value),
            Ok(Ok(Err(error))) => tracing::error!(%error, "an audit record was not committed"),
            Ok(Err(error)) => tracing::error!(%error, "an audit record was not committed"),
            Err(error) => tracing::error!(%error, "an audit record was not committed in time"),
        }
        self.failures.inc();
        Err(AuditUnavailable)
    }
}

/// Callers without an entry. They are refused whether or not this can be recorded.
impl RefusalSink for AuditTrail {
    fn refused(&self, refusal: Refusal) -> BoxFuture<'_, ()> {
        let refusal = store::Refusal {
            refused_at: refusal.at.secs(),
            caller: refusal.identity.as_deref().unwrap_or_default().to_owned(),
            method: refusal.method.to_string(),
            reason: "not_on_allowlist".to_owned(),
        };
        self.refusal(refusal).map(drop).boxed()
    }
}

/// What the outcome rests on. When and why the certificate was revoked is not repeated: the list of this number says it
/// to whoever may read that list.
#[derive(Serialize)]
struct Evidence<'a> {
    failed_rule: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer_key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revocation: Option<RevocationEvidence<'a>>,
    /// The moment in the past that was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revocation_as_of: Option<PastEvidence<'a>>,
}

#[derive(Serialize)]
struct PastEvidence<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown_reason: Option<&'static str>,
    generation: u64,
    feed_age_seconds: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    list: Option<PastListEvidence<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_with: Option<PastListEvidence<'a>>,
}

#[derive(Serialize)]
struct PastListEvidence<'a> {
    certification_authority: &'a str,
    signer_key_id: String,
    scope: &'static str,
    crl_number: &'a str,
    this_update: i64,
    next_update: i64,
    known_at: i64,
}

#[derive(Serialize)]
struct RevocationEvidence<'a> {
    status: &'static str,
    generation: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    list: Option<ListEvidence<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ocsp: Option<OcspEvidence<'a>>,
}

#[derive(Serialize)]
struct OcspEvidence<'a> {
    certification_authority: &'a str,
    issuer_key_id: String,
    signer: &'static str,
    this_update: i64,
    /// Absent: the responder gave none.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_update: Option<i64>,
    produced_at: i64,
}

#[derive(Serialize)]
struct ListEvidence<'a> {
    certification_authority: &'a str,
    signer_key_id: String,
    /// "full" or "partition": which partition would name the holder's municipality.
    scope: &'static str,
    crl_number: &'a str,
    this_update: i64,
    next_update: i64,
}

impl Evidence<'_> {
    fn to_json(&self) -> String {
        // Strings and numbers alone cannot fail to serialise; an empty object would still be a record.
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }
}

impl<'a> Evidence<'a> {
    fn new(verdict: &'a Verdict, at: Option<UnixTime>) -> Self {
        Self {
            failed_rule: verdict.failed_rule,
            issuer_key_id: verdict.issuer_key_id.as_ref().map(ToString::to_string),
            revocation: verdict.revocation.as_ref().map(Into::into),
            at: at.map(UnixTime::secs),
            revocation_as_of: verdict.past.as_ref().map(Into::into),
        }
    }
}

impl<'a> From<&'a PastRevocation> for PastEvidence<'a> {
    fn from(past: &'a PastRevocation) -> Self {
        let answer = &past.answer;
        let (status, unknown_reason) = match past.status {
            PastStatus::Good => ("good", None),
            PastStatus::GoodAsKnown(_) => ("good_as_known", None),
            PastStatus::Revoked { .. } => ("revoked", None),
            PastStatus::Unknown(why) => ("unknown", Some(why.as_str_name())),
        };
        Self {
            status,
            unknown_reason,
            generation: answer.generation,
            feed_age_seconds: answer.feed_age_seconds,
            list: answer.list.as_ref().map(Into::into),
            left_with: answer.left_with.as_ref().map(Into::into),
        }
    }
}

impl<'a> From<&'a wire::PastListEvidence> for PastListEvidence<'a> {
    fn from(list: &'a wire::PastListEvidence) -> Self {
        Self {
            certification_authority: &list.certification_authority,
            signer_key_id: hex::encode(&list.signer_key_id),
            scope: if list.full { "full" } else { "partition" },
            crl_number: &list.crl_number,
            this_update: list.this_update,
            next_update: list.next_update,
            known_at: list.known_at,
        }
    }
}

impl<'a> From<&'a Revocation> for RevocationEvidence<'a> {
    fn from(revocation: &'a Revocation) -> Self {
        Self {
            status: match revocation.status {
                Status::Good => "good",
                Status::Revoked { .. } => "revoked",
                Status::Unknown(_) => "unknown",
            },
            generation: revocation.generation,
            list: revocation.list.as_ref().map(Into::into),
            ocsp: revocation.ocsp.as_ref().map(Into::into),
        }
    }
}

impl<'a> From<&'a Ocsp> for OcspEvidence<'a> {
    fn from(ocsp: &'a Ocsp) -> Self {
        Self {
            certification_authority: &ocsp.certification_authority,
            issuer_key_id: ocsp.issuer_key_id.to_string(),
            signer: match ocsp.signer {
                OcspSigner::Issuer => "issuer",
                OcspSigner::Delegate => "delegate",
                OcspSigner::DelegateUnchecked => "delegate_unchecked",
            },
            this_update: ocsp.this_update.secs(),
            next_update: ocsp.next_update.map(UnixTime::secs),
            produced_at: ocsp.produced_at.secs(),
        }
    }
}

impl<'a> From<&'a List> for ListEvidence<'a> {
    fn from(list: &'a List) -> Self {
        Self {
            certification_authority: &list.certification_authority,
            signer_key_id: list.signer_key_id.to_string(),
            scope: if list.issuing_distribution_point.is_empty() {
                "full"
            } else {
                "partition"
            },
            crl_number: &list.crl_number,
            this_update: list.this_update.secs(),
            next_update: list.next_update.secs(),
        }
    }
}
