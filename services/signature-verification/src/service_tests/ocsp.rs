//! Good by the authority's OCSP responder.

use lookup::{Ocsp, OcspSigner, Revocation, RevocationMethod};
use pki::KeyIdentifier;
use proto::verification::v1::VerificationResult;
use sandbox::mint::CaKind;

use super::{Service, current_list, good_on, good_request, jpki, now};

fn current_answer() -> Ocsp {
    let newest = jpki().authority(CaKind::UserAuthentication).newest();
    Ocsp {
        certification_authority: "user-authentication".to_owned(),
        issuer_key_id: KeyIdentifier::new(&newest.key.key_id()).unwrap(),
        signer: OcspSigner::Delegate,
        this_update: now().plus_secs(-60),
        next_update: Some(now().plus_secs(840)),
        produced_at: now(),
        age_seconds: 60,
    }
}

#[tokio::test]
async fn good_is_believed_on_a_current_answer_about_the_certificate_s_issuer_alone() {
    let rule = |ocsp| async {
        let answer = Revocation {
            ocsp: Some(ocsp),
            ..good_on(None)
        };
        let (result, rule) = Service::with(answer).result(good_request()).await;
        assert_eq!(result == VerificationResult::Ok, rule.is_empty());
        rule
    };
    let day = 86_400;
    let without_end = |age: i64| Ocsp {
        this_update: now().plus_secs(-age),
        next_update: None,
        ..current_answer()
    };
    for good in [current_answer(), without_end(7 * day)] {
        assert_eq!(rule(good).await, "");
    }
    let foreign = jpki().authority(CaKind::DigitalSignature).newest();
    let foreign = Ocsp {
        issuer_key_id: KeyIdentifier::new(&foreign.key.key_id()).unwrap(),
        ..current_answer()
    };
    let ended = Ocsp {
        next_update: Some(now()),
        ..current_answer()
    };
    for unusable in [foreign, ended, without_end(7 * day + 1)] {
        assert_eq!(rule(unusable).await, "revocation_ocsp_unusable");
    }
    let future = Ocsp {
        this_update: now().plus_secs(301),
        ..current_answer()
    };
    assert_eq!(rule(future).await, "revocation_clock");
}

#[tokio::test]
async fn the_method_that_a_caller_relies_on_is_asked_for_each_time_also_of_a_certificate_in_memory()
{
    use proto::revocation::v1::RevocationMethod as Wire;
    use proto::verification::v1::signature_verification_service_server::SignatureVerificationService as _;
    let service = Service::good();
    let handler = service.handler();
    for (wire, asked) in [
        (Wire::Crl, Some(RevocationMethod::Crl)),
        (Wire::Ocsp, Some(RevocationMethod::Ocsp)),
        (Wire::OcspThenCrl, Some(RevocationMethod::OcspThenCrl)),
        (Wire::Unspecified, None),
    ] {
        let before = service.asked();
        let mut request = good_request();
        request.set_revocation_method(wire);
        let request = tonic::Request::new(request);
        handler.verify_signature(request).await.unwrap();
        assert_eq!(service.asked(), before + 1, "{wire:?}");
        let last = service.lookup.last.lock().unwrap().clone().unwrap();
        assert_eq!(last.4, asked, "{wire:?}");
    }
}

#[tokio::test]
async fn an_answer_that_rests_on_a_list_and_on_a_responder_is_none() {
    let both = Revocation {
        ocsp: Some(current_answer()),
        ..good_on(Some(current_list()))
    };
    let (_, rule) = Service::with(both).result(good_request()).await;
    assert_eq!(rule, "revocation_unavailable");
}
