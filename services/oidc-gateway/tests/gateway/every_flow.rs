//! Every flow of the gateway, with what may go wrong in each, for a search of what it leaves behind.

use std::sync::atomic::Ordering;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use serde_json::json;

use crate::assertion::{ASSERTION_TYPE, REVOKE, TOKEN, changed, userinfo};
use crate::browser::{AuthRequest, Browser, PROTOCOL, encoded, fresh_code, get, post_form, send};
use crate::card::{
    DOCUMENT_SIGNATURE, HANAKO, REVOKED, challenge, describe, describe_with, post_answer,
};
use crate::proof::{USERINFO, bound_userinfo, fresh_key};
use crate::signature_validity::{ask, question};
use crate::signing::{DIGEST, access_token, decrypted, result, start};
use crate::two_devices::{answer_as, ask_for_code, page_of, scan, scanned, state_word};
use crate::world::{RelyingParty, World};

const ALL_SCOPES: &str = "openid name address birthdate gender";
const NAME: &str = "CANARYNAME 花子";

/// All of them, one after the other.
pub(crate) async fn drive(world: &World) {
    published(world).await;
    for party in [&world.alpha, &world.sister] {
        on_this_device(world, party).await;
    }
    on_another_device(world).await;
    refused_cards(world).await;
    denied(world).await;
    by_fapi2(world).await;
    signed(world).await;
    validity_asked(world).await;
    in_wrong_places(world).await;
}

async fn published(world: &World) {
    for (path, status) in [
        ("/api/realms/main/.well-known/openid-configuration", 200),
        ("/api/realms/main/protocol/openid-connect/certs", 200),
        ("/api/realms/main/assets/gateway.css", 200),
        ("/api/realms/main/assets/waiting.js", 200),
        ("/nowhere", 404),
    ] {
        assert_eq!(get(&world.router, path).await.status, status, "{path}");
    }
}

async fn revoke(world: &World, party: &RelyingParty, token: &str) {
    let assertion = party.assertion();
    let form = [
        ("token", token),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", &assertion),
    ];
    assert_eq!(post_form(&world.router, REVOKE, &form).await.status, 200);
}

async fn on_this_device(world: &World, party: &RelyingParty) {
    let code = fresh_code(world, party, ALL_SCOPES, HANAKO).await;
    let assertion = party.assertion();
    let form = party.redemption(&code, &assertion);
    let wrong = changed(
        &form,
        "code_verifier",
        "CANARYVERIFIER-that-is-not-the-one-asked-for",
    );
    assert_eq!(post_form(&world.router, TOKEN, &wrong).await.status, 400);
    assert_eq!(
        post_form(&world.router, TOKEN, &form).await.status,
        401,
        "used"
    );
    let tokens = party.redeem(&world.router, &code).await.json();
    let token = access_token(&tokens);
    assert_eq!(userinfo(&world.router, token).await.json()["name"], NAME);
    let posted = post_form(&world.router, USERINFO, &[("access_token", token)]).await;
    assert_eq!(posted.json()["name"], NAME);
    revoke(world, party, token).await;
    assert_eq!(userinfo(&world.router, token).await.status, 401);
    assert_eq!(party.redeem(&world.router, &code).await.status, 400);
    let bogus = [
        ("client_assertion", "e30.e30.CANARYBOGUS"),
        ("pin", "CANARYPIN-4711"),
    ];
    assert_eq!(post_form(&world.router, TOKEN, &bogus).await.status, 401);
}

async fn on_another_device(world: &World) {
    let mut browser = Browser::default();
    let request = AuthRequest::of(&world.beta).with("scope", "openid birthdate");
    let id = browser.begin(world, &request).await;
    let page = browser.get(world, &page_of(&id)).await;
    let shown = ask_for_code(world, &mut browser, &id, &page).await;
    let page = browser.get(world, shown.location()).await;
    let code = scanned(&page);
    assert_eq!(
        describe_with(world, &id, &code, "").await.status,
        403,
        "relayed"
    );
    let described = scan(world, &id, &code).await.json();
    assert_eq!(scan(world, &id, &code).await.status, 410, "one device");
    let device = described["device_secret"].as_str().unwrap();
    let answer = HANAKO.vouched_answer(world, &challenge(&described));
    assert_eq!(answer_as(world, &id, device, &answer).await.status, 200);
    assert_eq!(answer_as(world, &id, device, &answer).await.status, 410);
    assert_eq!(state_word(world, &mut browser, &id).await, "ready");
    let back = browser.get(world, &page_of(&id)).await;
    let consent = browser.get(world, back.location()).await;
    let approved = browser.decide(world, &id, &consent, "approve").await;
    let code = approved.redirected("code").unwrap();
    let tokens = world.beta.redeem(&world.router, &code).await.json();
    let info = userinfo(&world.router, access_token(&tokens)).await;
    assert_eq!(info.json()["birthdate"], "19850315");
}

async fn refused_cards(world: &World) {
    let request = AuthRequest::of(&world.alpha).with("scope", ALL_SCOPES);
    let (_, page) = Browser::default().read_card(world, &request, REVOKED).await;
    assert!(page.body.contains("class=\"reference\""), "{}", page.body);
    // Not of the contract's form, and with a PIN where none belongs.
    let id = Browser::default().begin(world, &request).await;
    let described = describe(world, &id).await.json();
    let good = HANAKO.vouched_answer(world, &challenge(&described));
    let (mut with_pin, mut altered) = (good.clone(), good);
    with_pin["pin"] = json!("CANARYPIN-4711");
    assert_eq!(post_answer(world, &id, &with_pin).await.status, 400);
    altered["four_information"]["name"] = json!("CANARYNAME 花男");
    let refused = post_answer(world, &id, &altered).await.json();
    assert_eq!(refused["reason"], "reader_mismatch");
    world.verification.is_down.store(true, Ordering::SeqCst);
    let (_, page) = Browser::default().read_card(world, &request, HANAKO).await;
    world.verification.is_down.store(false, Ordering::SeqCst);
    assert!(page.body.contains("error=temporarily_unavailable"));
}

async fn denied(world: &World) {
    let request = AuthRequest::of(&world.alpha).with("scope", ALL_SCOPES);
    let mut browser = Browser::default();
    let (id, page) = browser.read_card(world, &request, HANAKO).await;
    assert!(
        page.body.contains("CANARYNAME"),
        "the person sees what would be passed on"
    );
    let answer = browser.decide(world, &id, &page, "deny").await;
    assert_eq!(answer.redirected("error").as_deref(), Some("access_denied"));
    assert_eq!(browser.get(world, &page_of(&id)).await.status, 400);
}

async fn by_fapi2(world: &World) {
    let (key, stranger) = (fresh_key(), fresh_key());
    let request = AuthRequest::of(&world.delta)
        .with("scope", ALL_SCOPES)
        .with("login_hint", "CANARYHINT 花子")
        .with("id_token_hint", "CANARYTOKENHINT");
    let tokens = world.delta.bound_tokens(world, &request, &key).await;
    let token = access_token(&tokens);
    let info = bound_userinfo(&world.router, token, &key).await;
    assert_eq!(info.json()["name"], NAME);
    let foreign = bound_userinfo(&world.router, token, &stranger).await;
    assert_eq!(foreign.status, 401);
    assert_eq!(
        userinfo(&world.router, token).await.status,
        401,
        "as a bearer"
    );
    let code = world.delta.pushed_code(world, &request).await;
    let bare = world.delta.redeem(&world.router, &code).await;
    assert_eq!(bare.status, 400, "no proof");
    let twisted = request.with("redirect_uri", "https://evil.example/");
    assert_eq!(world.delta.push(&world.router, &twisted).await.status, 400);
    revoke(world, &world.delta, token).await;
}

async fn signed(world: &World) {
    let signing_token = world.bank.signing_token(world).await;
    let digest = STANDARD.encode(DIGEST);
    let refused = json!({ "digest": format!("{digest}CANARYDIGEST") });
    assert_eq!(start(world, &signing_token, &refused).await.status, 400);
    let id = world.bank.open(world).await;
    let request = world
        .bank
        .sign_request(&id)
        .with("scope", "openid name sign");
    let answer = Browser::default().sign_in(world, &request, HANAKO).await;
    let code = answer.redirected("code").unwrap();
    let tokens = world.bank.redeem(&world.router, &code).await.json();
    assert_eq!(result(world, &id, &signing_token).await.status, 403);
    let fetched = result(world, &id, access_token(&tokens)).await;
    let plain = decrypted(&fetched, &world.operator);
    assert_eq!(plain["signature"], STANDARD.encode(DOCUMENT_SIGNATURE));
    // Of a private client's questions none is answered.
    let asked = ask(world, &id, access_token(&tokens), &question().to_string()).await;
    assert_eq!(asked.status, 403);
}

async fn validity_asked(world: &World) {
    let (id, tokens) = world.ministry.have_signed(world, HANAKO).await;
    let token = access_token(&tokens);
    let asked = ask(world, &id, token, &question().to_string()).await;
    assert_eq!(asked.status, 200, "{}", asked.body);
    let mut foreign = question();
    foreign["assertion"] = json!("CANARY.ASSERTION.of-nobody");
    let refused = ask(world, &id, token, &foreign.to_string()).await;
    assert_eq!(refused.status, 403);
    let fetched = result(world, &id, token).await;
    decrypted(&fetched, &world.ministry_key);
}

/// Secrets and names in addresses, paths and parameters that are for something else.
async fn in_wrong_places(world: &World) {
    let code = fresh_code(world, &world.alpha, ALL_SCOPES, HANAKO).await;
    let tokens = world.alpha.redeem(&world.router, &code).await.json();
    let token = access_token(&tokens);
    for (endpoint, name, value, status) in [
        ("userinfo", "access_token", token, 401),
        ("auth", "client_id", NAME, 400),
        ("auth", "redirect_uri", NAME, 400),
        ("token", "code", code.as_str(), 405),
    ] {
        let query = encoded(&[(name, value)]);
        let answer = get(&world.router, &format!("{PROTOCOL}/{endpoint}?{query}")).await;
        assert_eq!(answer.status, status, "{endpoint} {}", answer.body);
    }
    for (name, value) in [("grant_type", code.as_str()), ("redirect_uri", NAME)] {
        let assertion = world.alpha.assertion();
        let form = world.alpha.redemption(&code, &assertion);
        let answer = post_form(&world.router, TOKEN, &changed(&form, name, value)).await;
        assert_eq!(answer.status, 400, "{name}");
    }
    for path in [
        format!("/card/interactions/{token}"),
        format!("/card/return?interaction={token}&token={token}"),
        page_of(token),
        format!("/{token}"),
    ] {
        let answer = get(&world.router, &path).await;
        assert!(answer.status >= 400, "{path}: {}", answer.status);
    }
    for scope in ["CANARYNAME", "openid name"] {
        let request = AuthRequest::of(&world.beta).with("scope", scope);
        let answer = Browser::default().authorize(world, &request).await;
        assert_eq!(answer.redirected("error").as_deref(), Some("invalid_scope"));
    }
    let foreign = Request::get(USERINFO)
        .header("authorization", format!("Basic {token}"))
        .header("user-agent", NAME)
        .header("referer", format!("https://a.example/callback?code={code}"));
    let answer = send(&world.router, foreign.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 401);
}
