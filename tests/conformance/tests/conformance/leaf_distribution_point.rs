//! The distribution point of a leaf: one point, one directory name (RFC 5280 section 4.2.1.13).

use conformance::certificate::user_authentication;
use pki::{LeafError, LeafErrorKind};
use sandbox::der;
use sandbox::mint::{CaKind, CertificateSpec, Extension, Extensions as _, MUNICIPALITIES, names};

#[track_caller]
fn refused(change: impl FnOnce(CertificateSpec) -> CertificateSpec) -> LeafError {
    user_authentication(change).unwrap_err()
}

#[track_caller]
fn accepted(change: impl FnOnce(CertificateSpec) -> CertificateSpec) {
    user_authentication(change).unwrap();
}

fn points(points: &[Vec<u8>]) -> impl FnOnce(CertificateSpec) -> CertificateSpec + use<> {
    let value = der::sequence(points);
    |leaf| leaf.with_extension(Extension::plain(names::CRL_DISTRIBUTION_POINTS, value))
}

fn municipal_name() -> Vec<u8> {
    CaKind::UserAuthentication.distribution_point_name(&MUNICIPALITIES[1])
}

#[test]
fn there_is_exactly_one_distribution_point() {
    let one = names::distribution_point(&municipal_name());
    accepted(points(std::slice::from_ref(&one)));
    let count = |found| LeafError::DistributionPointCount { found };
    assert_eq!(refused(points(&[])), count(0));
    assert_eq!(refused(points(&[one.clone(), one])), count(2));
}

#[test]
fn the_distribution_point_is_one_directory_name() {
    let named = |names: &[Vec<u8>]| {
        let full_name = der::context_constructed(0, &der::concat(names));
        points(&[der::sequence([der::context_constructed(0, &full_name)])])
    };
    let directory = names::directory_name(&municipal_name());
    let uri = der::context_primitive(6, b"http://crl.example/");
    accepted(named(std::slice::from_ref(&directory)));
    assert_eq!(
        refused(named(std::slice::from_ref(&uri))),
        LeafError::DistributionPointName
    );
    assert_eq!(
        refused(named(&[directory, uri])),
        LeafError::DistributionPointName
    );
    let relative = der::context_constructed(1, &names::utf8("2.5.4.3", "x")[2..]);
    let relative = der::sequence([der::context_constructed(0, &relative)]);
    assert_eq!(
        refused(points(&[relative])),
        LeafError::DistributionPointName
    );
}

#[test]
fn the_distribution_point_has_no_reasons_and_no_other_issuer() {
    let name = der::context_constructed(0, &names::full_name(&municipal_name()));
    let reasons = der::context_primitive(1, &[6, 0x40]);
    let issuer = der::context_constructed(2, &names::directory_name(&municipal_name()));
    let with_reasons = points(&[der::sequence([&name, &reasons])]);
    assert_eq!(refused(with_reasons), LeafError::DistributionPointReasons);
    let with_issuer = points(&[der::sequence([&name, &issuer])]);
    assert_eq!(refused(with_issuer), LeafError::DistributionPointIssuer);
    accepted(points(&[der::sequence([&name])]));
}

#[test]
fn a_distribution_point_without_a_name_is_malformed() {
    let error = refused(points(&[der::sequence([[]; 0])]));
    assert!(
        matches!(error, LeafError::DistributionPoint(_)),
        "{error:?}"
    );
    assert_eq!(error.kind(), LeafErrorKind::Malformed);
}
