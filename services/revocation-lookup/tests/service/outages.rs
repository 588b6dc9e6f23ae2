//! The store goes away, or gives what it should not.

use std::time::Duration;

use proto::revocation::v1::{RevocationStatus, UnknownReason};
use sandbox::mint::CaKind::UserAuthentication;
use sandbox::postgres::Postgres;

use crate::publishing::NewList;
use crate::world::{REVOKED, SRE, UNLISTED, VERIFICATION, World, question};

/// The service on a PostgreSQL of its own.
pub(crate) async fn on_postgres() -> (Postgres, World) {
    let postgres = tokio::task::spawn_blocking(Postgres::start)
        .await
        .unwrap()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (reader, writer) = (postgres.url("crl_reader"), postgres.url("crl_writer"));
    let world = World::start_with(folder, &reader, &writer).await;
    (postgres, world)
}

async fn status_in(world: &World, serial: &[u8]) -> (RevocationStatus, UnknownReason) {
    let question = question(UserAuthentication, serial);
    let answer = world.ask(VERIFICATION, question).await.unwrap();
    (answer.status(), answer.unknown_reason())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_store_it_answers_until_the_feed_is_too_old() {
    let (postgres, world) = on_postgres().await;
    world.publish_full_lists(1).await;
    tokio::task::spawn_blocking(move || drop(postgres))
        .await
        .unwrap();

    let status = async |serial: &[u8]| status_in(&world, serial).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_cannot_be_loaded_leaves_its_predecessor_for_revocations_only() {
    let world = World::with_full_lists().await;
    let status = async |serial: &[u8]| status_in(&world, serial).await;
    let list = |number, entry_count| NewList {
        source: "user-full",
        kind: UserAuthentication,
        municipality: None,
        number,
        this_update: runtime::clock::Clock::now(&world.clock),
        entry_count,
    };
    let good = (RevocationStatus::Good, UnknownReason::Unspecified);
    assert_eq!(status(&UNLISTED).await, good);
    world.publish(list(2, 99)).await;
    let stale = (RevocationStatus::Unknown, UnknownReason::Stale);
    assert_eq!(status(&UNLISTED).await, stale);
    assert_eq!(status(&REVOKED).await.0, RevocationStatus::Revoked);
    let freshness = world.freshness(SRE).await.unwrap();
    let current: Vec<_> = freshness
        .sources
        .iter()
        .map(|source| source.current)
        .collect();
    assert_eq!(
        current,
        [false, true],
        "the other authority's list is not touched"
    );

    world.publish(list(3, 1)).await;
    assert_eq!(status(&UNLISTED).await, good);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_restored_from_an_old_copy_does_not_take_a_newer_list_back() {
    let (postgres, world) = on_postgres().await;
    world.publish_full_lists(5).await;
    let number = async || {
        let answer = world
            .ask(VERIFICATION, question(UserAuthentication, &UNLISTED))
            .await
            .unwrap();
        assert_eq!(answer.status(), RevocationStatus::Good);
        answer.list.unwrap().crl_number
    };
    assert_eq!(number().await, "5");
    let forget = "DELETE FROM crl.crl_high_water";
    postgres.execute("akashi", forget).unwrap();
    world.publish_full_lists(4).await;
    assert_eq!(number().await, "5");
    world.publish_full_lists(6).await;
    assert_eq!(number().await, "6");
    world.stop().await;
}
