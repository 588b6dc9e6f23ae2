//! Opening transactions, and using each in one sign-in.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Request, header};
use serde_json::{Value, json};

use crate::browser::{AuthRequest, Browser, send};
use crate::card::{HANAKO, TARO};
use crate::signing::{DIGEST, START, access_token, decrypted, result, start};
use crate::world::World;

async fn refused(world: &World, request: &AuthRequest) -> String {
    let answer = Browser::default().authorize(world, request).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert!(answer.header(header::SET_COOKIE).is_none(), "{request:?}");
    assert!(answer.redirected("iss").is_some());
    answer.redirected("error").unwrap()
}

async fn signatures_stored(world: &World, client_id: &str) -> u64 {
    let occupancy = world.state.occupancy().await.unwrap();
    let of_client = occupancy
        .iter()
        .find(|client| client.client_id == client_id);
    of_client.map_or(0, |client| client.signatures)
}

#[tokio::test]
async fn attack_62_a_transaction_is_used_in_one_sign_in() {
    let world = World::new().await;
    let id = world.bank.open(&world).await;
    let request = world.bank.sign_request(&id);
    let mut browser = Browser::default();
    let interaction_id = browser.begin(&world, &request).await;
    assert_eq!(refused(&world, &request).await, "invalid_request");
    // The one that began first goes on, and after it the transaction is still used.
    HANAKO.read(&world, &interaction_id).await;
    assert_eq!(refused(&world, &request).await, "invalid_request");
    let tokens = world.bank.have_signed(&world, HANAKO).await.1;
    assert_eq!(result(&world, &id, access_token(&tokens)).await.status, 404);
}

#[tokio::test]
async fn attack_62_of_many_sign_ins_at_once_one_uses_the_transaction() {
    for world in [World::new().await, World::on_postgres().await] {
        let id = world.bank.open(&world).await;
        let path = format!(
            "{}/auth?{}",
            crate::browser::PROTOCOL,
            world.bank.sign_request(&id).query()
        );
        let mut asked = tokio::task::JoinSet::new();
        for _ in 0..40 {
            let (router, path) = (world.router.clone(), path.clone());
            asked.spawn(async move {
                let request = Request::get(path).body(Body::empty()).unwrap();
                let answer = send(&router, request).await;
                answer.location().contains("/interactions/")
            });
        }
        let begun = asked.join_all().await;
        assert_eq!(begun.into_iter().filter(|begun| *begun).count(), 1);
    }
}

#[tokio::test]
async fn attack_62_another_client_s_transaction_a_guess_and_one_that_is_over_look_alike() {
    let world = World::new().await;
    let id = world.bank.open(&world).await;
    let describe = async |request: AuthRequest| {
        let answer = Browser::default().authorize(&world, &request).await;
        let told = answer.redirected("error_description").unwrap();
        let told = told.split(" (reference").next().unwrap().to_owned();
        (answer.redirected("error").unwrap(), told)
    };
    let foreign = describe(world.notary.sign_request(&id)).await;
    let guess = "00000000-0000-4000-8000-000000000000";
    let guessed = describe(world.bank.sign_request(guess)).await;
    assert_eq!(foreign, guessed);
    assert_eq!(foreign.0, "invalid_request");
    // Nobody else's attempt has used it up.
    let late = world.bank.open(&world).await;
    world.clock.advance(599);
    Browser::default()
        .begin(&world, &world.bank.sign_request(&id))
        .await;
    world.clock.advance(1);
    assert_eq!(describe(world.bank.sign_request(&late)).await, foreign);
}

#[tokio::test]
async fn a_signature_and_its_transaction_come_together_or_not_at_all() {
    let world = World::new().await;
    let id = world.bank.open(&world).await;
    let honest = world.bank.sign_request(&id);
    for request in [
        honest.clone().without("sign_transaction_id"),
        honest.clone().with("scope", "openid"),
        honest.clone().with("scope", "openid name"),
        honest.clone().with("sign_transaction_id", "x"),
        honest
            .clone()
            .with("sign_transaction_id", &id.to_uppercase()),
        honest
            .clone()
            .with("sign_transaction_id", &format!("{id} ")),
        honest.clone().twice("sign_transaction_id", &id),
    ] {
        assert_eq!(
            refused(&world, &request).await,
            "invalid_request",
            "{request:?}"
        );
    }
    let unregistered = AuthRequest::of(&world.alpha)
        .with("scope", "openid sign")
        .with("sign_transaction_id", &id);
    assert_eq!(refused(&world, &unregistered).await, "invalid_scope");
    assert_eq!(
        refused(&world, &honest.clone().with("scope", "sign")).await,
        "invalid_scope"
    );
    Browser::default().begin(&world, &honest).await;
}

#[tokio::test]
async fn attack_63_what_is_no_digest_is_refused_and_nothing_is_stored() {
    let world = World::new().await;
    let token = world.bank.signing_token(&world).await;
    let right = STANDARD.encode(DIGEST);
    for body in [
        json!({}),
        json!({ "digest": "" }),
        json!({ "digest": STANDARD.encode([7; 31]) }),
        json!({ "digest": STANDARD.encode([7; 48]) }),
        json!({ "digest": hex::encode(DIGEST) }),
        json!({ "digest": right, "alg": "SHA-512" }),
        json!({ "digest_info": right }),
        json!({ "digest": right, "digest_info": right }),
        Value::Null,
    ] {
        let answer = start(&world, &token, &body).await;
        assert_eq!(
            (answer.status, &answer.json()["error"]),
            (400, &json!("invalid_request")),
            "{body}"
        );
        let told = answer.json()["error_description"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(told.contains("digest") && !told.contains(&right), "{told}");
    }
    assert_eq!(signatures_stored(&world, "RPBANK").await, 1, "the token");
    assert_eq!(
        start(&world, &token, &json!({ "digest": right }))
            .await
            .status,
        200
    );
    assert_eq!(signatures_stored(&world, "RPBANK").await, 2);
}

#[tokio::test]
async fn attack_74_bodies_that_are_too_large_or_of_another_type_are_refused() {
    let world = World::new().await;
    let token = world.bank.signing_token(&world).await;
    let post = async |media_type: &str, body: String| {
        let request = Request::post(START)
            .header(header::CONTENT_TYPE, media_type)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::from(body));
        send(&world.router, request.unwrap()).await.status
    };
    let body = json!({ "digest": STANDARD.encode(DIGEST) }).to_string();
    assert_eq!(
        post("application/json", "x".repeat(64 * 1024 + 1)).await,
        413
    );
    assert_eq!(post("application/json", "[".repeat(60_000)).await, 400);
    assert_eq!(post("text/plain", body.clone()).await, 400);
    assert_eq!(
        post("application/x-www-form-urlencoded", body.clone()).await,
        400
    );
    assert_eq!(post("application/json; charset=utf-8", body).await, 200);
}

#[tokio::test]
async fn the_signature_api_s_prefix_is_configuration() {
    let world = World::configured(|config| config.sign_path_prefix = "/v1".to_owned()).await;
    let token = world.bank.signing_token(&world).await;
    let body = json!({ "digest": STANDARD.encode(DIGEST) });
    let post = async |path: &str| {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::from(body.to_string()));
        send(&world.router, request.unwrap()).await.status
    };
    assert_eq!(post(START).await, 404);
    assert_eq!(post("/v1/sign-transactions").await, 200);
}

#[tokio::test]
async fn two_signatures_at_once_do_not_mix() {
    let world = World::new().await;
    let (first, second) = tokio::join!(
        world.bank.have_signed(&world, HANAKO),
        world.bank.have_signed(&world, TARO)
    );
    for ((id, tokens), (other, _), holder) in
        [(&first, &second, "hanako"), (&second, &first, "taro")]
    {
        let answer = result(&world, id, access_token(tokens)).await;
        let plain = decrypted(&answer, &world.operator);
        let certificate = STANDARD
            .decode(plain["certificate"].as_str().unwrap())
            .unwrap();
        assert!(String::from_utf8_lossy(&certificate).contains(holder));
        assert_eq!(
            result(&world, other, access_token(tokens)).await.status,
            404
        );
    }
}
