//! The signature algorithms of X.509, by their `AlgorithmIdentifier`.

use std::fmt;

use crate::der::{NULL, Reader, check_strict, context, whole_sequence};
use crate::{DerError, FoundIdentifier, HashAlgorithm, SignatureEncoding};

/// `sha-1`, 1.3.14.3.2.26: what `RSASSA-PSS-params` mean where they name no hash.
const SHA1: &[u8] = &[0x2b, 0x0e, 3, 2, 0x1a];
/// `id-RSASSA-PSS`, 1.2.840.113549.1.1.10.
const RSASSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0a];
/// `id-mgf1`, 1.2.840.113549.1.1.8.
const MGF1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8];

/// How a certificate or list is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SignatureAlgorithm {
    /// How the signature is formed from the hash.
    pub encoding: SignatureEncoding,
    /// The hash.
    pub hash: HashAlgorithm,
}

/// Why a signature algorithm is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureAlgorithmError {
    /// It is not DER.
    #[error("the signature algorithm is not DER: {0}")]
    Der(#[from] DerError),
    /// The algorithm, or a hash in its parameters, is none of ours; SHA-1 and MD5 are broken.
    #[error("the signature algorithm or its hash, {found}, is not supported")]
    Unsupported {
        /// The algorithm, or the hash.
        found: FoundIdentifier,
    },
    /// The parameters are not the ones of this algorithm.
    #[error(
        "the parameters of the signature algorithm are wrong (RFC 4055 sections 3.1 and 5, RFC 5758 \
         section 3.2)"
    )]
    Parameters,
}

impl SignatureAlgorithmError {
    /// The broken rule, in snake case.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Der(_) => "not_der",
            Self::Unsupported { .. } => "signature_algorithm",
            Self::Parameters => "signature_parameters",
        }
    }

    fn unsupported(found: &[u8]) -> Self {
        Self::Unsupported {
            found: FoundIdentifier::new(found),
        }
    }
}

impl SignatureAlgorithm {
    /// Reads an `AlgorithmIdentifier` (RFC 5280 section 4.1.1.2) in DER. Which hashes and keys may meet is
    /// for a profile to say.
    pub fn from_der(algorithm_identifier: &[u8]) -> Result<Self, SignatureAlgorithmError> {
        check_strict(algorithm_identifier)?;
        let mut reader = whole_sequence(algorithm_identifier)?;
        let identifier = reader.object_identifier()?;
        let parameters = reader;
        let (encoding, hash) = match identifier {
            // sha256WithRSAEncryption and its two sisters, 1.2.840.113549.1.1.11 to 13. Their parameters
            // must be NULL, and whoever reads must also accept none (RFC 4055 section 5).
            [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, hash @ 0x0b..=0x0d] => {
                check_null_or_absent(parameters)?;
                let hash = match hash {
                    0x0b => HashAlgorithm::Sha256,
                    0x0c => HashAlgorithm::Sha384,
                    _ => HashAlgorithm::Sha512,
                };
                (SignatureEncoding::Pkcs1V15DigestInfo, hash)
            }
            // ecdsa-with-SHA256 and its two sisters, 1.2.840.10045.4.3.2 to 4. They have no parameters
            // (RFC 5758 section 3.2).
            [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, hash @ 2..=4] => {
                if !parameters.is_empty() {
                    return Err(SignatureAlgorithmError::Parameters);
                }
                let hash = match hash {
                    2 => HashAlgorithm::Sha256,
                    3 => HashAlgorithm::Sha384,
                    _ => HashAlgorithm::Sha512,
                };
                (SignatureEncoding::EcdsaDer, hash)
            }
            RSASSA_PSS => (SignatureEncoding::Pss, pss_hash(parameters)?),
            found => return Err(SignatureAlgorithmError::unsupported(found)),
        };
        Ok(Self { encoding, hash })
    }
}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} with {}", self.encoding, self.hash)
    }
}

/// `RSASSA-PSS-params` (RFC 4055 section 3.1): the hash, if everything else follows from it. The defaults
/// are all about SHA-1, so no parameters but the trailer can be left out.
fn pss_hash(mut parameters: Reader<'_>) -> Result<HashAlgorithm, SignatureAlgorithmError> {
    let wrong = || SignatureAlgorithmError::Parameters;
    let mut fields = parameters.sequence().map_err(|_| wrong())?;
    parameters.finish().map_err(|_| wrong())?;
    let Some(tagged) = fields.optional(context(0))? else {
        return Err(SignatureAlgorithmError::unsupported(SHA1));
    };
    let hash = hash(whole_sequence(tagged.contents)?)?;
    let mask = fields.optional(context(1))?.ok_or_else(wrong)?;
    let mut mask = whole_sequence(mask.contents)?;
    if mask.object_identifier()? != MGF1 || self::hash(mask.sequence()?)? != hash {
        return Err(wrong());
    }
    mask.finish()?;
    let salt = fields.optional(context(2))?.ok_or_else(wrong)?;
    if !is_integer(salt.contents, hash.octets()) {
        return Err(wrong());
    }
    // The default spelled out is not DER, but RFC 4055 section 3.1 wants it recognised.
    if let Some(trailer) = fields.optional(context(3))?
        && !is_integer(trailer.contents, 1)
    {
        return Err(wrong());
    }
    fields.finish()?;
    Ok(hash)
}

/// The `AlgorithmIdentifier` of a hash. NULL and no parameters at all mean the same here (RFC 4055 section
/// 2.1).
fn hash(mut algorithm: Reader<'_>) -> Result<HashAlgorithm, SignatureAlgorithmError> {
    let hash = match algorithm.object_identifier()? {
        // id-sha256, id-sha384 and id-sha512, 2.16.840.1.101.3.4.2.1 to 3.
        [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1] => HashAlgorithm::Sha256,
        [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2] => HashAlgorithm::Sha384,
        [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3] => HashAlgorithm::Sha512,
        found => return Err(SignatureAlgorithmError::unsupported(found)),
    };
    if !algorithm.is_empty() {
        check_null_or_absent(algorithm)?;
    }
    Ok(hash)
}

fn check_null_or_absent(mut parameters: Reader<'_>) -> Result<(), SignatureAlgorithmError> {
    let null = parameters.optional(NULL)?;
    if null.is_none_or(|null| null.contents.is_empty()) && parameters.is_empty() {
        Ok(())
    } else {
        Err(SignatureAlgorithmError::Parameters)
    }
}

/// Whether the one INTEGER inside an explicit tag is this small number.
fn is_integer(tagged: &[u8], number: usize) -> bool {
    let mut reader = Reader::new(tagged);
    reader.integer().is_ok_and(
        |contents| matches!(contents, [octet] if octet < &0x80 && usize::from(*octet) == number),
    ) && reader.is_empty()
}

#[cfg(test)]
mod tests;
