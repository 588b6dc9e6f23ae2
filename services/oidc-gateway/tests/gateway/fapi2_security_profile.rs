//! The 56 modules of the OpenID Foundation's `fapi2-security-profile-final-test-plan` for plain_fapi, openid_connect,
//! private_key_jwt, dpop, unsigned and plain_response, each a test of the same name. Where we answer otherwise on purpose, the
//! test says what we do instead. The modules about what a FAPI 2.0 server may refuse in a client's proof are in
//! `fapi2_client_proof`.

use http::{Method, Request, header};
use serde_json::json;

use crate::assertion::{TOKEN, changed, payload, without};
use crate::browser::{Answer, AuthRequest, Browser, STATE, get, send};
use crate::card::HANAKO;
use crate::proof::{PAR, Proof, authorize, bound_userinfo, fresh_key, post_proven, thumbprint};
use crate::world::{ISSUER, NOW, World};

pub(crate) fn error(answer: &Answer) -> String {
    let error = answer.json()["error"].as_str().map(str::to_owned);
    error.unwrap_or_else(|| panic!("no error: {}", answer.body))
}

/// The honest request of the FAPI 2.0 client.
pub(crate) fn honest(world: &World) -> AuthRequest {
    AuthRequest::of(&world.delta)
}

pub(crate) async fn code(world: &World) -> String {
    world.delta.pushed_code(world, &honest(world)).await
}

/// A whole flow with this request, up to userinfo.
async fn succeeds(world: &World, request: &AuthRequest) -> serde_json::Value {
    let key = fresh_key();
    let tokens = world.delta.bound_tokens(world, request, &key).await;
    let token = tokens["access_token"].as_str().unwrap();
    let info = bound_userinfo(&world.router, token, &key).await;
    assert_eq!(info.status, 200, "{}", info.body);
    let claims = payload(tokens["id_token"].as_str().unwrap());
    assert_eq!(info.json()["sub"], claims["sub"]);
    tokens
}

/// The error of the pushed authorization request endpoint; the honest request still passes.
async fn push_refused(world: &World, request: &AuthRequest) -> String {
    let answer = world.delta.push(&world.router, request).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    world.delta.pushed(&world.router, &honest(world)).await;
    error(&answer)
}

async fn page(world: &World, reference: &AuthRequest) {
    let answer = authorize(world, reference).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert!(answer.header(header::LOCATION).is_none());
}

#[tokio::test]
async fn fapi2_security_profile_final_discovery_end_point_verification() {
    let world = World::new().await;
    let path = "/api/realms/main/.well-known/openid-configuration";
    let document = get(&world.router, path).await.json();
    assert_eq!(document["issuer"], ISSUER);
    assert_eq!(
        document["authorization_response_iss_parameter_supported"],
        true
    );
    assert_eq!(
        document["code_challenge_methods_supported"],
        json!(["S256"])
    );
    assert_eq!(
        document["token_endpoint_auth_methods_supported"],
        json!(["private_key_jwt"])
    );
    assert_eq!(
        document["dpop_signing_alg_values_supported"],
        json!(["ES256", "PS256"])
    );
    let endpoint = document["pushed_authorization_request_endpoint"]
        .as_str()
        .unwrap();
    assert!(endpoint.ends_with(PAR));
}

#[tokio::test]
async fn fapi2_security_profile_final_happy_flow() {
    let world = World::new().await;
    let tokens = succeeds(&world, &honest(&world)).await;
    assert_eq!(tokens["token_type"], "DPoP");
    let claims = payload(tokens["id_token"].as_str().unwrap());
    assert_eq!(claims["aud"], "RPDELTA");
}

#[tokio::test]
async fn fapi2_security_profile_final_user_rejects_authentication() {
    let world = World::new().await;
    let reference = world.delta.pushed(&world.router, &honest(&world)).await;
    let mut browser = Browser::default();
    let (id, shown) = browser.read_card(&world, &reference, HANAKO).await;
    let answer = browser.decide(&world, &id, &shown, "deny").await;
    assert_eq!(answer.redirected("error").as_deref(), Some("access_denied"));
    assert_eq!(answer.redirected("state").as_deref(), Some(STATE));
    assert_eq!(answer.redirected("iss").as_deref(), Some(ISSUER));
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_authorization_request_without_state_success() {
    let world = World::new().await;
    let request = honest(&world).without("state");
    let answer = world.delta.pushed_sign_in(&world, &request).await;
    assert!(answer.redirected("code").is_some());
    assert_eq!(answer.redirected("state"), None);
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_authorization_request_without_nonce_success() {
    let world = World::new().await;
    let tokens = succeeds(&world, &honest(&world).without("nonce")).await;
    let claims = payload(tokens["id_token"].as_str().unwrap());
    assert!(claims.get("nonce").is_none());
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_authorization_request_with_64_char_nonce_success() {
    let world = World::new().await;
    let nonce = "n".repeat(64);
    let tokens = succeeds(&world, &honest(&world).with("nonce", &nonce)).await;
    let claims = payload(tokens["id_token"].as_str().unwrap());
    assert_eq!(claims["nonce"], nonce);
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_authorization_request_with_long_nonce() {
    let world = World::new().await;
    succeeds(&world, &honest(&world).with("nonce", &"n".repeat(255))).await;
    let longer = honest(&world).with("nonce", &"n".repeat(384));
    assert_eq!(push_refused(&world, &longer).await, "invalid_request");
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_authorization_request_with_long_state() {
    let world = World::new().await;
    let state = "s".repeat(255);
    let request = honest(&world).with("state", &state);
    let answer = world.delta.pushed_sign_in(&world, &request).await;
    assert_eq!(answer.redirected("state"), Some(state));
    let longer = honest(&world).with("state", &"s".repeat(384));
    assert_eq!(push_refused(&world, &longer).await, "invalid_request");
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_other_scope_order_succeeds() {
    let world = World::new().await;
    succeeds(&world, &honest(&world).with("scope", "name openid")).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_different_state_inside_and_outside_request_object() {
    let world = World::new().await;
    let reference = world.delta.pushed(&world.router, &honest(&world)).await;
    let outside = reference.with("state", "outside");
    let answer = Browser::default().sign_in(&world, &outside, HANAKO).await;
    assert_eq!(answer.redirected("state").as_deref(), Some(STATE));
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_different_nonce_inside_and_outside_request_object() {
    let world = World::new().await;
    let reference = world.delta.pushed(&world.router, &honest(&world)).await;
    let outside = reference.with("nonce", "outside");
    let answer = Browser::default().sign_in(&world, &outside, HANAKO).await;
    let code = answer.redirected("code").unwrap();
    let tokens = world
        .delta
        .redeem_bound(&world.router, &code, &fresh_key())
        .await;
    let claims = payload(tokens.json()["id_token"].as_str().unwrap());
    assert_eq!(claims["nonce"], crate::browser::NONCE);
}

#[tokio::test]
async fn fapi2_security_profile_final_state_only_outside_request_object_not_used() {
    let world = World::new().await;
    let request = honest(&world).without("state");
    let reference = world.delta.pushed(&world.router, &request).await;
    let outside = reference.with("state", "outside");
    let answer = Browser::default().sign_in(&world, &outside, HANAKO).await;
    assert_eq!(answer.redirected("state"), None);
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_unsigned_authorization_request_without_using_par_fails()
 {
    let world = World::new().await;
    let answer = authorize(&world, &honest(&world)).await;
    assert_eq!(
        answer.redirected("error").as_deref(),
        Some("invalid_request")
    );
    assert_eq!(answer.redirected("code"), None);
}

#[tokio::test]
async fn fapi2_security_profile_final_par_attempt_reuse_request_uri() {
    let world = World::new().await;
    let reference = world.delta.pushed(&world.router, &honest(&world)).await;
    let answer = Browser::default().sign_in(&world, &reference, HANAKO).await;
    assert!(answer.redirected("code").is_some());
    page(&world, &reference).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_ensure_reused_request_uri_prior_to_auth_completion_succeeds()
 {
    let world = World::new().await;
    let reference = world.delta.pushed(&world.router, &honest(&world)).await;
    let mut browser = Browser::default();
    browser.begin(&world, &reference).await;
    let answer = browser.sign_in(&world, &reference, HANAKO).await;
    assert!(answer.redirected("code").is_some());
}

#[tokio::test]
async fn fapi2_security_profile_final_par_attempt_to_use_expired_request_uri() {
    let world = World::new().await;
    let reference = world.delta.pushed(&world.router, &honest(&world)).await;
    world.clock.advance(60);
    page(&world, &reference).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_attempt_to_use_request_uri_for_different_client() {
    let world = World::new().await;
    let reference = world.delta.pushed(&world.router, &honest(&world)).await;
    page(&world, &reference.clone().with("client_id", "RPEPSILON")).await;
    Browser::default().begin(&world, &reference).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_authorization_request_containing_request_uri_form_param()
{
    let world = World::new().await;
    let reference = world.delta.pushed(&world.router, &honest(&world)).await;
    let uri = reference.0[1].1.clone();
    let request = honest(&world).with("request_uri", &uri);
    assert_eq!(push_refused(&world, &request).await, "invalid_request");
}

#[tokio::test]
async fn fapi2_security_profile_final_par_attempt_invalid_http_method() {
    let world = World::new().await;
    let query = honest(&world).query();
    for method in [Method::GET, Method::PUT] {
        let request = Request::builder()
            .method(method)
            .uri(format!("{PAR}?{query}"));
        let answer = send(
            &world.router,
            request.body(axum::body::Body::empty()).unwrap(),
        )
        .await;
        assert_eq!(answer.status, 405);
    }
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_redirect_uri_in_authorization_request() {
    let world = World::new().await;
    let request = honest(&world).without("redirect_uri");
    assert_eq!(push_refused(&world, &request).await, "invalid_request");
}

/// Where there is no request object, the parameters of the request stand in its place.
#[tokio::test]
async fn fapi2_security_profile_final_ensure_request_object_without_redirect_uri_fails() {
    let world = World::new().await;
    for request in [
        honest(&world).without("redirect_uri"),
        honest(&world).with("redirect_uri", ""),
    ] {
        assert_eq!(push_refused(&world, &request).await, "invalid_request");
    }
}

/// Of other profiles than plain_fapi, which tolerates what we refuse.
#[tokio::test]
async fn fapi2_security_profile_final_ensure_registered_redirect_uri() {
    let world = World::new().await;
    let request = honest(&world).with("redirect_uri", "https://d.example/callback/other");
    assert_eq!(push_refused(&world, &request).await, "invalid_request");
}

/// Either way is right; ours is to refuse.
#[tokio::test]
async fn fapi2_security_profile_final_plain_fapi_tolerate_unregistered_redirect_uri() {
    let world = World::new().await;
    let request = honest(&world).with("redirect_uri", "https://d.example/unregistered");
    assert_eq!(push_refused(&world, &request).await, "invalid_request");
}

#[tokio::test]
async fn fapi2_security_profile_final_par_without_duplicate_parameters() {
    let world = World::new().await;
    // In the browser nothing but client_id and request_uri.
    let reference = world.delta.pushed(&world.router, &honest(&world)).await;
    assert_eq!(reference.0.len(), 2);
    let answer = Browser::default().sign_in(&world, &reference, HANAKO).await;
    assert!(answer.redirected("code").is_some());
}

#[tokio::test]
async fn fapi2_security_profile_final_par_ensure_pkce_required() {
    let world = World::new().await;
    let request = honest(&world)
        .without("code_challenge")
        .without("code_challenge_method");
    assert_eq!(push_refused(&world, &request).await, "invalid_request");
}

#[tokio::test]
async fn fapi2_security_profile_final_par_plain_pkce_rejected() {
    let world = World::new().await;
    let request = honest(&world).with("code_challenge_method", "plain");
    assert_eq!(push_refused(&world, &request).await, "invalid_request");
    let unnamed = honest(&world).without("code_challenge_method");
    assert_eq!(push_refused(&world, &unnamed).await, "invalid_request");
}

/// A redemption whose form is changed is refused with this error, and the honest one passes afterwards.
#[expect(
    clippy::type_complexity,
    reason = "a form in, a form out, as the helpers beside it have them"
)]
async fn redemption_refused(
    change: fn(&[(&'static str, &str)]) -> Vec<(&'static str, String)>,
    expected: &str,
) {
    let world = World::new().await;
    let (key, code) = (fresh_key(), code(&world).await);
    let assertion = world.delta.assertion();
    let form = change(&world.delta.redemption(&code, &assertion));
    let form: Vec<(&str, &str)> = form
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let proof = Proof::of(&key, "POST", TOKEN)
        .with_nonce(&world.router)
        .await;
    let answer = post_proven(&world.router, TOKEN, &form, &[&proof.signed_by(&key)]).await;
    assert_eq!(error(&answer), expected, "{}", answer.body);
    let answer = world.delta.redeem_bound(&world.router, &code, &key).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

fn owned(form: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    form.iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect()
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_pkce_code_verifier_required() {
    redemption_refused(
        |form| {
            owned(form)
                .into_iter()
                .filter(|(name, _)| *name != "code_verifier")
                .collect()
        },
        "invalid_request",
    )
    .await;
}

#[tokio::test]
async fn fapi2_security_profile_final_incorrect_pkce_code_verifier_rejected() {
    redemption_refused(
        |form| {
            let wrong = |(name, value)| {
                (
                    name,
                    if name == "code_verifier" {
                        "x".repeat(43)
                    } else {
                        value
                    },
                )
            };
            owned(form).into_iter().map(wrong).collect()
        },
        "invalid_grant",
    )
    .await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_client_id_in_token_endpoint() {
    redemption_refused(
        |form| {
            let mut form = owned(form);
            form.push(("client_id", "RPEPSILON".to_owned()));
            form
        },
        "invalid_client",
    )
    .await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_response_type_code_idtoken_fails() {
    let world = World::new().await;
    let request = honest(&world).with("response_type", "code id_token");
    let refused = push_refused(&world, &request).await;
    assert_eq!(refused, "unsupported_response_type");
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_response_type_token_fails() {
    let world = World::new().await;
    let request = honest(&world).with("response_type", "token");
    let refused = push_refused(&world, &request).await;
    assert_eq!(refused, "unsupported_response_type");
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_authorization_code_is_bound_to_client() {
    let world = World::new().await;
    let (key, code) = (fresh_key(), code(&world).await);
    let proof = Proof::of(&key, "POST", TOKEN)
        .with_nonce(&world.router)
        .await;
    let assertion = world.epsilon.assertion();
    let form = world.epsilon.redemption(&code, &assertion);
    let form = changed(&form, "redirect_uri", world.delta.redirect_uri);
    let answer = post_proven(&world.router, TOKEN, &form, &[&proof.signed_by(&key)]).await;
    assert_eq!(error(&answer), "invalid_grant");
    let answer = world.delta.redeem_bound(&world.router, &code, &key).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn fapi2_security_profile_final_attempt_reuse_authorization_code_after_one_second() {
    let world = World::new().await;
    let (key, code) = (fresh_key(), code(&world).await);
    let tokens = world
        .delta
        .redeem_bound(&world.router, &code, &key)
        .await
        .json();
    world.clock.advance(1);
    let answer = world.delta.redeem_bound(&world.router, &code, &key).await;
    assert_eq!(error(&answer), "invalid_grant");
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(bound_userinfo(&world.router, token, &key).await.status, 401);
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_token_endpoint_fails_with_expired_auth_code() {
    let world = World::new().await;
    let (key, code) = (fresh_key(), code(&world).await);
    world.clock.advance(60);
    let proof = Proof::of(&key, "POST", TOKEN).claim("iat", json!(NOW + 60));
    let proof = proof.with_nonce(&world.router).await.signed_by(&key);
    let assertion = crate::assertion::Assertion::of(&world.delta).claim("exp", json!(NOW + 120));
    let assertion = assertion.signed_by(&world.delta.key);
    let form = world.delta.redemption(&code, &assertion);
    let answer = post_proven(&world.router, TOKEN, &form, &[&proof]).await;
    assert_eq!(error(&answer), "invalid_grant");
}

/// None is issued, so none is bound to anything.
#[tokio::test]
async fn fapi2_security_profile_final_refresh_token() {
    let world = World::new().await;
    let tokens = succeeds(
        &world,
        &honest(&world).with("scope", "openid offline_access"),
    )
    .await;
    assert!(tokens.get("refresh_token").is_none());
}

#[tokio::test]
async fn an_essential_acr_is_met_and_reported_or_the_request_refused() {
    let world = World::new().await;
    let claims = |acr: &str| {
        json!({ "id_token": { "acr": { "essential": true, "values": [acr] } } }).to_string()
    };
    let tokens = succeeds(&world, &honest(&world).with("claims", &claims("aal3"))).await;
    assert_eq!(payload(tokens["id_token"].as_str().unwrap())["acr"], "aal3");
    let unmet = honest(&world).with("claims", &claims("aal9"));
    let refused = push_refused(&world, &unmet).await;
    assert_eq!(refused, "unmet_authentication_requirements");
}

/// Skipped by the suite where `claims_parameter_supported` is false: the four information come by their scopes alone.
#[tokio::test]
async fn fapi2_security_profile_final_test_claims_parameter_identity_claims() {
    let world = World::new().await;
    let path = "/api/realms/main/.well-known/openid-configuration";
    let document = get(&world.router, path).await.json();
    assert_eq!(document["claims_parameter_supported"], false);
    let claims = r#"{"id_token":{"name":null},"userinfo":{"name":{"essential":true}}}"#;
    let tokens = succeeds(&world, &honest(&world).with("claims", claims)).await;
    let claims = payload(tokens["id_token"].as_str().unwrap());
    assert!(claims.get("name").is_none());
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_dpop_auth_code_binding_success() {
    let world = World::new().await;
    let key = fresh_key();
    let request = honest(&world).with("dpop_jkt", &thumbprint(&key));
    let tokens = world.delta.bound_tokens(&world, &request, &key).await;
    assert_eq!(tokens["token_type"], "DPoP");
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_client_assertion_in_token_endpoint() {
    let world = World::new().await;
    let (key, code) = (fresh_key(), code(&world).await);
    let form = world.delta.redemption(&code, "x");
    let form = without(&without(&form, "client_assertion"), "client_assertion_type");
    let proof = Proof::of(&key, "POST", TOKEN)
        .with_nonce(&world.router)
        .await;
    let answer = post_proven(&world.router, TOKEN, &form, &[&proof.signed_by(&key)]).await;
    assert_eq!(
        (answer.status, error(&answer)),
        (401, "invalid_client".to_owned())
    );
    let answer = world.delta.redeem_bound(&world.router, &code, &key).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}
