//! Chunks of a list on their way from the thread that reads them to one that hashes them.
//!
//! Nothing waits for a thread that has not begun or has gone: whoever reads the list hashes what it finds waiting when it
//! needs the hash, or the room.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Running;
use crate::limits::CRL_HASHING_WAITING_OCTETS;

/// Octets of chunks for which a thread that waits is woken: waking it costs whoever reads the list some microseconds, and
/// the thread's core some more.
const WORTH_WAKING_OCTETS: usize = CRL_HASHING_WAITING_OCTETS / 4;

/// The chunks that wait, and the hash over those before. The end for whoever reads the list: dropped, what waits is
/// forgotten and the other thread goes.
pub(in crate::crl) struct HashingQueue(Arc<Shared>);

/// A turn at hashing one list, for a thread beside the one that reads it. Dropped, there is none, and the list is hashed
/// by whoever reads it.
pub struct HashingTurn(Arc<Shared>);

/// Octets of a list that are to be hashed, as [`Running::update`] takes them.
pub(super) struct Chunk {
    octets: Box<dyn AsRef<[u8]> + Send>,
    length: usize,
    start: u64,
    end: u64,
}

struct Shared {
    state: Mutex<State>,
    /// A chunk came, or the hash came back, or nothing comes any more.
    changed: Condvar,
}

struct State {
    hash: Place,
    chunks: VecDeque<Chunk>,
    /// Octets of these chunks.
    waiting: usize,
    /// Whether a thread was asked to hash and has not gone.
    has_turn: bool,
    is_over: bool,
}

/// Where the hash is.
enum Place {
    Here(Running),
    /// With whoever hashes a chunk just now.
    Away,
    /// Whoever had it panicked.
    Lost,
}

impl HashingQueue {
    pub(super) fn new(hash: Running) -> Self {
        Self(Arc::new(Shared {
            state: Mutex::new(State {
                hash: Place::Here(hash),
                chunks: VecDeque::new(),
                waiting: 0,
                has_turn: false,
                is_over: false,
            }),
            changed: Condvar::new(),
        }))
    }

    /// Hands a chunk over, once there is room for it. `beside` gets a turn where no thread has one. False: none has one now,
    /// and the chunk was not taken.
    pub(super) fn push(&self, chunk: Chunk, beside: impl FnOnce(HashingTurn)) -> bool {
        let shared = &self.0;
        let mut state = shared.state();
        if !state.has_turn {
            state.has_turn = true;
            drop(state);
            beside(HashingTurn(Arc::clone(shared)));
            state = shared.state();
            if !state.has_turn {
                return false;
            }
        }
        while state.waiting >= CRL_HASHING_WAITING_OCTETS {
            state = shared.hash_one_or_wait(state);
        }
        if !matches!(state.hash, Place::Lost) {
            state.waiting += chunk.length;
            state.chunks.push_back(chunk);
            if state.waiting >= WORTH_WAKING_OCTETS {
                shared.changed.notify_one();
            }
        }
        true
    }

    /// The hash over all chunks. None: whoever had it panicked.
    pub(super) fn finish(self) -> Option<Running> {
        let shared = &self.0;
        let mut state = shared.state();
        loop {
            if state.chunks.is_empty() {
                match std::mem::replace(&mut state.hash, Place::Lost) {
                    Place::Here(hash) => return Some(hash),
                    Place::Lost => return None,
                    Place::Away => state.hash = Place::Away,
                }
            }
            state = shared.hash_one_or_wait(state);
        }
    }
}

impl Drop for HashingQueue {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.is_over = true;
        state.forget_chunks();
        self.0.changed.notify_one();
    }
}

impl HashingTurn {
    /// Hashes chunks as they come, until none has come for so long (which single small ones wait too), or `goes_on` says no,
    /// or the list has ended. A panic in it has the list refused with [`CrlError::HashingInterrupted`](crate::CrlError::HashingInterrupted).
    pub fn run(self, patience: Duration, goes_on: impl Fn() -> bool) {
        let shared = &self.0;
        let mut state = shared.state();
        while goes_on() {
            if let Some((hash, chunk)) = state.take() {
                drop(state);
                shared.hash(hash, chunk);
                state = shared.state();
                continue;
            }
            if state.is_over {
                return;
            }
            let waited = shared.changed.wait_timeout(state, patience);
            let (after, waited) = waited.unwrap_or_else(PoisonError::into_inner);
            state = after;
            if waited.timed_out() && state.chunks.is_empty() {
                return;
            }
        }
    }
}

impl Drop for HashingTurn {
    fn drop(&mut self) {
        self.0.state().has_turn = false;
    }
}

impl std::fmt::Debug for HashingTurn {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("HashingTurn(..)")
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that could panic is done while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does the work of a thread that is not at it, or waits for the one that is.
    fn hash_one_or_wait<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        if let Some((hash, chunk)) = state.take() {
            drop(state);
            self.hash(hash, chunk);
            return self.state();
        }
        let changed = self.changed.wait(state);
        changed.unwrap_or_else(PoisonError::into_inner)
    }

    /// Hashes a chunk, and puts the hash back.
    fn hash(&self, mut hash: Running, chunk: Chunk) {
        let mut lent = Lent {
            shared: self,
            hash: None,
        };
        hash.update((*chunk.octets).as_ref(), chunk.start, chunk.end);
        // Whoever takes the hash may want to use the chunk's memory again.
        drop(chunk);
        lent.hash = Some(hash);
    }
}

impl State {
    /// The next chunk and the hash, if both are here.
    fn take(&mut self) -> Option<(Running, Chunk)> {
        if !matches!(self.hash, Place::Here(_)) {
            return None;
        }
        let chunk = self.chunks.pop_front()?;
        self.waiting -= chunk.length;
        match std::mem::replace(&mut self.hash, Place::Away) {
            Place::Here(hash) => Some((hash, chunk)),
            Place::Away | Place::Lost => None,
        }
    }

    fn forget_chunks(&mut self) {
        self.chunks.clear();
        self.waiting = 0;
    }
}

impl Chunk {
    pub(super) fn new(octets: impl AsRef<[u8]> + Send + 'static, start: u64, end: u64) -> Self {
        Self {
            length: octets.as_ref().len(),
            octets: Box::new(octets),
            start,
            end,
        }
    }
}

/// A hash that comes back, or is lost by a panic.
struct Lent<'a> {
    shared: &'a Shared,
    hash: Option<Running>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.hash = self.hash.take().map_or(Place::Lost, Place::Here);
        if matches!(state.hash, Place::Lost) {
            state.forget_chunks();
        }
        self.shared.changed.notify_one();
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
