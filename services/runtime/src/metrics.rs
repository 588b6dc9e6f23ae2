//! Counters, gauges and histograms of one role, each with the label `role`, and the plain HTTP
//! listener that shows them beside health and readiness.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use pki::Verifier;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{
    Encoder as _, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec,
    Opts, Registry, TextEncoder,
};

use tokio_util::task::AbortOnDropHandle;

use crate::context::Context;
use crate::error::ServeError;
use crate::health::Health;

/// The metrics of one role. Clones are the same metrics. Labels come from configuration and from
/// closed sets of ours; nothing a caller or a card sent may become one.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    role: Arc<str>,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Metrics")
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// The limits of the histogram of a call, in seconds: a lookup takes microseconds, a cold
/// verification with an audit commit tens of milliseconds.
const CALL_SECONDS: &[f64] = &[
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0,
];

impl Metrics {
    /// No metrics yet, for a role of this name.
    pub fn new(role: &str) -> Self {
        Self {
            registry: Registry::new(),
            role: role.into(),
        }
    }

    /// The registry, for collectors of one's own.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Registers a counter.
    ///
    /// # Errors
    /// When the name is taken or impossible.
    pub fn counter(&self, name: &str, help: &str) -> Result<IntCounter, prometheus::Error> {
        let metric = IntCounter::with_opts(self.options(name, help))?;
        self.registry.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    /// Registers a counter that is kept elsewhere and read whenever the metrics are shown. It is there from the start,
    /// at what it is then.
    ///
    /// # Errors
    /// When the name is taken or impossible.
    pub fn counter_read_from(
        &self,
        name: &str,
        help: &str,
        read: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> Result<(), prometheus::Error> {
        self.registry.register(Box::new(ReadCounter {
            shown: IntCounter::with_opts(self.options(name, help))?,
            showing: Mutex::new(()),
            read,
        }))
    }

    /// Shows how often the two signature implementations disagreed, under one name in every role that verifies
    /// signatures: one alert watches them all.
    ///
    /// # Errors
    /// When it is shown already.
    pub fn show_cross_check(&self, verifier: &Arc<Verifier>) -> Result<(), prometheus::Error> {
        let verifier = verifier.clone();
        self.counter_read_from(
            "akashi_cross_check_disagreements_total",
            "Signatures about which the two implementations disagreed. Anything but 0 is an alarm.",
            move || verifier.disagreements(),
        )
    }

    /// Registers a counter with labels.
    ///
    /// # Errors
    /// When the name is taken or impossible.
    pub fn counters(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<IntCounterVec, prometheus::Error> {
        let metric = IntCounterVec::new(self.options(name, help), labels)?;
        self.registry.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    /// Registers a gauge.
    ///
    /// # Errors
    /// When the name is taken or impossible.
    pub fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
        let metric = IntGauge::with_opts(self.options(name, help))?;
        self.registry.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    /// Registers a gauge with labels.
    ///
    /// # Errors
    /// When the name is taken or impossible.
    pub fn gauges(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<IntGaugeVec, prometheus::Error> {
        let metric = IntGaugeVec::new(self.options(name, help), labels)?;
        self.registry.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    /// Registers a histogram of seconds with labels.
    ///
    /// # Errors
    /// When the name is taken or impossible.
    pub fn histograms(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<HistogramVec, prometheus::Error> {
        let options = HistogramOpts::from(self.options(name, help));
        let metric = HistogramVec::new(options.buckets(CALL_SECONDS.to_vec()), labels)?;
        self.registry.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    /// Everything in Prometheus' text format.
    pub fn render(&self) -> String {
        let mut text = Vec::new();
        if let Err(error) = TextEncoder::new().encode(&self.registry.gather(), &mut text) {
            tracing::error!(%error, "metrics cannot be written");
        }
        String::from_utf8(text).unwrap_or_default()
    }

    fn options(&self, name: &str, help: &str) -> Opts {
        Opts::new(name, help).const_label("role", self.role.as_ref())
    }
}

/// A counter whose value is somebody else's.
struct ReadCounter<F> {
    shown: IntCounter,
    /// Two readers at once would both add what is new.
    showing: Mutex<()>,
    read: F,
}

impl<F: Fn() -> u64 + Send + Sync> Collector for ReadCounter<F> {
    fn desc(&self) -> Vec<&Desc> {
        self.shown.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let _alone = self.showing.lock().unwrap_or_else(PoisonError::into_inner);
        let new = (self.read)().saturating_sub(self.shown.get());
        self.shown.inc_by(new);
        self.shown.collect()
    }
}

/// Answers `/metrics`, `/healthz` and `/readyz` at an address until the returned handle is dropped, also
/// while the role drains: then it is alive and not ready. Announces its address as `metrics`.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn serve_http(
    listen: SocketAddr,
    context: &Context,
) -> Result<AbortOnDropHandle<()>, ServeError> {
    let refused = |source| ServeError::Listen {
        address: listen,
        source,
    };
    let listener = tokio::net::TcpListener::bind(listen)
        .await
        .map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let router = Router::new()
        .route("/metrics", get(show))
        .route("/healthz", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .with_state((context.metrics.clone(), context.health.clone()));
    context.addresses.announce("metrics", address);
    tracing::info!(role = %context.role, %address, "metrics listen");
    Ok(AbortOnDropHandle::new(tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the metrics listener stopped");
        }
    })))
}

async fn show(State((metrics, _)): State<(Metrics, Health)>) -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4")],
        metrics.render(),
    )
}

async fn ready(State((_, health)): State<(Metrics, Health)>) -> impl IntoResponse {
    let code = if health.is_serving("") {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let mut text = String::new();
    for (name, serving) in health.states() {
        let name = if name.is_empty() { "process" } else { &name };
        let state = if serving { "serving" } else { "not serving" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name}: {state}");
    }
    (code, text)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::Metrics;

    #[test]
    fn every_metric_carries_its_role() {
        let metrics = Metrics::new("revocation-lookup");
        let counters = metrics
            .counters("akashi_things_total", "Things.", &["kind"])
            .unwrap();
        counters.with_label_values(&["one"]).inc();
        assert!(
            metrics
                .render()
                .contains(r#"akashi_things_total{kind="one",role="revocation-lookup"} 1"#),
            "{}",
            metrics.render()
        );
    }

    #[test]
    fn a_counter_kept_elsewhere_is_shown_from_its_zero_on() {
        let metrics = Metrics::new("role");
        let kept = Arc::new(AtomicU64::new(0));
        let read = kept.clone();
        metrics
            .counter_read_from("akashi_things_total", "Things.", move || {
                read.load(Ordering::SeqCst)
            })
            .unwrap();
        for value in [0, 0, 2, 2, 3] {
            kept.store(value, Ordering::SeqCst);
            let line = format!("akashi_things_total{{role=\"role\"}} {value}\n");
            assert!(metrics.render().contains(&line), "{}", metrics.render());
        }
    }

    #[test]
    fn a_name_is_registered_once() {
        let metrics = Metrics::new("role");
        assert!(metrics.counter("akashi_things_total", "Things.").is_ok());
        assert!(metrics.counter("akashi_things_total", "Things.").is_err());
    }
}
