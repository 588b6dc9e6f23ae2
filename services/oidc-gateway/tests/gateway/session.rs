//! Attacks on the browser's session and the pages.

use http::{Request, header};

use crate::browser::{AuthRequest, Browser, PROTOCOL, csrf, decision_path, get, send};
use crate::card::HANAKO;
use crate::world::{ISSUER, World};

fn page_of(interaction_id: &str) -> String {
    format!("/api/realms/main/interactions/{interaction_id}")
}

#[tokio::test]
async fn attack_46_pages_cannot_be_framed_and_run_nothing() {
    let world = World::new().await;
    let mut browser = Browser::default();
    let (interaction_id, consent) = browser
        .read_card(&world, &AuthRequest::of(&world.alpha), HANAKO)
        .await;
    let other = browser.begin(&world, &AuthRequest::of(&world.alpha)).await;
    let first = browser.get(&world, &page_of(&other)).await;
    let problem = get(&world.router, &format!("{PROTOCOL}/auth")).await;
    let missing = get(&world.router, "/nowhere").await;
    for page in [&consent, &first, &problem, &missing] {
        let policy = page.header(header::CONTENT_SECURITY_POLICY).unwrap();
        assert!(policy.contains("default-src 'none'"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(
            !policy.contains("unsafe-inline") && !policy.contains("script-src"),
            "{policy}"
        );
        assert_eq!(page.header(header::X_FRAME_OPTIONS), Some("DENY"));
        assert_eq!(page.header(header::REFERRER_POLICY), Some("no-referrer"));
        assert_eq!(page.header(header::X_CONTENT_TYPE_OPTIONS), Some("nosniff"));
        assert_eq!(page.header(header::CACHE_CONTROL), Some("no-store"));
        assert_eq!(
            page.header(header::STRICT_TRANSPORT_SECURITY),
            Some("max-age=31536000")
        );
        assert!(!page.body.contains("<script") && !page.body.contains(" style="));
        assert!(!page.body.contains("onclick"));
    }
    assert!(!interaction_id.is_empty());
}

#[tokio::test]
async fn a_sandbox_without_https_does_not_promise_any() {
    let world = World::configured(|config| {
        config.environment = runtime::config::Environment::Sandbox;
        config.public_url = "http://localhost:8080".to_owned();
    })
    .await;
    let page = get(&world.router, "/nowhere").await;
    assert!(page.header(header::STRICT_TRANSPORT_SECURITY).is_none());
}

#[tokio::test]
async fn attack_47_consent_needs_our_own_form_and_get_never_approves() {
    let world = World::new().await;
    let mut browser = Browser::default();
    let (interaction_id, page) = browser
        .read_card(&world, &AuthRequest::of(&world.alpha), HANAKO)
        .await;
    let path = decision_path(&interaction_id);
    let token = csrf(&page);
    for form in [
        vec![("decision", "approve")],
        vec![("decision", "approve"), ("csrf", "")],
        vec![("decision", "approve"), ("csrf", &token[..63])],
        vec![("decision", "approve"), ("csrf", &"0".repeat(64))],
    ] {
        let answer = browser.post(&world, &path, &form).await;
        assert!(matches!(answer.status, 400 | 403), "{}", answer.status);
        assert!(answer.header(header::LOCATION).is_none());
    }
    let by_get = format!("{path}?decision=approve&csrf={token}");
    assert_eq!(browser.get(&world, &by_get).await.status, 405);
    // A browser that says the form comes from elsewhere is believed.
    let good = [("csrf", token.as_str()), ("decision", "approve")];
    let mut foreign = crate::browser::form_request(&path, &good);
    foreign
        .headers_mut()
        .insert("sec-fetch-site", "cross-site".parse().unwrap());
    assert_eq!(browser.send(&world, foreign).await.status, 403);
    let mut own = crate::browser::form_request(&path, &good);
    own.headers_mut()
        .insert("sec-fetch-site", "same-origin".parse().unwrap());
    assert_eq!(browser.send(&world, own).await.status, 303);
}

#[tokio::test]
async fn attack_48_a_sign_in_is_finished_only_in_the_browser_that_began() {
    let world = World::new().await;
    let mut attacker = Browser::default();
    let interaction_id = attacker.begin(&world, &AuthRequest::of(&world.alpha)).await;
    // The victim reads the card for the attacker's sign-in; the app opens the victim's own browser.
    let back = HANAKO.read(&world, &interaction_id).await.json();
    let back = back["return_url"].as_str().unwrap().to_owned();
    let mut victim = Browser::default();
    victim.begin(&world, &AuthRequest::of(&world.alpha)).await;
    let answer = victim.get(&world, &back).await;
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains("別のブラウザ"), "{}", answer.body);
    // The attacker's browser has the cookie and not the token.
    let page = attacker.get(&world, &page_of(&interaction_id)).await;
    assert!(page.body.contains("読み取りアプリで続けてください") && !page.body.contains("csrf"));
    let guess = format!(
        "/card/return?interaction={interaction_id}&token={}",
        "A".repeat(43)
    );
    assert_eq!(attacker.get(&world, &guess).await.status, 400);
    // Nothing was spent: both together, as in an honest sign-in, work.
    assert_eq!(attacker.get(&world, &back).await.status, 303);
}

#[tokio::test]
async fn attack_49_the_browser_s_secret_changes_when_the_card_was_read() {
    let world = World::new().await;
    let mut browser = Browser::default();
    let interaction_id = browser.begin(&world, &AuthRequest::of(&world.alpha)).await;
    let before = browser.clone();
    let back = HANAKO.read(&world, &interaction_id).await.json();
    let answer = browser
        .get(&world, back["return_url"].as_str().unwrap())
        .await;
    let cookie = answer.header(header::SET_COOKIE).unwrap();
    assert!(cookie.starts_with("__Host-akashi-"), "{cookie}");
    for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Domain"));
    assert_ne!(before.cookies, browser.cookies);
    let path = page_of(&interaction_id);
    assert_eq!(before.clone().get(&world, &path).await.status, 403);
    assert_eq!(browser.get(&world, &path).await.status, 200);
    // Reloading the way back shows the page again and gives nothing new.
    let again = browser
        .get(&world, back["return_url"].as_str().unwrap())
        .await;
    assert_eq!(again.status, 303);
    assert!(again.header(header::SET_COOKIE).is_none());
}

#[tokio::test]
async fn attack_51_nothing_redirects_where_a_request_says() {
    let world = World::new().await;
    let request = AuthRequest::of(&world.alpha)
        .with("next", "https://evil.example/")
        .with("return_to", "https://evil.example/");
    let mut browser = Browser::default();
    let (interaction_id, page) = browser.read_card(&world, &request, HANAKO).await;
    let token = csrf(&page);
    let form = [
        ("csrf", token.as_str()),
        ("decision", "approve"),
        ("redirect_uri", "https://evil.example/"),
        ("next", "https://evil.example/"),
    ];
    let answer = browser
        .post(&world, &decision_path(&interaction_id), &form)
        .await;
    assert!(
        answer
            .location()
            .starts_with("https://a.example/callback?code=")
    );
}

#[tokio::test]
async fn attack_52_what_a_request_or_a_registration_says_is_escaped() {
    let world = World::new().await;
    let request = AuthRequest::of(&world.alpha).with("state", "\"><script>alert(1)</script>");
    let mut browser = Browser::default();
    let interaction_id = browser.begin(&world, &request).await;
    let page = browser.get(&world, &page_of(&interaction_id)).await;
    assert!(page.body.contains("&#60;RPALPHA&#62;") && !page.body.contains("<RPALPHA>"));
    let revoked = crate::card::REVOKED;
    let (_, refusal) = browser.read_card(&world, &request, revoked).await;
    assert!(!refusal.body.contains("<script>"), "{}", refusal.body);
    let denied = browser.decide(&world, &interaction_id, &page, "deny").await;
    assert_eq!(
        denied.redirected("state").as_deref(),
        Some("\"><script>alert(1)</script>")
    );
    assert!(!denied.location().contains('<'));
}

#[tokio::test]
async fn who_goes_back_after_the_end_reads_that_it_has_ended() {
    let world = World::new().await;
    let request = AuthRequest::of(&world.alpha);
    for decision in ["approve", "deny"] {
        let mut browser = Browser::default();
        let (interaction_id, page) = browser.read_card(&world, &request, HANAKO).await;
        // While it is under way, a browser without the secret is another one.
        let mut other = Browser::default();
        let strange = other.get(&world, &page_of(&interaction_id)).await;
        assert!(strange.body.contains("別のブラウザ"), "{}", strange.body);
        browser
            .decide(&world, &interaction_id, &page, decision)
            .await;
        let back = browser.get(&world, &page_of(&interaction_id)).await;
        assert_eq!(back.status, 400);
        assert!(back.body.contains("すでに終わっています"), "{}", back.body);
    }
}

#[tokio::test]
async fn attack_53_the_host_header_changes_nothing() {
    let world = World::new().await;
    let path = "/api/realms/main/.well-known/openid-configuration";
    for name in ["host", "x-forwarded-host", "forwarded"] {
        let request = Request::get(path)
            .header(name, "evil.example")
            .body(axum::body::Body::empty());
        let answer = send(&world.router, request.unwrap()).await;
        assert_eq!(answer.json()["issuer"], ISSUER);
        assert!(!answer.body.contains("evil.example"));
    }
}

#[tokio::test]
async fn a_sign_in_ends_after_ten_minutes() {
    let world = World::new().await;
    let mut browser = Browser::default();
    let interaction_id = browser.begin(&world, &AuthRequest::of(&world.alpha)).await;
    world.clock.advance(599);
    assert_eq!(
        browser.get(&world, &page_of(&interaction_id)).await.status,
        200
    );
    world.clock.advance(1);
    assert_eq!(
        browser.get(&world, &page_of(&interaction_id)).await.status,
        400
    );
}

/// 307 and 308 would have the browser post again, to the client, what it posted here.
#[tokio::test]
async fn attack_08_answers_to_posts_redirect_with_303() {
    let world = World::new().await;
    let request = AuthRequest::of(&world.beta);
    let posted = async |browser: &mut Browser, request: &AuthRequest| {
        let pairs: Vec<(&str, &str)> = request
            .0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        browser
            .post(&world, &format!("{PROTOCOL}/auth"), &pairs)
            .await
    };
    let mut browser = Browser::default();
    let begun = posted(&mut browser, &request).await;
    let id = begun.location().rsplit('/').next().unwrap().to_owned();
    let first = browser.get(&world, &page_of(&id)).await;
    let code_shown = crate::two_devices::ask_for_code(&world, &mut browser, &id, &first).await;
    let spoiled = request.clone().with("prompt", "none");
    let refused = posted(&mut browser, &spoiled).await;
    assert_eq!(
        refused.redirected("error").as_deref(),
        Some("login_required")
    );
    let mut statuses = vec![begun.status, code_shown.status, refused.status];
    for decision in ["approve", "deny"] {
        let (id, page) = browser.read_card(&world, &request, HANAKO).await;
        let decided = browser.decide(&world, &id, &page, decision).await;
        // Nothing of the form travels on.
        assert!(!decided.location().contains("csrf") && decided.body.is_empty());
        statuses.push(decided.status);
    }
    assert_eq!(statuses, [303; 5]);
}
