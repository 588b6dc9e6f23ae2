//! The discovery document and the key set.

use http::{Method, Request, header};
use serde_json::json;

use crate::browser::{PROTOCOL, get, send};
use crate::world::{ISSUER, World};

#[tokio::test]
async fn the_discovery_document_names_what_is_there() {
    let world = World::new().await;
    let answer = get(
        &world.router,
        "/api/realms/main/.well-known/openid-configuration",
    )
    .await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header(header::CONTENT_TYPE),
        Some("application/json")
    );
    let document = answer.json();
    assert_eq!(document["issuer"], ISSUER);
    for (name, path) in [
        ("authorization_endpoint", "auth"),
        ("token_endpoint", "token"),
        ("userinfo_endpoint", "userinfo"),
        ("jwks_uri", "certs"),
        ("revocation_endpoint", "revoke"),
    ] {
        assert_eq!(
            document[name],
            format!("{ISSUER}/protocol/openid-connect/{path}")
        );
    }
    assert_eq!(document["response_types_supported"], json!(["code"]));
    assert_eq!(
        document["grant_types_supported"],
        json!(["authorization_code", "client_credentials"])
    );
    let scopes = document["scopes_supported"].as_array().unwrap();
    assert!(scopes.contains(&json!("sign")));
    assert_eq!(document["subject_types_supported"], json!(["pairwise"]));
    assert_eq!(
        document["code_challenge_methods_supported"],
        json!(["S256"])
    );
    assert_eq!(
        document["token_endpoint_auth_methods_supported"],
        json!(["private_key_jwt"])
    );
    assert_eq!(
        document["authorization_response_iss_parameter_supported"],
        true
    );
}

#[tokio::test]
async fn the_key_set_may_be_kept_for_a_while() {
    let world = World::new().await;
    let answer = get(&world.router, &format!("{PROTOCOL}/certs")).await;
    assert_eq!(
        answer.header(header::CACHE_CONTROL),
        Some("public, max-age=3600")
    );
    assert_eq!(answer.json()["keys"][0]["alg"], "ES256");
    assert!(answer.json()["keys"][0].get("d").is_none());
}

#[tokio::test]
async fn other_methods_are_refused_with_those_that_are_allowed() {
    let world = World::new().await;
    for (method, path, allowed) in [
        (Method::GET, "token", "POST"),
        (Method::PUT, "auth", "GET,HEAD,POST"),
        (Method::DELETE, "userinfo", "GET,HEAD,POST"),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(format!("{PROTOCOL}/{path}"));
        let answer = send(
            &world.router,
            request.body(axum::body::Body::empty()).unwrap(),
        )
        .await;
        assert_eq!(answer.status, 405, "{path}");
        assert_eq!(answer.header(header::ALLOW), Some(allowed), "{path}");
    }
}
