//! What is printed about one file: words for a clerk, or one line of JSON for a program.

use std::error::Error as _;
use std::fmt::Write as _;

use proto::revocation::v1::{RevocationReason, UnknownReason};
use tonic::Status;

use super::answer::{Answer, AnswerError, Outcome};
use super::certificate_file::{FileError, Validity};
use super::json::JsonLine;
use super::wording;

/// One file and what became of it.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) name: String,
    /// What the certificate says of itself.
    pub(super) validity: Option<Validity>,
    pub(super) result: Result<Answer, Unchecked>,
}

/// Why there is no outcome for a file.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unchecked {
    #[error(transparent)]
    File(FileError),
    #[error("{}", service_problem(.0))]
    Service(Box<Status>),
    #[error(transparent)]
    Answer(AnswerError),
    #[error("not asked, because the service did not answer the questions before")]
    NotAsked,
}

/// Our sentence, the service's own, and the deepest cause, which for a connection is the one that says something
/// ("connection refused", "invalid peer certificate").
fn service_problem(status: &Status) -> String {
    let mut text = wording::refusal(status.code()).to_owned();
    let mut cause = status.source();
    while let Some(deeper) = cause.and_then(std::error::Error::source) {
        cause = Some(deeper);
    }
    let detail = cause.map_or_else(|| status.message().to_owned(), ToString::to_string);
    if !detail.is_empty() {
        let _ = write!(text, " ({detail})");
    }
    text
}

/// Text from a file name or the network without what would steer a terminal.
pub(super) fn printable(text: &str) -> String {
    let steers = |c: char| {
        // Bidirectional overrides can make a name read as another one.
        c.is_control()
            || matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .map(|c| if steers(c) { '\u{fffd}' } else { c })
        .collect()
}

impl Report {
    /// For a clerk.
    pub(super) fn words(&self) -> String {
        let name = printable(&self.name);
        let answer = match &self.result {
            Ok(answer) => answer,
            Err(problem) => {
                return format!("{name}: NOT CHECKED\n  {}", printable(&problem.to_string()));
            }
        };
        let headline = wording::headline(answer.outcome, self.validity);
        let mut text = format!("{name}: {headline}");
        // Whoever reads no further must not take what was true then for what is true now.
        if let Some(at) = answer.at {
            let _ = write!(text, ", as of {}", wording::moment(at));
        }
        for line in wording::advice(answer.outcome) {
            let _ = write!(text, "\n  {line}");
        }
        for (label, value) in evidence(answer) {
            let _ = write!(text, "\n  {label:<13} {}", printable(&value));
        }
        text
    }

    /// For a program.
    pub(super) fn json_line(&self) -> String {
        let line = match &self.result {
            Ok(answer) => JsonLine {
                failed_rule: Some(&answer.failed_rule),
                explanation: Some(&answer.explanation),
                issuer_key_id: Some(hex::encode(&answer.issuer_key_id)),
                revoked_at: revoked_at(answer.outcome),
                revocation_reason: revocation_reason(answer.outcome),
                unknown_reason: unknown_reason(answer.outcome),
                list: answer.list.as_ref().map(Into::into),
                ocsp: answer.ocsp.as_ref().map(Into::into),
                at: answer.at.map(|at| at.to_string()),
                known_at: known_at(answer.outcome),
                checked_at: Some(answer.checked_at.to_string()),
                audit_record_id: Some(&answer.audit_record_id),
                ..JsonLine::new(&self.name, outcome_name(answer.outcome))
            },
            Err(problem) => JsonLine {
                problem: Some(problem.to_string()),
                ..JsonLine::new(&self.name, "not_checked")
            },
        };
        // Strings and numbers alone cannot fail to serialise.
        serde_json::to_string(&line).unwrap_or_default()
    }
}

/// The lines of evidence, those that exist.
fn evidence(answer: &Answer) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    if !answer.failed_rule.is_empty() {
        lines.push((
            "Failed rule",
            format!("{}: {}", answer.failed_rule, answer.explanation),
        ));
    }
    if let Some(list) = &answer.list {
        let scope = if list.is_full {
            "the whole CA"
        } else {
            "one municipality"
        };
        let signer = hex::encode(&list.signer_key_id);
        let this_update = wording::moment(list.this_update);
        let age = wording::age(list.age_seconds);
        lines.push(("CA", list.certification_authority.clone()));
        lines.push(("CA key", key(&answer.issuer_key_id)));
        lines.push((
            "List",
            format!("number {} for {scope}, signed by key {signer}", list.number),
        ));
        lines.push((
            "This update",
            format!("{this_update}, {age} before the check"),
        ));
        lines.push(("Next update", wording::moment(list.next_update)));
    } else if let Some(ocsp) = &answer.ocsp {
        let this_update = wording::moment(ocsp.this_update);
        let age = wording::age(ocsp.age_seconds);
        lines.push(("CA", ocsp.certification_authority.clone()));
        lines.push(("CA key", key(&answer.issuer_key_id)));
        let produced_at = wording::moment(ocsp.produced_at);
        lines.push(("OCSP answer", format!("signed {produced_at}")));
        lines.push((
            "This update",
            format!("{this_update}, {age} before the check"),
        ));
        let next_update = ocsp.next_update.map(wording::moment);
        lines.extend(next_update.map(|moment| ("Next update", moment)));
    } else {
        lines.push(("CA key", key(&answer.issuer_key_id)));
    }
    let at = answer.at.map(wording::moment);
    lines.extend(at.map(|moment| ("As of", moment)));
    lines.push(("Checked", wording::moment(answer.checked_at)));
    lines.push(("Audit record", answer.audit_record_id.clone()));
    lines
}

fn key(key_id: &[u8]) -> String {
    if key_id.is_empty() {
        "not established".to_owned()
    } else {
        hex::encode(key_id)
    }
}

fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Valid => "valid",
        Outcome::ValidAsKnown { .. } => "valid_as_known",
        Outcome::Revoked { .. } => "revoked",
        Outcome::Expired => "expired",
        Outcome::NotYetValid => "not_yet_valid",
        Outcome::RevocationUnknown(_) | Outcome::PastRevocationUnknown(_) => "revocation_unknown",
        Outcome::UntrustedIssuer => "untrusted_issuer",
        Outcome::UnsupportedCertificate => "unsupported_certificate",
        Outcome::MalformedCertificate => "malformed_certificate",
        Outcome::CrossCheckDisagreement => "cross_check_disagreement",
    }
}

fn known_at(outcome: Outcome) -> Option<String> {
    match outcome {
        Outcome::ValidAsKnown { known_at } => Some(known_at.to_string()),
        _ => None,
    }
}

fn revoked_at(outcome: Outcome) -> Option<String> {
    match outcome {
        Outcome::Revoked { revoked_at, .. } => Some(revoked_at.to_string()),
        _ => None,
    }
}

/// The names of the proto contract: a program compares them with its own copy.
fn revocation_reason(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Revoked { reason, .. } => Some(
            reason
                .unwrap_or(RevocationReason::Unspecified)
                .as_str_name(),
        ),
        _ => None,
    }
}

fn unknown_reason(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::RevocationUnknown(reason) => Some(UnknownReason::as_str_name(&reason)),
        Outcome::PastRevocationUnknown(reason) => Some(reason.as_str_name()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Report, Unchecked, printable};
    use crate::commands::check::answer::{Answer, List, Ocsp, Outcome};
    use crate::commands::check::certificate_file::FileError;
    use pki::UnixTime;
    use proto::revocation::v1::RevocationReason;

    fn report(outcome: Outcome, failed_rule: &str) -> Report {
        Report {
            name: "R8-17.cer".to_owned(),
            validity: None,
            result: Ok(Answer {
                outcome,
                failed_rule: failed_rule.to_owned(),
                explanation: "A sentence.".to_owned(),
                issuer_key_id: vec![0x4d, 0xe0],
                list: Some(List {
                    certification_authority: "digital-signature".to_owned(),
                    signer_key_id: vec![0xd2, 0x1e],
                    is_full: false,
                    number: "1234".to_owned(),
                    this_update: UnixTime::from_secs(1_795_392_000),
                    next_update: UnixTime::from_secs(1_795_564_800),
                    age_seconds: 11_520,
                }),
                ocsp: None,
                at: None,
                checked_at: UnixTime::from_secs(1_795_403_520),
                audit_record_id: "7b5e6a0e-9d3e-4c55-8f3f-1f2e3d4c5b6a".to_owned(),
            }),
        }
    }

    #[test]
    fn a_valid_certificate_is_reported_with_its_evidence() {
        assert_eq!(
            report(Outcome::Valid, "").words(),
            "R8-17.cer: VALID\n\
             \x20 CA            digital-signature\n\
             \x20 CA key        4de0\n\
             \x20 List          number 1234 for one municipality, signed by key d21e\n\
             \x20 This update   2026-11-23 09:00:00 JST (2026-11-23T00:00:00Z), 3 h 12 min before the check\n\
             \x20 Next update   2026-11-25 09:00:00 JST (2026-11-25T00:00:00Z)\n\
             \x20 Checked       2026-11-23 12:12:00 JST (2026-11-23T03:12:00Z)\n\
             \x20 Audit record  7b5e6a0e-9d3e-4c55-8f3f-1f2e3d4c5b6a"
        );
    }

    #[test]
    fn what_was_true_at_a_moment_says_so_in_its_first_line() {
        let mut valid = report(Outcome::Valid, "");
        valid.result.as_mut().unwrap().at = Some(UnixTime::from_secs(1_795_305_600));
        let first = "R8-17.cer: VALID, as of 2026-11-22 09:00:00 JST (2026-11-22T00:00:00Z)\n";
        assert!(valid.words().starts_with(first), "{}", valid.words());
    }

    #[test]
    fn an_ocsp_answer_is_reported_in_the_list_s_place() {
        let mut valid = report(Outcome::Valid, "");
        let answer = valid.result.as_mut().unwrap();
        answer.list = None;
        answer.ocsp = Some(Ocsp {
            certification_authority: "digital-signature".to_owned(),
            this_update: UnixTime::from_secs(1_795_403_400),
            next_update: None,
            produced_at: UnixTime::from_secs(1_795_403_519),
            age_seconds: 120,
        });
        let words = valid.words();
        assert!(words.contains("OCSP answer   signed 2026-11-23 12:11:59 JST"));
        assert!(words.contains("12:10:00 JST (2026-11-23T03:10:00Z), 2 min before the check"));
        assert!(!words.contains("List") && !words.contains("Next update"));
        let value: serde_json::Value = serde_json::from_str(&valid.json_line()).unwrap();
        assert_eq!(value["ocsp"]["produced_at"], "2026-11-23T03:11:59Z");
        assert!(value.get("list").is_none());
    }

    #[test]
    fn a_revoked_certificate_is_reported_with_time_reason_and_rule() {
        let revoked = Outcome::Revoked {
            revoked_at: UnixTime::from_secs(1_795_305_600),
            reason: Some(RevocationReason::Superseded),
        };
        let words = report(revoked, "certificate_revoked").words();
        assert!(
            words.starts_with("R8-17.cer: REVOKED (失効) on 2026-11-22 09:00:00 JST"),
            "{words}"
        );
        assert!(
            words.contains("  Reason: it was renewed; a newer one exists (更新, superseded).\n")
        );
        assert!(words.contains("Failed rule   certificate_revoked: A sentence.\n"));
    }

    #[test]
    fn json_has_one_line_with_the_same_evidence() {
        let line = report(Outcome::Valid, "").json_line();
        assert_eq!(line.lines().count(), 1);
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["outcome"], "valid");
        assert_eq!(value["list"]["crl_number"], "1234");
        assert_eq!(value["list"]["next_update"], "2026-11-25T00:00:00Z");
        assert!(value.get("revoked_at").is_none());
    }

    #[test]
    fn an_unusable_file_is_reported_in_both_forms() {
        let report = Report {
            name: "empty.cer".to_owned(),
            validity: None,
            result: Err(Unchecked::File(FileError::Empty)),
        };
        assert_eq!(
            report.words(),
            "empty.cer: NOT CHECKED\n  the file is empty"
        );
        assert_eq!(
            report.json_line(),
            "{\"file\":\"empty.cer\",\"outcome\":\"not_checked\",\"problem\":\"the file is empty\"}"
        );
    }

    #[test]
    fn what_comes_from_outside_cannot_steer_the_terminal() {
        assert_eq!(
            printable("a\u{1b}[2Jb\n\u{202e}c"),
            "a\u{fffd}[2Jb\u{fffd}\u{fffd}c"
        );
        assert_eq!(printable("証明書.cer"), "証明書.cer");
    }
}
