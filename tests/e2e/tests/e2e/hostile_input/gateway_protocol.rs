//! What is no HTTP, or is too slow: the connection is answered with 4xx or closed, and others are served meanwhile.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use e2e::by_hand::PREFIX;
use e2e::raw_http;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::frames::noise;
use super::gateway::{Door, protocol};

/// The gateway gives heads and bodies 10 seconds, and a busy machine takes its time.
const CLOSED_WITHIN: Duration = Duration::from_secs(25);

/// Connections that somebody leaves half open at a time.
const HALF_OPEN: usize = 48;

pub(super) async fn run(door: &mut Door<'_>) -> Result<()> {
    no_http(door).await?;
    half_open(door).await
}

type Case = (&'static str, Vec<u8>);

async fn no_http(door: &mut Door<'_>) -> Result<()> {
    let mut cases = no_requests();
    cases.extend(odd_heads());
    cases.extend(odd_bodies()?);
    for (name, octets) in cases {
        let name = format!("at the gateway: {name}");
        let began = Instant::now();
        match door.send(&octets).await {
            Ok(None) => door.findings.check(&name, true, ""),
            Ok(Some(answer)) => {
                let refused = (400..500).contains(&answer.status);
                let found = format!("{} {}", answer.status, answer.text());
                door.findings.check(&name, refused, found);
            }
            Err(error) => door.findings.check(&name, false, format!("{error:#}")),
        }
        let quick = began.elapsed() < CLOSED_WITHIN;
        door.findings
            .check(&name, quick, format!("{:?}", began.elapsed()));
    }
    must_serve(door, "what is no HTTP").await
}

fn no_requests() -> Vec<Case> {
    let handshake = [&[0x16, 0x03, 0x01, 0x02, 0x00, 0x01][..], &noise(19, 600)].concat();
    vec![
        ("random octets", noise(17, 4_096)),
        ("zeros", vec![0; 4_096]),
        ("a TLS handshake", handshake),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec()),
    ]
}

fn odd_heads() -> Vec<Case> {
    let get = |rest: &str| {
        let line = format!("GET {PREFIX}/.well-known/openid-configuration {rest}");
        line.into_bytes()
    };
    let with = |headers: &str| {
        get(&format!(
            "HTTP/1.1\r\nConnection: close\r\n{headers}\r\n\r\n"
        ))
    };
    let to = |start: &str| {
        format!("{start} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").into_bytes()
    };
    let many: Vec<String> = (0..5_000).map(|number| format!("x-{number}: a")).collect();
    let long = "a".repeat(200_000);
    vec![
        ("HTTP/0.9", get("\r\n")),
        ("HTTP/7.5", get("HTTP/7.5\r\n\r\n")),
        ("no version", get("\r\n\r\n")),
        ("a NUL in a header", with("x: a\0b")),
        ("a header without a colon", with("Host a")),
        ("a header with a space before its colon", with("Host : a")),
        ("5,000 headers", with(&many.join("\r\n"))),
        ("200 KB of a header", with(&format!("x: {long}"))),
        ("200 KB of a target", to(&format!("GET /{long}"))),
        ("a NUL in the target", to("GET /\0")),
        ("a target that is no path", to("GET token")),
        ("CONNECT", to("CONNECT 127.0.0.1:22")),
        ("OPTIONS *", to("OPTIONS *")),
    ]
}

fn odd_bodies() -> Result<Vec<Case>> {
    let token = String::from_utf8(protocol("token"))?;
    let post = |headers: &str, body: &str| {
        format!(
            "POST {token} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n{headers}\r\n\r\n{body}"
        )
        .into_bytes()
    };
    let chunked = |body: &str| post("Transfer-Encoding: chunked", body);
    let both = "Content-Length: 3\r\nTransfer-Encoding: chunked";
    Ok(vec![
        (
            "two lengths",
            post("Content-Length: 3\r\nContent-Length: 4", "a=b"),
        ),
        ("a negative length", post("Content-Length: -1", "a=b")),
        ("a length in words", post("Content-Length: three", "a=b")),
        (
            "a length of 2^64",
            post("Content-Length: 18446744073709551616", "a=b"),
        ),
        (
            "a length of an exabyte",
            post("Content-Length: 1000000000000000000", "a=b"),
        ),
        ("a length and chunks", post(both, "0\r\n\r\n")),
        (
            "an encoding of nobody",
            post("Transfer-Encoding: hostile", "a=b"),
        ),
        ("chunks of no size", chunked("zz\r\na=b\r\n0\r\n\r\n")),
        ("a chunk of an exabyte", chunked("fffffffffffffff\r\na=b")),
        (
            "chunks without end",
            chunked(&"5\r\naaaaa\r\n".repeat(40_000)),
        ),
    ])
}

/// Heads and bodies that never end, some dozens at a time.
async fn half_open(door: &mut Door<'_>) -> Result<()> {
    let port = door.system.deployment.ports().oidc_gateway.service;
    let token = String::from_utf8(protocol("token"))?;
    let mut slow = Vec::new();
    for number in 0..HALF_OPEN {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let beginning = match number % 4 {
            0 => String::new(),
            1 => format!("GET {PREFIX}/.well-known/openid-conf"),
            2 => format!("POST {token} HTTP/1.1\r\nHost: a\r\nX-Slow: "),
            _ => format!(
                "POST {token} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1000\r\n\
                 Content-Type: application/x-www-form-urlencoded\r\n\r\ngrant_type="
            ),
        };
        stream.write_all(beginning.as_bytes()).await?;
        slow.push((number % 4, stream));
    }
    for _ in 0..10 {
        must_serve(door, "half-open connections").await?;
    }
    let ends: Vec<_> = slow
        .into_iter()
        .map(|(kind, mut stream)| {
            tokio::spawn(async move {
                let mut answer = Vec::new();
                let read = stream.read_to_end(&mut answer);
                let ended = tokio::time::timeout(CLOSED_WITHIN, read).await.is_ok();
                (kind, ended, answer)
            })
        })
        .collect();
    for end in ends {
        let (kind, ended, answer) = end.await.context("a task of the test")?;
        door.findings
            .check("a slow connection is closed", ended, "it is still open");
        let told = kind != 3 || answer.starts_with(b"HTTP/1.1 408");
        let found = String::from_utf8_lossy(&answer).into_owned();
        door.findings.check("a slow body is told so", told, found);
    }
    Ok(())
}

async fn must_serve(door: &mut Door<'_>, beside: &str) -> Result<()> {
    let target = format!("{PREFIX}/.well-known/openid-configuration");
    let request = raw_http::request("GET", target.as_bytes(), &[], b"");
    let answer = door.send(&request).await?;
    let served = answer.as_ref().is_some_and(|answer| answer.status == 200);
    door.findings.check(
        format!("served beside {beside}"),
        served,
        format!("{answer:?}"),
    );
    Ok(())
}
