//! Lists in files of the machine.

use std::process::Command;

use crate::world::{FULL, World, accepted, rule, unchanged};

impl World {
    async fn sync_file(&self) -> crl_sync::Outcome {
        let config = self.config("newest_key", &self.file_source("list.crl", ""));
        self.sync(config).await.remove(0).outcome
    }
}

#[tokio::test]
async fn a_list_in_a_file_comes_into_force_and_whatever_else_is_there_does_not() {
    let world = World::new().await;
    let path = world.folder.path().join("list.crl");
    let missing = world.sync_file().await;
    assert_eq!(rule(&missing), ("failed", "file_unreadable"));

    std::fs::write(&path, world.list(&FULL, 1001)).unwrap();
    assert_eq!(world.sync_file().await, accepted(1001));
    assert!(world.look_up("list.crl", 101).await.is_some());
    assert_eq!(world.sync_file().await, unchanged(1001));
    std::fs::write(&path, world.list(&FULL, 1002)).unwrap();
    assert_eq!(world.sync_file().await, accepted(1002));

    let whole = world.list(&FULL, 1003);
    std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    assert_eq!(rule(&world.sync_file().await), ("refused", "not_der"));
    std::fs::remove_file(&path).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(rule(&world.sync_file().await), ("refused", "not_a_file"));
    assert_eq!(world.number("list.crl").await, Some(vec![0x03, 0xea]));
}

#[tokio::test]
async fn a_source_whose_credentials_are_missing_is_refused_before_anything_is_fetched() {
    let world = World::new().await;
    let folder = world.folder.path().display();
    let lines = format!("user = \"agency\"\npassword_file = \"{folder}/missing\"");
    let source = world.source("full", &lines).replace("http:", "https:");
    let config = world.config("newest_key", &source);
    let refused = crl_sync::sync_once(config, world.context().await).await;
    let problem = refused.unwrap_err().to_string();
    assert!(problem.contains("source.full"), "{problem}");
    assert!(world.requests().is_empty());
}
