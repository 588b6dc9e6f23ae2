//! The little DER that requests and answers consist of (X.690 section 10.1).

use crate::KeyAlgorithm;
use crate::der::{BIT_STRING, INTEGER, NULL, OBJECT_IDENTIFIER, SEQUENCE, context};

/// `sha256WithRSAEncryption`, 1.2.840.113549.1.1.11.
const SHA256_WITH_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0b];
/// `ecdsa-with-SHA256`, 1.2.840.10045.4.3.2.
const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];

/// Octets of all tags, lengths, identifiers and times around what is signed, the signature and a certificate; more is a
/// matter of time alone.
pub(super) const AROUND: usize = 128;

/// DER that is written from the front into one piece of memory.
pub(super) struct Der(Vec<u8>);

impl Der {
    /// Room for so many octets; more are taken, but then everything moves.
    pub(super) fn with_capacity(octets: usize) -> Self {
        Self(Vec::with_capacity(octets))
    }

    /// What was written.
    pub(super) fn into_octets(self) -> Vec<u8> {
        self.0
    }

    /// What is DER already.
    pub(super) fn raw(&mut self, der: &[u8]) {
        self.0.extend_from_slice(der);
    }

    /// One element: tag, length in its shortest form, contents.
    pub(super) fn element(&mut self, tag: u8, contents: &[u8]) {
        self.0.push(tag);
        self.length(contents.len());
        self.raw(contents);
    }

    /// One element of which the contents are written by `write`.
    pub(super) fn nested(&mut self, tag: u8, write: impl FnOnce(&mut Self)) {
        self.0.push(tag);
        let begin = self.0.len();
        write(self);
        let end = self.0.len();
        // The length is known now, and goes in front.
        self.length(end - begin);
        let octets = self.0.len() - end;
        if let Some(behind_tag) = self.0.get_mut(begin..) {
            behind_tag.rotate_right(octets);
        }
    }

    fn length(&mut self, contents: usize) {
        let octets = contents.to_be_bytes();
        let significant = octets
            .iter()
            .position(|octet| *octet != 0)
            .map_or(&octets[octets.len() - 1..], |start| &octets[start..]);
        match (significant, u8::try_from(significant.len())) {
            ([short @ 0..0x80], _) => self.0.push(*short),
            (long, count) => {
                // X.690 section 8.1.3.5; a length has at most as many octets as a pointer.
                self.0.push(0x80 | count.unwrap_or(0x7f));
                self.raw(long);
            }
        }
    }
}

/// One element in memory of its own.
pub(super) fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut der = Der::with_capacity(contents.len() + 6);
    der.element(tag, contents);
    der.into_octets()
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
pub(super) fn signature(der: &mut Der, algorithm: KeyAlgorithm, octets: &[u8], certificate: &[u8]) {
    der.nested(SEQUENCE, |identifier| match algorithm {
        KeyAlgorithm::Rsa { .. } => {
            identifier.element(OBJECT_IDENTIFIER, SHA256_WITH_RSA);
            identifier.element(NULL, &[]);
        }
        KeyAlgorithm::EcP256 | KeyAlgorithm::EcP384 | KeyAlgorithm::EcP521 => {
            identifier.element(OBJECT_IDENTIFIER, ECDSA_WITH_SHA256);
        }
    });
    der.nested(BIT_STRING, |bits| {
        // No unused bits.
        bits.raw(&[0]);
        bits.raw(octets);
    });
    der.nested(context(0), |certificates| {
        certificates.element(SEQUENCE, certificate);
    });
}

#[cfg(test)]
mod tests {
    use super::{Der, SEQUENCE, element, unsigned_integer};

    #[test]
    fn a_length_takes_its_shortest_form() {
        assert_eq!(element(4, &[]), [4, 0]);
        assert_eq!(element(4, &[7; 0x7f])[..2], [4, 0x7f]);
        assert_eq!(element(4, &[7; 0x80])[..3], [4, 0x81, 0x80]);
        assert_eq!(element(4, &[7; 0x100])[..4], [4, 0x82, 1, 0]);
    }

    #[test]
    fn nested_elements_are_those_written_from_the_inside() {
        for octets in [0, 1, 0x7d, 0x7e, 0x7f, 0x80, 0xfd, 0xfe, 0x100, 0x1_0000] {
            let contents = vec![7; octets];
            let mut der = Der::with_capacity(0);
            der.nested(SEQUENCE, |outer| {
                outer.raw(&[5, 0]);
                outer.nested(4, |inner| inner.raw(&contents));
            });
            let expected = element(SEQUENCE, &[vec![5, 0], element(4, &contents)].concat());
            assert_eq!(der.into_octets(), expected, "{octets}");
        }
    }

    #[test]
    fn an_unsigned_integer_is_not_negative() {
        assert_eq!(unsigned_integer(&[0x7f]), [2, 1, 0x7f]);
        assert_eq!(unsigned_integer(&[0x80]), [2, 2, 0, 0x80]);
    }
}
