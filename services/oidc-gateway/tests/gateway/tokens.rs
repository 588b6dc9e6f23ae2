//! ID tokens, access tokens, subjects and claims.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Request, header};
use serde_json::{Value, json};

use crate::assertion::{ASSERTION_TYPE, REVOKE, payload, userinfo};
use crate::browser::{AuthRequest, Browser, PROTOCOL, fresh_code, get, post_form, send};
use crate::card::{Card, HANAKO, HANAKO_RENEWED, TARO};
use crate::world::{ISSUER, NOW, RelyingParty, World};

async fn tokens(world: &World, party: &RelyingParty, scope: &str, card: Card) -> Value {
    let code = fresh_code(world, party, scope, card).await;
    let answer = party.redeem(&world.router, &code).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

async fn subject(world: &World, party: &RelyingParty, card: Card) -> String {
    let tokens = tokens(world, party, "openid", card).await;
    payload(tokens["id_token"].as_str().unwrap())["sub"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn an_id_token_verifies_with_the_published_key_and_says_who_when_and_how() {
    let world = World::new().await;
    let tokens = tokens(&world, &world.alpha, "openid name", HANAKO).await;
    let token = tokens["id_token"].as_str().unwrap();
    let (input, signature) = token.rsplit_once('.').unwrap();
    let set = get(&world.router, &format!("{PROTOCOL}/certs"))
        .await
        .json();
    let decode = |text: &Value| URL_SAFE_NO_PAD.decode(text.as_str().unwrap()).unwrap();
    let key = &set["keys"][0];
    let point = [vec![4], decode(&key["x"]), decode(&key["y"])].concat();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
        .verify(
            input.as_bytes(),
            &URL_SAFE_NO_PAD.decode(signature).unwrap(),
        )
        .unwrap();
    let header = URL_SAFE_NO_PAD
        .decode(token.split('.').next().unwrap())
        .unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    assert_eq!(
        header,
        json!({ "alg": "ES256", "kid": key["kid"], "typ": "JWT" })
    );
    let claims = payload(token);
    let mut names: Vec<&String> = claims.as_object().unwrap().keys().collect();
    names.sort();
    // None of the four information, although one was asked for.
    assert_eq!(
        names,
        [
            "acr",
            "amr",
            "at_hash",
            "aud",
            "auth_time",
            "exp",
            "iat",
            "iss",
            "nonce",
            "sub"
        ]
    );
    assert_eq!(claims["iss"], ISSUER);
    assert_eq!(claims["aud"], "RPALPHA");
    assert_eq!(claims["auth_time"], NOW);
    assert_eq!(
        (&claims["acr"], &claims["amr"]),
        (&json!("aal3"), &json!(["hwk", "pin"]))
    );
}

#[tokio::test]
async fn attack_34_an_access_token_is_no_jwt_and_an_id_token_no_access_token() {
    let world = World::new().await;
    let tokens = tokens(&world, &world.alpha, "openid", HANAKO).await;
    let access_token = tokens["access_token"].as_str().unwrap();
    assert!(!access_token.contains('.'));
    assert_eq!(access_token.len(), 43);
    assert_eq!(
        userinfo(&world.router, tokens["id_token"].as_str().unwrap())
            .await
            .status,
        401
    );
    assert_eq!(userinfo(&world.router, access_token).await.status, 200);
}

#[tokio::test]
async fn attack_35_the_nonce_comes_back_as_it_was() {
    let world = World::new().await;
    let nonce = "~ !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}";
    let request = AuthRequest::of(&world.alpha).with("nonce", nonce);
    let answer = Browser::default().sign_in(&world, &request, HANAKO).await;
    let code = answer.redirected("code").unwrap();
    let tokens = world.alpha.redeem(&world.router, &code).await.json();
    assert_eq!(
        payload(tokens["id_token"].as_str().unwrap())["nonce"],
        nonce
    );
}

#[tokio::test]
async fn attack_36_at_hash_is_the_left_half_of_the_access_token_s_hash() {
    let world = World::new().await;
    let tokens = tokens(&world, &world.alpha, "openid", HANAKO).await;
    let hash = digest(&SHA256, tokens["access_token"].as_str().unwrap().as_bytes());
    let claims = payload(tokens["id_token"].as_str().unwrap());
    assert_eq!(
        claims["at_hash"],
        URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16])
    );
}

#[tokio::test]
async fn attack_37_one_person_is_another_subject_in_every_sector() {
    let world = World::new().await;
    let at_alpha = subject(&world, &world.alpha, HANAKO).await;
    assert_eq!(subject(&world, &world.alpha, HANAKO).await, at_alpha);
    assert_eq!(
        subject(&world, &world.alpha, HANAKO_RENEWED).await,
        at_alpha
    );
    assert_eq!(subject(&world, &world.sister, HANAKO).await, at_alpha);
    assert_ne!(subject(&world, &world.beta, HANAKO).await, at_alpha);
    assert_ne!(subject(&world, &world.alpha, TARO).await, at_alpha);
}

/// Who knows the person, the sector and all that is published cannot work the subject out: only the secret can.
#[tokio::test]
async fn attack_37_a_subject_cannot_be_worked_out_without_the_secret() {
    let world = World::new().await;
    let other = World::new().await;
    let path = other.folder.path().join("secrets/pairwise");
    std::fs::write(path, format!("1:{}\n", "5b".repeat(32))).unwrap();
    let with_other_secret = oidc_gateway::router(other.replica_with(&other.config).await);
    let subject_here = subject(&world, &world.alpha, HANAKO).await;
    assert_eq!(subject(&other, &other.alpha, HANAKO).await, subject_here);
    let mut other = other;
    other.router = with_other_secret;
    assert_ne!(subject(&other, &other.alpha, HANAKO).await, subject_here);
    let mut holder_id = [0; 16];
    holder_id[..6].copy_from_slice(b"hanako");
    let sector = b"a.example";
    let length = u32::try_from(sector.len()).unwrap().to_be_bytes();
    for input in [
        holder_id.to_vec(),
        [&sector[..], &holder_id].concat(),
        [&holder_id[..], sector].concat(),
        [&length[..], sector, &holder_id].concat(),
    ] {
        let hash = URL_SAFE_NO_PAD.encode(digest(&SHA256, &input));
        assert_ne!(hash, subject_here);
    }
}

#[tokio::test]
async fn attack_38_a_claim_without_its_scope_is_absent() {
    let world = World::new().await;
    let all = tokens(
        &world,
        &world.alpha,
        "openid name address birthdate gender",
        HANAKO,
    )
    .await;
    let one = tokens(&world, &world.alpha, "openid gender", HANAKO).await;
    let claims = async |tokens: &Value| {
        userinfo(&world.router, tokens["access_token"].as_str().unwrap())
            .await
            .json()
    };
    assert_eq!(claims(&all).await.as_object().unwrap().len(), 5);
    let one = claims(&one).await;
    assert_eq!(one["gender"], "2");
    assert_eq!(one.as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn attack_38_a_token_tells_what_its_own_client_may_know_whoever_brings_it() {
    let world = World::new().await;
    let at_alpha = tokens(&world, &world.alpha, "openid name", HANAKO).await;
    let at_beta = tokens(&world, &world.beta, "openid birthdate", HANAKO).await;
    let mut subjects = Vec::new();
    for (tokens, claim) in [(&at_alpha, "name"), (&at_beta, "birthdate")] {
        let token = tokens["access_token"].as_str().unwrap();
        let honest = userinfo(&world.router, token).await.json();
        let members: Vec<&String> = honest.as_object().unwrap().keys().collect();
        assert_eq!(members, [claim, "sub"]);
        let id_token = payload(tokens["id_token"].as_str().unwrap());
        assert_eq!(honest["sub"], id_token["sub"]);
        // Saying that one is another client, or asking for more, changes nothing.
        for query in [
            "client_id=RPALPHA",
            "client_id=RPBETA",
            "scope=openid+name+address",
        ] {
            let request = Request::get(format!("{PROTOCOL}/userinfo?{query}"))
                .header(header::AUTHORIZATION, format!("Bearer {token}"))
                .body(axum::body::Body::empty());
            let answer = send(&world.router, request.unwrap()).await;
            assert_eq!(answer.json(), honest, "{query}");
        }
        subjects.push(honest["sub"].clone());
    }
    assert_ne!(subjects[0], subjects[1]);
}

#[tokio::test]
async fn attack_39_tokens_that_are_over_revoked_or_missing_are_refused_with_a_challenge() {
    let world = World::new().await;
    let fresh = tokens(&world, &world.alpha, "openid", HANAKO).await;
    let token = fresh["access_token"].as_str().unwrap();
    // Another client's revocation is a no-op that looks the same.
    for (party, left) in [(&world.sister, 200), (&world.alpha, 401)] {
        let assertion = party.assertion();
        let form = [
            ("token", token),
            ("token_type_hint", "access_token"),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", &assertion),
        ];
        assert_eq!(post_form(&world.router, REVOKE, &form).await.status, 200);
        assert_eq!(userinfo(&world.router, token).await.status, left);
    }
    let answer = userinfo(&world.router, token).await;
    let challenge = answer.header(header::WWW_AUTHENTICATE).unwrap();
    assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    let bare = get(&world.router, &format!("{PROTOCOL}/userinfo")).await;
    assert_eq!(
        bare.header(header::WWW_AUTHENTICATE),
        Some("Bearer realm=\"akashi\"")
    );

    let second = tokens(&world, &world.alpha, "openid", HANAKO).await;
    let token = second["access_token"].as_str().unwrap();
    world.clock.advance(299);
    assert_eq!(userinfo(&world.router, token).await.status, 200);
    world.clock.advance(1);
    assert_eq!(userinfo(&world.router, token).await.status, 401);
}

#[tokio::test]
async fn userinfo_takes_the_token_in_the_header_or_the_form_and_never_from_the_query() {
    let world = World::new().await;
    let tokens = tokens(&world, &world.alpha, "openid", HANAKO).await;
    let token = tokens["access_token"].as_str().unwrap();
    let path = format!("{PROTOCOL}/userinfo");
    assert_eq!(
        post_form(&world.router, &path, &[("access_token", token)])
            .await
            .status,
        200
    );
    let post = Request::post(&path).header(header::AUTHORIZATION, format!("bearer {token}"));
    let post = post.body(axum::body::Body::empty()).unwrap();
    assert_eq!(send(&world.router, post).await.status, 200);
    assert_eq!(
        get(&world.router, &format!("{path}?access_token={token}"))
            .await
            .status,
        401
    );
    let mut both = crate::browser::form_request(&path, &[("access_token", token)]);
    let value = format!("Bearer {token}").parse().unwrap();
    both.headers_mut().insert(header::AUTHORIZATION, value);
    assert_eq!(send(&world.router, both).await.status, 400);
}
