//! Certificate profiles as tables.

use std::fmt;

/// An object identifier, as its DER contents octets.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ObjectIdentifier(&'static [u8]);

impl ObjectIdentifier {
    /// Takes the contents octets of the DER encoding.
    pub const fn from_der_contents(contents: &'static [u8]) -> Self {
        Self(contents)
    }

    /// The contents octets of the DER encoding.
    pub const fn der_contents(self) -> &'static [u8] {
        self.0
    }
}

impl fmt::Display for ObjectIdentifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_dotted(formatter, self.0)
    }
}

impl fmt::Debug for ObjectIdentifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ObjectIdentifier({self})")
    }
}

/// Writes the dotted form of contents octets.
pub(crate) fn write_dotted(formatter: &mut fmt::Formatter<'_>, contents: &[u8]) -> fmt::Result {
    let mut arc: u128 = 0;
    let mut first = true;
    for octet in contents {
        arc = arc.wrapping_shl(7) | u128::from(octet & 0x7f);
        if octet & 0x80 != 0 {
            continue;
        }
        if first {
            // X.690 section 8.19.4: the first two arcs share one subidentifier.
            let top = (arc / 40).min(2);
            write!(formatter, "{top}.{}", arc - 40 * top)?;
            first = false;
        } else {
            write!(formatter, ".{arc}")?;
        }
        arc = 0;
    }
    Ok(())
}

/// The bits of a key usage extension (RFC 5280 section 4.2.1.3), bit 0 first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyUsage(u16);

impl KeyUsage {
    /// `digitalSignature`, bit 0.
    pub const DIGITAL_SIGNATURE: Self = Self(1);
    /// `nonRepudiation`, bit 1.
    pub const NON_REPUDIATION: Self = Self(1 << 1);

    /// Bit n of the extension is bit n here.
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// The bits.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Both sets of usages.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What a profile says about the extended key usage extension.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExtendedKeyUsageRule {
    /// The extension must be absent.
    Absent,
    /// The extension must be present, not critical, with exactly this purpose.
    Exactly(ObjectIdentifier),
}

/// A certificate profile: what a leaf of one kind must look like, as data.
#[derive(Debug, PartialEq, Eq)]
pub struct Profile {
    pub(crate) name: &'static str,
    pub(crate) certificate_policy: ObjectIdentifier,
    pub(crate) key_usage: KeyUsage,
    pub(crate) extended_key_usage: ExtendedKeyUsageRule,
}

impl Profile {
    /// The profile of this name, one of `jpki-user-authentication`, `jpki-signing`,
    /// `jpki-test-user-authentication`, `jpki-test-signing`.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        PROFILES.iter().find(|profile| profile.name == name)
    }

    /// Its name, as in configuration.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The one certificate policy it accepts.
    pub const fn certificate_policy(&self) -> ObjectIdentifier {
        self.certificate_policy
    }
}

static PROFILES: [Profile; 0] = [];
