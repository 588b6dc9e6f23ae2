//! Which certificates a list covers: a partition must never answer for another one (RFC 5280 section
//! 5.2.5).

use conformance::issuer::MUNICIPALITY;
use conformance::list::list;
use pki::{CrlError, CrlScope, DerError, DistributionPoint, ExtensionError, VerifiedCrl};
use sandbox::der;
use sandbox::mint::{CaKind, Extension, Extensions as _, MUNICIPALITIES, names};

fn municipal_name() -> Vec<u8> {
    CaKind::UserAuthentication.distribution_point_name(MUNICIPALITY)
}

/// A list whose issuing distribution point has these members.
fn scoped(members: &[Vec<u8>]) -> Result<VerifiedCrl, CrlError> {
    let value = der::sequence(members);
    list(|list| {
        list.with_extension(Extension::critical(
            names::ISSUING_DISTRIBUTION_POINT,
            value,
        ))
    })
}

fn named(name: &[u8]) -> Vec<u8> {
    der::context_constructed(0, &names::full_name(name))
}

/// `[number] TRUE`.
fn flag(number: u8) -> Vec<u8> {
    der::context_primitive(number, &[0xff])
}

#[test]
fn a_partition_has_the_scope_of_the_certificates_it_covers() {
    let crl = list(|list| list.for_distribution_point(&municipal_name())).unwrap();
    let point = names::distribution_point(&municipal_name());
    let point = DistributionPoint::from_der(&point).unwrap();
    assert_eq!(crl.facts().scope.key(), point.name().unwrap().scope_key());
    assert!(matches!(&crl.facts().scope, CrlScope::Partition(name)
        if name.der() == names::full_name(&municipal_name())));
}

#[test]
fn partitions_of_two_municipalities_and_a_full_list_have_three_scopes() {
    let scope = |municipality| {
        let name = CaKind::UserAuthentication.distribution_point_name(municipality);
        list(|list| list.for_distribution_point(&name))
            .unwrap()
            .facts()
            .scope
            .key()
    };
    let full = list(|list| list).unwrap().facts().scope.key();
    let (one, other) = (scope(&MUNICIPALITIES[0]), scope(&MUNICIPALITIES[1]));
    assert!(one != other && one != full && other != full);
}

#[test]
fn a_scope_that_is_not_critical_is_refused() {
    let error = list(|list| {
        list.for_distribution_point(&municipal_name())
            .with_criticality(names::ISSUING_DISTRIBUTION_POINT, false)
    });
    assert_eq!(error.unwrap_err(), CrlError::ScopeNotCritical);
}

#[test]
fn an_empty_scope_is_refused() {
    assert_eq!(scoped(&[]).unwrap_err(), CrlError::EmptyScope);
}

#[test]
fn a_scope_is_one_directory_name() {
    let full_name = |names: &[Vec<u8>]| {
        let full_name = der::context_constructed(0, &der::concat(names));
        scoped(&[der::context_constructed(0, &full_name)])
    };
    let directory = names::directory_name(&municipal_name());
    let uri = der::context_primitive(6, b"http://crl.example/");
    assert!(full_name(std::slice::from_ref(&directory)).is_ok());
    assert_eq!(
        full_name(std::slice::from_ref(&uri)).unwrap_err(),
        CrlError::ScopeName
    );
    assert_eq!(
        full_name(&[directory, uri]).unwrap_err(),
        CrlError::ScopeName
    );
    let error = full_name(&[]).unwrap_err();
    assert!(matches!(error, CrlError::ScopeMalformed(_)), "{error:?}");
    let relative = der::context_constructed(1, &names::utf8("2.5.4.3", "x")[2..]);
    let error = scoped(&[der::context_constructed(0, &relative)]).unwrap_err();
    assert_eq!(error, CrlError::ScopeName);
}

#[test]
fn a_list_of_one_type_of_certificates_is_refused() {
    for number in [1, 2, 5] {
        let alone = scoped(&[flag(number)]).unwrap_err();
        assert_eq!(alone, CrlError::OneCertificateType, "[{number}]");
        let with_name = scoped(&[named(&municipal_name()), flag(number)]).unwrap_err();
        assert_eq!(with_name, CrlError::OneCertificateType, "[{number}]");
    }
    assert!(scoped(&[named(&municipal_name())]).is_ok());
}

#[test]
fn a_list_of_some_reasons_is_refused() {
    let reasons = der::context_primitive(3, &[6, 0x40]);
    let error = scoped(&[named(&municipal_name()), reasons]).unwrap_err();
    assert_eq!(error, CrlError::SomeReasons);
    // Not even a malformed set of reasons may do more than be refused.
    for reasons in [
        der::context_primitive(3, &[]),
        der::context_primitive(3, &[9]),
    ] {
        let error = scoped(&[named(&municipal_name()), reasons]).unwrap_err();
        assert_eq!(error, CrlError::SomeReasons);
    }
}

#[test]
fn an_indirect_list_is_refused() {
    let error = scoped(&[named(&municipal_name()), flag(4)]).unwrap_err();
    assert_eq!(error, CrlError::Indirect);
}

#[test]
fn the_scope_is_der() {
    let malformed = |members: &[Vec<u8>]| match scoped(members).unwrap_err() {
        CrlError::Extension(ExtensionError::Value { extension, error }) => {
            assert_eq!(extension.to_string(), names::ISSUING_DISTRIBUTION_POINT);
            error
        }
        other => panic!("{other:?}"),
    };
    let name = named(&municipal_name());
    let written_false = der::context_primitive(4, &[0]);
    assert_eq!(malformed(&[name.clone(), written_false]), DerError::Boolean);
    assert_eq!(
        malformed(&[name.clone(), der::null()]),
        DerError::TrailingBytes { octets: 2 }
    );
    let out_of_order = [flag(4), name];
    assert!(matches!(
        malformed(&out_of_order),
        DerError::TrailingBytes { .. }
    ));
}
