//! Nothing personal and no secret is left behind, whatever the flow: not in the log turned up as far as it goes, not in a
//! metric, not in an error, not in an address, not in the database. There are no traces beside the log: the gateway exports
//! none.
//!
//! What is searched for is not a list that somebody has to keep: it is everything that stood in the requests and answers of
//! the run where secrets and personal data stand.

use std::collections::BTreeSet;

use sandbox::spellings::{Search, spellings};

use crate::traffic::{Secret, Traffic};
use crate::world::World;

/// What was found where, and may be: the digest that a client wants signed and the encrypted result wait in the database
/// until their time is over, and the code goes to the client in a redirect. Everything else of a person is in the database
/// encrypted under a secret that is not, and of every secret its hash.
const KEPT: [(&str, &str); 3] = [
    ("digest", "the database"),
    ("jwe", "the database"),
    ("code", "the redirects"),
];

/// All that has to have gone through the gateway, or the search is no search.
const KINDS: [&str; 30] = [
    "access_token",
    "address",
    "assertion",
    "authorization",
    "birthdate",
    "certificate",
    "client_assertion",
    "client_assertion's claims",
    "client_assertion's signature",
    "code",
    "code_verifier",
    "cookie",
    "csrf",
    "device_secret",
    "digest",
    "formatted",
    "id_token's claims",
    "id_token's signature",
    "id_token_hint",
    "jwe",
    "login_hint",
    "name",
    "pin",
    "proof's claims",
    "proof's signature",
    "request_uri",
    "return_url",
    "signature",
    "sub",
    "token",
];

/// What metrics call the addresses.
const ENDPOINTS: [&str; 19] = [
    "authorize",
    "card_answer",
    "card_challenge",
    "card_return",
    "certs",
    "decision",
    "discovery",
    "interaction",
    "pushed_request",
    "qr",
    "revoke",
    "script",
    "sign_result",
    "sign_start",
    "sign_validity",
    "state",
    "stylesheet",
    "token",
    "userinfo",
];

struct Place {
    name: &'static str,
    octets: Vec<u8>,
    /// What must be found there, so that what is not found is not there.
    control: &'static [&'static str],
}

async fn leaves_no_trace(mut world: World) {
    let traffic = Traffic::watch(&mut world);
    crate::every_flow::drive(&world).await;
    let metrics = world.metrics.render();
    let places = [
        Place {
            name: "the log",
            octets: crate::log::text().into_bytes(),
            control: &["a card's answer was judged", "DEBUG sqlx"],
        },
        Place {
            name: "the errors",
            octets: traffic.errors().into_bytes(),
            control: &["invalid_grant", "class=\"reference\"", "invalid_dpop_proof"],
        },
        Place {
            name: "the redirects",
            octets: traffic.redirects().into_bytes(),
            control: &["https://a.example/callback?code=", "error=access_denied"],
        },
        Place {
            name: "the database",
            octets: world.stored(),
            control: &["RPBANK", "https://b.example/callback"],
        },
        Place {
            name: "the metrics",
            control: &["akashi_gateway_requests_total{"],
            octets: metrics.clone().into_bytes(),
        },
    ];
    let asked: BTreeSet<&str> = metrics
        .split("endpoint=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert_eq!(asked, BTreeSet::from(ENDPOINTS), "every address was asked");
    let secrets = traffic.secrets();
    let kinds: BTreeSet<&str> = secrets.iter().map(|secret| secret.kind.as_str()).collect();
    assert_eq!(
        kinds,
        BTreeSet::from(KINDS),
        "every kind of secret went through"
    );
    search(&secrets, &places);
}

fn search(secrets: &[Secret], places: &[Place]) {
    let mut named = Vec::new();
    let mut needles = Vec::new();
    for secret in secrets {
        for (spelling, octets) in spellings(&secret.octets) {
            named.push((secret, spelling));
            needles.push(octets);
        }
    }
    let search = Search::of(needles);
    let (mut kept, mut found) = (BTreeSet::new(), Vec::new());
    for place in places {
        for control in place.control {
            let search = Search::of(vec![control.as_bytes().to_vec()]);
            let is_there = !search.found_in(&place.octets).is_empty();
            assert!(is_there, "{} is no {}", control, place.name);
        }
        for number in search.found_in(&place.octets) {
            let (secret, spelling) = &named[number];
            if KEPT.contains(&(secret.kind.as_str(), place.name)) {
                kept.insert((secret.kind.as_str(), place.name));
            } else {
                let text = String::from_utf8_lossy(&secret.octets);
                found.push(format!(
                    "{} holds a {}, {spelling}: {text}",
                    place.name, secret.kind
                ));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
    assert_eq!(kept, BTreeSet::from(KEPT), "what is kept is found");
    println!("{} secrets in {} spellings", secrets.len(), named.len());
}

#[tokio::test]
async fn attack_67_no_flow_leaves_a_trace_of_the_person_or_of_a_secret_on_sqlite() {
    leaves_no_trace(World::new().await).await;
}

#[tokio::test]
async fn attack_67_no_flow_leaves_a_trace_of_the_person_or_of_a_secret_on_postgresql() {
    leaves_no_trace(World::on_postgres().await).await;
}
