//! More of the attacks on the browser's session, each beside the twin that differs by the attack alone.

use http::{HeaderMap, Request, header};

use crate::browser::{
    Answer, AuthRequest, Browser, PROTOCOL, csrf, decision_path, form_request, get, post_form, send,
};
use crate::card::{Card, HANAKO, REVOKED, describe};
use crate::world::{PUBLIC_URL, World};

fn page_of(interaction_id: &str) -> String {
    format!("/api/realms/main/interactions/{interaction_id}")
}

fn must_be_closed(name: &str, headers: &HeaderMap) {
    let is = |header: header::HeaderName, value: &str| {
        let sent: Vec<_> = headers.get_all(&header).iter().collect();
        assert_eq!(sent, [value], "{name}: {header}");
    };
    let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    for directive in [
        "default-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ] {
        assert!(
            policy.split("; ").any(|part| part == directive),
            "{name}: {policy}"
        );
    }
    assert!(!policy.contains("unsafe"), "{name}: {policy}");
    is(header::X_FRAME_OPTIONS, "DENY");
    is(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    is(header::REFERRER_POLICY, "no-referrer");
    is(header::CACHE_CONTROL, "no-store");
}

fn must_run_nothing(name: &str, page: &Answer) {
    for sign in [
        "<script",
        "<style",
        " style=",
        " onclick",
        " onload",
        "javascript:",
    ] {
        assert!(!page.body.contains(sign), "{name}: {sign}");
    }
    let markup = [
        "<!doctype html>",
        "<html lang=\"",
        "<title>",
        "<main",
        "<h1>",
        "name=\"viewport\"",
    ];
    for sign in markup {
        assert!(page.body.contains(sign), "{name}: no {sign}");
    }
}

/// Every page and every error page, by name. The waiting page has a script and a test of its own.
async fn every_page(world: &World) -> Vec<(&'static str, Answer)> {
    let request = AuthRequest::of(&world.alpha);
    let mut browser = Browser::default();
    let id = browser.begin(world, &request).await;
    let sign_in = browser.get(world, &page_of(&id)).await;
    let other_browser = get(&world.router, &page_of(&id)).await;
    let foreign_form = browser
        .post(
            world,
            &decision_path(&id),
            &[("csrf", ""), ("decision", "deny")],
        )
        .await;
    let read = HANAKO.read(world, &id).await.json();
    let in_reader_app = browser.get(world, &page_of(&id)).await;
    let wrong_token = format!("/card/return?interaction={id}&token={}", "A".repeat(43));
    let wrong_token = browser.get(world, &wrong_token).await;
    let back = browser
        .get(world, read["return_url"].as_str().unwrap())
        .await;
    let consent = browser.get(world, back.location()).await;
    browser.decide(world, &id, &consent, "approve").await;
    let ended = browser.get(world, &page_of(&id)).await;
    let (_, refused) = Browser::default().read_card(world, &request, REVOKED).await;
    let auth = format!("{PROTOCOL}/auth");
    let of_query = async |query: &str| get(&world.router, &format!("{auth}?{query}")).await;
    vec![
        ("sign-in", sign_in),
        ("other browser", other_browser),
        ("foreign form", foreign_form),
        ("in the reader app", in_reader_app),
        ("wrong token", wrong_token),
        ("consent", consent),
        ("ended", ended),
        ("refused", refused),
        ("no client", of_query("").await),
        ("unknown client", of_query("client_id=NOBODY").await),
        (
            "foreign address",
            of_query("client_id=RPALPHA&redirect_uri=https://evil.example/").await,
        ),
        ("unreadable", of_query("%ff=%").await),
        (
            "no sign-in",
            get(&world.router, &page_of(&"A".repeat(22))).await,
        ),
        ("not found", get(&world.router, "/nowhere").await),
        (
            "wrong method",
            post_form(&world.router, &page_of(&"A".repeat(22)), &[]).await,
        ),
        (
            "too large",
            post_form(&world.router, &auth, &[("x", &"y".repeat(70_000))]).await,
        ),
    ]
}

#[tokio::test]
async fn attack_46_no_page_and_no_error_page_can_be_framed_or_runs_anything() {
    let world = World::new().await;
    for (name, page) in every_page(&world).await {
        assert_eq!(
            page.header(header::CONTENT_TYPE),
            Some("text/html; charset=utf-8"),
            "{name}"
        );
        must_be_closed(name, &page.headers);
        must_run_nothing(name, &page);
    }
}

#[tokio::test]
async fn attack_46_answers_without_a_page_cannot_be_framed_either() {
    let world = World::new().await;
    let mut browser = Browser::default();
    let begun = browser
        .authorize(&world, &AuthRequest::of(&world.alpha))
        .await;
    let error = AuthRequest::of(&world.alpha).with("prompt", "none");
    let error = browser.authorize(&world, &error).await;
    for (name, answer) in [
        ("begun", begun),
        ("error", error),
        (
            "token",
            post_form(&world.router, &format!("{PROTOCOL}/token"), &[]).await,
        ),
        (
            "userinfo",
            get(&world.router, &format!("{PROTOCOL}/userinfo")).await,
        ),
        (
            "card",
            get(
                &world.router,
                &format!("/card/interactions/{}", "A".repeat(22)),
            )
            .await,
        ),
    ] {
        must_be_closed(name, &answer.headers);
    }
}

#[tokio::test]
async fn attack_48_consent_is_given_only_in_the_browser_that_came_back() {
    let world = World::new().await;
    let request = AuthRequest::of(&world.alpha);
    let mut victim = Browser::default();
    let (id, page) = victim.read_card(&world, &request, HANAKO).await;
    let before = world.state.sign_in(&id, 0).await.unwrap();
    // The attacker knows everything but the cookie, and has one of another sign-in.
    let mut attacker = Browser::default();
    attacker.read_card(&world, &request, HANAKO).await;
    for browser in [&mut attacker, &mut Browser::default()] {
        let stolen = browser.decide(&world, &id, &page, "approve").await;
        assert_eq!(stolen.status, 403, "{}", stolen.body);
        assert!(stolen.header(header::LOCATION).is_none());
    }
    // The cookie under another name, or of another sign-in under this one's name, is none.
    let other = attacker.cookies.values().next().unwrap().clone();
    for cookie in [
        format!("__Host-akashi-{id}={other}"),
        format!("akashi-{id}={other}"),
    ] {
        let mut planted = form_request(
            &decision_path(&id),
            &[("csrf", &csrf(&page)), ("decision", "approve")],
        );
        planted
            .headers_mut()
            .insert(header::COOKIE, cookie.parse().unwrap());
        assert_eq!(send(&world.router, planted).await.status, 403);
    }
    assert!(
        world.state.sign_in(&id, 0).await.unwrap() == before,
        "nothing changed"
    );
    assert_eq!(
        victim.decide(&world, &id, &page, "approve").await.status,
        303
    );
}

#[tokio::test]
async fn attack_48_a_cookie_that_was_there_before_is_never_taken_over() {
    let world = World::new().await;
    // The attacker plants cookies before the victim begins.
    let mut victim = Browser::default();
    victim
        .cookies
        .insert(format!("__Host-akashi-{}", "A".repeat(22)), "B".repeat(43));
    let id = victim.begin(&world, &AuthRequest::of(&world.alpha)).await;
    let name = format!("__Host-akashi-{id}");
    assert_ne!(victim.cookies[&name], "B".repeat(43));
    let mut attacker = Browser::default();
    attacker.cookies.insert(name, "B".repeat(43));
    assert_eq!(attacker.get(&world, &page_of(&id)).await.status, 403);
    assert_eq!(victim.get(&world, &page_of(&id)).await.status, 200);
}

#[tokio::test]
async fn attack_51_and_53_redirects_of_ours_lead_to_the_configured_origin_whatever_the_host() {
    let world = World::new().await;
    let query = AuthRequest::of(&world.alpha).query();
    let mut honest = None;
    for host in ["op.example", "evil.example"] {
        let request = Request::get(format!("{PROTOCOL}/auth?{query}"))
            .header(header::HOST, host)
            .header("x-forwarded-host", host)
            .body(axum::body::Body::empty());
        let answer = send(&world.router, request.unwrap()).await;
        assert!(
            answer
                .location()
                .starts_with("/api/realms/main/interactions/")
        );
        let shape = (answer.status, answer.location().len());
        assert_eq!(*honest.get_or_insert(shape), shape);
    }
    let id = Browser::default()
        .begin(&world, &AuthRequest::of(&world.alpha))
        .await;
    let back = HANAKO.read(&world, &id).await.json();
    let back = back["return_url"].as_str().unwrap();
    assert!(
        back.starts_with(&format!("{PUBLIC_URL}/card/return?")),
        "{back}"
    );
}

#[tokio::test]
async fn attack_52_the_short_code_s_page_and_errors_escape_what_they_show() {
    let world = World::new().await;
    let hostile = "\"><script>alert(1)</script>";
    let query = crate::browser::encoded(&[("client_id", hostile), ("redirect_uri", hostile)]);
    let page = get(&world.router, &format!("{PROTOCOL}/auth?{query}")).await;
    assert_eq!(page.status, 400);
    assert!(!page.body.contains("alert(1)"));
    // An error that goes to the client repeats nothing of the request but the state.
    let request = AuthRequest::of(&world.alpha)
        .with("response_type", hostile)
        .with("scope", hostile);
    let error = Browser::default().authorize(&world, &request).await;
    assert_eq!(
        error.redirected("error").as_deref(),
        Some("unsupported_response_type")
    );
    assert!(!error.location().contains("alert"));
    let mut browser = Browser::default();
    let id = browser.begin(&world, &AuthRequest::of(&world.beta)).await;
    let page = browser.get(&world, &page_of(&id)).await;
    let shown = browser
        .post(
            &world,
            &format!("{}/qr", page_of(&id)),
            &[("csrf", &csrf(&page))],
        )
        .await;
    let page = browser.get(&world, shown.location()).await;
    assert!(page.body.contains("&#60;RPBETA&#62;") && !page.body.contains("<RPBETA>"));
}

#[tokio::test]
async fn attack_56_the_signing_certificate_where_the_other_one_is_due_is_refused() {
    let world = World::new().await;
    for (certificate, outcome) in [
        ("x:UNSUPPORTED_CERTIFICATE", "refused"),
        ("x:OK", "accepted"),
    ] {
        let mut browser = Browser::default();
        let id = browser.begin(&world, &AuthRequest::of(&world.alpha)).await;
        let answer = Card { certificate }.read(&world, &id).await.json();
        assert_eq!(answer["outcome"], outcome, "{certificate}");
        let asked = world.verification.asked.lock().unwrap();
        let purpose = asked.last().unwrap().purpose();
        assert_eq!(purpose, proto::revocation::v1::Purpose::UserAuthentication);
    }
}

#[tokio::test]
async fn attack_58_a_refusal_because_of_an_outage_is_final_for_that_answer_and_for_nothing_else() {
    let world = World::new().await;
    world
        .verification
        .is_down
        .store(true, std::sync::atomic::Ordering::SeqCst);
    let request = AuthRequest::of(&world.alpha);
    let mut browser = Browser::default();
    let (id, page) = browser.read_card(&world, &request, HANAKO).await;
    world
        .verification
        .is_down
        .store(false, std::sync::atomic::Ordering::SeqCst);
    // No code comes of it, whatever is sent, now that the service is back.
    assert!(!page.body.contains("approve"));
    assert_eq!(describe(&world, &id).await.status, 410);
    let path = decision_path(&id);
    let forged = browser
        .post(
            &world,
            &path,
            &[("csrf", &"0".repeat(64)), ("decision", "approve")],
        )
        .await;
    assert_eq!(forged.status, 403);
    // The twin: the same person a moment later.
    let answer = Browser::default().sign_in(&world, &request, HANAKO).await;
    assert!(answer.redirected("code").is_some());
}
