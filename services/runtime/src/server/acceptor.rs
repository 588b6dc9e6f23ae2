//! From a TCP connection to a TLS connection with a known peer.
//!
//! Each handshake is a task of its own with a time-out, so that a slow client delays nobody; the
//! peer's identity is read once, here.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use prometheus::IntCounterVec;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::Connected;

use crate::limits;
use crate::peer::{Peer, identity};
use crate::plaintext;
use crate::tls::ServerTls;

/// A TLS connection whose client certificate was verified.
pub(super) struct Connection {
    stream: Stream,
    peer: Peer,
    /// Whether anything was written.
    began: bool,
    /// Held as long as the connection lives: the limit on connections.
    _permit: OwnedSemaphorePermit,
}

/// What octets pass through.
#[expect(
    clippy::large_enum_variant,
    reason = "the small one is for benchmarks alone, and the other must not be one step further away"
)]
enum Stream {
    Tls(TlsStream<TcpStream>),
    /// See [`crate::plaintext`].
    Plain(TcpStream),
}

/// The same call on whichever it is.
macro_rules! on_stream {
    ($connection:expr, $stream:ident => $call:expr) => {
        match &mut $connection.stream {
            Stream::Tls($stream) => $call,
            Stream::Plain($stream) => $call,
        }
    };
}

/// Accepts connections until `stop`, and hands those whose handshake succeeds to `accepted`.
pub(super) async fn accept(
    listener: TcpListener,
    tls: Arc<ServerTls>,
    accepted: mpsc::Sender<io::Result<Connection>>,
    failures: IntCounterVec,
    stop: CancellationToken,
) {
    let failures = Arc::new(Failures {
        counted: failures,
        logged: Mutex::default(),
    });
    let slots = Arc::new(Semaphore::new(limits::CONNECTIONS_PER_THREAD));
    loop {
        // The slot comes first: over the limit, clients wait in the kernel's queue and cost nothing.
        let next = async {
            let permit = slots
                .clone()
                .acquire_owned()
                .await
                .map_err(io::Error::other)?;
            let (stream, address) = listener.accept().await?;
            Ok::<_, io::Error>((stream, address, permit))
        };
        let next = tokio::select! {
            () = stop.cancelled() => return,
            next = next => next,
        };
        let (stream, address, permit) = match next {
            Ok(next) => next,
            Err(error) => {
                // Out of file descriptors, or a client that left at once. Either passes; a loop
                // without a pause would take the whole thread.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let acceptor = TlsAcceptor::from(tls.current());
        let (accepted, failures) = (accepted.clone(), failures.clone());
        tokio::spawn(async move {
            match handshake(acceptor, stream, address).await {
                Ok((stream, peer)) => {
                    // A closed channel means that the server stops; the connection closes with it.
                    let _ = accepted
                        .send(Ok(Connection {
                            stream,
                            peer,
                            began: false,
                            _permit: permit,
                        }))
                        .await;
                }
                Err(refused) => failures.note(address, &refused),
            }
        });
    }
}

struct Refused {
    reason: &'static str,
    detail: String,
}

/// Counts every failed handshake and logs one a second: anybody who reaches the port can make them.
struct Failures {
    counted: IntCounterVec,
    logged: Mutex<Option<Instant>>,
}

impl Failures {
    fn note(&self, address: SocketAddr, refused: &Refused) {
        self.counted.with_label_values(&[refused.reason]).inc();
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        if logged.is_some_and(|at| at.elapsed() < Duration::from_secs(1)) {
            return;
        }
        *logged = Some(Instant::now());
        let Refused { reason, detail } = refused;
        tracing::info!(%address, reason, detail, "a TLS handshake failed");
    }
}

async fn handshake(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    address: SocketAddr,
) -> Result<(Stream, Peer), Refused> {
    let refused = |reason, detail: &dyn ToString| Refused {
        reason,
        detail: detail.to_string(),
    };
    // Small frames must not wait for more (Nagle).
    stream
        .set_nodelay(true)
        .map_err(|error| refused("socket", &error))?;
    if let Some(caller) = plaintext::caller() {
        let identity = Some(caller);
        return Ok((Stream::Plain(stream), Peer { address, identity }));
    }
    let stream = tokio::time::timeout(limits::HANDSHAKE_TIMEOUT, acceptor.accept(stream))
        .await
        .map_err(|_| refused("timeout", &"the client took too long"))?
        .map_err(|error| refused("handshake", &error))?;
    let (_, session) = stream.get_ref();
    if session.alpn_protocol() != Some(b"h2".as_slice()) {
        return Err(refused("alpn", &"the client does not speak HTTP/2"));
    }
    let certificate = session.peer_certificates().and_then(<[_]>::first);
    let certificate = certificate.ok_or_else(|| refused("identity", &"no client certificate"))?;
    let identity = identity(certificate).map_err(|error| refused("identity", &error))?;
    let identity = Some(identity);
    Ok((Stream::Tls(stream), Peer { address, identity }))
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        on_stream!(self, stream => Pin::new(stream).poll_read(context, buffer))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.began = true;
        on_stream!(self, stream => Pin::new(stream).poll_write(context, buffer))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_stream!(self, stream => Pin::new(stream).poll_flush(context))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_stream!(self, stream => Pin::new(stream).poll_shutdown(context))
    }

    // Without these two, the frames of many streams would not share one TLS record.
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.began = true;
        on_stream!(self, stream => Pin::new(stream).poll_write_vectored(context, buffers))
    }

    // h2 asks once before the first octet, to learn from which size on a message is handed over as it is instead of being
    // gathered with those of other streams: 256 octets where vectors are written, else 1024. An answer to a verification
    // has some 300, and each would cost a TLS record and a system call of its own.
    fn is_write_vectored(&self) -> bool {
        let vectored = match &self.stream {
            Stream::Tls(stream) => stream.is_write_vectored(),
            Stream::Plain(stream) => stream.is_write_vectored(),
        };
        self.began && vectored
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    #[tokio::test]
    async fn small_answers_are_gathered_and_long_ones_are_written_as_they_are() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (_client, accepted) = tokio::join!(
            async { TcpStream::connect(address).await.unwrap() },
            async { listener.accept().await.unwrap() }
        );
        let mut connection = Connection {
            stream: Stream::Plain(accepted.0),
            peer: Peer {
                address,
                identity: None,
            },
            began: false,
            _permit: Arc::new(Semaphore::new(1)).acquire_owned().await.unwrap(),
        };
        // h2 asks before it writes anything, and then again for every write.
        assert!(!connection.is_write_vectored());
        connection.write_all(b"settings").await.unwrap();
        assert!(connection.is_write_vectored());
    }
}
