//! Where the time comes from. Everything that judges a moment takes a [`Clock`], so that a test can
//! stand at any moment without waiting for it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use pki::UnixTime;

/// Says what time it is.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The present moment.
    fn now(&self) -> UnixTime;
}

/// The computer's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the computer's clock"
    )]
    fn now(&self) -> UnixTime {
        // A clock before 1970 is broken; the epoch makes every list "in the future", which is refused.
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        UnixTime::from_secs(i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX))
    }
}

/// A clock that stands still until it is moved. Clones show the same time.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// A clock that stands at this moment.
    pub fn at(now: UnixTime) -> Self {
        Self(Arc::new(AtomicI64::new(now.secs())))
    }

    /// Moves the clock to a moment, forwards or backwards.
    pub fn set(&self, now: UnixTime) {
        self.0.store(now.secs(), Ordering::SeqCst);
    }

    /// Moves the clock by a number of seconds, forwards or backwards.
    pub fn advance(&self, secs: i64) {
        self.0.fetch_add(secs, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UnixTime {
        UnixTime::from_secs(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::{Clock, ManualClock, SystemClock};
    use pki::UnixTime;

    #[test]
    fn a_manual_clock_stands_still_until_it_is_moved() {
        let clock = ManualClock::at(UnixTime::from_secs(100));
        let same = clock.clone();
        assert_eq!(clock.now(), UnixTime::from_secs(100));
        same.advance(-30);
        assert_eq!(clock.now(), UnixTime::from_secs(70));
    }

    #[test]
    fn the_system_clock_is_past_2026() {
        assert!(SystemClock.now() > UnixTime::from_secs(1_767_225_600));
    }
}
