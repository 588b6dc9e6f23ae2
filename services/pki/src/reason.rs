//! Why a certificate was revoked.

/// `CRLReason` (RFC 5280 section 5.3.1); the numbers are those of the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum RevocationReason {
    /// No reason given. JPKI: discarded before it was handed over.
    Unspecified = 0,
    /// The holder's key is compromised.
    KeyCompromise = 1,
    /// The authority's key is compromised.
    CaCompromise = 2,
    /// What the certificate says changed. JPKI: a move, a marriage.
    AffiliationChanged = 3,
    /// Replaced. JPKI: renewed.
    Superseded = 4,
    /// No longer needed.
    CessationOfOperation = 5,
    /// On hold. JPKI never lifts a hold, so it counts as revoked.
    CertificateHold = 6,
    /// Only meaningful in a delta list.
    RemoveFromCrl = 8,
    /// A privilege in the certificate was withdrawn.
    PrivilegeWithdrawn = 9,
    /// The attribute authority is compromised.
    AaCompromise = 10,
}

impl RevocationReason {
    const ALL: [Self; 10] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::CaCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::CertificateHold,
        Self::RemoveFromCrl,
        Self::PrivilegeWithdrawn,
        Self::AaCompromise,
    ];

    /// The number of the reason in RFC 5280.
    pub const fn code(self) -> u8 {
        match self {
            Self::Unspecified => 0,
            Self::KeyCompromise => 1,
            Self::CaCompromise => 2,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
            Self::CertificateHold => 6,
            Self::RemoveFromCrl => 8,
            Self::PrivilegeWithdrawn => 9,
            Self::AaCompromise => 10,
        }
    }

    /// The reason of this number; 7 is unused in the standard.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::RevocationReason;

    #[test]
    fn the_standard_defines_0_to_10_without_7() {
        for code in 0..=u8::MAX {
            let known = RevocationReason::from_code(code).map(RevocationReason::code);
            assert_eq!(known, (code <= 10 && code != 7).then_some(code));
        }
    }
}
