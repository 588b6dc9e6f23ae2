//! Segments against a map that holds the same, and against bytes that are no segments.

#![expect(clippy::unwrap_used, reason = "a test ends where something fails")]

use std::collections::BTreeMap;

use index::{BuildError, Entry, Hit, Segment, SegmentError, build};
use proptest::prelude::*;

fn entry(serial: &[u8]) -> Entry<'_> {
    Entry {
        serial,
        revoked_at: 1_700_000_000,
        reason: 4,
    }
}

fn open(entries: &[Entry<'_>]) -> Segment {
    Segment::open(build(entries).unwrap()).unwrap()
}

/// Serials as they occur: small and dense, or random of any length up to 20 octets.
fn serial() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        (100_000_000_u32..100_000_400).prop_map(|serial| serial.to_be_bytes().to_vec()),
        proptest::collection::vec(any::<u8>(), 0..=19).prop_map(|rest| [vec![1], rest].concat()),
    ]
}

fn narrow_serial() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..=7).prop_map(|rest| [vec![1], rest].concat())
}

fn revoked(
    serial: impl Strategy<Value = Vec<u8>>,
) -> impl Strategy<Value = BTreeMap<Vec<u8>, (u32, u8)>> {
    proptest::collection::btree_map(serial, (any::<u32>(), 0_u8..=10), 0..2_000)
}

fn check(revoked: &BTreeMap<Vec<u8>, (u32, u8)>, asked: &[Vec<u8>]) {
    let entries: Vec<_> = revoked
        .iter()
        .map(|(serial, (at, reason))| Entry {
            serial,
            revoked_at: i64::from(*at),
            reason: *reason,
        })
        .collect();
    let segment = open(&entries);
    assert_eq!(segment.len(), revoked.len());
    for serial in revoked.keys().chain(asked) {
        let expected = revoked.get(serial).map(|(at, reason)| Hit {
            revoked_at: i64::from(*at),
            reason: *reason,
        });
        assert_eq!(segment.lookup(serial), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_segment_answers_like_a_map(
        revoked in revoked(serial()),
        asked in proptest::collection::vec(serial(), 500),
    ) {
        check(&revoked, &asked);
    }

    #[test]
    fn a_narrow_segment_answers_like_a_map(
        revoked in revoked(narrow_serial()),
        asked in proptest::collection::vec(serial(), 500),
    ) {
        check(&revoked, &asked);
    }

    #[test]
    fn any_changed_octet_is_noticed(at in any::<prop::sample::Index>(), change in 1..=u8::MAX) {
        let mut bytes = build(&[entry(&[1]), entry(&[2]), entry(&[3; 20])]).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        prop_assert!(Segment::open(bytes).is_err());
    }

    #[test]
    fn any_bytes_are_refused_without_a_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let header = build(&[entry(&[1])]).unwrap();
        prop_assert!(Segment::open(bytes.clone()).is_err());
        let forged = [&header[..12], bytes.as_slice()].concat();
        prop_assert!(Segment::open(forged).is_err());
    }
}

#[test]
fn half_a_million_dense_serials_are_all_found_and_their_neighbours_are_not() {
    let serials: Vec<[u8; 4]> = (0..500_000_u32)
        .map(|step| (100_000_000 + 2 * step).to_be_bytes())
        .collect();
    let entries: Vec<_> = serials.iter().map(|serial| entry(serial)).collect();
    let bytes = build(&entries).unwrap();
    // 13 octets a record and two thirds for the directory.
    assert!(bytes.len() < 500_000 * 14, "{}", bytes.len());
    let segment = Segment::open(bytes).unwrap();
    for serial in &serials {
        assert!(segment.lookup(serial).is_some());
        let neighbour = (u32::from_be_bytes(*serial) + 1).to_be_bytes();
        assert!(segment.lookup(&neighbour).is_none());
    }
}

#[test]
fn leading_zeros_do_not_make_another_serial() {
    for width in [&[7_u8][..], &[7_u8; 9][..]] {
        let segment = open(&[entry(&[0, 0x80, 1]), entry(width)]);
        assert!(segment.lookup(&[0x80, 1]).is_some());
        assert!(segment.lookup(&[0, 0, 0x80, 1]).is_some());
        assert!(segment.lookup(&[0x80, 1, 0]).is_none());
    }
}

#[test]
fn a_serial_wider_than_the_keys_is_a_miss_and_not_cut_off() {
    let segment = open(&[entry(&[1, 2, 3, 4, 5, 6, 7, 8])]);
    assert!(segment.lookup(&[1, 2, 3, 4, 5, 6, 7, 8]).is_some());
    assert!(segment.lookup(&[9, 1, 2, 3, 4, 5, 6, 7, 8]).is_none());
    assert!(segment.lookup(&[1, 2, 3, 4, 5, 6, 7, 8, 9]).is_none());
    assert!(segment.lookup(&[0xff; 21]).is_none());
}

#[test]
fn an_empty_segment_has_no_serial() {
    let segment = open(&[]);
    assert!(segment.is_empty());
    assert_eq!(segment.lookup(&[1]), None);
    assert_eq!(segment.lookup(&[]), None);
}

#[test]
fn entries_that_cannot_be_kept_exactly_are_refused() {
    assert_eq!(
        build(&[entry(&[1]), entry(&[0])]),
        Err(BuildError::Serial { position: 1 })
    );
    assert_eq!(
        build(&[entry(&[])]),
        Err(BuildError::Serial { position: 0 })
    );
    assert_eq!(
        build(&[entry(&[1; 21])]),
        Err(BuildError::Serial { position: 0 })
    );
    assert!(build(&[entry(&[1; 20])]).is_ok());
    assert_eq!(
        build(&[entry(&[1]), entry(&[0, 1])]),
        Err(BuildError::DuplicateSerial)
    );
    let at = |revoked_at| {
        build(&[Entry {
            serial: &[1],
            revoked_at,
            reason: 0,
        }])
    };
    assert_eq!(at(-1), Err(BuildError::RevokedAt { position: 0 }));
    assert_eq!(
        at(i64::from(u32::MAX) + 1),
        Err(BuildError::RevokedAt { position: 0 })
    );
    assert!(at(0).is_ok() && at(i64::from(u32::MAX)).is_ok());
}

#[test]
fn other_bytes_are_told_apart() {
    let bytes = build(&[entry(&[1])]).unwrap();
    let changed = |at: usize, value: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = value;
        Segment::open(bytes).unwrap_err()
    };
    assert_eq!(changed(0, b'A'), SegmentError::NotASegment);
    assert_eq!(changed(8, 2), SegmentError::Version { found: 2 });
    assert_eq!(changed(10, 9), SegmentError::Kind { kind: 9, width: 8 });
    assert_eq!(changed(11, 9), SegmentError::Kind { kind: 1, width: 9 });
    assert_eq!(changed(40, 9), SegmentError::Checksum);
    assert_eq!(
        Segment::open(Vec::new()).unwrap_err(),
        SegmentError::NotASegment
    );
    let cut = bytes[..bytes.len() - 1].to_vec();
    let length = u64::try_from(bytes.len()).unwrap();
    let expected = SegmentError::Length {
        expected: length,
        found: cut.len(),
    };
    assert_eq!(Segment::open(cut).unwrap_err(), expected);
    assert!(Segment::open(bytes).is_ok());
}

#[test]
fn debug_shows_no_serial() {
    assert_eq!(format!("{:?}", open(&[entry(&[1])])), "Segment(1 serials)");
}
