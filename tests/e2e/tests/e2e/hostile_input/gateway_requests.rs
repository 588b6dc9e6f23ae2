//! Authorization requests, each wrong in one thing, by GET and by POST.

use anyhow::Result;
use e2e::by_hand::ByHand;

use super::gateway::{Door, Expected, Sent, protocol, thousand_parameters};
use super::parameters::{Change, Parameters, changed, encoded, set};

/// A name, the query or form, and what must come back.
type Case = (String, Vec<u8>, Expected);

const SCRIPT: &str = "\"><script>hostile-canary</script>";

pub(super) async fn run(door: &mut Door<'_>) -> Result<()> {
    let by_hand = ByHand::new(door.system)?;
    let good = by_hand.authorization("a state", "a nonce", &"v".repeat(43));
    let mut cases = required_parameters(&good);
    cases.extend(other_parameters(&good));
    cases.extend(foreign_addresses(&good, &by_hand.redirect_uri()));
    let many = [&encoded(&good)[..], b"&", &thousand_parameters()].concat();
    cases.push(("1,000 more".to_owned(), many, Expected::Status(400)));
    cases.push(("nothing".to_owned(), Vec::new(), Expected::Status(400)));
    cases.push(("the good one".to_owned(), encoded(&good), Expected::Served));
    let form: &[(&str, &[u8])] = &[("Content-Type", b"application/x-www-form-urlencoded")];
    let mut requests = Vec::new();
    for (name, parameters, expected) in cases {
        let query = [&protocol("auth")[..], b"?", &parameters].concat();
        let (get, post) = (("GET", &query[..]), ("POST", &protocol("auth")[..]));
        let name = format!("authorization, {name}");
        requests.push(Sent::new(format!("GET {name}"), expected, get, &[], b""));
        requests.push(Sent::new(
            format!("POST {name}"),
            expected,
            post,
            form,
            &parameters,
        ));
    }
    door.try_all(requests).await
}

/// Until client and redirect URI are known, a page; from then on an error to the client.
fn required_parameters(good: &Parameters) -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, _) in good {
        let on_page = ["client_id", "redirect_uri"].contains(&name.as_str());
        let expected = if on_page {
            Expected::Status(400)
        } else {
            Expected::ToClient
        };
        let mut changes: Vec<Change> = changed(2_000);
        changes.push((
            "with a line break",
            Box::new(|all, name| set(all, name, "a\r\nSet-Cookie: hostile-canary=1")),
        ));
        for (what, change) in changes {
            let mut parameters = good.clone();
            change(&mut parameters, name);
            cases.push((format!("{name} {what}"), encoded(&parameters), expected));
        }
        // What cannot be decoded cannot be trusted to name a client: a page.
        for (what, value) in [
            ("with a NUL", &b"a%00"[..]),
            ("of no UTF-8", b"%ff"),
            ("with half an escape", b"%4"),
        ] {
            let mut parameters = good.clone();
            parameters.retain(|(found, _)| found != name);
            let parameters = [
                &encoded(&parameters)[..],
                b"&",
                name.as_bytes(),
                b"=",
                value,
            ];
            cases.push((
                format!("{name} {what}"),
                parameters.concat(),
                Expected::Status(400),
            ));
        }
    }
    cases
}

fn other_parameters(good: &Parameters) -> Vec<Case> {
    [
        // A client may put anything printable into these two; no page shows them.
        ("state", SCRIPT, Expected::Served),
        ("nonce", SCRIPT, Expected::Served),
        ("scope", SCRIPT, Expected::ToClient),
        ("code_challenge", SCRIPT, Expected::ToClient),
        ("response_type", SCRIPT, Expected::ToClient),
        ("request", "hostile-canary", Expected::ToClient),
        ("request_uri", "http://169.254.169.254/", Expected::ToClient),
        ("registration", "{}", Expected::ToClient),
        ("response_mode", "form_post", Expected::ToClient),
        ("response_mode", "fragment", Expected::ToClient),
        ("prompt", "none", Expected::ToClient),
        ("prompt", "login none", Expected::ToClient),
        ("ui_locales", SCRIPT, Expected::Served),
        ("unknown", SCRIPT, Expected::Served),
    ]
    .map(|(name, value, expected)| {
        let mut parameters = good.clone();
        set(&mut parameters, name, value);
        (format!("{name}={value}"), encoded(&parameters), expected)
    })
    .into()
}

/// Nobody is sent anywhere that was not registered, character for character.
fn foreign_addresses(good: &Parameters, registered: &str) -> Vec<Case> {
    [
        "https://attacker.example/".to_owned(),
        "javascript:alert(1)".to_owned(),
        format!("{registered}/"),
        format!("{registered}?a=b"),
        format!("{registered}#a"),
        registered.to_uppercase(),
        registered.replace("http://", "http://attacker.example@"),
    ]
    .map(|redirect_uri| {
        let mut parameters = good.clone();
        set(&mut parameters, "redirect_uri", &redirect_uri);
        (redirect_uri, encoded(&parameters), Expected::Status(400))
    })
    .into()
}
