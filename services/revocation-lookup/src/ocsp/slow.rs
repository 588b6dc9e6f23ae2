//! Signatures that take up to a millisecond: nothing else must wait for them, so they are made on threads where blocking is
//! allowed, as many at a time as there are cores.
//!
//! A thread that has begun takes the next one as long as one waits. Under load none goes to sleep between two of them:
//! waking one costs a tenth of a signature.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

type Work = Box<dyn FnOnce() + Send>;

/// The slow work of one listener. As much waits as there are questions in progress, which connections bound.
pub(super) struct SlowWork {
    state: Mutex<State>,
    most_threads: usize,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Work>,
    threads: usize,
}

impl SlowWork {
    /// On so many threads at most.
    pub(super) fn new(most_threads: usize) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            most_threads,
        })
    }

    /// What the work gave. `None`: it panicked. Work that nobody waits for any more when its turn comes is left undone.
    pub(super) async fn done<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (done, outcome) = oneshot::channel();
        let needs_thread = self.put(Box::new(move || {
            if !done.is_closed() {
                let _ = done.send(work());
            }
        }));
        if needs_thread {
            let this = self.clone();
            tokio::task::spawn_blocking(move || this.do_all());
        }
        outcome.await.ok()
    }

    /// Queues work; whether a thread has to begin for it, which counts from now on.
    fn put(&self, work: Work) -> bool {
        let mut state = self.state();
        state.waiting.push_back(work);
        let needs_thread = state.threads < self.most_threads;
        state.threads += usize::from(needs_thread);
        needs_thread
    }

    /// Works until nothing waits.
    fn do_all(&self) {
        while let Some(work) = self.next() {
            // A panic is that work's alone; the thread has other work.
            let _ = catch_unwind(AssertUnwindSafe(work));
        }
    }

    /// What waits longest; without anything, the thread that asks counts no more.
    fn next(&self) -> Option<Work> {
        let mut state = self.state();
        let next = state.waiting.pop_front();
        state.threads -= usize::from(next.is_none());
        next
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use futures_util::future::join_all;

    use super::*;

    async fn has_no_thread(slow: &SlowWork) {
        while slow.state().threads > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    #[tokio::test]
    async fn all_is_done_on_no_more_threads_than_allowed_and_a_panic_is_one_work_s_alone() {
        let slow = SlowWork::new(2);
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        for _ in 0..3 {
            let all = (0..50).map(|number| {
                let (now, most) = (now.clone(), most.clone());
                slow.done(move || {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(1));
                    now.fetch_sub(1, Ordering::SeqCst);
                    assert!(number != 7, "the panic that is expected");
                    number
                })
            });
            let expected: Vec<_> = (0..50).map(|n| (n != 7).then_some(n)).collect();
            assert_eq!(join_all(all).await, expected);
            has_no_thread(&slow).await;
        }
        assert_eq!(most.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_is_left_undone() {
        let slow = SlowWork::new(1);
        let (begin, wait) = std::sync::mpsc::channel::<()>();
        let first = slow.done(move || wait.recv().is_ok());
        let second = slow.done(|| panic!("nobody waits for this"));
        let both = async { tokio::join!(first, second) };
        let given_up = tokio::time::timeout(Duration::from_millis(20), both).await;
        assert!(given_up.is_err());
        let third = slow.done(|| 3);
        begin.send(()).unwrap();
        assert_eq!(third.await, Some(3));
        has_no_thread(&slow).await;
    }
}
