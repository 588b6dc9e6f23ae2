//! A body on its way from its source to whoever reads it: its octets go through a short queue into one blocking task,
//! which reads them as they come. Fetching stays asynchronous and waits while the queue is full, so that no more of a
//! body is held than what is in it. A file of this machine goes through the queue as a file, and the task reads it: what
//! would be fetched there already is here, and a few small memories are used for all pieces.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{ErrorKind, Read as _};

use bytes::{Bytes, BytesMut};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::cores::on_a_core;
use crate::fetch::FetchError;
use crate::limits;
use crate::outcome::SyncError;
use crate::progress::Progress;

/// Reads a body as it comes, on a thread of its own.
pub(crate) trait BodyReader: Send + 'static {
    /// What it has read in the end.
    type Read: Send + 'static;

    /// Reads on. An error ends the transfer.
    fn read(&mut self, octets: &Bytes) -> Result<(), SyncError>;

    /// The body is complete. Only now may it come to anything.
    fn finish(self) -> Result<Self::Read, SyncError>;
}

/// A body that is being fetched.
pub(crate) struct Body<R: BodyReader> {
    reader: Box<dyn Fn() -> R + Send + Sync>,
    limit: u64,
    octets: u64,
    reading: Option<Reading<R::Read>>,
    progress: Progress,
}

/// One run of the reader.
struct Reading<T> {
    queue: mpsc::Sender<Piece>,
    task: JoinHandle<Result<T, SyncError>>,
}

enum Piece {
    Octets(Bytes),
    File(WholeFile),
    /// Without it the body was abandoned.
    End,
}

/// A file that is to be read to its end.
struct WholeFile {
    file: File,
    /// How many octets it may have.
    room: u64,
    progress: Progress,
    /// Takes the file with how many octets were read, and nothing if the reader wanted no more.
    done: oneshot::Sender<Result<(File, u64), FetchError>>,
}

impl<R: BodyReader> Body<R> {
    /// A body of at most so many octets, for readers that are made as they are needed: one, or another if the source
    /// begins anew.
    pub(crate) fn new(limit: u64, reader: impl Fn() -> R + Send + Sync + 'static) -> Self {
        Self {
            reader: Box::new(reader),
            limit,
            octets: 0,
            reading: None,
            progress: Progress::default(),
        }
    }

    /// The same, which tells how far it is.
    pub(crate) fn watched(self, progress: Progress) -> Self {
        Self { progress, ..self }
    }

    /// Begins the body, anew if it had begun: what was read of it is forgotten. A body that announces itself as too
    /// large is not read at all.
    pub(crate) fn begin(&mut self, announced: Option<u64>) -> Result<(), FetchError> {
        if announced.is_some_and(|announced| announced > self.limit) {
            return Err(self.oversized());
        }
        let (queue, pieces) = mpsc::channel(limits::QUEUED_PIECES);
        let reader = (self.reader)();
        let task = tokio::task::spawn_blocking(move || run(reader, pieces));
        self.progress.body_begun(announced);
        self.octets = 0;
        self.reading = Some(Reading { queue, task });
        Ok(())
    }

    /// Hands octets over, as soon as there is room for them.
    pub(crate) async fn push(&mut self, octets: Bytes) -> Result<(), FetchError> {
        let length = u64::try_from(octets.len()).unwrap_or(u64::MAX);
        self.octets = self.octets.saturating_add(length);
        self.progress.received(length);
        if self.octets > self.limit {
            return Err(self.oversized());
        }
        let reading = self.reading.as_ref().ok_or(FetchError::Unread)?;
        let sent = reading.queue.send(Piece::Octets(octets)).await;
        sent.map_err(|_| FetchError::Unread)
    }

    /// Hands a file over, returns it once it was read to its end.
    pub(crate) async fn push_file(&mut self, file: File) -> Result<File, FetchError> {
        let reading = self.reading.as_ref().ok_or(FetchError::Unread)?;
        let (done, read) = oneshot::channel();
        let whole = WholeFile {
            file,
            room: self.limit.saturating_sub(self.octets),
            progress: self.progress.clone(),
            done,
        };
        let sent = reading.queue.send(Piece::File(whole)).await;
        sent.map_err(|_| FetchError::Unread)?;
        let (file, octets) = match read.await.map_err(|_| FetchError::Unread)? {
            // It does not know what came before.
            Err(FetchError::Oversized { .. }) => return Err(self.oversized()),
            read => read?,
        };
        self.octets = self.octets.saturating_add(octets);
        Ok(file)
    }

    /// Returns once the reader wants no more, because it has found something wrong.
    pub(crate) async fn refused(&self) {
        match &self.reading {
            Some(reading) => reading.queue.closed().await,
            None => std::future::pending().await,
        }
    }

    /// How many octets came since it began.
    pub(crate) const fn octets(&self) -> u64 {
        self.octets
    }

    /// Ends the body, which is complete or which the reader has refused. A panic of the reader, which only crafted input
    /// could cause, ends this attempt and not the process.
    pub(crate) async fn finish(self) -> Result<R::Read, SyncError> {
        let Reading { queue, task } = self.reading.ok_or(FetchError::Unread)?;
        // A reader that wants no more says why below.
        let _ = queue.send(Piece::End).await;
        task.await.map_err(|_| SyncError::Panicked)?
    }

    const fn oversized(&self) -> FetchError {
        FetchError::Oversized { limit: self.limit }
    }
}

fn run<R: BodyReader>(
    mut reader: R,
    mut pieces: mpsc::Receiver<Piece>,
) -> Result<R::Read, SyncError> {
    loop {
        match pieces.blocking_recv() {
            Some(Piece::Octets(octets)) => on_a_core(|| reader.read(&octets))?,
            Some(Piece::File(whole)) => whole.read(&mut reader, || pieces.is_closed())?,
            Some(Piece::End) => return on_a_core(|| reader.finish()),
            // Nobody waits for the outcome any more.
            None => return Err(FetchError::Truncated.into()),
        }
    }
}

impl WholeFile {
    /// Reads it on this thread, unless it is abandoned.
    fn read(
        self,
        reader: &mut impl BodyReader,
        is_abandoned: impl Fn() -> bool,
    ) -> Result<(), SyncError> {
        let Self {
            mut file,
            room: limit,
            progress,
            done,
        } = self;
        let mut octets = 0_u64;
        let mut pieces = FilePieces::default();
        let outcome = loop {
            if is_abandoned() {
                break Err(FetchError::Truncated);
            }
            let mut piece = pieces.next();
            let length = match file.read(&mut piece) {
                Ok(0) => break Ok((file, octets)),
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                // Without the path: the source's name says which file it is.
                Err(error) => break Err(FetchError::Unreadable { kind: error.kind() }),
            };
            let length_octets = u64::try_from(length).unwrap_or(u64::MAX);
            octets = octets.saturating_add(length_octets);
            progress.received(length_octets);
            if octets > limit {
                break Err(FetchError::Oversized { limit });
            }
            let piece = piece.freeze();
            on_a_core(|| reader.read(&piece.slice(..length)))?;
            pieces.keep(piece);
        };
        // Who does not wait for it has abandoned the body, which shows above.
        let _ = done.send(outcome);
        Ok(())
    }
}

/// The memory of some pieces of a file, used in turns: those before may still be hashed.
#[derive(Default)]
struct FilePieces(VecDeque<Bytes>);

impl FilePieces {
    /// Memory for the next piece.
    fn next(&mut self) -> BytesMut {
        let before = if self.0.len() < limits::FILE_PIECES {
            None
        } else {
            self.0.pop_front()
        };
        // Whoever still reads it keeps it, and what is used instead is new.
        before
            .and_then(|before| before.try_into_mut().ok())
            .unwrap_or_else(|| BytesMut::zeroed(limits::FILE_PIECE_OCTETS))
    }

    /// Takes back a piece that was handed on.
    fn keep(&mut self, piece: Bytes) {
        self.0.push_back(piece);
    }
}

/// Keeps a body as it is; for what cannot be read in pieces.
#[derive(Debug, Default)]
pub(crate) struct Collect(Vec<u8>);

impl BodyReader for Collect {
    type Read = Vec<u8>;

    fn read(&mut self, octets: &Bytes) -> Result<(), SyncError> {
        self.0.extend_from_slice(octets);
        Ok(())
    }

    fn finish(self) -> Result<Vec<u8>, SyncError> {
        Ok(self.0)
    }
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
