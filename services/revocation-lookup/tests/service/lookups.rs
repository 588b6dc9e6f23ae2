//! Questions and answers.

use proto::revocation::v1::{
    GetRevocationStatusRequest, ListEvidence, Purpose, Revocation, RevocationReason,
    RevocationStatus, UnknownReason,
};
use sandbox::mint::CaKind::UserAuthentication;
use tonic::Code;

use crate::publishing::NewList;
use crate::world::{
    AUDITOR, LIFETIME, REVOKED, REVOKED_AT, UNLISTED, VERIFICATION, World, newest_key, point,
    point_name, question,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_listed_serial_is_revoked_with_reason_and_evidence_and_another_is_good() {
    let world = World::with_full_lists().await;
    let now = runtime::clock::Clock::now(&world.clock).secs();
    world.clock.advance(60);
    let evidence = ListEvidence {
        certification_authority: "user-authentication".to_owned(),
        signer_key_id: newest_key(UserAuthentication),
        issuing_distribution_point: Vec::new(),
        crl_number: "1".to_owned(),
        this_update: now,
        next_update: now + LIFETIME,
        age_seconds: 60,
        delta: None,
    };
    let revoked = world
        .ask(VERIFICATION, question(UserAuthentication, &REVOKED))
        .await
        .unwrap();
    assert_eq!(revoked.status(), RevocationStatus::Revoked);
    let revocation = Revocation {
        revoked_at: REVOKED_AT,
        reason: RevocationReason::KeyCompromise.into(),
    };
    assert_eq!(
        (revoked.revocation, revoked.list),
        (Some(revocation), Some(evidence.clone()))
    );
    let good = world
        .ask(VERIFICATION, question(UserAuthentication, &UNLISTED))
        .await
        .unwrap();
    assert_eq!(good.status(), RevocationStatus::Good);
    assert_eq!(good.unknown_reason(), UnknownReason::Unspecified);
    assert_eq!((good.revocation, good.list), (None, Some(evidence)));
    assert!(good.generation > 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_answer_for_their_own_municipality_only() {
    let world = World::start().await;
    world
        .register(&[
            ("a", UserAuthentication, Some(0)),
            ("b", UserAuthentication, Some(1)),
        ])
        .await;
    let this_update = runtime::clock::Clock::now(&world.clock);
    let list = |source, municipality| NewList {
        source,
        kind: UserAuthentication,
        municipality: Some(municipality),
        number: 1,
        this_update,
        entry_count: 1,
    };
    world.publish(list("a", 0)).await;
    let at = |municipality: Option<usize>, serial: &[u8]| GetRevocationStatusRequest {
        distribution_point: municipality.map_or_else(Vec::new, |municipality| {
            point(UserAuthentication, municipality)
        }),
        ..question(UserAuthentication, serial)
    };
    let status = async |request| {
        let answer = world.ask(VERIFICATION, request).await.unwrap();
        (answer.status(), answer.unknown_reason())
    };
    let good = (RevocationStatus::Good, UnknownReason::Unspecified);
    assert_eq!(status(at(Some(0), &UNLISTED)).await, good);
    let no_list = (RevocationStatus::Unknown, UnknownReason::NoList);
    assert_eq!(status(at(Some(1), &UNLISTED)).await, no_list);
    let out_of_scope = (RevocationStatus::Unknown, UnknownReason::OutOfScope);
    assert_eq!(status(at(None, &UNLISTED)).await, out_of_scope);
    let revoked = (RevocationStatus::Revoked, UnknownReason::Unspecified);
    assert_eq!(status(at(None, &REVOKED)).await, revoked);

    world.publish(list("b", 1)).await;
    assert_eq!(status(at(Some(1), &UNLISTED)).await, good);
    assert_eq!(status(at(None, &UNLISTED)).await, good);
    assert_eq!(status(at(Some(2), &UNLISTED)).await, no_list);
    let answer = world
        .ask(VERIFICATION, at(Some(1), &UNLISTED))
        .await
        .unwrap();
    let evidence = answer.list.unwrap().issuing_distribution_point;
    assert_eq!(evidence, point_name(UserAuthentication, 1));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_malformed_field_is_refused_by_name_and_its_twin_is_answered() {
    let world = World::with_full_lists().await;
    assert!(world.ask(VERIFICATION, changed(|_| {})).await.is_ok());
    for (field, request) in malformed_questions() {
        let refused = world.ask(VERIFICATION, request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert!(
            refused.message().starts_with(field),
            "{}",
            refused.message()
        );
    }
    let huge = changed(|request| request.serial_number = vec![1; 10_000_000]);
    let refused = world.ask(VERIFICATION, huge).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    for purpose in [
        Purpose::SignatureVerification,
        Purpose::ValidityConfirmation,
    ] {
        let request = changed(|request| request.purpose = purpose.into());
        assert!(world.ask(VERIFICATION, request).await.is_ok());
    }
    world.stop().await;
}

/// A good question with one change.
fn changed(change: impl FnOnce(&mut GetRevocationStatusRequest)) -> GetRevocationStatusRequest {
    let mut request = question(UserAuthentication, &UNLISTED);
    change(&mut request);
    request
}

/// Each with the field that is wrong.
fn malformed_questions() -> Vec<(&'static str, GetRevocationStatusRequest)> {
    let mut questions = Vec::new();
    for octets in [0, 65] {
        let request = changed(|request| request.issuer_key_id = vec![1; octets]);
        questions.push(("issuer_key_id", request));
    }
    for serial in [vec![], vec![0], vec![0, 1], vec![1; 21]] {
        questions.push((
            "serial_number",
            changed(|request| request.serial_number = serial),
        ));
    }
    for purpose in [0, 99, -1] {
        questions.push(("purpose", changed(|request| request.purpose = purpose)));
    }
    for reference in ["", "山田", "a b", &"a".repeat(65)] {
        let request = changed(|request| request.case_reference = reference.into());
        questions.push(("case_reference", request));
    }
    let truncated = point(UserAuthentication, 0)[..20].to_vec();
    for point in [vec![0x30], truncated, vec![0x30; 4_097]] {
        let request = changed(|request| request.distribution_point = point);
        questions.push(("distribution_point", request));
    }
    questions
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_no_authority_is_told_to_whom_none_is_hidden_from() {
    let world = World::with_full_lists().await;
    let request = GetRevocationStatusRequest {
        issuer_key_id: vec![9; 20],
        ..question(UserAuthentication, &UNLISTED)
    };
    let unknown = world.ask(AUDITOR, request.clone()).await.unwrap();
    assert_eq!(unknown.status(), RevocationStatus::Unknown);
    assert_eq!(unknown.unknown_reason(), UnknownReason::NoSuchAuthority);
    let refused = world.ask(VERIFICATION, request).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_list_takes_effect_without_a_restart() {
    let world = World::with_full_lists().await;
    let number = async || {
        let answer = world
            .ask(VERIFICATION, question(UserAuthentication, &UNLISTED))
            .await
            .unwrap();
        answer.list.unwrap().crl_number
    };
    assert_eq!(number().await, "1");
    world.clock.advance(60);
    world.publish_full_lists(2).await;
    assert_eq!(number().await, "2");
    world.stop().await;
}
