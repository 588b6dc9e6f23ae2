//! Everything of a list but its entries and its signature (RFC 5280 sections 5.1 and 5.2).
//!
//! The entries stand between the two halves of it: the head, which is read before them, and the
//! extensions, which are read behind them when a list is streamed.

use crate::certificate::{
    AUTHORITY_KEY_IDENTIFIER, Extension, ExtensionError, FoundIdentifier, check_duplicates,
    read_extensions,
};
use crate::crl::{CrlAuthorityKey, CrlError, CrlNumber, CrlProfile, IssuingDistributionPoint};
use crate::der::{
    Element, GENERALIZED_TIME, Reader, SEQUENCE, UTC_TIME, check_strict, context, whole_sequence,
};
use crate::distribution_point::read_distribution_points;
use crate::name::canonical_name;
use crate::time::{from_der, from_element};
use crate::{
    CanonicalGeneralName, DerError, DistributionPoint, Profile, SignatureAlgorithm,
    SignatureEncoding, UnixTime,
};

/// `id-ce-cRLNumber`, 2.5.29.20.
const CRL_NUMBER: &[u8] = &[0x55, 0x1d, 0x14];
/// `id-ce-deltaCRLIndicator`, 2.5.29.27.
const DELTA_CRL_INDICATOR: &[u8] = &[0x55, 0x1d, 0x1b];
/// `id-ce-issuingDistributionPoint`, 2.5.29.28.
const ISSUING_DISTRIBUTION_POINT: &[u8] = &[0x55, 0x1d, 0x1c];
/// `id-ce-freshestCRL`, 2.5.29.46.
const FRESHEST_CRL: &[u8] = &[0x55, 0x1d, 0x2e];

/// Version 2 is written as 1 (RFC 5280 section 5.1.2.1).
const VERSION_2: &[u8] = &[1];

/// Everything a list says about itself before its entries. Nothing about it is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlHeader {
    /// Its version, 1 or 2; one of version 1 has no extensions anywhere.
    pub version: u8,
    /// The `AlgorithmIdentifier` in DER, the same inside and outside the signed part.
    pub signature_algorithm: Box<[u8]>,
    /// The issuer's name in DER.
    pub issuer: Box<[u8]>,
    pub(crate) canonical_issuer: Box<[u8]>,
    /// When it was issued.
    pub this_update: UnixTime,
    /// When the next one is due at the latest; always after `this_update`.
    pub next_update: Option<UnixTime>,
    /// Which key signed it.
    pub authority_key: Option<CrlAuthorityKey>,
    /// Its number; always there if it is a delta list.
    pub number: Option<CrlNumber>,
    /// If it is a delta list, the number of the list to which it is the difference.
    pub base_number: Option<CrlNumber>,
    /// Which certificates it covers, if it does not cover all of its issuer.
    pub scope: Option<IssuingDistributionPoint>,
    /// Where delta lists to it are; none in a delta list.
    pub freshest: Vec<DistributionPoint>,
}

impl CrlHeader {
    /// Whether it is a delta list.
    pub const fn is_delta(&self) -> bool {
        self.base_number.is_some()
    }

    /// Whether its entries may be of other issuers.
    pub fn is_indirect(&self) -> bool {
        self.scope.as_ref().is_some_and(|scope| scope.indirect)
    }

    /// The names of the distribution point whose certificates it covers, with one that is relative
    /// to the issuer made a full one (RFC 5280 section 6.3.3 b 2 i); none if it has no such name.
    pub fn scope_names(&self) -> Vec<CanonicalGeneralName> {
        let name = self.scope.as_ref().and_then(|scope| scope.name.as_ref());
        name.map_or_else(Vec::new, |name| name.full_names(&self.canonical_issuer))
    }

    pub(super) fn new(head: Head, extensions: ListExtensions) -> Self {
        Self {
            version: head.version,
            signature_algorithm: head.signature_algorithm,
            issuer: head.issuer,
            canonical_issuer: head.canonical_issuer,
            this_update: head.this_update,
            next_update: head.next_update,
            authority_key: extensions.authority_key,
            number: extensions.number,
            base_number: extensions.base_number,
            scope: extensions.scope,
            freshest: extensions.freshest,
        }
    }
}

/// The fields of `TBSCertList` before the entries.
pub(super) struct Head {
    pub(super) version: u8,
    signature_algorithm: Box<[u8]>,
    issuer: Box<[u8]>,
    canonical_issuer: Box<[u8]>,
    this_update: UnixTime,
    next_update: Option<UnixTime>,
}

impl Head {
    /// Reads up to the entries. The algorithm outside the signed part is compared here if it is
    /// known already.
    pub(super) fn read(
        tbs: &mut Reader<'_>,
        outer_algorithm: Option<&[u8]>,
        profile: CrlProfile,
    ) -> Result<Self, CrlError> {
        let version = match (profile, tbs.peek()) {
            // Only version 1 leaves the number out.
            (CrlProfile::Rfc5280, Some(SEQUENCE)) => 1,
            _ if tbs.integer()? == VERSION_2 => 2,
            _ => return Err(CrlError::Version),
        };
        let signature_algorithm = tbs.expect(SEQUENCE)?.raw;
        if outer_algorithm.is_some_and(|outer| outer != signature_algorithm) {
            return Err(CrlError::SignatureAlgorithmsDiffer);
        }
        check_algorithm(signature_algorithm)?;
        let issuer = tbs.expect(SEQUENCE)?.raw;
        check_strict(issuer)?;
        let canonical_issuer = canonical_name(issuer)?;
        if canonical_issuer.is_empty() {
            return Err(CrlError::EmptyIssuer);
        }
        let this_update = time(&tbs.element()?, profile)?;
        let next_update = match tbs.peek() {
            Some(UTC_TIME | GENERALIZED_TIME) => Some(time(&tbs.element()?, profile)?),
            _ if profile.is_jpki() => return Err(CrlError::NextUpdateMissing),
            _ => None,
        };
        if let Some(next_update) = next_update
            && next_update <= this_update
        {
            return Err(CrlError::UpdateOrder {
                this_update,
                next_update,
            });
        }
        Ok(Self {
            version,
            signature_algorithm: signature_algorithm.into(),
            issuer: issuer.into(),
            canonical_issuer: canonical_issuer.into(),
            this_update,
            next_update,
        })
    }
}

/// `Time` (RFC 5280 section 5.1.2.4), also of an entry (section 5.1.2.6).
pub(super) fn time(element: &Element<'_>, profile: CrlProfile) -> Result<UnixTime, DerError> {
    match profile {
        CrlProfile::Jpki | CrlProfile::JpkiDelta => from_element(element),
        CrlProfile::Rfc5280 => from_der(element.tag, element.contents),
    }
}

/// Whether it is an `AlgorithmIdentifier` at all. Which algorithm it may be is for the profile of
/// the certificates to say, see [`signature_algorithm`].
fn check_algorithm(der: &[u8]) -> Result<(), CrlError> {
    check_strict(der)?;
    whole_sequence(der)?.object_identifier()?;
    Ok(())
}

/// The algorithm of a list about certificates of a card: one that the profile has for both.
pub(crate) fn signature_algorithm(
    header: &CrlHeader,
    profile: &Profile,
) -> Result<SignatureAlgorithm, CrlError> {
    let identifier = &header.signature_algorithm;
    let refused = |_| CrlError::SignatureAlgorithm;
    let algorithm = SignatureAlgorithm::from_der(identifier).map_err(refused)?;
    // RFC 4055 section 5: NULL must be written, as in the certificates of a card.
    let is_complete =
        algorithm.encoding != SignatureEncoding::Pkcs1V15DigestInfo || has_parameters(identifier)?;
    if is_complete && profile.signature_algorithms().contains(&algorithm) {
        Ok(algorithm)
    } else {
        Err(CrlError::SignatureAlgorithm)
    }
}

fn has_parameters(algorithm_identifier: &[u8]) -> Result<bool, DerError> {
    let mut fields = whole_sequence(algorithm_identifier)?;
    fields.object_identifier()?;
    Ok(!fields.is_empty())
}

/// What the extensions of a list say.
pub(super) struct ListExtensions {
    authority_key: Option<CrlAuthorityKey>,
    number: Option<CrlNumber>,
    pub(super) base_number: Option<CrlNumber>,
    pub(super) scope: Option<IssuingDistributionPoint>,
    freshest: Vec<DistributionPoint>,
}

impl ListExtensions {
    /// Reads from behind the entries to the end.
    pub(super) fn read(
        mut tbs: Reader<'_>,
        version: u8,
        profile: CrlProfile,
    ) -> Result<Self, CrlError> {
        let extensions = match tbs.optional(context(0))? {
            Some(_) if version == 1 => return Err(CrlError::Version1Extensions),
            Some(tagged) => read_extensions(tagged.contents)?,
            None => Vec::new(),
        };
        tbs.finish()?;
        check_duplicates(&extensions)?;
        let mut read = Self {
            authority_key: None,
            number: None,
            base_number: None,
            scope: None,
            freshest: Vec::new(),
        };
        for extension in &extensions {
            read.extension(extension, profile)?;
        }
        match profile {
            CrlProfile::Rfc5280 => read.check_delta()?,
            CrlProfile::JpkiDelta if read.base_number.is_none() => return Err(CrlError::NotDelta),
            CrlProfile::Jpki | CrlProfile::JpkiDelta => read.check_named()?,
        }
        Ok(read)
    }

    fn extension(
        &mut self,
        extension: &Extension<'_>,
        profile: CrlProfile,
    ) -> Result<(), CrlError> {
        match extension.identifier {
            AUTHORITY_KEY_IDENTIFIER => {
                self.authority_key = Some(CrlAuthorityKey::read(extension)?);
            }
            CRL_NUMBER => self.number = Some(crl_number(extension)?),
            // A delta list taken for a full one would answer "good" for nearly everything.
            DELTA_CRL_INDICATOR if profile == CrlProfile::Jpki => return Err(CrlError::Delta),
            DELTA_CRL_INDICATOR if !extension.critical => {
                return Err(CrlError::BaseNumberNotCritical);
            }
            DELTA_CRL_INDICATOR => self.base_number = Some(crl_number(extension)?),
            ISSUING_DISTRIBUTION_POINT => {
                self.scope = Some(IssuingDistributionPoint::read(extension, profile)?);
            }
            FRESHEST_CRL if profile == CrlProfile::JpkiDelta => {
                return Err(CrlError::FreshestInDelta);
            }
            FRESHEST_CRL if profile == CrlProfile::Rfc5280 => {
                self.freshest = read_distribution_points(extension.value)
                    .map_err(CrlError::FreshestMalformed)?;
            }
            unknown if extension.critical => {
                let extension = FoundIdentifier::new(unknown);
                return Err(CrlError::UnknownCriticalExtension { extension });
            }
            _ => {}
        }
        Ok(())
    }

    /// RFC 5280 sections 5.2.3 and 5.2.6: a delta list has a number and no delta of its own.
    fn check_delta(&self) -> Result<(), CrlError> {
        if self.base_number.is_none() {
            return Ok(());
        }
        if self.number.is_none() {
            return Err(CrlError::NumberMissing);
        }
        if !self.freshest.is_empty() {
            return Err(CrlError::FreshestInDelta);
        }
        Ok(())
    }

    fn check_named(&self) -> Result<(), CrlError> {
        let key_id = self.authority_key.as_ref().map(|key| &key.key_id);
        if !matches!(key_id, Some(Some(_))) {
            return Err(ExtensionError::NoAuthorityKeyIdentifier.into());
        }
        if self.number.is_none() {
            return Err(CrlError::NumberMissing);
        }
        Ok(())
    }
}

fn crl_number(extension: &Extension<'_>) -> Result<CrlNumber, CrlError> {
    let contents = || {
        let mut reader = Reader::new(extension.value);
        let contents = reader.integer()?;
        reader.finish().map(|()| contents)
    };
    let contents = contents().map_err(|error| extension.malformed(error))?;
    let negative = contents.first().is_some_and(|first| first & 0x80 != 0);
    let number = if negative {
        None
    } else {
        CrlNumber::from_unsigned_be(contents)
    };
    number.ok_or(CrlError::Number)
}
