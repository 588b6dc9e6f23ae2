use super::{Era, FourInformation, FourInformationError, Gender, PersonalField};
use crate::{DerError, GeneralNameError};

fn der(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = u16::try_from(contents.len()).unwrap().to_be_bytes();
    let header = match length {
        [0, short @ 0..0x80] => vec![tag, short],
        [0, long] => vec![tag, 0x81, long],
        [high, low] => vec![tag, 0x82, high, low],
    };
    [header.as_slice(), contents].concat()
}

/// An otherName of the arc of personal data.
fn other_name(arc: u8, value: &[u8]) -> Vec<u8> {
    let type_id = der(6, &[0x2a, 0x83, 8, 0x8c, 0x9b, 0x55, 8, 5, 5, arc]);
    der(0xa0, &[type_id, der(0xa0, value)].concat())
}

fn text(arc: u8, text: &str) -> Vec<u8> {
    other_name(arc, &der(0x0c, text.as_bytes()))
}

/// The six values of somebody invented, in the order of their arcs.
fn right() -> Vec<Vec<u8>> {
    let values = ["海野　花子", "00100", "2", "219261225", "日ノ出県", "0001"];
    (1..)
        .zip(values)
        .map(|(arc, value)| text(arc, value))
        .collect()
}

fn read(names: &[Vec<u8>]) -> Result<FourInformation, FourInformationError> {
    FourInformation::from_general_names(&der(0x30, &names.concat()))
}

/// What comes of the right values with this one changed.
fn with(arc: u8, value: &str) -> Result<FourInformation, FourInformationError> {
    let mut names = right();
    names[usize::from(arc - 1)] = text(arc, value);
    read(&names)
}

#[track_caller]
fn refused(arc: u8, value: &str) -> FourInformationError {
    with(arc, value).unwrap_err()
}

#[test]
fn the_six_values_are_read_in_any_order() {
    let mut names = right();
    for _ in 0..names.len() {
        names.rotate_left(1);
        let read = read(&names).unwrap();
        assert_eq!(read.name(), "海野　花子");
        assert_eq!(read.family_and_given_name(), Some(("海野", "花子")));
        assert_eq!(read.name_substitutions(), [2]);
        assert!(read.gender() == Gender::Female);
        let date = read.birth_date();
        assert_eq!((date.year(), date.month(), date.day()), (1926, 12, 25));
        assert_eq!(date.era(), Era::Taisho);
        assert_eq!(read.address(), "日ノ出県");
        assert_eq!(read.address_substitutions(), [3]);
        assert!(read.unknown_names().is_empty());
    }
}

#[test]
fn each_value_is_there_exactly_once() {
    for (index, field) in PersonalField::ALL.into_iter().enumerate() {
        let mut missing = right();
        let one = missing.remove(index);
        assert_eq!(
            read(&missing).unwrap_err(),
            FourInformationError::Missing { field }
        );
        let mut twice = right();
        twice.push(one);
        assert_eq!(
            read(&twice).unwrap_err(),
            FourInformationError::Duplicate { field }
        );
    }
}

#[test]
fn a_value_is_one_utf8_string() {
    let wrong = |value: &[u8]| {
        let mut names = right();
        names[2] = other_name(3, value);
        read(&names).unwrap_err()
    };
    let error = DerError::UnexpectedTag {
        expected: 0x0c,
        found: 0x13,
    };
    let field = PersonalField::Gender;
    assert_eq!(
        wrong(&der(0x13, b"2")),
        FourInformationError::Value { field, error }
    );
    let trailing = GeneralNameError::Der(DerError::TrailingBytes { octets: 3 });
    let two = [der(0x0c, b"2"), der(0x0c, b"2")].concat();
    assert_eq!(wrong(&two), FourInformationError::AlternativeName(trailing));
    let text = GeneralNameError::Der(DerError::Text);
    assert_eq!(
        wrong(&der(0x0c, &[0xff])),
        FourInformationError::AlternativeName(text)
    );
}

#[test]
fn what_is_unknown_is_kept() {
    let mut names = right();
    names.insert(0, text(7, "カナ"));
    names.push(der(0x82, b"example.test"));
    let read = read(&names).unwrap();
    let [kana, dns] = read.unknown_names() else {
        panic!("two unknown names")
    };
    assert_eq!(kana.type_id().as_deref(), Some("1.2.392.200149.8.5.5.7"));
    assert_eq!(kana.der(), der(0x0c, "カナ".as_bytes()));
    assert_eq!(dns.type_id(), None);
    assert_eq!(dns.der(), der(0x82, b"example.test"));
}

#[test]
fn no_more_names_than_the_limit_are_kept() {
    let of = |count| read(&[right(), vec![text(7, ""); count]].concat());
    assert_eq!(of(250).unwrap().unknown_names().len(), 250);
    let too_many = FourInformationError::AlternativeName(GeneralNameError::TooMany);
    assert_eq!(of(251).unwrap_err(), too_many);
}

#[test]
fn a_name_of_one_or_three_parts_is_not_split() {
    for (name, digits) in [("アリス", "000"), ("Ａ　Ｂ　Ｃ", "00000"), ("　Ｂ", "00")] {
        let mut names = right();
        (names[0], names[1]) = (text(1, name), text(2, digits));
        let read = read(&names).unwrap();
        assert_eq!((read.name(), read.family_and_given_name()), (name, None));
    }
}

#[test]
fn substitutions_are_one_digit_a_character() {
    use PersonalField::{AddressSubstitutions, NameSubstitutions};
    for (arc, field, right, wrong) in [
        (2, NameSubstitutions, "11111", "00200"),
        (6, AddressSubstitutions, "1111", "00０"),
    ] {
        assert!(with(arc, right).is_ok());
        let length = FourInformationError::SubstitutionLength { field };
        assert_eq!(refused(arc, &right[1..]), length);
        assert_eq!(refused(arc, &format!("{right}0")), length);
        assert_eq!(refused(arc, ""), length);
        assert_eq!(
            refused(arc, wrong),
            FourInformationError::SubstitutionDigit { field }
        );
    }
}

#[test]
fn a_gender_is_one_digit() {
    let gender = |code: &str| with(3, code).unwrap().gender();
    assert!(gender("1") == Gender::Male && gender("2") == Gender::Female);
    for code in [0, 3, 9] {
        assert!(gender(&code.to_string()) == Gender::Other(code));
    }
    for wrong in ["", "12", "m", "１"] {
        assert_eq!(refused(3, wrong), FourInformationError::Gender);
    }
}

#[test]
fn an_address_has_at_most_200_characters() {
    let of = |count: usize| {
        let mut names = right();
        names[4] = text(5, &"丁".repeat(count));
        names[5] = text(6, &"0".repeat(count));
        read(&names)
    };
    assert!(of(200).is_ok());
    let long = FourInformationError::AddressLength { characters: 201 };
    assert_eq!(of(201).unwrap_err(), long);
}

#[test]
fn a_text_is_there_and_has_no_control_character() {
    for (arc, digits, field) in [(1, 2, PersonalField::Name), (5, 6, PersonalField::Address)] {
        assert_eq!(refused(arc, ""), FourInformationError::Empty { field });
        let of = |value: &str| {
            let mut names = right();
            names[arc as usize - 1] = text(arc, value);
            names[digits as usize - 1] = text(digits, "000");
            read(&names)
        };
        assert!(of("丁 目").is_ok());
        let control = FourInformationError::ControlCharacter { field };
        assert_eq!(of("丁\n目").unwrap_err(), control);
    }
}

#[test]
fn a_birth_date_is_a_day_of_its_era() {
    use FourInformationError::BirthDateEraMismatch;
    // The first and the last day of each era, and the days around them.
    for (before, first, last, after) in [
        ("118680124", "118680125", "119120730", "119120731"),
        ("219120729", "219120730", "219261225", "219261226"),
        ("319261224", "319261225", "319890107", "319890108"),
        ("419890107", "419890108", "420190430", "420190501"),
    ] {
        assert!(with(4, first).is_ok() && with(4, last).is_ok());
        assert_eq!(refused(4, before), BirthDateEraMismatch);
        assert_eq!(refused(4, after), BirthDateEraMismatch);
    }
    assert!(with(4, "520190501").is_ok());
    assert_eq!(refused(4, "520190430"), BirthDateEraMismatch);
}

#[test]
fn an_unknown_partial_or_impossible_birth_date_is_refused() {
    use FourInformationError as Error;
    assert!(with(4, "319800229").is_ok());
    for (wrong, error) in [
        ("019800229", Error::BirthDateEraUnknown),
        ("619800229", Error::BirthDateEra),
        ("300000229", Error::BirthDateYearUnknown),
        ("319800029", Error::BirthDatePartial),
        ("319800200", Error::BirthDatePartial),
        ("319800000", Error::BirthDatePartial),
        ("319810229", Error::BirthDateImpossible),
        ("319801301", Error::BirthDateImpossible),
        ("319800431", Error::BirthDateImpossible),
        ("31980022", Error::BirthDateForm),
        ("3198002290", Error::BirthDateForm),
        ("3１９８02", Error::BirthDateForm),
        ("31980-229", Error::BirthDateForm),
    ] {
        assert_eq!(refused(4, wrong), error, "{wrong}");
    }
}

#[test]
fn debug_tells_nothing() {
    let read = read(&[right(), vec![text(7, "カナ")]].concat()).unwrap();
    assert_eq!(format!("{read:?}"), "FourInformation(redacted)");
    assert_eq!(
        format!("{:?}", read.unknown_names()),
        "[UnknownName(redacted)]"
    );
    assert_eq!(format!("{:?}", read.birth_date()), "BirthDate(redacted)");
    assert_eq!(format!("{:?}", read.gender()), "Gender(redacted)");
}
