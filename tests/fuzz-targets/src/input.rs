//! How the parts of an input are put together and taken apart.

const OCTET_STRING: u8 = 0x04;

/// The first DER element and what follows it. Lengths up to 65,535 octets are read, in any form.
pub fn split_element(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (header, length) = match input.get(1..)? {
        [short @ 0..=0x7f, ..] => (2, usize::from(*short)),
        [0x81, length, ..] => (3, usize::from(*length)),
        [0x82, high, low, ..] => (4, usize::from(u16::from_be_bytes([*high, *low]))),
        _ => return None,
    };
    input.split_at_checked(header + length)
}

/// The contents of the OCTET STRING at the beginning, and what follows it.
pub fn split_octets(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (element, rest) = split_element(input)?;
    let header = match element {
        [OCTET_STRING, 0..=0x7f, ..] => 2,
        [OCTET_STRING, 0x81, ..] => 3,
        [OCTET_STRING, 0x82, ..] => 4,
        _ => return None,
    };
    Some((&element[header..], rest))
}

/// Octets as an OCTET STRING, to be put into an input.
///
/// # Panics
/// If there are more than 65,535 of them.
pub fn octets(contents: &[u8]) -> Vec<u8> {
    let length = u16::try_from(contents.len()).expect("a small part");
    let [high, low] = length.to_be_bytes();
    match (high, low) {
        (0, short @ 0..=0x7f) => [&[OCTET_STRING, short], contents].concat(),
        (0, long) => [&[OCTET_STRING, 0x81, long], contents].concat(),
        (high, low) => [&[OCTET_STRING, 0x82, high, low], contents].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::{octets, split_element, split_octets};

    #[test]
    fn parts_come_apart_as_they_were_put_together() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff] {
            let part = vec![7; length];
            let input = [octets(&part), vec![1, 2]].concat();
            assert_eq!(split_octets(&input), Some((part.as_slice(), &[1, 2][..])));
            let (element, rest) = split_element(&input).unwrap();
            assert_eq!((element, rest), (octets(&part).as_slice(), &[1, 2][..]));
        }
    }

    #[test]
    fn what_is_cut_off_is_no_part() {
        for input in [
            &[][..],
            &[4],
            &[4, 1],
            &[4, 0x81],
            &[4, 0x80],
            &[4, 0x82, 0xff, 0xff],
        ] {
            assert_eq!(split_octets(input), None);
        }
        assert_eq!(split_octets(&[5, 0]), None);
    }
}
