//! The little DER that requests and answers consist of (X.690 section 10.1).

use crate::KeyAlgorithm;
use crate::der::{BIT_STRING, INTEGER, NULL, OBJECT_IDENTIFIER, SEQUENCE, context};

/// `sha256WithRSAEncryption`, 1.2.840.113549.1.1.11.
const SHA256_WITH_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0b];
/// `ecdsa-with-SHA256`, 1.2.840.10045.4.3.2.
const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];

/// One element: tag, length in its shortest form, contents.
pub(super) fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len().to_be_bytes();
    let significant = length
        .iter()
        .position(|octet| *octet != 0)
        .map_or(&length[length.len() - 1..], |start| &length[start..]);
    let mut der = vec![tag];
    match (significant, u8::try_from(significant.len())) {
        ([short @ 0..0x80], _) => der.push(*short),
        (long, octets) => {
            // X.690 section 8.1.3.5; a length has at most as many octets as a pointer.
            der.push(0x80 | octets.unwrap_or(0x7f));
            der.extend(long);
        }
    }
    der.extend(contents);
    der
}

/// SEQUENCE of parts that are DER already.
pub(super) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    element(SEQUENCE, &parts.concat())
}

/// INTEGER of unsigned big-endian octets without leading zeros.
pub(super) fn unsigned_integer(octets: &[u8]) -> Vec<u8> {
    match octets.first() {
        Some(0x80..) => element(INTEGER, &[&[0], octets].concat()),
        _ => element(INTEGER, octets),
    }
}

/// What stands behind the signed part of a request and of an answer alike: the algorithm, RSASSA-PKCS1-v1_5 or ECDSA with
/// SHA-256 as the key is, the signature's octets, and the signer's certificate.
pub(super) fn signature(algorithm: KeyAlgorithm, octets: &[u8], certificate: &[u8]) -> Vec<u8> {
    let algorithm = match algorithm {
        KeyAlgorithm::Rsa { .. } => vec![
            element(OBJECT_IDENTIFIER, SHA256_WITH_RSA),
            element(NULL, &[]),
        ],
        KeyAlgorithm::EcP256 | KeyAlgorithm::EcP384 | KeyAlgorithm::EcP521 => {
            vec![element(OBJECT_IDENTIFIER, ECDSA_WITH_SHA256)]
        }
    };
    let certificates = sequence(&[certificate.to_vec()]);
    [
        sequence(&algorithm),
        element(BIT_STRING, &[&[0], octets].concat()),
        element(context(0), &certificates),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::{element, unsigned_integer};

    #[test]
    fn a_length_takes_its_shortest_form() {
        assert_eq!(element(4, &[]), [4, 0]);
        assert_eq!(element(4, &[7; 0x7f])[..2], [4, 0x7f]);
        assert_eq!(element(4, &[7; 0x80])[..3], [4, 0x81, 0x80]);
        assert_eq!(element(4, &[7; 0x100])[..4], [4, 0x82, 1, 0]);
    }

    #[test]
    fn an_unsigned_integer_is_not_negative() {
        assert_eq!(unsigned_integer(&[0x7f]), [2, 1, 0x7f]);
        assert_eq!(unsigned_integer(&[0x80]), [2, 2, 0, 0x80]);
    }
}
