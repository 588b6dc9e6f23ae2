//! What is no certificate, or not the one encoding of one (RFC 5280 section 4.1, X.690).

use conformance::certificate::{Pieces, of_kind, user_authentication};
use conformance::issuer::Issuer;
use conformance::validate;
use pki::{CertificateError, DerError, ExtensionError, LeafError};
use sandbox::der;
use sandbox::mint::{CaKind, CertificateSpec, Extension, Extensions as _};

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
fn leaves_of_both_profiles_are_accepted() {
    for kind in CaKind::ALL {
        let leaf = of_kind(kind, |leaf| leaf).unwrap();
        assert_eq!(leaf.profile().name(), kind.profile_name());
        assert_eq!(leaf.serial().as_bytes(), 21_000_000_u32.to_be_bytes());
    }
}

#[test]
fn nothing_may_follow_the_certificate() {
    let trailing = |octets: &[u8]| {
        let trailing = octets.to_vec();
        |leaf: CertificateSpec| CertificateSpec { trailing, ..leaf }
    };
    accepted(trailing(&[]));
    assert_eq!(
        refused(trailing(&[0])),
        CertificateError::Der(DerError::TrailingBytes { octets: 1 })
    );
}

#[test]
fn a_certificate_is_at_most_32_kilobytes() {
    let padded = |octets: usize| {
        let padding = der::octet_string(&vec![0; octets]);
        user_authentication(|leaf| {
            leaf.with_extension(Extension::plain("1.3.6.1.4.1.55555.2", padding))
        })
    };
    assert!(padded(30_000).is_ok());
    let error = padded(33_000).unwrap_err();
    assert!(
        matches!(
            error,
            LeafError::Certificate(CertificateError::TooLarge {
                octets: 34_000..,
                ..
            })
        ),
        "{error:?}"
    );
}

#[test]
fn another_encoding_of_the_same_certificate_is_refused() {
    let issuer = Issuer::of(CaKind::UserAuthentication);
    let right = issuer.sign(&issuer.leaf());
    assert_eq!(right[..2], [0x30, 0x82]);
    // The outermost length is not signed; written longer, it is still the same certificate in BER.
    let longer = [&[0x30, 0x83, 0x00], &right[2..]].concat();
    let indefinite = [&[0x30, 0x80], &right[4..], &[0, 0]].concat();
    let refused = |bytes: &[u8]| validate(bytes, &issuer.trusted).unwrap_err();
    assert_eq!(
        refused(&longer),
        CertificateError::Der(DerError::NonMinimalLength).into()
    );
    assert_eq!(
        refused(&indefinite),
        CertificateError::Der(DerError::IndefiniteLength).into()
    );
    assert_eq!(
        refused(&right[..right.len() - 1]),
        CertificateError::Der(DerError::Truncated).into()
    );
    assert_eq!(
        refused(&[]),
        CertificateError::Der(DerError::Truncated).into()
    );
    assert!(validate(&right, &issuer.trusted).is_ok());
}

#[test]
fn elements_behind_the_last_one_are_refused() {
    let trailing = LeafError::Certificate(DerError::TrailingBytes { octets: 2 }.into());
    assert!(Pieces::of_leaf().validate().is_ok());
    let behind_extensions = Pieces {
        end: der::null(),
        ..Pieces::of_leaf()
    };
    assert_eq!(behind_extensions.validate().unwrap_err(), trailing);

    let mut inside_validity = Pieces::of_leaf();
    let times = &inside_validity.validity[2..];
    inside_validity.validity = der::sequence([times, &der::null()]);
    assert_eq!(inside_validity.validate().unwrap_err(), trailing);

    let mut inside_extension = Pieces::of_leaf();
    let fields = inside_extension.extensions[0][2..].to_vec();
    inside_extension.extensions[0] = der::sequence([fields, der::null()]);
    let error = ExtensionError::Der(DerError::TrailingBytes { octets: 2 });
    assert_eq!(
        inside_extension.validate().unwrap_err(),
        LeafError::Certificate(CertificateError::Extension(error))
    );

    // Behind the signature nothing is signed at all.
    let issuer = Issuer::of(CaKind::UserAuthentication);
    let right = issuer.sign(&issuer.leaf());
    let longer = der::sequence([&right[4..], &der::null()]);
    assert_eq!(validate(&longer, &issuer.trusted).unwrap_err(), trailing);
}

#[test]
fn a_default_is_not_written() {
    let with_criticality = |boolean: &[u8]| {
        let mut pieces = Pieces::of_leaf();
        let value = der::octet_string(&der::null());
        let identifier = der::object_identifier("1.3.6.1.4.1.55555.2");
        pieces
            .extensions
            .push(der::sequence([identifier.as_slice(), boolean, &value]));
        pieces.validate()
    };
    assert!(with_criticality(&[]).is_ok());
    let not_der = LeafError::Certificate(DerError::Boolean.into());
    assert_eq!(with_criticality(&[0x01, 0x01, 0x00]).unwrap_err(), not_der);
    assert_eq!(with_criticality(&[0x01, 0x01, 0x01]).unwrap_err(), not_der);
}

#[test]
fn a_time_before_2050_is_utc_time() {
    let leaf = Issuer::of(CaKind::UserAuthentication).leaf();
    let ending = |not_after: Vec<u8>| {
        let validity = der::sequence([der::time(leaf.not_before), not_after]);
        Pieces {
            validity,
            ..Pieces::of_leaf()
        }
        .validate()
    };
    assert!(ending(der::utc_time(leaf.not_after)).is_ok());
    let wrong_form = LeafError::Certificate(DerError::TimeForm.into());
    assert_eq!(
        ending(der::generalized_time(leaf.not_after)).unwrap_err(),
        wrong_form
    );
    let in_2050 = pki::UnixTime::from_secs(2_524_608_000);
    assert!(ending(der::generalized_time(in_2050)).is_ok());
}

#[test]
fn a_version_that_is_no_small_number_is_refused() {
    // A version of five octets is DER, and more than readers keep.
    let version = |number: u64| der::context_constructed(0, &der::small_integer(number));
    let error = refused(|leaf| CertificateSpec {
        version: version(1 << 32),
        ..leaf
    });
    assert_eq!(error, CertificateError::Structure);
    accepted(|leaf| CertificateSpec {
        version: version(2),
        ..leaf
    });
}
