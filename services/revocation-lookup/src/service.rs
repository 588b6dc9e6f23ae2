//! The gRPC methods.

use std::sync::Arc;

use pki::UnixTime;
use proto::revocation::v1::revocation_lookup_service_server::RevocationLookupService;
use proto::revocation::v1::{
    GetFreshnessRequest, GetFreshnessResponse, GetRevocationStatusRequest,
    GetRevocationStatusResponse,
};
use runtime::clock::Clock;
use runtime::peer::Peer;
use runtime::status::{Failure, status};
use tonic::{Request, Response, Status};

use crate::access::{AuthorityRefused, Caller, Callers};
use crate::config::GET_REVOCATION_STATUS;
use crate::decide::{Decision, Question, Reason, decide};
use crate::freshness;
use crate::ledger::{Entry, Ledger, LedgerFull};
use crate::metrics::{LookupMetrics, Outcome};
use crate::recorder::Refusals;
use crate::request::{self, InvalidField, Lookup};
use crate::snapshot::{Served, Trusted};
use crate::wire;

/// What every serving thread shares.
pub(crate) struct Shared {
    pub(crate) trusted: Arc<Trusted>,
    pub(crate) served: Arc<Served>,
    pub(crate) callers: Callers,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) refusals: Arc<Refusals>,
    pub(crate) metrics: LookupMetrics,
    pub(crate) clock: Arc<dyn Clock>,
}

/// One serving thread's handler.
pub(crate) struct Handler {
    shared: Arc<Shared>,
}

/// Why a lookup has no answer.
#[derive(Debug, thiserror::Error)]
enum LookupError {
    #[error(transparent)]
    Invalid(#[from] InvalidField),
    #[error(transparent)]
    Refused(#[from] AuthorityRefused),
    #[error(transparent)]
    Unrecorded(#[from] LedgerFull),
}

impl Failure for LookupError {
    fn kind(&self) -> runtime::status::Kind {
        match self {
            Self::Invalid(error) => error.kind(),
            Self::Refused(error) => error.kind(),
            Self::Unrecorded(error) => error.kind(),
        }
    }
}

impl Handler {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// The caller's entry. The access check let the caller pass, so there is one; without, nothing is told.
    fn caller<T>(&self, request: &Request<T>) -> Result<&Arc<Caller>, AuthorityRefused> {
        let peer = request.extensions().get::<Peer>().ok_or(AuthorityRefused)?;
        let identity = peer.identity.as_deref().ok_or(AuthorityRefused)?;
        self.shared.callers.get(identity).ok_or(AuthorityRefused)
    }

    fn look_up(
        &self,
        request: &Request<GetRevocationStatusRequest>,
        now: UnixTime,
    ) -> Result<GetRevocationStatusResponse, LookupError> {
        let caller = self.caller(request)?;
        let message = request.get_ref();
        let issuer_key_id = request::issuer_key_id(message)?;
        // Before the serial number is looked at: the refusal is the same for every other field.
        let place = match caller.authority(&self.shared.trusted, &issuer_key_id) {
            Ok(place) => place,
            Err(error) => {
                let reason = "certification_authority_not_allowed";
                let identity = &caller.identity;
                self.shared
                    .refusals
                    .note(identity, GET_REVOCATION_STATUS, reason, now);
                return Err(error.into());
            }
        };
        let lookup = request::lookup(message)?;
        let (snapshot, feed_age) = self.shared.served.at(now);
        let decision = match place {
            None => Decision::Unknown(Reason::NoSuchAuthority, None),
            Some(place) => {
                let question = Question {
                    issuer_key_id: &issuer_key_id,
                    serial_number: &lookup.serial_number,
                    scope: &lookup.scope,
                };
                let trusted = &self.shared.trusted;
                let moment = freshness::moment(&snapshot, feed_age, now);
                let lists = &snapshot.authorities[place];
                decide(
                    &question,
                    &trusted.authorities[place],
                    lists,
                    &moment,
                    &trusted.rules[place],
                )
            }
        };
        self.record(caller, place, &lookup, &decision, now)?;
        Ok(wire::response(&decision, snapshot.feed.generation, now))
    }

    fn record(
        &self,
        caller: &Caller,
        place: Option<usize>,
        lookup: &Lookup,
        decision: &Decision<'_>,
        now: UnixTime,
    ) -> Result<(), LedgerFull> {
        let outcome = Outcome::of(decision);
        self.shared.ledger.add(Entry {
            minute: now.secs().div_euclid(60),
            caller: caller.identity.clone(),
            certification_authority: self.shared.trusted.name(place),
            method: GET_REVOCATION_STATUS,
            purpose: lookup.purpose,
            outcome,
        })?;
        self.shared.metrics.count(outcome);
        Ok(())
    }
}

#[tonic::async_trait]
impl RevocationLookupService for Handler {
    async fn get_revocation_status(
        &self,
        request: Request<GetRevocationStatusRequest>,
    ) -> Result<Response<GetRevocationStatusResponse>, Status> {
        let now = self.shared.clock.now();
        self.look_up(&request, now)
            .map(Response::new)
            .map_err(|error| {
                self.shared.metrics.count(match error {
                    LookupError::Invalid(_) => Outcome::Invalid,
                    LookupError::Refused(_) => Outcome::Denied,
                    LookupError::Unrecorded(_) => Outcome::Unavailable,
                });
                status(&error)
            })
    }

    async fn get_freshness(
        &self,
        request: Request<GetFreshnessRequest>,
    ) -> Result<Response<GetFreshnessResponse>, Status> {
        let caller = self.caller(&request).map_err(|error| status(&error))?;
        let now = self.shared.clock.now();
        let trusted = &self.shared.trusted;
        let (snapshot, feed_age) = self.shared.served.at(now);
        let moment = freshness::moment(&snapshot, feed_age, now);
        let mut sources = Vec::new();
        for (place, authority) in trusted.authorities.iter().enumerate() {
            if caller.allows(place) {
                let rules = &trusted.rules[place];
                let lists = &snapshot.authorities[place];
                let row = |source| wire::source_freshness(source, authority, &moment, rules);
                sources.extend(lists.sources.iter().map(row));
            }
        }
        Ok(Response::new(GetFreshnessResponse {
            sources,
            generation: snapshot.feed.generation,
            // Never confirmed: the greatest age there is.
            feed_age_seconds: moment.feed_age.map_or(i64::MAX, |age| age.max(0)),
        }))
    }
}
