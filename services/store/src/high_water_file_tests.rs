use std::fs;

use super::{HighWaterFile, HighWaterFileError, ListSeries};
use crate::crl::{Feed, HighWater};

const KEY: (&[u8], &[u8]) = (&[1, 2, 3], &[]);

fn number(octets: &[u8], this_update: i64) -> HighWater {
    HighWater {
        crl_number: octets.to_vec(),
        this_update,
        crl_sha256: [octets.len().try_into().unwrap_or(u8::MAX); 32],
    }
}

fn feed(generation: u64, mark: i64) -> Feed {
    Feed {
        generation,
        mark,
        ..Feed::default()
    }
}

#[test]
fn what_was_saved_is_there_at_the_next_start_and_never_falls() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("state");
    let file = HighWaterFile::open(&folder, "role").unwrap();
    assert_eq!(file.highest(ListSeries::Lists, KEY), None);
    assert_eq!(file.newest_this_update(), None);
    file.raise(ListSeries::Lists, KEY, number(&[0xff], 10));
    file.raise(ListSeries::Deltas, KEY, number(&[2, 0], 12));
    file.raise(ListSeries::Lists, (&[1, 2, 3], &[9]), number(&[7], 11));
    file.save().unwrap();

    let again = HighWaterFile::open(&folder, "role").unwrap();
    let highest = |file: &HighWaterFile, series| file.highest(series, KEY).unwrap();
    assert_eq!(highest(&again, ListSeries::Lists), number(&[0xff], 10));
    assert_eq!(highest(&again, ListSeries::Deltas), number(&[2, 0], 12));
    assert_eq!(again.newest_this_update(), Some(12));
    // Lower in value though not in its first octet; then equal; then higher though shorter octets come first.
    again.raise(ListSeries::Lists, KEY, number(&[0xfe], 99));
    again.raise(ListSeries::Lists, KEY, number(&[0xff], 99));
    assert_eq!(highest(&again, ListSeries::Lists), number(&[0xff], 10));
    again.raise(ListSeries::Lists, KEY, number(&[1, 0], 13));
    again.save().unwrap();
    let third = HighWaterFile::open(&folder, "role").unwrap();
    assert_eq!(highest(&third, ListSeries::Lists), number(&[1, 0], 13));
    let other = HighWaterFile::open(&folder, "another-role").unwrap();
    assert_eq!(other.highest(ListSeries::Lists, KEY), None);
}

#[test]
fn a_generation_that_went_back_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = HighWaterFile::open(folder.path(), "role").unwrap();
    assert!(file.follow(&feed(5, 50)));
    assert!(file.follow(&feed(5, 50)));
    assert!(file.follow(&feed(6, 60)));
    file.save().unwrap();
    let again = HighWaterFile::open(folder.path(), "role").unwrap();
    assert!(!again.follow(&feed(5, 50)), "an older copy");
    assert!(again.follow(&feed(6, 61)));
    assert!(
        !again.follow(&feed(6, 62)),
        "another one of the same number"
    );
}

#[test]
fn a_damaged_file_refuses_the_start_whatever_octet_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let file = HighWaterFile::open(folder.path(), "role").unwrap();
    file.raise(ListSeries::Lists, KEY, number(&[4], 10));
    file.follow(&feed(1, 1));
    file.save().unwrap();
    let path = folder.path().join("role.high-water");
    let whole = fs::read(&path).unwrap();
    let is_damaged = |octets: &[u8]| {
        fs::write(&path, octets).unwrap();
        let opened = HighWaterFile::open(folder.path(), "role");
        matches!(opened, Err(HighWaterFileError::Damaged { .. }))
    };
    for place in 0..whole.len() {
        let mut octets = whole.clone();
        octets[place] ^= 1;
        assert!(is_damaged(&octets), "octet {place}");
        assert!(is_damaged(&whole[..place]), "cut off at {place}");
    }
    assert!(!is_damaged(&whole));
}

#[test]
fn a_file_that_cannot_be_written_leaves_the_one_before_and_is_written_later() {
    let folder = tempfile::tempdir().unwrap();
    let file = HighWaterFile::open(folder.path(), "role").unwrap();
    file.raise(ListSeries::Lists, KEY, number(&[4], 10));
    file.save().unwrap();
    file.raise(ListSeries::Lists, KEY, number(&[5], 11));
    // A folder stands where the new file is written first.
    let in_the_way = folder.path().join("role.high-water.new");
    fs::create_dir(&in_the_way).unwrap();
    assert!(file.save().is_err());
    let kept = HighWaterFile::open(folder.path(), "role").unwrap();
    assert_eq!(kept.highest(ListSeries::Lists, KEY), Some(number(&[4], 10)));
    fs::remove_dir(&in_the_way).unwrap();
    file.save().unwrap();
    let kept = HighWaterFile::open(folder.path(), "role").unwrap();
    assert_eq!(kept.highest(ListSeries::Lists, KEY), Some(number(&[5], 11)));
}
