//! The command line of `cargo demo`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::mint::CaKind;
use crate::nation::Serials;
use crate::repository::{FaultKind, REASONS};

/// The first port tried without `--port-base`.
const FIRST_PORT: u16 = 8700;

/// Runs Akashi against a throw-away JPKI, with cards, a card app and a relying party to try it.
#[derive(Debug, Parser)]
#[command(name = "cargo demo", bin_name = "cargo demo", version)]
pub(super) struct Launch {
    /// What to do with a running demo, or instead of one; nothing: start one.
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) run: RunArguments,
    /// Where everything is kept from one start to the next [default: target/demo in the repository].
    #[arg(long, value_name = "DIR", global = true)]
    pub(super) data: Option<PathBuf>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Revoke a card's certificates; the next lists say so.
    Revoke(Revoke),
    /// Give a locked card its tries back, as a municipal office would.
    Unlock(Unlock),
    /// Make the repository of lists misbehave, or (none) behave again.
    Fault(FaultArguments),
    /// Mint a nation's revocation lists as files, with configuration files to sync and serve them; needs no demo.
    Nation(NationArguments),
}

/// How to run.
#[derive(Args, Debug)]
pub(super) struct RunArguments {
    /// The first port to try; the next free ones are taken from there [default: 8700].
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1024..32_000))]
    port_base: Option<u16>,
    /// Start looking for ports somewhere at random, so that several demos do not meet.
    #[arg(long, conflicts_with = "port_base")]
    random_ports: bool,
    /// Seconds from one list to its next update; lists are published four times as often.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    pub(super) list_lifetime_seconds: u32,
    /// Seconds between two fetches of a list.
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    pub(super) sync_interval_seconds: u32,
    /// Start this binary instead of building one.
    #[arg(long, value_name = "FILE")]
    pub(super) akashi_binary: Option<PathBuf>,
    /// Start the binary that an earlier build left beside this one.
    #[arg(long, conflicts_with = "akashi_binary")]
    pub(super) no_build: bool,
    /// Print one line of JSON once ready, instead of words.
    #[arg(long)]
    pub(super) print_json: bool,
}

impl RunArguments {
    /// Where to look for free ports from.
    pub(super) fn first_port(&self) -> u16 {
        let from_random = || {
            let [high, low, ..] = *uuid::Uuid::new_v4().as_bytes();
            20_000 + u16::from_be_bytes([high, low]) % 12_000
        };
        match self.port_base {
            Some(port) => port,
            None if self.random_ports => from_random(),
            None => FIRST_PORT,
        }
    }
}

/// What to mint, and where.
#[derive(Args, Debug)]
pub(super) struct NationArguments {
    /// Where; a new or an empty folder.
    #[arg(long, value_name = "DIR")]
    pub(super) dir: PathBuf,
    /// Revoked certificates of both authorities together.
    #[arg(long, default_value_t = 50_000_000)]
    pub(super) revoked: u64,
    /// Municipalities, each with a list of each authority; 0 needs --full.
    #[arg(long, default_value_t = 1_900, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub(super) partitions: u32,
    /// Whole lists as well, one of each authority.
    #[arg(long)]
    pub(super) full: bool,
    /// What serial numbers look like.
    #[arg(long, value_enum, default_value_t)]
    pub(super) serials: Serials,
    /// What chance begins with: the same seed gives the same entries; keys are always new.
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// For how many days the lists are current.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    pub(super) days: u32,
    /// The first port for the configuration files; the next free ones are taken from there.
    #[arg(long, value_name = "PORT", default_value_t = 8_800, value_parser = clap::value_parser!(u16).range(1024..32_000))]
    pub(super) port_base: u16,
}

/// Which certificates to revoke, and why.
#[derive(Args, Debug)]
pub(super) struct Revoke {
    /// The card, such as good.
    pub(super) holder: String,
    /// Which of its two certificates [default: both].
    #[arg(long, value_parser = CaKind::ALL.map(CaKind::name))]
    pub(super) certificate: Option<String>,
    /// Why.
    #[arg(long, default_value = "key_compromise", value_parser = REASONS.map(|(name, _)| name))]
    pub(super) reason: String,
}

/// Which card to unlock.
#[derive(Args, Debug)]
pub(super) struct Unlock {
    /// The card, such as good.
    pub(super) holder: String,
}

/// What goes wrong, and where.
#[derive(Args, Debug)]
pub(super) struct FaultArguments {
    /// What goes wrong; none ends it.
    #[arg(value_enum)]
    pub(super) kind: FaultKind,
    /// Only at files whose path begins like this.
    #[arg(long)]
    pub(super) path: Option<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Launch::command().debug_assert();
    }

    #[test]
    fn the_data_folder_may_be_named_before_and_after_a_command() {
        for arguments in [
            ["--data", "x", "revoke", "good"],
            ["revoke", "good", "--data", "x"],
        ] {
            let launch = Launch::parse_from([&["demo"], arguments.as_slice()].concat());
            assert_eq!(launch.data, Some(PathBuf::from("x")));
        }
    }

    #[test]
    fn ports_start_at_the_base_or_at_random_below_the_range_of_outgoing_ones() {
        let first = |arguments: &[&str]| Launch::parse_from(arguments).run.first_port();
        assert_eq!(first(&["demo"]), 8700);
        assert_eq!(first(&["demo", "--port-base", "9000"]), 9000);
        assert!((20_000..32_000).contains(&first(&["demo", "--random-ports"])));
    }
}
