//! Nothing personal or secret is left behind, and nobody can be overwhelmed.

use std::time::Duration;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use futures_util::stream;
use http::{Request, header};
use oidc_gateway::{PeerAddress, Quotas};
use serde_json::json;

use crate::assertion::{ASSERTION_TYPE, Assertion, REVOKE, TOKEN, userinfo};
use crate::browser::{AuthRequest, Browser, PROTOCOL, fresh_code, post_form, post_json, send};
use crate::card::{HANAKO, describe, post_text};
use crate::signature_validity::{ask, question};
use crate::signing::{DIGEST, access_token, result, start};
use crate::world::{ISSUER, RelyingParty, World};

#[tokio::test]
async fn attack_69_tokens_and_claims_are_not_to_be_stored() {
    let world = World::new().await;
    let code = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    let tokens = world.alpha.redeem(&world.router, &code).await;
    let info = userinfo(&world.router, access_token(&tokens.json())).await;
    let refused = world.alpha.redeem(&world.router, &code).await;
    let no_info = userinfo(&world.router, "x").await;
    let pushed = AuthRequest::of(&world.delta);
    let pushed = world.delta.push(&world.router, &pushed).await;
    let assertion = world.alpha.assertion();
    let revocation = [
        ("token", "x"),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", &assertion),
    ];
    let revoked = post_form(&world.router, REVOKE, &revocation).await;
    let id = Browser::default()
        .begin(&world, &AuthRequest::of(&world.alpha))
        .await;
    let challenge = describe(&world, &id).await;
    let judged = HANAKO.read(&world, &id).await;
    for (name, answer, status) in [
        ("tokens", tokens, 200),
        ("userinfo", info, 200),
        ("no tokens", refused, 400),
        ("no userinfo", no_info, 401),
        ("pushed request", pushed, 201),
        ("revocation", revoked, 200),
        ("challenge", challenge, 200),
        ("card's answer", judged, 200),
    ] {
        assert_eq!(answer.status, status, "{name}: {}", answer.body);
        assert_eq!(
            answer.header(header::CACHE_CONTROL),
            Some("no-store"),
            "{name}"
        );
    }
}

#[tokio::test]
async fn attack_69_signatures_are_not_to_be_stored() {
    let world = World::new().await;
    let token = world.ministry.signing_token(&world).await;
    let body = json!({ "digest": STANDARD.encode(DIGEST) });
    let opened = start(&world, &token, &body).await;
    let refused = start(&world, &token, &json!({})).await;
    let (id, tokens) = world.ministry.have_signed(&world, HANAKO).await;
    let token = access_token(&tokens);
    let fetched = result(&world, &id, token).await;
    let none = result(&world, "x", token).await;
    let validity = ask(&world, &id, token, &question().to_string()).await;
    for (name, answer, status) in [
        ("opened", opened, 200),
        ("not opened", refused, 400),
        ("result", fetched, 200),
        ("no result", none, 404),
        ("validity", validity, 200),
    ] {
        assert_eq!(answer.status, status, "{name}: {}", answer.body);
        assert_eq!(
            answer.header(header::CACHE_CONTROL),
            Some("no-store"),
            "{name}"
        );
    }
}

#[tokio::test]
async fn attack_74_bodies_that_are_too_large_or_have_too_many_parameters_are_refused() {
    let world = World::new().await;
    let of = |octets: usize| vec![("x", "y".repeat(octets))];
    let post = async |form: Vec<(&str, String)>| {
        let form: Vec<(&str, &str)> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
        post_form(&world.router, TOKEN, &form).await.status
    };
    assert_eq!(post(of(64 * 1024)).await, 413);
    assert_eq!(post(of(10 * 1024 * 1024)).await, 413);
    assert_eq!(
        post(of(63 * 1024)).await,
        401,
        "read, and refused for want of an assertion"
    );
    assert_eq!(post(vec![("x", "y".to_owned()); 1_000]).await, 400);
    let query = "x=y&".repeat(1_000);
    let answer = Browser::default()
        .get(&world, &format!("{PROTOCOL}/auth?{query}"))
        .await;
    assert_eq!(answer.status, 400);
    let path = format!("/card/interactions/{}/response", "A".repeat(22));
    assert_eq!(
        post_json(&world.router, &path, "x".repeat(65_537))
            .await
            .status,
        413
    );
    // Without a length in front, the octets are counted as they come.
    let chunks = (0..100).map(|_| Ok::<_, std::io::Error>(vec![b'x'; 1_024]));
    let request = Request::post(TOKEN)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from_stream(stream::iter(chunks)));
    assert_eq!(send(&world.router, request.unwrap()).await.status, 413);
}

/// An assertion with this text, whatever it is, in place of its audience.
fn with_audience(party: &RelyingParty, audience: &str) -> String {
    let honest = Assertion::of(party).claim("aud", json!("AUDIENCE"));
    let claims = honest.claims.to_string().replace("\"AUDIENCE\"", audience);
    let header = URL_SAFE_NO_PAD.encode(honest.header.to_string());
    let input = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims));
    let signature = party.key.sign(input.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Who nests deeper than any honest sender is refused by a limit, not by the end of the stack.
#[tokio::test]
async fn attack_74_json_that_is_nested_deep_is_refused_wherever_it_is_read() {
    let world = World::new().await;
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    for (depth, error) in [(10, None), (1_900, Some("invalid_request"))] {
        let claims = format!(
            "{{\"userinfo\":{{\"name\":{{\"values\":{}}}}}}}",
            nested(depth)
        );
        let request = AuthRequest::of(&world.alpha).with("claims", &claims);
        let answer = Browser::default().authorize(&world, &request).await;
        let told = answer.location().split("error=").nth(1);
        let told = told.and_then(|rest| rest.split('&').next());
        assert_eq!((answer.status, told), (303, error), "{depth}");
    }
    let issuer = format!("\"{ISSUER}\"");
    for (audience, passes) in [(nested(1_900), false), (issuer, true)] {
        let assertion = with_audience(&world.alpha, &audience);
        assert_eq!(world.alpha.proves(&world, &assertion).await, passes);
    }
    let id = Browser::default()
        .begin(&world, &AuthRequest::of(&world.alpha))
        .await;
    for deep in ["[".repeat(60_000), "{\"a\":".repeat(10_000)] {
        let answer = post_text(&world, &id, deep).await;
        assert_eq!(
            (answer.status, &answer.json()["error"]),
            (400, &json!("invalid_request"))
        );
    }
    assert_eq!(
        HANAKO.read(&world, &id).await.status,
        200,
        "nothing was spent"
    );
}

#[tokio::test]
async fn attack_74_a_body_that_never_ends_is_given_up_on() {
    let world = World::new().await;
    let drops = stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Some((Ok::<_, std::io::Error>(vec![b'x']), ()))
    });
    let request = Request::post(TOKEN)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from_stream(drops));
    assert_eq!(send(&world.router, request.unwrap()).await.status, 408);
}

#[tokio::test]
async fn another_media_type_is_refused() {
    let world = World::new().await;
    for endpoint in ["token", "revoke", "auth"] {
        let path = format!("{PROTOCOL}/{endpoint}");
        assert_eq!(
            post_json(&world.router, &path, "{}".to_owned())
                .await
                .status,
            400
        );
    }
}

#[tokio::test]
async fn attack_75_a_full_store_answers_503_forgets_nothing_and_leaves_others_alone() {
    let quotas = Quotas {
        sign_ins_per_client: 3,
        assertion_ids_per_client: 2,
        ..Quotas::default()
    };
    let world = World::with_quotas(quotas).await;
    let request = AuthRequest::of(&world.alpha);
    let first = Browser::default().begin(&world, &request).await;
    for _ in 0..2 {
        Browser::default().begin(&world, &request).await;
    }
    assert_eq!(
        Browser::default().authorize(&world, &request).await.status,
        503
    );
    Browser::default()
        .begin(&world, &AuthRequest::of(&world.sister))
        .await;
    assert_eq!(
        HANAKO.read(&world, &first).await.status,
        200,
        "the first is still there"
    );
    world.gateway.sweep().await.unwrap();
    assert_eq!(
        Browser::default().authorize(&world, &request).await.status,
        503
    );

    let used = world.alpha.assertion();
    assert!(world.alpha.proves(&world, &used).await);
    for _ in 0..5 {
        assert!(!world.alpha.proves(&world, &used).await);
    }
    assert!(world.alpha.proves(&world, &world.alpha.assertion()).await);
    let answer = world.alpha.redeem(&world.router, &"A".repeat(43)).await;
    assert_eq!(
        (answer.status, answer.json()["error"].as_str()),
        (503, Some("temporarily_unavailable"))
    );
    assert!(world.sister.proves(&world, &world.sister.assertion()).await);

    // Once they have ended there is room again, and not before.
    world.clock.advance(600 + 121);
    world.gateway.sweep().await.unwrap();
    Browser::default().begin(&world, &request).await;
    let now = crate::world::NOW + 721;
    let later = Assertion::of(&world.alpha).claim("exp", (now + 60).into());
    assert!(
        world
            .alpha
            .proves(&world, &later.signed_by(&world.alpha.key))
            .await
    );
}

/// An authorization request that a proxy heard from this address.
async fn authorize_from(world: &World, forwarded: &str, party: &RelyingParty) -> u16 {
    let query = AuthRequest::of(party).query();
    let request = Request::get(format!("{PROTOCOL}/auth?{query}"))
        .header("x-forwarded-for", forwarded)
        .extension(PeerAddress([127, 0, 0, 1].into()))
        .body(Body::empty());
    send(&world.router, request.unwrap()).await.status
}

#[tokio::test]
async fn attack_75_one_address_cannot_use_up_a_client_s_room() {
    let world = World::configured(|config| {
        config.listen.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        config.quotas.sign_ins_per_client = 5;
        config.quotas.sign_ins_per_address = 3;
    })
    .await;
    let mut statuses = Vec::new();
    for invented in 0..20 {
        // Whatever it says of itself, the proxy says where it comes from.
        let forwarded = format!("198.51.100.{invented}, 192.0.2.66");
        statuses.push(authorize_from(&world, &forwarded, &world.alpha).await);
    }
    assert_eq!(statuses[..3], [303, 303, 303]);
    assert!(
        statuses[3..].iter().all(|status| *status == 429),
        "{statuses:?}"
    );
    assert_eq!(authorize_from(&world, "192.0.2.66", &world.beta).await, 429);
    // The client's other people still get in.
    assert_eq!(authorize_from(&world, "192.0.2.1", &world.alpha).await, 303);
    assert!(!crate::log::text().contains("192.0.2.66"));
    world.clock.advance(600);
    assert_eq!(
        authorize_from(&world, "192.0.2.66", &world.alpha).await,
        303
    );
}

#[tokio::test]
async fn behind_a_proxy_that_is_not_named_the_proxy_is_not_held_to_an_address_s_share() {
    let world = World::configured(|config| {
        config.listen.trusted_proxies = Vec::new();
        config.quotas.sign_ins_per_address = 3;
    })
    .await;
    for _ in 0..10 {
        assert_eq!(
            authorize_from(&world, "192.0.2.66", &world.alpha).await,
            303
        );
    }
}

#[tokio::test]
async fn requests_are_counted_by_endpoint_and_outcome() {
    let world = World::new().await;
    fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    let metrics = world.metrics.render();
    for line in [
        r#"endpoint="authorize",outcome="begun""#,
        r#"endpoint="card_answer",outcome="accepted""#,
        r#"endpoint="decision",outcome="approved""#,
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
}
