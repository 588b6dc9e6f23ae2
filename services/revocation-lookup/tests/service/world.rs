//! One service, its store, its callers and what they ask. Lists are published in [`crate::publishing`].

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use proto::revocation::v1::revocation_lookup_service_client::RevocationLookupServiceClient;
use proto::revocation::v1::{
    BatchGetRevocationStatusRequest, BatchGetRevocationStatusResponse, GetFreshnessRequest,
    GetFreshnessResponse, GetRevocationStatusAsOfRequest, GetRevocationStatusAsOfResponse,
    GetRevocationStatusRequest, GetRevocationStatusResponse, Purpose,
};
use revocation_lookup::Config;
use runtime::clock::ManualClock;
use runtime::config::{ClientTlsConfig, ConfigPath, SecretFile};
use runtime::shutdown::Shutdown;
use runtime::{Context, ServeError};
use sandbox::der;
use sandbox::mint::{Authority, CaKind, MUNICIPALITIES};
use store::{AuditLog, DatabaseUrl};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tonic::Status;
use tonic::transport::Channel;

use crate::files::write_files;

pub(crate) const SERVER: &str = "revocation-lookup.akashi.test";
/// May ask about user-authentication certificates.
pub(crate) const VERIFICATION: &str = "signature-verification.akashi.test";
/// May ask about signing certificates.
pub(crate) const SIGNING: &str = "signing-certificate.akashi.test";
/// May ask about both.
pub(crate) const AUDITOR: &str = "auditor.akashi.test";
/// May see the freshness of both, and look nothing up.
pub(crate) const SRE: &str = "sre.akashi.test";
/// May ask about both in batches and streams, and only so; has small limits.
pub(crate) const BULK: &str = "bulk.akashi.test";
/// Distinct serial numbers [`BULK`] may ask about in an hour.
pub(crate) const BULK_QUOTA: usize = 20_000;
/// Neighbouring serial numbers it may ask about.
pub(crate) const BULK_NEIGHBOURS: usize = 500;
/// Is in no list.
pub(crate) const STRANGER: &str = "city-office.agency.test";

/// On the full lists of both authorities.
pub(crate) const REVOKED: [u8; 3] = [0x13, 0x37, 0x01];
/// On no list.
pub(crate) const UNLISTED: [u8; 3] = [0x13, 0x37, 0x02];
pub(crate) const REVOKED_AT: i64 = 1_700_000_000;

pub(crate) const LIFETIME: i64 = 86_400;

/// Keys take a while to make; the two authorities are the same for all tests.
pub(crate) static AUTHORITIES: LazyLock<[Authority; 2]> = LazyLock::new(|| {
    CaKind::ALL.map(|kind| {
        let mut authority = Authority::new(kind);
        let now = sandbox::now();
        authority
            .add_generation(now.plus_secs(-400 * 86_400))
            .unwrap();
        authority
            .add_generation(now.plus_secs(-100 * 86_400))
            .unwrap();
        authority
    })
});

pub(crate) fn authority(kind: CaKind) -> &'static Authority {
    AUTHORITIES
        .iter()
        .find(|authority| authority.kind == kind)
        .unwrap()
}

/// The key that issues certificates and, as configured here, signs lists.
pub(crate) fn newest_key(kind: CaKind) -> Vec<u8> {
    authority(kind).newest().key.key_id()
}

/// DistributionPointName of the municipality at this place of the sandbox's list.
pub(crate) fn point_name(kind: CaKind, municipality: usize) -> Vec<u8> {
    let directory_name = kind.distribution_point_name(&MUNICIPALITIES[municipality]);
    der::context_constructed(0, &der::context_constructed(4, &directory_name))
}

/// The DistributionPoint as a leaf carries it.
pub(crate) fn point(kind: CaKind, municipality: usize) -> Vec<u8> {
    der::sequence([der::context_constructed(0, &point_name(kind, municipality))])
}

/// A service that runs until the test ends.
pub(crate) struct World {
    folder: TempDir,
    pub(crate) clock: ManualClock,
    pub(crate) context: Context,
    shutdown: Shutdown,
    serving: JoinHandle<Result<(), ServeError>>,
    uri: String,
    /// Where lists are published.
    pub(crate) crl: DatabaseUrl,
}

impl World {
    /// A service over a store that nobody has prepared yet.
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let crl = format!("sqlite://{}", folder.path().join("crl.db").display());
        Self::start_with(folder, &crl, &crl).await
    }

    /// A service whose lists are read from one URL and written to another.
    pub(crate) async fn start_with(folder: TempDir, reader: &str, writer: &str) -> Self {
        write_files(folder.path(), reader, "");
        Self::start_in(folder, writer).await
    }

    /// A service with full lists of both authorities in force, and with more in its configuration, for which files were
    /// put into the folder.
    pub(crate) async fn with_more(folder: TempDir, more: &str) -> Self {
        let crl = format!("sqlite://{}", folder.path().join("crl.db").display());
        write_files(folder.path(), &crl, more);
        let world = Self::start_in(folder, &crl).await;
        world.publish_full_lists(1).await;
        world
    }

    /// The service once more in a folder where one was stopped.
    pub(crate) async fn again(folder: TempDir) -> Self {
        let crl = format!("sqlite://{}", folder.path().join("crl.db").display());
        Self::start_in(folder, &crl).await
    }

    async fn start_in(folder: TempDir, writer: &str) -> Self {
        let clock = ManualClock::at(sandbox::now());
        let shutdown = Shutdown::new();
        let context = Context::with_clock(
            "revocation-lookup",
            shutdown.clone(),
            std::sync::Arc::new(clock.clone()),
        )
        .await;
        let path = folder.path().join("revocation-lookup.toml");
        let config: Config = runtime::config::load(&path).unwrap();
        let serving = tokio::spawn(revocation_lookup::serve(config, context.clone()));
        let address = tokio::select! {
            address = context.addresses.wait("grpc") => address,
            () = tokio::time::sleep(Duration::from_secs(30)) => panic!("the service does not start"),
        };
        let uri = format!("https://{address}");
        Self {
            folder,
            clock,
            context,
            shutdown,
            serving,
            uri,
            crl: writer.parse().unwrap(),
        }
    }

    /// A service with full lists of both authorities in force.
    pub(crate) async fn with_full_lists() -> Self {
        let world = Self::start().await;
        world.publish_full_lists(1).await;
        world
    }

    pub(crate) fn client(&self, identity: &str) -> RevocationLookupServiceClient<Channel> {
        RevocationLookupServiceClient::new(self.channel(identity))
    }

    /// The certificate and key of a caller and the authority of all, in PEM.
    pub(crate) fn tls_files(&self, identity: &str) -> (String, String) {
        let read = |name: String| {
            std::fs::read_to_string(self.folder.path().join("tls").join(name)).unwrap()
        };
        let certificate = read(format!("{identity}.pem"));
        let key = read(format!("{identity}.key"));
        (certificate + &key, read("services-ca.pem".to_owned()))
    }

    /// Where its files are.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn channel(&self, identity: &str) -> Channel {
        let tls = self.folder.path().join("tls");
        let tls = ClientTlsConfig {
            certificate: ConfigPath::new(tls.join(format!("{identity}.pem"))),
            private_key: SecretFile::new(tls.join(format!("{identity}.key"))),
            server_ca: ConfigPath::new(tls.join("services-ca.pem")),
            server_name: SERVER.to_owned(),
        };
        runtime::client::channel(&self.uri, &tls, Duration::from_secs(10)).unwrap()
    }

    pub(crate) async fn ask(
        &self,
        identity: &str,
        request: GetRevocationStatusRequest,
    ) -> Result<GetRevocationStatusResponse, Status> {
        let answer = self.client(identity).get_revocation_status(request).await;
        answer.map(tonic::Response::into_inner)
    }

    pub(crate) async fn ask_as_of(
        &self,
        identity: &str,
        request: GetRevocationStatusAsOfRequest,
    ) -> Result<GetRevocationStatusAsOfResponse, Status> {
        let mut client = self.client(identity);
        let answer = client.get_revocation_status_as_of(request).await;
        answer.map(tonic::Response::into_inner)
    }

    pub(crate) async fn ask_batch(
        &self,
        identity: &str,
        request: BatchGetRevocationStatusRequest,
    ) -> Result<BatchGetRevocationStatusResponse, Status> {
        let mut client = self.client(identity);
        let answer = client.batch_get_revocation_status(request).await;
        answer.map(tonic::Response::into_inner)
    }

    pub(crate) async fn freshness(&self, identity: &str) -> Result<GetFreshnessResponse, Status> {
        let answer = self
            .client(identity)
            .get_freshness(GetFreshnessRequest {})
            .await;
        answer.map(tonic::Response::into_inner)
    }

    /// Waits until something is so.
    pub(crate) async fn until(&self, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
        for _ in 0..600 {
            if is_so().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("waited too long until {what}");
    }

    pub(crate) async fn audit(&self) -> AuditLog {
        AuditLog::open(&audit_url(self.folder.path()).parse().unwrap())
            .await
            .unwrap()
    }

    /// Stops the service as SIGTERM would, and gives back the folder.
    pub(crate) async fn stop(self) -> TempDir {
        self.shutdown.begin();
        self.serving.await.unwrap().unwrap();
        self.folder
    }
}

pub(crate) fn audit_url(folder: &Path) -> String {
    format!("sqlite://{}", folder.join("audit.db").display())
}

/// A complete question about a certificate by the newest key.
pub(crate) fn question(kind: CaKind, serial_number: &[u8]) -> GetRevocationStatusRequest {
    GetRevocationStatusRequest {
        issuer_key_id: newest_key(kind),
        serial_number: serial_number.to_vec(),
        distribution_point: point(kind, 0),
        purpose: Purpose::UserAuthentication.into(),
        case_reference: "case-1".to_owned(),
        ..Default::default()
    }
}

/// A complete question about many certificates by the newest key, with serial numbers of 4 octets.
pub(crate) fn batch(kind: CaKind, serials: &[u32]) -> BatchGetRevocationStatusRequest {
    let single = question(kind, &[]);
    BatchGetRevocationStatusRequest {
        issuer_key_id: single.issuer_key_id,
        serial_number_octets: 4,
        serial_numbers: serials
            .iter()
            .flat_map(|serial| serial.to_be_bytes())
            .collect(),
        distribution_point: single.distribution_point,
        purpose: single.purpose,
        case_reference: single.case_reference,
    }
}
