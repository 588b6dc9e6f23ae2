//! The card read on another device than the one whose browser began. RPBETA is registered for it, RPALPHA is not.

use http::{Request, header};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::browser::{Answer, AuthRequest, Browser, csrf, get, reader_secret, send};
use crate::card::{
    HANAKO, REVOKED, TARO, answer_request, challenge, describe, describe_with, link, post_answer,
};
use crate::world::{RelyingParty, World, contains};

pub(crate) fn page_of(interaction_id: &str) -> String {
    format!("/api/realms/main/interactions/{interaction_id}")
}

/// A browser that began at this client, and its first page.
async fn begun(world: &World, party: &RelyingParty) -> (Browser, String, Answer) {
    let mut browser = Browser::default();
    let request = AuthRequest::of(party).with("ui_locales", "en");
    let interaction_id = browser.begin(world, &request).await;
    let page = browser.get(world, &page_of(&interaction_id)).await;
    (browser, interaction_id, page)
}

/// Presses the button for another device.
pub(crate) async fn ask_for_code(
    world: &World,
    browser: &mut Browser,
    id: &str,
    page: &Answer,
) -> Answer {
    let path = format!("{}/qr", page_of(id));
    browser.post(world, &path, &[("csrf", &csrf(page))]).await
}

/// A browser that shows a QR code: its page, and what a phone reads from the code.
async fn showing(world: &World) -> (Browser, String, Answer, String) {
    let (mut browser, id, page) = begun(world, &world.beta).await;
    let answer = ask_for_code(world, &mut browser, &id, &page).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let page = browser.get(world, answer.location()).await;
    let code = scanned(&page);
    (browser, id, page, code)
}

/// What the QR code on a page carries: read as a phone's camera would, from the modules that are drawn.
pub(crate) fn scanned(page: &Answer) -> String {
    let address = sandbox::qr_code::read(&page.body).unwrap();
    let (prefix, secret) = address.split_once("&qr=").unwrap();
    assert!(
        prefix.starts_with("https://reader.example.jp/open?interaction="),
        "{address}"
    );
    secret.to_owned()
}

/// A phone scans the code.
pub(crate) async fn scan(world: &World, id: &str, code: &str) -> Answer {
    describe_with(world, id, code, "?opened_by=qr").await
}

pub(crate) async fn answer_as(world: &World, id: &str, secret: &str, answer: &Value) -> Answer {
    send(
        &world.router,
        answer_request(id, secret, answer.to_string()),
    )
    .await
}

pub(crate) async fn state_word(world: &World, browser: &mut Browser, id: &str) -> String {
    let answer = browser.get(world, &format!("{}/state", page_of(id))).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["state"].as_str().unwrap().to_owned()
}

fn short_code(page: &Answer) -> &str {
    let after = page.body.split("id=\"short-code\">").nth(1).unwrap();
    &after[..7]
}

#[tokio::test]
async fn the_browser_that_began_goes_on_when_the_phone_has_read_the_card() {
    let world = World::new().await;
    let (mut browser, id, page, code) = showing(&world).await;
    assert_eq!(state_word(&world, &mut browser, &id).await, "shown");
    let described = scan(&world, &id, &code).await;
    assert_eq!(described.status, 200, "{}", described.body);
    let described = described.json();
    assert_eq!(described["device"], "another");
    assert_eq!(described["short_code"], short_code(&page));
    assert_eq!(state_word(&world, &mut browser, &id).await, "opened");
    let opened = browser.get(&world, &page_of(&id)).await;
    assert!(opened.body.contains("Your phone has opened it") && !opened.body.contains("<svg"));
    assert_eq!(short_code(&opened), short_code(&page));
    let device = described["device_secret"].as_str().unwrap();
    let answer = HANAKO.answer(&challenge(&described));
    let verdict = answer_as(&world, &id, device, &answer).await.json();
    assert_eq!(
        verdict,
        json!({ "outcome": "accepted", "reason": null, "return_url": null })
    );
    assert_eq!(state_word(&world, &mut browser, &id).await, "ready");
    let before = browser.clone();
    let back = browser.get(&world, &page_of(&id)).await;
    assert_eq!(back.status, 303, "{}", back.body);
    assert_ne!(
        before.cookies, browser.cookies,
        "the browser's secret changes"
    );
    let consent = browser.get(&world, back.location()).await;
    let approved = browser.decide(&world, &id, &consent, "approve").await;
    let code = approved.redirected("code").unwrap();
    assert_eq!(world.beta.redeem(&world.router, &code).await.status, 200);
}

#[tokio::test]
async fn a_refused_card_is_told_in_the_browser_that_began() {
    let world = World::new().await;
    let (mut browser, id, _, code) = showing(&world).await;
    let described = scan(&world, &id, &code).await.json();
    let device = described["device_secret"].as_str().unwrap();
    let answer = REVOKED.answer(&challenge(&described));
    let verdict = answer_as(&world, &id, device, &answer).await.json();
    assert_eq!(verdict["reason"], "certificate_revoked");
    let back = browser.get(&world, &page_of(&id)).await;
    let page = browser.get(&world, back.location()).await;
    assert!(page.body.contains("has been revoked") && page.body.contains("error=access_denied"));
}

#[tokio::test]
async fn attack_48_a_relayed_qr_is_refused_where_the_switch_is_off() {
    let world = World::new().await;
    let (mut attacker, id, page) = begun(&world, &world.alpha).await;
    // The page offers no QR code, and none is made for who asks all the same.
    assert!(!page.body.contains("other-device"), "{}", page.body);
    let refused = ask_for_code(&world, &mut attacker, &id, &page).await;
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("はじめにお使いの端末でだけ"));
    // The attacker draws one from the page's own link. The app of the victim says that it was scanned.
    let before = world.state.sign_in(&id, 0).await.unwrap();
    let secret = link(&world, &id);
    let relayed = describe_with(&world, &id, &secret, "?opened_by=qr").await;
    assert_eq!(
        (relayed.status, &relayed.json()["error"]),
        (403, &json!("relayed"))
    );
    for guess in ["A".repeat(43), String::new(), id.clone()] {
        assert_eq!(
            describe_with(&world, &id, &guess, "?opened_by=qr")
                .await
                .status,
            410
        );
    }
    // Nothing was spent, and the twin, which differs by how the app was opened alone, goes on.
    assert!(world.state.sign_in(&id, 0).await.unwrap() == before);
    assert_eq!(
        describe_with(&world, &id, &secret, "?opened_by=link")
            .await
            .status,
        200
    );
    assert_eq!(HANAKO.read(&world, &id).await.json()["outcome"], "accepted");
}

/// The residual risk: who scans a code that somebody else shows, and types the PIN all the same, signs that one in. This
/// is what the holder saw before.
#[tokio::test]
async fn attack_48_where_the_switch_is_on_the_holder_saw_name_domain_and_code() {
    let world = World::new().await;
    let (mut attacker, id, attackers_page, code) = showing(&world).await;
    let (_, _, victims_page, _) = showing(&world).await;
    let saw = scan(&world, &id, &code).await.json();
    assert_eq!(saw["client_name"]["en"], "Sample <RPBETA>");
    assert_eq!(saw["redirect_uri"], "https://b.example/callback");
    assert_eq!(saw["short_code"], short_code(&attackers_page));
    // A page that the victim began themselves has another code: that is how they can tell.
    assert_ne!(saw["short_code"], short_code(&victims_page));
    assert!(
        attackers_page
            .body
            .contains("Do not scan one that somebody sent you")
    );
    // Who goes on all the same is signed in in the attacker's browser.
    let device = saw["device_secret"].as_str().unwrap();
    let answer = HANAKO.answer(&challenge(&saw));
    assert_eq!(answer_as(&world, &id, device, &answer).await.status, 200);
    assert_eq!(attacker.get(&world, &page_of(&id)).await.status, 303);
    // And in no other: the phone has no way to the code.
    let mut phone = Browser::default();
    let back = format!("/card/return?interaction={id}&token={device}");
    assert_eq!(phone.get(&world, &back).await.status, 403);
    assert_eq!(phone.get(&world, &page_of(&id)).await.status, 403);
}

#[tokio::test]
async fn a_code_is_opened_by_one_device() {
    let world = World::new().await;
    let (_, id, _, code) = showing(&world).await;
    let mut racers = JoinSet::new();
    for _ in 0..50 {
        let request = Request::get(format!("/card/interactions/{id}?opened_by=qr"))
            .header(header::AUTHORIZATION, format!("Bearer {code}"))
            .body(axum::body::Body::empty())
            .unwrap();
        let router = world.router.clone();
        racers.spawn(async move { send(&router, request).await });
    }
    let answers = racers.join_all().await;
    let opened: Vec<&Answer> = answers
        .iter()
        .filter(|answer| answer.status == 200)
        .collect();
    assert_eq!(opened.len(), 1);
    assert!(
        answers
            .iter()
            .all(|answer| matches!(answer.status, 200 | 410))
    );
    // The others have not disturbed it.
    let described = opened[0].json();
    let device = described["device_secret"].as_str().unwrap();
    assert_eq!(scan(&world, &id, &code).await.status, 410);
    let again = describe_with(&world, &id, device, "?opened_by=qr")
        .await
        .json();
    assert_eq!(again["random"], described["random"]);
    assert_eq!(again["device_secret"], Value::Null);
    let answer = HANAKO.answer(&challenge(&described));
    // Neither the code's secret nor one of nobody's brings an answer.
    for secret in [code.as_str(), &"A".repeat(43), ""] {
        assert_eq!(answer_as(&world, &id, secret, &answer).await.status, 410);
    }
    assert_eq!(
        answer_as(&world, &id, device, &answer).await.json()["outcome"],
        "accepted"
    );
    assert_eq!(answer_as(&world, &id, device, &answer).await.status, 410);
}

#[tokio::test]
async fn attack_54_a_code_and_the_device_that_opened_it_have_120_seconds_each() {
    let world = World::new().await;
    for (seconds, status) in [(119, 200), (120, 410)] {
        let (mut browser, id, _, code) = showing(&world).await;
        world.clock.advance(seconds);
        assert_eq!(scan(&world, &id, &code).await.status, status, "{seconds}");
        if status == 410 {
            assert_eq!(state_word(&world, &mut browser, &id).await, "over");
            let page = browser.get(&world, &page_of(&id)).await;
            assert!(page.body.contains("is over") && page.body.contains("other-device"));
            // Another one may be asked for.
            let answer = ask_for_code(&world, &mut browser, &id, &page).await;
            let page = browser.get(&world, answer.location()).await;
            assert_eq!(scan(&world, &id, &scanned(&page)).await.status, 200);
            assert_eq!(scan(&world, &id, &code).await.status, 410);
        }
    }
    for (seconds, status) in [(119, 200), (120, 410)] {
        let (_, id, _, code) = showing(&world).await;
        let described = scan(&world, &id, &code).await.json();
        let device = described["device_secret"].as_str().unwrap();
        world.clock.advance(seconds);
        let answer = HANAKO.answer(&challenge(&described));
        assert_eq!(
            answer_as(&world, &id, device, &answer).await.status,
            status,
            "{seconds}"
        );
    }
}

#[tokio::test]
async fn a_new_code_ends_the_old_one_and_the_device_that_opened_it() {
    let world = World::new().await;
    let (mut browser, id, page, code) = showing(&world).await;
    let described = scan(&world, &id, &code).await.json();
    let device = described["device_secret"].as_str().unwrap();
    let answer = ask_for_code(&world, &mut browser, &id, &page).await;
    let fresh = browser.get(&world, answer.location()).await;
    assert_ne!(short_code(&fresh), short_code(&page));
    let answer = HANAKO.answer(&challenge(&described));
    assert_eq!(answer_as(&world, &id, device, &answer).await.status, 410);
    assert_eq!(
        describe_with(&world, &id, device, "?opened_by=qr")
            .await
            .status,
        410
    );
    let described = scan(&world, &id, &scanned(&fresh)).await.json();
    let device = described["device_secret"].as_str().unwrap();
    let answer = HANAKO.answer(&challenge(&described));
    assert_eq!(answer_as(&world, &id, device, &answer).await.status, 200);
}

#[tokio::test]
async fn a_code_that_was_passed_on_as_a_link_is_refused_and_not_spent() {
    let world = World::new().await;
    let (_, id, _, code) = showing(&world).await;
    for query in ["", "?opened_by=link"] {
        let relayed = describe_with(&world, &id, &code, query).await;
        assert_eq!(
            (relayed.status, &relayed.json()["error"]),
            (403, &json!("relayed"))
        );
    }
    assert_eq!(
        describe_with(&world, &id, &code, "?opened_by=nfc")
            .await
            .status,
        400
    );
    assert_eq!(scan(&world, &id, &code).await.status, 200);
}

#[tokio::test]
async fn the_page_s_own_device_may_still_be_used_while_a_code_is_shown() {
    let world = World::new().await;
    let (mut browser, id, _, code) = showing(&world).await;
    scan(&world, &id, &code).await;
    let described = describe(&world, &id).await.json();
    assert_eq!(
        (&described["device"], &described["short_code"]),
        (&json!("same"), &Value::Null)
    );
    let answer = TARO.answer(&challenge(&described));
    let verdict = post_answer(&world, &id, &answer).await.json();
    let back = verdict["return_url"].as_str().unwrap();
    // The waiting page does not go on by itself: the app opens the browser, with the token.
    let waiting = browser.get(&world, &page_of(&id)).await;
    assert!(
        waiting.body.contains("Use the button in the reader app"),
        "{}",
        waiting.body
    );
    assert_eq!(browser.get(&world, back).await.status, 303);
}

#[tokio::test]
async fn a_switch_that_was_turned_off_meanwhile_holds_at_every_step() {
    let world = World::new().await;
    let clients = std::fs::read_to_string(world.folder.path().join("clients.toml")).unwrap();
    let off = world.folder.path().join("off.toml");
    std::fs::write(
        &off,
        clients.replace("cross_device = true", "cross_device = false"),
    )
    .unwrap();
    let mut config = world.config.clone();
    config.clients = runtime::config::ConfigPath::new(off);
    let off = oidc_gateway::router(world.replica_with(&config).await);
    let (_, id, _, code) = showing(&world).await;
    let request = |secret: &str| {
        Request::get(format!("/card/interactions/{id}?opened_by=qr"))
            .header(header::AUTHORIZATION, format!("Bearer {secret}"))
            .body(axum::body::Body::empty())
            .unwrap()
    };
    let refused = send(&off, request(&code)).await;
    assert_eq!(
        (refused.status, &refused.json()["error"]),
        (403, &json!("same_device_only"))
    );
    let described = scan(&world, &id, &code).await.json();
    let device = described["device_secret"].as_str().unwrap();
    let answer = HANAKO.answer(&challenge(&described)).to_string();
    let refused = send(&off, answer_request(&id, device, answer.clone())).await;
    assert_eq!(refused.json()["error"], "same_device_only");
    // Refused before anything was spent.
    let accepted = send(&world.router, answer_request(&id, device, answer)).await;
    assert_eq!(accepted.json()["outcome"], "accepted");
}

#[tokio::test]
async fn attack_47_and_48_a_code_is_shown_only_in_the_browser_that_began_and_by_its_own_form() {
    let world = World::new().await;
    let (mut browser, id, page) = begun(&world, &world.beta).await;
    let (mut other, _, others_page) = begun(&world, &world.beta).await;
    assert_eq!(
        ask_for_code(&world, &mut other, &id, &page).await.status,
        403
    );
    assert_eq!(
        ask_for_code(&world, &mut browser, &id, &others_page)
            .await
            .status,
        403
    );
    let path = format!("{}/qr", page_of(&id));
    assert_eq!(browser.post(&world, &path, &[]).await.status, 400);
    assert_eq!(browser.get(&world, &path).await.status, 405);
    let stored = world.state.sign_in(&id, 0).await.unwrap().unwrap();
    assert!(stored.qr_hash.is_none() && stored.qr_random.is_none());
    let state = format!("{}/state", page_of(&id));
    assert_eq!(other.get(&world, &state).await.status, 403);
    assert_eq!(get(&world.router, &state).await.status, 403);
    assert_eq!(state_word(&world, &mut browser, &id).await, "none");
    assert_eq!(
        ask_for_code(&world, &mut browser, &id, &page).await.status,
        303
    );
    // Once the card was read there is nothing to show a code for.
    HANAKO.read(&world, &id).await;
    assert_eq!(
        ask_for_code(&world, &mut browser, &id, &page).await.status,
        400
    );
}

#[tokio::test]
async fn attack_54_the_number_of_a_sign_in_opens_nothing() {
    let world = World::new().await;
    let (_, id, _) = begun(&world, &world.alpha).await;
    let (_, other, _) = begun(&world, &world.alpha).await;
    let before = world.state.sign_in(&id, 0).await.unwrap();
    let bare = get(&world.router, &format!("/card/interactions/{id}")).await;
    assert_eq!(bare.status, 410);
    // Another sign-in's link is none of this one's.
    let foreign = describe_with(&world, &id, &link(&world, &other), "").await;
    assert_eq!((foreign.status, &foreign.body), (410, &bare.body));
    let described = describe(&world, &other).await.json();
    let answer = HANAKO.answer(&challenge(&described));
    assert_eq!(
        answer_as(&world, &id, &link(&world, &other), &answer)
            .await
            .status,
        410
    );
    assert!(
        world.state.sign_in(&id, 0).await.unwrap() == before,
        "nothing was spent"
    );
    assert_eq!(HANAKO.read(&world, &id).await.json()["outcome"], "accepted");
}

#[tokio::test]
async fn attack_46_the_waiting_page_alone_has_a_script_and_it_is_a_file_of_ours() {
    let world = World::new().await;
    let (mut browser, id, page, _) = showing(&world).await;
    let policy = page.header(header::CONTENT_SECURITY_POLICY).unwrap();
    assert_eq!(
        policy,
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; \
         form-action 'self' https:; script-src 'self'; connect-src 'self'"
    );
    assert_eq!(page.header(header::X_FRAME_OPTIONS), Some("DENY"));
    let scripts: Vec<&str> = page.body.matches("<script").collect();
    assert_eq!(scripts.len(), 1);
    assert!(
        page.body
            .contains("<script src=\"/api/realms/main/assets/waiting.js\" defer></script>")
    );
    assert!(!page.body.contains(" style=") && !page.body.contains("onclick"));
    // It works without: the page loads itself again.
    assert!(
        page.body
            .contains("<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>")
    );
    let script = get(&world.router, "/api/realms/main/assets/waiting.js").await;
    assert_eq!(
        script.header(header::CONTENT_TYPE),
        Some("text/javascript; charset=utf-8")
    );
    assert!(!script.body.contains("innerHTML") && !script.body.contains("eval"));
    let answer = browser
        .get(&world, &format!("{}/state", page_of(&id)))
        .await;
    assert_eq!(answer.header(header::CACHE_CONTROL), Some("no-store"));
}

#[tokio::test]
async fn attack_72_no_secret_of_the_two_devices_is_stored_or_logged() {
    let world = World::new().await;
    let (_, id, _, code) = showing(&world).await;
    let described = scan(&world, &id, &code).await.json();
    let device = described["device_secret"].as_str().unwrap();
    let answer = HANAKO.answer(&challenge(&described));
    answer_as(&world, &id, device, &answer).await;
    let stored = world.stored();
    let holds = |octets: &[u8]| contains(&stored, octets);
    let log = crate::log::text();
    for secret in [code.as_str(), device, &link(&world, &id)] {
        use base64::Engine as _;
        let octets = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(secret);
        assert!(!holds(&octets.unwrap()) && !holds(secret.as_bytes()));
        assert!(!log.contains(secret));
    }
    // The twin: a hash is there, so the search would have found a secret.
    let hash = world
        .state
        .sign_in(&id, 0)
        .await
        .unwrap()
        .unwrap()
        .card_hash;
    assert!(holds(&hash.unwrap()));
    let page = reader_secret(&begun(&world, &world.alpha).await.2, "link");
    assert_eq!(page.len(), 43);
}
