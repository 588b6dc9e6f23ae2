//! Which hash a signature algorithm is over, so that a stream can be hashed while it passes.

use crate::HashAlgorithm;
use crate::der::{Reader, context, whole_sequence};

/// `1.2.840.113549.1.1`, PKCS#1; 11 to 13 are RSA with SHA-256, SHA-384 and SHA-512 (RFC 4055
/// section 5), 10 is RSASSA-PSS (section 3.1).
const PKCS_1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1];
/// `1.2.840.10045.4.3`; 2 to 4 are ECDSA with SHA-256, SHA-384 and SHA-512 (RFC 5758 section 3.2).
const ECDSA_WITH_SHA_2: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3];
/// `2.16.840.1.101.3.4.2`; 1 to 3 are SHA-256, SHA-384 and SHA-512 (RFC 4055 section 2.1).
const SHA_2: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 3, 4, 2];

/// The hash of a signature algorithm, given as its `AlgorithmIdentifier`. None for an algorithm that
/// nobody here could verify.
pub(super) fn declared_hash(der: &[u8]) -> Option<HashAlgorithm> {
    let mut algorithm = whole_sequence(der).ok()?;
    let (last, arc) = algorithm.object_identifier().ok()?.split_last()?;
    match (arc, last) {
        (PKCS_1, 10) => pss_hash(&mut algorithm),
        (PKCS_1, 11) | (ECDSA_WITH_SHA_2, 2) => Some(HashAlgorithm::Sha256),
        (PKCS_1, 12) | (ECDSA_WITH_SHA_2, 3) => Some(HashAlgorithm::Sha384),
        (PKCS_1, 13) | (ECDSA_WITH_SHA_2, 4) => Some(HashAlgorithm::Sha512),
        _ => None,
    }
}

/// `hashAlgorithm [0]` of `RSASSA-PSS-params`; without it the hash is SHA-1, which is not verified.
fn pss_hash(algorithm: &mut Reader<'_>) -> Option<HashAlgorithm> {
    let mut parameters = algorithm.sequence().ok()?;
    let tagged = parameters.optional(context(0)).ok()??;
    let mut hash = Reader::new(tagged.contents).sequence().ok()?;
    let (last, arc) = hash.object_identifier().ok()?.split_last()?;
    match (arc, last) {
        (SHA_2, 1) => Some(HashAlgorithm::Sha256),
        (SHA_2, 2) => Some(HashAlgorithm::Sha384),
        (SHA_2, 3) => Some(HashAlgorithm::Sha512),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::declared_hash;
    use crate::HashAlgorithm;

    fn der(tag: u8, contents: &[u8]) -> Vec<u8> {
        [&[tag, u8::try_from(contents.len()).unwrap()], contents].concat()
    }

    fn algorithm(identifier: &[u8], parameters: &[u8]) -> Vec<u8> {
        der(0x30, &[&der(0x06, identifier), parameters].concat())
    }

    #[test]
    fn the_hash_is_the_algorithm_s() {
        let expected = [
            HashAlgorithm::Sha256,
            HashAlgorithm::Sha384,
            HashAlgorithm::Sha512,
        ];
        for (number, hash) in (0_u8..).zip(expected) {
            let rsa = [super::PKCS_1, &[11 + number]].concat();
            assert_eq!(declared_hash(&algorithm(&rsa, &[5, 0])), Some(hash));
            let ecdsa = [super::ECDSA_WITH_SHA_2, &[2 + number]].concat();
            assert_eq!(declared_hash(&algorithm(&ecdsa, &[])), Some(hash));
            let sha = algorithm(&[super::SHA_2, &[1 + number]].concat(), &[]);
            let pss = [super::PKCS_1, &[10]].concat();
            let with = |parameters: &[u8]| declared_hash(&algorithm(&pss, parameters));
            assert_eq!(with(&der(0x30, &der(0xa0, &sha))), Some(hash));
            assert_eq!(with(&der(0x30, &der(0xa1, &sha))), None);
            assert_eq!(with(&[]), None);
        }
    }

    #[test]
    fn other_algorithms_have_no_hash() {
        // sha1WithRSAEncryption, ecdsa-with-SHA224, and what is no algorithm.
        for identifier in [
            [super::PKCS_1, &[5]].concat(),
            [super::ECDSA_WITH_SHA_2, &[1]].concat(),
        ] {
            assert_eq!(declared_hash(&algorithm(&identifier, &[5, 0])), None);
        }
        assert_eq!(declared_hash(&[]), None);
        assert_eq!(declared_hash(&[0x30, 0]), None);
    }
}
