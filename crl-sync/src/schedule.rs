//! When a source is asked again.

use std::time::Duration;

/// How often a source is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    /// From one fetch to the next.
    pub(crate) interval: Duration,
    /// The most that is added at random.
    pub(crate) jitter: Duration,
    /// To the first retry; never above the interval.
    pub(crate) retry: Duration,
}

impl Pace {
    /// A pace as it is configured: the key that cannot be, and why.
    pub(crate) fn from_seconds(
        interval: u64,
        jitter: Option<u64>,
        retry: u64,
    ) -> Result<Self, (&'static str, &'static str)> {
        if !(1..=604_800).contains(&interval) {
            return Err(("interval_seconds", "1 second to 7 days"));
        }
        let jitter = jitter.unwrap_or(interval / 10);
        if jitter > interval {
            return Err(("jitter_seconds", "at most the interval"));
        }
        if retry == 0 {
            return Err(("retry_seconds", "at least 1 second"));
        }
        Ok(Self {
            interval: Duration::from_secs(interval),
            jitter: Duration::from_secs(jitter),
            retry: Duration::from_secs(retry.min(interval)),
        })
    }

    /// How long to wait after so many failures in a row (none after a success). A publisher that asks for a pause gets
    /// it, up to the interval: it must not be able to silence a source. `random` is any number, evenly spread.
    pub(crate) fn delay(&self, failures: u32, asked: Option<Duration>, random: u32) -> Duration {
        let Some(doublings) = failures.checked_sub(1) else {
            return self.interval + share(self.jitter, random);
        };
        // Beyond 2^20 every retry is above a week, the longest interval.
        let doubled = self
            .retry
            .saturating_mul(1 << doublings.min(20))
            .max(asked.unwrap_or_default())
            .min(self.interval);
        // Sources that failed together, because their publisher did, come back apart.
        doubled + share(self.jitter.min(doubled / 4), random)
    }
}

/// The share of a duration that `random` is of its range.
fn share(duration: Duration, random: u32) -> Duration {
    duration.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

/// An evenly spread number. Without one the delay is the shortest: asking together is better than not asking.
pub(crate) fn random() -> u32 {
    let mut octets = [0; 4];
    match aws_lc_rs::rand::fill(&mut octets) {
        Ok(()) => u32::from_be_bytes(octets),
        Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::{Pace, random};
    use std::time::Duration;

    const PACE: Pace = Pace {
        interval: Duration::from_mins(15),
        jitter: Duration::from_secs(90),
        retry: Duration::from_secs(30),
    };

    #[test]
    fn after_a_success_the_next_fetch_is_an_interval_and_at_most_the_jitter_away() {
        assert_eq!(PACE.delay(0, None, 0), Duration::from_mins(15));
        assert_eq!(PACE.delay(0, None, u32::MAX), Duration::from_secs(990));
    }

    #[test]
    fn failures_back_off_by_doubling_up_to_the_interval() {
        let seconds: Vec<u64> = (1..=8)
            .map(|failures| PACE.delay(failures, None, 0).as_secs())
            .collect();
        assert_eq!(seconds, [30, 60, 120, 240, 480, 900, 900, 900]);
        assert_eq!(PACE.delay(u32::MAX, None, 0), Duration::from_mins(15));
    }

    #[test]
    fn retries_are_spread_by_at_most_a_quarter_of_themselves() {
        assert_eq!(PACE.delay(1, None, u32::MAX), Duration::from_millis(37_500));
        assert_eq!(PACE.delay(8, None, u32::MAX), Duration::from_secs(990));
    }

    #[test]
    fn a_publisher_that_asks_for_a_pause_gets_it_but_never_more_than_the_interval() {
        let delay = |failures, asked| PACE.delay(failures, Some(Duration::from_secs(asked)), 0);
        assert_eq!(delay(1, 300), Duration::from_mins(5));
        assert_eq!(delay(1, u64::MAX), PACE.interval);
        // Nor less than the back-off.
        assert_eq!(delay(3, 1), Duration::from_mins(2));
    }

    #[test]
    fn a_source_without_jitter_is_asked_on_the_second() {
        let pace = Pace {
            jitter: Duration::ZERO,
            ..PACE
        };
        assert_eq!(pace.delay(0, None, u32::MAX), pace.interval);
        assert_eq!(pace.delay(1, None, u32::MAX), pace.retry);
    }

    #[test]
    fn random_numbers_differ() {
        assert!((0..8).map(|_| random()).any(|number| number != random()));
    }
}
