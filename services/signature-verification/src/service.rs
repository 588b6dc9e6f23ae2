//! The gRPC handler and the order of the checks.

use std::sync::Arc;

use lookup::{Found, Leaves, Question, RevocationLookup, Status as RevocationStatus};
use pki::{UnixTime, Verifier};
use prometheus::{IntCounter, IntCounterVec};
use proto::verification::v1::signature_verification_service_server::SignatureVerificationService;
use proto::verification::v1::{
    VerificationResult, VerifySignatureRequest, VerifySignatureResponse,
};
use runtime::clock::Clock;
use runtime::metrics::Metrics;
use runtime::status::{Failure, Kind, status};
use tonic::{Request, Response, Status};

use crate::holders::{HolderDirectory, HolderUnavailable};
use crate::request::{InvalidField, VerifyRequest};
use crate::verdict::{Issuer, Outcome, Success, Verdict};
use crate::wire;

/// What every serving thread uses together.
pub(crate) struct Shared {
    pub(crate) leaves: Leaves,
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) outcomes: Outcomes,
}

/// Counts what verifications end with.
pub(crate) struct Outcomes {
    results: IntCounterVec,
    /// Most of them, looked up once: finding a counter by its labels costs as much as validating a kept certificate.
    successes: IntCounter,
    kept: IntCounter,
    not_kept: IntCounter,
}

impl Outcomes {
    pub(crate) fn new(metrics: &Metrics) -> Result<Self, prometheus::Error> {
        let results = metrics.counters(
            "akashi_verifications_total",
            "Verified signatures by result.",
            &["result"],
        )?;
        let cache = metrics.counters(
            "akashi_leaf_cache_total",
            "Certificates found validated in memory, or not.",
            &["found"],
        )?;
        Ok(Self {
            successes: results.with_label_values(&[result_name(Outcome::Ok)]),
            results,
            kept: cache.with_label_values(&["yes"]),
            not_kept: cache.with_label_values(&["no"]),
        })
    }

    fn count(&self, outcome: Outcome) {
        if outcome == Outcome::Ok {
            return self.successes.inc();
        }
        let result = result_name(outcome);
        self.results.with_label_values(&[result]).inc();
        if outcome == Outcome::CrossCheckDisagreement {
            tracing::error!("the two signature implementations disagree; the signature is refused");
        }
    }
}

/// The result's name in the contract, without what all of them begin with.
fn result_name(outcome: Outcome) -> &'static str {
    let result = VerificationResult::from(outcome).as_str_name();
    result
        .strip_prefix("VERIFICATION_RESULT_")
        .unwrap_or(result)
}

/// Answers one serving thread's callers. Who may call was decided before a request gets here.
pub(crate) struct Handler<L, H> {
    shared: Arc<Shared>,
    revocation: L,
    holders: H,
}

impl<L: RevocationLookup, H: HolderDirectory> Handler<L, H> {
    pub(crate) fn new(shared: Arc<Shared>, revocation: L, holders: H) -> Self {
        Self {
            shared,
            revocation,
            holders,
        }
    }

    async fn answer(
        &self,
        request: VerifySignatureRequest,
    ) -> Result<VerifySignatureResponse, VerifyFailure> {
        let request = VerifyRequest::try_from(request)?;
        // One moment for the whole decision.
        let now = self.shared.clock.now();
        let verdict = self.decide(&request, now).await?;
        self.shared.outcomes.count(verdict.outcome);
        Ok(wire::response(verdict, now))
    }

    /// Chain, validity, signature, revocation, holder: what can be decided here comes before what
    /// another process is asked, and nobody's status is asked for a signature that is wrong.
    async fn decide(
        &self,
        request: &VerifyRequest,
        now: UnixTime,
    ) -> Result<Verdict, HolderUnavailable> {
        let shared = &self.shared;
        let Found {
            leaf,
            authority,
            was_kept,
        } = match shared.leaves.validate(&request.certificate) {
            Ok(found) => found,
            Err(error) => return Ok(Verdict::leaf_refused(&error, None)),
        };
        let outcomes = &shared.outcomes;
        if was_kept {
            outcomes.kept.inc();
        } else {
            outcomes.not_kept.inc();
        }
        let issuer = Issuer {
            key_id: leaf.issuer_key_id().clone(),
            certification_authority: authority.name().to_owned(),
        };
        if let Err(error) = leaf.validity_at(now) {
            return Ok(Verdict::leaf_refused(&error, Some(issuer)));
        }
        if let Err(error) = shared.verifier.verify(
            leaf.public_key(),
            request.encoding,
            request.hash,
            request.signed.as_pki(),
            &request.signature,
        ) {
            return Ok(Verdict::signature_refused(&error, issuer));
        }
        let revocation = self
            .revocation
            .status(Question {
                leaf: &leaf,
                purpose: request.purpose,
                case_reference: &request.case_reference,
                method: request.revocation_method,
            })
            .await
            .with_good_proven(&leaf, authority, now);
        if revocation.status != RevocationStatus::Good {
            return Ok(Verdict::not_good(revocation, issuer));
        }
        let holder = self
            .holders
            .resolve(
                request.certificate.sha256(),
                authority.name(),
                leaf.serial(),
                now,
            )
            .await?;
        let success = Success {
            holder,
            not_after: leaf.not_after(),
        };
        Ok(Verdict::ok(issuer, revocation, success))
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
enum VerifyFailure {
    #[error(transparent)]
    InvalidField(#[from] InvalidField),
    #[error(transparent)]
    HolderUnavailable(#[from] HolderUnavailable),
}

impl Failure for VerifyFailure {
    fn kind(&self) -> Kind {
        match self {
            Self::InvalidField(_) => Kind::InvalidArgument,
            Self::HolderUnavailable(_) => Kind::Unavailable,
        }
    }
}

#[tonic::async_trait]
impl<L: RevocationLookup, H: HolderDirectory> SignatureVerificationService for Handler<L, H> {
    async fn verify_signature(
        &self,
        request: Request<VerifySignatureRequest>,
    ) -> Result<Response<VerifySignatureResponse>, Status> {
        match self.answer(request.into_inner()).await {
            Ok(response) => Ok(Response::new(response)),
            Err(failure) => Err(status(&failure)),
        }
    }
}
