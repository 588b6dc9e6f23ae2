//! The app over its real port, against a gateway that notes what it is sent.

use std::net::Ipv4Addr;
use std::sync::Mutex;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
};
use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::card::FourInformation;
use crate::mint::{sha256, shared_for_tests};

#[derive(Default)]
struct FakeGateway {
    four_information: bool,
    signing: Mutex<Option<Value>>,
    origin: Mutex<String>,
    received: Mutex<Vec<Value>>,
    return_url: Mutex<String>,
    /// The header and the query of each request.
    openings: Mutex<Vec<(String, String)>>,
}

impl FakeGateway {
    fn note_opening(&self, headers: &HeaderMap, query: Option<String>) {
        let header = headers["authorization"].to_str().unwrap().to_owned();
        let mut openings = self.openings.lock().unwrap();
        openings.push((header, query.unwrap_or_default()));
    }
}

struct Running {
    app: String,
    gateway: Arc<FakeGateway>,
    http: reqwest::Client,
    repository: Arc<Repository>,
    _folder: TempDir,
}

fn interaction(gateway: &FakeGateway, id: &str) -> Value {
    let mut interaction = json!({
        "interaction_id": id,
        "issuer": "http://localhost:1/api/realms/main",
        "client_id": "RP00000001",
        "client_name": { "ja": "<b>港市</b>", "en": "Harbour City" },
        "redirect_uri": "http://127.0.0.1:8701/city/callback",
        "nonce": "a nonce",
        "scopes": if gateway.four_information { vec!["openid", "name"] } else { vec!["openid"] },
        "random": URL_SAFE_NO_PAD.encode([7; 32]),
        "expires_at": 1_800_000_000,
        "four_information": gateway.four_information,
        "device": if id == "scanned" { "another" } else { "same" },
        "short_code": if id == "scanned" { json!("482-913") } else { json!(null) },
        "device_secret": if id == "scanned" { json!("the device's") } else { json!(null) },
    });
    if let Some(signing) = &*gateway.signing.lock().unwrap() {
        interaction["signing"] = signing.clone();
    }
    interaction
}

async fn listen() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap()
}

impl Running {
    async fn start(four_information: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        shared_for_tests().save(folder.path()).unwrap();
        let repository = Repository::open(folder.path(), 3600, crate::now()).unwrap();
        let gateway = Arc::new(FakeGateway {
            four_information,
            ..FakeGateway::default()
        });
        let asked = async |State(gateway): State<Arc<FakeGateway>>,
                           Path(id): Path<String>,
                           RawQuery(query): RawQuery,
                           headers: HeaderMap| {
            if id == "gone" {
                return Err(StatusCode::GONE);
            }
            if id == "relayed" {
                return Err(StatusCode::FORBIDDEN);
            }
            gateway.note_opening(&headers, query);
            Ok(Json(interaction(&gateway, &id)))
        };
        let responded = async |State(gateway): State<Arc<FakeGateway>>,
                               Path(id): Path<String>,
                               headers: HeaderMap,
                               Json(body): Json<Value>| {
            gateway.note_opening(&headers, None);
            gateway.received.lock().unwrap().push(body);
            let return_url = gateway.return_url.lock().unwrap().clone();
            let return_url = (id != "scanned").then_some(return_url);
            Json(json!({ "outcome": "accepted", "return_url": return_url }))
        };
        let routes = Router::new()
            .route("/card/interactions/{id}", get(asked))
            .route("/card/interactions/{id}/response", post(responded))
            .with_state(Arc::clone(&gateway));
        let listener = listen().await;
        let gateway_url = format!("http://{}", listener.local_addr().unwrap());
        *gateway.return_url.lock().unwrap() = format!("{gateway_url}/card/return?token=t");
        gateway_url.clone_into(&mut gateway.origin.lock().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let listener = listen().await;
        let app = format!("http://{}", listener.local_addr().unwrap());
        let config = CardAppConfig {
            public_url: app.clone(),
            gateway_url,
        };
        let kept = Arc::clone(&repository);
        tokio::spawn(async move { serve(listener, config, kept, std::future::pending()).await });
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            app,
            gateway,
            http,
            repository,
            _folder: folder,
        }
    }

    async fn page(&self, id: &str) -> (StatusCode, String) {
        let response = self
            .http
            .get(format!("{}/?interaction={id}", self.app))
            .send()
            .await;
        let response = response.unwrap();
        (response.status(), response.text().await.unwrap())
    }

    async fn type_pins(&self, card: &str, pin: &str, surface: &str) -> reqwest::Response {
        self.type_all_pins(card, pin, surface, "").await
    }

    async fn type_all_pins(
        &self,
        card: &str,
        pin: &str,
        surface: &str,
        signing: &str,
    ) -> reqwest::Response {
        let form = [
            ("interaction", "abc"),
            ("card", card),
            ("authentication_pin", pin),
            ("card_surface_pin", surface),
            ("signing_pin", signing),
        ];
        self.http
            .post(format!("{}/", self.app))
            .form(&form)
            .send()
            .await
            .unwrap()
    }

    fn received(&self) -> Vec<Value> {
        self.gateway.received.lock().unwrap().clone()
    }
}

fn decode(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn the_page_says_who_asks_and_for_what_before_any_pin() {
    let running = Running::start(true).await;
    let (status, page) = running.page("abc").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("Harbour City") && page.contains("127.0.0.1"));
    assert!(page.contains("氏名") && !page.contains("住所"));
    assert!(page.contains("card-surface-pin"));
    assert!(
        !page.contains("<b>港市</b>"),
        "a client's name must be escaped"
    );
    let (_, page) = Running::start(false).await.page("abc").await;
    assert!(!page.contains("card-surface-pin"));
}

#[tokio::test]
async fn the_card_signs_the_recomputed_challenge_and_the_reader_vouches() {
    let running = Running::start(true).await;
    let response = running.type_pins("good", "1234", "5678").await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(location, *running.gateway.return_url.lock().unwrap());
    let body = running.received().remove(0);
    let scopes = ["openid".to_owned(), "name".to_owned()];
    let inputs = ChallengeInputs {
        issuer: "http://localhost:1/api/realms/main",
        client_id: "RP00000001",
        redirect_uri: "http://127.0.0.1:8701/city/callback",
        nonce: "a nonce",
        scopes: &scopes,
        interaction_id: "abc",
    };
    let challenge = challenge(&[7; 32], &inputs);
    let (card, reader_spki) = running.repository.read(|jpki| {
        let reader = jpki.reader_key.subject_public_key_info();
        (jpki.card("good").unwrap().clone(), reader)
    });
    assert_eq!(decode(&body["certificate"]), card.user_authentication.der);
    // PKCS#1 v1.5 over a DigestInfo of the challenge itself, which is already a hash.
    let spki = card.user_authentication.key.subject_public_key_info();
    let digest =
        aws_lc_rs::digest::Digest::import_less_safe(&challenge, &aws_lc_rs::digest::SHA256);
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, spki)
        .verify_digest(&digest.unwrap(), &decode(&body["signature"]))
        .unwrap();
    let four: FourInformation = serde_json::from_value(body["four_information"].clone()).unwrap();
    assert_eq!(
        (four.birthdate.as_str(), four.gender.as_str()),
        ("19900412", "2")
    );
    let message = reader_message(&four, &challenge, &card.user_authentication.der);
    // The point is the last 65 octets of a P-256 SubjectPublicKeyInfo.
    let point = &reader_spki[reader_spki.len() - 65..];
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
        .verify(&message, &decode(&body["reader"]["signature"]))
        .unwrap();
    assert_eq!(sha256(&card.user_authentication.der).len(), 32);
}

#[tokio::test]
async fn the_signing_key_signs_what_a_client_had_digested_and_with_its_own_pin() {
    let running = Running::start(false).await;
    let digest = sha256(b"a contract");
    let name = json!({ "ja": "<i>事業者</i>", "en": "The Operator" });
    let asked = json!({ "recipient_name": name, "digest": STANDARD.encode(digest) });
    *running.gateway.signing.lock().unwrap() = Some(asked);
    let (_, page) = running.page("abc").await;
    assert!(page.contains("The Operator") && page.contains("signing-pin"));
    assert!(page.contains(&hex::encode(&digest[..8])) && !page.contains("<i>"));
    for (pin, expected) in [
        ("short", "6 to 16 letters"),
        ("WRONG2026", "4 tries are left"),
    ] {
        let refused = running.type_all_pins("good", "1234", "", pin).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            refused.text().await.unwrap().contains(expected),
            "{expected}"
        );
    }
    assert!(running.received().is_empty());
    let response = running
        .type_all_pins("good", "1234", "", "akashi2026")
        .await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let body = running.received().remove(0);
    let card = running
        .repository
        .read(|jpki| jpki.card("good").unwrap().clone());
    assert_eq!(decode(&body["certificate"]), card.user_authentication.der);
    assert_eq!(
        decode(&body["signing"]["certificate"]),
        card.digital_signature.der
    );
    let spki = card.digital_signature.key.subject_public_key_info();
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, spki)
        .verify(b"a contract", &decode(&body["signing"]["signature"]))
        .unwrap();
}

#[tokio::test]
async fn a_card_signs_no_octets_that_are_no_digest_info() {
    let running = Running::start(false).await;
    let name = json!({ "ja": "事業者", "en": "The Operator" });
    for octets in [vec![7; 51], vec![7; 256], Vec::new()] {
        let asked = json!({ "recipient_name": name, "digest_info": STANDARD.encode(octets) });
        *running.gateway.signing.lock().unwrap() = Some(asked);
        let refused = running
            .type_all_pins("good", "1234", "", "AKASHI2026")
            .await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert!(running.received().is_empty());
    let info = hex::decode("3051300d060960864801650304020305000440").unwrap();
    let info = [info, vec![7; 64]].concat();
    let asked = json!({ "recipient_name": name, "digest_info": STANDARD.encode(info) });
    *running.gateway.signing.lock().unwrap() = Some(asked);
    let response = running
        .type_all_pins("good", "1234", "", "AKASHI2026")
        .await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn without_the_four_information_neither_they_nor_the_reader_are_sent() {
    let running = Running::start(false).await;
    let response = running.type_pins("good", "1234", "").await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let body = running.received().remove(0);
    assert!(body.get("four_information").is_none() && body.get("reader").is_none());
}

#[tokio::test]
async fn wrong_pins_are_counted_in_words_and_lock_and_nothing_is_sent() {
    let running = Running::start(false).await;
    for expected in ["2 tries are left", "One try is left", "is locked"] {
        let response = running.type_pins("good", "9999", "").await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let page = response.text().await.unwrap();
        assert!(page.contains(expected), "{expected}");
        assert!(!page.contains("9999"), "a typed PIN must not come back");
    }
    let page = running
        .type_pins("good", "1234", "")
        .await
        .text()
        .await
        .unwrap();
    assert!(
        page.contains("is locked"),
        "the right PIN opens no locked card"
    );
    assert!(running.received().is_empty());
    assert_eq!(
        running.type_pins("older-key", "1234", "").await.status(),
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn a_sign_in_that_is_over_and_a_wrong_answer_of_the_gateway_are_said_in_words() {
    let running = Running::start(false).await;
    for id in ["gone", "", "..%2F..%2Fsecrets"] {
        let (status, page) = running.page(id).await;
        assert_eq!(status, StatusCode::GONE, "{id}");
        assert!(page.contains("sign in again"));
    }
    // The browser goes back to the gateway only.
    "http://evil.example/".clone_into(&mut running.gateway.return_url.lock().unwrap());
    let response = running.type_pins("good", "1234", "").await;
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn a_form_from_another_origin_makes_no_card_sign() {
    let running = Running::start(false).await;
    let post = |origin: String| {
        let form = [
            ("interaction", "abc"),
            ("card", "good"),
            ("authentication_pin", "1234"),
        ];
        running
            .http
            .post(format!("{}/", running.app))
            .header("origin", origin)
            .form(&form)
            .send()
    };
    let foreign = post("http://127.0.0.1:9".to_owned()).await.unwrap();
    assert_eq!(foreign.status(), StatusCode::GONE);
    assert!(running.received().is_empty());
    assert_eq!(
        post(running.app.clone()).await.unwrap().status(),
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn the_page_runs_no_script_and_fits_in_no_frame() {
    let running = Running::start(false).await;
    let response = running.http.get(&running.app).send().await.unwrap();
    let policy = response.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    let gateway = running.gateway.origin.lock().unwrap().clone();
    assert!(policy.contains(&format!("form-action 'self' {gateway};")));
}

#[tokio::test]
async fn opened_by_a_qr_code_the_app_shows_who_asks_and_the_code_before_any_pin_and_opens_no_browser()
 {
    let running = Running::start(false).await;
    let address = format!("{}/?interaction=scanned&qr=the-code-s", running.app);
    let page = running.http.get(address).send().await.unwrap();
    let page = page.text().await.unwrap();
    assert!(page.contains("Harbour City") && page.contains("127.0.0.1"));
    assert!(
        page.contains("<dd id=\"short-code\">482-913</dd>"),
        "{page}"
    );
    let (code, pin) = (page.find("short-code"), page.find("authentication-pin"));
    assert!(code.unwrap() < pin.unwrap());
    assert!(page.contains("If somebody sent you the QR code, type no PIN"));
    let form = [
        ("interaction", "scanned"),
        ("secret", "the device's"),
        ("scanned", "true"),
        ("card", "good"),
        ("authentication_pin", "1234"),
    ];
    let done = running
        .http
        .post(format!("{}/", running.app))
        .form(&form)
        .send();
    let done = done.await.unwrap();
    assert_eq!(done.status(), StatusCode::OK);
    assert!(done.text().await.unwrap().contains("Go back to the screen"));
    let openings = running.gateway.openings.lock().unwrap().clone();
    let expected = [
        ("Bearer the-code-s", "opened_by=qr"),
        ("Bearer the device's", "opened_by=qr"),
        ("Bearer the device's", ""),
    ];
    assert_eq!(
        openings,
        expected.map(|(header, query)| (header.to_owned(), query.to_owned()))
    );
}

#[tokio::test]
async fn opened_by_a_link_the_app_says_so_and_shows_no_code() {
    let running = Running::start(false).await;
    let address = format!("{}/?interaction=abc&link=the-link-s", running.app);
    let page = running.http.get(address).send().await.unwrap();
    assert!(!page.text().await.unwrap().contains("short-code"));
    let openings = running.gateway.openings.lock().unwrap().clone();
    assert_eq!(
        openings,
        [("Bearer the-link-s".to_owned(), "opened_by=link".to_owned())]
    );
}

#[tokio::test]
async fn a_relayed_link_is_refused_in_words() {
    let running = Running::start(false).await;
    let (status, page) = running.page("relayed").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(page.contains("on the device you started on"));
}
