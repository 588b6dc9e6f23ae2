//! An answer in words, for an auditor: the headline, the rule that failed, then the path as a tree from the anchor down.

use std::fmt::Write as _;

use pki::{
    CrlOutcome, CrlRefusal, PathCertificate, PathError, RevocationEvidence, RevocationMode, Verdict,
};

use super::answer::{Answer, place, without_clause};
use super::values::{Value, compared, compared_with_list, name_text, oid_texts, reason_name};
use crate::commands::check::wording::moment;

impl Answer<'_> {
    /// Lines without a line break at the end.
    pub(super) fn words(&self) -> String {
        let mut text = Text::default();
        let headline = match self.report.verdict {
            Verdict::Valid => "VALID",
            Verdict::Invalid => "INVALID",
            Verdict::Indeterminate => "INDETERMINATE, to be treated as invalid",
        };
        let file = place(Some(&self.material.certificate.source));
        text.line(&format!("{file}: {headline}"));
        self.append_refusal(&mut text);
        self.append_question(&mut text);
        self.append_tree(&mut text);
        self.append_unused(&mut text);
        self.append_left_out(&mut text);
        text.finish()
    }

    fn append_refusal(&self, text: &mut Text) {
        let Some(error) = &self.report.error else {
            return;
        };
        let clause = error.clause();
        text.field("Rule", error.rule());
        text.field("Clause", clause);
        text.field("Reason", &without_clause(&error.to_string(), clause));
        if let Some(at) = self.report.refused_at {
            let all = self.report.path.len();
            text.field("Refused at", &format!("certificate {} of {all}", at + 1));
        }
        for (name, value) in compared(error) {
            text.field(&capitalised(name), &value_text(&value));
        }
    }

    fn append_question(&self, text: &mut Text) {
        let settings = &self.question.settings;
        text.field("Profile", settings.profile.name());
        let given = if self.is_moment_given {
            "--at"
        } else {
            "the clock"
        };
        let at = moment(settings.at);
        text.field("Judged at", &format!("{at}, by {given}"));
        let lists = match (settings.revocation, self.is_moment_given) {
            (RevocationMode::Off, _) => "not looked at (--revocation off)",
            (RevocationMode::Require, true) => {
                "each certificate must be shown to be good, by the lists in force at that moment"
            }
            (RevocationMode::Require, false) => {
                "each certificate must be shown to be good, by the lists in force now"
            }
        };
        text.field("Revocation", lists);
        let policies = &settings.policies;
        let accepted = &policies.initial_policy_set;
        if !accepted.is_empty() {
            text.field("Accepted policies", &oid_texts(accepted).join(", "));
        }
        let switches = [
            (policies.require_explicit_policy, "a policy is required"),
            (policies.inhibit_policy_mapping, "mappings are not followed"),
            (policies.inhibit_any_policy, "anyPolicy stands for nothing"),
        ];
        let switches: Vec<_> = switches
            .iter()
            .filter(|(on, _)| *on)
            .map(|(_, words)| *words)
            .collect();
        if !switches.is_empty() {
            text.field("Policy rules", &switches.join(", "));
        }
        if self.report.verdict == Verdict::Valid && !self.report.policies.is_empty() {
            text.field(
                "Valid for policies",
                &policy_words(&oid_texts(&self.report.policies)),
            );
        }
    }

    fn append_tree(&self, text: &mut Text) {
        if self.report.path.is_empty() {
            return;
        }
        text.line("");
        match self.anchor() {
            Some((source, subject)) => {
                text.line(&format!("Trust anchor  {}", name_text(subject)));
                text.line(&format!("│ {}", place(Some(source))));
            }
            None => text.line("No trust anchor was reached."),
        }
        let last = self.report.path.len().saturating_sub(1);
        for (depth, certificate) in self.report.path.iter().enumerate() {
            let indent = "   ".repeat(depth);
            let rest = if depth == last { "   " } else { "   │ " };
            let branch = format!("{indent}└─ ");
            let below = format!("{indent}{rest}");
            self.append_certificate(text, &branch, &below, depth, certificate);
        }
    }

    fn append_certificate(
        &self,
        text: &mut Text,
        branch: &str,
        below: &str,
        depth: usize,
        certificate: &PathCertificate,
    ) {
        let subject = name_text(certificate.subject_der.reveal());
        text.line(&format!("{branch}{}  {subject}", depth + 1));
        text.line(&format!("{below}{}", place(Some(self.source(certificate)))));
        let mut marks = Vec::new();
        if certificate.is_self_issued {
            marks.push("self-issued");
        }
        if self.report.refused_at == Some(depth) {
            marks.push("REFUSED HERE");
        }
        if !marks.is_empty() {
            text.line(&format!("{below}{}", marks.join(", ")));
        }
        text.line(&format!(
            "{below}valid from {}",
            moment(*certificate.not_before.reveal())
        ));
        text.line(&format!(
            "{below}valid to   {}",
            moment(*certificate.not_after.reveal())
        ));
        for evidence in &certificate.revocation {
            self.append_list(text, below, evidence);
        }
        if certificate.revocation.is_empty() {
            text.line(&format!("{below}{}", self.why_no_list(depth)));
        }
    }

    /// Why nothing is known from lists about a certificate of the path.
    fn why_no_list(&self, depth: usize) -> &'static str {
        match (self.question.settings.revocation, &self.report.error) {
            (RevocationMode::Off, _) => "no list is looked at",
            (_, Some(PathError::RevocationUndetermined))
                if self.report.refused_at == Some(depth) =>
            {
                "no list of its issuer was given"
            }
            _ => "no list was asked about it, because the path was refused before",
        }
    }

    fn append_list(&self, text: &mut Text, below: &str, evidence: &RevocationEvidence) {
        let list = place(self.list(evidence.crl));
        let number = evidence.number.as_ref();
        let number = number.map_or("without a number".to_owned(), |it| format!("number {it}"));
        text.line(&format!("{below}list {list}, {number}"));
        text.line(&format!(
            "{below}  this update {}",
            moment(evidence.this_update)
        ));
        let next = evidence.next_update.map_or("none".to_owned(), moment);
        text.line(&format!("{below}  next update {next}"));
        if let Some(delta) = evidence.delta {
            let delta = place(self.list(delta));
            let number = evidence.delta_number.as_ref();
            let number = number.map_or(String::new(), |it| format!(", number {it}"));
            text.line(&format!("{below}  with the changes of {delta}{number}"));
        }
        match &evidence.outcome {
            CrlOutcome::NotListed => text.line(&format!("{below}  does not list it")),
            CrlOutcome::Revoked { revoked_at, reason } => {
                let since = moment(*revoked_at);
                let reason = reason_name(*reason);
                text.line(&format!("{below}  REVOKED (失効) since {since}: {reason}"));
            }
            CrlOutcome::Refused(refusal) => {
                let why = self.refusal_sentence(refusal);
                text.line(&format!("{below}  NOT BELIEVED: {why}"));
                let (rule, clause) = (refusal.rule(), refusal.clause());
                text.line(&format!("{below}    rule {rule}, {clause}"));
                for (name, value) in compared_with_list(refusal) {
                    let (name, value) = (name.replace('_', " "), value_text(&value));
                    text.line(&format!("{below}    {name} {value}"));
                }
            }
        }
    }

    /// A refusal's sentence, with the file where it names another list.
    pub(super) fn refusal_sentence(&self, refusal: &CrlRefusal) -> String {
        match refusal {
            CrlRefusal::Superseded { by } => {
                format!("{} of the same scope is later", place(self.list(*by)))
            }
            other => without_clause(&other.to_string(), other.clause()),
        }
    }

    fn append_unused(&self, text: &mut Text) {
        let unused = self.unused_lists();
        if unused.is_empty() {
            return;
        }
        text.line("");
        text.line("Lists of no use here, of another issuer or changing another list:");
        for source in unused {
            text.line(&format!("  {}", place(Some(source))));
        }
    }

    fn append_left_out(&self, text: &mut Text) {
        let report = self.report;
        if report.unreadable_intermediates.is_empty() && report.unreadable_crls.is_empty() {
            return;
        }
        text.line("");
        text.line("Left out, because it could not be read:");
        let intermediates = report.unreadable_intermediates.iter();
        let intermediates = intermediates.map(|(index, error)| {
            let sentence = without_clause(&error.to_string(), error.clause());
            (
                self.intermediate(*index),
                error.rule(),
                sentence,
                error.clause(),
            )
        });
        let lists = report.unreadable_crls.iter().map(|(index, error)| {
            let sentence = without_clause(&error.to_string(), error.clause());
            (self.list(*index), error.rule(), sentence, error.clause())
        });
        for (source, rule, sentence, clause) in intermediates.chain(lists) {
            text.line(&format!(
                "  {}: {rule}: {sentence} ({clause})",
                place(source)
            ));
        }
    }
}

fn policy_words(policies: &[String]) -> String {
    let any = pki::Oid::any_policy().to_string();
    if policies.contains(&any) {
        "any".to_owned()
    } else {
        policies.join(", ")
    }
}

fn value_text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Moment(at) => moment(*at),
        Value::List(list) if list.is_empty() => "none".to_owned(),
        Value::List(list) => list.join(", "),
    }
}

fn capitalised(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut characters = words.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => words,
    }
}

/// Lines that are being written.
#[derive(Default)]
struct Text(String);

impl Text {
    fn line(&mut self, line: &str) {
        let _ = writeln!(self.0, "{line}");
    }

    /// A name and a value, the values below each other.
    fn field(&mut self, name: &str, value: &str) {
        let _ = writeln!(self.0, "  {name:<18} {value}");
    }

    fn finish(mut self) -> String {
        self.0.truncate(self.0.trim_end().len());
        self.0
    }
}
