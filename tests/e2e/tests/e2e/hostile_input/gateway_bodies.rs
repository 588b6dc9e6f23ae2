//! Bodies that are not what an endpoint reads.

use anyhow::Result;
use e2e::by_hand::PREFIX;

use super::fields::CANARY;
use super::gateway::{Door, Expected, Sent, protocol, thousand_parameters};
use super::gateway_addresses::NOBODY;

const FORM: &[u8] = b"application/x-www-form-urlencoded";
const JSON: &[u8] = b"application/json";

pub(super) async fn run(door: &mut Door<'_>) -> Result<()> {
    for path in [
        protocol("token"),
        protocol("revoke"),
        protocol("auth"),
        protocol("userinfo"),
        format!("{PREFIX}/interactions/{NOBODY}/decision").into_bytes(),
    ] {
        door.try_all(forms(&path)).await?;
    }
    let card = format!("/card/interactions/{NOBODY}/response");
    door.try_all(card_answers(card.as_bytes())).await?;
    door.try_all(tokens()).await
}

fn post(path: &[u8], name: &str, expected: Expected, kind: &[u8], body: &[u8]) -> Sent {
    let name = format!("POST {}, {name}", String::from_utf8_lossy(path));
    let headers: &[(&str, &[u8])] = &[("Content-Type", kind)];
    Sent::new(name, expected, ("POST", path), headers, body)
}

/// Bodies for an endpoint that reads forms.
fn forms(path: &[u8]) -> Vec<Sent> {
    let refused = |name: &str, body: &[u8]| post(path, name, Expected::Refused, FORM, body);
    let other = |kind: &str| {
        let body = b"grant_type=authorization_code&hostile-canary=1";
        let name = format!("of type {kind:?}");
        post(path, &name, Expected::Refused, kind.as_bytes(), body)
    };
    let large = vec![b'x'; 10_000_000];
    let parameters = [&b"a="[..], &large].concat();
    let twice = b"client_id=hostile-canary&client_id=hostile-canary&csrf=a&csrf=b&token=a&token=b&access_token=a&access_token=b&code=a&code=b";
    let mut requests = vec![
        refused("empty", b""),
        refused(
            "a truncated form",
            b"grant_type=authorization_code&client_asser",
        ),
        refused("a truncated escape", b"grant_type=%6"),
        refused("an escape of nothing", b"grant_type=%zz"),
        refused("no UTF-8, escaped", b"grant_type=%ff%fe"),
        refused("no UTF-8, raw", b"grant_type=\xff\xfe"),
        refused(
            "a NUL, escaped",
            b"grant_type=%00&csrf=%00&access_token=%00",
        ),
        refused("a NUL, raw", b"grant_type=\0&csrf=\0"),
        refused("1,000 parameters", &thousand_parameters()),
        refused("every parameter twice", twice),
        refused("JSON", br#"{"grant_type":"authorization_code"}"#),
        refused(
            "a script",
            b"client_id=<script>alert(1)</script>&access_token=<script>",
        ),
        refused(
            "a name",
            format!("client_id={CANARY}&access_token={CANARY}").as_bytes(),
        ),
        refused(
            "60 KB in one value",
            &[&b"access_token="[..], &large[..60_000]].concat(),
        ),
        post(path, "65 KB", Expected::Status(413), FORM, &large[..66_000]),
        post(path, "10 MB", Expected::Status(413), FORM, &parameters),
        Sent::new(
            format!("POST {}, without a type", String::from_utf8_lossy(path)),
            Expected::Refused,
            ("POST", path),
            &[],
            b"grant_type=authorization_code",
        ),
    ];
    requests.extend(
        [
            "text/plain",
            "application/json",
            "application/xml",
            "multipart/form-data; boundary=x",
            "application/x-www-form-urlencodedx",
            "hostile-canary",
            ";",
            "",
        ]
        .map(other),
    );
    requests
}

fn malformed(path: &[u8], name: &str, body: &[u8]) -> Sent {
    post(path, name, Expected::Status(400), JSON, body)
}

/// Bodies for the endpoint that reads the card's answer.
fn card_answers(path: &[u8]) -> Vec<Sent> {
    let deep = "[".repeat(60_000);
    let deep_object = r#"{"a":"#.repeat(10_000);
    let bodies: [(&str, &[u8]); 18] = [
        ("empty", b""),
        ("a truncated object", br#"{"certificate":"AAAA","sign"#),
        ("no JSON", b"hostile-canary"),
        ("a list", b"[]"),
        ("null", b"null"),
        ("a number", b"1e999999"),
        ("nothing in it", b"{}"),
        ("60,000 lists in each other", deep.as_bytes()),
        ("10,000 objects in each other", deep_object.as_bytes()),
        ("UTF-16", b"\xff\xfe{\0}\0"),
        ("no UTF-8", b"{\"certificate\":\"\xff\"}"),
        ("a NUL", b"{\"certificate\":\"\0\"}"),
        ("a form", b"certificate=AAAA&signature=AAAA"),
        ("no certificate", br#"{"signature":"AAAA"}"#),
        ("no signature", br#"{"certificate":"AAAA"}"#),
        (
            "an empty certificate",
            br#"{"certificate":"","signature":"AAAA"}"#,
        ),
        (
            "no base64",
            br#"{"certificate":"-----BEGIN","signature":"AAAA"}"#,
        ),
        (
            "a member twice",
            br#"{"certificate":"AAAA","certificate":"AAAA","signature":"AAAA"}"#,
        ),
    ];
    let mut requests: Vec<Sent> = bodies
        .into_iter()
        .map(|(name, body)| malformed(path, name, body))
        .collect();
    requests.extend(long_values(path));
    requests.extend(other_members(path));
    for (name, kind) in [("text/plain", &b"text/plain"[..]), ("a form's type", FORM)] {
        requests.push(post(path, name, Expected::Status(400), kind, b"{}"));
    }
    for (name, octets) in [("65 KB", 66_000), ("10 MB", 10_000_000)] {
        let body = vec![b'['; octets];
        requests.push(post(path, name, Expected::Status(413), JSON, &body));
    }
    // Of the right form, and for nobody.
    let answer = br#"{"certificate":"AAAA","signature":"AAAA"}"#;
    requests.push(post(
        path,
        "for nobody",
        Expected::Status(410),
        JSON,
        answer,
    ));
    requests
}

fn long_values(path: &[u8]) -> Vec<Sent> {
    [
        ("a certificate of 8,250 octets", 11_000, 4),
        ("a signature of 600 octets", 4, 800),
    ]
    .map(|(name, certificate, signature)| {
        let (certificate, signature) = ("A".repeat(certificate), "A".repeat(signature));
        let body = format!(r#"{{"certificate":"{certificate}","signature":"{signature}"}}"#);
        malformed(path, name, body.as_bytes())
    })
    .into()
}

/// What else an answer may not hold: a PIN and the individual number least of all.
fn other_members(path: &[u8]) -> Vec<Sent> {
    let member = |name: &str, value: &str| {
        let body = format!(r#"{{"certificate":"AAAA","signature":"AAAA","{name}":{value}}}"#);
        let shown: String = value.chars().take(60).collect();
        malformed(path, &format!("{name} is {shown}"), body.as_bytes())
    };
    let four = |name: &str, value: &str| {
        let mut values = [
            ("name", "\"a\""),
            ("address", "\"a\""),
            ("birthdate", "\"19900412\""),
            ("gender", "\"1\""),
        ];
        for slot in &mut values {
            if slot.0 == name {
                slot.1 = value;
            }
        }
        let members = values.map(|(name, value)| format!("\"{name}\":{value}"));
        member("four_information", &format!("{{{}}}", members.join(",")))
    };
    vec![
        member("pin", "\"1234\""),
        member("individual_number", "\"123456789018\""),
        member("reader", r#"{"key_id":"a","signature":"AAAA"}"#),
        member("four_information", "5"),
        four("name", "\"\""),
        four("name", &format!("\"{}\"", "架".repeat(300))),
        four("name", r#""a\u0000b""#),
        four("name", r#""a\nb""#),
        four("address", &format!("\"{}\"", "架".repeat(500))),
        four("birthdate", "\"1990-04-12\""),
        four("birthdate", "\"１９９００４１２\""),
        four("birthdate", "19900412"),
        four("gender", "\"4\""),
        four("gender", "1"),
    ]
}

/// Access tokens that are none.
fn tokens() -> Vec<Sent> {
    let path = protocol("userinfo");
    let token = "A".repeat(43);
    let bearer = format!("Bearer {token}");
    let long = format!("Bearer {}", "A".repeat(10_000));
    let name = format!("Bearer {CANARY}");
    let of = |name: &str, status: u16, headers: &[(&str, &[u8])], body: &[u8], method: &str| {
        let name = format!("{method} userinfo, {name}");
        Sent::new(
            name,
            Expected::Status(status),
            (method, &path),
            headers,
            body,
        )
    };
    let authorization = |name: &str, status: u16, value: &[u8]| {
        of(name, status, &[("Authorization", value)], b"", "GET")
    };
    let query = [&path[..], b"?access_token=", token.as_bytes()].concat();
    let form: (&str, &[u8]) = ("Content-Type", FORM);
    let in_form = format!("access_token={token}");
    vec![
        of("without a token", 401, &[], b"", "GET"),
        authorization("of nobody", 401, bearer.as_bytes()),
        authorization("empty", 401, b"Bearer "),
        authorization("of another scheme", 401, b"Basic aG9zdGlsZTpjYW5hcnk="),
        authorization("without a scheme", 401, b"hostile-canary"),
        authorization("too long", 401, long.as_bytes()),
        authorization("a name", 400, name.as_bytes()),
        authorization("no UTF-8", 400, b"Bearer \xff\xfe"),
        of(
            "twice",
            400,
            &[
                ("Authorization", bearer.as_bytes()),
                ("Authorization", bearer.as_bytes()),
            ],
            b"",
            "GET",
        ),
        Sent::new(
            "GET userinfo, in the query",
            Expected::Status(401),
            ("GET", &query),
            &[],
            b"",
        ),
        of(
            "in a form, of nobody",
            401,
            &[form],
            in_form.as_bytes(),
            "POST",
        ),
        of(
            "in a form and in the header",
            400,
            &[form, ("Authorization", bearer.as_bytes())],
            in_form.as_bytes(),
            "POST",
        ),
    ]
}
