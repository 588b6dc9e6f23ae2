//! What `akashi validate` is told.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, ValueEnum};
use pki::{PolicySettings, Profile, RevocationMode, UnixTime};

use super::lists::Lists;
use super::moment::{self, MomentError};
use super::question::{Question, Settings, profile, profile_names};

/// What `akashi validate` is told.
#[derive(Args, Debug)]
#[command(
    override_usage = "akashi validate [OPTIONS] --trust-anchor <FILE>... [--intermediate <FILE>...] [--crl <FILE>...] CERT\n       \
                            akashi validate --manifest <FILE.jsonl>"
)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub struct ValidateArguments {
    /// What the certificate must be: any certificate of RFC 5280, or one of a JPKI card, which no intermediate issues.
    #[arg(
        long,
        value_name = "P",
        default_value = "rfc5280",
        value_parser = PossibleValuesParser::new(profile_names()).try_map(parse_profile)
    )]
    profile: &'static Profile,
    #[command(flatten)]
    pub(super) lists: Lists,
    /// The moment to judge at, such as 2026-11-23T09:00:00+09:00, by the lists in force then; without it, now.
    #[arg(long, value_name = "RFC3339", value_parser = parse_moment)]
    pub(super) at: Option<UnixTime>,
    /// The path must be valid for at least one policy, of those given with --policy.
    #[arg(long)]
    require_explicit_policy: bool,
    /// Policy mappings in certificates are not followed.
    #[arg(long)]
    inhibit_policy_mapping: bool,
    /// anyPolicy in a certificate stands for no other policy.
    #[arg(long)]
    inhibit_any_policy: bool,
    /// Whether each certificate must be shown to be good by a list; off consults none.
    #[arg(long, value_enum, value_name = "MODE", default_value = "require")]
    revocation: Revocation,
    /// One JSON object instead of words.
    #[arg(long)]
    pub(super) json: bool,
    /// Many questions: a file of JSON objects, one a line, or - for standard input. It replaces everything else.
    #[arg(
        long,
        value_name = "FILE.jsonl",
        conflicts_with_all = [
            "profile", "trust_anchor", "intermediate", "crl", "policy", "certificate", "at", "require_explicit_policy",
            "inhibit_policy_mapping", "inhibit_any_policy", "revocation", "json",
        ]
    )]
    pub(super) manifest: Option<PathBuf>,
}

/// Whether lists are consulted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Revocation {
    Require,
    Off,
}

#[expect(clippy::needless_pass_by_value, reason = "clap hands it over")]
fn parse_profile(name: String) -> Result<&'static Profile, &'static str> {
    profile(&name).ok_or("there is no profile of this name")
}

fn parse_moment(text: &str) -> Result<UnixTime, MomentError> {
    moment::parse(text)
}

impl ValidateArguments {
    /// The one question; none without a certificate. Without a moment, at this one.
    pub(super) fn question(&self, now: UnixTime) -> Option<Question> {
        Some(Question {
            certificate: self.lists.certificate.clone()?,
            trust_anchors: self.lists.trust_anchors.clone(),
            intermediates: self.lists.intermediates.clone(),
            crls: self.lists.crls.clone(),
            settings: Settings {
                profile: self.profile,
                at: self.at.unwrap_or(now),
                policies: PolicySettings {
                    initial_policy_set: self.lists.policies.clone(),
                    require_explicit_policy: self.require_explicit_policy,
                    inhibit_policy_mapping: self.inhibit_policy_mapping,
                    inhibit_any_policy: self.inhibit_any_policy,
                },
                revocation: match self.revocation {
                    Revocation::Require => RevocationMode::Require,
                    Revocation::Off => RevocationMode::Off,
                },
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use pki::UnixTime;

    use super::{Question, ValidateArguments};

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        arguments: ValidateArguments,
    }

    fn question(line: &str) -> Result<Question, clap::Error> {
        let words = std::iter::once("validate").chain(line.split_whitespace());
        let command = Command::try_parse_from(words)?;
        Ok(command.arguments.question(UnixTime::from_secs(0)).unwrap())
    }

    #[test]
    fn the_certificate_is_found_wherever_it_is_usual() {
        for line in [
            "CERT --trust-anchor a b --crl c d --policy 1.2.3",
            "--trust-anchor a b --crl c d --policy 1.2.3 -- CERT",
            "--trust-anchor a --trust-anchor b --policy 1.2.3 --crl c --crl d CERT",
            "--trust-anchor a b --policy 1.2.3 --crl c d CERT",
            "--policy 1.2.3 --crl c d --trust-anchor a b CERT --json",
            "--trust-anchor a b --crl c d --policy 1.2.3 CERT",
            "--trust-anchor a b --crl c d --policy 1.2.3 --json CERT",
            "--trust-anchor=a --trust-anchor=b --crl=c --crl=d --policy=1.2.3 CERT",
        ] {
            let question = question(line).unwrap();
            let names = |paths: &[std::path::PathBuf]| format!("{paths:?}");
            assert_eq!(question.certificate.to_str(), Some("CERT"), "{line}");
            assert_eq!(names(&question.trust_anchors), r#"["a", "b"]"#, "{line}");
            assert_eq!(names(&question.crls), r#"["c", "d"]"#, "{line}");
            let policies = question.settings.policies.initial_policy_set;
            assert_eq!(policies.len(), 1, "{line}");
        }
    }

    #[test]
    fn a_line_without_a_certificate_is_refused_with_what_to_do() {
        for line in [
            "--trust-anchor a",
            "--trust-anchor a CERT --crl b",
            "--trust-anchor a --json",
        ] {
            let refused = question(line).unwrap_err();
            assert_eq!(refused.exit_code(), 2);
            assert!(
                refused.to_string().contains("put it first, last"),
                "{refused}"
            );
        }
        // Two are one too many.
        assert!(question("CERT --trust-anchor a -- CERT").is_err());
    }

    #[test]
    fn what_cannot_be_used_is_refused_in_words() {
        for (line, words) in [
            ("CERT", "--trust-anchor"),
            (
                "CERT --trust-anchor a --policy x",
                "'x' for '--policy': an object identifier is",
            ),
            ("--trust-anchor a --policy x CERT", "'x' for '--policy'"),
            ("CERT --trust-anchor a --at yesterday", "as in RFC 3339"),
            (
                "CERT --trust-anchor a --at 2016-12-31T23:59:60Z",
                "use second 59",
            ),
            ("CERT --trust-anchor a --profile x509", "jpki-test-signing"),
            ("CERT --trust-anchor a --revocation soft", "require, off"),
            ("CERT --trust-anchor a --manifest m", "cannot be used with"),
            (
                "--manifest m --at 2016-12-31T23:59:59Z",
                "cannot be used with",
            ),
            ("--manifest m CERT", "cannot be used with"),
        ] {
            let refused = question(line).unwrap_err();
            assert_eq!(refused.exit_code(), 2);
            assert!(refused.to_string().contains(words), "{line}: {refused}");
        }
    }

    #[test]
    fn a_manifest_needs_nothing_else() {
        for name in ["m.jsonl", "-"] {
            let command = Command::try_parse_from(["validate", "--manifest", name]).unwrap();
            let found = command.arguments.manifest.unwrap();
            assert_eq!(found.to_str(), Some(name));
            assert!(command.arguments.lists.certificate.is_none());
        }
    }
}
