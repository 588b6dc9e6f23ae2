//! The revocation status of a certificate, answered from verified lists held in memory.
//!
//! A replica (`replica.rs`) follows the store: whenever the generation changes it loads what is new and swaps one
//! immutable snapshot (`snapshot.rs`). A lookup (`lookups.rs`), single, in a batch or in a stream (`stream.rs`), reads its
//! fields (`request.rs`), is counted against what the caller may ask (`asked/`), decided over the snapshot (`decide.rs`,
//! pure) and put into the words of the contract (`wire.rs`). Where the caller wants it, an authority's OCSP responder is
//! asked (`ocsp_client/`), and which of both decides is a pure rule again (`method.rs`). Every lookup is counted in the
//! ledger; no call ever waits for the database.

mod access;
mod anywhere;
mod as_of;
mod asked;
mod config;
mod decide;
mod freshness;
mod highest;
mod ledger;
mod loaded;
mod lookups;
mod method;
mod metrics;
mod ocsp;
mod ocsp_client;
mod recorder;
mod replica;
mod request;
mod service;
mod signing_key;
mod snapshot;
mod stream;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use proto::revocation::v1::revocation_lookup_service_server::{
    RevocationLookupServiceServer, SERVICE_NAME,
};
use runtime::server::GrpcServer;
use runtime::{Context, ServeError};
use store::CrlReader;
use tonic::service::Routes;

pub use config::{
    BATCH_GET_REVOCATION_STATUS, CallerConfig, Config, GET_FRESHNESS, GET_REVOCATION_STATUS,
    GET_REVOCATION_STATUS_AS_OF, STREAM_REVOCATION_STATUS, StoreConfig,
};

pub use ocsp::{OcspConfig, OcspPurpose, OcspRequesterConfig, OcspSignerConfig};

pub use ocsp_client::{CertIdHashConfig, OcspClientConfig, OcspClientRequesterConfig, Presence};

use access::Callers;
use as_of::history::History;
use freshness::FreshnessReport;
use highest::Highest;
use ledger::Ledger;
use metrics::LookupMetrics;
use ocsp::OcspListeners;
use ocsp_client::OcspClients;
use recorder::Recorder;
use replica::Replica;
use service::{Handler, Shared};
use snapshot::{Served, Trusted};

/// A task that must run as long as the service did not.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct TaskEnded(&'static str);

/// Serves until the context's shutdown, then drains and writes down what is not yet in the ledger.
///
/// # Errors
/// When the configuration does not hold, a store refuses this program, or the address cannot be listened on. A store
/// that cannot be reached is waited for: answers are *unknown* until it can.
pub async fn serve(config: Config, context: Context) -> Result<(), ServeError> {
    config.check()?;
    let _metrics_listener =
        runtime::metrics::serve_http(config.observability.metrics_listen, &context).await?;
    let trusted = Arc::new(trusted(&config, &context)?);
    let ocsp_clients = OcspClients::start(&config.ocsp_client, &trusted, &context)?;
    let served = Arc::new(Served::new(&trusted));
    let callers = config.limits_by_identity().into_keys();
    let lookup_metrics = LookupMetrics::new(&context.metrics, callers)?;
    let ledger = Arc::new(Ledger::new());
    let (recorder, refusals) =
        Recorder::start(&config.store.audit, ledger.clone(), &context).await?;
    let reader = CrlReader::open(&config.store.crl).map_err(ServeError::role)?;
    let highest = Highest::open(config.state_directory.as_ref(), &context.metrics)?;
    let replica = Replica::new(&reader, &trusted, &served, highest, &context)?;
    let report = FreshnessReport::new(&context, trusted.clone(), served.clone())?;
    let interval = config.poll_interval();
    let mut following = context.background.spawn(replica.follow(interval));
    let mut reporting = context.background.spawn(report.repeat(interval));

    let grpc = grpc_server(&config, &context)?.report_refusals_to(refusals.clone());
    let shared = Arc::new(Shared {
        callers: Callers::new(&config, &trusted),
        trusted,
        served,
        ledger,
        refusals,
        metrics: lookup_metrics,
        clock: context.clock.clone(),
        ocsp_clients: ocsp_clients.clone(),
        history: History::new(reader.clone(), config.history_cache_mib),
        shutdown: context.shutdown.clone(),
        longest_stream: Duration::from_secs(config.listen.max_connection_age_seconds),
    });
    let drain_timeout = Duration::from_secs(config.listen.drain_timeout_seconds);
    let ocsp = OcspListeners::bind(&config.ocsp, &shared, drain_timeout, &context).await?;
    let mut ocsp = ocsp.start(&context);
    let mut serving = std::pin::pin!(grpc.serve(move |_thread| {
        let handler = Handler::new(shared.clone());
        let service = RevocationLookupServiceServer::new(handler)
            .max_decoding_message_size(request::LARGEST_REQUEST);
        Ok(Routes::new(service))
    }));
    let died = tokio::select! {
        outcome = &mut serving => Ok(outcome),
        _ = &mut following => Err(TaskEnded("the store is not followed any more")),
        _ = &mut reporting => Err(TaskEnded("freshness is not reported any more")),
        () = ocsp::ended_early(&mut ocsp, &context.shutdown) => {
            Err(TaskEnded("OCSP is not served any more"))
        }
    };
    // Neither task ends by itself: one that did has panicked. Only a new process can be trusted to follow the store.
    let outcome = match died {
        Ok(outcome) => outcome,
        Err(ended) => {
            context.shutdown.begin();
            serving.await.and(Err(ServeError::role(ended)))
        }
    };
    if !context.shutdown.is_requested() {
        ocsp.abort_all();
    }
    // They drain as gRPC does, at the same time.
    while ocsp.join_next().await.is_some() {}
    following.abort();
    reporting.abort();
    ocsp_clients.finish().await;
    recorder.finish().await;
    reader.close().await;
    outcome
}

/// Whether the files that the configuration names for asking OCSP responders hold: certificates, keys, authorities.
///
/// # Errors
/// Naming the file and what is wrong with it.
pub fn check_files(config: &Config) -> Result<(), ServeError> {
    ocsp_client::check_files(&config.ocsp_client)
}

fn trusted(config: &Config, context: &Context) -> Result<Trusted, ServeError> {
    let authorities = runtime::authorities::load(
        &config.certification_authority,
        config.environment,
        context.clock.now(),
    )?;
    Trusted::new(authorities, config)
}

fn grpc_server(config: &Config, context: &Context) -> Result<GrpcServer, ServeError> {
    let grpc = GrpcServer::new(
        context,
        &config.listen,
        &config.tls,
        config.access_table()?,
        &[SERVICE_NAME],
    )?;
    Ok(if config.reflection {
        grpc.with_reflection(proto::FILE_DESCRIPTOR_SET)
    } else {
        grpc
    })
}
