//! Every address of the gateway, asked badly over plain sockets: 4xx in clear words or an error to the client, with the
//! security headers, in time; and the sign-in that was under way meanwhile ends well.

use std::time::Duration;

use anyhow::{Context as _, Result};
use e2e::by_hand::PREFIX;
use e2e::findings::Findings;
use e2e::raw_http::{self, Answer};
use e2e::system::System;

use super::fields::CANARY;

/// No answer may take longer. The gateway itself waits 10 seconds for a slow body.
const PATIENCE: Duration = Duration::from_secs(20);

const SECURITY_HEADERS: [(&str, &str); 5] = [
    ("content-security-policy", "default-src 'none'"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("permissions-policy", "camera=()"),
];

/// What must come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// 4xx: JSON with `error` where programs ask, a page where people do.
    Refused,
    /// 4xx with exactly this status.
    Status(u16),
    /// 400 from below: what is no HTTP never reaches a page.
    NoHttp,
    /// A redirect to the client with an error.
    ToClient,
    /// A success: what is odd about it is none of the gateway's business.
    Served,
}

/// One request.
pub(super) struct Sent {
    pub(super) name: String,
    pub(super) octets: Vec<u8>,
    pub(super) expected: Expected,
}

impl Sent {
    pub(super) fn new(
        name: impl Into<String>,
        expected: Expected,
        (method, target): (&str, &[u8]),
        headers: &[(&str, &[u8])],
        body: &[u8],
    ) -> Self {
        Self {
            name: name.into(),
            octets: raw_http::request(method, target, headers, body),
            expected,
        }
    }
}

/// The gateway's port, and what was found at it.
pub(super) struct Door<'a> {
    pub(super) system: &'a System,
    pub(super) findings: &'a mut Findings,
    /// Where errors for the client are sent.
    pub(super) redirect_uri: String,
}

impl Door<'_> {
    fn port(&self) -> u16 {
        self.system.deployment.ports().oidc_gateway.service
    }

    pub(super) async fn send(&mut self, octets: &[u8]) -> Result<Option<Answer>> {
        raw_http::exchange(self.port(), octets, PATIENCE).await
    }

    /// Sends each request and judges what comes back.
    pub(super) async fn try_all(&mut self, requests: Vec<Sent>) -> Result<()> {
        for sent in requests {
            let answer = self
                .send(&sent.octets)
                .await
                .with_context(|| format!("{}: no answer in time", sent.name));
            match answer {
                Ok(Some(answer)) => self.judge(&sent, &answer),
                Ok(None) => self
                    .findings
                    .check(&sent.name, false, "closed without a word"),
                Err(error) => self.findings.check(&sent.name, false, format!("{error:#}")),
            }
        }
        Ok(())
    }

    fn judge(&mut self, sent: &Sent, answer: &Answer) {
        let (name, status) = (&sent.name, answer.status);
        let location = answer.header("location").unwrap_or_default();
        let to_client = location.starts_with(&self.redirect_uri) && location.contains("error=");
        let fits = match sent.expected {
            Expected::Refused => (400..500).contains(&status),
            Expected::Status(expected) => status == expected,
            Expected::NoHttp => status == 400 && answer.body.is_empty(),
            Expected::ToClient => status == 303 && to_client,
            Expected::Served => (200..400).contains(&status) && !location.contains("error="),
        };
        let found = format!("{status} {location} {}", answer.text());
        self.findings.check(name, fits, &found);
        if sent.expected == Expected::NoHttp {
            return;
        }
        for (header, begins) in SECURITY_HEADERS {
            let value = answer.header(header).unwrap_or_default();
            let there = value.starts_with(begins);
            self.findings
                .check(name, there, format!("{header}: {value:?}"));
        }
        if matches!(sent.expected, Expected::Refused | Expected::Status(_)) {
            let kept = answer.header("cache-control").unwrap_or_default();
            self.findings
                .check(name, kept == "no-store", format!("cache-control: {kept:?}"));
            self.findings.check(name, is_clear(answer), &found);
        }
        if status == 405 {
            // RFC 9110 section 15.5.6.
            let allowed = answer.header("allow").unwrap_or_default();
            self.findings
                .check(name, !allowed.is_empty(), "405 without Allow");
        }
        // What was sent must not come back: in a page it could run, in an error it ends up in a log.
        let repeats = ["<script", CANARY, "hostile-canary"]
            .into_iter()
            .find(|text| answer.text().contains(text));
        self.findings
            .check(name, repeats.is_none(), format!("repeats {repeats:?}"));
    }
}

/// JSON with an error that says something, or a page with a heading.
fn is_clear(answer: &Answer) -> bool {
    let text = answer.text();
    match answer.header("content-type") {
        Some("application/json") => {
            serde_json::from_str::<serde_json::Value>(&text).is_ok_and(|json| {
                let says = |name: &str| json[name].as_str().is_some_and(|text| !text.is_empty());
                says("error") && says("error_description")
            })
        }
        Some(kind) => kind.starts_with("text/html") && text.contains("<h1>"),
        None => false,
    }
}

/// Where something of the protocol lies.
pub(super) fn protocol(name: &str) -> Vec<u8> {
    format!("{PREFIX}/protocol/openid-connect/{name}").into_bytes()
}

/// 1,000 parameters, none of which anybody knows.
pub(super) fn thousand_parameters() -> Vec<u8> {
    (0..1_000)
        .map(|number| format!("p{number}=hostile-canary"))
        .collect::<Vec<_>>()
        .join("&")
        .into_bytes()
}
