//! Signing keys are rolled while people sign in.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use axum::Router;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oidc_gateway::Gateway;
use runtime::clock::Clock as _;
use runtime::config::ConfigPath;
use serde_json::{Value, json};

use crate::assertion::Assertion;
use crate::browser::{PROTOCOL, fresh_code, get, post_form};
use crate::card::HANAKO;
use crate::world::{NOW, World, fresh_ec, private_pem};

const FIVE_MINUTES: i64 = 300;
const KEPT_FOR: i64 = 3_600;

/// A keys file beside the world's own, with a key of each name.
fn write_keys(world: &World, file: &str, entries: &[(&str, &str)]) {
    let mut text = String::new();
    for (key_id, sign_from) in entries {
        let path = world.folder.path().join(format!("secrets/{key_id}.pem"));
        if !path.exists() {
            std::fs::write(&path, private_pem(&fresh_ec())).unwrap();
        }
        write!(
            text,
            "[[signing_key]]\nkey_id = \"{key_id}\"\nsign_from = \"{sign_from}\"\nfile = \"secrets/{key_id}.pem\"\n"
        )
        .unwrap();
    }
    // Replaced, not rewritten: a file of the same size and second is a changed one all the same.
    let beside = world.folder.path().join("being-written");
    std::fs::write(&beside, text).unwrap();
    std::fs::rename(beside, world.folder.path().join(file)).unwrap();
}

fn path(world: &World, file: &str) -> ConfigPath {
    ConfigPath::new(world.folder.path().join(file))
}

async fn key_set(router: &Router) -> Vec<Value> {
    let set = get(router, &format!("{PROTOCOL}/certs")).await.json();
    set["keys"].as_array().unwrap().clone()
}

fn key_ids(set: &[Value]) -> Vec<&str> {
    set.iter().map(|key| key["kid"].as_str().unwrap()).collect()
}

fn key_id(token: &str) -> String {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap());
    let header: Value = serde_json::from_slice(&header.unwrap()).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

/// As a relying party that never asks again because of an unknown key.
fn verifies(token: &str, set: &[Value]) -> bool {
    let key_id = key_id(token);
    let Some(key) = set.iter().find(|key| key["kid"] == key_id.as_str()) else {
        return false;
    };
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let point = [
        vec![4],
        decode(key["x"].as_str().unwrap()),
        decode(key["y"].as_str().unwrap()),
    ];
    let (input, signature) = token.rsplit_once('.').unwrap();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point.concat())
        .verify(input.as_bytes(), &decode(signature))
        .is_ok()
}

async fn id_token(world: &World, router: &Router) -> String {
    let code = fresh_code(world, &world.alpha, "openid", HANAKO).await;
    let now = world.clock.now().secs();
    let assertion = Assertion::of(&world.alpha)
        .claim("iat", json!(now))
        .claim("exp", json!(now + 60))
        .signed_by(&world.alpha.key);
    let form = world.alpha.redemption(&code, &assertion);
    let answer = post_form(router, &format!("{PROTOCOL}/token"), &form).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["id_token"].as_str().unwrap().to_owned()
}

/// The key that signs now at a gateway.
async fn signing(world: &World, gateway: &Arc<Gateway>) -> String {
    gateway.refresh_signing_keys().await.unwrap();
    key_id(&id_token(world, &oidc_gateway::router(gateway.clone())).await)
}

/// A relying party that keeps the key set for as long as it may.
struct Keeper {
    fetched_at: i64,
    set: Vec<Value>,
}

#[tokio::test]
async fn attack_41_keys_are_rolled_under_load_without_one_verification_failure() {
    let world = World::new().await;
    write_keys(&world, "keys.toml", &[("old", "2020-01-01T00:00:00Z")]);
    let mut config = world.config.clone();
    config.signing_keys = path(&world, "keys.toml");
    let gateways = [
        world.replica_with(&config).await,
        world.replica_with(&config).await,
    ];
    let routers = gateways.clone().map(oidc_gateway::router);
    // Twelve relying parties that fetch at different times, from either gateway.
    let mut keepers: Vec<Keeper> = Vec::new();
    let mut signed_by = BTreeSet::new();
    let mut alive: Vec<(i64, String)> = Vec::new();
    for step in 0..60 {
        let now = NOW + step * FIVE_MINUTES;
        match step {
            // The operator is careless: the new key shall sign at once.
            14 => write_keys(
                &world,
                "keys.toml",
                &[
                    ("old", "2020-01-01T00:00:00Z"),
                    ("new", "2021-01-01T00:00:00Z"),
                ],
            ),
            // And impatient: the old one goes while its tokens are alive.
            30 => write_keys(&world, "keys.toml", &[("new", "2021-01-01T00:00:00Z")]),
            _ => {}
        }
        // Looking at the files and signing happen at the same time.
        let (_, _, one, other) = tokio::join!(
            gateways[0].refresh_signing_keys(),
            gateways[1].refresh_signing_keys(),
            id_token(&world, &routers[0]),
            id_token(&world, &routers[1]),
        );
        if keepers.len() < 12 {
            keepers.push(Keeper {
                fetched_at: i64::MIN / 2,
                set: Vec::new(),
            });
        }
        for (index, keeper) in keepers.iter_mut().enumerate() {
            if now - keeper.fetched_at >= KEPT_FOR {
                keeper.fetched_at = now;
                keeper.set = key_set(&routers[index % 2]).await;
            }
        }
        alive.retain(|(ends, _)| *ends > now);
        alive.extend([one, other].map(|token| (now + 300, token)));
        for (_, token) in &alive {
            signed_by.insert(key_id(token));
            for keeper in &keepers {
                let kept = now - keeper.fetched_at;
                assert!(verifies(token, &keeper.set), "step {step}, kept {kept} s");
            }
        }
        world.clock.advance(FIVE_MINUTES);
    }
    assert_eq!(signed_by.iter().collect::<Vec<_>>(), ["new", "old"]);
    assert_eq!(key_ids(&key_set(&routers[0]).await), ["new"]);
}

#[tokio::test]
async fn a_new_key_waits_until_it_was_published_for_an_hour_also_after_a_restart() {
    let world = World::new().await;
    let old = [("old", "2020-01-01T00:00:00Z")];
    let both = [
        ("old", "2020-01-01T00:00:00Z"),
        ("new", "2021-01-01T00:00:00Z"),
    ];
    write_keys(&world, "keys.toml", &old);
    let mut config = world.config.clone();
    config.signing_keys = path(&world, "keys.toml");
    let gateway = world.replica_with(&config).await;
    assert_eq!(signing(&world, &gateway).await, "old");
    world.clock.advance(2 * KEPT_FOR);
    write_keys(&world, "keys.toml", &both);
    assert_eq!(signing(&world, &gateway).await, "old");
    world.clock.advance(3_700);
    // A restart does not make the key known to anybody sooner or later.
    let gateway = world.replica_with(&config).await;
    assert_eq!(signing(&world, &gateway).await, "old");
    world.clock.advance(20);
    assert_eq!(signing(&world, &gateway).await, "new");
}

#[tokio::test]
async fn every_gateway_publishes_the_keys_of_all_and_keeps_one_that_is_gone() {
    let world = World::new().await;
    write_keys(&world, "one.toml", &[("one", "2020-01-01T00:00:00Z")]);
    write_keys(&world, "two.toml", &[("two", "2020-01-01T00:00:00Z")]);
    let mut config = world.config.clone();
    config.signing_keys = path(&world, "one.toml");
    let first = world.replica_with(&config).await;
    config.signing_keys = path(&world, "two.toml");
    let second = world.replica_with(&config).await;
    for gateway in [&first, &second, &first] {
        gateway.refresh_signing_keys().await.unwrap();
    }
    let first_router = oidc_gateway::router(first.clone());
    assert_eq!(key_ids(&key_set(&first_router).await), ["one", "two"]);
    // The second gateway is gone: its last token lives for 300 s, and a kept key set for 3,720.
    world.clock.advance(300 + 3_720);
    first.refresh_signing_keys().await.unwrap();
    assert_eq!(key_ids(&key_set(&first_router).await), ["one", "two"]);
    world.clock.advance(1);
    first.refresh_signing_keys().await.unwrap();
    assert_eq!(key_ids(&key_set(&first_router).await), ["one"]);
}

#[tokio::test]
async fn a_stolen_key_is_withdrawn_at_once() {
    let world = World::new().await;
    write_keys(&world, "keys.toml", &[("stolen", "2020-01-01T00:00:00Z")]);
    let mut config = world.config.clone();
    config.signing_keys = path(&world, "keys.toml");
    let gateway = world.replica_with(&config).await;
    assert_eq!(signing(&world, &gateway).await, "stolen");
    write_keys(&world, "keys.toml", &[("new", "2021-01-01T00:00:00Z")]);
    let file = world.folder.path().join("keys.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("withdrawn = [\"stolen\"]\n{text}")).unwrap();
    // Nothing else is there to sign with, so nothing is waited for.
    assert_eq!(signing(&world, &gateway).await, "new");
    let router = oidc_gateway::router(gateway.clone());
    assert_eq!(key_ids(&key_set(&router).await), ["new"]);
    assert_eq!(world.state.published_keys().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_broken_file_keeps_the_keys_and_is_logged_and_counted() {
    let world = World::new().await;
    let file = world.folder.path().join("signing-keys.toml");
    let good = std::fs::read_to_string(&file).unwrap();
    assert_eq!(signing(&world, &world.gateway).await, "2026-11");
    let refused = || {
        let shown = world.metrics.render();
        let line = shown
            .lines()
            .find(|line| line.starts_with("akashi_gateway_signing_keys_refused"));
        line.unwrap().ends_with(" 1")
    };
    assert!(!refused());
    let broken = [
        "nonsense".to_owned(),
        good.replace("id-token-2026-11.pem", "nowhere.pem"),
        // The same identifier for another key: relying parties keep the former one.
        good.replace("id-token-2026-11.pem", "another.pem"),
    ];
    let another = world.folder.path().join("secrets/another.pem");
    std::fs::write(another, private_pem(&fresh_ec())).unwrap();
    for text in broken {
        std::fs::write(&file, &text).unwrap();
        let _ = world.gateway.refresh_signing_keys().await;
        assert!(refused(), "{text}");
        let token = id_token(&world, &world.router).await;
        assert!(verifies(&token, &key_set(&world.router).await), "{text}");
    }
    let shown = world.metrics.render();
    assert!(
        shown.contains("akashi_gateway_signing_key_loads_total")
            && shown.contains("outcome=\"refused\"")
    );
    std::fs::write(&file, &good).unwrap();
    assert!(world.gateway.refresh_signing_keys().await.unwrap());
    assert!(!refused());
    // A gateway that starts with such a file does not start.
    let mut config = world.config.clone();
    std::fs::write(&file, good.replace("id-token-2026-11.pem", "another.pem")).unwrap();
    config.signing_keys = ConfigPath::new(&file);
    let started = world.replica_with(&config).await;
    let refused = started
        .refresh_signing_keys()
        .await
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("was published for another key"),
        "{refused}"
    );
}

#[tokio::test]
async fn no_private_key_is_in_the_database() {
    let world = World::new().await;
    world.gateway.refresh_signing_keys().await.unwrap();
    let pem = std::fs::read_to_string(world.folder.path().join("secrets/id-token-2026-11.pem"));
    let body: String = pem.unwrap().lines().nth(1).unwrap().to_owned();
    let der = base64::engine::general_purpose::STANDARD
        .decode(body)
        .unwrap();
    // PKCS#8 of RFC 5915: the private number stands before the public point.
    let number = &der[36..68];
    for name in ["gateway.db", "gateway.db-wal"] {
        let Ok(octets) = std::fs::read(world.folder.path().join(name)) else {
            continue;
        };
        let text = String::from_utf8_lossy(&octets);
        assert!(
            !text.contains(&hex::encode(number)) && !text.contains(&URL_SAFE_NO_PAD.encode(number))
        );
        assert!(!octets.windows(32).any(|window| window == number));
    }
    let jwk = &world.state.published_keys().await.unwrap()[0].jwk;
    assert!(!jwk.contains("\"d\""), "{jwk}");
}
