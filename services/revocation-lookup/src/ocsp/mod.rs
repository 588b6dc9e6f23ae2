//! The OCSP responder (RFC 6960, RFC 5019, RFC 9654): the same decision over the same lists as by gRPC, for callers that
//! speak nothing else. Off unless `[[ocsp]]` is configured; each listener fixes the authority, the purpose and the
//! callers. It runs on the background runtime, because signing takes a hundred times as long as deciding.

mod access;
mod config;
mod http;
mod lookup;
mod responder;
mod signer;
mod slow;

use std::sync::Arc;
use std::time::Duration;

use pki::{CrossCheck, OcspIssuer, Verifier};
use prometheus::{IntCounter, IntCounterVec, IntGaugeVec};
use proto::revocation::v1::Purpose;
use runtime::config::ConfigError;
use runtime::shutdown::Shutdown;
use runtime::web::{WebLimits, WebServer};
use runtime::{Context, Refreshed, ServeError, WebTls};
use tokio::task::JoinSet;

pub use config::{OcspConfig, OcspPurpose, OcspRequesterConfig, OcspSignerConfig};

pub(crate) use config::check_count;

use access::Access;
use http::Front;
use lookup::Lookups;
use responder::{Responder, Responses, kept_answers};
use signer::RollingSigner;
use slow::SlowWork;

use crate::service::Shared;

/// The method's name in the ledger, the metric and the refusals.
pub(crate) const OCSP: &str = "OCSP";

/// Under which names listeners announce their addresses, in the order of the configuration. Two authorities with two
/// purposes each are four.
pub(crate) const LISTENER_NAMES: [&str; 4] = ["ocsp", "ocsp-2", "ocsp-3", "ocsp-4"];

/// How often key files are looked at.
const RELOAD_INTERVAL: Duration = Duration::from_secs(10);

/// What a listener allows whoever connects: questions and answers of a few kilobytes, as many connections as a serving
/// thread has. An OCSP request of the largest size has 22 KB in a URL.
const fn limits(drain_timeout: Duration) -> WebLimits {
    WebLimits {
        connections: runtime::limits::CONNECTIONS_PER_THREAD,
        connection_age: Duration::from_mins(1),
        connection_grace: Duration::from_secs(10),
        header_timeout: runtime::limits::HANDSHAKE_TIMEOUT,
        header_octets: 32 * 1024,
        drain_timeout,
    }
}

/// The metrics of all listeners.
struct Metrics {
    responses: IntCounterVec,
    kept: IntCounter,
    signer_not_after: IntGaugeVec,
    signer_refused: IntCounter,
}

impl Metrics {
    fn new(context: &Context) -> Result<Self, prometheus::Error> {
        Ok(Self {
            responses: context.metrics.counters(
                "akashi_ocsp_responses_total",
                "OCSP responses by status (RFC 6960 section 4.2.1).",
                &["certification_authority", "status"],
            )?,
            kept: context.metrics.counter(
                "akashi_ocsp_kept_responses_total",
                "OCSP responses that were signed before, for a question without a nonce.",
            )?,
            signer_not_after: context.metrics.gauges(
                "akashi_ocsp_signer_not_after_seconds",
                "When the certificate of an OCSP signer ends, in seconds since 1970. From then on it answers internalError.",
                &["certification_authority", "issuer_key_id"],
            )?,
            signer_refused: context.metrics.counter(
                "akashi_ocsp_signer_refused_total",
                "Changed OCSP signer files that do not load; the former ones stay in use.",
            )?,
        })
    }
}

/// A listener that is bound, before it serves.
struct Listener {
    responder: Arc<Responder>,
    server: WebServer,
    tls: Option<Arc<WebTls>>,
    get: bool,
}

/// The OCSP listeners of a process.
pub(crate) struct OcspListeners {
    listeners: Vec<Listener>,
    metrics: Arc<Metrics>,
}

impl OcspListeners {
    /// Reads every file and binds every address.
    ///
    /// # Errors
    /// When a file does not hold or an address cannot be listened on.
    pub(crate) async fn bind(
        configs: &[OcspConfig],
        shared: &Arc<Shared>,
        drain_timeout: Duration,
        context: &Context,
    ) -> Result<Self, ServeError> {
        let metrics = Arc::new(Metrics::new(context)?);
        let verifier = Arc::new(Verifier::new(CrossCheck::Off));
        let mut listeners = Vec::new();
        for (name, config) in LISTENER_NAMES.into_iter().zip(configs) {
            let responder = Arc::new(responder(config, shared, &verifier, &metrics)?);
            let tls = config.tls.as_ref().map(WebTls::load_mutual).transpose()?;
            let tls = tls.map(Arc::new);
            let server =
                WebServer::bind(config.address, tls.clone(), limits(drain_timeout)).await?;
            let address = server.address().map_err(|source| ServeError::Listen {
                address: config.address,
                source,
            })?;
            context.addresses.announce(name, address);
            let authority = &config.certification_authority;
            tracing::info!(role = %context.role, %address, authority, "OCSP listens");
            listeners.push(Listener {
                responder,
                server,
                tls,
                get: config.get,
            });
        }
        Ok(Self { listeners, metrics })
    }

    /// Serves until the context's shutdown on the background runtime, then drains.
    pub(crate) fn start(self, context: &Context) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        for listener in self.listeners {
            let (metrics, shutdown) = (self.metrics.clone(), context.shutdown.clone());
            let following = follow_files(listener.responder.clone(), listener.tls, metrics);
            let responder = listener.responder;
            let front = Front::new(responder, listener.get);
            let serving = listener
                .server
                .serve_by(move |peer| front.service(peer), shutdown);
            let serves = async move {
                tokio::select! {
                    () = serving => {}
                    () = following => {}
                }
            };
            tasks.spawn_on(serves, &context.background);
        }
        tasks
    }
}

/// Waits until a listener ended although nobody asked the process to stop.
pub(crate) async fn ended_early(listeners: &mut JoinSet<()>, shutdown: &Shutdown) {
    while listeners.join_next().await.is_some() {
        if !shutdown.is_requested() {
            return;
        }
    }
    std::future::pending::<()>().await;
}

fn responder(
    config: &OcspConfig,
    shared: &Arc<Shared>,
    verifier: &Arc<Verifier>,
    metrics: &Metrics,
) -> Result<Responder, ServeError> {
    let name = config.certification_authority.as_str();
    let unknown = || {
        let problem = format!("there is no certification_authority {name:?}");
        ConfigError::invalid("ocsp.certification_authority", problem)
    };
    let place = shared.trusted.place_of_name(name).ok_or_else(unknown)?;
    let anchors = shared.trusted.authorities[place].anchors();
    let issuers: Vec<_> = anchors.iter().map(OcspIssuer::new).collect();
    let mut signers: Vec<RollingSigner> = Vec::new();
    for signer in &config.signer {
        let signer = RollingSigner::load(signer, &issuers, &shared.clock, verifier)?;
        let key_id = signer.issuer.anchor().key_id();
        if signers
            .iter()
            .any(|other| other.issuer.anchor().key_id() == key_id)
        {
            let problem = format!("there are two for the key {key_id} of {name:?}");
            return Err(ConfigError::invalid("ocsp.signer", problem).into());
        }
        signers.push(signer);
    }
    for issuer in &issuers {
        let key_id = issuer.anchor().key_id();
        if signers
            .iter()
            .all(|signer| signer.issuer.anchor().key_id() != key_id)
        {
            tracing::warn!(%key_id, authority = name, "OCSP questions about certificates of this key have no signer");
        }
    }
    let responder = Responder {
        access: Access::load(config)?,
        signers,
        lookups: Lookups {
            shared: shared.clone(),
            place,
            purpose: Purpose::from(config.purpose),
        },
        verifier: verifier.clone(),
        slow: SlowWork::new(std::thread::available_parallelism().map_or(1, Into::into)),
        kept: kept_answers(),
        counted: Responses {
            successful: metrics
                .responses
                .with_label_values(&[name, responder::SUCCESSFUL]),
            by_status: metrics.responses.clone(),
            certification_authority: name.into(),
            kept: metrics.kept.clone(),
        },
    };
    show_signers(&responder, metrics);
    Ok(responder)
}

/// Looks at the files of a listener as long as it serves.
async fn follow_files(responder: Arc<Responder>, tls: Option<Arc<WebTls>>, metrics: Arc<Metrics>) {
    let mut ticks = tokio::time::interval(RELOAD_INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let (responder, tls, metrics) = (responder.clone(), tls.clone(), metrics.clone());
        // Reading files blocks; the panic of a reader is no reason to stop looking.
        let _ = tokio::task::spawn_blocking(move || {
            if let Some(tls) = tls {
                tls.refresh();
            }
            for signer in &responder.signers {
                if signer.refresh() == Refreshed::Refused {
                    metrics.signer_refused.inc();
                }
            }
            show_signers(&responder, &metrics);
        })
        .await;
    }
}

fn show_signers(responder: &Responder, metrics: &Metrics) {
    let authority = &*responder.counted.certification_authority;
    for signer in &responder.signers {
        let key_id = signer.issuer.anchor().key_id().to_string();
        let not_after = signer.current().not_after();
        metrics
            .signer_not_after
            .with_label_values(&[authority, key_id.as_str()])
            .set(not_after.secs());
    }
}
