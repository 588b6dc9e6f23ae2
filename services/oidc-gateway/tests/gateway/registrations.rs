//! The clients file while the gateway runs, and what a registration allows.

use runtime::Refreshed;
use serde_json::json;

use crate::assertion::{Assertion, TOKEN};
use crate::browser::{AuthRequest, Browser, fresh_code, post_form};
use crate::card::HANAKO;
use crate::proof::authorize;
use crate::world::{NOW, World};

/// Changes the clients file as an operator's editor does: by another file in its place.
pub(crate) fn edit(world: &World, change: impl FnOnce(String) -> String) {
    let path = world.folder.path().join("clients.toml");
    let text = change(std::fs::read_to_string(&path).unwrap());
    let beside = world.folder.path().join("clients.toml.new");
    std::fs::write(&beside, text).unwrap();
    std::fs::rename(beside, path).unwrap();
}

#[tokio::test]
async fn a_changed_clients_file_is_taken_without_a_restart() {
    let world = World::new().await;
    assert_eq!(world.gateway.refresh_clients(), Refreshed::Unchanged);
    let moved = AuthRequest::of(&world.alpha).with("redirect_uri", "https://a.example/moved");
    assert_eq!(authorize(&world, &moved).await.status, 400);
    edit(&world, |text| {
        text.replace(
            "\"https://a.example/callback\"",
            "\"https://a.example/moved\"",
        )
    });
    assert_eq!(
        authorize(&world, &moved).await.status,
        400,
        "not looked at yet"
    );
    assert_eq!(world.gateway.refresh_clients(), Refreshed::Loaded);
    assert_eq!(authorize(&world, &moved).await.status, 303);
    let former = AuthRequest::of(&world.alpha);
    assert_eq!(authorize(&world, &former).await.status, 400);
}

#[tokio::test]
async fn a_broken_clients_file_is_refused_whole_and_the_former_one_stays() {
    let world = World::new().await;
    let honest = AuthRequest::of(&world.alpha);
    for broken in [
        // One client is good and new, another breaks a rule.
        |text: String| {
            text.replace("https://a.example/callback", "https://a.example/new")
                .replace("https://b.example/callback", "http://b.example/callback")
        },
        |text: String| format!("{text}\n["),
        |text: String| text[..text.len() / 2].to_owned(),
        |_| String::new(),
    ] {
        let before = std::fs::read_to_string(world.folder.path().join("clients.toml")).unwrap();
        edit(&world, broken);
        assert_eq!(world.gateway.refresh_clients(), Refreshed::Refused);
        // Said once a change, not every time somebody looks.
        assert_eq!(world.gateway.refresh_clients(), Refreshed::Unchanged);
        assert_eq!(authorize(&world, &honest).await.status, 303);
        fresh_code(&world, &world.beta, "openid", HANAKO).await;
        edit(&world, |_| before);
        assert_eq!(world.gateway.refresh_clients(), Refreshed::Loaded);
    }
    std::fs::remove_file(world.folder.path().join("clients.toml")).unwrap();
    assert_eq!(world.gateway.refresh_clients(), Refreshed::Refused);
    assert_eq!(authorize(&world, &honest).await.status, 303);
    let metrics = world.metrics.render();
    let counted = |outcome: &str, count: u32| {
        let lines = metrics
            .lines()
            .filter(|line| line.contains("clients_reloads_total") && line.contains(outcome));
        assert!(
            lines
                .clone()
                .any(|line| line.ends_with(&format!(" {count}"))),
            "{metrics}"
        );
    };
    counted("refused", 5);
    counted("loaded", 4);
}

#[tokio::test]
async fn a_client_or_an_address_that_was_taken_off_the_list_gets_nothing_more() {
    let world = World::new().await;
    let request = AuthRequest::of(&world.alpha);
    let mut browser = Browser::default();
    let (id, page) = browser.read_card(&world, &request, HANAKO).await;
    let code = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    edit(&world, |text| {
        text.replace("https://a.example/callback", "https://a.example/moved")
    });
    world.gateway.refresh_clients();
    let answer = browser.decide(&world, &id, &page, "approve").await;
    assert_eq!(
        answer.status, 400,
        "no answer goes to an address that is not registered"
    );
    // A code that was already handed over is redeemed by its client alone.
    assert_eq!(world.alpha.redeem(&world.router, &code).await.status, 200);
    let code = fresh_code(&world, &world.beta, "openid", HANAKO).await;
    edit(&world, |text| text.replace("\"RPBETA\"", "\"RPBETATWO\""));
    world.gateway.refresh_clients();
    assert_eq!(world.beta.redeem(&world.router, &code).await.status, 401);
}

#[tokio::test]
async fn attack_27_an_assertion_may_live_as_long_as_its_client_s_registration_says() {
    let world = World::new().await;
    let proves = async |party: &crate::world::RelyingParty, seconds: i64| {
        let assertion = Assertion::of(party).claim("exp", json!(NOW + seconds));
        party.proves(&world, &assertion.signed_by(&party.key)).await
    };
    // Beta's registration says a day.
    assert!(proves(&world.beta, 86_400).await);
    assert!(!proves(&world.beta, 86_411).await);
    assert!(proves(&world.alpha, 300).await);
    assert!(!proves(&world.alpha, 86_400).await);
    // For so long it is remembered, too.
    let day = Assertion::of(&world.beta).claim("exp", json!(NOW + 86_400));
    let day = day.signed_by(&world.beta.key);
    assert!(world.beta.proves(&world, &day).await);
    world.clock.advance(86_000);
    world.gateway.sweep().await.unwrap();
    assert!(!world.beta.proves(&world, &day).await);
}

#[tokio::test]
async fn attack_32_a_client_id_of_another_client_is_refused_at_every_endpoint() {
    let world = World::new().await;
    let code = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    for (client_id, status) in [("RPSISTER", 401), ("rpalpha", 401), ("RPALPHA", 200)] {
        let assertion = world.alpha.assertion();
        let mut form = world.alpha.redemption(&code, &assertion).to_vec();
        form.push(("client_id", client_id));
        let answer = post_form(&world.router, TOKEN, &form).await;
        assert_eq!(answer.status, status, "{client_id} {}", answer.body);
    }
}
