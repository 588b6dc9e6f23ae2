//! The commands that measure lists on their way from a source to whoever is served.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use sandbox::nation::Serials;

use crate::batch::{self, BatchPlan};
use crate::client::Until;
use crate::durable::{self, DurablePlan};
use crate::measured::{Common, binaries, measured};
use crate::ocsp::{self, HttpEchoOptions, OcspPlan};
use crate::partitions::{self, PartitionsPlan};
use crate::resync::{self, BurnOptions, ResyncPlan};
use crate::start::{self, StartPlan};
use crate::sync::{self, SyncPlan};
use crate::sync_once::{self, SyncOnceOptions};
use crate::visible::{self, VisiblePlan};

/// Revocation lists: reading, storing and serving them. Exit code of each: 0 within the limits, 2 not, 3 void, 1 it
/// failed.
#[derive(Debug, clap::Subcommand)]
pub enum ListsCommand {
    /// One whole list: from a file and over HTTP until its index is ready, and until it is in force on SQLite and
    /// PostgreSQL, beside a bare hash of the same octets and a bare file; and the memory it takes.
    Sync(SyncOptions),
    /// The lists of every municipality: all verified and indexed anew, beside a bare hash and bare signature checks.
    Partitions(PartitionsOptions),
    /// An index into the store on SQLite and PostgreSQL, beside one file written and fsynced.
    Durable(DurableOptions),
    /// revocation-lookup from the start of its process to its first right answer, beside reading the chunks.
    Start(StartOptions),
    /// Unary lookups while every list is fetched and put in force anew, beside the same with a processor as busy; and that
    /// no answer mixes two lists.
    Resync(ResyncOptions),
    /// From the commit of a list on PostgreSQL to the first answer by it on each of two replicas, beside one second and,
    /// for a whole list, reading it.
    Visible(VisibleOptions),
    /// Packed batches of lookups over gRPC and mutual TLS, beside an echo of the same messages and one random line of
    /// memory for each serial number.
    Batch(BatchOptions),
    /// OCSP answers, each signed afresh by RSA-2048 and P-256, beside bare signing and an echo by the same HTTP server.
    Ocsp(OcspOptions),
    /// That echo, which this program starts for itself.
    #[command(hide = true)]
    HttpEcho(HttpEchoOptions),
    /// What keeps a processor busy, which this program starts for itself.
    #[command(hide = true)]
    Burn(BurnOptions),
    /// One run of crl-sync, which this program starts for itself.
    #[command(hide = true)]
    SyncOnce(SyncOnceOptions),
}

/// What `sync` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct SyncOptions {
    /// Entries of the list; five million have some 200 MB.
    #[arg(long, default_value_t = 5_000_000, value_parser = clap::value_parser!(u64).range(1_000..=30_000_000))]
    revoked: u64,
    /// What serial numbers look like [default: dense, then sparse8].
    #[arg(long, value_enum)]
    serials: Option<Serials>,
    #[command(flatten)]
    common: Common,
}

/// What `partitions` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct PartitionsOptions {
    /// Entries of all lists together.
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1_000..=80_000_000))]
    revoked: u64,
    /// Municipalities, each with a list of each authority.
    #[arg(long, default_value_t = 1_900, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    partitions: u32,
    /// What serial numbers look like.
    #[arg(long, value_enum, default_value_t)]
    serials: Serials,
    #[command(flatten)]
    common: Common,
}

/// What `durable` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct DurableOptions {
    /// Entries of the index.
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1_000..=40_000_000))]
    revoked: u64,
    /// What serial numbers look like.
    #[arg(long, value_enum, default_value_t = Serials::Sparse8)]
    serials: Serials,
    #[command(flatten)]
    common: Common,
}

/// What `start` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct StartOptions {
    /// Revoked certificates of both authorities together.
    #[arg(long, default_value_t = 50_000_000, value_parser = clap::value_parser!(u64).range(1_000..=80_000_000))]
    revoked: u64,
    /// Municipalities, each with a list of each authority.
    #[arg(long, default_value_t = 1_900, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    partitions: u32,
    /// What serial numbers look like.
    #[arg(long, value_enum, default_value_t)]
    serials: Serials,
    /// The shipped binary to measure; without it, it is built.
    #[arg(long)]
    akashi_binary: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// What `resync` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct ResyncOptions {
    /// Revoked certificates of both authorities together.
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1_000..=80_000_000))]
    revoked: u64,
    /// Municipalities, each with a list of each authority.
    #[arg(long, default_value_t = 1_900, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    partitions: u32,
    /// What serial numbers look like.
    #[arg(long, value_enum, default_value_t)]
    serials: Serials,
    /// How nice crl-sync is (10 unless its file says otherwise), and the burner beside it.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u8).range(0..=19))]
    nice: u8,
    /// The shipped binary to measure; without it, it is built.
    #[arg(long)]
    akashi_binary: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// What `visible` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct VisibleOptions {
    /// Entries of the list that changes.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1_000..=10_000_000))]
    changed: u64,
    /// How often it changes in a round.
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(20..=1_000))]
    changes: u32,
    /// Entries of the whole list.
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1_000..=40_000_000))]
    full: u64,
    /// The shipped binary to measure; without it, it is built.
    #[arg(long)]
    akashi_binary: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// What `batch` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct BatchOptions {
    /// Entries of the list that is asked about.
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1_000..=30_000_000))]
    revoked: u64,
    /// The shipped binary to measure; without it, it is built.
    #[arg(long)]
    akashi_binary: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// What `ocsp` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct OcspOptions {
    /// Entries of the list that is asked about.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1_000..=30_000_000))]
    revoked: u64,
    /// Partitions that they lie on: no question names one, so all of them are searched. 0: one list.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=5_000))]
    partitions: u32,
    /// The shipped binary to measure; without it, it is built.
    #[arg(long)]
    akashi_binary: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// Runs a command.
///
/// # Errors
/// When something fails or an answer is wrong.
pub async fn run(command: ListsCommand) -> Result<ExitCode> {
    match command {
        ListsCommand::Sync(options) => run_sync(&options).await,
        ListsCommand::Partitions(options) => {
            let plan = PartitionsPlan {
                program: std::env::current_exe()?,
                revoked: options.revoked,
                partitions: options.partitions,
                serials: options.serials,
                rounds: options.common.rounds,
            };
            let measure = move |folder: &Path, load| partitions::measure(&plan, folder, load);
            measured(&options.common, measure).await
        }
        ListsCommand::Durable(options) => {
            let plan = DurablePlan {
                entries: options.revoked,
                serials: options.serials,
                rounds: options.common.rounds,
            };
            let measure = move |folder: &Path, load| durable::measure(&plan, folder, load);
            measured(&options.common, measure).await
        }
        ListsCommand::Start(options) => run_start(&options).await,
        ListsCommand::Resync(options) => run_resync(&options).await,
        ListsCommand::Visible(options) => run_visible(&options).await,
        ListsCommand::Burn(options) => {
            let run = tokio::task::spawn_blocking(move || resync::serve_burner(&options));
            run.await?.map(|()| ExitCode::SUCCESS)
        }
        ListsCommand::Batch(options) => {
            let (akashi, program) = binaries(options.akashi_binary.as_deref())?;
            let plan = BatchPlan {
                akashi,
                program,
                entries: options.revoked,
                batches: 2_000,
                window: Until::Elapsed(batch::WINDOW),
                rounds: options.common.rounds,
            };
            let measure = move |folder: &Path, load| batch::measure(&plan, folder, load);
            measured(&options.common, measure).await
        }
        ListsCommand::Ocsp(options) => {
            let (akashi, program) = binaries(options.akashi_binary.as_deref())?;
            let plan = OcspPlan {
                akashi,
                program,
                entries: options.revoked,
                partitions: options.partitions,
                questions: 1_000,
                window: Until::Elapsed(batch::WINDOW),
                rounds: options.common.rounds,
            };
            let measure = move |folder: &Path, load| ocsp::measure(&plan, folder, load);
            measured(&options.common, measure).await
        }
        ListsCommand::HttpEcho(options) => {
            let run = tokio::task::spawn_blocking(move || ocsp::serve_echo(&options));
            run.await?.map(|()| ExitCode::SUCCESS)
        }
        ListsCommand::SyncOnce(options) => {
            let run = tokio::task::spawn_blocking(move || sync_once::run(&options));
            run.await?.map(|()| ExitCode::SUCCESS)
        }
    }
}

async fn run_sync(options: &SyncOptions) -> Result<ExitCode> {
    let kinds = match options.serials {
        Some(serials) => vec![serials],
        None => vec![Serials::Dense, Serials::Sparse8],
    };
    let mut code = ExitCode::SUCCESS;
    for serials in kinds {
        let plan = SyncPlan {
            program: std::env::current_exe()?,
            entries: options.revoked,
            serials,
            rounds: options.common.rounds,
        };
        let measure = move |folder: &Path, load| sync::measure(&plan, folder, load);
        let ended = measured(&options.common, measure).await?;
        if ended != ExitCode::SUCCESS {
            code = ended;
        }
    }
    Ok(code)
}

async fn run_start(options: &StartOptions) -> Result<ExitCode> {
    let (akashi, program) = binaries(options.akashi_binary.as_deref())?;
    let plan = StartPlan {
        akashi,
        program,
        revoked: options.revoked,
        partitions: options.partitions,
        serials: options.serials,
        rounds: options.common.rounds,
    };
    let measure = move |folder: &Path, load| start::measure(&plan, folder, load);
    measured(&options.common, measure).await
}

async fn run_resync(options: &ResyncOptions) -> Result<ExitCode> {
    let (akashi, program) = binaries(options.akashi_binary.as_deref())?;
    let plan = ResyncPlan {
        akashi,
        program,
        revoked: options.revoked,
        partitions: options.partitions,
        serials: options.serials,
        nice: options.nice,
        saturation: Until::Elapsed(batch::WINDOW),
        rounds: options.common.rounds,
    };
    let measure = move |folder: &Path, load| resync::measure(&plan, folder, load);
    measured(&options.common, measure).await
}

async fn run_visible(options: &VisibleOptions) -> Result<ExitCode> {
    let (akashi, _) = binaries(options.akashi_binary.as_deref())?;
    let plan = VisiblePlan {
        akashi,
        changed: options.changed,
        changes: options.changes,
        full: options.full,
        rounds: options.common.rounds,
    };
    let measure = move |folder: &Path, load| visible::measure(&plan, folder, load);
    measured(&options.common, measure).await
}
