//! From the octets of a request to those of its answer.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use moka::sync::Cache;
use pki::{
    OcspAnswer, OcspFailure, OcspQuestion, UnixTime, UnreadOcspRequest, Verifier, ocsp_failure,
};
use prometheus::{IntCounter, IntCounterVec};
use runtime::peer::Peer;

use super::OCSP;
use super::access::Access;
use super::lookup::{Answered, Lookups};
use super::signer::{RollingSigner, Signer};
use super::slow::SlowWork;
use crate::metrics::{Method, Outcome};

/// Octets of answers that are kept: some 15,000 with an RSA signature.
const KEPT_OCTETS: u64 = 32 * 1024 * 1024;

/// For how long an answer is kept at most: its producedAt should not look old.
const KEPT_FOR: Duration = Duration::from_mins(15);

/// The status of an answer that is signed.
pub(super) const SUCCESSFUL: &str = "successful";

/// Answers to questions without a nonce, by what they say and who signed. What they say is decided anew for each
/// question, so a kept answer never outlives the list, the generation or the key that it is from.
type Kept = Cache<(OcspAnswer, u64), Bytes>;

/// One listener's responder.
pub(super) struct Responder {
    pub(super) access: Access,
    pub(super) signers: Vec<RollingSigner>,
    pub(super) lookups: Lookups,
    pub(super) verifier: Arc<Verifier>,
    pub(super) slow: Arc<SlowWork>,
    pub(super) kept: Kept,
    pub(super) counted: Responses,
}

/// What is counted of the answers of one listener.
pub(super) struct Responses {
    /// That of the status below, looked up once.
    pub(super) successful: IntCounter,
    pub(super) by_status: IntCounterVec,
    pub(super) certification_authority: Arc<str>,
    pub(super) kept: IntCounter,
}

/// `OCSPResponse` in DER, and what a cache may know of it.
pub(super) struct Response {
    pub(super) der: Bytes,
    /// thisUpdate and nextUpdate of an answer that others may get too.
    pub(super) cacheable: Option<(UnixTime, UnixTime)>,
}

/// A cache with the limits above.
pub(super) fn kept_answers() -> Kept {
    Cache::builder()
        .max_capacity(KEPT_OCTETS)
        // The answer is in the key, too, with some hundred octets.
        .weigher(|_, der: &Bytes| u32::try_from(der.len() + 256).unwrap_or(u32::MAX))
        .time_to_live(KEPT_FOR)
        .build()
}

impl Responder {
    /// Answers whatever came.
    pub(super) async fn respond(self: &Arc<Self>, peer: &Peer, request: &[u8]) -> Response {
        let now = self.lookups.shared.clock.now();
        match self.answer(peer, request, now).await {
            Ok(response) => {
                self.counted.successful.inc();
                response
            }
            Err(failure) => {
                self.count(status_name(failure));
                Response {
                    der: ocsp_failure(failure).into(),
                    cacheable: None,
                }
            }
        }
    }

    async fn answer(
        self: &Arc<Self>,
        peer: &Peer,
        request: &[u8],
        now: UnixTime,
    ) -> Result<Response, OcspFailure> {
        let request = UnreadOcspRequest::read(request).map_err(|_| self.malformed())?;
        let admitted = self.access.admit(peer, &request, now, &self.verifier);
        let caller = admitted.map_err(|refused| {
            let identity = peer.identity.as_deref().unwrap_or_default();
            let shared = &self.lookups.shared;
            shared.refusals.note(identity, OCSP, refused.reason, now);
            self.failed(Outcome::Denied);
            refused.failure
        })?;
        let question = request.question().map_err(|_| self.malformed())?;
        let signer = self.signer_for(&question).ok_or_else(|| {
            self.failed(Outcome::Denied);
            OcspFailure::Unauthorized
        })?;
        let issuer_key_id = signer.issuer.anchor().key_id();
        let signer = signer.current();
        if !signer.is_current(now) {
            // No client would accept the answer, so none is looked up.
            self.failed(Outcome::Unavailable);
            return Err(OcspFailure::InternalError);
        }
        let answered = self
            .lookups
            .look_up(&caller, issuer_key_id, &question, now)?;
        let nonce = question.nonce();
        let cacheable = match nonce {
            None => answered.next_update.map(|end| (answered.this_update, end)),
            Some(_) => None,
        };
        let der = self.signed(signer, answered, nonce, now).await?;
        Ok(Response { der, cacheable })
    }

    /// Who signs about certificates of the key that is asked about (RFC 5019 section 2.2.3: about others, *unauthorized*).
    fn signer_for(&self, question: &OcspQuestion<'_>) -> Option<&RollingSigner> {
        self.signers
            .iter()
            .find(|signer| question.is_about(&signer.issuer))
    }

    async fn signed(
        self: &Arc<Self>,
        signer: Arc<Signer>,
        answered: Answered,
        nonce: Option<&[u8]>,
        now: UnixTime,
    ) -> Result<Bytes, OcspFailure> {
        let key = (answered.answer, signer.number());
        let is_kept = nonce.is_none() && answered.next_update.is_some();
        if is_kept && let Some(der) = self.kept.get(&key) {
            self.counted.kept.inc();
            return Ok(der);
        }
        let outcome = if signer.is_quick() {
            signer.sign(&key.0, nonce, now)
        } else {
            let (answer, nonce) = (key.0.clone(), nonce.map(<[u8]>::to_vec));
            let sign = move || signer.sign(&answer, nonce.as_deref(), now);
            let outcome = self.slow.done(sign).await;
            outcome.ok_or(OcspFailure::InternalError)?
        };
        let der: Bytes = match outcome {
            Ok(der) => der.into(),
            Err(error) => {
                tracing::error!(%error, "an OCSP answer has no signature");
                return Err(OcspFailure::InternalError);
            }
        };
        if is_kept {
            self.kept.insert(key, der.clone());
        }
        Ok(der)
    }

    /// Counts a question that was not looked up.
    fn failed(&self, outcome: Outcome) {
        let metrics = &self.lookups.shared.metrics;
        metrics.count(Method::Ocsp, outcome, 1);
    }

    fn malformed(&self) -> OcspFailure {
        self.failed(Outcome::Invalid);
        OcspFailure::MalformedRequest
    }

    fn count(&self, status: &str) {
        let authority = &*self.counted.certification_authority;
        self.counted
            .by_status
            .with_label_values(&[authority, status])
            .inc();
    }
}

fn status_name(failure: OcspFailure) -> &'static str {
    match failure {
        OcspFailure::MalformedRequest => "malformed_request",
        OcspFailure::InternalError => "internal_error",
        OcspFailure::TryLater => "try_later",
        OcspFailure::SigRequired => "sig_required",
        OcspFailure::Unauthorized => "unauthorized",
    }
}
