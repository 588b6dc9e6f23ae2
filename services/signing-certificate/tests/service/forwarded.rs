//! What the gateway forwards for an agency: the agency's signed word decides, once, and about one question.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proto::signing::v1::{
    CheckForwardedSigningCertificateRequest, CheckResult, CheckSigningCertificateRequest,
};
use sandbox::mint::EcKey;
use serde_json::{Value, json};
use tonic::{Code, Status};

use crate::world::{AUDIENCE, CITY_OFFICE, GATEWAY, MINISTRY, World, certificate_of, request};

/// An assertion to be spoiled and signed.
#[derive(Clone)]
struct Assertion {
    header: Value,
    claims: Value,
}

impl Assertion {
    fn over(request: &CheckSigningCertificateRequest, world: &World, jti: &str) -> Self {
        let now = world.now.secs();
        Self {
            header: json!({
                "alg": "ES256", "typ": signing_certificate::ASSERTION_TYPE, "kid": "ministry-1",
            }),
            claims: json!({
                "iss": MINISTRY, "aud": AUDIENCE, "iat": now, "exp": now + 60, "jti": jti,
                "request_sha256": signing_certificate::request_sha256(request),
            }),
        }
    }

    fn signed_by(&self, key: &EcKey) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", part(&self.header), part(&self.claims));
        let signature = URL_SAFE_NO_PAD.encode(key.sign(input.as_bytes()));
        format!("{input}.{signature}")
    }
}

async fn forward(
    world: &World,
    identity: &str,
    request: CheckSigningCertificateRequest,
    assertion: String,
) -> Result<CheckResult, Status> {
    let mut client = world.client(identity).await;
    let forwarded = CheckForwardedSigningCertificateRequest {
        request: Some(request),
        assertion,
    };
    let answer = client.check_forwarded_signing_certificate(forwarded).await;
    answer.map(|answer| answer.into_inner().response.unwrap().result())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_is_answered_through_the_gateway_and_the_record_is_the_agency_s() {
    let world = World::start().await;
    for (jti, card, expected) in [
        ("one", "good", CheckResult::Valid),
        ("two", "expired", CheckResult::Expired),
    ] {
        let request = request(certificate_of(card));
        let assertion = Assertion::over(&request, &world, jti).signed_by(&world.ministry);
        let answered = forward(&world, GATEWAY, request, assertion).await;
        assert_eq!(answered.unwrap(), expected);
    }
    let records = world.audit.checks(10).await.unwrap();
    assert_eq!(records.len(), 2);
    for record in records {
        assert_eq!(record.caller, MINISTRY);
        assert_eq!(record.method, signing_certificate::FORWARDED_METHOD);
        assert_eq!(record.case_reference, "R8-17");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_is_good_once_also_when_it_comes_twenty_times_at_once() {
    let world = World::start().await;
    let request = request(certificate_of("good"));
    let assertion = Assertion::over(&request, &world, "once").signed_by(&world.ministry);
    let client = world.client(GATEWAY).await;
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let mut client = client.clone();
        let forwarded = CheckForwardedSigningCertificateRequest {
            request: Some(request.clone()),
            assertion: assertion.clone(),
        };
        asked.spawn(async move {
            let answer = client.check_forwarded_signing_certificate(forwarded).await;
            answer.map_or_else(|status| status.code(), |_| Code::Ok)
        });
    }
    let codes = asked.join_all().await;
    let answered = codes.iter().filter(|code| **code == Code::Ok).count();
    let refused = codes.iter().filter(|code| **code == Code::PermissionDenied);
    assert_eq!((answered, refused.count()), (1, 19));
    assert_eq!(world.audit.checks(100).await.unwrap().len(), 1);
    let refusals = world.audit.refusals(100).await.unwrap();
    assert!(refusals.iter().all(
        |record| record.refusal.reason == "assertion_used" && record.refusal.caller == GATEWAY
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_64_an_assertion_that_is_not_exactly_right_is_refused_in_one_sentence() {
    let world = World::start().await;
    let asked = request(certificate_of("good"));
    let right = Assertion::over(&asked, &world, "twin");
    let now = world.now.secs();
    let header = |name: &str, value: Value| {
        let mut assertion = right.clone();
        assertion.header[name] = value;
        assertion.signed_by(&world.ministry)
    };
    let claim = |name: &str, value: Value| {
        let mut assertion = right.clone();
        assertion.claims[name] = value;
        assertion.signed_by(&world.ministry)
    };
    let signed = right.signed_by(&world.ministry);
    // No more than have a record of their own in one minute.
    let cases = [
        ("assertion_malformed", String::new()),
        ("assertion_malformed", "x.y.z".to_owned()),
        ("assertion_malformed", format!("{signed}=")),
        ("assertion_malformed", "x".repeat(5_000)),
        ("assertion_header", header("alg", json!("none"))),
        ("assertion_header", header("alg", json!("HS256"))),
        ("assertion_header", header("typ", json!("JWT"))),
        ("assertion_header", header("crit", json!(["x"]))),
        ("assertion_of_no_agency", header("kid", json!("other"))),
        ("assertion_of_no_agency", claim("iss", json!(CITY_OFFICE))),
        ("assertion_of_no_agency", claim("iss", json!(GATEWAY))),
        (
            "assertion_signature",
            right.signed_by(&EcKey::generate().unwrap()),
        ),
        ("assertion_audience", claim("aud", json!("somebody else"))),
        ("assertion_over", claim("exp", json!(now))),
        ("assertion_times", claim("exp", json!(now + 301))),
        ("assertion_times", claim("iat", json!(now + 11))),
        ("assertion_jti", claim("jti", json!(""))),
        ("assertion_jti", claim("jti", json!("x".repeat(256)))),
        (
            "assertion_of_another_request",
            claim("request_sha256", json!("")),
        ),
    ];
    let mut said = Vec::new();
    for (reason, assertion) in &cases {
        let refused = forward(&world, GATEWAY, asked.clone(), assertion.clone()).await;
        let status = refused.unwrap_err();
        let record = world.audit.refusals(1_000).await.unwrap();
        assert!(
            record.iter().any(|record| record.refusal.reason == *reason),
            "{reason}: {record:?}"
        );
        said.push((status.code(), status.message().to_owned()));
    }
    said.dedup();
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!(said[0].0, Code::PermissionDenied);
    assert!(world.audit.checks(10).await.unwrap().is_empty());
    assert!(world.lookup.asked().is_empty());
    let answered = forward(&world, GATEWAY, asked, signed).await;
    assert_eq!(answered.unwrap(), CheckResult::Valid);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_assertion_over_one_question_brings_no_other() {
    let world = World::start().await;
    let asked = request(certificate_of("good"));
    let signed = Assertion::over(&asked, &world, "one").signed_by(&world.ministry);
    let now = world.now.secs();
    let others = [
        request(certificate_of("revoked")),
        CheckSigningCertificateRequest {
            case_reference: "R8-18".to_owned(),
            ..asked.clone()
        },
        CheckSigningCertificateRequest {
            purpose: 2,
            ..asked.clone()
        },
        CheckSigningCertificateRequest {
            at: now - 1,
            ..asked.clone()
        },
    ];
    for other in others {
        if other == asked {
            continue;
        }
        let refused = forward(&world, GATEWAY, other, signed.clone()).await;
        assert_eq!(refused.unwrap_err().code(), Code::PermissionDenied);
    }
    assert!(world.audit.checks(10).await.unwrap().is_empty());
    assert!(world.lookup.asked().is_empty());
    let answered = forward(&world, GATEWAY, asked, signed).await;
    assert_eq!(answered.unwrap(), CheckResult::Valid);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_forward_is_refused_whatever_the_assertion_and_who_forwards_may_not_ask() {
    let world = World::start().await;
    let request = request(certificate_of("good"));
    let assertion = Assertion::over(&request, &world, "x").signed_by(&world.ministry);
    let refused = forward(&world, CITY_OFFICE, request.clone(), assertion.clone()).await;
    assert_eq!(refused.unwrap_err().code(), Code::PermissionDenied);
    let mut gateway = world.client(GATEWAY).await;
    let refused = gateway.check_signing_certificate(request.clone()).await;
    assert_eq!(refused.unwrap_err().code(), Code::PermissionDenied);
    // The refusals used nothing up.
    let answered = forward(&world, GATEWAY, request, assertion).await;
    assert_eq!(answered.unwrap(), CheckResult::Valid);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_question_that_an_agency_signed_is_named() {
    let world = World::start().await;
    let empty = CheckSigningCertificateRequest {
        case_reference: "not/allowed".to_owned(),
        ..request(certificate_of("good"))
    };
    let assertion = Assertion::over(&empty, &world, "x").signed_by(&world.ministry);
    let status = forward(&world, GATEWAY, empty, assertion)
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().starts_with("case_reference"), "{status}");
    let record = world.audit.refusals(10).await.unwrap();
    assert_eq!(record[0].refusal.caller, MINISTRY);
}
