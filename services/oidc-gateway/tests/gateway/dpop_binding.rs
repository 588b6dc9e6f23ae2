//! What is bound to a key: tokens, codes, and the nonces that proofs carry.

use http::{Method, header};
use serde_json::{Value, json};

use crate::assertion::{TOKEN, userinfo};
use crate::browser::{Answer, AuthRequest, fresh_code, post_form};
use crate::card::HANAKO;
use crate::dpop::{code, error};
use crate::proof::{
    Proof, USERINFO, bound_userinfo, fresh_key, nonce, post_proven, thumbprint, userinfo_with,
};
use crate::world::{NOW, World};

#[tokio::test]
async fn attack_44_a_bound_token_needs_its_key() {
    let world = World::new().await;
    let (key, stranger) = (fresh_key(), fresh_key());
    let request = AuthRequest::of(&world.delta);
    let tokens = world.delta.bound_tokens(&world, &request, &key).await;
    let token = tokens["access_token"].as_str().unwrap();
    let refused = async |answer: Answer, expected: &str| {
        assert_eq!(answer.status, 401, "{}", answer.body);
        let challenge = answer.header(header::WWW_AUTHENTICATE).unwrap();
        assert!(
            challenge.starts_with("DPoP ") && challenge.contains("algs=\"ES256 PS256\""),
            "{challenge}"
        );
        assert!(
            challenge.contains(&format!("error=\"{expected}\"")),
            "{challenge}"
        );
    };
    refused(userinfo(&world.router, token).await, "invalid_token").await;
    let form = post_form(&world.router, USERINFO, &[("access_token", token)]).await;
    refused(form, "invalid_token").await;
    // A proof beside Bearer does not make it one.
    let honest = || Proof::of(&key, "GET", USERINFO).for_token(token);
    let as_bearer = format!("Bearer {token}");
    let answer = userinfo_with(
        &world.router,
        Method::GET,
        &as_bearer,
        &[&honest().signed_by(&key)],
    )
    .await;
    refused(answer, "invalid_token").await;
    let as_dpop = format!("DPoP {token}");
    let with =
        async |proofs: &[&str]| userinfo_with(&world.router, Method::GET, &as_dpop, proofs).await;
    refused(with(&[]).await, "invalid_dpop_proof").await;
    refused(
        bound_userinfo(&world.router, token, &stranger).await,
        "invalid_token",
    )
    .await;
    for (how, proof) in [
        ("no ath", honest().without("ath")),
        ("another's ath", honest().for_token("x")),
        ("htm", honest().claim("htm", json!("POST"))),
        ("htu", Proof::of(&key, "GET", TOKEN).for_token(token)),
        ("iat", honest().claim("iat", json!(NOW - 61))),
    ] {
        let answer = with(&[&proof.signed_by(&key)]).await;
        assert_eq!(error(&answer), "invalid_dpop_proof", "{how}");
        refused(answer, "invalid_dpop_proof").await;
    }
    let (one, two) = (honest().signed_by(&key), honest().signed_by(&key));
    refused(with(&[&one, &two]).await, "invalid_dpop_proof").await;
    assert_eq!(bound_userinfo(&world.router, token, &key).await.status, 200);
    let lower = format!("dpop {token}");
    let post = Proof::of(&key, "POST", USERINFO)
        .for_token(token)
        .signed_by(&key);
    let answer = userinfo_with(&world.router, Method::POST, &lower, &[&post]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn attack_44_a_token_of_nobody_s_key_is_refused_with_one() {
    let world = World::new().await;
    let key = fresh_key();
    let code = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    let unbound = world.alpha.redeem(&world.router, &code).await.json();
    let unbound = unbound["access_token"].as_str().unwrap();
    let answer = bound_userinfo(&world.router, unbound, &key).await;
    assert_eq!(
        (answer.status, error(&answer)),
        (401, "invalid_token".to_owned())
    );
    let challenge = answer.header(header::WWW_AUTHENTICATE).unwrap();
    assert!(challenge.starts_with("DPoP "), "{challenge}");
    assert_eq!(userinfo(&world.router, unbound).await.status, 200);
}

#[tokio::test]
async fn a_proof_without_a_fresh_nonce_is_asked_for_one_and_the_assertion_is_not_spent() {
    let world = World::new().await;
    let replica = world.replica().await;
    let (key, code) = (fresh_key(), code(&world).await);
    let assertion = world.delta.assertion();
    let form = world.delta.redemption(&code, &assertion);
    let old = nonce(&world.router).await;
    world.clock.advance(121);
    let now = json!(NOW + 121);
    let honest = || Proof::of(&key, "POST", TOKEN).claim("iat", now.clone());
    let assertion = crate::assertion::Assertion::of(&world.delta).claim("exp", json!(NOW + 300));
    let assertion = assertion.signed_by(&world.delta.key);
    let form = crate::assertion::changed(&form, "client_assertion", &assertion);
    for (how, proof) in [
        ("none", honest()),
        ("over", honest().claim("nonce", json!(old))),
        ("invented", honest().claim("nonce", json!("A".repeat(54)))),
        ("number", honest().claim("nonce", json!(1))),
    ] {
        let proof = proof.signed_by(&key);
        let answer = post_proven(&world.router, TOKEN, &form, &[&proof]).await;
        assert_eq!(
            (answer.status, error(&answer)),
            (400, "use_dpop_nonce".to_owned()),
            "{how}"
        );
        assert!(answer.header("dpop-nonce").is_some(), "{how}");
    }
    // The code is over by now; that it is looked at shows that assertion and proof, with the nonce of another replica, hold.
    let fresh = honest().claim("nonce", json!(nonce(&replica).await));
    let answer = post_proven(&world.router, TOKEN, &form, &[&fresh.signed_by(&key)]).await;
    assert_eq!(error(&answer), "invalid_grant");
    let again = post_proven(
        &world.router,
        TOKEN,
        &form,
        &[&honest().with_nonce(&replica).await.signed_by(&key)],
    )
    .await;
    assert_eq!(error(&again), "invalid_client", "now it is");
}

#[tokio::test]
async fn a_stale_nonce_at_userinfo_is_asked_to_be_renewed() {
    let world = World::new().await;
    let key = fresh_key();
    let tokens = world
        .delta
        .bound_tokens(&world, &AuthRequest::of(&world.delta), &key)
        .await;
    let token = tokens["access_token"].as_str().unwrap();
    let proof = Proof::of(&key, "GET", USERINFO)
        .for_token(token)
        .claim("nonce", json!("old"));
    let authorization = format!("DPoP {token}");
    let answer = userinfo_with(
        &world.router,
        Method::GET,
        &authorization,
        &[&proof.signed_by(&key)],
    )
    .await;
    assert_eq!(
        (answer.status, error(&answer)),
        (401, "use_dpop_nonce".to_owned())
    );
    let challenge = answer.header(header::WWW_AUTHENTICATE).unwrap();
    assert!(
        challenge.contains("error=\"use_dpop_nonce\""),
        "{challenge}"
    );
    let fresh = answer.header("dpop-nonce").unwrap().to_owned();
    let proof = Proof::of(&key, "GET", USERINFO)
        .for_token(token)
        .claim("nonce", json!(fresh));
    let answer = userinfo_with(
        &world.router,
        Method::GET,
        &authorization,
        &[&proof.signed_by(&key)],
    )
    .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn a_code_is_bound_to_the_key_of_dpop_jkt_or_of_the_push() {
    let world = World::new().await;
    let (key, stranger) = (fresh_key(), fresh_key());
    let honest = AuthRequest::of(&world.delta);
    let named = honest.clone().with("dpop_jkt", &thumbprint(&key));
    let by_name = world.delta.pushed_code(&world, &named).await;
    let proof = Proof::of(&key, "POST", crate::proof::PAR).signed_by(&key);
    let answer = world
        .delta
        .push_proven(&world.router, &honest, &[&proof])
        .await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let reference = world.delta.reference(&answer);
    let answer = crate::browser::Browser::default()
        .sign_in(&world, &reference, HANAKO)
        .await;
    let by_push = answer.redirected("code").unwrap();
    for code in [&by_name, &by_push] {
        let other = world
            .delta
            .redeem_bound(&world.router, code, &stranger)
            .await;
        assert_eq!(error(&other), "invalid_grant");
        let answer = world.delta.redeem_bound(&world.router, code, &key).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    // A client of the other profile binds its code in the same way, and must then bring the key.
    let direct = AuthRequest::of(&world.alpha).with("dpop_jkt", &thumbprint(&key));
    let answer = crate::browser::Browser::default()
        .sign_in(&world, &direct, HANAKO)
        .await;
    let code = answer.redirected("code").unwrap();
    assert_eq!(
        error(&world.alpha.redeem(&world.router, &code).await),
        "invalid_grant"
    );
    let proof = Proof::of(&key, "POST", TOKEN).signed_by(&key);
    let answer = world
        .alpha
        .redeem_proven(&world.router, &code, &proof)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn a_push_whose_proof_and_dpop_jkt_differ_or_whose_proof_is_spoiled_is_refused() {
    let world = World::new().await;
    let (key, stranger) = (fresh_key(), fresh_key());
    let honest = AuthRequest::of(&world.delta);
    let proof = || Proof::of(&key, "POST", crate::proof::PAR);
    let push = async |request: &AuthRequest, proofs: &[&str]| {
        world
            .delta
            .push_proven(&world.router, request, proofs)
            .await
    };
    let other = honest.clone().with("dpop_jkt", &thumbprint(&stranger));
    let answer = push(&other, &[&proof().signed_by(&key)]).await;
    assert_eq!(
        (answer.status, error(&answer)),
        (400, "invalid_request".to_owned())
    );
    let same = honest.clone().with("dpop_jkt", &thumbprint(&key));
    assert_eq!(push(&same, &[&proof().signed_by(&key)]).await.status, 201);
    let spoiled = Proof::of(&key, "POST", TOKEN).signed_by(&key);
    assert_eq!(
        error(&push(&honest, &[&spoiled]).await),
        "invalid_dpop_proof"
    );
    let used = proof().signed_by(&key);
    assert_eq!(push(&honest, &[&used]).await.status, 201);
    assert_eq!(error(&push(&honest, &[&used]).await), "invalid_dpop_proof");
    let stale = proof().claim("nonce", json!("old")).signed_by(&key);
    assert_eq!(error(&push(&honest, &[&stale]).await), "use_dpop_nonce");
}

#[tokio::test]
async fn a_request_without_a_token_is_told_both_ways_to_bring_one() {
    let world = World::new().await;
    let answer = crate::browser::get(&world.router, USERINFO).await;
    let challenges: Vec<&str> = answer
        .headers
        .get_all(header::WWW_AUTHENTICATE)
        .iter()
        .map(|value| value.to_str().unwrap())
        .collect();
    assert_eq!(
        challenges,
        [
            "Bearer realm=\"akashi\"",
            "DPoP realm=\"akashi\", algs=\"ES256 PS256\""
        ]
    );
    let document = crate::browser::get(
        &world.router,
        "/api/realms/main/.well-known/openid-configuration",
    );
    let algorithms = document.await.json()["dpop_signing_alg_values_supported"].clone();
    assert_eq!(algorithms, Value::from(vec!["ES256", "PS256"]));
}

#[tokio::test]
async fn a_revoked_bound_token_is_refused_with_a_dpop_challenge() {
    let world = World::new().await;
    let key = fresh_key();
    let tokens = world
        .delta
        .bound_tokens(&world, &AuthRequest::of(&world.delta), &key)
        .await;
    let token = tokens["access_token"].as_str().unwrap();
    let assertion = world.delta.assertion();
    let form = [
        ("token", token),
        ("client_assertion_type", crate::assertion::ASSERTION_TYPE),
        ("client_assertion", &assertion),
    ];
    assert_eq!(bound_userinfo(&world.router, token, &key).await.status, 200);
    assert_eq!(
        post_form(&world.router, crate::assertion::REVOKE, &form)
            .await
            .status,
        200
    );
    let answer = bound_userinfo(&world.router, token, &key).await;
    assert_eq!(answer.status, 401);
    assert!(
        answer
            .header(header::WWW_AUTHENTICATE)
            .unwrap()
            .starts_with("DPoP ")
    );
}
