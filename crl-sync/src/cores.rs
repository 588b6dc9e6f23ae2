//! Turns at this machine's cores. Lists are verified and indexed side by side, and each keeps a core busy; with more of
//! them at it than there are cores, a scheduler that is fair to every thread leaves whoever answers lookups on the same
//! machine less than it needs, and its callers wait hundreds of milliseconds without any thread ever waiting long.

use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError};

static CORES: LazyLock<Cores> = LazyLock::new(|| {
    // Where nobody can tell how many there are, one is always there.
    Cores::new(std::thread::available_parallelism().map_or(1, usize::from))
});

/// Does what keeps a core busy once one is free for it. For threads that may block, and never within itself.
pub(crate) fn on_a_core<T>(work: impl FnOnce() -> T) -> T {
    let _core = CORES.take();
    work()
}

/// One more core, if there is one that nobody is at now. For work within [`on_a_core`], which must not wait for a core.
/// Whoever keeps it for long gives it back once it [is wanted](Core::is_wanted).
pub(crate) fn another_core() -> Option<Core<'static>> {
    CORES.take_if_free()
}

#[derive(Debug)]
struct Cores {
    turns: Mutex<Turns>,
    freed: Condvar,
}

#[derive(Debug)]
struct Turns {
    /// Cores that nobody is at.
    free: usize,
    /// How many wait for one.
    waiting: usize,
}

/// Given back when it is dropped, also by a panic.
pub(crate) struct Core<'a>(&'a Cores);

impl Core<'static> {
    /// Has another thread do work on this core, and does not wait for it. Nothing must depend on its ever beginning: the
    /// program may be stopping, or have no thread left.
    pub(crate) fn begin(self, work: impl FnOnce(&Self) + Send + 'static) {
        tokio::task::spawn_blocking(move || work(&self));
    }
}

impl Core<'_> {
    /// Whether somebody waits for a core.
    pub(crate) fn is_wanted(&self) -> bool {
        self.0.turns().waiting > 0
    }
}

impl Cores {
    const fn new(free: usize) -> Self {
        Self {
            turns: Mutex::new(Turns { free, waiting: 0 }),
            freed: Condvar::new(),
        }
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Core<'_> {
        let mut turns = self.turns();
        turns.waiting += 1;
        let free = self.freed.wait_while(turns, |turns| turns.free == 0);
        turns = free.unwrap_or_else(PoisonError::into_inner);
        turns.waiting -= 1;
        turns.free -= 1;
        Core(self)
    }

    fn take_if_free(&self) -> Option<Core<'_>> {
        let mut turns = self.turns();
        turns.free = turns.free.checked_sub(1)?;
        Some(Core(self))
    }
}

impl Drop for Core<'_> {
    fn drop(&mut self) {
        let cores = self.0;
        cores.turns().free += 1;
        cores.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[test]
    fn no_more_work_goes_on_than_there_are_cores_and_all_of_it_ends() {
        let cores = Cores::new(2);
        let (under_way, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    let _core = cores.take();
                    let now = under_way.fetch_add(1, Ordering::SeqCst) + 1;
                    most.fetch_max(now, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(5));
                    under_way.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        assert_eq!(most.load(Ordering::SeqCst), 2);
        assert_eq!(cores.turns().free, 2);
    }

    #[test]
    fn nobody_waits_for_one_more_core() {
        let cores = Cores::new(1);
        let core = cores.take_if_free();
        assert!(core.is_some() && cores.take_if_free().is_none());
        drop(core);
        assert!(cores.take_if_free().is_some());
    }

    #[test]
    fn a_core_is_wanted_while_somebody_waits() {
        let cores = Cores::new(1);
        let core = cores.take_if_free().unwrap();
        assert!(!core.is_wanted());
        std::thread::scope(|scope| {
            scope.spawn(|| drop(cores.take()));
            while !core.is_wanted() {
                std::thread::yield_now();
            }
            drop(core);
        });
        assert!(!cores.take().is_wanted());
    }

    #[test]
    fn a_panic_gives_its_core_back() {
        let cores = Cores::new(1);
        std::thread::scope(|scope| {
            let work = scope.spawn(|| {
                let _core = cores.take();
                panic!("crafted input");
            });
            assert!(work.join().is_err());
        });
        drop(cores.take());
    }
}
