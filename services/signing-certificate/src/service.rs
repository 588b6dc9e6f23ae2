//! The gRPC handler: read the question, decide, record, answer.

use std::sync::Arc;

use lookup::{InvalidField, Leaves, PastLookup, Question, RevocationLookup};
use prometheus::IntCounterVec;
use proto::signing::v1::signing_certificate_service_server::SigningCertificateService;
use proto::signing::v1::{
    CheckForwardedSigningCertificateRequest, CheckForwardedSigningCertificateResponse, CheckResult,
    CheckSigningCertificateRequest, CheckSigningCertificateResponse,
};
use runtime::clock::Clock;
use runtime::context::Context;
use runtime::peer::Peer;
use runtime::status::{Failure, Kind, status};
use tonic::{Request, Response, Status};

use crate::assertion::{Agencies, AssertionRefused};
use crate::audit::{AuditTrail, AuditUnavailable, FORWARDED_METHOD, METHOD};
use crate::check::{Outcome, Verdict, conclude, conclude_as_of, examine, examine_issuer};
use crate::request::CheckRequest;
use crate::wire;

/// Answers administrative callers. Who they are was decided before a request gets here.
pub(crate) struct Handler<L> {
    pub(crate) shared: Arc<Shared>,
    pub(crate) lookup: L,
}

/// What every serving core uses together.
pub(crate) struct Shared {
    pub(crate) leaves: Leaves,
    pub(crate) agencies: Agencies,
    pub(crate) audit: Arc<AuditTrail>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: CheckMetrics,
}

pub(crate) struct CheckMetrics {
    outcomes: IntCounterVec,
}

impl CheckMetrics {
    pub(crate) fn new(context: &Context) -> Result<Self, prometheus::Error> {
        Ok(Self {
            outcomes: context.metrics.counters(
                "akashi_signing_checks_total",
                "Checks of signing certificates that were answered.",
                &["outcome"],
            )?,
        })
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckFailure {
    #[error(transparent)]
    InvalidField(#[from] InvalidField),
    #[error(transparent)]
    AuditUnavailable(#[from] AuditUnavailable),
    /// The access check lets nobody without an identity through; should it ever, the answer is still no.
    #[error("the caller has no verified identity")]
    NoIdentity,
    /// One sentence for every reason: what is wrong with an assertion is told to whom the audit log is open.
    #[error("this assertion is of no agency that may ask this")]
    NoAgency,
}

impl Failure for CheckFailure {
    fn kind(&self) -> Kind {
        match self {
            Self::InvalidField(_) => Kind::InvalidArgument,
            Self::AuditUnavailable(_) => Kind::Unavailable,
            Self::NoIdentity | Self::NoAgency => Kind::PermissionDenied,
        }
    }
}

#[tonic::async_trait]
impl<L: RevocationLookup + PastLookup> SigningCertificateService for Handler<L> {
    async fn check_signing_certificate(
        &self,
        request: Request<CheckSigningCertificateRequest>,
    ) -> Result<Response<CheckSigningCertificateResponse>, Status> {
        let identity = request
            .extensions()
            .get::<Peer>()
            .and_then(|peer| peer.identity.clone());
        let checked = self.check_of(identity.as_deref(), request.into_inner());
        checked
            .await
            .map(Response::new)
            .map_err(|failure| status(&failure))
    }

    async fn check_forwarded_signing_certificate(
        &self,
        request: Request<CheckForwardedSigningCertificateRequest>,
    ) -> Result<Response<CheckForwardedSigningCertificateResponse>, Status> {
        let identity = request
            .extensions()
            .get::<Peer>()
            .and_then(|peer| peer.identity.clone());
        match self
            .check_forwarded(identity.as_deref(), request.into_inner())
            .await
        {
            Ok(response) => Ok(Response::new(CheckForwardedSigningCertificateResponse {
                response: Some(response),
            })),
            Err(failure) => Err(status(&failure)),
        }
    }
}

impl<L: RevocationLookup + PastLookup> Handler<L> {
    async fn check_of(
        &self,
        identity: Option<&str>,
        request: CheckSigningCertificateRequest,
    ) -> Result<CheckSigningCertificateResponse, CheckFailure> {
        let caller = identity.ok_or(CheckFailure::NoIdentity)?;
        // One moment for the whole decision: a certificate must not pass the check at one time and be recorded at another.
        let now = self.shared.clock.now();
        self.check(caller, METHOD, request, now).await
    }

    /// A check for the agency that signed the assertion. Who forwards it learns nothing by its own word.
    async fn check_forwarded(
        &self,
        identity: Option<&str>,
        question: CheckForwardedSigningCertificateRequest,
    ) -> Result<CheckSigningCertificateResponse, CheckFailure> {
        let forwarder = identity.ok_or(CheckFailure::NoIdentity)?;
        let shared = &self.shared;
        let now = shared.clock.now();
        let request = question.request.unwrap_or_default();
        let checked = shared.agencies.check(&question.assertion, &request, now);
        let refused = match checked {
            // Used up before anything is done for the agency: whoever else holds it has nothing.
            Ok(assertion) if shared.audit.use_assertion(&assertion, now).await? => {
                let agency = &assertion.agency;
                return self.check(agency, FORWARDED_METHOD, request, now).await;
            }
            Ok(_) => AssertionRefused("assertion_used"),
            Err(refused) => refused,
        };
        shared
            .audit
            .refused_assertion(forwarder, refused, now)
            .await?;
        Err(CheckFailure::NoAgency)
    }

    async fn check(
        &self,
        caller: &str,
        method: &'static str,
        request: CheckSigningCertificateRequest,
        now: pki::UnixTime,
    ) -> Result<CheckSigningCertificateResponse, CheckFailure> {
        let shared = &self.shared;
        let request = match CheckRequest::read(request, now) {
            Ok(request) => request,
            Err(field) => {
                let recorded = shared.audit.invalid_request(caller, method, &field, now);
                recorded.await?;
                return Err(field.into());
            }
        };
        let verdict = self.decide(&request, now).await;
        let recorded = shared.audit.check(caller, method, &request, &verdict, now);
        let record_id = recorded.await?;
        self.count(&verdict);
        Ok(wire::response(verdict, now, request.at, record_id))
    }

    async fn decide(&self, request: &CheckRequest, now: pki::UnixTime) -> Verdict {
        let at = request.at.unwrap_or(now);
        let found = match examine(&self.shared.leaves, &request.certificate, at) {
            Ok(found) => found,
            Err(verdict) => return *verdict,
        };
        let question = Question {
            leaf: &found.leaf,
            purpose: request.purpose,
            case_reference: &request.case_reference,
            method: None,
        };
        if let Some(at) = request.at {
            if let Err(verdict) = examine_issuer(&found, at) {
                return *verdict;
            }
            let past = self.lookup.status_as_of(question, at).await;
            return conclude_as_of(&found, past, at);
        }
        let revocation = self.lookup.status(question).await;
        conclude(&found, revocation, now)
    }

    fn count(&self, verdict: &Verdict) {
        let outcomes = &self.shared.metrics.outcomes;
        let outcome = CheckResult::from(verdict.outcome).as_str_name();
        outcomes.with_label_values(&[outcome]).inc();
        if verdict.outcome == Outcome::CrossCheckDisagreement {
            tracing::error!(
                "the two signature implementations disagree; the certificate is refused"
            );
        }
    }
}
