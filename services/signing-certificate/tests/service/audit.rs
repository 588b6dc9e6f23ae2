//! No answer without a record.

use proto::revocation::v1::{OcspEvidence, OcspSigner, RevocationMethod, UnknownReason};
use proto::signing::v1::{CheckResult, CheckSigningCertificateResponse};
use sandbox::mint::{CaKind, sha256};
use sandbox::postgres::Postgres;
use store::CheckRecord;
use tonic::Code;

use crate::stand_in::{good, list, unknown};
use crate::world::{CITY_OFFICE, GATEWAY, JPKI, World, certificate_of, request};

/// The record that an answer names.
async fn record_of(world: &World, response: &CheckSigningCertificateResponse) -> CheckRecord {
    let record = world.audit.check(&response.audit_record_id).await;
    record.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_names_its_record_and_the_record_says_what_was_asked_and_answered() {
    let world = World::start().await;
    let response = world.check(certificate_of("good")).await;
    let record = record_of(&world, &response).await;
    assert_eq!(record.caller, CITY_OFFICE);
    assert_eq!(record.method, signing_certificate::METHOD);
    assert_eq!(record.recorded_at, world.now.secs());
    assert_eq!(record.certificate_sha256, sha256(certificate_of("good")));
    assert_eq!(record.purpose, "PURPOSE_VALIDITY_CONFIRMATION");
    assert_eq!(record.case_reference, "R8-17");
    assert_eq!(record.outcome, "CHECK_RESULT_VALID");
    for part in [
        "\"crl_number\":\"1001\"",
        "\"scope\":\"partition\"",
        "\"status\":\"good\"",
    ] {
        assert!(record.evidence.contains(part), "{}", record.evidence);
    }
    let serial = JPKI.card("good").unwrap().digital_signature.serial;
    assert!(!record.evidence.contains(&serial.to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_responder_is_asked_where_it_is_configured_and_its_answer_recorded() {
    for method in [RevocationMethod::OcspThenCrl, RevocationMethod::Ocsp] {
        let name = match method {
            RevocationMethod::Ocsp => "ocsp",
            _ => "ocsp_then_crl",
        };
        let world = World::start_by(name).await;
        let key_id = JPKI
            .authority(CaKind::DigitalSignature)
            .newest()
            .key
            .key_id();
        let by_list = good(list(&key_id, world.now));
        let mut by_ocsp = by_list.clone();
        by_ocsp.list = None;
        by_ocsp.ocsp = Some(Box::new(OcspEvidence {
            certification_authority: "digital-signature".to_owned(),
            issuer_key_id: key_id,
            signer: OcspSigner::Issuer.into(),
            this_update: world.now.secs() - 60,
            next_update: 0,
            produced_at: world.now.secs() - 1,
            age_seconds: 60,
        }));
        world.lookup.answer(by_ocsp);
        let response = world.check(certificate_of("good")).await;
        assert_eq!(world.lookup.asked()[0].method(), method);
        assert_eq!(response.result(), CheckResult::Valid);
        assert!(response.explanation.contains("OCSP responder"));
        let record = record_of(&world, &response).await;
        for part in ["\"ocsp\":{", "\"signer\":\"issuer\"", "\"produced_at\""] {
            assert!(record.evidence.contains(part), "{}", record.evidence);
        }
        // A revocation-lookup that does not know the method answers by its lists.
        world.lookup.answer(by_list);
        let response = world.check(certificate_of("good")).await;
        let by_lists_too = method == RevocationMethod::OcspThenCrl;
        assert_eq!(response.result() == CheckResult::Valid, by_lists_too);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn negative_unknown_and_malformed_outcomes_are_recorded_too() {
    let world = World::start().await;
    world.lookup.answer(unknown(UnknownReason::Stale));
    for (bytes, outcome, rule) in [
        (
            certificate_of("good"),
            "CHECK_RESULT_REVOCATION_UNKNOWN",
            "revocation_list_stale",
        ),
        (certificate_of("expired"), "CHECK_RESULT_EXPIRED", ""),
        (b"x".as_slice(), "CHECK_RESULT_MALFORMED_CERTIFICATE", ""),
    ] {
        let response = world.check(bytes).await;
        let record = record_of(&world, &response).await;
        assert_eq!(record.outcome, outcome);
        assert_eq!(record.certificate_sha256, sha256(bytes));
        assert!(record.evidence.contains(rule), "{}", record.evidence);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_request_leaves_the_broken_rule_behind_and_not_its_value() {
    let world = World::start().await;
    let mut wrong = request(certificate_of("good"));
    wrong.case_reference = "海野花子".to_owned();
    assert_eq!(
        world.ask(wrong).await.unwrap_err().code(),
        Code::InvalidArgument
    );
    let records = world.audit.refusals(10).await.unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].refusal.caller, CITY_OFFICE);
    assert_eq!(records[0].refusal.reason, "case_reference_character");
}

/// The same on PostgreSQL, which is then taken away.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_audit_store_nobody_is_answered_and_strangers_stay_refused() {
    let postgres = Postgres::start().unwrap();
    let world = World::start_with_audit_at(&postgres.url("audit")).await;
    let response = world.check(certificate_of("good")).await;
    assert_eq!(response.result(), CheckResult::Valid);
    assert_eq!(
        record_of(&world, &response).await.outcome,
        "CHECK_RESULT_VALID"
    );

    drop(postgres);
    let mut gateway = world.client(GATEWAY).await;
    let (unrecorded, invalid, stranger) = tokio::join!(
        world.ask(request(certificate_of("good"))),
        world.ask(request(b"")),
        gateway.check_signing_certificate(request(b"x")),
    );
    let unrecorded = unrecorded.unwrap_err();
    assert_eq!(unrecorded.code(), Code::Unavailable, "{unrecorded:?}");
    assert!(
        unrecorded.message().contains("audit record"),
        "{unrecorded:?}"
    );
    assert_eq!(invalid.unwrap_err().code(), Code::Unavailable);
    assert_eq!(stranger.unwrap_err().code(), Code::PermissionDenied);
    assert!(
        world
            .metrics()
            .contains("akashi_audit_failures_total{role=\"signing-certificate\"} 3")
    );
}
