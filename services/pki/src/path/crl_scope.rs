//! Whether a list covers a certificate (RFC 5280 section 6.3.3 b, d).

use crate::crl::Crl;
use crate::distribution_point::CanonicalGeneralName;
use crate::path::CrlRefusal;
use crate::{CertificateType, ReasonFlags};

/// A distribution point of a certificate, as lists are compared with it.
pub(super) struct Point {
    /// Its names, with a relative one made whole; empty if it has none.
    names: Vec<CanonicalGeneralName>,
    /// Who issues the list, if it is not the certificate's issuer.
    crl_issuers: Option<Vec<CanonicalGeneralName>>,
    reasons: ReasonFlags,
}

/// The certificate asked about, as far as scope needs it.
pub(super) struct Subject<'a> {
    pub(super) canonical_issuer: &'a [u8],
    pub(super) is_authority: bool,
}

impl Point {
    /// A point of the certificate's own.
    pub(super) fn new(point: &crate::DistributionPoint, subject: &Subject<'_>) -> Self {
        let crl_issuers = point.crl_issuer().map(<[_]>::to_vec);
        // RFC 5280 section 4.2.1.13: a relative name is relative to the list's issuer.
        let relative_to = crl_issuers
            .iter()
            .flatten()
            .find_map(CanonicalGeneralName::directory_name)
            .unwrap_or(subject.canonical_issuer);
        Self {
            names: point
                .name()
                .map(|name| name.full_names(relative_to))
                .unwrap_or_default(),
            reasons: point.reasons().unwrap_or(ReasonFlags::ALL),
            crl_issuers,
        }
    }

    /// The point that RFC 5280 section 6.3.3 assumes behind the certificate's own: named as the
    /// certificate's issuer, without reasons and without another issuer.
    pub(super) fn assumed(subject: &Subject<'_>) -> Self {
        Self {
            names: vec![CanonicalGeneralName::of_directory_name(
                subject.canonical_issuer,
            )],
            crl_issuers: None,
            reasons: ReasonFlags::ALL,
        }
    }

    /// The reasons for which a list answers at this point. `crl` may be a complete or a delta list.
    pub(super) fn reasons_of(
        &self,
        crl: &Crl<'_>,
        subject: &Subject<'_>,
    ) -> Result<ReasonFlags, CrlRefusal> {
        self.check_issuer(crl, subject)?;
        let Some(scope) = &crl.header.scope else {
            return Ok(self.reasons);
        };
        if let Some(name) = &scope.name {
            let listed = name.full_names(&crl.header.canonical_issuer);
            // (b) (2) (i): without a name of its own the point is named as its list's issuer.
            let own = if self.names.is_empty() {
                self.crl_issuers.as_deref().unwrap_or_default()
            } else {
                &self.names
            };
            if !listed.iter().any(|name| own.contains(name)) {
                return Err(CrlRefusal::DistributionPoint);
            }
        }
        match scope.only {
            Some(CertificateType::User) if subject.is_authority => {
                return Err(CrlRefusal::UserCertificatesOnly);
            }
            Some(CertificateType::Authority) if !subject.is_authority => {
                return Err(CrlRefusal::AuthorityCertificatesOnly);
            }
            Some(CertificateType::Attribute) => {
                return Err(CrlRefusal::AttributeCertificatesOnly);
            }
            _ => {}
        }
        let reasons = match scope.only_some_reasons {
            Some(some) => self.reasons.intersection(some),
            None => self.reasons,
        };
        if reasons.is_empty() {
            return Err(CrlRefusal::NoReasons);
        }
        Ok(reasons)
    }

    /// (b) (1).
    fn check_issuer(&self, crl: &Crl<'_>, subject: &Subject<'_>) -> Result<(), CrlRefusal> {
        let Some(issuers) = &self.crl_issuers else {
            let is_same = *crl.header.canonical_issuer == *subject.canonical_issuer;
            return if is_same {
                Ok(())
            } else {
                Err(CrlRefusal::Issuer)
            };
        };
        let is_named = issuers
            .iter()
            .filter_map(CanonicalGeneralName::directory_name)
            .any(|name| *name == *crl.header.canonical_issuer);
        if !is_named {
            return Err(CrlRefusal::Issuer);
        }
        if crl.header.is_indirect() {
            Ok(())
        } else {
            Err(CrlRefusal::NotIndirect)
        }
    }
}
