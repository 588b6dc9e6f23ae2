//! Minutes that only go forwards.

use pki::UnixTime;

/// Counts minutes by a clock that may be set. A clock set back stops the count until the clock goes on, it never takes
/// it back: nothing counted would ever be forgotten otherwise.
#[derive(Debug, Default)]
pub(super) struct Minutes {
    seconds: i64,
    newest: Option<i64>,
}

impl Minutes {
    /// The minute of this moment; the first is 0.
    pub(super) fn at(&mut self, now: UnixTime) -> u64 {
        let now = now.secs();
        if let Some(newest) = self.newest.replace(now) {
            self.seconds = self
                .seconds
                .saturating_add(now.saturating_sub(newest).max(0));
        }
        u64::try_from(self.seconds / 60).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::Minutes;
    use pki::UnixTime;

    #[test]
    fn a_clock_set_back_stops_the_count_and_loses_nothing() {
        let mut minutes = Minutes::default();
        let mut at = |secs| minutes.at(UnixTime::from_secs(secs));
        assert_eq!((at(1_000), at(1_059), at(1_060)), (0, 0, 1));
        assert_eq!((at(500), at(559), at(560)), (1, 1, 2));
    }
}
