//! Somebody who asks all the time while something is killed, and remembers the first wrong answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use e2e::freshness::freshness;
use e2e::system::System;
use sandbox::deployment::Deployment;
use tokio::task::JoinHandle;

use super::USER;
use super::ask::{Answer, Client, Question};

/// Short against every phase, long enough to leave the processes time to work.
const PAUSE: Duration = Duration::from_millis(50);

/// Asks about a good and a revoked card until it is stopped.
pub(crate) struct Witness {
    stop: Arc<AtomicBool>,
    asking: JoinHandle<Result<u64>>,
}

impl Witness {
    pub(crate) fn of(system: &System) -> Result<Self> {
        let repository = &system.world.repository;
        let good = Question::about(repository, "good", USER)?;
        let revoked = Question::about(repository, "revoked", USER)?;
        let stop = Arc::new(AtomicBool::new(false));
        let (deployment, stopping) = (system.deployment.clone(), Arc::clone(&stop));
        let asking = tokio::spawn(async move {
            let mut client = good.client(&deployment)?;
            let mut seen = Seen::default();
            while !stopping.load(Ordering::Relaxed) {
                seen.look(&deployment, &mut client, &good, &revoked).await?;
                tokio::time::sleep(PAUSE).await;
            }
            Ok(seen.looks)
        });
        Ok(Self { stop, asking })
    }

    /// What it has seen: nothing wrong, and at least something.
    pub(crate) async fn expect_nothing_wrong(self) -> Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        let looks = self.asking.await?.context("the witness saw something")?;
        ensure!(looks > 0, "the witness saw nothing at all");
        Ok(())
    }
}

#[derive(Default)]
struct Seen {
    looks: u64,
    newest: u64,
}

impl Seen {
    async fn look(
        &mut self,
        deployment: &Deployment,
        client: &mut Client,
        good: &Question,
        revoked: &Question,
    ) -> Result<()> {
        let number = match good.ask(client).await? {
            Answer::Good(number) => number,
            other => bail!("the good card was {other:?}"),
        };
        ensure!(
            number >= self.newest,
            "the list went back from {} to {number}",
            self.newest
        );
        match revoked.ask(client).await? {
            Answer::Revoked(of) if of >= number => {}
            other => bail!("the revoked card was {other:?} after list {number}"),
        }
        let freshness = freshness(deployment).await?;
        ensure!(
            freshness.sources.iter().all(|source| source.current),
            "a list was not current"
        );
        self.newest = number;
        self.looks += 1;
        Ok(())
    }
}
