//! What is left of a sign-in and of a signature when their time is over.
//!
//! What is in memory is overwritten where the types say so (`identity` in the product has the test); what is stored is looked
//! at here, in the files. On PostgreSQL a removed row stays in its table's file until it is vacuumed, which is the
//! server's business: what is known of the person is encrypted there under a secret that is nowhere, as it is here.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::browser::{AuthRequest, Browser};
use crate::card::HANAKO;
use crate::signing::{DIGEST, access_token, result};
use crate::world::{World, contains};

/// All times together, and the margin after which what is over is swept.
const OVER: i64 = 600 + 60 + 300 + 121;

/// Something that is stored for a while: what it is, and its octets.
type Stored = (&'static str, Vec<u8>);

/// Signs a person in, with a pushed request; gives what is stored for that.
async fn sign_in(world: &World, number: usize) -> Vec<Stored> {
    let (state, nonce) = (
        format!("CANARYSTATE-{number}-"),
        format!("CANARYNONCE-{number}-"),
    );
    let request = AuthRequest::of(&world.alpha)
        .with("scope", "openid name address")
        .with("state", &state)
        .with("nonce", &nonce);
    let reference = world.alpha.pushed(&world.router, &request).await;
    let mut browser = Browser::default();
    let (id, page) = browser.read_card(world, &reference, HANAKO).await;
    let asked = world.state.sign_in(&id, 0).await.unwrap().unwrap();
    let approved = browser.decide(world, &id, &page, "approve").await;
    let code = approved.redirected("code").unwrap();
    let waiting = world.state.sign_in(&id, 0).await.unwrap().unwrap();
    let tokens = world.alpha.redeem(&world.router, &code).await.json();
    let redeemed = world.state.sign_in(&id, 0).await.unwrap().unwrap();
    let hash = |secret: &str| {
        let octets = URL_SAFE_NO_PAD.decode(secret).unwrap();
        digest(&SHA256, &octets).as_ref().to_vec()
    };
    vec![
        ("the number of the sign-in", id.into_bytes()),
        ("the state", state.into_bytes()),
        ("the nonce", nonce.into_bytes()),
        ("the identity for consent", asked.sealed_identity.clone()),
        ("the identity for the code", waiting.sealed_identity.clone()),
        (
            "the identity for the token",
            redeemed.sealed_identity.clone(),
        ),
        ("the browser's hash", asked.browser_hash.clone()),
        ("the code's hash", hash(&code)),
        ("the token's hash", hash(access_token(&tokens))),
    ]
}

/// Has a document signed; gives what is stored for that.
async fn signature(world: &World) -> Vec<Stored> {
    let (id, tokens) = world.bank.have_signed(world, HANAKO).await;
    let fetched = result(world, &id, access_token(&tokens)).await.json();
    let jwe = fetched["jwe"].as_str().unwrap().to_owned();
    vec![
        ("the number of the transaction", id.into_bytes()),
        ("the digest", DIGEST.to_vec()),
        ("the encrypted result", jwe.into_bytes()),
    ]
}

#[tokio::test]
async fn attack_70_of_what_is_over_nothing_is_left_in_the_database_s_files() {
    let world = World::new().await;
    let mut stored = Vec::new();
    for number in 0..20 {
        stored.extend(sign_in(&world, number).await);
    }
    stored.extend(signature(&world).await);
    // While it lasts all of it is there: the newest surely, of the older identities whatever was not overwritten yet.
    let files = world.stored();
    for (what, octets) in stored.iter().rev().take(3) {
        assert!(contains(&files, octets), "{what} is not stored");
    }
    let lasting: Vec<&Stored> = stored
        .iter()
        .filter(|(_, octets)| contains(&files, octets))
        .collect();
    assert!(lasting.len() > 20 * 5, "{} are found", lasting.len());

    world.clock.advance(OVER);
    world.gateway.sweep().await.unwrap();
    let files = world.stored();
    for (what, octets) in &stored {
        assert!(!contains(&files, octets), "{what} is left");
    }
    assert!(
        contains(&files, b"CREATE TABLE sign_in"),
        "the files are read"
    );
    // And the gateway goes on with what it has emptied.
    let request = AuthRequest::of(&world.alpha);
    Browser::default().begin(&world, &request).await;
}
