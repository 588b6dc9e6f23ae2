use super::{NameError, NameText, canonical_name, canonical_relative_name};
use crate::DerError;

fn der(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = u8::try_from(contents.len()).unwrap();
    let long_form: &[u8] = if length < 0x80 { &[] } else { &[0x81] };
    [&[tag], long_form, &[length], contents].concat()
}

fn attribute(arc: u8, tag: u8, value: &[u8]) -> Vec<u8> {
    der(
        0x30,
        &[der(0x06, &[0x55, 0x04, arc]), der(tag, value)].concat(),
    )
}

/// A name of relative names, each of (arc, string tag, value) attributes.
fn name(parts: &[&[(u8, u8, &[u8])]]) -> Vec<u8> {
    let parts = parts.iter().map(|part| {
        let members: Vec<_> = part
            .iter()
            .map(|(arc, tag, value)| attribute(*arc, *tag, value))
            .collect();
        der(0x31, &members.concat())
    });
    der(0x30, &parts.collect::<Vec<_>>().concat())
}

#[track_caller]
fn same(left: &[&[(u8, u8, &[u8])]], right: &[&[(u8, u8, &[u8])]]) -> bool {
    canonical_name(&name(left)).unwrap() == canonical_name(&name(right)).unwrap()
}

#[test]
fn case_spaces_and_string_types_do_not_matter() {
    assert!(same(
        &[&[(3, 0x0c, b"City  CRLDP")]],
        &[&[(3, 0x13, b" city crldp ")]]
    ));
    assert!(same(&[&[(3, 0x0c, b"AB")]], &[&[(3, 0x1e, b"\0a\0b")]]));
    assert!(same(
        &[&[(3, 0x0c, b"AB")]],
        &[&[(3, 0x1c, b"\0\0\0a\0\0\0b")]]
    ));
    assert!(same(
        &[&[(3, 0x0c, "É".as_bytes())]],
        &[&[(3, 0x0c, "é".as_bytes())]]
    ));
}

#[test]
fn values_types_order_and_grouping_matter() {
    assert!(!same(&[&[(3, 0x0c, b"A")]], &[&[(3, 0x0c, b"B")]]));
    assert!(!same(&[&[(3, 0x0c, b"A B")]], &[&[(3, 0x0c, b"AB")]]));
    assert!(!same(&[&[(3, 0x0c, b"A")]], &[&[(10, 0x0c, b"A")]]));
    let (a, b) = ((3, 0x0c, b"A".as_slice()), (3, 0x0c, b"B".as_slice()));
    assert!(!same(&[&[a], &[b]], &[&[b], &[a]]));
    assert!(!same(&[&[a], &[b]], &[&[a, b]]));
    assert!(!same(&[&[a], &[b]], &[&[a]]));
    assert!(same(&[&[a, b]], &[&[b, a]]));
}

#[test]
fn a_type_without_a_known_character_set_is_compared_byte_by_byte() {
    assert!(same(&[&[(3, 0x14, b"A")]], &[&[(3, 0x14, b"A")]]));
    assert!(!same(&[&[(3, 0x14, b"A")]], &[&[(3, 0x14, b"a")]]));
    assert!(!same(&[&[(3, 0x14, b"a")]], &[&[(3, 0x0c, b"a")]]));
}

#[test]
fn an_empty_part_is_refused_and_an_empty_name_is_a_name() {
    assert_eq!(
        canonical_name(&name(&[&[]])),
        Err(NameError::EmptyRelativeName)
    );
    assert_eq!(canonical_name(&name(&[])), Ok(Vec::new()));
}

#[test]
fn an_attribute_is_a_type_and_one_value() {
    let three = der(
        0x30,
        &[der(0x06, &[0x55]), der(0x0c, b"A"), der(0x0c, b"B")].concat(),
    );
    let found = canonical_name(&der(0x30, &der(0x31, &three)));
    assert_eq!(
        found,
        Err(NameError::Der(DerError::TrailingBytes { octets: 3 }))
    );
}

/// A name in which the parts of a short one are repeated.
fn long_name(short: &[u8], count: usize) -> Vec<u8> {
    let contents = short[2..].repeat(count);
    let length = u16::try_from(contents.len()).unwrap().to_be_bytes();
    [&[0x30, 0x82], length.as_slice(), &contents].concat()
}

#[test]
fn a_name_of_thirty_two_attributes_is_read_and_of_thirty_three_is_not() {
    let attribute: &[(u8, u8, &[u8])] = &[(3, 0x0c, b"")];
    let long = |count| long_name(&name(&[attribute]), count);
    assert!(canonical_name(&long(32)).is_ok());
    assert_eq!(canonical_name(&long(33)), Err(NameError::TooManyAttributes));
}

/// What two values of a common name, in these string types, are to each other.
#[track_caller]
fn same_value(left: (u8, &[u8]), right: (u8, &[u8])) -> bool {
    same(&[&[(3, left.0, left.1)]], &[&[(3, right.0, right.1)]])
}

#[track_caller]
fn same_text(left: &str, right: &str) -> bool {
    same_value((0x0c, left.as_bytes()), (0x0c, right.as_bytes()))
}

#[test]
fn case_is_folded_by_stringprep_and_not_only_lowered() {
    assert!(same_text("Straße", "STRASSE"));
    assert!(same_text("ΣΊΣΥΦΟΣ", "σίσυφος"));
    assert!(same_text("ſ", "s"));
    assert!(!same_text("Strase", "STRASSE"));
}

#[test]
fn compatible_and_composed_characters_are_the_same() {
    assert!(same_text("e\u{301}", "é"));
    assert!(same_text("ＪＰＫＩ　２", "jpki 2"));
    assert!(same_text("ｶﾞ", "ガ"));
    assert!(same_text("ℂ", "c"));
    assert!(!same_text("か", "が"));
    assert!(!same_text("ケ", "ヶ"));
    // The characters that mean nothing are gone before case is folded and marks are joined.
    assert!(same_text("E\u{34f}\u{301}", "é"));
}

#[test]
fn controls_and_formatting_mean_nothing_or_a_space() {
    for nothing in [
        "\0",
        "\u{8}",
        "\u{e}",
        "\u{1f}",
        "\u{7f}",
        "\u{86}",
        "\u{ad}",
        "\u{34f}",
        "\u{6dd}",
        "\u{70f}",
        "\u{1806}",
        "\u{180e}",
        "\u{200b}",
        "\u{200f}",
        "\u{202e}",
        "\u{2063}",
        "\u{206f}",
        "\u{fe0f}",
        "\u{feff}",
        "\u{fffc}",
        "\u{1d17a}",
        "\u{e0001}",
        "\u{e007f}",
    ] {
        assert!(same_text(&format!("a{nothing}b"), "ab"), "{nothing:?}");
    }
    for space in [
        "\t", "\n", "\u{b}", "\u{c}", "\r", "\u{85}", "\u{a0}", "\u{1680}", "\u{2000}", "\u{200a}",
        "\u{2028}", "\u{2029}", "\u{202f}", "\u{205f}", "\u{3000}",
    ] {
        assert!(same_text(&format!("{space}a{space}b"), "a b"), "{space:?}");
        assert!(!same_text(&format!("a{space}b"), "ab"), "{space:?}");
    }
}

#[test]
fn a_space_under_a_mark_is_significant() {
    assert!(!same_text("a \u{301}b", "a  \u{301}b"));
    assert!(!same_text("a \u{301}", "a\u{301}"));
    assert!(same_text("a  \u{301}", "a   \u{301}"));
    assert!(same_text("   ", ""));
}

#[test]
fn a_value_with_a_prohibited_character_equals_only_its_own_bytes() {
    // Unassigned in Unicode 3.2 (one of them with a compatible form since), private, no character,
    // the replacement character.
    for prohibited in [
        "\u{221}",
        "\u{1f110}",
        "\u{e000}",
        "\u{fdd0}",
        "\u{fffd}",
        "\u{10ffff}",
    ] {
        let (upper, lower) = (format!("A{prohibited}"), format!("a{prohibited}"));
        assert!(same_text(&upper, &upper), "{prohibited:?}");
        assert!(!same_text(&upper, &lower), "{prohibited:?}");
        assert!(!same_text(&upper, "a"), "{prohibited:?}");
    }
    assert!(!same_text("\u{1f110}", "(a)"));
    assert!(!same_text("\u{1f110}", "(A)"));
}

#[test]
fn bytes_outside_of_their_character_set_are_compared_as_bytes() {
    let (utf8, printable, bmp, universal) = (0x0c, 0x13, 0x1e, 0x1c);
    for (tag, value) in [
        (utf8, [b'A', 0xff].as_slice()),
        (printable, "É".as_bytes()),
        (bmp, b"\0A\xd8\x3d\xde\0"),
        (bmp, b"\0AB"),
        (universal, b"\0\0\xd8\0"),
        (universal, b"\0\0\0A\0"),
    ] {
        assert!(same_value((tag, value), (tag, value)));
        let other = if tag == utf8 { printable } else { utf8 };
        assert!(!same_value((tag, value), (other, value)));
    }
    // U+1F600 as one character and as two surrogates.
    assert!(!same_value(
        (bmp, b"\xd8\x3d\xde\0"),
        (utf8, "\u{1f600}".as_bytes())
    ));
}

#[test]
fn a_name_begins_with_the_bytes_of_the_names_above_it() {
    let (country, organization) = ((6, 0x13, b"JP".as_slice()), (10, 0x0c, b"JPKI".as_slice()));
    let above = canonical_name(&name(&[&[country]])).unwrap();
    let below = canonical_name(&name(&[&[country], &[organization]])).unwrap();
    assert!(below.starts_with(&above) && below != above);
    let mut appended = above.clone();
    let relative = attribute(10, 0x13, b"jpki");
    canonical_relative_name(&relative, &mut appended, &mut 1).unwrap();
    assert_eq!(appended, below);
    // Neither a longer value nor a further attribute is below.
    let longer = canonical_name(&name(&[&[(6, 0x13, b"JPX")]])).unwrap();
    let grouped = canonical_name(&name(&[&[country, organization]])).unwrap();
    assert!(!longer.starts_with(&above) && !grouped.starts_with(&above));
}

#[test]
fn what_is_stored_under_a_distribution_point_is_found_again() {
    let utf8 = |arc, value: &'static str| [(arc, 0x0c, value.as_bytes())];
    let parts = [
        [(6, 0x13, b"JP".as_slice())],
        utf8(10, "JPKI"),
        utf8(11, "JPKI for user authentication"),
        utf8(11, "CRL Distribution Points"),
        utf8(11, "Tokyo-to"),
        utf8(3, "Kiyose-shi CRLDP"),
    ];
    let parts: Vec<&[(u8, u8, &[u8])]> = parts.iter().map(<[_; 1]>::as_slice).collect();
    // Keys of stored lists derive from these bytes: another form would lose the lists.
    let pinned = [
        (0x06, 2 + 19, "jp"),
        (0x0a, 4 + 19, "jpki"),
        (0x0b, 28 + 19, "jpki for user authentication"),
        (0x0b, 23 + 19, "crl distribution points"),
        (0x0b, 8 + 19, "tokyo-to"),
        (0x03, 16 + 19, "kiyose-shi crldp"),
    ];
    let pinned = pinned.iter().flat_map(|(arc, length, text)| {
        let value_length = u8::try_from(text.len()).unwrap();
        let head = [
            0,
            0,
            0,
            1,
            0,
            0,
            0,
            *length,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            3,
            0x55,
            4,
            *arc,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            value_length,
        ];
        [head.as_slice(), text.as_bytes()].concat()
    });
    assert_eq!(
        canonical_name(&name(&parts)).unwrap(),
        pinned.collect::<Vec<_>>()
    );
}

#[track_caller]
fn shown(parts: &[&[(u8, u8, &[u8])]]) -> String {
    NameText::from_der(&name(parts)).unwrap().to_string()
}

#[test]
fn a_name_is_shown_in_the_order_of_its_encoding() {
    let text = shown(&[
        &[(6, 0x13, b"JP")],
        &[(10, 0x0c, b"JPKI")],
        &[(3, 0x1e, b"\x9e\xd2"), (5, 0x13, b"7")],
        &[(8, 0x0c, b"S"), (7, 0x0c, b"L"), (65, 0x0c, b"P")],
    ]);
    assert_eq!(
        text,
        "C=JP, O=JPKI, CN=黒+serialNumber=7, ST=S+L=L+2.5.4.65=P"
    );
    assert_eq!(shown(&[]), "");
}

#[test]
fn a_shown_name_cannot_pretend_to_be_another() {
    assert_eq!(
        shown(&[&[(3, 0x0c, b"a, O=JPKI+C=JP")]]),
        r"CN=a\, O=JPKI\+C=JP"
    );
    assert_eq!(shown(&[&[(3, 0x0c, b"\x1b[1m\n")]]), r"CN=\1b[1m\0a");
    assert_eq!(
        shown(&[&[(3, 0x0c, "\u{202e}".as_bytes())]]),
        r"CN=\e2\80\ae"
    );
    // No text: the whole value in DER.
    assert_eq!(shown(&[&[(3, 0x14, b"A\n")]]), "CN=#1402410a");
    assert_eq!(shown(&[&[(3, 0x0c, b"\xff")]]), "CN=#0c01ff");
}

#[test]
fn a_malformed_name_is_not_shown() {
    assert_eq!(
        NameText::from_der(&name(&[&[]])),
        Err(NameError::EmptyRelativeName)
    );
    let attribute: &[(u8, u8, &[u8])] = &[(3, 0x0c, b"")];
    let long = |count| NameText::from_der(&long_name(&name(&[attribute]), count));
    assert!(long(32).is_ok());
    assert_eq!(long(33), Err(NameError::TooManyAttributes));
}
