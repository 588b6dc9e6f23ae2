//! Certificates that leave a list: a few expire every day, and many at once are not believed.

use crl_sync::Outcome;
use index::Hit;
use store::{CrlWriter, RemovalDecision, SourceRegistration};

use crate::world::{FULL, HOUR, World, accepted, accepted_holding, revocation};

const DAY: i64 = 24 * HOUR;

/// A full list of the serials 1001 to 1000 + `revoked`.
async fn world(revoked: u64) -> World {
    let mut world = World::new().await;
    world.authority.revocations.clear();
    add(&mut world, 1001..=1000 + revoked);
    world
}

fn add(world: &mut World, serials: impl IntoIterator<Item = u64>) {
    let now = world.now();
    for serial in serials {
        let revocation = revocation(serial, 2, 0, now);
        world.authority.revocations.push(revocation);
    }
}

fn drop_up_to(world: &mut World, last: u64) {
    let revocations = &mut world.authority.revocations;
    revocations.retain(|it| it.serial > last);
}

/// Publishes the next list, asks for it, and tells what came of it.
async fn next(world: &World, number: u64) -> Outcome {
    world.publish("full", world.list(&FULL, number));
    world.sync_full().await
}

async fn writer(world: &World) -> CrlWriter {
    CrlWriter::open(&world.url("crl.db")).await.unwrap()
}

/// Which of some serials the list and what is held of it say are revoked.
async fn revoked(world: &World, serials: &[u64]) -> Vec<u64> {
    let mut revoked = Vec::new();
    for &serial in serials {
        let listed = world.look_up("full", serial).await;
        let held = world.look_up_held("full", serial).await;
        assert!(listed.is_none() || held.is_none(), "both name {serial}");
        revoked.extend(listed.or(held).map(|_| serial));
    }
    revoked
}

fn gauge(world: &World) -> String {
    let metrics = world.metrics();
    let line = metrics
        .lines()
        .find(|line| line.starts_with("akashi_crl_held_removals{"));
    line.unwrap().rsplit(' ').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_few_may_leave() {
    let mut world = world(300).await;
    assert_eq!(next(&world, 1).await, accepted(1));
    drop_up_to(&mut world, 1006);
    assert_eq!(next(&world, 2).await, accepted(2));
    assert_eq!(revoked(&world, &[1006, 1007]).await, [1007]);
    assert_eq!(gauge(&world), "0");
}

#[tokio::test]
async fn many_at_once_stay_revoked_while_everything_else_takes_effect() {
    let mut world = world(300).await;
    assert_eq!(next(&world, 1).await, accepted(1));
    drop_up_to(&mut world, 1020);
    add(&mut world, [5000]);
    assert_eq!(next(&world, 2).await, accepted_holding(2, 20));
    assert_eq!(
        revoked(&world, &[1001, 1020, 1021, 5000, 5001]).await,
        [1001, 1020, 1021, 5000]
    );
    assert_eq!(world.look_up("full", 1020).await, None);
    let hit = Hit {
        revoked_at: world.now().plus_secs(-48 * HOUR).secs(),
        reason: 1,
    };
    assert_eq!(world.look_up_held("full", 1020).await, Some(hit));
    assert_eq!(world.number("full").await, Some(vec![2]));
    assert_eq!(gauge(&world), "20");

    // The list that is in force already says nothing new about them.
    assert_eq!(world.sync_full().await.name(), "unchanged");
    assert_eq!(gauge(&world), "20");
}

#[tokio::test]
async fn what_is_held_stays_until_it_is_listed_again_or_let_go() {
    let mut world = world(300).await;
    next(&world, 1).await;
    let kept: Vec<_> = world.authority.revocations.drain(..10).collect();
    assert_eq!(next(&world, 2).await, accepted_holding(2, 10));

    // The next list lets three of them be revoked again, and a few others leave, as they may.
    world.clock.advance(DAY);
    world
        .authority
        .revocations
        .extend(kept[..3].iter().cloned());
    world.authority.revocations.retain(|it| it.serial != 1300);
    assert_eq!(next(&world, 3).await, accepted_holding(3, 7));
    let serials = [1001, 1003, 1004, 1010, 1300];
    assert_eq!(revoked(&world, &serials).await, [1001, 1003, 1004, 1010]);
    assert_eq!(world.look_up_held("full", 1003).await, None);

    // More that are too many join them.
    world.authority.revocations.retain(|it| it.serial > 1050);
    assert_eq!(next(&world, 4).await.name(), "accepted");
    assert_eq!(gauge(&world), "50");
    let since = world.state("full").await.current.unwrap().held.unwrap();
    let first = world.now().plus_secs(-HOUR - DAY).secs();
    assert_eq!(since.since, first);

    let decision = RemovalDecision {
        decided_by: "operator",
        decided_at: world.now().secs(),
    };
    let accepted_removals = writer(&world).await;
    let let_go = accepted_removals
        .accept_removals("full", &[4], &decision)
        .await;
    assert_eq!(let_go.unwrap(), 50);
    assert_eq!(revoked(&world, &[1001, 1050, 1051]).await, [1051]);
    // And the next list does not bring them back.
    assert_eq!(next(&world, 5).await, accepted(5));
    assert_eq!(revoked(&world, &[1001, 1050, 1051]).await, [1051]);
    assert_eq!(gauge(&world), "0");
}

#[tokio::test]
async fn many_small_removals_within_a_day_are_as_good_as_a_large_one() {
    let mut world = world(1000).await;
    next(&world, 1).await;
    let mut held = 0;
    for step in 1..=10 {
        world.clock.advance(60);
        drop_up_to(&mut world, 1000 + 5 * step);
        let outcome = next(&world, 1 + step).await;
        let Outcome::Accepted { held_removals, .. } = outcome else {
            panic!("{outcome:?}")
        };
        // Of a thousand twenty may leave, and one or two expire in some minutes.
        assert_eq!(held_removals > 0, step > 4, "{step}");
        held = held_removals;
    }
    assert_eq!(held, 30);
    // A day later as many may leave again.
    world.clock.advance(DAY + 601);
    drop_up_to(&mut world, 1070);
    assert_eq!(next(&world, 20).await, accepted_holding(20, 30));
}

#[tokio::test]
async fn the_share_is_configured() {
    for (share, held) in [("1.0", 0), ("0.0", 1)] {
        let mut world = world(10_000).await;
        let text = world.config_text("newest_key", &world.source("full", ""));
        let text = text.replacen(
            "[store]",
            &format!("[removals]\nlargest_share = {share}\n[store]"),
            1,
        );
        let sync = async |world: &World, number| {
            world.publish("full", world.list(&FULL, number));
            let config = runtime::config::parse(&text).unwrap();
            let [outcome] = world.sync(config).await.try_into().unwrap();
            outcome.outcome
        };
        assert_eq!(sync(&world, 1).await, accepted(1));
        drop_up_to(&mut world, if held == 0 { 20_000 } else { 1001 });
        assert_eq!(sync(&world, 2).await, accepted_holding(2, held));
    }
}

#[tokio::test]
async fn a_stored_list_that_cannot_be_read_does_not_keep_the_next_one_out() {
    let world = world(3).await;
    next(&world, 1).await;
    let current = world.state("full").await.current.unwrap();
    let writer = writer(&world).await;
    let registration = SourceRegistration {
        ordinal: 0,
        ..world.state("full").await.registration
    };
    writer.register_sources(&[registration]).await.unwrap();
    let mut facts = current.facts;
    facts.crl_number = vec![2];
    facts.crl_sha256 = [2; 32];
    let applied = writer
        .apply(&facts, b"no segment", current.generation)
        .await;
    applied.unwrap();
    assert_eq!(next(&world, 3).await, accepted(3));
    assert_eq!(revoked(&world, &[1001]).await, [1001]);
}
