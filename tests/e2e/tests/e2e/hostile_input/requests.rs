//! HTTP/2 requests, on the connection of somebody who may call, that are no calls. Whatever they are told, the next call
//! passes.

use std::time::Duration;

use anyhow::Result;
use e2e::callers;
use e2e::findings::Findings;
use e2e::system::System;
use e2e::wire;
use http::{HeaderValue, Request};
use prost::Message as _;
use sandbox::deployment::identity;
use sandbox::mint::CaKind;

use super::holder::Holder;
use super::verification::{self, METHOD};

const PATIENCE: Duration = Duration::from_secs(20);

/// What becomes of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Refused,
    /// Odd, and none of our business.
    Served,
    /// A limit of the client's or of ours; either may win.
    Either,
}

type Cases = Vec<(&'static str, Request<Vec<u8>>, Fate)>;

pub(super) async fn run(system: &System, findings: &mut Findings) -> Result<()> {
    let holder = Holder::of(system, "good", CaKind::UserAuthentication)?;
    let good = verification::good(&holder).encode_to_vec();
    let backend = identity::AUTHENTICATION_BACKEND;
    let channel = callers::channel(
        &system.deployment,
        backend,
        identity::SIGNATURE_VERIFICATION,
    )?;
    let mut cases = no_calls(&good)?;
    cases.extend(no_frames(&good)?);
    cases.extend(odd_headers(&good)?);
    for (name, request, fate) in cases {
        let answer = tokio::time::timeout(PATIENCE, wire::send(&channel, request)).await;
        let name = format!("HTTP/2: {name}");
        findings.check(&name, answer.is_ok(), "no answer");
        if let Ok(Ok(answer)) = answer {
            let served = answer.grpc_status.as_deref() == Some("0");
            let fits = fate == Fate::Either || served == (fate == Fate::Served);
            findings.check(&name, fits, format!("{answer:?}"));
            let words = answer.grpc_message.unwrap_or_default();
            let repeated = holder
                .private()
                .into_iter()
                .find(|text| words.contains(text));
            findings.check(&name, repeated.is_none(), format!("repeats {repeated:?}"));
        }
        // What is no call may cost the connection, and the channel may hear of it when it already sends.
        let twin = match wire::send(&channel, wire::framed(METHOD, &good)?).await {
            Ok(twin) => twin,
            Err(_) => wire::send(&channel, wire::framed(METHOD, &good)?).await?,
        };
        let passes = twin.grpc_status.as_deref() == Some("0");
        findings.check(format!("{name}, its twin"), passes, format!("{twin:?}"));
    }
    Ok(())
}

fn no_calls(good: &[u8]) -> Result<Cases> {
    let request = |method: &str, path: &str| {
        let uri = format!("https://akashi.test{path}");
        Request::builder().method(method).uri(uri)
    };
    let json = request("POST", METHOD).header("content-type", "application/json");
    Ok(vec![
        (
            "GET /",
            request("GET", "/").body(Vec::new())?,
            Fate::Refused,
        ),
        (
            "GET of a method",
            request("GET", METHOD).body(Vec::new())?,
            Fate::Refused,
        ),
        (
            "DELETE of a method",
            request("DELETE", METHOD).body(Vec::new())?,
            Fate::Refused,
        ),
        ("JSON", json.body(b"{}".to_vec())?, Fate::Refused),
        (
            "a method of nobody",
            wire::framed("/a.B/C", good)?,
            Fate::Refused,
        ),
        (
            "a path that is no method",
            wire::framed("/%00%ff/..//", good)?,
            Fate::Refused,
        ),
    ])
}

fn no_frames(good: &[u8]) -> Result<Cases> {
    let framed = |change: fn(&mut Vec<u8>)| -> Result<Request<Vec<u8>>> {
        let mut request = wire::framed(METHOD, good)?;
        change(request.body_mut());
        Ok(request)
    };
    let cases = [
        ("no body", framed(Vec::clear)?),
        ("three octets of a frame", framed(|body| body.truncate(3))?),
        (
            "half a frame",
            framed(|body| body.truncate(body.len() / 2))?,
        ),
        (
            "octets after the frame",
            framed(|body| body.extend([0; 7]))?,
        ),
        (
            "a frame of 4 GB",
            framed(|body| body[1..5].copy_from_slice(&[0xff; 4]))?,
        ),
        (
            "a frame that says it is compressed",
            framed(|body| body[0] = 1)?,
        ),
        ("a flag that does not exist", framed(|body| body[0] = 7)?),
    ];
    Ok(cases
        .into_iter()
        .map(|(name, request)| (name, request, Fate::Refused))
        .collect())
}

fn odd_headers(good: &[u8]) -> Result<Cases> {
    let long = |octets: usize| "a".repeat(octets);
    let mut cases = Vec::new();
    for (name, header, value, fate) in [
        (
            "an encoding that does not exist",
            "grpc-encoding",
            "x".to_owned(),
            Fate::Refused,
        ),
        (
            "a deadline that is no number",
            "grpc-timeout",
            "soon".to_owned(),
            Fate::Served,
        ),
        (
            "a deadline that has passed",
            "grpc-timeout",
            "0n".to_owned(),
            Fate::Either,
        ),
        (
            "a deadline of 11,000 years",
            "grpc-timeout",
            "99999999H".to_owned(),
            Fate::Served,
        ),
        ("4 KB of a header", "x-a", long(4_096), Fate::Served),
        ("1 MB of a header", "x-a", long(1 << 20), Fate::Either),
    ] {
        let mut request = wire::framed(METHOD, good)?;
        request
            .headers_mut()
            .insert(header, HeaderValue::try_from(value)?);
        cases.push((name, request, fate));
    }
    Ok(cases)
}
