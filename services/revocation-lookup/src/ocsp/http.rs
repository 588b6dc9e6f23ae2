//! OCSP over HTTP (RFC 6960 appendix A, RFC 5019 sections 5 and 6). A URL with a question in it is never logged.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use pki::UnixTime;
use pki::limits::MAX_OCSP_REQUEST_BYTES;
use runtime::peer::Peer;

use super::responder::{self, Responder};

const REQUEST_TYPE: &str = "application/ocsp-request";
const RESPONSE_TYPE: HeaderValue = HeaderValue::from_static("application/ocsp-response");

/// Clients leave the padding out, because it has to be escaped in a URL.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The paths of one listener.
pub(super) fn router(responder: Arc<Responder>, with_get: bool) -> Router {
    let mut router = Router::new().route("/", post(ask));
    if with_get {
        router = router.route("/{*request}", get(ask_by_url));
    }
    router
        .layer(DefaultBodyLimit::max(MAX_OCSP_REQUEST_BYTES))
        .with_state(responder)
}

async fn ask(
    State(responder): State<Arc<Responder>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if headers
        .get(header::CONTENT_TYPE)
        .is_none_or(|found| found != REQUEST_TYPE)
    {
        let problem = format!("the Content-Type must be {REQUEST_TYPE}\n");
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, problem).into_response();
    }
    let response = responder.respond(&peer, &body).await;
    let no_store = HeaderValue::from_static("no-store");
    let headers = [
        (header::CONTENT_TYPE, RESPONSE_TYPE),
        (header::CACHE_CONTROL, no_store),
    ];
    (headers, response.der).into_response()
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
