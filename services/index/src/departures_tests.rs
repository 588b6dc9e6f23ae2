use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{DepartureError, Departures};
use crate::segment::tests::{forms, of};
use crate::{Builder, Hit, Segment, SegmentError};

/// What a piecewise walk over `older` finds to be missing in `newer`.
fn left(older: &[u8], newer: &Segment, piece: usize) -> Result<Builder, DepartureError> {
    let mut departures = Departures::new(vec![newer.clone()], Builder::new());
    for octets in older.chunks(piece) {
        departures.push(octets)?;
    }
    departures.finish()
}

fn empty() -> Segment {
    Segment::open(Builder::new().finish().unwrap()).unwrap()
}

#[test]
fn everything_leaves_for_an_empty_list_and_nothing_for_the_same_one() {
    for older in forms() {
        let segment = Segment::open(older.clone()).unwrap();
        for piece in [1, 63, 4096, usize::MAX] {
            assert_eq!(left(&older, &segment, piece).unwrap().len(), 0);
            let all = left(&older, &empty(), piece).unwrap();
            assert_eq!(all.len(), segment.len());
            // As many, and none that was not there: the same ones. Their values are compared below.
            let all = all.finish().unwrap();
            assert_eq!(left(&all, &segment, 999).unwrap().len(), 0);
        }
    }
}

#[test]
fn what_left_other_lists_is_kept() {
    let (first, second) = (of(&[vec![1], vec![2]]), of(&[vec![3]]));
    let nothing = empty();
    let mut departures = Departures::new(Vec::new(), left(&first, &nothing, 7).unwrap());
    departures.push(&second).unwrap();
    let both = Segment::open(departures.finish().unwrap().finish().unwrap()).unwrap();
    assert!([1, 2, 3].iter().all(|it| both.lookup(&[*it]).is_some()));
}

#[test]
fn octets_that_are_no_whole_segment_are_refused() {
    let refused = |octets: &[u8]| left(octets, &empty(), 100).err();
    let directory = Some(DepartureError::Older(SegmentError::Directory));
    for older in forms() {
        for cut in [0, 1, 31, 63, older.len() / 2, older.len() - 1] {
            assert_eq!(refused(&older[..cut]), directory, "{cut}");
        }
        let mut longer = older.clone();
        longer.extend([0; 40]);
        assert_eq!(refused(&longer), directory);
        let mut other = older.clone();
        other[0] ^= 1;
        let not_a_segment = DepartureError::Older(SegmentError::NotASegment);
        assert_eq!(refused(&other), Some(not_a_segment));
        other = older.clone();
        other[8] = 9;
        let version = DepartureError::Older(SegmentError::Version { found: 9 });
        assert_eq!(refused(&other), Some(version));
        other = older;
        other[10] = 77;
        assert!(matches!(
            refused(&other),
            Some(DepartureError::Older(SegmentError::Kind { kind: 77, .. }))
        ));
    }
    assert!(refused(&[]).is_some());
}

/// Serials in a row, near the ends of the widths, or of any width.
fn serial() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        (100_000_u32..101_000).prop_map(|serial| serial.to_be_bytes()[1..].to_vec()),
        proptest::collection::vec(any::<u8>(), 0..=7).prop_map(|rest| [vec![1], rest].concat()),
        proptest::collection::vec(any::<u8>(), 0..=19).prop_map(|rest| [vec![1], rest].concat()),
    ]
}

type Serials = BTreeMap<Vec<u8>, (u32, u8)>;

/// Lists of one width or of both, sparse and in a row.
fn serials() -> impl Strategy<Value = Serials> {
    let narrow = (100_000_u32..101_000).prop_map(|serial| serial.to_be_bytes()[1..].to_vec());
    let value = || (any::<u32>(), 0_u8..=10);
    prop_oneof![
        proptest::collection::btree_map(serial(), value(), 0..300),
        proptest::collection::btree_map(narrow, value(), 0..600),
    ]
}

fn segment(serials: &Serials) -> Vec<u8> {
    let mut builder = Builder::new();
    for (serial, (time, reason)) in serials {
        builder.push(serial, (*time).into(), *reason).unwrap();
    }
    builder.finish().unwrap()
}

proptest! {
    #[test]
    fn exactly_what_is_missing_left(older in serials(), newer in serials(), kept in any::<u64>(), piece in 1_usize..500) {
        // Some of the older serials are in the newer list too, with other values.
        let mut newer = newer;
        for (nth, serial) in older.keys().enumerate() {
            if kept.rotate_left(u32::try_from(nth % 64).unwrap()) & 1 == 1 {
                newer.insert(serial.clone(), (1, 1));
            }
        }
        let newer_segment = Segment::open(segment(&newer)).unwrap();
        let left = left(&segment(&older), &newer_segment, piece).unwrap();
        let expected: Serials = older
            .iter()
            .filter(|(serial, _)| !newer.contains_key(*serial))
            .map(|(serial, value)| (serial.clone(), *value))
            .collect();
        prop_assert_eq!(left.len(), expected.len());
        let left = Segment::open(left.finish().unwrap()).unwrap();
        for (serial, (time, reason)) in &expected {
            let hit = Hit { revoked_at: (*time).into(), reason: *reason };
            prop_assert_eq!(left.lookup(serial), Some(hit));
        }
    }
}
