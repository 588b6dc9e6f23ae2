//! Good by the authority's OCSP responder.

use lookup::{Ocsp, OcspSigner, Revocation};
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
async fn an_answer_that_rests_on_a_list_and_on_a_responder_is_none() {
    let both = Revocation {
        ocsp: Some(current_answer()),
        ..good_on(Some(current_list()))
    };
    let (_, rule) = Service::with(both).result(good_request()).await;
    assert_eq!(rule, "revocation_unavailable");
}
