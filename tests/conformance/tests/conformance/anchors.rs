//! Trust anchors and the authorities made of them.

use conformance::fixture;
use conformance::issuer::Issuer;
use pki::{
    AuthorityError, CertificateError, CertificationAuthority, CrlSigner, KeyAlgorithm,
    PRODUCTION_ROOTS, Profile, TrustAnchor,
};
use sandbox::mint::{CaKind, CertificateSpec, EcKey, Extensions as _, names, pem};

/// File, subject key identifier and validity as the authorities' certificates state them.
const ROOTS: [(&str, &str, &str, &str); 6] = [
    (
        "authca01",
        "9567951b5ca70d84a0fff1d85a87f1aab1340385",
        "2015-10-20T03:08:13Z",
        "2025",
    ),
    (
        "authca02",
        "8cd5586a891485e559379b7e29d410cfd28b3593",
        "2019-09-14T23:41:59Z",
        "2029",
    ),
    (
        "authca03",
        "1ac100f596a3bc8c4b3df195e32699249e9e308a",
        "2023-07-16T01:01:04Z",
        "2033",
    ),
    (
        "signca01",
        "0d034cbb34d0714f45e45a1cafd8fd143fab54a7",
        "2015-10-20T02:40:28Z",
        "2025",
    ),
    (
        "signca02",
        "4de017de4b7f473dcd867a62d38b134ace83558a",
        "2019-09-14T23:41:56Z",
        "2029",
    ),
    (
        "signca03",
        "d21ea55895617e93adbf966b941ab4edf653f08f",
        "2023-07-16T00:50:27Z",
        "2033",
    ),
];

fn root(name: &str) -> TrustAnchor {
    TrustAnchor::from_der(&fixture(&format!("myna-card/{name}.cer"))).unwrap()
}

#[test]
fn the_six_production_roots_have_the_listed_fingerprints() {
    assert_eq!(PRODUCTION_ROOTS.len(), ROOTS.len());
    for (listed, (name, key_id, not_before, last_year)) in PRODUCTION_ROOTS.iter().zip(ROOTS) {
        let root = root(name);
        assert_eq!(listed.name, name);
        assert_eq!(
            listed.sha256_fingerprint,
            root.sha256_fingerprint(),
            "{name}"
        );
        assert_eq!(root.key_id().to_string(), key_id);
        assert_eq!(root.not_before().to_string(), not_before);
        assert!(root.not_after().to_string().starts_with(last_year));
        assert_eq!(root.public_key().rsa().unwrap().exponent(), 65_537);
    }
}

#[test]
fn no_test_root_is_a_production_root() {
    for name in [
        "authca-test-2019",
        "authca-test-2023",
        "signca-test-2019",
        "signca-test-2024",
    ] {
        let fingerprint = root(name).sha256_fingerprint();
        assert!(
            PRODUCTION_ROOTS
                .iter()
                .all(|listed| listed.sha256_fingerprint != fingerprint)
        );
    }
}

#[test]
fn an_anchor_is_read_from_der_and_from_pem() {
    let der = fixture("myna-card/authca03.cer");
    let armoured = pem("CERTIFICATE", &der);
    let from_pem = TrustAnchor::from_pem_or_der(armoured.as_bytes()).unwrap();
    assert_eq!(
        from_pem.sha256_fingerprint(),
        root("authca03").sha256_fingerprint()
    );
    assert_eq!(TrustAnchor::from_pem_or_der(&der).unwrap().der(), der);
    let mislabelled = armoured.replace("CERTIFICATE", "X509 CRL");
    for wrong in [
        mislabelled.as_bytes(),
        armoured.repeat(2).as_bytes(),
        b"",
        b"certificate",
    ] {
        let refused = TrustAnchor::from_pem_or_der(wrong).unwrap_err();
        assert_eq!(refused, CertificateError::NotACertificateFile);
    }
}

#[test]
fn an_anchor_without_a_key_identifier_is_refused() {
    let issuer = Issuer::of(CaKind::UserAuthentication);
    let newest = issuer.authority.newest();
    let root = CertificateSpec::root(CaKind::UserAuthentication, 1, &newest.key);
    assert!(TrustAnchor::from_der(&root.sign(&newest.key)).is_ok());
    let without = root
        .without_extension(names::SUBJECT_KEY_IDENTIFIER)
        .sign(&newest.key);
    assert_eq!(
        TrustAnchor::from_der(&without).unwrap_err(),
        CertificateError::NoSubjectKeyIdentifier
    );
}

fn production(names: &[&str], signer: CrlSigner) -> Result<CertificationAuthority, AuthorityError> {
    let anchors = names.iter().map(|name| root(name)).collect();
    let profile = Profile::by_name("jpki-user-authentication").unwrap();
    CertificationAuthority::new("user-authentication", profile, anchors, signer)
}

#[test]
fn an_authority_orders_its_generations_whatever_their_order() {
    let authority = production(&["authca03", "authca01", "authca02"], CrlSigner::OwnKey).unwrap();
    let names: Vec<_> = authority
        .anchors()
        .iter()
        .map(TrustAnchor::sha256_fingerprint)
        .collect();
    let listed: Vec<_> = PRODUCTION_ROOTS[..3]
        .iter()
        .map(|root| root.sha256_fingerprint)
        .collect();
    assert_eq!(names, listed);
    assert_eq!(
        authority.newest_anchor().key_id(),
        root("authca03").key_id()
    );
}

#[test]
fn whose_key_signs_a_list_is_a_setting() {
    let (old, new) = (root("authca02"), root("authca03"));
    let own = production(&["authca02", "authca03"], CrlSigner::OwnKey).unwrap();
    assert_eq!(own.expected_crl_signer(old.key_id()), Some(old.key_id()));
    assert_eq!(own.expected_crl_signer(new.key_id()), Some(new.key_id()));
    let newest = production(&["authca02", "authca03"], CrlSigner::NewestKey).unwrap();
    assert_eq!(newest.expected_crl_signer(old.key_id()), Some(new.key_id()));
    assert_eq!(newest.expected_crl_signer(new.key_id()), Some(new.key_id()));
    assert_eq!(newest.expected_crl_signer(root("authca01").key_id()), None);
}

#[test]
fn anchors_that_are_no_authority_are_refused() {
    let refused = |names: &[&str]| production(names, CrlSigner::OwnKey).unwrap_err();
    assert_eq!(refused(&[]), AuthorityError::NoAnchor);
    let key_id = root("authca02").key_id().clone();
    assert_eq!(
        refused(&["authca02", "authca03", "authca02"]),
        AuthorityError::DuplicateKeyIdentifier { key_id }
    );
    let key_id = root("authca02").key_id().clone();
    assert_eq!(
        refused(&["authca02", "signca03"]),
        AuthorityError::SubjectsDiffer { key_id }
    );
}

#[test]
fn an_anchor_with_a_key_that_the_profile_does_not_have_is_refused() {
    let issuer = Issuer::of(CaKind::UserAuthentication);
    let newest = issuer.authority.newest();
    let with_key = |spki: Vec<u8>| {
        let root = CertificateSpec {
            subject_public_key_info: spki,
            ..CertificateSpec::root(CaKind::UserAuthentication, 1, &newest.key)
        };
        let anchor = TrustAnchor::from_der(&root.sign(&newest.key)).unwrap();
        let profile = Profile::by_name("jpki-user-authentication").unwrap();
        CertificationAuthority::new("test", profile, vec![anchor], CrlSigner::OwnKey)
    };
    assert!(with_key(newest.key.subject_public_key_info()).is_ok());
    assert_eq!(
        with_key(EcKey::generate().unwrap().subject_public_key_info()).unwrap_err(),
        AuthorityError::KeyNotInProfile {
            key_id: issuer.trusted.newest_anchor().key_id().clone(),
            found: KeyAlgorithm::EcP256,
        }
    );
}

#[test]
fn an_authority_s_name_is_plain() {
    let named = |name: &str| {
        let profile = Profile::by_name("jpki-signing").unwrap();
        CertificationAuthority::new(name, profile, vec![root("signca03")], CrlSigner::OwnKey)
    };
    assert_eq!(
        named("digital-signature-2").unwrap().name(),
        "digital-signature-2"
    );
    assert!(named(&"a".repeat(64)).is_ok());
    for wrong in ["", "Digital", "digital signature", "a\"b", &"a".repeat(65)] {
        assert_eq!(named(wrong).unwrap_err(), AuthorityError::Name);
    }
}
