//! Tests of distribution points and their names.

use super::{
    DistributionPoint, DistributionPointError, DistributionPointName, canonical_uri,
    read_distribution_points,
};
use crate::DerError;
use crate::RevocationReason;
use crate::name::canonical_name;

fn der(tag: u8, contents: &[u8]) -> Vec<u8> {
    [&[tag, u8::try_from(contents.len()).unwrap()], contents].concat()
}

fn relative_name(common_name: &[u8]) -> Vec<u8> {
    let attribute = [der(0x06, &[0x55, 4, 3]), der(0x0c, common_name)].concat();
    der(0x30, &attribute)
}

fn directory_name(common_name: &[u8]) -> Vec<u8> {
    der(0xa4, &der(0x30, &der(0x31, &relative_name(common_name))))
}

fn full_name(names: &[Vec<u8>]) -> Vec<u8> {
    der(0xa0, &names.concat())
}

#[test]
fn a_directory_name_is_compared_by_meaning() {
    let read =
        |name: &[u8]| DistributionPointName::from_der(&full_name(&[directory_name(name)])).unwrap();
    assert_eq!(
        read(b"City CRLDP").scope_key(),
        read(b"city  crldp").scope_key()
    );
    assert_ne!(
        read(b"City CRLDP").scope_key(),
        read(b"Town CRLDP").scope_key()
    );
    assert!(read(b"City CRLDP").is_one_directory_name());
}

#[test]
fn other_forms_are_read_and_told_apart() {
    let uri = der(0x86, b"http://x/");
    let read = |der: &[u8]| DistributionPointName::from_der(der).unwrap();
    let both = read(&full_name(&[directory_name(b"A"), uri.clone()]));
    let reversed = read(&full_name(&[uri.clone(), directory_name(b"A")]));
    assert_eq!(both.scope_key(), reversed.scope_key());
    assert!(!both.is_one_directory_name());
    let one = read(&full_name(&[uri]));
    assert_ne!(one.scope_key(), both.scope_key());
    assert!(!one.is_one_directory_name());
    let relative = read(&der(0xa1, &relative_name(b"A")));
    assert_ne!(
        relative.scope_key(),
        read(&full_name(&[directory_name(b"A")])).scope_key()
    );
    assert!(!relative.is_one_directory_name());
}

#[test]
fn a_distribution_point_tells_its_parts() {
    let name = der(0xa0, &full_name(&[directory_name(b"A")]));
    let plain = DistributionPoint::from_der(&der(0x30, &name)).unwrap();
    assert!(plain.name().is_some() && !plain.limits_reasons() && !plain.names_crl_issuer());
    let reasons = der(0x81, &[6, 0x40]);
    let issuer = der(0xa2, &directory_name(b"B"));
    let all = [name, reasons.clone(), issuer].concat();
    let all = DistributionPoint::from_der(&der(0x30, &all)).unwrap();
    assert!(all.limits_reasons() && all.names_crl_issuer());
    assert_eq!(
        DistributionPoint::from_der(&der(0x30, &reasons)),
        Err(DistributionPointError::Empty)
    );
}

#[test]
fn malformed_points_are_refused() {
    let refused = |bytes: &[u8]| DistributionPointName::from_der(bytes).unwrap_err();
    assert_eq!(
        refused(&full_name(&[])),
        DistributionPointError::EmptyFullName
    );
    assert_eq!(
        refused(&der(0xa2, &[])),
        DerError::UnexpectedTag {
            expected: 0xa0,
            found: 0xa2
        }
        .into()
    );
    let mut trailing = full_name(&[directory_name(b"A")]);
    trailing.push(0);
    assert_eq!(
        refused(&trailing),
        DerError::TrailingBytes { octets: 1 }.into()
    );
    let uri = der(0x86, b"x");
    assert!(DistributionPointName::from_der(&full_name(&vec![uri.clone(); 16])).is_ok());
    assert_eq!(
        refused(&full_name(&vec![uri; 17])),
        DistributionPointError::TooManyNames
    );
}

#[test]
fn nothing_more_is_in_a_point_or_a_name() {
    let trailing = DistributionPointError::Der(DerError::TrailingBytes { octets: 2 });
    let name = || der(0xa0, &full_name(&[directory_name(b"A")]));
    let null = [5, 0].as_slice();
    let point = der(0x30, &[&name(), null].concat());
    assert_eq!(DistributionPoint::from_der(&point), Err(trailing));
    let two_names = der(0xa4, &[&directory_name(b"A")[2..], null].concat());
    let refused = DistributionPointName::from_der(&full_name(&[two_names]));
    assert_eq!(refused, Err(trailing));
    let broken_issuer = der(0x30, &[name(), der(0xa2, &[5, 1, 0])].concat());
    let null_with_contents = DistributionPointError::Der(DerError::Null);
    assert_eq!(
        DistributionPoint::from_der(&broken_issuer),
        Err(null_with_contents)
    );
}

#[test]
fn a_relative_name_follows_the_issuer_s() {
    let relative = DistributionPointName::from_der(&der(0xa1, &relative_name(b"Part"))).unwrap();
    let issuer = |name: &[u8]| {
        let name = der(0x30, &der(0x31, &relative_name(name)));
        canonical_name(&name).unwrap()
    };
    let parts = [relative_name(b"CA"), relative_name(b"part")].map(|part| der(0x31, &part));
    let both = der(0xa4, &der(0x30, &parts.concat()));
    let full = DistributionPointName::from_der(&full_name(&[both])).unwrap();
    assert!(relative.is_relative() && !full.is_relative());
    assert_eq!(relative.full_names(&issuer(b"CA")), full.full_names(&[]));
    assert_ne!(relative.full_names(&issuer(b"Other")), full.full_names(&[]));
    assert_ne!(relative.full_names(&[]), full.full_names(&[]));
}

#[test]
fn a_uri_has_a_scheme_and_a_host_without_case() {
    let canonical = |uri: &str| String::from_utf8(canonical_uri(uri.into())).unwrap();
    for (written, expected) in [
        ("HTTP://CRL.Example/Path", "http://crl.example/Path"),
        ("LDAP://User@HOST:389/CN=A?X", "ldap://User@host:389/CN=A?X"),
        ("http://HOST?Query", "http://host?Query"),
        ("http://HOST#A@B", "http://host#A@B"),
        ("http://HOST", "http://host"),
        ("URN:Some:Thing", "urn:Some:Thing"),
        ("NoScheme/Path", "NoScheme/Path"),
        ("", ""),
    ] {
        assert_eq!(canonical(written), expected);
    }
}

#[test]
fn a_uri_s_case_matters_to_the_scope_key_and_not_to_the_name() {
    let read = |uri: &[u8]| DistributionPointName::from_der(&full_name(&[der(0x86, uri)])).unwrap();
    let (upper, lower) = (read(b"http://CRL/x"), read(b"http://crl/x"));
    assert_eq!(upper.full_names(&[]), lower.full_names(&[]));
    assert_ne!(upper.scope_key(), lower.scope_key());
    assert_ne!(lower.full_names(&[]), read(b"http://crl/X").full_names(&[]));
    assert_eq!(upper.full_names(&[])[0].uri(), Some("http://crl/x"));
    assert_eq!(read(&[0x7f]).full_names(&[])[0].uri(), Some("\u{7f}"));
}

#[test]
fn reasons_and_issuer_are_kept() {
    let name = der(0xa0, &full_name(&[directory_name(b"A")]));
    let with = |more: &[Vec<u8>]| {
        let parts = [std::slice::from_ref(&name), more].concat().concat();
        DistributionPoint::from_der(&der(0x30, &parts))
    };
    let reasons = with(&[der(0x81, &[6, 0x40])]).unwrap().reasons().unwrap();
    assert!(reasons.iter().eq([RevocationReason::KeyCompromise]));
    for empty in [&[0][..], &[7, 0x80]] {
        let refused = with(&[der(0x81, empty)]);
        assert_eq!(refused, Err(DistributionPointError::NoReasons));
    }
    let malformed = with(&[der(0x81, &[])]);
    assert_eq!(malformed, Err(DerError::BitString.into()));
    let issuers = [directory_name(b"B"), der(0x82, b"c.example")].concat();
    let point = with(&[der(0xa2, &issuers)]).unwrap();
    let issuers = point.crl_issuer().unwrap();
    let expected = canonical_name(&directory_name(b"b")[2..]).unwrap();
    assert_eq!(issuers.len(), 2);
    assert_eq!(issuers[0].directory_name(), Some(&*expected));
    assert_eq!(issuers[1].directory_name(), None);
    let empty = with(&[der(0xa2, &[])]);
    assert_eq!(empty, Err(DistributionPointError::EmptyCrlIssuer));
}

#[test]
fn points_are_one_to_the_limit() {
    let point = der(0x30, &der(0xa0, &full_name(&[der(0x86, b"x")])));
    let points = |count: usize| read_distribution_points(&long(0x30, &point.repeat(count)));
    assert_eq!(points(1).unwrap().len(), 1);
    assert_eq!(points(0), Err(DistributionPointError::NoPoints));
    assert_eq!(points(32).unwrap().len(), 32);
    assert_eq!(points(33), Err(DistributionPointError::TooManyPoints));
}

#[test]
fn names_are_not_shown() {
    let name = DistributionPointName::from_der(&full_name(&[directory_name(b"City")])).unwrap();
    let shown = format!("{:?}", name.full_names(&[]));
    assert_eq!(shown, "[CanonicalGeneralName([4] redacted)]");
}

/// An element of 128 to 65535 octets, or of fewer.
fn long(tag: u8, contents: &[u8]) -> Vec<u8> {
    let Ok(length) = u8::try_from(contents.len()) else {
        let length = u16::try_from(contents.len()).unwrap().to_be_bytes();
        return [&[tag, 0x82], length.as_slice(), contents].concat();
    };
    let header = if length < 0x80 {
        vec![tag, length]
    } else {
        vec![tag, 0x81, length]
    };
    [&header, contents].concat()
}
