//! What there is besides a list: certificates that left it, too many at once, and delta lists.

use proto::revocation::v1::{DeltaEvidence, RevocationStatus, UnknownReason};
use sandbox::mint::CaKind::UserAuthentication;

use crate::publishing::NewList;
use crate::world::{
    BULK, REVOKED, REVOKED_AT, SRE, UNLISTED, VERIFICATION, World, batch, question,
};

/// The next list, which is said to have so many entries.
fn next(world: &World, number: u8, entry_count: i64) -> NewList {
    NewList {
        source: "user-full",
        kind: UserAuthentication,
        municipality: None,
        number,
        this_update: runtime::clock::Clock::now(&world.clock),
        entry_count,
    }
}

async fn status(world: &World, serial: [u8; 3]) -> RevocationStatus {
    let question = question(UserAuthentication, &serial);
    let answer = world.ask(VERIFICATION, question).await.unwrap();
    // Alone and among others the same is said.
    let number = u32::from_be_bytes([0, serial[0], serial[1], serial[2]]);
    let serials = [number + 77, number, number + 78];
    let batch = batch(UserAuthentication, &serials);
    let batch = world.ask_batch(BULK, batch).await.unwrap();
    if answer.status() == RevocationStatus::Revoked {
        assert_eq!(batch.revoked, [0b010]);
        assert_eq!(batch.revocations[0].revocation, answer.revocation);
        assert_eq!(answer.revocation.unwrap().revoked_at, REVOKED_AT);
    } else {
        assert_eq!(batch.revoked, [0]);
        assert_eq!(batch.others(), answer.status());
    }
    answer.status()
}

async fn held(world: &World) -> u64 {
    let freshness = world.freshness(SRE).await.unwrap();
    let source = freshness.sources.iter().find(|it| it.source == "user-full");
    source.unwrap().held_removals
}

#[tokio::test(flavor = "multi_thread")]
async fn who_left_a_list_is_revoked_until_it_is_accepted() {
    let world = World::with_full_lists().await;
    assert_eq!(status(&world, REVOKED).await, RevocationStatus::Revoked);
    assert_eq!(held(&world).await, 0);

    let list = next(&world, 2, 1);
    world
        .publish_holding(list, &[UNLISTED], &[REVOKED], 1)
        .await;
    assert_eq!(status(&world, REVOKED).await, RevocationStatus::Revoked);
    assert_eq!(status(&world, UNLISTED).await, RevocationStatus::Revoked);
    assert_eq!(status(&world, [7, 7, 7]).await, RevocationStatus::Good);
    assert_eq!(held(&world).await, 1);

    // The list itself stays the same: only what is held of it goes.
    world.accept_removals("user-full", 2).await;
    assert_eq!(status(&world, REVOKED).await, RevocationStatus::Good);
    assert_eq!(status(&world, UNLISTED).await, RevocationStatus::Revoked);
    assert_eq!(held(&world).await, 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_what_is_held_cannot_be_read_nobody_is_good() {
    let world = World::with_full_lists().await;
    let list = next(&world, 2, 1);
    // One serial number, and two are stated.
    world
        .publish_holding(list, &[UNLISTED], &[REVOKED], 2)
        .await;
    let question = question(UserAuthentication, &[7, 7, 7]);
    let answer = world.ask(VERIFICATION, question).await.unwrap();
    assert_eq!(answer.unknown_reason(), UnknownReason::Stale);
    // What was served until then still proves revocations.
    assert_eq!(status(&world, REVOKED).await, RevocationStatus::Revoked);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_revoked_by_a_delta_list_is_revoked_and_the_answer_names_it() {
    let world = World::with_full_lists().await;
    assert_eq!(status(&world, UNLISTED).await, RevocationStatus::Good);
    world
        .publish_delta("user-full", 2, &[UNLISTED, REVOKED])
        .await;
    assert_eq!(status(&world, UNLISTED).await, RevocationStatus::Revoked);
    // On the list and on the delta list: one answer.
    assert_eq!(status(&world, REVOKED).await, RevocationStatus::Revoked);
    assert_eq!(status(&world, [7, 7, 7]).await, RevocationStatus::Good);
    let answer = world
        .ask(VERIFICATION, question(UserAuthentication, &UNLISTED))
        .await
        .unwrap();
    let now = runtime::clock::Clock::now(&world.clock).secs();
    let list = answer.list.unwrap();
    let delta = Box::new(DeltaEvidence {
        crl_number: "2".to_owned(),
        this_update: now,
        next_update: now + 900,
    });
    assert_eq!((&*list.crl_number, list.delta), ("1", Some(delta)));

    // The next complete list, without it, ends it.
    world.publish(next(&world, 3, 1)).await;
    assert_eq!(status(&world, UNLISTED).await, RevocationStatus::Good);
    let answer = world
        .ask(VERIFICATION, question(UserAuthentication, &UNLISTED))
        .await
        .unwrap();
    let list = answer.list.unwrap();
    assert_eq!((&*list.crl_number, list.delta), ("3", None));
    world.stop().await;
}
