//! One service, its store, its callers and the lists they ask about.

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use pki::{DistributionPointName, UnixTime};
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
use store::{
    AuditLog, CrlWriter, DatabaseUrl, Departures, HashedSegment, HighWater, NewDelta, NewHeld,
    NewSegment, RemovalDecision, Replacement, SegmentFacts, SourceRegistration,
};
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

/// A list to publish.
pub(crate) struct NewList {
    pub(crate) source: &'static str,
    pub(crate) kind: CaKind,
    /// `None`: a full list.
    pub(crate) municipality: Option<usize>,
    pub(crate) number: u8,
    pub(crate) this_update: UnixTime,
    /// How many entries it is said to have; it has one.
    pub(crate) entry_count: i64,
}

fn segment(serials: &[[u8; 3]]) -> Vec<u8> {
    let entries: Vec<_> = serials.iter().map(|it| (*it, REVOKED_AT)).collect();
    segment_of(&entries)
}

/// The same with a revocation time for each.
fn segment_of(entries: &[([u8; 3], i64)]) -> Vec<u8> {
    let entries: Vec<_> = entries
        .iter()
        .map(|(serial, revoked_at)| index::Entry {
            serial,
            revoked_at: *revoked_at,
            reason: 1,
        })
        .collect();
    index::build(&entries).unwrap()
}

fn facts(list: &NewList) -> SegmentFacts {
    SegmentFacts {
        source: list.source.to_owned(),
        certification_authority: list.kind.name().to_owned(),
        signer_key_id: newest_key(list.kind),
        scope_key: scope_key(list.kind, list.municipality),
        issuing_distribution_point: list
            .municipality
            .map_or_else(Vec::new, |municipality| point_name(list.kind, municipality)),
        crl_number: vec![list.number],
        this_update: list.this_update.secs(),
        next_update: list.this_update.secs() + LIFETIME,
        crl_sha256: [list.number; 32],
        entry_count: list.entry_count,
    }
}

/// A service that runs until the test ends.
pub(crate) struct World {
    folder: TempDir,
    pub(crate) clock: ManualClock,
    pub(crate) context: Context,
    shutdown: Shutdown,
    serving: JoinHandle<Result<(), ServeError>>,
    uri: String,
    crl: DatabaseUrl,
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

    pub(crate) async fn publish_full_lists(&self, number: u8) {
        let this_update = runtime::clock::Clock::now(&self.clock);
        let list = |source, kind| NewList {
            source,
            kind,
            municipality: None,
            number,
            this_update,
            entry_count: 1,
        };
        self.register(&[
            ("user-full", CaKind::UserAuthentication, None),
            ("sign-full", CaKind::DigitalSignature, None),
        ])
        .await;
        self.publish(list("user-full", CaKind::UserAuthentication))
            .await;
        self.publish(list("sign-full", CaKind::DigitalSignature))
            .await;
    }

    pub(crate) async fn register(&self, sources: &[(&str, CaKind, Option<usize>)]) {
        let writer = CrlWriter::open(&self.crl).await.unwrap();
        let registrations: Vec<_> = (0..)
            .zip(sources)
            .map(
                |(ordinal, (source, kind, municipality))| SourceRegistration {
                    source: (*source).to_owned(),
                    certification_authority: kind.name().to_owned(),
                    expected_scope_key: Some(scope_key(*kind, *municipality)),
                    ordinal,
                },
            )
            .collect();
        writer.register_sources(&registrations).await.unwrap();
        writer.close().await;
    }

    /// Puts a list with [`REVOKED`] on it into force and waits until it is served.
    pub(crate) async fn publish(&self, list: NewList) {
        self.publish_revoking(list, &[REVOKED]).await;
    }

    /// Puts a list with these serial numbers on it into force and waits until it is served.
    pub(crate) async fn publish_revoking(&self, list: NewList, revoked: &[[u8; 3]]) {
        self.publish_holding(list, revoked, &[], 0).await;
    }

    /// The same, while other serial numbers are held that left the list, and so many are stated to be.
    pub(crate) async fn publish_holding(
        &self,
        list: NewList,
        revoked: &[[u8; 3]],
        held: &[[u8; 3]],
        stated: u64,
    ) {
        let writer = CrlWriter::open(&self.crl).await.unwrap();
        let (segment, held_segment) = (segment(revoked), segment(held));
        let facts = facts(&list);
        let current = writer.current(list.source).await.unwrap();
        let held = (stated > 0).then(|| NewHeld {
            since: facts.this_update,
            segment: NewSegment {
                segment: &held_segment,
                entry_count: stated,
            },
        });
        let replacement = Replacement {
            facts: &facts,
            segment: HashedSegment::new(segment),
            seen: current.map(|current| current.seen()).unwrap_or_default(),
            keeps_delta: false,
            replaced_this_update: None,
            departures: Departures::Known {
                departed: held.map(|held| held.segment),
                are_held: held.is_some(),
                held,
            },
            original: None,
            keep_history_after: i64::MIN,
        };
        let generation = writer.replace(&replacement).await.unwrap();
        writer.close().await;
        self.until_served(generation).await;
    }

    /// Puts a list in force in place of the one before, as crl-sync does, with revocation times: `left` were on that one
    /// and are not on this one, `None`: nobody knows who was.
    pub(crate) async fn publish_leaving(
        &self,
        list: NewList,
        revoked: &[([u8; 3], i64)],
        left: Option<&[([u8; 3], i64)]>,
    ) {
        let writer = CrlWriter::open(&self.crl).await.unwrap();
        let (segment, left_segment) = (segment_of(revoked), segment_of(left.unwrap_or(&[])));
        let facts = facts(&list);
        let current = writer.current(list.source).await.unwrap();
        let departed = left.filter(|left| !left.is_empty());
        let generation = writer
            .replace(&Replacement {
                facts: &facts,
                segment: HashedSegment::new(segment),
                seen: current
                    .as_ref()
                    .map(store::CurrentSegment::seen)
                    .unwrap_or_default(),
                keeps_delta: false,
                replaced_this_update: current.map(|it| it.facts.this_update),
                departures: left.map_or(Departures::Unknown, |left| Departures::Known {
                    departed: departed.map(|_| NewSegment {
                        segment: &left_segment,
                        entry_count: left.len() as u64,
                    }),
                    are_held: false,
                    held: None,
                }),
                original: None,
                keep_history_after: i64::MIN,
            })
            .await
            .unwrap();
        writer.close().await;
        self.until_served(generation).await;
    }

    /// Puts a delta list to the list in force of a source in force, and waits until it is served.
    pub(crate) async fn publish_delta(&self, source: &str, number: u8, revoked: &[[u8; 3]]) {
        let writer = CrlWriter::open(&self.crl).await.unwrap();
        let current = writer.current(source).await.unwrap().unwrap();
        let this_update = runtime::clock::Clock::now(&self.clock).secs();
        let generation = writer
            .apply_delta(&NewDelta {
                source,
                certification_authority: &current.facts.certification_authority,
                signer_key_id: &current.facts.signer_key_id,
                scope_key: &current.facts.scope_key,
                base_number: &current.facts.crl_number,
                number: HighWater {
                    crl_number: vec![number],
                    this_update,
                    crl_sha256: [number; 32],
                },
                next_update: this_update + 900,
                segment: NewSegment {
                    segment: &segment(revoked),
                    entry_count: revoked.len() as u64,
                },
                seen: current.seen(),
            })
            .await
            .unwrap();
        writer.close().await;
        self.until_served(generation).await;
    }

    /// Lets go what is held of a list, and waits until that is served.
    pub(crate) async fn accept_removals(&self, source: &str, number: u8) {
        let writer = CrlWriter::open(&self.crl).await.unwrap();
        let decision = RemovalDecision {
            decided_by: "operator",
            decided_at: 1,
        };
        let accepted = writer.accept_removals(source, &[number], &decision).await;
        accepted.unwrap();
        let generation = writer.feed().await.unwrap().generation;
        writer.close().await;
        self.until_served(generation).await;
    }

    async fn until_served(&self, generation: u64) {
        self.until("the list is served", async || {
            self.freshness(SRE)
                .await
                .is_ok_and(|freshness| freshness.generation >= generation)
        })
        .await;
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

fn scope_key(kind: CaKind, municipality: Option<usize>) -> Vec<u8> {
    municipality.map_or_else(Vec::new, |municipality| {
        DistributionPointName::from_der(&point_name(kind, municipality))
            .unwrap()
            .scope_key()
    })
}
