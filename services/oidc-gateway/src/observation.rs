//! Metrics of the gateway. Labels are closed sets of ours; nothing a request said becomes one.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use runtime::Refreshed;
use runtime::metrics::Metrics;

use crate::gateway::Gateway;

/// The gateway's counters.
#[derive(Debug, Clone)]
pub(crate) struct Observation {
    requests: prometheus::IntCounterVec,
    seconds: prometheus::HistogramVec,
    clients_reloads: prometheus::IntCounterVec,
}

/// How a request ended, in one word; handlers put it into the response's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcome(pub(crate) &'static str);

impl Observation {
    pub(crate) fn new(metrics: &Metrics) -> Result<Self, prometheus::Error> {
        Ok(Self {
            requests: metrics.counters(
                "akashi_gateway_requests_total",
                "Requests by endpoint and outcome.",
                &["endpoint", "outcome"],
            )?,
            seconds: metrics.histograms(
                "akashi_gateway_request_seconds",
                "Time a request took, by endpoint.",
                &["endpoint"],
            )?,
            clients_reloads: metrics.counters(
                "akashi_gateway_clients_reloads_total",
                "Changed clients files that were taken, or refused whole because one rule was broken.",
                &["outcome"],
            )?,
        })
    }

    /// Counts what a look at the clients file led to.
    pub(crate) fn clients_looked_at(&self, refreshed: Refreshed) {
        let outcome = match refreshed {
            Refreshed::Unchanged => return,
            Refreshed::Loaded => "loaded",
            Refreshed::Refused => "refused",
        };
        self.clients_reloads.with_label_values(&[outcome]).inc();
    }
}

/// Counts and times the requests of one endpoint.
pub(crate) async fn observe(
    State((gateway, endpoint)): State<(Arc<Gateway>, &'static str)>,
    request: Request,
    next: Next,
) -> Response {
    let timer = gateway
        .observation
        .seconds
        .with_label_values(&[endpoint])
        .start_timer();
    let response = next.run(request).await;
    timer.observe_duration();
    let outcome = response.extensions().get::<Outcome>().map_or_else(
        || {
            if response.status().as_u16() < 400 {
                "ok"
            } else {
                "refused"
            }
        },
        |outcome| outcome.0,
    );
    gateway
        .observation
        .requests
        .with_label_values(&[endpoint, outcome])
        .inc();
    response
}
