//! What is left of lists that were replaced, and that it goes.

use std::time::Duration;

use crate::databases::Databases;
use crate::lists::{facts, source};

/// Three chunks.
const LARGE: usize = 2_500_000;
const CHUNKS: i64 = 3;

/// How many chunks there are of lists, in force or not.
async fn chunks(databases: &Databases) -> i64 {
    databases
        .number("SELECT COUNT(*) FROM crl_segment_chunk")
        .await
}

pub(crate) async fn the_segment_of_a_large_list_goes_after_it_was_replaced(databases: Databases) {
    let (writer, reader) = (databases.writer().await, databases.reader());
    writer.register_sources(&[source("full", 0)]).await.unwrap();
    let (old, new) = (vec![1; LARGE], vec![2; LARGE]);
    let first = writer.apply(&facts("full", 1), &old, 0).await.unwrap();
    writer.settle().await.unwrap();
    let before = writer.current("full").await.unwrap().unwrap();
    let second = writer.apply(&facts("full", 2), &new, first).await.unwrap();
    // Whoever reads it may read on meanwhile.
    assert_eq!(chunks(&databases).await, 2 * CHUNKS);
    let read = reader.segment(&before).await.unwrap().unwrap();
    assert_eq!(read.octets(), old);

    writer.settle().await.unwrap();
    assert_eq!(chunks(&databases).await, CHUNKS);
    assert!(reader.segment(&before).await.unwrap().is_none());
    let current = writer.current("full").await.unwrap().unwrap();
    let read = reader.segment(&current).await.unwrap().unwrap();
    assert_eq!(read.octets(), new);

    // A small one takes with it what it replaces.
    let third = writer.apply(&facts("full", 3), b"s", second).await.unwrap();
    assert_eq!(chunks(&databases).await, 1);
    writer.apply(&facts("full", 4), b"t", third).await.unwrap();
    assert_eq!(chunks(&databases).await, 1);
}

pub(crate) async fn what_a_writer_has_left_goes_with_the_next(databases: Databases) {
    let writer = databases.writer().await;
    writer.register_sources(&[source("full", 0)]).await.unwrap();
    let large = vec![1; LARGE];
    let first = writer.apply(&facts("full", 1), &large, 0).await.unwrap();
    writer.settle().await.unwrap();
    writer
        .apply(&facts("full", 2), &large, first)
        .await
        .unwrap();
    assert_eq!(chunks(&databases).await, 2 * CHUNKS);
    writer.close().await;

    let writer = databases.writer().await;
    for _ in 0..200 {
        if chunks(&databases).await == CHUNKS {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(chunks(&databases).await, CHUNKS);
    writer.close().await;
}
