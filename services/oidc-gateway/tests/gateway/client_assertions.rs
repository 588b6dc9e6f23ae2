//! Attacks on `private_key_jwt`. The twin of each is the honest assertion with which it begins.

use aws_lc_rs::hmac;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::assertion::{ASSERTION_TYPE, Assertion, REVOKE, TOKEN};
use crate::browser::{AuthRequest, Browser, form_request, fresh_code, get, post_form, send};
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
async fn attack_21_and_22_none_and_hmac_under_the_public_key_are_refused() {
    let world = World::new().await;
    for none in ["none", "None", "nOnE"] {
        let unsigned = honest(&world).header("alg", json!(none));
        assert!(
            !world
                .alpha
                .proves(&world, &unsigned.with_signature(&[]))
                .await
        );
    }
    let published = get(
        &world.router,
        "/api/realms/main/protocol/openid-connect/certs",
    )
    .await
    .body;
    let symmetric = honest(&world).header("alg", json!("HS256"));
    let key = hmac::Key::new(hmac::HMAC_SHA256, published.as_bytes());
    let tag = hmac::sign(&key, symmetric.signing_input().as_bytes());
    assert!(
        !world
            .alpha
            .proves(&world, &symmetric.with_signature(tag.as_ref()))
            .await
    );
    assert!(world.alpha.proves(&world, &world.alpha.assertion()).await);
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
async fn attack_24_unknown_keys_are_refused_and_keys_brought_along_ignored() {
    let world = World::new().await;
    only_the_honest_one_passes(
        &world,
        [
            ("unknown", honest(&world).header("kid", json!("key-2"))),
            (
                "path",
                honest(&world).header("kid", json!("../../../dev/null")),
            ),
            ("sql", honest(&world).header("kid", json!("' OR '1'='1"))),
            ("number", honest(&world).header("kid", json!(1))),
            ("critical", honest(&world).header("crit", json!(["exp"]))),
        ],
    )
    .await;
    let stranger = crate::world::fresh_ec();
    let stranger = crate::world::ClientKey::Es256(stranger);
    for name in ["jwk", "jku", "x5u", "x5c"] {
        let brought = honest(&world).header(name, json!("https://evil.example/key"));
        assert!(
            !world
                .alpha
                .proves(&world, &brought.signed_by(&stranger))
                .await,
            "{name}"
        );
        assert!(
            world
                .alpha
                .proves(&world, &brought.signed_by(&world.alpha.key))
                .await,
            "{name}"
        );
    }
    // With a single key registered, its name may be left out.
    let unnamed = honest(&world).without_header("kid");
    assert!(
        world
            .alpha
            .proves(&world, &unnamed.signed_by(&world.alpha.key))
            .await
    );
}

#[tokio::test]
async fn attack_25_an_assertion_is_good_once_here_there_and_at_the_same_time() {
    let world = World::new().await;
    let code = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    let used = world.alpha.assertion();
    assert!(world.alpha.proves(&world, &used).await);
    assert!(!world.alpha.proves(&world, &used).await);
    let elsewhere = post_form(&world.router, TOKEN, &world.alpha.redemption(&code, &used)).await;
    assert_eq!(elsewhere.status, 401);
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

#[tokio::test]
async fn attack_33_signatures_have_one_form() {
    let world = World::new().await;
    let assertion = honest(&world);
    let good = world.alpha.key.sign(assertion.signing_input().as_bytes());
    let der = der_signature(&good);
    let zero_r = [&[0; 32], &good[32..]].concat();
    let zero_s = [&good[..32], &[0; 32]].concat();
    let long = [&good[..], &[0]].concat();
    for spoiled in [
        &der,
        &zero_r,
        &zero_s,
        &long,
        &good[..63].to_vec(),
        &vec![0; 64],
    ] {
        assert!(
            !world
                .alpha
                .proves(&world, &assertion.with_signature(spoiled))
                .await
        );
    }
    // Padding and other spellings of the same octets are refused too.
    let padded = format!("{}==", assertion.with_signature(&good));
    assert!(!world.alpha.proves(&world, &padded).await);
    assert!(
        world
            .alpha
            .proves(&world, &assertion.with_signature(&good))
            .await
    );
}

fn der_signature(raw: &[u8]) -> Vec<u8> {
    let integer = |octets: &[u8]| {
        let mut body: Vec<u8> = octets
            .iter()
            .copied()
            .skip_while(|octet| *octet == 0)
            .collect();
        if body[0] >= 0x80 {
            body.insert(0, 0);
        }
        [vec![2, u8::try_from(body.len()).unwrap()], body].concat()
    };
    let body = [integer(&raw[..32]), integer(&raw[32..])].concat();
    [vec![0x30, u8::try_from(body.len()).unwrap()], body].concat()
}

#[tokio::test]
async fn attack_73_known_and_unknown_clients_are_refused_alike() {
    let world = World::new().await;
    let answer = async |client_id: &str| {
        let forged = honest(&world)
            .claim("iss", json!(client_id))
            .claim("sub", json!(client_id));
        let forged = forged.signed_by(&world.sister.key);
        let form = [
            ("token", "x"),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", forged.as_str()),
        ];
        let answer = post_form(&world.router, REVOKE, &form).await;
        let mut body: Value = answer.json();
        let description = body["error_description"].as_str().unwrap();
        body["error_description"] = description.split(" (reference").next().unwrap().into();
        (answer.status, body)
    };
    assert_eq!(answer("RPALPHA").await, answer("NOBODY").await);
}
