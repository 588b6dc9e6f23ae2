use super::extension::facts;
use crate::GeneralNameError;
use crate::certificate::Extension;

fn der(tag: u8, contents: &[u8]) -> Vec<u8> {
    [&[tag, u8::try_from(contents.len()).unwrap()], contents].concat()
}

/// What is shown of an extension below 2.5.29: `label=value`, one a fact.
fn shown(arc: u8, value: &[u8]) -> Result<Vec<String>, GeneralNameError> {
    let identifier = [0x55, 0x1d, arc];
    let extension = Extension {
        identifier: &identifier,
        critical: true,
        value,
    };
    let facts = facts(&extension).content.unwrap()?.into_iter();
    Ok(facts
        .map(|fact| format!("{}={}", fact.label(), fact.value()))
        .collect())
}

#[track_caller]
fn shows(arc: u8, value: &[u8], expected: &[&str]) {
    assert_eq!(shown(arc, value).unwrap(), expected);
}

#[test]
fn key_usages_have_their_names() {
    shows(
        15,
        &[3, 2, 6, 0xc0],
        &["usage=digitalSignature", "usage=nonRepudiation"],
    );
    shows(15, &[3, 3, 7, 0, 0x80], &["usage=decipherOnly"]);
    shows(15, &[3, 3, 6, 0, 0x40], &["usage=a bit without a meaning"]);
}

#[test]
fn constraints_and_policies_are_shown() {
    shows(19, &der(0x30, &[]), &["authority=no"]);
    let limited = der(0x30, &[1, 1, 0xff, 2, 1, 3]);
    shows(19, &limited, &["authority=yes", "path length=3"]);
    let huge = der(0x30, &[&[1, 1, 0xff, 2, 9, 1], [0; 8].as_slice()].concat());
    let path_length = "path length=an integer of octets 010000000000000000";
    shows(19, &huge, &["authority=yes", path_length]);
    shows(54, &[2, 1, 0], &["skip certificates=0"]);
    let constraints = der(0x30, &[0x80, 1, 0, 0x81, 1, 2]);
    shows(
        36,
        &constraints,
        &["requireExplicitPolicy=0", "inhibitPolicyMapping=2"],
    );
    let pair = der(0x30, &[6, 2, 0x2a, 3, 6, 4, 0x55, 0x1d, 0x20, 0]);
    shows(
        33,
        &der(0x30, &pair),
        &["mapping=1.2.3 to anyPolicy (2.5.29.32.0)"],
    );
    let cps = der(
        0x30,
        &[
            &[6, 8, 0x2b, 6, 1, 5, 5, 7, 2, 1],
            der(0x16, b"http://x/").as_slice(),
        ]
        .concat(),
    );
    let policy = der(
        0x30,
        &[&[6, 2, 0x2a, 3], der(0x30, &cps).as_slice()].concat(),
    );
    shows(32, &der(0x30, &policy), &["policy=1.2.3", "cps=http://x/"]);
}

#[test]
fn name_constraints_are_shown_with_their_form() {
    let subtree = |name: &[u8]| der(0x30, name);
    let permitted = [
        subtree(&der(0x82, b"x.test")),
        subtree(&der(0x87, &[10, 0, 0, 0, 255, 0, 0, 0])),
    ];
    let with_minimum = subtree(&[der(0x81, b"x.test"), der(0x80, &[1])].concat());
    let value = der(
        0x30,
        &[der(0xa0, &permitted.concat()), der(0xa1, &with_minimum)].concat(),
    );
    let expected = [
        "permitted=dNSName: x.test",
        "permitted=iPAddress: 10.0.0.0/255.0.0.0",
        "excluded=rfc822Name: x.test (with minimum or maximum)",
    ];
    shows(30, &value, &expected);
}

#[test]
fn distribution_points_are_shown_with_reasons_and_issuer() {
    let uri = der(0x86, b"http://x/");
    let name = der(0xa0, &der(0xa0, &uri));
    let point = der(
        0x30,
        &[name, der(0x81, &[6, 0x40]), der(0xa2, &uri)].concat(),
    );
    let attribute = der(0x30, &[6, 3, 0x55, 4, 3, 0x0c, 1, b'x']);
    let relative = der(0x30, &der(0xa0, &der(0xa1, &attribute)));
    let expected = [
        "uniformResourceIdentifier=http://x/",
        "reasons=keyCompromise",
        "cRLIssuer=uniformResourceIdentifier: http://x/",
        "nameRelativeToCRLIssuer=CN=x",
    ];
    shows(31, &der(0x30, &[point, relative].concat()), &expected);
}

#[test]
fn text_of_strangers_is_escaped() {
    let names = [
        der(0x86, b"http://x/\x1b[2J\n"),
        der(
            0xa0,
            &[&[6, 1, 0x2a, 0xa0, 5, 0x0c, 3], "\u{202e}".as_bytes()].concat(),
        ),
        der(0xa0, &[6, 1, 0x2a, 0xa0, 2, 5, 0]),
        der(0x87, &[1, 2, 3]),
    ];
    let expected = [
        r"uniformResourceIdentifier=http://x/\u{1b}[2J\u{a}",
        r"otherName=1.2 = \u{202e}",
        "otherName=1.2 = 2 octets",
        "iPAddress=010203",
    ];
    shows(17, &der(0x30, &names.concat()), &expected);
}

#[test]
fn a_malformed_value_says_so() {
    for arc in [14, 15, 17, 18, 19, 30, 31, 32, 33, 35, 36, 37, 46, 54] {
        assert!(shown(arc, &[0x0c, 0]).is_err(), "{arc}");
        assert!(shown(arc, &[]).is_err(), "{arc}");
    }
}

#[test]
fn an_unknown_extension_has_no_content() {
    let extension = Extension {
        identifier: &[0x2a, 3],
        critical: false,
        value: &[1, 2, 3],
    };
    let facts = facts(&extension);
    assert_eq!((facts.name, facts.content, facts.octets), (None, None, 3));
    assert_eq!(facts.identifier, "1.2.3");
}

#[test]
fn debug_tells_nothing() {
    let extension = Extension {
        identifier: &[0x55, 0x1d, 17],
        critical: false,
        value: &der(0x30, &der(0x82, b"secret.test")),
    };
    let facts = facts(&extension);
    assert!(facts.personal_on_leaf);
    assert!(!format!("{facts:?} {:?}", facts.content).contains("secret"));
}

#[test]
fn an_identifier_with_an_immense_arc_does_not_look_like_another() {
    // 1.2.3 with 2^133 added to its last arc.
    let immense = [&[0x2a, 0x81], [0x80; 18].as_slice(), &[3]].concat();
    assert_eq!(super::dotted(&[0x2a, 3]), "1.2.3");
    assert_eq!(
        super::dotted(&immense),
        format!("0x2a81{}03", "80".repeat(18))
    );
}
