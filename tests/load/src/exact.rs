//! Whether the index says what the list says, by another reader of lists: rustls-webpki, which shares nothing with ours.

use std::collections::HashSet;

use anyhow::{Context as _, Result, anyhow, ensure};
use index::{Hit, Packed, Segment};
use pki::{
    CertificationAuthority, CrlLimits, CrlSigner, CrlStream, CrossCheck, UnixTime, Verifier,
};
use sandbox::der;
use sandbox::mint::{Authority, CaKind, CrlEntry, CrlSpec, Extension};
use webpki::BorrowedCertRevocationList;

use crate::index_serials::{Kind, details};
use crate::list_source::Entries;

/// When the lists are issued; nothing here judges it.
const THIS_UPDATE: UnixTime = UnixTime::from_secs(1_767_225_600);
/// What a list is read in.
const PIECE: usize = 64 * 1024;
/// Serial numbers in one batch.
const BATCH: usize = 1_000;

/// A list with many entries.
pub struct MintedList {
    kind: Kind,
    revoked: u64,
    der: Vec<u8>,
    authority: CertificationAuthority,
}

impl MintedList {
    /// Mints a full list with so many entries.
    ///
    /// # Errors
    /// When keys cannot be made.
    pub fn new(kind: Kind, revoked: u64) -> Result<Self> {
        let mut issuer = Authority::new(CaKind::UserAuthentication);
        issuer.add_generation(THIS_UPDATE.plus_secs(-86_400))?;
        let key = &issuer.newest().key;
        let next_update = THIS_UPDATE.plus_secs(86_400);
        let mut list = CrlSpec::full(issuer.kind, key, 1, THIS_UPDATE, next_update);
        let mut serial = vec![0; kind.octets()];
        for place in 0..revoked {
            kind.revoked(place, &mut serial);
            let (revoked_at, reason) = details(place);
            list.entries.push(CrlEntry {
                serial: der::unsigned_integer(&serial),
                revoked_at: UnixTime::from_secs(revoked_at),
                // RFC 5280 section 5.3.1: unspecified is said by saying nothing.
                extensions: (reason != 0)
                    .then(|| Extension::reason(reason))
                    .into_iter()
                    .collect(),
            });
        }
        Ok(Self {
            kind,
            revoked,
            der: list.sign(key),
            authority: issuer.trusted(CrlSigner::NewestKey),
        })
    }

    /// How long it is.
    pub fn octets(&self) -> usize {
        self.der.len()
    }

    /// Compares every entry, and so many serial numbers that are none.
    ///
    /// # Errors
    /// When one reader refuses the list, or at the first difference.
    pub fn compare(&self, others: u64) -> Result<()> {
        let segment = self.index()?;
        let width = self.kind.octets();
        let list = BorrowedCertRevocationList::from_der(&self.der)
            .map_err(|error| anyhow!("rustls-webpki refuses the list: {error}"))?;
        let mut theirs = HashSet::new();
        let (mut serials, mut expected) = (Vec::new(), Vec::new());
        for entry in &list {
            let entry = entry.map_err(|error| anyhow!("rustls-webpki: {error}"))?;
            let mut serial = [0; 20];
            let minimal = without_zeros(entry.serial_number);
            serial[20 - minimal.len()..].copy_from_slice(minimal);
            serials.extend_from_slice(&serial[20 - width..]);
            expected.push(Some(Hit {
                revoked_at: i64::try_from(entry.revocation_date.as_secs())?,
                reason: entry.reason_code.map_or(0, |reason| reason as u8),
            }));
            ensure!(theirs.insert(serial), "one serial number twice");
            if expected.len() == BATCH {
                same(&segment, width, &mut serials, &mut expected)?;
            }
        }
        same(&segment, width, &mut serials, &mut expected)?;
        ensure!(theirs.len() as u64 == self.revoked, "entries are missing");
        let mut other = vec![0; width];
        for place in 0..others {
            self.kind.other(place, self.revoked, &mut other);
            let mut serial = [0; 20];
            serial[20 - width..].copy_from_slice(&other);
            ensure!(
                !theirs.contains(&serial),
                "the test's own mistake at {place}"
            );
            serials.extend_from_slice(&other);
            expected.push(None);
            if expected.len() == BATCH {
                same(&segment, width, &mut serials, &mut expected)?;
            }
        }
        same(&segment, width, &mut serials, &mut expected)
    }

    /// As crl-sync does it: verified and indexed in pieces.
    fn index(&self) -> Result<Segment> {
        let mut stream = CrlStream::into_sink(&CrlLimits::default(), Entries::default());
        for piece in self.der.chunks(PIECE) {
            stream.push(piece)?;
        }
        let verifier = Verifier::new(CrossCheck::All);
        let (facts, entries) = stream.finish_into_sink(&self.authority, &verifier)?;
        ensure!(facts.entry_count == self.revoked, "entries were lost");
        let written = entries.finish()?;
        Segment::open(written.serialised().clone()).context("opening the segment")
    }
}

/// A number without zeros in front.
fn without_zeros(octets: &[u8]) -> &[u8] {
    let start = octets.iter().position(|octet| *octet != 0);
    &octets[start.unwrap_or(octets.len())..]
}

/// Looks a batch up, one by one and together, and empties it.
fn same(
    segment: &Segment,
    width: usize,
    serials: &mut Vec<u8>,
    expected: &mut Vec<Option<Hit>>,
) -> Result<()> {
    let mut together = vec![None; expected.len()];
    segment.lookup_batch(Packed::new(width, serials)?, |position, hit| {
        together[position] = Some(hit);
    });
    ensure!(together == *expected, "a batch has another answer");
    for (serial, expected) in serials.chunks_exact(width).zip(expected.iter()) {
        ensure!(
            segment.lookup(without_zeros(serial)) == *expected,
            "a lookup has another answer"
        );
    }
    serials.clear();
    expected.clear();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_thousand_entries_of_every_kind_are_indexed_as_webpki_reads_them() {
        for kind in Kind::ALL {
            let list = MintedList::new(kind, 100_000).unwrap();
            list.compare(300_000).unwrap();
        }
    }

    #[test]
    fn a_difference_is_noticed() {
        let segment = Kind::Narrow.segment(10).unwrap();
        let mut serial = vec![0; 8];
        let hit = |place| {
            let (revoked_at, reason) = details(place);
            Some(Hit { revoked_at, reason })
        };
        for (place, expected, is_same) in [
            (3, hit(3), true),
            (3, hit(4), false),
            (3, None, false),
            (10, hit(10), false),
        ] {
            Kind::Narrow.revoked(place, &mut serial);
            let compared = same(&segment, 8, &mut serial.clone(), &mut vec![expected]);
            assert_eq!(compared.is_ok(), is_same, "{place}");
        }
    }
}
