//! The queries of one day: whoever answers them may charge for each.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pki::UnixTime;
use prometheus::IntGauge;

const DAY: i64 = 86_400;

/// How many queries are left of a day (UTC). Kept in memory: a process that is started anew has a whole day's again.
pub(super) struct Day {
    certification_authority: String,
    most: u64,
    used: Mutex<Used>,
    left: IntGauge,
}

struct Used {
    day: i64,
    queries: u64,
    told: bool,
}

impl Day {
    pub(super) fn new(
        certification_authority: &str,
        most: u64,
        left: IntGauge,
        now: UnixTime,
    ) -> Self {
        let used = Used {
            day: day_of(now),
            queries: 0,
            told: false,
        };
        let day = Self {
            certification_authority: certification_authority.to_owned(),
            most,
            used: Mutex::new(used),
            left,
        };
        day.show(now);
        day
    }

    /// Takes one query of this day, if one is left. The first that is not is told in the log.
    pub(super) fn take(&self, now: UnixTime) -> bool {
        let mut used = self.at(now);
        if used.queries < self.most {
            used.queries += 1;
            self.show_left(&used);
            return true;
        }
        if !used.told {
            used.told = true;
            tracing::error!(
                certification_authority = self.certification_authority,
                queries_per_day = self.most,
                "the OCSP queries of this day (UTC) are spent: until it ends, the responder is not asked"
            );
        }
        false
    }

    /// Gives back a query of the day of this moment that never left.
    pub(super) fn give_back(&self, taken_at: UnixTime) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.day == day_of(taken_at) {
            used.queries = used.queries.saturating_sub(1);
            self.show_left(&used);
        }
    }

    /// Shows how many are left now: at midnight, all are, also if nobody asks.
    pub(super) fn show(&self, now: UnixTime) {
        let used = self.at(now);
        self.show_left(&used);
    }

    fn at(&self, now: UnixTime) -> MutexGuard<'_, Used> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.day != day_of(now) {
            *used = Used {
                day: day_of(now),
                queries: 0,
                told: false,
            };
        }
        used
    }

    fn show_left(&self, used: &Used) {
        let left = self.most.saturating_sub(used.queries);
        self.left.set(i64::try_from(left).unwrap_or(i64::MAX));
    }
}

fn day_of(now: UnixTime) -> i64 {
    now.secs().div_euclid(DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: UnixTime = UnixTime::from_secs(20_000 * DAY + DAY / 2);

    fn day_of_two() -> (Day, IntGauge) {
        let left = IntGauge::new("left", "of a test").unwrap();
        (Day::new("user-authentication", 2, left.clone(), NOON), left)
    }

    #[test]
    fn a_day_has_so_many_queries_and_the_next_as_many() {
        let (day, left) = day_of_two();
        assert_eq!(left.get(), 2);
        let taken = [(); 3].map(|()| day.take(NOON));
        assert_eq!((taken, left.get()), ([true, true, false], 0));
        let last_second = UnixTime::from_secs(20_001 * DAY - 1);
        assert!(!day.take(last_second));
        let midnight = last_second.plus_secs(1);
        day.show(midnight);
        assert_eq!(left.get(), 2);
        assert!(day.take(midnight));
        assert_eq!(left.get(), 1);
    }

    #[test]
    fn a_query_that_never_left_is_given_back_to_its_own_day() {
        let (day, left) = day_of_two();
        assert!(day.take(NOON) && day.take(NOON));
        day.give_back(NOON);
        assert_eq!(left.get(), 1);
        let tomorrow = NOON.plus_secs(DAY);
        assert!(day.take(tomorrow));
        day.give_back(NOON);
        assert_eq!(left.get(), 1);
    }
}
