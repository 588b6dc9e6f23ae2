//! What is shown of certificates and lists, whatever their bytes are.

use conformance::fixture;
use conformance::issuer::Issuer;
use pki::FourInformation;
use pki::inspect::{CertificateFacts, ListFacts};
use sandbox::mint::{CaKind, CrlEntry};

/// Every text that is shown of a certificate.
fn texts(facts: &CertificateFacts) -> Vec<String> {
    let content = facts
        .extensions
        .iter()
        .filter_map(|it| it.content.as_ref()?.as_ref().ok());
    let mut texts: Vec<_> = content
        .flatten()
        .map(|fact| fact.value().to_owned())
        .collect();
    texts.extend([facts.issuer.to_string(), facts.subject.to_string()]);
    texts
}

#[test]
fn the_genuine_leaves_are_no_authorities_and_their_roots_are() {
    for (name, authority) in [
        ("jpki-auth-cert.der", false),
        ("jpki-sign-cert.der", false),
        ("signca-test-2024.cer", true),
        ("authca01.cer", true),
    ] {
        let facts = CertificateFacts::read(&fixture(&format!("myna-card/{name}"))).unwrap();
        assert_eq!(
            (facts.authority, facts.self_issued),
            (authority, authority),
            "{name}"
        );
        assert_eq!(facts.key.bits, Some(2048));
        assert!(
            facts
                .extensions
                .iter()
                .all(|it| matches!(it.content, Some(Ok(_))))
        );
        let personal = facts.extensions.iter().filter(|it| it.personal_on_leaf);
        assert!(personal.count() >= 1);
    }
}

#[test]
fn a_certificate_with_any_octet_changed_is_shown_safely_or_refused() {
    let genuine = fixture("myna-card/jpki-sign-cert.der");
    let mut shown = 0;
    for at in 0..genuine.len() {
        for change in [0x01, 0x80, 0xff, genuine[at] ^ 0x1b] {
            let mut changed = genuine.clone();
            changed[at] ^= change;
            if let Ok(facts) = CertificateFacts::read(&changed) {
                shown += 1;
                let texts = texts(&facts);
                assert!(
                    !texts.iter().any(|text| text.contains(char::is_control)),
                    "octet {at}"
                );
            }
            // Whatever it says: only that it says something matters here.
            let _ = FourInformation::from_certificate(&changed);
        }
    }
    // Most octets are keys, signatures and texts.
    assert!(shown > genuine.len(), "{shown}");
}

#[test]
fn a_list_with_any_octet_changed_is_shown_or_refused() {
    let issuer = Issuer::of(CaKind::UserAuthentication);
    let list = issuer.list();
    let revoked_at = list.this_update;
    let list = list.with_entry(CrlEntry::new(21_000_000, revoked_at, Some(4)));
    let list = list.sign(&issuer.authority.newest().key);
    let facts = ListFacts::read(&list).unwrap();
    assert_eq!(
        (facts.entries, facts.entries_by_reason),
        (1, vec![("superseded", 1)])
    );
    for at in 0..list.len() {
        let mut changed = list.clone();
        changed[at] ^= 0x41;
        if let Ok(facts) = ListFacts::read(&changed) {
            assert!(
                !facts.issuer.as_str().contains(char::is_control),
                "octet {at}"
            );
        }
    }
}
