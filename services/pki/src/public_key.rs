//! Public keys: RSA, and ECDSA on the three curves of NIST that X.509 uses.

mod ec;
mod rsa;

use std::fmt;
use std::sync::Arc;

use crate::der::{NULL, OBJECT_IDENTIFIER, Reader, whole_sequence};
use crate::first_opinion::ParsedKeys;
use crate::{DerError, FoundIdentifier};

pub(crate) use ec::{Curve, EcPublicKey};
pub use rsa::RsaPublicKey;

/// `rsaEncryption`, 1.2.840.113549.1.1.1.
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// `id-ecPublicKey`, 1.2.840.10045.2.1.
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

/// A public key: RSA of 2048 to 8192 bits with an odd exponent of at least 65537, or a point on P-256,
/// P-384 or P-521. Cloning shares it.
#[derive(Clone)]
pub struct PublicKey(Arc<Inner>);

struct Inner {
    numbers: Numbers,
    parsed: ParsedKeys,
}

/// What a key consists of.
#[derive(PartialEq, Eq)]
enum Numbers {
    Rsa(RsaPublicKey),
    Ec(EcPublicKey),
}

/// What a key computes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyAlgorithm {
    /// RSA (RFC 8017).
    Rsa {
        /// The size of the modulus.
        modulus_bits: usize,
    },
    /// ECDSA on P-256 (FIPS 186-5, SP 800-186 section 3.2.1.3).
    EcP256,
    /// ECDSA on P-384 (SP 800-186 section 3.2.1.4).
    EcP384,
    /// ECDSA on P-521 (SP 800-186 section 3.2.1.5).
    EcP521,
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { modulus_bits } => write!(formatter, "RSA-{modulus_bits}"),
            Self::EcP256 => formatter.write_str("EC P-256"),
            Self::EcP384 => formatter.write_str("EC P-384"),
            Self::EcP521 => formatter.write_str("EC P-521"),
        }
    }
}

/// Why a key is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// It is not DER.
    #[error(transparent)]
    Der(#[from] DerError),
    /// Neither RSA nor ECDSA.
    #[error(
        "the key's algorithm is {found}, not rsaEncryption or id-ecPublicKey (RFC 3279 section 2.3)"
    )]
    Unsupported {
        /// The algorithm.
        found: FoundIdentifier,
    },
    /// Supported, but not a key of the profile.
    #[error("the key is {found}, which the profile does not have")]
    NotInProfile {
        /// The key.
        found: KeyAlgorithm,
    },
    /// The parameters of an RSA key are not NULL.
    #[error("the parameters of the RSA key are not NULL (RFC 3279 section 2.3.1)")]
    Parameters,
    /// The modulus has another size.
    #[error("the RSA modulus has {bits} bits, not 2048 to 8192")]
    ModulusSize {
        /// Its size.
        bits: usize,
    },
    /// An even modulus is no product of two odd primes.
    #[error("the RSA modulus is even")]
    EvenModulus,
    /// The exponent is small, even, or larger than both implementations compute with.
    #[error("the RSA exponent is even, or not 65537 to 2^33 - 1")]
    Exponent,
    /// The curve is absent, implicit or spelled out instead of named.
    #[error("the curve is not named (RFC 5480 section 2.1.1)")]
    UnnamedCurve,
    /// Another curve.
    #[error("the curve is {found}, not P-256, P-384 or P-521 (RFC 5480 section 2.1.1.1)")]
    UnsupportedCurve {
        /// The curve.
        found: FoundIdentifier,
    },
    /// The point is compressed, at infinity, or as long as one of another curve.
    #[error(
        "the point is not the octet 4 and two coordinates of the curve's size, in all {expected} \
         octets (RFC 5480 section 2.2)"
    )]
    PointForm {
        /// The length it must have.
        expected: usize,
    },
    /// The coordinates fulfil no equation of the curve.
    #[error("the point is not on the curve (SEC 1 section 3.2.2.1)")]
    PointNotOnCurve,
}

impl PublicKeyError {
    /// The broken rule, in snake case.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Der(_) => "not_der",
            Self::Unsupported { .. } => "key_algorithm",
            Self::NotInProfile { .. } => "key_not_in_profile",
            Self::Parameters => "key_parameters",
            Self::ModulusSize { .. } => "modulus_size",
            Self::EvenModulus => "even_modulus",
            Self::Exponent => "exponent",
            Self::UnnamedCurve => "unnamed_curve",
            Self::UnsupportedCurve { .. } => "unsupported_curve",
            Self::PointForm { .. } => "point_form",
            Self::PointNotOnCurve => "point_not_on_curve",
        }
    }
}

impl PublicKey {
    /// Reads a `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7) in DER.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, PublicKeyError> {
        let mut spki = whole_sequence(der)?;
        let mut algorithm = spki.sequence()?;
        let identifier = algorithm.object_identifier()?;
        let (numbers, parsed) = match identifier {
            RSA_ENCRYPTION => {
                check_null(algorithm)?;
                let key = RsaPublicKey::from_der(spki.octet_aligned_bits()?)?;
                (Numbers::Rsa(key), ParsedKeys::default())
            }
            EC_PUBLIC_KEY => {
                let curve = named_curve(algorithm)?;
                let key = EcPublicKey::from_point(curve, spki.octet_aligned_bits()?)?;
                // The second implementation checks the point each time that it is asked; what it
                // refuses and the first does not is a disagreement like any other.
                let parsed = ParsedKeys::of_point(&key).ok_or(PublicKeyError::PointNotOnCurve)?;
                (Numbers::Ec(key), parsed)
            }
            found => {
                let found = FoundIdentifier::new(found);
                return Err(PublicKeyError::Unsupported { found });
            }
        };
        spki.finish()?;
        Ok(Self(Arc::new(Inner { numbers, parsed })))
    }

    /// What it computes with.
    pub fn algorithm(&self) -> KeyAlgorithm {
        match &self.0.numbers {
            Numbers::Rsa(key) => KeyAlgorithm::Rsa {
                modulus_bits: key.modulus_bits(),
            },
            Numbers::Ec(key) => key.curve().key_algorithm(),
        }
    }

    /// The numbers of an RSA key; none for another.
    pub fn rsa(&self) -> Option<&RsaPublicKey> {
        match &self.0.numbers {
            Numbers::Rsa(key) => Some(key),
            Numbers::Ec(_) => None,
        }
    }

    /// The point of an ECDSA key; none for another.
    pub(crate) fn ec(&self) -> Option<&EcPublicKey> {
        match &self.0.numbers {
            Numbers::Rsa(_) => None,
            Numbers::Ec(key) => Some(key),
        }
    }

    /// The octets of the `subjectPublicKey` BIT STRING (RFC 5280 section 4.1.2.7), without tag,
    /// length and unused bits.
    pub fn subject_public_key(&self) -> &[u8] {
        match &self.0.numbers {
            Numbers::Rsa(key) => key.der(),
            Numbers::Ec(key) => key.point(),
        }
    }

    /// What the first implementation made of it so far.
    pub(crate) fn parsed(&self) -> &ParsedKeys {
        &self.0.parsed
    }

    /// This key for the second implementation and, as far as it was used, another for the first: so that
    /// they disagree.
    #[cfg(test)]
    pub(crate) fn with_first_of(&self, other: &Self) -> Self {
        let numbers = match &self.0.numbers {
            Numbers::Rsa(key) => Numbers::Rsa(key.clone()),
            Numbers::Ec(key) => Numbers::Ec(key.clone()),
        };
        let parsed = other.0.parsed.clone();
        Self(Arc::new(Inner { numbers, parsed }))
    }

    /// A point that no implementation has looked at.
    #[cfg(test)]
    pub(crate) fn of_unchecked_point(curve: Curve, point: &[u8]) -> Self {
        let key = EcPublicKey::from_point(curve, point).unwrap();
        let (numbers, parsed) = (Numbers::Ec(key), ParsedKeys::default());
        Self(Arc::new(Inner { numbers, parsed }))
    }
}

fn check_null(mut parameters: Reader<'_>) -> Result<(), PublicKeyError> {
    let null = parameters.optional(NULL)?;
    if null.is_some_and(|null| null.contents.is_empty()) && parameters.is_empty() {
        Ok(())
    } else {
        Err(PublicKeyError::Parameters)
    }
}

/// `ECParameters`, of whose three forms X.509 allows only `namedCurve` (RFC 5480 section 2.1.1).
fn named_curve(mut parameters: Reader<'_>) -> Result<Curve, PublicKeyError> {
    if parameters.peek() != Some(OBJECT_IDENTIFIER) {
        return Err(PublicKeyError::UnnamedCurve);
    }
    let identifier = parameters.object_identifier()?;
    parameters.finish()?;
    Curve::named(identifier).ok_or_else(|| PublicKeyError::UnsupportedCurve {
        found: FoundIdentifier::new(identifier),
    })
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.numbers == other.0.numbers
    }
}

impl Eq for PublicKey {}

/// The key of a holder leads to the holder; only its algorithm is shown.
impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicKey({})", self.algorithm())
    }
}

#[cfg(test)]
pub(crate) mod tests;
