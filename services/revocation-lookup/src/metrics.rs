//! What is counted of lookups. Time per call is measured by runtime for every gRPC method alike.

use pki::OcspStatus;
use prometheus::{IntCounter, IntCounterVec};
use runtime::metrics::Metrics;

use crate::as_of::{AsOf, Why};
use crate::asked::TooMany;
use crate::config::{
    BATCH_GET_REVOCATION_STATUS, GET_REVOCATION_STATUS, GET_REVOCATION_STATUS_AS_OF,
    STREAM_REVOCATION_STATUS,
};
use crate::decide::{Decision, Reason};
use crate::method::{Conclusion, OcspProblem};
use crate::ocsp::OCSP;

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
    /// By a responder, as all of the following.
    GoodByOcsp,
    RevokedByOcsp,
    OcspNotConfigured,
    OcspUnreachable,
    OcspRefused,
    OcspUnusable,
    OcspSpent,
    /// The responder does not know the certificate.
    OcspUnknown,
    /// As known at a list's time before the moment asked about; the following ones too are of such questions alone.
    GoodAsKnown,
    Expired,
    NoExpiry,
    NotRemembered,
    Gap,
    TooMuch,
    /// A field was malformed.
    Invalid,
    /// The caller may not ask about this authority.
    Denied,
    /// The caller asked about too many certificates, or about neighbours.
    Stopped,
    /// The lookup could not be counted, so it was not answered.
    Unavailable,
}

const OUTCOMES: [Outcome; 26] = [
    Outcome::Good,
    Outcome::Revoked,
    Outcome::NoSuchAuthority,
    Outcome::NoList,
    Outcome::Stale,
    Outcome::OutOfScope,
    Outcome::Clock,
    Outcome::Feed,
    Outcome::GoodByOcsp,
    Outcome::RevokedByOcsp,
    Outcome::OcspNotConfigured,
    Outcome::OcspUnreachable,
    Outcome::OcspRefused,
    Outcome::OcspUnusable,
    Outcome::OcspSpent,
    Outcome::OcspUnknown,
    Outcome::GoodAsKnown,
    Outcome::Expired,
    Outcome::NoExpiry,
    Outcome::NotRemembered,
    Outcome::Gap,
    Outcome::TooMuch,
    Outcome::Invalid,
    Outcome::Denied,
    Outcome::Stopped,
    Outcome::Unavailable,
];

impl Outcome {
    pub(crate) fn of(decision: &Decision<'_>) -> Self {
        match decision {
            Decision::Good(_) => Self::Good,
            Decision::Revoked(..) => Self::Revoked,
            Decision::Unknown(reason, _) => Self::of_reason(*reason),
        }
    }

    pub(crate) fn as_of(answer: &AsOf) -> Self {
        match answer {
            AsOf::Good(_) => Self::Good,
            AsOf::Revoked(..) => Self::Revoked,
            AsOf::GoodAsKnown(_) => Self::GoodAsKnown,
            AsOf::Unknown(why, _) => match why {
                Why::Now(reason) => Self::of_reason(*reason),
                Why::Expired => Self::Expired,
                Why::NoExpiry => Self::NoExpiry,
                Why::NotRemembered => Self::NotRemembered,
                Why::Gap => Self::Gap,
                Why::TooMuch => Self::TooMuch,
            },
        }
    }

    fn of_reason(reason: Reason) -> Self {
        match reason {
            Reason::NoSuchAuthority => Self::NoSuchAuthority,
            Reason::NoList => Self::NoList,
            Reason::Stale => Self::Stale,
            Reason::OutOfScope => Self::OutOfScope,
            Reason::Clock => Self::Clock,
            Reason::Feed => Self::Feed,
        }
    }

    pub(crate) fn of_conclusion(conclusion: &Conclusion<'_>) -> Self {
        match conclusion {
            Conclusion::ByLists(decision) => Self::of(decision),
            Conclusion::ByResponder(evidence) => match evidence.status() {
                OcspStatus::Good => Self::GoodByOcsp,
                OcspStatus::Revoked { .. } => Self::RevokedByOcsp,
                OcspStatus::Unknown => Self::OcspUnknown,
            },
            Conclusion::Nothing(problem) => match problem {
                OcspProblem::NotConfigured => Self::OcspNotConfigured,
                OcspProblem::Unreachable => Self::OcspUnreachable,
                OcspProblem::Refused => Self::OcspRefused,
                OcspProblem::Unusable => Self::OcspUnusable,
                OcspProblem::Spent => Self::OcspSpent,
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
            Self::GoodByOcsp => "good_by_ocsp",
            Self::RevokedByOcsp => "revoked_by_ocsp",
            Self::OcspNotConfigured => "unknown_ocsp_not_configured",
            Self::OcspUnreachable => "unknown_ocsp_unreachable",
            Self::OcspRefused => "unknown_ocsp_refused",
            Self::OcspUnusable => "unknown_ocsp_unusable",
            Self::OcspSpent => "unknown_ocsp_queries_spent",
            Self::OcspUnknown => "unknown_ocsp_unknown",
            Self::GoodAsKnown => "good_as_known",
            Self::Expired => "unknown_expired",
            Self::NoExpiry => "unknown_no_expiry",
            Self::NotRemembered => "unknown_not_remembered",
            Self::Gap => "unknown_gap",
            Self::TooMuch => "unknown_too_much",
            Self::Invalid => "invalid",
            Self::Denied => "denied",
            Self::Stopped => "stopped",
            Self::Unavailable => "unavailable",
        }
    }
}

/// How lookups are asked for: the label of a metric, and the method in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Method {
    Single,
    Batch,
    Stream,
    Ocsp,
    AsOf,
}

const METHODS: [Method; 5] = [
    Method::Single,
    Method::Batch,
    Method::Stream,
    Method::Ocsp,
    Method::AsOf,
];

impl Method {
    /// The full name of the gRPC method, or the protocol's.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Single => GET_REVOCATION_STATUS,
            Self::Batch => BATCH_GET_REVOCATION_STATUS,
            Self::Stream => STREAM_REVOCATION_STATUS,
            Self::Ocsp => OCSP,
            Self::AsOf => GET_REVOCATION_STATUS_AS_OF,
        }
    }

    /// The same without package and service.
    fn name(self) -> &'static str {
        self.path().rsplit('/').next().unwrap_or_default()
    }
}

/// One counter for each method and outcome, looked up once: finding a counter by its labels costs more than the lookup
/// itself.
pub(crate) struct LookupMetrics {
    outcomes: Vec<[IntCounter; OUTCOMES.len()]>,
    stopped: IntCounterVec,
}

impl LookupMetrics {
    /// For callers of these identities: their counters exist from the start, so that the first refusal is a rise.
    pub(crate) fn new<'c>(
        metrics: &Metrics,
        callers: impl IntoIterator<Item = &'c str>,
    ) -> Result<Self, prometheus::Error> {
        let lookups: IntCounterVec = metrics.counters(
            "akashi_lookup_requests_total",
            "Revocation lookups by method and outcome.",
            &["method", "outcome"],
        )?;
        let of = |method: Method| {
            OUTCOMES.map(|outcome| lookups.with_label_values(&[method.name(), outcome.name()]))
        };
        let stopped: IntCounterVec = metrics.counters(
            "akashi_lookup_stopped_total",
            "Calls refused because the caller asked about too many certificates or about neighbours.",
            &["caller", "rule"],
        )?;
        for caller in callers {
            for rule in TooMany::RULES {
                stopped.with_label_values(&[caller, rule]);
            }
        }
        Ok(Self {
            outcomes: METHODS.into_iter().map(of).collect(),
            stopped,
        })
    }

    pub(crate) fn count(&self, method: Method, outcome: Outcome, lookups: u64) {
        let counters = self.outcomes.get(method as usize);
        if let Some(counter) = counters.and_then(|of| of.get(outcome as usize)) {
            counter.inc_by(lookups);
        }
    }

    /// The callers are those of the configuration: a handful.
    pub(crate) fn count_stopped(&self, caller: &str, why: TooMany) {
        self.stopped.with_label_values(&[caller, why.rule()]).inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_and_outcome_has_the_counter_of_its_name() {
        let metrics = Metrics::new("revocation-lookup");
        let lookups = LookupMetrics::new(&metrics, ["city-office"]).unwrap();
        for (row, method) in METHODS.into_iter().enumerate() {
            assert_eq!(row, method as usize);
            for (column, outcome) in OUTCOMES.into_iter().enumerate() {
                assert_eq!(column, outcome as usize);
                lookups.count(method, outcome, 3);
                let line = format!(
                    "method=\"{}\",outcome=\"{}\",role=\"revocation-lookup\"}} 3",
                    method.name(),
                    outcome.name()
                );
                assert!(metrics.render().contains(&line), "{line}");
            }
        }
    }

    #[test]
    fn a_caller_has_its_counters_before_it_is_refused() {
        let metrics = Metrics::new("revocation-lookup");
        LookupMetrics::new(&metrics, ["city-office"]).unwrap();
        for rule in TooMany::RULES {
            let line = format!(
                "akashi_lookup_stopped_total{{caller=\"city-office\",role=\"revocation-lookup\",rule=\"{rule}\"}} 0"
            );
            assert!(metrics.render().contains(&line), "{line}");
        }
    }
}
