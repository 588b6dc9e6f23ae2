//! The repository's HTTP server. It can disappear and come back on the same address.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use futures_util::stream;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, HOST, IF_NONE_MATCH, LOCATION};
use http::{HeaderMap, StatusCode, Uri};
use tokio::net::TcpListener;

use super::{Document, FaultKind, Repository, Subject};

/// How long requests in progress keep a stopping server.
const DRAIN: Duration = Duration::from_secs(1);

/// Serves until `shutdown`. While the fault is [`FaultKind::Stop`] nothing listens: connections are
/// refused as if the machine were gone.
pub async fn serve(
    listener: TcpListener,
    repository: Arc<Repository>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let address = listener.local_addr()?;
    let mut shutdown = Box::pin(shutdown);
    let mut listener = Some(listener);
    loop {
        let mut faults = repository.faults();
        let here = match listener.take() {
            Some(listener) => listener,
            None => bind_again(address).await?,
        };
        let mut stopping = repository.faults();
        let stopped = async move {
            let _ = stopping
                .wait_for(|fault| fault.kind == FaultKind::Stop)
                .await;
        };
        let server = axum::serve(here, router(Arc::clone(&repository)))
            .with_graceful_shutdown(stopped)
            .into_future();
        let mut server = tokio::spawn(server);
        tokio::select! {
            () = &mut shutdown => {
                server.abort();
                return Ok(());
            }
            _ = faults.wait_for(|fault| fault.kind == FaultKind::Stop) => {}
        }
        let _ = tokio::time::timeout(DRAIN, &mut server).await;
        server.abort();
        tokio::select! {
            () = &mut shutdown => return Ok(()),
            _ = faults.wait_for(|fault| fault.kind != FaultKind::Stop) => {}
        }
    }
}

/// Takes the address again; the old listener may still be closing.
async fn bind_again(address: SocketAddr) -> Result<TcpListener> {
    let mut attempts = 0;
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return Ok(listener),
            Err(error) if attempts == 100 => {
                return Err(error).with_context(|| format!("listening on {address} again"));
            }
            Err(_) => attempts += 1,
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn router(repository: Arc<Repository>) -> Router {
    Router::new().fallback(file).with_state(repository)
}

async fn file(State(repository): State<Arc<Repository>>, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    let Some(document) = repository.document(path) else {
        return (StatusCode::NOT_FOUND, "there is no such file\n").into_response();
    };
    match repository.fault().kind_at(path) {
        Some(FaultKind::Stop | FaultKind::Unavailable) => {
            (StatusCode::SERVICE_UNAVAILABLE, "later\n").into_response()
        }
        Some(FaultKind::NotFound) => {
            (StatusCode::NOT_FOUND, "there is no such file\n").into_response()
        }
        Some(FaultKind::Stall) => answer(&document, half_then(&document, Then::Nothing)),
        Some(FaultKind::Truncate) => answer(&document, half_then(&document, Then::Close)),
        Some(FaultKind::CutShort) => {
            let half = document.octets.len() / 2;
            let octets = Bytes::copy_from_slice(&document.octets[..half]);
            whole(&document, octets)
        }
        Some(FaultKind::Endless) => {
            let octets = Bytes::from(vec![0x30; 1 << 16]);
            let endless = stream::repeat_with(move || Ok::<_, Infallible>(octets.clone()));
            Body::from_stream(endless).into_response()
        }
        Some(FaultKind::Redirect) => redirect(path, &headers),
        Some(FaultKind::Html) => axum::response::Html("<h1>Maintenance</h1>").into_response(),
        _ if headers
            .get(IF_NONE_MATCH)
            .is_some_and(|known| known == document.etag.as_str()) =>
        {
            (StatusCode::NOT_MODIFIED, [(ETAG, document.etag)]).into_response()
        }
        _ => whole(&document, Bytes::copy_from_slice(&document.octets)),
    }
}

fn whole(document: &Document, octets: Bytes) -> Response {
    let length = octets.len();
    let mut response = answer(document, Body::from(octets));
    response.headers_mut().insert(CONTENT_LENGTH, length.into());
    response
}

fn answer(document: &Document, body: Body) -> Response {
    let content_type = match document.subject {
        // RFC 2585 section 4.2
        Subject::List(..) => "application/pkix-crl",
        Subject::Links(_) => "application/json",
    };
    let headers = [
        (CONTENT_TYPE, content_type.to_owned()),
        (ETAG, document.etag.clone()),
        (CONTENT_LENGTH, document.octets.len().to_string()),
    ];
    (headers, body).into_response()
}

/// What comes after half of a file.
#[derive(Clone, Copy)]
enum Then {
    Nothing,
    Close,
}

fn half_then(document: &Document, then: Then) -> Body {
    let half = Bytes::copy_from_slice(&document.octets[..document.octets.len() / 2]);
    let first = stream::once(async move { Ok(half) });
    let rest = stream::once(async move {
        match then {
            Then::Nothing => std::future::pending().await,
            Then::Close => {
                // The first half must have left, or the client would not even see the headers.
                tokio::time::sleep(Duration::from_millis(50)).await;
                Err(std::io::Error::other(
                    "the sandbox closes the connection here",
                ))
            }
        }
    });
    Body::from_stream(first.chain(rest))
}

/// Loopback under its other name: the same server, but another host than the configured one.
fn redirect(path: &str, headers: &HeaderMap) -> Response {
    let host = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let port = host.rsplit(':').next().unwrap_or_default();
    let location = format!("http://localhost:{port}{path}");
    (StatusCode::FOUND, [(LOCATION, location)]).into_response()
}
