//! The ports for those who watch: three pages to read and nothing else.

use std::time::Duration;

use anyhow::Result;
use e2e::findings::Findings;
use e2e::raw_http;
use e2e::system::System;

use super::frames::noise;

const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn run(system: &System, findings: &mut Findings) -> Result<()> {
    let ports = system.deployment.ports();
    for port in [
        ports.oidc_gateway,
        ports.signature_verification,
        ports.revocation_lookup,
        ports.signing_certificate,
        ports.crl_sync,
    ] {
        let port = port.metrics;
        for (method, target, status) in requests() {
            let request = raw_http::request(method, target, &[], b"");
            let answer = raw_http::exchange(port, &request, PATIENCE).await?;
            let found = answer.as_ref().map(|answer| answer.status);
            let name = format!(
                "{method} {} at a metrics port",
                String::from_utf8_lossy(target)
            );
            let fits = found.is_some_and(|found| status.contains(&found));
            findings.check(name, fits, format!("{answer:?}"));
        }
        for octets in [noise(23, 4_096), vec![0; 100], vec![b'a'; 1 << 20]] {
            let answer = raw_http::exchange(port, &octets, PATIENCE).await?;
            let refused = answer.is_none_or(|answer| (400..500).contains(&answer.status));
            findings.check("no HTTP at a metrics port", refused, "served");
        }
        let large = raw_http::request("GET", b"/metrics", &[], &vec![b'x'; 10_000_000]);
        let answer = raw_http::exchange(port, &large, PATIENCE).await?;
        let fits = answer.is_none_or(|answer| answer.status == 200 || answer.status == 413);
        findings.check("10 MB to a metrics port", fits, "another answer");
    }
    Ok(())
}

/// A method, a path, and the statuses that may answer.
fn requests() -> Vec<(&'static str, &'static [u8], &'static [u16])> {
    const FOUND: &[u16] = &[200];
    const UNKNOWN: &[u16] = &[404];
    const REFUSED: &[u16] = &[404, 405];
    let mut requests: Vec<(&str, &[u8], &[u16])> = vec![
        ("GET", b"/metrics", FOUND),
        ("GET", b"/healthz", FOUND),
        ("GET", b"/readyz", FOUND),
        ("GET", b"/metrics?name=a&%00=%ff", FOUND),
    ];
    for target in [
        &b"/"[..],
        b"/metrics/",
        b"/Metrics",
        b"/metrics/../secrets/holder-key",
        b"/../../etc/passwd",
        b"/%2e%2e/etc/passwd",
        b"/debug/pprof",
        b"/config",
        b"/-/reload",
        b"/favicon.ico",
        b"/%ff",
    ] {
        requests.push(("GET", target, UNKNOWN));
    }
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"] {
        for target in [&b"/metrics"[..], b"/healthz", b"/readyz", b"/-/quit"] {
            requests.push((method, target, REFUSED));
        }
    }
    requests
}
