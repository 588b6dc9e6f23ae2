use proptest::prelude::*;

use super::find_in_each;
use crate::segment::tests::forms;
use crate::{Builder, Segment};

/// The positions by [`Segment::lookup`], one after the other.
fn one_by_one(segments: &[Segment], serial: &[u8]) -> Vec<usize> {
    (0..segments.len())
        .filter(|position| segments[*position].lookup(serial).is_some())
        .collect()
}

fn together(segments: &[Segment], serial: &[u8]) -> Vec<usize> {
    let mut found = Vec::new();
    find_in_each(segments, serial, |position| found.push(position));
    found
}

fn segment(serials: &[Vec<u8>]) -> Segment {
    let mut builder = Builder::new();
    for serial in serials {
        builder.push(serial, 1_000, 1).unwrap();
    }
    builder.finish_segment().unwrap()
}

#[test]
fn segments_of_every_form_are_searched_and_none_is_an_empty_answer() {
    let forms = forms().map(|form| Segment::open(form).unwrap());
    // More than a block of them, each form many times.
    let segments: Vec<_> = forms.iter().cycle().take(333).cloned().collect();
    let mut asked = vec![
        vec![],
        vec![0],
        vec![1],
        vec![0xff; 20],
        vec![1; 21],
        vec![0; 25],
    ];
    for number in 1..=2_000_u64 {
        let spread = (crate::serial::mix(number) | 1 << 63).to_be_bytes();
        asked.push(spread.to_vec());
        asked.push([&[9; 12][..], &spread].concat());
        asked.push((70_000 + number).to_be_bytes().to_vec());
    }
    let mut hits = 0;
    for serial in &asked {
        let expected = one_by_one(&segments, serial);
        hits += expected.len();
        assert_eq!(together(&segments, serial), expected, "{serial:02x?}");
    }
    // A third of those near the dense one's, and all of the others, in their form's share of the segments.
    assert!(hits > 2_000 * 2 * 66 + 600 * 66, "{hits}");
    assert_eq!(together(&[], &[1]), [0_usize; 0]);
}

#[test]
fn leading_zeros_do_not_matter_and_nothing_is_cut_off() {
    let segments = [segment(&[vec![7]]), segment(&[vec![1; 20]])];
    assert_eq!(together(&segments, &[0, 0, 7]), [0]);
    assert_eq!(together(&segments, &[&[0; 20][..], &[7]].concat()), [0]);
    assert_eq!(together(&segments, &[&[0][..], &[1; 20]].concat()), [1]);
    assert_eq!(
        together(&segments, &[&[9][..], &[1; 20]].concat()),
        [0_usize; 0]
    );
}

proptest! {
    #[test]
    fn what_is_found_together_is_what_is_found_one_by_one(
        lists in proptest::collection::vec(
            proptest::collection::btree_set(
                prop_oneof![
                    (1_u64..200).prop_map(|number| number.to_be_bytes().to_vec()),
                    any::<[u8; 8]>().prop_map(|octets| octets.to_vec()),
                    any::<[u8; 20]>().prop_map(|octets| octets.to_vec()),
                ],
                0..40,
            ),
            0..150,
        ),
        others in proptest::collection::vec(1_u64..200, 1..20),
    ) {
        let minimal = |serial: &Vec<u8>| {
            let zeros = serial.iter().take_while(|octet| **octet == 0).count();
            serial[zeros..].to_vec()
        };
        let lists: Vec<std::collections::BTreeSet<Vec<u8>>> = lists
            .iter()
            .map(|list| list.iter().map(minimal).filter(|serial| !serial.is_empty()).collect())
            .collect();
        let segments: Vec<_> = lists
            .iter()
            .map(|list| segment(&list.iter().cloned().collect::<Vec<_>>()))
            .collect();
        let others = others.iter().map(|number| number.to_be_bytes().to_vec());
        for serial in lists.iter().flatten().cloned().chain(others) {
            prop_assert_eq!(together(&segments, &serial), one_by_one(&segments, &serial));
        }
    }
}
