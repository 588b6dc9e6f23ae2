//! Tests of what the walker keeps and refuses to keep.

use super::CrlWalker;
use super::tests::{same, walk, walk_as};
use crate::DerError;
use crate::crl::minted::{der, entry, extension, list, number};
use crate::crl::{CrlEntry, CrlError, CrlLimits, CrlProfile};
use crate::limits::{MAX_CRL_ENTRY_BYTES, MAX_CRL_FRAME_BYTES};

#[test]
fn lengths_of_gigabytes_cost_nothing() {
    let huge = [0x84, 0xff, 0xff, 0xff, 0xff];
    let walked = |octets: &[u8]| walk(octets, 1).unwrap_err();
    let limit = CrlLimits::default().max_bytes;
    let octets = 0x1_0000_0004 + 1;
    let whole = [&[0x30][..], &huge].concat();
    assert_eq!(walked(&whole), CrlError::TooLarge { octets, limit });
    // Within the list's own length, by a list that says it is as long as is allowed.
    let most = u32::try_from(limit - 6).unwrap().to_be_bytes();
    let list = [&[0x30, 0x84], most.as_slice()].concat();
    let signed = [
        &[0x30, 0x84][..],
        &(u32::try_from(limit - 12).unwrap()).to_be_bytes(),
    ]
    .concat();
    assert_eq!(walked(&list), DerError::Truncated.into());
    let beyond = [list.as_slice(), &[0x30], &huge].concat();
    assert_eq!(walked(&beyond), DerError::Truncated.into());
    let field = [0x02, 0x84, 0x40, 0, 0, 0];
    let field = [list, signed, field.to_vec()].concat();
    assert_eq!(walked(&field), CrlError::FrameTooLarge);
}

#[test]
fn an_entry_and_a_frame_are_kept_to_their_limits() {
    let serial = |octets: usize| same(&list(&[entry(&vec![1; octets], &[])], &[number()]).der());
    let around = entry(&[1; 0x1000], &[]).len() - 0x1000;
    assert!(serial(MAX_CRL_ENTRY_BYTES - around).is_ok());
    let position = 1;
    let octets = MAX_CRL_ENTRY_BYTES + 1;
    let refused = CrlError::EntryTooLarge { position, octets };
    assert_eq!(serial(octets - around), Err(refused));
    let frame = |octets: usize| {
        let unknown = extension(0x7f, false, &vec![0; octets]);
        let list = list(&[entry(&[1], &[])], &[unknown]);
        let entries = list.entries.as_ref().unwrap().len();
        let frame = list.signed().len() - 5 - entries + list.outer.len() + list.signature.len();
        (frame, same(&list.der()))
    };
    let (around, _) = frame(0xf000);
    let most = 0xf000 + MAX_CRL_FRAME_BYTES - around;
    let (octets, read) = frame(most - 1);
    assert!(read.is_ok(), "{octets} {read:?}");
    let (octets, read) = frame(most + 1);
    assert_eq!(read, Err(CrlError::FrameTooLarge), "{octets}");
}

#[test]
fn limits_on_size_and_entries_hold() {
    let der = list(&[entry(&[1], &[]), entry(&[2], &[])], &[number()]).der();
    let octets = u64::try_from(der.len()).unwrap();
    let within = |max_bytes, max_entries| {
        let limits = CrlLimits {
            max_bytes,
            max_entries,
        };
        walk_as(&der, 5, CrlProfile::Rfc5280, &limits).map(|(_, entries)| entries.len())
    };
    assert_eq!(within(octets, 2), Ok(2));
    let limit = octets - 1;
    assert_eq!(within(limit, 2), Err(CrlError::TooLarge { octets, limit }));
    assert_eq!(
        within(octets, 1),
        Err(CrlError::TooManyEntries { limit: 1 })
    );
    // What never ends is given up where the largest list would.
    let longer = [der.as_slice(), &[0; 100]].concat();
    let limits = CrlLimits {
        max_bytes: octets + 40,
        max_entries: 2,
    };
    for chunk in [1, 30, 1_000] {
        let walked = walk_as(&longer, chunk, CrlProfile::Rfc5280, &limits);
        let trailing = DerError::TrailingBytes { octets: 41 };
        assert_eq!(walked.unwrap_err(), CrlError::Der(trailing));
    }
}

/// Walks a list of this many entries of this size that never is in memory: its octets, and the most
/// that the walker had room for.
fn walk_large(count: u64, padding: usize) -> (u64, usize) {
    let padding = match padding {
        0 => Vec::new(),
        octets => vec![extension(0x7f, false, &vec![0; octets])],
    };
    let entry_of = |serial: u64| entry(&(serial | 1 << 40).to_be_bytes()[2..], &padding);
    let each = u64::try_from(entry_of(0).len()).unwrap();
    let around = list(&[], &[]);
    let fields = [
        &around.version,
        &around.inner,
        &around.issuer,
        &around.times,
    ];
    let fields: Vec<u8> = fields.into_iter().flatten().copied().collect();
    let extensions = der(0xa0, &der(0x30, &number()));
    let outer = [around.outer, around.signature].concat();
    let header = |length: u64| {
        let length = u32::try_from(length).unwrap().to_be_bytes();
        [&[0x30, 0x84], length.as_slice()].concat()
    };
    let octets = |parts: &[&[u8]]| u64::try_from(parts.concat().len()).unwrap();
    let signed = octets(&[&fields, &extensions]) + 6 + count * each;
    let mut walker = CrlWalker::new(CrlProfile::Rfc5280, &CrlLimits::default());
    let (mut seen, mut most) = (0_u64, 0);
    let mut push = |octets: &[u8]| {
        for chunk in octets.chunks(16 * 1024 - 1) {
            walker
                .push(chunk, &mut |_: &CrlEntry<'_>| seen += 1)
                .unwrap();
            most = most.max(walker.buffered());
        }
    };
    push(&header(signed + 6 + octets(&[&outer])));
    push(&header(signed));
    push(&fields);
    push(&header(count * each));
    for serials in (0..count).collect::<Vec<_>>().chunks(1_000) {
        push(
            &serials
                .iter()
                .copied()
                .flat_map(entry_of)
                .collect::<Vec<_>>(),
        );
    }
    push(&extensions);
    push(&outer);
    let end = walker.finish().unwrap();
    assert_eq!((end.entry_count(), seen), (count, count));
    (end.octets(), most)
}

#[test]
fn a_million_small_entries_pass_through_a_small_buffer() {
    let (octets, most) = walk_large(1_000_000, 0);
    assert!(octets > 25_000_000, "{octets}");
    // The frame of this list, an entry, and no more.
    assert!(most < 2 * 1024, "{most}");
}

#[test]
fn a_hundred_megabytes_pass_through_a_buffer_of_one_entry() {
    let (octets, most) = walk_large(7_000, 15_000);
    assert!(octets > 100_000_000, "{octets}");
    assert!(most < MAX_CRL_ENTRY_BYTES + 2 * 1024, "{most}");
}
