use std::io::{Seek as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use pki::CrlError;

use super::{Body, BodyReader, Collect};
use crate::fetch::FetchError;
use crate::limits;
use crate::outcome::{Outcome, SyncError};

/// Counts pieces, and does something at the third.
struct Third {
    pieces: Arc<AtomicUsize>,
    then: fn() -> Result<(), SyncError>,
}

impl BodyReader for Third {
    type Read = usize;

    fn read(&mut self, _: &Bytes) -> Result<(), SyncError> {
        if self.pieces.fetch_add(1, Ordering::SeqCst) == 2 {
            (self.then)()?;
        }
        Ok(())
    }

    fn finish(self) -> Result<usize, SyncError> {
        Ok(self.pieces.load(Ordering::SeqCst))
    }
}

fn body_that(then: fn() -> Result<(), SyncError>) -> (Body<Third>, Arc<AtomicUsize>) {
    let pieces = Arc::new(AtomicUsize::new(0));
    let shown = Arc::clone(&pieces);
    let reader = move || Third {
        pieces: Arc::clone(&pieces),
        then,
    };
    (Body::new(1_000_000, reader), shown)
}

/// Keeps every piece as it was given, as somebody does who reads it later.
#[derive(Default)]
struct Keeper(Vec<Bytes>);

impl BodyReader for Keeper {
    type Read = Vec<Bytes>;

    fn read(&mut self, octets: &Bytes) -> Result<(), SyncError> {
        self.0.push(octets.clone());
        Ok(())
    }

    fn finish(self) -> Result<Vec<Bytes>, SyncError> {
        Ok(self.0)
    }
}

const PIECE: Bytes = Bytes::from_static(b"0123456789");

/// Pushes until the reader wants no more.
async fn push_all(body: &mut Body<Third>) -> FetchError {
    loop {
        if let Err(error) = body.push(PIECE).await {
            return error;
        }
    }
}

#[tokio::test]
async fn a_body_is_read_in_order_and_comes_to_something_only_at_its_end() {
    let mut body = Body::new(20, Collect::default);
    body.begin(Some(20)).unwrap();
    for piece in ["01234", "56789", "abcdefghij"] {
        body.push(Bytes::from_static(piece.as_bytes()))
            .await
            .unwrap();
    }
    assert_eq!(body.octets(), 20);
    assert_eq!(body.finish().await.unwrap(), b"0123456789abcdefghij");
}

#[tokio::test]
async fn a_body_that_begins_anew_has_nothing_of_what_came_before() {
    let mut body = Body::new(20, Collect::default);
    body.begin(None).unwrap();
    body.push(PIECE).await.unwrap();
    body.begin(None).unwrap();
    body.push(Bytes::from_static(b"new")).await.unwrap();
    assert_eq!(body.octets(), 3);
    assert_eq!(body.finish().await.unwrap(), b"new");
}

#[tokio::test]
async fn an_octet_above_the_limit_is_refused_announced_or_not() {
    let oversized = FetchError::Oversized { limit: 20 };
    let mut body = Body::new(20, Collect::default);
    assert_eq!(body.begin(Some(21)).unwrap_err(), oversized);
    body.begin(None).unwrap();
    body.push(PIECE).await.unwrap();
    body.push(PIECE).await.unwrap();
    let one_more = Bytes::from_static(b"0");
    assert_eq!(body.push(one_more).await.unwrap_err(), oversized);
}

#[tokio::test]
async fn a_reader_that_refuses_ends_the_transfer_at_once_with_its_own_reason() {
    let (mut body, pieces) = body_that(|| Err(CrlError::Signature.into()));
    body.begin(None).unwrap();
    assert_eq!(push_all(&mut body).await, FetchError::Unread);
    assert_eq!(pieces.load(Ordering::SeqCst), 3);
    // Whoever waits for octets that never come is woken.
    tokio::time::timeout(Duration::from_secs(5), body.refused())
        .await
        .unwrap();
    let refusal = body.finish().await.unwrap_err();
    assert!(matches!(refusal, SyncError::Verify(CrlError::Signature)));
}

#[tokio::test]
async fn a_reader_that_panics_is_a_counted_refusal_and_the_process_lives() {
    let (mut body, _) = body_that(|| panic!("crafted"));
    body.begin(None).unwrap();
    assert_eq!(push_all(&mut body).await, FetchError::Unread);
    let outcome = Outcome::from(body.finish().await.unwrap_err());
    assert!(
        matches!(
            outcome,
            Outcome::Refused {
                rule: "panicked",
                ..
            }
        ),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_slow_reader_holds_the_transfer_up_and_no_more_is_kept_than_the_queue_has() {
    static OPEN: AtomicBool = AtomicBool::new(false);
    let (mut body, pieces) = body_that(|| {
        while !OPEN.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    });
    body.begin(None).unwrap();
    let mut pushed = 0;
    let push = async |body: &mut Body<Third>| {
        tokio::time::timeout(Duration::from_millis(300), body.push(PIECE))
            .await
            .is_ok_and(|pushed| pushed.is_ok())
    };
    while push(&mut body).await {
        pushed += 1;
    }
    // Three are read, the last of them not to its end.
    assert_eq!(pushed, limits::QUEUED_PIECES + 3);
    assert_eq!(pieces.load(Ordering::SeqCst), 3);
    OPEN.store(true, Ordering::SeqCst);
    body.push(PIECE).await.unwrap();
    assert_eq!(body.finish().await.unwrap(), pushed + 1);
}

#[tokio::test]
async fn pieces_of_a_file_that_are_still_read_are_not_written_over() {
    let octets: Vec<u8> = (0..limits::FILE_PIECE_OCTETS * (limits::FILE_PIECES + 2) + 3)
        .map(|place| u8::try_from(place / 1_000 % 251).unwrap())
        .collect();
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&octets).unwrap();
    file.rewind().unwrap();
    let mut body = Body::new(u64::MAX, Keeper::default);
    body.begin(None).unwrap();
    body.push_file(file).await.unwrap();
    assert_eq!(body.octets(), octets.len() as u64);
    let pieces = body.finish().await.unwrap();
    assert_eq!(pieces.len(), limits::FILE_PIECES + 3);
    assert!(pieces.concat() == octets);
}
