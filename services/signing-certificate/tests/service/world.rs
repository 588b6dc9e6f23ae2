//! signing-certificate with everything around it, in one process, over real ports.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use pki::UnixTime;
use proto::revocation::v1::Purpose;
use proto::revocation::v1::revocation_lookup_service_server::{
    RevocationLookupServiceServer, SERVICE_NAME as LOOKUP_SERVICE,
};
use proto::signing::v1::signing_certificate_service_client::SigningCertificateServiceClient;
use proto::signing::v1::{CheckSigningCertificateRequest, CheckSigningCertificateResponse};
use runtime::access::AccessTable;
use runtime::clock::ManualClock;
use runtime::config::{Caller, ClientTlsConfig, ConfigPath, Listen, SecretFile, TlsConfig};
use runtime::context::Context;
use runtime::server::GrpcServer;
use runtime::shutdown::Shutdown;
use sandbox::deployment::ServiceAuthority;
use sandbox::mint::{CaKind, EcKey, Jpki, RsaKey, pem, sha256};
use store::AuditLog;
use tempfile::TempDir;
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Response, Status};

use crate::stand_in::{StandIn, good, list};

pub(crate) const CITY_OFFICE: &str = "city-office.agency.test";
pub(crate) const GATEWAY: &str = "oidc-gateway.akashi.test";
/// Asks through the gateway, by its own signed assertions.
pub(crate) const MINISTRY: &str = "ministry.agency.test";
pub(crate) const AUDIENCE: &str = "signing-certificate.akashi.test";
const SIGNING: &str = "signing-certificate.akashi.test";
const LOOKUP: &str = "revocation-lookup.akashi.test";
const IDENTITIES: [&str; 4] = [CITY_OFFICE, GATEWAY, SIGNING, LOOKUP];
const GET_STATUS: &str = "/akashi.revocation.v1.RevocationLookupService/GetRevocationStatus";
const GET_STATUS_AS_OF: &str =
    "/akashi.revocation.v1.RevocationLookupService/GetRevocationStatusAsOf";

/// Minting takes a second; the tests share one.
pub(crate) static JPKI: LazyLock<Jpki> = LazyLock::new(|| Jpki::mint(sandbox::now()).unwrap());

/// A key for certificates that tests mint themselves.
pub(crate) static LEAF_KEY: LazyLock<RsaKey> = LazyLock::new(|| RsaKey::generate().unwrap());

pub(crate) struct World {
    folder: TempDir,
    pub(crate) now: UnixTime,
    pub(crate) clock: ManualClock,
    pub(crate) lookup: StandIn,
    pub(crate) audit: AuditLog,
    pub(crate) ministry: EcKey,
    signing: Context,
    lookup_context: Context,
}

impl World {
    /// The service with its audit log in a SQLite file; revocation-lookup calls everything good.
    pub(crate) async fn start() -> Self {
        Self::start_by("crl").await
    }

    /// The same, with this `revocation_method`.
    pub(crate) async fn start_by(method: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let audit = format!("sqlite://{}", folder.path().join("audit.db").display());
        Self::start_in(folder, &audit, method).await
    }

    pub(crate) async fn start_with_audit_at(audit: &str) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), audit, "crl").await
    }

    async fn start_in(folder: TempDir, audit: &str, method: &str) -> Self {
        write_certificates(folder.path());
        let now = sandbox::now();
        let clock = ManualClock::at(now);
        let newest = JPKI.authority(CaKind::DigitalSignature).newest();
        let lookup = StandIn::new(good(list(&newest.key.key_id(), now)));
        let lookup_context = serve_lookup(folder.path(), lookup.clone()).await;
        let lookup_address = lookup_context.addresses.wait("grpc").await;

        let file = folder.path().join("signing-certificate.toml");
        let lookup_url = format!("https://{lookup_address}");
        let ministry = EcKey::generate().unwrap();
        let text = config(audit, &lookup_url, method) + &forwarded(&ministry);
        std::fs::write(&file, text).unwrap();
        let config: signing_certificate::Config = runtime::config::load(&file).unwrap();
        let signing = Context::with_clock(
            "signing-certificate",
            Shutdown::new(),
            Arc::new(clock.clone()),
        )
        .await;
        let context = signing.clone();
        let serving =
            tokio::spawn(async move { signing_certificate::serve(config, context).await });
        tokio::select! {
            _ = signing.addresses.wait("grpc") => {}
            outcome = serving => panic!("the service ended: {outcome:?}"),
        }
        Self {
            folder,
            now,
            clock,
            lookup,
            audit: AuditLog::open(&audit.parse().unwrap()).await.unwrap(),
            ministry,
            signing,
            lookup_context,
        }
    }

    /// A client that shows the certificate of this identity.
    pub(crate) async fn client(&self, identity: &str) -> SigningCertificateServiceClient<Channel> {
        let address = self.signing.addresses.wait("grpc").await;
        let path = |name: String| self.folder.path().join(name);
        let tls = ClientTlsConfig {
            certificate: ConfigPath::new(path(format!("{identity}.pem"))),
            private_key: SecretFile::new(path(format!("{identity}.key"))),
            server_ca: ConfigPath::new(path("ca.pem".to_owned())),
            server_name: SIGNING.to_owned(),
        };
        let uri = format!("https://{address}");
        let channel = runtime::client::channel(&uri, &tls, Duration::from_secs(20)).unwrap();
        SigningCertificateServiceClient::new(channel)
    }

    /// Asks as the city office.
    pub(crate) async fn ask(
        &self,
        request: CheckSigningCertificateRequest,
    ) -> Result<CheckSigningCertificateResponse, Status> {
        let mut client = self.client(CITY_OFFICE).await;
        client
            .check_signing_certificate(request)
            .await
            .map(Response::into_inner)
    }

    /// Asks as the city office about a certificate, and expects an answer.
    pub(crate) async fn check(&self, certificate: &[u8]) -> CheckSigningCertificateResponse {
        self.ask(request(certificate)).await.unwrap()
    }

    /// The metrics in text.
    pub(crate) fn metrics(&self) -> String {
        self.signing.metrics.render()
    }

    pub(crate) fn stop_lookup(&self) {
        self.lookup_context.shutdown.stop_now();
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.signing.shutdown.stop_now();
        self.lookup_context.shutdown.stop_now();
    }
}

/// The signing certificate on a card of the sandbox.
pub(crate) fn certificate_of(card: &str) -> &'static [u8] {
    &JPKI.card(card).unwrap().digital_signature.der
}

/// A complete request about a certificate.
pub(crate) fn request(certificate: &[u8]) -> CheckSigningCertificateRequest {
    CheckSigningCertificateRequest {
        certificate: certificate.to_vec(),
        purpose: Purpose::ValidityConfirmation.into(),
        case_reference: "R8-17".to_owned(),
        at: 0,
    }
}

fn write_certificates(folder: &Path) {
    let authority = ServiceAuthority::generate("Test services").unwrap();
    std::fs::write(folder.join("ca.pem"), authority.certificate_pem()).unwrap();
    for identity in IDENTITIES {
        let certificate = authority.issue(identity).unwrap();
        let write = |name: String, text: &str| std::fs::write(folder.join(name), text).unwrap();
        write(format!("{identity}.pem"), &certificate.certificate_pem);
        write(format!("{identity}.key"), &certificate.private_key_pem);
    }
    for generation in &JPKI.authority(CaKind::DigitalSignature).generations {
        std::fs::write(
            anchor_file(folder, generation.ordinal),
            &generation.certificate,
        )
        .unwrap();
    }
}

fn anchor_file(folder: &Path, ordinal: u8) -> PathBuf {
    folder.join(format!("signca{ordinal}.cer"))
}

async fn serve_lookup(folder: &Path, stand_in: StandIn) -> Context {
    let context = Context::new("revocation-lookup", Shutdown::new()).await;
    let tls = TlsConfig {
        certificate: ConfigPath::new(folder.join(format!("{LOOKUP}.pem"))),
        private_key: SecretFile::new(folder.join(format!("{LOOKUP}.key"))),
        client_ca: ConfigPath::new(folder.join("ca.pem")),
        reload_interval_seconds: 10,
    };
    let caller = Caller {
        identity: SIGNING.to_owned(),
        methods: [GET_STATUS, GET_STATUS_AS_OF].map(str::to_owned).to_vec(),
    };
    let access = AccessTable::new(&[GET_STATUS, GET_STATUS_AS_OF], &[caller]).unwrap();
    let mut listen = Listen::at("127.0.0.1:0".parse().unwrap());
    listen.threads = Some(1);
    let server = GrpcServer::new(&context, &listen, &tls, access, &[LOOKUP_SERVICE]).unwrap();
    tokio::spawn(server.serve(move |_core| {
        Ok(Routes::new(RevocationLookupServiceServer::new(
            stand_in.clone(),
        )))
    }));
    context
}

/// The gateway forwards what the ministry has signed.
fn forwarded(ministry: &EcKey) -> String {
    let public_key = pem("PUBLIC KEY", &ministry.subject_public_key_info());
    format!(
        "[[caller]]\nidentity = \"{GATEWAY}\"\nmethods = [\"{method}\"]\n\
         [forwarded]\naudience = \"{AUDIENCE}\"\n\
         [[forwarded.agency]]\nidentity = \"{MINISTRY}\"\n\
         [[forwarded.agency.key]]\nkey_id = \"ministry-1\"\npublic_key = \"\"\"{public_key}\"\"\"\n",
        method = signing_certificate::FORWARDED_METHOD
    )
}

fn config(audit: &str, lookup: &str, revocation_method: &str) -> String {
    let mut anchors = String::new();
    for generation in &JPKI.authority(CaKind::DigitalSignature).generations {
        let (ordinal, fingerprint) = (
            generation.ordinal,
            hex::encode(sha256(&generation.certificate)),
        );
        anchors += "[[certification_authority.trust_anchor]]\n";
        writeln!(
            anchors,
            "file = \"signca{ordinal}.cer\"\nsha256 = \"{fingerprint}\""
        )
        .unwrap();
    }
    format!(
        r#"
environment = "sandbox"
cross_check = "all"
revocation_method = "{revocation_method}"
[listen]
address = "127.0.0.1:0"
threads = 2
[tls]
certificate = "{SIGNING}.pem"
private_key = "{SIGNING}.key"
client_ca = "ca.pem"
[revocation]
uri = "{lookup}"
certificate = "{SIGNING}.pem"
private_key = "{SIGNING}.key"
server_ca = "ca.pem"
server_name = "{LOOKUP}"
timeout_milliseconds = 1000
[store]
audit = "{audit}"
[[caller]]
identity = "{CITY_OFFICE}"
methods = ["{method}"]
[[certification_authority]]
name = "digital-signature"
profile = "jpki-signing"
crl_signer = "newest_key"
{anchors}"#,
        method = signing_certificate::METHOD
    )
}
