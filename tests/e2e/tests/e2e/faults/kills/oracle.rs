//! Those who ask all the time and know what is true: which list revokes which certificate.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use e2e::system::{System, eventually};
use sandbox::deployment::Deployment;
use tokio::task::JoinHandle;

use crate::faults::USER;
use crate::faults::ask::{Answer, Client, Question};

const ASKERS: usize = 4;

/// Short against every phase, long enough to leave the processes time to work.
const PAUSE: Duration = Duration::from_millis(25);

/// Of the certificates that were revoked meanwhile, so many are asked about: the newest.
const REMEMBERED: usize = 6;

/// A certificate, and the number of the first list that it is on.
#[derive(Clone)]
struct Subject {
    question: Question,
    revoked_by: u64,
}

/// Asks until it is dropped or stopped.
pub(crate) struct Oracle {
    shared: Arc<Shared>,
    asking: Vec<JoinHandle<Result<()>>>,
}

struct Shared {
    stop: AtomicBool,
    /// Whether revocation-lookup may be away: then a question may be left without an answer.
    away: AtomicBool,
    /// Whether everybody asks without a pause.
    hurry: AtomicBool,
    always: [Subject; 2],
    revoked: Mutex<Vec<Subject>>,
    /// The newest list that an answer named.
    newest: AtomicU64,
    answered: [AtomicU64; ASKERS],
    unanswered: AtomicU64,
}

impl Oracle {
    pub(crate) fn of(system: &System) -> Result<Self> {
        let repository = &system.world.repository;
        let subject = |card, revoked_by| -> Result<Subject> {
            let question = Question::about(repository, card, USER)?;
            Ok(Subject {
                question,
                revoked_by,
            })
        };
        let shared = Arc::new(Shared {
            stop: AtomicBool::new(false),
            away: AtomicBool::new(false),
            hurry: AtomicBool::new(false),
            always: [subject("good", u64::MAX)?, subject("revoked", 0)?],
            revoked: Mutex::default(),
            newest: AtomicU64::new(0),
            answered: Default::default(),
            unanswered: AtomicU64::new(0),
        });
        let asking = (0..ASKERS).map(|asker| {
            let (shared, deployment) = (Arc::clone(&shared), system.deployment.clone());
            tokio::spawn(async move { shared.ask(asker, &deployment).await })
        });
        Ok(Self {
            asking: asking.collect(),
            shared,
        })
    }

    /// This certificate is on every list from this number on.
    pub(crate) fn revoked(&self, serial: u64, revoked_by: u64) {
        let question = self.shared.always[0].question.clone().about_serial(serial);
        let mut revoked = self.shared.revoked();
        if revoked.len() == REMEMBERED {
            revoked.remove(0);
        }
        revoked.push(Subject {
            question,
            revoked_by,
        });
    }

    pub(crate) fn hurry(&self, hurry: bool) {
        self.shared.hurry.store(hurry, Ordering::SeqCst);
    }

    /// From now on a question may be left without an answer.
    pub(crate) fn lookup_goes(&self) {
        self.shared.away.store(true, Ordering::SeqCst);
    }

    /// Waits until everybody has answers again; from then on every question must have one.
    pub(crate) async fn lookup_is_back(&self) -> Result<()> {
        self.everybody_answered(1).await?;
        self.shared.away.store(false, Ordering::SeqCst);
        Ok(())
    }

    /// Waits until everybody has had so many more answers.
    pub(crate) async fn everybody_answered(&self, more: u64) -> Result<()> {
        let before = self.shared.answered.each_ref().map(count);
        eventually("answers to everybody", || async {
            self.expect_nothing_wrong()?;
            let now = self.shared.answered.each_ref().map(count);
            Ok(before.iter().zip(now).all(|(old, new)| new >= old + more))
        })
        .await
    }

    /// Nobody has given up, which one does who gets a wrong answer.
    pub(crate) fn expect_nothing_wrong(&self) -> Result<()> {
        let given_up = self.asking.iter().any(JoinHandle::is_finished);
        ensure!(!given_up, "an answer was wrong");
        Ok(())
    }

    /// The answers looked at, and the questions without one.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let answered = self.shared.answered.iter().map(count).sum();
        (answered, count(&self.shared.unanswered))
    }

    /// What they have seen: the first wrong answer, or nothing wrong.
    pub(crate) async fn finish(&mut self) -> Result<()> {
        self.shared.stop.store(true, Ordering::SeqCst);
        for asking in self.asking.drain(..) {
            asking.await??;
        }
        Ok(())
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        for asking in &self.asking {
            asking.abort();
        }
    }
}

impl Shared {
    async fn ask(&self, asker: usize, deployment: &Deployment) -> Result<()> {
        let mut client = self.always[0].question.client(deployment)?;
        for turn in asker.. {
            if self.stop.load(Ordering::SeqCst) {
                break;
            }
            let subject = self.subject(turn);
            let is_answered = self.look(&mut client, &subject).await?;
            if is_answered {
                self.answered[asker].fetch_add(1, Ordering::SeqCst);
            } else {
                self.unanswered.fetch_add(1, Ordering::SeqCst);
            }
            if !is_answered || !self.hurry.load(Ordering::SeqCst) {
                tokio::time::sleep(PAUSE).await;
            }
        }
        Ok(())
    }

    fn subject(&self, turn: usize) -> Subject {
        let revoked = self.revoked();
        let place = turn % (self.always.len() + revoked.len());
        let subject = self.always.iter().chain(&*revoked).nth(place);
        subject.unwrap_or(&self.always[0]).clone()
    }

    /// Whether there was an answer; an error where it is wrong.
    async fn look(&self, client: &mut Client, subject: &Subject) -> Result<bool> {
        let (was_away, newest) = (self.is_away(), count(&self.newest));
        let answer = subject.question.ask(client).await;
        let revoked_by = subject.revoked_by;
        let number = match answer {
            Ok(Answer::Good(number)) => {
                ensure!(
                    number < revoked_by,
                    "good by list {number}, but list {revoked_by} revokes it"
                );
                number
            }
            Ok(Answer::Revoked(number)) => {
                ensure!(
                    number >= revoked_by,
                    "revoked by list {number}, but only list {revoked_by} revokes it"
                );
                number
            }
            _ if was_away || self.is_away() => return Ok(false),
            other => bail!("no answer although revocation-lookup runs: {other:?}"),
        };
        ensure!(
            number >= newest,
            "the list went back from {newest} to {number}"
        );
        self.newest.fetch_max(number, Ordering::SeqCst);
        Ok(true)
    }

    fn is_away(&self) -> bool {
        self.away.load(Ordering::SeqCst)
    }

    fn revoked(&self) -> std::sync::MutexGuard<'_, Vec<Subject>> {
        self.revoked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn count(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::SeqCst)
}
