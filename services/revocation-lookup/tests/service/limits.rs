//! How much one caller may ask about.

use proto::revocation::v1::GetRevocationStatusRequest;
use sandbox::mint::CaKind::UserAuthentication;
use tonic::Code;

use crate::world::{AUDITOR, BULK, BULK_NEIGHBOURS, BULK_QUOTA, UNLISTED, World, batch, question};

/// Serial numbers that are strangers to each other.
fn strangers(from: u32, count: u32) -> Vec<u32> {
    (from..from + count)
        .map(|number| number.wrapping_mul(0x9e37_79b1) | 1)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_over_its_quota_is_refused_new_serials_and_answered_old_ones() {
    let world = World::with_full_lists().await;
    let quota = u32::try_from(BULK_QUOTA).unwrap();
    let half = quota / 2;
    for from in [1, 1 + half] {
        let request = batch(UserAuthentication, &strangers(from, half));
        world.ask_batch(BULK, request).await.unwrap();
    }
    let new = batch(UserAuthentication, &strangers(1 + quota, 1));
    for _ in 0..3 {
        let refused = world.ask_batch(BULK, new.clone()).await.unwrap_err();
        assert_eq!(refused.code(), Code::ResourceExhausted);
        assert!(refused.message().contains("20000 distinct serial numbers"));
    }
    let old = batch(UserAuthentication, &strangers(7, 10));
    assert!(world.ask_batch(BULK, old).await.is_ok());
    // Others have quotas of their own.
    let question: GetRevocationStatusRequest = question(UserAuthentication, &UNLISTED);
    assert!(world.ask(AUDITOR, question).await.is_ok());
    assert_recorded(&world, "distinct_serials_quota", 3).await;
    world.clock.advance(61 * 60);
    assert!(world.ask_batch(BULK, new).await.is_ok());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_sweeps_is_refused_everything_for_an_hour() {
    let world = World::with_full_lists().await;
    let most = u32::try_from(BULK_NEIGHBOURS).unwrap();
    let neighbours: Vec<u32> = (0x0100_0000..0x0100_0000 + most).collect();
    let (all_but_one, last) = neighbours.split_at(BULK_NEIGHBOURS - 1);
    let request = batch(UserAuthentication, all_but_one);
    world.ask_batch(BULK, request).await.unwrap();
    let refused = world
        .ask_batch(BULK, batch(UserAuthentication, last))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(refused.message().contains("neighbouring serial numbers"));
    let known = batch(UserAuthentication, &neighbours[..1]);
    for _ in 0..3 {
        let refused = world.ask_batch(BULK, known.clone()).await.unwrap_err();
        assert_eq!(refused.code(), Code::ResourceExhausted);
    }
    assert_recorded(&world, "neighbouring_serials", 4).await;
    world.clock.advance(60 * 60);
    assert!(world.ask_batch(BULK, known).await.is_ok());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_the_same_whether_the_serial_is_revoked_or_not() {
    let world = World::with_full_lists().await;
    let most = u32::try_from(BULK_NEIGHBOURS).unwrap();
    let sweep: Vec<u32> = (0x0100_0000..0x0100_0000 + most).collect();
    world
        .ask_batch(BULK, batch(UserAuthentication, &sweep))
        .await
        .unwrap_err();
    let mut answers = Vec::new();
    for serial in [0x0013_3701, 0x0013_3702] {
        let request = batch(UserAuthentication, &[serial]);
        let refused = world.ask_batch(BULK, request).await.unwrap_err();
        answers.push((refused.message().to_owned(), refused.details().to_vec()));
    }
    assert_eq!(answers[0], answers[1]);
    world.stop().await;
}

/// However often, it is one refusal in the audit log, and so many in the metric.
async fn assert_recorded(world: &World, rule: &str, refused: u32) {
    let audit = world.audit().await;
    let recorded = async || {
        let records = audit.refusals(10).await.unwrap();
        let of_the_rule = |record: &&store::RefusalRecord| record.refusal.reason == rule;
        records.iter().filter(of_the_rule).count()
    };
    world
        .until("the refusal is recorded", async || recorded().await == 1)
        .await;
    let line = format!(
        "akashi_lookup_stopped_total{{caller=\"{BULK}\",role=\"revocation-lookup\",rule=\"{rule}\"}} {refused}\n"
    );
    let page = world.context.metrics.render();
    assert!(page.contains(&line), "{line}{page}");
}
