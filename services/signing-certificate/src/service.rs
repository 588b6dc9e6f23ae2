//! The gRPC handler: read the question, decide, record, answer.

use std::sync::Arc;

use lookup::{InvalidField, Leaves, PastLookup, Question, RevocationLookup};
use prometheus::IntCounterVec;
use proto::signing::v1::signing_certificate_service_server::SigningCertificateService;
use proto::signing::v1::{
    CheckResult, CheckSigningCertificateRequest, CheckSigningCertificateResponse,
};
use runtime::clock::Clock;
use runtime::context::Context;
use runtime::peer::Peer;
use runtime::status::{Failure, Kind, status};
use tonic::{Request, Response, Status};

use crate::audit::{AuditTrail, AuditUnavailable};
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
}

impl Failure for CheckFailure {
    fn kind(&self) -> Kind {
        match self {
            Self::InvalidField(_) => Kind::InvalidArgument,
            Self::AuditUnavailable(_) => Kind::Unavailable,
            Self::NoIdentity => Kind::PermissionDenied,
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
        match self.check(identity.as_deref(), request.into_inner()).await {
            Ok(response) => Ok(Response::new(response)),
            Err(failure) => Err(status(&failure)),
        }
    }
}

impl<L: RevocationLookup + PastLookup> Handler<L> {
    async fn check(
        &self,
        identity: Option<&str>,
        request: CheckSigningCertificateRequest,
    ) -> Result<CheckSigningCertificateResponse, CheckFailure> {
        let caller = identity.ok_or(CheckFailure::NoIdentity)?;
        let shared = &self.shared;
        // One moment for the whole decision: a certificate must not pass the check at one time and be recorded at another.
        let now = shared.clock.now();
        let request = match CheckRequest::read(request, now) {
            Ok(request) => request,
            Err(field) => {
                shared.audit.invalid_request(caller, &field, now).await?;
                return Err(field.into());
            }
        };
        let verdict = self.decide(&request, now).await;
        let record_id = shared.audit.check(caller, &request, &verdict, now).await?;
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
