//! The basic four information of signing certificates: one genuine, one of an invented holder with
//! one thing changed at a time.

use conformance::fixture;
use conformance::issuer::Issuer;
use pki::{
    CertificateError, Era, FourInformation, FourInformationError as Error, Gender, PersonalField,
};
use sandbox::der;
use sandbox::mint::{CaKind, CertificateSpec, Extension, Extensions as _, names};

/// The values of a right certificate, in the order in which cards carry them.
const RIGHT: [(u8, &str); 6] = [
    (1, "海野　花子"),
    (4, "419900412"),
    (3, "2"),
    (5, "日ノ出県海風市汐見１丁目"),
    (2, "00010"),
    (6, "000000000001"),
];

fn read(change: impl FnOnce(CertificateSpec) -> CertificateSpec) -> Result<FourInformation, Error> {
    let issuer = Issuer::of(CaKind::DigitalSignature);
    FourInformation::from_certificate(&issuer.sign(&change(issuer.leaf())))
}

/// What is read from a certificate with these values.
fn of(values: &[(u8, &str)]) -> Result<FourInformation, Error> {
    read(|leaf| leaf.with_extension(Extension::personal_data(values)))
}

/// What is read where one value is another.
fn with(arc: u8, value: &str) -> Result<FourInformation, Error> {
    let changed = RIGHT.map(|(known, text)| (known, if known == arc { value } else { text }));
    of(&changed)
}

/// What is read from these general names.
fn of_names(names: &[Vec<u8>]) -> Result<FourInformation, Error> {
    let value = der::sequence(names);
    read(|leaf| leaf.with_extension(Extension::plain(names::SUBJECT_ALT_NAME, value)))
}

/// A value of the right certificate as a general name, its text in another type.
fn general_name(arc: u8, value: &[u8]) -> Vec<u8> {
    let type_id = der::object_identifier(&format!("{}.{arc}", names::PERSONAL_DATA_ARC));
    der::context_constructed(0, &der::concat([type_id.as_slice(), value]))
}

fn general_names() -> Vec<Vec<u8>> {
    let explicit = |text| der::context_constructed(0, &der::utf8_string(text));
    RIGHT
        .map(|(arc, text)| general_name(arc, &explicit(text)))
        .to_vec()
}

#[test]
fn the_genuine_test_certificate_tells_its_synthetic_holder() {
    let genuine = fixture("myna-card/jpki-sign-cert.der");
    let read = FourInformation::from_certificate(&genuine).unwrap();
    assert_eq!(read.name(), "黒桐　幹也");
    assert_eq!(read.family_and_given_name(), Some(("黒桐", "幹也")));
    assert_eq!(read.address(), "東京都清瀬市観布子南１２－７－２０２");
    let date = read.birth_date();
    assert_eq!((date.year(), date.month(), date.day()), (1980, 2, 17));
    assert_eq!(date.era(), Era::Showa);
    assert!(read.gender() == Gender::Male);
    assert!(read.name_substitutions().is_empty() && read.address_substitutions().is_empty());
    assert!(read.unknown_names().is_empty());
}

#[test]
fn what_is_no_signing_certificate_has_none() {
    let of = |name| FourInformation::from_certificate(&fixture(name)).unwrap_err();
    assert_eq!(of("myna-card/jpki-auth-cert.der"), Error::NoAlternativeName);
    let field = PersonalField::Name;
    assert_eq!(
        of("myna-card/signca-test-2024.cer"),
        Error::Missing { field }
    );
    let no_certificate = FourInformation::from_certificate(b"").unwrap_err();
    assert!(
        matches!(no_certificate, Error::Certificate(CertificateError::Der(_))),
        "{no_certificate}"
    );
}

#[test]
fn a_minted_certificate_is_read_whatever_the_order() {
    let mut values = RIGHT;
    for _ in 0..values.len() {
        values.rotate_left(1);
        let read = of(&values).unwrap();
        assert_eq!(read.name(), "海野　花子");
        assert_eq!(read.name_substitutions(), [3]);
        assert_eq!(read.address_substitutions(), [11]);
        assert_eq!(read.birth_date().era(), Era::Heisei);
    }
    // As the sandbox's own cards have them.
    assert_eq!(read(|leaf| leaf).unwrap().name(), "海野　花子");
    assert_eq!(
        read(|leaf| leaf.without_extension(names::SUBJECT_ALT_NAME)).unwrap_err(),
        Error::NoAlternativeName
    );
}

#[test]
fn each_value_is_there_once_and_the_twin_is_read() {
    for field in PersonalField::ALL {
        let missing: Vec<_> = RIGHT
            .into_iter()
            .filter(|(arc, _)| *arc != field.arc())
            .collect();
        assert_eq!(of(&missing).unwrap_err(), Error::Missing { field });
        let one = RIGHT.into_iter().find(|(arc, _)| *arc == field.arc());
        let twice: Vec<_> = RIGHT.into_iter().chain(one).collect();
        assert_eq!(of(&twice).unwrap_err(), Error::Duplicate { field });
        let again: Vec<_> = missing.into_iter().chain(one).collect();
        assert!(of(&again).is_ok());
    }
}

#[test]
fn a_value_is_an_explicitly_tagged_utf8_string() {
    assert!(of_names(&general_names()).is_ok());
    let mut implicit = general_names();
    implicit[2] = general_name(3, &der::utf8_string("2"));
    let error = of_names(&implicit).unwrap_err();
    assert!(matches!(error, Error::AlternativeName(_)), "{error}");
    let mut printable = general_names();
    printable[2] = general_name(3, &der::context_constructed(0, &der::printable_string("2")));
    let error = of_names(&printable).unwrap_err();
    let is_value = matches!(
        error,
        Error::Value {
            field: PersonalField::Gender,
            ..
        }
    );
    assert!(is_value, "{error}");
}

#[test]
fn what_is_announced_for_later_is_kept() {
    let later: Vec<_> = RIGHT.into_iter().chain([(7, "ウンノ　ハナコ")]).collect();
    let read = of(&later).unwrap();
    let [name] = read.unknown_names() else {
        panic!("one unknown name")
    };
    let type_id = format!("{}.7", names::PERSONAL_DATA_ARC);
    assert_eq!(name.type_id(), Some(type_id));
    assert_eq!(name.der(), der::utf8_string("ウンノ　ハナコ"));
    let mut with_address = general_names();
    with_address.insert(0, der::context_primitive(1, b"hanako@example.test"));
    let read = of_names(&with_address).unwrap();
    assert_eq!(read.unknown_names()[0].type_id(), None);
}

#[test]
fn one_wrong_value_is_refused_by_its_own_rule() {
    let name = PersonalField::NameSubstitutions;
    let address = PersonalField::AddressSubstitutions;
    for (arc, right, wrong, rule) in [
        (
            1,
            "浜辺　喜一",
            "",
            Error::Empty {
                field: PersonalField::Name,
            },
        ),
        (
            1,
            "浜辺　喜一",
            "浜辺\n喜一",
            Error::ControlCharacter {
                field: PersonalField::Name,
            },
        ),
        (
            2,
            "11111",
            "1111",
            Error::SubstitutionLength { field: name },
        ),
        (
            2,
            "11111",
            "11112",
            Error::SubstitutionDigit { field: name },
        ),
        (
            6,
            "111111111111",
            "1111111111111",
            Error::SubstitutionLength { field: address },
        ),
        (3, "9", "10", Error::Gender),
        (4, "419900412", "41990412", Error::BirthDateForm),
        (4, "419900412", "019900412", Error::BirthDateEraUnknown),
        (4, "419900412", "919900412", Error::BirthDateEra),
        (4, "419900412", "400000412", Error::BirthDateYearUnknown),
        (4, "419900412", "419900400", Error::BirthDatePartial),
        (4, "420000229", "419900229", Error::BirthDateImpossible),
        (4, "419890108", "419890107", Error::BirthDateEraMismatch),
        (4, "319890107", "319890108", Error::BirthDateEraMismatch),
    ] {
        assert!(with(arc, right).is_ok(), "{right}");
        assert_eq!(with(arc, wrong).unwrap_err(), rule, "{wrong}");
    }
}

#[test]
fn an_address_has_at_most_200_characters() {
    let of_length = |count: usize| {
        let (address, digits) = ("丁".repeat(count), "0".repeat(count));
        let values = RIGHT.map(|(arc, text)| match arc {
            5 => (arc, address.as_str()),
            6 => (arc, digits.as_str()),
            _ => (arc, text),
        });
        of(&values).map(|read| read.address().chars().count())
    };
    assert_eq!(of_length(200), Ok(200));
    assert_eq!(
        of_length(201),
        Err(Error::AddressLength { characters: 201 })
    );
}

#[test]
fn no_refusal_tells_what_it_refused() {
    for (arc, wrong) in [
        (1, "浜辺\n喜一"),
        (2, "11112"),
        (3, "m"),
        (4, "319890108"),
        (6, "1"),
    ] {
        let error = with(arc, wrong).unwrap_err();
        for shown in [error.to_string(), format!("{error:?}")] {
            let tells = shown.contains(wrong) && wrong.len() > 1;
            assert!(!tells && !shown.contains("浜辺"), "{shown}");
        }
    }
}
