//! Who may ask what. Signing certificates' status is closed to everybody but those who answer agencies.

use proto::revocation::v1::{GetRevocationStatusRequest, RevocationStatus};
use sandbox::mint::CaKind::{DigitalSignature, UserAuthentication};
use tonic::Code;

use crate::world::{
    AUDITOR, REVOKED, SIGNING, SRE, STRANGER, UNLISTED, VERIFICATION, World, question,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_may_not_ask_about_signing_certificates_learns_nothing() {
    let world = World::with_full_lists().await;
    let about = |serial: &[u8]| question(DigitalSignature, serial);
    // The twins: the same questions by one who may ask.
    let revoked = world.ask(SIGNING, about(&REVOKED)).await.unwrap();
    assert_eq!(revoked.status(), RevocationStatus::Revoked);
    let good = world.ask(SIGNING, about(&UNLISTED)).await.unwrap();
    assert_eq!(good.status(), RevocationStatus::Good);

    let questions = [
        about(&REVOKED),
        about(&UNLISTED),
        // Malformed beyond the key: the refusal comes first.
        about(&[]),
        GetRevocationStatusRequest {
            purpose: 0,
            ..about(&REVOKED)
        },
        GetRevocationStatusRequest {
            distribution_point: vec![1],
            ..about(&REVOKED)
        },
        // A key that nobody has.
        GetRevocationStatusRequest {
            issuer_key_id: vec![9; 20],
            ..about(&REVOKED)
        },
    ];
    let mut answers = Vec::new();
    for question in questions {
        let refused = world.ask(VERIFICATION, question).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied);
        answers.push((refused.message().to_owned(), refused.details().to_vec()));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "one answer to all: {answers:?}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_services_for_signing_certificates_may_not_ask_about_people_signing_in() {
    let world = World::with_full_lists().await;
    let request = question(UserAuthentication, &UNLISTED);
    let refused = world.ask(SIGNING, request.clone()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert!(world.ask(VERIFICATION, request).await.is_ok());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_is_closed_to_callers_without_an_entry_for_it() {
    let world = World::with_full_lists().await;
    let request = question(UserAuthentication, &UNLISTED);
    for identity in [STRANGER, SRE] {
        let refused = world.ask(identity, request.clone()).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied);
    }
    assert!(world.ask(AUDITOR, request).await.is_ok());
    for identity in [STRANGER, AUDITOR] {
        let refused = world.freshness(identity).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied);
    }
    assert!(world.freshness(SRE).await.is_ok());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn freshness_shows_the_callers_own_authorities_only() {
    let world = World::with_full_lists().await;
    let sources = async |identity| {
        let freshness = world.freshness(identity).await.unwrap();
        let names = freshness.sources.iter().map(|source| source.source.clone());
        names.collect::<Vec<_>>()
    };
    assert_eq!(sources(SRE).await, ["user-full", "sign-full"]);
    assert_eq!(sources(VERIFICATION).await, ["user-full"]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_both_kinds_are_in_the_audit_log() {
    let world = World::with_full_lists().await;
    world
        .ask(STRANGER, question(UserAuthentication, &UNLISTED))
        .await
        .unwrap_err();
    world
        .ask(VERIFICATION, question(DigitalSignature, &UNLISTED))
        .await
        .unwrap_err();
    let audit = world.audit().await;
    world
        .until("both refusals are recorded", async || {
            audit.refusals(10).await.unwrap().len() == 2
        })
        .await;
    let mut refusals: Vec<_> = audit
        .refusals(10)
        .await
        .unwrap()
        .into_iter()
        .map(|record| record.refusal)
        .collect();
    refusals.sort_by(|a, b| a.caller.cmp(&b.caller));
    let [stranger, verification] = refusals.as_slice() else {
        panic!("{refusals:?}")
    };
    assert_eq!(
        (stranger.caller.as_str(), stranger.reason.as_str()),
        (STRANGER, "not_on_allowlist")
    );
    assert_eq!(verification.caller, VERIFICATION);
    assert_eq!(verification.reason, "certification_authority_not_allowed");
    assert_eq!(
        verification.method,
        revocation_lookup::GET_REVOCATION_STATUS
    );
    world.stop().await;
}
