//! A gateway that keeps its state in its own memory: everything works as on a database, and what a restart forgets is
//! refused.

use serde_json::json;

use crate::assertion::{Assertion, userinfo};
use crate::browser::{AuthRequest, Browser};
use crate::card::HANAKO;
use crate::world::{NOW, World};

#[tokio::test]
async fn a_sign_in_goes_its_way_in_memory_and_its_code_buys_one_token() {
    let world = World::in_memory().await;
    let request = AuthRequest::of(&world.alpha).with("scope", "openid name");
    let answer = Browser::default().sign_in(&world, &request, HANAKO).await;
    let code = answer.redirected("code").unwrap();
    let tokens = world.alpha.redeem(&world.router, &code).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    let token = tokens.json()["access_token"].as_str().unwrap().to_owned();
    let info = userinfo(&world.router, &token).await.json();
    assert_eq!(info["name"], "CANARYNAME 花子");
    // The code comes again: refused, and what it bought ends.
    let again = world.alpha.redeem(&world.router, &code).await;
    assert_eq!(again.json()["error"], "invalid_grant");
    assert_eq!(userinfo(&world.router, &token).await.status, 401);
}

#[tokio::test]
async fn attack_77_in_memory_nothing_that_was_used_before_a_restart_is_good_after_it() {
    let mut world = World::in_memory().await;
    let assertion = |issued_at: i64| {
        Assertion::of(&world.alpha)
            .claim("iat", json!(issued_at))
            .claim("exp", json!(issued_at + 120))
            .signed_by(&world.alpha.key)
    };
    // Made by a client whose clock is ahead as far as it may be.
    let used = assertion(NOW + 10);
    assert!(world.alpha.proves(&world, &used).await);
    assert!(!world.alpha.proves(&world, &used).await);
    let (of_then, later) = (assertion(NOW + 1), assertion(NOW + 11));

    world.router = world.replica().await;
    world.clock.advance(11);
    // Neither is remembered; both were made when they may have been used.
    assert!(!world.alpha.proves(&world, &used).await);
    assert!(!world.alpha.proves(&world, &of_then).await);
    // The twin was made later.
    assert!(world.alpha.proves(&world, &later).await);
    assert!(!world.alpha.proves(&world, &later).await);
}

#[tokio::test]
async fn in_memory_an_assertion_says_when_it_was_made() {
    let world = World::in_memory().await;
    let undated = Assertion::of(&world.alpha).without("iat");
    let undated = undated.signed_by(&world.alpha.key);
    assert!(!world.alpha.proves(&world, &undated).await);
    assert!(world.alpha.proves(&world, &world.alpha.assertion()).await);
    // On a database, which remembers, it need not.
    let world = World::new().await;
    let undated = Assertion::of(&world.alpha).without("iat");
    let undated = undated.signed_by(&world.alpha.key);
    assert!(world.alpha.proves(&world, &undated).await);
}
