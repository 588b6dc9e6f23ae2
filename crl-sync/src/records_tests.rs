use index::{BuildError, Segment};
use pki::{
    CrlError, RevocationReason, RevokedEntry, RevokedSink as _, SerialNumber, ShortEntry, UnixTime,
};

use super::Records;
use crate::outcome::SyncError;

fn entry(serial: &[u8], revoked_at: i64) -> RevokedEntry {
    RevokedEntry {
        serial: SerialNumber::from_unsigned_be(serial).unwrap(),
        revoked_at: UnixTime::from_secs(revoked_at),
        reason: RevocationReason::KeyCompromise,
    }
}

fn records(serials: &[&[u8]]) -> Records {
    let mut records = Records::default();
    for serial in serials {
        records.revoked(entry(serial, 1_700_000_000));
    }
    records
}

#[test]
fn serials_of_every_length_are_found_again_with_time_and_reason() {
    let serials: Vec<Vec<u8>> = (1..=20).map(|length| vec![0x7f; length]).collect();
    let serials: Vec<&[u8]> = serials.iter().map(Vec::as_slice).collect();
    let written = records(&serials).index().unwrap();
    let segment = Segment::open(written.serialised().clone()).unwrap();
    for serial in serials {
        let hit = segment.lookup(serial).unwrap();
        assert_eq!((hit.revoked_at, hit.reason), (1_700_000_000, 1));
    }
    assert!(segment.lookup(&[0x7e]).is_none());
}

#[test]
fn an_entry_with_a_short_serial_is_kept_or_left_out_as_any_other() {
    let (mut short, mut any) = (Records::default(), Records::default());
    for (number, reason) in [
        (1_u64, RevocationReason::Unspecified),
        (2, RevocationReason::RemoveFromCrl),
        (0x80, RevocationReason::KeyCompromise),
        (u64::MAX, RevocationReason::Superseded),
    ] {
        let entry = ShortEntry {
            serial: number.try_into().unwrap(),
            revoked_at: UnixTime::from_secs(1_700_000_000),
            reason,
        };
        short.short(entry);
        any.revoked(entry.into());
    }
    let (short, any) = (short.index().unwrap(), any.index().unwrap());
    assert_eq!(short.serialised(), any.serialised());
    assert_eq!(short.len(), 3);
    assert_eq!(short.lookup(&[0xff; 8]).map(|hit| hit.reason), Some(4));
}

#[test]
fn a_serial_that_occurs_twice_is_refused_wherever_it_stands() {
    let long = [9; 20];
    // So often that no line of an index takes them all.
    let mut often = vec![&[5_u8][..]; 500];
    often.push(&long);
    for (serials, expected) in [
        (&[&[1_u8][..], &[2], &[3]][..], 0),
        (&[&[3_u8][..], &[2], &[1]][..], 0),
        (&[&[1_u8][..], &[1], &[3]][..], 1),
        (&[&[1_u8][..], &[3], &[3]][..], 1),
        (&[&[1_u8][..], &[3], &[7; 8], &[3]][..], 1),
        (&[&[1_u8][..], &[2], &[1], &[1]][..], 2),
        (&[&long[..], &[1], &long][..], 1),
        (&[&long[..], &[1], &[1], &long][..], 2),
        (&often, 499),
    ] {
        let counted = match records(serials).index() {
            Ok(_) => 0,
            Err(SyncError::Verify(CrlError::DuplicateSerials { count })) => count,
            Err(error) => panic!("{error}"),
        };
        assert_eq!(counted, expected, "{serials:?}");
    }
}

#[test]
fn a_revocation_outside_of_what_an_index_can_say_is_refused() {
    for (revoked_at, fits) in [
        (-1, false),
        (0, true),
        (u32::MAX.into(), true),
        (1 << 32, false),
    ] {
        let mut records = records(&[&[1]]);
        records.revoked(entry(&[2], revoked_at));
        records.revoked(entry(&[3], -1));
        let position = if fits { 2 } else { 1 };
        let refused = records.index().unwrap_err();
        assert!(
            matches!(refused, SyncError::Build(BuildError::RevokedAt { position: at }) if at == position),
            "{revoked_at}: {refused}"
        );
    }
}
