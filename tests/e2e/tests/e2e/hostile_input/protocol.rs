//! What is no gRPC call at all: other HTTP/2, other protocols, silence. Whoever does it loses a connection at most.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use e2e::callers;
use e2e::findings::Findings;
use e2e::system::System;
use e2e::tls::{self, Shown};
use sandbox::deployment::{Deployment, TlsFiles, identity};
use sandbox::mint::CaKind;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::frames;
use super::holder::Holder;
use super::{requests, verification};

/// A connection that nobody uses is closed within the handshake's time, and a busy machine's.
const CLOSED_WITHIN: Duration = Duration::from_secs(20);

/// Connections that somebody leaves half open at a time.
const HALF_OPEN: usize = 48;

/// The three services with gRPC, their ports, and somebody whom each lets in.
fn servers(deployment: &Deployment) -> [(&'static str, u16, &'static str); 3] {
    let ports = deployment.ports();
    let backend = identity::AUTHENTICATION_BACKEND;
    [
        (
            identity::SIGNATURE_VERIFICATION,
            ports.signature_verification.service,
            backend,
        ),
        (
            identity::REVOCATION_LOOKUP,
            ports.revocation_lookup.service,
            backend,
        ),
        (
            identity::SIGNING_CERTIFICATE,
            ports.signing_certificate.service,
            identity::CITY_OFFICE,
        ),
    ]
}

pub(super) async fn run(system: &System, findings: &mut Findings) -> Result<()> {
    requests::run(system, findings).await?;
    let [first, second, third] = servers(&system.deployment).map(|(server, port, caller)| Door {
        server,
        port,
        files: system.deployment.tls_files(caller),
    });
    let (first, second, third) = tokio::try_join!(
        Box::pin(first.knock()),
        Box::pin(second.knock()),
        Box::pin(third.knock())
    )?;
    for found in [first, second, third] {
        findings.add(found);
    }
    half_open(system, findings).await
}

/// One service's port, with the certificate of somebody whom it lets in.
struct Door {
    server: &'static str,
    port: u16,
    files: TlsFiles,
}

impl Door {
    async fn knock(&self) -> Result<Findings> {
        let mut findings = Findings::new();
        self.no_tls(&mut findings).await?;
        self.no_certificate(&mut findings).await?;
        self.no_http2(&mut findings).await?;
        self.floods(&mut findings).await?;
        Ok(findings)
    }

    async fn plain(&self) -> Result<TcpStream> {
        Ok(TcpStream::connect(("127.0.0.1", self.port)).await?)
    }

    async fn tls(&self, with_certificate: bool, protocol: &[u8]) -> Result<TlsStream<TcpStream>> {
        let shown = with_certificate.then_some(Shown {
            certificate: &self.files.certificate,
            private_key: &self.files.private_key,
        });
        tls::connect(
            self.port,
            self.server,
            &self.files.authority,
            shown,
            protocol,
        )
        .await
    }

    /// Octets that are no TLS: the connection is closed, in its own time.
    async fn no_tls(&self, findings: &mut Findings) -> Result<()> {
        let get = b"GET / HTTP/1.1\r\nHost: akashi.test\r\n\r\n".to_vec();
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        let random: Vec<u8> = frames::noise(0x5eed, 4_096);
        // A ClientHello that promises 16 KB and has 4.
        let hello = [
            &[0x16, 0x03, 0x01, 0x40, 0x00, 0x01, 0x00][..],
            &frames::noise(7, 4_096),
        ]
        .concat();
        for (name, octets) in [
            ("HTTP/1.1 in plain text", get),
            ("HTTP/2 in plain text", preface),
            ("random octets", random),
            ("zeros", vec![0; 4_096]),
            ("the beginning of a TLS record", hello),
            ("1 MB of random octets", frames::noise(3, 1 << 20)),
        ] {
            let mut stream = self.plain().await?;
            // The other side may close while we still write.
            let _ = stream.write_all(&octets).await;
            self.must_close(name, stream, findings).await;
        }
        self.serves("octets that are no TLS", findings).await
    }

    async fn no_certificate(&self, findings: &mut Findings) -> Result<()> {
        match self.tls(false, b"h2").await {
            Err(_) => findings.check("no certificate", true, ""),
            Ok(mut stream) => {
                let _ = stream.write_all(frames::PREFACE).await;
                self.must_close("TLS without a certificate", stream, findings)
                    .await;
            }
        }
        // Its twin shows one.
        let mut stream = self.tls(true, b"h2").await?;
        stream.write_all(frames::PREFACE).await?;
        stream.write_all(&frames::settings()).await?;
        let mut first = [0; 9];
        let answered = tokio::time::timeout(CLOSED_WITHIN, stream.read_exact(&mut first)).await;
        let spoke = matches!(answered, Ok(Ok(_))) && first[3] == frames::SETTINGS;
        let name = format!("{}: TLS with a certificate", self.server);
        findings.check(name, spoke, format!("{answered:?}"));
        Ok(())
    }

    /// Over TLS with a good certificate: what is no HTTP/2.
    async fn no_http2(&self, findings: &mut Findings) -> Result<()> {
        match self.tls(true, b"http/1.1").await {
            Err(_) => findings.check("another protocol", true, ""),
            Ok(mut stream) => {
                let _ = stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
                self.must_close("TLS for HTTP/1.1", stream, findings).await;
            }
        }
        for (name, octets) in [
            (
                "HTTP/1.1 within TLS for HTTP/2",
                b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
            ),
            ("random octets within TLS", frames::noise(11, 4_096)),
            ("a good beginning, then random octets", {
                [
                    frames::PREFACE,
                    &frames::settings(),
                    &frames::noise(13, 4_096),
                ]
                .concat()
            }),
            (
                "a frame of 16 MB",
                [frames::PREFACE, &frames::settings(), &[0xff; 9]].concat(),
            ),
            ("settings that no HTTP/2 has", {
                [
                    frames::PREFACE,
                    &frames::frame(frames::SETTINGS, 0, 0, &[0xff; 5]),
                ]
                .concat()
            }),
            ("data on a stream that was never opened", {
                let data = frames::frame(frames::DATA, 0, 1, b"abc");
                [frames::PREFACE, &frames::settings(), &data].concat()
            }),
            ("headers that cannot be unpacked", {
                let headers = frames::frame(frames::HEADERS, frames::END_HEADERS, 1, &[0xff; 64]);
                [frames::PREFACE, &frames::settings(), &headers].concat()
            }),
        ] {
            let mut stream = self.tls(true, b"h2").await?;
            let _ = stream.write_all(&octets).await;
            self.must_close(name, stream, findings).await;
        }
        self.serves("what is no HTTP/2", findings).await
    }

    /// Well-formed frames, too many of them.
    async fn floods(&self, findings: &mut Findings) -> Result<()> {
        let beginning = [frames::PREFACE, &frames::settings()].concat();
        let mut resets = beginning.clone();
        for stream in (1..20_001).step_by(2) {
            resets.extend(frames::call(stream, verification::METHOD));
            // CANCEL (RFC 9113 section 7)
            resets.extend(frames::frame(
                frames::RST_STREAM,
                0,
                stream,
                &8_u32.to_be_bytes(),
            ));
        }
        let mut continuations = beginning.clone();
        continuations.extend(frames::frame(frames::HEADERS, 0, 1, b"\x83\x87"));
        for _ in 0..20_000 {
            // A header of 64 octets that goes on and on.
            let header = [&[0x00, 0x01, b'a', 0x40][..], &[b'b'; 64]].concat();
            continuations.extend(frames::frame(frames::CONTINUATION, 0, 1, &header));
        }
        for (name, octets) in [
            ("10,000 calls, each cancelled at once", resets),
            ("a head of 1.5 MB that never ends", continuations),
        ] {
            let mut stream = self.tls(true, b"h2").await?;
            let write = async {
                let _ = stream.write_all(&octets).await;
                let _ = stream.flush().await;
            };
            let _ = tokio::time::timeout(CLOSED_WITHIN, write).await;
            self.must_close(name, stream, findings).await;
        }
        // Settings and pings may be answered for ever; they must not keep others waiting.
        let ping = frames::frame(frames::PING, 0, 0, &[1; 8]);
        let mut busy = beginning;
        busy.extend(ping.repeat(20_000));
        let mut stream = self.tls(true, b"h2").await?;
        let write = async {
            let _ = stream.write_all(&busy).await;
        };
        let _ = tokio::time::timeout(Duration::from_secs(2), write).await;
        self.serves("floods", findings).await
    }

    /// Reads until the other side ends the connection.
    async fn must_close(
        &self,
        name: &str,
        stream: impl AsyncRead + Unpin,
        findings: &mut Findings,
    ) {
        let closed = tokio::time::timeout(CLOSED_WITHIN, read_to_end(stream)).await;
        let name = format!("{}: {name}", self.server);
        findings.check(name, closed.is_ok(), "the connection is still open");
    }

    /// A new connection of somebody who may gets as far as HTTP/2.
    async fn serves(&self, after: &str, findings: &mut Findings) -> Result<()> {
        let mut stream = self.tls(true, b"h2").await?;
        stream.write_all(frames::PREFACE).await?;
        stream.write_all(&frames::settings()).await?;
        let mut first = [0; 9];
        let read = tokio::time::timeout(CLOSED_WITHIN, stream.read_exact(&mut first)).await;
        let name = format!("{}: served after {after}", self.server);
        findings.check(name, matches!(read, Ok(Ok(_))), format!("{read:?}"));
        Ok(())
    }
}

async fn read_to_end(mut stream: impl AsyncRead + Unpin) {
    let mut buffer = [0; 4_096];
    while matches!(stream.read(&mut buffer).await, Ok(1..)) {}
}

/// Some dozens of connections on which nobody speaks, to every service: others are served meanwhile, and what never
/// finished its handshake is closed.
async fn half_open(system: &System, findings: &mut Findings) -> Result<()> {
    let mut silent = Vec::new();
    let mut begun = Vec::new();
    for (server, port, caller) in servers(&system.deployment) {
        for number in 0..HALF_OPEN {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
            if number % 2 == 0 {
                // A record's head, and no record.
                stream.write_all(&[0x16, 0x03, 0x01, 0x02, 0x00]).await?;
            }
            silent.push(stream);
        }
        let files = system.deployment.tls_files(caller);
        let shown = Shown {
            certificate: &files.certificate,
            private_key: &files.private_key,
        };
        for _ in 0..8 {
            let stream = tls::connect(port, server, &files.authority, Some(shown), b"h2").await?;
            begun.push(stream);
        }
    }
    let holder = Holder::of(system, "good", CaKind::UserAuthentication)?;
    let mut client = callers::verification(&system.deployment, identity::AUTHENTICATION_BACKEND)?;
    for _ in 0..20 {
        let asked = client.verify_signature(verification::good(&holder));
        let answer = tokio::time::timeout(Duration::from_secs(10), asked).await;
        let passes = matches!(&answer, Ok(Ok(answer)) if answer.get_ref().holder.is_some());
        findings.check(
            "served beside half-open connections",
            passes,
            format!("{answer:?}"),
        );
    }
    let ends = silent.into_iter().map(|stream| async move {
        tokio::time::timeout(CLOSED_WITHIN, read_to_end(stream)).await
    });
    let ends: Vec<_> = ends.map(tokio::spawn).collect();
    for end in ends {
        let closed = end.await.context("a task of the test")?.is_ok();
        findings.check("a silent connection is closed", closed, "it is still open");
    }
    ensure!(begun.len() == 24, "connections that only began");
    Ok(())
}
