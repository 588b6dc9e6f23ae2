use super::{DerError, MAX_DER_DEPTH, Reader, check_strict, named_bits};

#[track_caller]
fn refused(bytes: &[u8], expected: DerError) {
    assert_eq!(check_strict(bytes), Err(expected), "{bytes:02x?}");
}

#[track_caller]
fn accepted(bytes: &[u8]) {
    assert_eq!(check_strict(bytes), Ok(()), "{bytes:02x?}");
}

#[test]
fn a_length_has_its_shortest_definite_form() {
    accepted(&[0x04, 0x01, 0xaa]);
    refused(&[0x04, 0x81, 0x01, 0xaa], DerError::NonMinimalLength);
    refused(&[0x04, 0x82, 0x00, 0x01, 0xaa], DerError::NonMinimalLength);
    refused(&[0x30, 0x80, 0x00, 0x00], DerError::IndefiniteLength);
    refused(
        &[0x04, 0x85, 0, 0, 0, 0, 1, 0xaa],
        DerError::LongLength { octets: 5 },
    );
    let mut long = vec![0x04, 0x81, 0x80];
    long.extend([0; 0x80]);
    accepted(&long);
    refused(&long[..20], DerError::Truncated);
}

#[test]
fn nothing_may_follow_the_structure() {
    refused(&[0x05, 0x00, 0x00], DerError::TrailingBytes { octets: 1 });
    refused(&[], DerError::Truncated);
    refused(&[0x04, 0x84, 0xff, 0xff, 0xff, 0xff], DerError::Truncated);
    refused(&[0x1f, 0x81, 0x00, 0x00], DerError::LongTag);
}

#[test]
fn an_integer_is_in_its_shortest_form() {
    accepted(&[0x02, 0x01, 0x00]);
    accepted(&[0x02, 0x02, 0x00, 0x80]);
    accepted(&[0x02, 0x02, 0xff, 0x7f]);
    refused(&[0x02, 0x00], DerError::Integer);
    refused(&[0x02, 0x02, 0x00, 0x7f], DerError::Integer);
    refused(&[0x02, 0x02, 0xff, 0x80], DerError::Integer);
    refused(&[0x0a, 0x02, 0x00, 0x01], DerError::Integer);
}

#[test]
fn only_true_is_encoded() {
    accepted(&[0x01, 0x01, 0xff]);
    refused(&[0x01, 0x01, 0x00], DerError::Boolean);
    refused(&[0x01, 0x01, 0x01], DerError::Boolean);
    refused(&[0x01, 0x02, 0xff, 0xff], DerError::Boolean);
}

#[test]
fn unused_bits_are_zero() {
    accepted(&[0x03, 0x02, 0x07, 0x80]);
    accepted(&[0x03, 0x01, 0x00]);
    refused(&[0x03, 0x02, 0x07, 0xc0], DerError::BitString);
    refused(&[0x03, 0x02, 0x08, 0x00], DerError::BitString);
    refused(&[0x03, 0x01, 0x01], DerError::BitString);
    refused(&[0x03, 0x00], DerError::BitString);
}

#[test]
fn named_bits_end_in_a_set_bit() {
    assert_eq!(named_bits(&[7, 0x80]), Ok(0b1));
    assert_eq!(named_bits(&[6, 0xc0]), Ok(0b11));
    assert_eq!(named_bits(&[7, 0x00, 0x80]), Ok(0b1_0000_0000));
    assert_eq!(named_bits(&[0]), Ok(0));
    assert_eq!(named_bits(&[6, 0x80]), Err(DerError::NamedBits));
    assert_eq!(named_bits(&[0, 0x80, 0x00]), Err(DerError::NamedBits));
    assert_eq!(named_bits(&[]), Err(DerError::BitString));
    assert_eq!(named_bits(&[7, 0xc0]), Err(DerError::BitString));
}

#[test]
fn an_object_identifier_is_complete_and_not_padded() {
    accepted(&[0x06, 0x03, 0x55, 0x1d, 0x0f]);
    accepted(&[0x06, 0x03, 0x2a, 0x83, 0x08]);
    refused(&[0x06, 0x00], DerError::ObjectIdentifier);
    refused(&[0x06, 0x02, 0x55, 0x9d], DerError::ObjectIdentifier);
    refused(&[0x06, 0x03, 0x55, 0x80, 0x01], DerError::ObjectIdentifier);
}

#[test]
fn null_is_empty_and_text_is_text() {
    accepted(&[0x05, 0x00]);
    refused(&[0x05, 0x01, 0x00], DerError::Null);
    accepted(&[0x0c, 0x02, 0xc3, 0xa9]);
    refused(&[0x0c, 0x01, 0xc3], DerError::Text);
    refused(&[0x13, 0x01, 0xc3], DerError::Text);
}

#[test]
fn a_set_is_sorted() {
    accepted(&[0x31, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x02]);
    refused(
        &[0x31, 0x06, 0x02, 0x01, 0x02, 0x02, 0x01, 0x01],
        DerError::SetOrder,
    );
}

#[test]
fn strings_are_primitive_and_sequences_constructed() {
    refused(&[0x24, 0x03, 0x04, 0x01, 0xaa], DerError::Form);
    refused(&[0x10, 0x00], DerError::Form);
    refused(&[0x11, 0x00], DerError::Form);
    accepted(&[0x30, 0x00]);
    accepted(&[0xa0, 0x02, 0x30, 0x00]);
}

#[test]
fn nesting_ends_somewhere() {
    let nested = |depth: usize| {
        (0..depth).fold(vec![0x05, 0x00], |inner, _| {
            let mut outer = vec![0x30, u8::try_from(inner.len()).unwrap()];
            outer.extend(inner);
            outer
        })
    };
    accepted(&nested(MAX_DER_DEPTH - 1));
    refused(&nested(MAX_DER_DEPTH), DerError::TooDeep);
}

#[test]
fn a_broken_element_inside_a_structure_is_found() {
    refused(&[0x30, 0x03, 0x02, 0x02, 0x00], DerError::Truncated);
    refused(&[0xa3, 0x03, 0x01, 0x01, 0x00], DerError::Boolean);
}

#[test]
fn the_reader_says_what_it_expected() {
    let found = Reader::new(&[0x05, 0x00]).sequence().map(drop);
    assert_eq!(
        found,
        Err(DerError::UnexpectedTag {
            expected: 0x30,
            found: 0x05
        })
    );
    let found = Reader::new(&[]).integer().map(drop);
    assert_eq!(
        found,
        Err(DerError::UnexpectedTag {
            expected: 0x02,
            found: 0
        })
    );
}
