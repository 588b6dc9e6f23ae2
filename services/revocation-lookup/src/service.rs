//! The gRPC methods.

use std::sync::Arc;
use std::time::Duration;

use proto::revocation::v1::revocation_lookup_service_server::RevocationLookupService;
use proto::revocation::v1::{
    BatchGetRevocationStatusRequest, BatchGetRevocationStatusResponse, GetFreshnessRequest,
    GetFreshnessResponse, GetRevocationStatusAsOfRequest, GetRevocationStatusAsOfResponse,
    GetRevocationStatusRequest, GetRevocationStatusResponse, StreamRevocationStatusRequest,
};
use runtime::clock::Clock;
use runtime::peer::Peer;
use runtime::shutdown::Shutdown;
use runtime::status::status;
use tonic::{Request, Response, Status, Streaming};

use crate::access::{AuthorityRefused, Caller, Callers};
use crate::as_of::history::History;
use crate::freshness;
use crate::ledger::Ledger;
use crate::metrics::{LookupMetrics, Method};
use crate::ocsp_client::OcspClients;
use crate::recorder::Refusals;
use crate::snapshot::{Served, Trusted};
use crate::stream::{self, Answers};
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
    pub(crate) ocsp_clients: Arc<OcspClients>,
    pub(crate) history: History,
    pub(crate) shutdown: Shutdown,
    /// A stream ends when it is this old, so that connections can.
    pub(crate) longest_stream: Duration,
}

/// One serving thread's handler.
pub(crate) struct Handler {
    shared: Arc<Shared>,
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
}

#[tonic::async_trait]
impl RevocationLookupService for Handler {
    async fn get_revocation_status(
        &self,
        request: Request<GetRevocationStatusRequest>,
    ) -> Result<Response<GetRevocationStatusResponse>, Status> {
        let caller = self.caller(&request).map_err(|error| status(&error))?;
        self.shared
            .look_up(caller, Method::Single, request.get_ref())
            .answer()
            .await
            .map(Response::new)
            .map_err(|error| status(&error))
    }

    async fn batch_get_revocation_status(
        &self,
        request: Request<BatchGetRevocationStatusRequest>,
    ) -> Result<Response<BatchGetRevocationStatusResponse>, Status> {
        let caller = self.caller(&request).map_err(|error| status(&error))?;
        self.shared
            .look_up_batch(caller, request.get_ref())
            .map(Response::new)
            .map_err(|error| status(&error))
    }

    async fn stream_revocation_status(
        &self,
        request: Request<Streaming<StreamRevocationStatusRequest>>,
    ) -> Result<Response<Answers>, Status> {
        let caller = self.caller(&request).map_err(|error| status(&error))?;
        let (shared, caller) = (self.shared.clone(), caller.clone());
        let answers = stream::answers(shared, caller, request.into_inner());
        Ok(Response::new(answers))
    }

    async fn get_revocation_status_as_of(
        &self,
        request: Request<GetRevocationStatusAsOfRequest>,
    ) -> Result<Response<GetRevocationStatusAsOfResponse>, Status> {
        let caller = self.caller(&request).map_err(|error| status(&error))?;
        let (shared, caller) = (&self.shared, caller.clone());
        shared
            .look_up_as_of(&caller, request.into_inner())
            .await
            .map(Response::new)
            .map_err(|error| status(&error))
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
