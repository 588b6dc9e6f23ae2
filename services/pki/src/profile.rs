//! Certificate profiles as tables, to be compared row by row with the published profile.
//!
//! Source: the profile specification of the JPKI service (J-LIS, version 3.2 of 2026-03-31) as far
//! as it is public, and the certificates themselves. The rows that are not public were read off
//! genuine JPKI-TEST certificates, which are fixtures of the conformance tests.

use std::fmt;

use crate::certificate::{AUTHORITY_KEY_IDENTIFIER, SUBJECT_KEY_IDENTIFIER};
use crate::limits::{CLOCK_TOLERANCE_SECS, RSA_MODULUS_BITS};
use crate::{CrlProfile, HashAlgorithm, KeyAlgorithm, SignatureAlgorithm, SignatureEncoding};

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

/// The contents octets of an object identifier, to be shown.
pub(crate) struct Dotted<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Dotted<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An arc beyond 126 bits would lose its upper ones and look like another identifier.
        let arcs = self.0.split_inclusive(|octet| octet & 0x80 == 0);
        if arcs.map(<[u8]>::len).any(|octets| octets > 18) {
            formatter.write_str("0x")?;
            return self
                .0
                .iter()
                .try_for_each(|octet| write!(formatter, "{octet:02x}"));
        }
        write_dotted(formatter, self.0)
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
    /// `keyCertSign`, bit 5.
    pub const KEY_CERT_SIGN: Self = Self(1 << 5);
    /// `cRLSign`, bit 6.
    pub const CRL_SIGN: Self = Self(1 << 6);

    /// Bit n of the extension is bit n here.
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// The bits.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Whether all of these usages are among them.
    pub const fn contains(self, usages: Self) -> bool {
        self.0 & usages.0 == usages.0
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

/// Whether an extension must, may or must not be there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Presence {
    Required,
    Optional,
    Forbidden,
}

/// Whether an extension must be marked critical.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Criticality {
    Critical,
    NotCritical,
    Either,
}

impl Criticality {
    pub(crate) const fn allows(self, critical: bool) -> bool {
        match self {
            Self::Critical => critical,
            Self::NotCritical => !critical,
            Self::Either => true,
        }
    }
}

/// One row of a profile: an extension that is understood, and how it must appear. A critical
/// extension without a row is unknown and refused (RFC 5280 section 4.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ExtensionRule {
    pub(crate) identifier: &'static [u8],
    pub(crate) name: &'static str,
    pub(crate) presence: Presence,
    pub(crate) criticality: Criticality,
}

/// Keys that a profile has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyRule {
    /// RSA with a modulus of this many bits.
    Rsa {
        /// The fewest.
        min_bits: usize,
        /// The most.
        max_bits: usize,
    },
    /// ECDSA on P-256.
    EcP256,
    /// ECDSA on P-384.
    EcP384,
    /// ECDSA on P-521.
    EcP521,
}

impl KeyRule {
    const fn allows(self, key: KeyAlgorithm) -> bool {
        match (self, key) {
            (Self::Rsa { min_bits, max_bits }, KeyAlgorithm::Rsa { modulus_bits }) => {
                min_bits <= modulus_bits && modulus_bits <= max_bits
            }
            (Self::EcP256, KeyAlgorithm::EcP256)
            | (Self::EcP384, KeyAlgorithm::EcP384)
            | (Self::EcP521, KeyAlgorithm::EcP521) => true,
            _ => false,
        }
    }
}

/// What a profile leaves to RFC 5280.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// Nothing: the certificates of cards, in one tier below the anchors.
    Card,
    /// Everything.
    Generic,
}

/// A certificate profile: what a leaf of one kind must look like, as data. A card of another kind
/// is another row, see [`Self::variant`].
#[derive(Debug, PartialEq, Eq)]
pub struct Profile {
    name: &'static str,
    kind: Kind,
    certificate_policy: ObjectIdentifier,
    key_usage: KeyUsage,
    extended_key_usage: ExtendedKeyUsageRule,
    extensions: &'static [ExtensionRule],
    signature_algorithms: &'static [SignatureAlgorithm],
    public_keys: &'static [KeyRule],
}

impl Profile {
    /// The card's profile of this name, one of `jpki-user-authentication`, `jpki-signing`,
    /// `jpki-test-user-authentication`, `jpki-test-signing`.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        PROFILES.iter().find(|profile| profile.name == name)
    }

    /// All profiles of cards.
    pub fn all() -> &'static [Self] {
        PROFILES
    }

    /// RFC 5280 as it stands, for paths of any length: `rfc5280`. No leaf of a card is validated
    /// with it.
    pub fn rfc5280() -> &'static Self {
        &RFC_5280
    }

    /// The same rows about extensions and usages under another name, policy, algorithms and keys:
    /// how the next card or a certificate on a telephone becomes a profile.
    #[must_use]
    pub const fn variant(
        &self,
        name: &'static str,
        certificate_policy: ObjectIdentifier,
        signature_algorithms: &'static [SignatureAlgorithm],
        public_keys: &'static [KeyRule],
    ) -> Self {
        Self {
            name,
            kind: self.kind,
            certificate_policy,
            key_usage: self.key_usage,
            extended_key_usage: self.extended_key_usage,
            extensions: self.extensions,
            signature_algorithms,
            public_keys,
        }
    }

    /// Its name, as in configuration.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The one certificate policy it accepts.
    pub const fn certificate_policy(&self) -> ObjectIdentifier {
        self.certificate_policy
    }

    /// The exact key usage.
    pub const fn key_usage(&self) -> KeyUsage {
        self.key_usage
    }

    /// What it says about extended key usage.
    pub const fn extended_key_usage(&self) -> ExtendedKeyUsageRule {
        self.extended_key_usage
    }

    /// How its certificates and lists may be signed.
    pub const fn signature_algorithms(&self) -> &'static [SignatureAlgorithm] {
        self.signature_algorithms
    }

    /// Whether holders and authorities may have a key of this kind.
    pub fn allows_key(&self, key: KeyAlgorithm) -> bool {
        self.public_keys.iter().any(|rule| rule.allows(key))
    }

    /// Whether it is the profile of a card: one tier, every row demanded.
    pub fn is_card(&self) -> bool {
        self.kind == Kind::Card
    }

    /// By which rules lists are read.
    pub fn crl_profile(&self) -> CrlProfile {
        match self.kind {
            Kind::Card => CrlProfile::Jpki,
            Kind::Generic => CrlProfile::Rfc5280,
        }
    }

    /// How far an issuer's clock may be ahead, in seconds. RFC 5280 knows no tolerance.
    pub fn clock_tolerance_secs(&self) -> i64 {
        match self.kind {
            Kind::Card => CLOCK_TOLERANCE_SECS,
            Kind::Generic => 0,
        }
    }

    pub(crate) const fn extensions(&self) -> &'static [ExtensionRule] {
        self.extensions
    }
}

pub(crate) const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
pub(crate) const SUBJECT_ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];
pub(crate) const ISSUER_ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x12];
pub(crate) const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
pub(crate) const CRL_DISTRIBUTION_POINTS: &[u8] = &[0x55, 0x1d, 0x1f];
pub(crate) const CERTIFICATE_POLICIES: &[u8] = &[0x55, 0x1d, 0x20];
pub(crate) const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
pub(crate) const AUTHORITY_INFORMATION_ACCESS: &[u8] =
    &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01];

/// `id-kp-clientAuth`, 1.3.6.1.5.5.7.3.2.
const CLIENT_AUTHENTICATION: ObjectIdentifier =
    ObjectIdentifier(&[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02]);

/// A policy under `1.2.392.200149.8.5.1` (jpki, securityObject, pki, certificatePolicy).
macro_rules! jpki_policy {
    ($($arc:literal),*) => {
        ObjectIdentifier(&[0x2a, 0x83, 0x08, 0x8c, 0x9b, 0x55, 0x08, 0x05, 0x01, $($arc),*])
    };
}

/// sha256WithRSAEncryption, of all six authorities' keys and everything they signed.
const JPKI_SIGNATURE_ALGORITHMS: &[SignatureAlgorithm] = &[SignatureAlgorithm {
    encoding: SignatureEncoding::Pkcs1V15DigestInfo,
    hash: HashAlgorithm::Sha256,
}];

/// JPKI has RSA-2048; see the limit for why not less and not more.
const JPKI_PUBLIC_KEYS: &[KeyRule] = &[KeyRule::Rsa {
    min_bits: *RSA_MODULUS_BITS.start(),
    max_bits: *RSA_MODULUS_BITS.end(),
}];

/// Nothing of a card: the path's own rules decide, and every algorithm that is supported counts.
static RFC_5280: Profile = Profile {
    kind: Kind::Generic,
    name: "rfc5280",
    // Policies are the caller's to ask for: anyPolicy, 2.5.29.32.0.
    certificate_policy: ObjectIdentifier(&[0x55, 0x1d, 0x20, 0x00]),
    key_usage: KeyUsage(0),
    extended_key_usage: ExtendedKeyUsageRule::Absent,
    extensions: &[],
    signature_algorithms: &[],
    public_keys: &[],
};

static PROFILES: &[Profile] = &[
    Profile {
        kind: Kind::Card,
        signature_algorithms: JPKI_SIGNATURE_ALGORITHMS,
        public_keys: JPKI_PUBLIC_KEYS,
        name: "jpki-user-authentication",
        // 1.2.392.200149.8.5.1.3.30: authenticate, class 30.
        certificate_policy: jpki_policy!(3, 30),
        key_usage: KeyUsage::DIGITAL_SIGNATURE,
        extended_key_usage: ExtendedKeyUsageRule::Exactly(CLIENT_AUTHENTICATION),
        extensions: USER_AUTHENTICATION,
    },
    Profile {
        kind: Kind::Card,
        signature_algorithms: JPKI_SIGNATURE_ALGORITHMS,
        public_keys: JPKI_PUBLIC_KEYS,
        name: "jpki-signing",
        // 1.2.392.200149.8.5.1.1.20: digitalSignature, class 20.
        certificate_policy: jpki_policy!(1, 20),
        key_usage: KeyUsage::DIGITAL_SIGNATURE.and(KeyUsage::NON_REPUDIATION),
        extended_key_usage: ExtendedKeyUsageRule::Absent,
        extensions: SIGNING,
    },
    Profile {
        kind: Kind::Card,
        signature_algorithms: JPKI_SIGNATURE_ALGORITHMS,
        public_keys: JPKI_PUBLIC_KEYS,
        name: "jpki-test-user-authentication",
        // 1.2.392.200149.8.5.1.0.30: the test hierarchy's twin; nothing else differs.
        certificate_policy: jpki_policy!(0, 30),
        key_usage: KeyUsage::DIGITAL_SIGNATURE,
        extended_key_usage: ExtendedKeyUsageRule::Exactly(CLIENT_AUTHENTICATION),
        extensions: USER_AUTHENTICATION,
    },
    Profile {
        kind: Kind::Card,
        signature_algorithms: JPKI_SIGNATURE_ALGORITHMS,
        public_keys: JPKI_PUBLIC_KEYS,
        name: "jpki-test-signing",
        // 1.2.392.200149.8.5.1.0.20: the test hierarchy's twin; nothing else differs.
        certificate_policy: jpki_policy!(0, 20),
        key_usage: KeyUsage::DIGITAL_SIGNATURE.and(KeyUsage::NON_REPUDIATION),
        extended_key_usage: ExtendedKeyUsageRule::Absent,
        extensions: SIGNING,
    },
];

const fn row(
    identifier: &'static [u8],
    name: &'static str,
    presence: Presence,
    criticality: Criticality,
) -> ExtensionRule {
    ExtensionRule {
        identifier,
        name,
        presence,
        criticality,
    }
}

/// The rows of both kinds, each with its section of RFC 5280. JPKI marks certificatePolicies
/// critical, which RFC 5280 leaves open; the rest follows it.
#[rustfmt::skip]
const fn jpki_rows(extended_key_usage: Presence) -> [ExtensionRule; 10] {
    use Criticality::{Critical, Either, NotCritical};
    use Presence::{Optional, Required};
    [
        // 4.2.1.3: the exact value is in the profile.
        row(KEY_USAGE, "keyUsage", Required, Critical),
        // 4.2.1.12: the exact value is in the profile.
        row(EXTENDED_KEY_USAGE, "extKeyUsage", extended_key_usage, NotCritical),
        // 4.2.1.4: exactly the profile's policy; anyPolicy is another one.
        row(CERTIFICATE_POLICIES, "certificatePolicies", Required, Critical),
        // 4.2.1.6: the four information of the holder in signing certificates; not read here.
        row(SUBJECT_ALTERNATIVE_NAME, "subjectAltName", Optional, NotCritical),
        // 4.2.1.7: the issuer's name in Japanese; not read here.
        row(ISSUER_ALTERNATIVE_NAME, "issuerAltName", Optional, NotCritical),
        // 4.2.1.9: absent from JPKI leaves; one that says "authority" is refused.
        row(BASIC_CONSTRAINTS, "basicConstraints", Optional, Either),
        // 4.2.1.13: one point, one directory name, no reasons, no other issuer.
        row(CRL_DISTRIBUTION_POINTS, "cRLDistributionPoints", Required, NotCritical),
        // 4.2.2.1: where OCSP answers; never followed.
        row(AUTHORITY_INFORMATION_ACCESS, "authorityInfoAccess", Optional, NotCritical),
        // 4.2.1.1: chooses between the authority's keys, which share one name.
        row(AUTHORITY_KEY_IDENTIFIER, "authorityKeyIdentifier", Required, NotCritical),
        // 4.2.1.2.
        row(SUBJECT_KEY_IDENTIFIER, "subjectKeyIdentifier", Optional, NotCritical),
    ]
}

static USER_AUTHENTICATION: &[ExtensionRule] = &jpki_rows(Presence::Required);
static SIGNING: &[ExtensionRule] = &jpki_rows(Presence::Forbidden);

#[cfg(test)]
mod tests {
    use super::{ExtendedKeyUsageRule, Profile};

    #[test]
    fn policies_are_those_of_the_published_tree() {
        let policy = |name| {
            Profile::by_name(name)
                .unwrap()
                .certificate_policy()
                .to_string()
        };
        assert_eq!(
            policy("jpki-user-authentication"),
            "1.2.392.200149.8.5.1.3.30"
        );
        assert_eq!(policy("jpki-signing"), "1.2.392.200149.8.5.1.1.20");
        assert_eq!(
            policy("jpki-test-user-authentication"),
            "1.2.392.200149.8.5.1.0.30"
        );
        assert_eq!(policy("jpki-test-signing"), "1.2.392.200149.8.5.1.0.20");
        assert_eq!(Profile::by_name("rfc5280"), None);
    }

    #[test]
    fn only_user_authentication_has_an_extended_key_usage() {
        for profile in Profile::all() {
            let authenticates = profile.name().ends_with("user-authentication");
            match profile.extended_key_usage() {
                ExtendedKeyUsageRule::Exactly(purpose) => {
                    assert!(authenticates);
                    assert_eq!(purpose.to_string(), "1.3.6.1.5.5.7.3.2");
                }
                ExtendedKeyUsageRule::Absent => assert!(!authenticates),
            }
        }
    }
}
