//! Is this signature by this user-authentication certificate, is that certificate good now, and whose
//! is it?
//!
//! The checks run in one line: certificate profile and issuer (`lookup::Leaves`), validity
//! period, signature, revocation (asked of revocation-lookup), holder (asked of the store). The first
//! that fails is the answer. A failed check is an answer; a gRPC error means that there is none.

mod config;
mod holders;
mod request;
mod service;
#[cfg(test)]
mod service_tests;
mod verdict;
mod wire;

use std::sync::Arc;

use lookup::{Leaves, RevocationClient};
use pki::Verifier;
use proto::verification::v1::signature_verification_service_server::{
    SERVICE_NAME, SignatureVerificationServiceServer,
};
use runtime::server::GrpcServer;
use runtime::{Context, ServeError};
use store::{HolderKey, HolderLinks};
use tonic::service::Routes;

pub use config::{Config, METHOD, StoreConfig};

use holders::Holders;
use service::{Handler, Outcomes, Shared};

/// Serves until the context's shutdown, then drains.
///
/// # Errors
/// When the configuration does not hold, the store cannot be opened or the address cannot be
/// listened on.
pub async fn serve(config: Config, context: Context) -> Result<(), ServeError> {
    config.check()?;
    let _metrics_listener =
        runtime::metrics::serve_http(config.observability.metrics_listen, &context).await?;
    let authorities = runtime::authorities::load(
        &config.certification_authority,
        config.environment,
        context.clock.now(),
    )?;
    let holder_key = HolderKey::new(&*config.holder_key_file.read_key()?);
    let links = HolderLinks::open(&config.store.holder_links)
        .await
        .map_err(ServeError::role)?;
    let verifier = Arc::new(Verifier::new(config.cross_check.into()));
    context.metrics.show_cross_check(&verifier)?;
    let shared = Arc::new(Shared {
        leaves: Leaves::new(authorities, verifier.clone(), &config.cache),
        verifier,
        clock: context.clock.clone(),
        outcomes: Outcomes::new(&context.metrics)?,
    });
    let holders = Holders::new(
        links.clone(),
        holder_key,
        context.background.clone(),
        config.cache.capacity,
    );
    let mut server = GrpcServer::new(
        &context,
        &config.listen,
        &config.tls,
        config.access_table()?,
        &[SERVICE_NAME],
    )?;
    if config.reflection {
        server = server.with_reflection(proto::FILE_DESCRIPTOR_SET);
    }
    let (revocation, method) = (config.revocation, config.revocation_method);
    let outcome = server
        .serve(move |_thread| {
            // Made on the serving thread: one connection to revocation-lookup for each core.
            let revocation = RevocationClient::new(&revocation, method)?;
            let handler = Handler::new(shared.clone(), revocation, holders.clone());
            let service = SignatureVerificationServiceServer::new(handler)
                .max_decoding_message_size(runtime::limits::REQUEST_OCTETS);
            Ok(Routes::new(service))
        })
        .await;
    links.close().await;
    outcome
}
