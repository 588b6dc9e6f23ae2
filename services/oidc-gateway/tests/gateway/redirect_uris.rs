//! Attacks on the address that the answer goes to.

use runtime::Refreshed;
use runtime::config::Environment;

use crate::browser::AuthRequest;
use crate::proof::authorize;
use crate::registrations::edit;
use crate::requests::{accepted, refused_on_page};
use crate::world::{RelyingParty, World};

/// What others took for `https://a.example/callback`.
const LOOK_ALIKES: [&str; 34] = [
    "https://a.example/callback/",
    "https://a.example/Callback",
    "https://A.example/callback",
    "HTTPS://a.example/callback",
    "https://a.example/callback?x=1",
    "https://a.example/callback?",
    "https://a.example/callback#",
    "https://a.example:443/callback",
    "https://a.example:8443/callback",
    "https://a.example./callback",
    "https://a.example/x/%2e%2e/callback",
    "https://a.example/x/../callback",
    "https://a.example//callback",
    "https://a.example/%63allback",
    "https://a.example/..;/callback",
    "https://a.example/callback;x",
    "https://user@a.example/callback",
    "https://a.example@evil.example/callback",
    "https://a.example%2f@evil.example/callback",
    "https://evil.example/@@a.example/callback",
    "https://a@@@a.example/callback",
    "https://a.example/callback#code=x&iss=y",
    "https://a.example\\@evil.example/callback",
    "https:\\\\a.example\\callback",
    "https://xn--a-0ga.example/callback",
    "https://а.example/callback",
    "https://a.example/callback\t",
    "https://a.example/call\nback",
    "https://a.example/callback\r\nSet-Cookie: x=y",
    "https://a.example/callback%0d%0a",
    " https://a.example/callback",
    "http://a.example/callback",
    "//a.example/callback",
    "/callback",
];

/// Nothing begins with this address, whether the browser brings it or the client pushes it.
async fn leads_nowhere(world: &World, party: &RelyingParty, uri: &str) {
    let request = AuthRequest::of(party).with("redirect_uri", uri);
    refused_on_page(world, &request).await;
    let pushed = party.push(&world.router, &request).await;
    assert_eq!(
        (pushed.status, pushed.json()["error"].as_str()),
        (400, Some("invalid_request")),
        "{uri:?}"
    );
}

#[tokio::test]
async fn attack_02_redirect_uris_are_compared_character_for_character() {
    let world = World::new().await;
    for uri in LOOK_ALIKES {
        leads_nowhere(&world, &world.alpha, uri).await;
    }
    accepted(&world, &AuthRequest::of(&world.alpha)).await;
    // One with a query of its own: neither more nor less nor in another spelling.
    for uri in [
        "https://sister.example/cb",
        "https://sister.example/cb?tenant=2",
        "https://sister.example/cb?tenant=%31",
        "https://sister.example/cb?tenant=1&tenant=1",
        "https://sister.example/cb?tenant=1&code=x",
    ] {
        leads_nowhere(&world, &world.sister, uri).await;
    }
    accepted(&world, &AuthRequest::of(&world.sister)).await;
    // Another client's, registered though it is.
    leads_nowhere(&world, &world.alpha, "https://b.example/callback").await;
}

#[tokio::test]
async fn attack_03_addresses_of_this_machine_are_compared_like_all_others() {
    let world = World::configured(|config| config.environment = Environment::Sandbox).await;
    let local = "http://127.0.0.1:8080/callback";
    // As long as none is registered there is none, in the sandbox either.
    leads_nowhere(&world, &world.alpha, local).await;
    edit(&world, |text| {
        text.replace("https://a.example/callback", local)
    });
    assert_eq!(world.gateway.refresh_clients(), Refreshed::Loaded);
    for uri in [
        // RFC 8252 section 7.3 would let native apps choose the port; no client here is one.
        "http://127.0.0.1/callback",
        "http://127.0.0.1:8081/callback",
        "http://127.0.0.1:0/callback",
        "http://localhost:8080/callback",
        "http://[::1]:8080/callback",
        "http://127.0.0.2:8080/callback",
        "http://127.1:8080/callback",
        "http://2130706433:8080/callback",
        "http://127.0.0.1:8080/callback/../evil",
        "http://127.0.0.1:8080@evil.example/callback",
        "https://127.0.0.1:8080/callback",
    ] {
        leads_nowhere(&world, &world.alpha, uri).await;
    }
    accepted(
        &world,
        &AuthRequest::of(&world.alpha).with("redirect_uri", local),
    )
    .await;
}

#[tokio::test]
async fn attack_04_an_address_that_is_no_web_page_is_neither_registered_nor_answered_to() {
    let world = World::new().await;
    for uri in [
        "javascript:alert(1)",
        "JavaScript:alert(1)//https://a.example/callback",
        "data:text/html,x",
        "vbscript:x",
        "blob:https://a.example/x",
        "file:///callback",
        "intent://a.example/callback",
        "jp.example.app:/callback",
        "http://127.0.0.1:8080/callback",
    ] {
        leads_nowhere(&world, &world.alpha, uri).await;
        let clients = std::fs::read_to_string(world.config.clients.as_path()).unwrap();
        let registered = format!("redirect_uris = [\"{uri}\", \"https://a.example/callback\"]");
        edit(&world, |text| {
            text.replace(
                "redirect_uris = [\"https://a.example/callback\"]",
                &registered,
            )
        });
        assert_eq!(world.gateway.refresh_clients(), Refreshed::Refused, "{uri}");
        // The former registrations hold.
        leads_nowhere(&world, &world.alpha, uri).await;
        let honest = authorize(&world, &AuthRequest::of(&world.alpha)).await;
        assert_eq!(honest.status, 303);
        edit(&world, |_| clients);
        world.gateway.refresh_clients();
    }
    // The twin: an address that is one.
    let other = "https://a.example/other";
    edit(&world, |text| {
        text.replace("https://a.example/callback", other)
    });
    assert_eq!(world.gateway.refresh_clients(), Refreshed::Loaded);
    let request = AuthRequest::of(&world.alpha).with("redirect_uri", other);
    accepted(&world, &request).await;
}
