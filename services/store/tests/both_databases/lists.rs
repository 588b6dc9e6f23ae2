//! One writer, one reader.

use store::{ApplyError, AttemptOutcome, SegmentFacts, SourceRegistration, StoreError};

use crate::databases::Databases;

pub(crate) const AUTHORITY: &str = "user-authentication";

pub(crate) fn source(name: &str, ordinal: i64) -> SourceRegistration {
    SourceRegistration {
        source: name.to_owned(),
        certification_authority: AUTHORITY.to_owned(),
        expected_scope_key: None,
        ordinal,
    }
}

/// A list of `name` with this number.
pub(crate) fn facts(name: &str, number: u8) -> SegmentFacts {
    SegmentFacts {
        source: name.to_owned(),
        certification_authority: AUTHORITY.to_owned(),
        signer_key_id: vec![7; 20],
        scope_key: Vec::new(),
        issuing_distribution_point: Vec::new(),
        crl_number: vec![number],
        this_update: 1_000 + i64::from(number),
        next_update: 90_000,
        crl_sha256: [number; 32],
        entry_count: 3,
    }
}

fn is_number_refused(result: &Result<u64, ApplyError>) -> bool {
    matches!(result, Err(ApplyError::NumberNotRising { .. }))
}

pub(crate) async fn a_list_comes_into_force_with_its_facts_and_octets(databases: Databases) {
    let (writer, reader) = (databases.writer().await, databases.reader());
    writer
        .register_sources(&[source("full", 0), source("city", 1)])
        .await
        .unwrap();
    // Nine chunks, the last one short.
    let segment: Vec<u8> = (0..9_000_000_u32).map(|n| (n % 251) as u8).collect();
    let facts = facts("full", 5);
    let generation = writer.apply(&facts, &segment, 0).await.unwrap();

    let manifest = reader.manifest().await.unwrap();
    assert_eq!(manifest.feed.generation, generation);
    assert_eq!(reader.feed().await.unwrap(), manifest.feed);
    let [full, city] = manifest.sources.as_slice() else {
        panic!("two sources")
    };
    let current = full.current.as_ref().unwrap();
    assert_eq!((current.generation, &current.facts), (generation, &facts));
    assert_eq!(city.registration, source("city", 1));
    assert_eq!(city.current, None);
    let read = reader.segment(current).await.unwrap().unwrap();
    assert_eq!(read.octets(), segment);
    // A reader makes room for the length that is stated, so no statement is believed beyond a limit.
    let mut stated = current.clone();
    for (octets, read) in [
        (store::limits::SEGMENT_OCTETS, true),
        (store::limits::SEGMENT_OCTETS + 1, false),
        (u64::MAX, false),
    ] {
        stated.octets = octets;
        match reader.segment(&stated).await {
            Ok(Some(_)) => assert!(read, "{octets}"),
            Err(StoreError::Inconsistent { .. }) => assert!(!read, "{octets}"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(
        writer.current("full").await.unwrap().as_ref(),
        Some(current)
    );
    assert_eq!(writer.current("city").await.unwrap(), None);
}

pub(crate) async fn a_number_that_does_not_rise_is_refused(databases: Databases) {
    let writer = databases.writer().await;
    writer.register_sources(&[source("full", 0)]).await.unwrap();
    let first = writer.apply(&facts("full", 5), b"a", 0).await.unwrap();

    let lower = writer.apply(&facts("full", 4), b"b", first).await;
    assert!(is_number_refused(&lower), "{lower:?}");
    let mut same = facts("full", 5);
    same.crl_sha256 = [99; 32];
    assert!(is_number_refused(&writer.apply(&same, b"b", first).await));
    assert_eq!(
        writer.current("full").await.unwrap().unwrap().generation,
        first
    );

    // 6, and then 256, which is longer and not greater octet by octet.
    let second = writer.apply(&facts("full", 6), b"b", first).await.unwrap();
    let mut longer = facts("full", 6);
    longer.crl_number = vec![1, 0];
    longer.crl_sha256 = [98; 32];
    assert_eq!(
        writer.apply(&longer, b"c", second).await.unwrap(),
        second + 1
    );
}

pub(crate) async fn the_highest_number_outlives_the_list_and_its_source(databases: Databases) {
    let writer = databases.writer().await;
    writer.register_sources(&[source("full", 0)]).await.unwrap();
    writer.apply(&facts("full", 5), b"a", 0).await.unwrap();
    writer
        .register_sources(&[source("other", 0)])
        .await
        .unwrap();
    assert_eq!(writer.current("full").await.unwrap(), None);
    writer.close().await;

    let writer = databases.writer().await;
    writer.register_sources(&[source("full", 0)]).await.unwrap();
    let highest = writer.high_water(&[7; 20], &[]).await.unwrap().unwrap();
    assert_eq!((highest.crl_number, highest.this_update), (vec![5], 1_005));
    assert!(is_number_refused(
        &writer.apply(&facts("full", 4), b"b", 0).await
    ));
    writer.apply(&facts("full", 6), b"b", 0).await.unwrap();
}

pub(crate) async fn the_same_list_may_come_into_force_again_under_another_source(
    databases: Databases,
) {
    let writer = databases.writer().await;
    writer.register_sources(&[source("full", 0)]).await.unwrap();
    writer.apply(&facts("full", 5), b"a", 0).await.unwrap();
    writer
        .register_sources(&[source("renamed", 0)])
        .await
        .unwrap();
    let mut another = facts("renamed", 5);
    another.crl_sha256 = [99; 32];
    assert!(is_number_refused(&writer.apply(&another, b"a", 0).await));
    writer.apply(&facts("renamed", 5), b"a", 0).await.unwrap();
}

pub(crate) async fn a_rising_number_with_an_older_this_update_is_refused(databases: Databases) {
    let writer = databases.writer().await;
    writer.register_sources(&[source("full", 0)]).await.unwrap();
    let first = writer.apply(&facts("full", 5), b"a", 0).await.unwrap();
    let mut next = facts("full", 6);
    next.this_update = 1_004;
    let refused = writer.apply(&next, b"b", first).await;
    let falling = ApplyError::ThisUpdateFalling {
        offered: 1_004,
        newest: 1_005,
    };
    assert_eq!(refused.unwrap_err().to_string(), falling.to_string());
    next.this_update = 1_005;
    writer.apply(&next, b"b", first).await.unwrap();
}

pub(crate) async fn scopes_and_signers_have_numbers_of_their_own(databases: Databases) {
    let writer = databases.writer().await;
    writer
        .register_sources(&[source("full", 0), source("city", 1), source("old-key", 2)])
        .await
        .unwrap();
    writer.apply(&facts("full", 9), b"a", 0).await.unwrap();
    let mut city = facts("city", 2);
    city.scope_key = b"city".to_vec();
    city.issuing_distribution_point = b"der".to_vec();
    writer.apply(&city, b"b", 0).await.unwrap();
    let mut old_key = facts("old-key", 3);
    assert!(is_number_refused(&writer.apply(&old_key, b"c", 0).await));
    old_key.signer_key_id = vec![8; 20];
    writer.apply(&old_key, b"c", 0).await.unwrap();
}

pub(crate) async fn a_source_must_be_registered_for_the_authority_and_scope(databases: Databases) {
    let writer = databases.writer().await;
    let mut registration = source("full", 0);
    registration.expected_scope_key = Some(Vec::new());
    writer.register_sources(&[registration]).await.unwrap();
    let unknown = writer.apply(&facts("nobody", 1), b"a", 0).await;
    assert!(matches!(unknown, Err(ApplyError::NotRegistered)));
    let mut of_another = facts("full", 1);
    of_another.certification_authority = "digital-signature".into();
    let refused = writer.apply(&of_another, b"a", 0).await;
    assert!(matches!(refused, Err(ApplyError::NotRegistered)));
    let mut partition = facts("full", 1);
    partition.scope_key = b"city".to_vec();
    partition.issuing_distribution_point = b"der".to_vec();
    let refused = writer.apply(&partition, b"a", 0).await;
    assert!(matches!(
        refused,
        Err(ApplyError::Store(StoreError::Invalid { .. }))
    ));
    writer.apply(&facts("full", 1), b"a", 0).await.unwrap();
}

pub(crate) async fn attempts_are_recorded_without_a_new_generation(databases: Databases) {
    let (writer, reader) = (databases.writer().await, databases.reader());
    let before = writer.register_sources(&[source("full", 0)]).await.unwrap();
    writer
        .record_attempts(&[("full", 50, AttemptOutcome::Accepted)])
        .await
        .unwrap();
    let refused = AttemptOutcome::Refused {
        rule: "number_not_rising",
    };
    writer
        .record_attempts(&[("full", 60, refused)])
        .await
        .unwrap();
    let manifest = reader.manifest().await.unwrap();
    assert_eq!(manifest.feed.generation, before.generation);
    assert_eq!(manifest.feed.attempts, before.attempts + 2);
    let full = &manifest.sources[0];
    assert_eq!(
        (full.last_attempt_at, full.last_success_at),
        (Some(60), Some(50))
    );
    assert_eq!(full.last_refusal.as_deref(), Some("number_not_rising"));
    writer
        .record_attempts(&[("full", 70, AttemptOutcome::Unchanged)])
        .await
        .unwrap();
    let manifest = reader.manifest().await.unwrap();
    assert_eq!(manifest.sources[0].last_success_at, Some(70));
    assert_eq!(manifest.sources[0].last_refusal, None);
    // Of a source that nobody registered nothing is recorded, and the others are.
    let both = [
        ("nobody", 80, AttemptOutcome::Unchanged),
        ("full", 80, AttemptOutcome::Unchanged),
    ];
    let registered = writer.record_attempts(&both).await.unwrap();
    assert_eq!(registered, [false, true]);
    let manifest = reader.manifest().await.unwrap();
    assert_eq!(manifest.sources[0].last_success_at, Some(80));
}

pub(crate) async fn registration_replaces_the_sources_of_the_authorities_it_names(
    databases: Databases,
) {
    let (writer, reader) = (databases.writer().await, databases.reader());
    assert_eq!(reader.manifest().await.unwrap().sources, []);
    let mut of_another = source("signing", 0);
    of_another.certification_authority = "digital-signature".into();
    let first = writer
        .register_sources(&[source("full", 0), of_another])
        .await
        .unwrap();
    let again = writer.register_sources(&[source("full", 0)]).await.unwrap();
    assert_eq!(again, first, "nothing changed");
    let mut moved = source("city", 0);
    moved.expected_scope_key = Some(b"city".to_vec());
    let changed = writer
        .register_sources(std::slice::from_ref(&moved))
        .await
        .unwrap();
    assert_eq!(changed.generation, first.generation + 1);
    let manifest = reader.manifest().await.unwrap();
    let registrations: Vec<_> = manifest
        .sources
        .iter()
        .map(|s| s.registration.clone())
        .collect();
    assert_eq!(registrations[0].source, "signing");
    assert_eq!(registrations[1], moved);
    assert!(
        writer
            .register_sources(&[moved.clone(), moved])
            .await
            .is_err()
    );
}

pub(crate) async fn facts_that_contradict_each_other_are_refused(databases: Databases) {
    let writer = databases.writer().await;
    writer.register_sources(&[source("full", 0)]).await.unwrap();
    let good = facts("full", 1);
    let wrong = [
        SegmentFacts {
            next_update: good.this_update,
            ..good.clone()
        },
        SegmentFacts {
            crl_number: vec![0, 1],
            ..good.clone()
        },
        SegmentFacts {
            signer_key_id: Vec::new(),
            ..good.clone()
        },
        SegmentFacts {
            scope_key: b"city".to_vec(),
            ..good.clone()
        },
    ];
    for facts in wrong {
        let refused = writer.apply(&facts, b"a", 0).await;
        assert!(
            matches!(refused, Err(ApplyError::Store(StoreError::Invalid { .. }))),
            "{facts:?}"
        );
    }
    writer.apply(&good, b"a", 0).await.unwrap();
}

pub(crate) async fn a_reader_waits_for_the_writer_to_prepare_the_schema(databases: Databases) {
    let reader = databases.reader();
    assert!(matches!(reader.feed().await, Err(StoreError::NotPrepared)));
    assert!(matches!(
        reader.manifest().await,
        Err(StoreError::NotPrepared)
    ));
    let writer = databases.writer().await;
    assert_eq!(reader.feed().await.unwrap(), writer.feed().await.unwrap());
    if matches!(databases, Databases::Postgres { .. }) {
        let as_reader = store::CrlWriter::open(&databases.url("crl_reader")).await;
        assert!(as_reader.is_err(), "the reader's role may not write");
    }
}
