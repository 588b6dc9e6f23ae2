//! Lists as they were fetched.

use std::fs::File;
use std::sync::Arc;

use store::{ApplyError, CrlWriter, Departures, NewOriginal, Piece, Replacement, SegmentFacts};

use crate::databases::Databases;
use crate::departures::next;
use crate::lists::{facts, source};

/// A list with this number that is kept until then, and its octets.
fn list(number: u8, kept_until: i64) -> (SegmentFacts, Vec<u8>, NewOriginal) {
    // Four chunks, the last one short.
    let octets: Vec<u8> = (0..3_500_000_u32)
        .map(|n| (n % 251) as u8 ^ number)
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list");
    std::fs::write(&path, &octets).unwrap();
    let original = NewOriginal {
        file: Arc::new(File::open(path).unwrap()),
        octets: octets.len() as u64,
        sha256: sandbox::mint::sha256(&octets),
        kept_until,
    };
    let facts = SegmentFacts {
        crl_sha256: sandbox::mint::sha256(&octets),
        ..facts("full", number)
    };
    (facts, octets, original)
}

async fn publish(
    writer: &CrlWriter,
    facts: &SegmentFacts,
    original: Option<NewOriginal>,
) -> Result<u64, ApplyError> {
    let current = writer.current("full").await.unwrap();
    let generation = current.map_or(0, |current| current.generation);
    let replacement = Replacement {
        original,
        ..next(facts, b"s", (generation, 0), Departures::None)
    };
    writer.replace(&replacement).await
}

/// The octets that are kept of the list with this number.
async fn kept(writer: &CrlWriter, number: u8) -> Option<Vec<u8>> {
    let original = writer.original("full", &[number]).await.unwrap()?;
    assert_eq!(original.this_update, 1_000 + i64::from(number));
    let (mut pieces, mut all) = (original.pieces, Vec::new());
    loop {
        match pieces.next().await.unwrap() {
            Piece::Octets(octets) => all.extend(octets),
            Piece::End => break,
            Piece::Replaced => panic!("it went"),
        }
    }
    assert_eq!(original.sha256, sandbox::mint::sha256(&all));
    Some(all)
}

pub(crate) async fn a_list_is_kept_as_it_was_fetched_until_its_time_is_over(databases: Databases) {
    let writer = databases.writer().await;
    writer.register_sources(&[source("full", 0)]).await.unwrap();
    let (first, octets, original) = list(1, 1_003);
    publish(&writer, &first, Some(original)).await.unwrap();
    assert_eq!(kept(&writer, 1).await.as_ref(), Some(&octets));
    let (second, ..) = list(2, 0);
    publish(&writer, &second, None).await.unwrap();
    assert_eq!(kept(&writer, 1).await.as_ref(), Some(&octets));
    assert_eq!(kept(&writer, 2).await, None);
    assert!(writer.original("other", &[1]).await.unwrap().is_none());

    // One that is being read when it goes tells so.
    let mut pieces = writer.original("full", &[1]).await.unwrap().unwrap().pieces;
    let (third, others, original) = list(3, 9_000);
    publish(&writer, &third, Some(original)).await.unwrap();
    assert!(matches!(pieces.next().await.unwrap(), Piece::Replaced));
    assert_eq!(kept(&writer, 1).await, None);
    assert_eq!(kept(&writer, 3).await, Some(others));
}

pub(crate) async fn octets_that_are_not_the_list_are_kept_by_nobody(databases: Databases) {
    let writer = databases.writer().await;
    writer.register_sources(&[source("full", 0)]).await.unwrap();
    let (first, _, original) = list(1, 9_000);
    let (_, _, other) = list(2, 9_000);
    let other = NewOriginal {
        sha256: original.sha256,
        ..other
    };
    let shorter = NewOriginal {
        octets: original.octets - 1,
        ..original.clone()
    };
    let longer = NewOriginal {
        octets: original.octets + 1,
        ..original.clone()
    };
    for wrong in [other, shorter, longer] {
        let refused = publish(&writer, &first, Some(wrong)).await;
        assert!(matches!(refused, Err(ApplyError::Store(_))));
        assert_eq!(writer.current("full").await.unwrap(), None);
        assert_eq!(kept(&writer, 1).await, None);
    }
    publish(&writer, &first, Some(original)).await.unwrap();
    assert!(kept(&writer, 1).await.is_some());
}
