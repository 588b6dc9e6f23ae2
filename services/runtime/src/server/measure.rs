//! Counts and times every call, keeps a panic within its call, and puts the transport's own refusals into the words of our contract.

use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use foldhash::HashMap;
use pin_project_lite::pin_project;
use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};

use crate::access::AccessTable;
use crate::metrics::Metrics;
use crate::status::{self, Kind, code_name};

/// What is measured of every call.
#[derive(Clone)]
pub(super) struct MeasureLayer(Arc<Shared>);

struct Shared {
    methods: HashMap<Arc<str>, OfMethod>,
    unknown: OfMethod,
    requests: IntCounterVec,
    seconds: HistogramVec,
}

/// What is counted of one method, looked up once: finding a counter by its labels costs as much as an answer's message.
struct OfMethod {
    label: String,
    answered: OnceLock<IntCounter>,
    seconds: OnceLock<Histogram>,
}

impl OfMethod {
    fn new(label: &str) -> Self {
        Self {
            label: label.to_owned(),
            answered: OnceLock::new(),
            seconds: OnceLock::new(),
        }
    }
}

impl Shared {
    fn of(&self, method: Option<&Arc<str>>) -> &OfMethod {
        method
            .and_then(|method| self.methods.get(method))
            .unwrap_or(&self.unknown)
    }

    fn count(&self, method: Option<&Arc<str>>, code: Code, took: Duration) {
        let method = self.of(method);
        let label = method.label.as_str();
        let counter = || self.requests.with_label_values(&[label, code_name(code)]);
        if code == Code::Ok {
            method.answered.get_or_init(counter).inc();
        } else {
            counter().inc();
        }
        let seconds = || self.seconds.with_label_values(&[label]);
        let seconds = method.seconds.get_or_init(seconds);
        seconds.observe(took.as_secs_f64());
    }
}

impl MeasureLayer {
    pub(super) fn new(table: &AccessTable, metrics: &Metrics) -> Result<Self, prometheus::Error> {
        let requests = metrics.counters(
            "akashi_grpc_requests_total",
            "gRPC calls by method and status code.",
            &["method", "code"],
        )?;
        let seconds = metrics.histograms(
            "akashi_grpc_request_duration_seconds",
            "Time from a gRPC call's head to its answer's head.",
            &["method"],
        )?;
        let methods = table.methods().map(|method| {
            let of_method = OfMethod::new(table.label(method));
            (Arc::from(method), of_method)
        });
        Ok(Self(Arc::new(Shared {
            methods: methods.collect(),
            unknown: OfMethod::new(table.label("")),
            requests,
            seconds,
        })))
    }
}

impl<S> Layer<S> for MeasureLayer {
    type Service = Measure<S>;

    fn layer(&self, inner: S) -> Measure<S> {
        Measure {
            inner,
            shared: self.0.clone(),
        }
    }
}

/// A measured service.
#[derive(Clone)]
pub(super) struct Measure<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S> Service<http::Request<Body>> for Measure<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Measured<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let known = self.shared.methods.get_key_value(request.uri().path());
        let call = Call {
            method: known.map(|(method, _)| Arc::clone(method)),
            began: Instant::now(),
            // What is counted if the call is given up: the client left or its deadline passed.
            code: Code::Cancelled,
            shared: self.shared.clone(),
        };
        Measured {
            inner: self.inner.call(request),
            call,
        }
    }
}

/// One call. Counted when dropped, so that a call that is given up is counted too.
struct Call {
    /// `None`: one that the server does not have.
    method: Option<Arc<str>>,
    began: Instant,
    code: Code,
    shared: Arc<Shared>,
}

impl Drop for Call {
    fn drop(&mut self) {
        let took = self.began.elapsed();
        self.shared.count(self.method.as_ref(), self.code, took);
    }
}

pin_project! {
    /// A measured call in progress.
    pub(super) struct Measured<F> {
        #[pin]
        inner: F,
        call: Call,
    }
}

impl<F> Future for Measured<F>
where
    F: Future<Output = Result<http::Response<Body>, Infallible>>,
{
    type Output = Result<http::Response<Body>, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // A defect in one call must not end the other calls of its connection. The call's state is
        // dropped with it and nothing else sees it, so being unwind safe does not matter.
        let polled = AssertUnwindSafe(|| this.inner.poll(context));
        let response = if let Ok(polled) = std::panic::catch_unwind(polled) {
            let Ok(response) = ready!(polled);
            response
        } else {
            let method = &*this.call.shared.of(this.call.method.as_ref()).label;
            tracing::error!(method, "a call panicked");
            status::new(Kind::Internal, "a defect of this service").into_http()
        };
        let (code, response) = in_our_words(response);
        this.call.code = code;
        Poll::Ready(Ok(response))
    }
}

/// The status of an answer, and the answer with the transport's own refusals reworded. An answer
/// without a status in its head is a success or a stream, whose status comes at its end.
fn in_our_words(response: http::Response<Body>) -> (Code, http::Response<Body>) {
    let Some(found) = Status::from_header_map(response.headers()) else {
        return (Code::Ok, response);
    };
    match status::of_transport(found.code(), found.message()) {
        None => (found.code(), response),
        Some(kind) => {
            let ours = status::new(kind, found.message());
            (ours.code(), ours.into_http())
        }
    }
}
