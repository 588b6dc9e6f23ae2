//! ECDSA public keys (RFC 5480).

use super::PublicKeyError;
use crate::KeyAlgorithm;

/// The first octet of an uncompressed point (SEC 1 section 2.3.3).
const UNCOMPRESSED: u8 = 4;

/// A named curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    /// By its object identifier (RFC 5480 section 2.1.1.1).
    pub(super) fn named(identifier: &[u8]) -> Option<Self> {
        match identifier {
            // secp256r1, 1.2.840.10045.3.1.7
            [0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7] => Some(Self::P256),
            // secp384r1, 1.3.132.0.34
            [0x2b, 0x81, 0x04, 0, 0x22] => Some(Self::P384),
            // secp521r1, 1.3.132.0.35
            [0x2b, 0x81, 0x04, 0, 0x23] => Some(Self::P521),
            _ => None,
        }
    }

    pub(crate) const fn key_algorithm(self) -> KeyAlgorithm {
        match self {
            Self::P256 => KeyAlgorithm::EcP256,
            Self::P384 => KeyAlgorithm::EcP384,
            Self::P521 => KeyAlgorithm::EcP521,
        }
    }

    /// Octets of one coordinate.
    const fn coordinate_octets(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

/// A curve and a point that has the form of one on it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct EcPublicKey {
    curve: Curve,
    point: Box<[u8]>,
}

impl EcPublicKey {
    /// `ECPoint`, uncompressed. RFC 5480 section 2.2 leaves it to the implementation to read compressed
    /// ones; a second spelling of the same key would get around rules that compare bytes.
    pub(super) fn from_point(curve: Curve, point: &[u8]) -> Result<Self, PublicKeyError> {
        let expected = 1 + 2 * curve.coordinate_octets();
        if point.len() != expected || point.first() != Some(&UNCOMPRESSED) {
            return Err(PublicKeyError::PointForm { expected });
        }
        Ok(Self {
            curve,
            point: point.into(),
        })
    }

    pub(crate) fn curve(&self) -> Curve {
        self.curve
    }

    /// The octet 4 and the two coordinates.
    pub(crate) fn point(&self) -> &[u8] {
        &self.point
    }
}
