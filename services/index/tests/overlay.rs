//! Segments with changes over them, against a map that went through the same changes.

#![expect(clippy::unwrap_used, reason = "a test ends where something fails")]

use std::collections::BTreeMap;

use index::{
    BuildError, Builder, Change, Hit, Layered, Overlay, OverlayBuilder, Packed, REMOVE_FROM_CRL,
    Segment, SegmentError,
};
use proptest::prelude::*;

/// What may happen to a serial: it is revoked at a time for a reason, or removed.
type Changed = Option<(u32, u8)>;

fn serial() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        (100_000_000_u32..100_000_600).prop_map(|serial| serial.to_be_bytes().to_vec()),
        (1_u8..=30).prop_map(|least| vec![least; 8]),
        (1_u8..=30).prop_map(|least| vec![least; 20]),
    ]
}

fn value() -> impl Strategy<Value = (u32, u8)> {
    (any::<u32>(), 0_u8..8)
}

fn hit((revoked_at, reason): (u32, u8)) -> Hit {
    Hit {
        revoked_at: revoked_at.into(),
        reason,
    }
}

fn segment(revoked: &BTreeMap<Vec<u8>, (u32, u8)>) -> Segment {
    let mut builder = Builder::new();
    for (serial, (at, reason)) in revoked {
        builder.push(serial, i64::from(*at), *reason).unwrap();
    }
    Segment::open(builder.finish().unwrap()).unwrap()
}

fn overlay(changes: &BTreeMap<Vec<u8>, Changed>) -> Vec<u8> {
    let mut builder = OverlayBuilder::new();
    for (serial, changed) in changes {
        match changed {
            Some((at, reason)) => builder.push(serial, i64::from(*at), *reason).unwrap(),
            None => builder.remove(serial).unwrap(),
        }
    }
    builder.finish().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_layered_segment_answers_like_a_map(
        mut revoked in proptest::collection::btree_map(serial(), value(), 0..600),
        changes in proptest::collection::btree_map(serial(), proptest::option::of(value()), 0..200),
        asked in proptest::collection::vec(serial(), 500),
    ) {
        let overlay = Overlay::open(overlay(&changes)).unwrap();
        prop_assert_eq!(overlay.len(), changes.len());
        let layered = Layered::new(segment(&revoked), overlay.clone());
        prop_assert_eq!(layered.changes(), changes.len());
        prop_assert_eq!(layered.base().len(), revoked.len());
        for (serial, changed) in &changes {
            let expected = changed.map_or(Change::Removed, |value| Change::Revoked(hit(value)));
            prop_assert_eq!(overlay.change(serial), Some(expected));
            match changed {
                Some(value) => revoked.insert(serial.clone(), *value),
                None => revoked.remove(serial),
            };
        }
        let asked: Vec<_> = revoked.keys().chain(changes.keys()).chain(&asked).collect();
        for serial in &asked {
            let expected = revoked.get(*serial).map(|value| hit(*value));
            prop_assert_eq!(layered.lookup(serial), expected);
        }
        for width in [4, 8, 20] {
            let fitting = asked.iter().filter(|serial| serial.len() == width);
            let packed: Vec<u8> = fitting.copied().flatten().copied().collect();
            let packed = Packed::new(width, &packed).unwrap();
            let mut hits = Vec::new();
            layered.lookup_batch(packed, |position, hit| hits.push((position, hit)));
            let expected: Vec<_> = packed
                .iter()
                .enumerate()
                .filter_map(|(at, serial)| Some((at, hit(*revoked.get(serial)?))))
                .collect();
            prop_assert_eq!(hits, expected);
        }
    }

    #[test]
    fn any_changed_octet_of_an_overlay_is_noticed(
        at in any::<prop::sample::Index>(),
        change in 1..=u8::MAX,
    ) {
        let changes = BTreeMap::from([(vec![1], None), (vec![3; 20], Some((7, 1)))]);
        let mut bytes = overlay(&changes);
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        prop_assert!(Overlay::open(bytes).is_err());
    }
}

#[test]
fn an_entry_with_the_reason_remove_from_crl_removes() {
    let base = segment(&BTreeMap::from([(vec![1], (5, 1)), (vec![2], (6, 4))]));
    let mut builder = OverlayBuilder::new();
    builder.push(&[2], 1_700_000_000, REMOVE_FROM_CRL).unwrap();
    let overlay = Overlay::open(builder.finish().unwrap()).unwrap();
    assert_eq!(overlay.change(&[2]), Some(Change::Removed));
    assert_eq!(overlay.change(&[1]), None);
    assert_eq!(format!("{overlay:?}"), "Overlay(1 changes)");
    let layered = Layered::new(base, overlay);
    assert_eq!(layered.lookup(&[2]), None);
    assert_eq!(layered.lookup(&[1]), Some(hit((5, 1))));
}

#[test]
fn an_overlay_without_changes_is_none() {
    let base = segment(&BTreeMap::from([(vec![1], (5, 1))]));
    let empty = Overlay::open(OverlayBuilder::new().finish().unwrap()).unwrap();
    assert!(empty.is_empty());
    for layered in [Layered::new(base.clone(), empty), Layered::from(base)] {
        assert_eq!(
            format!("{layered:?}"),
            "Layered { base: Segment(1 serials), overlay: None }"
        );
        assert_eq!(layered.lookup(&[1]), Some(hit((5, 1))));
    }
}

#[test]
fn a_segment_is_no_overlay_and_an_overlay_no_segment() {
    let changes = overlay(&BTreeMap::from([(vec![1], None)]));
    assert_eq!(
        Segment::open(changes).unwrap_err(),
        SegmentError::NotASegment
    );
    let entries = index::build(&[]).unwrap();
    assert_eq!(
        Overlay::open(entries).unwrap_err(),
        SegmentError::NotASegment
    );
}

#[test]
fn a_serial_that_is_revoked_and_removed_is_refused() {
    let mut builder = OverlayBuilder::new();
    builder.push(&[1], 0, 1).unwrap();
    builder.remove(&[1]).unwrap();
    assert_eq!(
        builder.finish(),
        Err(BuildError::DuplicateSerials { count: 1 })
    );
    assert_eq!(
        OverlayBuilder::new().remove(&[]),
        Err(BuildError::Serial { position: 0 })
    );
}
