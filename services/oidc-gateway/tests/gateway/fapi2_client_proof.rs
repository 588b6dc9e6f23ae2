//! The modules of `fapi2-security-profile-final-test-plan` about client assertions and proofs of possession; the others are in
//! `fapi2_security_profile`.

use http::Method;
use serde_json::{Value, json};

use crate::assertion::{ASSERTION_TYPE, Assertion, TOKEN};
use crate::browser::Browser;
use crate::card::HANAKO;
use crate::fapi2_security_profile::{code, error, honest};
use crate::proof::{
    PAR, Proof, USERINFO, bound_userinfo, fresh_key, post_proven, thumbprint, userinfo_with,
};
use crate::world::{ClientKey, ISSUER, NOW, World};

/// The status of a push and of a redemption with assertions changed in this way, and that the honest ones pass.
async fn with_assertion(change: impl Fn(Assertion) -> Assertion) -> [u16; 2] {
    let world = World::new().await;
    let sign = || change(Assertion::of(&world.delta)).signed_by(&world.delta.key);
    let request = honest(&world);
    let mut form: Vec<(&str, &str)> = request
        .0
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let assertion = sign();
    form.push(("client_assertion_type", ASSERTION_TYPE));
    form.push(("client_assertion", &assertion));
    let pushed = post_proven(&world.router, PAR, &form, &[]).await;
    let (key, code) = (fresh_key(), code(&world).await);
    let assertion = sign();
    let form = world.delta.redemption(&code, &assertion);
    let proof = Proof::of(&key, "POST", TOKEN)
        .with_nonce(&world.router)
        .await;
    let redeemed = post_proven(&world.router, TOKEN, &form, &[&proof.signed_by(&key)]).await;
    if redeemed.status != 200 {
        assert_eq!(error(&pushed), "invalid_client");
        assert_eq!(error(&redeemed), "invalid_client");
        let honest = world.delta.redeem_bound(&world.router, &code, &key).await;
        assert_eq!(honest.status, 200, "{}", honest.body);
    }
    [pushed.status, redeemed.status]
}

const REFUSED: [u16; 2] = [401, 401];
const ACCEPTED: [u16; 2] = [201, 200];

async fn with_claim(name: &str, value: Value) -> [u16; 2] {
    with_assertion(|assertion| assertion.claim(name, value.clone())).await
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_client_assertion_with_exp_is_5_minutes_in_past_fails()
{
    assert_eq!(with_claim("exp", json!(NOW - 300)).await, REFUSED);
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_client_assertion_with_wrong_aud_fails() {
    assert_eq!(
        with_claim("aud", json!("https://other.example")).await,
        REFUSED
    );
}

#[tokio::test]
async fn the_issuer_is_the_audience_of_an_honest_assertion() {
    assert_eq!(with_claim("aud", json!(ISSUER)).await, ACCEPTED);
}

#[tokio::test]
async fn fapi2_security_profile_final_par_test_array_as_audience_fails() {
    assert_eq!(with_claim("aud", json!([ISSUER])).await, REFUSED);
}

#[tokio::test]
async fn fapi2_security_profile_final_par_test_par_endpoint_url_as_audience_fails() {
    let par = format!("https://op.example{PAR}");
    assert_eq!(with_claim("aud", json!(par)).await, REFUSED);
}

#[tokio::test]
async fn fapi2_security_profile_final_par_test_token_endpoint_url_as_audience_fails() {
    let token = format!("https://op.example{TOKEN}");
    assert_eq!(with_claim("aud", json!(token)).await, REFUSED);
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_client_assertion_with_no_sub_fails() {
    let statuses = with_assertion(|assertion| assertion.without("sub")).await;
    assert_eq!(statuses, REFUSED);
}

#[tokio::test]
async fn fapi2_security_profile_final_par_ensure_jwt_client_assertions_nbf_8_seconds_in_the_future_is_accepted()
 {
    let statuses = with_assertion(|assertion| {
        let moment = json!(NOW + 8);
        assertion.claim("nbf", moment.clone()).claim("iat", moment)
    });
    assert_eq!(statuses.await, ACCEPTED);
}

#[tokio::test]
async fn fapi2_security_profile_final_par_ensure_jwt_client_assertions_nbf_over_60_seconds_in_the_future_fails()
 {
    assert_eq!(with_claim("nbf", json!(NOW + 61)).await, REFUSED);
    assert_eq!(with_claim("iat", json!(NOW + 61)).await, REFUSED);
}

/// An RS256 signature by a registered RSA key; the registration itself cannot say RS256 (`clients` tests).
#[tokio::test]
async fn fapi2_security_profile_final_ensure_signed_client_assertion_with_rs256_fails() {
    let world = World::new().await;
    let ClientKey::Ps256(pair) = &world.epsilon.key else {
        panic!("not PS256")
    };
    let rs256 = Assertion::of(&world.epsilon).header("alg", json!("RS256"));
    let mut signature = vec![0; pair.public_modulus_len()];
    let random = aws_lc_rs::rand::SystemRandom::new();
    pair.sign(
        &aws_lc_rs::signature::RSA_PKCS1_SHA256,
        &random,
        rs256.signing_input().as_bytes(),
        &mut signature,
    )
    .unwrap();
    let forged = rs256.with_signature(&signature);
    assert!(!world.epsilon.proves(&world, &forged).await);
    assert!(
        world
            .epsilon
            .proves(&world, &world.epsilon.assertion())
            .await
    );
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_holder_of_key_required() {
    let world = World::new().await;
    let (key, code) = (fresh_key(), code(&world).await);
    let bare = world.delta.redeem(&world.router, &code).await;
    assert_eq!(
        (bare.status, error(&bare)),
        (400, "invalid_dpop_proof".to_owned())
    );
    let tokens = world
        .delta
        .redeem_bound(&world.router, &code, &key)
        .await
        .json();
    let token = tokens["access_token"].as_str().unwrap();
    let authorization = format!("DPoP {token}");
    let bare = userinfo_with(&world.router, http::Method::GET, &authorization, &[]).await;
    assert_eq!(bare.status, 401);
    assert_eq!(bound_userinfo(&world.router, token, &key).await.status, 200);
}

/// The suite's negative tests one by one; more of them are in `dpop`.
#[tokio::test]
async fn fapi2_security_profile_final_dpop_negative_tests() {
    let world = World::new().await;
    let (key, code) = (fresh_key(), code(&world).await);
    for (how, spoil) in [
        ("typ", ("typ", json!("wrong"))),
        ("alg", ("alg", json!("none"))),
        ("jwk", ("jwk", json!({}))),
    ] {
        let proof = Proof::of(&key, "POST", TOKEN)
            .with_nonce(&world.router)
            .await;
        let proof = proof.header(spoil.0, spoil.1).signed_by(&key);
        let answer = world
            .delta
            .redeem_proven(&world.router, &code, &proof)
            .await;
        assert_eq!(error(&answer), "invalid_dpop_proof", "{how}");
    }
    let tokens = world
        .delta
        .redeem_bound(&world.router, &code, &key)
        .await
        .json();
    let token = tokens["access_token"].as_str().unwrap();
    let bearer = crate::assertion::userinfo(&world.router, token).await;
    assert_eq!(bearer.status, 401);
}

async fn redeems_with_iat(seconds: i64) -> u16 {
    let world = World::new().await;
    let (key, code) = (fresh_key(), code(&world).await);
    let proof = Proof::of(&key, "POST", TOKEN).claim("iat", json!(NOW + seconds));
    let proof = proof.with_nonce(&world.router).await.signed_by(&key);
    world
        .delta
        .redeem_proven(&world.router, &code, &proof)
        .await
        .status
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_dpopproof_with_iat_10seconds_before_succeeds() {
    assert_eq!(redeems_with_iat(-10).await, 200);
    assert_eq!(redeems_with_iat(-61).await, 400);
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_dpopproof_with_iat_10seconds_after_succeeds() {
    assert_eq!(redeems_with_iat(10).await, 200);
    assert_eq!(redeems_with_iat(61).await, 400);
}

#[tokio::test]
async fn fapi2_security_profile_final_check_dpop_proof_nbf_exp() {
    let world = World::new().await;
    let (key, code) = (fresh_key(), code(&world).await);
    let with_times = |proof: Proof| {
        let proof = proof
            .claim("nbf", json!(NOW))
            .claim("exp", json!(NOW + 300));
        proof.signed_by(&key)
    };
    let proof = Proof::of(&key, "POST", TOKEN)
        .with_nonce(&world.router)
        .await;
    let proof = with_times(proof);
    let tokens = world
        .delta
        .redeem_proven(&world.router, &code, &proof)
        .await
        .json();
    let token = tokens["access_token"].as_str().unwrap();
    let proof = with_times(Proof::of(&key, "GET", USERINFO).for_token(token));
    let authorization = format!("DPoP {token}");
    let info = userinfo_with(&world.router, Method::GET, &authorization, &[&proof]).await;
    assert_eq!(info.status, 200, "{}", info.body);
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_dpopproof_at_par_endpoint_binding_success() {
    let world = World::new().await;
    let key = fresh_key();
    let proof = Proof::of(&key, "POST", PAR).signed_by(&key);
    let answer = world
        .delta
        .push_proven(&world.router, &honest(&world), &[&proof])
        .await;
    let reference = world.delta.reference(&answer);
    let answer = Browser::default().sign_in(&world, &reference, HANAKO).await;
    let code = answer.redirected("code").unwrap();
    assert_eq!(
        world
            .delta
            .redeem_bound(&world.router, &code, &key)
            .await
            .status,
        200
    );
}

/// Another key gets nothing for the code and does not spend it.
async fn only_its_key_redeems(world: &World, code: &str, key: &ClientKey, stranger: &ClientKey) {
    let redeem = async |key| world.delta.redeem_bound(&world.router, code, key).await;
    assert_eq!(error(&redeem(stranger).await), "invalid_grant");
    assert_eq!(redeem(key).await.status, 200);
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_mismatched_dpop_jkt_fails() {
    let world = World::new().await;
    let (key, stranger) = (fresh_key(), fresh_key());
    let request = honest(&world).with("dpop_jkt", &thumbprint(&stranger));
    let proof = Proof::of(&key, "POST", PAR).signed_by(&key);
    let answer = world
        .delta
        .push_proven(&world.router, &request, &[&proof])
        .await;
    assert_eq!(
        (answer.status, error(&answer)),
        (400, "invalid_request".to_owned())
    );
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_token_endpoint_fails_with_mismatched_dpop_jkt() {
    let world = World::new().await;
    let (key, stranger) = (fresh_key(), fresh_key());
    let request = honest(&world).with("dpop_jkt", &thumbprint(&key));
    let code = world.delta.pushed_code(&world, &request).await;
    only_its_key_redeems(&world, &code, &key, &stranger).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_token_endpoint_fails_with_mismatched_dpop_proof_jkt() {
    let world = World::new().await;
    let (key, stranger) = (fresh_key(), fresh_key());
    let proof = Proof::of(&key, "POST", PAR).signed_by(&key);
    let answer = world
        .delta
        .push_proven(&world.router, &honest(&world), &[&proof])
        .await;
    let reference = world.delta.reference(&answer);
    let answer = Browser::default().sign_in(&world, &reference, HANAKO).await;
    let code = answer.redirected("code").unwrap();
    only_its_key_redeems(&world, &code, &key, &stranger).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_access_token_type_header_case_sensitivity() {
    let world = World::new().await;
    let key = fresh_key();
    let tokens = world
        .delta
        .bound_tokens(&world, &honest(&world), &key)
        .await;
    let token = tokens["access_token"].as_str().unwrap();
    for scheme in ["DPoP", "dpop", "DPOP"] {
        let proof = Proof::of(&key, "GET", crate::proof::USERINFO).for_token(token);
        let authorization = format!("{scheme} {token}");
        let proof = proof.signed_by(&key);
        let answer =
            userinfo_with(&world.router, http::Method::GET, &authorization, &[&proof]).await;
        assert_eq!(answer.status, 200, "{scheme}");
    }
}
