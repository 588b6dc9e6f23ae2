use proptest::prelude::*;

use super::{Segment, SegmentError};
use crate::format::{
    CHECKSUM_AT, COMMON_OCTETS, COUNT_AT, LINE, LINES_AT, VERSION_1, VERSION_AT, put_u32, seal,
};
use crate::{Entry, Packed, build, directory};

const VERSION_1_NARROW: &[u8] = include_bytes!("../tests/data/version-1-narrow.segment");
const VERSION_1_WIDE: &[u8] = include_bytes!("../tests/data/version-1-wide.segment");

/// Segments of every form. Some lines of the hashed ones have extra lines.
pub(crate) fn forms() -> [Vec<u8>; 5] {
    let spread = |width: usize| {
        let serials: Vec<Vec<u8>> = (1..=4_000_u64)
            .map(|nth| {
                let word = crate::serial::mix(nth) | 1 << 63;
                let mut serial = vec![9; width - 8];
                serial.extend(word.to_be_bytes());
                serial
            })
            .collect();
        of(&serials)
    };
    let dense: Vec<Vec<u8>> = (0..2_000_u32)
        .map(|nth| (70_000 + nth * 3).to_be_bytes().to_vec())
        .collect();
    [
        spread(8),
        spread(20),
        of(&dense),
        VERSION_1_NARROW.to_vec(),
        VERSION_1_WIDE.to_vec(),
    ]
}

pub(crate) fn of(serials: &[Vec<u8>]) -> Vec<u8> {
    let entry = |serial| Entry {
        serial,
        revoked_at: 1_700_000_000,
        reason: 4,
    };
    let entries: Vec<_> = serials.iter().map(|serial| entry(serial)).collect();
    build(&entries).unwrap()
}

/// Makes the checksum right again, as only a faulty writer would.
fn sealed(mut segment: Vec<u8>) -> Vec<u8> {
    if segment[VERSION_AT..][..2] == VERSION_1.to_le_bytes() {
        let sum = directory::checksum(&segment).to_le_bytes();
        segment[CHECKSUM_AT..COMMON_OCTETS].copy_from_slice(&sum);
    } else {
        seal(&mut segment);
    }
    segment
}

fn forged(form: usize, change: impl Fn(&mut [u8])) -> Result<Segment, SegmentError> {
    let mut segment = forms()[form].clone();
    change(&mut segment);
    Segment::open(sealed(segment))
}

#[test]
fn each_form_is_what_it_is_taken_for() {
    let kinds = forms().map(|segment| (segment[8], segment[10], segment[11]));
    assert_eq!(
        kinds,
        [(2, 2, 8), (2, 2, 20), (2, 3, 8), (1, 1, 8), (1, 1, 20)]
    );
    // Their extra lines are what some tests are about.
    assert!(forms()[0][32] > 0 && forms()[1][32] > 0);
    for form in 0..5 {
        assert!(forged(form, |_| ()).is_ok());
    }
}

#[test]
fn a_directory_that_contradicts_itself_is_refused() {
    let refused = |form, at: usize, value: u8| {
        assert_eq!(
            forged(form, |bytes| {
                assert_ne!(bytes[at], value, "{form} {at}");
                bytes[at] = value;
            })
            .unwrap_err(),
            SegmentError::Directory,
            "{form} {at}"
        );
    };
    for version_1 in [3, 4] {
        refused(version_1, 32, 1);
        refused(version_1, 44, 0);
        refused(version_1, 36, 200);
    }
    for hashed in [0, 1] {
        // The first line's first record, the second line's, ends that fall or are too many, the header's rest.
        refused(hashed, LINE, 1);
        refused(hashed, 2 * LINE, 1);
        refused(hashed, LINE + 4, 200);
        refused(hashed, LINE + 11, 0);
        refused(hashed, LINE + 11, 113);
        refused(hashed, 36, 1);
        refused(hashed, 63, 1);
    }
    // A rank, a bit too many, the span, the header's rest.
    refused(2, LINE, 1);
    refused(2, 2 * LINE, 1);
    refused(2, LINE + 4, 0xff);
    refused(2, 53, 0);
    refused(2, 60, 1);
}

#[test]
fn an_extra_line_that_is_not_the_next_one_is_refused() {
    for form in [0, 1] {
        let changed = forged(form, |bytes| {
            let (lines, _) = bytes.as_chunks_mut::<LINE>();
            let line = lines[1..].iter_mut().find(|line| line[11] > 52).unwrap();
            assert_eq!(line[60..], [0; 4]);
            line[60] = 1;
        });
        assert_eq!(changed.unwrap_err(), SegmentError::Directory);
    }
}

#[test]
fn a_bit_behind_the_span_is_refused_though_the_ranks_agree() {
    let changed = forged(2, |bytes| {
        let lines = usize::from(bytes[LINES_AT]);
        let last = &mut bytes[lines * LINE..][..LINE];
        // One bit of the span moves behind it.
        let set = (4..LINE).find(|at| last[*at] != 0).unwrap();
        last[set] &= last[set] - 1;
        last[LINE - 1] |= 0x80;
    });
    assert_eq!(changed.unwrap_err(), SegmentError::Directory);
}

#[test]
fn a_header_of_huge_numbers_is_refused() {
    for form in 0..5 {
        for at in [COUNT_AT, LINES_AT, 32] {
            let changed = forged(form, |bytes| put_u32(bytes, at, u32::MAX));
            // The number at 32 is a form's own: a count, a part of the least serial, an offset.
            let own = at == 32 && form > 1;
            assert!(
                matches!(changed, Err(SegmentError::Length { .. })) || own,
                "{form} {at} {changed:?}"
            );
        }
    }
}

#[test]
fn segments_without_lines_are_refused() {
    for form in [0, 1, 2] {
        let mut segment = forms()[form][..LINE].to_vec();
        for at in [COUNT_AT, LINES_AT, 32] {
            put_u32(&mut segment, at, 0);
        }
        let opened = Segment::open(sealed(segment));
        assert_eq!(opened.unwrap_err(), SegmentError::Directory);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_forged_segment_is_refused_or_answers_without_a_panic(
        form in 0_usize..5,
        changes in proptest::collection::vec((8_usize..4_000, any::<u8>()), 1..4),
        header in any::<bool>(),
        asked in proptest::collection::vec(any::<u8>(), 0..24),
        packed in proptest::collection::vec(any::<u8>(), 160),
    ) {
        let opened = forged(form, |bytes| {
            for (at, value) in &changes {
                bytes[if header { 8 + at % 92 } else { *at }] = *value;
            }
        });
        if let Ok(segment) = opened {
            segment.lookup(&asked);
            for width in [1, 4, 5, 8, 20] {
                segment.lookup_batch(Packed::new(width, &packed).unwrap(), |_, _| ());
            }
            prop_assert!(segment.len() <= 4_000);
        }
    }
}
