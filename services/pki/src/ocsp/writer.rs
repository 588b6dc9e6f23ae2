//! The little DER that a request consists of (X.690 section 10.1).

use crate::der::{INTEGER, SEQUENCE};

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
