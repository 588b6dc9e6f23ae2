//! Against a server that says exactly what each test tells it to, octet by octet.

use std::time::Duration;

use reqwest::Url;
use tokio::net::TcpListener;

use crate::access::Access;
use crate::body::{Body, Collect};
use crate::config::FetchConfig;
use crate::fetch::test_server::{Server, Then, serve};
use crate::fetch::{FetchError, Fetched, Fetcher, Validators};
use crate::location::{HttpLocation, Location};

pub(super) fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}\r\n{body}")
}

fn ok(body: &str) -> String {
    answer(
        "200 OK",
        &format!("content-length: {}\r\n", body.len()),
        body,
    )
}

async fn fetch_with(
    location: &Location,
    validators: Option<&Validators>,
) -> Result<Fetched, FetchError> {
    fetch_into(location, validators, &mut body(location)).await
}

async fn fetch_into(
    location: &Location,
    validators: Option<&Validators>,
    body: &mut Body<Collect>,
) -> Result<Fetched, FetchError> {
    let config = FetchConfig {
        read_timeout_seconds: 1,
        ..FetchConfig::default()
    };
    let fetcher = Fetcher::new(&config, [location].into_iter()).unwrap();
    fetcher.fetch(location, validators, body).await
}

fn body(location: &Location) -> Body<Collect> {
    Body::new(location.max_bytes, Collect::default)
}

pub(super) async fn fetch(location: &Location) -> Result<Vec<u8>, FetchError> {
    let mut body = body(location);
    match fetch_into(location, None, &mut body).await? {
        Fetched::Body { .. } => Ok(body.finish().await.unwrap()),
        Fetched::NotModified => panic!("not asked whether anything changed"),
    }
}

/// What comes of one answer.
async fn fetched(octets: impl Into<Vec<u8>>, then: Then) -> Result<Vec<u8>, FetchError> {
    fetch(&serve(octets, then).await.location()).await
}

#[tokio::test]
async fn a_whole_body_is_fetched_without_any_tls_roots_on_the_machine() {
    assert_eq!(
        fetched(ok("0123456789"), Then::Close).await.unwrap(),
        b"0123456789"
    );
}

#[tokio::test]
async fn a_body_that_ends_before_its_length_is_truncated() {
    let short = answer("200 OK", "content-length: 10\r\n", "01234");
    assert_eq!(
        fetched(short, Then::Close).await.unwrap_err(),
        FetchError::Truncated
    );
    let whole = answer("200 OK", "content-length: 5\r\n", "01234");
    assert_eq!(fetched(whole, Then::Close).await.unwrap(), b"01234");
}

#[tokio::test]
async fn a_chunked_body_without_its_last_chunk_is_truncated() {
    let chunked = |body| answer("200 OK", "transfer-encoding: chunked\r\n", body);
    let short = chunked("5\r\n01234\r\n");
    assert_eq!(
        fetched(short, Then::Close).await.unwrap_err(),
        FetchError::Truncated
    );
    let whole = chunked("5\r\n01234\r\n0\r\n\r\n");
    assert_eq!(fetched(whole, Then::Close).await.unwrap(), b"01234");
}

#[tokio::test]
async fn a_body_announced_as_too_large_is_not_read() {
    // The server sends nothing of it and keeps silent: reading would run into the time-out.
    let large = answer("200 OK", "content-length: 11\r\n", "");
    assert_eq!(
        fetched(large, Then::Stall).await.unwrap_err(),
        FetchError::Oversized { limit: 10 }
    );
    assert!(fetched(ok("0123456789"), Then::Stall).await.is_ok());
}

#[tokio::test]
async fn a_body_without_a_length_is_cut_off_at_the_limit() {
    let chunked = |body: &str| answer("200 OK", "transfer-encoding: chunked\r\n", body);
    let large = chunked("6\r\n012345\r\n5\r\n01234\r\n0\r\n\r\n");
    assert_eq!(
        fetched(large, Then::Close).await.unwrap_err(),
        FetchError::Oversized { limit: 10 }
    );
    let fits = chunked("6\r\n012345\r\n4\r\n0123\r\n0\r\n\r\n");
    assert_eq!(fetched(fits, Then::Close).await.unwrap(), b"0123450123");
    let until_close = |body| answer("200 OK", "", body);
    let large = fetched(until_close("01234567890"), Then::Close).await;
    assert_eq!(large.unwrap_err(), FetchError::Oversized { limit: 10 });
    assert!(
        fetched(until_close("0123456789"), Then::Close)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_transfer_that_falls_silent_is_stalled() {
    let half = answer("200 OK", "content-length: 10\r\n", "01234");
    assert_eq!(
        fetched(half, Then::Stall).await.unwrap_err(),
        FetchError::Stalled
    );
    assert_eq!(
        fetched("", Then::Stall).await.unwrap_err(),
        FetchError::Stalled
    );
    assert!(fetched(ok("0123456789"), Then::Stall).await.is_ok());
}

#[tokio::test]
async fn a_transfer_that_drips_is_ended_by_the_whole_time_out() {
    // Six octets, four a second: never silent for long, done after one and a half seconds.
    let head = answer("200 OK", "content-length: 6\r\n", "");
    let server = serve(head, Then::Drip { octets: 6 }).await;
    let hasty = Location {
        timeout: Duration::from_secs(1),
        ..server.location()
    };
    assert_eq!(
        fetch(&hasty).await.unwrap_err(),
        FetchError::Timeout { seconds: 1 }
    );
    assert_eq!(fetch(&server.location()).await.unwrap(), b"000000");
}

#[tokio::test]
async fn a_closed_port_is_no_connection() {
    let port = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let server = Server::nowhere(port);
    let error = fetch(&server.location()).await.unwrap_err();
    assert_eq!(
        error,
        FetchError::Connect {
            host: "127.0.0.1".to_owned()
        }
    );
    assert!(!error.is_refusal());
}

#[tokio::test]
async fn only_status_200_has_a_list() {
    for status in [
        "404 Not Found",
        "500 Internal Server Error",
        "204 No Content",
        "206 Partial Content",
    ] {
        let found = answer(status, "content-length: 0\r\n", "");
        let error = fetched(found, Then::Close).await.unwrap_err();
        assert_eq!(
            error,
            FetchError::Status {
                status: status[..3].parse().unwrap(),
                retry_after: None,
            }
        );
    }
    assert!(
        fetched(answer("200 OK", "content-length: 0\r\n", ""), Then::Close)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn how_long_a_server_asks_to_be_left_alone_is_told_in_seconds_or_as_a_date() {
    let date = "date: Mon, 23 Nov 2026 00:00:00 GMT\r\n";
    for (header, seconds) in [
        ("retry-after: 120\r\n", Some(120)),
        ("retry-after: Mon, 23 Nov 2026 00:02:00 GMT\r\n", Some(120)),
        // A date that has passed, and what is neither.
        ("retry-after: Sun, 22 Nov 2026 00:02:00 GMT\r\n", None),
        ("retry-after: later\r\n", None),
        ("", None),
    ] {
        let headers = format!("content-length: 0\r\n{date}{header}");
        let busy = answer("503 Service Unavailable", &headers, "");
        assert_eq!(
            fetched(busy, Then::Close).await.unwrap_err(),
            FetchError::Status {
                status: 503,
                retry_after: seconds.map(Duration::from_secs),
            },
            "{header}"
        );
    }
}

#[tokio::test]
async fn the_server_is_asked_with_what_it_gave_and_may_say_that_nothing_changed() {
    let headers =
        "content-length: 1\r\netag: \"7\"\r\nlast-modified: Mon, 23 Nov 2026 00:00:00 GMT\r\n";
    let first = serve(answer("200 OK", headers, "0"), Then::Close).await;
    let Fetched::Body { validators } = fetch_with(&first.location(), None).await.unwrap() else {
        panic!()
    };
    assert!(
        !first.requests()[0].contains("if-"),
        "{}",
        first.requests()[0]
    );

    let second = serve(answer("304 Not Modified", "", ""), Then::Close).await;
    let answered = fetch_with(&second.location(), Some(&validators))
        .await
        .unwrap();
    assert!(matches!(answered, Fetched::NotModified));
    let request = &second.requests()[0];
    assert!(request.contains("if-none-match: \"7\"\r\n"), "{request}");
    assert!(
        request.contains("if-modified-since: mon, 23 nov 2026 00:00:00 gmt\r\n"),
        "{request}"
    );
}

#[tokio::test]
async fn not_modified_without_having_been_asked_is_refused() {
    let error = fetched(answer("304 Not Modified", "", ""), Then::Close)
        .await
        .unwrap_err();
    assert_eq!(error, FetchError::UnexpectedNotModified);
}

#[tokio::test]
async fn an_overlong_validator_is_not_sent_back() {
    let etag = |length| {
        answer(
            "200 OK",
            &format!("content-length: 0\r\netag: \"{}\"\r\n", "7".repeat(length)),
            "",
        )
    };
    for (length, is_kept) in [(510, true), (511, false)] {
        let server = serve(etag(length), Then::Close).await;
        let Fetched::Body { validators } = fetch_with(&server.location(), None).await.unwrap()
        else {
            panic!()
        };
        assert_eq!(!validators.is_empty(), is_kept, "{length}");
    }
}

fn redirect_to(target: &str) -> String {
    answer(
        "302 Found",
        &format!("content-length: 0\r\nlocation: {target}\r\n"),
        "",
    )
}

#[tokio::test]
async fn a_redirect_is_followed_only_to_a_host_that_the_source_names() {
    let target = serve(ok("0123456789"), Then::Close).await;
    let server = serve(redirect_to(&target.url()), Then::Close).await;
    let refused = FetchError::RedirectRefused {
        host: target.address.clone(),
    };
    assert_eq!(fetch(&server.location()).await.unwrap_err(), refused);
    // A host without a port is the scheme's own port.
    let without_port = server.location_led_to(&["127.0.0.1"]);
    assert_eq!(fetch(&without_port).await.unwrap_err(), refused);
    assert!(target.requests().is_empty());

    let named = server.location_led_to(&[&target.address]);
    assert_eq!(fetch(&named).await.unwrap(), b"0123456789");
}

#[tokio::test]
async fn a_redirect_elsewhere_on_the_same_host_needs_its_name_too() {
    let server = serve(redirect_to("/elsewhere"), Then::Close).await;
    assert!(matches!(
        fetch(&server.location()).await,
        Err(FetchError::RedirectRefused { .. })
    ));
    let named = server.location_led_to(&[&server.address]);
    assert_eq!(
        fetch(&named).await.unwrap_err(),
        FetchError::TooManyRedirects
    );
    assert_eq!(server.requests().len(), 1 + 4);
}

#[tokio::test]
async fn a_redirect_without_a_target_or_to_another_protocol_is_refused() {
    let nowhere = answer("302 Found", "content-length: 0\r\n", "");
    assert_eq!(
        fetched(nowhere, Then::Close).await.unwrap_err(),
        FetchError::RedirectWithoutTarget
    );
    let server = serve(redirect_to("ftp://127.0.0.1/list.crl"), Then::Close).await;
    let named = server.location_led_to(&["127.0.0.1"]);
    assert!(matches!(
        fetch(&named).await,
        Err(FetchError::RedirectRefused { .. })
    ));
}

#[test]
fn a_redirect_never_leads_from_https_to_http() {
    let location = HttpLocation {
        url: Url::parse("https://crl.example.jp/list.crl").unwrap(),
        redirect_hosts: vec![
            "mirror.example.jp".to_owned(),
            "mirror.example.jp:443".to_owned(),
        ],
        access: Access::default(),
    };
    let redirect = |target: &'static str| {
        let headers = [(
            reqwest::header::LOCATION,
            reqwest::header::HeaderValue::from_static(target),
        )];
        location.redirect(&location.url, &headers.into_iter().collect())
    };
    assert_eq!(
        redirect("http://mirror.example.jp/l").unwrap_err(),
        FetchError::RedirectToPlaintext
    );
    assert_eq!(
        redirect("https://mirror.example.jp/l").unwrap().path(),
        "/l"
    );
    assert!(redirect("https://mirror.example.jp:444/l").is_err());
    assert!(redirect("https://mirror.example.jp.evil.example/l").is_err());
}

#[test]
fn what_broke_a_limit_is_a_refusal_and_what_never_came_is_a_failure() {
    assert!(FetchError::Truncated.is_refusal());
    assert!(FetchError::Oversized { limit: 1 }.is_refusal());
    assert!(FetchError::TooManyRedirects.is_refusal());
    assert!(!FetchError::Stalled.is_refusal());
    assert!(
        !FetchError::Connect {
            host: String::new()
        }
        .is_refusal()
    );
}
