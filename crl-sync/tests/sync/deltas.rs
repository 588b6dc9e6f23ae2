//! Delta lists: they add to the list in force of another source, and take nobody off it.

use crl_sync::{Config, Outcome};
use sandbox::mint::{CrlEntry, CrlSpec, Municipality};

use crate::world::{FULL, HOUR, World, accepted, accepted_holding, partition, rule, unchanged};

fn config(world: &World) -> Config {
    let delta = "kind = \"delta_crl\"\nbase_source = \"full\"";
    let sources = world.source("full", "") + &world.source("delta", delta);
    world.config("newest_key", &sources)
}

/// Asks for both, and tells what came of the delta list.
async fn sync(world: &World) -> Outcome {
    let [full, delta] = world.sync(config(world)).await.try_into().unwrap();
    assert!(full.succeeded(), "{full:?}");
    delta.outcome
}

/// A delta list to the lists from `base` on, which revokes these.
fn delta(world: &World, number: u64, base: u64, revoked: &[u64]) -> CrlSpec {
    let now = world.now();
    let entries = |spec: CrlSpec, serial: &u64| {
        spec.with_entry(CrlEntry::new(*serial, now.plus_secs(-HOUR), Some(1)))
    };
    let empty = CrlSpec {
        entries: Vec::new(),
        ..world.spec(&FULL, number)
    };
    revoked.iter().fold(empty.as_delta_of(base), entries)
}

fn sign(world: &World, spec: &CrlSpec) -> Vec<u8> {
    spec.sign(&world.authority.list_signer(FULL.signer).key)
}

/// Publishes a delta list, and tells what came of it.
async fn publish(world: &World, spec: CrlSpec) -> Outcome {
    world.publish("delta", sign(world, &spec));
    sync(world).await
}

/// A world with list 10 of the serials 101 to 104 in force.
async fn world() -> World {
    let world = World::new().await;
    world.publish("full", world.list(&FULL, 10));
    world
}

async fn delta_number(world: &World) -> Option<u8> {
    let current = world.state("full").await.current.unwrap();
    current.delta?.crl_number.last().copied()
}

#[tokio::test]
async fn a_delta_list_adds_to_the_list_in_force() {
    let world = world().await;
    let outcome = publish(&world, delta(&world, 11, 10, &[500, 102])).await;
    assert_eq!(outcome, accepted(11));
    assert_eq!(delta_number(&world).await, Some(11));
    assert!(world.look_up_delta("full", 500).await.is_some());
    assert!(world.look_up_delta("full", 101).await.is_none());
    assert!(world.look_up("full", 101).await.is_some());
    assert_eq!(sync(&world).await, unchanged(11));
    // Without an entry it says that nothing changed, and until when.
    let current = world.state("full").await.current.unwrap();
    let outcome = publish(&world, delta(&world, 12, 10, &[])).await;
    assert_eq!(outcome, accepted(12));
    let newer = world.state("full").await.current.unwrap();
    assert_eq!(newer.facts, current.facts);
}

#[tokio::test]
async fn nobody_leaves_by_a_delta_list() {
    let world = world().await;
    publish(&world, delta(&world, 11, 10, &[500, 501])).await;
    // 501 is there no more, 101 is taken off and 502 comes.
    let now = world.now();
    let removal = CrlEntry::new(101, now.plus_secs(-HOUR), Some(8));
    let next = delta(&world, 12, 10, &[500, 502]).with_entry(removal);
    assert_eq!(publish(&world, next).await, accepted(12));
    for serial in [500, 501, 502] {
        assert!(world.look_up_delta("full", serial).await.is_some());
    }
    assert!(world.look_up_delta("full", 101).await.is_none());
    assert!(world.look_up("full", 101).await.is_some());
}

#[tokio::test]
async fn a_complete_list_that_says_as_much_ends_the_delta_list() {
    let mut world = world().await;
    publish(&world, delta(&world, 12, 10, &[500])).await;
    // Between the two: the delta list stays, and so does who it revokes.
    world.publish("full", world.list(&FULL, 11));
    assert_eq!(sync(&world).await, unchanged(12));
    assert_eq!(world.number("full").await, Some(vec![11]));
    assert_eq!(delta_number(&world).await, Some(12));

    let now = world.now();
    let revocation = crate::world::revocation(500, 2, 0, now);
    world.authority.revocations.push(revocation);
    world.publish("full", world.list(&FULL, 12));
    assert_eq!(sync(&world).await, unchanged(12));
    assert_eq!(delta_number(&world).await, None);
    assert!(world.look_up("full", 500).await.is_some());
    let current = world.state("full").await.current.unwrap();
    assert_eq!(current.held, None);
}

#[tokio::test]
async fn who_was_on_the_delta_list_alone_leaves_like_everybody_else() {
    let world = world().await;
    // 102 is on both, and leaves with neither.
    publish(&world, delta(&world, 11, 10, &[500, 501, 502, 102])).await;
    world.publish("full", world.list(&FULL, 12));
    let [full, _] = world.sync(config(&world)).await.try_into().unwrap();
    assert_eq!(full.outcome, accepted_holding(12, 3));
    assert!(world.look_up_held("full", 501).await.is_some());
    assert!(world.look_up_held("full", 102).await.is_none());
    assert_eq!(delta_number(&world).await, None);
}

#[tokio::test]
async fn what_is_no_delta_list_to_the_list_in_force_is_refused() {
    let world = world().await;
    assert_eq!(
        publish(&world, delta(&world, 11, 10, &[500])).await,
        accepted(11)
    );
    let refused = async |octets: Vec<u8>, expected: &'static str| {
        world.publish("delta", octets);
        let outcome = sync(&world).await;
        assert_eq!(rule(&outcome), ("refused", expected), "{outcome:?}");
        assert_eq!(delta_number(&world).await, Some(11));
    };
    refused(world.list(&FULL, 12), "not_delta").await;
    refused(
        sign(&world, &delta(&world, 13, 12, &[])),
        "delta_base_ahead",
    )
    .await;
    refused(
        sign(&world, &delta(&world, 12, 12, &[])),
        "delta_base_not_below",
    )
    .await;
    refused(sign(&world, &delta(&world, 11, 9, &[7])), "number_reused").await;
    refused(sign(&world, &delta(&world, 10, 9, &[7])), "number_falling").await;
    let mut wrong = sign(&world, &delta(&world, 12, 10, &[7]));
    *wrong.last_mut().unwrap() ^= 1;
    refused(wrong, "signature").await;
    let older = &world.authority.generations[0].key;
    let other_key = world.authority.list(
        &sandbox::mint::ListKind {
            signer: sandbox::mint::ListSigner::Own(1),
            municipality: None,
        },
        12,
        world.now().plus_secs(-HOUR),
        world.now().plus_secs(HOUR),
    );
    let other_key = other_key.as_delta_of(10).sign(older);
    refused(other_key, "signer_not_expected").await;
    let city: &'static Municipality = &sandbox::mint::MUNICIPALITIES[0];
    let city = world
        .spec(&partition(FULL.signer, city), 12)
        .as_delta_of(10);
    refused(sign(&world, &city), "scope_mismatch").await;
    let expired = delta(&world, 12, 10, &[]);
    let expired = CrlSpec {
        this_update: world.now().plus_secs(-2 * HOUR),
        next_update: Some(world.now().plus_secs(-1)),
        ..expired
    };
    refused(sign(&world, &expired), "expired").await;
    let early = CrlSpec {
        this_update: world.now().plus_secs(-9 * HOUR),
        ..delta(&world, 12, 10, &[])
    };
    refused(sign(&world, &early), "this_update_falling").await;
    let twice = delta(&world, 12, 10, &[7, 7]);
    refused(sign(&world, &twice), "duplicate_serials").await;

    // And a delta list is never taken for a complete one.
    world.publish("full", sign(&world, &delta(&world, 12, 10, &[])));
    let [full, _] = world.sync(config(&world)).await.try_into().unwrap();
    assert_eq!(rule(&full.outcome), ("refused", "delta"));
    assert_eq!(world.number("full").await, Some(vec![10]));
}

#[tokio::test]
async fn without_a_list_in_force_there_is_nothing_to_change() {
    let world = World::new().await;
    world.publish("delta", sign(&world, &delta(&world, 11, 10, &[500])));
    let [full, delta] = world.sync(config(&world)).await.try_into().unwrap();
    assert!(!full.succeeded());
    assert_eq!(rule(&delta.outcome), ("failed", "no_base"));
}

#[tokio::test]
async fn a_delta_list_that_was_served_once_is_the_least_that_is_accepted_again() {
    let world = world().await;
    publish(&world, delta(&world, 13, 10, &[500])).await;
    // The complete list makes it superfluous, and it goes.
    world.publish("full", world.list(&FULL, 13));
    sync(&world).await;
    assert_eq!(delta_number(&world).await, None);
    let outcome = publish(&world, delta(&world, 12, 10, &[])).await;
    assert_eq!(rule(&outcome), ("refused", "number_falling"));
}
