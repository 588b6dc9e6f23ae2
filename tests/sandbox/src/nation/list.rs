//! Writing a list of any length: its entries pass through one buffer, are hashed on the way, and are never held.

use std::io::{self, Write};

use aws_lc_rs::digest::{Context, SHA256};
use pki::UnixTime;

use super::numbers::{REVOKED_BEFORE, REVOKED_WITHIN, Revoked};
use crate::der;
use crate::mint::{CrlSpec, Extension, RsaKey};

/// What is hashed and written at once.
const PIECE: usize = 256 * 1024;
const DAY: i64 = 86_400;

/// Writes entries; what is the same in all of them, and the days, are written once.
pub(super) struct Entries {
    /// The extensions of an entry; the last octet is the reason.
    extensions: Vec<u8>,
    /// `YYMMDD` of each day.
    days: Vec<[u8; 6]>,
    first_day: i64,
}

impl Entries {
    pub(super) fn new() -> Self {
        let first_day = (REVOKED_BEFORE - REVOKED_WITHIN).div_euclid(DAY);
        let last_day = REVOKED_BEFORE.div_euclid(DAY);
        let digits = |day: i64| {
            let time = der::utc_time(UnixTime::from_secs(day * DAY));
            let mut digits = [0; 6];
            digits.copy_from_slice(&time[2..8]);
            digits
        };
        Self {
            extensions: extensions(0),
            days: (first_day..=last_day).map(digits).collect(),
            first_day,
        }
    }

    /// Octets of an entry.
    fn length(&self, entry: &Revoked) -> usize {
        // The entry, its serial number and its time each have a tag and a length of one octet.
        2 + (2 + integer(entry.serial()).1) + (2 + 13) + self.extensions.len()
    }

    fn push(&self, entry: &Revoked, out: &mut Vec<u8>) {
        let short = |length: usize| u8::try_from(length).unwrap_or(u8::MAX);
        let (minimal, length) = integer(entry.serial());
        out.extend([0x30, short(self.length(entry) - 2), 0x02, short(length)]);
        if length > minimal.len() {
            out.push(0);
        }
        out.extend_from_slice(minimal);
        out.extend([0x17, 13]);
        self.push_time(entry.revoked_at, out);
        let end = self.extensions.len() - 1;
        out.extend_from_slice(&self.extensions[..end]);
        out.push(entry.reason);
    }

    fn push_time(&self, at: i64, out: &mut Vec<u8>) {
        let day = usize::try_from(at.div_euclid(DAY) - self.first_day).unwrap_or(0);
        out.extend_from_slice(self.days.get(day).unwrap_or(&self.days[0]));
        let seconds = at.rem_euclid(DAY);
        for part in [seconds / 3_600, seconds / 60 % 60, seconds % 60] {
            let part = u8::try_from(part).unwrap_or(0);
            out.extend([b'0' + part / 10, b'0' + part % 10]);
        }
        out.push(b'Z');
    }
}

/// The most octets that an entry with a serial number of so many takes.
pub(super) fn most_octets(serial: usize) -> usize {
    2 + (2 + serial + 1) + (2 + 13) + extensions(0).len()
}

fn extensions(reason: u8) -> Vec<u8> {
    der::sequence([Extension::reason(reason).to_der()])
}

/// The octets of an INTEGER without the zero that keeps it from being negative, and how many they are with it.
fn integer(serial: &[u8]) -> (&[u8], usize) {
    let start = serial.iter().position(|octet| *octet != 0);
    let minimal = &serial[start.unwrap_or(serial.len().saturating_sub(1))..];
    let is_negative = minimal.first().is_some_and(|octet| *octet >= 0x80);
    (minimal, minimal.len() + usize::from(is_negative))
}

/// Writes a list with these entries, signed by a key. `spec` has everything else and no entries.
pub(super) fn write(
    out: impl Write,
    spec: &CrlSpec,
    key: &RsaKey,
    writer: &Entries,
    entries: impl Iterator<Item = Revoked> + Clone,
    told: impl Fn(usize),
) -> io::Result<()> {
    // Every length stands before what it is the length of, so the entries are walked over twice.
    let octets: usize = entries.clone().map(|entry| writer.length(&entry)).sum();
    let entries_header = if octets == 0 {
        // RFC 5280 section 5.1.2.6: no list is written where there is no entry.
        Vec::new()
    } else {
        der::header(0x30, octets)
    };
    let (before, after) = (spec.before_entries(), spec.after_entries());
    let signed = before.len() + entries_header.len() + octets + after.len();
    let signed_header = der::header(0x30, signed);
    let signature_octets = der::bit_string(&vec![0; key.signature_octets()]).len();
    let whole = signed_header.len() + signed + spec.outer_algorithm.len() + signature_octets;

    let mut out = Hashed::new(out, told);
    out.unsigned(&der::header(0x30, whole))?;
    let mut buffer = der::concat([signed_header, before, entries_header]);
    for entry in entries {
        writer.push(&entry, &mut buffer);
        if buffer.len() >= PIECE {
            out.signed(&buffer)?;
            buffer.clear();
        }
    }
    buffer.extend_from_slice(&after);
    out.signed(&buffer)?;
    let signature = der::bit_string(&key.sign_digest(&out.digest()));
    out.unsigned(&der::concat([&spec.outer_algorithm, &signature]))?;
    out.out.flush()
}

/// Hashes what is signed while it is written.
struct Hashed<W, F> {
    out: W,
    context: Context,
    told: F,
}

impl<W: Write, F: Fn(usize)> Hashed<W, F> {
    fn new(out: W, told: F) -> Self {
        Self {
            out,
            context: Context::new(&SHA256),
            told,
        }
    }

    fn signed(&mut self, octets: &[u8]) -> io::Result<()> {
        self.context.update(octets);
        self.unsigned(octets)
    }

    fn unsigned(&mut self, octets: &[u8]) -> io::Result<()> {
        (self.told)(octets.len());
        self.out.write_all(octets)
    }

    fn digest(&self) -> [u8; 32] {
        let mut digest = [0; 32];
        digest.copy_from_slice(self.context.clone().finish().as_ref());
        digest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mint::{CaKind, CrlEntry, sha256};
    use crate::nation::numbers::{Numbers, Serials};

    #[test]
    fn a_list_has_the_octets_that_the_writer_of_small_ones_gives_it() {
        let key = RsaKey::generate().unwrap();
        let at = UnixTime::from_secs(REVOKED_BEFORE + 86_400);
        let kind = CaKind::UserAuthentication;
        let spec = CrlSpec::full(kind, &key, 7, at, at.plus_secs(DAY));
        for serials in [Serials::Dense, Serials::Sparse8, Serials::Wide20] {
            for revoked in [0, 1, 20_000] {
                let numbers = Numbers::new(kind, serials, 3, revoked, 1);
                let entries = (0..revoked).map(|place| numbers.at(place));
                let mut whole = spec.clone();
                whole.entries = entries
                    .clone()
                    .map(|entry| CrlEntry {
                        serial: der::unsigned_integer(entry.serial()),
                        revoked_at: UnixTime::from_secs(entry.revoked_at),
                        extensions: vec![Extension::reason(entry.reason)],
                    })
                    .collect();
                let mut streamed = Vec::new();
                write(&mut streamed, &spec, &key, &Entries::new(), entries, |_| {}).unwrap();
                assert_eq!(sha256(&streamed), sha256(&whole.sign(&key)), "{serials:?}");
            }
        }
    }
}
