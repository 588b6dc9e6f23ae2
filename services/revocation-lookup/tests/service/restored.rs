//! A store that is restored from an older copy while no process runs: the replica that starts over it knows from its own
//! file what was served before.

use proto::revocation::v1::{RevocationStatus, UnknownReason};
use sandbox::mint::CaKind::UserAuthentication;
use tempfile::TempDir;

use crate::world::{REVOKED, UNLISTED, VERIFICATION, World, question};

const DATABASE: [&str; 3] = ["crl.db", "crl.db-wal", "crl.db-shm"];

/// Moves a copy of the store's files aside, or back in their place.
fn copy(folder: &TempDir, from: &str, to: &str) {
    for name in DATABASE {
        let (from, to) = (format!("{from}{name}"), format!("{to}{name}"));
        let _not_there = std::fs::remove_file(folder.path().join(&to));
        if folder.path().join(&from).exists() {
            std::fs::copy(folder.path().join(from), folder.path().join(to)).unwrap();
        }
    }
}

async fn status(world: &World, serial: &[u8]) -> (RevocationStatus, UnknownReason, String) {
    let answer = world.ask(VERIFICATION, question(UserAuthentication, serial));
    let answer = answer.await.unwrap();
    let number = answer.list.as_ref().map(|list| list.crl_number.clone());
    (
        answer.status(),
        answer.unknown_reason(),
        number.unwrap_or_default(),
    )
}

/// Waits until the store is read: before, nothing at all is known.
async fn until_read(world: &World) {
    for _ in 0..600 {
        if status(world, &REVOKED).await.0 == RevocationStatus::Revoked {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the store is not read");
}

fn superseded(world: &World, lists: u64) -> bool {
    let line = format!(
        "akashi_lists_superseded{{certification_authority=\"user-authentication\",role=\"revocation-lookup\"}} {lists}"
    );
    let metrics = world.context.metrics.render();
    metrics.lines().any(|shown| shown == line)
}

async fn until_superseded(world: &World, lists: u64) {
    for _ in 0..600 {
        if superseded(world, lists) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the metric does not show {lists}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_starts_over_an_older_copy_calls_nothing_good_by_it() {
    let world = World::start().await;
    world.publish_full_lists(5).await;
    let folder = world.stop().await;
    copy(&folder, "", "backup-");
    let world = World::again(folder).await;
    world.publish_full_lists(7).await;
    let good = |number: &str| {
        (
            RevocationStatus::Good,
            UnknownReason::Unspecified,
            number.to_owned(),
        )
    };
    assert_eq!(status(&world, &UNLISTED).await, good("7"));
    let folder = world.stop().await;

    copy(&folder, "backup-", "");
    let world = World::again(folder).await;
    until_read(&world).await;
    let unknown = (
        RevocationStatus::Unknown,
        UnknownReason::Stale,
        "5".to_owned(),
    );
    assert_eq!(status(&world, &UNLISTED).await, unknown);
    assert_eq!(status(&world, &REVOKED).await.0, RevocationStatus::Revoked);
    until_superseded(&world, 1).await;
    // Still below what was served; then the very number, and all is well.
    world.publish_full_lists(6).await;
    assert_eq!(status(&world, &UNLISTED).await.0, RevocationStatus::Unknown);
    world.publish_full_lists(7).await;
    assert_eq!(status(&world, &UNLISTED).await, good("7"));
    until_superseded(&world, 0).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delta_list_that_a_restored_store_lacks_is_missed_too() {
    let world = World::with_full_lists().await;
    let folder = world.stop().await;
    copy(&folder, "", "backup-");
    let world = World::again(folder).await;
    world.publish_delta("user-full", 9, &[UNLISTED]).await;
    assert_eq!(status(&world, &UNLISTED).await.0, RevocationStatus::Revoked);
    let folder = world.stop().await;
    copy(&folder, "backup-", "");
    let world = World::again(folder).await;
    until_read(&world).await;
    assert_eq!(status(&world, &UNLISTED).await.0, RevocationStatus::Unknown);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_set_back_between_two_starts_is_told_from_what_was_served_before() {
    let world = World::with_full_lists().await;
    let folder = world.stop().await;
    // The store is lost altogether; the file remembers how late it was.
    for name in DATABASE {
        let _not_there = std::fs::remove_file(folder.path().join(name));
    }
    let world = World::again(folder).await;
    world.clock.advance(-7200);
    world.publish_full_lists(2).await;
    let answer = status(&world, &UNLISTED).await;
    assert_eq!(
        (answer.0, answer.1),
        (RevocationStatus::Unknown, UnknownReason::Clock)
    );
    world.stop().await;
}
