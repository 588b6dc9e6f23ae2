//! Against a directory that says exactly what each test tells it to, octet by octet. How the real one behaves is told in
//! `tests/sync/directory.rs`.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::Ldap;
use crate::access::Access;
use crate::body::{Body, Collect};
use crate::config::FetchConfig;
use crate::fetch::FetchError;
use crate::location::LdapLocation;

const LIMIT: u64 = 100_000;

/// What a directory does once it has said its part.
#[derive(Clone, Copy)]
enum Then {
    Close,
    Stall,
    /// Goes on with zeros for ever.
    Pour,
}

/// What comes of asking a directory that answers with these octets.
async fn fetched(answer: &[u8], then: Then) -> Result<Vec<u8>, FetchError> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = location(listener.local_addr().unwrap().port());
    let answer = answer.to_vec();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut question = [0; 4096];
        assert!(stream.read(&mut question).await.unwrap() > 0);
        stream.write_all(&answer).await.unwrap();
        match then {
            Then::Close => {}
            Then::Stall => std::future::pending().await,
            Then::Pour => while stream.write_all(&[0; 4096]).await.is_ok() {},
        }
    });
    fetch(&at).await
}

fn location(port: u16) -> LdapLocation {
    LdapLocation {
        host: "127.0.0.1".to_owned(),
        port,
        tls: false,
        entry: "cn=Sample-shi CRLDP,o=JPKI,c=JP".to_owned(),
        attribute: NAME.to_owned(),
        access: Access::default(),
    }
}

async fn fetch(at: &LdapLocation) -> Result<Vec<u8>, FetchError> {
    let config = FetchConfig {
        read_timeout_seconds: 1,
        ..FetchConfig::default()
    };
    let mut body = Body::new(LIMIT, Collect::default);
    let fetching = Ldap::new(&config).fetch(at, LIMIT, &mut body).await;
    fetching?;
    Ok(body.finish().await.unwrap())
}

const NAME: &str = "certificateRevocationList;binary";

/// An element in BER.
fn ber(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = u32::try_from(contents.len()).unwrap().to_be_bytes();
    [&[tag, 0x84], &length[..], contents].concat()
}

/// The message with which the first question is answered (RFC 4511 section 4.1.1).
fn message(operation: &[u8]) -> Vec<u8> {
    ber(0x30, &[&[2, 1, 1], operation].concat())
}

fn entry(name: &str, values: &[&[u8]]) -> Vec<u8> {
    let values: Vec<u8> = values.iter().flat_map(|value| ber(4, value)).collect();
    let attribute = ber(
        0x30,
        &[ber(4, name.as_bytes()), ber(0x31, &values)].concat(),
    );
    message(&ber(
        0x64,
        &[ber(4, b"c=JP"), ber(0x30, &attribute)].concat(),
    ))
}

fn done(code: u8) -> Vec<u8> {
    message(&ber(0x65, &[0x0a, 1, code, 4, 0, 4, 0]))
}

#[tokio::test]
async fn the_one_value_of_the_attribute_is_fetched_whatever_its_octets() {
    for value in [&[0x30, 0x82, 0xff, 0x00][..], b"text", b""] {
        let answer = [entry(NAME, &[value]), done(0)].concat();
        assert_eq!(fetched(&answer, Then::Stall).await.unwrap(), value);
    }
    // Case does not matter.
    let answer = [entry("CERTIFICATEREVOCATIONLIST;BINARY", &[b"x"]), done(0)].concat();
    assert_eq!(fetched(&answer, Then::Close).await.unwrap(), b"x");
}

#[tokio::test]
async fn no_value_another_attribute_and_several_values_each_have_a_rule() {
    for answer in [
        entry(NAME, &[]),
        entry("cACertificate;binary", &[b"x"]),
        Vec::new(),
    ] {
        let error = fetched(&[answer, done(0)].concat(), Then::Stall).await;
        assert_eq!(error.unwrap_err(), FetchError::AttributeAbsent);
    }
    let two_in_one = entry(NAME, &[b"x", b"\xff"]);
    let two_entries = [entry(NAME, &[b"x"]), entry(NAME, &[b"y"])].concat();
    for answer in [two_in_one, two_entries] {
        let error = fetched(&[answer, done(0)].concat(), Then::Stall).await;
        let error = error.unwrap_err();
        assert_eq!(error, FetchError::SeveralValues { count: 2 });
        assert!(error.is_refusal());
    }
}

#[tokio::test]
async fn every_result_of_a_directory_has_a_rule_and_a_value_beside_an_error_does_not_count() {
    for (code, expected) in [
        (3, FetchError::DirectoryLimit { code: 3 }),
        (4, FetchError::DirectoryLimit { code: 4 }),
        (10, FetchError::Referral),
        (11, FetchError::DirectoryLimit { code: 11 }),
        (16, FetchError::AttributeAbsent),
        (32, FetchError::NoSuchEntry),
        (50, FetchError::LdapResult { code: 50 }),
    ] {
        let answer = [entry(NAME, &[b"x"]), done(code)].concat();
        let error = fetched(&answer, Then::Stall).await.unwrap_err();
        assert_eq!(error, expected);
        assert_eq!(error.is_refusal(), code == 10);
    }
}

#[tokio::test]
async fn a_reference_to_another_directory_is_not_followed() {
    let elsewhere = message(&ber(0x73, &ber(4, b"ldap://127.0.0.1:1/c=JP")));
    let error = fetched(&[elsewhere, done(0)].concat(), Then::Stall).await;
    assert_eq!(error.unwrap_err(), FetchError::Referral);
}

#[tokio::test]
async fn a_directory_that_claims_or_sends_more_than_the_limit_is_cut_off_there() {
    let oversized = FetchError::Oversized { limit: LIMIT };
    // Two gigabytes, of which more and more come.
    let claim = [0x30, 0x84, 0x7f, 0xff, 0xff, 0xff];
    let error = fetched(&claim, Then::Pour).await.unwrap_err();
    assert_eq!(error, oversized);
    for (octets, fits) in [(100_000, true), (100_001, false), (200_000, false)] {
        let answer = [entry(NAME, &[&vec![0xff; octets]]), done(0)].concat();
        let result = fetched(&answer, Then::Stall).await;
        let expected = if fits {
            Ok(octets)
        } else {
            Err(oversized.clone())
        };
        assert_eq!(result.map(|value| value.len()), expected, "{octets}");
    }
}

#[tokio::test]
async fn octets_that_are_not_ldap_are_refused() {
    for garbage in [
        b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
        message(&[]),
        ber(0x30, &ber(0x30, &[])),
        // Over these the library panics.
        vec![0x30, 0x00],
        ber(0x30, &[2, 0]),
    ] {
        let error = fetched(&garbage, Then::Close).await.unwrap_err();
        assert!(
            matches!(
                error,
                FetchError::NotLdap | FetchError::Panicked | FetchError::Truncated
            ),
            "{error}"
        );
        assert!(error.is_refusal());
    }
    let panics = fetched(&[0x30, 0x00], Then::Stall).await;
    assert_eq!(panics.unwrap_err(), FetchError::Panicked);
}

#[tokio::test]
async fn a_directory_that_falls_silent_is_stalled_and_one_that_hangs_up_truncated() {
    let half = entry(NAME, &[b"list"]);
    let half = &half[..half.len() / 2];
    for answer in [half, &[]] {
        let begun = Instant::now();
        let error = fetched(answer, Then::Stall).await.unwrap_err();
        assert_eq!(error, FetchError::Stalled);
        assert!(begun.elapsed() < Duration::from_secs(5));
        let error = fetched(answer, Then::Close).await.unwrap_err();
        assert_eq!(error, FetchError::Truncated);
    }
}

#[tokio::test]
async fn a_closed_port_is_no_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = location(listener.local_addr().unwrap().port());
    drop(listener);
    let host = "127.0.0.1".to_owned();
    assert_eq!(fetch(&at).await.unwrap_err(), FetchError::Connect { host });
}
