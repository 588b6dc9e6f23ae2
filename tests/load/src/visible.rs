//! From the commit of a list to the first answer by it on every replica, on PostgreSQL: a list as long as a
//! municipality's, and a whole one beside reading its octets.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use proto::revocation::v1::revocation_lookup_service_client::RevocationLookupServiceClient;
use sandbox::deployment::{Deployment, Ports, RolePorts, identity};
use sandbox::nation::{Nation, Plan, Serials};
use sandbox::postgres::Postgres;
use store::{CrlReader, CrlWriter, DatabaseUrl};
use tonic::transport::Channel;

use crate::child::Process;
use crate::installation::{channel, loopback};
use crate::limits::{self, megabytes_a_second, milliseconds};
use crate::ratios::{Goal, Line, RatioReport, Reference};
use crate::report::Figure;
use crate::turns;
use crate::visible_list::{ASKED, List, PATIENCE};

/// What 99 of 100 changes may take, in milliseconds.
const AT_MOST: f64 = 1_000.0;
/// How much longer than reading its octets a whole list may take.
const FULL_AT_MOST: f64 = 2.0;

/// What is measured.
#[derive(Clone, Debug)]
pub struct VisiblePlan {
    /// The shipped binary.
    pub akashi: PathBuf,
    /// Entries of the list that changes.
    pub changed: u64,
    /// How often it changes in a round.
    pub changes: u32,
    /// Entries of the whole list.
    pub full: u64,
    /// How often.
    pub rounds: u32,
}

/// One round, in seconds on the clock.
struct Round {
    /// Of every change and replica.
    changes: Vec<f64>,
    /// Until the last replica answers by the whole list.
    full: f64,
    /// Reading its octets, by as many readers at a time as there are replicas.
    reading: f64,
}

/// Measures in a folder of its own.
///
/// # Errors
/// When PostgreSQL is not installed, something fails or an answer is wrong.
pub fn measure(plan: &VisiblePlan, folder: &Path, load_before: String) -> Result<RatioReport> {
    let postgres = Postgres::start()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let mut subject = runtime.block_on(Subject::start(plan, folder, &postgres))?;
    let rounds = turns::rounds(plan.rounds, || {
        runtime.block_on(subject.round(plan.changes))
    })?;
    let octets = subject.full.segments[0].len();
    Ok(report(plan, load_before, octets, &rounds))
}

struct Subject {
    writer: CrlWriter,
    reader: DatabaseUrl,
    replicas: Vec<RevocationLookupServiceClient<Channel>>,
    partition: List,
    full: List,
    entries: [u64; 2],
    _processes: Vec<Process>,
}

impl Subject {
    async fn start(plan: &VisiblePlan, folder: &Path, postgres: &Postgres) -> Result<Self> {
        turns::begin("indexing and starting")?;
        let nation = Nation::mint(
            &folder.join("nation"),
            Plan {
                revoked: 2,
                partitions: 1,
                full: true,
                serials: Serials::Dense,
                seed: 1,
                days: 1,
            },
            sandbox::now(),
            |_| {},
        )?;
        let ports = Ports::free_from(13_500).context("no free ports")?;
        let deployment = nation.deploy(ports)?;
        let writer = CrlWriter::open(&postgres.url("crl_writer").parse()?).await?;
        let mut partition = List::new(&nation, Some(0), plan.changed)?;
        let mut full = List::new(&nation, None, plan.full)?;
        let registrations = [partition.registration(0), full.registration(1)];
        writer.register_sources(&registrations).await?;
        partition.commit(&writer, plan.changed).await?;
        full.commit(&writer, plan.full).await?;
        let ports = [ports.revocation_lookup, ports.signing_certificate];
        let (mut processes, mut replicas) = (Vec::new(), Vec::new());
        for (place, ports) in ports.into_iter().enumerate() {
            let name = format!("replica-{place}");
            let config = configure(&deployment, postgres, &name, ports)?;
            let mut command = Command::new(&plan.akashi);
            command.arg("revocation-lookup").arg("--config").arg(config);
            processes.push(Process::start(&name, &mut command, folder)?);
            replicas.push(replica(&deployment, ports)?);
        }
        let subject = Self {
            writer,
            reader: postgres.url("crl_reader").parse()?,
            replicas,
            partition,
            full,
            entries: [plan.changed, plan.full],
            _processes: processes,
        };
        subject.until_served().await?;
        Ok(subject)
    }

    async fn until_served(&self) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        for replica in &self.replicas {
            while let Err(error) = self.full.seen(replica.clone()).await {
                if Instant::now() > until {
                    return Err(error);
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Ok(())
    }

    async fn round(&mut self, changes: u32) -> Result<Round> {
        let mut taken = Vec::new();
        for _ in 0..changes {
            let committed = self.partition.commit(&self.writer, self.entries[0]).await?;
            taken.extend(visible(&self.partition, &self.replicas, committed).await?);
        }
        let committed = self.full.commit(&self.writer, self.entries[1]).await?;
        let full = visible(&self.full, &self.replicas, committed).await?;
        Ok(Round {
            changes: taken,
            full: full.into_iter().fold(0.0, f64::max),
            reading: self.read().await?,
        })
    }

    /// Reads the whole list as often at a time as there are replicas, as they do.
    async fn read(&self) -> Result<f64> {
        let mut readers = Vec::new();
        for _ in &self.replicas {
            let reader = CrlReader::open(&self.reader)?;
            // Connecting is not reading.
            let manifest = reader.manifest().await?;
            let source = manifest.sources.into_iter().find(|source| {
                let current = source.current.as_ref();
                current.is_some_and(|current| current.facts.source == self.full.facts.source)
            });
            let current = source.and_then(|source| source.current);
            readers.push((reader, current.context("the whole list is not in force")?));
        }
        let began = Instant::now();
        let reading: Vec<_> = readers
            .into_iter()
            .map(|(reader, current)| {
                tokio::spawn(async move {
                    let segment = reader.segment(&current).await?;
                    let octets = segment.map_or(0, |segment| segment.octets().len());
                    reader.close().await;
                    Ok::<_, anyhow::Error>(octets)
                })
            })
            .collect();
        for reading in reading {
            let octets = reading.await??;
            if octets == 0 {
                bail!("the whole list went away");
            }
        }
        Ok(began.elapsed().as_secs_f64())
    }
}

/// How long each replica takes from the commit on.
async fn visible(
    list: &List,
    replicas: &[RevocationLookupServiceClient<Channel>],
    committed: Instant,
) -> Result<Vec<f64>> {
    let seen = replicas.iter().map(|replica| list.seen(replica.clone()));
    let seen = futures_util::future::try_join_all(seen).await?;
    let taken = |seen: Instant| seen.saturating_duration_since(committed).as_secs_f64();
    Ok(seen.into_iter().map(taken).collect())
}

/// A replica's configuration: on PostgreSQL, at these ports.
fn configure(
    deployment: &Deployment,
    postgres: &Postgres,
    name: &str,
    ports: RolePorts,
) -> Result<PathBuf> {
    let text = fs::read_to_string(deployment.config_file("revocation-lookup"))?;
    let mut config: toml::Table = text.parse()?;
    config["store"]["crl"] = postgres.url("crl_reader").into();
    config["store"]["audit"] = postgres.url("audit").into();
    config["listen"]["address"] = loopback(ports.service).into();
    config["observability"]["metrics_listen"] = loopback(ports.metrics).into();
    let path = deployment.folder().join(format!("{name}.toml"));
    fs::write(&path, toml::to_string(&config)?)?;
    Ok(path)
}

fn replica(
    deployment: &Deployment,
    ports: RolePorts,
) -> Result<RevocationLookupServiceClient<Channel>> {
    let (from, to) = (
        identity::SIGNATURE_VERIFICATION,
        identity::REVOCATION_LOOKUP,
    );
    let channel = channel(deployment, from, to, &loopback(ports.service))?;
    Ok(RevocationLookupServiceClient::new(channel))
}

/// What 99 of 100 do not exceed.
fn p99(taken: impl Iterator<Item = f64>) -> f64 {
    let mut taken: Vec<f64> = taken.collect();
    taken.sort_by(f64::total_cmp);
    let rank = (taken.len() * 99).div_ceil(100);
    taken
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or(f64::NAN)
}

fn report(plan: &VisiblePlan, load_before: String, octets: usize, rounds: &[Round]) -> RatioReport {
    let changes = || {
        rounds
            .iter()
            .flat_map(|round| round.changes.iter().copied())
    };
    let count = changes().count();
    let pair = |round: &Round| (milliseconds(round.full), milliseconds(round.reading));
    let full: Vec<_> = rounds.iter().map(pair).collect();
    let rate = |round: &Round| megabytes_a_second(octets * 2, round.reading);
    let mut sorted: Vec<f64> = changes().collect();
    sorted.sort_by(f64::total_cmp);
    let median = sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN);
    RatioReport {
        title: format!(
            "From the commit on PostgreSQL to the first answer on each of two replicas, one process each; a list of {} \
             entries {} times, and a whole one of {} entries ({octets} octets of index)",
            plan.changed,
            plan.changes * plan.rounds,
            plan.full
        ),
        rounds: plan.rounds,
        load_before,
        lines: vec![
            Line::new(
                format!("99 of 100 of {count} changes seen"),
                "one second",
                "ms",
                &[(milliseconds(p99(changes())), AT_MOST)],
                Goal::AtMost(1.0),
            ),
            Line::new(
                "a whole list, until the later replica answers by it",
                "reading it, two readers at a time",
                "ms",
                &full,
                Goal::AtMost(FULL_AT_MOST),
            ),
        ],
        references: vec![Reference::rate(
            "Reading the chunks, both readers",
            "MB/s",
            limits::REFERENCE_CHUNKS,
            Figure::of(rounds, rate),
        )],
        notes: vec![format!(
            "Half of the changes are seen within {:.0} ms; the question is asked again every {} ms.",
            milliseconds(median),
            ASKED.as_millis()
        )],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_hundred_one_may_be_later_and_of_ninety_nine_none() {
        let figures = |count: u32| (1..=count).map(f64::from);
        assert!((p99(figures(100)) - 99.0).abs() < 1e-9);
        assert!((p99(figures(99)) - 99.0).abs() < 1e-9);
        assert!(p99(figures(0)).is_nan());
    }
}
