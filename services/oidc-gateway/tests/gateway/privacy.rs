//! Who learns what of the person: the client, the address bar, the log and whoever reads the database.

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sandbox::spellings::spellings;
use serde_json::{Value, json};

use crate::assertion::{ASSERTION_TYPE, REVOKE, TOKEN, payload, userinfo};
use crate::browser::{Answer, AuthRequest, Browser, post_form};
use crate::card::{Card, HANAKO, describe, link, post_answer};
use crate::world::{World, contains};

const ALL_SCOPES: &str = "openid name address birthdate gender";

/// The names in a JSON object.
fn names(object: &Value) -> BTreeSet<&str> {
    object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

/// What the refusal's page links back to the client with.
fn link_back(page: &Answer) -> Vec<(String, String)> {
    let link = page.body.split("href=\"https://a.example/callback?").nth(1);
    let link = link.unwrap_or_else(|| panic!("no link: {}", page.body));
    let query = link.split('"').next().unwrap().replace("&#38;", "&");
    url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

#[tokio::test]
async fn attack_60_the_client_never_learns_why_a_card_was_refused_or_how_often_a_pin_was_tried() {
    let world = World::new().await;
    let request = AuthRequest::of(&world.alpha);
    let mut told = BTreeSet::new();
    for certificate in [
        "a:CERTIFICATE_EXPIRED",
        "a:CERTIFICATE_NOT_YET_VALID",
        "a:SIGNATURE_MISMATCH",
        "a:CERTIFICATE_REVOKED",
        "a:REVOCATION_UNKNOWN",
        "a:UNTRUSTED_ISSUER",
        "a:UNSUPPORTED_CERTIFICATE",
        "a:MALFORMED_CERTIFICATE",
        "a:CROSS_CHECK_DISAGREEMENT",
    ] {
        let (_, page) = Browser::default()
            .read_card(&world, &request, Card { certificate })
            .await;
        let parameters = link_back(&page);
        let sent: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(sent, ["error", "error_description", "state", "iss"]);
        let (description, reference) = parameters[1].1.split_once(" (reference ").unwrap();
        assert_eq!(reference.len(), "ABCD-EFGH)".len(), "{reference}");
        told.insert((parameters[0].1.clone(), description.to_owned()));
    }
    let told: Vec<(&str, &str)> = told.iter().map(|(e, d)| (e.as_str(), d.as_str())).collect();
    assert_eq!(
        told,
        [
            ("access_denied", "the person was not authenticated"),
            (
                "temporarily_unavailable",
                "the card cannot be confirmed at the moment"
            ),
        ]
    );

    // The reader app has nowhere to put a counter: an answer with one is refused, and the one without is taken.
    let interaction_id = Browser::default().begin(&world, &request).await;
    let described = describe(&world, &interaction_id).await.json();
    let good = HANAKO.answer(&crate::card::challenge(&described));
    for member in ["pin_retries", "retries_left", "locked", "outcome"] {
        let mut with_counter = good.clone();
        with_counter[member] = json!(2);
        let answer = post_answer(&world, &interaction_id, &with_counter).await;
        assert_eq!(answer.status, 400, "{member}");
    }
    let answer = post_answer(&world, &interaction_id, &good).await.json();
    let expected: BTreeSet<&str> = ["outcome", "reason", "return_url"].into();
    assert_eq!(names(&answer), expected);
}

#[tokio::test]
async fn attack_68_the_four_information_are_in_no_id_token_and_in_no_address() {
    let world = World::new().await;
    for party in [&world.alpha, &world.sister] {
        let request = AuthRequest::of(party).with("scope", ALL_SCOPES);
        let mut browser = Browser::default();
        let interaction_id = browser.begin(&world, &request).await;
        let read = HANAKO.read(&world, &interaction_id).await.json();
        let return_url = read["return_url"].as_str().unwrap().to_owned();
        let back = browser.get(&world, &return_url).await;
        let page = browser.get(&world, back.location()).await;
        assert!(
            page.body.contains("CANARYNAME"),
            "the person sees what is passed on"
        );
        let approved = browser
            .decide(&world, &interaction_id, &page, "approve")
            .await;
        for address in [return_url.as_str(), back.location(), approved.location()] {
            for item in ["CANARY", "1985", "%E8%8A%B1"] {
                assert!(!address.contains(item), "{address} holds {item}");
            }
        }
        let tokens = party
            .redeem(&world.router, &approved.redirected("code").unwrap())
            .await
            .json();
        let claims = payload(tokens["id_token"].as_str().unwrap());
        let expected: BTreeSet<&str> = [
            "iss",
            "sub",
            "aud",
            "exp",
            "iat",
            "auth_time",
            "nonce",
            "at_hash",
            "acr",
            "amr",
        ]
        .into();
        assert_eq!(names(&claims), expected);
        let expected: BTreeSet<&str> = [
            "access_token",
            "token_type",
            "expires_in",
            "scope",
            "id_token",
        ]
        .into();
        assert_eq!(names(&tokens), expected);
        // They are where they belong.
        let info = userinfo(&world.router, tokens["access_token"].as_str().unwrap()).await;
        assert_eq!(info.json()["name"], "CANARYNAME 花子");
    }
}

/// The names of the fields of a line of the log: `name=value` after the target.
fn fields(line: &str) -> BTreeSet<&str> {
    line.split(' ')
        .filter_map(|word| word.split_once('='))
        .map(|(name, _)| name)
        .filter(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
        .collect()
}

#[tokio::test]
async fn attack_71_a_line_of_the_log_names_a_case_and_never_a_person() {
    let world = World::new().await;
    let request = AuthRequest::of(&world.gamma);
    let (interaction_id, page) = Browser::default().read_card(&world, &request, HANAKO).await;
    assert_eq!(page.status, 200);
    let asked = world.verification.asked.lock().unwrap()[0].clone();
    let log = crate::log::text();
    let judged: Vec<&str> = log
        .lines()
        .filter(|line| line.contains(&asked.case_reference))
        .collect();
    let [line] = judged[..] else {
        panic!("one line a case: {judged:?}")
    };
    assert!(line.contains("a card's answer was judged"), "{line}");
    let expected: BTreeSet<&str> = ["case_reference", "client_id"].into();
    assert_eq!(fields(line), expected, "{line}");
    // The case stands for nothing else: not for the interaction, which whoever saw the address bar knows.
    assert!(!log.contains(&interaction_id));
    assert_eq!(asked.case_reference.len(), 22);

    // All that this crate ever logs, in every test of this process so far.
    let allowed: BTreeSet<&str> = [
        "reference",
        "rule",
        "error",
        "description",
        "case_reference",
        "client_id",
        "refusal",
        "code",
        "address",
        "issuer",
        "role",
        "key_id",
    ]
    .into();
    for line in log.lines().filter(|line| line.contains(" oidc_gateway::")) {
        let strange: Vec<_> = fields(line).difference(&allowed).copied().collect();
        assert!(strange.is_empty(), "{strange:?} in {line}");
    }
}

/// The store finds a secret by its hash: nobody compares secrets, so no comparison's time tells about one.
fn only_its_hash_is_stored(world: &World, secret: &str, what: &str) {
    let stored = world.stored();
    let octets = URL_SAFE_NO_PAD.decode(secret).unwrap();
    assert_eq!(octets.len(), 32, "{what}");
    let hash = digest(&SHA256, &octets);
    assert!(contains(&stored, hash.as_ref()), "{what}");
    for (spelling, octets) in spellings(&octets) {
        assert!(!contains(&stored, &octets), "{what} is stored, {spelling}");
    }
}

#[tokio::test]
async fn attack_72_every_bearer_secret_is_looked_up_by_its_hash() {
    let world = World::new().await;
    let mut browser = Browser::default();
    let request = AuthRequest::of(&world.alpha).with("scope", ALL_SCOPES);
    let interaction_id = browser.begin(&world, &request).await;
    let cookie = |browser: &Browser| browser.cookies.values().next().unwrap().clone();
    only_its_hash_is_stored(&world, &cookie(&browser), "the cookie");
    let read = HANAKO.read(&world, &interaction_id).await.json();
    let return_url = read["return_url"].as_str().unwrap().to_owned();
    let token = return_url.split("token=").nth(1).unwrap();
    only_its_hash_is_stored(&world, token, "the return token");
    let back = browser.get(&world, &return_url).await;
    only_its_hash_is_stored(&world, &cookie(&browser), "the cookie after the card");
    let page = browser.get(&world, back.location()).await;
    let approved = browser
        .decide(&world, &interaction_id, &page, "approve")
        .await;
    let code = approved.redirected("code").unwrap();
    only_its_hash_is_stored(&world, &code, "the code");
    let tokens = world.alpha.redeem(&world.router, &code).await.json();
    only_its_hash_is_stored(
        &world,
        tokens["access_token"].as_str().unwrap(),
        "the access token",
    );
    only_its_hash_is_stored(
        &world,
        &link(&world, &interaction_id),
        "what the page's link carries",
    );
    let request = AuthRequest::of(&world.delta);
    let pushed = world.delta.pushed(&world.router, &request).await;
    let reference = &pushed.0[1].1;
    let secret = reference.rsplit(':').next().unwrap();
    only_its_hash_is_stored(&world, secret, "a pushed request's reference");
    let token = world.bank.signing_token(&world).await;
    only_its_hash_is_stored(&world, &token, "a token to have something signed");
}

#[tokio::test]
async fn a_reference_number_that_a_client_quotes_is_in_the_log() {
    let world = World::new().await;
    let assertion = world.alpha.assertion();
    let proof = [
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion.as_str()),
    ];
    for (path, form) in [
        (TOKEN, vec![("grant_type", "authorization_code")]),
        (
            TOKEN,
            [proof.as_slice(), &[("grant_type", "password")]].concat(),
        ),
        (REVOKE, vec![("token", "x"), ("client_secret", "y")]),
        (
            TOKEN,
            vec![
                ("code", "x"),
                ("code", "y"),
                ("client_id", "a"),
                ("client_id", "b"),
            ],
        ),
    ] {
        let answer = post_form(&world.router, path, &form).await;
        assert!(matches!(answer.status, 400 | 401), "{}", answer.body);
        let description = answer.json()["error_description"].clone();
        let (_, reference) = description
            .as_str()
            .unwrap()
            .split_once("(reference ")
            .unwrap();
        let reference = reference.trim_end_matches(')');
        assert!(crate::log::text().contains(reference), "{}", answer.body);
    }
    let mut browser = Browser::default();
    let interaction_id = browser.begin(&world, &AuthRequest::of(&world.alpha)).await;
    HANAKO.read(&world, &interaction_id).await;
    let path = format!("/api/realms/main/interactions/{interaction_id}");
    let page = browser.get(&world, &path).await;
    let reference = page.body.split("class=\"reference\">").nth(1).unwrap();
    assert!(
        crate::log::text().contains(&reference[..9]),
        "{}",
        page.body
    );
}
