//! The fields of a certificate, one after the other (RFC 5280 section 4.1).

use conformance::certificate::{Pieces, user_authentication};
use conformance::issuer::{Issuer, NOW};
use pki::{
    CertificateError, DerError, ExtensionError, KeyAlgorithm, LeafError, LeafErrorKind, NameError,
    PublicKeyError, SerialError,
};
use sandbox::der;
use sandbox::mint::{
    CaKind, CertificateSpec, EcKey, Extension, Extensions as _, names, signature_algorithm,
};

#[track_caller]
fn refused(change: impl FnOnce(CertificateSpec) -> CertificateSpec) -> CertificateError {
    match user_authentication(change).unwrap_err() {
        LeafError::Certificate(error) => error,
        other => panic!("refused later than expected: {other}"),
    }
}

#[track_caller]
fn accepted(change: impl FnOnce(CertificateSpec) -> CertificateSpec) {
    user_authentication(change).unwrap();
}

#[test]
fn only_version_3_is_accepted() {
    let version = |number: u64| der::context_constructed(0, &der::small_integer(number));
    for (number, found) in [(1, 2), (3, 4)] {
        let error = refused(|leaf| CertificateSpec {
            version: version(number),
            ..leaf
        });
        assert_eq!(error, CertificateError::Version { found });
    }
    let two = der::concat([der::small_integer(2), der::null()]);
    let error = refused(|leaf| CertificateSpec {
        version: der::context_constructed(0, &two),
        ..leaf
    });
    assert_eq!(
        error,
        CertificateError::Der(DerError::TrailingBytes { octets: 2 })
    );
    let absent = refused(|leaf| CertificateSpec {
        version: Vec::new(),
        ..leaf
    });
    assert_eq!(absent, CertificateError::Version { found: 1 });
}

#[test]
fn a_serial_is_positive_and_at_most_twenty_octets() {
    let serial = |contents: &[u8]| {
        let serial = der::element(0x02, contents);
        |leaf: CertificateSpec| CertificateSpec { serial, ..leaf }
    };
    accepted(serial(&[1]));
    accepted(serial(&[0x7f; 20]));
    assert_eq!(
        refused(serial(&[0])),
        CertificateError::Serial(SerialError::Zero)
    );
    assert_eq!(
        refused(serial(&[0xff])),
        CertificateError::Serial(SerialError::Negative)
    );
    assert_eq!(
        refused(serial(&[0x7f; 21])),
        CertificateError::Serial(SerialError::TooLong { octets: 21 })
    );
    assert_eq!(
        refused(serial(&[0, 1])),
        CertificateError::Der(DerError::Integer)
    );
}

#[test]
fn both_signature_algorithms_are_sha256_with_rsa() {
    let sha384 = || signature_algorithm("1.2.840.113549.1.1.12");
    let error = refused(|leaf| CertificateSpec {
        outer_algorithm: sha384(),
        ..leaf
    });
    assert_eq!(error, CertificateError::SignatureAlgorithmsDiffer);
    let error = refused(|leaf| CertificateSpec {
        inner_algorithm: sha384(),
        ..leaf
    });
    assert_eq!(error, CertificateError::SignatureAlgorithmsDiffer);
    let error = refused(|leaf| CertificateSpec {
        inner_algorithm: sha384(),
        outer_algorithm: sha384(),
        ..leaf
    });
    assert!(
        matches!(&error, CertificateError::SignatureAlgorithm { found }
            if found.to_string() == "1.2.840.113549.1.1.12"),
        "{error:?}"
    );
    assert_eq!(
        LeafError::Certificate(error).kind(),
        LeafErrorKind::Unsupported
    );
}

#[test]
fn the_signature_algorithm_has_null_parameters() {
    let identifier = || der::object_identifier("1.2.840.113549.1.1.11");
    for parameters in [Vec::new(), der::sequence([der::null()])] {
        let algorithm = der::sequence([identifier(), parameters]);
        let error = refused(|leaf| CertificateSpec {
            inner_algorithm: algorithm.clone(),
            outer_algorithm: algorithm,
            ..leaf
        });
        assert_eq!(error, CertificateError::SignatureParameters);
    }
    let algorithm = der::sequence([identifier(), der::null()]);
    accepted(|leaf| CertificateSpec {
        inner_algorithm: algorithm.clone(),
        outer_algorithm: algorithm,
        ..leaf
    });
}

#[test]
fn names_are_well_formed_and_not_endless() {
    let subject = |subject: Vec<u8>| |leaf: CertificateSpec| CertificateSpec { subject, ..leaf };
    let parts = |count: usize| names::name(vec![names::utf8("2.5.4.3", "x"); count]);
    accepted(subject(parts(32)));
    let too_many = CertificateError::Name(NameError::TooManyAttributes);
    assert_eq!(refused(subject(parts(33))), too_many);
    let error = refused(|leaf| CertificateSpec {
        issuer: parts(33),
        ..leaf
    });
    assert_eq!(error, too_many);
    let empty_part = der::sequence([der::element(0x31, &[])]);
    let empty = CertificateError::Name(NameError::EmptyRelativeName);
    assert_eq!(refused(subject(empty_part)), empty);
}

#[test]
fn the_issuer_is_not_empty_and_the_subject_may_be() {
    let nothing = || names::name([]);
    let error = refused(|leaf| CertificateSpec {
        issuer: nothing(),
        ..leaf
    });
    assert_eq!(error, CertificateError::EmptyIssuer);
    accepted(|leaf| CertificateSpec {
        subject: nothing(),
        ..leaf
    });
}

#[test]
fn a_validity_does_not_end_before_it_begins() {
    accepted(|leaf| leaf.with_validity(NOW, NOW));
    let error = refused(|leaf| leaf.with_validity(NOW, NOW.plus_secs(-1)));
    assert_eq!(error, CertificateError::EmptyValidity);
}

#[test]
fn unique_identifiers_are_refused() {
    for tag in [1, 2] {
        let identifier = der::context_primitive(tag, &[0, 0xaa]);
        let pieces = Pieces {
            unique_identifiers: identifier,
            ..Pieces::of_leaf()
        };
        assert_eq!(
            pieces.validate().unwrap_err(),
            CertificateError::UniqueIdentifier.into()
        );
    }
}

#[test]
fn the_key_is_rsa_of_a_sound_size_and_exponent() {
    let rsa = |modulus: &[u8], exponent: u64| {
        let key = der::sequence([der::unsigned_integer(modulus), der::small_integer(exponent)]);
        let algorithm = signature_algorithm("1.2.840.113549.1.1.1");
        der::sequence([algorithm, der::bit_string(&key)])
    };
    let with_key = |key: Vec<u8>| {
        |leaf: CertificateSpec| CertificateSpec {
            subject_public_key_info: key,
            ..leaf
        }
    };
    let not_in_profile = |found| PublicKeyError::NotInProfile { found };
    accepted(with_key(rsa(&[0xff; 256], 65_537)));
    accepted(with_key(rsa(&[0xff; 512], 65_537)));
    let wrong = |key: Vec<u8>| match refused(with_key(key)) {
        CertificateError::PublicKey(error) => error,
        other => panic!("{other}"),
    };
    assert_eq!(
        wrong(rsa(&[0xff; 128], 65_537)),
        PublicKeyError::ModulusSize { bits: 1_024 }
    );
    assert_eq!(
        wrong(rsa(&[0xff; 513], 65_537)),
        not_in_profile(KeyAlgorithm::Rsa {
            modulus_bits: 4_104
        })
    );
    assert_eq!(wrong(rsa(&[0xff; 256], 3)), PublicKeyError::Exponent);
    assert_eq!(
        wrong(rsa(&[0xfe; 256], 65_537)),
        PublicKeyError::EvenModulus
    );
    let elliptic = EcKey::generate().unwrap().subject_public_key_info();
    assert_eq!(wrong(elliptic), not_in_profile(KeyAlgorithm::EcP256));
}

#[test]
fn an_extension_does_not_occur_twice() {
    let twice = |extension: Extension| refused(|leaf| leaf.with_duplicate(extension));
    for extension in [
        Extension::key_usage(&[0]),
        Extension::client_authentication(),
    ] {
        let error = twice(extension);
        assert!(
            matches!(
                error,
                CertificateError::Extension(ExtensionError::Duplicate { .. })
            ),
            "{error:?}"
        );
    }
    let unknown = || Extension::plain("1.3.6.1.4.1.55555.2", der::null());
    accepted(|leaf| leaf.with_extension(unknown()));
    let error = refused(|leaf| leaf.with_duplicate(unknown()).with_duplicate(unknown()));
    assert!(
        matches!(
            error,
            CertificateError::Extension(ExtensionError::Duplicate { .. })
        ),
        "{error:?}"
    );
}

#[test]
fn extensions_are_at_most_thirty_two() {
    let filled = |count: usize| {
        move |mut leaf: CertificateSpec| {
            for number in leaf.extensions.len()..count {
                let identifier = format!("1.3.6.1.4.1.55555.3.{number}");
                leaf.extensions
                    .push(Extension::plain(&identifier, der::null()));
            }
            leaf
        }
    };
    accepted(filled(32));
    assert_eq!(refused(filled(33)), ExtensionError::TooMany.into());
}

#[test]
fn the_values_of_extensions_are_der_without_more() {
    let longer = |oid: &'static str| {
        user_authentication(move |mut leaf| {
            for extension in leaf.extensions.iter_mut().filter(|known| known.oid == oid) {
                extension.value.extend(der::null());
            }
            leaf
        })
    };
    for oid in [
        names::KEY_USAGE,
        names::EXTENDED_KEY_USAGE,
        names::CERTIFICATE_POLICIES,
        names::CRL_DISTRIBUTION_POINTS,
        names::AUTHORITY_KEY_IDENTIFIER,
    ] {
        match longer(oid).unwrap_err() {
            LeafError::Extension(ExtensionError::Value { extension, error }) => {
                assert_eq!(extension.to_string(), oid);
                assert_eq!(error, DerError::TrailingBytes { octets: 2 });
            }
            other => panic!("{oid}: {other:?}"),
        }
    }
}

#[test]
fn an_authority_key_identifier_names_a_key_and_all_of_an_issuer_or_nothing_of_it() {
    let key_id = Issuer::of(CaKind::UserAuthentication)
        .authority
        .newest()
        .key
        .key_id();
    let key = der::context_primitive(0, &key_id);
    let name = CaKind::UserAuthentication.distinguished_name();
    let issuer = der::context_constructed(1, &names::directory_name(&name));
    let serial = der::context_primitive(2, &[1]);
    let with = |parts: &[&Vec<u8>]| {
        let value = der::sequence(parts);
        let extension = Extension::plain(names::AUTHORITY_KEY_IDENTIFIER, value);
        |leaf: CertificateSpec| leaf.with_extension(extension)
    };
    let wrong = |parts: &[&Vec<u8>]| match user_authentication(with(parts)).unwrap_err() {
        LeafError::Extension(error) => error,
        other => panic!("{other:?}"),
    };
    accepted(with(&[&key]));
    accepted(with(&[&key, &issuer, &serial]));
    assert_eq!(wrong(&[&key, &issuer]), ExtensionError::HalfAuthority);
    assert_eq!(wrong(&[&key, &serial]), ExtensionError::HalfAuthority);
    assert_eq!(
        wrong(&[&issuer, &serial]),
        ExtensionError::NoAuthorityKeyIdentifier
    );
    let long = der::context_primitive(0, &[7; 65]);
    assert!(matches!(wrong(&[&long]), ExtensionError::KeyIdentifier(_)));
}

#[test]
fn an_authority_key_identifier_is_der_without_more() {
    let key_id = Issuer::of(CaKind::UserAuthentication)
        .authority
        .newest()
        .key
        .key_id();
    let key = der::context_primitive(0, &key_id);
    let malformed = |parts: &[&Vec<u8>]| {
        let value = der::sequence(parts);
        let extension = Extension::plain(names::AUTHORITY_KEY_IDENTIFIER, value);
        match user_authentication(|leaf| leaf.with_extension(extension)).unwrap_err() {
            LeafError::Extension(ExtensionError::Value { error, .. }) => error,
            other => panic!("{other:?}"),
        }
    };
    let trailing = DerError::TrailingBytes { octets: 2 };
    assert_eq!(malformed(&[&key, &der::null()]), trailing);
    // A NULL with contents, deep inside the issuer.
    let issuer = der::context_constructed(1, &der::element(0x05, &[0]));
    let serial = der::context_primitive(2, &[1]);
    assert_eq!(malformed(&[&key, &issuer, &serial]), DerError::Null);
}
