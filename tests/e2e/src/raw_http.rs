//! HTTP/1.1 by hand: requests that no client library would send, and answers as they came.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case, in the order in which they came.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of a name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A request with its length, after which the connection ends. Target, header values and body may be any octets.
pub fn request(method: &str, target: &[u8], headers: &[(&str, &[u8])], body: &[u8]) -> Vec<u8> {
    let mut request = Vec::with_capacity(body.len() + 1_024);
    request.extend(method.as_bytes());
    request.push(b' ');
    request.extend(target);
    request.extend(b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    for (name, value) in headers {
        request.extend(name.as_bytes());
        request.extend(b": ");
        request.extend(*value);
        request.extend(b"\r\n");
    }
    if !body.is_empty() || method == "POST" {
        request.extend(format!("Content-Length: {}\r\n", body.len()).into_bytes());
    }
    request.extend(b"\r\n");
    request.extend(body);
    request
}

/// Sends octets to a port of this machine and reads until the other side ends the connection. `None`: it ended it without
/// a word.
pub async fn exchange(port: u16, octets: &[u8], patience: Duration) -> Result<Option<Answer>> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let (mut reading, mut writing) = stream.into_split();
    let write = async {
        // The other side may answer and close before it has read everything.
        let _ = writing.write_all(octets).await;
        writing
    };
    let read = async {
        let mut received = Vec::new();
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(length @ 1..) = reading.read(&mut buffer).await {
            received.extend_from_slice(&buffer[..length]);
        }
        received
    };
    let both = async { tokio::join!(write, read) };
    let (_, received) = tokio::time::timeout(patience, both)
        .await
        .context("no end of the answer in time")?;
    if received.is_empty() {
        return Ok(None);
    }
    parse(&received).map(Some)
}

fn parse(received: &[u8]) -> Result<Answer> {
    let end = received
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .with_context(|| format!("no HTTP: {:?}", String::from_utf8_lossy(received)))?;
    let head = std::str::from_utf8(&received[..end])?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let body = &received[end + 4..];
    let is_chunked = headers
        .iter()
        .any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    Ok(Answer {
        status: status.context("a status")?.parse()?,
        body: if is_chunked {
            joined(body)
        } else {
            body.to_vec()
        },
        headers,
    })
}

/// A chunked body's octets (RFC 9112 section 7.1), as far as they came.
fn joined(mut chunks: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = chunks.windows(2).position(|window| window == b"\r\n") {
        let size = std::str::from_utf8(&chunks[..end]).unwrap_or_default();
        let size = usize::from_str_radix(size, 16).unwrap_or(0);
        let Some(chunk) = chunks.get(end + 2..end + 2 + size).filter(|_| size > 0) else {
            break;
        };
        body.extend_from_slice(chunk);
        chunks = chunks.get(end + 4 + size..).unwrap_or_default();
    }
    body
}
