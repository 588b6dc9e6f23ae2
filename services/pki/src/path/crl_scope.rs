//! Whether a list covers a certificate (RFC 5280 section 6.3.3 b, d).

use crate::crl::Crl;
use crate::distribution_point::CanonicalGeneralName;
use crate::path::CrlRefusal;
use crate::path::extensions::PathExtensions;
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
pub(super) struct Subject {
    canonical_issuer: Vec<u8>,
    is_authority: bool,
    points: Vec<Point>,
}

/// What a list covers of a certificate.
pub(super) enum Reach {
    /// It is of an issuer whose lists the certificate does not name.
    OtherIssuer,
    /// Nothing.
    Refused(CrlRefusal),
    /// The certificate's status for these reasons.
    Covers(ReasonFlags),
}

impl Subject {
    pub(super) fn new(canonical_issuer: Vec<u8>, extensions: &PathExtensions<'_>) -> Self {
        let own = extensions.distribution_points.iter();
        let points = own
            .map(|point| Point::new(point, &canonical_issuer))
            .chain([Point::assumed(&canonical_issuer)])
            .collect();
        Self {
            canonical_issuer,
            is_authority: extensions.is_authority(),
            points,
        }
    }

    /// The reasons that a list covers at any of the certificate's distribution points, and at the
    /// one assumed behind them. `crl` may be a complete or a delta list.
    pub(super) fn reach_of(&self, crl: &Crl<'_>) -> Reach {
        let mut covered = ReasonFlags::NONE;
        let mut refusal = None;
        for point in self.points.iter().filter(|point| point.is_of(crl, self)) {
            match point.reasons_of(crl, self.is_authority) {
                Ok(reasons) => covered = covered.union(reasons),
                Err(error) => {
                    refusal.get_or_insert(error);
                }
            }
        }
        match refusal {
            _ if !covered.is_empty() => Reach::Covers(covered),
            Some(refusal) => Reach::Refused(refusal),
            None => Reach::OtherIssuer,
        }
    }
}

impl Point {
    /// A point of the certificate's own.
    fn new(point: &crate::DistributionPoint, canonical_issuer: &[u8]) -> Self {
        let crl_issuers = point.crl_issuer().map(<[_]>::to_vec);
        // RFC 5280 section 4.2.1.13: a relative name is relative to the list's issuer.
        let relative_to = crl_issuers
            .iter()
            .flatten()
            .find_map(CanonicalGeneralName::directory_name)
            .unwrap_or(canonical_issuer);
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
    fn assumed(canonical_issuer: &[u8]) -> Self {
        Self {
            names: vec![CanonicalGeneralName::of_directory_name(canonical_issuer)],
            crl_issuers: None,
            reasons: ReasonFlags::ALL,
        }
    }

    /// The reasons for which a list of the right issuer answers at this point.
    fn reasons_of(&self, crl: &Crl<'_>, is_authority: bool) -> Result<ReasonFlags, CrlRefusal> {
        if self.crl_issuers.is_some() && !crl.header.is_indirect() {
            return Err(CrlRefusal::NotIndirect);
        }
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
            Some(CertificateType::User) if is_authority => {
                return Err(CrlRefusal::UserCertificatesOnly);
            }
            Some(CertificateType::Authority) if !is_authority => {
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

    /// (b) (1): whether the list's issuer is the one that the point names, or else the
    /// certificate's.
    fn is_of(&self, crl: &Crl<'_>, subject: &Subject) -> bool {
        let issuer = &*crl.header.canonical_issuer;
        match &self.crl_issuers {
            None => *issuer == *subject.canonical_issuer,
            Some(issuers) => issuers
                .iter()
                .filter_map(CanonicalGeneralName::directory_name)
                .any(|name| *name == *issuer),
        }
    }
}
