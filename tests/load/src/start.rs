//! revocation-lookup from the start of its process to the first right answer, beside reading what it reads.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use proto::revocation::v1::revocation_lookup_service_client::RevocationLookupServiceClient;
use proto::revocation::v1::{GetRevocationStatusRequest, Purpose, RevocationStatus};
use sandbox::deployment::{Deployment, Ports, identity};
use sandbox::mint::CaKind;
use sandbox::nation::{Nation, Plan, Serials};
use store::{CrlReader, DatabaseUrl};
use tokio::runtime::Runtime;
use tonic::transport::Channel;

use crate::child::Process;
use crate::installation::{channel, loopback};
use crate::limits::{self, megabytes_a_second, milliseconds};
use crate::ratios::{Goal, Line, RatioReport, Reference};
use crate::report::Figure;
use crate::sync_once;
use crate::turns;

/// How much longer than reading it may take.
const AT_MOST: f64 = 2.0;
/// How often it is asked until it answers.
const ASKED: Duration = Duration::from_millis(5);
/// How long a start may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);
const KIND: CaKind = CaKind::UserAuthentication;

/// What is measured.
#[derive(Clone, Debug)]
pub struct StartPlan {
    /// The shipped binary.
    pub akashi: PathBuf,
    /// This program.
    pub program: PathBuf,
    /// Revoked certificates of both authorities together.
    pub revoked: u64,
    /// Municipalities, each with a list of each authority.
    pub partitions: u32,
    /// What serial numbers look like.
    pub serials: Serials,
    /// How often.
    pub rounds: u32,
}

/// One round, in seconds on the clock, and the octets that were read.
struct Round {
    octets: usize,
    chunks: f64,
    start: f64,
}

/// Measures in a folder of its own.
///
/// # Errors
/// When something fails or an answer is wrong.
pub fn measure(plan: &StartPlan, folder: &Path, load_before: String) -> Result<RatioReport> {
    let subject = Subject::new(plan, folder)?;
    let rounds = turns::rounds(plan.rounds, || subject.round())?;
    let octets = rounds.first().map_or(0, |round| round.octets);
    let pair = |round: &Round| (milliseconds(round.start), milliseconds(round.chunks));
    let pairs: Vec<_> = rounds.iter().map(pair).collect();
    let rate = |round: &Round| megabytes_a_second(octets, round.chunks);
    Ok(RatioReport {
        title: format!(
            "{} revoked certificates on {} lists, {:?} serial numbers; their indexes have {octets} octets on SQLite",
            plan.revoked,
            plan.partitions * 2,
            plan.serials
        ),
        rounds: plan.rounds,
        load_before,
        lines: vec![Line::new(
            "revocation-lookup, from start to the first right answer",
            "reading the chunks, with their hash",
            "ms",
            &pairs,
            Goal::AtMost(AT_MOST),
        )],
        references: vec![Reference::rate(
            "Reading the chunks",
            "MB/s",
            limits::REFERENCE_CHUNKS,
            Figure::of(&rounds, rate),
        )],
        notes: Vec::new(),
    })
}

struct Subject {
    akashi: PathBuf,
    folder: PathBuf,
    deployment: Deployment,
    runtime: Runtime,
    questions: Vec<(GetRevocationStatusRequest, RevocationStatus)>,
}

impl Subject {
    fn new(plan: &StartPlan, folder: &Path) -> Result<Self> {
        turns::begin("minting and storing")?;
        let nation = Nation::mint(
            &folder.join("nation"),
            Plan {
                revoked: plan.revoked,
                partitions: plan.partitions,
                full: false,
                serials: plan.serials,
                seed: 1,
                days: 1,
            },
            sandbox::now(),
            |_| {},
        )?;
        let ports = Ports::free_from(13_200).context("no free ports")?;
        let deployment = nation.deploy(ports)?;
        sync_once::start(&plan.program, &deployment.config_file("crl-sync"), folder)?;
        std::fs::remove_dir_all(folder.join("nation").join("crl"))?;
        Ok(Self {
            akashi: plan.akashi.clone(),
            folder: folder.to_owned(),
            deployment,
            runtime: tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()?,
            questions: questions(&nation, plan.partitions),
        })
    }

    fn round(&self) -> Result<Round> {
        let began = Instant::now();
        let octets = self.runtime.block_on(self.read_chunks())?;
        let chunks = began.elapsed().as_secs_f64();
        let start = self.start()?;
        Ok(Round {
            octets,
            chunks,
            start,
        })
    }

    async fn read_chunks(&self) -> Result<usize> {
        let database = self.deployment.folder().join("data").join("crl.db");
        let reader = CrlReader::open(&DatabaseUrl::sqlite(&database)?)?;
        let mut octets = 0;
        // Kept, as a replica keeps them: memory that is given back would be taken again at no cost.
        let mut segments = Vec::new();
        for source in reader.manifest().await?.sources {
            let current = source.current.context("a list is not in the store")?;
            let segment = reader
                .segment(&current)
                .await?
                .context("a list went away")?;
            octets += segment.octets().len();
            segments.push(segment);
        }
        reader.close().await;
        Ok(octets)
    }

    fn start(&self) -> Result<f64> {
        let mut command = Command::new(&self.akashi);
        let config = self.deployment.config_file("revocation-lookup");
        command.arg("revocation-lookup").arg("--config").arg(config);
        let began = Instant::now();
        let mut process = Process::start("revocation-lookup", &mut command, &self.folder)?;
        let started = self.runtime.block_on(async {
            let (from, to) = (
                identity::SIGNATURE_VERIFICATION,
                identity::REVOCATION_LOOKUP,
            );
            let address = loopback(self.deployment.ports().revocation_lookup.service);
            let channel = channel(&self.deployment, from, to, &address)?;
            let mut client = RevocationLookupServiceClient::new(channel);
            let (question, expected) = &self.questions[0];
            loop {
                let answer = ask(&mut client, question).await;
                if answer.as_ref().ok() == Some(expected) {
                    break;
                }
                process.check()?;
                if began.elapsed() > PATIENCE {
                    let last = process.last_words();
                    bail!("revocation-lookup answers {answer:?} instead of {expected:?}:\n{last}");
                }
                tokio::time::sleep(ASKED).await;
            }
            let started = began.elapsed().as_secs_f64();
            for (question, expected) in &self.questions {
                let answer = ask(&mut client, question).await?;
                ensure!(answer == *expected, "{answer:?} instead of {expected:?}");
            }
            Ok(started)
        });
        drop(process);
        started
    }
}

async fn ask(
    client: &mut RevocationLookupServiceClient<Channel>,
    question: &GetRevocationStatusRequest,
) -> Result<RevocationStatus> {
    let answer = client.get_revocation_status(question.clone()).await?;
    Ok(answer.get_ref().status())
}

/// A revoked and a good certificate of some municipalities, the first and the last among them.
fn questions(
    nation: &Nation,
    partitions: u32,
) -> Vec<(GetRevocationStatusRequest, RevocationStatus)> {
    let numbers = nation.numbers(KIND);
    let key = nation.authority(KIND).newest().key.key_id();
    let question = |partition: u32, serial: Vec<u8>| GetRevocationStatusRequest {
        issuer_key_id: key.clone(),
        serial_number: serial,
        distribution_point: Nation::distribution_point(KIND, partition),
        purpose: Purpose::UserAuthentication.into(),
        case_reference: "load-benchmark".to_owned(),
        ..Default::default()
    };
    let of = |partition: u32| {
        let revoked = numbers.revoked_in(partition, 0).serial().to_vec();
        let good = numbers.good(partition.into());
        [
            (question(partition, revoked), RevocationStatus::Revoked),
            (question(partition, good), RevocationStatus::Good),
        ]
    };
    [partitions - 1, partitions / 2, 0]
        .into_iter()
        .flat_map(of)
        .collect()
}
