//! A signature-verification that finds every card good: what the card leg costs has a budget of its own.

use std::io::Read as _;
use std::path::PathBuf;

use anyhow::Result;
use proto::verification::v1::signature_verification_service_server::{
    SERVICE_NAME, SignatureVerificationService, SignatureVerificationServiceServer,
};
use proto::verification::v1::{
    Holder, HolderOrigin, VerificationResult, VerifySignatureRequest, VerifySignatureResponse,
};
use runtime::access::AccessTable;
use runtime::config::{Caller, ConfigPath, Listen, SecretFile, TlsConfig};
use runtime::server::GrpcServer;
use runtime::shutdown::Shutdown;
use tonic::service::Routes;
use tonic::{Request, Response, Status};

const METHOD: &str = "/akashi.verification.v1.SignatureVerificationService/VerifySignature";

/// What the process is told.
#[derive(Clone, Debug, clap::Args)]
pub struct StandInOptions {
    /// Its certificate, PEM.
    #[arg(long)]
    pub certificate: PathBuf,
    /// Its private key, PEM.
    #[arg(long)]
    pub private_key: PathBuf,
    /// The authority that issues its caller's certificate, PEM.
    #[arg(long)]
    pub client_ca: PathBuf,
    /// Who may call.
    #[arg(long)]
    pub caller: String,
    /// Where it listens.
    #[arg(long)]
    pub address: std::net::SocketAddr,
}

#[derive(Clone)]
struct StandIn;

#[tonic::async_trait]
impl SignatureVerificationService for StandIn {
    async fn verify_signature(
        &self,
        _request: Request<VerifySignatureRequest>,
    ) -> Result<Response<VerifySignatureResponse>, Status> {
        let mut response = VerifySignatureResponse {
            holder: Some(Holder {
                holder_id: vec![7; 16],
                origin: HolderOrigin::Known.into(),
            }),
            ..Default::default()
        };
        response.set_result(VerificationResult::Ok);
        Ok(Response::new(response))
    }
}

/// Serves until standard input ends, that is until the process that started this one does.
///
/// # Errors
/// When it cannot serve.
pub async fn serve(options: StandInOptions) -> Result<()> {
    let shutdown = Shutdown::new();
    let context = runtime::Context::new("signature-verification", shutdown.clone()).await;
    let mut listen = Listen::at(options.address);
    listen.threads = Some(1);
    listen.drain_timeout_seconds = 1;
    let tls = TlsConfig {
        certificate: ConfigPath::new(options.certificate),
        private_key: SecretFile::new(options.private_key),
        client_ca: ConfigPath::new(options.client_ca),
        reload_interval_seconds: 10,
    };
    let caller = Caller {
        identity: options.caller,
        methods: [METHOD.to_owned()].into(),
    };
    let access = AccessTable::new(&[METHOD], &[caller])?;
    let server = GrpcServer::new(&context, &listen, &tls, access, &[SERVICE_NAME])?;
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        shutdown.begin();
    });
    let routes = |_| {
        Ok(Routes::new(SignatureVerificationServiceServer::new(
            StandIn,
        )))
    };
    server.serve(routes).await?;
    Ok(())
}
