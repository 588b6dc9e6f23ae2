use super::*;

const SAMPLE: &str = include_str!("../../../../deploy/config/clients.toml");

fn check(text: &str, loopback: bool) -> Result<Clients, ClientRefused> {
    let file = runtime::config::parse(text).unwrap();
    Clients::check(file, loopback, |version| version == 1, &recipients())
}

fn recipients() -> Recipients {
    let sample = include_str!("../../../../deploy/config/recipients.toml");
    Recipients::check(runtime::config::parse(sample).unwrap()).unwrap()
}

fn with_redirect_uri(uri: &str, loopback: bool) -> Result<Clients, ClientRefused> {
    let quoted = serde_json::to_string(uri).unwrap();
    check(
        &SAMPLE.replace("\"https://rp.example.jp/callback\"", &quoted),
        loopback,
    )
}

#[test]
fn the_documented_client_is_accepted() {
    let clients = check(SAMPLE, false).unwrap();
    let client = clients.by_id("RP00000001").unwrap();
    assert!(client.has_redirect_uri("https://rp.example.jp/callback"));
    assert!(client.key(Some("rp-2026")).is_some());
    assert!(client.key(Some("other")).is_none());
    assert!(client.key(None).is_some());
}

#[test]
fn attack_04_redirect_uris_that_no_answer_may_go_to_are_not_registered() {
    for uri in [
        "javascript:alert(1)",
        "data:text/html,x",
        "http://rp.example.jp/callback",
        "http://127.0.0.1/callback",
        "https://rp.example.jp/callback#fragment",
        "https://user@rp.example.jp/callback",
        "https://rp.example.jp:443/callback",
        "https://RP.example.jp/callback",
        "https://rp.example.jp/a/../callback",
        "https://rp.example.jp/call back",
        "https://rp.example.jp\\callback",
        "https://例え.jp/callback",
        "/callback",
        "",
        &format!("https://rp.example.jp/{}", "x".repeat(240)),
    ] {
        assert!(with_redirect_uri(uri, false).is_err(), "{uri}");
    }
    for uri in [
        "https://rp.example.jp",
        "https://rp.example.jp:8443/cb?tenant=1",
        "https://[2001:db8::1]/",
    ] {
        with_redirect_uri(uri, false).unwrap();
    }
}

#[test]
fn http_on_this_machine_is_for_the_sandbox() {
    for uri in [
        "http://127.0.0.1:8080/cb",
        "http://localhost:1/cb",
        "http://[::1]:8080/cb",
    ] {
        assert!(with_redirect_uri(uri, true).is_ok(), "{uri}");
        assert!(with_redirect_uri(uri, false).is_err(), "{uri}");
    }
    assert!(with_redirect_uri("http://localhost.example/cb", true).is_err());
    assert!(with_redirect_uri("http://192.0.2.1/cb", true).is_err());
}

#[test]
fn registrations_that_break_a_rule_are_refused() {
    for (from, to) in [
        ("\"RP00000001\"", "\"RP-1\""),
        ("\"RP00000001\"", "\"\""),
        ("en = \"Sample City e-Services\"", "en = \" \""),
        ("en = \"Sample City e-Services\"", "en = \"a\\u0007b\""),
        ("[\"https://rp.example.jp/callback\"]", "[]"),
        ("sector = \"rp.example.jp\"", "sector = \"RP Example\""),
        ("pairwise_secret_version = 1", "pairwise_secret_version = 2"),
        ("crv = \"P-256\"", "crv = \"P-384\""),
        ("kid = \"rp-2026\"", "kid = \"\""),
        (
            "assertion_algorithm = \"ES256\"",
            "assertion_algorithm = \"RS256\"",
        ),
        (
            "assertion_lifetime_seconds = 300",
            "assertion_lifetime_seconds = 0",
        ),
        (
            "assertion_lifetime_seconds = 300",
            "assertion_lifetime_seconds = 86401",
        ),
    ] {
        assert!(SAMPLE.contains(from), "{from}");
        let error = check(&SAMPLE.replace(from, to), false).unwrap_err();
        assert!(!error.to_string().is_empty(), "{to}");
    }
}

#[test]
fn a_fapi2_client_has_a_strong_algorithm_and_one_audience() {
    let fapi2 = SAMPLE.replace("profile = \"compatibility\"", "profile = \"fapi2\"");
    let clients = check(&fapi2, false).unwrap();
    let client = clients.by_id("RP00000001").unwrap();
    assert!(client.is_fapi2() && !client.needs_nonce() && !client.needs_state());
    let rule = |text: &str| check(text, false).unwrap_err().rule;
    let rs256 = fapi2.replace("\"ES256\"", "\"RS256\"");
    assert!(matches!(rule(&rs256), ClientRule::Fapi2Algorithm));
    let legacy = fapi2.replace("legacy_audience = false", "legacy_audience = true");
    assert!(matches!(rule(&legacy), ClientRule::Fapi2Audience));
}

#[test]
fn what_a_registration_does_not_say_is_as_the_national_service_has_it() {
    let short: String = SAMPLE
        .lines()
        .filter(|line| {
            let unsaid = ["profile =", "nonce =", "assertion_lifetime", "legacy_aud"];
            !unsaid.iter().any(|key| line.starts_with(key))
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    let clients = check(&short, false).unwrap();
    let client = clients.by_id("RP00000001").unwrap();
    assert!(!client.is_fapi2() && client.needs_nonce() && client.needs_state());
    assert_eq!(client.assertion_lifetime_seconds(), 300);
    assert!(!client.legacy_audience());
}

#[test]
fn a_client_is_registered_once() {
    let twice = format!("{SAMPLE}\n{SAMPLE}");
    assert!(matches!(
        check(&twice, false).unwrap_err().rule,
        ClientRule::Repeated
    ));
}

#[test]
fn unknown_keys_and_other_algorithms_do_not_parse() {
    for (from, to) in [
        ("sector =", "sektor ="),
        ("\"compatibility\"", "\"fapi1\""),
        ("nonce = \"required\"", "nonce = false"),
        ("\"ES256\"", "\"none\""),
        ("\"ES256\"", "\"HS256\""),
        ("scopes = [\"name\"", "scopes = [\"email\""),
    ] {
        let text = SAMPLE.replace(from, to);
        assert!(
            runtime::config::parse::<ClientsFile>(&text).is_err(),
            "{to}"
        );
    }
}

/// What is fetched for a client is what somebody may have the gateway fetch (server-side request forgery): nothing is.
#[test]
fn attack_45_a_registration_cannot_name_keys_or_anything_else_that_would_be_fetched() {
    for member in [
        "jwks_uri",
        "sector_identifier_uri",
        "logo_uri",
        "request_uris",
        "request_object_uri",
    ] {
        let sector = "sector = \"rp.example.jp\"";
        assert!(SAMPLE.contains(sector));
        let with_member = format!("{sector}\n{member} = \"https://rp.example.jp/x\"");
        let text = SAMPLE.replace(sector, &with_member);
        let refused = runtime::config::parse::<ClientsFile>(&text).unwrap_err();
        assert!(refused.to_string().contains(member), "{refused}");
    }
    check(SAMPLE, false).unwrap();
}

#[test]
fn a_name_that_reads_otherwise_than_it_is_written_is_refused() {
    let with_name = |name: &str| {
        let quoted = serde_json::to_string(name).unwrap();
        check(
            &SAMPLE.replace("\"Sample City e-Services\"", &quoted),
            false,
        )
    };
    for honest in [
        "Sample City",
        "髙島屋・㈱テスト \u{845B}\u{E0100}城市",
        "Ünïted Bank",
    ] {
        with_name(honest).unwrap();
    }
    for character in [
        '\u{202E}',
        '\u{202A}',
        '\u{2066}',
        '\u{2069}',
        '\u{200E}',
        '\u{200F}',
        '\u{061C}',
        '\u{200B}',
        '\u{200D}',
        '\u{2060}',
        '\u{FEFF}',
        '\u{00AD}',
        '\u{2028}',
        '\u{2029}',
        '\u{E0041}',
        '\u{3164}',
        '\u{FFF9}',
        '\u{180E}',
        '\u{115F}',
        '\u{2800}',
    ] {
        let name = format!("Sample{character} City");
        assert!(with_name(&name).is_err(), "U+{:04X}", character as u32);
    }
}

#[test]
fn a_redirect_uri_does_not_bring_the_answer_s_own_parameters() {
    for name in [
        "code",
        "state",
        "iss",
        "error",
        "error_description",
        "c%6Fde",
    ] {
        let uri = format!("https://rp.example.jp/cb?tenant=1&{name}=x");
        assert!(with_redirect_uri(&uri, false).is_err(), "{uri}");
    }
    with_redirect_uri("https://rp.example.jp/cb?tenant=1&encode=code", false).unwrap();
}

#[test]
fn a_private_key_registered_by_mistake_is_refused_and_never_printed() {
    let text = SAMPLE.replace("crv = \"P-256\"", "crv = \"P-256\"\nd = \"CANARYSECRET\"");
    let file: ClientsFile = runtime::config::parse(&text).unwrap();
    assert!(!format!("{file:?}").contains("CANARY"));
    let error = Clients::check(file, false, |_| true, &recipients()).unwrap_err();
    assert!(error.to_string().contains("private part"), "{error}");
    assert!(!format!("{error:?}").contains("CANARY"));
}

#[test]
fn attack_64_who_receives_signatures_is_the_contract_s_to_say() {
    let clients = check(SAMPLE, false).unwrap();
    let by_id = |client_id: &str| clients.by_id(client_id).unwrap();
    assert!(by_id("RP00000001").recipient().is_none());
    assert_eq!(
        by_id("RP00000002").recipient().unwrap().name.en,
        "Sample Platform Operator"
    );
    assert!(!by_id("RP00000002").is_administrative());
    assert_eq!(
        by_id("GOV0000001").recipient().unwrap().name.en,
        "Sample Ministry"
    );
    assert!(by_id("GOV0000001").is_administrative());
    // The key that signatures are encrypted to proves nobody.
    assert!(
        by_id("GOV0000001")
            .key(Some("ministry-signatures-2026"))
            .is_none()
    );
    for (from, to, expected) in [
        // A private client with a key of its own, in place of the operator or beside it.
        (
            "administrative = true\n",
            "",
            "private client may not receive",
        ),
        (
            "kid = \"bank-2026\"",
            "kid = \"bank-2026\"\nuse = \"enc\"\nalg = \"ECDH-ES\"",
            "private client",
        ),
        (
            "recipient = \"platform-operator-1\"\n",
            "",
            "recipient is missing",
        ),
        (
            "\"platform-operator-1\"",
            "\"platform-operator-9\"",
            "not in the recipients file",
        ),
        // An administrative client with somebody else's key, or none, or for no use.
        (
            "[client.signature]\n\n[[client.jwks.keys]]\nkid = \"ministry-2026\"",
            "[client.signature]\nrecipient = \"platform-operator-1\"\n[[client.jwks.keys]]\nkid = \"ministry-2026\"",
            "remove recipient",
        ),
        ("use = \"enc\"\nalg = \"ECDH-ES\"\n", "", "exactly one key"),
        (
            "[client.signature]\n\n[[client.jwks.keys]]\nkid = \"ministry-2026\"",
            "[[client.jwks.keys]]\nkid = \"ministry-2026\"",
            "does not allow",
        ),
        (
            "alg = \"ECDH-ES\"",
            "alg = \"dir\"",
            "RSA-OAEP-256 or ECDH-ES",
        ),
    ] {
        assert!(SAMPLE.contains(from), "{from}");
        let refused = check(&SAMPLE.replace(from, to), false)
            .unwrap_err()
            .to_string();
        assert!(refused.contains(expected), "{to}: {refused}");
    }
}
