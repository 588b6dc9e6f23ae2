//! Who issued a leaf, and whether it is valid now.

use conformance::certificate::{of_kind, user_authentication};
use conformance::issuer::{Issuer, NOW};
use conformance::validate;
use pki::{LeafError, LeafErrorKind, UnixTime};
use sandbox::der;
use sandbox::mint::{CaKind, CertificateSpec, Extension, Extensions as _, RsaKey, names};

fn issuer() -> &'static Issuer {
    Issuer::of(CaKind::UserAuthentication)
}

#[track_caller]
fn refused(certificate: &[u8]) -> LeafError {
    let error = validate(certificate, &issuer().trusted).unwrap_err();
    assert_eq!(error.kind(), LeafErrorKind::UntrustedIssuer, "{error}");
    error
}

/// The leaf with the authority key identifier of another key.
fn naming(leaf: CertificateSpec, key: &RsaKey) -> CertificateSpec {
    leaf.with_extension(Extension::signer_key_identifier(&key.key_id()))
}

#[test]
fn a_leaf_of_either_generation_is_accepted() {
    for generation in [1, 2] {
        let generation = issuer().authority.generation(generation);
        let leaf = naming(issuer().leaf(), &generation.key).sign(&generation.key);
        let leaf = validate(&leaf, &issuer().trusted).unwrap();
        assert_eq!(leaf.issuer_key_id().as_bytes(), generation.key.key_id());
    }
}

#[test]
fn a_leaf_that_names_one_generation_and_is_signed_by_the_other_is_refused() {
    let (older, newest) = (
        issuer().authority.generation(1),
        issuer().authority.newest(),
    );
    let crossed = naming(issuer().leaf(), &older.key).sign(&newest.key);
    assert_eq!(refused(&crossed), LeafError::IssuerSignature);
    let crossed = naming(issuer().leaf(), &newest.key).sign(&older.key);
    assert_eq!(refused(&crossed), LeafError::IssuerSignature);
}

#[test]
fn a_leaf_of_a_key_nobody_trusts_is_refused() {
    let stranger = RsaKey::generate().unwrap();
    let honest = naming(issuer().leaf(), &stranger).sign(&stranger);
    assert!(matches!(
        refused(&honest),
        LeafError::UnknownIssuerKey { .. }
    ));
    // It names our key and our name, and cannot sign with the key.
    let lying = issuer().leaf().sign(&stranger);
    assert_eq!(refused(&lying), LeafError::IssuerSignature);
}

#[test]
fn a_leaf_of_the_other_authority_is_refused_even_with_the_right_policy() {
    let other = Issuer::of(CaKind::DigitalSignature);
    let leaf = naming(issuer().leaf(), &other.authority.newest().key);
    let leaf = other.sign(&leaf);
    assert!(matches!(refused(&leaf), LeafError::UnknownIssuerKey { .. }));
}

#[test]
fn the_issuer_s_name_is_the_anchor_s() {
    let renamed = |name: Vec<u8>| {
        user_authentication(|leaf| CertificateSpec {
            issuer: name,
            ..leaf
        })
    };
    let right = CaKind::UserAuthentication.distinguished_name();
    assert!(renamed(right.clone()).is_ok());
    let other = CaKind::DigitalSignature.distinguished_name();
    assert_eq!(renamed(other).unwrap_err(), LeafError::IssuerName);
    // A part more is another name.
    let longer = der::sequence([&right[3..], &names::utf8("2.5.4.3", "x")]);
    assert_eq!(renamed(longer).unwrap_err(), LeafError::IssuerName);
}

#[test]
fn the_issuer_s_name_is_compared_without_case_and_string_type() {
    let unit = "2.5.4.11";
    let name = |text: [&str; 3]| {
        names::name([
            names::country(),
            names::utf8("2.5.4.10", text[0]),
            names::utf8(unit, text[1]),
            names::utf8(unit, text[2]),
        ])
    };
    let folded = name([
        "jpki",
        " JPKI  for USER authentication",
        "Japan Agency for local authority Information Systems ",
    ]);
    assert!(
        user_authentication(|leaf| CertificateSpec {
            issuer: folded,
            ..leaf
        })
        .is_ok()
    );
}

#[test]
fn a_signature_with_one_bit_changed_is_refused() {
    let leaf = issuer().leaf();
    let mut signature = issuer().authority.newest().key.sign(&leaf.to_be_signed());
    assert!(validate(&leaf.with_signature(&signature), &issuer().trusted).is_ok());
    signature[0] ^= 1;
    assert_eq!(
        refused(&leaf.with_signature(&signature)),
        LeafError::IssuerSignature
    );
    assert_eq!(
        refused(&leaf.with_signature(&[])),
        LeafError::IssuerSignature
    );
}

#[test]
fn a_root_or_a_leaf_as_issuer_is_no_leaf() {
    let root = &issuer().authority.newest().certificate;
    let error = validate(root, &issuer().trusted).unwrap_err();
    assert_eq!(error.kind(), LeafErrorKind::Unsupported);
    // A card's own key signs a certificate that names it: an intermediate, in a hierarchy of one tier.
    let below = naming(issuer().leaf(), &issuer().holder).sign(&issuer().holder);
    assert!(matches!(
        refused(&below),
        LeafError::UnknownIssuerKey { .. }
    ));
}

#[test]
fn a_leaf_is_valid_from_its_first_to_its_last_second() {
    for kind in CaKind::ALL {
        let (first, last) = (NOW, NOW.plus_secs(1_000));
        let leaf = of_kind(kind, |leaf| leaf.with_validity(first, last)).unwrap();
        let early = first.plus_secs(-1);
        assert_eq!(
            leaf.validity_at(early),
            Err(LeafError::NotYetValid { now: early })
        );
        assert_eq!(leaf.validity_at(first), Ok(()));
        assert_eq!(leaf.validity_at(last), Ok(()));
        let late = last.plus_secs(1);
        assert_eq!(
            leaf.validity_at(late),
            Err(LeafError::Expired { now: late })
        );
    }
}

#[test]
fn refusals_of_time_have_kinds_of_their_own() {
    let now = UnixTime::from_secs(0);
    assert_eq!(
        LeafError::NotYetValid { now }.kind(),
        LeafErrorKind::NotYetValid
    );
    assert_eq!(LeafError::Expired { now }.kind(), LeafErrorKind::Expired);
    let disagreement = LeafError::CrossCheckDisagreement;
    assert_eq!(disagreement.kind(), LeafErrorKind::CrossCheckDisagreement);
}

#[test]
fn nothing_of_the_holder_is_shown() {
    let leaf = user_authentication(|leaf| leaf).unwrap();
    assert_eq!(
        format!("{leaf:?}"),
        "ValidatedLeaf(jpki-user-authentication, redacted)"
    );
    let expired = leaf
        .validity_at(UnixTime::from_secs(4_000_000_000))
        .unwrap_err();
    let shown = format!("{expired} {expired:?}");
    assert!(!shown.contains(&leaf.not_after().to_string()));
    assert!(!shown.contains(&leaf.not_after().secs().to_string()));
}
