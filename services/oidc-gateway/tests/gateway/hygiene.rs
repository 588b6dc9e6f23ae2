//! Nothing personal or secret is left behind, and nobody can be overwhelmed.

use std::time::Duration;

use axum::body::Body;
use futures_util::stream;
use http::{Request, header};
use oidc_gateway::{PeerAddress, Quotas};

use crate::assertion::{Assertion, TOKEN, userinfo};
use crate::browser::{
    AuthRequest, Browser, PROTOCOL, VERIFIER, fresh_code, post_form, post_json, send,
};
use crate::card::HANAKO;
use crate::world::{RelyingParty, World};

#[tokio::test]
async fn attack_67_a_whole_sign_in_leaves_no_trace_of_the_person_or_of_a_secret() {
    let world = World::new().await;
    let mut browser = Browser::default();
    let request =
        AuthRequest::of(&world.alpha).with("scope", "openid name address birthdate gender");
    let (interaction_id, page) = browser.read_card(&world, &request, HANAKO).await;
    let cookies: Vec<String> = browser.cookies.values().cloned().collect();
    assert_eq!(cookies.len(), 1);
    let answer = browser
        .decide(&world, &interaction_id, &page, "approve")
        .await;
    let code = answer.redirected("code").unwrap();
    let assertion = world.alpha.assertion();
    let form = world.alpha.redemption(&code, &assertion);
    let tokens = post_form(&world.router, TOKEN, &form).await.json();
    let token = tokens["access_token"].as_str().unwrap();
    let info = userinfo(&world.router, token).await.json();
    assert_eq!(info["name"], "CANARYNAME 花子");
    // Some refusals as well, whose errors must not repeat what they refuse.
    post_form(&world.router, TOKEN, &form).await;
    let log = crate::log::text();
    assert!(
        log.contains("a card's answer was judged"),
        "the log is being collected"
    );
    let metrics = world.metrics.render();
    assert!(metrics.contains("akashi_gateway_requests_total{"));
    let mut database = Vec::new();
    for name in ["gateway.db", "gateway.db-wal"] {
        database.extend(std::fs::read(world.folder.path().join(name)).unwrap_or_default());
    }
    let subject = info["sub"].as_str().unwrap();
    let canaries = [
        "CANARYNAME",
        "CANARYADDRESS",
        "19850315",
        "hanako",
        &code,
        token,
        &assertion,
    ];
    for canary in canaries
        .into_iter()
        .chain(cookies.iter().map(String::as_str))
        .chain([subject, VERIFIER])
    {
        assert!(!log.contains(canary), "the log holds {canary}");
        assert!(!metrics.contains(canary), "a metric holds {canary}");
        let octets = canary.as_bytes();
        let is_stored = database
            .windows(octets.len())
            .any(|window| window == octets);
        assert!(!is_stored, "the database holds {canary}");
    }
    let address = answer.location();
    assert!(!address.contains("CANARY") && !address.contains(subject));
}

#[tokio::test]
async fn attack_69_tokens_and_claims_are_not_to_be_stored() {
    let world = World::new().await;
    let code = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    let tokens = world.alpha.redeem(&world.router, &code).await;
    let refused = world.alpha.redeem(&world.router, &code).await;
    let info = userinfo(&world.router, "x").await;
    for answer in [&tokens, &refused, &info] {
        assert_eq!(answer.header(header::CACHE_CONTROL), Some("no-store"));
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
