//! Who may answer (RFC 6960 section 4.2.2.2): the issuer's key, or a key that it authorized directly.

use conformance::issuer::{Issuer, NOW};
use conformance::ocsp::{
    KIND, NONCE, SERIAL, cert_id, delegate, delegate_certificate, delegate_key, delegated, direct,
    expectation, issuer_key, verify, verify_expecting,
};
use pki::{
    CertIdHash, CertificateError, DelegateRevocation, DerError, ExtensionError, KeyUsage,
    OcspError, OcspExpectation, OcspRequest, OcspResponder, OcspStatus,
};
use sandbox::der;
use sandbox::mint::{
    CaKind, CertificateSpec, Extension, Extensions as _, OCSP_NO_CHECK, OCSP_SIGNING, OcspSpec,
    RsaKey, names, sha256_with_rsa,
};

const DELEGATE: OcspResponder = OcspResponder::Delegate { no_check: true };

fn other_generation() -> &'static RsaKey {
    &Issuer::of(KIND).authority.generation(1).key
}

#[test]
fn the_issuer_answers_by_name_or_by_key() {
    let by_key = OcspSpec {
        responder_id: OcspSpec::by_key(issuer_key()),
        ..direct()
    };
    for response in [direct(), by_key] {
        let evidence = verify(&response.sign(issuer_key())).unwrap();
        assert_eq!(evidence.responder(), OcspResponder::Issuer);
        let forged = verify(&response.sign(other_generation())).unwrap_err();
        assert_eq!(forged, OcspError::Signature);
    }
    let other_key = OcspSpec {
        responder_id: OcspSpec::by_key(other_generation()),
        ..direct()
    };
    assert_eq!(
        verify(&other_key.sign(issuer_key())).unwrap_err(),
        OcspError::UnknownResponder
    );
}

#[test]
fn one_wrong_bit_in_the_signature_is_refused() {
    let mut signature = issuer_key().sign(&direct().to_be_signed());
    assert!(verify(&direct().with_signature(&signature)).is_ok());
    signature[100] ^= 1;
    assert_eq!(
        verify(&direct().with_signature(&signature)).unwrap_err(),
        OcspError::Signature
    );
}

#[test]
fn the_issuer_s_own_certificate_may_come_along() {
    let own = &Issuer::of(KIND).authority.newest().certificate;
    let response = OcspSpec {
        certificates: vec![own.clone()],
        ..direct()
    };
    let evidence = verify(&response.sign(issuer_key())).unwrap();
    assert_eq!(evidence.responder(), OcspResponder::Issuer);
}

#[test]
fn a_delegate_answers_by_key_or_by_name() {
    let certificate = delegate_certificate().sign(issuer_key());
    let by_name = OcspSpec {
        responder_id: OcspSpec::by_name(&delegate_certificate().subject),
        ..delegated(certificate.clone())
    };
    for response in [delegated(certificate.clone()), by_name] {
        let evidence = verify(&response.sign(delegate_key())).unwrap();
        assert_eq!(evidence.responder(), DELEGATE);
        assert_eq!(evidence.status(), OcspStatus::Good);
        let forged = verify(&response.sign(other_generation())).unwrap_err();
        assert_eq!(forged, OcspError::Signature);
    }
    let without = OcspSpec {
        certificates: Vec::new(),
        ..delegated(certificate)
    };
    assert_eq!(
        verify(&without.sign(delegate_key())).unwrap_err(),
        OcspError::UnknownResponder
    );
}

#[test]
fn a_delegate_may_have_the_issuer_s_name() {
    let namesake = CertificateSpec {
        subject: KIND.distinguished_name(),
        ..delegate_certificate()
    };
    let response = OcspSpec {
        responder_id: OcspSpec::by_name(&KIND.distinguished_name()),
        ..delegated(namesake.sign(issuer_key()))
    };
    let evidence = verify(&response.sign(delegate_key())).unwrap();
    assert_eq!(evidence.responder(), DELEGATE);
}

#[test]
fn certificates_that_are_not_the_responder_s_do_not_matter() {
    let certificate = delegate_certificate().sign(issuer_key());
    let unreadable = der::sequence([der::null()]);
    let own = Issuer::of(KIND).authority.newest().certificate.clone();
    let with = |certificates: Vec<Vec<u8>>| {
        let response = OcspSpec {
            certificates,
            ..delegated(certificate.clone())
        };
        verify(&response.sign(delegate_key()))
    };
    let evidence = with(vec![unreadable.clone(), own.clone(), certificate.clone()]).unwrap();
    assert_eq!(evidence.responder(), DELEGATE);
    assert_eq!(with(vec![own]).unwrap_err(), OcspError::UnknownResponder);
    let error = with(vec![unreadable]).unwrap_err();
    assert!(
        matches!(
            error,
            OcspError::ResponderCertificate(CertificateError::Der(_))
        ),
        "{error:?}"
    );
}

#[test]
fn an_older_certificate_of_the_delegate_does_not_hide_the_current_one() {
    let expired = delegate_certificate().with_validity(NOW.plus_secs(-9), NOW.plus_secs(-1));
    let (expired, current) = (
        expired.sign(issuer_key()),
        delegate_certificate().sign(issuer_key()),
    );
    let with = |certificates: &[&Vec<u8>]| {
        let response = OcspSpec {
            certificates: certificates.iter().copied().cloned().collect(),
            ..delegated(current.clone())
        };
        verify(&response.sign(delegate_key()))
    };
    assert_eq!(with(&[&expired, &current]).unwrap().responder(), DELEGATE);
    assert_eq!(with(&[&current, &expired]).unwrap().responder(), DELEGATE);
    let (not_after, now) = (NOW.plus_secs(-1), NOW);
    assert_eq!(
        with(&[&expired]).unwrap_err(),
        OcspError::ResponderExpired { not_after, now }
    );
}

#[test]
fn the_issuer_s_very_key_signed_the_delegate_s_certificate() {
    let signed_by = |key: &RsaKey| {
        let certificate = delegate_certificate().sign(key);
        verify(&delegated(certificate).sign(delegate_key()))
    };
    assert_eq!(signed_by(issuer_key()).unwrap().responder(), DELEGATE);
    // Another generation of the same authority did not issue the certificate asked about.
    for key in [other_generation(), delegate_key()] {
        assert_eq!(
            signed_by(key).unwrap_err(),
            OcspError::ResponderIssuerSignature
        );
    }
    let error = delegate(|certificate| CertificateSpec {
        issuer: CaKind::DigitalSignature.distinguished_name(),
        ..certificate
    });
    assert_eq!(error.unwrap_err(), OcspError::ResponderIssuer);
}

#[test]
fn a_delegate_is_designated_by_its_purpose() {
    let purposes = |purposes: &[&str]| {
        delegate(|certificate| certificate.with_extension(Extension::extended_key_usage(purposes)))
    };
    let (client, any) = ("1.3.6.1.5.5.7.3.2", "2.5.29.37.0");
    assert!(purposes(&[client, OCSP_SIGNING]).is_ok());
    for others in [&[client][..], &[any], &[]] {
        assert_eq!(
            purposes(others).unwrap_err(),
            OcspError::ResponderExtendedKeyUsage
        );
    }
    let without = delegate(|certificate| certificate.without_extension(names::EXTENDED_KEY_USAGE));
    assert_eq!(without.unwrap_err(), OcspError::ResponderExtendedKeyUsage);
    // A card of the same authority is no responder.
    let issuer = Issuer::of(KIND);
    let response = OcspSpec {
        responder_id: OcspSpec::by_key(&issuer.holder),
        ..delegated(issuer.sign(&issuer.leaf()))
    };
    let error = verify(&response.sign(&issuer.holder)).unwrap_err();
    assert!(
        matches!(error, OcspError::ResponderExtendedKeyUsage),
        "{error:?}"
    );
}

#[test]
fn a_delegate_s_key_may_sign_messages() {
    let usage = |bits: &[u8]| {
        delegate(|certificate| certificate.with_extension(Extension::key_usage(bits)))
    };
    assert!(usage(&[0]).is_ok());
    assert!(usage(&[0, 1]).is_ok());
    assert!(delegate(|certificate| certificate.without_extension(names::KEY_USAGE)).is_ok());
    let found = KeyUsage::from_bits(0b110_0000);
    assert_eq!(
        usage(&[5, 6]).unwrap_err(),
        OcspError::ResponderKeyUsage { found }
    );
}

#[test]
fn a_delegate_s_certificate_is_valid_now() {
    let valid = |from, until| {
        delegate(|certificate| certificate.with_validity(NOW.plus_secs(from), NOW.plus_secs(until)))
    };
    assert!(valid(0, 0).is_ok());
    let now = NOW;
    let not_before = NOW.plus_secs(1);
    assert_eq!(
        valid(1, 9).unwrap_err(),
        OcspError::ResponderNotYetValid { not_before, now }
    );
    let not_after = NOW.plus_secs(-1);
    assert_eq!(
        valid(-9, -1).unwrap_err(),
        OcspError::ResponderExpired { not_after, now }
    );
}

#[test]
fn a_delegate_s_own_revocation_is_answered_for_or_knowingly_left_open() {
    let with = |no_check, delegate_revocation| {
        let certificate = if no_check {
            delegate_certificate()
        } else {
            delegate_certificate().without_extension(OCSP_NO_CHECK)
        };
        let expectation = OcspExpectation {
            delegate_revocation,
            ..expectation()
        };
        let response = delegated(certificate.sign(issuer_key())).sign(delegate_key());
        verify_expecting(&response, &expectation).map(|evidence| evidence.responder())
    };
    let undetermined = OcspResponder::Delegate { no_check: false };
    let (strict, open) = (
        DelegateRevocation::NoCheckRequired,
        DelegateRevocation::MayBeUndetermined,
    );
    assert_eq!(with(true, strict), Ok(DELEGATE));
    assert_eq!(with(true, open), Ok(DELEGATE));
    assert_eq!(with(false, open), Ok(undetermined));
    assert_eq!(
        with(false, strict),
        Err(OcspError::ResponderRevocationUndetermined)
    );
    let error = delegate(|certificate| {
        certificate.with_extension(Extension::plain(OCSP_NO_CHECK, der::boolean_true()))
    })
    .unwrap_err();
    let malformed = matches!(
        error,
        OcspError::Extension(ExtensionError::Value {
            error: DerError::UnexpectedTag { .. },
            ..
        })
    );
    assert!(malformed, "{error:?}");
}

#[test]
fn an_unknown_extension_of_a_delegate_is_refused_only_if_it_is_critical() {
    let unknown = |critical| {
        delegate(|certificate| {
            certificate.with_extension(Extension {
                critical,
                ..Extension::unknown_critical()
            })
        })
    };
    assert!(unknown(false).is_ok());
    let error = unknown(true).unwrap_err();
    assert!(
        matches!(error, OcspError::ResponderUnknownCriticalExtension { .. }),
        "{error:?}"
    );
    let critical_purpose = delegate(|certificate| {
        certificate
            .with_criticality(names::EXTENDED_KEY_USAGE, true)
            .with_extension(Extension::certificate_policies(KIND.policy()))
            .with_extension(Extension::critical(
                names::BASIC_CONSTRAINTS,
                der::sequence::<&[u8]>([]),
            ))
    });
    assert!(critical_purpose.is_ok());
}

#[test]
fn responses_signed_with_the_longer_hashes_are_accepted() {
    use aws_lc_rs::signature::{RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RsaEncoding};
    let hashes: [(&str, &'static dyn RsaEncoding); 2] = [
        ("1.2.840.113549.1.1.12", &RSA_PKCS1_SHA384),
        ("1.2.840.113549.1.1.13", &RSA_PKCS1_SHA512),
    ];
    for (identifier, encoding) in hashes {
        let response = OcspSpec {
            algorithm: sandbox::mint::signature_algorithm(identifier),
            ..direct()
        };
        let signature = issuer_key().sign_with(encoding, &response.to_be_signed());
        assert!(verify(&response.with_signature(&signature)).is_ok());
        let as_sha256 = OcspSpec {
            algorithm: sha256_with_rsa(),
            ..direct()
        };
        assert_eq!(
            verify(&as_sha256.with_signature(&signature)).unwrap_err(),
            OcspError::Signature
        );
    }
}

#[test]
fn the_question_tells_the_serial_only_to_the_responder() {
    let asked = cert_id(CertIdHash::Sha1);
    let shown = format!("{asked:?}");
    assert!(shown.contains("SerialNumber(redacted)"), "{shown}");
    let request = OcspRequest::new(&asked, Some(&NONCE));
    assert_eq!(format!("{request:?}"), "OcspRequest(redacted)");
    let serial = der::small_integer(SERIAL);
    let mut parts = request.der().windows(serial.len());
    assert!(parts.any(|octets| octets == serial));
}
