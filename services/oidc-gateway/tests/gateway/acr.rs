//! `acr_values`: the level, and how the certificate is checked for revocation.

use oidc_gateway::RevocationMethod;
use proto::revocation::v1::RevocationMethod as Wire;
use serde_json::{Value, json};

use crate::assertion::payload;
use crate::browser::{AuthRequest, Browser};
use crate::card::HANAKO;
use crate::proof::authorize;
use crate::world::World;

async fn offering(methods: &[RevocationMethod]) -> World {
    World::configured(|config| config.revocation_methods = methods.to_vec()).await
}

/// The ID token of a sign-in that asks for this, and what signature-verification was asked.
async fn signed_in(world: &World, acr_values: Option<&str>) -> (Value, i32) {
    let honest = AuthRequest::of(&world.alpha);
    let request = acr_values.map_or(honest.clone(), |acr| honest.with("acr_values", acr));
    let answer = Browser::default().sign_in(world, &request, HANAKO).await;
    let code = answer.redirected("code").unwrap();
    let tokens = world.alpha.redeem(&world.router, &code).await.json();
    let asked = world.verification.asked.lock().unwrap().last().cloned();
    let claims = payload(tokens["id_token"].as_str().unwrap());
    (claims, asked.unwrap().revocation_method)
}

#[tokio::test]
async fn the_way_of_checking_that_was_asked_for_is_used_and_reported() {
    let world = offering(&[RevocationMethod::Crl, RevocationMethod::Ocsp]).await;
    for (acr_values, wire, amr) in [
        (None, Wire::Unspecified, json!(["hwk", "pin"])),
        (Some("aal3"), Wire::Unspecified, json!(["hwk", "pin"])),
        (Some("aal3 crl"), Wire::Crl, json!(["hwk", "pin", "crl"])),
        (Some("aal3 ocsp"), Wire::Ocsp, json!(["hwk", "pin", "ocsp"])),
        // A wish that means nothing here is none.
        (Some("urn:x:gold"), Wire::Unspecified, json!(["hwk", "pin"])),
    ] {
        let (claims, asked) = signed_in(&world, acr_values).await;
        assert_eq!(asked, i32::from(wire), "{acr_values:?}");
        assert_eq!(claims["acr"], "aal3");
        assert_eq!(claims["amr"], amr, "{acr_values:?}");
    }
}

#[tokio::test]
async fn a_way_of_checking_that_is_not_offered_is_unmet_and_nothing_begins() {
    let world = offering(&[RevocationMethod::Crl]).await;
    let honest = AuthRequest::of(&world.alpha);
    let answer = authorize(&world, &honest.clone().with("acr_values", "aal3 ocsp")).await;
    assert_eq!(
        answer.redirected("error").as_deref(),
        Some("unmet_authentication_requirements")
    );
    assert!(world.state.occupancy().await.unwrap().is_empty());
    // As may be said of one of two.
    let (claims, _) = signed_in(&world, Some("aal3 ocsp crl")).await;
    assert_eq!(claims["amr"], json!(["hwk", "pin", "crl"]));
}

#[tokio::test]
async fn essential_acr_values_are_demands_and_other_parameters_are_heard() {
    let world = World::new().await;
    let honest = AuthRequest::of(&world.alpha);
    let claims = |acr: &str| {
        json!({ "id_token": { "acr": { "essential": true, "values": [acr] } } }).to_string()
    };
    let unmet = authorize(&world, &honest.clone().with("claims", &claims("aal4"))).await;
    assert_eq!(
        unmet.redirected("error").as_deref(),
        Some("unmet_authentication_requirements")
    );
    let met = authorize(&world, &honest.clone().with("claims", &claims("aal3"))).await;
    assert!(met.location().contains("/interactions/"));
    let malformed = authorize(&world, &honest.with("max_age", "soon")).await;
    assert_eq!(
        malformed.redirected("error").as_deref(),
        Some("invalid_request")
    );
}
