//! What each check ends with.

use aws_lc_rs::signature::RSA_PSS_SHA256;
use lookup::{List, Purpose, Reason, Revocation, Status as RevocationStatus, Unknown};
use pki::KeyIdentifier;
use proto::revocation::v1 as revocation_v1;
use proto::verification::v1::verify_signature_request::Signed;
use proto::verification::v1::{
    HolderOrigin, SignatureEncoding, VerificationResult, VerifySignatureRequest,
};
use sandbox::der;
use sandbox::mint::{CaKind, MUNICIPALITIES, sha256};
use tonic::Code;

use super::{
    Directory, HOLDER_ID, MESSAGE, Service, card, current_list, good_on, good_request, jpki, now,
    request_of,
};

#[tokio::test]
async fn a_good_signature_tells_whose_it_is_and_the_evidence() {
    let response = Service::good().verify(good_request()).await.unwrap();
    assert_eq!(response.result(), VerificationResult::Ok);
    assert_eq!(
        (response.failed_rule.as_str(), response.explanation.as_str()),
        ("", "")
    );
    let holder = response.holder.as_ref().unwrap();
    assert_eq!(holder.holder_id, HOLDER_ID);
    assert_eq!(holder.origin(), HolderOrigin::Linked);
    let issuer = jpki().authority(CaKind::UserAuthentication).generation(2);
    assert_eq!(response.issuer_key_id, issuer.key.key_id());
    assert_eq!(response.certification_authority, "user-authentication");
    assert_eq!(response.verified_at, now().secs());
    assert!(response.certificate_not_after > now().secs());
    let revocation = response.revocation.unwrap();
    assert_eq!(revocation.status(), revocation_v1::RevocationStatus::Good);
    assert_eq!(revocation.generation, 3);
    assert_eq!(revocation.list.unwrap().crl_number, "1001");
}

#[tokio::test]
async fn a_certificate_by_the_older_key_is_as_good() {
    let response = Service::good()
        .verify(request_of("older-key"))
        .await
        .unwrap();
    assert_eq!(response.result(), VerificationResult::Ok);
    let issuer = jpki().authority(CaKind::UserAuthentication).generation(1);
    assert_eq!(response.issuer_key_id, issuer.key.key_id());
}

#[tokio::test]
async fn a_digest_is_as_good_as_its_message() {
    let mut request = good_request();
    request.signed = Some(Signed::Digest(sha256(MESSAGE).to_vec()));
    assert_eq!(
        Service::good().result(request.clone()).await.0,
        VerificationResult::Ok
    );
    request.signed = Some(Signed::Digest(sha256(b"another message").to_vec()));
    let mismatch = (
        VerificationResult::SignatureMismatch,
        "signature_mismatch".to_owned(),
    );
    assert_eq!(Service::good().result(request).await, mismatch);
}

#[tokio::test]
async fn the_lookup_is_asked_with_the_distribution_point_the_purpose_and_the_reference() {
    let service = Service::good();
    let mut request = good_request();
    request.purpose = revocation_v1::Purpose::ValidityConfirmation.into();
    service.verify(request).await.unwrap();
    let (serial, point, purpose, reference, method) =
        service.lookup.last.lock().unwrap().clone().unwrap();
    let card = card("good").certificate(CaKind::UserAuthentication);
    let octets = card.serial.to_be_bytes();
    let minimal: Vec<_> = octets.into_iter().skip_while(|octet| *octet == 0).collect();
    assert_eq!(serial, minimal);
    assert!(!point.is_empty());
    assert_eq!(purpose, Purpose::ValidityConfirmation);
    assert_eq!(reference, "R8-1");
    assert_eq!(method, None, "the configuration decides");
}

#[tokio::test]
async fn a_changed_signature_is_a_mismatch_and_nobody_is_asked_about_the_certificate() {
    let service = Service::good();
    let mut request = good_request();
    request.signature[100] ^= 1;
    let mismatch = (
        VerificationResult::SignatureMismatch,
        "signature_mismatch".to_owned(),
    );
    assert_eq!(service.result(request).await, mismatch);
    assert_eq!(service.asked(), 0);
}

#[tokio::test]
async fn another_encoding_than_the_named_one_is_a_mismatch() {
    let mismatch = (
        VerificationResult::SignatureMismatch,
        "signature_mismatch".to_owned(),
    );
    for encoding in [SignatureEncoding::Pkcs1V15BareHash, SignatureEncoding::Pss] {
        let mut request = good_request();
        request.signature_encoding = encoding.into();
        assert_eq!(Service::good().result(request).await, mismatch);
    }
}

#[tokio::test]
async fn a_pss_signature_is_as_good_and_never_taken_for_another() {
    let key = &card("good").certificate(CaKind::UserAuthentication).key;
    let mut request = good_request();
    request.signature = key.sign_with(&RSA_PSS_SHA256, MESSAGE);
    assert_eq!(
        Service::good().result(request.clone()).await.0,
        VerificationResult::SignatureMismatch
    );
    request.signature_encoding = SignatureEncoding::Pss.into();
    assert_eq!(
        Service::good().result(request.clone()).await.0,
        VerificationResult::Ok
    );
    request.signed = Some(Signed::Digest(sha256(MESSAGE).to_vec()));
    assert_eq!(
        Service::good().result(request).await.0,
        VerificationResult::Ok
    );
}

#[tokio::test]
async fn an_encoding_that_the_key_cannot_make_is_a_mismatch_with_a_rule_of_its_own() {
    let service = Service::good();
    let mut request = good_request();
    request.signature_encoding = SignatureEncoding::EcdsaDer.into();
    let response = service.verify(request).await.unwrap();
    assert_eq!(response.result(), VerificationResult::SignatureMismatch);
    assert_eq!(response.failed_rule, "signature_key_algorithm");
    assert_eq!(
        response.explanation,
        "the key is RSA-2048, the signature ECDSA: one does not make the other"
    );
    assert!(!response.issuer_key_id.is_empty());
    assert_eq!(service.asked(), 0);
}

#[tokio::test]
async fn an_expired_certificate_is_expired_before_its_signature_is_looked_at() {
    let service = Service::good();
    let mut request = request_of("expired");
    request.signature[100] ^= 1;
    let expired = (VerificationResult::CertificateExpired, "expired".to_owned());
    assert_eq!(service.result(request).await, expired);
    assert_eq!(service.asked(), 0);
}

#[tokio::test]
async fn validity_is_judged_at_the_clocks_time() {
    let service = Service::good();
    assert_eq!(
        service.result(good_request()).await.0,
        VerificationResult::Ok
    );
    service.clock.advance(-400 * 86_400);
    let early = (
        VerificationResult::CertificateNotYetValid,
        "not_yet_valid".to_owned(),
    );
    assert_eq!(service.result(good_request()).await, early);
}

#[tokio::test]
async fn a_revoked_certificate_is_revoked_with_when_and_why() {
    let revoked_at = now().plus_secs(-500);
    let reason = Reason::new(pki::RevocationReason::KeyCompromise).unwrap();
    let service = Service::with(Revocation {
        status: RevocationStatus::Revoked { revoked_at, reason },
        list: Some(current_list()),
        ocsp: None,
        generation: 4,
    });
    let response = service.verify(good_request()).await.unwrap();
    assert_eq!(response.result(), VerificationResult::CertificateRevoked);
    assert_eq!(response.failed_rule, "certificate_revoked");
    assert!(response.holder.is_none());
    assert_eq!(response.certificate_not_after, 0);
    let revocation = response.revocation.unwrap().revocation.unwrap();
    assert_eq!(revocation.revoked_at, revoked_at.secs());
    assert_eq!(
        revocation.reason(),
        revocation_v1::RevocationReason::KeyCompromise
    );
}

#[tokio::test]
async fn an_unknown_status_is_unknown_with_its_reason() {
    for (why, wire) in [
        (Unknown::Stale, revocation_v1::UnknownReason::Stale),
        (Unknown::Feed, revocation_v1::UnknownReason::Feed),
        (
            Unknown::Unavailable,
            revocation_v1::UnknownReason::Unavailable,
        ),
    ] {
        let service = Service::with(Revocation::unknown(why));
        let response = service.verify(good_request()).await.unwrap();
        assert_eq!(response.result(), VerificationResult::RevocationUnknown);
        assert_eq!(response.failed_rule, why.rule());
        assert_eq!(response.revocation.unwrap().unknown_reason(), wire);
    }
}

#[tokio::test]
async fn good_without_the_list_that_proves_it_is_unknown() {
    let result = |revocation| async {
        let (result, rule) = Service::with(revocation).result(good_request()).await;
        (result == VerificationResult::Ok, rule)
    };
    assert_eq!(
        result(good_on(Some(current_list()))).await,
        (true, String::new())
    );
    assert_eq!(result(good_on(None)).await.1, "revocation_unavailable");
    let stale = List {
        next_update: now(),
        ..current_list()
    };
    assert_eq!(
        result(good_on(Some(stale))).await.1,
        "revocation_list_stale"
    );
    let future = List {
        this_update: now().plus_secs(301),
        ..current_list()
    };
    assert_eq!(result(good_on(Some(future))).await.1, "revocation_clock");
    let foreign_key = jpki()
        .authority(CaKind::DigitalSignature)
        .newest()
        .key
        .key_id();
    let signer_key_id = KeyIdentifier::new(&foreign_key).unwrap();
    let foreign = List {
        signer_key_id,
        ..current_list()
    };
    assert_eq!(
        result(good_on(Some(foreign))).await.1,
        "revocation_list_out_of_scope"
    );
}

#[tokio::test]
async fn good_on_another_municipality_s_list_is_unknown() {
    let kind = CaKind::UserAuthentication;
    let own = &card("good").certificate(kind).der;
    let on_partition = |municipality| {
        let name = kind.distribution_point_name(municipality);
        let name = der::context_constructed(0, &der::context_constructed(4, &name));
        let is_own = own.windows(name.len()).any(|octets| octets == name);
        let list = List {
            issuing_distribution_point: name,
            ..current_list()
        };
        async move {
            let (result, rule) = Service::with(good_on(Some(list)))
                .result(good_request())
                .await;
            let expected = if is_own {
                ""
            } else {
                "revocation_list_out_of_scope"
            };
            assert_eq!(
                (result == VerificationResult::Ok, &*rule),
                (is_own, expected)
            );
            is_own
        }
    };
    let mut own_lists = 0;
    for municipality in &MUNICIPALITIES {
        own_lists += usize::from(on_partition(municipality).await);
    }
    assert_eq!(own_lists, 1);
    let not_a_name = List {
        issuing_distribution_point: vec![0xa0, 0],
        ..current_list()
    };
    let (result, _) = Service::with(good_on(Some(not_a_name)))
        .result(good_request())
        .await;
    assert_eq!(result, VerificationResult::RevocationUnknown);
}

#[tokio::test]
async fn a_signing_certificate_is_unsupported_here() {
    let signing = card("good").certificate(CaKind::DigitalSignature);
    let mut request = good_request();
    request.certificate.clone_from(&signing.der);
    request.signature = signing.key.sign(MESSAGE);
    let service = Service::good();
    let (result, rule) = service.result(request).await;
    assert_eq!(result, VerificationResult::UnsupportedCertificate, "{rule}");
    assert_eq!(service.asked(), 0);
}

#[tokio::test]
async fn a_certificate_that_its_authority_did_not_sign_is_untrusted() {
    let mut request = good_request();
    let last = request.certificate.len() - 1;
    request.certificate[last] ^= 1;
    let service = Service::good();
    let (result, rule) = service.result(request).await;
    assert_eq!(
        (result, rule.as_str()),
        (VerificationResult::UntrustedIssuer, "issuer_signature")
    );
    assert_eq!(service.asked(), 0);
}

#[tokio::test]
async fn bytes_that_are_no_certificate_are_malformed() {
    for bytes in [
        vec![0],
        b"-----BEGIN CERTIFICATE-----".to_vec(),
        vec![0x30; 8192],
    ] {
        let request = VerifySignatureRequest {
            certificate: bytes,
            ..good_request()
        };
        let (result, _) = Service::good().result(request).await;
        assert_eq!(result, VerificationResult::MalformedCertificate);
    }
    let mut trailing = good_request();
    trailing.certificate.push(0);
    let (result, _) = Service::good().result(trailing).await;
    assert_eq!(result, VerificationResult::MalformedCertificate);
}

#[tokio::test]
async fn without_the_holder_there_is_no_answer() {
    let service = Service {
        directory: Directory::Down,
        ..Service::good()
    };
    let refused = service.verify(good_request()).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    // A negative answer needs no holder.
    let mut mismatch = good_request();
    mismatch.signature[100] ^= 1;
    assert_eq!(
        service.result(mismatch).await.0,
        VerificationResult::SignatureMismatch
    );
}
