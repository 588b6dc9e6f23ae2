//! How long lookups take while every list is fetched, verified and put in force anew, beside the same with the processor
//! as busy and nothing else going on; and that no answer mixes two lists.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use proto::revocation::v1::GetRevocationStatusRequest;
use proto::revocation::v1::revocation_lookup_service_client::RevocationLookupServiceClient;
use sandbox::deployment::{Deployment, Ports, identity};
use sandbox::nation::{Nation, Plan, Serials};
use tonic::transport::Channel;

use crate::child::Process;
use crate::client::{self, Caller, Until};
use crate::installation::{channel, connections, loopback, until_right};
use crate::ratios::{Goal, Line, RatioReport, Reference};
use crate::report::{Figure, REFERENCE_RSA};
use crate::resync_questions::{Answers, Question, questions};
use crate::rsa::BareVerification;
use crate::sync_once::SyncRun;
use crate::{open_loop, sync_once, turns};

/// The share of what the service can answer that it is asked.
const SHARE: f64 = 0.3;
/// How much longer than beside a bare burner 99 of 100 answers may take.
const AT_MOST: f64 = 1.3;
/// How long the replica may take to serve the last list of a sync.
const PATIENCE: Duration = Duration::from_mins(2);

/// What is measured.
#[derive(Clone, Debug)]
pub struct ResyncPlan {
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
    /// How nice crl-sync is.
    pub nice: u8,
    /// How much is asked to find out how much can be answered.
    pub saturation: Until,
    /// How often.
    pub rounds: u32,
}

/// What a burner process is told.
#[derive(Clone, Debug, clap::Args)]
pub struct BurnOptions {
    /// Threads that burn.
    #[arg(long)]
    threads: usize,
    /// How nice they are.
    #[arg(long)]
    nice: u8,
}

/// One round: milliseconds that 99 of 100 calls did not exceed.
struct Round {
    resync: f64,
    burner: f64,
    alone: f64,
    sync: SyncRun,
    burners: usize,
    rate: f64,
    rsa: f64,
}

/// Measures in a folder of its own.
///
/// # Errors
/// When something fails or an answer is wrong.
pub fn measure(plan: &ResyncPlan, folder: &Path, load_before: String) -> Result<RatioReport> {
    // One thread, so that the client does not take more than a core.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut subject = runtime.block_on(Subject::start(plan, folder))?;
    let rounds = turns::rounds(plan.rounds, || {
        runtime.block_on(subject.round(plan.saturation))
    })?;
    Ok(report(plan, load_before, &rounds))
}

struct Subject {
    program: PathBuf,
    folder: PathBuf,
    nation: Nation,
    deployment: Deployment,
    nice: u8,
    _lookup: Process,
    callers: Vec<ResyncCaller>,
    answers: Arc<Answers>,
    rsa: BareVerification,
}

impl Subject {
    async fn start(plan: &ResyncPlan, folder: &Path) -> Result<Self> {
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
        let deployment = nation.deploy(Ports::free_from(13_700).context("no free ports")?)?;
        let sync = deployment.config_file("crl-sync");
        let text = std::fs::read_to_string(&sync)?;
        // Before the first table, where keys of none stand.
        std::fs::write(&sync, format!("nice = {}\n{text}", plan.nice))?;
        sync_once::start(&plan.program, &sync, folder)?;
        let path = deployment.config_file("revocation-lookup");
        let mut config: toml::Table = std::fs::read_to_string(&path)?.parse()?;
        let listen = config.get_mut("listen").and_then(toml::Value::as_table_mut);
        let listen = listen.context("it listens nowhere")?;
        listen.insert("threads".to_owned(), 1.into());
        std::fs::write(&path, toml::to_string(&config)?)?;
        let mut command = Command::new(&plan.akashi);
        command.arg("revocation-lookup").arg("--config").arg(path);
        let mut lookup = Process::start("revocation-lookup", &mut command, folder)?;
        let asked = questions(&nation, plan.partitions);
        let answers = Arc::new(Answers::new(&nation, plan.partitions));
        let callers = connections(|| {
            let (from, to) = (
                identity::SIGNATURE_VERIFICATION,
                identity::REVOCATION_LOOKUP,
            );
            let address = loopback(deployment.ports().revocation_lookup.service);
            let channel = channel(&deployment, from, to, &address)?;
            Ok(ResyncCaller {
                client: RevocationLookupServiceClient::new(channel),
                questions: Arc::clone(&asked),
                answers: Arc::clone(&answers),
            })
        })?;
        until_right(&mut lookup, || {
            let mut caller = callers[0].clone();
            async move { caller.call(0).await }
        })
        .await?;
        Ok(Self {
            program: plan.program.clone(),
            folder: folder.to_owned(),
            nation,
            deployment,
            nice: plan.nice,
            _lookup: lookup,
            callers,
            answers,
            rsa: BareVerification::new()?,
        })
    }

    async fn round(&mut self, saturation: Until) -> Result<Round> {
        // The disk is done with the lists before anything is measured.
        self.nation.renew(sandbox::now())?;
        self.answers.expect(&self.nation);
        let rate = client::drive(&self.callers, saturation)
            .await?
            .calls_per_second()
            * SHARE;
        let began = Instant::now();
        let config = self.deployment.config_file("crl-sync");
        let running = sync_once::begin(&self.program, &config, &self.folder)?;
        let (resync, sync) = self.asked_while(rate, self.until_served(running)).await?;
        let lasted = began.elapsed();
        let burners = busy_threads(&sync);
        let burner = burn(&self.program, burners, self.nice, &self.folder)?;
        let sleep = async {
            tokio::time::sleep(lasted).await;
            Ok(())
        };
        let (beside_burner, ()) = self.asked_while(rate, sleep).await?;
        drop(burner);
        let sleep = async {
            tokio::time::sleep(lasted).await;
            Ok(())
        };
        let (alone, ()) = self.asked_while(rate, sleep).await?;
        Ok(Round {
            resync,
            burner: beside_burner,
            alone,
            sync,
            burners,
            rate,
            rsa: self.rsa.measure(Duration::from_millis(100))?.as_secs_f64() * 1e6,
        })
    }

    /// Waits until the sync has ended and every list that is asked about is the new one.
    async fn until_served(&self, running: sync_once::Running) -> Result<SyncRun> {
        let run = tokio::task::spawn_blocking(|| running.finish()).await??;
        let until = Instant::now() + PATIENCE;
        while !self.answers.all_new() {
            ensure!(Instant::now() < until, "the new lists are not served");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(run)
    }

    /// Asks at this rate while something else goes on; milliseconds that 99 of 100 calls did not exceed.
    async fn asked_while<T>(
        &self,
        rate: f64,
        other: impl Future<Output = Result<T>>,
    ) -> Result<(f64, T)> {
        let stop = Arc::new(AtomicBool::new(false));
        let call = |mut caller: ResyncCaller, number| async move { caller.call(number).await };
        let asking = open_loop::drive(&self.callers, rate, Arc::clone(&stop), call);
        let other = async {
            let ended = other.await;
            stop.store(true, Ordering::Relaxed);
            ended
        };
        let (latencies, other) = tokio::join!(asking, other);
        let (latencies, other) = (latencies?, other?);
        let rank = (latencies.len() * 99).div_ceil(100).saturating_sub(1);
        let p99 = latencies.get(rank).context("nothing was asked")?;
        Ok((p99.as_secs_f64() * 1e3, other))
    }
}

/// As many as the sync kept busy, so that both take as much of the processor.
fn busy_threads(sync: &SyncRun) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let busy = |threads: &usize| {
        let threads = u32::try_from(*threads).unwrap_or(u32::MAX);
        f64::from(threads) + 0.5 > sync.took.cpu / sync.took.wall
    };
    (1..=cores).find(busy).unwrap_or(cores)
}

fn burn(program: &Path, threads: usize, nice: u8, logs: &Path) -> Result<Process> {
    let mut command = Command::new(program);
    command.args(["burn", "--threads", &threads.to_string()]);
    command.args(["--nice", &nice.to_string()]);
    Process::start("burner", &mut command, logs)
}

/// Burns until standard input ends.
///
/// # Errors
/// When it may not be so nice.
pub fn serve_burner(options: &BurnOptions) -> Result<()> {
    runtime::priority::be_nice(options.nice)?;
    for _ in 0..options.threads {
        std::thread::spawn(|| {
            loop {
                std::hint::spin_loop();
            }
        });
    }
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    Ok(())
}

/// Asks by one connection.
#[derive(Clone)]
struct ResyncCaller {
    client: RevocationLookupServiceClient<Channel>,
    questions: Arc<[Question]>,
    answers: Arc<Answers>,
}

impl Caller for ResyncCaller {
    async fn call(&mut self, number: u32) -> Result<()> {
        let place = usize::try_from(number)? % self.questions.len().max(1);
        let question = self.questions.get(place).context("nothing is asked")?;
        let newest = self.answers.newest_generation();
        let request: GetRevocationStatusRequest = question.request.clone();
        let answer = self.client.get_revocation_status(request).await?;
        self.answers
            .check(question, newest, answer.get_ref())
            .map_err(|problem| anyhow!("an answer is wrong: {problem}"))
    }
}

fn report(plan: &ResyncPlan, load_before: String, rounds: &[Round]) -> RatioReport {
    let beside = |other: &dyn Fn(&Round) -> f64| {
        let pair = |round: &Round| (round.resync, other(round));
        rounds.iter().map(pair).collect::<Vec<_>>()
    };
    let sync = |figure: &dyn Fn(&SyncRun) -> f64| Figure::of(rounds, |round| figure(&round.sync));
    RatioReport {
        title: format!(
            "99 of 100 unary lookups at {} a second, {SHARE} of saturation, from when each was due, while {} lists with \
             {} entries are fetched, verified and put in force on SQLite",
            Figure::of(rounds, |round| round.rate),
            plan.partitions * 2,
            plan.revoked
        ),
        rounds: plan.rounds,
        load_before,
        lines: vec![
            Line::new(
                "during the resync",
                "beside threads that burn as much CPU in its scheduling class",
                "ms",
                &beside(&|round| round.burner),
                Goal::AtMost(AT_MOST),
            ),
            Line::new(
                "during the resync",
                "with nothing beside",
                "ms",
                &beside(&|round| round.alone),
                Goal::Untold,
            ),
        ],
        references: vec![Reference::time(
            "Bare RSA-2048 check",
            "us",
            REFERENCE_RSA,
            Figure::of(rounds, |round| round.rsa),
        )],
        notes: vec![format!(
            "The sync took {} s and {} s of CPU; the burner had {} threads. No answer was of two lists, and no \
                 generation went back.",
            sync(&|run| run.took.wall),
            sync(&|run| run.took.cpu),
            Figure::of(rounds, |round| f64::from(
                u32::try_from(round.burners).unwrap_or(u32::MAX)
            )),
        )],
    }
}
