//! Tests of the rules that only lists of RFC 5280 have; each refusal has a twin that is accepted.

use super::Crl;
use crate::crl::minted::{
    List, THIS_UPDATE, certificate_issuer, delta, der, entry, extension, indirect, list, name,
    number, reason,
};
use crate::crl::{CertificateType, CrlEntry, CrlError, CrlHeader};
use crate::{DerError, DistributionPointError, ReasonFlags, RevocationReason};

fn header(extensions: &[Vec<u8>]) -> Result<CrlHeader, CrlError> {
    let der = list(&[], extensions).der();
    Crl::read(&der).map(|crl| crl.header)
}

fn scope(members: &[Vec<u8>]) -> Result<CrlHeader, CrlError> {
    header(&[extension(0x1c, true, &der(0x30, &members.concat()))])
}

fn entry_error(extensions: &[Vec<u8>]) -> Option<CrlError> {
    let der = list(&[entry(&[1], extensions)], &[indirect()]).der();
    let crl = Crl::read(&der).unwrap();
    crl.all_entries().err()
}

/// `DistributionPointName [0]` of one URI.
fn uri(uri: &[u8]) -> Vec<u8> {
    der(0xa0, &der(0xa0, &der(0x86, uri)))
}

fn freshest(contents: &[u8]) -> Vec<u8> {
    extension(0x2e, false, &der(0x30, contents))
}

#[test]
fn a_scope_of_every_kind_is_read() {
    for (number, expected) in [
        (1, CertificateType::User),
        (2, CertificateType::Authority),
        (5, CertificateType::Attribute),
    ] {
        let read = scope(&[der(0x80 | number, &[0xff])])
            .unwrap()
            .scope
            .unwrap();
        assert_eq!((read.only, read.indirect), (Some(expected), false));
    }
    let several = scope(&[der(0x81, &[0xff]), der(0x82, &[0xff])]);
    assert_eq!(several, Err(CrlError::SeveralCertificateTypes));
    let all = [
        uri(b"http://x/"),
        der(0x81, &[0xff]),
        der(0x83, &[6, 0x40]),
        der(0x84, &[0xff]),
    ];
    let read = scope(&all).unwrap();
    assert_eq!(read.scope_names()[0].uri(), Some("http://x/"));
    assert!(read.is_indirect() && !read.is_delta());
    let reasons = read.scope.unwrap().only_some_reasons.unwrap();
    assert!(reasons.iter().eq([RevocationReason::KeyCompromise]));
    assert_eq!(scope(&[]), Err(CrlError::EmptyScope));
    assert_eq!(header(&[]).unwrap().scope, None);
    assert_eq!(header(&[]).unwrap().scope_names(), []);
}

#[test]
fn a_scope_that_is_not_critical_holds_all_the_same() {
    let value = der(0x30, &der(0x84, &[0xff]));
    assert!(
        header(&[extension(0x1c, false, &value)])
            .unwrap()
            .is_indirect()
    );
}

#[test]
fn a_list_is_for_at_least_one_reason() {
    let reasons = |contents: &[u8]| scope(&[der(0x83, contents)]);
    assert!(reasons(&[5, 0x60]).is_ok());
    assert_eq!(reasons(&[0]), Err(CrlError::NoReasons));
    assert_eq!(reasons(&[7, 0x80]), Err(CrlError::NoReasons));
    for malformed in [&[][..], &[9, 1], &[0, 0]] {
        let error = reasons(malformed).unwrap_err();
        assert_eq!(error.rule(), "extension_value", "{error}");
    }
    let all = reasons(&[7, 0x7f, 0x80]).unwrap().scope.unwrap();
    assert_eq!(all.only_some_reasons, Some(ReasonFlags::ALL));
}

#[test]
fn a_relative_name_follows_the_list_s_issuer() {
    let attribute = |value: &[u8]| [der(0x06, &[0x55, 4, 3]), der(0x0c, value)].concat();
    let relative = der(0xa0, &der(0xa1, &der(0x30, &attribute(b"Part"))));
    let parts = [b"CA", b"part".as_slice()];
    let parts = parts.map(|part| der(0x31, &der(0x30, &attribute(part))));
    let full = der(0xa0, &der(0xa0, &der(0xa4, &der(0x30, &parts.concat()))));
    let names = |name: Vec<u8>| scope(&[name]).unwrap().scope_names();
    assert_eq!(names(relative), names(full));
}

#[test]
fn a_delta_list_is_marked_and_numbered_and_has_no_delta() {
    let right = header(&[delta(), number()]).unwrap();
    assert_eq!(right.base_number.as_ref().unwrap().to_decimal(), "7");
    assert!(right.is_delta());
    assert_eq!(header(&[delta()]), Err(CrlError::NumberMissing));
    let unmarked = extension(0x1b, false, &[2, 1, 7]);
    assert_eq!(
        header(&[unmarked, number()]),
        Err(CrlError::BaseNumberNotCritical)
    );
    let negative = extension(0x1b, true, &[2, 1, 0xff]);
    assert_eq!(header(&[negative, number()]), Err(CrlError::Number));
    let freshest = freshest(&der(0x30, &uri(b"x")));
    let full = header(&[number(), freshest.clone()]).unwrap();
    assert_eq!(full.freshest.len(), 1);
    let both = header(&[delta(), number(), freshest]);
    assert_eq!(both, Err(CrlError::FreshestInDelta));
    let none = header(&[self::freshest(&[])]);
    assert_eq!(
        none,
        Err(CrlError::FreshestMalformed(
            DistributionPointError::NoPoints
        ))
    );
}

#[test]
fn the_signer_s_key_is_named_in_any_way_or_not_at_all() {
    let key = |parts: &[Vec<u8>]| {
        let extension = extension(0x23, false, &der(0x30, &parts.concat()));
        header(&[extension]).map(|header| header.authority_key.unwrap())
    };
    let issuer = der(0xa1, &der(0xa4, &name(b"Root")));
    let serial = der(0x82, &[7]);
    let both = key(&[der(0x80, &[1, 2]), issuer.clone(), serial.clone()]).unwrap();
    assert_eq!(both.key_id.unwrap().as_bytes(), [1, 2]);
    let certificate = both.certificate.unwrap();
    assert_eq!(
        (certificate.issuer.len(), &*certificate.serial),
        (1, &[7][..])
    );
    assert_eq!(format!("{certificate:?}"), "AuthorityCertificate(redacted)");
    let named = key(&[issuer.clone(), serial.clone()]).unwrap();
    assert!(named.key_id.is_none() && named.certificate.is_some());
    for half in [
        vec![issuer],
        vec![serial.clone()],
        vec![der(0xa1, &[]), serial.clone()],
    ] {
        assert_eq!(key(&half).unwrap_err().rule(), "half_authority");
    }
    let no_name = der(0xa1, &der(0xa4, &der(0x30, &der(0x31, &[]))));
    let malformed = key(&[no_name, serial]).unwrap_err();
    assert_eq!(malformed.rule(), "authority_key_malformed");
    assert_eq!(header(&[]).unwrap().authority_key, None);
}

#[test]
fn an_entry_s_issuer_is_one_distinguished_name() {
    let issuer = |names: &[Vec<u8>]| {
        let value = der(0x30, &names.concat());
        entry_error(&[extension(0x1d, true, &value)])
    };
    let directory = |common_name: &[u8]| der(0xa4, &name(common_name));
    let other = der(0x82, b"ca.example");
    assert_eq!(issuer(&[directory(b"A")]), None);
    assert_eq!(issuer(&[other.clone(), directory(b"A")]), None);
    let refused = Some(CrlError::EntryIssuerName { position: 1 });
    assert_eq!(issuer(&[]), refused);
    assert_eq!(issuer(&[other]), refused);
    assert_eq!(issuer(&[directory(b"A"), directory(b"B")]), refused);
    assert_eq!(issuer(&[der(0xa4, &der(0x30, &[]))]), refused);
    let empty_part = der(0xa4, &der(0x30, &der(0x31, &[])));
    let malformed = issuer(&[empty_part]).unwrap();
    assert!(matches!(
        malformed,
        CrlError::EntryIssuerMalformed { position: 1, .. }
    ));
    let trailing = [der(0x30, &directory(b"A")), vec![5, 0]].concat();
    let error = entry_error(&[extension(0x1d, true, &trailing)]).unwrap();
    assert!(matches!(error, CrlError::Entry { position: 1, .. }));
}

#[test]
fn a_critical_extension_nobody_knows_spoils_the_whole_list() {
    let last = |critical| {
        let unknown = extension(0x7f, critical, &[5, 0]);
        let entries = [
            entry(&[1], &[reason(1)]),
            entry(&[2], &[reason(1), unknown]),
        ];
        let der = list(&entries, &[]).der();
        let crl = Crl::read(&der).unwrap();
        (crl.entries().flatten().count(), crl.all_entries().err())
    };
    assert_eq!(last(false), (2, None));
    let (read, error) = last(true);
    assert!(read == 1 && error.unwrap().rule() == "unknown_critical_entry_extension");
}

#[test]
fn serials_are_any_integers_each_once() {
    let of = |serials: &[&[u8]]| {
        let entries: Vec<_> = serials.iter().map(|serial| entry(serial, &[])).collect();
        let der = list(&entries, &[]).der();
        let entries = Crl::read(&der).unwrap().all_entries();
        entries.map(|entries| {
            entries
                .iter()
                .map(|entry| entry.serial.to_vec())
                .collect::<Vec<_>>()
        })
    };
    let serials: [&[u8]; 4] = [&[0xff], &[0], &[0x7f; 40], &[1]];
    assert_eq!(of(&serials).unwrap(), serials);
    let twice = CrlError::DuplicateSerials { count: 1 };
    assert_eq!(of(&[&[2], &[1], &[2]]), Err(twice));
}

#[test]
fn an_entry_tells_everything_but_its_serial_and_issuer() {
    let date = extension(0x18, false, &der(0x18, b"20240229000000Z"));
    let entries = [entry(
        &[0x5a],
        &[reason(6), date, certificate_issuer(b"City")],
    )];
    let der = list(&entries, &[indirect()]).der();
    let crl = Crl::read(&der).unwrap();
    let entries: Vec<CrlEntry<'_>> = crl.all_entries().unwrap();
    let read = &entries[0];
    assert_eq!(
        read.invalidity_date.unwrap().to_string(),
        "2024-02-29T00:00:00Z"
    );
    assert_eq!(read.revoked_at.to_string(), "2025-12-31T00:00:00Z");
    assert_eq!(read.reason, RevocationReason::CertificateHold);
    assert!(read.names_issuer());
    let shown = format!("{read:?} {:?}", crl.entries());
    let list = format!("{crl:?}");
    assert!(list.contains("header") && !list.contains("signed"));
    assert!(!shown.contains("90") && !shown.contains("5a") && !shown.contains("ity"));
}

#[test]
fn both_forms_of_time_are_read_before_2050() {
    let times = |times: Vec<u8>| {
        let list = List {
            times,
            ..list(&[], &[])
        };
        Crl::read(&list.der()).map(|crl| crl.header.next_update.map(|time| time.to_string()))
    };
    let utc = || der(0x17, THIS_UPDATE);
    let generalized = der(0x18, b"20270101000000Z");
    let expected = Some("2027-01-01T00:00:00Z".to_owned());
    assert_eq!(times([utc(), generalized].concat()), Ok(expected));
    assert_eq!(times(utc()), Ok(None));
    let malformed = times([utc(), der(0x18, b"2027010100Z")].concat());
    assert_eq!(malformed, Err(DerError::Time.into()));
}
