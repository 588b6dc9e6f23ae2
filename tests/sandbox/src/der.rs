//! A small DER writer: enough to mint certificates and revocation lists, and to mint them wrong.
//!
//! It writes what it is told. Correctness is the caller's, so that a test can also write what no
//! library would: a negative serial, a missing parameter, an extension twice.

use pki::UnixTime;

/// One element: tag, definite length in its shortest form, contents.
pub fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut der = header(tag, contents.len());
    der.extend_from_slice(contents);
    der
}

/// What stands before so many octets of contents: tag, and definite length in its shortest form.
pub fn header(tag: u8, length: usize) -> Vec<u8> {
    let mut der = vec![tag];
    let length = length.to_be_bytes();
    let significant = &length[length.iter().position(|octet| *octet != 0).unwrap_or(7)..];
    match significant {
        [short @ 0..0x80] => der.push(*short),
        long => {
            // X.690 8.1.3.5: the first octet says how many octets of length follow.
            der.push(0x80 | u8::try_from(long.len()).unwrap_or(8));
            der.extend_from_slice(long);
        }
    }
    der
}

/// SEQUENCE of parts that are DER already.
pub fn sequence<P: AsRef<[u8]>>(parts: impl IntoIterator<Item = P>) -> Vec<u8> {
    element(0x30, &concat(parts))
}

/// SET of one part; larger sets would have to be sorted (X.690 11.6), and none is needed.
pub fn set_of_one(part: &[u8]) -> Vec<u8> {
    element(0x31, part)
}

/// INTEGER of unsigned big-endian octets: leading zeros dropped, one put back where the top bit is set.
pub fn unsigned_integer(octets: &[u8]) -> Vec<u8> {
    let start = octets
        .iter()
        .position(|octet| *octet != 0)
        .unwrap_or(octets.len());
    let minimal = &octets[start..];
    match minimal.first() {
        None => element(0x02, &[0]),
        Some(0x80..) => element(0x02, &[&[0], minimal].concat()),
        Some(_) => element(0x02, minimal),
    }
}

/// INTEGER of a small number.
pub fn small_integer(number: u64) -> Vec<u8> {
    unsigned_integer(&number.to_be_bytes())
}

/// ENUMERATED of a small number.
pub fn enumerated(number: u8) -> Vec<u8> {
    element(0x0a, &[number])
}

/// BOOLEAN TRUE, the only one DER writes where FALSE is the default (X.690 11.1).
pub fn boolean_true() -> Vec<u8> {
    element(0x01, &[0xff])
}

/// NULL.
pub fn null() -> Vec<u8> {
    element(0x05, &[])
}

/// OBJECT IDENTIFIER in dotted decimal.
///
/// # Panics
/// If the text is no object identifier: identifiers are literals of this crate and its tests.
pub fn object_identifier(dotted: &str) -> Vec<u8> {
    let arcs: Vec<u64> = dotted
        .split('.')
        .map(|arc| arc.parse().expect("an arc is a number"))
        .collect();
    let [first, second, rest @ ..] = arcs.as_slice() else {
        panic!("at least two arcs")
    };
    let mut contents = base_128(first * 40 + second);
    for arc in rest {
        contents.extend(base_128(*arc));
    }
    element(0x06, &contents)
}

fn base_128(mut number: u64) -> Vec<u8> {
    let mut octets = Vec::new();
    loop {
        let seven_bits = u8::try_from(number & 0x7f).unwrap_or_default();
        octets.push(if octets.is_empty() {
            seven_bits
        } else {
            0x80 | seven_bits
        });
        number >>= 7;
        if number == 0 {
            octets.reverse();
            return octets;
        }
    }
}

/// OCTET STRING.
pub fn octet_string(octets: &[u8]) -> Vec<u8> {
    element(0x04, octets)
}

/// BIT STRING of whole octets.
pub fn bit_string(octets: &[u8]) -> Vec<u8> {
    element(0x03, &[&[0], octets].concat())
}

/// BIT STRING of named bits, bit 0 first; trailing zero bits are dropped (X.690 11.2.2).
pub fn named_bits(bits: &[u8]) -> Vec<u8> {
    let Some(highest) = bits.iter().max() else {
        return element(0x03, &[0]);
    };
    let mut octets = vec![0_u8; usize::from(highest / 8) + 1];
    for bit in bits {
        octets[usize::from(bit / 8)] |= 0x80 >> (bit % 8);
    }
    element(0x03, &[&[7 - highest % 8], octets.as_slice()].concat())
}

/// UTF8String.
pub fn utf8_string(text: &str) -> Vec<u8> {
    element(0x0c, text.as_bytes())
}

/// PrintableString.
pub fn printable_string(text: &str) -> Vec<u8> {
    element(0x13, text.as_bytes())
}

/// IA5String.
pub fn ia5_string(text: &str) -> Vec<u8> {
    element(0x16, text.as_bytes())
}

/// `Time`: UTCTime until 2049, GeneralizedTime from 2050 on (RFC 5280 section 4.1.2.5).
pub fn time(at: UnixTime) -> Vec<u8> {
    // 2050-01-01T00:00:00Z
    if at.secs() < 2_524_608_000 {
        utc_time(at)
    } else {
        generalized_time(at)
    }
}

/// UTCTime, seconds present, in UTC.
pub fn utc_time(at: UnixTime) -> Vec<u8> {
    element(0x17, &digits_of(at)[2..])
}

/// GeneralizedTime, seconds present, in UTC.
pub fn generalized_time(at: UnixTime) -> Vec<u8> {
    element(0x18, &digits_of(at))
}

/// `YYYYMMDDHHMMSSZ`.
fn digits_of(at: UnixTime) -> Vec<u8> {
    at.to_string()
        .bytes()
        .filter(|octet| !matches!(octet, b'-' | b':' | b'T'))
        .collect()
}

/// `[number] EXPLICIT`, or any other constructed context-specific tag.
pub fn context_constructed(number: u8, contents: &[u8]) -> Vec<u8> {
    element(0xa0 | number, contents)
}

/// `[number] IMPLICIT` of a primitive type.
pub fn context_primitive(number: u8, contents: &[u8]) -> Vec<u8> {
    element(0x80 | number, contents)
}

/// The parts one after the other.
pub fn concat<P: AsRef<[u8]>>(parts: impl IntoIterator<Item = P>) -> Vec<u8> {
    let mut whole = Vec::new();
    for part in parts {
        whole.extend_from_slice(part.as_ref());
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_takes_its_shortest_form() {
        assert_eq!(element(0x04, &[0; 127])[..2], [0x04, 0x7f]);
        assert_eq!(element(0x04, &[0; 128])[..3], [0x04, 0x81, 0x80]);
        assert_eq!(element(0x04, &[0; 256])[..4], [0x04, 0x82, 0x01, 0x00]);
        assert_eq!(null(), [0x05, 0x00]);
    }

    #[test]
    fn an_unsigned_integer_is_minimal_and_never_negative() {
        assert_eq!(small_integer(0), [0x02, 0x01, 0x00]);
        assert_eq!(small_integer(127), [0x02, 0x01, 0x7f]);
        assert_eq!(small_integer(128), [0x02, 0x02, 0x00, 0x80]);
        assert_eq!(unsigned_integer(&[0, 0, 1, 0]), [0x02, 0x02, 0x01, 0x00]);
    }

    #[test]
    fn an_object_identifier_has_the_octets_of_the_genuine_policy() {
        assert_eq!(
            object_identifier("1.2.392.200149.8.5.1.0.30"),
            hex::decode("060b2a83088c9b5508050100 1e".replace(' ', "")).unwrap()
        );
    }

    #[test]
    fn named_bits_drop_trailing_zeros() {
        assert_eq!(named_bits(&[0]), [0x03, 0x02, 0x07, 0x80]);
        assert_eq!(named_bits(&[0, 1]), [0x03, 0x02, 0x06, 0xc0]);
        assert_eq!(named_bits(&[5, 6]), [0x03, 0x02, 0x01, 0x06]);
        assert_eq!(named_bits(&[]), [0x03, 0x01, 0x00]);
    }

    #[test]
    fn times_change_their_form_in_2050() {
        assert_eq!(
            time(UnixTime::from_secs(1_897_570_799))[..],
            *b"\x17\x0d300217145959Z"
        );
        assert_eq!(
            time(UnixTime::from_secs(2_524_608_000))[..],
            *b"\x18\x0f20500101000000Z"
        );
    }
}
