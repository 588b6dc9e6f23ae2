//! Why a certificate was revoked, and which of these reasons a list covers.

use crate::DerError;
use crate::der::named_bits;

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
    #[inline]
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
    #[inline]
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0 => Self::Unspecified,
            1 => Self::KeyCompromise,
            2 => Self::CaCompromise,
            3 => Self::AffiliationChanged,
            4 => Self::Superseded,
            5 => Self::CessationOfOperation,
            6 => Self::CertificateHold,
            8 => Self::RemoveFromCrl,
            9 => Self::PrivilegeWithdrawn,
            10 => Self::AaCompromise,
            _ => return None,
        })
    }
}

/// `ReasonFlags` (RFC 5280 section 4.2.1.13): a set of the eight reasons for which a certificate is
/// on a list. *Unspecified* is none of them, nor is *removed from the list*.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReasonFlags(u16);

impl ReasonFlags {
    /// No reason: what is covered before any list was looked at (RFC 5280 section 6.3.3).
    pub const NONE: Self = Self(0);
    /// All eight reasons: what a list covers that does not say otherwise. Bit 0 is unused.
    pub const ALL: Self = Self(0b1_1111_1110);

    /// Reads the contents of a BIT STRING, with or without the tag `[number]` instead of its own.
    /// Bits without a meaning are left out, so a reason that nobody defined is never covered.
    pub(crate) fn from_bits(contents: &[u8]) -> Result<Self, DerError> {
        named_bits(contents).map(|bits| Self(bits & Self::ALL.0))
    }

    /// Whether no reason is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all eight reasons are in the set.
    pub const fn is_all(self) -> bool {
        self.0 == Self::ALL.0
    }

    /// The reasons in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The reasons in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The reasons in this set and not in the other.
    #[must_use]
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether every reason of the other set is in this one.
    pub const fn contains(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// Whether a certificate revoked for this reason is on a list that covers these reasons. A
    /// reason without a flag can be on any list, so only the whole set is sure to cover it.
    pub const fn covers(self, reason: RevocationReason) -> bool {
        match flag(reason) {
            Some(bit) => self.0 >> bit & 1 == 1,
            None => self.is_all(),
        }
    }

    /// The reasons in the set, in the order of their numbers.
    pub fn iter(self) -> impl Iterator<Item = RevocationReason> {
        RevocationReason::ALL
            .into_iter()
            .filter(move |reason| flag(*reason).is_some() && self.covers(*reason))
    }
}

/// The bit of a reason in RFC 5280 section 4.2.1.13, whose numbers differ from the codes'.
const fn flag(reason: RevocationReason) -> Option<u8> {
    match reason {
        RevocationReason::Unspecified | RevocationReason::RemoveFromCrl => None,
        RevocationReason::KeyCompromise => Some(1),
        RevocationReason::CaCompromise => Some(2),
        RevocationReason::AffiliationChanged => Some(3),
        RevocationReason::Superseded => Some(4),
        RevocationReason::CessationOfOperation => Some(5),
        RevocationReason::CertificateHold => Some(6),
        RevocationReason::PrivilegeWithdrawn => Some(7),
        RevocationReason::AaCompromise => Some(8),
    }
}

impl std::fmt::Debug for ReasonFlags {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{ReasonFlags, RevocationReason};
    use crate::DerError;

    fn flags(contents: &[u8]) -> ReasonFlags {
        ReasonFlags::from_bits(contents).unwrap()
    }

    #[test]
    fn each_flag_is_the_reason_of_its_bit() {
        let expected = [
            RevocationReason::KeyCompromise,
            RevocationReason::CaCompromise,
            RevocationReason::AffiliationChanged,
            RevocationReason::Superseded,
            RevocationReason::CessationOfOperation,
            RevocationReason::CertificateHold,
            RevocationReason::PrivilegeWithdrawn,
        ];
        for (bit, reason) in (1_u8..).zip(expected) {
            let read = flags(&[7 - bit, 0x80 >> bit]);
            assert_eq!(read.iter().collect::<Vec<_>>(), [reason]);
        }
        let ninth = flags(&[7, 0, 0x80]);
        assert!(ninth.iter().eq([RevocationReason::AaCompromise]));
        assert_eq!(flags(&[7, 0x7f, 0x80]), ReasonFlags::ALL);
        assert_eq!(ReasonFlags::ALL.iter().count(), 8);
    }

    #[test]
    fn bits_without_a_reason_are_in_no_set() {
        assert!(flags(&[0]).is_empty());
        assert!(flags(&[7, 0x80]).is_empty());
        assert!(flags(&[6, 0, 0x40]).is_empty());
        assert_eq!(flags(&[6, 0xff, 0xc0]), ReasonFlags::ALL);
    }

    #[test]
    fn malformed_bits_are_refused_and_never_a_panic() {
        for wrong in [&[][..], &[1], &[8, 0x80], &[1, 0x01]] {
            assert_eq!(ReasonFlags::from_bits(wrong), Err(DerError::BitString));
        }
        for wrong in [&[0, 0][..], &[5, 0x40], &[0, 1, 1, 1]] {
            assert_eq!(ReasonFlags::from_bits(wrong), Err(DerError::NamedBits));
        }
    }

    #[test]
    fn sets_are_combined() {
        let (key, authority) = (flags(&[6, 0x40]), flags(&[5, 0x20]));
        let both = key.union(authority);
        assert_eq!(both, flags(&[5, 0x60]));
        assert_eq!(both.intersection(key), key);
        assert_eq!(both.difference(key), authority);
        assert!(both.contains(key) && !key.contains(both));
        assert!(ReasonFlags::NONE.is_empty() && !ReasonFlags::NONE.is_all());
        assert!(ReasonFlags::ALL.difference(both).union(both).is_all());
    }

    #[test]
    fn a_reason_without_a_flag_is_covered_only_by_all() {
        let without_key_compromise = ReasonFlags::ALL.difference(flags(&[6, 0x40]));
        for reason in [
            RevocationReason::Unspecified,
            RevocationReason::RemoveFromCrl,
        ] {
            assert!(ReasonFlags::ALL.covers(reason));
            assert!(!without_key_compromise.covers(reason));
        }
        assert!(!without_key_compromise.covers(RevocationReason::KeyCompromise));
        assert!(without_key_compromise.covers(RevocationReason::CaCompromise));
    }

    #[test]
    fn the_standard_defines_0_to_10_without_7() {
        for code in 0..=u8::MAX {
            let known = RevocationReason::from_code(code).map(RevocationReason::code);
            assert_eq!(known, (code <= 10 && code != 7).then_some(code));
        }
    }
}
