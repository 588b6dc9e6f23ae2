//! Lists that are kept as they were fetched.

use store::{CrlWriter, Piece};

use crate::world::{FULL, World, accepted, unchanged};

impl World {
    /// Asks the one full list once, with more in the configuration.
    async fn sync_with(&self, more: &str) -> crl_sync::Outcome {
        let text = self.config_text("newest_key", &self.source("full", ""));
        let text = text.replacen("[fetch]", &format!("{more}\n[fetch]"), 1);
        let config = runtime::config::parse(&text).unwrap();
        self.sync(config).await.remove(0).outcome
    }

    async fn original(&self, number: u16) -> Option<Vec<u8>> {
        let writer = CrlWriter::open(&self.url("crl.db")).await.unwrap();
        let found = writer.original("full", &number.to_be_bytes()).await;
        let mut pieces = found.unwrap()?.pieces;
        let mut all = Vec::new();
        loop {
            match pieces.next().await.unwrap() {
                Piece::Octets(octets) => all.extend(octets),
                Piece::End => return Some(all),
                Piece::Replaced => panic!("it went"),
            }
        }
    }
}

const KEPT: &str = "[originals]\nkeep_days = 2";

#[tokio::test]
async fn a_list_is_kept_where_that_is_configured_and_for_as_long() {
    let world = World::new().await;
    let first = world.list(&FULL, 1001);
    world.publish("full", first.clone());
    assert_eq!(world.sync_with("").await, accepted(1001));
    assert_eq!(world.original(1001).await, None);

    let second = world.list(&FULL, 1002);
    world.publish("full", second.clone());
    assert_eq!(world.sync_with(KEPT).await, accepted(1002));
    assert_eq!(world.original(1002).await, Some(second.clone()));
    assert_eq!(world.sync_with(KEPT).await, unchanged(1002));

    // Also when lists are not kept any more, up to the configured end.
    world.clock.advance(2 * 86_400 - 1);
    world.publish("full", world.list(&FULL, 1003));
    assert_eq!(world.sync_with("").await, accepted(1003));
    assert_eq!(world.original(1003).await, None);
    assert_eq!(world.original(1002).await, Some(second));
    world.clock.advance(1);
    world.publish("full", world.list(&FULL, 1004));
    assert_eq!(world.sync_with("").await, accepted(1004));
    assert_eq!(world.original(1002).await, None);
}

#[tokio::test]
async fn a_list_that_is_refused_is_not_kept_and_leaves_no_file() {
    let world = World::new().await;
    let spool = world.folder.path().join("spool");
    std::fs::create_dir(&spool).unwrap();
    let more = format!("{KEPT}\nspool_folder = \"{}\"", spool.display());
    world.publish("full", world.list(&FULL, 1002));
    assert_eq!(world.sync_with(&more).await, accepted(1002));
    world.publish("full", world.list(&FULL, 1001));
    assert_eq!(world.sync_with(&more).await.name(), "refused");
    assert_eq!(world.original(1001).await, None);
    assert_eq!(std::fs::read_dir(&spool).unwrap().count(), 0);
}

#[tokio::test]
async fn a_list_that_cannot_be_kept_comes_into_force_all_the_same() {
    let world = World::new().await;
    let missing = world.folder.path().join("missing");
    let more = format!("{KEPT}\nspool_folder = \"{}\"", missing.display());
    world.publish("full", world.list(&FULL, 1001));
    assert_eq!(world.sync_with(&more).await, accepted(1001));
    assert_eq!(world.original(1001).await, None);
    assert!(world.look_up("full", 101).await.is_some());
}
