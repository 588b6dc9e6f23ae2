//! Serial links: a renewed certificate is still the same holder's.

use sandbox::mint::{SerialLink, links_payload, serial_octets, sign_links};
use store::{HolderKey, HolderLinks, HolderOrigin, HolderResolution, serial_hash};

use crate::world::{World, accepted, rule, unchanged};

const OLD: u64 = 20_300_001;
const NEW: u64 = 20_300_256;

impl World {
    fn links_file(&self, number: u64) -> Vec<u8> {
        sign_links(
            &links_payload(&self.authority, number, self.now()),
            &self.authority.newest().key,
        )
    }

    async fn sync_links(&self) -> crl_sync::Outcome {
        let config = self.config(
            "newest_key",
            &self.source("links", "kind = \"serial_links\""),
        );
        self.sync(config).await.remove(0).outcome
    }

    async fn resolve(&self, serial: u64) -> HolderResolution {
        let holders = HolderLinks::open(&self.url("links.db")).await.unwrap();
        let hash = serial_hash(
            &HolderKey::new(&[7; 32]),
            "user-authentication",
            &serial_octets(serial),
        );
        holders
            .resolve("user-authentication", &hash, self.now().secs())
            .await
            .unwrap()
    }
}

async fn world_with_a_renewal() -> World {
    let mut world = World::new().await;
    world
        .authority
        .links
        .push(SerialLink { old: OLD, new: NEW });
    world
}

#[tokio::test]
async fn a_renewed_certificate_keeps_its_holder() {
    let world = world_with_a_renewal().await;
    let before = world.resolve(OLD).await;
    assert_eq!(before.origin, HolderOrigin::New);
    world.publish("links", world.links_file(5));
    assert_eq!(world.sync_links().await, accepted(5));
    let after = world.resolve(NEW).await;
    assert_eq!(
        (after.holder_id, after.origin),
        (before.holder_id, HolderOrigin::Linked)
    );
    assert_eq!(world.sync_links().await, unchanged(5));
}

#[tokio::test]
async fn a_link_that_comes_after_the_new_certificate_was_used_waits_for_a_decision() {
    let world = world_with_a_renewal().await;
    let old = world.resolve(OLD).await;
    let new = world.resolve(NEW).await;
    world.publish("links", world.links_file(5));
    assert_eq!(world.sync_links().await, accepted(5));
    assert_eq!(world.resolve(NEW).await.holder_id, new.holder_id);
    assert_ne!(new.holder_id, old.holder_id);
    let held = "akashi_serial_links_held_total{certification_authority=\"user-authentication\",role=\"crl-sync\"} 1";
    assert!(world.metrics().contains(held), "{}", world.metrics());
}

#[tokio::test]
async fn a_lower_number_is_refused_and_a_higher_one_accepted() {
    let world = world_with_a_renewal().await;
    world.publish("links", world.links_file(5));
    assert_eq!(world.sync_links().await, accepted(5));
    world.publish("links", world.links_file(4));
    assert_eq!(
        rule(&world.sync_links().await),
        ("refused", "number_falling")
    );
    let counted = "akashi_serial_links_refused_total{certification_authority=\"user-authentication\",\
                   role=\"crl-sync\",rule=\"number_falling\"} 1";
    assert!(world.metrics().contains(counted), "{}", world.metrics());
    world.publish("links", world.links_file(6));
    assert_eq!(world.sync_links().await, accepted(6));
}

#[tokio::test]
async fn links_signed_by_somebody_else_join_nobody() {
    let world = world_with_a_renewal().await;
    let before = world.resolve(OLD).await;
    let payload = links_payload(&world.authority, 5, world.now());
    world.publish(
        "links",
        sign_links(&payload, &world.authority.generation(1).key),
    );
    assert_eq!(rule(&world.sync_links().await), ("refused", "signature"));
    let after = world.resolve(NEW).await;
    assert_eq!(after.origin, HolderOrigin::New);
    assert_ne!(after.holder_id, before.holder_id);
}
