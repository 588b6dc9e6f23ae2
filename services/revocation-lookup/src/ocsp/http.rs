//! OCSP over HTTP (RFC 6960 appendix A, RFC 5019 sections 5 and 6). A URL with a question in it is never logged.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Extension, Router};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use pki::UnixTime;
use pki::limits::MAX_OCSP_REQUEST_BYTES;
use runtime::peer::Peer;
use tower::ServiceExt as _;

use super::responder::{self, Responder};

const REQUEST_TYPE: &str = "application/ocsp-request";
const RESPONSE_TYPE: HeaderValue = HeaderValue::from_static("application/ocsp-response");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Clients leave the padding out, because it has to be escaped in a URL.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// One listener's way from a request to its answer. Most questions are posted, and do not go through a router: its boxed layers
/// cost some microseconds a question.
pub(super) struct Front {
    responder: Arc<Responder>,
    /// For everything that is not posted.
    router: Router,
}

impl Front {
    /// `with_get`: whether questions may stand in URLs.
    pub(super) fn new(responder: Arc<Responder>, with_get: bool) -> Arc<Self> {
        let only_post = || async { (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "POST")]) };
        let mut router = Router::new().route("/", any(only_post));
        if with_get {
            router = router.route("/{*request}", get(ask_by_url));
        }
        Arc::new(Self {
            router: router.with_state(responder.clone()),
            responder,
        })
    }

    /// Answers the requests of one connection.
    pub(super) fn service(
        self: &Arc<Self>,
        peer: Peer,
    ) -> impl Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send> + use<>
    {
        let front = self.clone();
        service_fn(move |request| {
            let (front, peer) = (front.clone(), peer.clone());
            async move { front.answer(peer, request).await }
        })
    }

    async fn answer(
        &self,
        peer: Peer,
        mut request: Request<Incoming>,
    ) -> Result<Response, Infallible> {
        if request.method() == Method::POST && request.uri().path() == "/" {
            return Ok(self.ask(&peer, request).await);
        }
        request.extensions_mut().insert(peer);
        self.router.clone().oneshot(request).await
    }

    async fn ask(&self, peer: &Peer, request: Request<Incoming>) -> Response {
        let (head, body) = request.into_parts();
        let question = match posted(body).await {
            Ok(question) => question,
            Err(status) => return status.into_response(),
        };
        let content_type = head.headers.get(header::CONTENT_TYPE);
        if content_type.is_none_or(|found| found != REQUEST_TYPE) {
            let problem = format!("the Content-Type must be {REQUEST_TYPE}\n");
            return (StatusCode::UNSUPPORTED_MEDIA_TYPE, problem).into_response();
        }
        let response = self.responder.respond(peer, &question).await;
        let mut answer = Response::new(Body::from(response.der));
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, RESPONSE_TYPE);
        headers.insert(header::CACHE_CONTROL, NO_STORE);
        answer
    }
}

/// A body that is not longer than a request may be. It mostly comes at once, and is not copied then.
async fn posted(mut body: Incoming) -> Result<Bytes, StatusCode> {
    let (mut question, mut pieces) = (Bytes::new(), Vec::new());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| StatusCode::BAD_REQUEST)?;
        let Ok(piece) = frame.into_data() else {
            // Trailers say nothing here.
            continue;
        };
        if question.len().max(pieces.len()) + piece.len() > MAX_OCSP_REQUEST_BYTES {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        if question.is_empty() {
            question = piece;
            continue;
        }
        if pieces.is_empty() {
            pieces.extend_from_slice(&question);
        }
        pieces.extend_from_slice(&piece);
    }
    Ok(if pieces.is_empty() {
        question
    } else {
        pieces.into()
    })
}

async fn ask_by_url(
    State(responder): State<Arc<Responder>>,
    Extension(peer): Extension<Peer>,
    Path(request): Path<String>,
) -> Response {
    // What is no base64 is a malformed request like any other.
    let request = BASE64.decode(request).unwrap_or_default();
    let response = responder.respond(&peer, &request).await;
    let now = responder.lookups.shared.clock.now();
    (cache_headers(&response, now), response.der).into_response()
}

/// RFC 5019 section 6.2; but no cache that several share may keep an answer, because whoever asks must be known.
fn cache_headers(response: &responder::Response, now: UnixTime) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, RESPONSE_TYPE);
    let mut put = |name, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    };
    let Some((this_update, next_update)) = response.cacheable else {
        put(header::CACHE_CONTROL, "no-store".to_owned());
        return headers;
    };
    let seconds = next_update.secs().saturating_sub(now.secs()).max(0);
    let control = format!("max-age={seconds}, private, no-transform, must-revalidate");
    put(header::CACHE_CONTROL, control);
    put(header::LAST_MODIFIED, http_date(this_update));
    put(header::EXPIRES, http_date(next_update));
    let tag = digest(&SHA256, &response.der);
    let tag = hex::encode(tag);
    put(header::ETAG, format!("\"{tag}\""));
    headers
}

fn http_date(at: UnixTime) -> String {
    let since_epoch = Duration::from_secs(u64::try_from(at.secs()).unwrap_or_default());
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + since_epoch)
}
