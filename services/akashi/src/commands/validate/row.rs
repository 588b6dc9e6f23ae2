//! One line of a manifest.

use std::path::PathBuf;

use pki::{Oid, PolicySettings, Profile, RevocationMode, UnixTime};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::moment;
use super::question::{Question, Settings, profile, profile_names};

/// The keys of a row, not looked at yet: what is wrong with one must not hide the id. Unknown keys are passed over; a key
/// twice is refused, because nobody can say which one counts.
#[derive(Debug, Deserialize)]
pub(super) struct Row<'a> {
    #[serde(borrow)]
    pub(super) id: Option<&'a RawValue>,
    certificate: Option<&'a RawValue>,
    trust_anchors: Option<&'a RawValue>,
    intermediates: Option<&'a RawValue>,
    crls: Option<&'a RawValue>,
    at: Option<&'a RawValue>,
    profile: Option<&'a RawValue>,
    policies: Option<&'a RawValue>,
    require_explicit_policy: Option<&'a RawValue>,
    inhibit_policy_mapping: Option<&'a RawValue>,
    inhibit_any_policy: Option<&'a RawValue>,
    revocation: Option<&'a RawValue>,
}

/// Why a row asks nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum RowError {
    #[error("the line is not JSON: {0}")]
    NotJson(serde_json::Error),
    #[error("the line is not a JSON object")]
    NotAnObject,
    #[error("key {key} is missing")]
    Missing { key: &'static str },
    #[error("key {key} is not {expected}")]
    Type {
        key: &'static str,
        expected: &'static str,
    },
    #[error("key {key}: {problem}")]
    Value { key: &'static str, problem: String },
}

impl RowError {
    /// Its name, in snake case.
    pub(super) const fn rule(&self) -> &'static str {
        match self {
            Self::NotJson(_) => "manifest_not_json",
            Self::NotAnObject => "manifest_not_an_object",
            Self::Missing { .. } => "manifest_key_missing",
            Self::Type { .. } => "manifest_key_type",
            Self::Value { .. } => "manifest_key_value",
        }
    }
}

impl<'a> Row<'a> {
    /// Reads a line.
    pub(super) fn parse(line: &'a str) -> Result<Self, RowError> {
        // The derived reader also takes an array, by position.
        match line.trim_start().chars().next() {
            Some('{') => serde_json::from_str(line).map_err(RowError::NotJson),
            _ => match serde_json::from_str::<&RawValue>(line) {
                Ok(_) => Err(RowError::NotAnObject),
                Err(error) => Err(RowError::NotJson(error)),
            },
        }
    }

    /// What it asks; without a moment, at this one.
    pub(super) fn question(&self, now: UnixTime) -> Result<Question, RowError> {
        let certificate = path("certificate", self.certificate)?;
        Ok(Question {
            certificate: certificate.ok_or(RowError::Missing { key: "certificate" })?,
            trust_anchors: paths("trust_anchors", self.trust_anchors)?,
            intermediates: paths("intermediates", self.intermediates)?,
            crls: paths("crls", self.crls)?,
            settings: Settings {
                profile: self.profile()?,
                at: self.at()?.unwrap_or(now),
                policies: PolicySettings {
                    initial_policy_set: self.policies()?,
                    require_explicit_policy: boolean(
                        "require_explicit_policy",
                        self.require_explicit_policy,
                    )?,
                    inhibit_policy_mapping: boolean(
                        "inhibit_policy_mapping",
                        self.inhibit_policy_mapping,
                    )?,
                    inhibit_any_policy: boolean("inhibit_any_policy", self.inhibit_any_policy)?,
                },
                revocation: self.revocation()?,
            },
        })
    }

    fn profile(&self) -> Result<&'static Profile, RowError> {
        const KEY: &str = "profile";
        let Some(name) = text(KEY, self.profile)? else {
            return Ok(Profile::rfc5280());
        };
        profile(&name).ok_or_else(|| {
            let names: Vec<_> = profile_names().collect();
            value(KEY, format!("is none of {}", names.join(", ")))
        })
    }

    fn at(&self) -> Result<Option<UnixTime>, RowError> {
        const KEY: &str = "at";
        let at = text(KEY, self.at)?.map(|text| moment::parse(&text));
        at.transpose().map_err(|error| value(KEY, error))
    }

    fn policies(&self) -> Result<Vec<Oid>, RowError> {
        const KEY: &str = "policies";
        let policies: Option<Vec<String>> = read(KEY, self.policies, "an array of strings")?;
        let policies = policies.unwrap_or_default();
        let read = |dotted: &String| Oid::from_dotted(dotted).map_err(|error| value(KEY, error));
        policies.iter().map(read).collect()
    }

    fn revocation(&self) -> Result<RevocationMode, RowError> {
        const KEY: &str = "revocation";
        match text(KEY, self.revocation)?.as_deref() {
            None | Some("require") => Ok(RevocationMode::Require),
            Some("off") => Ok(RevocationMode::Off),
            Some(_) => Err(value(KEY, "is neither require nor off")),
        }
    }
}

fn value(key: &'static str, problem: impl std::fmt::Display) -> RowError {
    let problem = problem.to_string();
    RowError::Value { key, problem }
}

fn read<T: DeserializeOwned>(
    key: &'static str,
    raw: Option<&RawValue>,
    expected: &'static str,
) -> Result<Option<T>, RowError> {
    let read = |raw: &RawValue| serde_json::from_str(raw.get());
    raw.map(read)
        .transpose()
        .map_err(|_| RowError::Type { key, expected })
}

fn text(key: &'static str, raw: Option<&RawValue>) -> Result<Option<String>, RowError> {
    read(key, raw, "a string")
}

fn path(key: &'static str, raw: Option<&RawValue>) -> Result<Option<PathBuf>, RowError> {
    read(key, raw, "a string")
}

fn paths(key: &'static str, raw: Option<&RawValue>) -> Result<Vec<PathBuf>, RowError> {
    let paths = read(key, raw, "an array of strings")?;
    Ok(paths.unwrap_or_default())
}

fn boolean(key: &'static str, raw: Option<&RawValue>) -> Result<bool, RowError> {
    let boolean = read(key, raw, "true or false")?;
    Ok(boolean.unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use pki::{PolicySettings, Profile, RevocationMode, UnixTime};

    use super::{Question, Row, RowError};

    const NOW: UnixTime = UnixTime::from_secs(1_795_392_000);

    fn question(line: &str) -> Result<Question, RowError> {
        Row::parse(line)?.question(NOW)
    }

    #[test]
    fn missing_keys_are_at_their_defaults_and_unknown_ones_passed_over() {
        for line in [
            r#"{"certificate":"a.cer","expected":{"x":[1]}}"#,
            r#"{"certificate":"a.cer","at":null,"profile":null,"policies":null,"crls":null,"revocation":null,
                "require_explicit_policy":null}"#,
        ] {
            let question = question(line).unwrap();
            assert_eq!(question.certificate.to_str(), Some("a.cer"));
            assert!(question.trust_anchors.is_empty() && question.crls.is_empty());
            let settings = question.settings;
            assert_eq!(settings.profile, Profile::rfc5280());
            assert_eq!(settings.at, NOW);
            assert_eq!(settings.policies, PolicySettings::default());
            assert_eq!(settings.revocation, RevocationMode::Require);
        }
    }

    #[test]
    fn every_key_is_read() {
        let question = question(
            r#"{"certificate":"a","trust_anchors":["b","c"],"intermediates":["d"],"crls":["e","f"],
                "at":"2011-04-15T09:00:00+09:00","profile":"jpki-signing","policies":["1.2.3"],
                "require_explicit_policy":true,"inhibit_policy_mapping":true,"inhibit_any_policy":true,
                "revocation":"off"}"#,
        )
        .unwrap();
        assert_eq!(question.trust_anchors.len(), 2);
        assert_eq!(question.intermediates.len(), 1);
        assert_eq!(question.crls.len(), 2);
        let settings = question.settings;
        assert_eq!(settings.at.to_string(), "2011-04-15T00:00:00Z");
        assert_eq!(settings.profile.name(), "jpki-signing");
        assert_eq!(settings.policies.initial_policy_set[0].to_string(), "1.2.3");
        assert!(settings.policies.require_explicit_policy);
        assert!(settings.policies.inhibit_policy_mapping);
        assert!(settings.policies.inhibit_any_policy);
        assert_eq!(settings.revocation, RevocationMode::Off);
    }

    #[test]
    fn what_is_wrong_is_named_by_its_key() {
        for (line, words) in [
            (r"{}", "key certificate is missing"),
            (r#"{"certificate":7}"#, "key certificate is not a string"),
            (
                r#"{"certificate":"a","crls":"b"}"#,
                "key crls is not an array of strings",
            ),
            (
                r#"{"certificate":"a","crls":["b",1]}"#,
                "key crls is not an array of strings",
            ),
            (r#"{"certificate":"a","at":1}"#, "key at is not a string"),
            (
                r#"{"certificate":"a","at":"x"}"#,
                "key at: a moment is written",
            ),
            (
                r#"{"certificate":"a","profile":"x"}"#,
                "key profile: is none of rfc5280, jpki-",
            ),
            (
                r#"{"certificate":"a","policies":["x"]}"#,
                "key policies: an object identifier",
            ),
            (
                r#"{"certificate":"a","revocation":"x"}"#,
                "key revocation: is neither",
            ),
            (
                r#"{"certificate":"a","revocation":false}"#,
                "key revocation is not a string",
            ),
            (
                r#"{"certificate":"a","inhibit_any_policy":"true"}"#,
                "key inhibit_any_policy is not",
            ),
            (
                r#"{"certificate":"a","certificate":"b"}"#,
                "duplicate field `certificate`",
            ),
            (r#"["a"]"#, "not a JSON object"),
            ("7", "not a JSON object"),
            (r#"{"certificate":"a"} x"#, "not JSON: trailing"),
            ("hello", "not JSON"),
        ] {
            let refused = question(line).unwrap_err().to_string();
            assert!(refused.contains(words), "{line}: {refused}");
        }
    }

    #[test]
    fn an_id_is_kept_as_it_is_written() {
        for id in [
            r#""4.1.1""#,
            "12345678901234567890123",
            r#"{"b":1, "a":[1.0]}"#,
            "true",
        ] {
            let line = format!(r#"{{"certificate":7,"id": {id} }}"#);
            assert_eq!(Row::parse(&line).unwrap().id.unwrap().get(), id);
        }
        assert!(Row::parse(r#"{"id":null}"#).unwrap().id.is_none());
    }
}
