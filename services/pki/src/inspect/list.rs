//! The facts of one revocation list. Never a serial: lists are for looking up the one certificate
//! that somebody presents, not for reading out.

use super::general_names::{distribution_point_name, distribution_points, reason_names};
use super::{Fact, hexadecimal, identifier_name};
use crate::der::{Reader, whole_sequence};
use crate::signature::sha256;
use crate::{
    CertificateType, Crl, CrlError, GeneralNameError, IssuingDistributionPoint, NameText,
    RevocationReason, UnixTime,
};

/// What a revocation list says about itself, each part safe to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListFacts {
    /// Its version, from 1.
    pub version: u8,
    /// The algorithm it is signed with.
    pub signature_algorithm: String,
    /// The issuer.
    pub issuer: NameText,
    /// Its number.
    pub number: Option<String>,
    /// If it is a delta list, the number of the list to which it is the difference.
    pub base_number: Option<String>,
    /// When it was issued.
    pub this_update: UnixTime,
    /// When the next one is due at the latest.
    pub next_update: Option<UnixTime>,
    /// How far it reaches, one fact a restriction; none if it covers everything of its issuer.
    pub scope: Vec<Fact>,
    /// Where delta lists to it are.
    pub freshest: Vec<Fact>,
    /// The identifier of the key that signed it, in hexadecimal.
    pub authority_key: Option<String>,
    /// How many entries it has.
    pub entries: u64,
    /// How many entries have each reason, for the reasons that occur, by their codes.
    pub entries_by_reason: Vec<(&'static str, u64)>,
    /// SHA-256 over the whole list.
    pub sha256: [u8; 32],
}

impl ListFacts {
    /// Reads a list's DER, and all of its entries.
    pub fn read(der: &[u8]) -> Result<Self, CrlError> {
        let list = Crl::read(der)?;
        let header = list.header();
        let mut counts = [0_u64; 16];
        let mut entries = 0;
        for entry in list.entries() {
            counts[usize::from(entry?.reason.code() & 0xf)] += 1;
            entries += 1;
        }
        let by_reason = (0..).zip(counts).filter(|(_, count)| *count > 0);
        let by_reason = by_reason.filter_map(|(code, count)| {
            Some((reason_name(RevocationReason::from_code(code)?), count))
        });
        let scope = header.scope.as_ref().map(scope).transpose();
        let mut freshest = Vec::new();
        for point in &header.freshest {
            freshest.extend(distribution_points(Reader::new(point.der())).map_err(malformed)?);
        }
        let mut algorithm = whole_sequence(&header.signature_algorithm)?;
        Ok(Self {
            version: header.version,
            signature_algorithm: identifier_name(algorithm.object_identifier()?),
            issuer: NameText::from_der(&header.issuer)?,
            number: header.number.as_ref().map(ToString::to_string),
            base_number: header.base_number.as_ref().map(ToString::to_string),
            this_update: header.this_update,
            next_update: header.next_update,
            scope: scope.map_err(malformed)?.unwrap_or_default(),
            freshest,
            authority_key: header
                .authority_key
                .as_ref()
                .and_then(|key| key.key_id.as_ref())
                .map(|key_id| hexadecimal(key_id.as_bytes())),
            entries,
            entries_by_reason: by_reason.collect(),
            sha256: sha256(der),
        })
    }
}

/// A name that the list's reader passes and that cannot be shown.
fn malformed(error: GeneralNameError) -> CrlError {
    match error {
        GeneralNameError::Der(error) => error.into(),
        GeneralNameError::Name(error) => error.into(),
        _ => crate::DerError::Text.into(),
    }
}

fn scope(scope: &IssuingDistributionPoint) -> Result<Vec<Fact>, GeneralNameError> {
    let mut facts = Vec::new();
    if let Some(name) = &scope.name {
        let names = distribution_point_name(name.der())?;
        facts.extend(names.into_iter().map(|name| {
            Fact::plain(
                "distribution point",
                format!("{}: {}", name.label(), name.value()),
            )
        }));
    }
    if let Some(only) = scope.only {
        let only = match only {
            CertificateType::User => "certificates of end entities",
            CertificateType::Authority => "certificates of authorities",
            CertificateType::Attribute => "attribute certificates",
        };
        facts.push(Fact::plain("only", only));
    }
    if let Some(reasons) = scope.only_some_reasons {
        facts.push(Fact::plain("only for the reasons", reason_names(reasons)));
    }
    if scope.indirect {
        facts.push(Fact::plain("indirect", "entries may be of other issuers"));
    }
    Ok(facts)
}

/// A reason's name in RFC 5280 section 5.3.1.
pub(super) const fn reason_name(reason: RevocationReason) -> &'static str {
    match reason {
        RevocationReason::Unspecified => "unspecified",
        RevocationReason::KeyCompromise => "keyCompromise",
        RevocationReason::CaCompromise => "cACompromise",
        RevocationReason::AffiliationChanged => "affiliationChanged",
        RevocationReason::Superseded => "superseded",
        RevocationReason::CessationOfOperation => "cessationOfOperation",
        RevocationReason::CertificateHold => "certificateHold",
        RevocationReason::RemoveFromCrl => "removeFromCRL",
        RevocationReason::PrivilegeWithdrawn => "privilegeWithdrawn",
        RevocationReason::AaCompromise => "aACompromise",
    }
}
