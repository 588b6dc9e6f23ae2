//! How current the lists are, as callers, balancers and Prometheus see it.

use proto::revocation::v1::{RevocationStatus, UnknownReason};
use sandbox::mint::CaKind::UserAuthentication;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::world::{LIFETIME, REVOKED, SRE, UNLISTED, VERIFICATION, World, question};

async fn health(world: &World, name: &str) -> ServingStatus {
    let request = HealthCheckRequest {
        service: name.to_owned(),
    };
    let mut client = HealthClient::new(world.channel(SRE));
    client.check(request).await.unwrap().into_inner().status()
}

async fn status(world: &World, serial: &[u8]) -> (RevocationStatus, UnknownReason) {
    let answer = world
        .ask(VERIFICATION, question(UserAuthentication, serial))
        .await
        .unwrap();
    (answer.status(), answer.unknown_reason())
}

const FRESHNESS: &str = "freshness/user-authentication";
const GOOD: (RevocationStatus, UnknownReason) =
    (RevocationStatus::Good, UnknownReason::Unspecified);

#[tokio::test(flavor = "multi_thread")]
async fn it_starts_without_a_store_answers_unknown_and_recovers_by_itself() {
    let world = World::start().await;
    assert_eq!(health(&world, "").await, ServingStatus::Serving);
    world
        .until("freshness is known", async || {
            world.context.health.states().len() > 2
        })
        .await;
    assert_eq!(health(&world, FRESHNESS).await, ServingStatus::NotServing);
    let unknown = (RevocationStatus::Unknown, UnknownReason::Feed);
    assert_eq!(status(&world, &UNLISTED).await, unknown);
    assert_eq!(
        world.freshness(SRE).await.unwrap().feed_age_seconds,
        i64::MAX
    );

    world.publish_full_lists(1).await;
    assert_eq!(status(&world, &UNLISTED).await, GOOD);
    world
        .until("freshness is serving", async || {
            world.context.health.is_serving(FRESHNESS)
        })
        .await;
    assert_eq!(health(&world, FRESHNESS).await, ServingStatus::Serving);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn past_its_next_update_a_list_proves_revocations_only_until_the_next_one_comes() {
    let world = World::with_full_lists().await;
    world
        .until("freshness is serving", async || {
            world.context.health.is_serving(FRESHNESS)
        })
        .await;
    world.clock.advance(LIFETIME - 1);
    // A day later by one step of the clock, the feed has to be confirmed anew.
    world
        .until("the feed is confirmed", async || {
            world.freshness(SRE).await.unwrap().feed_age_seconds == 0
        })
        .await;
    assert_eq!(status(&world, &UNLISTED).await, GOOD);
    world.clock.advance(1);
    world
        .until("freshness is not serving", async || {
            !world.context.health.is_serving(FRESHNESS)
        })
        .await;
    let stale = (RevocationStatus::Unknown, UnknownReason::Stale);
    assert_eq!(status(&world, &UNLISTED).await, stale);
    assert_eq!(status(&world, &REVOKED).await.0, RevocationStatus::Revoked);
    assert_eq!(health(&world, "").await, ServingStatus::Serving);
    let freshness = world.freshness(SRE).await.unwrap();
    assert!(
        freshness
            .sources
            .iter()
            .all(|source| !source.current && source.list.is_some())
    );

    world.publish_full_lists(2).await;
    assert_eq!(status(&world, &UNLISTED).await, GOOD);
    world
        .until("freshness is serving", async || {
            world.context.health.is_serving(FRESHNESS)
        })
        .await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_goes_back_turns_good_into_unknown() {
    let world = World::with_full_lists().await;
    world.clock.advance(-300);
    assert_eq!(status(&world, &UNLISTED).await, GOOD);
    world.clock.advance(-1);
    let clock = (RevocationStatus::Unknown, UnknownReason::Clock);
    assert_eq!(status(&world, &UNLISTED).await, clock);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registered_source_without_a_list_keeps_its_authority_from_being_fresh() {
    let world = World::with_full_lists().await;
    world
        .register(&[
            ("user-full", UserAuthentication, None),
            ("a", UserAuthentication, Some(0)),
        ])
        .await;
    world
        .until("freshness is not serving", async || {
            !world.context.health.is_serving(FRESHNESS)
        })
        .await;
    // Only that scope is late: the full list still answers.
    assert_eq!(status(&world, &UNLISTED).await, GOOD);
    let text = world.context.metrics.render();
    let line = "akashi_list_seconds_to_next_update{certification_authority=\"user-authentication\",role=\"revocation-lookup\"} 0";
    assert!(text.contains(line), "{text}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gauges_and_counters_tell_the_state() {
    let world = World::with_full_lists().await;
    status(&world, &UNLISTED).await;
    status(&world, &REVOKED).await;
    world.clock.advance(100);
    let line = |name: &str, labels: &str, value: i64| {
        format!("{name}{{{labels}role=\"revocation-lookup\"}} {value}\n")
    };
    let authority = "certification_authority=\"digital-signature\",";
    let lookup = |outcome: &str| format!("method=\"GetRevocationStatus\",outcome=\"{outcome}\",");
    let expected = [
        line("akashi_list_age_seconds", authority, 100),
        line(
            "akashi_list_seconds_to_next_update",
            authority,
            LIFETIME - 100,
        ),
        line("akashi_list_entries", authority, 1),
        line("akashi_lists", authority, 1),
        line("akashi_lookup_requests_total", &lookup("good"), 1),
        line("akashi_lookup_requests_total", &lookup("revoked"), 1),
    ];
    for line in expected {
        world
            .until(&line, async || {
                world.context.metrics.render().contains(&line)
            })
            .await;
    }
    world.stop().await;
}
