//! A publisher of lists, the authorities behind it, a clock and a crl-sync that has only a folder.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use crl_sync::{Config, Outcome, SourceOutcome};
use index::{Hit, Segment};
use pki::UnixTime;
use runtime::Context;
use runtime::clock::ManualClock;
use runtime::shutdown::Shutdown;
use sandbox::mint::{
    Authority, CaKind, CrlSpec, ListKind, ListSigner, Municipality, Revocation, sha256,
};
use store::{CrlReader, DatabaseUrl, SourceState};

pub(crate) const HOUR: i64 = 3600;
pub(crate) const FULL: ListKind = ListKind {
    signer: ListSigner::Newest,
    municipality: None,
};

/// What a path of the publisher answers.
type Answers = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;
/// The path of every request and whether it was conditional.
type Requests = Arc<Mutex<Vec<(String, bool)>>>;

pub(crate) struct World {
    pub(crate) authority: Authority,
    pub(crate) clock: ManualClock,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) address: String,
    pub(crate) shutdown: Shutdown,
    answers: Answers,
    requests: Requests,
    metrics: Mutex<String>,
}

impl World {
    /// Two generations of keys, four revoked serials in two municipalities, nothing published.
    pub(crate) async fn new() -> Self {
        let now = sandbox::now();
        let mut authority = Authority::new(CaKind::UserAuthentication);
        for days in [1000, 100] {
            authority
                .add_generation(now.plus_secs(-days * 86_400))
                .unwrap();
        }
        for (serial, generation, municipality) in
            [(101, 1, 0), (102, 2, 0), (103, 1, 1), (104, 2, 1)]
        {
            authority
                .revocations
                .push(revocation(serial, generation, municipality, now));
        }
        let folder = tempfile::tempdir().unwrap();
        for generation in &authority.generations {
            std::fs::write(
                anchor_file(folder.path(), generation.ordinal),
                &generation.certificate,
            )
            .unwrap();
        }
        std::fs::write(folder.path().join("holder-key"), [7; 32]).unwrap();
        let (answers, requests) = (Answers::default(), Requests::default());
        let address = publish(Arc::clone(&answers), Arc::clone(&requests)).await;
        Self {
            authority,
            clock: ManualClock::at(now),
            folder,
            address,
            shutdown: Shutdown::new(),
            answers,
            requests,
            metrics: Mutex::default(),
        }
    }

    pub(crate) fn now(&self) -> UnixTime {
        use runtime::clock::Clock as _;
        self.clock.now()
    }

    /// A list issued an hour ago and due in a day, not yet signed.
    pub(crate) fn spec(&self, kind: &ListKind, number: u64) -> CrlSpec {
        let now = self.now();
        self.authority
            .list(kind, number, now.plus_secs(-HOUR), now.plus_secs(24 * HOUR))
    }

    /// The same, signed by the key that should.
    pub(crate) fn list(&self, kind: &ListKind, number: u64) -> Vec<u8> {
        self.spec(kind, number)
            .sign(&self.authority.list_signer(kind.signer).key)
    }

    pub(crate) fn publish(&self, path: &str, octets: impl Into<Vec<u8>>) {
        self.answers
            .lock()
            .unwrap()
            .insert(format!("/{path}"), octets.into());
    }

    pub(crate) fn withdraw(&self, path: &str) {
        self.answers.lock().unwrap().remove(&format!("/{path}"));
    }

    pub(crate) fn requests(&self) -> Vec<(String, bool)> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn url(&self, part: &str) -> DatabaseUrl {
        DatabaseUrl::sqlite(&self.folder.path().join(part)).unwrap()
    }

    /// A configuration with these sources.
    pub(crate) fn config(&self, crl_signer: &str, sources: &str) -> Config {
        runtime::config::parse(&self.config_text(crl_signer, sources)).unwrap()
    }

    /// The same as a text.
    pub(crate) fn config_text(&self, crl_signer: &str, sources: &str) -> String {
        let folder = self.folder.path().display();
        let mut text = format!(
            "environment = \"sandbox\"\nstate_directory = \"{folder}/state\"\nholder_key_file = \"{folder}/holder-key\"\n\
             [store]\ncrl = \"sqlite://{folder}/crl.db\"\nholder_links = \"sqlite://{folder}/links.db\"\n\
             [fetch]\nread_timeout_seconds = 2\n\
             [[certification_authority]]\nname = \"user-authentication\"\n\
             profile = \"jpki-user-authentication\"\ncrl_signer = \"{crl_signer}\"\n"
        );
        for generation in &self.authority.generations {
            let file = anchor_file(self.folder.path(), generation.ordinal);
            let fingerprint = hex::encode(sha256(&generation.certificate));
            let file = file.display();
            write!(
                text,
                "[[certification_authority.trust_anchor]]\nfile = \"{file}\"\nsha256 = \"{fingerprint}\"\n"
            )
            .unwrap();
        }
        text + sources
    }

    /// One source of a full list, signed by the newest key.
    pub(crate) fn full_config(&self) -> Config {
        self.config("newest_key", &self.source("full", ""))
    }

    /// A source at `/{name}` that is asked every second.
    pub(crate) fn source(&self, name: &str, more: &str) -> String {
        format!(
            "[[source]]\nname = \"{name}\"\ncertification_authority = \"user-authentication\"\n\
             url = \"http://{}/{name}\"\ninterval_seconds = 1\njitter_seconds = 0\nretry_seconds = 1\n{more}\n",
            self.address
        )
    }

    /// A source in a file of the world's folder.
    pub(crate) fn file_source(&self, name: &str, more: &str) -> String {
        let file = self.folder.path().join(name);
        let url = format!("file://{}", file.display());
        let address = format!("http://{}/{name}", self.address);
        self.source(name, more).replace(&address, &url)
    }

    pub(crate) async fn context(&self) -> Context {
        Context::with_clock(
            "crl-sync",
            self.shutdown.clone(),
            Arc::new(self.clock.clone()),
        )
        .await
    }

    /// Asks every source once.
    pub(crate) async fn sync(&self, config: Config) -> Vec<SourceOutcome> {
        let context = self.context().await;
        let outcomes = crl_sync::sync_once(config, context.clone()).await.unwrap();
        *self.metrics.lock().unwrap() = context.metrics.render();
        outcomes
    }

    /// Asks the one full list once.
    pub(crate) async fn sync_full(&self) -> Outcome {
        let [outcome] = self.sync(self.full_config()).await.try_into().unwrap();
        outcome.outcome
    }

    /// The metrics after the last attempt.
    pub(crate) fn metrics(&self) -> String {
        self.metrics.lock().unwrap().clone()
    }

    /// What revocation-lookup would find about a source.
    pub(crate) async fn state(&self, source: &str) -> SourceState {
        let reader = CrlReader::open(&self.url("crl.db")).unwrap();
        let manifest = reader.manifest().await.unwrap();
        manifest
            .sources
            .into_iter()
            .find(|state| state.registration.source == source)
            .unwrap()
    }

    /// What revocation-lookup would answer for a serial from the list in force of a source.
    pub(crate) async fn look_up(&self, source: &str, serial: u64) -> Option<Hit> {
        let reader = CrlReader::open(&self.url("crl.db")).unwrap();
        let current = self.state(source).await.current.unwrap();
        let octets = reader.segment(&current).await.unwrap().unwrap();
        Segment::open(octets)
            .unwrap()
            .lookup(&sandbox::mint::serial_octets(serial))
    }

    /// What revocation-lookup would find for a serial among what is held of a source.
    pub(crate) async fn look_up_held(&self, source: &str, serial: u64) -> Option<Hit> {
        let reader = CrlReader::open(&self.url("crl.db")).unwrap();
        let held = self.state(source).await.current.unwrap().held?;
        let octets = reader.stored_segment(&held.segment).await.unwrap().unwrap();
        let segment = Segment::open(octets).unwrap();
        assert_eq!(segment.len() as u64, held.segment.entry_count);
        segment.lookup(&sandbox::mint::serial_octets(serial))
    }

    /// What revocation-lookup would find for a serial in the delta list in force of a source.
    pub(crate) async fn look_up_delta(&self, source: &str, serial: u64) -> Option<Hit> {
        let reader = CrlReader::open(&self.url("crl.db")).unwrap();
        let delta = self.state(source).await.current.unwrap().delta?;
        let octets = reader.stored_segment(&delta.segment).await.unwrap();
        let segment = Segment::open(octets.unwrap()).unwrap();
        assert_eq!(segment.len() as u64, delta.segment.entry_count);
        segment.lookup(&sandbox::mint::serial_octets(serial))
    }

    /// The number in force of a source.
    pub(crate) async fn number(&self, source: &str) -> Option<Vec<u8>> {
        let reader = CrlReader::open(&self.url("crl.db")).unwrap();
        let sources = reader.manifest().await.unwrap().sources;
        // The worker of a service registers its sources after it has become ready.
        let state = sources
            .into_iter()
            .find(|state| state.registration.source == source)?;
        state.current.map(|current| current.facts.crl_number)
    }
}

pub(crate) fn revocation(
    serial: u64,
    generation: u8,
    municipality: usize,
    now: UnixTime,
) -> Revocation {
    let municipality = sandbox::mint::MUNICIPALITIES[municipality].slug.to_owned();
    Revocation {
        serial,
        generation,
        municipality,
        revoked_at: now.plus_secs(-48 * HOUR).secs(),
        reason: 1,
    }
}

pub(crate) fn partition(signer: ListSigner, municipality: &'static Municipality) -> ListKind {
    ListKind {
        signer,
        municipality: Some(municipality),
    }
}

pub(crate) fn accepted(number: u64) -> Outcome {
    accepted_holding(number, 0)
}

/// Accepted, with so many removals held.
pub(crate) fn accepted_holding(number: u64, held_removals: u64) -> Outcome {
    Outcome::Accepted {
        number: number.to_string(),
        held_removals,
    }
}

pub(crate) fn unchanged(number: u64) -> Outcome {
    Outcome::Unchanged {
        number: number.to_string(),
    }
}

/// The rule of a refusal or failure, and which of the two it was.
pub(crate) fn rule(outcome: &Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Refused { rule, .. } => ("refused", rule),
        Outcome::Failed { rule, .. } => ("failed", rule),
        Outcome::Accepted { .. } | Outcome::Unchanged { .. } => (outcome.name(), ""),
    }
}

fn anchor_file(folder: &Path, ordinal: u8) -> PathBuf {
    folder.join(format!("anchor-{ordinal}.cer"))
}

async fn publish(answers: Answers, requests: Requests) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let router = Router::new()
        .fallback(answer)
        .with_state((answers, requests));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Answers with an entity tag, and 304 to whoever has that very content.
async fn answer(
    State((answers, requests)): State<(Answers, Requests)>,
    request: Request,
) -> Response {
    let path = request.uri().path().to_owned();
    let asked = request.headers().get(header::IF_NONE_MATCH).cloned();
    requests
        .lock()
        .unwrap()
        .push((path.clone(), asked.is_some()));
    let Some(octets) = answers.lock().unwrap().get(&path).cloned() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = format!("\"{}\"", hex::encode(sha256(&octets)));
    if asked.is_some_and(|asked| asked.as_bytes() == tag.as_bytes()) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    ([(header::ETAG, tag)], octets).into_response()
}
