//! RSA public keys.

use std::fmt;
use std::sync::{Arc, OnceLock};

use aws_lc_rs::signature::{ParsedPublicKey, RsaParameters};

use crate::der::{NULL, Reader, whole_sequence};
use crate::limits::{RSA_EXPONENT, RSA_MODULUS_BITS};
use crate::{DerError, HashAlgorithm};

/// `rsaEncryption`, 1.2.840.113549.1.1.1.
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

/// An RSA public key of 2048 to 4096 bits with an odd exponent of at least 65537. Cloning shares it.
#[derive(Clone)]
pub struct PublicKey(Arc<Inner>);

struct Inner {
    rsa_public_key: Box<[u8]>,
    modulus: Box<[u8]>,
    exponent: u64,
    /// The key as the first implementation wants it, one for each hash: reading it anew costs a
    /// sixth of a verification, and the keys of authorities are used for every certificate.
    parsed: [OnceLock<Option<ParsedPublicKey>>; 3],
}

/// Why a key is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// It is not DER.
    #[error(transparent)]
    Der(#[from] DerError),
    /// Not an RSA key.
    #[error("the key is not an RSA key (RFC 3279 section 2.3.1)")]
    NotRsa,
    /// The algorithm's parameters are not NULL.
    #[error("the parameters of the RSA key are not NULL (RFC 3279 section 2.3.1)")]
    Parameters,
    /// The modulus has another size.
    #[error("the RSA modulus has {bits} bits, not 2048 to 4096")]
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
}

impl PublicKey {
    /// Reads a `SubjectPublicKeyInfo` in DER.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, PublicKeyError> {
        let mut spki = whole_sequence(der)?;
        let mut algorithm = spki.sequence()?;
        if algorithm.object_identifier()? != RSA_ENCRYPTION {
            return Err(PublicKeyError::NotRsa);
        }
        let parameters = algorithm.optional(NULL)?;
        if !parameters.is_some_and(|null| null.contents.is_empty()) || !algorithm.is_empty() {
            return Err(PublicKeyError::Parameters);
        }
        let rsa_public_key = spki.octet_aligned_bits()?;
        spki.finish()?;
        Self::from_rsa_public_key(rsa_public_key)
    }

    /// `RSAPublicKey ::= SEQUENCE { modulus, publicExponent }` (RFC 8017 appendix A.1.1).
    fn from_rsa_public_key(der: &[u8]) -> Result<Self, PublicKeyError> {
        let mut reader = whole_sequence(der)?;
        let modulus = positive(&mut reader)?;
        let exponent = positive(&mut reader)?;
        reader.finish()?;
        let unused = modulus.first().map_or(0, |first| first.leading_zeros());
        let bits = modulus.len() * 8 - usize::try_from(unused).unwrap_or(0);
        if !RSA_MODULUS_BITS.contains(&bits) {
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
        Ok(Self(Arc::new(Inner {
            rsa_public_key: der.into(),
            modulus: modulus.into(),
            exponent,
            parsed: Default::default(),
        })))
    }

    /// The `RSAPublicKey` (RFC 8017 appendix A.1.1) in DER.
    pub fn rsa_public_key_der(&self) -> &[u8] {
        &self.0.rsa_public_key
    }

    /// The modulus, unsigned big-endian without leading zeros.
    pub fn modulus(&self) -> &[u8] {
        &self.0.modulus
    }

    /// The public exponent.
    pub fn exponent(&self) -> u64 {
        self.0.exponent
    }

    /// The key for one hash, as the first implementation wants it.
    pub(crate) fn parsed(
        &self,
        hash: HashAlgorithm,
        parameters: &'static RsaParameters,
    ) -> Option<&ParsedPublicKey> {
        let slot = match hash {
            HashAlgorithm::Sha256 => &self.0.parsed[0],
            HashAlgorithm::Sha384 => &self.0.parsed[1],
            HashAlgorithm::Sha512 => &self.0.parsed[2],
        };
        slot.get_or_init(|| ParsedPublicKey::new(parameters, self.rsa_public_key_der()).ok())
            .as_ref()
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

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.rsa_public_key == other.0.rsa_public_key
    }
}

impl Eq for PublicKey {}

/// The key of a holder leads to the holder; only its size is shown.
impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicKey(RSA, {} octets)", self.0.modulus.len())
    }
}

#[cfg(test)]
mod tests {
    use super::{PublicKey, PublicKeyError, RSA_ENCRYPTION};
    use crate::DerError;

    fn der(tag: u8, contents: &[u8]) -> Vec<u8> {
        let length = u16::try_from(contents.len()).unwrap().to_be_bytes();
        let header = match length {
            [0, short @ 0..0x80] => vec![tag, short],
            [0, long] => vec![tag, 0x81, long],
            [high, low] => vec![tag, 0x82, high, low],
        };
        [header.as_slice(), contents].concat()
    }

    fn spki(parameters: &[u8], modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
        let key = der(0x30, &[der(0x02, modulus), der(0x02, exponent)].concat());
        let algorithm = der(0x30, &[&der(0x06, RSA_ENCRYPTION), parameters].concat());
        der(
            0x30,
            &[algorithm, der(0x03, &[&[0], key.as_slice()].concat())].concat(),
        )
    }

    const NULL: &[u8] = &[5, 0];
    const F4: &[u8] = &[1, 0, 1];

    /// A number of this many bits, all ones.
    fn modulus(bits: usize) -> Vec<u8> {
        let mut octets = vec![0xff; bits.div_ceil(8)];
        octets[0] >>= octets.len() * 8 - bits;
        if octets[0] & 0x80 != 0 {
            octets.insert(0, 0);
        }
        octets
    }

    fn read(modulus: &[u8], exponent: &[u8]) -> Result<PublicKey, PublicKeyError> {
        PublicKey::from_spki_der(&spki(NULL, modulus, exponent))
    }

    #[test]
    fn a_key_has_2048_to_4096_bits() {
        let key = read(&modulus(2048), F4).unwrap();
        assert_eq!((key.modulus().len(), key.exponent()), (256, 65_537));
        assert!(read(&modulus(4096), F4).is_ok());
        let wrong = |bits| read(&modulus(bits), F4).unwrap_err();
        assert_eq!(wrong(2047), PublicKeyError::ModulusSize { bits: 2047 });
        assert_eq!(wrong(4097), PublicKeyError::ModulusSize { bits: 4097 });
        assert_eq!(
            read(&[0], F4).unwrap_err(),
            PublicKeyError::ModulusSize { bits: 0 }
        );
    }

    #[test]
    fn a_modulus_is_odd_and_positive() {
        let mut even = modulus(2048);
        *even.last_mut().unwrap() = 0xfe;
        assert_eq!(read(&even, F4).unwrap_err(), PublicKeyError::EvenModulus);
        assert_eq!(
            read(&[0x80; 256], F4).unwrap_err(),
            DerError::Integer.into()
        );
    }

    #[test]
    fn an_exponent_is_odd_and_at_least_65537() {
        let wrong = |exponent: &[u8]| read(&modulus(2048), exponent).unwrap_err();
        assert_eq!(wrong(&[3]), PublicKeyError::Exponent);
        assert_eq!(wrong(&[0, 0xff, 0xff]), PublicKeyError::Exponent);
        assert_eq!(wrong(&[1, 0, 2]), PublicKeyError::Exponent);
        assert_eq!(wrong(&[2, 0, 0, 0, 1]), PublicKeyError::Exponent);
        assert_eq!(wrong(&[1; 9]), PublicKeyError::Exponent);
        assert!(read(&modulus(2048), &[1, 0xff, 0xff, 0xff, 0xff]).is_ok());
    }

    #[test]
    fn the_algorithm_is_rsa_with_null_parameters() {
        let read = |parameters| PublicKey::from_spki_der(&spki(parameters, &modulus(2048), F4));
        assert!(read(NULL).is_ok());
        assert_eq!(read(&[]).unwrap_err(), PublicKeyError::Parameters);
        assert_eq!(read(&[5, 0, 5, 0]).unwrap_err(), PublicKeyError::Parameters);
        let mut elliptic = spki(NULL, &modulus(2048), F4);
        let algorithm = elliptic
            .windows(9)
            .position(|octets| octets == RSA_ENCRYPTION)
            .unwrap();
        elliptic[algorithm + 8] = 2;
        assert_eq!(
            PublicKey::from_spki_der(&elliptic).unwrap_err(),
            PublicKeyError::NotRsa
        );
    }

    #[test]
    fn nothing_follows_the_key() {
        let right = spki(NULL, &modulus(2048), F4);
        let refused = |bytes: &[u8]| PublicKey::from_spki_der(bytes).unwrap_err();
        let trailing = |octets| DerError::TrailingBytes { octets }.into();
        assert_eq!(refused(&[right.as_slice(), &[0]].concat()), trailing(1));
        assert_eq!(
            refused(&der(0x30, &[&right[4..], NULL].concat())),
            trailing(2)
        );
        let numbers = [der(0x02, &modulus(2048)), der(0x02, F4), NULL.to_vec()].concat();
        let key = [&[0], der(0x30, &numbers).as_slice()].concat();
        let algorithm = der(0x30, &[&der(0x06, RSA_ENCRYPTION), NULL].concat());
        let longer = der(0x30, &[algorithm, der(0x03, &key)].concat());
        assert_eq!(refused(&longer), trailing(2));
    }

    #[test]
    fn debug_shows_only_the_size() {
        let key = read(&modulus(2048), F4).unwrap();
        assert_eq!(format!("{key:?}"), "PublicKey(RSA, 256 octets)");
    }
}
