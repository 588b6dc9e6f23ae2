use std::path::Path;

use pki::CrossCheck;
use runtime::config::{ConfigError, load, parse};

use super::Config;
use crate::location::{Location, Transport};
use crate::source::SourceKind;

const HEAD: &str = r#"
environment = "sandbox"
holder_key_file = "holder-key"
[store]
crl = "sqlite:///tmp/crl.db"
holder_links = "sqlite:///tmp/holder-links.db"
[[certification_authority]]
name = "user-authentication"
profile = "jpki-user-authentication"
crl_signer = "own_key"
[[certification_authority.trust_anchor]]
file = "anchor.cer"
sha256 = "00"
"#;

const FULL: &str = r#"
[[source]]
name = "full"
certification_authority = "user-authentication"
url = "http://127.0.0.1:1/full.crl"
interval_seconds = 900
"#;

const CITY: &str =
    "oDukOTA3MQswCQYDVQQGEwJKUDENMAsGA1UECgwESlBLSTEZMBcGA1UEAwwQU2FtcGxlLXNoaSBDUkxEUA==";

fn checked(sources: &str) -> Result<Config, ConfigError> {
    let config: Config = parse(&format!("{HEAD}{sources}"))?;
    config.check().map(|()| config)
}

/// What is wrong with one source to which a line is added.
fn problem(line: &str) -> String {
    checked(&format!("{FULL}{line}\n")).unwrap_err().to_string()
}

fn accepts(line: &str) -> bool {
    checked(&format!("{FULL}{line}\n")).is_ok()
}

/// What is wrong with one source one of whose texts is replaced.
fn replaced(from: &str, to: &str) -> String {
    assert!(FULL.contains(from));
    checked(&FULL.replace(from, to)).unwrap_err().to_string()
}

#[test]
fn how_nice_it_is_goes_from_0_to_19() {
    let with = |line: &str| parse::<Config>(&format!("{line}\n{HEAD}{FULL}"));
    let nice = |line| with(line).and_then(|config| config.check().map(|()| config.nice));
    assert_eq!((nice("").unwrap(), nice("nice = 0").unwrap()), (10, 0));
    assert_eq!(nice("nice = 19").unwrap(), 19);
    assert!(nice("nice = 20").unwrap_err().to_string().contains("nice"));
}

#[test]
fn the_commented_sample_is_accepted() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/config/crl-sync.toml");
    let config: Config = load(&sample).unwrap();
    config.check().unwrap();
    // The commented sources are a column of "#" away from being used.
    let text = std::fs::read_to_string(sample).unwrap();
    let uncommented: String = text
        .lines()
        .map(|line| {
            line.strip_prefix('#')
                .filter(|rest| !rest.starts_with(' '))
                .unwrap_or(line)
        })
        .fold(String::new(), |text, line| text + line + "\n")
        .replace("crl_signer = \"newest_key\"", "crl_signer = \"own_key\"");
    let config: Config = parse(&uncommented).unwrap();
    config.check().unwrap();
    let sources = config.sources().unwrap();
    assert_eq!(sources.len(), 6);
    assert_eq!(config.folders(&sources).unwrap().len(), 1);
}

#[test]
fn an_unknown_key_is_refused() {
    assert!(problem("redirect_host = []").contains("redirect_hosts"));
    assert!(accepts("redirect_hosts = []"));
}

#[test]
fn defaults_are_a_tenth_of_jitter_64_mebibytes_and_every_check_repeated() {
    let config = checked(FULL).unwrap();
    let source = &config.sources().unwrap()[0];
    assert_eq!(source.pace.jitter.as_secs(), 90);
    assert_eq!(source.pace.retry.as_secs(), 30);
    assert_eq!(source.location.max_bytes, 64 * 1024 * 1024);
    assert_eq!(CrossCheck::from(config.cross_check), CrossCheck::All);
    let Transport::Http(at) = &source.location.transport else {
        panic!()
    };
    assert!(at.redirect_hosts.is_empty());
}

#[test]
fn the_cross_check_is_off_all_or_sampled() {
    let cross_check = |value: &str| {
        let text = format!("cross_check = {value}\n{HEAD}{FULL}");
        let config: Config = parse(&text)?;
        config
            .check()
            .map(|()| CrossCheck::from(config.cross_check))
    };
    assert_eq!(cross_check("\"off\"").unwrap(), CrossCheck::Off);
    assert_eq!(
        cross_check("{ one_in = 100 }").unwrap(),
        CrossCheck::Sampled { one_in: 100 }
    );
    assert!(
        cross_check("{ one_in = 0 }")
            .unwrap_err()
            .to_string()
            .contains("cross_check.one_in")
    );
    assert!(cross_check("\"some\"").is_err());
}

#[test]
fn a_source_of_an_authority_that_is_not_configured_is_refused() {
    let problem = replaced("user-authentication", "digital-signature");
    assert!(
        problem.contains("source.full.certification_authority"),
        "{problem}"
    );
}

#[test]
fn an_address_is_of_a_known_kind_and_carries_no_password() {
    for url in [
        "ftp://h/x",
        "/full.crl",
        "full.crl",
        "file://host/full.crl",
        "file:///lists/",
        "file:///lists/full.crl?v=1",
        "http://u:p@h/x",
        "http://h/x#y",
    ] {
        let problem = replaced("http://127.0.0.1:1/full.crl", url);
        assert!(problem.contains("source.full.url"), "{url}: {problem}");
        assert!(!problem.contains("u:p"), "{problem}");
    }
    let https = FULL.replace(
        "http://127.0.0.1:1/full.crl",
        "https://crl.example.jp/full.crl?v=1",
    );
    assert!(checked(&https).is_ok());
}

fn at(url: &str, more: &str) -> Result<Location, String> {
    let source = FULL.replace("http://127.0.0.1:1/full.crl", url);
    let config = checked(&format!("{source}{more}\n")).map_err(|error| error.to_string())?;
    Ok(config.sources().unwrap().remove(0).location)
}

#[test]
fn a_file_is_named_by_its_whole_path() {
    let location = at("file:///lists/a%20city.crl", "").unwrap();
    let Transport::File(path) = &location.transport else {
        panic!()
    };
    assert_eq!(path, Path::new("/lists/a city.crl"));
    let problem = at("file:///full.crl", "redirect_hosts = [\"h\"]").unwrap_err();
    assert!(problem.contains("redirect_hosts"), "{problem}");
}

#[test]
fn an_entry_of_a_directory_is_named_as_rfc_4516_says() {
    let url = "ldap://directory.example.jp/cn=Sample-shi%20CRLDP,ou=JPKI,c=JP?certificateRevocationList;binary";
    let location = at(url, "").unwrap();
    let Transport::Ldap(ldap) = &location.transport else {
        panic!()
    };
    assert_eq!(
        (ldap.host.as_str(), ldap.port),
        ("directory.example.jp", 389)
    );
    assert_eq!(ldap.entry, "cn=Sample-shi CRLDP,ou=JPKI,c=JP");
    assert_eq!(ldap.attribute, "certificateRevocationList;binary");
    assert_eq!(location.max_bytes, 16 * 1024 * 1024);
    assert!(at(&format!("{url}?base"), "").is_ok());
    for (from, to) in [
        ("?certificateRevocationList;binary", ""),
        (";binary", ";binary,cn"),
        (";binary", ";binary?sub"),
        (";binary", ";binary?base?(cn=*)"),
        ("directory.example.jp", ""),
    ] {
        let problem = at(&url.replace(from, to), "").unwrap_err();
        assert!(problem.contains("source.full.url"), "{problem}");
    }
    let large = at(url, "max_bytes = 16777217").unwrap_err();
    assert!(large.contains("source.full.max_bytes"), "{large}");
    // Nobody else vouches for a directory, so its authority is named.
    let secure = url.replace("ldap:", "ldaps:");
    assert!(at(&secure, "").unwrap_err().contains("source.full.ca"));
    let Transport::Ldap(ldap) = at(&secure, "ca = \"ca.pem\"").unwrap().transport else {
        panic!()
    };
    assert!(ldap.tls && ldap.port == 636);
}

#[test]
fn credentials_come_in_pairs_and_only_to_encrypted_sources() {
    let user = "user = \"u\"\npassword_file = \"password\"";
    let certificate = "client_certificate = \"c.pem\"\nclient_key = \"c.key\"";
    let ca = "ca = \"ca.pem\"";
    for lines in [user, certificate, ca] {
        assert!(at("https://h/x", lines).is_ok(), "{lines}");
        for url in ["http://h/x", "file:///x", "ldap://h/c=JP?a;binary"] {
            let problem = at(url, lines).unwrap_err();
            assert!(problem.contains("source.full.url"), "{url}: {problem}");
        }
    }
    for (line, key) in [
        ("user = \"u\"", "user"),
        ("user = \"\"\npassword_file = \"password\"", "user"),
        ("password_file = \"password\"", "password_file"),
        ("client_certificate = \"c.pem\"", "client_certificate"),
        ("client_key = \"c.key\"", "client_key"),
    ] {
        let problem = at("https://h/x", line).unwrap_err();
        assert!(problem.contains(&format!("source.full.{key}")), "{problem}");
    }
}

#[test]
fn numbers_out_of_range_are_refused() {
    assert!(replaced("= 900", "= 0").contains("interval_seconds"));
    assert!(replaced("= 900", "= 604801").contains("interval_seconds"));
    assert!(problem("jitter_seconds = 901").contains("jitter_seconds"));
    assert!(accepts("jitter_seconds = 900"));
    assert!(problem("retry_seconds = 0").contains("retry_seconds"));
    assert!(accepts("retry_seconds = 1"));
    assert!(problem("max_bytes = 0").contains("max_bytes"));
    assert!(accepts("max_bytes = 1"));
    assert!(problem("timeout_seconds = 0").contains("timeout_seconds"));
    assert!(accepts("timeout_seconds = 1"));
    assert!(problem("[fetch]\nconcurrency = 0").contains("fetch.concurrency"));
    assert!(accepts("[fetch]\nconcurrency = 1"));
    assert!(problem("[fetch]\nread_timeout_seconds = 0").contains("fetch.read_timeout_seconds"));
    assert!(accepts("[fetch]\nread_timeout_seconds = 1"));
}

#[test]
fn redirect_hosts_are_hosts() {
    for host in ["", "http://h/", "*.example.jp", "h/path"] {
        assert!(problem(&format!("redirect_hosts = [\"{host}\"]")).contains("redirect_hosts"));
    }
    assert!(accepts(
        "redirect_hosts = [\"mirror.example.jp\", \"127.0.0.1:8080\"]"
    ));
}

#[test]
fn a_distribution_point_is_read_from_base64_der() {
    let config = checked(&format!("{FULL}distribution_point = \"{CITY}\"\n")).unwrap();
    let sources = config.sources().unwrap();
    assert!(!sources[0].kind.scope_key().is_empty());
    assert!(problem("distribution_point = \"!\"").contains("is not base64"));
    assert!(problem("distribution_point = \"oDuk\"").contains("source.full.distribution_point"));
    let config = checked(FULL).unwrap();
    assert!(config.sources().unwrap()[0].kind.scope_key().is_empty());
}

#[test]
fn a_signer_is_the_hex_of_a_key_identifier_where_generations_sign_for_themselves() {
    let line = "signer_key_id = \"1ac100f5\"";
    let config = checked(&format!("{FULL}{line}\n")).unwrap();
    let sources = config.sources().unwrap();
    let SourceKind::Crl {
        signer_key_id: Some(key),
        ..
    } = &sources[0].kind
    else {
        panic!()
    };
    assert_eq!(key.as_bytes(), [0x1a, 0xc1, 0x00, 0xf5]);
    assert!(problem("signer_key_id = \"xy\"").contains("signer_key_id"));
    assert!(problem("signer_key_id = \"\"").contains("signer_key_id"));
    let newest = HEAD.replace("own_key", "newest_key");
    let config: Config = parse(&format!("{newest}{FULL}{line}\n")).unwrap();
    assert!(
        config
            .check()
            .unwrap_err()
            .to_string()
            .contains("source.full.signer_key_id")
    );
}

#[test]
fn two_sources_do_not_deliver_the_same() {
    let second = FULL.replace("\"full\"", "\"other\"");
    let problem = checked(&format!("{FULL}{second}")).unwrap_err().to_string();
    assert!(problem.contains("source.other.kind"), "{problem}");
    assert!(checked(&format!("{FULL}{second}distribution_point = \"{CITY}\"\n")).is_ok());
    assert!(
        checked(&format!(
            "{FULL}signer_key_id = \"01\"\n{second}signer_key_id = \"02\"\n"
        ))
        .is_ok()
    );
}

#[test]
fn names_are_plain_and_unique() {
    assert!(replaced("\"full\"", "\"Full\"").contains("source.name"));
    assert!(replaced("\"full\"", "\"\"").contains("source.name"));
    let twin = format!("{FULL}{FULL}distribution_point = \"{CITY}\"\n");
    assert!(
        checked(&twin)
            .unwrap_err()
            .to_string()
            .contains("source.full.name")
    );
}

#[test]
fn serial_links_need_a_key_and_a_store_and_have_no_scope() {
    let links = format!("{FULL}kind = \"serial_links\"\n");
    assert!(checked(&links).is_ok());
    for (line, key) in [
        ("holder_key_file = \"holder-key\"\n", "holder_key_file"),
        (
            "holder_links = \"sqlite:///tmp/holder-links.db\"\n",
            "store.holder_links",
        ),
    ] {
        let without = HEAD.replace(line, "");
        let config: Config = parse(&format!("{without}{links}")).unwrap();
        assert!(config.check().unwrap_err().to_string().contains(key));
        // Lists need neither.
        let config: Config = parse(&format!("{without}{FULL}")).unwrap();
        config.check().unwrap();
    }
    let with_scope = format!("{links}distribution_point = \"{CITY}\"\n");
    assert!(
        checked(&with_scope)
            .unwrap_err()
            .to_string()
            .contains("source.full.distribution_point")
    );
}

#[test]
fn a_file_without_sources_is_refused() {
    assert!(checked("").is_err());
    let empty = format!("source = []\n{HEAD}");
    let config: Config = parse(&empty).unwrap();
    assert!(config.check().unwrap_err().to_string().contains("source"));
}

#[test]
fn a_delta_list_names_the_source_of_the_lists_that_it_changes() {
    let delta = |more: &str| {
        let delta = FULL.replace("\"full\"", "\"delta\"");
        checked(&format!("{FULL}{delta}kind = \"delta_crl\"\n{more}\n"))
    };
    let problem = |more: &str| delta(more).unwrap_err().to_string();
    assert!(delta("base_source = \"full\"").is_ok());
    for (more, key) in [
        ("", "source.delta.base_source"),
        ("base_source = \"other\"", "source.delta.base_source"),
        ("base_source = \"delta\"", "source.delta.base_source"),
        (
            "base_source = \"full\"\ndistribution_point = \"oDuk\"",
            "source.delta.distribution_point",
        ),
        (
            "base_source = \"full\"\nsigner_key_id = \"00\"",
            "source.delta.signer_key_id",
        ),
    ] {
        assert!(problem(more).contains(key), "{}", problem(more));
    }
    // And nobody else names one.
    let names_one = checked(&format!("{FULL}base_source = \"full\"\n"));
    let names_one = names_one.unwrap_err().to_string();
    assert!(names_one.contains("source.full.base_source"), "{names_one}");
    // A list has one source of changes.
    let twice = FULL.replace("\"full\"", "\"delta-2\"");
    let twice = delta(&format!(
        "base_source = \"full\"\n{twice}kind = \"delta_crl\"\nbase_source = \"full\""
    ));
    assert!(
        twice
            .unwrap_err()
            .to_string()
            .contains("source.delta-2.kind")
    );
}

#[test]
fn what_may_leave_a_list_is_a_share_and_takes_days() {
    assert!(accepts("[removals]\nlargest_share = 0.0"));
    assert!(accepts("[removals]\nlargest_share = 1.0"));
    for (line, key) in [
        ("largest_share = -0.1", "removals.largest_share"),
        ("largest_share = 1.1", "removals.largest_share"),
        ("largest_share = nan", "removals.largest_share"),
        (
            "certificate_lifetime_days = 0",
            "removals.certificate_lifetime_days",
        ),
        ("history_days = 0", "removals.history_days"),
    ] {
        let problem = problem(&format!("[removals]\n{line}"));
        assert!(problem.contains(key), "{problem}");
    }
}
