//! Lists that come into force in one transaction, each on its own condition.

use store::{ApplyError, CrlWriter, Departures, Feed, Replacement, SegmentFacts, StoreError};

use crate::databases::Databases;
use crate::departures::{held, left, next};
use crate::lists::{facts, source};

/// A list of a municipality, which has numbers of its own.
fn city(name: &str, place: u8, number: u8) -> SegmentFacts {
    SegmentFacts {
        scope_key: vec![place + 1],
        issuing_distribution_point: vec![place + 1],
        ..facts(name, number)
    }
}

async fn registered(databases: &Databases, names: &[&str]) -> CrlWriter {
    let writer = databases.writer().await;
    let sources: Vec<_> = (0..).zip(names).map(|(n, name)| source(name, n)).collect();
    writer.register_sources(&sources).await.unwrap();
    writer
}

fn first<'a>(facts: &'a SegmentFacts, segment: &[u8]) -> Replacement<'a> {
    next(facts, segment, (0, 0), Departures::None)
}

async fn number_in_force(writer: &CrlWriter, source: &str) -> Option<Vec<u8>> {
    let current = writer.current(source).await.unwrap();
    current.map(|current| current.facts.crl_number)
}

pub(crate) async fn lists_that_are_ready_together_have_generations_of_their_own(
    databases: Databases,
) {
    let writer = registered(&databases, &["a", "b", "c", "d"]).await;
    let reader = databases.reader();
    let before = reader.changes(&Feed::default()).await.unwrap().feed;
    // Longer than a chunk, so that chunks of several lists are mixed.
    let segments = [vec![1; 1_500_000], vec![2; 700_000], vec![3; 9]];
    let all: Vec<_> = (0_u8..)
        .zip(["a", "b", "c"])
        .map(|(n, name)| city(name, n, 1))
        .collect();
    let lists: Vec<_> = all
        .iter()
        .zip(&segments)
        .map(|(facts, segment)| first(facts, segment))
        .collect();
    let lists: Vec<_> = lists.iter().collect();
    let applied = writer.replace_each_and_record(&lists, 77).await;
    let generations: Vec<_> = applied.into_iter().map(Result::unwrap).collect();
    let risen = before.generation + 1..=before.generation + 3;
    assert_eq!(generations, risen.collect::<Vec<_>>());

    // Whoever knew the store before reads these three and nothing else, and whoever knows it now reads nothing.
    let changes = reader.changes(&before).await.unwrap();
    assert!(!changes.whole);
    assert_eq!(changes.feed.generation, generations[2]);
    assert_eq!(changes.feed.attempts, before.attempts + 3);
    assert_ne!(changes.feed.mark, before.mark);
    assert_eq!(changes.sources.len(), 3);
    for (state, (facts, segment)) in changes.sources.iter().zip(all.iter().zip(&segments)) {
        assert_eq!(
            (state.last_attempt_at, state.last_success_at),
            (Some(77), Some(77))
        );
        let current = state.current.as_ref().unwrap();
        assert_eq!(&current.facts, facts);
        let read = reader.segment(current).await.unwrap().unwrap();
        assert_eq!(read.octets(), segment.as_slice());
    }
    let nothing = reader.changes(&changes.feed).await.unwrap();
    assert!(!nothing.whole && nothing.sources.is_empty());

    // The next ones: what leaves them, and what is held, has segments of its own.
    let all: Vec<_> = (0_u8..)
        .zip(["a", "b", "c"])
        .map(|(n, name)| city(name, n, 2))
        .collect();
    let leaving = [left(b"left"), held(b"held"), Departures::Unknown];
    let lists: Vec<_> = all
        .iter()
        .zip(&generations)
        .zip(leaving)
        .map(|((facts, seen), departures)| next(facts, b"next", (*seen, 0), departures))
        .collect();
    let lists: Vec<_> = lists.iter().collect();
    for applied in writer.replace_each_and_record(&lists, 78).await {
        applied.unwrap();
    }
    let current = writer.current("b").await.unwrap().unwrap();
    let kept = current.held.unwrap().segment;
    let read = reader.stored_segment(&kept).await.unwrap().unwrap();
    assert_eq!(read.octets(), b"held");
    let recent = writer.recent_departures("a", 0).await.unwrap();
    assert!(recent.departed > 0);
}

pub(crate) async fn one_that_is_refused_takes_no_other_with_it(databases: Databases) {
    let names = ["a", "b", "c", "d", "e", "f"];
    let writer = registered(&databases, &names).await;
    let old = city("b", 1, 9);
    let old_generation = writer.apply(&old, b"old", 0).await.unwrap();
    let before = writer.feed().await.unwrap();

    let a = city("a", 0, 1);
    let not_rising = city("b", 1, 8);
    let moved = city("c", 2, 1);
    let nobody = city("nobody", 3, 1);
    let mut contradicting = city("e", 4, 1);
    contradicting.next_update = contradicting.this_update;
    let f = city("f", 5, 1);
    let lists = [
        first(&a, b"a"),
        next(&not_rising, b"b", (old_generation, 0), Departures::None),
        next(&moved, b"c", (old_generation, 0), Departures::None),
        first(&nobody, b"n"),
        first(&contradicting, b"e"),
        first(&f, b"f"),
    ];
    let all: Vec<_> = lists.iter().collect();
    let applied = writer.replace_each_and_record(&all, 5).await;
    let [
        Ok(of_a),
        Err(ApplyError::NumberNotRising { .. }),
        Err(ApplyError::GenerationMoved { found: 0, .. }),
        Err(ApplyError::NotRegistered),
        Err(ApplyError::Store(StoreError::Invalid { .. })),
        Ok(of_f),
    ] = applied.as_slice()
    else {
        panic!("{applied:?}")
    };
    let feed = writer.feed().await.unwrap();
    assert_eq!((*of_a, *of_f), (before.generation + 1, feed.generation));
    assert_eq!(*of_f, *of_a + 1);
    assert_eq!(feed.attempts, before.attempts + 2);
    let numbers = [
        Some(vec![1]),
        Some(vec![9]),
        None,
        None,
        None,
        Some(vec![1]),
    ];
    for (name, number) in names.into_iter().zip(numbers) {
        assert_eq!(number_in_force(&writer, name).await, number, "{name}");
    }
    // A refused number is not remembered either.
    let highest = writer.high_water(&[7; 20], &[2]).await.unwrap().unwrap();
    assert_eq!(highest.crl_number, [9]);
    assert_eq!(writer.high_water(&[7; 20], &[3]).await.unwrap(), None);

    // When all are refused nothing is committed.
    let refused = [&lists[1], &lists[2], &lists[4]];
    let applied = writer.replace_each_and_record(&refused, 6).await;
    assert!(applied.iter().all(Result::is_err));
    assert_eq!(writer.feed().await.unwrap(), feed);
    assert!(writer.replace_each_and_record(&[], 6).await.is_empty());
}

pub(crate) async fn lists_that_cannot_share_a_transaction_follow_one_another(databases: Databases) {
    let writer = registered(&databases, &["a", "b", "c"]).await;
    // Of one source: the second one has not seen the first.
    let (one, two) = (city("a", 0, 1), city("a", 0, 2));
    let lists = [first(&one, b"1"), first(&two, b"2")];
    let applied = writer
        .replace_each_and_record(&[&lists[0], &lists[1]], 1)
        .await;
    let generation = *applied[0].as_ref().unwrap();
    assert!(
        matches!(applied[1], Err(ApplyError::GenerationMoved { found, .. }) if found == generation),
        "{applied:?}"
    );
    // Of one signer and scope: the numbers rise in the order of the lists.
    let (six, five) = (city("b", 1, 6), city("c", 1, 5));
    let lists = [first(&six, b"6"), first(&five, b"5")];
    let applied = writer
        .replace_each_and_record(&[&lists[0], &lists[1]], 2)
        .await;
    assert!(applied[0].is_ok());
    assert!(matches!(
        applied[1],
        Err(ApplyError::NumberNotRising { .. })
    ));
    assert_eq!(number_in_force(&writer, "c").await, None);
}

pub(crate) async fn when_the_database_fails_all_have_failed(databases: Databases) {
    let writer = registered(&databases, &["a", "b"]).await;
    let before = writer.feed().await.unwrap();
    // What is written last cannot be written.
    databases
        .tamper("ALTER TABLE crl_history RENAME TO crl_history_away")
        .await;
    let (a, b) = (city("a", 0, 1), city("b", 1, 1));
    let lists = [first(&a, b"a"), first(&b, b"b")];
    let lists: Vec<_> = lists.iter().collect();
    let applied = writer.replace_each_and_record(&lists, 5).await;
    assert_eq!(applied.len(), 2);
    for applied in applied {
        assert!(matches!(applied, Err(ApplyError::Store(_))), "{applied:?}");
    }
    assert_eq!(writer.feed().await.unwrap(), before);
    for (name, scope) in [("a", [1]), ("b", [2])] {
        assert_eq!(number_in_force(&writer, name).await, None);
        assert_eq!(writer.high_water(&[7; 20], &scope).await.unwrap(), None);
    }
    databases
        .tamper("ALTER TABLE crl_history_away RENAME TO crl_history")
        .await;
    for applied in writer.replace_each_and_record(&lists, 6).await {
        applied.unwrap();
    }
}

pub(crate) async fn of_writers_that_race_one_has_each_source(databases: Databases) {
    let names: Vec<_> = (0..8).map(|n| format!("city-{n}")).collect();
    let all: Vec<_> = names.iter().map(String::as_str).collect();
    registered(&databases, &all).await;
    let mut writers = tokio::task::JoinSet::new();
    for number in 1..=4_u8 {
        let (writer, names) = (databases.writer().await, names.clone());
        writers.spawn(async move {
            let all: Vec<_> = (0_u8..)
                .zip(&names)
                .map(|(n, name)| city(name, n, number))
                .collect();
            // Each begins somewhere else.
            let mut lists: Vec<_> = all.iter().map(|facts| first(facts, b"s")).collect();
            lists.rotate_left(2 * usize::from(number) % 8);
            lists.truncate(6);
            let lists: Vec<_> = lists.iter().collect();
            let applied = writer.replace_each_and_record(&lists, 1).await;
            let sources = lists.iter().map(|list| list.facts.source.clone());
            sources.zip(applied).collect::<Vec<_>>()
        });
    }
    let outcomes: Vec<_> = writers.join_all().await.into_iter().flatten().collect();
    let writer = databases.writer().await;
    let mut generations = Vec::new();
    for name in &names {
        let of_it = outcomes.iter().filter(|(source, _)| source == name);
        let won: Vec<_> = of_it
            .clone()
            .filter_map(|(_, it)| it.as_ref().ok())
            .collect();
        assert_eq!(won.len(), 1, "{name}");
        let moved = |error: &ApplyError| matches!(error, ApplyError::GenerationMoved { .. });
        assert!(of_it.filter_map(|(_, it)| it.as_ref().err()).all(moved));
        let current = writer.current(name).await.unwrap().unwrap();
        assert_eq!(current.generation, *won[0]);
        generations.push(current.generation);
    }
    generations.sort_unstable();
    generations.dedup();
    assert_eq!(generations.len(), 8);
    let feed = writer.feed().await.unwrap();
    assert_eq!(generations.last(), Some(&feed.generation));
}

pub(crate) async fn what_is_in_force_and_the_highest_number_are_read_at_once(databases: Databases) {
    let writer = registered(&databases, &["a", "b"]).await;
    let both = async |source: &str, scope: &[u8]| {
        let both = writer.current_and_highest(source, &[7; 20], scope).await;
        both.unwrap()
    };
    assert_eq!(both("a", &[1]).await, (None, None));
    writer.apply(&city("a", 0, 4), b"a", 0).await.unwrap();
    let current = writer.current("a").await.unwrap();
    let highest = writer.high_water(&[7; 20], &[1]).await.unwrap();
    assert!(current.is_some() && highest.is_some());
    assert_eq!(both("a", &[1]).await, (current.clone(), highest.clone()));
    assert_eq!(both("a", &[2]).await, (current, None));
    assert_eq!(both("b", &[1]).await, (None, highest));
}

pub(crate) async fn chunks_are_stored_in_large_pages_and_uncompressed(databases: Databases) {
    registered(&databases, &["a"]).await;
    if databases.is_sqlite() {
        assert_eq!(page_octets(&databases).await, 1);
        return;
    }
    databases
        .tamper(
            "DO $$ BEGIN
                 IF (SELECT COUNT(*) FROM pg_attribute
                     WHERE attname = 'content' AND attstorage = 'e'
                     AND attrelid IN ('crl_segment_chunk'::regclass, 'crl_stored_chunk'::regclass,
                                      'crl_original_chunk'::regclass)) <> 3
                 THEN RAISE 'a chunk may be compressed'; END IF;
             END $$",
        )
        .await;
}

/// The size of a page is at octet 16 of a SQLite file; 1 stands for 65,536.
async fn page_octets(databases: &Databases) -> u16 {
    let writer = databases.writer().await;
    writer.settle().await.unwrap();
    let file = std::fs::read(databases.sqlite_file()).unwrap();
    u16::from_be_bytes([file[16], file[17]])
}

pub(crate) async fn what_was_committed_is_moved_into_the_file(databases: Databases) {
    let writer = registered(&databases, &["a"]).await;
    let segment = vec![7; 3_000_000];
    let facts = city("a", 0, 1);
    writer.apply(&facts, &segment, 0).await.unwrap();
    writer.settle().await.unwrap();
    if databases.is_sqlite() {
        let octets = std::fs::metadata(databases.sqlite_file()).unwrap().len();
        assert!(octets > 3_000_000, "{octets}");
    }
    let reader = databases.reader();
    let current = writer.current("a").await.unwrap().unwrap();
    let read = reader.segment(&current).await.unwrap().unwrap();
    assert_eq!(read.octets(), segment);
}

pub(crate) async fn a_database_of_an_earlier_version_is_brought_up_to_this_one(
    databases: Databases,
) {
    if databases.is_sqlite() {
        // It keeps its smaller pages.
        let file = databases.sqlite_file();
        std::fs::write(&file, b"").unwrap();
        databases
            .tamper("PRAGMA page_size = 4096; CREATE TABLE before (id BIGINT)")
            .await;
    }
    let writer = registered(&databases, &["a", "b"]).await;
    let (one, two) = (city("a", 0, 1), city("b", 1, 1));
    writer.apply(&one, b"1", 0).await.unwrap();
    writer.close().await;
    // As it was before the newest migration.
    databases
        .tamper("DELETE FROM crl_migration WHERE version = 7")
        .await;
    if !databases.is_sqlite() {
        databases
            .tamper("ALTER TABLE crl_segment_chunk ALTER COLUMN content SET STORAGE EXTENDED")
            .await;
    }
    let (writer, reader) = (databases.writer().await, databases.reader());
    writer.apply(&two, b"2", 0).await.unwrap();
    for (source, octets) in [("a", b"1"), ("b", b"2")] {
        let current = writer.current(source).await.unwrap().unwrap();
        let read = reader.segment(&current).await.unwrap().unwrap();
        assert_eq!(read.octets(), octets);
    }
    if databases.is_sqlite() {
        assert_eq!(page_octets(&databases).await, 4_096);
    }
}
