//! The extensions that path validation reads (RFC 5280 section 4.2).

use crate::certificate::{
    AUTHORITY_KEY_IDENTIFIER, Certificate, Extension, SUBJECT_KEY_IDENTIFIER, authority_key_id,
    subject_key_id,
};
use crate::der::{
    BIT_STRING, INTEGER, Reader, SEQUENCE, check_integer, check_strict, context_primitive,
    named_bits, whole_sequence,
};
use crate::distribution_point::read_distribution_points;
use crate::general_name::{GeneralName, read_general_names};
use crate::limits::MAX_POLICIES;
use crate::path::name_constraints::NameConstraints;
use crate::profile::{
    AUTHORITY_INFORMATION_ACCESS, BASIC_CONSTRAINTS, CERTIFICATE_POLICIES, CRL_DISTRIBUTION_POINTS,
    EXTENDED_KEY_USAGE, ISSUER_ALTERNATIVE_NAME, KEY_USAGE, SUBJECT_ALTERNATIVE_NAME,
};
use crate::{
    CertificateError, DerError, DistributionPoint, ExtensionError, KeyIdentifier, KeyUsage, Oid,
    PathError,
};

pub(super) const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x1e];
const POLICY_MAPPINGS: &[u8] = &[0x55, 0x1d, 0x21];
const POLICY_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x24];
const FRESHEST_CRL: &[u8] = &[0x55, 0x1d, 0x2e];
const INHIBIT_ANY_POLICY: &[u8] = &[0x55, 0x1d, 0x36];
const SUBJECT_INFORMATION_ACCESS: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x0b];

/// `id-qt-cps` and `id-qt-unotice` (RFC 5280 section 4.2.1.4): text for people.
const KNOWN_QUALIFIERS: [&[u8]; 2] = [
    &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x02, 0x01],
    &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x02, 0x02],
];

/// Extensions that RFC 5280 says must not be critical, with their names. One that is critical all
/// the same asks for something that the standard does not define.
const NEVER_CRITICAL: [(&[u8], &str); 5] = [
    (AUTHORITY_KEY_IDENTIFIER, "authorityKeyIdentifier"),
    (SUBJECT_KEY_IDENTIFIER, "subjectKeyIdentifier"),
    (FRESHEST_CRL, "freshestCRL"),
    (AUTHORITY_INFORMATION_ACCESS, "authorityInfoAccess"),
    (SUBJECT_INFORMATION_ACCESS, "subjectInfoAccess"),
];

/// The set of a certificate's policies (RFC 5280 section 4.2.1.4).
pub(super) type Policies = std::collections::BTreeSet<Oid>;

/// `BasicConstraints` (RFC 5280 section 4.2.1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BasicConstraints {
    pub(super) is_authority: bool,
    pub(super) path_length: Option<usize>,
}

/// One pair of `PolicyMappings` (RFC 5280 section 4.2.1.5).
#[derive(Debug)]
pub(super) struct PolicyMapping {
    pub(super) issuer: Oid,
    pub(super) subject: Oid,
}

/// `PolicyConstraints` (RFC 5280 section 4.2.1.11).
#[derive(Debug)]
pub(super) struct PolicyConstraints {
    pub(super) require_explicit_policy: Option<usize>,
    pub(super) inhibit_policy_mapping: Option<usize>,
}

/// The extensions of one certificate, read.
#[derive(Default)]
pub(crate) struct PathExtensions<'a> {
    pub(super) authority_key_id: Option<KeyIdentifier>,
    pub(super) subject_key_id: Option<KeyIdentifier>,
    pub(crate) key_usage: Option<KeyUsage>,
    pub(super) basic_constraints: Option<BasicConstraints>,
    pub(super) policies: Option<Policies>,
    pub(super) policy_mappings: Vec<PolicyMapping>,
    pub(super) policy_constraints: Option<PolicyConstraints>,
    pub(super) inhibit_any_policy: Option<usize>,
    pub(super) name_constraints: Option<NameConstraints<'a>>,
    pub(super) alternative_names: Option<Vec<GeneralName<'a>>>,
    pub(crate) distribution_points: Vec<DistributionPoint>,
}

impl<'a> PathExtensions<'a> {
    /// Reads what is known; RFC 5280 section 4.2: a critical one that is not known refuses.
    pub(crate) fn read(certificate: &Certificate<'a>) -> Result<Self, PathError> {
        let found = certificate.version;
        // RFC 5280 section 4.1.2.1; nobody knows what a version above 3 means.
        if found > 3 || (found < 3 && !certificate.extensions.is_empty()) {
            return Err(CertificateError::Version { found }.into());
        }
        let mut read = Self::default();
        for extension in &certificate.extensions {
            read.take(extension)?;
        }
        Ok(read)
    }

    /// Whether the certificate is of an authority (RFC 5280 section 4.2.1.9).
    pub(crate) fn is_authority(&self) -> bool {
        self.basic_constraints
            .is_some_and(|constraints| constraints.is_authority)
    }

    fn take(&mut self, extension: &Extension<'a>) -> Result<(), PathError> {
        let never = NEVER_CRITICAL
            .iter()
            .find(|(identifier, _)| *identifier == extension.identifier);
        if let Some((_, name)) = never
            && extension.critical
        {
            return Err(PathError::ExtensionCriticality { extension: name });
        }
        let malformed = |error: DerError| extension.malformed(error);
        let value = extension.value;
        match extension.identifier {
            AUTHORITY_KEY_IDENTIFIER => self.authority_key_id = authority(extension)?,
            SUBJECT_KEY_IDENTIFIER => self.subject_key_id = Some(subject_key_id(extension)?),
            KEY_USAGE => self.key_usage = Some(key_usage(value).map_err(malformed)?),
            BASIC_CONSTRAINTS => {
                self.basic_constraints = Some(basic_constraints(value).map_err(malformed)?);
            }
            CERTIFICATE_POLICIES => self.policies = Some(policies(extension)?),
            POLICY_MAPPINGS => {
                let mappings = policy_mappings(value).map_err(malformed)?;
                let (found, limit) = (mappings.len(), MAX_POLICIES);
                if found > limit {
                    return Err(PathError::TooManyPolicyMappings { found, limit });
                }
                self.policy_mappings = mappings;
            }
            POLICY_CONSTRAINTS => {
                self.policy_constraints = Some(policy_constraints(value).map_err(malformed)?);
            }
            INHIBIT_ANY_POLICY => {
                let mut reader = Reader::new(value);
                let skip = reader.integer().and_then(skip_certificates);
                let skip = skip.and_then(|skip| reader.finish().map(|()| skip));
                self.inhibit_any_policy = Some(skip.map_err(malformed)?);
            }
            NAME_CONSTRAINTS => {
                self.name_constraints = Some(NameConstraints::read(value)?);
            }
            SUBJECT_ALTERNATIVE_NAME => {
                let names = read_general_names(value).map_err(PathError::GeneralName)?;
                self.alternative_names = Some(names);
            }
            CRL_DISTRIBUTION_POINTS => {
                check_strict(value).map_err(malformed)?;
                self.distribution_points =
                    read_distribution_points(value).map_err(PathError::DistributionPoint)?;
            }
            // Text and purposes for others; nothing of them decides about the path.
            EXTENDED_KEY_USAGE | ISSUER_ALTERNATIVE_NAME => {
                check_strict(value).map_err(malformed)?;
            }
            unknown if extension.critical => {
                let extension = Oid::new(unknown);
                return Err(PathError::UnknownCriticalExtension { extension });
            }
            _ => {}
        }
        Ok(())
    }
}

/// The key identifier of `AuthorityKeyIdentifier`; RFC 5280 section 4.2.1.1 leaves it optional.
fn authority(extension: &Extension<'_>) -> Result<Option<KeyIdentifier>, ExtensionError> {
    match authority_key_id(extension) {
        Ok(key_id) => Ok(Some(key_id)),
        Err(ExtensionError::NoAuthorityKeyIdentifier) => Ok(None),
        Err(error) => Err(error),
    }
}

fn key_usage(value: &[u8]) -> Result<KeyUsage, DerError> {
    let mut reader = Reader::new(value);
    let bits = named_bits(reader.expect(BIT_STRING)?.contents)?;
    reader.finish()?;
    // RFC 5280 section 4.2.1.3: at least one bit.
    if bits == 0 {
        return Err(DerError::NamedBits);
    }
    Ok(KeyUsage::from_bits(bits))
}

fn basic_constraints(value: &[u8]) -> Result<BasicConstraints, DerError> {
    let mut reader = whole_sequence(value)?;
    let is_authority = reader.default_false()?;
    let path_length = match reader.peek() {
        Some(INTEGER) => Some(skip_certificates(reader.integer()?)?),
        _ => None,
    };
    reader.finish()?;
    Ok(BasicConstraints {
        is_authority,
        path_length,
    })
}

/// `SkipCerts` and path lengths: 0 or more. What does not fit is longer than any path.
fn skip_certificates(contents: &[u8]) -> Result<usize, DerError> {
    if contents.first().is_some_and(|first| first & 0x80 != 0) {
        return Err(DerError::Integer);
    }
    let number = contents.iter().fold(0_usize, |sum, octet| {
        sum.checked_mul(256)
            .map_or(usize::MAX, |sum| sum.saturating_add(usize::from(*octet)))
    });
    Ok(number)
}

/// `CertificatePolicies`: no policy twice; a critical extension with a qualifier that nobody here
/// interprets refuses the certificate.
fn policies(extension: &Extension<'_>) -> Result<Policies, PathError> {
    let (policies, qualifiers) =
        read_policies(extension.value).map_err(|error| extension.malformed(error))?;
    let unknown = qualifiers
        .into_iter()
        .find(|qualifier| !KNOWN_QUALIFIERS.contains(qualifier));
    if let Some(unknown) = unknown
        && extension.critical
    {
        let qualifier = Oid::new(unknown);
        return Err(PathError::PolicyQualifier { qualifier });
    }
    let count = policies.len();
    if count > MAX_POLICIES {
        return Err(PathError::TooManyPolicies {
            found: count,
            limit: MAX_POLICIES,
        });
    }
    let set: Policies = policies.iter().map(|policy| Oid::new(policy)).collect();
    if set.len() != count {
        return Err(PathError::DuplicatePolicy);
    }
    Ok(set)
}

/// The policies and the kinds of all their qualifiers.
#[allow(clippy::type_complexity, reason = "two lists of borrowed identifiers")]
fn read_policies(value: &[u8]) -> Result<(Vec<&[u8]>, Vec<&[u8]>), DerError> {
    check_strict(value)?;
    let mut list = whole_sequence(value)?;
    let (mut policies, mut kinds) = (Vec::new(), Vec::new());
    loop {
        let mut information = list.sequence()?;
        policies.push(information.object_identifier()?);
        if let Some(qualifiers) = information.optional(SEQUENCE)? {
            let mut qualifiers = Reader::new(qualifiers.contents);
            loop {
                let mut qualifier = qualifiers.sequence()?;
                kinds.push(qualifier.object_identifier()?);
                qualifier.element()?;
                qualifier.finish()?;
                if qualifiers.is_empty() {
                    break;
                }
            }
        }
        information.finish()?;
        // `SEQUENCE SIZE (1..MAX)`, so at least one was read.
        if list.is_empty() {
            return Ok((policies, kinds));
        }
    }
}

fn policy_mappings(value: &[u8]) -> Result<Vec<PolicyMapping>, DerError> {
    let mut list = whole_sequence(value)?;
    let mut mappings = Vec::new();
    loop {
        let mut pair = list.sequence()?;
        mappings.push(PolicyMapping {
            issuer: Oid::new(pair.object_identifier()?),
            subject: Oid::new(pair.object_identifier()?),
        });
        pair.finish()?;
        if list.is_empty() {
            return Ok(mappings);
        }
    }
}

fn policy_constraints(value: &[u8]) -> Result<PolicyConstraints, DerError> {
    let mut reader = whole_sequence(value)?;
    let mut number = |tag: u8| match reader.optional(context_primitive(tag))? {
        Some(element) => {
            check_integer(element.contents)?;
            skip_certificates(element.contents).map(Some)
        }
        None => Ok(None),
    };
    let (require_explicit_policy, inhibit_policy_mapping) = (number(0)?, number(1)?);
    reader.finish()?;
    // RFC 5280 section 4.2.1.11: not an empty sequence.
    if require_explicit_policy.is_none() && inhibit_policy_mapping.is_none() {
        return Err(DerError::Truncated);
    }
    Ok(PolicyConstraints {
        require_explicit_policy,
        inhibit_policy_mapping,
    })
}
