//! Lists from a file and over HTTP, and what reading and indexing one costs without a database: as crl-sync does it, one
//! thread verifies and packs what it reads of a file, or what another one fetches, through a short queue.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use bytes::Bytes;
use index::{BuildError, Builder, Segment};
use pki::{
    CertificationAuthority, CrlLimits, CrlStream, RevokedEntry, RevokedSink, ShortEntry, Verifier,
    limits,
};

use crate::limits::{Took, timed};

/// What crl-sync reads of a file at once, and how many pieces wait to be read.
const PIECE: usize = 256 * 1024;
const QUEUED: usize = 8;
/// How long a transfer may bring nothing.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Where a list is fetched from.
#[derive(Clone, Copy, Debug)]
pub enum From<'a> {
    /// A file.
    File(&'a Path),
    /// An address.
    Http(SocketAddr),
}

/// The entries of a list on their way into an index.
#[derive(Default)]
pub(crate) struct Entries {
    builder: Builder,
    refused: Option<BuildError>,
}

impl Entries {
    pub(crate) fn finish(self) -> Result<Segment> {
        match self.refused {
            Some(refused) => Err(refused.into()),
            None => Ok(self.builder.finish_segment()?),
        }
    }
}

impl RevokedSink for Entries {
    fn revoked(&mut self, entry: RevokedEntry) {
        let (serial, reason) = (entry.serial.as_bytes(), entry.reason.code());
        if let Err(error) = self.builder.push(serial, entry.revoked_at.secs(), reason) {
            self.refused.get_or_insert(error);
        }
    }

    #[inline]
    fn short(&mut self, entry: ShortEntry) {
        let (serial, reason) = (entry.serial, entry.reason.code());
        let pushed = self
            .builder
            .push_short(serial, entry.revoked_at.secs(), reason);
        if let Err(error) = pushed {
            self.refused.get_or_insert(error);
        }
    }
}

/// Reads lists of one authority.
pub struct Reader<'a> {
    /// Whose.
    pub authority: &'a CertificationAuthority,
    /// How signatures are checked.
    pub verifier: &'a Verifier,
}

impl Reader<'_> {
    /// Verifies a list that comes in pieces, and writes its index.
    ///
    /// # Errors
    /// When it is refused.
    pub fn index<P: AsRef<[u8]>>(&self, pieces: impl IntoIterator<Item = P>) -> Result<Segment> {
        let mut stream = stream();
        for piece in pieces {
            stream.push(piece.as_ref())?;
        }
        self.finish(stream)
    }

    fn index_file(&self, path: &Path) -> Result<Segment> {
        let (mut file, mut stream) = (File::open(path)?, stream());
        let mut piece = vec![0; PIECE];
        loop {
            let length = file.read(&mut piece)?;
            if length == 0 {
                return self.finish(stream);
            }
            stream.push(&piece[..length])?;
        }
    }

    fn finish(&self, stream: CrlStream<Entries>) -> Result<Segment> {
        let (_, entries) = stream.finish_into_sink(self.authority, self.verifier)?;
        entries.finish()
    }

    /// Fetches a list and makes it ready to be served. The CPU time is that of both threads.
    ///
    /// # Errors
    /// When it cannot be fetched or is refused.
    pub fn open(&self, from: From<'_>) -> Result<(Segment, Took)> {
        let address = match from {
            From::File(path) => return timed(|| self.index_file(path)),
            From::Http(address) => address,
        };
        let (queue, pieces) = sync_channel(QUEUED);
        let began = Instant::now();
        let (fetched, opened) = thread::scope(|scope| {
            let fetching = scope.spawn(move || {
                // The queue is dropped at the end, which ends the list.
                timed(|| fetch(address, &queue))
            });
            let opened = timed(|| self.index(pieces));
            (fetching.join(), opened)
        });
        let wall = began.elapsed().as_secs_f64();
        // Why a list was refused says more than that nobody wanted the rest.
        let (segment, reading) = opened?;
        let ((), fetching) = fetched.map_err(|_| anyhow!("fetching was interrupted"))??;
        let cpu = reading.cpu + fetching.cpu;
        Ok((segment, Took { wall, cpu }))
    }
}

fn stream() -> CrlStream<Entries> {
    let limits = CrlLimits {
        max_bytes: limits::MAX_CRL_BYTES,
        max_entries: limits::MAX_CRL_ENTRIES,
    };
    CrlStream::into_sink(&limits, Entries::default())
}

/// Fetches over HTTP.
fn fetch(address: SocketAddr, queue: &SyncSender<Bytes>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let client = reqwest::Client::builder()
            .no_proxy()
            .read_timeout(TIMEOUT)
            .build()?;
        let answer = client.get(format!("http://{address}/")).send().await?;
        let mut answer = answer.error_for_status()?;
        while let Some(piece) = answer.chunk().await? {
            queue.send(piece).context("nobody reads on")?;
        }
        Ok(())
    })
}

/// Serves one file over HTTP on loopback until it is dropped.
pub struct ListServer {
    address: SocketAddr,
    stopped: Arc<AtomicBool>,
}

impl ListServer {
    /// Starts it.
    ///
    /// # Errors
    /// When nothing can be listened on.
    pub fn start(file: PathBuf) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let (address, stopped) = (listener.local_addr()?, Arc::new(AtomicBool::new(false)));
        let is_over = Arc::clone(&stopped);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
                // A client that goes away has its reasons, and notices itself what is missing.
                let _ = answer(connection, &file);
            }
        });
        Ok(Self { address, stopped })
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for ListServer {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

/// Answers one request with the file, whatever it asks for.
fn answer(mut connection: TcpStream, file: &Path) -> Result<()> {
    let mut lines = BufReader::new(connection.try_clone()?).lines();
    while lines
        .next()
        .transpose()?
        .is_some_and(|line| !line.is_empty())
    {}
    let mut file = File::open(file)?;
    let octets = file.metadata()?.len();
    write!(
        connection,
        "HTTP/1.1 200 OK\r\nContent-Type: application/pkix-crl\r\nContent-Length: {octets}\r\nConnection: close\r\n\r\n"
    )?;
    std::io::copy(&mut file, &mut connection)?;
    Ok(())
}
