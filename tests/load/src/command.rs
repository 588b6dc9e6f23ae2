//! The command line.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use conformance::pkits::Row;
use tokio::signal::unix::{SignalKind, signal};

use crate::binary::{build_akashi, build_folder, profile};
use crate::client::{CONNECTIONS, STREAMS, Until};
use crate::echo::{self, EchoOptions};
use crate::exact::MintedList;
use crate::gateway::{self, GatewayPlan, StandInOptions};
use crate::index_report::{self, IndexReport};
use crate::index_serials::Kind;
use crate::installation::{Installation, Plan};
use crate::leaf::Leaves;
use crate::leaf_report::{self, LeafReport};
use crate::lists_command::{self, ListsCommand};
use crate::measured::{Common, binaries, measured};
use crate::path;
use crate::report::{Conditions, Report};
use crate::rounds::{Pace, measure};
use crate::transport::{self, PlainRoleOptions, Transport};

/// Different questions of each kind: more than are in flight at once.
const QUESTIONS: u32 = 4_096;

/// The exit code of a run that says nothing.
const VOID: u8 = 3;
/// The exit code of a run whose ratios are greater than they may be.
const ABOVE_LIMIT: u8 = 2;

/// Measures what Akashi's services cost beside what they could cost at best, on loopback, with processes of its own
/// that end with it. Exit code: 0 measured, 3 void (the machine was too busy), 1 an answer was wrong or it failed.
#[derive(Debug, Parser)]
#[command(name = "load")]
struct Options {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunOptions,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// A role without TLS, which this program starts for itself.
    #[command(hide = true)]
    PlainRole(PlainRoleOptions),
    /// The limit's server, which this program starts for itself.
    #[command(hide = true)]
    Echo(EchoOptions),
    /// One certificate in one process: what validating it costs beside one bare RSA check. Exit code: 0 within the
    /// limits, 2 not, 3 void, 1 it failed.
    Leaf(LeafOptions),
    /// Revoked serial numbers in one process: what a lookup costs beside one random line of memory, and how much memory
    /// they take. Exit code: 0 within the limits, 2 not, 3 void, 1 it failed.
    Index(IndexOptions),
    /// Lists of every kind of serial number, as Akashi reads and indexes them and as rustls-webpki reads them: every
    /// revoked serial number, and many others, must have the same answer. Exit code: 0 they have, 1 one has not.
    Exact(ExactOptions),
    #[command(flatten)]
    Lists(ListsCommand),
    /// Token, userinfo and key set at the gateway, on SQLite and PostgreSQL: beside the bare statements, and beside another
    /// provider from the npm registry. Exit code: 0 within the limits, 2 not, 3 void, 1 it failed.
    Gateway(GatewayOptions),
    /// A signature-verification that finds every card good, which this program starts for itself.
    #[command(hide = true)]
    GatewayStandIn(StandInOptions),
    /// The files of one row of NIST PKITS, for the peers' programs: anchor, certificate, `-i` before each intermediate,
    /// `-c` before each list, one word a line. Fetches the suite if it is not there.
    #[command(hide = true)]
    Case {
        /// The row.
        id: String,
    },
    /// One row of NIST PKITS validated by the core, beside the peers' programs: name and CPU microseconds, a tab
    /// between them.
    #[command(hide = true)]
    Path {
        /// The row.
        id: String,
        /// How often.
        #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        tries: u32,
    },
}

#[derive(Debug, clap::Args)]
struct LeafOptions {
    /// How often everything is measured.
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(5..=500))]
    rounds: u32,
    /// Milliseconds of one stretch; a round has seven.
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    milliseconds: u32,
    /// The report as JSON, with every round.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct IndexOptions {
    /// Revoked serial numbers.
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1_000..=100_000_000))]
    revoked: u64,
    /// How often everything is measured.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u32).range(5..=100))]
    rounds: u32,
    /// The report as JSON, with every round.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct GatewayOptions {
    /// Codes that are redeemed in a round, at each provider.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u16).range(10..=10_000))]
    codes: u16,
    /// The shipped binary to measure; without it, it is built.
    #[arg(long)]
    akashi_binary: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Args)]
struct ExactOptions {
    /// Revoked serial numbers on each list.
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1_000..=20_000_000))]
    revoked: u64,
    /// Others asked about.
    #[arg(long, default_value_t = 100_000_000)]
    others: u64,
}

#[derive(Debug, clap::Args)]
struct RunOptions {
    /// How often everything is measured.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(5..=50))]
    rounds: u32,
    /// Seconds of one stretch of load; a round has five.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=30))]
    seconds: u32,
    /// Serving threads of each server process. One leaves a core to the client on a machine with two.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    threads: u16,
    /// Revoked certificates on the list.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    revoked: u32,
    /// Without TLS: the same libraries in processes of this program, because the shipped binary knows no way to.
    #[arg(long)]
    plaintext: bool,
    /// The report as JSON, with every round.
    #[arg(long)]
    json: bool,
    /// The shipped binary to measure; without it, it is built.
    #[arg(long)]
    akashi_binary: Option<PathBuf>,
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let options = Options::parse();
    // One cryptographic provider for every library that asks the process for its own; nobody installed another.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    // One thread, so that the client does not take the servers' core.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(async {
            match options.command {
                Some(Command::Echo(echo)) => echo::serve(echo).await.map(|()| ExitCode::SUCCESS),
                Some(Command::PlainRole(role)) => {
                    let run = tokio::task::spawn_blocking(move || transport::serve_role(&role));
                    run.await
                        .map_err(Into::into)
                        .and_then(|ended| ended.map(|()| ExitCode::SUCCESS))
                }
                Some(Command::Leaf(leaf)) => run_leaf(&leaf),
                Some(Command::Index(index)) => run_index(&index),
                Some(Command::Exact(exact)) => run_exact(&exact),
                Some(Command::Lists(lists)) => lists_command::run(lists).await,
                Some(Command::Gateway(options)) => run_gateway(&options).await,
                Some(Command::GatewayStandIn(options)) => gateway::serve_stand_in(options)
                    .await
                    .map(|()| ExitCode::SUCCESS),
                Some(Command::Case { id }) => print_case(&id).map(|()| ExitCode::SUCCESS),
                Some(Command::Path { id, tries }) => {
                    measure_path(&id, tries).map(|()| ExitCode::SUCCESS)
                }
                None => until_interrupted(run(&options.run)).await,
            }
        }),
        Err(error) => Err(error.into()),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("load: {error:#}");
        ExitCode::FAILURE
    })
}

/// A signal drops the run, and with it the processes that it started.
async fn until_interrupted(run: impl Future<Output = Result<ExitCode>>) -> Result<ExitCode> {
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        outcome = run => outcome,
        _ = interrupted.recv() => Ok(ExitCode::FAILURE),
        _ = terminated.recv() => Ok(ExitCode::FAILURE),
    }
}

async fn run(options: &RunOptions) -> Result<ExitCode> {
    let program = std::env::current_exe().context("finding this program")?;
    let akashi = match &options.akashi_binary {
        Some(binary) => std::fs::canonicalize(binary)
            .with_context(|| format!("--akashi-binary {}", binary.display()))?,
        None => build_akashi(&program)?,
    };
    let profile = optimised(&program)?;
    let load_before = load_average()?;
    let threads = usize::from(options.threads);
    let transport = if options.plaintext {
        Transport::Plaintext
    } else {
        Transport::MutualTls
    };
    eprintln!("minting and starting");
    let mut installation = Installation::start(&Plan {
        akashi,
        program,
        transport,
        threads,
        revoked: options.revoked,
        questions: QUESTIONS,
    })
    .await?;
    let pace = Pace {
        rounds: options.rounds,
        window: Until::Elapsed(Duration::from_secs(options.seconds.into())),
    };
    let rounds = measure(&mut installation, pace, |told| eprintln!("{told}")).await?;
    drop(installation);
    let conditions = Conditions {
        transport,
        profile,
        cores: std::thread::available_parallelism()?.get(),
        connections: CONNECTIONS,
        streams: STREAMS,
        threads,
        revoked: options.revoked,
        seconds: options.seconds.into(),
        load_before,
        load_after: load_average()?,
    };
    let report = Report::new(conditions, rounds);
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{report}");
    }
    Ok(if report.void {
        ExitCode::from(VOID)
    } else {
        ExitCode::SUCCESS
    })
}

async fn run_gateway(options: &GatewayOptions) -> Result<ExitCode> {
    let (akashi, program) = binaries(options.akashi_binary.as_deref())?;
    let plan = GatewayPlan {
        akashi,
        program,
        codes: options.codes.into(),
        rounds: options.common.rounds,
    };
    let measure = move |folder: &Path, load| gateway::measure(&plan, folder, load);
    measured(&options.common, measure).await
}

fn run_leaf(options: &LeafOptions) -> Result<ExitCode> {
    optimised(&std::env::current_exe().context("finding this program")?)?;
    let load_before = load_average()?;
    eprintln!("minting");
    let leaves = Leaves::mint()?;
    let stretch = Duration::from_millis(options.milliseconds.into());
    let rounds = leaf_report::measure(&leaves, options.rounds, stretch)?;
    let report = LeafReport::new(load_before, rounds);
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{report}");
    }
    Ok(verdict(report.void, report.is_within_limits()))
}

fn run_index(options: &IndexOptions) -> Result<ExitCode> {
    optimised(&std::env::current_exe().context("finding this program")?)?;
    let load_before = load_average()?;
    let row = |kind| index_report::measure(kind, options.revoked, options.rounds);
    let rows = Kind::ALL.into_iter().map(row).collect::<Result<Vec<_>>>()?;
    let report = IndexReport::new(load_before, options.revoked, rows);
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{report}");
    }
    Ok(verdict(report.void, report.is_within_limits()))
}

fn run_exact(options: &ExactOptions) -> Result<ExitCode> {
    optimised(&std::env::current_exe().context("finding this program")?)?;
    for kind in Kind::ALL {
        let list = MintedList::new(kind, options.revoked)?;
        list.compare(options.others)?;
        println!(
            "{}: a list of {} octets, {} revoked and {} others, none wrong",
            kind.name(),
            list.octets(),
            options.revoked,
            options.others
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// The exit code of a run with limits.
pub(crate) fn verdict(void: bool, is_within_limits: bool) -> ExitCode {
    match (void, is_within_limits) {
        (true, _) => ExitCode::from(VOID),
        (false, true) => ExitCode::SUCCESS,
        (false, false) => ExitCode::from(ABOVE_LIMIT),
    }
}

fn print_case(id: &str) -> Result<()> {
    let row = row(id)?;
    let folder = conformance::corpora::pkits()?;
    let print = |name: &String| println!("{}", folder.join(name).display());
    row.trust_anchors.iter().for_each(print);
    print(&row.certificate);
    for (option, names) in [("-i", &row.intermediates), ("-c", &row.crls)] {
        for name in names {
            println!("{option}");
            print(name);
        }
    }
    Ok(())
}

fn measure_path(id: &str, tries: u32) -> Result<()> {
    optimised(&std::env::current_exe().context("finding this program")?)?;
    let time = path::measure(&row(id)?, tries)?;
    println!("Akashi, from octets\t{:.1}", time.as_secs_f64() * 1e6);
    Ok(())
}

fn row(id: &str) -> Result<Row> {
    let mut rows = conformance::pkits::rows().into_iter();
    rows.find(|row| row.id == id)
        .with_context(|| format!("PKITS has no row {id}"))
}

/// Cargo's profile of this program, if it is one whose figures say something.
pub(crate) fn optimised(program: &Path) -> Result<String> {
    let profile = profile(build_folder(program)).to_owned();
    ensure!(
        profile != "dev",
        "a debug build says nothing: cargo run --release --locked -p load"
    );
    Ok(profile)
}

/// Of the last minute.
pub(crate) fn load_average() -> Result<String> {
    let text = std::fs::read_to_string("/proc/loadavg").context("/proc/loadavg")?;
    Ok(text.split(' ').next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        Options::command().debug_assert();
    }

    #[test]
    fn a_median_of_fewer_than_five_rounds_is_refused() {
        assert!(Options::try_parse_from(["load", "--rounds", "5"]).is_ok());
        assert!(Options::try_parse_from(["load", "--rounds", "4"]).is_err());
    }
}
