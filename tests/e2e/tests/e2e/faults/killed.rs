//! kill -9 in each phase of a sync and around the swap: the last good list answers, nothing is half-written, and the
//! next start goes on by itself.

use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use e2e::freshness::{freshness, wait_for_number};
use e2e::process::{PATIENCE, Process};
use e2e::system::{Shape, System, akashi_binary, eventually};
use proto::verification::v1::VerificationResult;
use sandbox::mint::{CaKind, ListKind, ListSigner, Revocation};
use sandbox::repository::{Fault, FaultKind, list_path};
use store::{CrlReader, DatabaseUrl};

use super::ask::{Answer, result_of, status, wait_for_status};
use super::lock::{Lock, expect_nothing_half_written};
use super::witness::Witness;
use super::{KEY_COMPROMISE, USER, VERIFYING, bounded, full_lists_only};

/// The source whose phases are watched.
pub(super) const SOURCE: &str = "user-authentication.newest.full";

/// Enough entries that verifying them takes a debug build some tenths of a second.
const MANY: u64 = 20_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_leaves_the_last_good_list_on_sqlite() -> Result<()> {
    survive_kills(Shape::RolesOnSqlite).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_leaves_the_last_good_list_on_postgresql() -> Result<()> {
    survive_kills(Shape::RolesOnPostgres).await
}

async fn survive_kills(shape: Shape) -> Result<()> {
    let system = System::start_only(&full_lists_only(shape), &VERIFYING).await?;
    let mut scene = Scene { system };
    let outcome = bounded(scene.play()).await;
    outcome.with_context(|| scene.system.last_words())
}

/// An installation in which things are killed.
struct Scene {
    system: System,
}

/// How a killed crl-sync comes back.
#[derive(Clone, Copy)]
enum Recovery {
    /// As a service.
    Service,
    /// As cron's command, with these words for the list; then as a service.
    Once(&'static str),
}

impl Scene {
    async fn play(&mut self) -> Result<()> {
        let witness = Witness::of(&self.system)?;
        self.killed_while_downloading()
            .await
            .context("while downloading")?;
        self.killed_before_the_commit()
            .await
            .context("before the commit")?;
        self.killed_after_the_commit()
            .await
            .context("after the commit")?;
        self.killed_while_verifying()
            .await
            .context("while verifying")?;
        self.killed_at_the_commit().await.context("at the commit")?;
        witness.expect_nothing_wrong().await?;
        self.replica_killed_before_the_swap()
            .await
            .context("before the swap")?;
        self.replica_killed_after_the_swap()
            .await
            .context("after the swap")
    }

    async fn killed_while_downloading(&mut self) -> Result<()> {
        let repository = &self.system.world.repository;
        let before = self.number();
        repository.set_fault(Fault::everywhere(FaultKind::Stall));
        let next = self.revoke("older-key", USER)?;
        let list = ListKind {
            signer: ListSigner::Newest,
            municipality: None,
        };
        let path = list_path(USER, &list);
        let asked = repository.fetches(&path);
        eventually("a download that stalls", || async {
            Ok(repository.fetches(&path) > asked)
        })
        .await?;
        self.system.take("crl-sync")?.kill()?;
        self.expect_unchanged("older-key", before).await?;
        let repository = &self.system.world.repository;
        repository.set_fault(Fault::none());
        self.recover("older-key", next, Recovery::Service).await
    }

    async fn killed_before_the_commit(&mut self) -> Result<()> {
        let before = self.number();
        // Right after an attempt, so that recording one does not wait for the lock first.
        let since = self.system.process("crl-sync")?.log_length();
        self.wait_for(since, "\"message\":\"source refreshed\"")?;
        let lock = Lock::on_lists(&self.system.crl_url()).await?;
        let next = self.revoke("renewed-old", USER)?;
        self.wait_for(since, "\"phase\":\"planned\"")?;
        lock.wait_for_waiting().await?;
        let killed = self.system.take("crl-sync")?;
        let log = killed.log_since(since);
        killed.kill()?;
        ensure!(
            !said(&log, "\"phase\":\"committed\""),
            "it was committed in spite of the lock"
        );
        lock.release().await?;
        self.expect_unchanged("renewed-old", before).await?;
        self.recover("renewed-old", next, Recovery::Once("accepted"))
            .await
    }

    async fn killed_at_the_commit(&mut self) -> Result<()> {
        let before = self.number();
        let since = self.system.process("crl-sync")?.log_length();
        let next = self.revoke("renewed", USER)?;
        self.wait_for(since, "\"phase\":\"planned\"")?;
        self.system.take("crl-sync")?.kill()?;
        // Whichever side of its commit the kill fell on, it is one of the two, and the replica says the same.
        let stored = self.stored().await?;
        let expected = match stored {
            stored if stored == next => Answer::Revoked(next),
            stored if stored == before => Answer::Good(before),
            other => bail!("list {other} is stored, neither {before} nor {next}"),
        };
        wait_for_status(&self.system, "renewed", &expected).await?;
        self.recover("renewed", next, Recovery::Service).await
    }

    async fn killed_after_the_commit(&mut self) -> Result<()> {
        let since = self.system.process("crl-sync")?.log_length();
        let next = self.revoke("minor", USER)?;
        self.wait_for(since, "\"phase\":\"committed\"")?;
        self.system.take("crl-sync")?.kill()?;
        ensure!(
            self.stored().await? == next,
            "what was said to be committed is there"
        );
        // The replica takes it although its writer is dead.
        wait_for_status(&self.system, "minor", &Answer::Revoked(next)).await?;
        self.recover("minor", next, Recovery::Once("unchanged"))
            .await
    }

    async fn killed_while_verifying(&mut self) -> Result<()> {
        self.system.world.repository.change(|jpki| {
            let authority = jpki.authority_mut(USER);
            for _ in 0..MANY {
                let revocation = Revocation {
                    serial: authority.draw_serial(),
                    generation: 2,
                    municipality: "umikaze".to_owned(),
                    revoked_at: sandbox::now().secs(),
                    reason: 5,
                };
                authority.revocations.push(revocation);
            }
        })?;
        // A list is verified while it arrives, so little is left to do behind its last octet: a kill there may come
        // late. Then it was another phase, whose promise is that the newer list is whole.
        for _ in 0..3 {
            let before = self.number();
            let since = self.system.process("crl-sync")?.log_length();
            self.system.world.repository.publish(sandbox::now())?;
            let next = self.number();
            self.wait_for(since, "\"message\":\"body fetched\"")?;
            self.system.take("crl-sync")?.kill()?;
            let stored = self.stored().await?;
            ensure!(
                stored == before || stored == next,
                "list {stored} is stored, neither {before} nor {next}"
            );
            wait_for_status(&self.system, "good", &Answer::Good(stored)).await?;
            self.recover("minor", next, Recovery::Service).await?;
        }
        Ok(())
    }

    async fn replica_killed_before_the_swap(&mut self) -> Result<()> {
        let before = self.number();
        wait_for_status(&self.system, "good", &Answer::Good(before)).await?;
        // It hears of a new list at once: only one that stands still has not looked yet.
        self.system.process("revocation-lookup")?.freeze()?;
        let since = self.system.process("crl-sync")?.log_length();
        let next = self.revoke("expired", USER)?;
        self.wait_for(since, "\"phase\":\"committed\"")?;
        self.system.take("revocation-lookup")?.kill()?;
        let alone = result_of(&self.system, "good").await?;
        ensure!(
            alone == VerificationResult::RevocationUnknown,
            "without revocation-lookup nothing is known, but: {alone:?}"
        );
        self.replica_starts_with("expired", USER, next).await
    }

    async fn replica_killed_after_the_swap(&mut self) -> Result<()> {
        let kind = CaKind::DigitalSignature;
        let next = self.revoke("good", kind)?;
        wait_for_number(&self.system.deployment, kind.name(), next).await?;
        ensure!(
            status(&self.system, "good", kind).await? == Answer::Revoked(next),
            "swapped"
        );
        self.system.take("revocation-lookup")?.kill()?;
        self.replica_starts_with("good", kind, next).await
    }

    /// The first thing that a newly started replica claims to know is the newest list.
    async fn replica_starts_with(&mut self, card: &str, kind: CaKind, number: u64) -> Result<()> {
        self.system.start_role("revocation-lookup")?;
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            match status(&self.system, card, kind).await {
                Ok(Answer::Unknown(_)) | Err(_) => {}
                Ok(Answer::Revoked(of)) if of == number => {
                    return eventually("a signature being verified again", || async {
                        Ok(result_of(&self.system, "good").await? == VerificationResult::Ok)
                    })
                    .await;
                }
                Ok(other) => bail!("the first answer is {other:?}, not revoked by {number}"),
            }
        }
        bail!("revocation-lookup did not come back")
    }

    /// Nothing of the next list is there: not in the store, and not in any answer.
    async fn expect_unchanged(&self, card: &str, number: u64) -> Result<()> {
        let system = &self.system;
        ensure!(
            self.stored().await? == number,
            "another list is stored than {number}"
        );
        for card in [card, "good"] {
            let answer = status(system, card, USER).await?;
            ensure!(answer == Answer::Good(number), "{card}: {answer:?}");
        }
        let answer = status(system, "revoked", USER).await?;
        ensure!(answer == Answer::Revoked(number), "revoked: {answer:?}");
        ensure!(
            result_of(system, "good").await? == VerificationResult::Ok,
            "signatures are verified meanwhile"
        );
        self.expect_freshness(number).await
    }

    async fn recover(&mut self, card: &str, number: u64, how: Recovery) -> Result<()> {
        if let Recovery::Once(word) = how {
            self.sync_once(word, number)?;
        }
        self.system.start_role("crl-sync")?;
        let deployment = &self.system.deployment;
        for kind in CaKind::ALL {
            wait_for_number(deployment, kind.name(), number).await?;
        }
        let answer = status(&self.system, card, USER).await?;
        ensure!(answer == Answer::Revoked(number), "{card}: {answer:?}");
        let answer = status(&self.system, "good", USER).await?;
        ensure!(answer == Answer::Good(number), "good: {answer:?}");
        for (card, expected) in [
            (card, VerificationResult::CertificateRevoked),
            ("good", VerificationResult::Ok),
        ] {
            let result = result_of(&self.system, card).await?;
            ensure!(result == expected, "{card}: {result:?}");
        }
        ensure!(
            self.stored().await? == number,
            "the list that answers is stored"
        );
        self.expect_freshness(number).await
    }

    fn sync_once(&self, word: &str, number: u64) -> Result<()> {
        let config = self.system.deployment.config_file("crl-sync");
        let config = config.to_str().context("a folder in UTF-8")?;
        let mut once = Process::start(
            &akashi_binary(),
            &["crl-sync", "--once", "--config", config],
            "crl-sync-once",
            self.system.folder(),
        )?;
        let status = once.wait()?;
        ensure!(
            status.success(),
            "crl-sync --once ended with {status}:\n{}",
            once.log()
        );
        let expected = format!("{SOURCE}: {word}, number {number}");
        ensure!(
            once.log().contains(&expected),
            "{expected:?} is not in:\n{}",
            once.log()
        );
        Ok(())
    }

    async fn expect_freshness(&self, number: u64) -> Result<()> {
        let freshness = freshness(&self.system.deployment).await?;
        let held = freshness
            .sources
            .iter()
            .find(|source| source.source == SOURCE)
            .context("a row for the source")?;
        let list = held.list.as_ref().context("a list of the source")?;
        ensure!(
            list.crl_number == number.to_string() && held.current,
            "freshness tells of list {}, not of {number}",
            list.crl_number
        );
        Ok(())
    }

    async fn stored(&self) -> Result<u64> {
        stored_number(&self.system.crl_url()).await
    }

    /// Revokes and publishes; returns the number of the lists that say so.
    fn revoke(&self, card: &str, kind: CaKind) -> Result<u64> {
        let repository = &self.system.world.repository;
        repository.revoke(card, &[kind], KEY_COMPROMISE, sandbox::now())?;
        Ok(self.number())
    }

    /// The number of the last published lists.
    fn number(&self) -> u64 {
        self.system.world.repository.publications()[USER.name()].number
    }

    /// Waits until crl-sync says this of the source in its log, after so many octets of it.
    fn wait_for(&mut self, since: usize, words: &str) -> Result<()> {
        let found = |log: &str| said(log.get(since..).unwrap_or_default(), words);
        self.system
            .process("crl-sync")?
            .wait_until(&format!("{words} of {SOURCE}"), found)
    }
}

/// The number of the stored list, after a look at all that is stored.
pub(super) async fn stored_number(url: &str) -> Result<u64> {
    expect_nothing_half_written(url).await?;
    let url: DatabaseUrl = url.parse()?;
    let reader = CrlReader::open(&url)?;
    // A writer that still runs may replace a list between the two readings.
    for _ in 0..10 {
        if let Some(number) = number_if_still(&reader).await? {
            reader.close().await;
            return Ok(number);
        }
    }
    bail!("a list is there in part, however often it is read")
}

/// `None`: a list was replaced after it was named.
async fn number_if_still(reader: &CrlReader) -> Result<Option<u64>> {
    let mut number = None;
    for source in reader.manifest().await?.sources {
        let list = source.current.context("a list of each source")?;
        // Reading a list checks its hash.
        if reader.segment(&list).await?.is_none() {
            return Ok(None);
        }
        if source.registration.source == SOURCE {
            let octets = list.facts.crl_number.iter();
            number = Some(octets.fold(0, |number, octet| number << 8 | u64::from(*octet)));
        }
    }
    number.context("a list of the source").map(Some)
}

/// Whether a log says this of the source.
pub(super) fn said(log: &str, words: &str) -> bool {
    let source = format!("\"source\":\"{SOURCE}\"");
    log.lines()
        .any(|line| line.contains(words) && line.contains(&source))
}
