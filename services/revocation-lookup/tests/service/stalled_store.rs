//! A store that is there and says nothing, and one that was restored behind the service's back.

use std::sync::Arc;
use std::time::Duration;

use proto::revocation::v1::{RevocationStatus, UnknownReason};
use sandbox::mint::CaKind::UserAuthentication;
use sandbox::postgres::Postgres;

use crate::world::{LIFETIME, SRE, UNLISTED, VERIFICATION, World, question};

async fn postgres() -> Arc<Postgres> {
    tokio::task::spawn_blocking(|| Arc::new(Postgres::start().unwrap()))
        .await
        .unwrap()
}

async fn status(world: &World) -> (RevocationStatus, UnknownReason) {
    let answer = world
        .ask(VERIFICATION, question(UserAuthentication, &UNLISTED))
        .await
        .unwrap();
    (answer.status(), answer.unknown_reason())
}

const GOOD: (RevocationStatus, UnknownReason) =
    (RevocationStatus::Good, UnknownReason::Unspecified);

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_falls_silent_shows_in_gauges_and_health_until_it_speaks_again() {
    let postgres = postgres().await;
    let folder = tempfile::tempdir().unwrap();
    let (reader, writer) = (postgres.url("crl_reader"), postgres.url("crl_writer"));
    let world = World::start_with(folder, &reader, &writer).await;
    world.publish_full_lists(1).await;
    let feed_age = |seconds: i64| {
        let line = format!("akashi_feed_age_seconds{{role=\"revocation-lookup\"}} {seconds}\n");
        world.context.metrics.render().contains(&line)
    };
    let fresh = || {
        world
            .context
            .health
            .is_serving("freshness/user-authentication")
    };
    world
        .until("the lists are fresh", async || feed_age(0) && fresh())
        .await;

    // An operator's maintenance holds the table: every question waits, and no connection breaks.
    let locking = postgres.clone();
    let lock = "BEGIN; LOCK TABLE crl.crl_feed IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(60)";
    let locked = tokio::task::spawn_blocking(move || locking.execute("akashi", lock));
    let is_held =
        "SELECT 1 / count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted";
    world
        .until("the table is held", async || {
            postgres.execute("akashi", is_held).is_ok()
        })
        .await;
    // A poll that was on its way may still be answered.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    world.clock.advance(LIFETIME - 10);
    world
        .until("the gauge shows it", async || {
            feed_age(LIFETIME - 10) && !fresh()
        })
        .await;
    assert_eq!(
        status(&world).await,
        (RevocationStatus::Unknown, UnknownReason::Feed)
    );

    let release = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE query LIKE '%pg_sleep(60)' AND pid <> pg_backend_pid()";
    postgres.execute("akashi", release).unwrap();
    assert!(locked.await.unwrap().is_err());
    world
        .until("the store is followed again", async || {
            feed_age(0) && fresh()
        })
        .await;
    assert_eq!(status(&world).await, GOOD);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_restored_and_brought_forward_to_the_same_generation_is_read_anew() {
    let postgres = postgres().await;
    let folder = tempfile::tempdir().unwrap();
    let (reader, writer) = (postgres.url("crl_reader"), postgres.url("crl_writer"));
    let world = World::start_with(folder, &reader, &writer).await;
    world.publish_full_lists(5).await;
    let number = async || {
        let answer = world
            .ask(VERIFICATION, question(UserAuthentication, &UNLISTED))
            .await
            .unwrap();
        answer.list.unwrap().crl_number
    };
    assert_eq!(number().await, "5");
    // What remains of a restore and another list: the generation that the service knows, and a list that it does not.
    let another = "UPDATE crl.crl_segment SET crl_number = set_byte(crl_number, 19, 6), \
                   crl_sha256 = set_byte(crl_sha256, 0, 66); \
                   UPDATE crl.crl_feed SET mark = mark / 2 + 1; \
                   UPDATE crl.crl_change SET mark = mark / 2 + 1";
    postgres.execute("akashi", another).unwrap();
    world
        .until("the list is read", async || number().await == "6")
        .await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_set_back_does_not_keep_a_silent_store_young() {
    let postgres = postgres().await;
    let folder = tempfile::tempdir().unwrap();
    let (reader, writer) = (postgres.url("crl_reader"), postgres.url("crl_writer"));
    let world = World::start_with(folder, &reader, &writer).await;
    // A list of this morning: a clock set back by an hour is still after it.
    world.clock.advance(-7_200);
    world.publish_full_lists(1).await;
    world.clock.advance(7_200);
    let confirmed = async || world.freshness(SRE).await.unwrap().feed_age_seconds == 0;
    world.until("the feed is confirmed", confirmed).await;
    assert_eq!(status(&world).await, GOOD);
    // Nothing is left of the server, whoever else holds the handle.
    tokio::task::spawn_blocking(move || drop(postgres))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(status(&world).await, GOOD);
    world.clock.advance(-3_600);
    assert_eq!(
        status(&world).await,
        (RevocationStatus::Unknown, UnknownReason::Clock)
    );
    world.clock.advance(3_600);
    assert_eq!(status(&world).await, GOOD);
    world.stop().await;
}
