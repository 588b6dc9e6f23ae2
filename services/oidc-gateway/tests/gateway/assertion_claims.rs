//! Attacks on the claims of a client assertion.

use serde_json::json;

use crate::assertion::Assertion;
use crate::client_assertions::{honest, only_the_honest_one_passes};
use crate::world::{ISSUER, NOW, World};

#[tokio::test]
async fn attack_26_a_jti_is_a_string_of_1_to_255_characters() {
    let world = World::new().await;
    only_the_honest_one_passes(
        &world,
        [
            ("long", honest(&world).claim("jti", json!("x".repeat(256)))),
            ("empty", honest(&world).claim("jti", json!(""))),
            ("number", honest(&world).claim("jti", json!(1))),
            ("null", honest(&world).claim("jti", json!(null))),
            ("truth", honest(&world).claim("jti", json!(true))),
            ("list", honest(&world).claim("jti", json!(["x"]))),
            ("object", honest(&world).claim("jti", json!({ "x": "y" }))),
            ("missing", honest(&world).without("jti")),
        ],
    )
    .await;
    // The longest ones: remembered whole, so that two that begin alike are two.
    let longest = |last: &str| {
        let jti = format!("{}{last}", "明".repeat(254));
        let assertion = honest(&world).claim("jti", json!(jti));
        assertion.signed_by(&world.alpha.key)
    };
    for (last, passes) in [("a", true), ("b", true), ("a", false)] {
        let assertion = longest(last);
        assert_eq!(world.alpha.proves(&world, &assertion).await, passes);
    }
}

#[tokio::test]
async fn attack_27_times_are_held_to_the_clock() {
    let world = World::new().await;
    only_the_honest_one_passes(
        &world,
        [
            ("no exp", honest(&world).without("exp")),
            ("past", honest(&world).claim("exp", json!(NOW))),
            (
                "five minutes past",
                honest(&world).claim("exp", json!(NOW - 300)),
            ),
            ("far", honest(&world).claim("exp", json!(NOW + 361))),
            (
                "a second too far",
                honest(&world).claim("exp", json!(NOW + 311)),
            ),
            ("before the epoch", honest(&world).claim("exp", json!(-1))),
            (
                "beyond all dates",
                honest(&world).claim("exp", json!(i64::MAX)),
            ),
            ("unsigned", honest(&world).claim("exp", json!(u64::MAX))),
            ("null", honest(&world).claim("exp", json!(null))),
            ("a day", honest(&world).claim("exp", json!(NOW + 86_400))),
            ("text", honest(&world).claim("exp", json!("1"))),
            ("huge", honest(&world).claim("exp", json!(1e300))),
            ("iat ahead", honest(&world).claim("iat", json!(NOW + 61))),
            (
                "iat 11 s ahead",
                honest(&world).claim("iat", json!(NOW + 11)),
            ),
            (
                "nbf 11 s ahead",
                honest(&world).claim("nbf", json!(NOW + 11)),
            ),
            ("nbf text", honest(&world).claim("nbf", json!("now"))),
            ("nbf ahead", honest(&world).claim("nbf", json!(NOW + 61))),
            ("iat text", honest(&world).claim("iat", json!("now"))),
        ],
    )
    .await;
    for accepted in [
        honest(&world)
            .claim("iat", json!(NOW + 8))
            .claim("nbf", json!(NOW + 8)),
        honest(&world).without("iat"),
        honest(&world)
            .claim("iat", json!(NOW + 10))
            .claim("nbf", json!(NOW + 10)),
        honest(&world).claim("nbf", json!(NOW - 86_400)),
        honest(&world).claim("exp", json!(NOW + 1)),
        honest(&world).claim("exp", json!(NOW + 300)),
        honest(&world).claim("exp", json!(NOW + 310)),
        #[expect(clippy::cast_precision_loss, reason = "a date is far below 2^52")]
        honest(&world).claim("exp", json!(NOW as f64 + 60.5)),
    ] {
        assert!(
            world
                .alpha
                .proves(&world, &accepted.signed_by(&world.alpha.key))
                .await
        );
    }
}

#[tokio::test]
async fn attack_28_the_audience_is_the_issuer_as_one_string() {
    let world = World::new().await;
    let endpoint = |name: &str| format!("{ISSUER}/protocol/openid-connect/{name}");
    let token_url = endpoint("token");
    let audiences = [
        ("list", json!([ISSUER])),
        ("two", json!([ISSUER, "https://evil.example"])),
        ("other", json!("https://evil.example")),
        ("slash", json!(format!("{ISSUER}/"))),
        ("origin", json!("https://op.example")),
        ("case", json!("https://OP.example/api/realms/main")),
        ("empty", json!("")),
        ("null", json!(null)),
        ("number", json!(1)),
        ("pushed requests", json!(endpoint("ext/par/request"))),
        ("revocation", json!(endpoint("revoke"))),
        ("userinfo", json!(endpoint("userinfo"))),
        ("token with a slash", json!(endpoint("token/"))),
    ];
    for (how, audience) in audiences.clone() {
        for party in [&world.alpha, &world.sister] {
            let spoiled = Assertion::of(party).claim("aud", audience.clone());
            assert!(
                !party.proves(&world, &spoiled.signed_by(&party.key)).await,
                "{how}"
            );
        }
    }
    for (party, passes) in [(&world.alpha, false), (&world.sister, true)] {
        let legacy = Assertion::of(party).claim("aud", json!(token_url));
        assert_eq!(
            party.proves(&world, &legacy.signed_by(&party.key)).await,
            passes
        );
        assert!(party.proves(&world, &party.assertion()).await);
    }
    let listed = Assertion::of(&world.sister).claim("aud", json!([token_url]));
    assert!(
        !world
            .sister
            .proves(&world, &listed.signed_by(&world.sister.key))
            .await
    );
}

#[tokio::test]
async fn attack_29_iss_and_sub_are_the_client() {
    let world = World::new().await;
    let both = |client_id: &str| {
        let assertion = honest(&world).claim("iss", json!(client_id));
        assertion.claim("sub", json!(client_id))
    };
    only_the_honest_one_passes(
        &world,
        [
            ("sub differs", honest(&world).claim("sub", json!("RPBETA"))),
            ("iss differs", honest(&world).claim("iss", json!("RPBETA"))),
            ("no sub", honest(&world).without("sub")),
            ("no iss", honest(&world).without("iss")),
            ("case", honest(&world).claim("sub", json!("rpalpha"))),
            (
                "url",
                honest(&world).claim("iss", json!("https://a.example")),
            ),
            ("list", honest(&world).claim("sub", json!(["RPALPHA"]))),
            ("space", both("RPALPHA ")),
            ("other case", both("rpalpha")),
            ("another client", both("RPBETA")),
            ("no client", both("")),
        ],
    )
    .await;
}
