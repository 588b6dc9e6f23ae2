//! `akashi crl`: certificates that left a list and wait for a decision, and lists as they were fetched.
//!
//! Revoked certificates leave a list when they expire, a few every day. When more leave at once, they count as revoked
//! until an operator has asked the issuer and accepts that they left.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use pki::{CrlNumber, UnixTime};
use runtime::clock::{Clock as _, SystemClock};
use store::{AcceptError, CrlWriter, DatabaseUrl, RemovalDecision};

use super::{failed, print, unusable};

mod original;

/// What `akashi crl` is told.
#[derive(Args, Debug)]
pub struct CrlArguments {
    #[command(subcommand)]
    command: CrlCommand,
}

#[derive(Debug, Subcommand)]
enum CrlCommand {
    /// Shows the sources whose lists lost more certificates than expiry explains.
    Held {
        #[command(flatten)]
        store: CrlStore,
    },
    /// Lets go what is held of a source: from now on its list alone says who is revoked.
    Accept {
        #[command(flatten)]
        store: CrlStore,
        /// The source, as `held` shows it.
        source: String,
        /// The number of the list that was looked at, as `held` shows it; refused if a newer one is in force.
        number: String,
        /// Who decided; recorded.
        #[arg(long, value_name = "NAME")]
        decided_by: String,
    },
    /// Writes a list as it was fetched into a file, if crl-sync keeps such lists ([originals] keep_days).
    Original {
        #[command(flatten)]
        store: CrlStore,
        /// The source's name in crl-sync's configuration.
        source: String,
        /// The list's number, decimal.
        number: String,
        /// The file, which must not be there yet: DER.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Shows what was accepted, oldest first.
    Decisions {
        #[command(flatten)]
        store: CrlStore,
    },
}

#[derive(Args, Debug)]
struct CrlStore {
    /// crl-sync's file.
    #[arg(long, value_name = "FILE", required_unless_present = "store")]
    config: Option<PathBuf>,
    /// The lists' database, instead of --config.
    #[arg(long, value_name = "URL", conflicts_with = "config")]
    store: Option<DatabaseUrl>,
}

/// Shows or accepts removals. Exit code 1 when there is nothing to accept.
pub async fn run(arguments: CrlArguments) -> ExitCode {
    let store = match &arguments.command {
        CrlCommand::Held { store }
        | CrlCommand::Accept { store, .. }
        | CrlCommand::Original { store, .. }
        | CrlCommand::Decisions { store } => store,
    };
    let url = match &store.config {
        None => store.store.clone(),
        Some(file) => match runtime::config::load::<crl_sync::Config>(file) {
            Ok(config) => Some(config.store.crl),
            Err(error) => return unusable(&error),
        },
    };
    let Some(url) = url else {
        return unusable(&"give --config or --store");
    };
    let lists = match CrlWriter::open(&url).await {
        Ok(lists) => lists,
        Err(error) => return failed(&error),
    };
    let code = match arguments.command {
        CrlCommand::Held { .. } => held(&lists).await,
        CrlCommand::Decisions { .. } => decisions(&lists).await,
        CrlCommand::Original {
            source,
            number,
            out,
            ..
        } => original::run(&lists, &source, &number, &out).await,
        CrlCommand::Accept {
            source,
            number,
            decided_by,
            ..
        } => accept(&lists, &source, &number, &decided_by).await,
    };
    lists.close().await;
    code
}

async fn held(lists: &CrlWriter) -> ExitCode {
    let sources = match lists.held_removals().await {
        Ok(sources) => sources,
        Err(error) => return failed(&error),
    };
    for current in sources {
        let Some(held) = current.held else { continue };
        let facts = current.facts;
        let line = format!(
            "source={} certification_authority={} number={} entries={} held={} since={}",
            facts.source,
            facts.certification_authority,
            CrlNumber::decimal_of(&facts.crl_number),
            facts.entry_count,
            held.segment.entry_count,
            UnixTime::from_secs(held.since),
        );
        if print(&line).is_err() {
            break;
        }
    }
    ExitCode::SUCCESS
}

async fn decisions(lists: &CrlWriter) -> ExitCode {
    let decisions = match lists.removal_decisions().await {
        Ok(decisions) => decisions,
        Err(error) => return failed(&error),
    };
    for decision in decisions {
        let line = format!(
            "source={} certification_authority={} number={} accepted={} decided_by={:?} decided_at={}",
            decision.source,
            decision.certification_authority,
            CrlNumber::decimal_of(&decision.crl_number),
            decision.entry_count,
            decision.decided_by,
            UnixTime::from_secs(decision.decided_at),
        );
        if print(&line).is_err() {
            break;
        }
    }
    ExitCode::SUCCESS
}

async fn accept(lists: &CrlWriter, source: &str, number: &str, decided_by: &str) -> ExitCode {
    let current = match lists.current(source).await {
        Ok(Some(current)) => current,
        Ok(None) => return failed(&AcceptError::NoList),
        Err(error) => return failed(&error),
    };
    let in_force = CrlNumber::decimal_of(&current.facts.crl_number);
    if in_force != number {
        return moved(&in_force);
    }
    let decision = RemovalDecision {
        decided_by,
        decided_at: SystemClock.now().secs(),
    };
    // Whatever comes into force between the two is refused there.
    let accepted = lists
        .accept_removals(source, &current.facts.crl_number, &decision)
        .await;
    match accepted {
        Ok(count) => {
            let line = format!("{source}: {count} certificates were let go");
            match print(&line) {
                Ok(()) => ExitCode::SUCCESS,
                Err(_) => ExitCode::from(super::FAILED),
            }
        }
        Err(AcceptError::NumberMoved { in_force }) => moved(&CrlNumber::decimal_of(&in_force)),
        Err(error) => failed(&error),
    }
}

fn moved(in_force: &str) -> ExitCode {
    failed(&format!(
        "the list in force has number {in_force}: look at it, and accept that one"
    ))
}
