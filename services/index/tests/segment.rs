//! Segments against a map that holds the same, and against bytes that are no segments.

#![expect(clippy::unwrap_used, reason = "a test ends where something fails")]

use std::collections::BTreeMap;

use index::{BuildError, Builder, Entry, Hit, Packed, PackedError, Segment, SegmentError, build};
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

/// Serials as they occur: numbered in a row, at the ends of the ranges, or random of any length up to 20 octets.
fn serial() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        (100_000_000_u32..100_000_400).prop_map(|serial| serial.to_be_bytes().to_vec()),
        (0_u8..9).prop_map(|below| [vec![0xff; 7], vec![0xff - below]].concat()),
        (0_u8..9).prop_map(|below| [vec![0xff; 19], vec![0xff - below]].concat()),
        (0_u8..9).prop_map(|above| [vec![1], vec![0; 7], vec![above]].concat()),
        (1_u8..9).prop_map(|least| vec![least]),
        proptest::collection::vec(any::<u8>(), 0..=19).prop_map(|rest| [vec![1], rest].concat()),
    ]
}

fn narrow_serial() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..=7).prop_map(|rest| [vec![1], rest].concat())
}

/// Serials numbered in a row from anywhere, across the ends of 4, 8 and 16 octets.
fn dense_serials() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let front = prop_oneof![
        Just(vec![]),
        Just(vec![0xff; 2]),
        Just(vec![0xff; 6]),
        Just(vec![1, 0xff, 0xff, 0xff, 0xff]),
        Just(vec![0xff; 14]),
        Just([vec![7], vec![0xff; 15]].concat()),
        Just([vec![0x80], vec![0; 17]].concat()),
    ];
    (
        front,
        proptest::collection::btree_set(0_u32..60_000, 2..3_000),
    )
        .prop_map(|(front, numbers)| {
            let serial = |number: u32| minimal(&plus(&front, 50_000 + number));
            numbers.into_iter().map(serial).collect()
        })
}

/// `front`, then two octets of zeros, as a number, and so much more.
fn plus(front: &[u8], add: u32) -> Vec<u8> {
    let mut octets = [vec![0], front.to_vec(), vec![0, 0]].concat();
    let mut carry = add;
    for octet in octets.iter_mut().rev() {
        carry += u32::from(*octet);
        *octet = carry.to_le_bytes()[0];
        carry >>= 8;
    }
    octets
}

/// The kind of a segment that is a bitmap.
const DENSE: u8 = 3;

/// Numbers in steps that are mostly small: no line, some lines or very many lines further, from anywhere to the greatest.
fn ascending_serials() -> impl Strategy<Value = Vec<u64>> {
    let step = |far: u64| {
        prop_oneof![
            400 => 1_u64..9,
            20 => 470_u64..490,
            1 => 900_u64..far,
        ]
    };
    let begin = prop_oneof![Just(1_u64), any::<u32>().prop_map(u64::from), any::<u64>()];
    let steps = prop_oneof![Just(1_000), Just(40_000), Just(1 << 40)]
        .prop_flat_map(move |far| proptest::collection::vec(step(far), 0..3_000));
    (begin, steps, any::<bool>()).prop_map(|(begin, steps, at_the_end)| {
        let all: u64 = steps.iter().sum();
        let begin = if at_the_end {
            u64::MAX - all
        } else {
            begin.max(1)
        };
        let mut serials = vec![begin];
        for step in steps {
            serials.extend(serials[serials.len() - 1].checked_add(step));
        }
        serials
    })
}

fn build_short(entries: &[(u64, i64, u8)]) -> Vec<u8> {
    let (mut short, mut any) = (Builder::new(), Builder::new());
    for (serial, revoked_at, reason) in entries {
        let number = (*serial).try_into().unwrap();
        short.push_short(number, *revoked_at, *reason).unwrap();
        any.push(&serial.to_be_bytes(), *revoked_at, *reason)
            .unwrap();
    }
    let short = short.finish().unwrap();
    assert_eq!(any.finish().unwrap(), short);
    short
}

fn minimal(serial: &[u8]) -> Vec<u8> {
    let start = serial.iter().position(|octet| *octet != 0);
    start.map_or(Vec::new(), |start| serial[start..].to_vec())
}

fn revoked(
    serial: impl Strategy<Value = Vec<u8>>,
) -> impl Strategy<Value = BTreeMap<Vec<u8>, (u32, u8)>> {
    proptest::collection::btree_map(serial, (any::<u32>(), 0_u8..=10), 0..2_000)
}

/// The neighbours of a serial, as far as they have at most 20 octets.
fn neighbours(serial: &[u8]) -> Vec<Vec<u8>> {
    let above = plus(serial, 1 << 16);
    let below = serial.iter().rposition(|octet| *octet != 0).map(|last| {
        let mut below = serial.to_vec();
        below[last] -= 1;
        below[last + 1..].fill(0xff);
        below
    });
    let above = minimal(&above[..above.len() - 2]);
    [Some(above), below]
        .into_iter()
        .flatten()
        .filter(|serial| serial.len() <= 20)
        .collect()
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
    let expected = |serial: &[u8]| {
        revoked.get(&minimal(serial)).map(|(at, reason)| Hit {
            revoked_at: i64::from(*at),
            reason: *reason,
        })
    };
    let near: Vec<_> = revoked
        .keys()
        .flat_map(|serial| neighbours(serial))
        .collect();
    let asked: Vec<_> = revoked.keys().chain(&near).chain(asked).collect();
    for serial in &asked {
        assert_eq!(segment.lookup(serial), expected(serial));
    }
    for width in [1_usize, 4, 5, 8, 9, 19, 20] {
        let packed: Vec<u8> = asked
            .iter()
            .filter_map(|serial| {
                Some([&vec![0; width.checked_sub(serial.len())?][..], serial].concat())
            })
            .flatten()
            .collect();
        let packed = Packed::new(width, &packed).unwrap();
        let mut hits = Vec::new();
        segment.lookup_batch(packed, |position, hit| hits.push((position, hit)));
        let wanted: Vec<_> = packed
            .iter()
            .enumerate()
            .filter_map(|(position, serial)| Some((position, expected(serial)?)))
            .collect();
        assert_eq!(hits, wanted, "{width}");
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
    fn a_dense_segment_answers_like_a_map(
        serials in dense_serials(),
        asked in proptest::collection::vec(serial(), 500),
    ) {
        let revoked = serials.into_iter().zip((0..).map(|nth| (nth, 1))).collect();
        check(&revoked, &asked);
    }

    #[test]
    fn serials_in_ascending_order_are_written_as_in_any_order(
        serials in ascending_serials(),
        at in any::<prop::sample::Index>(),
    ) {
        // The reason tells the place, so that no two values may be confused.
        let entries: Vec<(u64, i64, u8)> = serials
            .iter()
            .zip(0_i64..)
            .map(|(serial, nth)| (*serial, nth << 3, u8::try_from(nth % 251).unwrap()))
            .collect();
        let in_order = build_short(&entries);
        let mut other = entries.clone();
        other.rotate_left(at.index(entries.len()));
        let in_another = build_short(&other);
        prop_assert_eq!(&in_order[..24], &in_another[..24]);
        prop_assert!(in_order[10] != DENSE || in_order == in_another);
        for bytes in [in_order, in_another] {
            let segment = Segment::open(bytes).unwrap();
            for (serial, revoked_at, reason) in &entries {
                let hit = Hit { revoked_at: *revoked_at, reason: *reason };
                prop_assert_eq!(segment.lookup(&serial.to_be_bytes()), Some(hit));
                let next = serial.checked_add(1).filter(|next| serials.binary_search(next).is_err());
                let next = next.and_then(|next| segment.lookup(&next.to_be_bytes()));
                prop_assert_eq!(next, None);
            }
        }
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
        let header = build(&[entry(&[1]), entry(&[9; 8])]).unwrap();
        prop_assert!(Segment::open(bytes.clone()).is_err());
        let forged = [&header[..12], bytes.as_slice()].concat();
        prop_assert!(Segment::open(forged).is_err());
    }
}

/// A bijection on 64 bits that spreads them (splitmix64).
fn spread(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

fn build_numbered<const WIDTH: usize>(serials: impl Iterator<Item = [u8; WIDTH]>) -> Vec<u8> {
    let mut builder = Builder::new();
    for serial in serials {
        builder.push(&serial, 1_700_000_000, 4).unwrap();
    }
    builder.finish().unwrap()
}

fn wide(word: u64) -> [u8; 20] {
    let mut serial = [0x11; 20];
    serial[..8].copy_from_slice(&spread(word).to_be_bytes());
    serial[12..].copy_from_slice(&spread(!word).to_be_bytes());
    serial
}

#[test]
fn a_serial_takes_no_more_octets_than_it_may() {
    let count = 500_000_usize;
    let numbers = 1..=count as u64;
    // Every fourth of a range revoked, as among JPKI's serials.
    let dense = build_numbered(
        numbers
            .clone()
            .map(|nth| (100_000_000 + 4 * nth).to_be_bytes()),
    );
    assert_eq!(dense[10], 3);
    assert!(dense.len() < count * 8, "{}", dense.len());
    let narrow = build_numbered(numbers.clone().map(|nth| spread(nth).to_be_bytes()));
    assert_eq!(narrow[10..12], [2, 8]);
    assert!(narrow.len() < count * 14, "{}", narrow.len());
    let wide = build_numbered(numbers.map(wide));
    assert_eq!(wide[10..12], [2, 20]);
    assert!(wide.len() < count * 26, "{}", wide.len());
}

#[test]
fn the_form_that_is_smaller_is_chosen() {
    // 36,000 serials, hashed: 1,000 lines and 12 octets each, as much as dense over 4,937 lines.
    let count = 36_000_u32;
    let kind = |span: u32| {
        let last = (1_000_000 + span - 1).to_be_bytes();
        let first = (0..count - 1).map(|nth| (1_000_000 + nth).to_be_bytes());
        build_numbered(first.chain([last]))[10]
    };
    assert_eq!(kind(4_937 * 480), 3);
    assert_eq!(kind(4_938 * 480), 2);
    // As many serials with 12 octets more each have 6,750 lines more.
    let wide = |span: u32| {
        let serial = |number: u32| [vec![7; 16], number.to_be_bytes().to_vec()].concat();
        let numbers = (0..count - 1).chain([span - 1]);
        build_numbered::<20>(numbers.map(|number| serial(number).try_into().unwrap()))[10..12]
            .to_vec()
    };
    assert_eq!(wide(11_687 * 480), [3, 20]);
    assert_eq!(wide(11_688 * 480), [2, 20]);
}

/// Every revoked serial and as many others, one by one and in a batch, against a sorted list of the same.
fn compare<const WIDTH: usize>(
    mut revoked: Vec<[u8; WIDTH]>,
    others: impl Iterator<Item = [u8; WIDTH]>,
) {
    let segment = Segment::open(build_numbered(revoked.iter().copied())).unwrap();
    revoked.sort_unstable();
    let asked: Vec<_> = others.chain(revoked.iter().copied()).collect();
    let expected: Vec<_> = asked
        .iter()
        .map(|serial| revoked.binary_search(serial).is_ok())
        .collect();
    let mut batch = vec![false; asked.len()];
    let packed = Packed::new(WIDTH, asked.as_flattened()).unwrap();
    segment.lookup_batch(packed, |position, _| batch[position] = true);
    assert!(batch == expected);
    for (serial, expected) in asked.iter().zip(expected) {
        assert_eq!(segment.lookup(serial).is_some(), expected);
    }
}

#[test]
fn a_hundred_thousand_serials_and_a_million_others_are_told_apart() {
    let (revoked, others) = (1..=100_000_u64, 100_001..=1_100_000);
    compare::<4>(
        (100_000_000_u32..100_400_000)
            .step_by(4)
            .map(u32::to_be_bytes)
            .collect(),
        (99_800_000_u32..100_800_000).map(u32::to_be_bytes),
    );
    compare::<8>(
        revoked
            .clone()
            .map(|nth| spread(nth).to_be_bytes())
            .collect(),
        others.clone().map(|nth| spread(nth).to_be_bytes()),
    );
    compare::<20>(revoked.map(wide).collect(), others.map(wide));
}

#[test]
fn segments_of_version_1_are_still_read() {
    let stored: [(&[u8], usize); 2] = [
        (include_bytes!("data/version-1-narrow.segment"), 8),
        (include_bytes!("data/version-1-wide.segment"), 20),
    ];
    for (stored, width) in stored {
        let segment = Segment::open(stored).unwrap();
        assert_eq!(segment.len(), 300);
        let mut packed = Vec::new();
        for nth in 1..=300_u32 {
            let words = (0..3).map(|word| spread(4 * u64::from(nth) + word).to_be_bytes());
            let mut serial = words.collect::<Vec<_>>().concat();
            serial.truncate(width);
            serial[0] |= 1;
            let hit = segment.lookup(&serial).unwrap();
            assert_eq!(hit.revoked_at, i64::from(1_700_000_000 + nth));
            assert_eq!(u32::from(hit.reason), nth % 7);
            packed.extend_from_slice(&serial);
            serial[width - 1] ^= 1;
            assert_eq!(segment.lookup(&serial), None);
            packed.extend_from_slice(&serial);
        }
        let mut hits = Vec::new();
        segment.lookup_batch(Packed::new(width, &packed).unwrap(), |at, _| hits.push(at));
        assert!(hits.into_iter().eq((0..600).step_by(2)));
    }
}

#[test]
fn packed_serials_have_one_width() {
    let error = |width, octets: &[u8]| Packed::new(width, octets).unwrap_err();
    assert_eq!(error(0, &[]), PackedError::Width { width: 0 });
    assert_eq!(error(21, &[0; 21]), PackedError::Width { width: 21 });
    let cut_off = PackedError::Length {
        width: 4,
        octets: 7,
    };
    assert_eq!(error(4, &[0; 7]), cut_off);
    assert!(Packed::new(20, &[]).unwrap().is_empty());
    let packed = Packed::new(2, &[1, 2, 3, 4]).unwrap();
    assert_eq!((packed.len(), packed.width()), (2, 2));
    assert_eq!(format!("{packed:?}"), "Packed(2 serials)");
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
        Err(BuildError::DuplicateSerials { count: 1 })
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
    // One serial is denser than anything; two far apart are not.
    let bytes = build(&[entry(&[1]), entry(&[9; 8])]).unwrap();
    let changed = |at: usize, value: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = value;
        Segment::open(bytes).unwrap_err()
    };
    assert_eq!(changed(0, b'A'), SegmentError::NotASegment);
    assert_eq!(changed(8, 3), SegmentError::Version { found: 3 });
    assert_eq!(changed(10, 9), SegmentError::Kind { kind: 9, width: 8 });
    assert_eq!(changed(11, 9), SegmentError::Kind { kind: 2, width: 9 });
    assert_eq!(changed(8, 1), SegmentError::Kind { kind: 2, width: 8 });
    assert_eq!(changed(70, 9), SegmentError::Checksum);
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
    assert_eq!(format!("{:?}", Builder::new()), "Builder(0 serials)");
    let buffer = index::SegmentBuffer::with_capacity(9);
    assert_eq!(format!("{buffer:?}"), "SegmentBuffer(0 octets)");
}

#[test]
fn entries_that_repeat_a_serial_are_counted_in_every_form() {
    // In a row, far apart, and wide; 100,000 of them are put in order in two parts.
    let numbered =
        |step: u64| (1..=100_000_u64).map(move |nth| (nth * step).to_be_bytes().to_vec());
    let wide = |serial: Vec<u8>| [vec![1; 12], serial].concat();
    let forms: [Vec<Vec<u8>>; 3] = [
        numbered(1).collect(),
        numbered(1 << 40).collect(),
        numbered(1 << 40).map(wide).collect(),
    ];
    for serials in forms {
        // How often a serial comes again decides nothing, not even where no line holds all of them.
        for times in [0, 1, 2, 500] {
            let again = [&serials[0], &serials[99_999]].into_iter().cycle();
            let mut builder = Builder::new();
            for serial in serials.iter().chain(again.take(times)) {
                builder.push(serial, 0, 0).unwrap();
            }
            let refused = BuildError::DuplicateSerials {
                count: times.try_into().unwrap(),
            };
            assert_eq!(builder.finish().err(), (times > 0).then_some(refused));
        }
    }
}
