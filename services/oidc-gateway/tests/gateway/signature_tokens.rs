//! The client credentials grant: only to open a signature, and good for nothing else.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Request, header};
use oidc_gateway::Quotas;
use serde_json::json;

use crate::assertion::{ASSERTION_TYPE, Assertion, REVOKE, TOKEN, changed, userinfo, without};
use crate::browser::{fresh_code, post_form, send};
use crate::card::HANAKO;
use crate::signing::{DIGEST, START, access_token, credentials_form, result, start};
use crate::world::{NOW, World};

#[tokio::test]
async fn the_grant_is_for_scope_sign_alone_and_for_clients_that_may_ask() {
    let world = World::new().await;
    let ask = async |party: &crate::world::RelyingParty, scope: Option<&str>| {
        let assertion = party.assertion();
        let form = credentials_form(&assertion);
        let form = match scope {
            Some(scope) => changed(&form, "scope", scope),
            None => without(&form, "scope"),
        };
        post_form(&world.router, TOKEN, &form).await
    };
    for scope in [
        None,
        Some(""),
        Some("openid"),
        Some("openid sign"),
        Some("sign openid"),
        Some("sign sign"),
        Some("SIGN"),
        Some("sign "),
    ] {
        let answer = ask(&world.bank, scope).await;
        assert_eq!(
            (answer.status, answer.json()["error"].as_str()),
            (400, Some("invalid_scope")),
            "{scope:?}"
        );
    }
    for party in [&world.alpha, &world.beta] {
        let answer = ask(party, Some("sign")).await;
        assert_eq!(
            (answer.status, answer.json()["error"].as_str()),
            (400, Some("unauthorized_client"))
        );
    }
    let answer = ask(&world.bank, Some("sign")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header(header::CACHE_CONTROL), Some("no-store"));
    let granted = answer.json();
    let members: Vec<_> = granted.as_object().unwrap().keys().collect();
    assert_eq!(
        members,
        ["access_token", "expires_in", "scope", "token_type"]
    );
    assert_eq!(
        (
            &granted["expires_in"],
            &granted["scope"],
            &granted["token_type"]
        ),
        (&json!(300), &json!("sign"), &json!("Bearer"))
    );
}

#[tokio::test]
async fn attack_25_the_grant_s_assertion_is_good_once_and_a_client_must_prove_itself() {
    let world = World::new().await;
    let assertion = world.bank.assertion();
    let form = credentials_form(&assertion);
    assert_eq!(post_form(&world.router, TOKEN, &form).await.status, 200);
    assert_eq!(post_form(&world.router, TOKEN, &form).await.status, 401);
    let assertion = world.alpha.assertion();
    let unsigned = without(&credentials_form(&assertion), "client_assertion");
    assert_eq!(post_form(&world.router, TOKEN, &unsigned).await.status, 401);
}

#[tokio::test]
async fn a_signing_token_is_good_for_nothing_but_a_transaction_and_for_300_seconds() {
    let world = World::new().await;
    let token = world.bank.signing_token(&world).await;
    let info = userinfo(&world.router, &token).await;
    assert_eq!(
        (info.status, &info.json()["error"]),
        (401, &json!("invalid_token"))
    );
    let body = json!({ "digest": STANDARD.encode(DIGEST) });
    assert_eq!(start(&world, &token, &body).await.status, 200);
    world.clock.advance(299);
    assert_eq!(start(&world, &token, &body).await.status, 200);
    world.clock.advance(1);
    let late = start(&world, &token, &body).await;
    assert_eq!(late.status, 401);
    assert_eq!(
        late.header(header::WWW_AUTHENTICATE),
        Some("Bearer realm=\"akashi\", error=\"invalid_token\"")
    );
}

#[tokio::test]
async fn a_user_access_token_opens_no_transaction() {
    let world = World::new().await;
    let body = json!({ "digest": STANDARD.encode(DIGEST) });
    let (_, tokens) = world.bank.have_signed(&world, HANAKO).await;
    let code = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    let plain = world.alpha.redeem(&world.router, &code).await.json();
    for tokens in [tokens, plain] {
        let answer = start(&world, access_token(&tokens), &body).await;
        assert_eq!(
            (answer.status, answer.header(header::WWW_AUTHENTICATE)),
            (
                403,
                Some("Bearer realm=\"akashi\", error=\"insufficient_scope\"")
            )
        );
    }
    let token = world.bank.signing_token(&world).await;
    assert_eq!(start(&world, &token, &body).await.status, 200);
}

#[tokio::test]
async fn a_token_is_brought_once_and_in_the_header() {
    let world = World::new().await;
    let token = world.bank.signing_token(&world).await;
    let body = json!({ "digest": STANDARD.encode(DIGEST) }).to_string();
    let post = async |path: &str, headers: &[&str]| {
        let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        for value in headers {
            request = request.header(header::AUTHORIZATION, *value);
        }
        send(
            &world.router,
            request.body(Body::from(body.clone())).unwrap(),
        )
        .await
    };
    let bearer = format!("Bearer {token}");
    let none = post(START, &[]).await;
    assert_eq!(
        (none.status, none.header(header::WWW_AUTHENTICATE)),
        (401, Some("Bearer realm=\"akashi\""))
    );
    let in_query = format!("{START}?access_token={token}");
    assert_eq!(post(&in_query, &[]).await.status, 401);
    assert_eq!(post(START, &[&bearer, &bearer]).await.status, 400);
    for wrong in [
        "Bearer",
        "Bearer x",
        "Basic eDp5",
        &format!("Bearer {token}x"),
    ] {
        assert_eq!(post(START, &[wrong]).await.status, 401, "{wrong}");
    }
    assert_eq!(post(START, &[&bearer]).await.status, 200);
}

#[tokio::test]
async fn attack_39_a_revoked_signing_token_opens_nothing_and_only_its_client_revokes_it() {
    let world = World::new().await;
    let token = world.bank.signing_token(&world).await;
    let revoke = async |party: &crate::world::RelyingParty| {
        let assertion = party.assertion();
        let form = [
            ("token", token.as_str()),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion.as_str()),
        ];
        assert_eq!(post_form(&world.router, REVOKE, &form).await.status, 200);
    };
    let body = json!({ "digest": STANDARD.encode(DIGEST) });
    revoke(&world.notary).await;
    assert_eq!(start(&world, &token, &body).await.status, 200);
    revoke(&world.bank).await;
    assert_eq!(start(&world, &token, &body).await.status, 401);
}

#[tokio::test]
async fn attack_75_a_client_has_room_for_so_many_signatures_and_no_more() {
    let world = World::with_quotas(Quotas {
        signatures_per_client: 2,
        ..Quotas::default()
    })
    .await;
    let token = world.bank.signing_token(&world).await;
    let body = json!({ "digest": STANDARD.encode(DIGEST) });
    assert_eq!(start(&world, &token, &body).await.status, 200);
    let full = start(&world, &token, &body).await;
    assert_eq!(
        (full.status, &full.json()["error"]),
        (503, &json!("temporarily_unavailable"))
    );
    let assertion = world.bank.assertion();
    let form = credentials_form(&assertion);
    assert_eq!(post_form(&world.router, TOKEN, &form).await.status, 503);
    // Another client's room is its own, and the first has room again when its rows are gone.
    world.notary.open(&world).await;
    world.clock.advance(600 + 121);
    world.gateway.sweep().await.unwrap();
    let now = NOW + 600 + 121;
    let assertion = Assertion::of(&world.bank)
        .claim("iat", json!(now))
        .claim("exp", json!(now + 60))
        .signed_by(&world.bank.key);
    let form = credentials_form(&assertion);
    assert_eq!(post_form(&world.router, TOKEN, &form).await.status, 200);
}

#[tokio::test]
async fn a_client_that_may_not_ask_any_more_gets_nothing_whatever_it_holds() {
    let mut world = World::new().await;
    let token = world.bank.signing_token(&world).await;
    let (id, tokens) = world.bank.have_signed(&world, HANAKO).await;
    assert_eq!(result(&world, &id, access_token(&tokens)).await.status, 200);
    let path = world.folder.path().join("clients.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, after) = text
        .split_once("[client.signature]\nrecipient = \"operator\"\n")
        .unwrap();
    std::fs::write(&path, [before, after].concat()).unwrap();
    world.router = world.replica().await;
    let body = json!({ "digest": STANDARD.encode(DIGEST) });
    assert_eq!(start(&world, &token, &body).await.status, 403);
    assert_eq!(result(&world, &id, access_token(&tokens)).await.status, 403);
    // What the person agreed to is still the client's to ask for.
    assert_eq!(
        userinfo(&world.router, access_token(&tokens)).await.status,
        200
    );
}
