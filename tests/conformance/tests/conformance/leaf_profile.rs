//! Certificates that are well formed and not of the profile, row by row.

use conformance::certificate::{of_kind, user_authentication};
use pki::{DerError, ExtensionError, KeyUsage, LeafError, LeafErrorKind};
use sandbox::der;
use sandbox::mint::{CaKind, CertificateSpec, Extension, Extensions as _, names};

#[track_caller]
fn refused(change: impl FnOnce(CertificateSpec) -> CertificateSpec) -> LeafError {
    user_authentication(change).unwrap_err()
}

#[track_caller]
fn accepted(change: impl FnOnce(CertificateSpec) -> CertificateSpec) {
    user_authentication(change).unwrap();
}

#[test]
fn the_required_extensions_are_required() {
    let cases = [
        (CaKind::UserAuthentication, names::KEY_USAGE, "keyUsage"),
        (
            CaKind::UserAuthentication,
            names::EXTENDED_KEY_USAGE,
            "extKeyUsage",
        ),
        (
            CaKind::UserAuthentication,
            names::CERTIFICATE_POLICIES,
            "certificatePolicies",
        ),
        (
            CaKind::UserAuthentication,
            names::CRL_DISTRIBUTION_POINTS,
            "cRLDistributionPoints",
        ),
        (
            CaKind::UserAuthentication,
            names::AUTHORITY_KEY_IDENTIFIER,
            "authorityKeyIdentifier",
        ),
        (CaKind::DigitalSignature, names::KEY_USAGE, "keyUsage"),
        (
            CaKind::DigitalSignature,
            names::CERTIFICATE_POLICIES,
            "certificatePolicies",
        ),
        (
            CaKind::DigitalSignature,
            names::CRL_DISTRIBUTION_POINTS,
            "cRLDistributionPoints",
        ),
        (
            CaKind::DigitalSignature,
            names::AUTHORITY_KEY_IDENTIFIER,
            "authorityKeyIdentifier",
        ),
    ];
    for (kind, oid, extension) in cases {
        let error = of_kind(kind, |leaf| leaf.without_extension(oid)).unwrap_err();
        assert_eq!(error, LeafError::ExtensionMissing { extension });
        assert_eq!(error.kind(), LeafErrorKind::Unsupported);
    }
}

#[test]
fn the_other_extensions_may_be_absent() {
    for kind in CaKind::ALL {
        for oid in [
            names::SUBJECT_ALT_NAME,
            names::ISSUER_ALT_NAME,
            names::AUTHORITY_INFO_ACCESS,
            names::SUBJECT_KEY_IDENTIFIER,
        ] {
            of_kind(kind, |leaf| leaf.without_extension(oid)).unwrap();
        }
    }
}

#[test]
fn criticality_is_as_the_profile_says() {
    let flipped = |oid: &str, critical: bool| refused(|leaf| leaf.with_criticality(oid, critical));
    for (oid, extension, wrong) in [
        (names::KEY_USAGE, "keyUsage", false),
        (names::CERTIFICATE_POLICIES, "certificatePolicies", false),
        (names::EXTENDED_KEY_USAGE, "extKeyUsage", true),
        (
            names::CRL_DISTRIBUTION_POINTS,
            "cRLDistributionPoints",
            true,
        ),
        (
            names::AUTHORITY_KEY_IDENTIFIER,
            "authorityKeyIdentifier",
            true,
        ),
        (names::ISSUER_ALT_NAME, "issuerAltName", true),
        (names::AUTHORITY_INFO_ACCESS, "authorityInfoAccess", true),
        (names::SUBJECT_KEY_IDENTIFIER, "subjectKeyIdentifier", true),
    ] {
        let expected = LeafError::ExtensionCriticality {
            extension,
            found: wrong,
        };
        assert_eq!(flipped(oid, wrong), expected);
        accepted(|leaf| leaf.with_criticality(oid, !wrong));
    }
}

#[test]
fn an_unknown_extension_is_refused_only_if_it_is_critical() {
    let unknown = |critical| {
        move |leaf: CertificateSpec| {
            let extension = Extension {
                critical,
                ..Extension::unknown_critical()
            };
            leaf.with_extension(extension)
        }
    };
    accepted(unknown(false));
    let error = refused(unknown(true));
    assert!(
        matches!(&error, LeafError::UnknownCriticalExtension { extension }
            if extension.to_string() == "1.3.6.1.4.1.55555.1"),
        "{error:?}"
    );
    assert_eq!(error.kind(), LeafErrorKind::Unsupported);
}

#[test]
fn name_constraints_in_a_leaf_are_unknown_and_refused() {
    // RFC 5280 section 4.2.1.10: critical, and in certificates of authorities only.
    let constraints = Extension::critical("2.5.29.30", der::sequence([[]; 0]));
    let error = refused(|leaf| leaf.with_extension(constraints));
    assert!(
        matches!(error, LeafError::UnknownCriticalExtension { .. }),
        "{error:?}"
    );
}

#[test]
fn key_usage_is_exact() {
    let usage = |bits: &[u8]| {
        let extension = Extension::key_usage(bits);
        |leaf: CertificateSpec| leaf.with_extension(extension)
    };
    let authenticating = KeyUsage::DIGITAL_SIGNATURE;
    let signing = authenticating.and(KeyUsage::NON_REPUDIATION);
    accepted(usage(&[0]));
    for (bits, found) in [
        (vec![0, 1], signing),
        (vec![1], KeyUsage::NON_REPUDIATION),
        (vec![0, 2], KeyUsage::from_bits(0b101)),
        (vec![0, 5], KeyUsage::from_bits(0b10_0001)),
        (vec![0, 8], KeyUsage::from_bits(0b1_0000_0001)),
        (vec![], KeyUsage::from_bits(0)),
    ] {
        let expected = LeafError::KeyUsage {
            expected: authenticating,
            found,
        };
        assert_eq!(refused(usage(&bits)), expected);
    }
    assert!(of_kind(CaKind::DigitalSignature, usage(&[0, 1])).is_ok());
    let error = of_kind(CaKind::DigitalSignature, usage(&[0])).unwrap_err();
    assert_eq!(
        error,
        LeafError::KeyUsage {
            expected: signing,
            found: authenticating
        }
    );
}

#[test]
fn key_usage_has_no_trailing_zero_bits() {
    let value = der::element(0x03, &[6, 0x80]);
    let error = refused(|leaf| leaf.with_extension(Extension::critical(names::KEY_USAGE, value)));
    assert!(
        matches!(
            error,
            LeafError::Extension(ExtensionError::Value {
                error: DerError::NamedBits,
                ..
            })
        ),
        "{error:?}"
    );
}

#[test]
fn extended_key_usage_is_client_authentication_and_nothing_else() {
    let purposes = |oids: &[&str]| {
        let value = der::sequence(oids.iter().map(|oid| der::object_identifier(oid)));
        |leaf: CertificateSpec| {
            leaf.with_extension(Extension::plain(names::EXTENDED_KEY_USAGE, value))
        }
    };
    let (client, server, any) = ("1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1", "2.5.29.37.0");
    accepted(purposes(&[client]));
    for wrong in [&[server][..], &[any], &[client, server], &[server, client]] {
        let error = refused(purposes(wrong));
        assert!(
            matches!(error, LeafError::ExtendedKeyUsage { .. }),
            "{wrong:?}: {error:?}"
        );
    }
}

#[test]
fn a_signing_certificate_has_no_extended_key_usage() {
    let error = of_kind(CaKind::DigitalSignature, |leaf| {
        leaf.with_extension(Extension::client_authentication())
    });
    assert_eq!(
        error.unwrap_err(),
        LeafError::ExtensionForbidden {
            extension: "extKeyUsage"
        }
    );
}

fn policy(oid: &str) -> impl FnOnce(CertificateSpec) -> CertificateSpec + use<> {
    let extension = Extension::certificate_policies(oid);
    |leaf| leaf.with_extension(extension)
}

#[test]
fn the_policy_is_exactly_the_profile_s() {
    accepted(policy("1.2.392.200149.8.5.1.3.30"));
    for wrong in [
        // anyPolicy, the signing policy, both test twins, a shorter and a longer one.
        "2.5.29.32.0",
        "1.2.392.200149.8.5.1.1.20",
        "1.2.392.200149.8.5.1.0.30",
        "1.2.392.200149.8.5.1.0.20",
        "1.2.392.200149.8.5.1.3",
        "1.2.392.200149.8.5.1.3.30.1",
        "1.2.392.200149.8.5.1.1.30",
    ] {
        let error = refused(policy(wrong));
        assert!(
            matches!(&error, LeafError::Policy { expected, found }
                if found.to_string() == wrong
                    && expected.to_string() == "1.2.392.200149.8.5.1.3.30"),
            "{wrong}: {error:?}"
        );
    }
}

fn policies(information: &[Vec<u8>]) -> impl FnOnce(CertificateSpec) -> CertificateSpec + use<> {
    let value = der::sequence(information);
    |leaf| leaf.with_extension(Extension::critical(names::CERTIFICATE_POLICIES, value))
}

#[test]
fn there_is_exactly_one_policy() {
    let right = der::sequence([der::object_identifier("1.2.392.200149.8.5.1.3.30")]);
    let any = der::sequence([der::object_identifier("2.5.29.32.0")]);
    accepted(policies(std::slice::from_ref(&right)));
    let count = |found| LeafError::PolicyCount { found };
    assert_eq!(refused(policies(&[])), count(0));
    assert_eq!(refused(policies(&[right.clone(), any.clone()])), count(2));
    assert_eq!(refused(policies(&[any, right])), count(2));
}

#[test]
fn a_critical_policy_has_only_qualifiers_that_are_understood() {
    let qualified = |qualifier: &str| {
        let policy = der::object_identifier("1.2.392.200149.8.5.1.3.30");
        let qualifier = der::sequence([
            der::object_identifier(qualifier),
            der::ia5_string("http://x/"),
        ]);
        policies(&[der::sequence([policy, der::sequence([qualifier])])])
    };
    accepted(qualified("1.3.6.1.5.5.7.2.1"));
    accepted(qualified("1.3.6.1.5.5.7.2.2"));
    let error = refused(qualified("1.3.6.1.5.5.7.2.3"));
    assert!(
        matches!(error, LeafError::PolicyQualifier { .. }),
        "{error:?}"
    );
}

#[test]
fn an_authority_is_no_leaf() {
    let constraints = |value: Vec<u8>, critical| {
        let oid = names::BASIC_CONSTRAINTS.to_owned();
        move |leaf: CertificateSpec| {
            leaf.with_extension(Extension {
                oid,
                critical,
                value,
            })
        }
    };
    let none = || der::sequence([[]; 0]);
    accepted(constraints(none(), true));
    accepted(constraints(none(), false));
    let authority = der::sequence([der::boolean_true()]);
    assert_eq!(refused(constraints(authority, true)), LeafError::Authority);
    let path_length = der::sequence([der::small_integer(0)]);
    assert_eq!(
        refused(constraints(path_length, true)),
        LeafError::PathLength
    );
}

#[test]
fn the_values_of_the_profile_hold_nothing_more() {
    let malformed = |extension: Extension| match refused(|leaf| leaf.with_extension(extension)) {
        LeafError::Extension(ExtensionError::Value { error, .. }) => error,
        other => panic!("{other:?}"),
    };
    let policies = |qualifier: &[Vec<u8>], behind: &[u8]| {
        let policy = der::object_identifier("1.2.392.200149.8.5.1.3.30");
        let qualifiers = der::sequence([der::sequence(qualifier)]);
        let information = der::sequence([policy.as_slice(), &qualifiers, behind]);
        Extension::critical(names::CERTIFICATE_POLICIES, der::sequence([information]))
    };
    let cps = || der::object_identifier("1.3.6.1.5.5.7.2.1");
    let right = policies(&[cps(), der::ia5_string("http://x/")], &[]);
    accepted(|leaf| leaf.with_extension(right));
    let trailing = DerError::TrailingBytes { octets: 2 };
    let in_qualifier = policies(&[cps(), der::null(), der::null()], &[]);
    assert_eq!(malformed(in_qualifier), trailing);
    assert_eq!(
        malformed(policies(&[cps(), der::null()], &der::null())),
        trailing
    );
    let not_ascii = der::element(0x16, &[0xff]);
    assert_eq!(
        malformed(policies(&[cps(), not_ascii], &[])),
        DerError::Text
    );
    let constraints = der::sequence([der::null()]);
    let constraints = Extension::critical(names::BASIC_CONSTRAINTS, constraints);
    assert_eq!(malformed(constraints), trailing);
}
