//! Attacks on who an answer is from: the issuer, in metadata, answers and tokens alike.

use crate::assertion::{ASSERTION_TYPE, payload, userinfo};
use crate::browser::{Answer, AuthRequest, Browser, PROTOCOL, fresh_code, get, post_form};
use crate::card::{HANAKO, REVOKED};
use crate::world::{ISSUER, World};

const METADATA: &str = "/api/realms/main/.well-known/openid-configuration";

async fn published_issuer(world: &World) -> String {
    let document = get(&world.router, METADATA).await.json();
    document["issuer"].as_str().unwrap().to_owned()
}

/// The issuer in the link that leads back from a page.
fn linked_issuer(page: &Answer) -> Option<String> {
    let link = page
        .body
        .split("href=\"https://a.example/callback?")
        .nth(1)?;
    let query = link.split('"').next()?.replace("&#38;", "&");
    let mut parameters = url::form_urlencoded::parse(query.as_bytes());
    let issuer = parameters.find(|(name, _)| name == "iss")?;
    Some(issuer.1.into_owned())
}

#[tokio::test]
async fn attack_19_every_answer_success_or_error_says_that_it_is_the_metadata_s_issuer_s() {
    let world = World::new().await;
    let issuer = Some(published_issuer(&world).await);
    let request = AuthRequest::of(&world.alpha);
    let success = Browser::default().sign_in(&world, &request, HANAKO).await;
    assert!(success.redirected("code").is_some());
    assert_eq!(success.redirected("iss"), issuer);
    for (spoiled, error) in [
        (request.clone().with("prompt", "none"), "login_required"),
        (request.clone().with("scope", "name"), "invalid_scope"),
        (
            request.clone().with("response_type", "token"),
            "unsupported_response_type",
        ),
        (
            request.clone().with("request_uri", "https://evil.example/"),
            "request_uri_not_supported",
        ),
        // What a request says of it changes nothing.
        (
            request
                .clone()
                .without("nonce")
                .with("iss", "https://evil.example"),
            "invalid_request",
        ),
    ] {
        let answer = Browser::default().authorize(&world, &spoiled).await;
        assert_eq!(answer.redirected("error").as_deref(), Some(error));
        assert_eq!(answer.redirected("iss"), issuer, "{error}");
        assert_eq!(answer.location().matches("iss=").count(), 1, "{error}");
    }
    let mut browser = Browser::default();
    let (id, page) = browser.read_card(&world, &request, HANAKO).await;
    let denied = browser.decide(&world, &id, &page, "deny").await;
    assert_eq!(denied.redirected("error").as_deref(), Some("access_denied"));
    assert_eq!(denied.redirected("iss"), issuer);
    let (_, refused) = browser.read_card(&world, &request, REVOKED).await;
    assert_eq!(linked_issuer(&refused), issuer);
}

#[tokio::test]
async fn attack_20_there_is_one_issuer_in_one_spelling_and_nothing_beside_its_paths() {
    let world = World::new().await;
    assert_eq!(published_issuer(&world).await, ISSUER);
    let code = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    let tokens = world.alpha.redeem(&world.router, &code).await.json();
    assert_eq!(payload(tokens["id_token"].as_str().unwrap())["iss"], ISSUER);
    for path in [
        "/api/realms/main/.well-known/openid-configuration/",
        "/api/realms/main//.well-known/openid-configuration",
        "/api/realms/MAIN/.well-known/openid-configuration",
        "/api/realms/other/.well-known/openid-configuration",
        "/api/realms/main/../main/.well-known/openid-configuration",
        "/api/realms/%6dain/.well-known/openid-configuration",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/api/realms/main/",
        "/.well-known/oauth-authorization-server/api/realms/other",
        "/api/realms/other/protocol/openid-connect/certs",
        "/api/realms/main/protocol/openid-connect/certs/",
        "/api/realms/main/protocol/openid-connect/userinfo/",
    ] {
        assert_eq!(get(&world.router, path).await.status, 404, "{path}");
    }
    // What is good at this issuer's address is good at no other.
    let token = tokens["access_token"].as_str().unwrap();
    let assertion = world.alpha.assertion();
    let form = [
        ("token", token),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", &assertion),
    ];
    let elsewhere = "/api/realms/other/protocol/openid-connect/revoke";
    assert_eq!(post_form(&world.router, elsewhere, &form).await.status, 404);
    assert_eq!(userinfo(&world.router, token).await.status, 200);
    let here = format!("{PROTOCOL}/revoke");
    assert_eq!(post_form(&world.router, &here, &form).await.status, 200);
    assert_eq!(userinfo(&world.router, token).await.status, 401);
}

/// RFC 7662 is not offered: who holds a token learns from its own use whether it is good, and nobody else learns it.
#[tokio::test]
async fn attack_40_nobody_can_ask_whether_a_token_is_good() {
    let world = World::new().await;
    let document = get(&world.router, METADATA).await.json();
    assert!(document.get("introspection_endpoint").is_none());
    let code = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    let tokens = world.alpha.redeem(&world.router, &code).await.json();
    let token = tokens["access_token"].as_str().unwrap();
    let mut told = Vec::new();
    for (party, token) in [
        (&world.alpha, token),
        (&world.sister, token),
        (&world.sister, "guess-guess-guess-guess-guess-guess-guess-g"),
    ] {
        let assertion = party.assertion();
        let form = [
            ("token", token),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", &assertion),
        ];
        for path in ["/token/introspect", "/introspect"] {
            let answer = post_form(&world.router, &format!("{PROTOCOL}{path}"), &form).await;
            assert!(!answer.body.contains("active"), "{}", answer.body);
            told.push(answer.status);
        }
        // Nor has the assertion been used for it.
        assert!(party.proves(&world, &assertion).await);
    }
    assert_eq!(told, [404; 6]);
    assert_eq!(userinfo(&world.router, token).await.status, 200);
}
