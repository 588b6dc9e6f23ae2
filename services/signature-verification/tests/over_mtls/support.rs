//! signature-verification as its binary would start it, and a revocation-lookup that says what it is
//! told to.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use proto::revocation::v1 as revocation_v1;
use proto::revocation::v1::revocation_lookup_service_server::{
    RevocationLookupService, RevocationLookupServiceServer, SERVICE_NAME,
};
use proto::verification::v1::signature_verification_service_client::SignatureVerificationServiceClient;
use proto::verification::v1::verify_signature_request::Signed;
use proto::verification::v1::{
    HashAlgorithm, SignatureEncoding, VerifySignatureRequest, VerifySignatureResponse,
};
use runtime::access::AccessTable;
use runtime::config::{Caller, ClientTlsConfig, ConfigPath, Listen, SecretFile, TlsConfig};
use runtime::server::GrpcServer;
use runtime::shutdown::Shutdown;
use runtime::{Context, ServeError};
use sandbox::deployment::ServiceAuthority;
use sandbox::mint::{CaKind, Jpki};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};

const ROLE: &str = "signature-verification.akashi.test";
const LOOKUP: &str = "revocation-lookup.akashi.test";
const BACKEND: &str = "authentication-backend.akashi.test";
pub(crate) const SRE: &str = "sre.akashi.test";
const GET_STATUS: &str = "/akashi.revocation.v1.RevocationLookupService/GetRevocationStatus";

/// Minting takes seconds; nothing here changes it.
fn jpki() -> &'static Jpki {
    static JPKI: OnceLock<Jpki> = OnceLock::new();
    JPKI.get_or_init(|| Jpki::mint(sandbox::now()).unwrap())
}

/// A card's signature over a message, everything right.
pub(crate) fn request(card: &str) -> VerifySignatureRequest {
    let certificate = jpki()
        .card(card)
        .unwrap()
        .certificate(CaKind::UserAuthentication);
    VerifySignatureRequest {
        certificate: certificate.der.clone(),
        signature: certificate.key.sign(b"a challenge"),
        signature_encoding: SignatureEncoding::Pkcs1V15DigestInfo.into(),
        hash_algorithm: HashAlgorithm::Sha256.into(),
        signed: Some(Signed::Message(b"a challenge".to_vec())),
        purpose: revocation_v1::Purpose::UserAuthentication.into(),
        case_reference: "R8-1".to_owned(),
        revocation_method: 0,
    }
}

/// What the stand-in for revocation-lookup says.
#[derive(Clone, Copy)]
pub(crate) enum Answer {
    Good,
    Revoked,
    /// Good, and revoked as well.
    Contradiction,
    Never,
}

struct Lookup {
    answer: Answer,
    asked: Arc<AtomicUsize>,
}

#[tonic::async_trait]
impl RevocationLookupService for Lookup {
    async fn get_revocation_status(
        &self,
        _request: Request<revocation_v1::GetRevocationStatusRequest>,
    ) -> Result<Response<revocation_v1::GetRevocationStatusResponse>, Status> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answer = revocation_v1::GetRevocationStatusResponse {
            list: Some(current_list()),
            generation: 1,
            ..Default::default()
        };
        answer.set_status(revocation_v1::RevocationStatus::Good);
        match self.answer {
            Answer::Good => {}
            Answer::Revoked => {
                answer.set_status(revocation_v1::RevocationStatus::Revoked);
                answer.revocation = Some(revocation());
            }
            Answer::Contradiction => answer.revocation = Some(revocation()),
            Answer::Never => std::future::pending().await,
        }
        Ok(Response::new(answer))
    }

    async fn get_freshness(
        &self,
        _request: Request<revocation_v1::GetFreshnessRequest>,
    ) -> Result<Response<revocation_v1::GetFreshnessResponse>, Status> {
        Ok(Response::new(revocation_v1::GetFreshnessResponse::default()))
    }
}

fn revocation() -> revocation_v1::Revocation {
    revocation_v1::Revocation {
        revoked_at: sandbox::now().secs() - 60,
        reason: revocation_v1::RevocationReason::KeyCompromise.into(),
    }
}

fn current_list() -> revocation_v1::ListEvidence {
    let now = sandbox::now().secs();
    revocation_v1::ListEvidence {
        certification_authority: "user-authentication".to_owned(),
        signer_key_id: jpki()
            .authority(CaKind::UserAuthentication)
            .newest()
            .key
            .key_id(),
        crl_number: "1001".to_owned(),
        this_update: now - 60,
        next_update: now + 3600,
        age_seconds: 60,
        ..Default::default()
    }
}

/// A running service with its stand-in, its store and its callers' certificates.
pub(crate) struct Installation {
    pub(crate) context: Context,
    pub(crate) backend: SignatureVerificationServiceClient<Channel>,
    folder: TempDir,
    address: SocketAddr,
    serving: JoinHandle<Result<(), ServeError>>,
    lookup: Running,
    asked: Arc<AtomicUsize>,
}

struct Running {
    address: SocketAddr,
    shutdown: Shutdown,
    serving: JoinHandle<Result<(), ServeError>>,
}

impl Installation {
    pub(crate) async fn start(answer: Answer) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_files(folder.path());
        let asked = Arc::new(AtomicUsize::new(0));
        let anywhere = (Ipv4Addr::LOCALHOST, 0).into();
        let lookup = start_lookup(folder.path(), anywhere, answer, asked.clone()).await;
        let file = folder.path().join("signature-verification.toml");
        std::fs::write(&file, configuration(folder.path(), lookup.address)).unwrap();
        let config = runtime::config::load(&file).unwrap();
        let context = Context::new("signature-verification", Shutdown::new()).await;
        let serving = tokio::spawn(signature_verification::serve(config, context.clone()));
        let address = tokio::select! {
            address = context.addresses.wait("grpc") => address,
            () = tokio::time::sleep(Duration::from_secs(30)) => panic!("it does not start"),
        };
        Self {
            context,
            backend: client(folder.path(), address, BACKEND),
            folder,
            address,
            serving,
            lookup,
            asked,
        }
    }

    /// A client that shows the certificate of this identity.
    pub(crate) fn client(&self, identity: &str) -> SignatureVerificationServiceClient<Channel> {
        client(self.folder.path(), self.address, identity)
    }

    /// What the backend is answered about a card's signature, over the one connection it keeps.
    pub(crate) async fn verify(&self, card: &str) -> VerifySignatureResponse {
        let mut backend = self.backend.clone();
        backend
            .verify_signature(request(card))
            .await
            .unwrap()
            .into_inner()
    }

    /// How often the stand-in was asked.
    pub(crate) fn lookups(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub(crate) async fn stop_lookup(&mut self) {
        self.lookup.shutdown.begin();
        (&mut self.lookup.serving).await.unwrap().unwrap();
    }

    /// Starts the stand-in again where it was.
    pub(crate) async fn start_lookup(&mut self, answer: Answer) {
        let (folder, address) = (self.folder.path(), self.lookup.address);
        self.lookup = start_lookup(folder, address, answer, self.asked.clone()).await;
    }

    /// Drains; nothing of the service is left.
    pub(crate) async fn stop(self) {
        self.context.shutdown.begin();
        self.serving.await.unwrap().unwrap();
        self.lookup.shutdown.stop_now();
        self.lookup.serving.await.unwrap().unwrap();
    }
}

fn client(
    folder: &Path,
    service: SocketAddr,
    identity: &str,
) -> SignatureVerificationServiceClient<Channel> {
    let files = ClientTlsConfig {
        certificate: ConfigPath::new(folder.join(format!("{identity}.pem"))),
        private_key: SecretFile::new(folder.join(format!("{identity}.key"))),
        server_ca: ConfigPath::new(folder.join("ca.pem")),
        server_name: ROLE.to_owned(),
    };
    let uri = format!("https://{service}");
    let channel = runtime::client::channel(&uri, &files, Duration::from_secs(10)).unwrap();
    SignatureVerificationServiceClient::new(channel)
}

async fn start_lookup(
    folder: &Path,
    address: SocketAddr,
    answer: Answer,
    asked: Arc<AtomicUsize>,
) -> Running {
    let shutdown = Shutdown::new();
    let context = Context::new("revocation-lookup", shutdown.clone()).await;
    let callers = [Caller {
        identity: ROLE.to_owned(),
        methods: vec![GET_STATUS.to_owned()],
    }];
    let access = AccessTable::new(&[GET_STATUS], &callers).unwrap();
    let tls = TlsConfig {
        certificate: ConfigPath::new(folder.join(format!("{LOOKUP}.pem"))),
        private_key: SecretFile::new(folder.join(format!("{LOOKUP}.key"))),
        client_ca: ConfigPath::new(folder.join("ca.pem")),
        reload_interval_seconds: 10,
    };
    let mut listen = Listen::at(address);
    listen.threads = Some(1);
    let server = GrpcServer::new(&context, &listen, &tls, access, &[SERVICE_NAME]).unwrap();
    let handler = Arc::new(Lookup { answer, asked });
    let serving = tokio::spawn(server.serve(move |_| {
        Ok(Routes::new(RevocationLookupServiceServer::from_arc(
            handler.clone(),
        )))
    }));
    Running {
        address: context.addresses.wait("grpc").await,
        shutdown,
        serving,
    }
}

/// Service certificates, the holder key and the trust anchors.
fn write_files(folder: &Path) {
    let authority = ServiceAuthority::generate("services of a test").unwrap();
    std::fs::write(folder.join("ca.pem"), authority.certificate_pem()).unwrap();
    for identity in [ROLE, LOOKUP, BACKEND, SRE] {
        let issued = authority.issue(identity).unwrap();
        std::fs::write(
            folder.join(format!("{identity}.pem")),
            issued.certificate_pem,
        )
        .unwrap();
        std::fs::write(
            folder.join(format!("{identity}.key")),
            issued.private_key_pem,
        )
        .unwrap();
    }
    std::fs::write(folder.join("holder-key"), [9; 32]).unwrap();
    for generation in &jpki().authority(CaKind::UserAuthentication).generations {
        let file = format!("anchor-{}.cer", generation.ordinal);
        std::fs::write(folder.join(file), &generation.certificate).unwrap();
    }
}

fn configuration(folder: &Path, lookup: SocketAddr) -> String {
    let mut text = format!(
        r#"
environment = "sandbox"
holder_key_file = "holder-key"
cross_check = "all"

[listen]
address = "127.0.0.1:0"
threads = 2

[tls]
certificate = "{ROLE}.pem"
private_key = "{ROLE}.key"
client_ca = "ca.pem"

[revocation]
uri = "https://{lookup}"
certificate = "{ROLE}.pem"
private_key = "{ROLE}.key"
server_ca = "ca.pem"
server_name = "{LOOKUP}"
timeout_milliseconds = 1000

[store]
holder_links = "sqlite://{}/holder-links.db"

[[caller]]
identity = "{BACKEND}"
methods = ["{}"]

[[certification_authority]]
name = "user-authentication"
profile = "jpki-user-authentication"
crl_signer = "newest_key"
"#,
        folder.display(),
        signature_verification::METHOD,
    );
    for generation in &jpki().authority(CaKind::UserAuthentication).generations {
        let anchor = pki::TrustAnchor::from_der(&generation.certificate).unwrap();
        let sha256 = hex::encode(anchor.sha256_fingerprint());
        let file = format!("anchor-{}.cer", generation.ordinal);
        text.push_str("\n[[certification_authority.trust_anchor]]\n");
        writeln!(text, "file = \"{file}\"\nsha256 = \"{sha256}\"").unwrap();
    }
    text
}
