//! Delta lists beside the lists that they change.

use store::{ApplyError, CurrentSegment, Departures, HighWater, NewDelta, NewSegment, Seen};

use crate::databases::Databases;
use crate::departures::next;
use crate::lists::{AUTHORITY, facts, source};

fn delta(number: u8, seen: Seen) -> NewDelta<'static> {
    NewDelta {
        source: "full",
        certification_authority: AUTHORITY,
        signer_key_id: &[7; 20],
        scope_key: &[],
        base_number: &[1],
        number: HighWater {
            crl_number: vec![number],
            this_update: 1_000 + i64::from(number),
            crl_sha256: [number; 32],
        },
        next_update: 90_000,
        segment: NewSegment {
            segment: b"delta",
            entry_count: 1,
        },
        seen,
    }
}

pub(crate) async fn a_delta_list_stands_beside_its_list_until_a_list_ends_it(databases: Databases) {
    let (writer, reader) = (databases.writer().await, databases.reader());
    writer.register_sources(&[source("full", 0)]).await.unwrap();
    let none = writer.apply_delta(&delta(2, Seen::default())).await;
    assert!(matches!(none, Err(ApplyError::Store(_))));
    writer.apply(&facts("full", 1), b"a", 0).await.unwrap();
    let current = async || writer.current("full").await.unwrap().unwrap();
    let seen = current().await.seen();
    let generation = writer.apply_delta(&delta(2, seen)).await.unwrap();
    assert_eq!(reader.feed().await.unwrap().generation, generation);
    let with_delta = current().await;
    assert_eq!(with_delta.generation, seen.generation);
    let in_force = with_delta.delta.clone().unwrap();
    assert_eq!(
        (&in_force.crl_number[..], &in_force.base_number[..]),
        (&[2][..], &[1][..])
    );
    let manifest = reader.manifest().await.unwrap();
    assert_eq!(manifest.sources[0].current.as_ref(), Some(&with_delta));
    let octets = reader.stored_segment(&in_force.segment).await.unwrap();
    assert_eq!(octets.unwrap().octets(), b"delta");

    // What was seen must still be so, for delta lists and for lists.
    let stale = writer.apply_delta(&delta(3, seen)).await;
    assert!(matches!(stale, Err(ApplyError::GenerationMoved { .. })));
    let facts_of_3 = facts("full", 3);
    let replacement = |seen, keeps_delta| store::Replacement {
        seen,
        keeps_delta,
        ..next(&facts_of_3, b"b", (0, 0), Departures::None)
    };
    let stale = writer.replace(&replacement(seen, true)).await;
    assert!(matches!(stale, Err(ApplyError::GenerationMoved { .. })));

    let kept = replacement(with_delta.seen(), true);
    writer.replace(&kept).await.unwrap();
    assert_eq!(current().await.delta, Some(in_force.clone()));
    let facts_of_4 = facts("full", 4);
    let ending = store::Replacement {
        seen: current().await.seen(),
        ..next(&facts_of_4, b"c", (0, 0), Departures::None)
    };
    writer.replace(&ending).await.unwrap();
    assert_eq!(current().await.delta, None);
    assert!(
        reader
            .stored_segment(&in_force.segment)
            .await
            .unwrap()
            .is_none()
    );
}

pub(crate) async fn numbers_of_delta_lists_rise_beside_those_of_lists(databases: Databases) {
    let writer = databases.writer().await;
    writer.register_sources(&[source("full", 0)]).await.unwrap();
    writer.apply(&facts("full", 1), b"a", 0).await.unwrap();
    let seen = async || {
        let current: CurrentSegment = writer.current("full").await.unwrap().unwrap();
        current.seen()
    };
    writer.apply_delta(&delta(9, seen().await)).await.unwrap();
    let highest = writer.delta_high_water(&[7; 20], &[]).await.unwrap();
    assert_eq!(highest, Some(delta(9, Seen::default()).number));
    let lower = writer.apply_delta(&delta(8, seen().await)).await;
    assert!(matches!(lower, Err(ApplyError::NumberNotRising { .. })));
    // Lists have their own, and a delta list's number outlives its source.
    assert_eq!(
        writer
            .high_water(&[7; 20], &[])
            .await
            .unwrap()
            .unwrap()
            .crl_number,
        [1]
    );
    writer
        .register_sources(&[source("other", 0)])
        .await
        .unwrap();
    writer.register_sources(&[source("full", 0)]).await.unwrap();
    writer.apply(&facts("full", 2), b"b", 0).await.unwrap();
    assert_eq!(seen().await.delta, 0);
    let lower = writer.apply_delta(&delta(8, seen().await)).await;
    assert!(matches!(lower, Err(ApplyError::NumberNotRising { .. })));
    writer.apply_delta(&delta(9, seen().await)).await.unwrap();
}
