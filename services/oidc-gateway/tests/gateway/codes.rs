//! Attacks on the authorization code.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::assertion::{Assertion, TOKEN, changed, userinfo, without};
use crate::browser::{AuthRequest, Browser, csrf, decision_path, fresh_code, post_form};
use crate::card::HANAKO;
use crate::world::{NOW, World};

pub(crate) async fn refused(world: &World, form: &[(&str, &str)], error: &str) {
    let answer = post_form(&world.router, TOKEN, form).await;
    let status = if error == "invalid_client" { 401 } else { 400 };
    assert_eq!(
        (answer.status, answer.json()["error"].as_str()),
        (status, Some(error)),
        "{form:?}"
    );
}

#[tokio::test]
async fn attack_05_a_parameter_sent_twice_at_the_token_endpoint_is_refused_and_spends_nothing() {
    let world = World::new().await;
    let code = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    for name in [
        "grant_type",
        "code",
        "redirect_uri",
        "code_verifier",
        "client_id",
        "client_assertion_type",
        "client_assertion",
    ] {
        let assertion = world.alpha.assertion();
        let mut form = world.alpha.redemption(&code, &assertion).to_vec();
        form.push(("client_id", "RPALPHA"));
        let sent = form.iter().find(|(sent, _)| *sent == name).copied();
        form.extend(sent);
        refused(&world, &form, "invalid_request").await;
    }
    assert_eq!(world.alpha.redeem(&world.router, &code).await.status, 200);
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
    let other = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    let tokens = world.alpha.redeem(&world.router, &code).await.json();
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(userinfo(&world.router, token).await.status, 200);
    let again = world.alpha.redeem(&world.router, &code).await;
    assert_eq!(
        (again.status, &again.json()["error"]),
        (400, &Value::from("invalid_grant"))
    );
    assert_eq!(userinfo(&world.router, token).await.status, 401);
    // The same client's other sign-in is not touched by it.
    let tokens = world.alpha.redeem(&world.router, &other).await.json();
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(userinfo(&world.router, token).await.status, 200);
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
        let error = (status == 400).then_some("invalid_grant");
        assert_eq!(answer.json()["error"].as_str(), error);
    }
}

#[tokio::test]
async fn attack_17_codes_are_256_bits_and_each_is_another() {
    let world = World::new().await;
    let first = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    let second = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    assert_ne!(first, second);
    assert_eq!((first.len(), second.len()), (43, 43));
    // No bit of them is always the same: one that were would be by chance once in a million million times.
    let (mut always, mut ever) = ([0xff_u8; 32], [0_u8; 32]);
    for _ in 0..50 {
        let code = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
        let octets = URL_SAFE_NO_PAD.decode(code).unwrap();
        for (at, octet) in octets.into_iter().enumerate() {
            always[at] &= octet;
            ever[at] |= octet;
        }
    }
    assert_eq!((always, ever), ([0; 32], [0xff; 32]));
}

#[tokio::test]
async fn attack_17_a_code_stands_in_one_redirect_and_is_passed_on_by_nobody() {
    let world = World::new().await;
    let request = AuthRequest::of(&world.alpha);
    let answer = Browser::default().sign_in(&world, &request, HANAKO).await;
    let code = answer.redirected("code").unwrap();
    assert_eq!(answer.header(header::REFERRER_POLICY), Some("no-referrer"));
    assert_eq!(answer.header(header::CACHE_CONTROL), Some("no-store"));
    assert!(answer.body.is_empty());
    let bearers = answer.headers.iter();
    let bearers = bearers.filter(|(_, value)| value.to_str().unwrap().contains(&code));
    let names: Vec<&str> = bearers.map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["location"]);
    assert!(!crate::log::text().contains(&code));
    assert_eq!(world.alpha.redeem(&world.router, &code).await.status, 200);
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
async fn attack_50_of_many_forms_at_once_one_makes_a_code() {
    let world = Arc::new(World::new().await);
    let mut browser = Browser::default();
    let request = AuthRequest::of(&world.alpha);
    let (id, page) = browser.read_card(&world, &request, HANAKO).await;
    let token = csrf(&page);
    let mut presses = JoinSet::new();
    for _ in 0..20 {
        let (world, mut browser) = (world.clone(), browser.clone());
        let (path, token) = (decision_path(&id), token.clone());
        presses.spawn(async move {
            let form = [("csrf", token.as_str()), ("decision", "approve")];
            let answer = browser.post(&world, &path, &form).await;
            (answer.status == 303).then(|| answer.redirected("code").unwrap())
        });
    }
    let codes: Vec<String> = presses.join_all().await.into_iter().flatten().collect();
    let [code] = &codes[..] else {
        panic!("{} codes", codes.len())
    };
    assert_eq!(world.alpha.redeem(&world.router, code).await.status, 200);
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
