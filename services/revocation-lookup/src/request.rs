//! The fields of a lookup: read once, strictly, before anything is decided.

use pki::{DistributionPoint, DistributionPointError, KeyIdentifier, SerialNumber};
use proto::revocation::v1::{GetRevocationStatusRequest, Purpose};
use runtime::status::{Failure, Kind};

use crate::decide::Scope;

/// A DistributionPoint of JPKI has about 200 octets; this is room for any real one.
const DISTRIBUTION_POINT_OCTETS: usize = 4_096;

/// A reference names a case, it does not describe it.
const CASE_REFERENCE_CHARACTERS: usize = 64;

/// Twice what the fields may have together: a field that is a little too long is refused by name, and what is far over
/// is not even read.
pub(crate) const LARGEST_REQUEST: usize = 2 * DISTRIBUTION_POINT_OCTETS;

/// What is asked, beyond whose certificate it is.
#[derive(Debug)]
pub(crate) struct Lookup {
    pub(crate) serial_number: SerialNumber,
    pub(crate) scope: Scope,
    pub(crate) purpose: Purpose,
}

/// A field that cannot be. Never repeats what was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidField {
    #[error("issuer_key_id: 1 to 64 octets, not {octets}")]
    IssuerKeyId { octets: usize },
    #[error("serial_number: 1 to 20 octets, unsigned, not zero and without leading zero octets")]
    SerialNumber,
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
}

impl Failure for InvalidField {
    fn kind(&self) -> Kind {
        Kind::InvalidArgument
    }
}

/// Whose key signed the certificate. Read before everything else, because it decides who may ask.
pub(crate) fn issuer_key_id(
    request: &GetRevocationStatusRequest,
) -> Result<KeyIdentifier, InvalidField> {
    KeyIdentifier::new(&request.issuer_key_id).map_err(|error| InvalidField::IssuerKeyId {
        octets: error.octets,
    })
}

/// The other fields.
pub(crate) fn lookup(request: &GetRevocationStatusRequest) -> Result<Lookup, InvalidField> {
    let serial_number = SerialNumber::from_unsigned_be(&request.serial_number)
        .ok()
        .filter(|serial| serial.as_bytes() == request.serial_number)
        .ok_or(InvalidField::SerialNumber)?;
    let purpose = match Purpose::try_from(request.purpose) {
        Ok(Purpose::Unspecified) | Err(_) => return Err(InvalidField::Purpose),
        Ok(purpose) => purpose,
    };
    check_case_reference(&request.case_reference)?;
    let octets = request.distribution_point.len();
    if octets > DISTRIBUTION_POINT_OCTETS {
        return Err(InvalidField::DistributionPointLength { octets });
    }
    let point = (octets > 0)
        .then(|| DistributionPoint::from_der(&request.distribution_point))
        .transpose()
        .map_err(InvalidField::DistributionPoint)?;
    Ok(Lookup {
        serial_number,
        scope: Scope::of(point.as_ref()),
        purpose,
    })
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
mod tests {
    use super::*;

    fn valid() -> GetRevocationStatusRequest {
        GetRevocationStatusRequest {
            issuer_key_id: vec![1; 20],
            serial_number: vec![1, 0],
            distribution_point: Vec::new(),
            purpose: Purpose::UserAuthentication.into(),
            case_reference: "case-1".to_owned(),
        }
    }

    fn changed(
        change: impl FnOnce(&mut GetRevocationStatusRequest),
    ) -> Result<Lookup, InvalidField> {
        let mut request = valid();
        change(&mut request);
        lookup(&request)
    }

    #[test]
    fn a_complete_request_is_read() {
        let lookup = lookup(&valid()).unwrap();
        assert_eq!(lookup.serial_number.as_bytes(), [1, 0]);
        assert_eq!(
            (lookup.scope, lookup.purpose),
            (Scope::Unnamed, Purpose::UserAuthentication)
        );
    }

    #[test]
    fn a_key_identifier_has_1_to_64_octets() {
        for (octets, fits) in [(0, false), (1, true), (64, true), (65, false)] {
            let request = GetRevocationStatusRequest {
                issuer_key_id: vec![1; octets],
                ..valid()
            };
            assert_eq!(issuer_key_id(&request).is_ok(), fits, "{octets}");
        }
    }

    #[test]
    fn a_serial_number_is_minimal_positive_and_at_most_20_octets() {
        let with = |serial: &[u8]| changed(|request| request.serial_number = serial.to_vec());
        assert!(with(&[0xff; 20]).is_ok());
        for wrong in [&[][..], &[0], &[0, 1], &[1; 21]] {
            assert_eq!(
                with(wrong).unwrap_err(),
                InvalidField::SerialNumber,
                "{wrong:?}"
            );
        }
    }

    #[test]
    fn a_purpose_is_required_and_known() {
        for (purpose, fits) in [(0, false), (1, true), (3, true), (4, false), (-1, false)] {
            let read = changed(|request| request.purpose = purpose);
            assert_eq!(read.is_ok(), fits, "{purpose}");
        }
    }

    #[test]
    fn a_case_reference_is_required_short_and_plain() {
        let with = |text: &str| changed(|request| request.case_reference = text.to_owned());
        assert!(with("A.z_0:-").is_ok());
        assert!(with(&"a".repeat(64)).is_ok());
        for wrong in ["", "a b", "山田", "a\0", &"a".repeat(65)] {
            assert_eq!(
                with(wrong).unwrap_err(),
                InvalidField::CaseReference,
                "{wrong:?}"
            );
        }
    }

    #[test]
    fn a_distribution_point_is_der_and_at_most_4096_octets() {
        // DistributionPoint { fullName { uniformResourceIdentifier "a" } }
        let uri = [0x30, 0x07, 0xa0, 0x05, 0xa0, 0x03, 0x86, 0x01, b'a'];
        let with = |der: &[u8]| changed(|request| request.distribution_point = der.to_vec());
        assert!(matches!(with(&uri).unwrap().scope, Scope::Partition(_)));
        let trailing = [&uri[..], &[0]].concat();
        assert!(matches!(
            with(&trailing),
            Err(InvalidField::DistributionPoint(_))
        ));
        let long = with(&[0x30; 4_097]);
        assert_eq!(
            long.unwrap_err(),
            InvalidField::DistributionPointLength { octets: 4_097 }
        );
    }
}
