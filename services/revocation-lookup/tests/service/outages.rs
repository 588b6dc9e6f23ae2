//! The store goes away.

use std::time::Duration;

use proto::revocation::v1::{RevocationStatus, UnknownReason};
use sandbox::mint::CaKind::UserAuthentication;
use sandbox::postgres::Postgres;

use crate::world::{REVOKED, SRE, UNLISTED, VERIFICATION, World, question};

#[tokio::test(flavor = "multi_thread")]
async fn without_its_store_it_answers_until_the_feed_is_too_old() {
    let postgres = tokio::task::spawn_blocking(Postgres::start)
        .await
        .unwrap()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (reader, writer) = (postgres.url("crl_reader"), postgres.url("crl_writer"));
    let world = World::start_with(folder, &reader, &writer).await;
    world.publish_full_lists(1).await;
    tokio::task::spawn_blocking(move || drop(postgres))
        .await
        .unwrap();

    let status = async |serial: &[u8]| {
        let answer = world
            .ask(VERIFICATION, question(UserAuthentication, serial))
            .await
            .unwrap();
        (answer.status(), answer.unknown_reason())
    };
    let good = (RevocationStatus::Good, UnknownReason::Unspecified);
    world.clock.advance(1_790);
    // More than one poll: a store that is still there would have confirmed the feed.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(world.freshness(SRE).await.unwrap().feed_age_seconds, 1_790);
    assert_eq!(status(&UNLISTED).await, good);
    world.clock.advance(60);
    let feed = (RevocationStatus::Unknown, UnknownReason::Feed);
    assert_eq!(status(&UNLISTED).await, feed);
    assert_eq!(status(&REVOKED).await.0, RevocationStatus::Revoked);
    world
        .until("freshness is not serving", async || {
            !world
                .context
                .health
                .is_serving("freshness/user-authentication")
        })
        .await;
    assert!(world.context.health.is_serving(""));
    world.stop().await;
}
