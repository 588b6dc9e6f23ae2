//! One entry of a list (RFC 5280 section 5.3).
//!
//! A list has millions of them, so this reads the bytes directly and allocates nothing for an entry
//! that does not name an issuer.

use std::sync::Arc;

use crate::certificate::{ExtensionError, FoundIdentifier};
use crate::crl::header::time;
use crate::crl::{CrlError, CrlProfile};
use crate::der::{ENUMERATED, GENERALIZED_TIME, OCTET_STRING, Reader, SEQUENCE, check_strict};
use crate::distribution_point::{CanonicalGeneralName, general_names};
use crate::limits::{MAX_CRL_ENTRY_BYTES, MAX_EXTENSIONS};
use crate::time::from_der;
use crate::{DerError, RevocationReason, SerialNumber, UnixTime};

/// `id-ce-cRLReasons`, 2.5.29.21.
const REASON_CODE: &[u8] = &[0x55, 0x1d, 0x15];
/// `id-ce-invalidityDate`, 2.5.29.24.
const INVALIDITY_DATE: &[u8] = &[0x55, 0x1d, 0x18];
/// `id-ce-certificateIssuer`, 2.5.29.29.
const CERTIFICATE_ISSUER: &[u8] = &[0x55, 0x1d, 0x1d];

/// One entry of a list, as it was read.
#[derive(Clone, PartialEq, Eq)]
pub struct CrlEntry<'a> {
    /// Contents of the serial's INTEGER: its shortest form, of either sign.
    pub serial: &'a [u8],
    /// Since when.
    pub revoked_at: UnixTime,
    /// Why; *unspecified* if it does not say.
    pub reason: RevocationReason,
    /// Since when the certificate must be thought invalid.
    pub invalidity_date: Option<UnixTime>,
    /// Canonical name of the certificate's issuer, if it is not the list's: named by this entry or
    /// the last one before it that names one (RFC 5280 section 5.3.3).
    pub(crate) certificate_issuer: Option<Arc<[u8]>>,
}

impl CrlEntry<'_> {
    /// The canonical name of the certificate's issuer, given that of the list's.
    pub(crate) fn issuer<'b>(&'b self, crl_issuer: &'b [u8]) -> &'b [u8] {
        self.certificate_issuer.as_deref().unwrap_or(crl_issuer)
    }

    /// Whether an issuer was named for it, which only an indirect list does.
    pub const fn names_issuer(&self) -> bool {
        self.certificate_issuer.is_some()
    }
}

/// The serial and the issuer are left out: they can lead to a person.
impl std::fmt::Debug for CrlEntry<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("CrlEntry")
            .field("revoked_at", &self.revoked_at)
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

/// Whether a list is one in which an entry may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Yes,
    No,
    /// Its extensions, which say so, stand behind the entries and were not read yet.
    NotKnownYet,
}

impl From<bool> for Kind {
    fn from(known: bool) -> Self {
        if known { Self::Yes } else { Self::No }
    }
}

/// Reads the entries of one list in their order.
#[derive(Clone, Debug)]
pub(super) struct EntryReader {
    pub(super) profile: CrlProfile,
    pub(super) version: u8,
    pub(super) is_delta: Kind,
    pub(super) is_indirect: Kind,
    /// The most entries.
    pub(super) limit: u64,
    /// The position of the last entry, from 1; errors name entries by it.
    pub(super) position: u64,
    /// What the entry being read did that only some lists may do, and in which of its extensions.
    pub(super) first_removal: Option<(u64, usize)>,
    pub(super) first_issuer: Option<(u64, usize)>,
    issuer: Option<Arc<[u8]>>,
}

impl EntryReader {
    pub(super) const fn new(profile: CrlProfile, version: u8, limit: u64) -> Self {
        Self {
            profile,
            version,
            is_delta: Kind::NotKnownYet,
            is_indirect: Kind::NotKnownYet,
            limit,
            position: 0,
            first_removal: None,
            first_issuer: None,
            issuer: None,
        }
    }

    /// One more entry begins, of this tag and this many octets.
    pub(super) const fn begin(&mut self, tag: u8) -> Result<(), CrlError> {
        self.position += 1;
        if self.position > self.limit {
            return Err(CrlError::TooManyEntries { limit: self.limit });
        }
        if tag != SEQUENCE {
            return Err(self.malformed(DerError::UnexpectedTag {
                expected: SEQUENCE,
                found: tag,
            }));
        }
        Ok(())
    }

    /// Whether the next entry may be one that [`plain_entry`](super::plain::plain_entry) reads: not in a list of version
    /// 1, which may have no extensions, nor once an issuer was named.
    pub(super) const fn takes_plain(&self) -> bool {
        self.version == 2 && self.issuer.is_none()
    }

    /// Whether an entry, with its tag and length, has a size that is read.
    pub(super) const fn check_size(&self, octets: usize) -> Result<(), CrlError> {
        if octets > MAX_CRL_ENTRY_BYTES {
            return Err(CrlError::EntryTooLarge {
                position: self.position,
                octets,
            });
        }
        Ok(())
    }

    pub(super) const fn malformed(&self, error: DerError) -> CrlError {
        CrlError::Entry {
            position: self.position,
            error,
        }
    }

    /// Reads the contents of the entry that began.
    pub(super) fn read<'a>(&mut self, mut fields: Reader<'a>) -> Result<CrlEntry<'a>, CrlError> {
        let serial = fields.integer().map_err(|error| self.malformed(error))?;
        if self.profile.is_jpki() {
            SerialNumber::from_der_integer(serial).map_err(|error| CrlError::EntrySerial {
                position: self.position,
                error,
            })?;
        }
        let revoked_at = fields
            .element()
            .and_then(|element| time(&element, self.profile))
            .map_err(|error| self.malformed(error))?;
        let mut entry = CrlEntry {
            serial,
            revoked_at,
            // RFC 5280 section 5.3.1: absent is unspecified.
            reason: RevocationReason::Unspecified,
            invalidity_date: None,
            certificate_issuer: None,
        };
        if !fields.is_empty() {
            self.extensions(&mut fields, &mut entry)?;
        }
        fields.finish().map_err(|error| self.malformed(error))?;
        entry.certificate_issuer.clone_from(&self.issuer);
        Ok(entry)
    }

    fn extensions(
        &mut self,
        fields: &mut Reader<'_>,
        entry: &mut CrlEntry<'_>,
    ) -> Result<(), CrlError> {
        let element = fields.expect(SEQUENCE);
        let contents = element.map_err(|error| self.malformed(error))?.contents;
        if self.version == 1 {
            let position = self.position;
            return Err(CrlError::Version1EntryExtensions { position });
        }
        // RFC 5280 section 5.1: `Extensions` has at least one.
        if contents.is_empty() {
            return Err(self.malformed(DerError::Truncated));
        }
        let mut list = Reader::new(contents);
        let mut count = 0;
        while !list.is_empty() {
            count += 1;
            if count > MAX_EXTENSIONS {
                return Err(ExtensionError::TooMany.into());
            }
            let before = &contents[..contents.len() - list.remaining()];
            let extension = read_extension(&mut list).map_err(|error| self.malformed(error))?;
            if seen(before, extension.0).map_err(|error| self.malformed(error))? {
                let position = self.position;
                return Err(CrlError::DuplicateEntryExtension { position });
            }
            self.extension(extension, count, entry)?;
        }
        Ok(())
    }

    fn extension(
        &mut self,
        (identifier, critical, value): (&[u8], bool, &[u8]),
        count: usize,
        entry: &mut CrlEntry<'_>,
    ) -> Result<(), CrlError> {
        match identifier {
            REASON_CODE => {
                entry.reason = self.reason(value)?;
                if entry.reason == RevocationReason::RemoveFromCrl {
                    self.removal(count)?;
                }
            }
            INVALIDITY_DATE => {
                let date = invalidity_date(value).map_err(|error| self.malformed(error))?;
                entry.invalidity_date = Some(date);
            }
            // It changes whose certificate this and every following entry is about.
            CERTIFICATE_ISSUER => self.certificate_issuer(value, count)?,
            unknown if critical => {
                let extension = FoundIdentifier::new(unknown);
                let position = self.position;
                return Err(CrlError::UnknownCriticalEntryExtension {
                    position,
                    extension,
                });
            }
            _ => {}
        }
        Ok(())
    }

    fn reason(&self, value: &[u8]) -> Result<RevocationReason, CrlError> {
        let code = || {
            let mut reader = Reader::new(value);
            match reader.expect(ENUMERATED)?.contents {
                [code] => reader.finish().map(|()| *code),
                _ => Err(DerError::Integer),
            }
        };
        let code = code().map_err(|error| self.malformed(error))?;
        let position = self.position;
        RevocationReason::from_code(code).ok_or(CrlError::Reason { position, code })
    }

    /// RFC 5280 section 5.3.1: only in delta lists. Elsewhere somebody builds the list wrongly.
    fn removal(&mut self, count: usize) -> Result<(), CrlError> {
        let position = self.position;
        match self.is_delta {
            Kind::Yes => {}
            Kind::No => return Err(CrlError::RemovedFromFullList { position }),
            Kind::NotKnownYet => {
                self.first_removal.get_or_insert((position, count));
            }
        }
        Ok(())
    }

    /// RFC 5280 section 5.3.3: only in indirect lists.
    fn certificate_issuer(&mut self, value: &[u8], count: usize) -> Result<(), CrlError> {
        let position = self.position;
        match self.is_indirect {
            Kind::Yes => {}
            Kind::No => return Err(CrlError::EntryIssuer { position }),
            Kind::NotKnownYet => {
                self.first_issuer.get_or_insert((position, count));
            }
        }
        check_strict(value).map_err(|error| self.malformed(error))?;
        let names = sequence_contents(value).map_err(|error| self.malformed(error))?;
        let names = general_names(names)
            .map_err(|error| CrlError::EntryIssuerMalformed { position, error })?;
        // The issuer's distinguished name must be among them; of two, nobody knows which is meant.
        let mut names = names
            .iter()
            .filter_map(CanonicalGeneralName::directory_name);
        match (names.next(), names.next()) {
            (Some(name), None) if !name.is_empty() => self.issuer = Some(name.into()),
            _ => return Err(CrlError::EntryIssuerName { position }),
        }
        Ok(())
    }
}

/// `Extension`: its identifier, whether it is critical, and its value.
fn read_extension<'a>(list: &mut Reader<'a>) -> Result<(&'a [u8], bool, &'a [u8]), DerError> {
    let mut fields = list.sequence()?;
    let identifier = fields.object_identifier()?;
    let critical = fields.default_false()?;
    let value = fields.expect(OCTET_STRING)?.contents;
    fields.finish()?;
    Ok((identifier, critical, value))
}

/// Whether an extension occurs among those already read.
fn seen(before: &[u8], identifier: &[u8]) -> Result<bool, DerError> {
    let mut list = Reader::new(before);
    while !list.is_empty() {
        if read_extension(&mut list)?.0 == identifier {
            return Ok(true);
        }
    }
    Ok(false)
}

/// RFC 5280 section 5.3.2: always GeneralizedTime.
fn invalidity_date(value: &[u8]) -> Result<UnixTime, DerError> {
    let mut reader = Reader::new(value);
    let date = from_der(GENERALIZED_TIME, reader.expect(GENERALIZED_TIME)?.contents)?;
    reader.finish().map(|()| date)
}

/// The contents of bytes that are exactly one SEQUENCE.
fn sequence_contents(value: &[u8]) -> Result<&[u8], DerError> {
    let mut reader = Reader::new(value);
    let contents = reader.expect(SEQUENCE)?.contents;
    reader.finish().map(|()| contents)
}
