//! A server and its callers, with certificates minted for one test.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _};
use proto::revocation::v1::revocation_lookup_service_client::RevocationLookupServiceClient;
use proto::revocation::v1::revocation_lookup_service_server::{
    RevocationLookupService, RevocationLookupServiceServer, SERVICE_NAME,
};
use proto::revocation::v1::{
    GetFreshnessRequest, GetFreshnessResponse, GetRevocationStatusRequest,
    GetRevocationStatusResponse,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use runtime::access::{AccessTable, Refusal, RefusalSink};
use runtime::config::{Caller, ClientTlsConfig, ConfigPath, Listen, SecretFile, TlsConfig};
use runtime::server::GrpcServer;
use runtime::shutdown::Shutdown;
use runtime::{Context, ServeError};
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};

pub(crate) const GET_STATUS: &str =
    "/akashi.revocation.v1.RevocationLookupService/GetRevocationStatus";
pub(crate) const GET_FRESHNESS: &str = "/akashi.revocation.v1.RevocationLookupService/GetFreshness";
pub(crate) const SERVER_NAME: &str = "revocation-lookup.akashi.test";
pub(crate) const LISTED: &str = "signature-verification.akashi.test";
pub(crate) const UNLISTED: &str = "oidc-gateway.akashi.test";
const SECONDS_UNTIL_CUT_OFF: u64 = 2;

/// An authority for service certificates.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// Certificate and key, PEM.
    pub(crate) fn issue(&self, names: &[&str]) -> (String, String) {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(names).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    /// Writes a certificate and its key into a folder as `file.pem` and `file.key`.
    pub(crate) fn write(&self, folder: &Path, file: &str, names: &[&str]) {
        let (certificate, key) = self.issue(names);
        std::fs::write(folder.join(format!("{file}.pem")), certificate).unwrap();
        std::fs::write(folder.join(format!("{file}.key")), key).unwrap();
    }
}

/// What the test's handler and sink saw.
#[derive(Default)]
pub(crate) struct Seen {
    calls: AtomicUsize,
    refusals: Mutex<Vec<Refusal>>,
}

impl RefusalSink for Seen {
    fn refused(&self, refusal: Refusal) -> BoxFuture<'_, ()> {
        self.refusals.lock().unwrap().push(refusal);
        std::future::ready(()).boxed()
    }
}

/// Answers generation 7; a case named `wait` waits until it is let go, one named `panic` is a defect.
struct Handler {
    seen: Arc<Seen>,
    gate: Arc<Semaphore>,
}

#[tonic::async_trait]
impl RevocationLookupService for Handler {
    async fn get_revocation_status(
        &self,
        request: Request<GetRevocationStatusRequest>,
    ) -> Result<Response<GetRevocationStatusResponse>, Status> {
        self.seen.calls.fetch_add(1, Ordering::SeqCst);
        match request.get_ref().case_reference.as_str() {
            "wait" => self.gate.acquire().await.unwrap().forget(),
            "panic" => panic!("a defect, as the test wants it"),
            _ => {}
        }
        Ok(Response::new(GetRevocationStatusResponse {
            generation: 7,
            ..Default::default()
        }))
    }

    async fn get_freshness(
        &self,
        _request: Request<GetFreshnessRequest>,
    ) -> Result<Response<GetFreshnessResponse>, Status> {
        Ok(Response::new(GetFreshnessResponse::default()))
    }
}

/// A running server. `LISTED` may call `GetRevocationStatus` and health; nobody may call `GetFreshness`.
pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    pub(crate) authority: Authority,
    pub(crate) context: Context,
    pub(crate) folder: TempDir,
    pub(crate) gate: Arc<Semaphore>,
    pub(crate) serving: JoinHandle<Result<(), ServeError>>,
    seen: Arc<Seen>,
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        let authority = Authority::new();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
        authority.write(folder.path(), "server", &[SERVER_NAME]);
        authority.write(folder.path(), "listed", &[LISTED]);
        authority.write(folder.path(), "unlisted", &[UNLISTED]);
        Self::serve((Ipv4Addr::LOCALHOST, 0).into(), authority, folder).await
    }

    /// A server with the files of one that ended, at its address.
    pub(crate) async fn start_again(address: SocketAddr, folder: TempDir) -> Self {
        Self::serve(address, Authority::new(), folder).await
    }

    async fn serve(address: SocketAddr, authority: Authority, folder: TempDir) -> Self {
        let context = Context::new("revocation-lookup", Shutdown::new()).await;
        let (seen, gate) = (Arc::new(Seen::default()), Arc::new(Semaphore::new(0)));
        let server = server_at(address, &context, folder.path()).unwrap();
        let server = server.report_refusals_to(seen.clone());
        let handler = Arc::new(Handler {
            seen: seen.clone(),
            gate: gate.clone(),
        });
        let serving = tokio::spawn(server.serve(move |_| {
            let service = RevocationLookupServiceServer::from_arc(handler.clone())
                .max_decoding_message_size(runtime::limits::REQUEST_OCTETS);
            Ok(Routes::new(service))
        }));
        let address = context.addresses.wait("grpc").await;
        while !context.health.is_serving("") {
            tokio::task::yield_now().await;
        }
        Self {
            address,
            authority,
            context,
            folder,
            gate,
            serving,
            seen,
        }
    }

    /// The TLS files of a caller written as `file`.
    pub(crate) fn files(&self, file: &str) -> ClientTlsConfig {
        let at = |name: String| self.folder.path().join(name);
        ClientTlsConfig {
            certificate: ConfigPath::new(at(format!("{file}.pem"))),
            private_key: SecretFile::new(at(format!("{file}.key"))),
            server_ca: ConfigPath::new(at("ca.pem".to_owned())),
            server_name: SERVER_NAME.to_owned(),
        }
    }

    pub(crate) fn channel(&self, files: &ClientTlsConfig) -> Channel {
        let uri = format!("https://{}", self.address);
        runtime::client::channel(&uri, files, Duration::from_secs(10)).unwrap()
    }

    pub(crate) fn client(&self, file: &str) -> RevocationLookupServiceClient<Channel> {
        RevocationLookupServiceClient::new(self.channel(&self.files(file)))
    }

    /// Calls that reached the handler.
    pub(crate) fn calls(&self) -> usize {
        self.seen.calls.load(Ordering::SeqCst)
    }

    /// Who was refused and for which method, as the sink was told.
    pub(crate) fn refusals(&self) -> Vec<(Option<String>, String)> {
        let refusals = self.seen.refusals.lock().unwrap();
        let told = |refusal: &Refusal| {
            (
                refusal.identity.as_deref().map(str::to_owned),
                refusal.method.to_string(),
            )
        };
        refusals.iter().map(told).collect()
    }

    /// Waits until so many calls reached the handler.
    pub(crate) async fn until_calls(&self, calls: usize) {
        while self.calls() < calls {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// A server for the files of a folder, at any port.
pub(crate) fn server(context: &Context, folder: &Path) -> Result<GrpcServer, ServeError> {
    server_at((Ipv4Addr::LOCALHOST, 0).into(), context, folder)
}

fn server_at(
    address: SocketAddr,
    context: &Context,
    folder: &Path,
) -> Result<GrpcServer, ServeError> {
    let callers = [Caller {
        identity: LISTED.to_owned(),
        methods: vec![
            GET_STATUS.to_owned(),
            "/grpc.health.v1.Health/Check".to_owned(),
        ],
    }];
    let access = AccessTable::new(&[GET_STATUS, GET_FRESHNESS], &callers)?;
    let tls = TlsConfig {
        certificate: ConfigPath::new(folder.join("server.pem")),
        private_key: SecretFile::new(folder.join("server.key")),
        client_ca: ConfigPath::new(folder.join("ca.pem")),
        reload_interval_seconds: 1,
    };
    let mut listen = Listen::at(address);
    listen.threads = Some(2);
    listen.drain_timeout_seconds = SECONDS_UNTIL_CUT_OFF;
    GrpcServer::new(context, &listen, &tls, access, &[SERVICE_NAME])
}

/// A question about nobody.
pub(crate) fn question(case_reference: &str) -> GetRevocationStatusRequest {
    GetRevocationStatusRequest {
        case_reference: case_reference.to_owned(),
        ..Default::default()
    }
}
