//! `akashi crl-sync --once`: every source once, for cron and for operators.

use std::io::{IsTerminal as _, stderr};
use std::path::Path;
use std::process::ExitCode;

use crl_sync::{Outcome, Progress};
use runtime::Context;
use runtime::shutdown::Shutdown;

use super::{FAILED, failed, print, unusable};

/// Asks every source once and says what came of it; a person at a terminal sees how far it is meanwhile. Exit code 0: each is in force; 1: one is not.
pub async fn run(file: &Path) -> ExitCode {
    let config: crl_sync::Config = match runtime::config::load(file) {
        Ok(config) => config,
        Err(error) => return unusable(&error),
    };
    if let Err(error) = config.check() {
        return unusable(&error.within(file));
    }
    if let Err(error) = runtime::logging::init(&config.observability) {
        return unusable(&error);
    }
    if let Err(error) = runtime::priority::be_nice(config.nice) {
        return failed(&format!("nice = {}: {error}", config.nice));
    }
    let context = Context::new("crl-sync", Shutdown::new()).await;
    let progress = Progress::default();
    let run = crl_sync::sync_once_watched(config, context, &progress);
    let outcomes = if stderr().is_terminal() {
        progress.show(stderr(), run).await
    } else {
        run.await
    };
    let outcomes = match outcomes {
        Ok(outcomes) => outcomes,
        Err(error) => return failed(&error),
    };
    let mut all_succeeded = true;
    for outcome in &outcomes {
        all_succeeded &= outcome.succeeded();
        let words = match &outcome.outcome {
            Outcome::Accepted {
                number,
                held_removals: 0,
            } => format!("accepted, number {number}"),
            Outcome::Accepted {
                number,
                held_removals,
            } => format!(
                "accepted, number {number}; {held_removals} certificates left the list, more than \
                 expiry explains, and count as revoked until `akashi crl accept` says that they left"
            ),
            Outcome::Unchanged { number } => format!("unchanged, number {number}"),
            Outcome::Refused { rule, problem } => format!("refused ({rule}): {problem}"),
            Outcome::Failed { rule, problem } => format!("failed ({rule}): {problem}"),
        };
        if print(&format!("{}: {words}", outcome.source)).is_err() {
            return ExitCode::from(FAILED);
        }
    }
    if all_succeeded {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAILED)
    }
}
