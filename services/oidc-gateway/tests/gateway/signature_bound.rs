//! Signatures of clients whose tokens are bound to a key.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Request, header};
use serde_json::json;

use crate::assertion::TOKEN;
use crate::browser::{Answer, Browser, send};
use crate::card::HANAKO;
use crate::proof::{Proof, fresh_key, post_proven};
use crate::signing::{
    DIGEST, START, access_token, credentials_form, result, start, transaction_id,
};
use crate::world::{ClientKey, World};

/// A request with a bound token, and a proof by this key.
async fn proven(
    world: &World,
    method: Method,
    path: &str,
    token: &str,
    key: &ClientKey,
    body: String,
) -> Answer {
    let proof = Proof::of(key, method.as_str(), path).for_token(token);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("DPoP {token}"))
        .header(header::CONTENT_TYPE, "application/json")
        .header("dpop", proof.signed_by(key));
    send(&world.router, request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn attack_44_a_bound_token_opens_a_transaction_with_its_key_alone() {
    let world = World::new().await;
    let (key, stranger) = (fresh_key(), fresh_key());
    let assertion = world.bank.assertion();
    let proof = Proof::of(&key, "POST", TOKEN).signed_by(&key);
    let form = credentials_form(&assertion);
    let tokens = post_proven(&world.router, TOKEN, &form, &[&proof]).await;
    let tokens = tokens.json();
    assert_eq!(tokens["token_type"], "DPoP");
    let token = access_token(&tokens);
    let body = json!({ "digest": STANDARD.encode(DIGEST) });
    let as_bearer = start(&world, token, &body).await;
    assert_eq!(
        (as_bearer.status, &as_bearer.json()["error"]),
        (401, &json!("invalid_token"))
    );
    let open = async |key| proven(&world, Method::POST, START, token, key, body.to_string()).await;
    assert_eq!(open(&stranger).await.status, 401);
    assert_eq!(open(&key).await.status, 200);
}

#[tokio::test]
async fn attack_44_a_bound_token_fetches_a_result_with_its_key_alone() {
    let world = World::new().await;
    let (key, stranger) = (fresh_key(), fresh_key());
    let id = world.bank.open(&world).await;
    let request = world.bank.sign_request(&id);
    let answer = Browser::default().sign_in(&world, &request, HANAKO).await;
    let code = answer.redirected("code").unwrap();
    let assertion = world.bank.assertion();
    let proof = Proof::of(&key, "POST", TOKEN).signed_by(&key);
    let form = world.bank.redemption(&code, &assertion);
    let tokens = post_proven(&world.router, TOKEN, &form, &[&proof]).await;
    let tokens = tokens.json();
    let token = access_token(&tokens);
    let as_bearer = result(&world, &id, token).await;
    assert_eq!(
        (as_bearer.status, &as_bearer.json()["error"]),
        (401, &json!("invalid_token"))
    );
    let path = format!("{START}/{id}/result");
    let fetch = async |key| proven(&world, Method::GET, &path, token, key, String::new()).await;
    assert_eq!(fetch(&stranger).await.status, 401);
    // Nobody else's try was counted.
    let fetched = fetch(&key).await;
    assert_eq!(
        (fetched.status, &fetched.json()["fetches_left"]),
        (200, &json!(2))
    );
}

#[tokio::test]
async fn an_unbound_token_is_refused_with_somebody_s_proof() {
    let world = World::new().await;
    let token = world.bank.signing_token(&world).await;
    let body = json!({ "digest": STANDARD.encode(DIGEST) });
    let key = fresh_key();
    let opened = proven(&world, Method::POST, START, &token, &key, body.to_string()).await;
    assert_eq!(opened.status, 401);
    let opened = start(&world, &token, &body).await;
    assert!(!transaction_id(&opened).is_empty());
}
