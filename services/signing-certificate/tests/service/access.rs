//! Who is answered, and what stays behind of those who are not.

use proto::signing::v1::CheckResult;
use tonic::Code;

use crate::world::{CITY_OFFICE, GATEWAY, World, certificate_of, request};

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_is_refused_and_leaves_a_record_and_the_city_office_is_answered() {
    let world = World::start().await;
    let good = request(certificate_of("good"));
    let refused = world
        .client(GATEWAY)
        .await
        .check_signing_certificate(good.clone())
        .await;
    assert_eq!(refused.unwrap_err().code(), Code::PermissionDenied);
    assert!(world.lookup.asked().is_empty());
    assert!(world.audit.checks(10).await.unwrap().is_empty());
    let records = world.audit.refusals(10).await.unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].refusal.caller, GATEWAY);
    assert_eq!(records[0].refusal.method, signing_certificate::METHOD);
    assert_eq!(records[0].refusal.reason, "not_on_allowlist");

    let answered = world
        .client(CITY_OFFICE)
        .await
        .check_signing_certificate(good)
        .await;
    assert_eq!(answered.unwrap().into_inner().result(), CheckResult::Valid);
    assert_eq!(world.audit.refusals(10).await.unwrap().len(), 1);
}

/// A refused caller must not be able to tell certificates apart by the refusal.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_the_same_whatever_was_sent() {
    let world = World::start().await;
    let mut client = world.client(GATEWAY).await;
    let mut said = Vec::new();
    for certificate in [certificate_of("good"), certificate_of("expired"), b"x", b""] {
        let status = client
            .check_signing_certificate(request(certificate))
            .await
            .unwrap_err();
        said.push((status.code(), status.message().to_owned()));
    }
    said.dedup();
    assert_eq!(said.len(), 1, "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_limit_refusals_are_counted() {
    const CALLS: u64 = 150;
    let world = World::start().await;
    let mut client = world.client(GATEWAY).await;
    for _ in 0..CALLS {
        let status = client
            .check_signing_certificate(request(b"x"))
            .await
            .unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied);
    }
    let records = u64::try_from(world.audit.refusals(1000).await.unwrap().len()).unwrap();
    let totals = world.audit.refusal_totals(10).await.unwrap();
    let total: u64 = totals.iter().map(|minute| minute.total).sum();
    assert_eq!(total, CALLS);
    assert!((1..CALLS).contains(&records), "{records} records");
}
