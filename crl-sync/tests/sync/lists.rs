//! Lists: what comes into force, and what does not.

use pki::UnixTime;
use sandbox::mint::{
    CaKind, Extension, Extensions as _, ListSigner, MUNICIPALITIES, RsaKey, names,
};

use crate::world::{FULL, HOUR, World, accepted, partition, revocation, rule, unchanged};

#[tokio::test]
async fn a_verified_list_comes_into_force_and_its_successor_replaces_it() {
    let mut world = World::new().await;
    world.publish("full", world.list(&FULL, 1001));
    assert_eq!(world.sync_full().await, accepted(1001));
    let state = world.state("full").await;
    let facts = state.current.unwrap().facts;
    assert_eq!(facts.certification_authority, "user-authentication");
    assert_eq!(facts.signer_key_id, world.authority.newest().key.key_id());
    assert_eq!(facts.entry_count, 4);
    assert_eq!(state.last_success_at, Some(world.now().secs()));
    assert_eq!(state.last_refusal, None);
    let hit = world.look_up("full", 103).await.unwrap();
    assert_eq!(
        (hit.revoked_at, hit.reason),
        (world.now().plus_secs(-48 * HOUR).secs(), 1)
    );
    assert_eq!(world.look_up("full", 105).await, None);

    world
        .authority
        .revocations
        .push(revocation(105, 2, 0, world.now()));
    world.publish("full", world.list(&FULL, 1002));
    assert_eq!(world.sync_full().await, accepted(1002));
    assert!(world.look_up("full", 105).await.is_some());
}

#[tokio::test]
async fn the_same_list_again_is_a_success_that_changes_nothing() {
    let world = World::new().await;
    world.publish("full", world.list(&FULL, 1001));
    assert_eq!(world.sync_full().await, accepted(1001));
    let before = world.state("full").await;
    world.clock.advance(60);
    assert_eq!(world.sync_full().await, unchanged(1001));
    let after = world.state("full").await;
    assert_eq!(after.current, before.current);
    assert_eq!(after.last_success_at, Some(world.now().secs()));
}

/// What a world publishes second, after number 1001 is in force.
type Second = fn(&World) -> Vec<u8>;

/// Every list that is wrong in one thing, and its twin in which that one thing is right.
const REFUSALS: [(&str, Second, Second); 10] = [
    (
        "number_falling",
        |w| w.list(&FULL, 1000),
        |w| w.list(&FULL, 1002),
    ),
    // The same number over other entries.
    (
        "number_reused",
        |w| reissued(w, 1001),
        |w| reissued(w, 1002),
    ),
    (
        "this_update_falling",
        |w| issued(w, -HOUR - 1),
        |w| issued(w, -HOUR),
    ),
    ("not_yet_current", |w| issued(w, 301), |w| issued(w, 300)),
    ("expired", |w| due(w, 0), |w| due(w, 1)),
    (
        "signature",
        |w| w.spec(&FULL, 1002).sign_wrongly(&w.authority.newest().key),
        next,
    ),
    (
        "issuer",
        |w| {
            let mut spec = w.spec(&FULL, 1002);
            spec.issuer = CaKind::DigitalSignature.distinguished_name();
            spec.sign(&w.authority.newest().key)
        },
        next,
    ),
    (
        "unknown_signer",
        |w| signed_with(w, &RsaKey::generate().unwrap()),
        next,
    ),
    // The older generation's key, where the newest must sign.
    (
        "signer_not_expected",
        |w| signed_with(w, &w.authority.generation(1).key),
        |w| signed_with(w, &w.authority.generation(2).key),
    ),
    (
        "scope_mismatch",
        |w| w.list(&partition(ListSigner::Newest, &MUNICIPALITIES[0]), 1002),
        next,
    ),
];

fn next(world: &World) -> Vec<u8> {
    world.list(&FULL, 1002)
}

fn reissued(world: &World, number: u64) -> Vec<u8> {
    let mut spec = world.spec(&FULL, number);
    spec.entries.pop();
    spec.sign(&world.authority.newest().key)
}

fn issued(world: &World, secs_from_now: i64) -> Vec<u8> {
    let mut spec = world.spec(&FULL, 1002);
    spec.this_update = world.now().plus_secs(secs_from_now);
    spec.sign(&world.authority.newest().key)
}

fn due(world: &World, secs_from_now: i64) -> Vec<u8> {
    let mut spec = world.spec(&FULL, 1002);
    spec.next_update = Some(world.now().plus_secs(secs_from_now));
    spec.sign(&world.authority.newest().key)
}

/// A list whose authority key identifier and signature are of this key.
fn signed_with(world: &World, key: &RsaKey) -> Vec<u8> {
    world
        .spec(&FULL, 1002)
        .with_extension(Extension::signer_key_identifier(&key.key_id()))
        .sign(key)
}

#[tokio::test]
async fn a_list_that_breaks_a_rule_leaves_the_last_good_one_in_force_and_its_twin_replaces_it() {
    let mut world = World::new().await;
    for (expected, wrong, right) in REFUSALS {
        world.folder = fresh_folder(&world);
        world.publish("full", world.list(&FULL, 1001));
        assert_eq!(world.sync_full().await, accepted(1001), "{expected}");
        let good = world.state("full").await;

        world.publish("full", wrong(&world));
        let outcome = world.sync_full().await;
        assert_eq!(rule(&outcome), ("refused", expected), "{outcome:?}");
        let state = world.state("full").await;
        assert_eq!(state.current, good.current, "{expected}");
        assert_eq!(state.last_refusal.as_deref(), Some(expected));
        let counted = format!(
            "akashi_crl_refused_total{{certification_authority=\"user-authentication\",role=\"crl-sync\",\
             rule=\"{expected}\"}} 1"
        );
        assert!(world.metrics().contains(&counted), "{}", world.metrics());

        world.publish("full", right(&world));
        let outcome = world.sync_full().await;
        assert_eq!(rule(&outcome), ("accepted", ""), "{expected}: {outcome:?}");
        assert_eq!(world.state("full").await.last_refusal, None);
    }
}

/// An empty data folder with the same anchors and key.
fn fresh_folder(world: &World) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["anchor-1.cer", "anchor-2.cer", "holder-key"] {
        std::fs::copy(world.folder.path().join(name), folder.path().join(name)).unwrap();
    }
    folder
}

#[tokio::test]
async fn a_list_cut_off_or_too_large_is_refused_and_the_whole_one_accepted() {
    let world = World::new().await;
    let whole = world.list(&FULL, 1001);
    world.publish("full", &whole[..whole.len() - 1]);
    assert_eq!(rule(&world.sync_full().await), ("refused", "not_der"));
    world.publish("full", Vec::new());
    assert_eq!(rule(&world.sync_full().await), ("refused", "not_der"));
    assert_eq!(world.number("full").await, None);
    world.publish("full", whole.clone());
    let sync = async |max_bytes: usize| {
        let source = world.source("full", &format!("max_bytes = {max_bytes}"));
        world
            .sync(world.config("newest_key", &source))
            .await
            .remove(0)
            .outcome
    };
    assert_eq!(rule(&sync(whole.len() - 1).await), ("refused", "oversized"));
    assert_eq!(sync(whole.len()).await, accepted(1001));
}

#[tokio::test]
async fn a_publisher_that_is_away_is_a_failure_and_its_return_a_success() {
    let world = World::new().await;
    world.publish("full", world.list(&FULL, 1001));
    assert_eq!(world.sync_full().await, accepted(1001));
    world.withdraw("full");
    assert_eq!(rule(&world.sync_full().await), ("failed", "http_status"));
    let state = world.state("full").await;
    assert!(state.current.is_some());
    assert_eq!(state.last_refusal.as_deref(), Some("http_status"));
    world.publish("full", world.list(&FULL, 1002));
    assert_eq!(world.sync_full().await, accepted(1002));
}

#[tokio::test]
async fn the_list_in_force_is_refused_again_once_it_expired() {
    let world = World::new().await;
    world.publish("full", world.list(&FULL, 1001));
    assert_eq!(world.sync_full().await, accepted(1001));
    world.clock.advance(24 * HOUR - 1);
    assert_eq!(world.sync_full().await, unchanged(1001));
    world.clock.advance(1);
    assert_eq!(rule(&world.sync_full().await), ("refused", "expired"));
    // It stays in force; whoever looks something up sees that it is stale.
    assert!(world.number("full").await.is_some());
}

#[tokio::test]
async fn partitions_and_a_full_list_are_kept_apart() {
    let world = World::new().await;
    let [first, second] = [&MUNICIPALITIES[0], &MUNICIPALITIES[1]];
    let mut sources = world.source("full", "");
    world.publish("full", world.list(&FULL, 1001));
    for (name, municipality) in [("first", first), ("second", second)] {
        let point = CaKind::UserAuthentication.distribution_point_name(municipality);
        let point = base64_of(&names::full_name(&point));
        sources += &world.source(name, &format!("distribution_point = \"{point}\""));
        world.publish(
            name,
            world.list(&partition(ListSigner::Newest, municipality), 1001),
        );
    }
    let outcomes = world.sync(world.config("newest_key", &sources)).await;
    assert!(
        outcomes.iter().all(crl_sync::SourceOutcome::succeeded),
        "{outcomes:?}"
    );
    let names: Vec<&str> = outcomes
        .iter()
        .map(|outcome| outcome.source.as_str())
        .collect();
    assert_eq!(names, ["full", "first", "second"]);
    assert!(world.look_up("full", 101).await.is_some());
    assert!(world.look_up("first", 101).await.is_some());
    assert!(world.look_up("second", 101).await.is_none());
    for shown in [
        "akashi_crl_entries{certification_authority=\"user-authentication\",role=\"crl-sync\"} 8",
        "akashi_cross_check_disagreements_total{role=\"crl-sync\"} 0",
    ] {
        assert!(world.metrics().contains(shown), "{}", world.metrics());
    }

    // Two publishers that swapped their lists: neither comes into force.
    world.publish(
        "first",
        world.list(&partition(ListSigner::Newest, second), 1002),
    );
    let outcomes = world.sync(world.config("newest_key", &sources)).await;
    assert_eq!(rule(&outcomes[1].outcome), ("refused", "scope_mismatch"));
    assert!(outcomes[0].succeeded() && outcomes[2].succeeded());
}

fn base64_of(octets: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(octets)
}

#[tokio::test]
async fn every_generation_signs_its_own_list_where_it_is_configured_so() {
    let world = World::new().await;
    let mut sources = String::new();
    for ordinal in [1, 2] {
        let key_id = hex::encode(world.authority.generation(ordinal).key.key_id());
        let name = format!("own-{ordinal}");
        sources += &world.source(&name, &format!("signer_key_id = \"{key_id}\""));
        let kind = sandbox::mint::ListKind {
            signer: ListSigner::Own(ordinal),
            municipality: None,
        };
        world.publish(&name, world.list(&kind, 1001));
    }
    let config = || world.config("own_key", &sources);
    assert!(
        world
            .sync(config())
            .await
            .iter()
            .all(crl_sync::SourceOutcome::succeeded)
    );
    assert!(world.look_up("own-1", 101).await.is_some());
    assert!(world.look_up("own-1", 102).await.is_none());
    assert!(world.look_up("own-2", 102).await.is_some());

    let newer = sandbox::mint::ListKind {
        signer: ListSigner::Own(2),
        municipality: None,
    };
    world.publish("own-1", world.list(&newer, 1002));
    let outcomes = world.sync(config()).await;
    assert_eq!(
        rule(&outcomes[0].outcome),
        ("refused", "signer_not_expected")
    );
    assert!(outcomes[1].succeeded());
}

#[tokio::test]
async fn a_source_without_a_named_key_keeps_to_the_first_one() {
    let world = World::new().await;
    let own = |ordinal| sandbox::mint::ListKind {
        signer: ListSigner::Own(ordinal),
        municipality: None,
    };
    let sync = async || {
        world
            .sync(world.config("own_key", &world.source("full", "")))
            .await
            .remove(0)
            .outcome
    };
    world.publish("full", world.list(&own(1), 1001));
    assert_eq!(sync().await, accepted(1001));
    world.publish("full", world.list(&own(2), 1002));
    assert_eq!(rule(&sync().await), ("refused", "signer_changed"));
    world.publish("full", world.list(&own(1), 1002));
    assert_eq!(sync().await, accepted(1002));
}

#[tokio::test]
async fn the_highest_number_outlives_the_name_of_its_source() {
    let world = World::new().await;
    world.publish("full", world.list(&FULL, 1005));
    let before = world.list(&FULL, 1004);
    let sync = async |name: &str| {
        let config = world.config("newest_key", &world.source(name, ""));
        world.sync(config).await.remove(0).outcome
    };
    assert_eq!(sync("full").await, accepted(1005));
    world.publish("renamed", before);
    assert_eq!(rule(&sync("renamed").await), ("refused", "number_falling"));
    assert_eq!(world.number("renamed").await, None);
    // The very list with the highest number is as good under the new name.
    let same = world.list(&FULL, 1005);
    world.publish("renamed", same);
    assert_eq!(sync("renamed").await, accepted(1005));
}

#[tokio::test]
async fn two_that_run_at_once_leave_one_list_in_force() {
    let world = World::new().await;
    world.publish("full", world.list(&FULL, 1001));
    let contexts = [world.context().await, world.context().await];
    let [first, second] = contexts.map(|context| crl_sync::sync_once(world.full_config(), context));
    let (first, second) = tokio::join!(first, second);
    let outcomes = [first.unwrap().remove(0), second.unwrap().remove(0)];
    assert!(
        outcomes.iter().all(crl_sync::SourceOutcome::succeeded),
        "{outcomes:?}"
    );
    assert_eq!(world.number("full").await, Some(vec![0x03, 0xe9]));
}

#[tokio::test]
async fn a_key_that_is_none_of_the_authority_is_refused_before_anything_is_fetched() {
    let world = World::new().await;
    let source = world.source("full", "signer_key_id = \"0102\"");
    let refused =
        crl_sync::sync_once(world.config("own_key", &source), world.context().await).await;
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("source.full.signer_key_id")
    );
    assert!(world.requests().is_empty());
}

#[tokio::test]
async fn anchors_outside_their_validity_are_refused_before_anything_is_fetched() {
    let world = World::new().await;
    world.clock.set(UnixTime::from_secs(0));
    let refused = crl_sync::sync_once(world.full_config(), world.context().await).await;
    assert!(refused.is_err());
    assert!(world.requests().is_empty());
}
