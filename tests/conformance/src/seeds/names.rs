//! Values of extensions that name somebody or something.

use fuzz_targets::input::octets;
use sandbox::der;
use sandbox::mint::{CaKind, Extension, LeafSubject, PEOPLE, names};

use super::SUITE;
use crate::issuer::{Issuer, MUNICIPALITY, NOW};
use crate::pkits;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let issuer = Issuer::of(CaKind::DigitalSignature);
    let mut seeds: Vec<_> = PEOPLE
        .iter()
        .map(|person| {
            let subject = LeafSubject::issued_at(person, MUNICIPALITY, NOW);
            let leaf = issuer
                .authority
                .leaf(2, 21_000_000, &issuer.holder, &subject);
            leaf.extensions
        })
        .chain([Issuer::of(CaKind::UserAuthentication).leaf().extensions])
        .flatten()
        .map(|extension| seed(&extension))
        .collect();
    // With substitute characters, and with a value that is announced for later.
    let values = [
        (1, "海野　花子"),
        (4, "419900412"),
        (3, "2"),
        (5, "日ノ出県海風市汐見１丁目"),
        (2, "00010"),
        (6, "000000000001"),
        (7, "ウンノ　ハナコ"),
    ];
    seeds.push(seed(&Extension::personal_data(&values)));
    seeds.push(seed(&every_form()));
    for row in pkits::rows() {
        seeds.extend(extensions(SUITE.file(&row.certificate)));
        let others = row.intermediates.iter().chain(&row.trust_anchors);
        seeds.extend(others.flat_map(|name| extensions(SUITE.file(name))));
    }
    seeds.sort();
    seeds.dedup();
    seeds
}

fn seed(extension: &Extension) -> Vec<u8> {
    let identifier = der::object_identifier(&extension.oid);
    der::concat([octets(&identifier[2..]), extension.value.clone()])
}

/// A subjectAltName with a name of every form.
fn every_form() -> Extension {
    let explicit = der::context_constructed(0, &der::utf8_string("anything"));
    let other_name = der::concat([der::object_identifier("1.3.6.1.4.1.311.20.2.3"), explicit]);
    let edi_party = der::context_constructed(1, &der::printable_string("party"));
    let value = der::sequence([
        der::context_constructed(0, &other_name),
        der::context_primitive(1, b"hanako@example.test"),
        der::context_primitive(2, b"example.test"),
        names::directory_name(&CaKind::UserAuthentication.distinguished_name()),
        der::context_constructed(5, &edi_party),
        der::context_primitive(6, b"http://example.test/"),
        der::context_primitive(7, &[192, 0, 2, 1]),
        der::context_primitive(8, &[0x2a, 3, 4]),
    ]);
    Extension::plain(names::SUBJECT_ALT_NAME, value)
}

/// The extensions of a right certificate, each as a seed.
fn extensions(certificate: &[u8]) -> Vec<Vec<u8>> {
    use fuzz_targets::input::split_element;
    let contents = |element: &[u8]| -> Vec<u8> {
        let header = match element[1] {
            0x81 => 3,
            0x82 => 4,
            _ => 2,
        };
        element[header..].to_vec()
    };
    let elements = |contents: &[u8]| -> Vec<Vec<u8>> {
        let (mut rest, mut found) = (contents, Vec::new());
        while let Some((element, behind)) = split_element(rest) {
            found.push(element.to_vec());
            rest = behind;
        }
        found
    };
    let inside = |element: &[u8]| elements(&contents(element));
    let signed = &inside(certificate)[0];
    let tagged = inside(signed).into_iter().find(|field| field[0] == 0xa3);
    let list = tagged.map_or_else(Vec::new, |tagged| inside(&inside(&tagged)[0]));
    list.iter()
        .map(|extension| {
            let fields = inside(extension);
            let (identifier, value) = (&fields[0], &fields[fields.len() - 1]);
            der::concat([octets(&contents(identifier)), contents(value)])
        })
        .collect()
}
