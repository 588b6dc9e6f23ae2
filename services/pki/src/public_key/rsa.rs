//! RSA public keys (RFC 8017 section 3.1).

use std::fmt;

use super::PublicKeyError;
use crate::DerError;
use crate::der::{Reader, whole_sequence};
use crate::limits::{GENERIC_RSA_MODULUS_BITS, RSA_EXPONENT};

/// The numbers of an RSA key.
#[derive(Clone, PartialEq, Eq)]
pub struct RsaPublicKey {
    der: Box<[u8]>,
    modulus: Box<[u8]>,
    exponent: u64,
}

impl RsaPublicKey {
    /// `RSAPublicKey ::= SEQUENCE { modulus, publicExponent }` (RFC 8017 appendix A.1.1).
    pub(super) fn from_der(der: &[u8]) -> Result<Self, PublicKeyError> {
        let mut reader = whole_sequence(der)?;
        let modulus = positive(&mut reader)?;
        let exponent = positive(&mut reader)?;
        reader.finish()?;
        let bits = bits(modulus);
        if !GENERIC_RSA_MODULUS_BITS.contains(&bits) {
            return Err(PublicKeyError::ModulusSize { bits });
        }
        if modulus.last().is_some_and(|last| last & 1 == 0) {
            return Err(PublicKeyError::EvenModulus);
        }
        let exponent = if exponent.len() <= 8 {
            exponent
                .iter()
                .fold(0, |sum, octet| sum << 8 | u64::from(*octet))
        } else {
            u64::MAX
        };
        if !RSA_EXPONENT.contains(&exponent) || exponent & 1 == 0 {
            return Err(PublicKeyError::Exponent);
        }
        Ok(Self {
            der: der.into(),
            modulus: modulus.into(),
            exponent,
        })
    }

    /// The `RSAPublicKey` (RFC 8017 appendix A.1.1) in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The modulus, unsigned big-endian without leading zeros.
    pub fn modulus(&self) -> &[u8] {
        &self.modulus
    }

    /// The size of the modulus.
    pub fn modulus_bits(&self) -> usize {
        bits(&self.modulus)
    }

    /// The public exponent.
    pub fn exponent(&self) -> u64 {
        self.exponent
    }
}

/// The key of a holder leads to the holder; only its size is shown.
impl fmt::Debug for RsaPublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RsaPublicKey({} bits)", self.modulus_bits())
    }
}

/// The octets of a positive INTEGER without the sign's zero; a negative one is no modulus.
fn positive<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], PublicKeyError> {
    let contents = reader.integer()?;
    match contents {
        [first, ..] if first & 0x80 != 0 => Err(DerError::Integer)?,
        [0, rest @ ..] => Ok(rest),
        _ => Ok(contents),
    }
}

/// Bits of a number without leading zero octets.
fn bits(octets: &[u8]) -> usize {
    let unused = octets.first().map_or(0, |first| first.leading_zeros());
    octets.len() * 8 - usize::try_from(unused).unwrap_or(0)
}
