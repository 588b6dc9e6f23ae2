//! Whole sign-ins.

use std::sync::atomic::Ordering;

use serde_json::json;

use crate::assertion::{payload, userinfo};
use crate::browser::{AuthRequest, Browser, NONCE, STATE, fresh_code};
use crate::card::{Card, HANAKO, REVOKED, TARO, describe, post_answer};
use crate::world::{ISSUER, NOW, World};

#[tokio::test]
async fn a_person_signs_in_and_the_client_gets_what_it_asked_for() {
    let world = World::new().await;
    let request = AuthRequest::of(&world.alpha).with("scope", "openid name birthdate unknown");
    let answer = Browser::default().sign_in(&world, &request, HANAKO).await;
    assert!(
        answer
            .location()
            .starts_with("https://a.example/callback?code=")
    );
    assert_eq!(answer.redirected("state").as_deref(), Some(STATE));
    assert_eq!(answer.redirected("iss").as_deref(), Some(ISSUER));
    let tokens = world
        .alpha
        .redeem(&world.router, &answer.redirected("code").unwrap())
        .await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    let tokens = tokens.json();
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 300);
    assert_eq!(tokens["scope"], "openid name birthdate");
    let claims = payload(tokens["id_token"].as_str().unwrap());
    assert_eq!(claims["nonce"], NONCE);
    assert_eq!(
        (&claims["iat"], &claims["exp"]),
        (&json!(NOW), &json!(NOW + 300))
    );
    let info = userinfo(&world.router, tokens["access_token"].as_str().unwrap())
        .await
        .json();
    assert_eq!(
        info,
        json!({ "sub": claims["sub"], "name": "CANARYNAME 花子", "birthdate": "19850315" })
    );
}

#[tokio::test]
async fn the_whole_flow_works_on_postgresql_and_over_two_gateways() {
    let mut world = World::on_postgres().await;
    let (first, second) = (world.router.clone(), world.replica().await);
    let request =
        AuthRequest::of(&world.sister).with("scope", "openid name address birthdate gender");
    let mut browser = Browser::default();
    let interaction_id = browser.begin(&world, &request).await;
    // Each step goes to the gateway that did not answer the one before.
    world.router = second.clone();
    let back = HANAKO.read(&world, &interaction_id).await.json();
    world.router = first.clone();
    let back = browser
        .get(&world, back["return_url"].as_str().unwrap())
        .await;
    world.router = second.clone();
    let page = browser.get(&world, back.location()).await;
    world.router = first;
    let answer = browser
        .decide(&world, &interaction_id, &page, "approve")
        .await;
    let tokens = world
        .sister
        .redeem(&second, &answer.redirected("code").unwrap())
        .await
        .json();
    let info = userinfo(&world.router, tokens["access_token"].as_str().unwrap())
        .await
        .json();
    assert_eq!(
        info["address"],
        json!({ "formatted": "CANARYADDRESS 1-2-3" })
    );
    assert_eq!(info["birthdate"], "1985-03-15");
    assert_eq!(info["gender"], "female");
}

#[tokio::test]
async fn rs256_and_ps256_clients_redeem_codes_too() {
    let world = World::new().await;
    for party in [&world.beta, &world.gamma] {
        let code = fresh_code(&world, party, "openid", HANAKO).await;
        let answer = party.redeem(&world.router, &code).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

#[tokio::test]
async fn a_revoked_card_is_refused_in_words_and_the_client_hears_access_denied() {
    let world = World::new().await;
    let request = AuthRequest::of(&world.alpha).with("ui_locales", "en");
    let (_, page) = Browser::default()
        .read_card(&world, &request, REVOKED)
        .await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("has been revoked"), "{}", page.body);
    let link = page
        .body
        .split("href=\"https://a.example/callback?")
        .nth(1)
        .unwrap();
    let link = link.split('"').next().unwrap().replace("&#38;", "&");
    assert!(link.contains("error=access_denied"), "{link}");
    assert!(
        link.contains("state=state-1") && link.contains("iss=https%3A%2F%2Fop.example"),
        "{link}"
    );
    // Why is between the person and the card's issuer.
    assert!(!link.contains("revoked"), "{link}");
}

#[tokio::test]
async fn every_refusal_has_words_in_both_languages_and_an_error_for_the_client() {
    let world = World::new().await;
    for (certificate, japanese, error) in [
        (
            "a:CERTIFICATE_EXPIRED",
            "有効期限が切れています",
            "access_denied",
        ),
        (
            "a:CERTIFICATE_NOT_YET_VALID",
            "まだ有効期間が始まっていません",
            "access_denied",
        ),
        (
            "a:SIGNATURE_MISMATCH",
            "一致しませんでした",
            "access_denied",
        ),
        ("a:CERTIFICATE_REVOKED", "失効している", "access_denied"),
        (
            "a:REVOCATION_UNKNOWN",
            "現在確認できません",
            "temporarily_unavailable",
        ),
        (
            "a:UNTRUSTED_ISSUER",
            "利用者証明用電子証明書ではありません",
            "access_denied",
        ),
        (
            "a:UNSUPPORTED_CERTIFICATE",
            "利用者証明用電子証明書ではありません",
            "access_denied",
        ),
        (
            "a:MALFORMED_CERTIFICATE",
            "利用者証明用電子証明書ではありません",
            "access_denied",
        ),
        (
            "a:CROSS_CHECK_DISAGREEMENT",
            "現在応答していません",
            "temporarily_unavailable",
        ),
    ] {
        let request = AuthRequest::of(&world.alpha);
        let (_, page) = Browser::default()
            .read_card(&world, &request, Card { certificate })
            .await;
        assert!(page.body.contains(japanese), "{certificate}: {}", page.body);
        assert!(
            page.body.contains(&format!("error={error}")),
            "{certificate}"
        );
        assert!(page.body.contains("お問い合わせ番号"), "{certificate}");
        let back = "「見本 &#60;RPALPHA&#62;」に戻る";
        assert!(page.body.contains(back), "{certificate}: {}", page.body);
    }
}

#[tokio::test]
async fn a_service_that_does_not_answer_is_not_the_card_s_fault() {
    let world = World::new().await;
    world.verification.is_down.store(true, Ordering::SeqCst);
    let request = AuthRequest::of(&world.alpha).with("ui_locales", "en");
    let (_, page) = Browser::default().read_card(&world, &request, HANAKO).await;
    assert!(
        page.body.contains("Nothing is wrong with your card"),
        "{}",
        page.body
    );
    assert!(page.body.contains("error=temporarily_unavailable"));
    world.verification.is_down.store(false, Ordering::SeqCst);
    fresh_code(&world, &world.alpha, "openid", HANAKO).await;
}

#[tokio::test]
async fn a_person_may_say_no_at_the_beginning_and_at_the_end() {
    let world = World::new().await;
    let request = AuthRequest::of(&world.alpha);
    let mut browser = Browser::default();
    let interaction_id = browser.begin(&world, &request).await;
    let page = browser
        .get(
            &world,
            &format!("/api/realms/main/interactions/{interaction_id}"),
        )
        .await;
    let answer = browser.decide(&world, &interaction_id, &page, "deny").await;
    assert_eq!(answer.redirected("error").as_deref(), Some("access_denied"));
    assert_eq!(answer.redirected("iss").as_deref(), Some(ISSUER));
    assert_eq!(describe(&world, &interaction_id).await.status, 410);

    let (interaction_id, page) = browser.read_card(&world, &request, HANAKO).await;
    let answer = browser.decide(&world, &interaction_id, &page, "deny").await;
    assert_eq!(answer.redirected("error").as_deref(), Some("access_denied"));
    let answer = browser
        .decide(&world, &interaction_id, &page, "approve")
        .await;
    assert_eq!(answer.status, 400, "the sign-in has ended");
}

#[tokio::test]
async fn the_first_page_names_the_client_and_what_it_asks_for() {
    let world = World::new().await;
    let request = AuthRequest::of(&world.alpha).with("scope", "openid name gender");
    let mut browser = Browser::default();
    let interaction_id = browser.begin(&world, &request).await;
    let page = browser
        .get(
            &world,
            &format!("/api/realms/main/interactions/{interaction_id}"),
        )
        .await;
    assert!(page.body.contains("a.example") && page.body.contains("<li>氏名</li>"));
    assert!(page.body.contains("<li>性別</li>") && !page.body.contains("<li>住所</li>"));
    let link =
        format!("href=\"https://reader.example.jp/open?interaction={interaction_id}&#38;link=");
    assert!(page.body.contains(&link), "{}", page.body);
    assert!(page.body.contains("lang=\"ja\""));
}

#[tokio::test]
async fn without_a_reader_s_word_the_four_claims_are_absent() {
    let world = World::new().await;
    let request = AuthRequest::of(&world.alpha).with("scope", "openid name");
    let mut browser = Browser::default();
    let interaction_id = browser.begin(&world, &request).await;
    let described = describe(&world, &interaction_id).await.json();
    assert_eq!(described["four_information"], true);
    let mut answer = TARO.answer(&crate::card::challenge(&described));
    answer["four_information"] = crate::card::four_information();
    let back = post_answer(&world, &interaction_id, &answer).await.json();
    let page = browser
        .get(&world, back["return_url"].as_str().unwrap())
        .await;
    let page = browser.get(&world, page.location()).await;
    assert!(page.body.contains("（提供なし）") && !page.body.contains("CANARYNAME"));
    let answer = browser
        .decide(&world, &interaction_id, &page, "approve")
        .await;
    let tokens = world
        .alpha
        .redeem(&world.router, &answer.redirected("code").unwrap())
        .await
        .json();
    let info = userinfo(&world.router, tokens["access_token"].as_str().unwrap())
        .await
        .json();
    assert_eq!(
        info.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["sub"]
    );
}

#[tokio::test]
async fn two_tabs_do_not_take_each_other_s_sign_in() {
    let world = World::new().await;
    let mut browser = Browser::default();
    let request = AuthRequest::of(&world.alpha);
    let first = browser.begin(&world, &request).await;
    let second = browser.begin(&world, &request).await;
    for interaction_id in [&first, &second] {
        let path = format!("/api/realms/main/interactions/{interaction_id}");
        assert_eq!(browser.get(&world, &path).await.status, 200);
    }
}
