use super::Find;
use crate::{Builder, Segment};

/// A segment of so many serials, each a multiple of `step` and `octets` long.
fn segment(count: u64, step: u64, octets: usize) -> Vec<u8> {
    let mut builder = Builder::new();
    for number in 1..=count {
        let serial = serial(number * step, octets);
        let revoked_at = i64::try_from(number).unwrap();
        builder.push(&serial, revoked_at, 4).unwrap();
    }
    builder.finish().unwrap()
}

fn serial(number: u64, octets: usize) -> Vec<u8> {
    let mut serial = vec![0; octets - 8];
    if let Some(first) = serial.first_mut() {
        *first = 0x77;
    }
    serial.extend(number.to_be_bytes());
    serial
}

#[test]
fn in_pieces_of_any_length_a_serial_is_found_as_in_the_whole() {
    // Dense, hashed in 8 octets, hashed in 20 octets.
    for (count, step, octets) in [(2_000, 2, 8), (2_000, 1 << 40, 8), (1_000, 1 << 40, 20)] {
        let stored = segment(count, step, octets);
        let whole = Segment::open(stored.clone()).unwrap();
        for piece in [1, 61, 4_096, stored.len()] {
            for number in [1, 2, 3, step, step * 2, step * count, step * count + 1] {
                let asked = serial(number, octets);
                let mut find = Find::new(&asked);
                stored.chunks(piece).for_each(|it| find.push(it).unwrap());
                assert_eq!(find.finish().unwrap(), whole.lookup(&asked), "{number}");
            }
        }
    }
}

#[test]
fn a_segment_that_ends_early_or_late_proves_nothing() {
    let stored = segment(100, 1 << 40, 8);
    for octets in [&stored[..stored.len() - 1], &stored[..40], &[]] {
        let mut find = Find::new(&[1]);
        find.push(octets).unwrap();
        assert!(find.finish().is_err());
    }
    let mut find = Find::new(&[1]);
    let longer = [&stored[..], &[0; 16]].concat();
    assert!(find.push(&longer).and_then(|()| find.finish()).is_err());
}
