//! Attacks on `private_key_jwt`. The twin of each is the honest assertion with which it begins.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::assertion::{ASSERTION_TYPE, Assertion, REVOKE, TOKEN, changed};
use crate::browser::{AuthRequest, Browser, form_request, fresh_code, post_form, send};
use crate::card::HANAKO;
use crate::world::{NOW, World};

/// Asserts that the honest assertion is accepted and each spoiled one refused.
pub(crate) async fn only_the_honest_one_passes(
    world: &World,
    spoil: impl IntoIterator<Item = (&'static str, Assertion)>,
) {
    assert!(world.alpha.proves(world, &world.alpha.assertion()).await);
    for (how, spoiled) in spoil {
        let assertion = spoiled.signed_by(&world.alpha.key);
        assert!(!world.alpha.proves(world, &assertion).await, "{how}");
    }
}

pub(crate) fn honest(world: &World) -> Assertion {
    Assertion::of(&world.alpha)
}

#[tokio::test]
async fn attack_23_an_algorithm_that_is_not_the_registered_one_is_refused() {
    let world = World::new().await;
    for (party, other) in [(&world.beta, &world.gamma), (&world.gamma, &world.beta)] {
        // The same kind of key, honestly signed, under the header of the other algorithm and under its own.
        let relabelled = Assertion::of(party).header("alg", json!(other.key.algorithm()));
        assert!(
            !party
                .proves(&world, &relabelled.signed_by(&party.key))
                .await
        );
        assert!(party.proves(&world, &party.assertion()).await);
    }
    only_the_honest_one_passes(
        &world,
        [
            ("RS256", honest(&world).header("alg", json!("RS256"))),
            ("ES384", honest(&world).header("alg", json!("ES384"))),
            ("missing", honest(&world).without_header("alg")),
        ],
    )
    .await;
}

#[tokio::test]
async fn attack_25_an_assertion_is_good_once_here_there_and_at_the_same_time() {
    let world = World::new().await;
    let code = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    let used = world.alpha.assertion();
    assert!(world.alpha.proves(&world, &used).await);
    assert!(!world.alpha.proves(&world, &used).await);
    for path in [TOKEN, crate::proof::PAR] {
        let form = world.alpha.redemption(&code, &used);
        let elsewhere = post_form(&world.router, path, &form).await;
        assert_eq!(elsewhere.status, 401, "{path}");
    }
    // Signed anew with other claims, the identifier is still used.
    let jti = honest(&world).claims["jti"].clone();
    let first = honest(&world).claim("jti", jti.clone());
    let second = honest(&world)
        .claim("jti", jti)
        .claim("exp", json!(NOW + 90));
    assert!(
        world
            .alpha
            .proves(&world, &first.signed_by(&world.alpha.key))
            .await
    );
    assert!(
        !world
            .alpha
            .proves(&world, &second.signed_by(&world.alpha.key))
            .await
    );

    let raced = world.alpha.assertion();
    let mut racers = JoinSet::new();
    for _ in 0..50 {
        let router = world.router.clone();
        let form = form_request(
            REVOKE,
            &[
                ("token", "x"),
                ("client_assertion_type", ASSERTION_TYPE),
                ("client_assertion", &raced),
            ],
        );
        racers.spawn(async move { send(&router, form).await.status });
    }
    let passed = racers
        .join_all()
        .await
        .into_iter()
        .filter(|status| *status == 200)
        .count();
    assert_eq!(passed, 1);
    assert_eq!(world.alpha.redeem(&world.router, &code).await.status, 200);
}

#[tokio::test]
async fn two_clients_may_use_the_same_jti() {
    let world = World::new().await;
    for party in [&world.alpha, &world.sister] {
        let assertion = Assertion::of(party).claim("jti", json!("shared"));
        assert!(party.proves(&world, &assertion.signed_by(&party.key)).await);
    }
}

#[tokio::test]
async fn attack_30_two_ways_of_authentication_at_once_are_refused() {
    let world = World::new().await;
    let code = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    let assertion = world.alpha.assertion();
    let mut form = world.alpha.redemption(&code, &assertion).to_vec();
    form.push(("client_secret", "x"));
    let answer = post_form(&world.router, TOKEN, &form).await;
    assert_eq!(answer.json()["error"], "invalid_request");
    let mut request = form_request(TOKEN, &world.alpha.redemption(&code, &assertion));
    request
        .headers_mut()
        .insert("authorization", "Basic UlBBTFBIQTp4".parse().unwrap());
    assert_eq!(
        send(&world.router, request).await.json()["error"],
        "invalid_request"
    );
    // A bogus assertion beside a good one is two values of one parameter.
    let mut form = world.alpha.redemption(&code, &assertion).to_vec();
    form.push(("client_assertion", "e30.e30."));
    let answer = post_form(&world.router, TOKEN, &form).await;
    assert_eq!(answer.json()["error"], "invalid_request");
    // An unsigned one in place of it, beside another credential: neither makes up for the other.
    for (name, value) in [("client_secret", "x"), ("client_id", "RPALPHA")] {
        let mut form = changed(
            &world.alpha.redemption(&code, &assertion),
            "client_assertion",
            "e30.e30.",
        );
        form.push((name, value));
        let answer = post_form(&world.router, TOKEN, &form).await;
        assert!(matches!(answer.status, 400 | 401), "{}", answer.status);
        for credential in ["Basic UlBBTFBIQTp4", "Bearer x"] {
            let mut request = form_request(TOKEN, &form);
            let credential = credential.parse().unwrap();
            request.headers_mut().insert("authorization", credential);
            let answer = send(&world.router, request).await;
            assert_eq!(answer.json()["error"], "invalid_request");
        }
    }
    // None of this used anything up.
    let form = world.alpha.redemption(&code, &assertion);
    assert_eq!(post_form(&world.router, TOKEN, &form).await.status, 200);
}

#[tokio::test]
async fn attack_31_other_tokens_are_no_assertions() {
    let world = World::new().await;
    only_the_honest_one_passes(
        &world,
        [
            (
                "access token",
                honest(&world).header("typ", json!("at+jwt")),
            ),
            ("proof", honest(&world).header("typ", json!("dpop+jwt"))),
            ("logout", honest(&world).header("typ", json!("logout+jwt"))),
        ],
    )
    .await;
    for typ in ["jwt", "client-authentication+jwt"] {
        let typed = honest(&world)
            .header("typ", json!(typ))
            .signed_by(&world.alpha.key);
        assert!(world.alpha.proves(&world, &typed).await, "{typ}");
    }
    let request = AuthRequest::of(&world.alpha);
    let answer = Browser::default().sign_in(&world, &request, HANAKO).await;
    let code = answer.redirected("code").unwrap();
    let tokens = world.alpha.redeem(&world.router, &code).await.json();
    for name in ["id_token", "access_token"] {
        assert!(
            !world
                .alpha
                .proves(&world, tokens[name].as_str().unwrap())
                .await,
            "{name}"
        );
    }
}

#[tokio::test]
async fn attack_32_an_assertion_of_one_client_with_another_s_client_id_is_refused() {
    let world = World::new().await;
    let with_client_id = async |client_id: &str| {
        let assertion = world.alpha.assertion();
        let form = [
            ("token", "x"),
            ("client_id", client_id),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion.as_str()),
        ];
        post_form(&world.router, REVOKE, &form).await.status
    };
    assert_eq!(with_client_id("RPBETA").await, 401);
    assert_eq!(with_client_id("RPALPHA").await, 200);
}

/// What a client that is refused is told, without the number that each refusal has: status, names of headers, body.
async fn told(world: &World, path: &str, assertion: &str) -> (u16, Vec<String>, Value) {
    let form = [
        ("token", "x"),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion),
    ];
    let answer = post_form(&world.router, path, &form).await;
    let mut body: Value = answer.json();
    let description = body["error_description"].as_str().unwrap();
    body["error_description"] = description.split(" (reference").next().unwrap().into();
    let headers = answer.headers.keys().map(ToString::to_string).collect();
    (answer.status, headers, body)
}

/// That it takes as long as well is shown beside the code.
#[tokio::test]
async fn attack_73_known_and_unknown_clients_are_refused_alike() {
    let world = World::new().await;
    let of = |client_id: &str| {
        honest(&world)
            .claim("iss", json!(client_id))
            .claim("sub", json!(client_id))
    };
    let mut expired = of("RPALPHA");
    expired = expired.claim("exp", json!(NOW - 1));
    for path in [TOKEN, REVOKE, crate::proof::PAR] {
        let known = of("RPALPHA").signed_by(&world.sister.key);
        let known = told(&world, path, &known).await;
        assert_eq!(
            (known.0, &known.2["error"]),
            (401, &json!("invalid_client"))
        );
        for (how, other) in [
            ("unknown", of("NOBODY").signed_by(&world.sister.key)),
            (
                "no identifier",
                of("../RPALPHA").signed_by(&world.sister.key),
            ),
            ("empty", of("").signed_by(&world.sister.key)),
            (
                "unknown key",
                of("RPALPHA")
                    .header("kid", json!("x"))
                    .signed_by(&world.alpha.key),
            ),
            (
                "other algorithm",
                of("RPALPHA")
                    .header("alg", json!("RS256"))
                    .signed_by(&world.alpha.key),
            ),
            ("expired", expired.signed_by(&world.alpha.key)),
            ("no assertion", "x".to_owned()),
        ] {
            assert_eq!(told(&world, path, &other).await, known, "{path} {how}");
        }
    }
    assert!(world.alpha.proves(&world, &world.alpha.assertion()).await);
}
