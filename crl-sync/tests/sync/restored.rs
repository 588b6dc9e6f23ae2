//! A store that is restored from an older copy, with every process started anew: what was accepted before is known from
//! the file beside it.

use std::path::Path;

use crl_sync::Config;
use sandbox::mint::{ListKind, ListSigner};

use crate::world::{World, accepted, rule, unchanged};

const FULL: ListKind = ListKind {
    signer: ListSigner::Newest,
    municipality: None,
};

const DATABASE: [&str; 3] = ["crl.db", "crl.db-wal", "crl.db-shm"];

/// Copies the database's files as they are while nobody has them open.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for name in DATABASE {
        let _not_there = std::fs::remove_file(to.join(name));
        if from.join(name).exists() {
            std::fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
}

fn behind(world: &World, lists: u64) -> bool {
    let line = format!(
        "akashi_crl_lists_behind{{certification_authority=\"user-authentication\",role=\"crl-sync\"}} {lists}"
    );
    world.metrics().lines().any(|shown| shown == line)
}

async fn sync(world: &World, config: Config) -> (&'static str, &'static str) {
    rule(&world.sync(config).await.remove(0).outcome)
}

#[tokio::test]
async fn a_restored_store_takes_no_number_below_the_highest_that_was_accepted() {
    let world = World::new().await;
    let folder = world.folder.path().to_owned();
    world.publish("full", world.list(&FULL, 1005));
    assert_eq!(world.sync_full().await, accepted(1005));
    copy(&folder, &folder.join("backup"));
    world.publish("full", world.list(&FULL, 1007));
    assert_eq!(world.sync_full().await, accepted(1007));
    assert!(behind(&world, 0));

    copy(&folder.join("backup"), &folder);
    assert_eq!(world.number("full").await, Some(vec![0x03, 0xed]), "1005");
    for number in [1006, 1005, 1004] {
        world.publish("full", world.list(&FULL, number));
        let outcome = sync(&world, world.full_config()).await;
        assert_eq!(outcome, ("refused", "number_falling"), "{number}");
        assert!(behind(&world, 1));
    }
    assert_eq!(world.number("full").await, Some(vec![0x03, 0xed]));
    // One number is one list, also of the highest number that only the file knows.
    let mut other = world.authority.list(
        &FULL,
        1007,
        world.now().plus_secs(-60),
        world.now().plus_secs(3600),
    );
    other.entries.clear();
    let other = other.sign(&world.authority.newest().key);
    world.publish("full", other);
    let outcome = sync(&world, world.full_config()).await;
    assert_eq!(outcome, ("refused", "number_reused"));

    world.publish("full", world.list(&FULL, 1007));
    assert_eq!(world.sync_full().await, accepted(1007));
    assert!(behind(&world, 0));
    assert_eq!(world.sync_full().await, unchanged(1007));
}

#[tokio::test]
async fn without_a_folder_for_it_only_what_the_store_knows_counts() {
    let world = World::new().await;
    let folder = world.folder.path().to_owned();
    let config = || {
        let mut config = world.full_config();
        config.state_directory = None;
        config
    };
    world.publish("full", world.list(&FULL, 1005));
    assert_eq!(sync(&world, config()).await.0, "accepted");
    copy(&folder, &folder.join("backup"));
    world.publish("full", world.list(&FULL, 1007));
    assert_eq!(sync(&world, config()).await.0, "accepted");
    copy(&folder.join("backup"), &folder);
    world.publish("full", world.list(&FULL, 1006));
    assert_eq!(sync(&world, config()).await.0, "accepted");
    assert!(!folder.join("state").exists());
}

#[tokio::test]
async fn a_damaged_file_of_highest_numbers_refuses_the_start_and_names_itself() {
    let world = World::new().await;
    world.publish("full", world.list(&FULL, 1005));
    assert_eq!(world.sync_full().await, accepted(1005));
    let file = world.folder.path().join("state/crl-sync.high-water");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("03ed", "03ec")).unwrap();
    let started = crl_sync::sync_once(world.full_config(), world.context().await).await;
    let problem = started.unwrap_err().to_string();
    assert!(problem.contains("crl-sync.high-water"), "{problem}");
}
