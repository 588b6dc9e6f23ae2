//! Attacks on the card leg.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proto::revocation::v1::Purpose;
use proto::verification::v1::verify_signature_request::Signed;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::browser::{AuthRequest, Browser, send};
use crate::card::{HANAKO, answer_request, challenge, describe, link, post_answer, post_text};
use crate::world::{ISSUER, NOW, World};

async fn begun(world: &World) -> (Browser, String) {
    let mut browser = Browser::default();
    let request = AuthRequest::of(&world.alpha).with("scope", "openid name");
    let interaction_id = browser.begin(world, &request).await;
    (browser, interaction_id)
}

#[tokio::test]
async fn the_reader_app_is_told_for_whom_the_card_signs() {
    let world = World::new().await;
    let (_, interaction_id) = begun(&world).await;
    let mut described = describe(&world, &interaction_id).await.json();
    let random = described["random"].take();
    assert_eq!(random.as_str().unwrap().len(), 43);
    assert_eq!(
        described,
        json!({
            "interaction_id": interaction_id, "issuer": ISSUER, "client_id": "RPALPHA",
            "client_name": { "ja": "見本 <RPALPHA>", "en": "Sample <RPALPHA>" },
            "redirect_uri": "https://a.example/callback", "nonce": "nonce-1",
            "scopes": ["openid", "name"], "random": null, "expires_at": NOW + 120,
            "four_information": true, "device": "same", "short_code": null, "device_secret": null,
        })
    );
}

#[tokio::test]
async fn signature_verification_is_asked_about_the_challenge_as_a_user_authentication() {
    let world = World::new().await;
    let (_, interaction_id) = begun(&world).await;
    let described = describe(&world, &interaction_id).await.json();
    let challenge = challenge(&described);
    post_answer(&world, &interaction_id, &HANAKO.answer(&challenge)).await;
    let asked = world.verification.asked.lock().unwrap()[0].clone();
    assert_eq!(asked.signed, Some(Signed::Digest(challenge)));
    assert_eq!(asked.purpose(), Purpose::UserAuthentication);
    assert!(!asked.case_reference.is_empty() && asked.case_reference.len() <= 64);
    assert!(!asked.case_reference.contains(&interaction_id));
}

#[tokio::test]
async fn attack_54_a_challenge_is_good_once_and_for_120_seconds() {
    let world = World::new().await;
    for (seconds, status) in [(119, 200), (120, 410)] {
        let (_, interaction_id) = begun(&world).await;
        let described = describe(&world, &interaction_id).await.json();
        let answer = HANAKO.answer(&challenge(&described));
        world.clock.advance(seconds);
        let first = post_answer(&world, &interaction_id, &answer).await;
        assert_eq!(first.status, status, "{seconds}: {}", first.body);
        if status == 200 {
            assert_eq!(
                post_answer(&world, &interaction_id, &answer).await.status,
                410
            );
            assert_eq!(describe(&world, &interaction_id).await.status, 410);
        } else {
            // The person was slow: a new challenge is another one, and the old signature does not fit it.
            let renewed = describe(&world, &interaction_id).await.json();
            assert_ne!(renewed["random"], described["random"]);
            let late = post_answer(&world, &interaction_id, &answer).await.json();
            assert_eq!(late["reason"], "signature_mismatch");
        }
    }
}

/// What the card signs names the whole sign-in: with any of it changed, the signature is one for something else.
#[tokio::test]
async fn attack_54_a_challenge_is_bound_to_client_address_nonce_scopes_and_sign_in() {
    let world = World::new().await;
    for (member, value) in [
        ("issuer", json!("https://evil.example")),
        ("client_id", json!("RPBETA")),
        ("redirect_uri", json!("https://evil.example/callback")),
        ("nonce", json!("nonce-2")),
        ("scopes", json!(["openid"])),
        ("interaction_id", json!("A".repeat(22))),
        ("random", json!("A".repeat(43))),
        ("expires_at", json!(0)),
    ] {
        let (_, interaction_id) = begun(&world).await;
        let mut described = describe(&world, &interaction_id).await.json();
        described[member] = value;
        let answer = HANAKO.answer(&challenge(&described));
        let judged = post_answer(&world, &interaction_id, &answer).await.json();
        // When it ends is no part of it: the gateway keeps that itself.
        let reason = (member != "expires_at").then_some("signature_mismatch");
        assert_eq!(judged["reason"].as_str(), reason, "{member}");
    }
}

#[tokio::test]
async fn attack_54_of_many_answers_at_once_one_is_judged() {
    let world = World::new().await;
    let (_, interaction_id) = begun(&world).await;
    let described = describe(&world, &interaction_id).await.json();
    let answer = HANAKO.answer(&challenge(&described)).to_string();
    let secret = link(&world, &interaction_id);
    let mut racers = JoinSet::new();
    for _ in 0..50 {
        let router = world.router.clone();
        let request = answer_request(&interaction_id, &secret, answer.clone());
        racers.spawn(async move { send(&router, request).await.status });
    }
    let statuses = racers.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1);
    assert_eq!(world.verification.asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn attack_55_a_signature_for_one_sign_in_is_no_signature_for_another() {
    let world = World::new().await;
    let (_, at_alpha) = begun(&world).await;
    let at_beta = Browser::default()
        .begin(&world, &AuthRequest::of(&world.beta))
        .await;
    let described = describe(&world, &at_alpha).await.json();
    describe(&world, &at_beta).await;
    let answer = HANAKO.answer(&challenge(&described));
    let replayed = post_answer(&world, &at_beta, &answer).await.json();
    assert_eq!(
        (&replayed["outcome"], &replayed["reason"]),
        (&json!("refused"), &json!("signature_mismatch"))
    );
    // What belongs to the other sign-in was not spent.
    assert_eq!(
        post_answer(&world, &at_alpha, &answer).await.json()["outcome"],
        "accepted"
    );
}

#[tokio::test]
async fn attack_57_a_bad_certificate_is_refused_and_the_good_one_is_not() {
    let world = World::new().await;
    for (certificate, reason) in [
        ("x:CERTIFICATE_REVOKED", json!("certificate_revoked")),
        ("x:CERTIFICATE_EXPIRED", json!("certificate_expired")),
        ("x:UNTRUSTED_ISSUER", json!("untrusted_issuer")),
        (
            "x:UNSUPPORTED_CERTIFICATE",
            json!("unsupported_certificate"),
        ),
        ("x:REVOCATION_UNKNOWN", json!("revocation_unknown")),
        ("x:OK", Value::Null),
    ] {
        let (_, interaction_id) = begun(&world).await;
        let card = crate::card::Card { certificate };
        let answer = card.read(&world, &interaction_id).await.json();
        assert_eq!(answer["reason"], reason, "{certificate}");
    }
}

#[tokio::test]
async fn attack_58_when_verification_is_down_nobody_gets_in() {
    let world = World::new().await;
    world
        .verification
        .is_down
        .store(true, std::sync::atomic::Ordering::SeqCst);
    let (_, interaction_id) = begun(&world).await;
    let answer = HANAKO.read(&world, &interaction_id).await.json();
    assert_eq!(answer["outcome"], "refused");
    assert_eq!(answer["reason"], "verification_unavailable");
}

#[tokio::test]
async fn attack_59_four_information_that_the_reader_did_not_sign_refuse_the_answer() {
    let world = World::new().await;
    for item in ["name", "address", "birthdate", "gender"] {
        let (_, interaction_id) = begun(&world).await;
        let described = describe(&world, &interaction_id).await.json();
        let mut answer = HANAKO.vouched_answer(&world, &challenge(&described));
        answer["four_information"][item] = json!(match item {
            "birthdate" => "20000101",
            "gender" => "1",
            _ => "Someone Else",
        });
        let answer = post_answer(&world, &interaction_id, &answer).await.json();
        assert_eq!(answer["reason"], "reader_mismatch", "{item}");
    }
    let (_, interaction_id) = begun(&world).await;
    assert_eq!(
        HANAKO.read(&world, &interaction_id).await.json()["outcome"],
        "accepted"
    );
}

#[tokio::test]
async fn attack_59_another_card_s_four_information_do_not_fit() {
    let world = World::new().await;
    let (_, interaction_id) = begun(&world).await;
    let described = describe(&world, &interaction_id).await.json();
    let challenge = challenge(&described);
    let mut answer = crate::card::TARO.answer(&challenge);
    let vouched = HANAKO.vouched_answer(&world, &challenge);
    answer["four_information"] = vouched["four_information"].clone();
    answer["reader"] = vouched["reader"].clone();
    let answer = post_answer(&world, &interaction_id, &answer).await.json();
    assert_eq!(answer["reason"], "reader_mismatch");
}

#[tokio::test]
async fn an_unregistered_reader_s_word_does_not_count() {
    let world = World::new().await;
    let (mut browser, interaction_id) = begun(&world).await;
    let described = describe(&world, &interaction_id).await.json();
    let mut answer = HANAKO.vouched_answer(&world, &challenge(&described));
    answer["reader"]["key_id"] = json!("reader-2");
    let answer = post_answer(&world, &interaction_id, &answer).await.json();
    assert_eq!(answer["outcome"], "accepted");
    let back = browser
        .get(&world, answer["return_url"].as_str().unwrap())
        .await;
    let page = browser.get(&world, back.location()).await;
    assert!(!page.body.contains("CANARYNAME"));
}

#[tokio::test]
async fn an_answer_of_another_form_is_refused_and_spends_nothing() {
    let world = World::new().await;
    let (_, interaction_id) = begun(&world).await;
    let described = describe(&world, &interaction_id).await.json();
    let good = HANAKO.vouched_answer(&world, &challenge(&described));
    for body in ["", "{", "null", "[]", "{}", &"[".repeat(10_000)] {
        assert_eq!(
            post_text(&world, &interaction_id, body.to_owned())
                .await
                .status,
            400,
            "{body:.20}"
        );
    }
    let spoil = |pointer: &str, value: Value| {
        let mut spoiled = good.clone();
        *spoiled.pointer_mut(pointer).unwrap() = value;
        spoiled
    };
    for spoiled in [
        spoil("/certificate", json!("")),
        spoil("/certificate", json!("not base64!")),
        spoil("/certificate", json!(STANDARD.encode([0; 8_193]))),
        spoil("/certificate", json!(1)),
        spoil("/signature", json!("")),
        spoil("/signature", json!(STANDARD.encode([0; 513]))),
        spoil("/four_information/birthdate", json!("1985-03-15")),
        spoil("/four_information/gender", json!("4")),
        spoil("/four_information/name", json!("")),
        spoil("/four_information/name", json!("a\u{0}b")),
        spoil("/four_information/address", json!("x".repeat(1_025))),
        spoil("/four_information", Value::Null),
        spoil("/reader/signature", json!("AAAA")),
    ] {
        let answer = post_answer(&world, &interaction_id, &spoiled).await;
        assert_eq!(answer.status, 400, "{spoiled:.80}");
        assert_eq!(answer.json()["error"], "invalid_request");
    }
    let mut unknown = good.clone();
    unknown["pin"] = json!("1234");
    let answer = post_answer(&world, &interaction_id, &unknown).await;
    assert_eq!(answer.status, 400);
    assert!(
        !answer.body.contains("1234"),
        "what was sent is not repeated"
    );
    assert_eq!(
        post_answer(&world, &interaction_id, &good).await.json()["outcome"],
        "accepted"
    );
}

#[tokio::test]
async fn interactions_that_never_were_look_like_those_that_ended() {
    let world = World::new().await;
    let (_, interaction_id) = begun(&world).await;
    HANAKO.read(&world, &interaction_id).await;
    let ended = describe(&world, &interaction_id).await;
    for never in [
        "A".repeat(22),
        "x".to_owned(),
        "%00".to_owned(),
        "..%2f..".to_owned(),
    ] {
        let answer = describe(&world, &never).await;
        assert_eq!((answer.status, &answer.body), (410, &ended.body), "{never}");
    }
}
