//! Proofs of possession, and attacks on them. The twin of each attack is the honest proof that passes beside it.

use http::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::assertion::{TOKEN, userinfo};
use crate::browser::{Answer, AuthRequest, fresh_code};
use crate::card::HANAKO;
use crate::proof::{
    Proof, USERINFO, bound_userinfo, fresh_key, fresh_rsa_key, jwk, post_proven, userinfo_with,
};
use crate::world::{ClientKey, ISSUER, NOW, World};

pub(crate) fn error(answer: &Answer) -> String {
    answer.json()["error"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

pub(crate) async fn code(world: &World) -> String {
    let request = AuthRequest::of(&world.delta);
    world.delta.pushed_code(world, &request).await
}

#[tokio::test]
async fn a_fapi2_client_s_token_is_bound_to_its_key() {
    let world = World::new().await;
    for (party, key) in [
        (&world.delta, fresh_key()),
        (&world.epsilon, fresh_rsa_key()),
    ] {
        let request = AuthRequest::of(party);
        let tokens = party.bound_tokens(&world, &request, &key).await;
        assert_eq!(tokens["token_type"], "DPoP");
        let token = tokens["access_token"].as_str().unwrap();
        let info = bound_userinfo(&world.router, token, &key).await;
        assert_eq!(info.status, 200, "{}", info.body);
        assert!(info.header("dpop-nonce").is_some());
    }
}

#[tokio::test]
async fn a_client_of_the_compatibility_profile_may_bind_its_token() {
    let world = World::new().await;
    let key = fresh_key();
    let code = fresh_code(&world, &world.alpha, "openid", HANAKO).await;
    // It is not asked for a nonce.
    let proof = Proof::of(&key, "POST", TOKEN).signed_by(&key);
    let tokens = world
        .alpha
        .redeem_proven(&world.router, &code, &proof)
        .await;
    assert_eq!(tokens.json()["token_type"], "DPoP", "{}", tokens.body);
    let token = tokens.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(userinfo(&world.router, &token).await.status, 401);
    assert_eq!(
        bound_userinfo(&world.router, &token, &key).await.status,
        200
    );
}

#[tokio::test]
async fn attack_43_a_proof_that_must_be_there_and_is_not_is_missed_at_the_token_endpoint() {
    let world = World::new().await;
    let code = code(&world).await;
    let bare = world.delta.redeem(&world.router, &code).await;
    assert_eq!(
        (bare.status, error(&bare)),
        (400, "invalid_dpop_proof".to_owned())
    );
    assert!(
        bare.json()["error_description"]
            .as_str()
            .unwrap()
            .contains("DPoP header is missing")
    );
    let key = fresh_key();
    let proven = world.delta.redeem_bound(&world.router, &code, &key).await;
    assert_eq!(proven.status, 200, "the code was not spent");
}

/// A code, and an honest proof for its redemption to be spoiled.
struct Redeeming {
    world: World,
    key: ClientKey,
    code: String,
    honest: Proof,
}

impl Redeeming {
    async fn new() -> Self {
        let world = World::new().await;
        let key = fresh_key();
        let code = code(&world).await;
        let honest = Proof::of(&key, "POST", TOKEN);
        let honest = honest.with_nonce(&world.router).await;
        Self {
            world,
            key,
            code,
            honest,
        }
    }

    /// The honest proof with an identifier of its own.
    fn fresh(&self) -> Proof {
        let unused = Proof::of(&self.key, "POST", TOKEN).claims["jti"].clone();
        self.honest.clone().claim("jti", unused)
    }

    async fn redeem(&self, proof: &str) -> Answer {
        let world = &self.world;
        let redeeming = world.delta.redeem_proven(&world.router, &self.code, proof);
        redeeming.await
    }

    /// Every one of these is refused, and the honest one passes afterwards: none of them spent anything.
    async fn all_refused(&self, spoiled: Vec<(&'static str, String)>) {
        for (how, proof) in spoiled {
            let answer = self.redeem(&proof).await;
            let refusal = (answer.status, error(&answer));
            let expected = (400, "invalid_dpop_proof".to_owned());
            assert_eq!(refusal, expected, "{how} {}", answer.body);
        }
        let answer = self.redeem(&self.fresh().signed_by(&self.key)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

#[tokio::test]
async fn attack_42_the_header_of_a_proof_is_held_to_every_rule() {
    let redeeming = Redeeming::new().await;
    let key = &redeeming.key;
    let with = |name: &str, value: Value| redeeming.fresh().header(name, value).signed_by(key);
    let without = |name: &str| redeeming.fresh().without_header(name).signed_by(key);
    let fresh = || redeeming.fresh().signed_by(key);
    let mut private = jwk(key);
    private["d"] = json!("AAAA");
    let mut unfit = jwk(key);
    unfit["use"] = json!("enc");
    let spoiled = vec![
        ("typ", with("typ", json!("JWT"))),
        ("no typ", without("typ")),
        ("alg none", with("alg", json!("none"))),
        ("alg HS256", with("alg", json!("HS256"))),
        ("alg PS256", with("alg", json!("PS256"))),
        ("no jwk", without("jwk")),
        ("jwk text", with("jwk", json!("x"))),
        ("private jwk", with("jwk", private)),
        ("jwk for encryption", with("jwk", unfit)),
        ("symmetric", with("jwk", json!({ "kty": "oct", "k": "AA" }))),
        ("another's jwk", with("jwk", jwk(&fresh_key()))),
        ("critical", with("crit", json!(["exp"]))),
        ("no JWS", "x".to_owned()),
        ("empty", String::new()),
        ("two in one", format!("{}, {}", fresh(), fresh())),
    ];
    // Two headers, each good.
    let (assertion, one, two) = (redeeming.world.delta.assertion(), fresh(), fresh());
    let form = redeeming
        .world
        .delta
        .redemption(&redeeming.code, &assertion);
    let twice = post_proven(&redeeming.world.router, TOKEN, &form, &[&one, &two]).await;
    assert_eq!(error(&twice), "invalid_dpop_proof");
    redeeming.all_refused(spoiled).await;
}

#[tokio::test]
async fn attack_42_the_claims_of_a_proof_are_held_to_every_rule() {
    let redeeming = Redeeming::new().await;
    let key = &redeeming.key;
    let with = |name: &str, value: Value| redeeming.fresh().claim(name, value).signed_by(key);
    let without = |name: &str| redeeming.fresh().without(name).signed_by(key);
    let at = |path: &str| with("htu", json!(format!("https://op.example{path}")));
    let spoiled = vec![
        ("htm", with("htm", json!("GET"))),
        ("htm case", with("htm", json!("post"))),
        ("no htm", without("htm")),
        ("htu", with("htu", json!("https://evil.example/"))),
        ("htu of userinfo", at(USERINFO)),
        ("htu with a slash", at(&format!("{TOKEN}/"))),
        ("issuer as htu", with("htu", json!(ISSUER))),
        ("htu list", with("htu", json!([ISSUER]))),
        ("no htu", without("htu")),
        ("iat past", with("iat", json!(NOW - 61))),
        ("iat future", with("iat", json!(NOW + 61))),
        ("iat text", with("iat", json!("now"))),
        ("iat huge", with("iat", json!(1e300))),
        ("no iat", without("iat")),
        ("no jti", without("jti")),
        ("jti empty", with("jti", json!(""))),
        ("jti number", with("jti", json!(1))),
        ("jti long", with("jti", json!("x".repeat(256)))),
        ("too long", with("x", json!("x".repeat(9_000)))),
    ];
    redeeming.all_refused(spoiled).await;
}

#[tokio::test]
async fn a_proof_s_address_may_be_written_in_another_way() {
    let redeeming = Redeeming::new().await;
    let other = json!(format!("HTTPS://OP.example:443{TOKEN}?x#y"));
    let proof = redeeming.fresh().claim("htu", other);
    let answer = redeeming.redeem(&proof.signed_by(&redeeming.key)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn attack_42_weak_keys_and_other_curves_prove_nothing() {
    let world = World::new().await;
    let code = code(&world).await;
    let weak =
        aws_lc_rs::signature::RsaKeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    let key = ClientKey::Ps256(weak);
    let honest = Proof::of(&key, "POST", TOKEN)
        .with_nonce(&world.router)
        .await;
    let mut short = jwk(&key);
    let modulus = short["n"].as_str().unwrap()[..170].to_owned();
    short["n"] = json!(modulus);
    let mut exponent = jwk(&key);
    exponent["e"] = json!("Aw");
    let mut curve = jwk(&fresh_key());
    curve["crv"] = json!("P-384");
    for (how, jwk) in [
        ("1024 bits", short),
        ("exponent 3", exponent),
        ("P-384", curve),
    ] {
        let proof = honest.clone().header("jwk", jwk).signed_by(&key);
        let answer = world
            .delta
            .redeem_proven(&world.router, &code, &proof)
            .await;
        assert_eq!(error(&answer), "invalid_dpop_proof", "{how}");
    }
    let rs256 = ClientKey::Rs256(
        aws_lc_rs::signature::RsaKeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap(),
    );
    let proof = Proof::of(&rs256, "POST", TOKEN)
        .with_nonce(&world.router)
        .await;
    let answer = world
        .delta
        .redeem_proven(&world.router, &code, &proof.signed_by(&rs256))
        .await;
    assert_eq!(error(&answer), "invalid_dpop_proof", "RS256");
    let answer = world
        .delta
        .redeem_proven(&world.router, &code, &honest.signed_by(&key))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn attack_42_a_proof_is_good_once_here_there_and_at_the_same_time() {
    let world = World::new().await;
    let replica = world.replica().await;
    let key = fresh_key();
    let (first, second) = (code(&world).await, code(&world).await);
    let proof = Proof::of(&key, "POST", TOKEN)
        .with_nonce(&world.router)
        .await;
    let proof = proof.signed_by(&key);
    let answer = world
        .delta
        .redeem_proven(&world.router, &first, &proof)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    for router in [&world.router, &replica] {
        let again = world.delta.redeem_proven(router, &second, &proof).await;
        assert_eq!(error(&again), "invalid_dpop_proof");
    }
    assert_eq!(
        world
            .delta
            .redeem_bound(&replica, &second, &key)
            .await
            .status,
        200
    );

    let raced = Proof::of(&key, "GET", USERINFO)
        .for_token(&token)
        .signed_by(&key);
    let mut racers = JoinSet::new();
    for racer in 0..50 {
        let router = [&world.router, &replica][racer % 2].clone();
        let (authorization, raced) = (format!("DPoP {token}"), raced.clone());
        racers.spawn(async move {
            userinfo_with(&router, Method::GET, &authorization, &[&raced])
                .await
                .status
        });
    }
    let statuses = racers.join_all().await;
    let passed = statuses.iter().filter(|status| **status == 200).count();
    assert_eq!(passed, 1, "{statuses:?}");
}
