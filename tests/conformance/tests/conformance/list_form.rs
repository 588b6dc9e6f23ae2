//! What is no list, or not a complete and current one (RFC 5280 sections 5.1 and 5.2).

use conformance::issuer::{Issuer, NOW};
use conformance::list::{list, verify, verify_within};
use pki::{
    CrlError, CrlLimits, CrlScope, CrossCheck, DerError, ExtensionError, UnixTime, Verifier,
};
use sandbox::der;
use sandbox::mint::{
    CaKind, CrlEntry, CrlSpec, Extension, Extensions as _, RsaKey, names, signature_algorithm,
};

fn issuer() -> &'static Issuer {
    Issuer::of(CaKind::UserAuthentication)
}

#[test]
fn a_full_list_is_accepted_with_its_facts() {
    let crl = list(|list| list.with_entry(CrlEntry::new(7, NOW.plus_secs(-9), None))).unwrap();
    let facts = crl.facts();
    assert_eq!(
        facts.issuer,
        CaKind::UserAuthentication.distinguished_name()
    );
    assert_eq!(
        facts.signer_key_id.as_bytes(),
        issuer().authority.newest().key.key_id()
    );
    assert_eq!(facts.number.to_decimal(), "1000");
    assert_eq!(facts.this_update, NOW.plus_secs(-3_600));
    assert_eq!(facts.next_update, NOW.plus_secs(82_800));
    assert_eq!(facts.scope, CrlScope::Full);
    assert_eq!(facts.scope.key(), Vec::<u8>::new());
    assert_eq!(facts.entry_count, 1);
    assert_eq!(crl.entries().len(), 1);
}

#[test]
fn a_list_without_entries_leaves_them_out() {
    assert!(list(|list| list).unwrap().entries().is_empty());
    let error = list(|list| CrlSpec {
        empty_entries_present: true,
        ..list
    })
    .unwrap_err();
    assert_eq!(error, CrlError::EmptyEntries);
}

#[test]
fn nothing_may_follow_the_list() {
    let error = list(|list| CrlSpec {
        trailing: vec![0],
        ..list
    })
    .unwrap_err();
    assert_eq!(error, CrlError::Der(DerError::TrailingBytes { octets: 1 }));
}

#[test]
fn another_encoding_of_the_same_list_is_refused() {
    let right = issuer().list().sign(&issuer().authority.newest().key);
    assert!(verify(&right).is_ok());
    let longer = [&[0x30, 0x83, 0x00], &right[2..]].concat();
    assert_eq!(
        verify(&longer).unwrap_err(),
        CrlError::Der(DerError::NonMinimalLength)
    );
    let cut = &right[..right.len() - 1];
    assert_eq!(verify(cut).unwrap_err(), CrlError::Der(DerError::Truncated));
    let behind_signature = der::sequence([&right[4..], &der::null()]);
    let error = verify(&behind_signature).unwrap_err();
    assert_eq!(error, CrlError::Der(DerError::TrailingBytes { octets: 2 }));
}

#[test]
fn limits_on_size_and_entries_hold() {
    let spec = [1, 2, 3].into_iter().fold(issuer().list(), |list, serial| {
        list.with_entry(CrlEntry::new(serial, NOW.plus_secs(-9), None))
    });
    let der = spec.sign(&issuer().authority.newest().key);
    let octets = u64::try_from(der.len()).unwrap();
    let within = |max_bytes, max_entries| {
        verify_within(
            &der,
            CrlLimits {
                max_bytes,
                max_entries,
            },
        )
    };
    assert!(within(octets, 3).is_ok());
    let limit = octets - 1;
    assert_eq!(
        within(limit, 3).unwrap_err(),
        CrlError::TooLarge { octets, limit }
    );
    assert_eq!(
        within(octets, 2).unwrap_err(),
        CrlError::TooManyEntries { limit: 2 }
    );
}

#[test]
fn only_version_2_is_accepted() {
    let version = |version: Vec<u8>| list(|list| CrlSpec { version, ..list });
    assert!(version(der::small_integer(1)).is_ok());
    assert_eq!(
        version(der::small_integer(0)).unwrap_err(),
        CrlError::Version
    );
    assert_eq!(
        version(der::small_integer(2)).unwrap_err(),
        CrlError::Version
    );
    let absent = version(Vec::new()).unwrap_err();
    assert_eq!(
        absent,
        CrlError::Der(DerError::UnexpectedTag {
            expected: 0x02,
            found: 0x30
        })
    );
}

#[test]
fn both_signature_algorithms_are_sha256_with_rsa_and_null() {
    let sha384 = || signature_algorithm("1.2.840.113549.1.1.12");
    let error = list(|list| CrlSpec {
        outer_algorithm: sha384(),
        ..list
    })
    .unwrap_err();
    assert_eq!(error, CrlError::SignatureAlgorithmsDiffer);
    let identifier = || der::object_identifier("1.2.840.113549.1.1.11");
    for algorithm in [
        sha384(),
        der::sequence([identifier()]),
        der::sequence([identifier(), der::null(), der::null()]),
    ] {
        let error = list(|list| CrlSpec {
            inner_algorithm: algorithm.clone(),
            outer_algorithm: algorithm,
            ..list
        });
        assert_eq!(error.unwrap_err(), CrlError::SignatureAlgorithm);
    }
}

#[test]
fn next_update_is_there_and_after_this_update() {
    let until = |next_update| {
        list(|list| CrlSpec {
            next_update,
            ..list
        })
    };
    let this_update = NOW.plus_secs(-3_600);
    assert!(until(Some(this_update.plus_secs(1))).is_ok());
    assert_eq!(until(None).unwrap_err(), CrlError::NextUpdateMissing);
    let next_update = this_update;
    let expected = CrlError::UpdateOrder {
        this_update,
        next_update,
    };
    assert_eq!(until(Some(next_update)).unwrap_err(), expected);
}

#[test]
fn a_list_is_current_from_five_minutes_before_its_issue_until_the_next() {
    let crl = list(|list| list).unwrap();
    let (this_update, next_update) = (crl.facts().this_update, crl.facts().next_update);
    assert_eq!(crl.current_at(this_update.plus_secs(-300)), Ok(()));
    let now = this_update.plus_secs(-301);
    assert_eq!(
        crl.current_at(now),
        Err(CrlError::NotYetCurrent { this_update, now })
    );
    assert_eq!(crl.current_at(next_update.plus_secs(-1)), Ok(()));
    let now = next_update;
    assert_eq!(
        crl.current_at(now),
        Err(CrlError::Expired { next_update, now })
    );
}

#[test]
fn the_signer_is_one_of_the_authority_s_keys_and_signed_it() {
    let (older, newest) = (
        issuer().authority.generation(1),
        issuer().authority.newest(),
    );
    let naming = |key: &RsaKey| {
        issuer()
            .list()
            .with_extension(Extension::signer_key_identifier(&key.key_id()))
    };
    let by_older = verify(&naming(&older.key).sign(&older.key)).unwrap();
    assert_eq!(
        by_older.facts().signer_key_id.as_bytes(),
        older.key.key_id()
    );
    assert_eq!(
        verify(&naming(&older.key).sign(&newest.key)).unwrap_err(),
        CrlError::Signature
    );
    assert_eq!(
        issuer_error(&issuer().list().sign_wrongly(&newest.key)),
        CrlError::Signature
    );
    let stranger = RsaKey::generate().unwrap();
    let error = issuer_error(&naming(&stranger).sign(&stranger));
    assert!(matches!(error, CrlError::UnknownSigner { .. }), "{error:?}");
    assert_eq!(
        issuer_error(&issuer().list().sign(&stranger)),
        CrlError::Signature
    );
}

#[track_caller]
fn issuer_error(der: &[u8]) -> CrlError {
    verify(der).unwrap_err()
}

#[test]
fn the_issuer_s_name_is_the_anchor_s() {
    let named = |issuer: Vec<u8>| list(|list| CrlSpec { issuer, ..list });
    assert!(named(CaKind::UserAuthentication.distinguished_name()).is_ok());
    let other = CaKind::DigitalSignature.distinguished_name();
    assert_eq!(named(other).unwrap_err(), CrlError::Issuer);
    let empty_part = der::sequence([der::element(0x31, &[])]);
    let error = named(empty_part).unwrap_err();
    assert!(matches!(error, CrlError::IssuerMalformed(_)), "{error:?}");
    let value = der::sequence([
        der::object_identifier("2.5.4.3"),
        der::element(0x0c, &[0xff]),
    ]);
    let not_text = der::sequence([der::set_of_one(&value)]);
    assert_eq!(named(not_text).unwrap_err(), CrlError::Der(DerError::Text));
}

#[test]
fn a_list_of_the_other_authority_is_refused() {
    let other = Issuer::of(CaKind::DigitalSignature);
    let der = other.list().sign(&other.authority.newest().key);
    let error = verify(&der).unwrap_err();
    assert!(matches!(error, CrlError::UnknownSigner { .. }), "{error:?}");
    let limits = CrlLimits::default();
    let verifier = Verifier::new(CrossCheck::All);
    assert!(pki::verify_crl(&der, &other.trusted, &limits, &verifier).is_ok());
}

#[test]
fn the_signer_s_key_is_named() {
    let without = list(|list| list.without_extension(names::AUTHORITY_KEY_IDENTIFIER));
    assert_eq!(
        without.unwrap_err(),
        ExtensionError::NoAuthorityKeyIdentifier.into()
    );
    let key_id = issuer().authority.newest().key.key_id();
    let with = |parts: &[Vec<u8>]| {
        let value = der::sequence(parts);
        list(|list| list.with_extension(Extension::plain(names::AUTHORITY_KEY_IDENTIFIER, value)))
    };
    let serial = der::context_primitive(2, &[1]);
    assert!(with(&[der::context_primitive(0, &key_id)]).is_ok());
    assert_eq!(
        with(&[]).unwrap_err(),
        ExtensionError::NoAuthorityKeyIdentifier.into()
    );
    let half = with(&[der::context_primitive(0, &key_id), serial]).unwrap_err();
    assert_eq!(half, ExtensionError::HalfAuthority.into());
    let error = with(&[der::context_primitive(0, &[7; 65])]).unwrap_err();
    assert!(
        matches!(error, CrlError::Extension(ExtensionError::KeyIdentifier(_))),
        "{error:?}"
    );
}

#[test]
fn the_number_is_there_not_negative_and_at_most_twenty_octets() {
    let number = |contents: &[u8]| {
        let value = der::element(0x02, contents);
        list(|list| list.with_extension(Extension::plain(names::CRL_NUMBER, value)))
    };
    assert_eq!(number(&[0]).unwrap().facts().number.to_decimal(), "0");
    assert!(number(&[0x7f; 20]).is_ok());
    assert_eq!(number(&[0xff]).unwrap_err(), CrlError::Number);
    assert_eq!(number(&[0x7f; 21]).unwrap_err(), CrlError::Number);
    let error = number(&[0, 1]).unwrap_err();
    let malformed = matches!(
        error,
        CrlError::Extension(ExtensionError::Value {
            error: DerError::Integer,
            ..
        })
    );
    assert!(malformed, "{error:?}");
    let without = list(|list| list.without_extension(names::CRL_NUMBER)).unwrap_err();
    assert_eq!(without, CrlError::NumberMissing);
}

#[test]
fn extensions_occur_once_and_are_not_too_many() {
    let twice = list(|list| list.with_duplicate(Extension::crl_number(1_001))).unwrap_err();
    assert!(
        matches!(twice, CrlError::Extension(ExtensionError::Duplicate { .. })),
        "{twice:?}"
    );
    let filled = |count: usize| {
        list(|mut list| {
            for number in list.extensions.len()..count {
                let identifier = format!("1.3.6.1.4.1.55555.3.{number}");
                list.extensions
                    .push(Extension::plain(&identifier, der::null()));
            }
            list
        })
    };
    assert!(filled(32).is_ok());
    assert_eq!(filled(33).unwrap_err(), ExtensionError::TooMany.into());
}

#[test]
fn an_unknown_extension_is_refused_only_if_it_is_critical() {
    let unknown = |critical| {
        let extension = Extension {
            critical,
            ..Extension::unknown_critical()
        };
        list(|list| list.with_extension(extension))
    };
    assert!(unknown(false).is_ok());
    let error = unknown(true).unwrap_err();
    assert!(
        matches!(error, CrlError::UnknownCriticalExtension { .. }),
        "{error:?}"
    );
}

#[test]
fn a_delta_list_is_never_taken_for_a_full_one() {
    assert_eq!(
        list(|list| list.as_delta_of(999)).unwrap_err(),
        CrlError::Delta
    );
    // Not even if its issuer forgot to mark it.
    let unmarked = list(|list| {
        list.as_delta_of(999)
            .with_criticality(names::DELTA_CRL_INDICATOR, false)
    });
    assert_eq!(unmarked.unwrap_err(), CrlError::Delta);
}

#[test]
fn times_after_2049_are_generalized() {
    let next_update = Some(UnixTime::from_secs(2_524_608_000));
    let crl = list(|list| CrlSpec {
        next_update,
        ..list
    })
    .unwrap();
    assert_eq!(crl.facts().next_update.to_string(), "2050-01-01T00:00:00Z");
}

/// What the core says about a list whose signed part has this behind its last element.
fn longer(behind: &[u8]) -> CrlError {
    let signed = issuer().list().to_be_signed();
    assert_eq!(signed[..2], [0x30, 0x81]);
    let signed = der::sequence([&signed[3..], behind]);
    let signature = der::bit_string(&issuer().authority.newest().key.sign(&signed));
    let algorithm = issuer().list().outer_algorithm;
    verify(&der::sequence([signed, algorithm, signature])).unwrap_err()
}

#[test]
fn elements_behind_the_extensions_are_refused() {
    let trailing = CrlError::Der(DerError::TrailingBytes { octets: 2 });
    assert_eq!(longer(&der::null()), trailing);
}
