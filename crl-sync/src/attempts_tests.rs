use std::sync::Arc;
use std::time::Duration;

use store::{CrlReader, DatabaseUrl, SourceRegistration};

use super::*;

fn unchanged() -> Outcome {
    Outcome::Unchanged {
        number: "1".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_that_end_at_the_same_time_are_written_down_together() {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::sqlite(&folder.path().join("crl.db")).unwrap();
    let writer = CrlWriter::open(&url).await.unwrap();
    let sources: Vec<_> = (0..30)
        .map(|place| SourceRegistration {
            source: format!("city-{place}"),
            certification_authority: "user-authentication".to_owned(),
            expected_scope_key: None,
            ordinal: place,
        })
        .collect();
    writer.register_sources(&sources).await.unwrap();
    let attempts = Arc::new(Attempts::default());
    let turn = attempts.turn.lock().await;
    // One of them is of a source that nobody registered: the others are written down all the same.
    let names = sources.iter().map(|source| source.source.clone());
    let names: Vec<_> = names.chain(["nobody".to_owned()]).collect();
    let mut tasks = tokio::task::JoinSet::new();
    for name in names.clone() {
        let (attempts, writer) = (Arc::clone(&attempts), writer.clone());
        tasks.spawn(async move { attempts.record(&writer, &name, 7, &unchanged()).await });
    }
    while attempts.waiting.lock().unwrap().len() < names.len() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    drop(turn);
    tasks.join_all().await;
    assert!(attempts.waiting.lock().unwrap().is_empty());
    let reader = CrlReader::open(&url).unwrap();
    let states = reader.manifest().await.unwrap().sources;
    let recorded = states
        .iter()
        .map(|state| (state.last_attempt_at, state.last_success_at));
    assert_eq!(recorded.collect::<Vec<_>>(), [(Some(7), Some(7)); 30]);
}
