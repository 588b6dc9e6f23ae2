//! What left the lists.

use store::{
    AcceptError, AcceptedRemovals, ApplyError, AttemptOutcome, CrlWriter, Departures,
    HashedSegment, NewHeld, NewSegment, Piece, RecentDepartures, RemovalDecision, Replacement,
    Seen, SegmentFacts,
};

use crate::databases::Databases;
use crate::lists::{AUTHORITY, facts, source};

const DECISION: RemovalDecision<'_> = RemovalDecision {
    decided_by: "operator",
    decided_at: 5_000,
};

/// The next list of "full", with what leaves it.
pub(crate) fn next<'a>(
    facts: &'a SegmentFacts,
    segment: &[u8],
    seen: (u64, u64),
    departures: Departures<'a>,
) -> Replacement<'a> {
    Replacement {
        facts,
        segment: HashedSegment::new(segment.to_vec()),
        seen: Seen {
            generation: seen.0,
            held: seen.1,
            delta: 0,
        },
        keeps_delta: false,
        replaced_this_update: (seen.0 > 0).then_some(facts.this_update - 1),
        departures,
        original: None,
        keep_history_after: i64::MIN,
    }
}

/// Puts one list in force, and records that it was accepted at this moment.
async fn accepted_at(
    writer: &CrlWriter,
    list: &Replacement<'_>,
    at: i64,
) -> Result<u64, ApplyError> {
    let mut outcomes = writer.replace_each_and_record(&[list], at).await;
    assert_eq!(outcomes.len(), 1);
    outcomes.remove(0)
}

pub(crate) async fn a_list_and_that_it_was_accepted_are_one_commit(databases: Databases) {
    let (writer, reader) = (databases.writer().await, databases.reader());
    let before = writer.register_sources(&[source("full", 0)]).await.unwrap();
    let refused = AttemptOutcome::Refused { rule: "scope" };
    writer
        .record_attempts(&[("full", 40, refused)])
        .await
        .unwrap();
    let first = facts("full", 1);
    let list = next(&first, b"a", (0, 0), Departures::None);
    let generation = accepted_at(&writer, &list, 50).await.unwrap();
    let manifest = reader.manifest().await.unwrap();
    assert_eq!(manifest.feed.generation, generation);
    assert_eq!(manifest.feed.attempts, before.attempts + 2);
    let full = &manifest.sources[0];
    let attempts = (full.last_attempt_at, full.last_success_at);
    assert_eq!(attempts, (Some(50), Some(50)));
    assert_eq!(full.last_refusal, None);
    // Nor one without the other: what may not come into force was not accepted.
    let again = accepted_at(&writer, &list, 60).await;
    assert!(matches!(again, Err(ApplyError::GenerationMoved { .. })));
    let manifest = reader.manifest().await.unwrap();
    assert_eq!(manifest.sources[0].last_attempt_at, Some(50));
    assert_eq!(manifest.feed.attempts, before.attempts + 2);
}

fn some(segment: &[u8]) -> NewSegment<'_> {
    NewSegment {
        segment,
        entry_count: 2,
    }
}

/// Two certificates left and are held.
pub(crate) fn held(segment: &[u8]) -> Departures<'_> {
    Departures::Known {
        departed: Some(some(segment)),
        are_held: true,
        held: Some(NewHeld {
            since: 1_002,
            segment: some(segment),
        }),
    }
}

/// Two certificates left, and nothing is held.
pub(crate) fn left(segment: &[u8]) -> Departures<'_> {
    Departures::Known {
        departed: Some(some(segment)),
        are_held: false,
        held: None,
    }
}

/// Generation and held segment in force.
async fn seen(writer: &CrlWriter) -> (u64, u64) {
    let current = writer.current("full").await.unwrap().unwrap();
    let held = current.held.map_or(0, |held| held.segment.stored);
    (current.generation, held)
}

/// A source whose list 2 has what left list 1 held.
async fn with_held(databases: &Databases, segment: &[u8]) -> CrlWriter {
    let writer = databases.writer().await;
    writer.register_sources(&[source("full", 0)]).await.unwrap();
    let first = facts("full", 1);
    let first = writer.apply(&first, b"a", 0).await.unwrap();
    let second = facts("full", 2);
    let replacement = next(&second, b"b", (first, 0), held(segment));
    writer.replace(&replacement).await.unwrap();
    writer
}

async fn octets(writer: &CrlWriter, stored: &store::StoredSegment) -> Option<Vec<u8>> {
    let (mut pieces, mut all) = (writer.stored_pieces(stored), Vec::new());
    loop {
        match pieces.next().await.unwrap() {
            Piece::Octets(octets) => all.extend(octets),
            Piece::End => return Some(all),
            Piece::Replaced => return None,
        }
    }
}

pub(crate) async fn what_is_held_is_read_with_its_list(databases: Databases) {
    // Five chunks, the last one short.
    let segment: Vec<u8> = (0..5_000_000_u32).map(|n| (n % 251) as u8).collect();
    let (writer, reader) = (with_held(&databases, &segment).await, databases.reader());
    let current = writer.current("full").await.unwrap().unwrap();
    let manifest = reader.manifest().await.unwrap();
    assert_eq!(manifest.sources[0].current.as_ref(), Some(&current));
    let held = current.held.as_ref().unwrap();
    assert_eq!((held.since, held.segment.entry_count), (1_002, 2));
    let read = reader.stored_segment(&held.segment).await.unwrap().unwrap();
    assert_eq!(read.octets(), segment);
    assert_eq!(octets(&writer, &held.segment).await, Some(segment));
    assert_eq!(writer.held_removals().await.unwrap(), [current]);
}

pub(crate) async fn a_list_replaces_only_what_was_seen_to_be_held(databases: Databases) {
    let writer = with_held(&databases, b"h").await;
    let (generation, stored) = seen(&writer).await;
    let old = writer.current("full").await.unwrap().unwrap();
    let third = facts("full", 3);
    for stale in [0, stored + 1] {
        let refused = next(&third, b"c", (generation, stale), Departures::None);
        let refused = writer.replace(&refused).await;
        assert!(matches!(refused, Err(ApplyError::GenerationMoved { .. })));
    }
    assert_eq!(seen(&writer).await, (generation, stored));

    let again = next(&third, b"c", (generation, stored), held(b"i"));
    writer.replace(&again).await.unwrap();
    let (generation, newer) = seen(&writer).await;
    assert_ne!(newer, stored);
    let old = old.held.unwrap().segment;
    assert_eq!(octets(&writer, &old).await, None);

    let fourth = facts("full", 4);
    let none = next(&fourth, b"d", (generation, newer), left(b"j"));
    writer.replace(&none).await.unwrap();
    assert_eq!(seen(&writer).await.1, 0);
    assert_eq!(writer.held_removals().await.unwrap(), []);
}

pub(crate) async fn an_operator_lets_go_what_is_held_of_the_list_that_was_looked_at(
    databases: Databases,
) {
    let writer = with_held(&databases, b"h").await;
    let before = seen(&writer).await;
    let feed = writer.feed().await.unwrap();
    let nobody = writer.accept_removals("nobody", &[2], &DECISION).await;
    assert!(matches!(nobody, Err(AcceptError::NoList)));
    let moved = writer.accept_removals("full", &[1], &DECISION).await;
    assert!(matches!(moved, Err(AcceptError::NumberMoved { in_force }) if in_force == [2]));
    let nameless = RemovalDecision {
        decided_by: "",
        ..DECISION
    };
    assert!(
        writer
            .accept_removals("full", &[2], &nameless)
            .await
            .is_err()
    );
    assert_eq!(seen(&writer).await, before);
    assert_eq!(writer.feed().await.unwrap(), feed);

    let accepted = writer.accept_removals("full", &[2], &DECISION).await;
    assert_eq!(accepted.unwrap(), 2);
    assert_eq!(seen(&writer).await, (before.0, 0));
    assert!(writer.feed().await.unwrap().generation > feed.generation);
    let again = writer.accept_removals("full", &[2], &DECISION).await;
    assert!(matches!(again, Err(AcceptError::NothingHeld)));
    let decision = AcceptedRemovals {
        source: "full".to_owned(),
        certification_authority: AUTHORITY.to_owned(),
        crl_number: vec![2],
        entry_count: 2,
        decided_by: "operator".to_owned(),
        decided_at: 5_000,
    };
    assert_eq!(writer.removal_decisions().await.unwrap(), [decision]);

    // A list that was compared with what was held until then does not bring it back.
    let third = facts("full", 3);
    let stale = next(&third, b"c", before, held(b"h"));
    let refused = writer.replace(&stale).await;
    assert!(matches!(refused, Err(ApplyError::GenerationMoved { .. })));
}

pub(crate) async fn what_cannot_be_compared_leaves_what_is_held(databases: Databases) {
    let writer = with_held(&databases, b"h").await;
    let before = seen(&writer).await;
    let third = facts("full", 3);
    let unknown = next(&third, b"c", before, Departures::Unknown);
    let generation = writer.replace(&unknown).await.unwrap();
    assert_eq!(seen(&writer).await, (generation, before.1));
}

pub(crate) async fn recent_departures_add_up_without_those_held(databases: Databases) {
    let writer = with_held(&databases, b"h").await;
    let nothing = RecentDepartures::default();
    let recent = async |after| writer.recent_departures("full", after).await.unwrap();
    // List 1 replaced none, and what left with list 2 is held.
    assert_eq!(recent(0).await, nothing);
    for number in 3..=5 {
        let facts = facts("full", number);
        let segment = [number];
        let replacement = next(&facts, &segment, seen(&writer).await, left(b"l"));
        writer.replace(&replacement).await.unwrap();
    }
    let expected = |departed, since| RecentDepartures {
        departed,
        since: Some(since),
    };
    assert_eq!(recent(0).await, expected(6, 1_002));
    assert_eq!(recent(1_003).await, expected(4, 1_003));
    assert_eq!(recent(1_005).await, nothing);
    let other = writer.recent_departures("other", 0).await.unwrap();
    assert_eq!(other, nothing);

    // A list may say how far back is remembered.
    let sixth = facts("full", 6);
    let mut replacement = next(&sixth, b"f", seen(&writer).await, left(b"l"));
    replacement.keep_history_after = 1_004;
    writer.replace(&replacement).await.unwrap();
    assert_eq!(recent(0).await, expected(4, 1_004));
}

pub(crate) async fn what_is_held_goes_with_its_source(databases: Databases) {
    let writer = with_held(&databases, b"h").await;
    let old = writer.current("full").await.unwrap().unwrap();
    let other = [source("other", 0)];
    writer.register_sources(&other).await.unwrap();
    assert_eq!(writer.held_removals().await.unwrap(), []);
    let old = old.held.unwrap().segment;
    assert_eq!(octets(&writer, &old).await, None);
}
