//! The configuration, by the sample file.

use super::Config;

const SAMPLE: &str = include_str!("../../../deploy/config/revocation-lookup.toml");

/// The sample with one piece of text replaced, checked.
fn checked(from: &str, to: &str) -> Result<Config, String> {
    assert!(SAMPLE.contains(from), "{from}");
    let text = SAMPLE.replace(from, to);
    let config: Config = runtime::config::parse(&text).map_err(|error| error.to_string())?;
    config.check().map_err(|error| error.to_string())?;
    Ok(config)
}

#[test]
fn the_sample_configuration_is_accepted() {
    let config = checked("1800", "1800").unwrap();
    assert_eq!(config.caller.len(), 3);
    assert_eq!(config.poll_interval().as_secs(), 1);
}

#[test]
fn a_greatest_age_is_for_a_configured_authority() {
    let with = |name: &str| {
        let to = format!("[max_age_seconds]\n{name} = 172800\n\n[listen]");
        checked("[listen]", &to)
    };
    let config = with("user-authentication").unwrap();
    assert_eq!(config.max_age_seconds["user-authentication"], 172_800);
    assert!(
        with("user-authentification")
            .unwrap_err()
            .contains("max_age_seconds")
    );
}

#[test]
fn a_partition_count_is_for_a_configured_authority() {
    let with = |name: &str, count: &str| {
        let to = format!("[partition_count]\n{name} = {count}\n\n[listen]");
        checked("[listen]", &to)
    };
    let config = with("user-authentication", "1900").unwrap();
    assert_eq!(config.partition_count["user-authentication"], 1_900);
    for (name, count) in [
        ("user-authentification", "1900"),
        ("user-authentication", "0"),
    ] {
        assert!(with(name, count).unwrap_err().contains("partition_count"));
    }
}

#[test]
fn a_caller_of_an_unknown_authority_is_refused() {
    let key = "certification_authorities = [\"user-authentication\"]";
    assert!(checked(key, "certification_authorities = [\"digital-signature\"]").is_ok());
    assert!(checked(key, "certification_authorities = [\"signature\"]").is_err());
    assert!(checked(key, "certification_authorities = []").is_err());
}

#[test]
fn a_method_that_does_not_exist_is_refused() {
    assert!(checked("/GetFreshness", "/ListRevoked").is_err());
}

#[test]
fn times_are_within_their_limits() {
    let key = "max_feed_age_seconds = 1800";
    assert!(checked(key, "max_feed_age_seconds = 60").is_ok());
    assert!(checked(key, "max_feed_age_seconds = 59").is_err());
    let key = "poll_interval_seconds = 1";
    assert!(checked(key, "poll_interval_seconds = 60").is_ok());
    assert!(checked(key, "poll_interval_seconds = 0").is_err());
    let key = "sweep_pause_minutes = 60";
    assert!(checked(key, "sweep_pause_minutes = 1440").is_ok());
    assert!(checked(key, "sweep_pause_minutes = 0").is_err());
}

#[test]
fn every_caller_has_a_quota_and_a_limit_on_neighbours() {
    let config = checked("1800", "1800").unwrap();
    let limits = config.limits_by_identity();
    assert_eq!(limits.len(), 3);
    let backend = limits["signature-verification.internal"];
    assert_eq!(backend.distinct_an_hour, 10_000_000);
    let limits = limits["signing-certificate.internal"];
    assert_eq!(
        (limits.distinct_an_hour, limits.neighbours),
        (100_000, 10_000)
    );
    let key = "distinct_serials_per_hour = 10_000_000";
    for wrong in ["0", "100_000_001"] {
        let to = format!("distinct_serials_per_hour = {wrong}");
        assert!(checked(key, &to).unwrap_err().contains("1 to 100000000"));
        let to = format!("neighbouring_serials = {wrong}");
        assert!(checked(key, &to).unwrap_err().contains("1 to 1000000"));
    }
}

#[test]
fn an_unknown_key_is_refused() {
    let refused = checked("reflection = false", "reflexion = false").unwrap_err();
    assert!(
        refused.contains("reflexion") && refused.contains("reflection"),
        "{refused}"
    );
}
