//! What is shown of certificates and lists to people.

use pki::inspect::{CertificateFacts, Fact, ListFacts};
use pki::{Era, FourInformation, limits};

/// Whether a certificate can be shown; checks that what would be shown is harmless.
pub(crate) fn check_certificate(der: &[u8]) -> bool {
    let Ok(facts) = CertificateFacts::read(der) else {
        return false;
    };
    assert!(facts.version >= 1);
    let texts = [
        facts.serial.as_str(),
        &facts.signature_algorithm,
        facts.issuer.as_str(),
        facts.subject.as_str(),
        &facts.key.algorithm,
    ];
    texts.into_iter().for_each(check_text);
    assert!(facts.extensions.len() <= limits::MAX_EXTENSIONS);
    for extension in &facts.extensions {
        check_text(&extension.identifier);
        assert!(extension.octets <= der.len());
        match &extension.content {
            Some(Ok(facts)) => facts.iter().for_each(check_fact),
            Some(Err(error)) => check_text(&error.to_string()),
            None => {}
        }
    }
    true
}

/// The number of entries of a list that can be shown.
pub(crate) fn check_list(der: &[u8]) -> Option<u64> {
    let facts = ListFacts::read(der).ok()?;
    check_text(&facts.signature_algorithm);
    check_text(facts.issuer.as_str());
    facts
        .scope
        .iter()
        .chain(&facts.freshest)
        .for_each(check_fact);
    let counts = facts.entries_by_reason.iter().map(|(_, count)| count);
    assert_eq!(counts.sum::<u64>(), facts.entries);
    Some(facts.entries)
}

fn check_fact(fact: &Fact) {
    check_text(fact.label());
    check_text(fact.value());
}

/// On one line, and nothing in it that a terminal obeys or that turns the direction of writing.
fn check_text(text: &str) {
    let obeyed = |character: char| {
        character.is_control()
            || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!text.contains(obeyed), "shown unescaped");
}

/// Checks what must hold of every decoded four information.
pub(crate) fn check_four_information(read: &FourInformation) {
    check_positions(read.name_substitutions(), read.name());
    check_positions(read.address_substitutions(), read.address());
    assert!(read.address().chars().count() <= limits::MAX_ADDRESS_CHARACTERS);
    if let Some((family, given)) = read.family_and_given_name() {
        assert_eq!(format!("{family}\u{3000}{given}"), read.name());
    }
    let date = read.birth_date();
    assert!((1..=12).contains(&date.month()) && (1..=31).contains(&date.day()));
    let years = match date.era() {
        Era::Meiji => 1868..=1912,
        Era::Taisho => 1912..=1926,
        Era::Showa => 1926..=1989,
        Era::Heisei => 1989..=2019,
        Era::Reiwa => 2019..=9999,
    };
    assert!(years.contains(&date.year()));
    assert!(read.unknown_names().len() <= limits::MAX_ALTERNATIVE_NAMES);
    for unknown in read.unknown_names() {
        assert!(!unknown.der().is_empty());
        let type_id = unknown.type_id().unwrap_or_default();
        let is_known = (1..=6).any(|arc| type_id == format!("1.2.392.200149.8.5.5.{arc}"));
        assert!(!is_known, "a known value was kept as an unknown one");
    }
}

/// Each position is that of a character, and they ascend.
fn check_positions(positions: &[usize], text: &str) {
    let characters = text.chars().count();
    assert!(characters > 0);
    assert!(positions.iter().all(|position| *position < characters));
    assert!(positions.is_sorted_by(|one, next| one < next));
}
