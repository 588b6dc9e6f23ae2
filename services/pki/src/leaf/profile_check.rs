//! Comparing a certificate with the rows of its profile.

use crate::certificate::{Certificate, Extension, FoundIdentifier};
use crate::der::{BIT_STRING, INTEGER, Reader, SEQUENCE, check_strict, named_bits, whole_sequence};
use crate::profile::{
    BASIC_CONSTRAINTS, CERTIFICATE_POLICIES, CRL_DISTRIBUTION_POINTS, EXTENDED_KEY_USAGE,
    KEY_USAGE, Presence,
};
use crate::{
    DerError, DistributionPoint, DistributionPointError, DistributionPointName,
    ExtendedKeyUsageRule, KeyUsage, LeafError, Profile,
};

/// `id-qt-cps` and `id-qt-unotice` (RFC 5280 section 4.2.1.4): text for people.
const KNOWN_QUALIFIERS: [&[u8]; 2] = [
    &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x02, 0x01],
    &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x02, 0x02],
];

/// Compares the extensions with the profile; returns the distribution point, which is needed later.
pub(super) fn check(
    certificate: &Certificate<'_>,
    profile: &Profile,
) -> Result<DistributionPoint, LeafError> {
    check_rows(certificate, profile)?;
    for extension in &certificate.extensions {
        match extension.identifier {
            KEY_USAGE => check_key_usage(extension, profile)?,
            EXTENDED_KEY_USAGE => check_extended_key_usage(extension, profile)?,
            CERTIFICATE_POLICIES => check_policies(extension, profile)?,
            BASIC_CONSTRAINTS => check_basic_constraints(extension)?,
            _ => {}
        }
    }
    let points =
        certificate
            .extension(CRL_DISTRIBUTION_POINTS)
            .ok_or(LeafError::ExtensionMissing {
                extension: "cRLDistributionPoints",
            })?;
    distribution_point(points)
}

/// Presence and criticality of every extension.
fn check_rows(certificate: &Certificate<'_>, profile: &Profile) -> Result<(), LeafError> {
    for extension in &certificate.extensions {
        let row = profile
            .extensions()
            .iter()
            .find(|row| row.identifier == extension.identifier);
        match row {
            Some(row) if row.presence == Presence::Forbidden => {
                return Err(LeafError::ExtensionForbidden {
                    extension: row.name,
                });
            }
            Some(row) if !row.criticality.allows(extension.critical) => {
                let (extension, found) = (row.name, extension.critical);
                return Err(LeafError::ExtensionCriticality { extension, found });
            }
            None if extension.critical => {
                let extension = FoundIdentifier::new(extension.identifier);
                return Err(LeafError::UnknownCriticalExtension { extension });
            }
            // RFC 5280 section 4.2: an unknown extension that is not critical may be ignored.
            Some(_) | None => {}
        }
    }
    let missing = profile.extensions().iter().find(|row| {
        row.presence == Presence::Required && certificate.extension(row.identifier).is_none()
    });
    match missing {
        Some(row) => Err(LeafError::ExtensionMissing {
            extension: row.name,
        }),
        None => Ok(()),
    }
}

fn check_key_usage(extension: &Extension<'_>, profile: &Profile) -> Result<(), LeafError> {
    let bits = || {
        let mut reader = Reader::new(extension.value);
        let bits = named_bits(reader.expect(BIT_STRING)?.contents)?;
        reader.finish().map(|()| bits)
    };
    let found = KeyUsage::from_bits(bits().map_err(|error| extension.malformed(error))?);
    let expected = profile.key_usage();
    if found == expected {
        Ok(())
    } else {
        Err(LeafError::KeyUsage { expected, found })
    }
}

fn check_extended_key_usage(extension: &Extension<'_>, profile: &Profile) -> Result<(), LeafError> {
    // Where the profile has none, the row has refused the extension already.
    let ExtendedKeyUsageRule::Exactly(expected) = profile.extended_key_usage() else {
        return Ok(());
    };
    let is_exact = || {
        let mut purposes = strict_sequence(extension.value)?;
        Ok(purposes.object_identifier()? == expected.der_contents() && purposes.is_empty())
    };
    if is_exact().map_err(|error| extension.malformed(error))? {
        Ok(())
    } else {
        Err(LeafError::ExtendedKeyUsage { expected })
    }
}

fn check_policies(extension: &Extension<'_>, profile: &Profile) -> Result<(), LeafError> {
    let malformed = |error: DerError| extension.malformed(error);
    let mut list = strict_sequence(extension.value).map_err(malformed)?;
    let mut policies = Vec::new();
    while !list.is_empty() {
        let policy = policy_information(&mut list).map_err(malformed)?;
        policies.push(policy);
    }
    let [(found, qualifiers)] = policies.as_slice() else {
        return Err(LeafError::PolicyCount {
            found: policies.len(),
        });
    };
    let expected = profile.certificate_policy();
    if *found != expected.der_contents() {
        return Err(LeafError::Policy {
            expected,
            found: FoundIdentifier::new(found),
        });
    }
    match qualifiers
        .iter()
        .find(|qualifier| !KNOWN_QUALIFIERS.contains(qualifier))
    {
        Some(unknown) => Err(LeafError::PolicyQualifier {
            found: FoundIdentifier::new(unknown),
        }),
        None => Ok(()),
    }
}

/// `PolicyInformation`: the policy and the kinds of its qualifiers.
fn policy_information<'a>(list: &mut Reader<'a>) -> Result<(&'a [u8], Vec<&'a [u8]>), DerError> {
    let mut information = list.sequence()?;
    let policy = information.object_identifier()?;
    let mut kinds = Vec::new();
    if let Some(qualifiers) = information.optional(SEQUENCE)? {
        let mut qualifiers = Reader::new(qualifiers.contents);
        while !qualifiers.is_empty() {
            let mut qualifier = qualifiers.sequence()?;
            kinds.push(qualifier.object_identifier()?);
            qualifier.element()?;
            qualifier.finish()?;
        }
    }
    information.finish()?;
    Ok((policy, kinds))
}

fn check_basic_constraints(extension: &Extension<'_>) -> Result<(), LeafError> {
    let read = || {
        let mut constraints = strict_sequence(extension.value)?;
        let authority = constraints.default_false()?;
        let path_length = constraints.optional(INTEGER)?.is_some();
        constraints.finish()?;
        Ok((authority, path_length))
    };
    match read().map_err(|error| extension.malformed(error))? {
        (true, _) => Err(LeafError::Authority),
        (false, true) => Err(LeafError::PathLength),
        (false, false) => Ok(()),
    }
}

fn distribution_point(extension: &Extension<'_>) -> Result<DistributionPoint, LeafError> {
    let points = || {
        let mut list = strict_sequence(extension.value)?;
        let (mut first, mut found) = (None, 0);
        while !list.is_empty() {
            let point = list.expect(SEQUENCE)?.raw;
            first.get_or_insert(point);
            found += 1;
        }
        Ok((first, found))
    };
    let (first, found) = points().map_err(|error| extension.malformed(error))?;
    let (Some(point), 1) = (first, found) else {
        return Err(LeafError::DistributionPointCount { found });
    };
    let point = DistributionPoint::from_strict_der(point).map_err(|error| match error {
        DistributionPointError::Der(error) => extension.malformed(error).into(),
        error => LeafError::DistributionPoint(error),
    })?;
    if point.limits_reasons() {
        return Err(LeafError::DistributionPointReasons);
    }
    if point.names_crl_issuer() {
        return Err(LeafError::DistributionPointIssuer);
    }
    if !point
        .name()
        .is_some_and(DistributionPointName::is_one_directory_name)
    {
        return Err(LeafError::DistributionPointName);
    }
    Ok(point)
}

/// An extension's value that is one SEQUENCE and DER throughout.
fn strict_sequence(value: &[u8]) -> Result<Reader<'_>, DerError> {
    check_strict(value)?;
    whole_sequence(value)
}
