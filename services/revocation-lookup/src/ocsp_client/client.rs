//! One authority's responder: at most so many questions at once and on a day, one at a time about each certificate.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use pki::{
    CertId, CertIdHash, CertificationAuthority, DelegateRevocation, ExpectedNonce, OcspEvidence,
    OcspExpectation, OcspRequest, OcspStatus, UnixTime, Verifier,
};
use runtime::clock::Clock;
use runtime::{Reloading, ServeError};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use super::config::{OcspClientConfig, Presence};
use super::day::Day;
use super::exchange::{Exchange, Failure};
use super::kept::{Kept, Key};
use super::metrics::{ClientMetrics, QueryOutcome, Unasked};
use super::requester::Requester;
use crate::method::OcspProblem;

/// Certificates that are asked about or wait to be. Far more than can be answered in time.
const WAITING: usize = 4_096;

/// What became of a question.
type Asked = Result<OcspEvidence, OcspProblem>;

/// The responder of one authority.
pub(super) struct OcspClient {
    authority: CertificationAuthority,
    exchange: Exchange,
    requester: Option<Reloading<Requester, ServeError>>,
    cert_id_hash: CertIdHash,
    nonce: Presence,
    delegate_revocation: DelegateRevocation,
    max_age_secs: i64,
    timeout: Duration,
    turns: Semaphore,
    day: Day,
    kept: Kept,
    /// Whoever asks about a certificate that is being asked about waits for the same answer.
    under_way: Mutex<HashMap<Key, Shared<BoxFuture<'static, Asked>>>>,
    verifier: Arc<Verifier>,
    clock: Arc<dyn Clock>,
    metrics: Arc<ClientMetrics>,
}

impl OcspClient {
    pub(super) fn new(
        config: &OcspClientConfig,
        authority: &CertificationAuthority,
        metrics: &Arc<ClientMetrics>,
        verifier: &Arc<Verifier>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ServeError> {
        let name = authority.name();
        metrics.show(name);
        let left = metrics.left.with_label_values(&[name]);
        let requester = config.requester.as_ref().map(Requester::following);
        let client = Self {
            exchange: Exchange::new(config)?,
            requester: requester.transpose()?,
            cert_id_hash: config.cert_id_hash.into(),
            nonce: config.nonce,
            delegate_revocation: config.delegate_revocation(),
            max_age_secs: i64::try_from(config.max_age_seconds).unwrap_or(i64::MAX),
            timeout: config.timeout(),
            turns: Semaphore::new(config.concurrent_queries),
            day: Day::new(name, config.queries_per_day, left, clock.now()),
            kept: Kept::new(config.keep_seconds, config.max_age_seconds),
            under_way: Mutex::default(),
            verifier: verifier.clone(),
            metrics: metrics.clone(),
            authority: authority.clone(),
            clock,
        };
        client.look();
        Ok(client)
    }

    /// Looks at the files, and shows what depends on the time. Blocks on the file system.
    pub(super) fn look(&self) {
        self.day.show(self.clock.now());
        if let Some(requester) = &self.requester {
            // A refused file is told in the log, and the former one stays in use.
            requester.refresh();
            let not_after = &self.metrics.requester_not_after;
            not_after
                .with_label_values(&[self.authority.name()])
                .set(requester.current().not_after().secs());
        }
    }

    /// The responder's verified answer: one that was kept, one that is being asked for, or a new one.
    pub(super) async fn ask(self: &Arc<Self>, certificate: Key) -> Asked {
        self.begin(certificate)?.await
    }

    fn begin(
        self: &Arc<Self>,
        certificate: Key,
    ) -> Result<Shared<BoxFuture<'static, Asked>>, OcspProblem> {
        let mut under_way = self.under_way();
        if let Some(asked) = under_way.get(&certificate) {
            return Ok(asked.clone());
        }
        // With the lock held: an answer is kept before its question is no longer under way.
        if let Some(kept) = self.kept.get(&certificate, self.clock.now()) {
            self.unasked(Unasked::Kept);
            return Ok(std::future::ready(Ok(kept)).boxed().shared());
        }
        if under_way.len() >= WAITING {
            self.unasked(Unasked::Busy);
            return Err(OcspProblem::Unreachable);
        }
        let (client, key) = (self.clone(), certificate.clone());
        // On its own, so that it goes on whoever waits for it.
        let asking = tokio::spawn(async move {
            let _under_way = UnderWay(&client, &key);
            client.in_turn(&key).await
        });
        let asked = asking.map(|ended| ended.unwrap_or(Err(OcspProblem::Unreachable)));
        let asked = asked.boxed().shared();
        under_way.insert(certificate, asked.clone());
        Ok(asked)
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<Key, Shared<BoxFuture<'static, Asked>>>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn and takes one query of the day, then asks.
    async fn in_turn(&self, certificate: &Key) -> Asked {
        let deadline = Instant::now() + self.timeout;
        let Ok(Ok(_turn)) = timeout_at(deadline, self.turns.acquire()).await else {
            self.unasked(Unasked::Busy);
            return Err(OcspProblem::Unreachable);
        };
        let began = self.clock.now();
        if !self.day.take(began) {
            self.unasked(Unasked::Spent);
            return Err(OcspProblem::Spent);
        }
        let answered = timeout_at(deadline, self.query(certificate)).await;
        let answered = answered.unwrap_or(Err(Failure::Late));
        if let Err(Failure::NotConnected | Failure::NoQuestion) = &answered {
            self.day.give_back(began);
        }
        self.tell(&answered);
        match answered {
            Ok((evidence, verified_at)) => {
                let kept = evidence.clone();
                self.kept.insert(certificate.clone(), kept, verified_at);
                Ok(evidence)
            }
            Err(failure) => Err(failure.kind().0),
        }
    }

    /// One question and its answer, and when that was verified.
    async fn query(&self, (key_id, serial): &Key) -> Result<(OcspEvidence, UnixTime), Failure> {
        let anchor = self.authority.anchor(key_id).ok_or(Failure::NoQuestion)?;
        let (name, key) = (anchor.subject_der(), anchor.public_key());
        let cert_id = CertId::new(self.cert_id_hash, name, key, serial.clone());
        let cert_id = cert_id.map_err(|_| Failure::NoQuestion)?;
        // RFC 9654 section 2.1: 32 random octets.
        let mut nonce = [0; 32];
        aws_lc_rs::rand::fill(&mut nonce).map_err(|_| Failure::NoQuestion)?;
        let question = self.question(cert_id.clone(), nonce).await?;
        let answer = self.exchange.post(question.der().to_vec()).await?;
        let now = self.clock.now();
        let expectation = OcspExpectation {
            nonce: match self.nonce {
                Presence::Required => ExpectedNonce::Required(&nonce),
                Presence::Optional => ExpectedNonce::Optional(&nonce),
            },
            delegate_revocation: self.delegate_revocation,
            max_age_secs: Some(self.max_age_secs),
            now,
        };
        let evidence = pki::verify_ocsp_response(&answer, &cert_id, &expectation, &self.verifier)?;
        Ok((evidence, now))
    }

    async fn question(&self, cert_id: CertId, nonce: [u8; 32]) -> Result<OcspRequest, Failure> {
        let Some(requester) = &self.requester else {
            return Ok(OcspRequest::new(&cert_id, Some(&nonce)));
        };
        let requester = requester.current();
        // A signature takes up to a millisecond: nothing else must wait for it.
        let signing = tokio::task::spawn_blocking(move || requester.ask(&cert_id, &nonce));
        match signing.await {
            Ok(Ok(question)) => Ok(question),
            _ => Err(Failure::NoQuestion),
        }
    }

    /// Counts a query and, if it brought nothing, tells why. Neither says which certificate it was about.
    fn tell(&self, answered: &Result<(OcspEvidence, UnixTime), Failure>) {
        let authority = self.authority.name();
        let outcome = match answered {
            Ok((evidence, _)) => match evidence.status() {
                OcspStatus::Good => QueryOutcome::Good,
                OcspStatus::Revoked { .. } => QueryOutcome::Revoked,
                OcspStatus::Unknown => QueryOutcome::Unknown,
            },
            Err(failure) => {
                tracing::warn!(
                    certification_authority = authority,
                    problem = %failure,
                    "the OCSP responder gave no answer with proof"
                );
                failure.kind().1
            }
        };
        self.metrics.count(authority, outcome);
    }

    fn unasked(&self, why: Unasked) {
        self.metrics.count_unasked(self.authority.name(), why);
    }
}

/// A question that is under way until this is dropped, also by a panic.
struct UnderWay<'a>(&'a OcspClient, &'a Key);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way().remove(self.1);
    }
}
