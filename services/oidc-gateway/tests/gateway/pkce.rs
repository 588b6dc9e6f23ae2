//! Attacks on what binds a code to who asked for it: PKCE (RFC 7636).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::assertion::{TOKEN, changed, without};
use crate::browser::{AuthRequest, Browser, CHALLENGE, VERIFIER, fresh_code, post_form};
use crate::card::HANAKO;
use crate::codes::refused;
use crate::requests::{accepted, refused_to_client};
use crate::world::World;

/// A code whose challenge is this verifier's.
async fn code_for(world: &World, verifier: &str) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
    let request = AuthRequest::of(&world.alpha).with("code_challenge", &challenge);
    let answer = Browser::default().sign_in(world, &request, HANAKO).await;
    answer.redirected("code").unwrap()
}

#[tokio::test]
async fn attack_14_a_code_verifier_that_is_missing_wrong_short_or_long_is_refused() {
    let world = World::new().await;
    let code = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    for verifier in [
        "x".repeat(43),
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK".to_owned(),
        VERIFIER[..42].to_owned(),
        "x".repeat(129),
        format!("{VERIFIER} "),
        CHALLENGE.to_owned(),
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
async fn attack_14_a_code_verifier_of_a_wrong_form_is_refused_although_it_fits() {
    let world = World::new().await;
    for (verifier, status) in [
        ("x".repeat(42), 400),
        ("x".repeat(43), 200),
        ("x".repeat(128), 200),
        ("x".repeat(129), 400),
        (format!("{}-._~", "x".repeat(40)), 200),
        (format!("{}+", "x".repeat(43)), 400),
        ("明".repeat(15), 400),
    ] {
        let code = code_for(&world, &verifier).await;
        let assertion = world.alpha.assertion();
        let form = world.alpha.redemption(&code, &assertion);
        let form = changed(&form, "code_verifier", &verifier);
        if status == 400 {
            refused(&world, &form, "invalid_grant").await;
        } else {
            let answer = post_form(&world.router, TOKEN, &form).await;
            assert_eq!(answer.status, status, "{verifier} {}", answer.body);
        }
    }
}

/// The downgrade: a verifier that nobody compares, because the request came without a challenge.
#[tokio::test]
async fn attack_15_without_a_challenge_there_is_no_code_that_a_verifier_could_be_sent_for() {
    let world = World::new().await;
    let honest = AuthRequest::of(&world.alpha);
    let bare = honest.clone().without("code_challenge");
    for request in [
        bare.clone(),
        bare.clone().without("code_challenge_method"),
        bare.clone().with("code_challenge", ""),
        honest.clone().with("code_challenge", &"a".repeat(129)),
        honest.clone().with("code_challenge", "not+base64url"),
    ] {
        let error = refused_to_client(&world, &request).await;
        assert_eq!(error, "invalid_request", "{request:?}");
        let pushed = world.alpha.push(&world.router, &request).await;
        assert_eq!(
            (pushed.status, pushed.json()["error"].as_str()),
            (400, Some("invalid_request")),
            "{request:?}"
        );
    }
    accepted(&world, &honest.with("code_challenge", &"a".repeat(128))).await;
    // The other way round: a code with a challenge is not redeemed without a verifier, and is not spent by the attempt.
    let code = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    for verifier in [None, Some("")] {
        let assertion = world.alpha.assertion();
        let form = world.alpha.redemption(&code, &assertion);
        let form = match verifier {
            None => without(&form, "code_verifier"),
            Some(empty) => changed(&form, "code_verifier", empty),
        };
        refused(&world, &form, "invalid_request").await;
    }
    assert_eq!(world.alpha.redeem(&world.router, &code).await.status, 200);
}

#[tokio::test]
async fn attack_16_plain_and_a_challenge_without_a_method_are_refused() {
    let world = World::new().await;
    let honest = AuthRequest::of(&world.alpha);
    for request in [
        // RFC 7636 section 4.3: without a method it would be plain.
        honest.clone().without("code_challenge_method"),
        honest.clone().with("code_challenge_method", ""),
        honest.clone().with("code_challenge_method", "plain"),
        honest.clone().with("code_challenge_method", "s256"),
        honest.clone().with("code_challenge_method", "S512"),
        honest
            .clone()
            .with("code_challenge_method", "plain")
            .with("code_challenge", VERIFIER),
    ] {
        let error = refused_to_client(&world, &request).await;
        assert_eq!(error, "invalid_request", "{request:?}");
        let pushed = world.alpha.push(&world.router, &request).await;
        assert_eq!(pushed.status, 400, "{request:?} {}", pushed.body);
    }
    // Nor is the challenge itself its own verifier.
    let code = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    let assertion = world.alpha.assertion();
    let form = world.alpha.redemption(&code, &assertion);
    let form = changed(&form, "code_verifier", CHALLENGE);
    refused(&world, &form, "invalid_grant").await;
    assert_eq!(world.alpha.redeem(&world.router, &code).await.status, 200);
}
