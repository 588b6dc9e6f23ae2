//! What is counted of questions to responders.

use prometheus::{IntCounterVec, IntGaugeVec};
use runtime::metrics::Metrics;

/// The metrics of all responders.
pub(super) struct ClientMetrics {
    queries: IntCounterVec,
    unasked: IntCounterVec,
    pub(super) left: IntGaugeVec,
    pub(super) requester_not_after: IntGaugeVec,
}

/// How a query ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QueryOutcome {
    Good,
    Revoked,
    Unknown,
    Refused,
    Unusable,
    Unreachable,
    /// There was no connection, or no question could be made: it does not count against the day.
    NotSent,
}

impl QueryOutcome {
    const ALL: [Self; 7] = [
        Self::Good,
        Self::Revoked,
        Self::Unknown,
        Self::Refused,
        Self::Unusable,
        Self::Unreachable,
        Self::NotSent,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Revoked => "revoked",
            Self::Unknown => "unknown",
            Self::Refused => "refused",
            Self::Unusable => "unusable",
            Self::Unreachable => "unreachable",
            Self::NotSent => "not_sent",
        }
    }
}

/// Why a question was not put to a responder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unasked {
    /// The answer was kept.
    Kept,
    /// The day's queries are spent.
    Spent,
    /// Too many wait, or its time ended before its turn.
    Busy,
}

impl Unasked {
    const ALL: [Self; 3] = [Self::Kept, Self::Spent, Self::Busy];

    const fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Spent => "spent",
            Self::Busy => "busy",
        }
    }
}

impl ClientMetrics {
    pub(super) fn new(metrics: &Metrics) -> Result<Self, prometheus::Error> {
        let authority = "certification_authority";
        Ok(Self {
            queries: metrics.counters(
                "akashi_ocsp_client_queries_total",
                "Questions put to an authority's OCSP responder by how they ended. Those not sent do not count against the day.",
                &[authority, "outcome"],
            )?,
            unasked: metrics.counters(
                "akashi_ocsp_client_unasked_total",
                "Questions not put to an authority's OCSP responder, and why.",
                &[authority, "why"],
            )?,
            left: metrics.gauges(
                "akashi_ocsp_client_queries_left",
                "Questions that may still be put to an authority's OCSP responder on this day (UTC). At 0 it is not asked.",
                &[authority],
            )?,
            requester_not_after: metrics.gauges(
                "akashi_ocsp_client_requester_not_after_seconds",
                "When the certificate that signs questions ends, in seconds since 1970.",
                &[authority],
            )?,
        })
    }

    /// The counters of an authority are there from the start, so that the first of anything is a rise.
    pub(super) fn show(&self, authority: &str) {
        for outcome in QueryOutcome::ALL {
            self.queries.with_label_values(&[authority, outcome.name()]);
        }
        for why in Unasked::ALL {
            self.unasked.with_label_values(&[authority, why.name()]);
        }
    }

    pub(super) fn count(&self, authority: &str, outcome: QueryOutcome) {
        let counter = self.queries.with_label_values(&[authority, outcome.name()]);
        counter.inc();
    }

    pub(super) fn count_unasked(&self, authority: &str, why: Unasked) {
        self.unasked
            .with_label_values(&[authority, why.name()])
            .inc();
    }
}
