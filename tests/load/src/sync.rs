//! One whole list, from its source until it is in force, beside a bare hash of the same octets and a bare file.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use pki::{CrlSigner, CrossCheck, Verifier};
use sandbox::deployment::{Deployment, Ports};
use sandbox::mint::CaKind;
use sandbox::nation::{ListId, Nation, Plan, Serials};
use sandbox::postgres::{Postgres, PostgresError};

use crate::limits::{self, Took, megabytes_a_second, milliseconds};
use crate::list_source::{From, ListServer, Reader};
use crate::ratios::{Goal, Line, RatioReport, Reference};
use crate::report::Figure;
use crate::sync_once::{self, SyncRun};
use crate::turns;

/// The list that is synced, and its source.
const LIST: ListId = ListId {
    kind: CaKind::UserAuthentication,
    partition: None,
};
const SOURCE: &str = "user-authentication.full";

/// What memory an entry may take, and what a sync may besides.
const OCTETS_AN_ENTRY: u64 = 40;
const OCTETS_BESIDES: u64 = 32 << 20;

/// What is measured.
#[derive(Clone, Debug)]
pub struct SyncPlan {
    /// This program.
    pub program: PathBuf,
    /// Entries of the list.
    pub entries: u64,
    /// What serial numbers look like.
    pub serials: Serials,
    /// How often.
    pub rounds: u32,
}

/// One round.
struct Round {
    sha256: Took,
    file: Took,
    memory: [Took; 2],
    stored: Vec<SyncRun>,
}

/// Measures in a folder of its own.
///
/// # Errors
/// When something fails or a list is refused.
pub fn measure(plan: &SyncPlan, folder: &Path, load_before: String) -> Result<RatioReport> {
    let subject = Subject::new(plan, folder)?;
    let rounds = turns::rounds(plan.rounds, || subject.round())?;
    Ok(subject.report(plan, load_before, &rounds))
}

struct Subject {
    program: PathBuf,
    folder: PathBuf,
    nation: Nation,
    deployment: Deployment,
    server: ListServer,
    postgres: Option<Postgres>,
    list: Vec<u8>,
    segment: Vec<u8>,
}

impl Subject {
    fn new(plan: &SyncPlan, folder: &Path) -> Result<Self> {
        turns::begin("minting")?;
        let nation = Nation::mint(
            &folder.join("nation"),
            Plan {
                revoked: plan.entries * 2,
                partitions: 0,
                full: true,
                serials: plan.serials,
                seed: 1,
                days: 1,
            },
            sandbox::now(),
            |_| {},
        )?;
        let deployment = nation.deploy(Ports::free_from(13_000).context("no free ports")?)?;
        let postgres = match Postgres::start() {
            Ok(postgres) => Some(postgres),
            Err(PostgresError::NotInstalled | PostgresError::NoUser) => None,
            Err(error) => return Err(error.into()),
        };
        let list = fs::read(nation.file(LIST))?;
        let authority = nation.authority(LIST.kind).trusted(CrlSigner::NewestKey);
        let reader = Reader {
            authority: &authority,
            verifier: &Verifier::new(CrossCheck::Off),
        };
        Ok(Self {
            program: plan.program.clone(),
            folder: folder.to_owned(),
            server: ListServer::start(nation.file(LIST))?,
            segment: reader.index([&list])?.serialised().to_vec(),
            nation,
            deployment,
            postgres,
            list,
        })
    }

    fn round(&self) -> Result<Round> {
        let authority = self.nation.authority(LIST.kind);
        let reader = Reader {
            authority: &authority.trusted(CrlSigner::NewestKey),
            verifier: &Verifier::new(CrossCheck::Off),
        };
        let file = self.nation.file(LIST);
        let sha256 = limits::sha256(&self.list)?;
        let (_, from_file) = reader.open(From::File(&file))?;
        let from_sqlite_file = self.stored(None, false)?;
        let bare_file = limits::write_and_sync(&self.folder, &self.segment)?;
        let (_, over_http) = reader.open(From::Http(self.server.address()))?;
        let mut stored = vec![from_sqlite_file, self.stored(None, true)?];
        if let Some(postgres) = &self.postgres {
            stored.push(self.stored(Some(postgres), false)?);
        }
        Ok(Round {
            sha256,
            file: bare_file,
            memory: [from_file, over_http],
            stored,
        })
    }

    /// One run of crl-sync into an empty store.
    fn stored(&self, postgres: Option<&Postgres>, over_http: bool) -> Result<SyncRun> {
        let deployed = self.deployment.folder();
        for file in ["crl.db", "crl.db-wal", "crl.db-shm"] {
            let _ = fs::remove_file(deployed.join("data").join(file));
        }
        let text = fs::read_to_string(self.deployment.config_file("crl-sync"))?;
        let mut config: toml::Table = text.parse()?;
        let sources = config.get_mut("source").and_then(toml::Value::as_array_mut);
        let sources = sources.context("crl-sync has no sources")?;
        sources.retain(|source| source["name"].as_str() == Some(SOURCE));
        if over_http {
            let address = format!("http://{}/", self.server.address());
            sources[0]["url"] = toml::Value::String(address);
        }
        if let Some(postgres) = postgres {
            let url = postgres.url_in(&postgres.fresh_database()?, "crl_writer");
            config["store"]["crl"] = toml::Value::String(url);
        }
        let path = deployed.join("one-run.toml");
        fs::write(&path, toml::to_string(&config)?)?;
        sync_once::start(&self.program, &path, &self.folder)
    }

    fn report(&self, plan: &SyncPlan, load_before: String, rounds: &[Round]) -> RatioReport {
        let mut lines = vec![
            memory(rounds, "file, verified, index ready to be served (CPU)", 0),
            memory(rounds, "the same over HTTP (CPU)", 1),
            stored(rounds, "crl-sync, file, in force on SQLite", 0),
            stored(rounds, "crl-sync, HTTP, in force on SQLite", 1),
        ];
        let mut notes = Vec::new();
        if self.postgres.is_some() {
            lines.push(stored(rounds, "crl-sync, file, in force on PostgreSQL", 2));
        } else {
            notes.push("PostgreSQL is not installed, and left out.".to_owned());
        }
        let names = ["file", "HTTP", "PostgreSQL"];
        for (place, name) in names.into_iter().enumerate().take(lines.len() - 2) {
            lines.push(peak(rounds, plan.entries, name, place));
        }
        let sha256 = |round: &Round| megabytes_a_second(self.list.len(), round.sha256.cpu);
        let file = |round: &Round| megabytes_a_second(self.segment.len(), round.file.wall);
        RatioReport {
            title: format!(
                "A list of {} entries, {:?} serial numbers, {} octets; its index has {}",
                plan.entries,
                plan.serials,
                self.list.len(),
                self.segment.len()
            ),
            rounds: plan.rounds,
            load_before,
            lines,
            references: vec![
                Reference::rate(
                    "SHA-256",
                    "MB/s",
                    limits::REFERENCE_SHA256,
                    Figure::of(rounds, sha256),
                ),
                Reference::rate(
                    "One file written and fsynced",
                    "MB/s",
                    limits::REFERENCE_FILE,
                    Figure::of(rounds, file),
                ),
            ],
            notes,
        }
    }
}

fn memory(rounds: &[Round], name: &str, place: usize) -> Line {
    let round = |round: &Round| {
        let measured = milliseconds(round.memory[place].cpu);
        (measured, milliseconds(round.sha256.cpu))
    };
    let rounds: Vec<_> = rounds.iter().map(round).collect();
    Line::new(name, "SHA-256", "ms", &rounds, Goal::AtLeast(0.30))
}

fn stored(rounds: &[Round], name: &str, place: usize) -> Line {
    let round = |round: &Round| {
        let limit = round.sha256.wall + round.file.wall;
        let measured = milliseconds(round.stored[place].took.wall);
        (measured, milliseconds(limit))
    };
    let rounds: Vec<_> = rounds.iter().map(round).collect();
    let limit = "SHA-256 + one file of the index";
    Line::new(name, limit, "ms", &rounds, Goal::AtLeast(0.60))
}

fn peak(rounds: &[Round], entries: u64, name: &str, place: usize) -> Line {
    #[expect(clippy::cast_precision_loss, reason = "less than 2^52")]
    let megabytes = |octets: u64| octets as f64 / 1e6;
    let limit = megabytes(OCTETS_AN_ENTRY * entries + OCTETS_BESIDES);
    let round = |round: &Round| (megabytes(round.stored[place].peak), limit);
    let rounds: Vec<_> = rounds.iter().map(round).collect();
    let name = format!("crl-sync, {name}: memory at most");
    let limit = "40 octets an entry + 32 MiB";
    Line::new(name, limit, "MB", &rounds, Goal::AtMost(1.0))
}
