//! Counts and times every call, keeps a panic within its call, and puts the transport's own refusals into the words of our contract.

use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use pin_project_lite::pin_project;
use prometheus::{HistogramVec, IntCounterVec};
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
    table: AccessTable,
    requests: IntCounterVec,
    seconds: HistogramVec,
}

impl MeasureLayer {
    pub(super) fn new(table: AccessTable, metrics: &Metrics) -> Result<Self, prometheus::Error> {
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
        Ok(Self(Arc::new(Shared {
            table,
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
        let call = Call {
            method: self.shared.table.label(request.uri().path()).to_owned(),
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
    method: String,
    began: Instant,
    code: Code,
    shared: Arc<Shared>,
}

impl Drop for Call {
    fn drop(&mut self) {
        let method = self.method.as_str();
        self.shared
            .requests
            .with_label_values(&[method, code_name(self.code)])
            .inc();
        let seconds = self.began.elapsed().as_secs_f64();
        self.shared
            .seconds
            .with_label_values(&[method])
            .observe(seconds);
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
            tracing::error!(method = this.call.method, "a call panicked");
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
