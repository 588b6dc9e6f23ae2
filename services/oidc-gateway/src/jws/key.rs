//! Public keys with the algorithm they verify.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::signature::{self, ParsedPublicKey, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Algorithm, JwsError};

/// RSA moduli a client may register. Below 2,048 bits the key is too weak (RFC 7518 section 3.3); above 4,096 a
/// verification costs more than an honest client needs.
const RSA_MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=512;

/// 65,537, the only public exponent accepted: small exponents have no user left and a history of attacks.
const RSA_EXPONENT: [u8; 3] = [1, 0, 1];

/// A public key as registered: a JWK (RFC 7517). Members that carry private parts are named so that they can be refused
/// with the right words.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JsonWebKey {
    /// Key identifier; required so that a client can roll its keys.
    pub kid: String,
    /// Key type: `EC` or `RSA`.
    pub kty: String,
    /// Curve of an EC key: `P-256`.
    #[serde(default)]
    pub crv: Option<String>,
    /// EC point, x.
    #[serde(default)]
    pub x: Option<String>,
    /// EC point, y.
    #[serde(default)]
    pub y: Option<String>,
    /// RSA modulus.
    #[serde(default)]
    pub n: Option<String>,
    /// RSA public exponent.
    #[serde(default)]
    pub e: Option<String>,
    /// Algorithm the key is for; if present it must be the client's.
    #[serde(default)]
    pub alg: Option<String>,
    /// Use of the key; if present it must be `sig`, or `enc` for a key that signatures are encrypted to.
    #[serde(default, rename = "use")]
    pub public_key_use: Option<String>,
    /// A private part; refused. That it is there is all that is read of it: no error or log can repeat it.
    #[serde(default)]
    pub d: Option<IgnoredAny>,
}

/// Why a registered key was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The record holds a private key.
    #[error(
        "the key holds its private part \"d\": register the public key only, and replace this one"
    )]
    PrivatePart,
    /// A member is missing or is not base64url.
    #[error("member {0:?} is missing or not base64url without padding")]
    Member(&'static str),
    /// `kty`, `crv`, `use` or `alg` does not fit the algorithm.
    #[error("{member:?} is {found:?}, but {algorithm} needs {needed:?}")]
    Unsuitable {
        /// The member.
        member: &'static str,
        /// What it says.
        found: String,
        /// What it must say.
        needed: &'static str,
        /// For which algorithm.
        algorithm: &'static str,
    },
    /// The modulus is too short or too long.
    #[error("the RSA modulus has {bits} bits, allowed are 2048 to 4096 (RFC 7518 section 3.3)")]
    ModulusSize {
        /// Its length.
        bits: usize,
    },
    /// Another exponent than 65,537.
    #[error("the RSA public exponent is not 65537")]
    Exponent,
    /// The point is not on the curve, or the numbers make no key.
    #[error("the numbers are no public key")]
    Rejected,
}

/// A public key, parsed once, and the one algorithm it verifies.
#[derive(Clone)]
pub(crate) struct PublicKey {
    algorithm: Algorithm,
    key: std::sync::Arc<ParsedPublicKey>,
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("PublicKey")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

impl PublicKey {
    /// The key of a JWK, for this algorithm alone.
    pub(crate) fn from_jwk(jwk: &JsonWebKey, algorithm: Algorithm) -> Result<Self, KeyError> {
        if jwk.d.is_some() {
            return Err(KeyError::PrivatePart);
        }
        require(jwk.public_key_use.as_deref(), "use", "sig", algorithm)?;
        require(jwk.alg.as_deref(), "alg", algorithm.name(), algorithm)?;
        match algorithm {
            Algorithm::Es256 => {
                require(Some(&jwk.kty), "kty", "EC", algorithm)?;
                require(
                    Some(jwk.crv.as_deref().unwrap_or("")),
                    "crv",
                    "P-256",
                    algorithm,
                )?;
                Self::parse(algorithm, &ec_point(jwk)?)
            }
            Algorithm::Rs256 | Algorithm::Ps256 => {
                require(Some(&jwk.kty), "kty", "RSA", algorithm)?;
                Self::parse(algorithm, &rsa_spki(jwk)?)
            }
        }
    }

    /// A key from its SubjectPublicKeyInfo, its uncompressed point (ECDSA) or its RSAPublicKey.
    pub(crate) fn parse(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, KeyError> {
        let verification: &'static dyn signature::VerificationAlgorithm = match algorithm {
            // Raw r || s of exactly 64 octets (RFC 7518 section 3.4); DER is refused.
            Algorithm::Es256 => &signature::ECDSA_P256_SHA256_FIXED,
            Algorithm::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
            Algorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
        };
        let key = ParsedPublicKey::new(verification, bytes).map_err(|_| KeyError::Rejected)?;
        Ok(Self {
            algorithm,
            key: std::sync::Arc::new(key),
        })
    }

    /// The one algorithm this key verifies.
    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Is this the signature of `message` by this key?
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), JwsError> {
        self.key
            .verify_sig(message, signature)
            .map_err(|_| JwsError::Signature)
    }
}

/// The SubjectPublicKeyInfo of a JWK's RSA numbers, unsigned big-endian.
pub(crate) fn rsa_spki(jwk: &JsonWebKey) -> Result<Vec<u8>, KeyError> {
    let n = octets(jwk.n.as_deref(), "n")?;
    let e = octets(jwk.e.as_deref(), "e")?;
    // RFC 7518 section 6.3.1.1: no leading zero octets. Length and top bit together fix the number of bits.
    let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
    if !RSA_MODULUS_BYTES.contains(&n.len()) || bits < RSA_MODULUS_BYTES.start() * 8 {
        return Err(KeyError::ModulusSize { bits });
    }
    if e != RSA_EXPONENT {
        return Err(KeyError::Exponent);
    }
    let spki = RsaPublicKeyComponents {
        n: n.as_slice(),
        e: e.as_slice(),
    }
    .as_der()
    .map_err(|_| KeyError::Rejected)?;
    Ok(spki.as_ref().to_vec())
}

/// The uncompressed point of a JWK on P-256 (SEC 1 section 2.3.3).
pub(crate) fn ec_point(jwk: &JsonWebKey) -> Result<Vec<u8>, KeyError> {
    let mut point = vec![4];
    point.extend(coordinate(jwk.x.as_deref(), "x")?);
    point.extend(coordinate(jwk.y.as_deref(), "y")?);
    Ok(point)
}

fn require(
    found: Option<&str>,
    member: &'static str,
    needed: &'static str,
    algorithm: Algorithm,
) -> Result<(), KeyError> {
    match found {
        None => Ok(()),
        Some(found) if found == needed => Ok(()),
        Some(found) => Err(KeyError::Unsuitable {
            member,
            found: found.to_owned(),
            needed,
            algorithm: algorithm.name(),
        }),
    }
}

fn octets(member: Option<&str>, name: &'static str) -> Result<Vec<u8>, KeyError> {
    let text = member.ok_or(KeyError::Member(name))?;
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| KeyError::Member(name))
}

/// RFC 7518 section 6.2.1.2: the full 32 octets of a P-256 coordinate, never shortened.
fn coordinate(member: Option<&str>, name: &'static str) -> Result<Vec<u8>, KeyError> {
    let octets = octets(member, name)?;
    if octets.len() == 32 {
        Ok(octets)
    } else {
        Err(KeyError::Member(name))
    }
}
