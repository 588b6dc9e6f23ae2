//! What a client does to have something signed, and the whole flow.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Request, header};
use serde_json::{Value, json};

use crate::assertion::{ASSERTION_TYPE, TOKEN, payload, userinfo};
use crate::browser::{Answer, AuthRequest, Browser, fresh_code, post_form, send};
use crate::card::{Card, DOCUMENT_SIGNATURE, HANAKO, TARO, signing_certificate};
use crate::world::{ISSUER, NOW, RelyingParty, World};

pub(crate) const START: &str = "/api/sign-transactions";

/// The digest of every honest transaction here.
pub(crate) const DIGEST: [u8; 32] = *b"CANARYDIGEST of a contract......";

/// The form that asks for a token to open a transaction with.
pub(crate) fn credentials_form(assertion: &str) -> [(&'static str, &str); 4] {
    [
        ("grant_type", "client_credentials"),
        ("scope", "sign"),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion),
    ]
}

impl RelyingParty {
    pub(crate) async fn signing_token(&self, world: &World) -> String {
        let assertion = self.assertion();
        let form = credentials_form(&assertion);
        let answer = post_form(&world.router, TOKEN, &form).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// Opens a transaction; gives its identifier.
    pub(crate) async fn open(&self, world: &World) -> String {
        let token = self.signing_token(world).await;
        let answer = start(world, &token, &json!({ "digest": STANDARD.encode(DIGEST) })).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        transaction_id(&answer)
    }

    /// An honest authorization request that uses this transaction.
    pub(crate) fn sign_request(&self, transaction_id: &str) -> AuthRequest {
        AuthRequest::of(self)
            .with("scope", "openid sign")
            .with("sign_transaction_id", transaction_id)
    }

    /// A whole signature; gives the transaction's identifier and the tokens.
    pub(crate) async fn have_signed(&self, world: &World, card: Card) -> (String, Value) {
        let id = self.open(world).await;
        let tokens = self.use_transaction(world, &id, card).await;
        (id, tokens)
    }

    /// The sign-in that uses this transaction; gives the tokens.
    pub(crate) async fn use_transaction(&self, world: &World, id: &str, card: Card) -> Value {
        let answer = Browser::default()
            .sign_in(world, &self.sign_request(id), card)
            .await;
        let code = answer.redirected("code").unwrap();
        let tokens = self.redeem(&world.router, &code).await;
        assert_eq!(tokens.status, 200, "{}", tokens.body);
        tokens.json()
    }
}

pub(crate) fn transaction_id(opened: &Answer) -> String {
    let id = opened.json()["sign_transaction_id"].clone();
    id.as_str().unwrap().to_owned()
}

pub(crate) fn access_token(tokens: &Value) -> &str {
    tokens["access_token"].as_str().unwrap()
}

pub(crate) async fn start(world: &World, token: &str, body: &Value) -> Answer {
    let request = Request::post(START)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::from(body.to_string()));
    send(&world.router, request.unwrap()).await
}

pub(crate) async fn result(world: &World, id: &str, token: &str) -> Answer {
    let request = Request::get(format!("{START}/{id}/result"))
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::empty());
    send(&world.router, request.unwrap()).await
}

/// What the recipient finds in a result.
pub(crate) fn decrypted(answer: &Answer, recipient: &sandbox::jwe::RecipientKey) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let compact = answer.json()["jwe"].as_str().unwrap().to_owned();
    let (_, plain) = recipient.decrypt(&compact).unwrap();
    serde_json::from_slice(&plain).unwrap()
}

#[tokio::test]
async fn a_document_is_signed_and_only_the_recipient_can_read_what_the_card_gave() {
    let world = World::new().await;
    let (id, tokens) = world.bank.have_signed(&world, HANAKO).await;
    assert_eq!(tokens["scope"], "openid sign");
    let answer = result(&world, &id, access_token(&tokens)).await;
    assert_eq!(
        (
            &answer.json()["sign_transaction_id"],
            answer.header(header::CACHE_CONTROL)
        ),
        (&json!(id), Some("no-store"))
    );
    assert_eq!(
        decrypted(&answer, &world.operator),
        json!({
            "iss": ISSUER,
            "client_id": "RPBANK",
            "sign_transaction_id": id,
            "iat": NOW,
            "digest": STANDARD.encode(DIGEST),
            "signature": STANDARD.encode(DOCUMENT_SIGNATURE),
            "certificate": STANDARD.encode(signing_certificate("hanako")),
        })
    );
    let compact = answer.json()["jwe"].as_str().unwrap().to_owned();
    assert!(world.ministry_key.decrypt(&compact).is_err());
    let info = userinfo(&world.router, access_token(&tokens)).await.json();
    assert_eq!(
        info["sub"],
        payload(tokens["id_token"].as_str().unwrap())["sub"]
    );
}

#[tokio::test]
async fn an_agency_has_a_digest_info_signed_and_receives_the_signature_itself() {
    let world = World::new().await;
    let prefix = hex::decode("3051300d060960864801650304020305000440").unwrap();
    let info = STANDARD.encode([prefix, vec![7; 64]].concat());
    let token = world.ministry.signing_token(&world).await;
    let opened = start(&world, &token, &json!({ "digest_info": info })).await;
    assert_eq!(opened.json()["expires_at"], NOW + 600);
    let id = transaction_id(&opened);
    let tokens = world.ministry.use_transaction(&world, &id, TARO).await;
    let answer = result(&world, &id, access_token(&tokens)).await;
    let plain = decrypted(&answer, &world.ministry_key);
    assert_eq!(
        (&plain["digest_info"], plain.get("digest")),
        (&json!(info), None)
    );
}

#[tokio::test]
async fn a_signature_works_on_postgresql_and_over_two_gateways() {
    let mut world = World::on_postgres().await;
    let (first, second) = (world.router.clone(), world.replica().await);
    let token = world.bank.signing_token(&world).await;
    // Each step goes to the gateway that did not answer the one before.
    world.router = second.clone();
    let opened = start(
        &world,
        &token,
        &json!({ "digest": STANDARD.encode(DIGEST) }),
    )
    .await;
    let id = transaction_id(&opened);
    world.router = first.clone();
    let mut browser = Browser::default();
    let request = world.bank.sign_request(&id);
    let interaction_id = browser.begin(&world, &request).await;
    world.router = second.clone();
    let back = HANAKO.read(&world, &interaction_id).await.json();
    world.router = first.clone();
    let back = browser
        .get(&world, back["return_url"].as_str().unwrap())
        .await;
    let page = browser.get(&world, back.location()).await;
    world.router = second.clone();
    let answer = browser
        .decide(&world, &interaction_id, &page, "approve")
        .await;
    let code = answer.redirected("code").unwrap();
    let tokens = world.bank.redeem(&first, &code).await.json();
    // Twelve at once, over both: as many get it as may.
    let mut asked = tokio::task::JoinSet::new();
    for router in [first, second].into_iter().cycle().take(12) {
        let request = Request::get(format!("{START}/{id}/result"))
            .header(
                header::AUTHORIZATION,
                format!("Bearer {}", access_token(&tokens)),
            )
            .body(Body::empty())
            .unwrap();
        asked.spawn(async move { send(&router, request).await.status });
    }
    let mut statuses = asked.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![200; 3], vec![410; 9]].concat());
}

#[tokio::test]
async fn the_pages_say_that_a_signature_is_handed_over_and_to_whom() {
    let world = World::new().await;
    for (locale, heading, operator) in [
        ("ja", "電子署名を渡します", "見本 &#60;運営者&#62;"),
        (
            "en",
            "A digital signature will be handed over",
            "Sample &#60;Operator&#62;",
        ),
    ] {
        let id = world.bank.open(&world).await;
        let request = world.bank.sign_request(&id).with("ui_locales", locale);
        let mut browser = Browser::default();
        let first = browser.authorize(&world, &request).await;
        let first = browser.get(&world, first.location()).await;
        assert!(first.body.contains(operator), "{}", first.body);
        let id = world.bank.open(&world).await;
        let request = world.bank.sign_request(&id).with("ui_locales", locale);
        let (_, page) = Browser::default().read_card(&world, &request, HANAKO).await;
        assert!(page.body.contains(heading), "{}", page.body);
        assert!(page.body.contains(operator), "{}", page.body);
    }
    // And nothing of it where no signature is asked for.
    let request = AuthRequest::of(&world.bank).with("ui_locales", "en");
    let (_, page) = Browser::default().read_card(&world, &request, HANAKO).await;
    assert!(!page.body.contains("signature") && !page.body.contains("Operator"));
    let code = fresh_code(&world, &world.bank, "openid", HANAKO).await;
    assert_eq!(world.bank.redeem(&world.router, &code).await.status, 200);
}

#[tokio::test]
async fn the_pages_say_who_learns_the_person_s_name_and_nothing_of_validity() {
    let world = World::new().await;
    for (client, learns_it) in [(&world.bank, false), (&world.ministry, true)] {
        let id = client.open(&world).await;
        let request = client.sign_request(&id).with("ui_locales", "en");
        let mut browser = Browser::default();
        let first = browser.authorize(&world, &request).await;
        let first = browser.get(&world, first.location()).await;
        assert!(first.body.contains("signing PIN") && !first.body.contains("card-surface PIN"));
        let id = client.open(&world).await;
        let request = client.sign_request(&id).with("ui_locales", "en");
        let (_, consent) = Browser::default().read_card(&world, &request, HANAKO).await;
        for page in [&first.body, &consent.body] {
            // Who receives the certificate learns what stands in it, and whoever does not is told so.
            assert!(page.contains("name, address, date of birth and gender"));
            assert_ne!(
                page.contains("will not receive your name"),
                learns_it,
                "{page}"
            );
            assert_ne!(page.contains("platform operator"), learns_it, "{page}");
            assert!(!page.contains("valid") && !page.contains("revoked"));
        }
        assert!(consent.body.contains("has not been checked here"));
    }
}
