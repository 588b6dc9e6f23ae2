//! Checks at a moment in the past.

use pki::UnixTime;
use proto::revocation::v1::{
    AsOfStatus, AsOfUnknownReason, GetRevocationStatusAsOfResponse, PastListEvidence, Revocation,
    RevocationReason,
};
use proto::signing::v1::{
    CheckResult, CheckSigningCertificateRequest, CheckSigningCertificateResponse,
};
use sandbox::mint::{CaKind, LeafSubject, MUNICIPALITIES, PEOPLE};
use tonic::Code;

use crate::stand_in::{list, revoked};
use crate::world::{GATEWAY, JPKI, LEAF_KEY, World, certificate_of, request};

const DAY: i64 = 86_400;

fn asked(at: UnixTime) -> CheckSigningCertificateRequest {
    CheckSigningCertificateRequest {
        at: at.secs(),
        ..request(certificate_of("good"))
    }
}

/// A list that was known so many seconds after a moment, in force for a day.
fn past_list(at: UnixTime, known_after: i64) -> PastListEvidence {
    let newest = JPKI.authority(CaKind::DigitalSignature).newest();
    PastListEvidence {
        certification_authority: "digital-signature".to_owned(),
        signer_key_id: newest.key.key_id(),
        full: false,
        crl_number: "900".to_owned(),
        this_update: at.secs() + known_after,
        next_update: at.secs() + known_after + DAY,
        delta: None,
        known_at: at.secs() + known_after,
    }
}

fn answer(status: AsOfStatus, at: UnixTime, known_after: i64) -> GetRevocationStatusAsOfResponse {
    GetRevocationStatusAsOfResponse {
        status: status.into(),
        list: Some(past_list(at, known_after)),
        generation: 7,
        at: at.secs(),
        ..Default::default()
    }
}

fn revoked_then(at: UnixTime, revoked_at: UnixTime) -> GetRevocationStatusAsOfResponse {
    GetRevocationStatusAsOfResponse {
        revocation: Some(Revocation {
            revoked_at: revoked_at.secs(),
            reason: RevocationReason::Superseded.into(),
        }),
        ..answer(AsOfStatus::Revoked, at, 10)
    }
}

async fn check(world: &World, at: UnixTime) -> CheckSigningCertificateResponse {
    let response = world.ask(asked(at)).await.unwrap();
    assert_eq!(response.at, at.secs());
    assert_eq!(response.checked_at, world.now.secs());
    assert!(response.revocation.is_none());
    response
}

/// Every certificate of the sandbox is valid for a while already.
fn yesterday(world: &World) -> UnixTime {
    world.now.plus_secs(-DAY)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_moment_decides_and_not_the_present() {
    let world = World::start().await;
    let at = yesterday(&world);
    // By now it is revoked.
    let newest = JPKI.authority(CaKind::DigitalSignature).newest();
    let evidence = list(&newest.key.key_id(), world.now);
    let since = world.now.plus_secs(-60);
    let reason = pki::RevocationReason::Superseded;
    world.lookup.answer(revoked(evidence, since, reason));
    let present = world.check(certificate_of("good")).await;
    assert_eq!(present.result(), CheckResult::Revoked);
    assert_eq!((present.at, present.revocation_as_of), (0, None));

    world.lookup.answer_past(answer(AsOfStatus::Good, at, 10));
    let response = check(&world, at).await;
    assert_eq!(response.result(), CheckResult::Valid, "{response:?}");
    assert_eq!(response.failed_rule, "");
    let past = response.revocation_as_of.unwrap();
    assert_eq!(past, answer(AsOfStatus::Good, at, 10));

    // What the certificate says went there, with its end, purpose and case.
    let asked = world.lookup.past_asked();
    let card = JPKI.card("good").unwrap();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].issuer_key_id, response.issuer_key_id);
    assert_eq!(
        asked[0].serial_number,
        sandbox::mint::serial_octets(card.digital_signature.serial)
    );
    assert_eq!(asked[0].case_reference, "R8-17");
    assert_eq!(asked[0].at, at.secs());
    assert!(asked[0].not_after > world.now.secs());
    assert!(!asked[0].distribution_point.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_status_of_the_moment_is_a_result() {
    let world = World::start().await;
    let at = yesterday(&world);
    let result = async |answer| {
        world.lookup.answer_past(answer);
        let response = check(&world, at).await;
        (response.result(), response.failed_rule)
    };
    let is = |result, rule: &str| (result, rule.to_owned());
    let as_known = result(answer(AsOfStatus::GoodAsKnown, at, -10)).await;
    assert_eq!(as_known, is(CheckResult::ValidAsKnown, ""));
    let revoked = result(revoked_then(at, at.plus_secs(-5))).await;
    assert_eq!(revoked, is(CheckResult::Revoked, "certificate_revoked"));
    let mut gap = answer(AsOfStatus::Unknown, at, 10);
    gap.set_unknown_reason(AsOfUnknownReason::Gap);
    let gap = result(gap).await;
    assert_eq!(
        gap,
        is(CheckResult::RevocationUnknown, "revocation_history_gap")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn good_at_a_moment_is_believed_with_its_proof_only() {
    let world = World::start().await;
    let at = yesterday(&world);
    let with = |change: fn(&mut GetRevocationStatusAsOfResponse)| {
        let mut answer = answer(AsOfStatus::Good, at, 0);
        change(&mut answer);
        answer
    };
    world.lookup.answer_past(with(|_| {}));
    assert_eq!(check(&world, at).await.result(), CheckResult::Valid);
    let wrong: [fn(&mut GetRevocationStatusAsOfResponse); 7] = [
        |it| it.list = None,
        |it| it.at += 1,
        // A list from before proves nothing about the moment.
        |it| it.list.as_mut().unwrap().known_at -= 1,
        |it| it.list.as_mut().unwrap().signer_key_id = vec![9; 20],
        |it| it.list.as_mut().unwrap().certification_authority = "user-authentication".to_owned(),
        |it| it.status = 99,
        // As known after it is no such thing.
        |it| it.set_status(AsOfStatus::GoodAsKnown),
    ];
    for (place, change) in wrong.into_iter().enumerate() {
        world.lookup.answer_past(with(change));
        let response = check(&world, at).await;
        assert_eq!(response.result(), CheckResult::RevocationUnknown, "{place}");
        assert_eq!(response.failed_rule, "revocation_unavailable");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_lookup_that_knows_no_past_proves_nothing() {
    let world = World::start().await;
    let response = check(&world, yesterday(&world)).await;
    assert_eq!(response.result(), CheckResult::RevocationUnknown);
    assert_eq!(response.failed_rule, "revocation_unavailable");
    let why = response.revocation_as_of.unwrap().unknown_reason();
    assert_eq!(why, AsOfUnknownReason::Unavailable);
    // Nothing about the present was asked instead.
    assert!(world.lookup.asked().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_validity_periods_are_those_of_the_moment() {
    let world = World::start().await;
    let authority = JPKI.authority(CaKind::DigitalSignature);
    let (begin, end) = (-10 * DAY, -5 * DAY);
    let subject = LeafSubject {
        person: PEOPLE[0].clone(),
        municipality: &MUNICIPALITIES[0],
        not_before: world.now.plus_secs(begin),
        not_after: world.now.plus_secs(end),
    };
    let leaf = authority.leaf(2, 29_000_001, &LEAF_KEY, &subject);
    let leaf = leaf.sign(&authority.generation(2).key);
    let present = world.check(&leaf).await;
    assert_eq!(present.result(), CheckResult::Expired);
    let issued = authority.generation(2);
    let anchor = pki::TrustAnchor::from_der(&issued.certificate).unwrap();
    let long_ago = anchor.not_before().secs() - world.now.secs() - 1;
    for (offset, result) in [
        (begin - 1, CheckResult::NotYetValid),
        (begin, CheckResult::Valid),
        (end, CheckResult::Valid),
        (end + 1, CheckResult::Expired),
        (long_ago, CheckResult::NotYetValid),
    ] {
        let at = world.now.plus_secs(offset);
        world.lookup.answer_past(answer(AsOfStatus::Good, at, 0));
        let request = CheckSigningCertificateRequest {
            at: at.secs(),
            ..request(&leaf)
        };
        let response = world.ask(request).await.unwrap();
        assert_eq!(response.result(), result, "{offset}");
    }
    // One that says to be older than its authority's key is of no trusted issuer then.
    let subject = LeafSubject {
        not_before: world.now.plus_secs(long_ago - DAY),
        ..subject
    };
    let older = authority.leaf(2, 29_000_002, &LEAF_KEY, &subject);
    let older = older.sign(&issued.key);
    let request = CheckSigningCertificateRequest {
        at: world.now.secs() + long_ago,
        ..request(&older)
    };
    let response = world.ask(request).await.unwrap();
    assert_eq!(
        response.result(),
        CheckResult::UntrustedIssuer,
        "{response:?}"
    );
    assert_eq!(response.failed_rule, "issuer_not_valid_then");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_says_which_moment_and_what_was_proved_about_it() {
    let world = World::start().await;
    let at = yesterday(&world);
    world.lookup.answer_past(answer(AsOfStatus::Good, at, 10));
    let response = check(&world, at).await;
    let record = world.audit.check(&response.audit_record_id).await;
    let record = record.unwrap().unwrap();
    assert_eq!(record.recorded_at, world.now.secs());
    for part in [
        format!("\"at\":{}", at.secs()),
        "\"revocation_as_of\":{\"status\":\"good\"".to_owned(),
        "\"crl_number\":\"900\"".to_owned(),
    ] {
        assert!(record.evidence.contains(&part), "{}", record.evidence);
    }
    assert!(!record.evidence.contains("not_after"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moment_that_has_not_come_is_refused_and_nobody_else_learns_of_any() {
    let world = World::start().await;
    world
        .lookup
        .answer_past(answer(AsOfStatus::Good, world.now, 0));
    assert_eq!(check(&world, world.now).await.result(), CheckResult::Valid);
    for at in [world.now.secs() + 1, i64::MAX, -1, i64::MIN] {
        let request = CheckSigningCertificateRequest {
            at,
            ..request(certificate_of("good"))
        };
        let refused = world.ask(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert!(refused.message().starts_with("at:"), "{refused:?}");
    }
    let mut client = world.client(GATEWAY).await;
    let refused = client
        .check_signing_certificate(asked(yesterday(&world)))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}
