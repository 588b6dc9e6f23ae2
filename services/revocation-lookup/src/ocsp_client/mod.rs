//! The OCSP client (RFC 6960, RFC 9654): the authorities' responders that a lookup may ask instead of the lists. Off unless
//! `[[ocsp_client]]` is configured. It asks the addresses of the configuration only, never one that stands in a
//! certificate, and runs on the background runtime.

mod client;
mod config;
mod day;
mod exchange;
mod kept;
mod lookup;
mod metrics;
mod requester;

use std::sync::Arc;
use std::time::Duration;

use pki::{CrossCheck, KeyIdentifier, OcspEvidence, SerialNumber, Verifier};
use runtime::{Context, ServeError};
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

pub use config::{CertIdHashConfig, OcspClientConfig, OcspClientRequesterConfig, Presence};
pub(crate) use lookup::Looked;

use client::OcspClient;
use exchange::Exchange;
use metrics::ClientMetrics;
use requester::Requester;

use crate::method::OcspProblem;
use crate::snapshot::Trusted;

/// How often key files are looked at, and what is left of the day is shown.
const LOOK_INTERVAL: Duration = Duration::from_secs(10);

/// The responders, by place of the authority.
pub(crate) struct OcspClients {
    by_place: Vec<Option<Arc<OcspClient>>>,
    pub(crate) background: tokio::runtime::Handle,
    /// Lookups in progress. Each ends in the ledger, also if its caller has gone.
    pub(crate) lookups: TaskTracker,
    /// Looks at key files and the day.
    _looking: AbortOnDropHandle<()>,
}

impl OcspClients {
    /// Reads every file, and looks at them from then on; asks nobody.
    ///
    /// # Errors
    /// When a file does not hold.
    pub(crate) fn start(
        configs: &[OcspClientConfig],
        trusted: &Trusted,
        context: &Context,
    ) -> Result<Arc<Self>, ServeError> {
        let mut by_place = vec![None; trusted.authorities.len()];
        if !configs.is_empty() {
            let metrics = Arc::new(ClientMetrics::new(&context.metrics)?);
            // An answer costs a network's round trip: the second opinion about its signatures is cheap beside it.
            let verifier = Arc::new(Verifier::new(CrossCheck::All));
            context.metrics.show_cross_check(&verifier)?;
            for (place, authority) in trusted.authorities.iter().enumerate() {
                let of =
                    |config: &&OcspClientConfig| config.certification_authority == authority.name();
                if let Some(config) = configs.iter().find(of) {
                    let clock = context.clock.clone();
                    let client = OcspClient::new(config, authority, &metrics, &verifier, clock)?;
                    by_place[place] = Some(Arc::new(client));
                }
            }
        }
        let looking = look_at(by_place.iter().flatten().cloned().collect());
        Ok(Arc::new(Self {
            by_place,
            background: context.background.clone(),
            lookups: TaskTracker::new(),
            _looking: AbortOnDropHandle::new(context.background.spawn(looking)),
        }))
    }

    /// The responder's verified answer about one certificate of the authority at this place.
    async fn ask(
        &self,
        place: Option<usize>,
        issuer_key_id: &KeyIdentifier,
        serial_number: &SerialNumber,
    ) -> Result<OcspEvidence, OcspProblem> {
        let client = place.and_then(|place| self.by_place.get(place)?.as_ref());
        let client = client.ok_or(OcspProblem::NotConfigured)?;
        client
            .ask((issuer_key_id.clone(), serial_number.clone()))
            .await
    }

    /// Waits until every lookup in progress has ended, which takes no longer than one question does.
    pub(crate) async fn finish(&self) {
        self.lookups.close();
        self.lookups.wait().await;
    }
}

/// Looks at the key files of clients, and at the day, again and again.
async fn look_at(clients: Arc<[Arc<OcspClient>]>) {
    let mut ticks = tokio::time::interval(LOOK_INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let clients = clients.clone();
        let look = move || clients.iter().for_each(|client| client.look());
        // Reading files blocks; the panic of a reader is no reason to stop looking.
        let _ = tokio::task::spawn_blocking(look).await;
    }
}

/// Whether the files that the configuration names for its responders hold.
pub(crate) fn check_files(configs: &[OcspClientConfig]) -> Result<(), ServeError> {
    for config in configs {
        Exchange::new(config)?;
        config
            .requester
            .as_ref()
            .map(Requester::following)
            .transpose()?;
    }
    Ok(())
}
