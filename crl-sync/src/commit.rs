//! Lists that are ready at the same time come into force in one transaction.
//!
//! Who is ready first commits what is ready then; who is ready meanwhile waits, and the next commit is for all of them.
//! Nobody waits for a list that is not ready, so one list alone is in force as soon as ever.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use store::{ApplyError, CrlWriter, CurrentSegment, NewOriginal};
use tokio::sync::{Mutex as Turn, OwnedSemaphorePermit, Semaphore, oneshot};

use crate::apply::{self, Prepared};
use crate::departures::Compared;
use crate::limits;
use crate::removals::RemovalLimits;

/// A list that only has to be committed.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) list: Prepared,
    /// What it replaces, and on whose condition it does.
    pub(crate) in_force: Option<CurrentSegment>,
    pub(crate) compared: Compared,
    pub(crate) original: Option<NewOriginal>,
}

/// Where ready lists wait for their commit.
#[derive(Debug)]
pub(crate) struct Commits {
    waiting: Mutex<VecDeque<Waiting>>,
    turn: Turn<()>,
    /// Room for lists that wait without taking anybody's place at fetching, in kilobytes.
    room: Arc<Semaphore>,
}

#[derive(Debug)]
struct Waiting {
    ready: Arc<Ready>,
    tell: oneshot::Sender<Result<u64, ApplyError>>,
}

impl Default for Commits {
    fn default() -> Self {
        Self {
            waiting: Mutex::default(),
            turn: Turn::default(),
            room: Arc::new(Semaphore::new(limits::WAITING_KILOBYTES)),
        }
    }
}

impl Commits {
    /// Commits a list together with others that are ready. `place`: the caller's place among those who fetch, which goes
    /// to somebody else while a small list waits. Returns its generation; `None`: whoever was committing was stopped, and
    /// nobody knows what became of it.
    pub(crate) async fn commit(
        &self,
        writer: &CrlWriter,
        removals: &RemovalLimits,
        ready: Arc<Ready>,
        place: &mut Option<OwnedSemaphorePermit>,
        now: impl Fn() -> i64,
    ) -> Option<Result<u64, ApplyError>> {
        let _room = self.room_for(&ready).inspect(|_| drop(place.take()));
        let (tell, mut told) = oneshot::channel();
        self.waiting().push_back(Waiting { ready, tell });
        loop {
            let turn = tokio::select! {
                biased;
                told = &mut told => return told.ok(),
                turn = self.turn.lock() => turn,
            };
            // Who had the turn before may have committed this one too.
            match told.try_recv() {
                Ok(told) => return Some(told),
                Err(oneshot::error::TryRecvError::Closed) => return None,
                Err(oneshot::error::TryRecvError::Empty) => {}
            }
            commit_all(writer, removals, self.next(), now()).await;
            drop(turn);
        }
    }

    /// Room to wait in, if a list is small and there is any.
    fn room_for(&self, ready: &Ready) -> Option<OwnedSemaphorePermit> {
        let kilobytes = u32::try_from(ready.list.segment.octets().len() / 1_024 + 1).ok()?;
        let room = Arc::clone(&self.room);
        room.try_acquire_many_owned(kilobytes).ok()
    }

    /// The lists that come next, in the order in which they were ready, and as many as one transaction takes.
    fn next(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting();
        let (mut next, mut octets) = (Vec::new(), 0);
        while let Some(first) = waiting.pop_front() {
            // Whoever waited for it was stopped.
            if first.tell.is_closed() {
                continue;
            }
            octets += first.ready.list.segment.octets().len();
            if !next.is_empty() && octets > limits::COMMITTED_OCTETS {
                waiting.push_front(first);
                break;
            }
            next.push(first);
            if next.len() == store::limits::LISTS_TOGETHER {
                break;
            }
        }
        next
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn commit_all(writer: &CrlWriter, removals: &RemovalLimits, lists: Vec<Waiting>, at: i64) {
    if lists.is_empty() {
        return;
    }
    let outcomes = {
        let replacements: Vec<_> = lists
            .iter()
            .map(|waiting| apply::replacement(&waiting.ready, removals))
            .collect();
        let replacements: Vec<_> = replacements.iter().collect();
        writer.replace_each_and_record(&replacements, at).await
    };
    for (waiting, outcome) in lists.into_iter().zip(outcomes) {
        // Who was stopped need not be told.
        let _ = waiting.tell.send(outcome);
    }
}

#[cfg(test)]
#[path = "commit_tests.rs"]
mod tests;
