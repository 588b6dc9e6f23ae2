use std::time::Duration;

use index::{Builder, Segment};
use store::{DatabaseUrl, HashedSegment, SegmentFacts, SourceRegistration, StoreError};
use tempfile::TempDir;

use super::*;

/// A store of some sources.
struct World {
    folder: TempDir,
    writer: CrlWriter,
    commits: Arc<Commits>,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::sqlite(&folder.path().join("crl.db")).unwrap();
        let writer = CrlWriter::open(&url).await.unwrap();
        let sources: Vec<_> = (0..40).map(source).collect();
        writer.register_sources(&sources).await.unwrap();
        Self {
            folder,
            writer,
            commits: Arc::default(),
        }
    }

    /// Waits in line with a list.
    fn commit(&self, ready: Ready, place: Option<OwnedSemaphorePermit>) -> Committing {
        let (writer, commits) = (self.writer.clone(), Arc::clone(&self.commits));
        let mut place = place;
        tokio::spawn(async move {
            let removals = RemovalLimits::from(&crate::RemovalsConfig::default());
            let ready = Arc::new(ready);
            commits
                .commit(&writer, &removals, ready, &mut place, || 7)
                .await
        })
    }

    /// Until so many wait in line.
    async fn until_waiting(&self, lists: usize) {
        while self.commits.waiting().len() < lists {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    async fn generation(&self, place: u8) -> Option<u64> {
        let current = self.writer.current(&name(place)).await.unwrap();
        current.map(|current| current.generation)
    }
}

type Committing = tokio::task::JoinHandle<Option<Result<u64, ApplyError>>>;

fn name(place: u8) -> String {
    format!("city-{place}")
}

fn source(place: u8) -> SourceRegistration {
    SourceRegistration {
        source: name(place),
        certification_authority: "authority".to_owned(),
        expected_scope_key: None,
        ordinal: place.into(),
    }
}

/// The first list of a source.
fn ready(place: u8) -> Ready {
    let mut builder = Builder::new();
    builder.push(&[place, 1], 1_000, 0).unwrap();
    let index: Segment = builder.finish_segment().unwrap();
    let segment = HashedSegment::new(index.serialised().clone());
    let facts = SegmentFacts {
        source: name(place),
        certification_authority: "authority".to_owned(),
        signer_key_id: vec![7; 20],
        scope_key: vec![place + 1],
        issuing_distribution_point: vec![place + 1],
        crl_number: vec![1],
        this_update: 1_000,
        next_update: 90_000,
        crl_sha256: [place; 32],
        entry_count: 1,
    };
    Ready {
        list: Prepared {
            facts,
            index,
            segment,
        },
        in_force: None,
        compared: Compared::default(),
        original: None,
    }
}

#[tokio::test]
async fn what_waits_is_committed_together_and_in_order_and_a_refused_one_alone() {
    let world = World::new().await;
    let turn = world.commits.turn.lock().await;
    let mut waiting = Vec::new();
    for place in 0..40 {
        let mut list = ready(place);
        if place == 5 {
            list.list.facts.certification_authority = "another".to_owned();
        }
        waiting.push(world.commit(list, None));
        world.until_waiting(waiting.len()).await;
    }
    let before = world.writer.feed().await.unwrap();
    drop(turn);
    let mut generations = Vec::new();
    for (place, waiting) in waiting.into_iter().enumerate() {
        match waiting.await.unwrap().unwrap() {
            Ok(generation) => generations.push(generation),
            Err(ApplyError::NotRegistered) => assert_eq!(place, 5),
            Err(error) => panic!("{error}"),
        }
    }
    let risen = before.generation + 1..=before.generation + 39;
    assert_eq!(generations, risen.collect::<Vec<_>>());
    assert_eq!(world.generation(5).await, None);
    let feed = world.writer.feed().await.unwrap();
    assert_eq!(feed.attempts, before.attempts + 39);
}

#[tokio::test]
async fn a_list_whose_attempt_was_stopped_is_not_committed() {
    let world = World::new().await;
    let turn = world.commits.turn.lock().await;
    let stopped = world.commit(ready(0), None);
    world.until_waiting(1).await;
    let going_on = world.commit(ready(1), None);
    world.until_waiting(2).await;
    stopped.abort();
    assert!(stopped.await.unwrap_err().is_cancelled());
    drop(turn);
    going_on.await.unwrap().unwrap().unwrap();
    assert_eq!(world.generation(0).await, None);
    assert!(world.generation(1).await.is_some());
}

#[tokio::test]
async fn who_waits_for_a_commit_that_was_stopped_is_told_so() {
    let world = World::new().await;
    let turn = world.commits.turn.lock().await;
    let waiting = world.commit(ready(0), None);
    world.until_waiting(1).await;
    // Whoever had the turn took the list and was stopped.
    drop(world.commits.next());
    assert!(waiting.await.unwrap().is_none());
    drop(turn);
}

#[tokio::test]
async fn when_the_database_is_away_everybody_is_told_so() {
    let world = World::new().await;
    let turn = world.commits.turn.lock().await;
    let waiting = [world.commit(ready(0), None), world.commit(ready(1), None)];
    world.until_waiting(2).await;
    world.writer.close().await;
    drop(turn);
    for waiting in waiting {
        let told = waiting.await.unwrap().unwrap();
        let away = ApplyError::Store(StoreError::NotPrepared);
        assert_eq!(told.unwrap_err().rule(), away.rule());
    }
    drop(world.folder);
}

#[tokio::test]
async fn a_small_list_gives_up_its_place_while_it_waits_and_a_large_one_keeps_it() {
    let world = World::new().await;
    let places = Arc::new(Semaphore::new(1));
    let place = || Arc::clone(&places).try_acquire_owned().ok();
    let turn = world.commits.turn.lock().await;
    let small = world.commit(ready(0), place());
    world.until_waiting(1).await;
    assert_eq!(places.available_permits(), 1);
    let mut large = ready(1);
    let octets = vec![0; limits::WAITING_KILOBYTES * 1_024];
    large.list.segment = HashedSegment::new(octets);
    let large = world.commit(large, place());
    world.until_waiting(2).await;
    assert_eq!(places.available_permits(), 0);
    drop(turn);
    for waiting in [small, large] {
        waiting.await.unwrap().unwrap().unwrap();
    }
    // And their room is free again.
    let room = world.commits.room.available_permits();
    assert_eq!(room, limits::WAITING_KILOBYTES);
}
