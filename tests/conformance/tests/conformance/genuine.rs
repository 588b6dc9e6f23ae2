//! The two certificates of a genuine test card.

use conformance::{fixture, validate};
use pki::{
    CertificationAuthority, CrlSigner, KeyAlgorithm, LeafError, LeafErrorKind, Profile,
    TrustAnchor, UnixTime,
};

struct Card {
    leaf: &'static str,
    anchors: [&'static str; 2],
    production: [&'static str; 3],
    profile: &'static str,
}

const USER_AUTHENTICATION: Card = Card {
    leaf: "jpki-auth-cert.der",
    anchors: ["authca-test-2019.cer", "authca-test-2023.cer"],
    production: ["authca01.cer", "authca02.cer", "authca03.cer"],
    profile: "jpki-test-user-authentication",
};

const SIGNING: Card = Card {
    leaf: "jpki-sign-cert.der",
    anchors: ["signca-test-2019.cer", "signca-test-2024.cer"],
    production: ["signca01.cer", "signca02.cer", "signca03.cer"],
    profile: "jpki-test-signing",
};

fn authority(anchors: &[&str], profile: &str) -> CertificationAuthority {
    let anchors = anchors
        .iter()
        .map(|name| TrustAnchor::from_der(&fixture(&format!("myna-card/{name}"))).unwrap())
        .collect();
    let profile = Profile::by_name(profile).unwrap();
    CertificationAuthority::new("test", profile, anchors, CrlSigner::OwnKey).unwrap()
}

fn leaf(card: &Card) -> Vec<u8> {
    fixture(&format!("myna-card/{}", card.leaf))
}

#[test]
fn both_leaves_are_accepted_under_their_profiles() {
    for card in [USER_AUTHENTICATION, SIGNING] {
        let authority = authority(&card.anchors, card.profile);
        let leaf = validate(&leaf(&card), &authority).unwrap();
        assert_eq!(leaf.profile().name(), card.profile);
        // 2025-10-27 to the end, in Japan, of 2030-02-17.
        assert_eq!(leaf.not_after().to_string(), "2030-02-17T14:59:59Z");
        assert_eq!(leaf.validity_at(UnixTime::from_secs(1_795_392_000)), Ok(()));
        assert_eq!(leaf.issuer_key_id(), authority.newest_anchor().key_id());
        assert!(
            leaf.distribution_point()
                .unwrap()
                .name()
                .unwrap()
                .is_one_directory_name()
        );
        assert_eq!(
            leaf.public_key().algorithm(),
            KeyAlgorithm::Rsa {
                modulus_bits: 2_048
            }
        );
        assert_eq!(leaf.serial().as_bytes().len(), 3);
    }
}

#[test]
fn the_issuer_is_chosen_by_key_and_not_by_name() {
    for card in [USER_AUTHENTICATION, SIGNING] {
        let (older, newer) = (card.anchors[0], card.anchors[1]);
        assert!(validate(&leaf(&card), &authority(&[newer], card.profile)).is_ok());
        let refused = validate(&leaf(&card), &authority(&[older], card.profile)).unwrap_err();
        assert!(
            matches!(refused, LeafError::UnknownIssuerKey { .. }),
            "{refused}"
        );
    }
}

#[test]
fn each_leaf_is_refused_under_every_other_profile() {
    for card in [USER_AUTHENTICATION, SIGNING] {
        for profile in Profile::all() {
            let verdict = validate(&leaf(&card), &authority(&card.anchors, profile.name()));
            if profile.name() == card.profile {
                assert!(verdict.is_ok());
            } else {
                assert_eq!(verdict.unwrap_err().kind(), LeafErrorKind::Unsupported);
            }
        }
    }
}

#[test]
fn each_leaf_is_refused_by_the_production_roots() {
    for card in [USER_AUTHENTICATION, SIGNING] {
        // The production roots even under the test profile: the policy alone must not be the lock.
        let refused = validate(&leaf(&card), &authority(&card.production, card.profile));
        assert_eq!(refused.unwrap_err().kind(), LeafErrorKind::UntrustedIssuer);
    }
}

#[test]
fn each_leaf_is_refused_by_the_other_authority() {
    for (card, other) in [
        (USER_AUTHENTICATION, SIGNING),
        (SIGNING, USER_AUTHENTICATION),
    ] {
        let refused = validate(&leaf(&card), &authority(&other.anchors, card.profile));
        assert_eq!(refused.unwrap_err().kind(), LeafErrorKind::UntrustedIssuer);
    }
}

#[test]
fn a_genuine_leaf_with_any_bit_changed_is_refused() {
    let authority = authority(&USER_AUTHENTICATION.anchors, USER_AUTHENTICATION.profile);
    let genuine = leaf(&USER_AUTHENTICATION);
    for at in 0..genuine.len() {
        let mut changed = genuine.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(validate(&changed, &authority).is_err(), "octet {at}");
    }
}

#[test]
fn the_issuer_s_key_can_be_read_without_validating() {
    let authority = authority(&SIGNING.anchors, SIGNING.profile);
    let leaf = leaf(&SIGNING);
    let key_id = pki::UnvalidatedLeaf::read(&leaf)
        .unwrap()
        .issuer_key_id()
        .unwrap();
    assert!(authority.anchor(&key_id).is_some());
}
