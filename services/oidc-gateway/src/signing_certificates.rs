//! The question to signing-certificate that the gateway forwards for an agency. The gateway's own word counts for nothing
//! there: the agency's signed assertion decides.

use std::sync::Arc;

use proto::signing::v1::signing_certificate_service_client::SigningCertificateServiceClient;
use proto::signing::v1::{
    CheckForwardedSigningCertificateRequest, CheckForwardedSigningCertificateResponse,
};
use tonic::transport::Channel;

/// Forwards what an agency asks and has signed.
#[tonic::async_trait]
pub trait SigningCertificates: Send + Sync + std::fmt::Debug {
    /// Forwards once.
    async fn check_forwarded(
        &self,
        request: CheckForwardedSigningCertificateRequest,
    ) -> Result<CheckForwardedSigningCertificateResponse, tonic::Status>;
}

/// The service at the other end of a channel.
#[derive(Debug)]
pub struct RemoteSigningCertificates(SigningCertificateServiceClient<Channel>);

impl RemoteSigningCertificates {
    /// Over this channel.
    pub fn new(channel: Channel) -> Arc<Self> {
        Arc::new(Self(SigningCertificateServiceClient::new(channel)))
    }
}

#[tonic::async_trait]
impl SigningCertificates for RemoteSigningCertificates {
    async fn check_forwarded(
        &self,
        request: CheckForwardedSigningCertificateRequest,
    ) -> Result<CheckForwardedSigningCertificateResponse, tonic::Status> {
        // A client is a handle to the channel; cloning shares the connection.
        let mut client = self.0.clone();
        let response = client.check_forwarded_signing_certificate(request).await?;
        Ok(response.into_inner())
    }
}
