//! About which certificate, to which question and for how long an OCSP response speaks (RFC 6960 sections 3.2 and
//! 4.2.2.1, RFC 9654).

use conformance::issuer::{Issuer, NOW};
use conformance::ocsp::{
    KIND, NONCE, SERIAL, answer, cert_id, cert_id_spec, direct, expectation, issuer_key,
    one_answer, response, verify, verify_expecting,
};
use pki::{
    CertIdHash, CertIdPart, CrossCheck, DerError, ExpectedNonce, ExtensionError, OcspError,
    OcspEvidence, OcspExpectation, OcspStatus, UnixTime, Verifier,
};
use sandbox::der;
use sandbox::mint::{
    CaKind, CertIdSpec, Extension, Extensions as _, OCSP_NONCE, OcspAnswer, OcspSpec, ocsp_revoked,
    ocsp_unknown, signature_algorithm,
};

fn about(cert_id: CertIdSpec) -> Result<OcspEvidence, OcspError> {
    one_answer(|answer| OcspAnswer { cert_id, ..answer })
}

#[test]
fn the_answer_is_about_the_certificate_asked_about() {
    let name = KIND.distinguished_name();
    let other_name = CaKind::DigitalSignature.distinguished_name();
    let other_generation = &Issuer::of(KIND).authority.generation(1).key;
    assert!(about(CertIdSpec::sha1(&name, issuer_key(), SERIAL)).is_ok());
    for (wrong, part) in [
        (
            CertIdSpec::sha1(&name, issuer_key(), SERIAL + 1),
            CertIdPart::SerialNumber,
        ),
        (
            CertIdSpec::sha1(&name, other_generation, SERIAL),
            CertIdPart::IssuerKey,
        ),
        (
            CertIdSpec::sha1(&other_name, issuer_key(), SERIAL),
            CertIdPart::IssuerName,
        ),
        (
            CertIdSpec::sha256(&name, issuer_key(), SERIAL),
            CertIdPart::HashAlgorithm,
        ),
        (
            CertIdSpec {
                algorithm: signature_algorithm("2.16.840.1.101.3.4.2.2"),
                ..cert_id_spec()
            },
            CertIdPart::HashAlgorithm,
        ),
        (
            CertIdSpec {
                serial: der::element(0x02, &[0xff]),
                ..cert_id_spec()
            },
            CertIdPart::SerialNumber,
        ),
    ] {
        assert_eq!(
            about(wrong).unwrap_err(),
            OcspError::OtherCertificate { part }
        );
    }
}

#[test]
fn the_hash_has_null_for_parameters_or_none() {
    let with = |parameters: &[u8]| {
        let sha1 = der::object_identifier("1.3.14.3.2.26");
        about(CertIdSpec {
            algorithm: der::sequence([sha1.as_slice(), parameters]),
            ..cert_id_spec()
        })
    };
    assert!(with(&[]).is_ok());
    assert!(with(&der::null()).is_ok());
    let part = CertIdPart::HashAlgorithm;
    assert_eq!(
        with(&der::small_integer(1)).unwrap_err(),
        OcspError::OtherCertificate { part }
    );
}

#[test]
fn a_certificate_is_asked_about_by_sha_256_too() {
    let name = KIND.distinguished_name();
    let verifier = Verifier::new(CrossCheck::All);
    let asked = cert_id(CertIdHash::Sha256);
    let answered = |cert_id| {
        let answers = vec![OcspAnswer {
            cert_id,
            ..answer()
        }];
        let response = OcspSpec {
            answers,
            ..direct()
        };
        let der = response.sign(issuer_key());
        pki::verify_ocsp_response(&der, &asked, &expectation(), &verifier)
    };
    assert!(answered(CertIdSpec::sha256(&name, issuer_key(), SERIAL)).is_ok());
    let part = CertIdPart::HashAlgorithm;
    assert_eq!(
        answered(cert_id_spec()).unwrap_err(),
        OcspError::OtherCertificate { part }
    );
}

#[test]
fn answers_about_other_certificates_are_passed_over() {
    let other = OcspAnswer {
        cert_id: CertIdSpec::sha1(&KIND.distinguished_name(), issuer_key(), SERIAL + 1),
        status: ocsp_revoked(NOW, None),
        ..answer()
    };
    let answers = |answers: Vec<OcspAnswer>| {
        response(|response| OcspSpec {
            answers,
            ..response
        })
    };
    let evidence = answers(vec![other.clone(), answer(), other.clone()]).unwrap();
    assert_eq!(evidence.status(), OcspStatus::Good);
    let part = CertIdPart::SerialNumber;
    assert_eq!(
        answers(vec![other]).unwrap_err(),
        OcspError::OtherCertificate { part }
    );
    assert_eq!(answers(Vec::new()).unwrap_err(), OcspError::NoAnswer);
}

#[test]
fn two_answers_about_the_certificate_say_the_same() {
    let two = |second: OcspAnswer| {
        response(|response| OcspSpec {
            answers: vec![answer(), second],
            ..response
        })
    };
    let by_sha256 = CertIdSpec::sha256(&KIND.distinguished_name(), issuer_key(), SERIAL);
    for cert_id in [cert_id_spec(), by_sha256] {
        let same = OcspAnswer {
            cert_id,
            ..answer()
        };
        assert!(two(same.clone()).is_ok());
        for contradicting in [
            OcspAnswer {
                status: ocsp_unknown(),
                ..same.clone()
            },
            OcspAnswer {
                status: ocsp_revoked(NOW, None),
                ..same.clone()
            },
            OcspAnswer {
                next_update: Some(NOW.plus_secs(301)),
                ..same.clone()
            },
            OcspAnswer {
                this_update: der::generalized_time(NOW),
                ..same.clone()
            },
        ] {
            assert_eq!(two(contradicting).unwrap_err(), OcspError::Contradiction);
        }
    }
}

fn at(now: UnixTime) -> OcspExpectation<'static> {
    OcspExpectation {
        now,
        ..expectation()
    }
}

#[test]
fn an_answer_speaks_from_five_minutes_before_this_update_until_the_next() {
    let der = OcspSpec {
        produced_at: NOW.plus_secs(-600),
        ..direct()
    }
    .sign(issuer_key());
    let (this_update, next_update) = (NOW.plus_secs(-600), NOW.plus_secs(300));
    assert!(verify_expecting(&der, &at(this_update.plus_secs(-300))).is_ok());
    assert!(verify_expecting(&der, &at(next_update.plus_secs(-1))).is_ok());
    let now = next_update;
    assert_eq!(
        verify_expecting(&der, &at(now)).unwrap_err(),
        OcspError::Expired { next_update, now }
    );
    let later = one_answer(|answer| OcspAnswer {
        this_update: der::generalized_time(NOW.plus_secs(299)),
        ..answer
    });
    assert!(later.is_ok());
    let this_update = NOW.plus_secs(301);
    let too_late = one_answer(|answer| OcspAnswer {
        this_update: der::generalized_time(this_update),
        next_update: Some(NOW.plus_secs(900)),
        ..answer
    });
    let now = NOW;
    assert_eq!(
        too_late.unwrap_err(),
        OcspError::NotYetCurrent { this_update, now }
    );
}

#[test]
fn a_response_is_not_produced_in_the_future() {
    let produced = |secs| {
        response(|response| OcspSpec {
            produced_at: NOW.plus_secs(secs),
            ..response
        })
    };
    assert!(produced(300).is_ok());
    let (produced_at, now) = (NOW.plus_secs(301), NOW);
    assert_eq!(
        produced(301).unwrap_err(),
        OcspError::ProducedInFuture { produced_at, now }
    );
}

#[test]
fn next_update_is_after_this_update() {
    let until = |next_update| {
        one_answer(|answer| OcspAnswer {
            this_update: der::generalized_time(NOW),
            next_update: Some(next_update),
            ..answer
        })
    };
    assert!(until(NOW.plus_secs(1)).is_ok());
    let (this_update, next_update) = (NOW, NOW);
    let expected = OcspError::UpdateOrder {
        this_update,
        next_update,
    };
    assert_eq!(until(NOW).unwrap_err(), expected);
}

#[test]
fn without_next_update_only_a_configured_age_says_how_long_an_answer_holds() {
    let open_ended = OcspSpec {
        answers: vec![OcspAnswer {
            next_update: None,
            ..answer()
        }],
        ..direct()
    }
    .sign(issuer_key());
    let within = |max_age_secs| {
        let expectation = OcspExpectation {
            max_age_secs,
            ..expectation()
        };
        verify_expecting(&open_ended, &expectation)
    };
    let evidence = within(Some(600)).unwrap();
    assert_eq!(evidence.next_update(), None);
    let (this_update, now) = (NOW.plus_secs(-600), NOW);
    let too_old = OcspError::TooOld {
        this_update,
        max_age_secs: 599,
        now,
    };
    assert_eq!(within(Some(599)).unwrap_err(), too_old);
    assert_eq!(within(None).unwrap_err(), OcspError::NextUpdateMissing);
}

#[test]
fn a_configured_age_holds_beside_next_update() {
    let within = |max_age_secs| {
        let expectation = OcspExpectation {
            max_age_secs: Some(max_age_secs),
            ..expectation()
        };
        verify_expecting(&direct().sign(issuer_key()), &expectation)
    };
    assert!(within(600).is_ok());
    let error = within(599).unwrap_err();
    assert!(matches!(error, OcspError::TooOld { .. }), "{error:?}");
}

fn expecting(nonce: ExpectedNonce<'_>, found: Option<&[u8]>) -> Result<OcspEvidence, OcspError> {
    let response = match found {
        Some(nonce) => direct().with_extension(Extension::ocsp_nonce(nonce)),
        None => direct(),
    };
    let expectation = OcspExpectation {
        nonce,
        ..expectation()
    };
    verify_expecting(&response.sign(issuer_key()), &expectation)
}

#[test]
fn the_nonce_is_the_one_sent_or_absent_where_that_is_allowed() {
    let mut other = NONCE;
    other[31] ^= 1;
    let (required, optional) = (
        ExpectedNonce::Required(&NONCE),
        ExpectedNonce::Optional(&NONCE),
    );
    for nonce in [required, optional] {
        assert!(expecting(nonce, Some(&NONCE)).is_ok());
        for wrong in [&other[..], &NONCE[..31], &[NONCE.as_slice(), &[0]].concat()] {
            let error = expecting(nonce, Some(wrong)).unwrap_err();
            assert_eq!(error, OcspError::NonceMismatch);
        }
    }
    assert_eq!(
        expecting(required, None).unwrap_err(),
        OcspError::NonceMissing
    );
    assert!(expecting(optional, None).is_ok());
    assert!(expecting(ExpectedNonce::NotSent, None).is_ok());
    assert!(expecting(ExpectedNonce::NotSent, Some(&other)).is_ok());
}

#[test]
fn a_nonce_has_1_to_128_octets_and_may_be_critical() {
    let of = |octets| expecting(ExpectedNonce::NotSent, Some(&vec![7; octets]));
    assert!(of(1).is_ok());
    assert!(of(128).is_ok());
    for octets in [0, 129] {
        assert_eq!(of(octets).unwrap_err(), OcspError::NonceLength { octets });
    }
    let critical = response(|response| {
        response
            .with_extension(Extension::ocsp_nonce(&NONCE))
            .with_criticality(OCSP_NONCE, true)
    });
    assert!(critical.is_ok());
    let bare = direct().with_extension(Extension::plain(OCSP_NONCE, NONCE.to_vec()));
    let error = verify(&bare.sign(issuer_key())).unwrap_err();
    let malformed = matches!(
        error,
        OcspError::Extension(ExtensionError::Value {
            error: DerError::UnexpectedTag { .. },
            ..
        })
    );
    assert!(malformed, "{error:?}");
}
