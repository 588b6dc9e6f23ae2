//! Steps out of order, out of place and at the same time.

use http::{Method, Request};

use crate::assertion::TOKEN;
use crate::browser::{
    AuthRequest, Browser, PROTOCOL, csrf, decision_path, encoded, form_request, fresh_code,
    post_form, send,
};
use crate::card::{HANAKO, REVOKED, TARO};
use crate::world::World;

fn page_of(interaction_id: &str) -> String {
    format!("/api/realms/main/interactions/{interaction_id}")
}

#[tokio::test]
async fn consent_is_possible_at_no_other_stage() {
    let world = World::new().await;
    let request = AuthRequest::of(&world.alpha);
    let mut browser = Browser::default();
    // Before the card, with the first page's own form.
    let interaction_id = browser.begin(&world, &request).await;
    let first = browser.get(&world, &page_of(&interaction_id)).await;
    let early = browser
        .decide(&world, &interaction_id, &first, "approve")
        .await;
    assert_eq!((early.status, early.header("location")), (400, None));
    // After the card and before the way back.
    let read = HANAKO.read(&world, &interaction_id).await.json();
    let early = browser
        .decide(&world, &interaction_id, &first, "approve")
        .await;
    assert_eq!((early.status, early.header("location")), (400, None));
    // The way back changes the browser's secret, and with it the form's.
    let back = browser
        .get(&world, read["return_url"].as_str().unwrap())
        .await;
    let stale = browser
        .decide(&world, &interaction_id, &first, "approve")
        .await;
    assert_eq!((stale.status, stale.header("location")), (403, None));
    let consent = browser.get(&world, back.location()).await;
    let approved = browser
        .decide(&world, &interaction_id, &consent, "approve")
        .await;
    assert!(approved.redirected("code").is_some());

    // A refused card: its page has no form, and a form made up for it is none of ours.
    let (refused, page) = browser.read_card(&world, &request, REVOKED).await;
    assert!(!page.body.contains("csrf"));
    let form = [("csrf", csrf(&consent)), ("decision", "approve".to_owned())];
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    let answer = browser.post(&world, &decision_path(&refused), &form).await;
    assert_eq!((answer.status, answer.header("location")), (403, None));
}

#[tokio::test]
async fn yes_and_no_at_the_same_time_are_one_of_them() {
    let world = World::new().await;
    for _ in 0..10 {
        let mut browser = Browser::default();
        let request = AuthRequest::of(&world.alpha);
        let (interaction_id, page) = browser.read_card(&world, &request, HANAKO).await;
        let (mut one, mut other) = (browser.clone(), browser);
        let (yes, no) = tokio::join!(
            one.decide(&world, &interaction_id, &page, "approve"),
            other.decide(&world, &interaction_id, &page, "deny"),
        );
        let mut statuses = [yes.status, no.status];
        statuses.sort_unstable();
        assert_eq!(statuses[0], 303, "one of them is heard");
        assert_ne!(statuses[1], 303, "and the other is not");
    }
}

#[tokio::test]
async fn what_belongs_to_one_sign_in_opens_no_other() {
    let world = World::new().await;
    let request = AuthRequest::of(&world.alpha);
    let (mut mine, mut theirs) = (Browser::default(), Browser::default());
    let (own, own_page) = mine.read_card(&world, &request, TARO).await;
    let other = theirs.begin(&world, &request).await;
    let back = HANAKO.read(&world, &other).await.json()["return_url"].take();
    let back = back.as_str().unwrap();
    // The other's return token beside my sign-in's identifier, and my cookie under the other's name.
    let mixed = back.replace(&other, &own);
    let second = mine.begin(&world, &request).await;
    let mixed_second = back.replace(&other, &second);
    TARO.read(&world, &second).await;
    let answer = mine.get(&world, &mixed).await;
    assert_eq!(
        (answer.status, answer.location()),
        (303, page_of(&own).as_str())
    );
    assert!(
        answer.header("set-cookie").is_none(),
        "it only shows my own page again"
    );
    assert_eq!(mine.get(&world, &mixed_second).await.status, 400);
    let cookie = mine.cookies[&format!("__Host-akashi-{own}")].clone();
    let mut forged = Browser::default();
    forged
        .cookies
        .insert(format!("__Host-akashi-{other}"), cookie);
    assert_eq!(forged.get(&world, back).await.status, 403);
    assert_eq!(forged.get(&world, &page_of(&other)).await.status, 403);
    // My form's token on the other's decision.
    let crossed = theirs.decide(&world, &other, &own_page, "approve").await;
    assert_eq!(crossed.status, 403);
    assert_eq!(
        theirs.get(&world, back).await.status,
        303,
        "and nothing was spent"
    );
}

#[tokio::test]
async fn a_stranger_s_page_tells_nothing_of_the_sign_in() {
    let world = World::new().await;
    let interaction_id = Browser::default()
        .begin(
            &world,
            &AuthRequest::of(&world.alpha).with("scope", "openid name"),
        )
        .await;
    let page = Browser::default()
        .get(&world, &page_of(&interaction_id))
        .await;
    assert_eq!(page.status, 403);
    for word in ["RPALPHA", "a.example", "氏名", "reader.example", "csrf"] {
        assert!(!page.body.contains(word), "{word}");
    }
}

#[tokio::test]
async fn the_token_endpoint_reads_its_body_and_never_the_query() {
    let world = World::new().await;
    let code = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    let assertion = world.alpha.assertion();
    let form = world.alpha.redemption(&code, &assertion);
    let in_query = format!("{TOKEN}?{}", encoded(&form));
    assert_eq!(post_form(&world.router, &in_query, &[]).await.status, 401);
    // A query beside the body neither adds to it nor counts as a second value.
    let beside = format!("{TOKEN}?grant_type=password&code=x");
    assert_eq!(post_form(&world.router, &beside, &form).await.status, 200);
}

#[tokio::test]
async fn a_method_that_is_no_get_or_post_changes_nothing() {
    let world = World::new().await;
    let request = AuthRequest::of(&world.alpha);
    let mut browser = Browser::default();
    let (interaction_id, page) = browser.read_card(&world, &request, HANAKO).await;
    let form = [("csrf", csrf(&page)), ("decision", "approve".to_owned())];
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    for method in [
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
        Method::HEAD,
    ] {
        let mut request = form_request(&decision_path(&interaction_id), &form);
        *request.method_mut() = method.clone();
        request
            .headers_mut()
            .insert("x-http-method-override", "POST".parse().unwrap());
        assert_eq!(browser.send(&world, request).await.status, 405, "{method}");
    }
    let trace = Request::builder()
        .method(Method::TRACE)
        .uri(format!("{PROTOCOL}/token"));
    let answer = send(
        &world.router,
        trace.body(axum::body::Body::empty()).unwrap(),
    )
    .await;
    assert_eq!(answer.status, 405);
    let approved = browser
        .decide(&world, &interaction_id, &page, "approve")
        .await;
    assert_eq!(approved.status, 303);
}
