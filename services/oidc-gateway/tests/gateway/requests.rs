//! Attacks on the authorization request: redirects, parameters, modes.

use http::{Request, header};

use crate::browser::{AuthRequest, Browser, PROTOCOL, form_request, get, send};
use crate::world::{ISSUER, World};

pub(crate) async fn refused_on_page(world: &World, request: &AuthRequest) -> String {
    let answer = Browser::default().authorize(world, request).await;
    assert_eq!(answer.status, 400, "{request:?}");
    assert!(answer.header(header::LOCATION).is_none(), "{request:?}");
    assert!(answer.header(header::SET_COOKIE).is_none(), "{request:?}");
    answer.body
}

pub(crate) async fn refused_to_client(world: &World, request: &AuthRequest) -> String {
    let answer = Browser::default().authorize(world, request).await;
    assert_eq!(answer.status, 303, "{request:?} {}", answer.body);
    assert!(
        answer
            .location()
            .starts_with("https://a.example/callback?error="),
        "{request:?}"
    );
    assert_eq!(answer.redirected("iss").as_deref(), Some(ISSUER));
    answer.redirected("error").unwrap()
}

pub(crate) async fn accepted(world: &World, request: &AuthRequest) {
    Browser::default().begin(world, request).await;
}

#[tokio::test]
async fn attack_01_an_unregistered_redirect_uri_gets_a_page_and_no_redirect() {
    let world = World::new().await;
    let honest = AuthRequest::of(&world.alpha);
    accepted(&world, &honest).await;
    let page = refused_on_page(
        &world,
        &honest.clone().with("redirect_uri", "https://evil.example/"),
    )
    .await;
    assert!(page.contains("お問い合わせ番号"));
    refused_on_page(&world, &honest.without("redirect_uri")).await;
}

#[tokio::test]
async fn attack_05_a_parameter_sent_twice_is_refused() {
    let world = World::new().await;
    let honest = AuthRequest::of(&world.alpha);
    refused_on_page(&world, &honest.clone().twice("client_id", "RPBETA")).await;
    refused_on_page(&world, &honest.clone().twice("client_id", "RPALPHA")).await;
    refused_on_page(
        &world,
        &honest
            .clone()
            .twice("redirect_uri", "https://a.example/callback"),
    )
    .await;
    for name in [
        "state",
        "nonce",
        "scope",
        "response_type",
        "code_challenge",
        "prompt",
        "max_age",
    ] {
        let request = honest.clone().with(name, "openid").twice(name, "openid");
        assert_eq!(
            refused_to_client(&world, &request).await,
            "invalid_request",
            "{name}"
        );
    }
    accepted(&world, &honest.twice("unknown", "1").twice("unknown", "2")).await;
}

#[tokio::test]
async fn attack_07_errors_before_client_and_redirect_uri_are_known_never_redirect() {
    let world = World::new().await;
    let spoiled = AuthRequest::of(&world.alpha).with("response_type", "token");
    assert_eq!(
        refused_to_client(&world, &spoiled).await,
        "unsupported_response_type"
    );
    refused_on_page(&world, &spoiled.clone().with("client_id", "NOBODY")).await;
    refused_on_page(
        &world,
        &spoiled.clone().with("client_id", "RPALPHA<script>"),
    )
    .await;
    refused_on_page(&world, &spoiled.clone().without("client_id")).await;
    refused_on_page(
        &world,
        &spoiled.with("redirect_uri", "https://b.example/callback"),
    )
    .await;
}

#[tokio::test]
async fn attack_09_response_modes_that_are_not_offered_are_refused() {
    let world = World::new().await;
    let honest = AuthRequest::of(&world.alpha);
    for mode in ["fragment", "form_post", "query.jwt", "jwt"] {
        let request = honest.clone().with("response_mode", mode);
        assert_eq!(
            refused_to_client(&world, &request).await,
            "invalid_request",
            "{mode}"
        );
    }
    accepted(&world, &honest.with("response_mode", "query")).await;
}

#[tokio::test]
async fn attack_35_state_and_nonce_are_1_to_255_visible_characters() {
    let world = World::new().await;
    let honest = AuthRequest::of(&world.alpha);
    for name in ["state", "nonce"] {
        accepted(&world, &honest.clone().with(name, &"~ ".repeat(127))).await;
        accepted(&world, &honest.clone().with(name, &"x".repeat(255))).await;
        for value in ["", &"x".repeat(256), "tab\t", "null\u{7f}", "明石"] {
            let request = honest.clone().with(name, value);
            assert_eq!(
                refused_to_client(&world, &request).await,
                "invalid_request",
                "{value:?}"
            );
        }
        let request = honest.clone().without(name);
        assert_eq!(refused_to_client(&world, &request).await, "invalid_request");
    }
}

#[tokio::test]
async fn attack_45_request_objects_are_refused_and_request_uris_never_fetched() {
    let world = World::new().await;
    let honest = AuthRequest::of(&world.alpha);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let uri = format!(
        "https://127.0.0.1:{}/",
        listener.local_addr().unwrap().port()
    );
    let by_reference = honest.clone().with("request_uri", &uri);
    assert_eq!(
        refused_to_client(&world, &by_reference).await,
        "request_uri_not_supported"
    );
    assert!(listener.accept().is_err(), "somebody connected");
    let by_value = honest.clone().with("request", "e30.e30.");
    assert_eq!(
        refused_to_client(&world, &by_value).await,
        "request_not_supported"
    );
    // Even without a value it says that the client means another request than this one.
    assert_eq!(
        refused_to_client(&world, &honest.with("request", "")).await,
        "request_not_supported"
    );
}

#[tokio::test]
async fn prompt_none_cannot_succeed_and_other_prompts_change_nothing() {
    let world = World::new().await;
    let honest = AuthRequest::of(&world.alpha);
    let none = honest.clone().with("prompt", "none");
    assert_eq!(refused_to_client(&world, &none).await, "login_required");
    let both = honest.clone().with("prompt", "none login");
    assert_eq!(refused_to_client(&world, &both).await, "invalid_request");
    accepted(&world, &honest.with("prompt", "login consent")).await;
}

#[tokio::test]
async fn scopes_need_openid_and_the_client_s_registration() {
    let world = World::new().await;
    let honest = AuthRequest::of(&world.alpha);
    for scope in ["name", "openid  name", "openid sign"] {
        let request = honest.clone().with("scope", scope);
        assert_eq!(
            refused_to_client(&world, &request).await,
            "invalid_scope",
            "{scope}"
        );
    }
    assert_eq!(
        refused_to_client(&world, &honest.clone().without("scope")).await,
        "invalid_scope"
    );
    accepted(&world, &honest.with("scope", "profile email openid phone")).await;
    let beyond = AuthRequest::of(&world.beta).with("scope", "openid name");
    let answer = Browser::default().authorize(&world, &beyond).await;
    assert_eq!(answer.redirected("error").as_deref(), Some("invalid_scope"));
}

#[tokio::test]
async fn unknown_and_harmless_parameters_are_ignored() {
    let world = World::new().await;
    let request = AuthRequest::of(&world.alpha)
        .with("extra", "foobar")
        .with("display", "popup")
        .with("login_hint", "x")
        .with("claims", "{\"userinfo\":{}}")
        .with("acr_values", "aal3 crl")
        .with("max_age", "1")
        .with("id_token_hint", "x.y.z");
    accepted(&world, &request).await;
}

#[tokio::test]
async fn a_request_may_be_posted() {
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

#[tokio::test]
async fn the_language_is_the_client_s_wish_or_the_browser_s() {
    let world = World::new().await;
    let request = Request::get(format!("{PROTOCOL}/auth"))
        .header(header::ACCEPT_LANGUAGE, "en-GB,en;q=0.9")
        .body(axum::body::Body::empty());
    assert!(
        send(&world.router, request.unwrap())
            .await
            .body
            .contains("lang=\"en\"")
    );
    assert!(
        get(&world.router, &format!("{PROTOCOL}/auth"))
            .await
            .body
            .contains("lang=\"ja\"")
    );
}
