//! How many certificates may leave a list: a pure rule.
//!
//! Revoked certificates leave a list when they have expired, a few every day. A list that drops more than that is a
//! mistake of its issuer, or a way to make revoked certificates good again.

use crate::config::RemovalsConfig;

/// Seconds of a day, the time over which removals are added up, so that many small ones are as good as a large one.
pub(crate) const DAY: i64 = 86_400;

/// How seldom expiry may be taken for something else: once in a million lists.
const RARE: f64 = 1e-6;

/// Above this many expected expiries, their number is as good as normally distributed.
const MANY: f64 = 100.0;

/// What may leave a list, and how long that is remembered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RemovalLimits {
    largest_share: f64,
    certificate_lifetime_secs: i64,
    history_secs: i64,
}

impl From<&RemovalsConfig> for RemovalLimits {
    fn from(config: &RemovalsConfig) -> Self {
        Self {
            largest_share: config.largest_share,
            certificate_lifetime_secs: i64::from(config.certificate_lifetime_days) * DAY,
            history_secs: i64::from(config.history_days) * DAY,
        }
    }
}

impl RemovalLimits {
    /// How many of so many certificates may leave a list within so many seconds: the configured share, and as many as
    /// expire. Revoked certificates expire evenly over the greatest lifetime, so their number in a part of it is
    /// Poisson-distributed.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count of certificates has 33 bits at most, and a limit needs no more than 52"
    )]
    pub(crate) fn allowed(&self, entries: u64, elapsed_secs: i64) -> u64 {
        let part = elapsed_secs.max(0) as f64 / self.certificate_lifetime_secs as f64;
        let expected = entries as f64 * part.min(1.0);
        (self.largest_share * entries as f64 + explained(expected)).floor() as u64
    }

    /// Lists issued until then need not be remembered when one of `this_update` is in force.
    pub(crate) fn keep_history_after(&self, this_update: i64) -> i64 {
        this_update.saturating_sub(self.history_secs)
    }
}

/// The number of expiries that is exceeded rarely where so many are expected.
fn explained(expected: f64) -> f64 {
    if expected > MANY {
        return expected + 5.5 * expected.sqrt();
    }
    let (mut number, mut probability) = (0.0, (-expected).exp());
    let mut more = 1.0 - probability;
    while more > RARE {
        number += 1.0;
        probability *= expected / number;
        more -= probability;
    }
    number
}

#[cfg(test)]
mod tests {
    use super::{DAY, RemovalLimits};
    use crate::config::RemovalsConfig;

    fn limits() -> RemovalLimits {
        RemovalLimits::from(&RemovalsConfig::default())
    }

    #[test]
    fn the_share_may_leave_at_once_and_no_more() {
        assert_eq!(limits().allowed(10_000, 0), 200);
        assert_eq!(limits().allowed(99, 0), 1);
        assert_eq!(limits().allowed(49, 0), 0);
        assert_eq!(limits().allowed(0, DAY), 0);
        // A list issued before the one it replaces explains nothing.
        assert_eq!(limits().allowed(10_000, -DAY), 200);
    }

    #[test]
    fn what_expires_may_leave_besides() {
        // Of 50 million, 27,368 expire in a day; of 1,000 in the same time one every other day.
        let allowed = limits().allowed(50_000_000, DAY);
        assert!((1_027_300..1_028_300).contains(&allowed), "{allowed}");
        assert_eq!(limits().allowed(1_000, DAY), 20 + 7);
        // A village: one in a month.
        assert_eq!(limits().allowed(30, DAY), 2);
        assert_eq!(limits().allowed(30, 900), 1);
        // After the greatest lifetime nobody is left, and so it stays.
        assert!(limits().allowed(10_000, 1_827 * DAY) >= 10_000);
        let long_after = limits().allowed(10_000, i64::MAX);
        assert_eq!(long_after, limits().allowed(10_000, 1_827 * DAY));
    }

    #[test]
    fn what_is_explained_rises_with_what_is_expected() {
        let mut before = 0.0;
        for expected in 0..2_000 {
            let explained = super::explained(f64::from(expected) / 10.0);
            assert!(explained >= before && explained >= f64::from(expected) / 10.0);
            before = explained;
        }
    }
}
