use runtime::config::ConfigPath;

use super::{CertIdHashConfig, Presence};
use crate::Config;

const SAMPLE: &str = include_str!("../../../../deploy/config/revocation-lookup.toml");

/// The sample with its responder switched on and one piece of text replaced, checked.
fn checked(from: &str, to: &str) -> Result<Config, String> {
    let (rest, client) = SAMPLE.split_once("#[[ocsp_client]]\n").unwrap();
    let switched_on: Vec<_> = client
        .lines()
        .map(|line| line.strip_prefix('#').unwrap_or(line))
        .collect();
    let client = switched_on.join("\n");
    assert!(client.contains(from), "{from}");
    let text = format!("{rest}[[ocsp_client]]\n{}", client.replace(from, to));
    let config: Config = runtime::config::parse(&text).map_err(|error| error.to_string())?;
    config.check().map_err(|error| error.to_string())?;
    Ok(config)
}

fn refused(from: &str, to: &str) -> String {
    checked(from, to).map(drop).unwrap_err()
}

#[test]
fn the_sample_is_off_and_its_responder_is_accepted_when_switched_on() {
    let off: Config = runtime::config::parse(SAMPLE).unwrap();
    assert!(off.ocsp_client.is_empty());
    let config = checked("sha1", "sha1").unwrap();
    assert!(config.ocsp_client[0].requester.is_some());
}

#[test]
fn the_sample_shows_the_defaults() {
    let shown = checked("sha1", "sha1").unwrap();
    let shown = &shown.ocsp_client[0];
    let minimal = SAMPLE
        .split_once("#[[ocsp_client]]\n")
        .unwrap()
        .0
        .to_owned()
        + "[[ocsp_client]]\ncertification_authority = \"user-authentication\"\n\
           url = \"http://ocsp.ca.example/\"\nqueries_per_day = 100_000";
    let config: Config = runtime::config::parse(&minimal).unwrap();
    let default = &config.ocsp_client[0];
    assert!(config.check().is_ok() && default.requester.is_none());
    assert_eq!(default.nonce, Presence::Required);
    assert_eq!(default.cert_id_hash, CertIdHashConfig::Sha1);
    let values = |of: &super::OcspClientConfig| {
        (
            (of.nonce, of.responder_no_check, of.cert_id_hash),
            (of.max_age_seconds, of.keep_seconds, of.concurrent_queries),
            (of.timeout_milliseconds, of.connect_timeout_milliseconds),
        )
    };
    assert_eq!(values(shown), values(default));
}

#[test]
fn an_address_is_https_or_http_and_nothing_else() {
    let with = |url: &str| checked("http://ocsp.ca.example/", url);
    assert!(with("https://ocsp.ca.example:8443/path").is_ok());
    for wrong in [
        "ocsp.ca.example",
        "ldap://ocsp.ca.example/",
        "file:///ocsp",
        "http://user@ocsp.ca.example/",
        "http://:secret@ocsp.ca.example/",
        "http://ocsp.ca.example/?a=b",
        "http://ocsp.ca.example/#a",
    ] {
        let refused = with(wrong).map(drop).unwrap_err();
        assert!(refused.contains("ocsp_client.url"), "{wrong}: {refused}");
    }
}

#[test]
fn numbers_are_within_their_limits() {
    for (key, in_sample, right, wrong) in [
        ("queries_per_day", "100_000", "1", "0"),
        ("max_age_seconds", "1800", "604800", "604801"),
        ("max_age_seconds", "1800", "60", "59"),
        ("keep_seconds", "60", "0", "901"),
        ("timeout_milliseconds", "1500", "9000", "9001"),
        ("concurrent_queries", "16", "256", "0"),
    ] {
        let from = format!("\n{key} = {in_sample}");
        let with = |value: &str| checked(&from, &format!("\n{key} = {value}"));
        assert!(with(right).is_ok(), "{key} = {right}");
        assert!(
            with(wrong).map(drop).unwrap_err().contains(key),
            "{key} = {wrong}"
        );
    }
    // Connecting is a part of the whole.
    let key = "connect_timeout_milliseconds";
    assert!(
        refused(
            "\nconnect_timeout_milliseconds = 500",
            "\nconnect_timeout_milliseconds = 1501"
        )
        .contains(key)
    );
}

#[test]
fn without_a_nonce_answers_are_young() {
    let with = |nonce: &str, age: &str| {
        let to = format!("max_age_seconds = {age}\n#");
        let config = checked("max_age_seconds = 1800\n#", &to)?;
        let mut client = config.ocsp_client[0].clone();
        client.nonce = match nonce {
            "optional" => Presence::Optional,
            _ => Presence::Required,
        };
        client.check().map_err(|error| error.to_string())
    };
    assert_eq!(with("optional", "3600"), Ok(()));
    assert_eq!(with("required", "3601"), Ok(()));
    let refused = with("optional", "3601").unwrap_err();
    assert!(refused.contains("ocsp_client.max_age_seconds"), "{refused}");
    assert!(checked("nonce = \"required\"", "nonce = \"optional\"").is_ok());
}

#[test]
fn an_authority_is_a_configured_one_and_has_one_responder() {
    let key = "certification_authority = \"user-authentication\"\n";
    let other = "certification_authority = \"signature\"\n";
    assert!(refused(key, other).contains("ocsp_client.certification_authority"));
    let twice = "[[ocsp_client]]\ncertification_authority = \"user-authentication\"\nurl = \"http://a/\"\nqueries_per_day = 1\n";
    let from = "[ocsp_client.requester]\ncertificate = \"ocsp/requester.pem\"\nprivate_key = \"ocsp/requester.key\"";
    assert!(refused(from, twice).contains("has two"));
    let both = twice.replace("user-authentication", "digital-signature");
    assert!(checked(from, &both).is_ok());
}

#[test]
fn files_are_read_when_a_configuration_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let mut client = checked("sha1", "sha1").unwrap().ocsp_client.remove(0);
    let check = |client: &super::OcspClientConfig| {
        let checked = crate::ocsp_client::check_files(std::slice::from_ref(client));
        checked.map_err(|error| error.to_string())
    };
    assert!(check(&client).unwrap_err().contains("requester.pem"));
    client.requester = None;
    assert_eq!(check(&client), Ok(()));
    client.url = "https://ocsp.ca.example/".to_owned();
    let path = folder.path().join("ca.pem");
    client.server_ca = Some(ConfigPath::new(&path));
    assert!(check(&client).unwrap_err().contains("ca.pem"));
    std::fs::write(&path, "no certificate").unwrap();
    assert!(check(&client).unwrap_err().contains("ca.pem"));
    let authority = sandbox::deployment::ServiceAuthority::generate("a responder's").unwrap();
    std::fs::write(&path, authority.certificate_pem()).unwrap();
    assert_eq!(check(&client), Ok(()));
}

#[test]
fn an_unknown_key_and_a_ca_without_tls_are_refused() {
    assert!(refused("keep_seconds", "keeep_seconds").contains("keep_seconds"));
    let from = "#server_ca = \"tls/ocsp-ca.pem\"";
    assert!(refused(from, "server_ca = \"tls/ocsp-ca.pem\"").contains("ocsp_client.server_ca"));
}
