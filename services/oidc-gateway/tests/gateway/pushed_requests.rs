//! Pushed authorization requests, and attacks on them.

use http::{Method, Request, header};
use serde_json::Value;

use crate::assertion::{ASSERTION_TYPE, Assertion};
use crate::browser::{AuthRequest, Browser, PROTOCOL, fresh_code, get, post_form, send};
use crate::card::HANAKO;
use crate::proof::{PAR, authorize};
use crate::world::{ISSUER, NOW, World};

async fn refused(world: &World, reference: &AuthRequest) {
    let answer = authorize(world, reference).await;
    assert_eq!(answer.status, 400, "{reference:?}");
    assert!(answer.header(header::LOCATION).is_none(), "{reference:?}");
    assert!(answer.header(header::SET_COOKIE).is_none(), "{reference:?}");
}

async fn begins(world: &World, reference: &AuthRequest) {
    let answer = authorize(world, reference).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert!(answer.location().contains("/interactions/"));
}

#[tokio::test]
async fn a_pushed_request_leads_to_a_code_for_every_client() {
    let world = World::new().await;
    for party in [&world.alpha, &world.sister, &world.beta, &world.gamma] {
        let answer = party.push(&world.router, &AuthRequest::of(party)).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        assert_eq!(answer.header(header::CACHE_CONTROL), Some("no-store"));
        assert_eq!(answer.json()["expires_in"], 60);
        let reference = party.reference(&answer);
        let uri = &reference.0[1].1;
        let secret = uri.strip_prefix("urn:ietf:params:oauth:request_uri:");
        assert_eq!(secret.unwrap().len(), 43, "256 bits");
        let answer = Browser::default().sign_in(&world, &reference, HANAKO).await;
        let code = answer.redirected("code").unwrap();
        assert_eq!(party.redeem(&world.router, &code).await.status, 200);
    }
}

#[tokio::test]
async fn attack_45_a_reference_is_answered_once_and_may_be_opened_again_until_then() {
    let world = World::new().await;
    let request = AuthRequest::of(&world.alpha);
    let reference = world.alpha.pushed(&world.router, &request).await;
    let (mut first, mut second) = (Browser::default(), Browser::default());
    let (one, one_page) = first.read_card(&world, &reference, HANAKO).await;
    // A reload, a second tab, or the preview of a chat program.
    let (two, two_page) = second.read_card(&world, &reference, HANAKO).await;
    assert_ne!(one, two);
    let answer = second.decide(&world, &two, &two_page, "approve").await;
    let code = answer.redirected("code").unwrap();
    // The other sign-in gets nothing, and nothing begins any more.
    let late = first.decide(&world, &one, &one_page, "approve").await;
    assert_eq!(late.status, 400, "{}", late.body);
    assert!(late.header(header::LOCATION).is_none());
    refused(&world, &reference).await;
    assert_eq!(world.alpha.redeem(&world.router, &code).await.status, 200);
}

#[tokio::test]
async fn a_no_answers_a_pushed_request_too() {
    let world = World::new().await;
    let request = AuthRequest::of(&world.alpha);
    let reference = world.alpha.pushed(&world.router, &request).await;
    let mut browser = Browser::default();
    let (id, page) = browser.read_card(&world, &reference, HANAKO).await;
    let answer = browser.decide(&world, &id, &page, "deny").await;
    assert_eq!(answer.redirected("error").as_deref(), Some("access_denied"));
    refused(&world, &reference).await;
}

#[tokio::test]
async fn attack_45_a_reference_that_is_over_guessed_or_another_client_s_is_refused() {
    let world = World::new().await;
    let reference = world
        .delta
        .pushed(&world.router, &AuthRequest::of(&world.delta))
        .await;
    let uri = reference.0[1].1.clone();
    refused(&world, &reference.clone().with("client_id", "RPEPSILON")).await;
    refused(&world, &reference.clone().with("client_id", "RPALPHA")).await;
    refused(&world, &reference.clone().with("client_id", "NOBODY")).await;
    refused(&world, &reference.clone().without("client_id")).await;
    for guess in [
        format!("{uri}x"),
        uri[..uri.len() - 1].to_owned(),
        "urn:ietf:params:oauth:request_uri:".to_owned(),
        format!("urn:ietf:params:oauth:request_uri:{}", "A".repeat(43)),
        "urn:ietf:params:oauth:request_uri:' OR 1=1 --".to_owned(),
    ] {
        refused(&world, &reference.clone().with("request_uri", &guess)).await;
    }
    refused(&world, &reference.clone().twice("request_uri", &uri)).await;
    refused(&world, &reference.clone().twice("client_id", "RPDELTA")).await;
    world.clock.advance(59);
    begins(&world, &reference).await;
    world.clock.advance(1);
    refused(&world, &reference).await;
}

#[tokio::test]
async fn attack_45_what_stands_beside_the_reference_changes_nothing() {
    let world = World::new().await;
    let request = AuthRequest::of(&world.delta).with("scope", "openid name");
    let reference = world.delta.pushed(&world.router, &request).await;
    let beside = reference
        .with("state", "evil")
        .with("nonce", "evil")
        .with("scope", "openid address")
        .with("redirect_uri", "https://evil.example/")
        .with("response_type", "token")
        .with("code_challenge", "evil")
        .with("prompt", "none");
    let answer = Browser::default().sign_in(&world, &beside, HANAKO).await;
    assert!(answer.location().starts_with("https://d.example/callback?"));
    assert_eq!(answer.redirected("state").as_deref(), Some("state-1"));
    let code = answer.redirected("code").unwrap();
    let key = crate::proof::fresh_key();
    let tokens = world.delta.redeem_bound(&world.router, &code, &key).await;
    assert_eq!(tokens.json()["scope"], "openid name");
}

#[tokio::test]
async fn attack_45_a_request_uri_elsewhere_is_never_fetched_also_when_pushed() {
    let world = World::new().await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let uri = format!("https://127.0.0.1:{port}/");
    let honest = AuthRequest::of(&world.delta);
    let answer = world
        .delta
        .push(&world.router, &honest.clone().with("request_uri", &uri))
        .await;
    assert_eq!(
        (answer.status, &answer.json()["error"]),
        (400, &Value::from("invalid_request"))
    );
    let in_browser = honest.clone().with("request_uri", &uri);
    let answer = authorize(&world, &in_browser).await;
    assert!(answer.redirected("error").is_some());
    assert!(listener.accept().is_err(), "somebody connected");
    world.delta.pushed(&world.router, &honest).await;
}

#[tokio::test]
async fn a_fapi2_client_must_push_and_an_honest_one_may_leave_state_and_nonce_out() {
    let world = World::new().await;
    let direct = authorize(&world, &AuthRequest::of(&world.delta)).await;
    assert_eq!(
        direct.redirected("error").as_deref(),
        Some("invalid_request")
    );
    assert_eq!(direct.redirected("iss").as_deref(), Some(ISSUER));
    let short = AuthRequest::of(&world.delta)
        .without("state")
        .without("nonce");
    let answer = world.delta.pushed_sign_in(&world, &short).await;
    assert_eq!(answer.redirected("state"), None);
    assert_eq!(answer.redirected("iss").as_deref(), Some(ISSUER));
}

#[tokio::test]
async fn a_switch_lets_one_client_leave_the_nonce_out_and_nothing_else() {
    let world = World::new().await;
    let request = AuthRequest::of(&world.gamma);
    begins(&world, &request.clone().without("nonce")).await;
    let refused = authorize(&world, &request.without("state")).await;
    assert_eq!(
        refused.redirected("error").as_deref(),
        Some("invalid_request")
    );
    let strict = AuthRequest::of(&world.alpha).without("nonce");
    let answer = authorize(&world, &strict).await;
    assert_eq!(
        answer.redirected("error").as_deref(),
        Some("invalid_request")
    );
}

#[tokio::test]
async fn a_pushed_request_is_held_to_the_rules_of_any_other_and_nothing_is_stored() {
    let world = World::new().await;
    let honest = AuthRequest::of(&world.delta);
    let error = async |request: AuthRequest| {
        let answer = world.delta.push(&world.router, &request).await;
        assert_eq!(answer.status, 400, "{request:?} {}", answer.body);
        assert!(answer.json().get("request_uri").is_none());
        answer.json()["error"].as_str().unwrap().to_owned()
    };
    let evil = "https://evil.example/";
    for (request, expected) in [
        (honest.clone().without("redirect_uri"), "invalid_request"),
        (honest.clone().with("redirect_uri", evil), "invalid_request"),
        (honest.clone().without("code_challenge"), "invalid_request"),
        (
            honest.clone().with("code_challenge_method", "plain"),
            "invalid_request",
        ),
        (honest.clone().without("response_type"), "invalid_request"),
        (
            honest.clone().with("response_type", "code id_token"),
            "unsupported_response_type",
        ),
        (honest.clone().with("scope", "name"), "invalid_scope"),
        (
            honest.clone().with("request", "e30."),
            "request_not_supported",
        ),
        (honest.clone().with("dpop_jkt", "short"), "invalid_request"),
        (
            honest.clone().with("nonce", &"x".repeat(256)),
            "invalid_request",
        ),
        (honest.clone().twice("scope", "openid"), "invalid_request"),
        (honest.clone().with("claims", "{"), "invalid_request"),
        (honest.clone().with("prompt", "none"), "login_required"),
        (
            honest.clone().with("extra", &"x".repeat(20_000)),
            "invalid_request",
        ),
    ] {
        assert_eq!(error(request.clone()).await, expected, "{request:?}");
    }
    let stored = world.state.occupancy().await.unwrap();
    assert!(stored.iter().all(|client| client.pushed_requests == 0));
    begins(&world, &world.delta.pushed(&world.router, &honest).await).await;
}

#[tokio::test]
async fn only_a_client_that_proves_itself_pushes_and_only_for_itself() {
    let world = World::new().await;
    let honest = AuthRequest::of(&world.delta);
    let pairs: Vec<(&str, &str)> = honest
        .0
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let bare = post_form(&world.router, PAR, &pairs).await;
    assert_eq!(
        (bare.status, &bare.json()["error"]),
        (401, &Value::from("invalid_client"))
    );
    let other = world
        .delta
        .push(
            &world.router,
            &honest.clone().with("client_id", "RPEPSILON"),
        )
        .await;
    assert_eq!(other.status, 401, "{}", other.body);
    // Without client_id the assertion says whose it is.
    let unnamed = honest.clone().without("client_id");
    begins(&world, &world.delta.pushed(&world.router, &unnamed).await).await;
    // The assertion is used up here as anywhere.
    let assertion = Assertion::of(&world.delta).signed_by(&world.delta.key);
    let mut form = pairs.clone();
    form.push(("client_assertion_type", ASSERTION_TYPE));
    form.push(("client_assertion", &assertion));
    assert_eq!(post_form(&world.router, PAR, &form).await.status, 201);
    assert_eq!(post_form(&world.router, PAR, &form).await.status, 401);
}

#[tokio::test]
async fn other_methods_than_post_are_refused() {
    let world = World::new().await;
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let request = Request::builder().method(method).uri(PAR);
        let request = request.body(axum::body::Body::empty()).unwrap();
        let answer = send(&world.router, request).await;
        assert_eq!(answer.status, 405);
        assert_eq!(answer.header(header::ALLOW), Some("POST"));
    }
}

#[tokio::test]
async fn attack_75_pushed_requests_fill_their_client_s_room_and_nobody_else_s() {
    let quotas = oidc_gateway::Quotas {
        pushed_requests_per_client: 2,
        ..oidc_gateway::Quotas::default()
    };
    let world = World::with_quotas(quotas).await;
    let request = AuthRequest::of(&world.delta);
    let reference = world.delta.pushed(&world.router, &request).await;
    world.delta.pushed(&world.router, &request).await;
    let full = world.delta.push(&world.router, &request).await;
    assert_eq!(full.status, 503);
    begins(&world, &reference).await;
    let other = AuthRequest::of(&world.epsilon);
    world.epsilon.pushed(&world.router, &other).await;
    world.clock.advance(60 + 600 + 121);
    world.gateway.sweep().await.unwrap();
    let assertion = Assertion::of(&world.delta).claim("exp", (NOW + 1_000).into());
    assert!(
        world
            .delta
            .proves(&world, &assertion.signed_by(&world.delta.key))
            .await
    );
}

#[tokio::test]
async fn a_request_pushed_at_one_gateway_begins_at_another_on_postgresql() {
    let mut world = World::on_postgres().await;
    let other = world.replica().await;
    let request = AuthRequest::of(&world.alpha);
    let reference = world.alpha.pushed(&other, &request).await;
    let answer = Browser::default().sign_in(&world, &reference, HANAKO).await;
    let code = answer.redirected("code").unwrap();
    assert_eq!(world.alpha.redeem(&other, &code).await.status, 200);
    world.router = other;
    refused(&world, &reference).await;
    fresh_code(&world, &world.alpha, "openid", HANAKO).await;
}

#[tokio::test]
async fn the_metadata_names_the_endpoint() {
    let world = World::new().await;
    for path in [
        "/api/realms/main/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server/api/realms/main",
    ] {
        let document = get(&world.router, path).await.json();
        assert_eq!(
            document["pushed_authorization_request_endpoint"],
            format!("https://op.example{PROTOCOL}/ext/par/request")
        );
        assert_eq!(document["require_pushed_authorization_requests"], false);
        assert_eq!(document["issuer"], ISSUER);
    }
}
