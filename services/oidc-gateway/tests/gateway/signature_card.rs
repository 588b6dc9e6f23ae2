//! The card in a signature flow: two legs, of which one says who it is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sandbox::mint::Jpki;
use serde_json::json;

use crate::assertion::payload;
use crate::browser::{Browser, fresh_code, send};
use crate::card::{
    Card, DOCUMENT_SIGNATURE, HANAKO, REVOKED, TARO, answer_request, challenge, describe, link,
    post_answer, signing_certificate, signing_leg,
};
use crate::signing::{DIGEST, access_token, decrypted, result};
use crate::world::World;

#[tokio::test]
async fn the_reader_app_is_told_what_to_sign_and_who_receives_it() {
    let world = World::new().await;
    let id = world.bank.open(&world).await;
    let interaction_id = Browser::default()
        .begin(&world, &world.bank.sign_request(&id))
        .await;
    let described = describe(&world, &interaction_id).await.json();
    assert_eq!(
        described["signing"],
        json!({
            "digest": STANDARD.encode(DIGEST),
            "recipient_name": { "ja": "見本 <運営者>", "en": "Sample <Operator>" },
        })
    );
    assert_eq!(described["scopes"], json!(["openid", "sign"]));
    let request = crate::browser::AuthRequest::of(&world.bank);
    let interaction_id = Browser::default().begin(&world, &request).await;
    let described = describe(&world, &interaction_id).await.json();
    assert!(described.get("signing").is_none());
}

#[tokio::test]
async fn attack_66_nothing_is_verified_of_the_signature_and_nothing_says_it_was() {
    let world = World::new().await;
    // Neither a certificate nor a signature of anybody: form is all that is looked at.
    let (id, tokens) = world.bank.have_signed(&world, HANAKO).await;
    let asked: Vec<Vec<u8>> = world
        .verification
        .asked
        .lock()
        .unwrap()
        .iter()
        .map(|request| request.certificate.clone())
        .collect();
    assert_eq!(
        asked,
        [HANAKO.certificate.as_bytes()],
        "the other leg's alone"
    );
    let answer = result(&world, &id, access_token(&tokens)).await;
    let plain = decrypted(&answer, &world.operator);
    assert_eq!(plain["signature"], STANDARD.encode(DOCUMENT_SIGNATURE));
    let claims = payload(tokens["id_token"].as_str().unwrap());
    for object in [&answer.json(), &plain, &claims, &tokens] {
        for member in object.as_object().unwrap().keys() {
            for claim in ["verif", "valid", "status", "trust"] {
                assert!(!member.contains(claim), "{member}");
            }
        }
    }
}

#[tokio::test]
async fn a_foreign_signing_certificate_with_one_s_own_card_gives_one_s_own_sub() {
    let world = World::new().await;
    let subject = async |card: Card| {
        let code = fresh_code(&world, &world.bank, "openid", card).await;
        let tokens = world.bank.redeem(&world.router, &code).await.json();
        payload(tokens["id_token"].as_str().unwrap())["sub"].clone()
    };
    let (hanako, taro) = (subject(HANAKO).await, subject(TARO).await);
    let id = world.bank.open(&world).await;
    let mut browser = Browser::default();
    let request = world
        .bank
        .sign_request(&id)
        .with("scope", "openid name sign");
    let interaction_id = browser.begin(&world, &request).await;
    let described = describe(&world, &interaction_id).await.json();
    let mut answer = HANAKO.vouched_answer(&world, &challenge(&described));
    answer["signing"] = signing_leg(&signing_certificate("taro"));
    let back = post_answer(&world, &interaction_id, &answer).await.json();
    assert_eq!(back["outcome"], "accepted");
    let back = browser
        .get(&world, back["return_url"].as_str().unwrap())
        .await;
    let page = browser.get(&world, back.location()).await;
    let answer = browser
        .decide(&world, &interaction_id, &page, "approve")
        .await;
    let code = answer.redirected("code").unwrap();
    let tokens = world.bank.redeem(&world.router, &code).await.json();
    let claims = payload(tokens["id_token"].as_str().unwrap());
    assert_eq!(claims["sub"], hanako);
    assert_ne!(claims["sub"], taro);
    // What was handed over is the foreign one, and it is the recipient's to find that out.
    let plain = decrypted(
        &result(&world, &id, access_token(&tokens)).await,
        &world.operator,
    );
    assert_eq!(
        plain["certificate"],
        STANDARD.encode(signing_certificate("taro"))
    );
    assert!(!plain.to_string().contains(hanako.as_str().unwrap()));
}

#[tokio::test]
async fn attack_56_keys_are_not_swapped_between_the_legs() {
    let world = World::new().await;
    let jpki = Jpki::mint(sandbox::now()).unwrap();
    let card = jpki.card("good").unwrap();
    let id = world.bank.open(&world).await;
    let interaction_id = Browser::default()
        .begin(&world, &world.bank.sign_request(&id))
        .await;
    let described = describe(&world, &interaction_id).await.json();
    let mut answer = HANAKO.answer(&challenge(&described));
    // The user-authentication certificate where the signing one is due: refused by what it says it is for.
    for certificate in [&card.user_authentication.der, HANAKO.certificate.as_bytes()] {
        answer["signing"] = signing_leg(certificate);
        let refused = post_answer(&world, &interaction_id, &answer).await;
        assert_eq!(refused.status, 400, "{}", refused.body);
    }
    assert!(world.verification.asked.lock().unwrap().is_empty());
    // Nothing was spent: the same challenge, with the right one.
    answer["signing"] = signing_leg(&card.digital_signature.der);
    let accepted = post_answer(&world, &interaction_id, &answer).await;
    assert_eq!(accepted.json()["outcome"], "accepted", "{}", accepted.body);
    // The reverse: signature-verification knows no signing certificate, and no signature is kept.
    let id = world.bank.open(&world).await;
    let interaction_id = Browser::default()
        .begin(&world, &world.bank.sign_request(&id))
        .await;
    let reverse = Card {
        certificate: "hanako:UNSUPPORTED_CERTIFICATE",
    };
    let refused = reverse.read(&world, &interaction_id).await.json();
    assert_eq!(refused["reason"], "unsupported_certificate");
    assert!(
        world
            .state
            .signature_of(&interaction_id)
            .await
            .unwrap()
            .is_some(),
        "never signed"
    );
}

#[tokio::test]
async fn the_signature_leg_is_brought_if_and_only_if_it_is_asked_for() {
    let world = World::new().await;
    let id = world.bank.open(&world).await;
    let mut browser = Browser::default();
    let signing = browser.begin(&world, &world.bank.sign_request(&id)).await;
    let plain = crate::browser::AuthRequest::of(&world.bank);
    let plain = browser.begin(&world, &plain).await;
    for (interaction_id, brings) in [(&signing, false), (&plain, true)] {
        let described = describe(&world, interaction_id).await.json();
        let mut answer = HANAKO.answer(&challenge(&described));
        if brings {
            answer["signing"] = signing_leg(&signing_certificate("hanako"));
        }
        let refused = post_answer(&world, interaction_id, &answer).await;
        assert_eq!(refused.status, 400);
        assert!(refused.body.contains("signing is"), "{}", refused.body);
        // Nothing was spent.
        let accepted = HANAKO.read(&world, interaction_id).await;
        assert_eq!(accepted.json()["outcome"], "accepted", "{}", accepted.body);
    }
    let id = world.bank.open(&world).await;
    let interaction_id = browser.begin(&world, &world.bank.sign_request(&id)).await;
    let described = describe(&world, &interaction_id).await.json();
    let honest = signing_leg(&signing_certificate("hanako"));
    for (member, value) in [
        ("certificate", json!("")),
        ("certificate", json!(STANDARD.encode("no DER"))),
        ("certificate", json!(STANDARD.encode(vec![0x30; 8_193]))),
        ("signature", json!("")),
        ("signature", json!(STANDARD.encode([7; 513]))),
        ("signature", json!(7)),
        ("verified", json!(true)),
    ] {
        let mut answer = HANAKO.answer(&challenge(&described));
        answer["signing"] = honest.clone();
        answer["signing"][member] = value;
        let refused = post_answer(&world, &interaction_id, &answer).await;
        assert_eq!(refused.status, 400, "{member}: {}", refused.body);
    }
    assert_eq!(HANAKO.read(&world, &interaction_id).await.status, 200);
}

#[tokio::test]
async fn attack_54_a_challenge_of_a_signature_flow_is_answered_once_and_in_120_seconds() {
    let world = World::new().await;
    let id = world.bank.open(&world).await;
    let interaction_id = Browser::default()
        .begin(&world, &world.bank.sign_request(&id))
        .await;
    let described = describe(&world, &interaction_id).await.json();
    let mut answer = HANAKO.answer(&challenge(&described));
    answer["signing"] = signing_leg(&signing_certificate("hanako"));
    world.clock.advance(120);
    assert_eq!(
        post_answer(&world, &interaction_id, &answer).await.status,
        410
    );
    let described = describe(&world, &interaction_id).await.json();
    let mut answer = HANAKO.answer(&challenge(&described));
    answer["signing"] = signing_leg(&signing_certificate("hanako"));
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let router = world.router.clone();
        let secret = link(&world, &interaction_id);
        let request = answer_request(&interaction_id, &secret, answer.to_string());
        asked.spawn(async move { send(&router, request).await.status });
    }
    let mut statuses = asked.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![200], vec![410; 9]].concat());
}

#[tokio::test]
async fn attack_55_a_challenge_signed_for_one_client_does_nothing_at_another() {
    let world = World::new().await;
    let (first, second) = (
        world.bank.open(&world).await,
        world.notary.open(&world).await,
    );
    let at_bank = Browser::default()
        .begin(&world, &world.bank.sign_request(&first))
        .await;
    let at_notary = Browser::default()
        .begin(&world, &world.notary.sign_request(&second))
        .await;
    let described = describe(&world, &at_bank).await.json();
    describe(&world, &at_notary).await;
    let mut answer = HANAKO.answer(&challenge(&described));
    answer["signing"] = signing_leg(&signing_certificate("hanako"));
    let relayed = post_answer(&world, &at_notary, &answer).await.json();
    assert_eq!(relayed["reason"], "signature_mismatch");
    let accepted = post_answer(&world, &at_bank, &answer).await.json();
    assert_eq!(accepted["outcome"], "accepted");
    // Of the refused one nothing was kept.
    let open = world.state.signature_of(&at_notary).await.unwrap();
    assert!(open.is_some(), "never signed");
    assert!(world.state.signature_of(&at_bank).await.unwrap().is_none());
}

#[tokio::test]
async fn attack_57_a_revoked_card_hands_over_no_signature() {
    let world = World::new().await;
    let id = world.bank.open(&world).await;
    let mut browser = Browser::default();
    let request = world.bank.sign_request(&id);
    let (interaction_id, page) = browser.read_card(&world, &request, REVOKED).await;
    assert!(page.body.contains("失効"), "{}", page.body);
    assert!(
        world
            .state
            .signature_of(&interaction_id)
            .await
            .unwrap()
            .is_some(),
        "never signed"
    );
    let refused = Browser::default().authorize(&world, &request).await;
    assert_eq!(
        refused.redirected("error").as_deref(),
        Some("invalid_request")
    );
}
