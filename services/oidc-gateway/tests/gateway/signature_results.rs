//! Who gets a result, how often, and what is left of it.

use axum::body::Body;
use http::{Request, header};
use serde_json::json;

use crate::assertion::{ASSERTION_TYPE, REVOKE};
use crate::browser::{Browser, fresh_code, post_form, send};
use crate::card::{HANAKO, TARO};
use crate::signing::{START, access_token, decrypted, result};
use crate::world::World;

#[tokio::test]
async fn attack_61_the_token_that_opened_a_transaction_does_not_fetch_its_result() {
    let world = World::new().await;
    let id = world.bank.open(&world).await;
    let token = world.bank.signing_token(&world).await;
    let before = result(&world, &id, &token).await;
    let tokens = world.bank.use_transaction(&world, &id, HANAKO).await;
    let after = result(&world, &id, &token).await;
    for refused in [before, after] {
        assert_eq!(
            (refused.status, refused.header(header::WWW_AUTHENTICATE)),
            (
                403,
                Some("Bearer realm=\"akashi\", error=\"insufficient_scope\"")
            )
        );
        assert!(!refused.body.contains("jwe"));
    }
    // Nothing was counted: all three are left.
    let answer = result(&world, &id, access_token(&tokens)).await;
    assert_eq!(
        (answer.status, &answer.json()["fetches_left"]),
        (200, &json!(2))
    );
}

#[tokio::test]
async fn attack_61_with_any_other_token_there_is_no_such_transaction() {
    let world = World::new().await;
    let (id, tokens) = world.bank.have_signed(&world, HANAKO).await;
    let (_, of_another_person) = world.bank.have_signed(&world, TARO).await;
    let (_, of_another_sign_in) = world.bank.have_signed(&world, HANAKO).await;
    let (_, of_another_client) = world.notary.have_signed(&world, HANAKO).await;
    let code = fresh_code(&world, &world.bank, "openid", HANAKO).await;
    let without_signature = world.bank.redeem(&world.router, &code).await.json();
    let told = |answer: &crate::browser::Answer| {
        let body = answer.json();
        let description = body["error_description"].as_str().unwrap();
        let description = description.split(" (reference").next().unwrap().to_owned();
        (answer.status, body["error"].clone(), description)
    };
    let unknown = "00000000-0000-4000-8000-000000000000";
    let unknown = told(&result(&world, unknown, access_token(&tokens)).await);
    assert_eq!(unknown.0, 404);
    for other in [
        of_another_person,
        of_another_sign_in,
        of_another_client,
        without_signature,
    ] {
        assert_eq!(
            told(&result(&world, &id, access_token(&other)).await),
            unknown
        );
    }
    for malformed in ["x", "%FF", &id.to_uppercase(), "..%2F", &"0".repeat(3_000)] {
        let answer = result(&world, malformed, access_token(&tokens)).await;
        assert_eq!(told(&answer), unknown, "{malformed}");
    }
    let answer = result(&world, &id, access_token(&tokens)).await;
    assert_eq!(
        (answer.status, &answer.json()["fetches_left"]),
        (200, &json!(2))
    );
}

#[tokio::test]
async fn without_a_good_token_there_is_a_401_that_says_how() {
    let world = World::new().await;
    let (id, tokens) = world.bank.have_signed(&world, HANAKO).await;
    let request = Request::get(format!("{START}/{id}/result")).body(Body::empty());
    let none = send(&world.router, request.unwrap()).await;
    assert_eq!(
        (none.status, none.header(header::WWW_AUTHENTICATE)),
        (401, Some("Bearer realm=\"akashi\""))
    );
    let wrong = result(&world, &id, &"A".repeat(43)).await;
    assert_eq!(
        (wrong.status, wrong.header(header::WWW_AUTHENTICATE)),
        (
            401,
            Some("Bearer realm=\"akashi\", error=\"invalid_token\"")
        )
    );
    let assertion = world.bank.assertion();
    let form = [
        ("token", access_token(&tokens)),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion.as_str()),
    ];
    assert_eq!(post_form(&world.router, REVOKE, &form).await.status, 200);
    assert_eq!(result(&world, &id, access_token(&tokens)).await.status, 401);
}

#[tokio::test]
async fn attack_65_a_result_is_fetched_three_times_and_is_then_erased() {
    let world = World::new().await;
    let (id, tokens) = world.bank.have_signed(&world, HANAKO).await;
    let mut compact = String::new();
    for fetches_left in [2, 1, 0] {
        let answer = result(&world, &id, access_token(&tokens)).await;
        assert_eq!(answer.json()["fetches_left"], fetches_left);
        decrypted(&answer, &world.operator);
        compact = answer.json()["jwe"].as_str().unwrap().to_owned();
    }
    let gone = result(&world, &id, access_token(&tokens)).await;
    assert_eq!((gone.status, &gone.json()["error"]), (410, &json!("gone")));
    assert!(!gone.body.contains(&compact));
    // The row itself is there until its time is over, without the result.
    assert_eq!(stored(&world).await, (1, false));
    world.clock.advance(960 + 121);
    world.gateway.sweep().await.unwrap();
    assert_eq!(stored(&world).await, (0, false));
}

#[tokio::test]
async fn attack_65_a_request_that_brings_nothing_does_not_count_as_a_fetch() {
    let world = World::new().await;
    let (id, tokens) = world.bank.have_signed(&world, HANAKO).await;
    for _ in 0..5 {
        let request = Request::head(format!("{START}/{id}/result"))
            .header(
                header::AUTHORIZATION,
                format!("Bearer {}", access_token(&tokens)),
            )
            .body(Body::empty());
        assert_eq!(send(&world.router, request.unwrap()).await.status, 405);
    }
    let answer = result(&world, &id, access_token(&tokens)).await;
    assert_eq!(answer.json()["fetches_left"], 2);
}

#[tokio::test]
async fn attack_65_a_result_that_nobody_fetches_is_swept_when_its_time_is_over() {
    let world = World::new().await;
    let (id, tokens) = world.bank.have_signed(&world, HANAKO).await;
    assert_eq!(stored(&world).await, (1, true));
    world.clock.advance(299);
    world.gateway.sweep().await.unwrap();
    assert_eq!(result(&world, &id, access_token(&tokens)).await.status, 200);
    world.clock.advance(1);
    assert_eq!(result(&world, &id, access_token(&tokens)).await.status, 401);
    world.clock.advance(960 + 121);
    world.gateway.sweep().await.unwrap();
    assert_eq!(stored(&world).await, (0, false));
}

#[tokio::test]
async fn what_the_person_does_not_hand_over_is_erased() {
    let world = World::new().await;
    let id = world.bank.open(&world).await;
    let mut browser = Browser::default();
    let request = world.bank.sign_request(&id);
    let (interaction_id, page) = browser.read_card(&world, &request, HANAKO).await;
    assert_eq!(stored(&world).await, (1, true));
    let answer = browser.decide(&world, &interaction_id, &page, "deny").await;
    assert_eq!(answer.redirected("error").as_deref(), Some("access_denied"));
    assert_eq!(stored(&world).await, (0, false));
}

/// How many transactions the database holds, and whether one has a result.
async fn stored(world: &World) -> (usize, bool) {
    let path = world.folder.path().join("gateway.db");
    let output = tokio::process::Command::new("python3")
        .args(["-c", "import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).execute('SELECT COUNT(*), COUNT(NULLIF(result, \\'\\')) FROM signature_transaction').fetchone())"])
        .arg(path)
        .output()
        .await
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<usize> = text
        .split_whitespace()
        .map(|number| number.parse().unwrap())
        .collect();
    (numbers[0], numbers[1] > 0)
}
