//! What is counted of lookups. Time per call is measured by runtime for every gRPC method alike.

use prometheus::{IntCounter, IntCounterVec};
use runtime::metrics::Metrics;

use crate::decide::{Decision, Reason};

/// How a lookup ended: the label of a metric, and the outcome in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    Good,
    Revoked,
    NoSuchAuthority,
    NoList,
    Stale,
    OutOfScope,
    Clock,
    Feed,
    /// A field was malformed.
    Invalid,
    /// The caller may not ask about this authority.
    Denied,
    /// The lookup could not be counted, so it was not answered.
    Unavailable,
}

const OUTCOMES: [Outcome; 11] = [
    Outcome::Good,
    Outcome::Revoked,
    Outcome::NoSuchAuthority,
    Outcome::NoList,
    Outcome::Stale,
    Outcome::OutOfScope,
    Outcome::Clock,
    Outcome::Feed,
    Outcome::Invalid,
    Outcome::Denied,
    Outcome::Unavailable,
];

impl Outcome {
    pub(crate) fn of(decision: &Decision<'_>) -> Self {
        match decision {
            Decision::Good(_) => Self::Good,
            Decision::Revoked(..) => Self::Revoked,
            Decision::Unknown(reason, _) => match reason {
                Reason::NoSuchAuthority => Self::NoSuchAuthority,
                Reason::NoList => Self::NoList,
                Reason::Stale => Self::Stale,
                Reason::OutOfScope => Self::OutOfScope,
                Reason::Clock => Self::Clock,
                Reason::Feed => Self::Feed,
            },
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Revoked => "revoked",
            Self::NoSuchAuthority => "unknown_no_such_authority",
            Self::NoList => "unknown_no_list",
            Self::Stale => "unknown_stale",
            Self::OutOfScope => "unknown_out_of_scope",
            Self::Clock => "unknown_clock",
            Self::Feed => "unknown_feed",
            Self::Invalid => "invalid",
            Self::Denied => "denied",
            Self::Unavailable => "unavailable",
        }
    }
}

/// One counter for each outcome, looked up once: finding a counter by its labels costs more than the lookup itself.
pub(crate) struct LookupMetrics {
    lookups: IntCounterVec,
    outcomes: Vec<IntCounter>,
}

impl LookupMetrics {
    pub(crate) fn new(metrics: &Metrics) -> Result<Self, prometheus::Error> {
        let lookups: IntCounterVec = metrics.counters(
            "akashi_lookup_requests_total",
            "Revocation lookups by outcome.",
            &["method", "outcome"],
        )?;
        Ok(Self::counting(lookups, "GetRevocationStatus"))
    }

    /// The same metric for lookups by another method.
    pub(crate) fn of_method(&self, method: &str) -> Self {
        Self::counting(self.lookups.clone(), method)
    }

    fn counting(lookups: IntCounterVec, method: &str) -> Self {
        let counter = |outcome: &Outcome| lookups.with_label_values(&[method, outcome.name()]);
        Self {
            outcomes: OUTCOMES.iter().map(counter).collect(),
            lookups,
        }
    }

    pub(crate) fn count(&self, outcome: Outcome) {
        if let Some(counter) = self.outcomes.get(outcome as usize) {
            counter.inc();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_the_counter_of_its_name() {
        let metrics = Metrics::new("revocation-lookup");
        let lookups = LookupMetrics::new(&metrics).unwrap();
        for (place, outcome) in OUTCOMES.into_iter().enumerate() {
            assert_eq!(place, outcome as usize);
            lookups.count(outcome);
            let line = format!(
                "outcome=\"{}\",role=\"revocation-lookup\"}} 1",
                outcome.name()
            );
            assert!(metrics.render().contains(&line), "{line}");
        }
    }
}
