//! Which lists were in force, and what left them, as readers see it.

use store::{CrlWriter, Departures, PastList, PastScope, Piece, Seen, SegmentFacts};

use crate::databases::Databases;
use crate::departures::{left, next};
use crate::lists::{AUTHORITY, facts, source};

/// The same list, of a partition.
fn of_partition(facts: SegmentFacts, partition: u8) -> SegmentFacts {
    SegmentFacts {
        scope_key: vec![partition],
        issuing_distribution_point: vec![partition],
        ..facts
    }
}

/// Puts a list in force in its source, in place of the one before.
async fn publish(
    writer: &CrlWriter,
    facts: &SegmentFacts,
    departures: Departures<'_>,
    keep_history_after: i64,
) {
    let current = writer.current(&facts.source).await.unwrap();
    let seen = current.as_ref().map(store::CurrentSegment::seen);
    let mut replacement = next(facts, b"s", (0, 0), departures);
    replacement.seen = seen.unwrap_or(Seen::default());
    replacement.replaced_this_update = current.map(|it| it.facts.this_update);
    replacement.keep_history_after = keep_history_after;
    writer.replace(&replacement).await.unwrap();
}

async fn with_history(databases: &Databases) -> CrlWriter {
    let writer = databases.writer().await;
    let sources = ["full", "other", "part"].map(|name| source(name, 0));
    writer.register_sources(&sources).await.unwrap();
    let list = |name, number| facts(name, number);
    let forever = i64::MIN;
    publish(&writer, &list("full", 1), Departures::None, forever).await;
    publish(
        &writer,
        &of_partition(list("part", 1), 5),
        Departures::None,
        forever,
    )
    .await;
    publish(
        &writer,
        &of_partition(list("other", 1), 6),
        Departures::None,
        forever,
    )
    .await;
    publish(
        &writer,
        &of_partition(list("part", 2), 5),
        left(b"gone"),
        forever,
    )
    .await;
    publish(&writer, &list("full", 3), Departures::Unknown, forever).await;
    writer
}

fn numbers(lists: &[PastList]) -> Vec<(&str, u8)> {
    let number = |list: &PastList| list.crl_number[0];
    lists.iter().map(|it| (&*it.source, number(it))).collect()
}

pub(crate) async fn what_was_in_force_and_what_left_is_read_by_scope_and_source(
    databases: Databases,
) {
    let reader = databases.reader();
    let everything = PastScope {
        certification_authority: AUTHORITY,
        partition: None,
    };
    let writer = with_history(&databases).await;
    let all = reader.past_lists(&everything, 100).await.unwrap();
    let expected = [
        ("full", 1),
        ("full", 3),
        ("other", 1),
        ("part", 1),
        ("part", 2),
    ];
    assert_eq!(numbers(&all), expected);
    let some = reader.past_lists(&everything, 3).await.unwrap();
    assert_eq!(some, all[..3]);

    let of = async |scope| reader.past_lists(&scope, 100).await.unwrap();
    let five = PastScope {
        partition: Some(&[5]),
        ..everything
    };
    let lists = of(five).await;
    let expected = [("full", 1), ("full", 3), ("part", 1), ("part", 2)];
    assert_eq!(numbers(&lists), expected);
    assert_eq!(
        numbers(&of(PastScope::full(AUTHORITY)).await),
        expected[..2]
    );
    assert_eq!(of(PastScope::full("nobody")).await, []);

    let unknown = &lists[1];
    assert_eq!((unknown.departed, &unknown.left), (None, &None));
    assert_eq!(unknown.replaced_this_update, Some(1_001));
    let none = &lists[2];
    assert_eq!((none.departed, &none.left), (Some(0), &None));
    assert_eq!(none.replaced_this_update, None);
    let two = &lists[3];
    let list = facts("part", 2);
    assert_eq!((two.this_update, two.next_update), (1_002, 90_000));
    assert_eq!(two.crl_sha256, list.crl_sha256);
    assert_eq!(
        (&two.signer_key_id, &two.scope_key),
        (&list.signer_key_id, &vec![5])
    );
    assert_eq!(
        (two.departed, two.replaced_this_update),
        (Some(2), Some(1_001))
    );
    let mut pieces = reader.stored_pieces(two.left.as_ref().unwrap());
    assert!(matches!(pieces.next().await.unwrap(), Piece::Octets(it) if it == b"gone"));
    assert!(matches!(pieces.next().await.unwrap(), Piece::End));

    // What left outlives the source.
    writer.register_sources(&[source("new", 0)]).await.unwrap();
    assert_eq!(of(five).await, lists);
}

pub(crate) async fn what_is_forgotten_is_not_read(databases: Databases) {
    let (writer, reader) = (with_history(&databases).await, databases.reader());
    let five = PastScope {
        certification_authority: AUTHORITY,
        partition: Some(&[5]),
    };
    let lists = reader.past_lists(&five, 100).await.unwrap();
    let mut pieces = reader.stored_pieces(lists[3].left.as_ref().unwrap());
    let third = of_partition(facts("part", 3), 5);
    publish(&writer, &third, left(b"more"), 1_002).await;
    let lists = reader.past_lists(&five, 100).await.unwrap();
    // Of this scope alone.
    assert_eq!(numbers(&lists), [("full", 1), ("full", 3), ("part", 3)]);
    // Whoever was about to read what left with it is told.
    assert!(matches!(pieces.next().await.unwrap(), Piece::Replaced));
}
