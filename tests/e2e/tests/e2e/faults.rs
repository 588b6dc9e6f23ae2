//! What Akashi says and keeps when something goes wrong: killed processes, lists that stop, lie or are missing, a
//! database that goes away, and an orderly end.

mod ask;
mod database_under_load;
mod disk_full;
mod drain;
mod hostile_lists;
mod killed;
mod kills;
mod lock;
mod missing_partition;
mod no_database;
mod restored;
mod scrape;
mod stale;
mod witness;

use std::future::Future;
use std::time::Duration;

use anyhow::{Context as _, Result};
use e2e::system::{Plan, Shape};
use sandbox::deployment::Lists;
use sandbox::mint::CaKind;

const USER: CaKind = CaKind::UserAuthentication;
const KEY_COMPROMISE: u8 = 1;

/// What a signature needs to be verified; the other roles take no part in these tests.
const VERIFYING: [&str; 3] = ["crl-sync", "revocation-lookup", "signature-verification"];

/// No test here may take longer; most take a quarter of a minute.
const LIMIT: Duration = Duration::from_mins(4);

/// Ends what takes too long.
async fn bounded(test: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::time::timeout(LIMIT, Box::pin(test))
        .await
        .context("the test took too long")?
}

/// The full list of each authority alone: one source an authority, so that a phase of its sync is one moment.
fn full_lists_only(shape: Shape) -> Plan {
    let lists = Lists {
        municipalities: Vec::new(),
        ..Lists::all()
    };
    Plan {
        lists,
        ..Plan::of(shape)
    }
}
