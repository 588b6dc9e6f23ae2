//! Verified answers that are given again for a short while.

use std::time::Duration;

use moka::sync::Cache;
use pki::limits::CLOCK_TOLERANCE_SECS;
use pki::{KeyIdentifier, OcspEvidence, SerialNumber, UnixTime};

/// A certificate: the key that issued it, and its serial number.
pub(super) type Key = (KeyIdentifier, SerialNumber);

/// Some 30 MB.
const ANSWERS: u64 = 100_000;

/// The answers of one responder.
pub(super) struct Kept {
    answers: Cache<Key, Answer>,
    keep_secs: i64,
    max_age_secs: i64,
}

#[derive(Clone)]
struct Answer {
    evidence: OcspEvidence,
    verified_at: UnixTime,
}

impl Kept {
    pub(super) fn new(keep_seconds: u64, max_age_seconds: u64) -> Self {
        let secs = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX);
        Self {
            answers: Cache::builder()
                .max_capacity(ANSWERS)
                .time_to_live(Duration::from_secs(keep_seconds))
                .build(),
            keep_secs: secs(keep_seconds),
            max_age_secs: secs(max_age_seconds),
        }
    }

    pub(super) fn insert(&self, key: Key, evidence: OcspEvidence, verified_at: UnixTime) {
        if self.keep_secs > 0 {
            let answer = Answer {
                evidence,
                verified_at,
            };
            self.answers.insert(key, answer);
        }
    }

    /// An answer that would be accepted if it came now, and is young.
    pub(super) fn get(&self, key: &Key, now: UnixTime) -> Option<OcspEvidence> {
        let Answer {
            evidence,
            verified_at,
        } = self.answers.get(key)?;
        let kept_for = now.secs().saturating_sub(verified_at.secs());
        // A clock that went back since would keep it young for as long as it went back.
        let is_young = (-CLOCK_TOLERANCE_SECS..self.keep_secs).contains(&kept_for);
        let is_current = evidence.next_update().is_none_or(|end| now < end)
            && now <= evidence.this_update().plus_secs(self.max_age_secs)
            && now >= evidence.this_update().plus_secs(-CLOCK_TOLERANCE_SECS);
        (is_young && is_current).then_some(evidence)
    }
}
