//! The modules of the OpenID Foundation's `oidcc-basic-certification-test-plan`, each a test of the same name. Where we
//! answer otherwise on purpose, the test says what we do instead; the README lists these differences with their reasons.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Request, header};
use serde_json::{Value, json};

use crate::assertion::{TOKEN, payload, userinfo, without};
use crate::browser::{
    AuthRequest, Browser, NONCE, PROTOCOL, STATE, form_request, get, post_form, send,
};
use crate::card::HANAKO;
use crate::proof::{USERINFO, authorize};
use crate::world::{ISSUER, NOW, RelyingParty, World};

const DISCOVERY: &str = "/api/realms/main/.well-known/openid-configuration";

/// A whole sign-in with this request; gives the answer to the client and the tokens.
async fn signed_in(world: &World, party: &RelyingParty, request: &AuthRequest) -> Value {
    let answer = Browser::default().sign_in(world, request, HANAKO).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let code = answer
        .redirected("code")
        .unwrap_or_else(|| panic!("no code: {}", answer.location()));
    let tokens = party.redeem(&world.router, &code).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    tokens.json()
}

async fn alpha_signed_in(world: &World, request: &AuthRequest) -> Value {
    signed_in(world, &world.alpha, request).await
}

/// The honest request with one more parameter is answered as without it.
async fn succeeds_with(name: &str, value: &str) -> Value {
    let world = World::new().await;
    let request = AuthRequest::of(&world.alpha).with(name, value);
    alpha_signed_in(&world, &request).await
}

fn id_token(tokens: &Value) -> Value {
    payload(tokens["id_token"].as_str().unwrap())
}

async fn info(world: &World, tokens: &Value) -> Value {
    let answer = userinfo(&world.router, tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

/// The error that the client of this request is told.
async fn refused(world: &World, request: &AuthRequest) -> String {
    let answer = authorize(world, request).await;
    assert_eq!(answer.redirected("state").as_deref(), Some(STATE));
    assert_eq!(answer.redirected("iss").as_deref(), Some(ISSUER));
    assert_eq!(answer.redirected("code"), None);
    answer.redirected("error").unwrap()
}

#[tokio::test]
async fn oidcc_server() {
    let world = World::new().await;
    let request = AuthRequest::of(&world.alpha);
    let answer = Browser::default().sign_in(&world, &request, HANAKO).await;
    assert_eq!(answer.redirected("state").as_deref(), Some(STATE));
    assert_eq!(answer.redirected("iss").as_deref(), Some(ISSUER));
    let code = answer.redirected("code").unwrap();
    let tokens = world.alpha.redeem(&world.router, &code).await;
    assert_eq!(tokens.header(header::CACHE_CONTROL), Some("no-store"));
    let tokens = tokens.json();
    assert_eq!(tokens["token_type"], "Bearer");
    assert!(tokens["expires_in"].is_u64());
    let claims = id_token(&tokens);
    assert_eq!(claims["iss"], ISSUER);
    assert_eq!(claims["aud"], "RPALPHA");
    assert_eq!(claims["nonce"], NONCE);
    assert!(claims["exp"].as_i64().unwrap() > NOW && claims["iat"] == NOW);
    assert_eq!(info(&world, &tokens).await["sub"], claims["sub"]);
}

#[tokio::test]
async fn oidcc_response_type_missing() {
    let world = World::new().await;
    let request = AuthRequest::of(&world.alpha).without("response_type");
    assert_eq!(refused(&world, &request).await, "invalid_request");
}

/// Difference: ES256 instead of the suite's default RS256; discovery says so and names no other.
#[tokio::test]
async fn oidcc_idtoken_signature() {
    let world = World::new().await;
    let tokens = alpha_signed_in(&world, &AuthRequest::of(&world.alpha)).await;
    let token = tokens["id_token"].as_str().unwrap();
    let (input, signature) = token.rsplit_once('.').unwrap();
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap());
    let header: Value = serde_json::from_slice(&header.unwrap()).unwrap();
    let document = get(&world.router, DISCOVERY).await.json();
    let uri = document["jwks_uri"].as_str().unwrap();
    let path = uri.strip_prefix("https://op.example").unwrap();
    let set = get(&world.router, path).await.json();
    let keys = set["keys"].as_array().unwrap();
    let key = keys.iter().find(|key| key["kid"] == header["kid"]).unwrap();
    let decode = |text: &Value| URL_SAFE_NO_PAD.decode(text.as_str().unwrap()).unwrap();
    let point = [vec![4], decode(&key["x"]), decode(&key["y"])].concat();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
        .verify(
            input.as_bytes(),
            &URL_SAFE_NO_PAD.decode(signature).unwrap(),
        )
        .unwrap();
    assert_eq!(header["alg"], "ES256");
    let offered = &document["id_token_signing_alg_values_supported"];
    assert_eq!(offered, &json!(["ES256"]));
}

/// Difference: an unsigned ID token is not offered to anybody.
#[tokio::test]
async fn oidcc_idtoken_unsigned() {
    let world = World::new().await;
    let document = get(&world.router, DISCOVERY).await.body;
    assert!(!document.contains("none"), "{document}");
    let tokens = alpha_signed_in(&world, &AuthRequest::of(&world.alpha)).await;
    let signature = tokens["id_token"].as_str().unwrap().rsplit('.').next();
    assert_eq!(signature.unwrap().len(), 86);
}

#[tokio::test]
async fn oidcc_userinfo_get() {
    let world = World::new().await;
    let tokens = alpha_signed_in(&world, &AuthRequest::of(&world.alpha)).await;
    let answer = userinfo(&world.router, tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(
        answer.header(header::CONTENT_TYPE),
        Some("application/json")
    );
    assert_eq!(answer.json()["sub"], id_token(&tokens)["sub"]);
}

#[tokio::test]
async fn oidcc_userinfo_post_header() {
    let world = World::new().await;
    let tokens = alpha_signed_in(&world, &AuthRequest::of(&world.alpha)).await;
    let authorization = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let request = Request::post(USERINFO).header(header::AUTHORIZATION, authorization);
    let answer = send(
        &world.router,
        request.body(axum::body::Body::empty()).unwrap(),
    )
    .await;
    assert_eq!(answer.json()["sub"], id_token(&tokens)["sub"]);
}

#[tokio::test]
async fn oidcc_userinfo_post_body() {
    let world = World::new().await;
    let tokens = alpha_signed_in(&world, &AuthRequest::of(&world.alpha)).await;
    let form = [("access_token", tokens["access_token"].as_str().unwrap())];
    let answer = post_form(&world.router, USERINFO, &form).await;
    assert_eq!(answer.json()["sub"], id_token(&tokens)["sub"]);
}

/// Difference: the national service requires a nonce, and so do we; `nonce = "optional"` in a client's registration lets
/// this module pass.
#[tokio::test]
async fn oidcc_ensure_request_without_nonce_succeeds_for_code_flow() {
    let world = World::new().await;
    let request = AuthRequest::of(&world.gamma).without("nonce");
    let tokens = signed_in(&world, &world.gamma, &request).await;
    assert!(id_token(&tokens).get("nonce").is_none());
    let request = AuthRequest::of(&world.alpha).without("nonce");
    assert_eq!(refused(&world, &request).await, "invalid_request");
}

async fn scope_succeeds(scope: &str) -> Value {
    let world = World::new().await;
    let request = AuthRequest::of(&world.alpha).with("scope", scope);
    let tokens = alpha_signed_in(&world, &request).await;
    info(&world, &tokens).await
}

/// A scope without a meaning here is ignored: `profile` brings no claims, `name`, `birthdate` and `gender` are scopes.
#[tokio::test]
async fn oidcc_scope_profile() {
    let info = scope_succeeds("openid profile").await;
    assert_eq!(info.as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn oidcc_scope_email() {
    let info = scope_succeeds("openid email").await;
    assert_eq!(info.as_object().unwrap().len(), 1);
}

/// Difference: `address` is a string unless the registration says `address = "object"`.
#[tokio::test]
async fn oidcc_scope_address() {
    let world = World::new().await;
    let request = AuthRequest::of(&world.sister).with("scope", "openid address");
    let tokens = signed_in(&world, &world.sister, &request).await;
    let address = info(&world, &tokens).await["address"].clone();
    assert_eq!(address, json!({ "formatted": "CANARYADDRESS 1-2-3" }));
    let plain = scope_succeeds("openid address").await;
    assert_eq!(plain["address"], "CANARYADDRESS 1-2-3");
}

#[tokio::test]
async fn oidcc_scope_phone() {
    let info = scope_succeeds("openid phone").await;
    assert_eq!(info.as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn oidcc_scope_all() {
    let info = scope_succeeds("openid profile email address phone").await;
    assert_eq!(info.as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn oidcc_alternate_happy_flow() {
    let world = World::new().await;
    let mut request = AuthRequest::of(&world.alpha).with("scope", "name openid");
    request.0.reverse();
    let tokens = alpha_signed_in(&world, &request).await;
    assert_eq!(tokens["scope"], "openid name");
}

#[tokio::test]
async fn oidcc_display_page() {
    succeeds_with("display", "page").await;
}

#[tokio::test]
async fn oidcc_display_popup() {
    succeeds_with("display", "popup").await;
}

#[tokio::test]
async fn oidcc_ui_locales() {
    succeeds_with("ui_locales", "se").await;
    succeeds_with("ui_locales", "en-GB ja").await;
}

#[tokio::test]
async fn oidcc_claims_locales() {
    succeeds_with("claims_locales", "se").await;
}

#[tokio::test]
async fn oidcc_login_hint() {
    succeeds_with("login_hint", "buffy@op.example").await;
}

#[tokio::test]
async fn oidcc_prompt_login() {
    let world = World::new().await;
    let mut browser = Browser::default();
    let request = AuthRequest::of(&world.alpha);
    let mut moments = Vec::new();
    for prompt in [None, Some("login")] {
        let request = prompt.map_or(request.clone(), |p| request.clone().with("prompt", p));
        // The card is read each time: what comes first is the page that asks for it.
        let answer = browser.sign_in(&world, &request, HANAKO).await;
        let code = answer.redirected("code").unwrap();
        let assertion = crate::assertion::Assertion::of(&world.alpha).claim("exp", json!(NOW + 90));
        let assertion = assertion.signed_by(&world.alpha.key);
        let form = world.alpha.redemption(&code, &assertion);
        let tokens = post_form(&world.router, TOKEN, &form).await.json();
        moments.push(id_token(&tokens)["auth_time"].as_i64().unwrap());
        world.clock.advance(5);
    }
    assert!(moments[1] > moments[0], "{moments:?}");
}

#[tokio::test]
async fn oidcc_prompt_none_not_logged_in() {
    let world = World::new().await;
    let request = AuthRequest::of(&world.alpha).with("prompt", "none");
    assert_eq!(refused(&world, &request).await, "login_required");
}

/// What a browser is told that has just signed in.
async fn second_without_a_person(name: &str, value: &str) -> String {
    let world = World::new().await;
    let mut browser = Browser::default();
    let request = AuthRequest::of(&world.alpha);
    browser.sign_in(&world, &request, HANAKO).await;
    let silent = request.with("prompt", "none").with(name, value);
    let answer = browser.authorize(&world, &silent).await;
    answer.redirected("error").unwrap()
}

/// Difference: there is no session at the provider; every sign-in reads the card.
#[tokio::test]
async fn oidcc_prompt_none_logged_in() {
    let error = second_without_a_person("extra", "x").await;
    assert_eq!(error, "login_required");
}

/// Difference: as above; with somebody there, a hint is accepted.
#[tokio::test]
async fn oidcc_id_token_hint() {
    let world = World::new().await;
    let tokens = alpha_signed_in(&world, &AuthRequest::of(&world.alpha)).await;
    let hint = tokens["id_token"].as_str().unwrap();
    let error = second_without_a_person("id_token_hint", hint).await;
    assert_eq!(error, "login_required");
    succeeds_with("id_token_hint", hint).await;
}

/// Difference: the second sign-in reads the card too, so its `auth_time` is later instead of the same.
#[tokio::test]
async fn oidcc_max_age_10000() {
    let tokens = succeeds_with("max_age", "10000").await;
    assert_eq!(id_token(&tokens)["auth_time"], NOW);
    let error = second_without_a_person("max_age", "10000").await;
    assert_eq!(error, "login_required");
}

#[tokio::test]
async fn oidcc_max_age_1() {
    let tokens = succeeds_with("max_age", "1").await;
    let claims = id_token(&tokens);
    let age = claims["iat"].as_i64().unwrap() - claims["auth_time"].as_i64().unwrap();
    assert!(age <= 1, "{age}");
}

#[tokio::test]
async fn oidcc_ensure_request_with_unknown_parameter_succeeds() {
    succeeds_with("extra", "foobar").await;
}

#[tokio::test]
async fn oidcc_ensure_request_with_acr_values_succeeds() {
    let world = World::new().await;
    let document = get(&world.router, DISCOVERY).await.json();
    let offered = document["acr_values_supported"].as_array().unwrap();
    let all: Vec<&str> = offered.iter().map(|acr| acr.as_str().unwrap()).collect();
    let request = AuthRequest::of(&world.alpha).with("acr_values", &all.join(" "));
    let tokens = alpha_signed_in(&world, &request).await;
    assert!(offered.contains(&id_token(&tokens)["acr"]));
}

async fn code_reused_after(seconds: i64) {
    let world = World::new().await;
    let request = AuthRequest::of(&world.alpha);
    let answer = Browser::default().sign_in(&world, &request, HANAKO).await;
    let code = answer.redirected("code").unwrap();
    let first = world.alpha.redeem(&world.router, &code).await.json();
    world.clock.advance(seconds);
    let again = world.alpha.redeem(&world.router, &code).await;
    assert_eq!(
        (again.status, &again.json()["error"]),
        (400, &json!("invalid_grant"))
    );
    let token = first["access_token"].as_str().unwrap();
    assert_eq!(userinfo(&world.router, token).await.status, 401);
}

#[tokio::test]
async fn oidcc_codereuse() {
    code_reused_after(0).await;
}

#[tokio::test]
async fn oidcc_codereuse_30seconds() {
    code_reused_after(30).await;
}

#[tokio::test]
async fn oidcc_ensure_registered_redirect_uri() {
    let world = World::new().await;
    let request =
        AuthRequest::of(&world.alpha).with("redirect_uri", "https://a.example/callback/x");
    let answer = authorize(&world, &request).await;
    assert_eq!(answer.status, 400);
    assert!(answer.header(header::LOCATION).is_none());
    assert!(answer.body.contains("お問い合わせ番号"));
}

#[tokio::test]
async fn oidcc_ensure_post_request_succeeds() {
    let world = World::new().await;
    let request = AuthRequest::of(&world.alpha);
    let pairs: Vec<(&str, &str)> = request
        .0
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let answer = send(
        &world.router,
        form_request(&format!("{PROTOCOL}/auth"), &pairs),
    )
    .await;
    assert_eq!(answer.status, 303);
    assert!(answer.location().contains("/interactions/"));
}

/// Difference: private_key_jwt is the only client authentication.
#[tokio::test]
async fn oidcc_server_client_secret_post() {
    let world = World::new().await;
    let document = get(&world.router, DISCOVERY).await.json();
    let methods = &document["token_endpoint_auth_methods_supported"];
    assert_eq!(methods, &json!(["private_key_jwt"]));
    let request = AuthRequest::of(&world.alpha);
    let answer = Browser::default().sign_in(&world, &request, HANAKO).await;
    let code = answer.redirected("code").unwrap();
    let form = world.alpha.redemption(&code, "x");
    let mut form = without(&without(&form, "client_assertion"), "client_assertion_type");
    form.extend([("client_id", "RPALPHA"), ("client_secret", "secret")]);
    let answer = post_form(&world.router, TOKEN, &form).await;
    assert_eq!(answer.json()["error"], "invalid_request");
    assert_eq!(world.alpha.redeem(&world.router, &code).await.status, 200);
}

#[tokio::test]
async fn oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported() {
    let world = World::new().await;
    let document = get(&world.router, DISCOVERY).await.json();
    assert_eq!(document["request_parameter_supported"], false);
    let object = format!(
        "{}.{}.",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#),
        URL_SAFE_NO_PAD.encode("{}")
    );
    let request = AuthRequest::of(&world.alpha).with("request", &object);
    assert_eq!(refused(&world, &request).await, "request_not_supported");
}

#[tokio::test]
async fn oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported() {
    let world = World::new().await;
    let document = get(&world.router, DISCOVERY).await.json();
    assert_eq!(document["request_uri_parameter_supported"], false);
    let request = AuthRequest::of(&world.alpha).with("request_uri", "https://a.example/request");
    assert_eq!(refused(&world, &request).await, "request_uri_not_supported");
}

/// The `claims` parameter is read and brings nothing that the scopes do not: `name` comes by its scope.
#[tokio::test]
async fn oidcc_claims_essential() {
    let world = World::new().await;
    let claims = r#"{"userinfo":{"name":{"essential":true}}}"#;
    let request = AuthRequest::of(&world.alpha).with("claims", claims);
    let tokens = alpha_signed_in(&world, &request).await;
    assert!(info(&world, &tokens).await.get("name").is_none());
    let tokens = alpha_signed_in(&world, &request.with("scope", "openid name")).await;
    assert_eq!(info(&world, &tokens).await["name"], "CANARYNAME 花子");
}

#[tokio::test]
async fn oidcc_ensure_request_object_with_redirect_uri() {
    let world = World::new().await;
    let inner = json!({ "redirect_uri": "https://evil.example/" }).to_string();
    let object = format!(
        "{}.{}.",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#),
        URL_SAFE_NO_PAD.encode(inner)
    );
    let request = AuthRequest::of(&world.alpha).with("request", &object);
    let answer = authorize(&world, &request).await;
    assert!(
        answer
            .location()
            .starts_with("https://a.example/callback?error=request_not_supported")
    );
}

/// Skipped by the suite where none is issued: none is, and the grant is unknown.
#[tokio::test]
async fn oidcc_refresh_token() {
    let world = World::new().await;
    let request = AuthRequest::of(&world.alpha).with("scope", "openid offline_access");
    let tokens = alpha_signed_in(&world, &request).await;
    assert!(tokens.get("refresh_token").is_none());
    let assertion = world.alpha.assertion();
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", "x"),
        ("client_assertion_type", crate::assertion::ASSERTION_TYPE),
        ("client_assertion", assertion.as_str()),
    ];
    let answer = post_form(&world.router, TOKEN, &form).await;
    assert_eq!(answer.json()["error"], "unsupported_grant_type");
}

#[tokio::test]
async fn oidcc_ensure_request_with_valid_pkce_succeeds() {
    let world = World::new().await;
    let tokens = alpha_signed_in(&world, &AuthRequest::of(&world.alpha)).await;
    assert!(tokens["access_token"].is_string());
}
