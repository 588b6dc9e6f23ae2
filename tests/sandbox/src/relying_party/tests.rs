//! The relying party between a browser and a provider, all three talking HTTP. Each lie of the
//! provider is refused with its own word, and the same sign-in without the lie succeeds.

use reqwest::StatusCode;
use reqwest::header::CONTENT_SECURITY_POLICY;

use super::fake_provider::Lie;
use super::{ClientConfig, ClientKey, RelyingPartyConfig, Use};
use harness::{Browser, Site, redirect_target, text_of};

mod application;
mod harness;

#[tokio::test]
async fn the_city_shows_everything_it_received_and_what_it_means() {
    let site = Site::start().await;
    let page = site.sign_in(&mut Browser::new(), Use::City).await;
    for (id, expected) in [
        ("sub", "person-at-CITY"),
        ("claim-name", "見本 &#60;花子&#62;"),
        ("claim-address", "みなと市1-2-3"),
        ("claim-birthdate", "19850315"),
        ("claim-gender", "2"),
        ("acr", "aal3"),
        ("amr", "pop pin"),
    ] {
        assert_eq!(text_of(&page, id).as_deref(), Some(expected), "{id}");
    }
    assert!(page.contains("15 March 1985"));
    assert!(page.contains("女性"));
}

#[tokio::test]
async fn the_shop_gives_one_item_to_a_person_and_refuses_the_second_in_words() {
    let site = Site::start().await;
    let first = site.sign_in(&mut Browser::new(), Use::Premium).await;
    assert!(
        text_of(&first, "premium-result")
            .unwrap()
            .contains("No. 1 is yours")
    );
    assert_eq!(text_of(&first, "sub").as_deref(), Some("person-at-SHOP"));
    let second = site.sign_in(&mut Browser::new(), Use::Premium).await;
    assert!(
        text_of(&second, "premium-result")
            .unwrap()
            .contains("already have item No. 1")
    );
}

#[tokio::test]
async fn a_reload_of_the_premium_page_asks_for_nothing_again() {
    let site = Site::start().await;
    let mut browser = Browser::new();
    let first = site.sign_in(&mut browser, Use::Premium).await;
    let reloaded = browser
        .get(&site.address("/premium"))
        .await
        .text()
        .await
        .unwrap();
    assert_eq!(
        text_of(&reloaded, "premium-result"),
        text_of(&first, "premium-result")
    );
}

#[tokio::test]
async fn the_bar_learns_yes_or_no_and_shows_no_birth_date() {
    let site = Site::start().await;
    for (birthdate, answer) in [
        ("19850315", "20 or over: yes"),
        ("20990101", "20 or over: no"),
    ] {
        site.provider.set_birthdate(birthdate);
        let page = site.sign_in(&mut Browser::new(), Use::Age).await;
        assert_eq!(text_of(&page, "age-result").as_deref(), Some(answer));
        assert!(!page.contains(birthdate) && !page.contains("person-at-"));
    }
}

#[tokio::test]
async fn a_token_with_the_nonce_of_another_sign_in_is_refused() {
    let site = Site::start().await;
    assert_eq!(
        site.refusal_of(Lie::Nonce).await.as_deref(),
        Some("id_token_nonce")
    );
}

#[tokio::test]
async fn a_token_of_another_issuer_is_refused() {
    let site = Site::start().await;
    assert_eq!(
        site.refusal_of(Lie::Issuer).await.as_deref(),
        Some("id_token_issuer")
    );
}

#[tokio::test]
async fn a_token_issued_with_another_access_token_is_refused() {
    let site = Site::start().await;
    let refusal = site.refusal_of(Lie::AccessTokenHash).await;
    assert_eq!(refusal.as_deref(), Some("id_token_access_token_hash"));
}

#[tokio::test]
async fn a_token_signed_with_a_key_that_is_not_the_providers_is_refused() {
    let site = Site::start().await;
    assert_eq!(
        site.refusal_of(Lie::ForeignKey).await.as_deref(),
        Some("id_token_signature")
    );
}

#[tokio::test]
async fn a_token_that_names_a_key_nobody_published_is_refused() {
    let site = Site::start().await;
    assert_eq!(
        site.refusal_of(Lie::UnknownKey).await.as_deref(),
        Some("id_token_unknown_key")
    );
}

#[tokio::test]
async fn userinfo_about_another_person_is_refused() {
    let site = Site::start().await;
    assert_eq!(
        site.refusal_of(Lie::OtherPerson).await.as_deref(),
        Some("subject_mismatch")
    );
}

#[tokio::test]
async fn an_answer_with_another_state_is_refused() {
    let site = Site::start().await;
    assert_eq!(
        site.refusal_of(Lie::State).await.as_deref(),
        Some("state_mismatch")
    );
}

#[tokio::test]
async fn an_answer_of_another_issuer_or_of_none_is_refused() {
    let site = Site::start().await;
    let other = site.refusal_of(Lie::CallbackIssuer).await;
    assert_eq!(other.as_deref(), Some("issuer_mismatch"));
    site.provider.tell(Lie::Nothing);
    let none = site.refusal_of(Lie::NoCallbackIssuer).await;
    assert_eq!(none.as_deref(), Some("issuer_mismatch"));
}

#[tokio::test]
async fn metadata_that_name_another_issuer_are_refused_before_anybody_is_sent_there() {
    let site = Site::start().await;
    site.provider.tell(Lie::Metadata);
    let page = Browser::new().get(&site.address("/city/sign-in")).await;
    assert_eq!(page.status(), StatusCode::BAD_GATEWAY);
    let page = page.text().await.unwrap();
    assert_eq!(
        text_of(&page, "error").as_deref(),
        Some("provider_unsuitable")
    );
    site.provider.tell(Lie::Nothing);
    let twin = site.sign_in(&mut Browser::new(), Use::City).await;
    assert_eq!(text_of(&twin, "sub").as_deref(), Some("person-at-CITY"));
}

#[tokio::test]
async fn an_answer_counts_only_in_the_browser_that_began_and_only_once() {
    let site = Site::start().await;
    let mut browser = Browser::new();
    let callback = site.callback_address(&mut browser, Use::City).await;
    let elsewhere = Browser::new().get(&callback).await;
    assert_eq!(elsewhere.status(), StatusCode::BAD_REQUEST);
    assert!(redirect_target(&browser.get(&callback).await).is_some());
    assert_eq!(
        browser.get(&callback).await.status(),
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn the_answer_to_one_registration_is_not_taken_at_the_other() {
    let site = Site::start().await;
    let mut browser = Browser::new();
    let callback = site.callback_address(&mut browser, Use::City).await;
    let crossed = callback.replace("/city/callback", "/shop/callback");
    assert_eq!(
        browser.get(&crossed).await.status(),
        StatusCode::BAD_REQUEST
    );
    let callback = site.callback_address(&mut browser, Use::City).await;
    assert!(redirect_target(&browser.get(&callback).await).is_some());
}

#[tokio::test]
async fn a_parameter_that_comes_twice_is_refused() {
    let site = Site::start().await;
    let mut browser = Browser::new();
    let callback = site.callback_address(&mut browser, Use::City).await;
    let twice = browser.get(&format!("{callback}&code=another")).await;
    assert_eq!(twice.status(), StatusCode::BAD_REQUEST);
    assert!(redirect_target(&browser.get(&callback).await).is_some());
}

#[tokio::test]
async fn an_error_of_the_provider_is_shown_in_words_and_its_own_text_is_escaped() {
    let site = Site::start().await;
    for (error, words) in [
        ("access_denied", "Sign-in was refused or cancelled"),
        ("temporarily_unavailable", "cannot confirm at the moment"),
    ] {
        site.provider.tell(Lie::Refuses(error));
        let page = site.sign_in(&mut Browser::new(), Use::Age).await;
        assert_eq!(text_of(&page, "error").as_deref(), Some(error));
        assert!(page.contains(words), "{page}");
        assert!(!page.contains("<b>its</b>"));
        assert_eq!(text_of(&page, "age-result"), None);
    }
}

#[tokio::test]
async fn signing_out_forgets_the_person_unless_another_site_asks_for_it() {
    let site = Site::start().await;
    let mut browser = Browser::new();
    site.sign_in(&mut browser, Use::City).await;
    let foreign = browser
        .post_from(&site.address("/sign-out"), "http://127.0.0.1:1")
        .await;
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    let page = browser
        .get(&site.address("/city"))
        .await
        .text()
        .await
        .unwrap();
    assert!(text_of(&page, "sub").is_some());
    let cookie = browser.cookie.clone();
    let own = browser
        .post_from(&site.address("/sign-out"), &site.public_url)
        .await;
    assert_eq!(redirect_target(&own).as_deref(), Some("/"));
    browser.cookie = cookie;
    let page = browser
        .get(&site.address("/city"))
        .await
        .text()
        .await
        .unwrap();
    assert_eq!(text_of(&page, "sub"), None);
}

#[tokio::test]
async fn every_page_offers_its_button_and_allows_no_script() {
    let site = Site::start().await;
    let mut browser = Browser::new();
    let home = browser.get(&site.address("/")).await.text().await.unwrap();
    for purpose in Use::ALL {
        let page = browser.get(&site.address(purpose.path())).await;
        let policy = page.headers()[CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(policy.contains("default-src 'none'") && !policy.contains("script-src"));
        let page = page.text().await.unwrap();
        for html in [&home, &page] {
            let button = text_of(html, purpose.sign_in_id());
            assert_eq!(
                button.as_deref(),
                Some("Sign in with My Number card (sandbox)")
            );
            assert!(html.contains("マイナンバーカードでサインイン(サンドボックス)"));
            assert!(!html.contains("<script") && !html.contains(" style="));
        }
    }
}

#[tokio::test]
async fn a_page_that_does_not_exist_says_so() {
    let site = Site::start().await;
    let page = Browser::new().get(&site.address("/nowhere")).await;
    assert_eq!(page.status(), StatusCode::NOT_FOUND);
    assert!(page.text().await.unwrap().contains("no such page"));
}

#[tokio::test]
async fn one_registration_is_not_enough_to_start() {
    let key = ClientKey::generate().unwrap();
    let client = ClientConfig {
        client_id: "CITY".to_owned(),
        key_id: "rp".to_owned(),
        private_key_pem: key.to_pkcs8_pem().unwrap(),
        name: "The city".to_owned(),
    };
    let config = |clients| RelyingPartyConfig {
        public_url: "http://127.0.0.1:1".to_owned(),
        issuer: "http://127.0.0.1:2".to_owned(),
        clients,
        operator: None,
        agency: None,
    };
    assert!(super::RelyingParty::new(config(vec![client.clone()])).is_err());
    assert!(super::RelyingParty::new(config(vec![client.clone(), client])).is_ok());
}
