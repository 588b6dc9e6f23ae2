//! A signing key in a PKCS#11 token: SoftHSM2, from Debian's package.
//!
//! SoftHSM2 reads where its tokens are from the environment, once in a process, and a test may not change its own
//! environment: so each test here runs itself again as a process of its own, with a folder of tokens of its own.

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use runtime::config::ConfigPath;
use serde_json::Value;

use crate::browser::{PROTOCOL, fresh_code, get};
use crate::card::HANAKO;
use crate::world::{World, fresh_ec, private_pem};

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
const PIN: &str = "29104756";
const FOLDER: &str = "AKASHI_TEST_SOFTHSM";

/// Runs the ignored test of this name with a token folder of its own.
fn in_a_process_of_its_own(name: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display();
    std::fs::create_dir(folder.path().join("tokens")).unwrap();
    let conf = folder.path().join("softhsm2.conf");
    std::fs::write(
        &conf,
        format!(
            "directories.tokendir = {path}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
        ),
    )
    .unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .arg(format!("pkcs11::{name}"))
        .env("SOFTHSM2_CONF", &conf)
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}\n{complaint}"
    );
    assert!(
        !said.contains(PIN) && !complaint.contains(PIN),
        "the PIN was shown"
    );
}

fn util(arguments: &[&str]) {
    let output = Command::new("softhsm2-util").args(arguments).output();
    let output = output.expect("softhsm2-util (Debian package softhsm2; tests/run installs it)");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {complaint}");
}

/// A token with the key `id-token-hsm`.
fn make_token(folder: &Path) {
    util(&[
        "--init-token",
        "--free",
        "--label",
        "akashi",
        "--so-pin",
        "87654321",
        "--pin",
        PIN,
    ]);
    add_key(folder, "id-token-hsm", "a1");
}

fn add_key(folder: &Path, label: &str, id: &str) {
    let file = folder.join("imported.pem");
    std::fs::write(&file, private_pem(&fresh_ec())).unwrap();
    let file = file.to_str().unwrap();
    util(&[
        "--import", file, "--token", "akashi", "--label", label, "--id", id, "--pin", PIN,
    ]);
    std::fs::remove_file(file).unwrap();
}

/// A world whose keys file names the token.
async fn world(pin: &str) -> World {
    let world = World::new().await;
    std::fs::write(world.folder.path().join("secrets/pin"), format!("{pin}\n")).unwrap();
    write_keys(&world, "id-token-hsm");
    world
}

fn write_keys(world: &World, label: &str) {
    let text = format!(
        "[[signing_key]]\nkey_id = \"hsm\"\npkcs11_label = \"{label}\"\n\
         [pkcs11]\nmodule = \"{MODULE}\"\ntoken_label = \"akashi\"\npin_file = \"secrets/pin\"\nsessions = 3\n"
    );
    std::fs::write(world.folder.path().join("hsm.toml"), text).unwrap();
}

fn keys_path(world: &World) -> ConfigPath {
    ConfigPath::new(world.folder.path().join("hsm.toml"))
}

async fn with_token(world: &World) -> std::sync::Arc<oidc_gateway::Gateway> {
    let mut config = world.config.clone();
    config.signing_keys = keys_path(world);
    world.replica_with(&config).await
}

fn verifies(token: &str, set: &Value) -> bool {
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let key = &set["keys"][0];
    let point = [
        vec![4],
        decode(key["x"].as_str().unwrap()),
        decode(key["y"].as_str().unwrap()),
    ];
    let (input, signature) = token.rsplit_once('.').unwrap();
    aws_lc_rs::signature::UnparsedPublicKey::new(
        &aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED,
        point.concat(),
    )
    .verify(input.as_bytes(), &decode(signature))
    .is_ok()
}

fn folder() -> std::path::PathBuf {
    std::env::var_os(FOLDER)
        .expect("run by the test of the same name")
        .into()
}

#[test]
fn a_token_signs_and_a_lost_session_is_opened_again() {
    in_a_process_of_its_own("token_signs");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by a_token_signs_and_a_lost_session_is_opened_again in a process of its own"]
async fn token_signs() {
    make_token(&folder());
    let world = world(PIN).await;
    let gateway = with_token(&world).await;
    assert!(gateway.refresh_signing_keys().await.unwrap());
    let router = oidc_gateway::router(gateway.clone());
    let set = get(&router, &format!("{PROTOCOL}/certs")).await.json();
    assert_eq!(set["keys"][0]["kid"], "hsm");
    // More at a time than there are sessions.
    let mut codes = Vec::new();
    for _ in 0..12 {
        codes.push(fresh_code(&world, &world.alpha, "openid", HANAKO).await);
    }
    let redeemed =
        futures_util::future::join_all(codes.iter().map(|code| world.alpha.redeem(&router, code)));
    for answer in redeemed.await {
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(verifies(answer.json()["id_token"].as_str().unwrap(), &set));
    }
    // Everybody is logged out, as after a token was away: sessions without a login see no private key.
    let module = Pkcs11::new(MODULE).unwrap();
    let _ = module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK));
    for slot in module.get_slots_with_initialized_token().unwrap() {
        module.open_ro_session(slot).unwrap().logout().unwrap();
    }
    let code = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    let answer = world.alpha.redeem(&router, &code).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(verifies(answer.json()["id_token"].as_str().unwrap(), &set));
}

#[test]
fn while_the_token_is_away_nothing_is_signed_spent_or_called_ready() {
    in_a_process_of_its_own("token_away");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by while_the_token_is_away_nothing_is_signed_spent_or_called_ready in a process of its own"]
async fn token_away() {
    let folder = folder();
    make_token(&folder);
    let world = world(PIN).await;
    let gateway = with_token(&world).await;
    assert!(gateway.refresh_signing_keys().await.unwrap());
    let router = oidc_gateway::router(gateway.clone());
    let code = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    let (there, away) = (folder.join("tokens"), folder.join("away"));
    std::fs::rename(&there, &away).unwrap();
    assert!(
        !gateway.refresh_signing_keys().await.unwrap(),
        "the token is away"
    );
    let answer = world.alpha.redeem(&router, &code).await;
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert_eq!(answer.json()["error"], "temporarily_unavailable");
    // The code was not spent: a gateway whose key is there redeems it.
    let answer = world.alpha.redeem(&world.router, &code).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[test]
fn a_wrong_pin_is_tried_once_and_a_wrong_label_is_said() {
    in_a_process_of_its_own("wrong_pin");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by a_wrong_pin_is_tried_once_and_a_wrong_label_is_said in a process of its own"]
async fn wrong_pin() {
    make_token(&folder());
    let world = world("00000000").await;
    let mut config = world.config.clone();
    config.signing_keys = keys_path(&world);
    for _ in 0..20 {
        let refused = oidc_gateway::check_signing_keys(&config.signing_keys).unwrap_err();
        assert!(
            refused.to_string().contains("the PIN was refused"),
            "{refused}"
        );
        assert!(!refused.to_string().contains("00000000"));
    }
    // Twenty wrong ones would have been too many; the right one still opens.
    std::fs::write(world.folder.path().join("secrets/pin"), PIN).unwrap();
    oidc_gateway::check_signing_keys(&config.signing_keys).unwrap();
    write_keys(&world, "another");
    let refused = oidc_gateway::check_signing_keys(&config.signing_keys).unwrap_err();
    assert!(
        refused.to_string().contains("exactly one public key"),
        "{refused}"
    );
    // Two keys of one label could be told apart by chance only.
    add_key(&folder(), "another", "b1");
    add_key(&folder(), "another", "b2");
    let refused = oidc_gateway::check_signing_keys(&config.signing_keys).unwrap_err();
    assert!(
        refused.to_string().contains("exactly one public key"),
        "{refused}"
    );
}
