//! A list in memory.

use crate::crl::entry::{CrlEntry, EntryReader, Kind};
use crate::crl::header::{CrlHeader, Head, ListExtensions};
use crate::crl::{CrlError, CrlProfile, duplicates};
use crate::der::{Reader, SEQUENCE, whole_sequence};
use crate::limits::{MAX_CRL_BYTES, MAX_CRL_ENTRIES, MAX_CRL_FRAME_BYTES};

/// A revocation list of any kind that RFC 5280 section 5 knows, as it was read; nothing about it is
/// proven.
#[derive(Clone)]
pub struct Crl<'a> {
    pub(crate) signed: &'a [u8],
    pub(crate) signature: &'a [u8],
    pub(crate) header: CrlHeader,
    /// Everything behind the signed part, and how many octets the list has.
    pub(super) outer: &'a [u8],
    pub(super) octets: u64,
    /// Contents of `revokedCertificates`, not looked at yet.
    pub(super) entries: Option<&'a [u8]>,
}

impl<'a> Crl<'a> {
    /// Reads a list's DER as RFC 5280 has it, without its entries.
    pub fn read(der: &'a [u8]) -> Result<Self, CrlError> {
        let octets = u64::try_from(der.len()).unwrap_or(u64::MAX);
        let limit = MAX_CRL_BYTES;
        if octets > limit {
            return Err(CrlError::TooLarge { octets, limit });
        }
        Self::read_as(der, CrlProfile::Rfc5280)
    }

    /// Reads a list's DER by the rules of a profile, without its entries.
    pub(crate) fn read_as(der: &'a [u8], profile: CrlProfile) -> Result<Self, CrlError> {
        let mut list = whole_sequence(der)?;
        let signed = list.expect(SEQUENCE)?;
        let outer_octets = list.remaining();
        let outer = &der[der.len() - outer_octets..];
        let (outer_algorithm, signature) = read_outer(list)?;
        let mut tbs = Reader::new(signed.contents);
        let head = Head::read(&mut tbs, Some(outer_algorithm), profile)?;
        let entries = tbs.optional(SEQUENCE)?;
        let entries_octets = entries.map_or(0, |element| element.raw.len());
        check_frame(signed.contents.len() - entries_octets + outer_octets)?;
        let entries = entries.map(|element| element.contents);
        if entries.is_some_and(<[u8]>::is_empty) {
            return Err(CrlError::EmptyEntries);
        }
        let extensions = ListExtensions::read(tbs, head.version, profile)?;
        Ok(Self {
            signed: signed.raw,
            signature,
            outer,
            octets: u64::try_from(der.len()).unwrap_or(u64::MAX),
            header: CrlHeader::new(head, extensions),
            entries,
        })
    }

    /// What it says about itself.
    pub const fn header(&self) -> &CrlHeader {
        &self.header
    }

    /// `TBSCertList` in DER: the octets that are signed.
    pub const fn signed(&self) -> &'a [u8] {
        self.signed
    }

    /// The signature's octets.
    pub const fn signature(&self) -> &'a [u8] {
        self.signature
    }

    /// Its entries, each read when it is asked for. The list may be used for nothing unless all of
    /// them are read without an error: the last may hold a critical extension that nobody knows
    /// (RFC 5280 section 5.3).
    pub fn entries(&self) -> CrlEntries<'a> {
        self.entries_as(CrlProfile::Rfc5280, MAX_CRL_ENTRIES)
    }

    /// All its entries: the list is refused if one of them is, or if two are about one certificate.
    pub fn all_entries(&self) -> Result<Vec<CrlEntry<'a>>, CrlError> {
        let entries = self.entries().collect::<Result<Vec<_>, _>>()?;
        duplicates::check_entries(&entries, &self.header.canonical_issuer)?;
        Ok(entries)
    }

    /// Its entries by the rules of a profile, at most so many.
    pub(crate) fn entries_as(&self, profile: CrlProfile, limit: u64) -> CrlEntries<'a> {
        let mut reader = EntryReader::new(profile, self.header.version, limit);
        reader.is_delta = Kind::from(self.header.is_delta());
        reader.is_indirect = Kind::from(self.header.is_indirect());
        CrlEntries {
            list: Reader::new(self.entries.unwrap_or_default()),
            reader,
        }
    }
}

/// Its octets are left out: they hold serials.
impl std::fmt::Debug for Crl<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Crl")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

/// What follows the signed part: the algorithm's `AlgorithmIdentifier`, and the signature's octets.
pub(super) fn read_outer(mut list: Reader<'_>) -> Result<(&[u8], &[u8]), CrlError> {
    let algorithm = list.expect(SEQUENCE)?.raw;
    let signature = list.octet_aligned_bits()?;
    list.finish()?;
    Ok((algorithm, signature))
}

/// Whether all of a list but its entries has a size that is read.
pub(super) fn check_frame(octets: usize) -> Result<(), CrlError> {
    if octets > MAX_CRL_FRAME_BYTES {
        return Err(CrlError::FrameTooLarge);
    }
    Ok(())
}

/// The entries of a [`Crl`], in their order. It ends behind the first error.
#[derive(Clone)]
pub struct CrlEntries<'a> {
    list: Reader<'a>,
    reader: EntryReader,
}

impl<'a> CrlEntries<'a> {
    fn read(&mut self, tag: u8) -> Result<CrlEntry<'a>, CrlError> {
        self.reader.begin(tag)?;
        let element = self.list.expect(SEQUENCE);
        let element = element.map_err(|error| self.reader.malformed(error))?;
        self.reader.check_size(element.raw.len())?;
        self.reader.read(Reader::new(element.contents))
    }
}

impl<'a> Iterator for CrlEntries<'a> {
    type Item = Result<CrlEntry<'a>, CrlError>;

    fn next(&mut self) -> Option<Self::Item> {
        let tag = self.list.peek()?;
        let entry = self.read(tag);
        if entry.is_err() {
            self.list = Reader::new(&[]);
        }
        Some(entry)
    }
}

impl std::fmt::Debug for CrlEntries<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("CrlEntries")
    }
}

#[cfg(test)]
mod tests;
