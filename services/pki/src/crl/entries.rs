//! The entries of a list (RFC 5280 section 5.3), read one after the other.
//!
//! A list has millions of them, so this reads the bytes directly: no object per entry but the
//! 32 octets that are kept of it.

use crate::certificate::{ExtensionError, FoundIdentifier};
use crate::crl::{CrlError, RevokedEntry};
use crate::der::{ENUMERATED, GENERALIZED_TIME, OCTET_STRING, Reader, SEQUENCE};
use crate::limits::MAX_EXTENSIONS;
use crate::time::{from_der, from_element};
use crate::{DerError, RevocationReason, SerialNumber};

/// `id-ce-cRLReasons`, 2.5.29.21.
const REASON_CODE: &[u8] = &[0x55, 0x1d, 0x15];
/// `id-ce-invalidityDate`, 2.5.29.24.
const INVALIDITY_DATE: &[u8] = &[0x55, 0x1d, 0x18];
/// `id-ce-certificateIssuer`, 2.5.29.29.
const CERTIFICATE_ISSUER: &[u8] = &[0x55, 0x1d, 0x1d];

/// Smallest entry: a serial of one octet and a UTCTime. Keeps the room reserved within the bytes.
const MIN_ENTRY_OCTETS: usize = 20;

pub(super) fn read(list: &[u8], limit: u64) -> Result<Vec<RevokedEntry>, CrlError> {
    let limit_entries = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut entries = Vec::with_capacity((list.len() / MIN_ENTRY_OCTETS / 2).min(limit_entries));
    let mut reader = Reader::new(list);
    let mut position = 0;
    while !reader.is_empty() {
        position += 1;
        if position > limit {
            return Err(CrlError::TooManyEntries { limit });
        }
        let entry = reader
            .sequence()
            .map_err(|error| CrlError::Entry { position, error })?;
        entries.push(Position(position).entry(entry)?);
    }
    check_duplicates(&entries)?;
    Ok(entries)
}

/// The position of an entry, by which errors name it.
#[derive(Clone, Copy)]
struct Position(u64);

impl Position {
    fn malformed(self, error: DerError) -> CrlError {
        CrlError::Entry {
            position: self.0,
            error,
        }
    }

    fn entry(self, mut fields: Reader<'_>) -> Result<RevokedEntry, CrlError> {
        let serial = fields.integer().map_err(|error| self.malformed(error))?;
        let serial =
            SerialNumber::from_der_integer(serial).map_err(|error| CrlError::EntrySerial {
                position: self.0,
                error,
            })?;
        let revoked_at = fields
            .element()
            .and_then(|time| from_element(&time))
            .map_err(|error| self.malformed(error))?;
        let reason = if fields.is_empty() {
            // RFC 5280 section 5.3.1: absent is unspecified.
            RevocationReason::Unspecified
        } else {
            self.extensions(&mut fields)?
        };
        fields.finish().map_err(|error| self.malformed(error))?;
        Ok(RevokedEntry {
            serial,
            revoked_at,
            reason,
        })
    }

    /// The entry's extensions; only the reason is kept.
    fn extensions(self, fields: &mut Reader<'_>) -> Result<RevocationReason, CrlError> {
        let contents = fields
            .expect(SEQUENCE)
            .map_err(|error| self.malformed(error))?
            .contents;
        // RFC 5280 section 5.1: `Extensions` has at least one.
        if contents.is_empty() {
            return Err(self.malformed(DerError::Truncated));
        }
        let mut list = Reader::new(contents);
        let mut reason = RevocationReason::Unspecified;
        let mut count = 0;
        while !list.is_empty() {
            count += 1;
            if count > MAX_EXTENSIONS {
                return Err(ExtensionError::TooMany.into());
            }
            let before = &contents[..contents.len() - list.remaining()];
            let (identifier, critical, value) =
                read_extension(&mut list).map_err(|error| self.malformed(error))?;
            if seen(before, identifier).map_err(|error| self.malformed(error))? {
                return Err(CrlError::DuplicateEntryExtension { position: self.0 });
            }
            match identifier {
                REASON_CODE => reason = self.reason(value)?,
                INVALIDITY_DATE => {
                    check_invalidity_date(value).map_err(|error| self.malformed(error))?;
                }
                // It would change whose certificate every following entry is about.
                CERTIFICATE_ISSUER => return Err(CrlError::EntryIssuer { position: self.0 }),
                unknown if critical => {
                    let extension = FoundIdentifier::new(unknown);
                    let position = self.0;
                    return Err(CrlError::UnknownCriticalEntryExtension {
                        position,
                        extension,
                    });
                }
                _ => {}
            }
        }
        Ok(reason)
    }

    fn reason(self, value: &[u8]) -> Result<RevocationReason, CrlError> {
        let code = || {
            let mut reader = Reader::new(value);
            match reader.expect(ENUMERATED)?.contents {
                [code] => reader.finish().map(|()| *code),
                _ => Err(DerError::Integer),
            }
        };
        let code = code().map_err(|error| self.malformed(error))?;
        match RevocationReason::from_code(code) {
            // RFC 5280 section 5.3.1: only in delta lists. Somebody builds this list wrongly.
            Some(RevocationReason::RemoveFromCrl) => {
                Err(CrlError::RemovedFromFullList { position: self.0 })
            }
            Some(reason) => Ok(reason),
            None => Err(CrlError::Reason {
                position: self.0,
                code,
            }),
        }
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

/// RFC 5280 section 5.3.2: always GeneralizedTime. It is checked and not kept: a JPKI certificate
/// is judged by the time of its revocation.
fn check_invalidity_date(value: &[u8]) -> Result<(), DerError> {
    let mut reader = Reader::new(value);
    from_der(GENERALIZED_TIME, reader.expect(GENERALIZED_TIME)?.contents)?;
    reader.finish()
}

/// Two entries about one certificate contradict each other, or would have to be merged by a rule
/// nobody wrote down.
fn check_duplicates(entries: &[RevokedEntry]) -> Result<(), CrlError> {
    // Issuers sort their lists, mostly; then nothing is copied.
    if entries.is_sorted_by(|a, b| a.serial < b.serial) {
        return Ok(());
    }
    let mut serials: Vec<&SerialNumber> = entries.iter().map(|entry| &entry.serial).collect();
    serials.sort_unstable();
    let repeated = serials.windows(2).filter(|pair| pair[0] == pair[1]).count();
    match u64::try_from(repeated).unwrap_or(u64::MAX) {
        0 => Ok(()),
        count => Err(CrlError::DuplicateSerials { count }),
    }
}
