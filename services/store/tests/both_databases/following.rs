//! How readers follow the lists, and how one of several writers is chosen.

use std::time::Duration;

use store::{AttemptOutcome, Changes, CrlReader, CrlWriter, Feed, RemovalDecision, WorkerLease};

use crate::databases::Databases;
use crate::lists::{facts, source};

fn names(changes: &Changes) -> Vec<&str> {
    let names = changes.sources.iter();
    names.map(|it| it.registration.source.as_str()).collect()
}

async fn changes(reader: &CrlReader, since: &mut Feed) -> Changes {
    let changes = reader.changes(since).await.unwrap();
    assert_eq!(changes.feed, reader.feed().await.unwrap());
    *since = changes.feed;
    changes
}

pub(crate) async fn only_what_changed_is_read(databases: Databases) {
    let (writer, reader) = (databases.writer().await, databases.reader());
    let sources = [source("a", 0), source("b", 1), source("c", 2)];
    writer.register_sources(&sources).await.unwrap();
    let mut since = Feed::default();
    let first = changes(&reader, &mut since).await;
    assert!(first.whole);
    assert_eq!(names(&first), ["a", "b", "c"]);
    let nothing = changes(&reader, &mut since).await;
    assert!(!nothing.whole && nothing.sources.is_empty());

    let facts_of_b = facts("b", 1);
    let generation = writer.apply(&facts_of_b, b"b", 0).await.unwrap();
    let b = changes(&reader, &mut since).await;
    assert_eq!((b.whole, names(&b)), (false, vec!["b"]));
    let current = b.sources[0].current.as_ref().unwrap();
    assert_eq!(current.generation, generation);
    let manifest = reader.manifest().await.unwrap();
    assert_eq!(
        (manifest.feed, &manifest.sources[1]),
        (b.feed, &b.sources[0])
    );

    let accepted = AttemptOutcome::Accepted;
    writer
        .record_attempts(&[("c", 77, accepted)])
        .await
        .unwrap();
    let c = changes(&reader, &mut since).await;
    assert_eq!((c.whole, names(&c)), (false, vec!["c"]));
    assert_eq!(c.sources[0].last_success_at, Some(77));

    // Sources that came or went void what was read before.
    writer.register_sources(&sources[..2]).await.unwrap();
    let fewer = changes(&reader, &mut since).await;
    assert_eq!((fewer.whole, names(&fewer)), (true, vec!["a", "b"]));
    writer.register_sources(&sources[..2]).await.unwrap();
    assert!(!changes(&reader, &mut since).await.whole);
}

pub(crate) async fn a_store_that_is_another_one_voids_what_was_read(databases: Databases) {
    let (writer, reader) = (databases.writer().await, databases.reader());
    writer.register_sources(&[source("a", 0)]).await.unwrap();
    let feed = reader.feed().await.unwrap();
    assert!(!reader.changes(&feed).await.unwrap().whole);
    for since in [
        Feed {
            generation: feed.generation + 1,
            ..feed
        },
        Feed {
            attempts: feed.attempts + 1,
            ..feed
        },
        // The same counters, come to by another way: a copy was restored and has gone on.
        Feed {
            mark: feed.mark.wrapping_add(1),
            ..feed
        },
    ] {
        let changes = reader.changes(&since).await.unwrap();
        assert_eq!((changes.whole, names(&changes)), (true, vec!["a"]));
        assert_eq!(changes.feed, feed);
    }
    // Also when it has gone on past what is known.
    writer.apply(&facts("a", 1), b"a", 0).await.unwrap();
    assert!(!reader.changes(&feed).await.unwrap().whole);
    let other = Feed {
        mark: feed.mark.wrapping_add(1),
        ..feed
    };
    assert!(reader.changes(&other).await.unwrap().whole);
}

pub(crate) async fn what_an_operator_accepts_is_a_change(databases: Databases) {
    let (writer, reader) = (databases.writer().await, databases.reader());
    let sources = [source("full", 0), source("other", 1)];
    writer.register_sources(&sources).await.unwrap();
    let facts = facts("full", 2);
    let replacement = store::Replacement {
        departures: crate::departures::held(b"h"),
        ..crate::departures::next(&facts, b"b", (0, 0), store::Departures::None)
    };
    writer.replace(&replacement).await.unwrap();
    let mut since = Feed::default();
    changes(&reader, &mut since).await;
    let decision = RemovalDecision {
        decided_by: "operator",
        decided_at: 1,
    };
    writer
        .accept_removals("full", &[2], &decision)
        .await
        .unwrap();
    let accepted = changes(&reader, &mut since).await;
    assert_eq!((accepted.whole, names(&accepted)), (false, vec!["full"]));
    assert_eq!(accepted.sources[0].current.as_ref().unwrap().held, None);
}

/// Whether a hint comes soon.
async fn hinted(hints: &store::ListHints) -> bool {
    let soon = Duration::from_secs(10);
    tokio::time::timeout(soon, hints.next()).await.is_ok()
}

pub(crate) async fn readers_are_told_of_changes_where_the_database_can(databases: Databases) {
    let (writer, reader) = (databases.writer().await, databases.reader());
    writer.register_sources(&[source("a", 0)]).await.unwrap();
    let hints = reader.hints();
    let short = Duration::from_millis(300);
    if databases.is_sqlite() {
        writer.apply(&facts("a", 1), b"a", 0).await.unwrap();
        let hint = tokio::time::timeout(short, hints.next()).await;
        assert!(hint.is_err());
        return;
    }
    // Beginning to listen is a hint.
    assert!(hinted(&hints).await);
    let generation = writer.apply(&facts("a", 1), b"a", 0).await.unwrap();
    assert!(hinted(&hints).await);
    let hint = tokio::time::timeout(short, hints.next()).await;
    assert!(hint.is_err(), "a hint without a change");

    // A lost connection is a hint as well, and after it hints go on.
    databases.end_sessions("crl_reader");
    assert!(hinted(&hints).await);
    let again = writer.apply(&facts("a", 2), b"b", generation).await;
    again.unwrap();
    assert!(hinted(&hints).await);
}

pub(crate) async fn one_of_several_writers_gets_the_lease(databases: Databases) {
    let (first, second) = (databases.writer().await, databases.writer().await);
    let mut lease = first.worker_lease().await.unwrap().unwrap();
    lease.confirm().await.unwrap();
    let other = second.worker_lease().await.unwrap();
    if databases.is_sqlite() {
        assert!(other.is_some());
        return;
    }
    assert!(other.is_none());
    lease.release().await;
    let mut taken_over = leased(&second).await;
    assert!(first.worker_lease().await.unwrap().is_none());

    // Its session ends: it knows, and somebody else may have it.
    databases.end_sessions("crl_writer");
    assert!(taken_over.confirm().await.is_err());
    let mut again = leased(&first).await;
    again.confirm().await.unwrap();
    // Dropped without a word.
    drop(again);
    leased(&second).await;
}

/// The lease, which a server gives free a moment after the session that had it is gone.
async fn leased(writer: &CrlWriter) -> WorkerLease {
    for _ in 0..200 {
        if let Some(lease) = writer.worker_lease().await.unwrap() {
            return lease;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nobody has the lease, and nobody gets it");
}
