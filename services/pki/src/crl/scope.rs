//! Which certificates a list covers (RFC 5280 section 5.2.5).

use crate::certificate::Extension;
use crate::crl::{CrlError, CrlProfile};
use crate::der::{Reader, context, context_primitive, whole_sequence};
use crate::{DerError, DistributionPointName, ReasonFlags};

/// The one type of certificates that a list covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CertificateType {
    /// Public key certificates of end entities.
    User,
    /// Public key certificates of certification authorities.
    Authority,
    /// Attribute certificates.
    Attribute,
}

/// `IssuingDistributionPoint`: how far a list reaches. A list without one covers all certificates
/// of its issuer for all reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuingDistributionPoint {
    /// The names of the distribution point whose certificates it covers; without them, those of
    /// any.
    pub name: Option<DistributionPointName>,
    /// The only type of certificates that it covers, if it covers only one.
    pub only: Option<CertificateType>,
    /// The only reasons that it covers, if it does not cover all; never the empty set.
    pub only_some_reasons: Option<ReasonFlags>,
    /// Whether entries may be of other issuers than the list's.
    pub indirect: bool,
}

impl IssuingDistributionPoint {
    /// Whether two lists of one issuer cover the same certificates for the same reasons.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let key = |scope: &Self| scope.name.as_ref().map(DistributionPointName::scope_key);
        key(self) == key(other)
            && self.only == other.only
            && self.only_some_reasons == other.only_some_reasons
            && self.indirect == other.indirect
    }

    pub(super) fn read(extension: &Extension<'_>, profile: CrlProfile) -> Result<Self, CrlError> {
        if profile.is_jpki() && !extension.critical {
            return Err(CrlError::ScopeNotCritical);
        }
        let fields = Fields::read(extension.value).map_err(|error| extension.malformed(error))?;
        if profile.is_jpki() {
            fields.refuse_all_but_a_name()?;
        }
        let only = fields.only()?;
        // RFC 5280 section 5.2.5: the extension must not be an empty sequence.
        if fields.name.is_none() && only.is_none() && fields.reasons.is_none() && !fields.indirect {
            return Err(CrlError::EmptyScope);
        }
        let name = match fields.name {
            Some(der) => {
                Some(DistributionPointName::from_der(der).map_err(CrlError::ScopeMalformed)?)
            }
            None => None,
        };
        let only_some_reasons = match fields.reasons {
            Some(bits) => {
                Some(ReasonFlags::from_bits(bits).map_err(|error| extension.malformed(error))?)
            }
            None => None,
        };
        if only_some_reasons.is_some_and(ReasonFlags::is_empty) {
            return Err(CrlError::NoReasons);
        }
        let one_directory_name = name
            .as_ref()
            .is_some_and(DistributionPointName::is_one_directory_name);
        if profile.is_jpki() && !one_directory_name {
            return Err(CrlError::ScopeName);
        }
        Ok(Self {
            name,
            only,
            only_some_reasons,
            indirect: fields.indirect,
        })
    }
}

/// The members of the SEQUENCE, those that are there.
struct Fields<'a> {
    name: Option<&'a [u8]>,
    /// In the order of their tags: user, authority and attribute certificates.
    types: [bool; 3],
    reasons: Option<&'a [u8]>,
    indirect: bool,
}

impl<'a> Fields<'a> {
    fn read(value: &'a [u8]) -> Result<Self, DerError> {
        let mut reader = whole_sequence(value)?;
        // The name is a CHOICE, so its tag is explicit (X.680 section 31.2.7 c).
        let name = reader.optional(context(0))?.map(|element| element.contents);
        let user = flag(&mut reader, 1)?;
        let authority = flag(&mut reader, 2)?;
        let reasons = reader.optional(context_primitive(3))?;
        let indirect = flag(&mut reader, 4)?;
        let attribute = flag(&mut reader, 5)?;
        reader.finish()?;
        Ok(Self {
            name,
            types: [user, authority, attribute],
            reasons: reasons.map(|element| element.contents),
            indirect,
        })
    }

    /// RFC 5280 section 5.2.5: at most one of the three may be set.
    fn only(&self) -> Result<Option<CertificateType>, CrlError> {
        match self.types {
            [false, false, false] => Ok(None),
            [true, false, false] => Ok(Some(CertificateType::User)),
            [false, true, false] => Ok(Some(CertificateType::Authority)),
            [false, false, true] => Ok(Some(CertificateType::Attribute)),
            _ => Err(CrlError::SeveralCertificateTypes),
        }
    }

    /// The lists of JPKI cover all certificates of a point for all reasons.
    fn refuse_all_but_a_name(&self) -> Result<(), CrlError> {
        if self.types.contains(&true) {
            return Err(CrlError::OneCertificateType);
        }
        if self.reasons.is_some() {
            return Err(CrlError::SomeReasons);
        }
        if self.indirect {
            return Err(CrlError::Indirect);
        }
        Ok(())
    }
}

/// `[number] BOOLEAN DEFAULT FALSE`, so only TRUE is ever written (X.690 section 11.5).
fn flag(reader: &mut Reader<'_>, number: u8) -> Result<bool, DerError> {
    match reader.optional(context_primitive(number))? {
        Some(element) if element.contents == [0xff] => Ok(true),
        Some(_) => Err(DerError::Boolean),
        None => Ok(false),
    }
}
