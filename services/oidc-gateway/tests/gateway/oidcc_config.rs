//! The module of the OpenID Foundation's `oidcc-config-certification-test-plan`.

use serde_json::{Value, json};

use crate::browser::get;
use crate::world::{ISSUER, World};

#[tokio::test]
async fn oidcc_discovery_endpoint_verification() {
    let world = World::new().await;
    let path = "/api/realms/main/.well-known/openid-configuration";
    assert_eq!(
        format!("https://op.example{path}"),
        format!("{ISSUER}/.well-known/openid-configuration")
    );
    let document = get(&world.router, path).await.json();
    assert_eq!(document["issuer"], ISSUER);
    for endpoint in [
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
        "revocation_endpoint",
        "pushed_authorization_request_endpoint",
    ] {
        let address = document[endpoint].as_str().unwrap();
        assert!(address.starts_with("https://op.example/"), "{endpoint}");
    }
    for (list, member) in [
        ("response_types_supported", "code"),
        ("response_modes_supported", "query"),
        ("grant_types_supported", "authorization_code"),
        ("subject_types_supported", "pairwise"),
        ("id_token_signing_alg_values_supported", "ES256"),
        ("token_endpoint_auth_methods_supported", "private_key_jwt"),
        ("token_endpoint_auth_signing_alg_values_supported", "ES256"),
        ("token_endpoint_auth_signing_alg_values_supported", "PS256"),
        ("scopes_supported", "openid"),
        ("claims_supported", "sub"),
        ("code_challenge_methods_supported", "S256"),
        ("dpop_signing_alg_values_supported", "ES256"),
        ("acr_values_supported", "aal3"),
    ] {
        let values = document[list].as_array().unwrap();
        assert!(values.contains(&json!(member)), "{list}: {member}");
    }
    assert_eq!(
        document["authorization_response_iss_parameter_supported"],
        true
    );
    let keys = get(
        &world.router,
        "/api/realms/main/protocol/openid-connect/certs",
    )
    .await
    .json();
    let keys = keys["keys"].as_array().unwrap().clone();
    let private = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
    assert!(!keys.is_empty());
    for key in &keys {
        assert!(private.iter().all(|member| key.get(*member).is_none()));
        assert!(key["kid"].is_string() && key["use"] == "sig");
        assert_eq!(key["crv"], "P-256");
    }
    let mut names: Vec<&Value> = keys.iter().map(|key| &key["kid"]).collect();
    names.dedup();
    assert_eq!(names.len(), keys.len());
}
