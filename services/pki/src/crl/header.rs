//! Everything of a list but its entries (RFC 5280 sections 5.1 and 5.2).

use crate::certificate::{
    AUTHORITY_KEY_IDENTIFIER, Extension, ExtensionError, FoundIdentifier, SHA256_WITH_RSA,
    authority_key_id, check_duplicates, read_extensions,
};
use crate::crl::{CrlError, CrlNumber, CrlScope};
use crate::der::{
    GENERALIZED_TIME, NULL, Reader, SEQUENCE, UTC_TIME, check_strict, context, context_primitive,
    whole_sequence,
};
use crate::name::canonical_name;
use crate::time::from_element;
use crate::{DerError, DistributionPointName, KeyIdentifier, UnixTime};

/// `id-ce-cRLNumber`, 2.5.29.20.
const CRL_NUMBER: &[u8] = &[0x55, 0x1d, 0x14];
/// `id-ce-deltaCRLIndicator`, 2.5.29.27.
const DELTA_CRL_INDICATOR: &[u8] = &[0x55, 0x1d, 0x1b];
/// `id-ce-issuingDistributionPoint`, 2.5.29.28.
const ISSUING_DISTRIBUTION_POINT: &[u8] = &[0x55, 0x1d, 0x1c];

/// Version 2 is written as 1 (RFC 5280 section 5.1.2.1).
const VERSION_2: &[u8] = &[1];

pub(super) struct Header<'a> {
    pub(super) signed: &'a [u8],
    pub(super) signature: &'a [u8],
    pub(super) issuer: &'a [u8],
    pub(super) canonical_issuer: Vec<u8>,
    pub(super) this_update: UnixTime,
    pub(super) next_update: UnixTime,
    /// Contents of `revokedCertificates`, not looked at yet.
    pub(super) entries: Option<&'a [u8]>,
    pub(super) signer_key_id: KeyIdentifier,
    pub(super) number: CrlNumber,
    pub(super) scope: CrlScope,
}

impl<'a> Header<'a> {
    pub(super) fn read(der: &'a [u8]) -> Result<Self, CrlError> {
        let mut list = whole_sequence(der)?;
        let signed = list.expect(SEQUENCE)?;
        let outer_algorithm = list.expect(SEQUENCE)?.raw;
        let signature = list.octet_aligned_bits()?;
        list.finish()?;

        let mut tbs = Reader::new(signed.contents);
        if tbs.integer()? != VERSION_2 {
            return Err(CrlError::Version);
        }
        check_algorithm(tbs.expect(SEQUENCE)?.raw, outer_algorithm)?;
        let issuer = tbs.expect(SEQUENCE)?.raw;
        check_strict(issuer)?;
        let this_update = from_element(&tbs.element()?)?;
        let next_update = match tbs.peek() {
            Some(UTC_TIME | GENERALIZED_TIME) => from_element(&tbs.element()?)?,
            // RFC 5280 section 5.1.2.5: conforming issuers must include it.
            _ => return Err(CrlError::NextUpdateMissing),
        };
        if next_update <= this_update {
            return Err(CrlError::UpdateOrder {
                this_update,
                next_update,
            });
        }
        let entries = tbs.optional(SEQUENCE)?.map(|element| element.contents);
        if entries.is_some_and(<[u8]>::is_empty) {
            return Err(CrlError::EmptyEntries);
        }
        let extensions = match tbs.optional(context(0))? {
            Some(tagged) => read_extensions(tagged.contents)?,
            None => Vec::new(),
        };
        tbs.finish()?;
        let Extensions {
            signer_key_id,
            number,
            scope,
        } = Extensions::read(&extensions)?;
        Ok(Self {
            signed: signed.raw,
            signature,
            issuer,
            canonical_issuer: canonical_name(issuer)?,
            this_update,
            next_update,
            entries,
            signer_key_id,
            number,
            scope,
        })
    }
}

fn check_algorithm(signed: &[u8], outer: &[u8]) -> Result<(), CrlError> {
    if signed != outer {
        return Err(CrlError::SignatureAlgorithmsDiffer);
    }
    let mut algorithm = whole_sequence(signed)?;
    let identifier = algorithm.object_identifier()?;
    let null = algorithm
        .optional(NULL)?
        .is_some_and(|null| null.contents.is_empty());
    if identifier == SHA256_WITH_RSA && null && algorithm.is_empty() {
        Ok(())
    } else {
        Err(CrlError::SignatureAlgorithm)
    }
}

struct Extensions {
    signer_key_id: KeyIdentifier,
    number: CrlNumber,
    scope: CrlScope,
}

impl Extensions {
    fn read(extensions: &[Extension<'_>]) -> Result<Self, CrlError> {
        check_duplicates(extensions)?;
        let (mut signer_key_id, mut number, mut scope) = (None, None, CrlScope::Full);
        for extension in extensions {
            match extension.identifier {
                AUTHORITY_KEY_IDENTIFIER => signer_key_id = Some(authority_key_id(extension)?),
                CRL_NUMBER => number = Some(crl_number(extension)?),
                // A delta list taken for a full one would answer "good" for nearly everything.
                DELTA_CRL_INDICATOR => return Err(CrlError::Delta),
                ISSUING_DISTRIBUTION_POINT => {
                    scope = CrlScope::Partition(issuing_distribution_point(extension)?);
                }
                unknown if extension.critical => {
                    let extension = FoundIdentifier::new(unknown);
                    return Err(CrlError::UnknownCriticalExtension { extension });
                }
                _ => {}
            }
        }
        Ok(Self {
            signer_key_id: signer_key_id.ok_or(ExtensionError::NoAuthorityKeyIdentifier)?,
            number: number.ok_or(CrlError::NumberMissing)?,
            scope,
        })
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

/// Which members of an `IssuingDistributionPoint` (RFC 5280 section 5.2.5) are there.
struct Scope<'a> {
    name: Option<&'a [u8]>,
    one_certificate_type: bool,
    some_reasons: bool,
    indirect: bool,
}

fn issuing_distribution_point(
    extension: &Extension<'_>,
) -> Result<DistributionPointName, CrlError> {
    if !extension.critical {
        return Err(CrlError::ScopeNotCritical);
    }
    let scope = read_scope(extension.value).map_err(|error| extension.malformed(error))?;
    if scope.one_certificate_type {
        return Err(CrlError::OneCertificateType);
    }
    if scope.some_reasons {
        return Err(CrlError::SomeReasons);
    }
    if scope.indirect {
        return Err(CrlError::Indirect);
    }
    let name = scope.name.ok_or(CrlError::EmptyScope)?;
    let name = DistributionPointName::from_der(name).map_err(CrlError::ScopeMalformed)?;
    if name.is_one_directory_name() {
        Ok(name)
    } else {
        Err(CrlError::ScopeName)
    }
}

fn read_scope(value: &[u8]) -> Result<Scope<'_>, DerError> {
    let mut reader = whole_sequence(value)?;
    // The name is a CHOICE, so its tag is explicit (X.680 section 31.2.7 c).
    let name = reader.optional(context(0))?.map(|element| element.contents);
    let only_user_certificates = flag(&mut reader, 1)?;
    let only_authority_certificates = flag(&mut reader, 2)?;
    let some_reasons = reader.optional(context_primitive(3))?.is_some();
    let indirect = flag(&mut reader, 4)?;
    let only_attribute_certificates = flag(&mut reader, 5)?;
    reader.finish()?;
    let one_certificate_type =
        only_user_certificates || only_authority_certificates || only_attribute_certificates;
    Ok(Scope {
        name,
        one_certificate_type,
        some_reasons,
        indirect,
    })
}

/// `[number] BOOLEAN DEFAULT FALSE`, so only TRUE is ever written (X.690 section 11.5).
fn flag(reader: &mut Reader<'_>, number: u8) -> Result<bool, DerError> {
    match reader.optional(context_primitive(number))? {
        Some(element) if element.contents == [0xff] => Ok(true),
        Some(_) => Err(DerError::Boolean),
        None => Ok(false),
    }
}
