//! `nation`: mints a nation's lists and says what to do with them.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::time::Instant;

use anyhow::{Context as _, Result};

use super::arguments::NationArguments;
use crate::deployment::Ports;
use crate::nation::{Nation, Plan, Progress};

/// Mints.
pub(super) fn mint(arguments: &NationArguments) -> Result<()> {
    let plan = Plan {
        revoked: arguments.revoked,
        partitions: arguments.partitions,
        full: arguments.full,
        serials: arguments.serials,
        seed: arguments.seed,
        days: arguments.days,
    };
    let ports = Ports::free_from(arguments.port_base).context("no free ports")?;
    let began = Instant::now();
    let mut last = None;
    let told = |progress| {
        last = Some(progress);
        show(progress);
    };
    let nation = Nation::mint(&arguments.dir, plan, crate::now(), told)?;
    let deployment = nation.deploy(ports)?;
    if stderr().is_terminal() {
        eprint!("\x1b[K");
    }
    let (seconds, told) = (began.elapsed().as_secs_f64(), last.map(line));
    println!("{} in {seconds:.0} s.\n", told.unwrap_or_default());
    let file = |role| deployment.config_file(role).display().to_string();
    println!(
        "Store them, and serve them on port {}:\n\n    akashi crl-sync --once --config {}\n    \
         akashi revocation-lookup --config {}",
        ports.revocation_lookup.service,
        file("crl-sync"),
        file("revocation-lookup")
    );
    Ok(())
}

/// A line on a terminal, where a person waits.
fn show(progress: Progress) {
    let mut terminal = stderr();
    if terminal.is_terminal() {
        // A terminal that cannot be written to is no reason to stop.
        let _ = write!(terminal, "{}\x1b[K\r", line(progress));
    }
}

fn line(progress: Progress) -> String {
    let Progress { lists, of, octets } = progress;
    format!("{lists} of {of} lists, {} MB", octets / 1_000_000)
}
