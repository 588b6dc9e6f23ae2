//! The two sets of rules by which lists are read.

/// By which rules a list is read. There is one reader; this is all in which it differs (`JpkiDelta` as `Jpki`, but where
/// it says so):
///
/// | rule | `Rfc5280` | `Jpki` |
/// |---|---|---|
/// | version (5.1.2.1) | 1 without extensions, or 2 | 2 |
/// | signature algorithm (5.1.1.2) | any, the same inside and outside | one of the card's profile |
/// | GeneralizedTime before 2050 (5.1.2.4) | read: the clause binds whoever writes | refused |
/// | nextUpdate (5.1.2.5) | may be missing; the caller decides what that means | must be there |
/// | authorityKeyIdentifier (5.2.1) | may be missing | must be there with a key identifier |
/// | cRLNumber (5.2.3) | may be missing from a full list | must be there |
/// | deltaCRLIndicator (5.2.4) | read, must be critical | refused; by `JpkiDelta` must be there and critical |
/// | issuingDistributionPoint (5.2.5) | every kind, also if not critical | one directory name, critical, nothing else |
/// | freshestCRL (5.2.6) | read, not in a delta list | ignored, refused if critical; by `JpkiDelta` refused |
/// | serials (5.1.2.6) | any integer | positive, at most 20 octets |
/// | certificateIssuer (5.3.3) | only in an indirect list | refused |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrlProfile {
    /// RFC 5280 section 5; what it leaves open is refused.
    Rfc5280,
    /// The lists of JPKI: complete, by one key, of one authority or one municipality.
    Jpki,
    /// Their changes since one of them: the same authorities' delta lists.
    JpkiDelta,
}

impl CrlProfile {
    /// Whether the lists are JPKI's.
    pub(super) const fn is_jpki(self) -> bool {
        matches!(self, Self::Jpki | Self::JpkiDelta)
    }
}
