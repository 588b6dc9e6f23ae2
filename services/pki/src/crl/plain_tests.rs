//! Entries at a glance against the general reader.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{CrlEntry, WINDOW, plain_entry, short_entry};
use crate::crl::entry::EntryReader;
use crate::crl::minted::{der, entry_at, extension, reason};
use crate::crl::{CrlError, CrlProfile};
use crate::der::Reader;

/// What the general reader makes of the entry at the front, and how many octets it has.
fn general(octets: &[u8], profile: CrlProfile) -> Result<(CrlEntry<'_>, usize), CrlError> {
    let mut reader = EntryReader::new(profile, 2, u64::MAX);
    reader.is_delta = crate::crl::entry::Kind::No;
    reader.is_indirect = crate::crl::entry::Kind::No;
    let tag = octets.first().copied().unwrap_or(0);
    reader.begin(tag)?;
    let element = Reader::new(octets).element();
    let element = element.map_err(|error| reader.malformed(error))?;
    let entry = reader.read(Reader::new(element.contents))?;
    Ok((entry, element.raw.len()))
}

/// An entry with a short serial is what any plain entry with one is, whatever stands behind it.
fn short_agrees(octets: &[u8]) {
    for behind in [0, 0x30, 0xff] {
        let mut window = [behind; WINDOW];
        let length = octets.len().min(WINDOW);
        window[..length].copy_from_slice(&octets[..length]);
        let expected = plain_entry(&window).filter(|(entry, _)| {
            let zeros = entry.serial.iter().take_while(|octet| **octet == 0);
            entry.serial.len() - zeros.count() <= 8
        });
        let short = short_entry(&window);
        let as_entry = short.map(|(short, contents, octets)| {
            let number = short.serial.get().to_be_bytes();
            let serial = [&[0], &number[..]].concat();
            assert!(serial.ends_with(contents), "{contents:?} are {number:?}");
            let zeros = serial.len() - contents.len();
            assert!(serial[..zeros].iter().all(|octet| *octet == 0));
            let entry = CrlEntry {
                serial: contents,
                revoked_at: short.revoked_at,
                reason: short.reason,
                invalidity_date: None,
                certificate_issuer: None,
            };
            (entry, octets)
        });
        assert_eq!(as_entry, expected);
    }
}

/// What is recognised is what the general reader reads, by every profile.
fn agree(octets: &[u8]) -> bool {
    short_agrees(octets);
    let Some(plain) = plain_entry(octets) else {
        return false;
    };
    for profile in [CrlProfile::Rfc5280, CrlProfile::Jpki, CrlProfile::JpkiDelta] {
        assert_eq!(general(octets, profile).as_ref(), Ok(&plain), "{profile:?}");
    }
    true
}

/// A serial, a time, a reason: mostly such as lists have.
fn entries() -> impl Strategy<Value = Vec<u8>> {
    let serial = prop_oneof![vec(any::<u8>(), 0..24), vec(0..=2_u8, 0..4)];
    let digits = prop_oneof![
        8 => (0..100, 1..=12, 1..=31, 0..24, 0..60, 0..60).prop_map(
            |(year, month, day, hour, minute, second)| {
                format!("{year:02}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z").into_bytes()
            }
        ),
        1 => "[0-9]{12}Z".prop_map(String::into_bytes),
        1 => "[0-9:/]{10,14}[Z0-9+]".prop_map(String::into_bytes),
    ];
    let tag = prop_oneof![8 => Just(0x17_u8), 1 => Just(0x18), 1 => any::<u8>()];
    let extensions = prop_oneof![
        Just(Vec::new()),
        (0..12_u8).prop_map(|code| vec![reason(code)]),
        (0..12_u8).prop_map(|code| vec![reason(code), extension(0x63, false, &[5, 0])]),
    ];
    (serial, tag, digits, extensions).prop_map(|(serial, tag, digits, extensions)| {
        entry_at(&serial, &der(tag, &digits), &extensions)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_096))]

    #[test]
    fn what_is_recognised_is_what_the_general_reader_reads(
        mut octets in entries(),
        behind in vec(any::<u8>(), 0..4),
    ) {
        octets.extend(behind);
        agree(&octets);
    }

    #[test]
    fn so_it_is_with_octets_changed(
        mut octets in entries(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..3),
        cut in any::<prop::sample::Index>(),
        is_cut: bool,
    ) {
        for (at, octet) in changes {
            let at = at.index(octets.len());
            octets[at] = octet;
        }
        if is_cut {
            octets.truncate(cut.index(octets.len()));
        }
        agree(&octets);
    }
}

#[test]
fn every_octet_of_an_entry_in_every_value_is_judged_alike() {
    let time = der(0x17, b"240229235959Z");
    let mut recognised = 0;
    for entry in [
        entry_at(&[0x12, 0x34, 0x56, 0x78], &time, &[]),
        entry_at(&[0, 0x80, 1], &time, &[reason(1)]),
        entry_at(&[0, 0x80, 1, 2, 3, 4, 5, 6, 7], &time, &[reason(4)]),
        entry_at(&[0x7f; 20], &time, &[reason(0)]),
    ] {
        assert!(agree(&entry));
        for at in 0..entry.len() {
            for octet in 0..=u8::MAX {
                let mut changed = entry.clone();
                changed[at] = octet;
                recognised += usize::from(agree(&changed));
            }
        }
    }
    // All octets of the serials but the signs, and the days, hours, minutes and seconds there are.
    assert!(recognised > 25 * 256, "{recognised}");
}

#[test]
fn the_usual_entries_are_recognised_and_the_unusual_left() {
    let (utc, generalized) = (der(0x17, b"260101000000Z"), der(0x18, b"20500101000000Z"));
    let is_plain = |serial: &[u8], time: &[u8], extensions: &[Vec<u8>]| {
        plain_entry(&entry_at(serial, time, extensions)).is_some()
    };
    assert!(is_plain(&[1], &utc, &[]));
    assert!(is_plain(&[0x7f; 20], &utc, &[]));
    for code in [0, 1, 2, 3, 4, 5, 6, 9, 10] {
        assert!(is_plain(&[0, 0xff], &utc, &[reason(code)]), "{code}");
    }
    // Zero, a sign, a needless zero, more than 20 octets.
    for serial in [&[0][..], &[0x80, 1], &[0, 0x7f], &[1; 21], &[]] {
        assert!(!is_plain(serial, &utc, &[]), "{serial:?}");
    }
    assert!(!is_plain(&[1], &generalized, &[]));
    for code in [7, 8, 11] {
        assert!(!is_plain(&[1], &utc, &[reason(code)]), "{code}");
    }
    assert!(!is_plain(&[1], &utc, &[reason(1), reason(1)]));
}
