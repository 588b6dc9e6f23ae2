//! A certificate, in a report.

use pki::inspect::{CertificateFacts, ExtensionFacts};
use pki::{EscapedText, FourInformation, Gender};

use super::report::{Content, Item, Report};

pub(super) fn report(der: &[u8], facts: &CertificateFacts, personal: bool) -> Report {
    // What names an authority leads to nobody.
    let shown = personal || facts.authority;
    // A holder who issued the certificate is its issuer too.
    let issuer_shown = shown || !facts.self_issued;
    let bits = facts
        .key
        .bits
        .map_or_else(|| "size unknown".to_owned(), |bits| format!("{bits} bits"));
    let mut items = vec![
        Item::text("kind", "certificate"),
        Item::number("version", facts.version),
        Item::personal("serial", &facts.serial, shown),
        Item::text("signature_algorithm", &facts.signature_algorithm),
        Item::personal("issuer", &facts.issuer, issuer_shown),
        Item::personal("subject", &facts.subject, shown),
        Item::flag("self_issued", facts.self_issued),
        Item::flag("authority", facts.authority),
        Item::time("not_before", facts.not_before),
        not_after(facts, shown),
        Item::text("key", format!("{}, {bits}", facts.key.algorithm)),
    ];
    if facts.algorithms_differ {
        let problem = "the algorithm outside of the signed part is another one";
        items.push(Item::text("signature_algorithm_problem", problem));
    }
    items.push(extensions(facts, shown, issuer_shown));
    if personal && has_personal_data(facts) {
        items.push(four_information(der));
    }
    items.push(Item::text("sha256", hex::encode(facts.sha256)));
    Report(items)
}

/// On a card it is the holder's birthday, so of a leaf only the year is shown.
fn not_after(facts: &CertificateFacts, shown: bool) -> Item {
    if shown {
        return Item::time("not_after", facts.not_after);
    }
    let date = facts.not_after.to_string();
    let year = date.split('-').next().unwrap_or_default();
    Item::new("not_after", Content::PersonalDay(year.to_owned()))
}

/// All extensions. One that is there several times, which no certificate may have, is shown each time.
fn extensions(facts: &CertificateFacts, shown: bool, issuer_shown: bool) -> Item {
    let mut items: Vec<Item> = Vec::new();
    for extension in &facts.extensions {
        let mut label = match extension.name {
            Some(name) => format!("{name} ({})", extension.identifier),
            None => extension.identifier.clone(),
        };
        while items.iter().any(|item| item.label == label) {
            label.push_str(" again");
        }
        let content = extension_content(extension, shown, issuer_shown);
        items.push(Item::new(&label, content));
    }
    Item::new("extensions", Content::Group(items))
}

fn extension_content(facts: &ExtensionFacts, shown: bool, issuer_shown: bool) -> Content {
    let mut items = vec![Item::flag("critical", facts.critical)];
    let names_issuer = matches!(facts.name, Some("authorityKeyIdentifier" | "issuerAltName"));
    let hidden = (facts.personal_on_leaf && !shown) || (names_issuer && !issuer_shown);
    items.push(match &facts.content {
        _ if hidden => Item::new("value", Content::Personal),
        Some(Ok(content)) => Item::facts("value", content),
        Some(Err(error)) => Item::text("value", format!("malformed: {error}")),
        None => Item::text("value", format!("unknown, {} octets", facts.octets)),
    });
    Content::Group(items)
}

/// Whether there is an otherName of the arc of JPKI's personal data.
fn has_personal_data(facts: &CertificateFacts) -> bool {
    let names = facts
        .extensions
        .iter()
        .filter(|it| it.name == Some("subjectAltName"));
    names
        .filter_map(|it| it.content.as_ref()?.as_ref().ok())
        .flatten()
        .any(|name| name.value().starts_with("1.2.392.200149.8.5.5."))
}

fn four_information(der: &[u8]) -> Item {
    let label = "four_information";
    let read = match FourInformation::from_certificate(der) {
        Ok(read) => read,
        Err(error) => return Item::text(label, format!("refused ({}): {error}", error.rule())),
    };
    let date = read.birth_date();
    let (year, month, day) = (date.year(), date.month(), date.day());
    let gender = match read.gender() {
        Gender::Male => "male".to_owned(),
        Gender::Female => "female".to_owned(),
        Gender::Other(code) => format!("code {code}"),
    };
    Item::new(
        label,
        Content::Group(vec![
            Item::text("name", EscapedText::new(read.name())),
            Item::text(
                "substitute_characters_in_name",
                positions(read.name_substitutions()),
            ),
            Item::text(
                "birth_date",
                format!("{year:04}-{month:02}-{day:02} ({:?})", date.era()),
            ),
            Item::text("gender", gender),
            Item::text("address", EscapedText::new(read.address())),
            Item::text(
                "substitute_characters_in_address",
                positions(read.address_substitutions()),
            ),
            Item::text("other_names", read.unknown_names().len()),
        ]),
    )
}

/// Positions as people count them.
fn positions(from_zero: &[usize]) -> String {
    if from_zero.is_empty() {
        return "none".to_owned();
    }
    let positions: Vec<_> = from_zero
        .iter()
        .map(|position| (position + 1).to_string())
        .collect();
    format!("at {}", positions.join(", "))
}
