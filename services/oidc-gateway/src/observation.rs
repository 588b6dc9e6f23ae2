//! Metrics of the gateway. Labels are closed sets of ours; nothing a request said becomes one.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use axum::response::Response;
use axum::routing::MethodRouter;
use axum::routing::future::RouteFuture;
use runtime::Refreshed;
use runtime::metrics::Metrics;
use tower::util::MapFutureLayer;

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
pub(crate) fn observed(
    methods: MethodRouter<Arc<Gateway>>,
    observation: &Observation,
    endpoint: &'static str,
) -> MethodRouter<Arc<Gateway>> {
    let seconds = observation.seconds.with_label_values(&[endpoint]);
    let requests = observation.requests.clone();
    methods.layer(MapFutureLayer::new(
        move |answering: RouteFuture<Infallible>| {
            let (seconds, requests) = (seconds.clone(), requests.clone());
            let began = Instant::now();
            async move {
                let response = answering.await?;
                seconds.observe(began.elapsed().as_secs_f64());
                let outcome = outcome(&response);
                requests.with_label_values(&[endpoint, outcome]).inc();
                Ok::<_, Infallible>(response)
            }
        },
    ))
}

fn outcome(response: &Response) -> &'static str {
    match response.extensions().get::<Outcome>() {
        Some(outcome) => outcome.0,
        None if response.status().as_u16() < 400 => "ok",
        None => "refused",
    }
}
