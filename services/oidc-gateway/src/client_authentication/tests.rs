//! What refusing costs.

use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use serde_json::json;

use super::*;
use crate::clients::ClientsFile;
use crate::jws::{compact, signing_input};
use crate::recipients::Recipients;

const ROUNDS: usize = 400;

fn clients() -> Clients {
    let recipients = include_str!("../../../../deploy/config/recipients.toml");
    let recipients = Recipients::check(runtime::config::parse(recipients).unwrap()).unwrap();
    let file = include_str!("../../../../deploy/config/clients.toml");
    let file: ClientsFile = runtime::config::parse(file).unwrap();
    Clients::check(file, false, |_| true, &recipients).unwrap()
}

/// A form with an assertion that is well-formed in every respect and signed by nobody's key.
fn forged(client_id: &str, key_id: &str, algorithm: &str) -> Parameters {
    let stranger = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let input = signing_input(
        &json!({ "alg": algorithm, "kid": key_id }),
        &json!({ "iss": client_id, "sub": client_id }),
    );
    let signature = stranger
        .sign(&SystemRandom::new(), input.as_bytes())
        .unwrap();
    let assertion = compact(&input, signature.as_ref());
    let form = format!("client_assertion_type={ASSERTION_TYPE}&client_assertion={assertion}");
    Parameters::parse(form.as_bytes()).unwrap()
}

/// The least time that each of these takes: what the machine does besides only ever adds to it.
fn least_times<const N: usize>(forms: &[Parameters; N]) -> [Duration; N] {
    let audiences = Audiences {
        issuer: "https://op.example".to_owned(),
        token_endpoint: "https://op.example/token".to_owned(),
    };
    let authenticator = ClientAuthenticator::new(audiences, None).unwrap();
    let clients = clients();
    let mut least = [Duration::MAX; N];
    for _ in 0..ROUNDS {
        for (least, form) in least.iter_mut().zip(forms) {
            let begun = Instant::now();
            let refused = authenticator.check(form, false, &clients, 1_800_000_000);
            *least = begun.elapsed().min(*least);
            assert!(matches!(refused, Err(Unauthenticated::Refused(_))));
        }
    }
    least
}

#[test]
fn attack_73_an_unknown_client_is_refused_after_the_same_work_as_a_known_one() {
    let [known, unknown, unknown_key] = least_times(&[
        forged("RP00000001", "rp-2026", "ES256"),
        forged("RP99999999", "rp-2026", "ES256"),
        forged("RP00000001", "rp-9999", "ES256"),
    ]);
    // A verification is most of the work: without it a refusal takes a fraction.
    for other in [unknown, unknown_key] {
        let (less, more) = (known.min(other), known.max(other));
        assert!(more < less * 3 / 2, "{known:?} and {other:?}");
    }
    // The twin: what may be told apart, because it is not about clients, takes less.
    let malformed = b"client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer\
        &client_assertion=x";
    let [malformed] = least_times(&[Parameters::parse(malformed).unwrap()]);
    assert!(malformed < known / 2, "{malformed:?} and {known:?}");
}
