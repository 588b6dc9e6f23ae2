//! Attacks on the authorization code.

use std::sync::Arc;

use serde_json::Value;
use tokio::task::JoinSet;

use crate::assertion::{Assertion, TOKEN, changed, userinfo, without};
use crate::browser::{AuthRequest, Browser, fresh_code, post_form};
use crate::card::HANAKO;
use crate::world::{NOW, World};

async fn refused(world: &World, form: &[(&str, &str)], error: &str) {
    let answer = post_form(&world.router, TOKEN, form).await;
    assert_eq!(answer.json()["error"], error, "{form:?}");
    assert!(
        answer.status == 400 || answer.status == 401,
        "{}",
        answer.status
    );
}

#[tokio::test]
async fn attack_06_the_redirect_uri_at_the_token_endpoint_must_be_the_same() {
    let world = World::new().await;
    let code = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    for uri in ["https://a.example/callback/", "https://a.example/other"] {
        let assertion = world.alpha.assertion();
        let form = world.alpha.redemption(&code, &assertion);
        refused(
            &world,
            &changed(&form, "redirect_uri", uri),
            "invalid_grant",
        )
        .await;
    }
    let assertion = world.alpha.assertion();
    let form = without(&world.alpha.redemption(&code, &assertion), "redirect_uri");
    refused(&world, &form, "invalid_request").await;
    assert_eq!(world.alpha.redeem(&world.router, &code).await.status, 200);
}

#[tokio::test]
async fn attack_10_a_code_used_twice_is_refused_and_its_token_revoked() {
    let world = World::new().await;
    let code = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    let tokens = world.alpha.redeem(&world.router, &code).await.json();
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(userinfo(&world.router, token).await.status, 200);
    let again = world.alpha.redeem(&world.router, &code).await;
    assert_eq!(
        (again.status, &again.json()["error"]),
        (400, &Value::from("invalid_grant"))
    );
    assert_eq!(userinfo(&world.router, token).await.status, 401);
}

async fn race(world: World) {
    let code = Arc::new(fresh_code(&world, &world.alpha, "openid", HANAKO).await);
    let world = Arc::new(world);
    let replicas = [world.router.clone(), world.replica().await];
    let mut racers = JoinSet::new();
    for racer in 0..1_000 {
        let (world, code) = (world.clone(), code.clone());
        let router = replicas[racer % 2].clone();
        racers.spawn(async move { world.alpha.redeem(&router, &code).await.status });
    }
    let statuses = racers.join_all().await;
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        1,
        "{statuses:?}"
    );
    // A slow disk may make some be told to come again later; nobody else gets a token for it.
    assert!(
        statuses
            .iter()
            .all(|status| matches!(status, 200 | 400 | 503)),
        "{statuses:?}"
    );
    let refused = statuses.iter().filter(|status| **status == 400).count();
    assert!(refused >= 500, "{refused} of 1,000 were answered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attack_11_of_1000_redemptions_at_once_one_succeeds_on_sqlite() {
    race(World::new().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attack_11_of_1000_redemptions_at_once_one_succeeds_on_postgresql() {
    race(World::on_postgres().await).await;
}

#[tokio::test]
async fn attack_12_a_code_of_another_client_is_refused_and_not_burnt() {
    let world = World::new().await;
    let code = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    let assertion = world.sister.assertion();
    let form = world.sister.redemption(&code, &assertion);
    refused(&world, &form, "invalid_grant").await;
    let assertion = world.sister.assertion();
    let form = world.sister.redemption(&code, &assertion);
    let form = changed(&form, "redirect_uri", world.alpha.redirect_uri);
    refused(&world, &form, "invalid_grant").await;
    let tokens = world.alpha.redeem(&world.router, &code).await;
    assert_eq!(tokens.status, 200);
    // Nor does a stranger's second use take the client's token away.
    let assertion = world.sister.assertion();
    let form = world.sister.redemption(&code, &assertion);
    refused(&world, &form, "invalid_grant").await;
    let token = tokens.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(userinfo(&world.router, &token).await.status, 200);
}

#[tokio::test]
async fn attack_13_a_code_ends_after_60_seconds() {
    let world = World::new().await;
    for (seconds, status) in [(59, 200), (60, 400)] {
        let code = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
        world.clock.advance(seconds);
        let assertion = Assertion::of(&world.alpha).claim("exp", (NOW + 250).into());
        let assertion = assertion.signed_by(&world.alpha.key);
        let form = world.alpha.redemption(&code, &assertion);
        let answer = post_form(&world.router, TOKEN, &form).await;
        assert_eq!(answer.status, status, "{seconds} {}", answer.body);
    }
}

#[tokio::test]
async fn attack_14_a_code_verifier_that_is_missing_wrong_short_or_long_is_refused() {
    let world = World::new().await;
    let code = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    for verifier in [
        "x".repeat(43),
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK".to_owned(),
        crate::browser::VERIFIER[..42].to_owned(),
        "x".repeat(129),
        format!("{} ", crate::browser::VERIFIER),
        crate::browser::CHALLENGE.to_owned(),
    ] {
        let assertion = world.alpha.assertion();
        let form = world.alpha.redemption(&code, &assertion);
        refused(
            &world,
            &changed(&form, "code_verifier", &verifier),
            "invalid_grant",
        )
        .await;
    }
    let assertion = world.alpha.assertion();
    let form = without(&world.alpha.redemption(&code, &assertion), "code_verifier");
    refused(&world, &form, "invalid_request").await;
    assert_eq!(world.alpha.redeem(&world.router, &code).await.status, 200);
}

#[tokio::test]
async fn attack_17_codes_are_256_bits_and_each_is_another() {
    let world = World::new().await;
    let first = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    let second = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    assert_ne!(first, second);
    assert_eq!((first.len(), second.len()), (43, 43));
}

#[tokio::test]
async fn attack_18_a_failed_client_authentication_does_not_burn_the_code() {
    let world = World::new().await;
    let code = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    let forged = Assertion::of(&world.alpha).signed_by(&world.sister.key);
    refused(
        &world,
        &world.alpha.redemption(&code, &forged),
        "invalid_client",
    )
    .await;
    let assertion = world.alpha.assertion();
    let none = without(
        &world.alpha.redemption(&code, &assertion),
        "client_assertion",
    );
    refused(&world, &none, "invalid_client").await;
    assert_eq!(world.alpha.redeem(&world.router, &code).await.status, 200);
}

#[tokio::test]
async fn other_grants_and_broken_codes_are_refused() {
    let world = World::new().await;
    let code = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    for grant in [
        "Client_credentials",
        "password",
        "refresh_token",
        "Authorization_code",
    ] {
        let assertion = world.alpha.assertion();
        let form = world.alpha.redemption(&code, &assertion);
        refused(
            &world,
            &changed(&form, "grant_type", grant),
            "unsupported_grant_type",
        )
        .await;
    }
    // Only for clients that may ask for signatures, which this one may not.
    let assertion = world.alpha.assertion();
    let form = world.alpha.redemption(&code, &assertion);
    let form = changed(&form, "grant_type", "client_credentials");
    refused(&world, &form, "unauthorized_client").await;
    let spoiled = format!("{}x", &code[..42]);
    for other in ["x", "", &spoiled, &format!("{code}x"), "' OR 1=1 --"] {
        let assertion = world.alpha.assertion();
        let form = world.alpha.redemption(&code, &assertion);
        let error = if other.is_empty() {
            "invalid_request"
        } else {
            "invalid_grant"
        };
        refused(&world, &changed(&form, "code", other), error).await;
    }
    assert_eq!(world.alpha.redeem(&world.router, &code).await.status, 200);
}

#[tokio::test]
async fn attack_50_a_form_sent_twice_makes_one_code() {
    let world = World::new().await;
    let mut browser = Browser::default();
    let request = AuthRequest::of(&world.alpha);
    let (interaction_id, page) = browser.read_card(&world, &request, HANAKO).await;
    let mut twin = browser.clone();
    let first = browser
        .decide(&world, &interaction_id, &page, "approve")
        .await;
    let second = twin.decide(&world, &interaction_id, &page, "approve").await;
    assert_eq!((first.status, second.status), (303, 400), "{}", second.body);
    let code = first.redirected("code").unwrap();
    assert_eq!(world.alpha.redeem(&world.router, &code).await.status, 200);
}

#[tokio::test]
async fn attack_76_a_clock_that_jumps_back_revives_nothing() {
    let world = World::new().await;
    let code = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    let assertion = world.alpha.assertion();
    let form = world.alpha.redemption(&code, &assertion);
    assert_eq!(post_form(&world.router, TOKEN, &form).await.status, 200);
    world.clock.advance(60);
    world.gateway.sweep().await.unwrap();
    world.clock.advance(-30);
    assert_eq!(
        post_form(&world.router, TOKEN, &form).await.status,
        401,
        "the assertion was used"
    );
    assert_eq!(
        world.alpha.redeem(&world.router, &code).await.status,
        400,
        "the code was used"
    );
}

#[tokio::test]
async fn attack_77_a_restart_revives_nothing() {
    let world = World::new().await;
    let code = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    let assertion = world.alpha.assertion();
    let form = world.alpha.redemption(&code, &assertion);
    let tokens = post_form(&world.router, TOKEN, &form).await.json();
    world.state.close().await;
    let restarted = world.replica().await;
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(userinfo(&restarted, token).await.status, 200);
    assert_eq!(post_form(&restarted, TOKEN, &form).await.status, 401);
    assert_eq!(world.alpha.redeem(&restarted, &code).await.status, 400);
    assert_eq!(userinfo(&restarted, token).await.status, 401);
}
