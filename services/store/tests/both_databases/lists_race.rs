//! Many at once, and those who leave in the middle.

use std::sync::Arc;
use std::time::Duration;

use store::{ApplyError, AttemptOutcome, CrlWriter};

use crate::databases::Databases;
use crate::lists::{facts, source};

pub(crate) async fn of_many_writers_exactly_one_replaces_a_generation(databases: Databases) {
    let writer = databases.writer().await;
    writer.register_sources(&[source("full", 0)]).await.unwrap();
    let mut writers = tokio::task::JoinSet::new();
    for number in 1..=16_u8 {
        let writer = databases.writer().await;
        writers.spawn(async move { writer.apply(&facts("full", number), b"a", 0).await });
    }
    let results = writers.join_all().await;
    let won: Vec<_> = results.iter().flatten().collect();
    assert_eq!(won.len(), 1);
    let moved = |result: &&Result<u64, ApplyError>| {
        matches!(result, Err(ApplyError::GenerationMoved { .. }))
    };
    assert_eq!(results.iter().filter(moved).count(), 15);
    assert_eq!(
        writer.current("full").await.unwrap().unwrap().generation,
        *won[0]
    );
}

pub(crate) async fn writers_of_different_sources_both_succeed(databases: Databases) {
    let writer = databases.writer().await;
    let sources: Vec<_> = (0..8_u8)
        .map(|n| source(&format!("city-{n}"), n.into()))
        .collect();
    writer.register_sources(&sources).await.unwrap();
    let before = writer.feed().await.unwrap().generation;
    let mut writers = tokio::task::JoinSet::new();
    for n in 0..8_u8 {
        let writer = writer.clone();
        writers.spawn(async move {
            let mut facts = facts(&format!("city-{n}"), 1);
            facts.scope_key = vec![n + 1];
            facts.issuing_distribution_point = vec![n + 1];
            writer.apply(&facts, b"a", 0).await.unwrap()
        });
    }
    let mut generations = writers.join_all().await;
    generations.sort_unstable();
    assert_eq!(generations, (before + 1..=before + 8).collect::<Vec<_>>());
}

pub(crate) async fn an_abandoned_transaction_leaves_the_old_list(databases: Databases) {
    let (writer, reader) = (databases.writer().await, databases.reader());
    writer.register_sources(&[source("full", 0)]).await.unwrap();
    let old = vec![1; 5_000_000];
    let mut generation = writer.apply(&facts("full", 1), &old, 0).await.unwrap();
    let mut number = 1;
    let mut abandoned = 0;
    // Let go of it earlier and later: before it begins, between its statements, and after the commit.
    for delay in [0, 1, 2, 4, 8, 16, 32, 64, 128, 256_u64] {
        let new = vec![u8::try_from(delay % 250).unwrap(); 12_000_000];
        let facts = facts("full", number + 1);
        let apply = writer.apply(&facts, &new, generation);
        let _ = tokio::time::timeout(Duration::from_millis(delay), apply).await;
        // A commit that was under way may still come true: another write waits for it.
        writer
            .record_attempts(&[("full", 0, AttemptOutcome::Unchanged)])
            .await
            .unwrap();
        let manifest = reader.manifest().await.unwrap();
        let current = manifest.sources[0].current.clone().unwrap();
        let segment = reader.segment(&current).await.unwrap().unwrap();
        if current.generation == generation {
            abandoned += 1;
            assert_eq!(current.facts.crl_number, [number]);
            assert_eq!(manifest.feed.generation, generation);
        } else {
            assert_eq!(
                (current.facts.crl_number.as_slice(), segment.octets()),
                (&[number + 1][..], &new[..])
            );
            number += 1;
            generation = current.generation;
        }
        let highest = writer.high_water(&[7; 20], &[]).await.unwrap().unwrap();
        assert_eq!(highest.crl_number, [number]);
    }
    assert!(abandoned > 0, "no attempt was abandoned in time");
    // Nothing of it stands in the way of the next.
    writer
        .apply(&facts("full", number + 1), b"n", generation)
        .await
        .unwrap();
}

pub(crate) async fn a_reader_never_sees_half_a_list(databases: Databases) {
    let (writer, reader) = (databases.writer().await, databases.reader());
    writer.register_sources(&[source("full", 0)]).await.unwrap();
    let stop = Arc::new(tokio::sync::Notify::new());
    let applying = tokio::spawn(apply_in_a_loop(writer, stop.clone()));
    let (mut read, mut replaced) = (0, 0);
    while read < 40 {
        let manifest = reader.manifest().await.unwrap();
        let Some(current) = &manifest.sources[0].current else {
            continue;
        };
        assert!(current.generation <= manifest.feed.generation);
        match reader.segment(current).await.unwrap() {
            Some(segment) => {
                read += 1;
                assert_eq!(
                    segment.octets(),
                    vec![current.facts.crl_number[0]; 6_000_000]
                );
            }
            None => replaced += 1,
        }
        assert!(replaced < 400, "the reader never gets a list");
    }
    stop.notify_one();
    applying.await.unwrap();
}

async fn apply_in_a_loop(writer: CrlWriter, stop: Arc<tokio::sync::Notify>) {
    let mut generation = 0;
    for number in 1..=250_u8 {
        let segment = vec![number; 6_000_000];
        generation = writer
            .apply(&facts("full", number), &segment, generation)
            .await
            .unwrap();
        let pause = tokio::time::sleep(Duration::from_millis(15));
        tokio::select! {
            () = stop.notified() => return,
            () = pause => {}
        }
    }
}

pub(crate) async fn many_processes_may_prepare_a_fresh_database(databases: Databases) {
    let mut openings = tokio::task::JoinSet::new();
    let url = databases.url("crl_writer");
    for _ in 0..8 {
        let url = url.clone();
        openings.spawn(async move { CrlWriter::open(&url).await.map(|_| ()) });
    }
    for opened in openings.join_all().await {
        opened.unwrap();
    }
}
