//! The fields of a lookup: read once, strictly, before anything is decided.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use index::{Packed, PackedError};
use pki::{DistributionPoint, DistributionPointError, KeyIdentifier, SerialNumber};
use proto::revocation::v1::{BatchGetRevocationStatusRequest, GetRevocationStatusRequest, Purpose};
use runtime::status::{Failure, Kind};

use crate::decide::Scope;
use crate::method::RevocationMethod;

/// A DistributionPoint of JPKI has about 200 octets; this is room for any real one.
const DISTRIBUTION_POINT_OCTETS: usize = 4_096;

/// A reference names a case, it does not describe it.
const CASE_REFERENCE_CHARACTERS: usize = 64;

/// Serial numbers of one batch: some 100 microseconds of one core, so nobody waits long behind it.
const BATCH_SERIALS: usize = 10_000;

/// Lists times serial numbers that one batch may search: 20 milliseconds of one core, in which it answers nobody else.
const BATCH_SEARCHES: usize = 1_000_000;

/// Lookups in one message of a stream: as many as a connection may have calls.
const STREAM_LOOKUPS: usize = 256;

/// Room for a full message of a stream with the longest fields, and so for the largest batch (200 KB) too: what is a
/// little too long is refused by name, and what is far over is not even read.
pub(crate) const LARGEST_REQUEST: usize = STREAM_LOOKUPS * (DISTRIBUTION_POINT_OCTETS + 512);

/// What is asked, beyond whose certificate it is.
#[derive(Debug)]
pub(crate) struct Lookup {
    pub(crate) serial_number: SerialNumber,
    pub(crate) scope: Arc<Scope>,
    pub(crate) purpose: Purpose,
    pub(crate) method: RevocationMethod,
}

/// What a batch asks, beyond whose certificates they are.
#[derive(Debug)]
pub(crate) struct Batch<'r> {
    pub(crate) serials: Packed<'r>,
    pub(crate) scope: Arc<Scope>,
    pub(crate) purpose: Purpose,
}

/// A field that cannot be. Never repeats what was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidField {
    #[error("issuer_key_id: 1 to 64 octets, not {octets}")]
    IssuerKeyId { octets: usize },
    #[error("serial_number: 1 to 20 octets, unsigned, not zero and without leading zero octets")]
    SerialNumber,
    #[error("serial_number_octets: 1 to 20, not {octets}")]
    SerialNumberOctets { octets: u32 },
    #[error(
        "serial_numbers: 1 to {BATCH_SERIALS}, each of serial_number_octets, not {octets} octets"
    )]
    SerialNumbers { octets: usize },
    #[error("serial_numbers: the one at position {position} is zero")]
    ZeroSerialNumber { position: usize },
    #[error(
        "distribution_point: without it {lists} lists are searched for each serial number, so at most {most} at once"
    )]
    TooManyLists { lists: usize, most: usize },
    #[error("lookups: 1 to {STREAM_LOOKUPS} in a message, not {found}")]
    Lookups { found: usize },
    #[error("distribution_point: at most {DISTRIBUTION_POINT_OCTETS} octets, not {octets}")]
    DistributionPointLength { octets: usize },
    #[error("distribution_point: {0}")]
    DistributionPoint(DistributionPointError),
    #[error("purpose: required, and one of those in the contract")]
    Purpose,
    #[error(
        "case_reference: required, 1 to {CASE_REFERENCE_CHARACTERS} characters of A-Z a-z 0-9 . _ : -"
    )]
    CaseReference,
    #[error("at: required, seconds since 1970-01-01T00:00:00Z, and not after this server's clock")]
    At,
    #[error("not_after: seconds since 1970-01-01T00:00:00Z, or 0 where it is not known")]
    NotAfter,
    #[error("method: one of those in the contract, or none for CRL")]
    Method,
}

impl Failure for InvalidField {
    fn kind(&self) -> Kind {
        Kind::InvalidArgument
    }
}

/// Whose key signed the certificate. Read before everything else, because it decides who may ask.
pub(crate) fn issuer_key_id(octets: &[u8]) -> Result<KeyIdentifier, InvalidField> {
    KeyIdentifier::new(octets).map_err(|error| InvalidField::IssuerKeyId {
        octets: error.octets,
    })
}

/// The other fields.
pub(crate) fn lookup(request: &GetRevocationStatusRequest) -> Result<Lookup, InvalidField> {
    let serial_number = SerialNumber::from_unsigned_be(&request.serial_number)
        .ok()
        .filter(|serial| serial.as_bytes() == request.serial_number)
        .ok_or(InvalidField::SerialNumber)?;
    let purpose = purpose(request.purpose)?;
    check_case_reference(&request.case_reference)?;
    Ok(Lookup {
        serial_number,
        scope: scope(&request.distribution_point)?,
        purpose,
        method: method(request.method)?,
    })
}

/// The other fields of a batch.
pub(crate) fn batch(request: &BatchGetRevocationStatusRequest) -> Result<Batch<'_>, InvalidField> {
    let width = usize::try_from(request.serial_number_octets).unwrap_or(usize::MAX);
    let serials = Packed::new(width, &request.serial_numbers).map_err(|error| match error {
        PackedError::Width { .. } => InvalidField::SerialNumberOctets {
            octets: request.serial_number_octets,
        },
        PackedError::Length { octets, .. } => InvalidField::SerialNumbers { octets },
    })?;
    if !(1..=BATCH_SERIALS).contains(&serials.len()) {
        let octets = request.serial_numbers.len();
        return Err(InvalidField::SerialNumbers { octets });
    }
    let is_zero = |serial: &[u8]| serial.iter().all(|octet| *octet == 0);
    if let Some(position) = serials.iter().position(is_zero) {
        return Err(InvalidField::ZeroSerialNumber { position });
    }
    let purpose = purpose(request.purpose)?;
    check_case_reference(&request.case_reference)?;
    Ok(Batch {
        serials,
        scope: scope(&request.distribution_point)?,
        purpose,
    })
}

/// Whether a batch of so many serial numbers may search so many lists.
pub(crate) fn check_searches(serials: usize, lists: usize) -> Result<(), InvalidField> {
    let most = BATCH_SEARCHES / lists.max(1);
    if serials <= most {
        return Ok(());
    }
    Err(InvalidField::TooManyLists { lists, most })
}

/// Whether a message of a stream has as many lookups as it may.
pub(crate) fn check_lookups(found: usize) -> Result<(), InvalidField> {
    if (1..=STREAM_LOOKUPS).contains(&found) {
        return Ok(());
    }
    Err(InvalidField::Lookups { found })
}

fn purpose(number: i32) -> Result<Purpose, InvalidField> {
    match Purpose::try_from(number) {
        Ok(Purpose::Unspecified) | Err(_) => Err(InvalidField::Purpose),
        Ok(purpose) => Ok(purpose),
    }
}

fn method(number: i32) -> Result<RevocationMethod, InvalidField> {
    use proto::revocation::v1::RevocationMethod as Wire;
    match Wire::try_from(number) {
        Ok(Wire::Unspecified | Wire::Crl) => Ok(RevocationMethod::Crl),
        Ok(Wire::Ocsp) => Ok(RevocationMethod::Ocsp),
        Ok(Wire::OcspThenCrl) => Ok(RevocationMethod::OcspThenCrl),
        // Guessing would ask whom the caller did not mean.
        Err(_) => Err(InvalidField::Method),
    }
}

/// Distribution points that each thread remembers: both CAs have some 1,900 municipalities each. They take some 500 octets.
const REMEMBERED_SCOPES: usize = 8_192;

thread_local! {
    /// The scopes of distribution points that were read before: reading one costs more than the lookup itself.
    static SCOPES: RefCell<HashMap<Box<[u8]>, Arc<Scope>>> = RefCell::default();
}

fn scope(distribution_point: &[u8]) -> Result<Arc<Scope>, InvalidField> {
    let known = SCOPES.with_borrow(|scopes| scopes.get(distribution_point).cloned());
    if let Some(scope) = known {
        return Ok(scope);
    }
    let octets = distribution_point.len();
    if octets > DISTRIBUTION_POINT_OCTETS {
        return Err(InvalidField::DistributionPointLength { octets });
    }
    let point = (octets > 0)
        .then(|| DistributionPoint::from_der(distribution_point))
        .transpose()
        .map_err(InvalidField::DistributionPoint)?;
    let scope = Arc::new(Scope::of(point.as_ref()));
    SCOPES.with_borrow_mut(|scopes| {
        // Full of what a caller made up, it helps less and is as right.
        if scopes.len() < REMEMBERED_SCOPES {
            scopes.insert(distribution_point.into(), scope.clone());
        }
    });
    Ok(scope)
}

fn check_case_reference(reference: &str) -> Result<(), InvalidField> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._:-".contains(&b);
    if (1..=CASE_REFERENCE_CHARACTERS).contains(&reference.len()) && reference.bytes().all(allowed)
    {
        return Ok(());
    }
    Err(InvalidField::CaseReference)
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
