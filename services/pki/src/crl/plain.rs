//! Entries of the shape that nearly all have, read at a glance.
//!
//! A list has millions of entries and an entry rarely anything but a serial, a time and a reason. Such a one is
//! recognised octet by octet here and read without going through its elements. What is recognised,
//! [`EntryReader`](super::entry::EntryReader) reads to the same entry by every profile; all else, right or wrong, is not
//! for this to judge and is left to it. The reader in memory does not come by here, so the two are compared wherever a
//! test or a fuzzer compares a list in pieces with one in memory.

use std::num::NonZeroU64;

use crate::RevocationReason;
use crate::crl::{CrlEntry, ShortEntry};
use crate::der::{INTEGER, SEQUENCE, UTC_TIME};
use crate::time::utc_time;

/// Tags and lengths of an entry that holds a serial: two octets each.
const FRONT: usize = 4;
/// The length of a longer entry, and of one with a longer serial, is read elsewhere.
const LONGEST: usize = 0x7f;
const LONGEST_SERIAL: usize = 20;
/// `crlEntryExtensions` with nothing but a reasonCode (RFC 5280 section 5.3.1), up to its number.
const REASON_FRONT: [u8; 13] = [
    0x30, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55, 0x1d, 0x15, 0x04, 0x03, 0x0a, 0x01,
];

/// Octets of such extensions.
const REASON: usize = REASON_FRONT.len() + 1;
/// A UTCTime.
const TIME: usize = 15;
/// What stands behind a serial where a reason is given.
const BEHIND: usize = TIME + REASON;

/// Octets that hold every entry with a serial of at most 8 octets that [`short_entry`] reads.
pub(super) const WINDOW: usize = 48;
const _: () = assert!(FRONT + 9 + BEHIND <= WINDOW);

/// The entry at the front of these octets, if its serial has at most 8 octets (and a leading zero where the next octet
/// would be a sign) and [`plain_entry`] reads it too; with the contents of its serial, and how many octets it has.
///
/// All places are known from the serial's length, so nothing is searched for and nothing is copied.
#[expect(
    clippy::inline_always,
    reason = "called for each of millions of entries, from one place"
)]
#[inline(always)]
pub(super) fn short_entry(octets: &[u8; WINDOW]) -> Option<(ShortEntry, &[u8], usize)> {
    let [SEQUENCE, length, INTEGER, width, first, ..] = *octets else {
        return None;
    };
    let (length, width) = (usize::from(length), usize::from(width));
    let zeros = usize::from(first == 0);
    let significant = width.wrapping_sub(zeros);
    if !(1..=8).contains(&significant) {
        return None;
    }
    let word = u64::from_be_bytes(*octets.get(FRONT + zeros..)?.first_chunk()?);
    // X.690 section 8.3.2, as in `plain_entry`.
    if (word >> 63 == 1) != (zeros == 1) {
        return None;
    }
    let serial = word >> (64 - 8 * significant);
    let (contents, rest) = octets.get(FRONT..)?.split_at_checked(width)?;
    let (time, rest) = rest.split_first_chunk::<TIME>()?;
    let [UTC_TIME, 13, time @ ..] = time else {
        return None;
    };
    let (front, [code, ..]) = rest.split_first_chunk()? else {
        return None;
    };
    let reason = match (length + 2).wrapping_sub(FRONT + width) {
        // RFC 5280 section 5.3.1: absent is unspecified.
        TIME => RevocationReason::Unspecified,
        BEHIND if *front == REASON_FRONT => listed_reason(*code)?,
        _ => return None,
    };
    let entry = ShortEntry {
        serial: NonZeroU64::new(serial)?,
        revoked_at: utc_time(time)?,
        reason,
    };
    Some((entry, contents, length + 2))
}

/// A reason that every list may have.
#[inline]
fn listed_reason(code: u8) -> Option<RevocationReason> {
    match RevocationReason::from_code(code)? {
        // Only some lists may say so.
        RevocationReason::RemoveFromCrl => None,
        reason => Some(reason),
    }
}

/// The entry at the front of these octets, and how many of them it has. None if it does not end here, or may be anything
/// but an entry of a list of version 2 with a positive serial of at most 20 octets, a UTCTime, and no extension or a
/// reasonCode that every list may have.
#[inline(never)]
pub(super) fn plain_entry(octets: &[u8]) -> Option<(CrlEntry<'_>, usize)> {
    let [SEQUENCE, length, INTEGER, width] = *octets.first_chunk()? else {
        return None;
    };
    let (length, width) = (usize::from(length), usize::from(width));
    if length > LONGEST || width > LONGEST_SERIAL {
        return None;
    }
    let total = length + 2;
    let (serial, rest) = octets.get(FRONT..total)?.split_at_checked(width)?;
    match *serial {
        // X.690 section 8.3.2: a leading zero is there only where the next octet would be a sign.
        [0, 0x80..=0xff, ..] | [1..=0x7f, ..] => {}
        _ => return None,
    }
    let ([tag, digits, time @ ..], rest) = rest.split_first_chunk::<15>()?;
    if (*tag, usize::from(*digits)) != (UTC_TIME, time.len()) {
        return None;
    }
    let reason = match rest.split_first_chunk() {
        // RFC 5280 section 5.3.1: absent is unspecified.
        None if rest.is_empty() => RevocationReason::Unspecified,
        Some((&REASON_FRONT, [code])) => listed_reason(*code)?,
        _ => return None,
    };
    let entry = CrlEntry {
        serial,
        revoked_at: utc_time(time)?,
        reason,
        invalidity_date: None,
        certificate_issuer: None,
    };
    Some((entry, total))
}

#[cfg(test)]
#[path = "plain_tests.rs"]
mod tests;
