//! What an authority signs by mistake gets behind the signature check, where changed bytes never do: there, too, a
//! verdict and never a panic, and nothing is accepted that breaks a rule.

use std::collections::BTreeSet;

use conformance::issuer::{Issuer, MUNICIPALITY, NOW};
use pki::{CrlLimits, CrossCheck, RevocationReason, Verifier};
use proptest::prelude::*;
use sandbox::der;
use sandbox::mint::{CaKind, CrlEntry, Extension, names, sha256_with_rsa};

const KIND: CaKind = CaKind::UserAuthentication;

/// The to-be-signed part, signed rightly whatever it holds.
fn signed(to_be_signed: &[u8]) -> Vec<u8> {
    let signature = Issuer::of(KIND).authority.newest().key.sign(to_be_signed);
    der::sequence([
        to_be_signed,
        &sha256_with_rsa(),
        &der::bit_string(&signature),
    ])
}

fn list() -> Vec<u8> {
    let issuer = Issuer::of(KIND);
    issuer
        .list()
        .for_distribution_point(&KIND.distribution_point_name(MUNICIPALITY))
        .with_entry(CrlEntry::new(21_000_000, NOW.plus_secs(-9), Some(4)))
        .with_entry(CrlEntry::new(21_000_001, NOW.plus_secs(-9), None))
        .with_entry(CrlEntry::new(21_000_002, NOW.plus_secs(-9), Some(6)))
        .to_be_signed()
}

/// A few octets changed and none moved, so that lengths mostly still fit and readers get deep.
fn changed(right: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let octet = prop_oneof![
        any::<u8>(),
        proptest::sample::select(
            &[
                0_u8, 1, 2, 5, 0x0a, 0x17, 0x18, 0x30, 0x31, 0x80, 0x81, 0xa0, 0xff
            ][..]
        ),
    ];
    proptest::collection::vec((0..right.len(), octet), 1..4).prop_map(move |changes| {
        let mut bytes = right.clone();
        for (at, value) in changes {
            bytes[at] = value;
        }
        bytes
    })
}

/// Whether a list is accepted; what is accepted must keep the rules.
fn accepts(to_be_signed: &[u8]) -> bool {
    let trusted = &Issuer::of(KIND).trusted;
    let verifier = Verifier::new(CrossCheck::Off);
    let list = signed(to_be_signed);
    let Ok(crl) = pki::verify_crl(&list, trusted, &CrlLimits::default(), &verifier) else {
        return false;
    };
    let (facts, entries) = (crl.facts(), crl.entries());
    assert!(facts.next_update > facts.this_update);
    assert_eq!(u64::try_from(entries.len()), Ok(facts.entry_count));
    let serials: BTreeSet<_> = entries.iter().map(|entry| &entry.serial).collect();
    assert_eq!(serials.len(), entries.len());
    let reasons = entries.iter().map(|entry| entry.reason);
    assert!(
        reasons
            .into_iter()
            .all(|reason| reason != RevocationReason::RemoveFromCrl)
    );
    true
}

#[test]
fn the_right_list_and_leaf_are_accepted() {
    let issuer = Issuer::of(KIND);
    assert!(accepts(&list()));
    let leaf = signed(&issuer.leaf().to_be_signed());
    assert!(conformance::validate(&leaf, &issuer.trusted).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_list_that_was_changed_and_signed_keeps_the_rules_or_is_refused(bytes in changed(list())) {
        accepts(&bytes);
    }

    #[test]
    fn an_entry_with_any_extension_keeps_the_rules_or_is_refused(
        identifier in proptest::sample::select(&["2.5.29.21", "2.5.29.24", "2.5.29.29", "1.2.3"][..]),
        critical in any::<bool>(),
        value in proptest::collection::vec(any::<u8>(), 0..24),
    ) {
        let make = if critical { Extension::critical } else { Extension::plain };
        let mut entry = CrlEntry::new(21_000_000, NOW.plus_secs(-9), None);
        entry.extensions = vec![make(identifier, value)];
        accepts(&Issuer::of(KIND).list().with_entry(entry).to_be_signed());
    }

    #[test]
    fn a_leaf_that_was_changed_and_signed_is_of_its_profile_or_refused(
        bytes in changed(Issuer::of(KIND).leaf().to_be_signed()),
    ) {
        let trusted = &Issuer::of(KIND).trusted;
        let verifier = Verifier::new(CrossCheck::Off);
        if pki::validate_leaf(&signed(&bytes), trusted, &verifier).is_ok() {
            let holds = |part: &[u8]| bytes.windows(part.len()).any(|octets| octets == part);
            // digitalSignature alone, clientAuth alone, the policy of user authentication, and no authority.
            prop_assert!(holds(&Extension::key_usage(&[0]).to_der()));
            prop_assert!(holds(&Extension::client_authentication().to_der()));
            prop_assert!(holds(&der::object_identifier("1.2.392.200149.8.5.1.3.30")));
            prop_assert!(!holds(&der::object_identifier(names::BASIC_CONSTRAINTS)));
        }
    }
}
