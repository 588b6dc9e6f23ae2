//! What is wrong with any address: its method, its path, its query.

use anyhow::Result;
use e2e::by_hand::PREFIX;

use super::gateway::{Door, Expected, Sent, protocol, thousand_parameters};

/// An identifier of the right form, of nobody.
pub(super) const NOBODY: &str = "AAAAAAAAAAAAAAAAAAAAAA";

pub(super) async fn run(door: &mut Door<'_>) -> Result<()> {
    door.try_all(wrong_methods()).await?;
    door.try_all(unknown_paths()).await?;
    door.try_all(identifiers()).await?;
    door.try_all(queries_that_nobody_reads()).await
}

/// Every address, with the methods it answers.
fn addresses() -> Vec<(Vec<u8>, &'static [&'static str])> {
    let under = |path: &str| format!("{PREFIX}{path}").into_bytes();
    vec![
        (under("/.well-known/openid-configuration"), &["GET"]),
        (protocol("certs"), &["GET"]),
        (protocol("auth"), &["GET", "POST"]),
        (protocol("token"), &["POST"]),
        (protocol("userinfo"), &["GET", "POST"]),
        (protocol("revoke"), &["POST"]),
        (under(&format!("/interactions/{NOBODY}")), &["GET"]),
        (
            under(&format!("/interactions/{NOBODY}/decision")),
            &["POST"],
        ),
        (under(&format!("/interactions/{NOBODY}/qr")), &["POST"]),
        (under(&format!("/interactions/{NOBODY}/state")), &["GET"]),
        (under("/assets/gateway.css"), &["GET"]),
        (under("/assets/waiting.js"), &["GET"]),
        (
            format!("/card/interactions/{NOBODY}").into_bytes(),
            &["GET"],
        ),
        (
            format!("/card/interactions/{NOBODY}/response").into_bytes(),
            &["POST"],
        ),
        (b"/card/return".to_vec(), &["GET"]),
    ]
}

fn wrong_methods() -> Vec<Sent> {
    let mut requests = Vec::new();
    for (path, methods) in addresses() {
        for method in [
            "GET",
            "POST",
            "PUT",
            "DELETE",
            "PATCH",
            "OPTIONS",
            "TRACE",
            "hostile-canary",
        ] {
            if methods.contains(&method) {
                continue;
            }
            let name = format!("{method} {}", String::from_utf8_lossy(&path));
            requests.push(Sent::new(
                name,
                Expected::Status(405),
                (method, &path),
                &[],
                b"",
            ));
        }
    }
    requests
}

fn unknown_paths() -> Vec<Sent> {
    let long = format!("/{}", "hostile-canary/".repeat(2_000));
    let paths: Vec<Vec<u8>> = vec![
        b"/".to_vec(),
        b"/hostile-canary".to_vec(),
        b"/%3Cscript%3Ealert(1)%3C/script%3E".to_vec(),
        format!("{PREFIX}/").into_bytes(),
        format!("{PREFIX}/protocol/openid-connect/").into_bytes(),
        format!("{PREFIX}/protocol/openid-connect/token/").into_bytes(),
        format!("{PREFIX}/protocol/openid-connect/Token").into_bytes(),
        format!("{PREFIX}//protocol/openid-connect/token").into_bytes(),
        format!("{PREFIX}/../../etc/passwd").into_bytes(),
        format!("{PREFIX}/assets/../../../etc/passwd").into_bytes(),
        format!("{PREFIX}/assets/%2e%2e%2fgateway.toml").into_bytes(),
        b"/metrics".to_vec(),
        b"/healthz".to_vec(),
        b"/%00".to_vec(),
        b"/%ff%fe".to_vec(),
        b"/%".to_vec(),
        b"//127.0.0.1/".to_vec(),
        b"/card/interactions".to_vec(),
        b"/card/interactions/".to_vec(),
        long.into_bytes(),
    ];
    let mut requests = vec![Sent::new(
        "GET of a script",
        Expected::NoHttp,
        ("GET", b"/<script>hostile-canary</script>"),
        &[],
        b"",
    )];
    for path in paths {
        for method in ["GET", "POST"] {
            let mut shown = String::from_utf8_lossy(&path).into_owned();
            shown.truncate(60);
            let target = (method, &path[..]);
            let name = format!("{method} {shown}");
            requests.push(Sent::new(name, Expected::Status(404), target, &[], b""));
        }
    }
    requests
}

/// Identifiers of a sign-in that nobody has.
fn identifiers() -> Vec<Sent> {
    let long = "A".repeat(4_000);
    let identifiers: [&str; 11] = [
        NOBODY,
        "A",
        &long,
        "AAAAAAAAAAAAAAAAAAAAA%00",
        "%00",
        "%ff",
        "%E6%9E%B6%E7%A9%BA%E5%A4%AA%E9%83%8E",
        "..%2f..%2fetc%2fpasswd",
        "'%20OR%201=1--",
        "%3Cscript%3E",
        "AAAAAAAAAAAAAAAAAAAAA+",
    ];
    let form: (&str, &[u8]) = ("Content-Type", b"application/x-www-form-urlencoded");
    let json: (&str, &[u8]) = ("Content-Type", b"application/json");
    let answer = br#"{"certificate":"AAAA","signature":"AAAA"}"#;
    let mut requests = Vec::new();
    for identifier in identifiers {
        let mut add = |method, path: String, headers: &[(&str, &[u8])], body: &[u8]| {
            let name = format!("{method} {}", path.chars().take(80).collect::<String>());
            let target = (method, path.as_bytes());
            requests.push(Sent::new(name, Expected::Refused, target, headers, body));
        };
        let page = format!("{PREFIX}/interactions/{identifier}");
        let card = format!("/card/interactions/{identifier}");
        add(
            "POST",
            format!("{page}/decision"),
            &[form],
            b"csrf=a&decision=approve",
        );
        add("GET", page, &[], b"");
        add("POST", format!("{card}/response"), &[json], answer);
        add("GET", card, &[], b"");
        let query = format!(
            "/card/return?interaction={identifier}&token={}",
            "A".repeat(43)
        );
        add("GET", query, &[], b"");
    }
    requests
}

/// Addresses without parameters answer whatever stands after their question mark, and read no body.
fn queries_that_nobody_reads() -> Vec<Sent> {
    let mut requests = Vec::new();
    for (path, methods) in addresses() {
        let is_of_a_sign_in = path.ends_with(NOBODY.as_bytes()) || path.ends_with(b"/state");
        if methods != ["GET"] || is_of_a_sign_in || path == b"/card/return" {
            continue;
        }
        for (name, query, expected) in [
            ("1,000 parameters", thousand_parameters(), Expected::Served),
            ("NUL and no UTF-8", b"%00=%ff&%".to_vec(), Expected::Served),
            ("raw octets", b"a=\xff\xfe".to_vec(), Expected::NoHttp),
        ] {
            let target = [&path[..], b"?", &query].concat();
            let name = format!("GET {} with {name}", String::from_utf8_lossy(&path));
            requests.push(Sent::new(name, expected, ("GET", &target), &[], b""));
        }
        let name = format!("GET {} with 10 MB", String::from_utf8_lossy(&path));
        let body = vec![b'x'; 10_000_000];
        requests.push(Sent::new(
            name,
            Expected::Served,
            ("GET", &path),
            &[],
            &body,
        ));
    }
    requests
}
