//! A signature leaves no trace of the person, of what was signed, or of a secret.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

use crate::assertion::TOKEN;
use crate::browser::{Browser, post_form};
use crate::card::{DOCUMENT_SIGNATURE, HANAKO, signing_certificate};
use crate::signing::{
    DIGEST, access_token, credentials_form, decrypted, result, start, transaction_id,
};
use crate::world::World;

#[tokio::test]
async fn attack_67_a_whole_signature_leaves_no_trace_of_the_person_or_of_a_secret() {
    let world = World::new().await;
    let assertion = world.bank.assertion();
    let form = credentials_form(&assertion);
    let granted = post_form(&world.router, TOKEN, &form).await.json();
    let signing_token = granted["access_token"].as_str().unwrap().to_owned();
    let digest = STANDARD.encode(DIGEST);
    let opened = start(&world, &signing_token, &json!({ "digest": digest })).await;
    let id = transaction_id(&opened);
    // Refusals, whose errors must not repeat what they refuse.
    let refused = start(
        &world,
        &signing_token,
        &json!({ "digest": format!("{digest}CANARY") }),
    )
    .await;
    assert!(!refused.body.contains("CANARY"));
    let request = world
        .bank
        .sign_request(&id)
        .with("scope", "openid name sign");
    let answer = Browser::default().sign_in(&world, &request, HANAKO).await;
    assert!(!answer.location().contains("CANARY"));
    let code = answer.redirected("code").unwrap();
    let tokens = world.bank.redeem(&world.router, &code).await.json();
    let fetched = result(&world, &id, access_token(&tokens)).await;
    let compact = fetched.json()["jwe"].as_str().unwrap().to_owned();
    decrypted(&fetched, &world.operator);
    let log = crate::log::text();
    assert!(
        log.contains("a card's answer was judged"),
        "the log is being collected"
    );
    let metrics = world.metrics.render();
    assert!(metrics.contains("endpoint=\"sign_start\""));
    let database = database(&world);
    let certificate = signing_certificate("hanako");
    let mut canaries: Vec<Vec<u8>> = vec![
        b"CANARYCERTIFICATE".to_vec(),
        b"CANARYSIGNATURE".to_vec(),
        b"CANARYNAME".to_vec(),
    ];
    for octets in [certificate.as_slice(), DOCUMENT_SIGNATURE] {
        canaries.push(STANDARD.encode(octets).into_bytes());
        canaries.push(URL_SAFE_NO_PAD.encode(octets).into_bytes());
        canaries.push(hex::encode(octets).into_bytes());
    }
    for secret in [
        signing_token.as_str(),
        access_token(&tokens),
        &code,
        &assertion,
    ] {
        canaries.push(secret.as_bytes().to_vec());
    }
    let holds = |haystack: &[u8], needle: &[u8]| {
        haystack
            .windows(needle.len())
            .any(|window| window == needle)
    };
    for canary in &canaries {
        let shown = String::from_utf8_lossy(canary);
        assert!(!holds(log.as_bytes(), canary), "the log holds {shown}");
        assert!(!holds(metrics.as_bytes(), canary), "a metric holds {shown}");
        assert!(!holds(&database, canary), "the database holds {shown}");
    }
    // What was signed is a client's secret, and is in the database until its time is over.
    for canary in [digest.as_bytes(), compact.as_bytes(), DIGEST.as_slice()] {
        assert!(!holds(log.as_bytes(), canary) && !holds(metrics.as_bytes(), canary));
    }
    assert!(holds(&database, b"RPBANK"), "the database is being read");
}

fn database(world: &World) -> Vec<u8> {
    let files = ["gateway.db", "gateway.db-wal"].into_iter();
    let contents = files.map(|name| std::fs::read(world.folder.path().join(name)));
    contents.flat_map(Result::unwrap_or_default).collect()
}
