//! What left the lists, read from the store for one serial number at a time. Bounded in memory and in time: what is small
//! is kept up to a configured size, what is large is read in pieces, and one lookup reads no more than it may.

use std::sync::Arc;
use std::time::Duration;

use index::{Find, Hit, Segment, SegmentError};
use pki::SerialNumber;
use store::{CrlReader, PastList, PastScope, Piece, StoreError, StoredSegment};
use tokio::sync::Semaphore;

/// Lists that one lookup takes into account: ten years of five a day in one scope, some 5 MB while it is worked on.
const LISTS: u32 = 20_000;

/// Octets that one lookup reads of what is not in memory: a second or two of a disk.
const OCTETS: u64 = 1 << 30;

/// Segments up to this size are kept: those of a day's expiries. A larger one is read in pieces each time.
const KEPT_OCTETS: u64 = 4 << 20;

/// Lookups that read at the same time: a store has other readers, and each may hold a segment that is being opened.
const AT_ONCE: usize = 4;

/// A caller waits no longer than this, for its turn and for the store together.
const ANSWER: Duration = Duration::from_secs(20);

/// Why the past could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HistoryError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Segment(#[from] SegmentError),
    #[error("what left a list was forgotten while it was read")]
    Forgotten,
    #[error("it was not read within {} seconds", ANSWER.as_secs())]
    TimedOut,
}

/// What a search came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Searched {
    /// The places that were given with the segments that name the certificate.
    pub(crate) hits: Vec<(usize, Hit)>,
    /// Whether all of them were searched.
    pub(crate) is_complete: bool,
}

/// Reads the history.
pub(crate) struct History {
    reader: CrlReader,
    kept: moka::sync::Cache<StoredSegment, Segment>,
    turns: Arc<Semaphore>,
}

impl History {
    pub(crate) fn new(reader: CrlReader, cache_mib: u64) -> Self {
        let weight = |stored: &StoredSegment, _: &Segment| {
            // Beside the segment there are its place in the cache and its key.
            u32::try_from(stored.octets.saturating_add(256)).unwrap_or(u32::MAX)
        };
        Self {
            reader,
            kept: moka::sync::Cache::builder()
                .max_capacity(cache_mib << 20)
                .weigher(weight)
                .build(),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Does something with the history when it is its turn, within the time that a caller waits.
    pub(crate) async fn in_turn<T>(
        &self,
        reading: impl Future<Output = Result<T, HistoryError>>,
    ) -> Result<T, HistoryError> {
        let turn = async {
            // The semaphore is never closed.
            let _turn = self.turns.acquire().await;
            reading.await
        };
        let read = tokio::time::timeout(ANSWER, turn).await;
        read.unwrap_or(Err(HistoryError::TimedOut))
    }

    /// The lists that are remembered of a scope, and whether they are all.
    pub(crate) async fn lists(
        &self,
        scope: &PastScope<'_>,
    ) -> Result<(Vec<PastList>, bool), HistoryError> {
        let mut lists = self.reader.past_lists(scope, LISTS + 1).await?;
        let are_all = lists.len() <= LISTS as usize;
        lists.truncate(LISTS as usize);
        Ok((lists, are_all))
    }

    /// Looks for a certificate in what left, in this order.
    pub(crate) async fn search(
        &self,
        serial: &SerialNumber,
        departures: &[(usize, &StoredSegment)],
    ) -> Result<Searched, HistoryError> {
        let mut searched = Searched::default();
        let mut left_to_read = OCTETS;
        for (place, stored) in departures {
            let hit = if let Some(segment) = self.kept.get(*stored) {
                segment.lookup(serial.as_bytes())
            } else {
                let Some(rest) = left_to_read.checked_sub(stored.octets) else {
                    return Ok(searched);
                };
                left_to_read = rest;
                self.find(serial, stored).await?
            };
            searched.hits.extend(hit.map(|hit| (*place, hit)));
        }
        searched.is_complete = true;
        Ok(searched)
    }

    async fn find(
        &self,
        serial: &SerialNumber,
        stored: &StoredSegment,
    ) -> Result<Option<Hit>, HistoryError> {
        if stored.octets > KEPT_OCTETS {
            return self.find_in_pieces(serial, stored).await;
        }
        let octets = self.reader.stored_segment(stored).await?;
        let segment = Segment::open(octets.ok_or(HistoryError::Forgotten)?)?;
        let hit = segment.lookup(serial.as_bytes());
        self.kept.insert(stored.clone(), segment);
        Ok(hit)
    }

    async fn find_in_pieces(
        &self,
        serial: &SerialNumber,
        stored: &StoredSegment,
    ) -> Result<Option<Hit>, HistoryError> {
        let mut pieces = self.reader.stored_pieces(stored);
        let mut find = Find::new(serial.as_bytes());
        loop {
            match pieces.next().await? {
                // A millisecond or two of the background runtime for each.
                Piece::Octets(octets) => find.push(&octets)?,
                Piece::End => return Ok(find.finish()?),
                Piece::Replaced => return Err(HistoryError::Forgotten),
            }
        }
    }
}
