//! What is no OCSP response, or not one that this core reads (RFC 6960 section 4.2.1).

use conformance::issuer::NOW;
use conformance::ocsp::{
    answer, delegate_certificate, direct, issuer_key, one_answer, response, verify,
};
use pki::{
    DerError, ExtensionError, OcspError, OcspFailure, OcspResponder, OcspStatus, RevocationReason,
};
use sandbox::der;
use sandbox::mint::{
    CaKind, Extension, Extensions as _, OcspAnswer, OcspSpec, names, ocsp_revoked, ocsp_unknown,
    signature_algorithm,
};

#[test]
fn a_right_response_is_accepted_with_what_it_proves() {
    let evidence = response(|response| response).unwrap();
    assert_eq!(evidence.status(), OcspStatus::Good);
    assert_eq!(evidence.this_update(), NOW.plus_secs(-600));
    assert_eq!(evidence.next_update(), Some(NOW.plus_secs(300)));
    assert_eq!(evidence.produced_at(), NOW.plus_secs(-60));
    assert_eq!(evidence.responder(), OcspResponder::Issuer);
}

#[test]
fn every_status_is_read() {
    let status = |status: Vec<u8>| one_answer(|answer| OcspAnswer { status, ..answer });
    let revoked = |reason| OcspStatus::Revoked {
        revoked_at: NOW.plus_secs(-9),
        reason,
    };
    let at = NOW.plus_secs(-9);
    let unspecified = status(ocsp_revoked(at, None)).unwrap().status();
    assert_eq!(unspecified, revoked(RevocationReason::Unspecified));
    let on_hold = status(ocsp_revoked(at, Some(6))).unwrap().status();
    assert_eq!(on_hold, revoked(RevocationReason::CertificateHold));
    let unknown = status(ocsp_unknown()).unwrap().status();
    assert_eq!(unknown, OcspStatus::Unknown);
    for code in [7, 8, 11] {
        let error = status(ocsp_revoked(at, Some(code))).unwrap_err();
        assert_eq!(error, OcspError::Reason { code });
    }
    for filled in [0x80, 0x82] {
        let error = status(der::element(filled, &[5, 0])).unwrap_err();
        assert_eq!(error, OcspError::Der(DerError::Null));
    }
    let error = status(der::context_constructed(3, &[])).unwrap_err();
    let unexpected = DerError::UnexpectedTag {
        expected: 0xa1,
        found: 0xa3,
    };
    assert_eq!(error, OcspError::Der(unexpected));
}

#[test]
fn a_refusal_of_the_responder_is_told_apart() {
    let refused = |code| verify(&der::sequence([der::enumerated(code)])).unwrap_err();
    for (code, failure) in [
        (1, OcspFailure::MalformedRequest),
        (2, OcspFailure::InternalError),
        (3, OcspFailure::TryLater),
        (5, OcspFailure::SigRequired),
        (6, OcspFailure::Unauthorized),
    ] {
        assert_eq!(refused(code), OcspError::Unsuccessful { failure });
    }
    for code in [4, 7, 0x7f] {
        assert_eq!(refused(code), OcspError::ResponseStatus { code });
    }
    assert_eq!(refused(0x80), OcspError::Der(DerError::Integer));
}

#[test]
fn an_answer_comes_with_success_and_only_with_success() {
    let missing = verify(&der::sequence([der::enumerated(0)])).unwrap_err();
    assert_eq!(missing, OcspError::ResponseBytesMissing);
    let error = response(|response| OcspSpec {
        response_status: der::enumerated(3),
        ..response
    });
    assert_eq!(error.unwrap_err(), OcspError::ResponseBytesUnexpected);
}

#[test]
fn only_a_basic_response_of_version_1_is_read() {
    let error = response(|response| OcspSpec {
        response_type: "1.3.6.1.5.5.7.48.1.99".to_owned(),
        ..response
    })
    .unwrap_err();
    assert!(matches!(error, OcspError::ResponseType { .. }), "{error:?}");
    for version in [0, 1] {
        let error = response(|response| OcspSpec {
            version: der::context_constructed(0, &der::small_integer(version)),
            ..response
        });
        assert_eq!(error.unwrap_err(), OcspError::Version);
    }
}

#[test]
fn another_encoding_of_the_same_response_is_refused() {
    let right = direct().sign(issuer_key());
    assert!(verify(&right).is_ok());
    assert_eq!(right[..2], [0x30, 0x82]);
    let longer = [&[0x30, 0x83, 0x00], &right[2..]].concat();
    let refused = |bytes: &[u8]| verify(bytes).unwrap_err();
    assert_eq!(refused(&longer), OcspError::Der(DerError::NonMinimalLength));
    let cut = &right[..right.len() - 1];
    assert_eq!(refused(cut), OcspError::Der(DerError::Truncated));
    let error = response(|response| OcspSpec {
        trailing: vec![0],
        ..response
    });
    let trailing = |octets| OcspError::Der(DerError::TrailingBytes { octets });
    assert_eq!(error.unwrap_err(), trailing(1));
    let behind = der::sequence([&right[4..], &der::null()]);
    assert_eq!(refused(&behind), trailing(2));
    let signed = direct().to_be_signed();
    assert_eq!(signed[..2], [0x30, 0x82]);
    let signed = der::sequence([&signed[4..], &der::null()]);
    let behind_data = direct().around(&signed, &issuer_key().sign(&signed));
    assert_eq!(refused(&behind_data), trailing(2));
}

#[test]
fn times_are_generalized_even_before_2050() {
    let this_update = |this_update| {
        one_answer(|answer| OcspAnswer {
            this_update,
            ..answer
        })
    };
    assert!(this_update(der::generalized_time(NOW)).is_ok());
    let unexpected = DerError::UnexpectedTag {
        expected: 0x18,
        found: 0x17,
    };
    let error = this_update(der::utc_time(NOW)).unwrap_err();
    assert_eq!(error, OcspError::Der(unexpected));
}

#[test]
fn limits_on_size_answers_and_certificates_hold() {
    let answers = |count| {
        response(|response| OcspSpec {
            answers: vec![answer(); count],
            ..response
        })
    };
    assert!(answers(16).is_ok());
    assert_eq!(answers(17).unwrap_err(), OcspError::TooManyAnswers);
    let other = delegate_certificate().sign(issuer_key());
    let certificates = |count| {
        response(|response| OcspSpec {
            certificates: vec![other.clone(); count],
            ..response
        })
    };
    assert!(certificates(8).is_ok());
    assert_eq!(certificates(9).unwrap_err(), OcspError::TooManyCertificates);
    let filled = |octets: usize| {
        let value = vec![0; octets];
        let large = Extension::plain("1.3.6.1.4.1.55555.3", value);
        direct().with_extension(large).sign(issuer_key())
    };
    let around = filled(60_000).len() - 60_000;
    assert!(verify(&filled(64 * 1024 - around)).is_ok());
    let octets = 64 * 1024 + 1;
    let error = verify(&filled(octets - around)).unwrap_err();
    assert_eq!(error, OcspError::TooLarge { octets });
}

#[test]
fn the_responder_s_name_is_a_name() {
    let named = |name: &[u8]| {
        response(|response| OcspSpec {
            responder_id: OcspSpec::by_name(name),
            ..response
        })
    };
    assert!(named(&CaKind::UserAuthentication.distinguished_name()).is_ok());
    let error = named(&der::sequence([der::element(0x31, &[])])).unwrap_err();
    assert!(matches!(error, OcspError::ResponderName(_)), "{error:?}");
}

#[test]
fn unknown_extensions_are_refused_only_if_they_are_critical() {
    let unknown = |critical| Extension {
        critical,
        ..Extension::unknown_critical()
    };
    let of_response = |critical| response(|spec| spec.with_extension(unknown(critical)));
    assert!(of_response(false).is_ok());
    let error = of_response(true).unwrap_err();
    assert!(
        matches!(error, OcspError::UnknownCriticalExtension { .. }),
        "{error:?}"
    );
    let of_answer = |critical| one_answer(|answer| answer.with_extension(unknown(critical)));
    assert!(of_answer(false).is_ok());
    let error = of_answer(true).unwrap_err();
    assert!(
        matches!(error, OcspError::UnknownCriticalAnswerExtension { .. }),
        "{error:?}"
    );
}

#[test]
fn an_extension_occurs_once() {
    let twice = || Extension::plain(names::REASON_CODE, der::enumerated(1));
    assert!(response(|spec| spec.with_duplicate(twice())).is_ok());
    assert!(one_answer(|answer| answer.with_duplicate(twice())).is_ok());
    for refused in [
        response(|spec| spec.with_duplicate(twice()).with_duplicate(twice())),
        one_answer(|answer| answer.with_duplicate(twice()).with_duplicate(twice())),
    ] {
        let error = refused.unwrap_err();
        assert!(
            matches!(
                error,
                OcspError::Extension(ExtensionError::Duplicate { .. })
            ),
            "{error:?}"
        );
    }
}

#[test]
fn the_signature_is_of_sha_2_with_rsa_and_null_or_nothing() {
    let algorithm = |algorithm| {
        response(|response| OcspSpec {
            algorithm,
            ..response
        })
    };
    let sha256 = "1.2.840.113549.1.1.11";
    assert!(algorithm(signature_algorithm(sha256)).is_ok());
    let sha1 = signature_algorithm("1.2.840.113549.1.1.5");
    let error = algorithm(sha1).unwrap_err();
    assert!(
        matches!(error, OcspError::SignatureAlgorithm { .. }),
        "{error:?}"
    );
    let identifier = der::object_identifier(sha256);
    // RFC 4055 section 5: whoever reads must accept none.
    assert!(algorithm(der::sequence([&identifier])).is_ok());
    let two = der::sequence([&identifier, &der::null(), &der::null()]);
    assert_eq!(algorithm(two).unwrap_err(), OcspError::SignatureParameters);
}
