//! Malformed requests: each names its field, and its twin is answered.

use proto::revocation::v1::Purpose;
use proto::signing::v1::{CheckResult, CheckSigningCertificateRequest};
use tonic::Code;

use crate::world::{World, certificate_of, request};

async fn assert_invalid(world: &World, request: CheckSigningCertificateRequest, field: &str) {
    let status = world.ask(request).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(
        status.message().starts_with(&format!("{field}: ")),
        "{}",
        status.message()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_certificate_is_named() {
    let world = World::start().await;
    assert_invalid(&world, request(b""), "certificate").await;
    assert_eq!(
        world.check(certificate_of("good")).await.result(),
        CheckResult::Valid
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_certificate_is_read_and_one_octet_more_is_named() {
    let world = World::start().await;
    let largest = vec![0x30; lookup::MAX_CERTIFICATE_OCTETS];
    assert_eq!(
        world.check(&largest).await.result(),
        CheckResult::MalformedCertificate
    );
    assert_invalid(&world, request(&[largest, vec![0]].concat()), "certificate").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_megabytes_are_refused_and_the_service_lives_on() {
    let world = World::start().await;
    let status = world
        .ask(request(&vec![0x30; 10 * 1024 * 1024]))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
    assert_eq!(
        world.check(certificate_of("good")).await.result(),
        CheckResult::Valid
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_or_unsuitable_purpose_is_named() {
    let world = World::start().await;
    let with = |purpose: i32| CheckSigningCertificateRequest {
        purpose,
        ..request(certificate_of("good"))
    };
    for purpose in [0, Purpose::UserAuthentication.into(), 99, -1] {
        assert_invalid(&world, with(purpose), "purpose").await;
    }
    for purpose in [
        Purpose::SignatureVerification,
        Purpose::ValidityConfirmation,
    ] {
        world.lookup.asked();
        let response = world.ask(with(purpose.into())).await.unwrap();
        assert_eq!(response.result(), CheckResult::Valid);
        assert_eq!(world.lookup.asked()[0].purpose(), purpose);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_or_malformed_case_reference_is_named() {
    let world = World::start().await;
    let with = |reference: &str| CheckSigningCertificateRequest {
        case_reference: reference.to_owned(),
        ..request(certificate_of("good"))
    };
    let (longest, too_long) = ("a".repeat(64), "a".repeat(65));
    for reference in ["", "R8 17", "海野花子", "R8/17", &too_long] {
        assert_invalid(&world, with(reference), "case_reference").await;
    }
    for reference in ["R8-17", &longest] {
        assert_eq!(
            world.ask(with(reference)).await.unwrap().result(),
            CheckResult::Valid
        );
    }
}
