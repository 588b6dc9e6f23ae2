//! Packed batches of lookups over gRPC and mutual TLS, beside an echo of the same messages and one random line of memory
//! for each serial number.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use proto::revocation::v1::revocation_lookup_service_client::RevocationLookupServiceClient;
use proto::revocation::v1::{
    BatchGetRevocationStatusRequest, GetRevocationStatusResponse, Purpose, RevocationStatus,
};
use sandbox::deployment::{Deployment, Ports, identity};
use sandbox::mint::CaKind;
use sandbox::nation::{Nation, Numbers, Plan, Serials};
use tonic::transport::Channel;

use crate::child::Process;
use crate::client::{Caller, Until};
use crate::echo;
use crate::index_figures::Subject as Lines;
use crate::index_serials::{Kind, mixed};
use crate::installation::{channel, connections, loopback, until_right};
use crate::ratios::{Goal, Line, RatioReport, Reference};
use crate::report::Figure;
use crate::rounds::sample;
use crate::sync_once;
use crate::transport::Transport;
use crate::turns;

const KIND: CaKind = CaKind::UserAuthentication;
const BATCH_GET: &str = "/akashi.revocation.v1.RevocationLookupService/BatchGetRevocationStatus";
/// Serial numbers in a batch.
const ITEMS: u32 = 1_000;
/// One in so many is revoked.
const ONE_REVOKED_IN: u64 = 20;
/// Octets of a serial number by chance.
const OCTETS: usize = 8;
/// How much longer than the limit it may take.
const AT_MOST: f64 = 2.2;
/// Nanoseconds for a serial number of an echoed batch, and of a random line, when the goals were set.
const REFERENCE_ECHO: f64 = 12.0;
const REFERENCE_LINE: f64 = 7.6;

/// One stretch of load.
pub const WINDOW: Duration = Duration::from_secs(3);

/// What is measured.
#[derive(Clone, Debug)]
pub struct BatchPlan {
    /// The shipped binary.
    pub akashi: PathBuf,
    /// This program.
    pub program: PathBuf,
    /// Entries of the list that is asked about.
    pub entries: u64,
    /// Different batches: together far more serial numbers than a cache holds lines.
    pub batches: u32,
    /// One stretch of load.
    pub window: Until,
    /// How often.
    pub rounds: u32,
}

/// One round: nanoseconds of CPU time for a serial number.
struct Round {
    batch: f64,
    echo: f64,
    line: f64,
}

/// A batch, and which of it are revoked: as many bits as serial numbers.
type Question = (BatchGetRevocationStatusRequest, Vec<u8>);

/// Measures in a folder of its own.
///
/// # Errors
/// When something fails or an answer is wrong.
pub fn measure(plan: &BatchPlan, folder: &Path, load_before: String) -> Result<RatioReport> {
    // One thread, so that the client does not take the servers' core.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let subject = Subject::start(plan, folder).await?;
        turns::begin("warming up")?;
        subject.round(plan.window).await?;
        let mut rounds = Vec::new();
        for number in 1..=plan.rounds {
            turns::begin(&format!("round {number} of {}", plan.rounds))?;
            rounds.push(subject.round(plan.window).await?);
        }
        Ok(report(plan, load_before, &rounds))
    })
}

struct Subject {
    lookup: Process,
    echo: Process,
    callers: Vec<BatchCaller>,
    echoes: Vec<BatchCaller>,
    lines: Lines,
}

impl Subject {
    async fn start(plan: &BatchPlan, folder: &Path) -> Result<Self> {
        turns::begin("minting and storing")?;
        let nation = Nation::mint(
            &folder.join("nation"),
            Plan {
                revoked: plan.entries * 2,
                partitions: 0,
                full: true,
                serials: Serials::Sparse8,
                seed: 1,
                days: 1,
            },
            sandbox::now(),
            |_| {},
        )?;
        let deployment = nation.deploy(Ports::free_from(13_300).context("no free ports")?)?;
        sync_once::start(&plan.program, &deployment.config_file("crl-sync"), folder)?;
        fs::remove_dir_all(folder.join("nation").join("crl"))?;
        let questions = questions(&nation, plan.batches);
        let config = deployment.config_file("revocation-lookup");
        allow_batches(&config)?;
        let mut command = Command::new(&plan.akashi);
        command.arg("revocation-lookup").arg("--config").arg(config);
        let mut lookup = Process::start("revocation-lookup", &mut command, folder)?;
        let address = loopback(deployment.ports().revocation_lookup.service);
        let callers = callers(&deployment, &address, &questions, None)?;
        until_right(&mut lookup, || {
            let mut caller = callers[0].clone();
            async move { caller.call(1).await }
        })
        .await?;
        let mut caller = callers[0].clone();
        let batch = caller
            .client
            .batch_get_revocation_status(questions[0].0.clone());
        let batch = batch.await?.into_inner();
        let (echo, address) = echo::start(
            &plan.program,
            &deployment.tls_files(identity::REVOCATION_LOOKUP),
            identity::SIGNATURE_VERIFICATION,
            (1, Transport::MutualTls),
            (&GetRevocationStatusResponse::default(), &batch),
            folder,
        )?;
        let always = Some(questions[0].1.as_slice());
        Ok(Self {
            lookup,
            echo,
            callers,
            echoes: self::callers(&deployment, &address.to_string(), &questions, always)?,
            lines: Lines::build(Kind::Narrow, plan.entries)?,
        })
    }

    async fn round(&self, until: Until) -> Result<Round> {
        let line = self.lines.line()?;
        let (batch, _) = sample(&self.callers, &[&self.lookup], until).await?;
        let (echo, _) = sample(&self.echoes, &[&self.echo], until).await?;
        let each = |microseconds: f64| microseconds * 1e3 / f64::from(ITEMS);
        Ok(Round {
            batch: each(batch.total_cpu()),
            echo: each(echo.total_cpu()),
            line,
        })
    }
}

/// Lets signature-verification ask for batches, about as many different serial numbers as it likes.
fn allow_batches(path: &Path) -> Result<()> {
    let mut config: toml::Table = fs::read_to_string(path)?.parse()?;
    let callers = config.get_mut("caller").and_then(toml::Value::as_array_mut);
    let mut callers = callers.into_iter().flatten();
    let caller = callers
        .find(|caller| caller["identity"].as_str() == Some(identity::SIGNATURE_VERIFICATION))
        .and_then(toml::Value::as_table_mut)
        .context("signature-verification may not ask")?;
    let methods = caller
        .get_mut("methods")
        .and_then(toml::Value::as_array_mut);
    methods.context("no methods")?.push(BATCH_GET.into());
    caller.insert("distinct_serials_per_hour".to_owned(), 20_000_000.into());
    caller.insert("neighbouring_serials".to_owned(), 1_000_000.into());
    let one_thread = config.get_mut("listen").and_then(toml::Value::as_table_mut);
    one_thread
        .context("it listens nowhere")?
        .insert("threads".to_owned(), 1.into());
    Ok(fs::write(path, toml::to_string(&config)?)?)
}

fn questions(nation: &Nation, batches: u32) -> Arc<[Question]> {
    let numbers = nation.numbers(KIND);
    let key = nation.authority(KIND).newest().key.key_id();
    let question = |batch: u32| {
        let mut serials = Vec::new();
        let mut revoked = vec![0; usize::try_from(ITEMS.div_ceil(8)).unwrap_or(0)];
        for item in 0..ITEMS {
            let chance = mixed(u64::from(batch * ITEMS + item));
            if chance.is_multiple_of(ONE_REVOKED_IN) {
                revoked[usize::try_from(item / 8).unwrap_or(0)] |= 1 << (item % 8);
            }
            serials.extend_from_slice(&serial(numbers, chance));
        }
        let request = BatchGetRevocationStatusRequest {
            issuer_key_id: key.clone(),
            serial_number_octets: u32::try_from(OCTETS).unwrap_or(0),
            serial_numbers: serials,
            distribution_point: Vec::new(),
            purpose: Purpose::UserAuthentication.into(),
            case_reference: "load-benchmark".to_owned(),
        };
        (request, revoked)
    };
    (0..batches).map(question).collect()
}

/// A revoked serial number or a good one, as chance says.
fn serial(numbers: &Numbers, chance: u64) -> Vec<u8> {
    let place = chance >> 16;
    if chance.is_multiple_of(ONE_REVOKED_IN) {
        numbers.at(place % numbers.revoked()).serial().to_vec()
    } else {
        numbers.good(place)
    }
}

fn callers(
    deployment: &Deployment,
    address: &str,
    questions: &Arc<[Question]>,
    always: Option<&[u8]>,
) -> Result<Vec<BatchCaller>> {
    let (from, to) = (
        identity::SIGNATURE_VERIFICATION,
        identity::REVOCATION_LOOKUP,
    );
    connections(|| {
        let channel = channel(deployment, from, to, address)?;
        Ok(BatchCaller {
            client: RevocationLookupServiceClient::new(channel),
            questions: Arc::clone(questions),
            always: always.map(<[u8]>::to_vec),
        })
    })
}

/// Asks for batches: of revocation-lookup, or of the echo, whose answer is always the same.
#[derive(Clone)]
struct BatchCaller {
    client: RevocationLookupServiceClient<Channel>,
    questions: Arc<[Question]>,
    always: Option<Vec<u8>>,
}

impl Caller for BatchCaller {
    async fn call(&mut self, number: u32) -> Result<()> {
        let place = usize::try_from(number)? % self.questions.len();
        let (request, revoked) = &self.questions[place];
        let answer = self.client.batch_get_revocation_status(request.clone());
        let answer = answer.await?.into_inner();
        let expected = self.always.as_ref().unwrap_or(revoked);
        ensure!(
            answer.others() == RevocationStatus::Good && answer.revoked == *expected,
            "a batch has another answer"
        );
        Ok(())
    }
}

fn report(plan: &BatchPlan, load_before: String, rounds: &[Round]) -> RatioReport {
    let pair = |round: &Round| (round.batch, round.echo + round.line);
    let pairs: Vec<_> = rounds.iter().map(pair).collect();
    let (echo, line) = (
        Figure::of(rounds, |round| round.echo),
        Figure::of(rounds, |round| round.line),
    );
    RatioReport {
        title: format!(
            "Batches of {ITEMS} of {} different serial numbers of 8 octets, {} revoked on the list; one serving thread",
            u64::from(plan.batches) * u64::from(ITEMS),
            plan.entries
        ),
        rounds: plan.rounds,
        load_before,
        lines: vec![Line::new(
            "revocation-lookup, CPU for a serial number",
            "echo of such a batch + one random line",
            "ns",
            &pairs,
            Goal::AtMost(AT_MOST),
        )],
        references: vec![
            Reference::time("The echo", "ns", REFERENCE_ECHO, echo),
            Reference::time("A random line", "ns", REFERENCE_LINE, line),
        ],
        notes: Vec::new(),
    }
}
