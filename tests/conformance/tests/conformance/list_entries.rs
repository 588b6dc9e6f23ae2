//! The entries of a list (RFC 5280 section 5.3).

use conformance::issuer::{Issuer, NOW};
use conformance::list::{entry, entry_extensions, list, verify};
use pki::{CrlError, DerError, ExtensionError, RevocationReason, SerialError, VerifiedCrl};
use sandbox::der;
use sandbox::mint::{CaKind, CrlEntry, Extension, Extensions as _, names};

/// id-ce-invalidityDate
const INVALIDITY_DATE: &str = "2.5.29.24";

#[test]
fn entries_are_read_in_their_order() {
    let crl = list(|list| {
        list.with_entry(CrlEntry::new(300, NOW.plus_secs(-30), Some(4)))
            .with_entry(CrlEntry::new(1, NOW.plus_secs(-20), None))
            .with_entry(CrlEntry::new(70_000, NOW.plus_secs(-10), Some(6)))
    })
    .unwrap();
    let read: Vec<_> = crl
        .entries()
        .iter()
        .map(|entry| (entry.serial.as_bytes(), entry.revoked_at, entry.reason))
        .collect();
    assert_eq!(
        read,
        [
            (
                &[1, 44][..],
                NOW.plus_secs(-30),
                RevocationReason::Superseded
            ),
            (&[1][..], NOW.plus_secs(-20), RevocationReason::Unspecified),
            (
                &[1, 17, 112][..],
                NOW.plus_secs(-10),
                RevocationReason::CertificateHold
            ),
        ]
    );
}

#[test]
fn every_defined_reason_but_removal_is_read() {
    for code in (0..=10).filter(|code| *code != 7 && *code != 8) {
        let crl = entry_extensions(&[Extension::reason(code)]).unwrap();
        assert_eq!(crl.entries()[0].reason.code(), code);
    }
}

#[test]
fn an_undefined_reason_is_refused() {
    for code in [7, 11, 127] {
        let error = entry_extensions(&[Extension::reason(code)]).unwrap_err();
        assert_eq!(error, CrlError::Reason { position: 1, code });
    }
}

#[test]
fn a_removal_in_a_full_list_is_refused() {
    let error = entry_extensions(&[Extension::reason(8)]).unwrap_err();
    assert_eq!(error, CrlError::RemovedFromFullList { position: 1 });
}

#[test]
fn the_serial_of_an_entry_is_a_serial() {
    let serial = |contents: &[u8]| {
        entry(|mut entry| {
            entry.serial = der::element(0x02, contents);
            entry
        })
    };
    assert!(serial(&[0x7f; 20]).is_ok());
    let refused = |contents: &[u8]| serial(contents).unwrap_err();
    let because = |error| CrlError::EntrySerial { position: 1, error };
    assert_eq!(refused(&[0]), because(SerialError::Zero));
    assert_eq!(refused(&[0xff]), because(SerialError::Negative));
    assert_eq!(
        refused(&[0x7f; 21]),
        because(SerialError::TooLong { octets: 21 })
    );
    let not_minimal = CrlError::Entry {
        position: 1,
        error: DerError::Integer,
    };
    assert_eq!(refused(&[0, 1]), not_minimal);
}

#[test]
fn an_entry_is_named_by_its_position() {
    let error = list(|list| {
        list.with_entry(CrlEntry::new(1, NOW, None))
            .with_entry(CrlEntry::new(2, NOW, Some(8)))
    });
    assert_eq!(
        error.unwrap_err(),
        CrlError::RemovedFromFullList { position: 2 }
    );
}

#[test]
fn a_serial_occurs_once_in_a_list_whatever_the_order() {
    let listed = |serials: &[u64]| {
        list(|list| {
            serials.iter().fold(list, |list, serial| {
                list.with_entry(CrlEntry::new(*serial, NOW.plus_secs(-9), None))
            })
        })
    };
    assert!(listed(&[1, 2, 3]).is_ok());
    assert!(listed(&[3, 1, 2]).is_ok());
    assert_eq!(
        listed(&[1, 1]).unwrap_err(),
        CrlError::DuplicateSerials { count: 1 }
    );
    assert_eq!(
        listed(&[2, 1, 2, 3, 1]).unwrap_err(),
        CrlError::DuplicateSerials { count: 2 }
    );
}

#[test]
fn an_invalidity_date_is_generalized_time() {
    let dated = |value: Vec<u8>| entry_extensions(&[Extension::plain(INVALIDITY_DATE, value)]);
    assert!(dated(der::generalized_time(NOW)).is_ok());
    let error = dated(der::utc_time(NOW)).unwrap_err();
    assert!(
        matches!(error, CrlError::Entry { position: 1, .. }),
        "{error:?}"
    );
}

#[test]
fn an_entry_of_another_issuer_is_refused() {
    let name = names::directory_name(&CaKind::DigitalSignature.distinguished_name());
    for critical in [true, false] {
        let oid = names::CERTIFICATE_ISSUER.to_owned();
        let extension = Extension {
            oid,
            critical,
            value: der::sequence([&name]),
        };
        let error = entry_extensions(&[extension]).unwrap_err();
        assert_eq!(error, CrlError::EntryIssuer { position: 1 });
    }
}

#[test]
fn an_unknown_entry_extension_is_refused_only_if_it_is_critical() {
    let unknown = |critical| Extension {
        critical,
        ..Extension::unknown_critical()
    };
    assert!(entry_extensions(&[unknown(false)]).is_ok());
    // Before and behind one that is understood: reading must not stop at the first.
    for extensions in [
        [unknown(true), Extension::reason(4)],
        [Extension::reason(4), unknown(true)],
    ] {
        let error = entry_extensions(&extensions).unwrap_err();
        assert!(
            matches!(
                error,
                CrlError::UnknownCriticalEntryExtension { position: 1, .. }
            ),
            "{error:?}"
        );
    }
}

#[test]
fn an_entry_extension_occurs_once() {
    let dated = Extension::plain(INVALIDITY_DATE, der::generalized_time(NOW));
    let both = [Extension::reason(4), dated.clone()];
    assert!(entry_extensions(&both).is_ok());
    for extensions in [
        vec![Extension::reason(4), Extension::reason(4)],
        vec![Extension::reason(4), dated, Extension::reason(1)],
    ] {
        let error = entry_extensions(&extensions).unwrap_err();
        assert_eq!(error, CrlError::DuplicateEntryExtension { position: 1 });
    }
}

#[test]
fn a_malformed_entry_extension_is_refused() {
    let reason = |value: Vec<u8>| entry_extensions(&[Extension::plain(names::REASON_CODE, value)]);
    assert!(reason(der::enumerated(1)).is_ok());
    for wrong in [
        der::small_integer(1),
        der::element(0x0a, &[]),
        der::element(0x0a, &[0, 1]),
        der::concat([der::enumerated(1), der::null()]),
    ] {
        let error = reason(wrong).unwrap_err();
        assert!(
            matches!(error, CrlError::Entry { position: 1, .. }),
            "{error:?}"
        );
    }
}

#[test]
fn extensions_of_an_entry_are_at_most_thirty_two() {
    let many = |count: usize| {
        let extensions: Vec<_> = (0..count)
            .map(|number| Extension::plain(&format!("1.3.6.1.4.1.55555.3.{number}"), der::null()))
            .collect();
        entry_extensions(&extensions)
    };
    assert!(many(32).is_ok());
    assert_eq!(many(33).unwrap_err(), ExtensionError::TooMany.into());
}

#[test]
fn a_refusal_never_shows_a_serial() {
    let serial = 2_345_678_901_u64;
    let error = list(|list| list.with_entry(CrlEntry::new(serial, NOW, Some(8)))).unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains(&serial.to_string()) && !shown.contains(&format!("{serial:x}")));
    let crl = list(|list| list.with_entry(CrlEntry::new(serial, NOW, None))).unwrap();
    let shown = format!("{crl:?}");
    assert!(!shown.contains(&serial.to_string()) && !shown.contains(&format!("{serial:x}")));
    let entry = CrlEntry::new(serial, NOW, None).with_extension(Extension::reason(8));
    assert!(list(|list| list.with_entry(entry)).is_err());
}

/// What the core says about a list with one entry of these parts, rightly signed.
fn of_parts(parts: &[Vec<u8>]) -> Result<VerifiedCrl, CrlError> {
    let issuer = Issuer::of(CaKind::UserAuthentication);
    let list = issuer.list();
    let extensions: Vec<_> = list.extensions.iter().map(Extension::to_der).collect();
    let signed = der::sequence([
        list.version.clone(),
        list.inner_algorithm.clone(),
        list.issuer.clone(),
        der::time(list.this_update),
        der::time(list.next_update.unwrap()),
        der::sequence([der::sequence(parts)]),
        der::context_constructed(0, &der::sequence(extensions)),
    ]);
    let signature = der::bit_string(&issuer.authority.newest().key.sign(&signed));
    verify(&der::sequence([signed, list.outer_algorithm, signature]))
}

#[test]
fn an_entry_holds_a_serial_a_time_and_extensions_and_nothing_more() {
    let (serial, time) = (der::small_integer(7), der::time(NOW));
    let reason = Extension::reason(4).to_der();
    let parts = |extensions: Vec<u8>| of_parts(&[serial.clone(), time.clone(), extensions]);
    assert!(of_parts(&[serial.clone(), time.clone()]).is_ok());
    assert!(parts(der::sequence([&reason])).is_ok());
    let refused = |verdict: Result<VerifiedCrl, CrlError>| match verdict.unwrap_err() {
        CrlError::Entry { position: 1, error } => error,
        other => panic!("{other:?}"),
    };
    let trailing = DerError::TrailingBytes { octets: 2 };
    let behind = [
        serial.clone(),
        time.clone(),
        der::sequence([&reason]),
        der::null(),
    ];
    assert_eq!(refused(of_parts(&behind)), trailing);
    assert_eq!(refused(parts(der::sequence([[]; 0]))), DerError::Truncated);
    let longer = der::sequence([&reason[2..], &der::null()]);
    assert_eq!(refused(parts(der::sequence([longer]))), trailing);
    let padded_identifier = der::element(0x06, &[0x55, 0x80, 0x01]);
    let extension = der::sequence([padded_identifier, der::octet_string(&[])]);
    assert_eq!(
        refused(parts(der::sequence([extension]))),
        DerError::ObjectIdentifier
    );
    assert_eq!(
        refused(of_parts(std::slice::from_ref(&serial))),
        DerError::Truncated
    );
    let in_2040 = der::generalized_time(pki::UnixTime::from_secs(2_208_988_800));
    assert_eq!(
        refused(of_parts(&[serial.clone(), in_2040])),
        DerError::TimeForm
    );
}
