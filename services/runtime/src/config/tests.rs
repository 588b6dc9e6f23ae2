//! What a configuration file may say, and the exact words about what it may not.

use std::path::Path;

use serde::Deserialize;

use super::{
    Caller, ConfigError, CrossCheckConfig, Environment, GrpcClientConfig, Listen,
    ObservabilityConfig, SecretFile, load, parse,
};

/// A role's file in small.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    environment: Environment,
    holder_key_file: SecretFile,
    #[serde(default)]
    cross_check: CrossCheckConfig,
    listen: Listen,
    revocation: GrpcClientConfig,
    #[serde(default)]
    observability: ObservabilityConfig,
    #[serde(default)]
    caller: Vec<Caller>,
}

const GOOD: &str = r#"
environment = "sandbox"
holder_key_file = "secrets/holder-key"
cross_check = { one_in = 100 }

[listen]
address = "127.0.0.1:7443"

[revocation]
uri = "https://localhost:7442"
certificate = "tls/role.pem"
private_key = "tls/role.key"
server_ca = "tls/ca.pem"
server_name = "revocation-lookup.akashi.test"
"#;

/// What is said about the good file with one piece of text replaced.
fn refusal(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    parse::<Config>(&GOOD.replace(from, to))
        .unwrap_err()
        .to_string()
}

#[test]
fn a_good_file_is_read_with_its_defaults() {
    let config: Config = parse(GOOD).unwrap();
    assert_eq!(config.environment, Environment::Sandbox);
    assert_eq!(config.cross_check, CrossCheckConfig::OneIn(100));
    assert_eq!(config.listen.request_timeout_seconds, 10);
    assert!(config.observability.metrics_listen.ip().is_loopback());
    assert_eq!(config.revocation.timeout_milliseconds, 2_000);
    assert!(config.caller.is_empty());
}

#[test]
fn an_unknown_key_is_refused_with_its_place_and_the_nearest_one() {
    assert_eq!(
        refusal("address =", "adress ="),
        "line 7, column 1: unknown field `adress`, expected one of `address`, `threads`, \
         `request_timeout_seconds`, `max_connection_age_seconds`, `drain_timeout_seconds`; did you \
         mean `address`?"
    );
}

#[test]
fn a_key_that_resembles_none_gets_no_suggestion() {
    let refused = refusal("[listen]", "[listen]\ncolour = \"red\"");
    assert!(
        refused.starts_with("line 7, column 1: unknown field `colour`"),
        "{refused}"
    );
    assert!(!refused.contains("did you mean"), "{refused}");
}

#[test]
fn an_unknown_environment_is_refused_with_the_nearest_one() {
    assert_eq!(
        refusal("\"sandbox\"", "\"sandbx\""),
        "line 2, column 15: unknown variant `sandbx`, expected one of `production`, `test`, \
         `sandbox`; did you mean `sandbox`?"
    );
}

#[test]
fn a_missing_key_is_named() {
    assert_eq!(
        refusal("holder_key_file = \"secrets/holder-key\"\n", ""),
        "line 1, column 1: missing field `holder_key_file`"
    );
}

#[test]
fn a_refusal_repeats_no_line_of_the_file() {
    let refused = refusal("server_name =", "password = \"hunter2\"\nserver_name =");
    assert!(!refused.contains("hunter2"), "{refused}");
}

#[test]
fn relative_paths_count_from_the_files_folder() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("role.toml");
    std::fs::write(&file, GOOD).unwrap();
    let config: Config = load(&file).unwrap();
    assert_eq!(
        config.holder_key_file.path().as_path(),
        folder.path().join("secrets/holder-key")
    );
}

#[test]
fn an_absolute_path_is_taken_as_it_is() {
    let config: Config = parse(&GOOD.replace("secrets/holder-key", "/run/holder-key")).unwrap();
    assert_eq!(
        config.holder_key_file.path().as_path(),
        Path::new("/run/holder-key")
    );
}

#[test]
fn a_refusal_in_a_file_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("role.toml");
    std::fs::write(&file, GOOD.replace("uri =", "url =")).unwrap();
    let refused = load::<Config>(&file).unwrap_err().to_string();
    assert!(
        refused.starts_with(&format!("{}: line 10, column 1: ", file.display())),
        "{refused}"
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let refused = load::<Config>(Path::new("nowhere/role.toml")).unwrap_err();
    assert!(matches!(refused, ConfigError::Read { .. }));
    assert!(
        refused.to_string().starts_with("nowhere/role.toml: "),
        "{refused}"
    );
}

#[test]
fn numbers_that_cannot_be_are_refused_by_their_key() {
    let checked = |from: &str, to: &str| {
        let config: Config = parse(&GOOD.replace(from, to)).unwrap();
        let listen = config
            .listen
            .check()
            .and_then(|()| config.revocation.check("revocation"));
        listen
            .and_then(|()| config.cross_check.check())
            .map_err(|error| error.to_string())
    };
    assert_eq!(checked("[listen]", "[listen]"), Ok(()));
    for (from, to, key) in [
        ("[listen]", "[listen]\nthreads = 0", "listen.threads"),
        (
            "[listen]",
            "[listen]\nrequest_timeout_seconds = 0",
            "listen.request_timeout_seconds",
        ),
        (
            "[revocation]",
            "[revocation]\ntimeout_milliseconds = 0",
            "revocation.timeout_milliseconds",
        ),
        ("one_in = 100", "one_in = 0", "cross_check.one_in"),
    ] {
        let refused = checked(from, to).unwrap_err();
        assert!(refused.starts_with(&format!("{key}: ")), "{refused}");
    }
}

#[test]
fn a_service_is_called_by_https_and_by_a_plain_name() {
    let checked = |from: &str, to: &str| {
        let config: Config = parse(&GOOD.replace(from, to)).unwrap();
        config.revocation.check("revocation")
    };
    assert!(checked("https://localhost:7442", "https://10.0.0.1:7442").is_ok());
    assert!(checked("https://localhost:7442", "http://localhost:7442").is_err());
    assert!(checked("revocation-lookup.akashi.test", "*.akashi.test").is_err());
}

#[test]
fn every_form_of_cross_check_is_read() {
    for (text, expected) in [
        ("\"off\"", CrossCheckConfig::Off),
        ("\"all\"", CrossCheckConfig::All),
        ("{ one_in = 7 }", CrossCheckConfig::OneIn(7)),
    ] {
        let config: Config = parse(&GOOD.replace("{ one_in = 100 }", text)).unwrap();
        assert_eq!(config.cross_check, expected);
    }
    assert!(parse::<Config>(&GOOD.replace("{ one_in = 100 }", "\"some\"")).is_err());
}

#[test]
fn a_key_file_holds_32_octets_or_their_digits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let key = SecretFile::new(&path);
    let expected = [0xab; 32];
    for good in [
        expected.to_vec(),
        format!("{}\n", "ab".repeat(32)).into_bytes(),
    ] {
        std::fs::write(&path, good).unwrap();
        assert_eq!(*key.read_key().unwrap(), expected);
    }
    for bad in ["ab".repeat(31), "ab".repeat(33), "xy".repeat(32)] {
        std::fs::write(&path, bad).unwrap();
        assert!(key.read_key().is_err());
    }
}
