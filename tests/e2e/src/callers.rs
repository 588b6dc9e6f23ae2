//! gRPC clients of a running deployment, each with the certificate of one identity.

use std::time::Duration;

use anyhow::Result;
use proto::revocation::v1::revocation_lookup_service_client::RevocationLookupServiceClient;
use proto::signing::v1::signing_certificate_service_client::SigningCertificateServiceClient;
use proto::verification::v1::signature_verification_service_client::SignatureVerificationServiceClient;
use runtime::config::ClientTlsConfig;
use sandbox::deployment::{Deployment, identity};
use tonic::transport::Channel;
use tonic_health::pb::health_client::HealthClient;

/// Long enough for a debug build on a busy machine.
const CALL_TIMEOUT: Duration = Duration::from_secs(20);

/// Room for the 10 MB requests that the services must refuse.
const MESSAGE_LIMIT: usize = 64 * 1024 * 1024;

/// A channel from `from` to the service `to` (two of [`identity::ALL`]).
pub fn channel(deployment: &Deployment, from: &str, to: &str) -> Result<Channel> {
    let ports = deployment.ports();
    let port = match to {
        identity::SIGNATURE_VERIFICATION => ports.signature_verification,
        identity::REVOCATION_LOOKUP => ports.revocation_lookup,
        identity::SIGNING_CERTIFICATE => ports.signing_certificate,
        other => anyhow::bail!("{other} serves no gRPC"),
    };
    let files = deployment.tls_files(from);
    let tls: ClientTlsConfig = serde_json::from_value(serde_json::json!({
        "certificate": files.certificate,
        "private_key": files.private_key,
        "server_ca": files.authority,
        "server_name": to,
    }))?;
    Ok(runtime::client::channel(
        &format!("https://127.0.0.1:{}", port.service),
        &tls,
        CALL_TIMEOUT,
    )?)
}

/// signature-verification, asked by `from`.
pub fn verification(
    deployment: &Deployment,
    from: &str,
) -> Result<SignatureVerificationServiceClient<Channel>> {
    let channel = channel(deployment, from, identity::SIGNATURE_VERIFICATION)?;
    Ok(SignatureVerificationServiceClient::new(channel).max_encoding_message_size(MESSAGE_LIMIT))
}

/// revocation-lookup, asked by `from`.
pub fn revocation(
    deployment: &Deployment,
    from: &str,
) -> Result<RevocationLookupServiceClient<Channel>> {
    let channel = channel(deployment, from, identity::REVOCATION_LOOKUP)?;
    Ok(RevocationLookupServiceClient::new(channel).max_encoding_message_size(MESSAGE_LIMIT))
}

/// signing-certificate, asked by `from`.
pub fn signing(
    deployment: &Deployment,
    from: &str,
) -> Result<SigningCertificateServiceClient<Channel>> {
    let channel = channel(deployment, from, identity::SIGNING_CERTIFICATE)?;
    Ok(SigningCertificateServiceClient::new(channel).max_encoding_message_size(MESSAGE_LIMIT))
}

/// The health service of `to`, asked by the SRE.
pub fn health(deployment: &Deployment, to: &str) -> Result<HealthClient<Channel>> {
    Ok(HealthClient::new(channel(deployment, identity::SRE, to)?))
}
