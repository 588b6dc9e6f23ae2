//! Tells administrative agencies whether a digital-signature certificate is valid, and nobody else.
//!
//! A check runs in one line: is the caller on the list (runtime's access check, before the body is read), is every field
//! well-formed (`request`), what do the certificate and the trust anchors say (`check`), what does revocation-lookup
//! say (`lookup`), commit the record (`audit`), answer. A negative outcome is an answer; a gRPC error means that
//! there is none. Whoever is refused leaves a record too. What the gateway forwards for an agency goes the same way once the
//! agency's own signed word is established (`assertion`).

mod assertion;
mod audit;
mod check;
mod config;
mod request;
mod service;
mod wire;

use std::sync::Arc;

use lookup::{Leaves, MAX_CERTIFICATE_OCTETS, RevocationClient};
use pki::Verifier;
use proto::signing::v1::signing_certificate_service_server::{
    SERVICE_NAME, SigningCertificateServiceServer,
};
use runtime::server::GrpcServer;
use runtime::{Context, ServeError};
use store::AuditLog;
use tonic::service::Routes;

use crate::audit::AuditTrail;
use crate::service::{CheckMetrics, Handler, Shared};

pub use crate::assertion::{ASSERTION_TYPE, request_sha256};
pub use crate::audit::{FORWARDED_METHOD, METHOD};
pub use crate::config::{AgencyConfig, AgencyKeyConfig, Config, ForwardedConfig, StoreConfig};

/// Serves until the context's shutdown, then drains.
pub async fn serve(config: Config, context: Context) -> Result<(), ServeError> {
    config.check()?;
    let _metrics_listener =
        runtime::metrics::serve_http(config.observability.metrics_listen, &context).await?;
    let authorities = runtime::authorities::load(
        &config.certification_authority,
        config.environment,
        context.clock.now(),
    )?;
    let log = AuditLog::open(&config.store.audit)
        .await
        .map_err(ServeError::role)?;
    let audit = Arc::new(AuditTrail::new(log.clone(), &context)?);
    let verifier = Arc::new(Verifier::new(config.cross_check.into()));
    context.metrics.show_cross_check(&verifier)?;
    let shared = Arc::new(Shared {
        agencies: config.agencies()?,
        leaves: Leaves::new(authorities, verifier, &config.cache),
        audit: Arc::clone(&audit),
        clock: Arc::clone(&context.clock),
        metrics: CheckMetrics::new(&context)?,
    });
    let mut server = GrpcServer::new(
        &context,
        &config.listen,
        &config.tls,
        config.access_table()?,
        &[SERVICE_NAME],
    )?
    .report_refusals_to(audit);
    if config.reflection {
        server = server.with_reflection(proto::FILE_DESCRIPTOR_SET);
    }
    let (revocation, method) = (config.revocation, config.revocation_method);
    let outcome = server
        .serve(move |_core| {
            let handler = Handler {
                shared: Arc::clone(&shared),
                // Made on the serving core, so that its connection lives there.
                lookup: RevocationClient::new(&revocation, method)?,
            };
            let service = SigningCertificateServiceServer::new(handler)
                .max_decoding_message_size(LARGEST_REQUEST);
            Ok(Routes::new(service))
        })
        .await;
    log.close().await;
    outcome
}

/// The certificate, the case reference, an assertion and some room, so that a certificate that is only a little too large is refused
/// by name; what is far over is not even read.
const LARGEST_REQUEST: usize = 4 * MAX_CERTIFICATE_OCTETS;
