//! An index on its way into the store, beside the same octets as one file written and fsynced, and beside what the bare
//! database can do with them.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use index::Builder;
use sandbox::nation::Serials;
use sandbox::postgres::{Postgres, PostgresError};
use store::{CrlWriter, DatabaseUrl, HashedSegment, Replacement, SegmentFacts, SourceRegistration};
use tokio::runtime::Runtime;

use crate::bare_database::{BarePostgres, BareSqlite};
use crate::index_serials::{Kind, details};
use crate::limits::{self, megabytes_a_second, milliseconds};
use crate::ratios::{Goal, Line, RatioReport, Reference};
use crate::report::Figure;
use crate::turns;

/// The one source.
const SOURCE: &str = "load";
/// The share of a bare file's rate that a store must reach.
const AT_LEAST: f64 = 0.6;
const THIS_UPDATE: i64 = 1_767_225_600;

/// What is measured.
#[derive(Clone, Debug)]
pub struct DurablePlan {
    /// Entries of the index.
    pub entries: u64,
    /// What serial numbers look like.
    pub serials: Serials,
    /// How often.
    pub rounds: u32,
}

/// One round, in seconds on the clock.
struct Round {
    file: f64,
    sqlite: f64,
    bare_sqlite: f64,
    postgres: Option<f64>,
    bare_postgres: Option<f64>,
}

/// Measures in a folder of its own.
///
/// # Errors
/// When a database or the disk fails.
pub fn measure(plan: &DurablePlan, folder: &Path, load_before: String) -> Result<RatioReport> {
    let postgres = match Postgres::start_durable() {
        Ok(postgres) => Some(postgres),
        Err(PostgresError::NotInstalled | PostgresError::NoUser) => None,
        Err(error) => return Err(error.into()),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let segment = HashedSegment::new(segment(plan)?);
    segment.sha256();
    let octets = segment.octets();
    let mut bare_sqlite = BareSqlite::open(&runtime, &folder.join("bare.db"))?;
    let sqlite = DatabaseUrl::sqlite(&folder.join("crl.db"))?;
    let mut sqlite = Store::open(&runtime, &sqlite)?;
    let mut other = match &postgres {
        Some(postgres) => {
            let url = postgres.url("crl_writer");
            let bare = BarePostgres::open(&runtime, &url)?;
            Some((Store::open(&runtime, &url.parse()?)?, bare))
        }
        None => None,
    };
    let rounds = turns::rounds(plan.rounds, || {
        Ok(Round {
            file: limits::write_and_sync(folder, octets)?.wall,
            sqlite: sqlite.apply(&segment)?,
            bare_sqlite: bare_sqlite.replace(octets)?,
            postgres: other
                .as_mut()
                .map(|(store, _)| store.apply(&segment))
                .transpose()?,
            bare_postgres: other
                .as_mut()
                .map(|(_, bare)| bare.replace(octets))
                .transpose()?,
        })
    })?;
    Ok(report(plan, load_before, octets.len(), &rounds))
}

/// An index that is as long as one of a list.
fn segment(plan: &DurablePlan) -> Result<Vec<u8>> {
    let kind = match plan.serials {
        Serials::Dense => Kind::Dense,
        Serials::Sparse8 => Kind::Narrow,
        Serials::Wide20 => Kind::Wide,
    };
    let mut builder = Builder::new();
    let mut serial = vec![0; kind.octets()];
    for place in 0..plan.entries {
        kind.revoked(place, &mut serial);
        let (revoked_at, reason) = details(place);
        builder.push(&serial, revoked_at, reason)?;
    }
    Ok(builder.finish()?)
}

/// A store with one source.
struct Store<'a> {
    runtime: &'a Runtime,
    writer: CrlWriter,
    facts: SegmentFacts,
    number: u64,
    generation: u64,
}

impl<'a> Store<'a> {
    fn open(runtime: &'a Runtime, url: &DatabaseUrl) -> Result<Self> {
        let registration = SourceRegistration {
            source: SOURCE.to_owned(),
            certification_authority: SOURCE.to_owned(),
            expected_scope_key: None,
            ordinal: 0,
        };
        let writer = runtime.block_on(async {
            let writer = CrlWriter::open(url).await?;
            writer.register_sources(&[registration]).await?;
            Ok::<_, anyhow::Error>(writer)
        })?;
        let facts = SegmentFacts {
            source: SOURCE.to_owned(),
            certification_authority: SOURCE.to_owned(),
            signer_key_id: vec![1; 20],
            scope_key: Vec::new(),
            issuing_distribution_point: Vec::new(),
            crl_number: Vec::new(),
            this_update: THIS_UPDATE,
            next_update: THIS_UPDATE + 86_400,
            crl_sha256: [0; 32],
            entry_count: 1,
        };
        Ok(Self {
            runtime,
            writer,
            facts,
            number: 1_000,
            generation: 0,
        })
    }

    /// Puts the index in force in the place of the one before; takes so many seconds. It was hashed when it was made.
    fn apply(&mut self, segment: &HashedSegment) -> Result<f64> {
        self.number += 1;
        self.facts.crl_number = self.number.to_be_bytes()[6..].to_vec();
        let (facts, replaces) = (&self.facts, self.generation);
        let replacement = Replacement::without_departures(facts, segment.clone(), replaces);
        let began = Instant::now();
        self.generation = self.runtime.block_on(self.writer.replace(&replacement))?;
        let took = began.elapsed().as_secs_f64();
        // What the store does beside its lists must not go on beside the next measurement.
        self.runtime.block_on(self.writer.settle())?;
        Ok(took)
    }
}

/// A figure of a round, if there is one.
type Measured = fn(&Round) -> Option<f64>;

fn report(plan: &DurablePlan, load_before: String, octets: usize, rounds: &[Round]) -> RatioReport {
    let line = |name: &str, measured: Measured, limit: (&str, Measured), goal| {
        let pair = |round: &Round| {
            let (measured, limit) = (measured(round)?, limit.1(round)?);
            Some((milliseconds(measured), milliseconds(limit)))
        };
        let rounds: Option<Vec<_>> = rounds.iter().map(pair).collect();
        Some(Line::new(name, limit.0, "ms", &rounds?, goal))
    };
    let (reached, told) = (Goal::AtLeast(AT_LEAST), Goal::Untold);
    let file: (&str, Measured) = ("one file written and fsynced", |it| Some(it.file));
    let sqlite: Measured = |it| Some(it.sqlite);
    let bare_sqlite: Measured = |it| Some(it.bare_sqlite);
    let bare = ("the bare database", bare_sqlite);
    let lines = [
        line("the store on SQLite", sqlite, file, reached),
        line("the same", sqlite, bare, told),
        line("bare SQLite", bare_sqlite, file, told),
    ];
    let (postgres, bare_postgres): (Measured, Measured) = (|it| it.postgres, |it| it.bare_postgres);
    let bare = ("the bare database", bare_postgres);
    let others = [
        line("the store on PostgreSQL", postgres, file, reached),
        line("the same", postgres, bare, told),
        line("bare PostgreSQL", bare_postgres, file, told),
    ];
    let notes = if others[0].is_none() {
        vec!["PostgreSQL is not installed, and left out.".to_owned()]
    } else {
        Vec::new()
    };
    let file = |round: &Round| megabytes_a_second(octets, round.file);
    RatioReport {
        title: format!(
            "An index of {} entries, {:?} serial numbers, {octets} octets, in the place of the one before",
            plan.entries, plan.serials
        ),
        rounds: plan.rounds,
        load_before,
        lines: lines.into_iter().chain(others).flatten().collect(),
        references: vec![Reference::rate(
            "One file written and fsynced",
            "MB/s",
            limits::REFERENCE_FILE,
            Figure::of(rounds, file),
        )],
        notes,
    }
}
