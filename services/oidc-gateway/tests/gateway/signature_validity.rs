//! The validity of a signing certificate: administrative clients alone, by their own signed word.

use std::sync::Mutex;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Request, header};
use oidc_gateway::SigningCertificates;
use proto::revocation::v1::{
    GetRevocationStatusResponse, Revocation, RevocationReason, RevocationStatus,
};
use proto::signing::v1::{
    CheckForwardedSigningCertificateRequest, CheckForwardedSigningCertificateResponse, CheckResult,
    CheckSigningCertificateResponse,
};
use serde_json::{Value, json};

use crate::browser::{Answer, send};
use crate::card::{HANAKO, signing_certificate};
use crate::signing::{START, access_token, result};
use crate::world::World;

/// Answers like signing-certificate, for which one assertion holds.
#[derive(Debug, Default)]
pub(crate) struct Agency {
    pub(crate) asked: Mutex<Vec<CheckForwardedSigningCertificateRequest>>,
}

const ASSERTION: &str = "CANARY.ASSERTION.of-the-ministry";

#[expect(
    clippy::disallowed_methods,
    reason = "the stand-in plays a service, whose own errors are mapped in runtime::status"
)]
fn status(code: tonic::Code) -> tonic::Status {
    tonic::Status::new(code, "CANARY of a status")
}

#[tonic::async_trait]
impl SigningCertificates for Agency {
    async fn check_forwarded(
        &self,
        request: CheckForwardedSigningCertificateRequest,
    ) -> Result<CheckForwardedSigningCertificateResponse, tonic::Status> {
        self.asked.lock().unwrap().push(request.clone());
        match request.assertion.as_str() {
            ASSERTION => {}
            "down" => return Err(status(tonic::Code::Unavailable)),
            "field" => return Err(status(tonic::Code::InvalidArgument)),
            _ => return Err(status(tonic::Code::PermissionDenied)),
        }
        Ok(CheckForwardedSigningCertificateResponse {
            response: Some(CheckSigningCertificateResponse {
                result: CheckResult::Revoked.into(),
                failed_rule: "certificate_revoked".to_owned(),
                audit_record_id: "record".to_owned(),
                checked_at: 7,
                revocation: Some(GetRevocationStatusResponse {
                    status: RevocationStatus::Revoked.into(),
                    revocation: Some(Revocation {
                        revoked_at: 5,
                        reason: RevocationReason::AffiliationChanged.into(),
                    }),
                    ..GetRevocationStatusResponse::default()
                }),
                ..CheckSigningCertificateResponse::default()
            }),
        })
    }
}

pub(crate) fn question() -> Value {
    json!({
        "certificate": STANDARD.encode(signing_certificate("hanako")),
        "purpose": "validity_confirmation",
        "case_reference": "R8-17",
        "assertion": ASSERTION,
    })
}

pub(crate) async fn ask(world: &World, id: &str, token: &str, question: &str) -> Answer {
    let request = Request::post(format!("{START}/{id}/validity"))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::from(question.to_owned()));
    send(&world.router, request.unwrap()).await
}

fn told(answer: &Answer) -> (u16, Value, String) {
    let body = answer.json();
    let description = body["error_description"].as_str().unwrap_or_default();
    let description = description.split(" (reference").next().unwrap().to_owned();
    (answer.status, body["error"].clone(), description)
}

#[tokio::test]
async fn an_agency_s_own_assertion_is_forwarded_and_the_answer_handed_back() {
    let world = World::new().await;
    let (id, tokens) = world.ministry.have_signed(&world, HANAKO).await;
    let answer = ask(&world, &id, access_token(&tokens), &question().to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header(header::CACHE_CONTROL), Some("no-store"));
    assert_eq!(
        answer.json(),
        json!({
            "result": "revoked", "failed_rule": "certificate_revoked", "explanation": "",
            "checked_at": 7, "at": 0, "audit_record_id": "record",
            "revoked_at": 5, "revocation_reason": "affiliation_changed",
        })
    );
    let asked = world.signing_certificates.asked.lock().unwrap().clone();
    let [forwarded] = asked.as_slice() else {
        panic!("asked {} times", asked.len())
    };
    assert_eq!(forwarded.assertion, ASSERTION);
    let request = forwarded.request.as_ref().unwrap();
    assert_eq!(request.certificate, signing_certificate("hanako"));
    assert_eq!((request.case_reference.as_str(), request.at), ("R8-17", 0));
    // Nothing of it in the log.
    let log = crate::log::text();
    assert!(!log.contains("CANARY.ASSERTION") && !log.contains("R8-17"));
}

#[tokio::test]
async fn attack_64_a_private_client_is_refused_alike_whatever_it_sends() {
    let world = World::new().await;
    let (id, tokens) = world.bank.have_signed(&world, HANAKO).await;
    let token = access_token(&tokens);
    let administrative = {
        let mut question = question();
        question["administrative"] = json!(true);
        question
    };
    let foreign = {
        let mut question = question();
        question["certificate"] = json!(STANDARD.encode(signing_certificate("taro")));
        question
    };
    let mut answers = Vec::new();
    for body in [
        question().to_string(),
        administrative.to_string(),
        foreign.to_string(),
        "{}".to_owned(),
        "no JSON".to_owned(),
        "x".repeat(70_000),
    ] {
        answers.push(told(&ask(&world, &id, token, &body).await));
    }
    for other in ["x", "00000000-0000-4000-8000-000000000000"] {
        answers.push(told(
            &ask(&world, other, token, &question().to_string()).await,
        ));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(
        (answers[0].0, &answers[0].1),
        (403, &json!("insufficient_scope"))
    );
    assert!(world.signing_certificates.asked.lock().unwrap().is_empty());
    // And what it does get holds neither validity nor a certificate in the clear.
    let answer = result(&world, &id, token).await;
    let members: Vec<String> = answer.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["fetches_left", "jwe", "sign_transaction_id"]);
    // The twin differs by the registration alone.
    let (id, tokens) = world.ministry.have_signed(&world, HANAKO).await;
    let answer = ask(&world, &id, access_token(&tokens), &question().to_string()).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn attack_64_the_registration_is_looked_up_at_every_call() {
    let mut world = World::new().await;
    let (id, tokens) = world.ministry.have_signed(&world, HANAKO).await;
    let path = world.folder.path().join("clients.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let private = text
        .replace(
            "administrative = true\n[client.signature]\n",
            "[client.signature]\nrecipient = \"operator\"\n",
        )
        .split_once("[[client.jwks.keys]]\nalg =")
        .map_or_else(|| panic!("{text}"), |(before, _)| before.to_owned());
    std::fs::write(&path, private).unwrap();
    world.router = world.replica().await;
    let refused = ask(&world, &id, access_token(&tokens), &question().to_string()).await;
    assert_eq!(refused.status, 403);
    assert!(world.signing_certificates.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn only_the_certificate_that_the_transaction_handed_over_is_asked_about() {
    let world = World::new().await;
    let (id, tokens) = world.ministry.have_signed(&world, HANAKO).await;
    let (other_id, _) = world.ministry.have_signed(&world, HANAKO).await;
    let token = access_token(&tokens);
    let with = |member: &str, value: Value| {
        let mut question = question();
        question[member] = value;
        question.to_string()
    };
    let foreign = json!(STANDARD.encode(signing_certificate("taro")));
    for body in [
        with("certificate", foreign),
        with("certificate", json!("")),
        with("certificate", json!("%")),
        with("purpose", json!("user_authentication")),
        with("purpose", json!("")),
        with("extra", json!(1)),
        with("at", json!("now")),
        "{}".to_owned(),
    ] {
        let refused = ask(&world, &id, token, &body).await;
        assert_eq!(told(&refused).0, 400, "{body}");
    }
    assert_eq!(
        ask(&world, &other_id, token, &question().to_string())
            .await
            .status,
        404
    );
    assert_eq!(
        ask(&world, "x", token, &question().to_string())
            .await
            .status,
        404
    );
    assert!(world.signing_certificates.asked.lock().unwrap().is_empty());
    let signing = world.ministry.signing_token(&world).await;
    assert_eq!(
        ask(&world, &id, &signing, &question().to_string())
            .await
            .status,
        403
    );
    assert_eq!(
        ask(&world, &id, token, &question().to_string())
            .await
            .status,
        200
    );
    // Also when the result is fetched as often as it may be.
    for _ in 0..3 {
        assert_eq!(result(&world, &id, token).await.status, 200);
    }
    assert_eq!(
        ask(&world, &id, token, &question().to_string())
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn what_signing_certificate_refuses_is_told_in_the_gateway_s_words() {
    let world = World::new().await;
    let (id, tokens) = world.ministry.have_signed(&world, HANAKO).await;
    for (assertion, status, error) in [
        ("of nobody", 403, "insufficient_scope"),
        ("field", 400, "invalid_request"),
        ("down", 503, "temporarily_unavailable"),
    ] {
        let mut question = question();
        question["assertion"] = json!(assertion);
        let answer = ask(&world, &id, access_token(&tokens), &question.to_string()).await;
        let (told_status, told_error, _) = told(&answer);
        assert_eq!(
            (told_status, told_error),
            (status, json!(error)),
            "{assertion}"
        );
    }
}
