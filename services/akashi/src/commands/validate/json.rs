//! An answer as one JSON object, for programs. Moments are RFC 3339 in UTC; what does not apply is null or empty, never
//! missing.

use pki::{CrlOutcome, CrlRefusal, PathCertificate, RevocationEvidence, RevocationMode};
use serde_json::{Map, Value as Json, json};

use super::answer::{Answer, verdict_name, without_clause};
use super::question::Source;
use super::values::{
    Value, Values, compared, compared_with_list, name_text, oid_texts, reason_name,
};

impl Answer<'_> {
    /// One line.
    pub(super) fn json(&self) -> Json {
        let (report, settings) = (self.report, &self.question.settings);
        let error = report.error.as_ref();
        let anchor = self.anchor().map(|(source, subject)| {
            let mut anchor = place(Some(source));
            anchor.insert("subject".to_owned(), name_text(subject).into());
            anchor
        });
        let unused = self.unused_lists().into_iter();
        let unused = unused.map(|source| place(Some(source)));
        let path: Vec<_> = report.path.iter().map(|it| self.certificate(it)).collect();
        json!({
            "file": file_name(&self.material.certificate.source),
            "verdict": verdict_name(report.verdict),
            "rule": error.map(pki::PathError::rule),
            "clause": error.map(pki::PathError::clause),
            "reason": error.map(|error| without_clause(&error.to_string(), error.clause())),
            "compared": error.map(|error| values(compared(error))).unwrap_or_default(),
            "refused_at": report.refused_at,
            "profile": settings.profile.name(),
            "at": settings.at.to_string(),
            "revocation": match settings.revocation {
                RevocationMode::Require => "require",
                RevocationMode::Off => "off",
            },
            "policies": oid_texts(&report.policies),
            "trust_anchor": anchor,
            "path": path,
            "unused_lists": unused.collect::<Vec<_>>(),
            "left_out": self.left_out(),
        })
    }

    fn certificate(&self, certificate: &PathCertificate) -> Json {
        let source = self.source(certificate);
        let lists = certificate.revocation.iter().map(|it| self.list_json(it));
        json!({
            "file": file_name(source),
            "block": source.block,
            "subject": name_text(certificate.subject_der.reveal()),
            "issuer": name_text(certificate.issuer_der.reveal()),
            "self_issued": certificate.is_self_issued,
            "not_before": certificate.not_before.reveal().to_string(),
            "not_after": certificate.not_after.reveal().to_string(),
            "lists": lists.collect::<Vec<_>>(),
        })
    }

    fn list_json(&self, evidence: &RevocationEvidence) -> Json {
        let mut list = place(self.list(evidence.crl));
        let number = evidence.number.as_ref().map(pki::CrlNumber::to_decimal);
        list.insert("number".to_owned(), number.into());
        list.insert(
            "this_update".to_owned(),
            evidence.this_update.to_string().into(),
        );
        let next_update = evidence.next_update.map(|it| it.to_string());
        list.insert("next_update".to_owned(), next_update.into());
        let delta = evidence.delta.map(|delta| {
            let mut delta = place(self.list(delta));
            let number = evidence
                .delta_number
                .as_ref()
                .map(pki::CrlNumber::to_decimal);
            delta.insert("number".to_owned(), number.into());
            delta
        });
        list.insert("delta".to_owned(), delta.into());
        let outcome = match &evidence.outcome {
            CrlOutcome::NotListed => json!({ "outcome": "not_listed" }),
            CrlOutcome::Revoked { revoked_at, reason } => json!({
                "outcome": "revoked",
                "revoked_at": revoked_at.to_string(),
                "revocation_reason": reason_name(*reason),
            }),
            CrlOutcome::Refused(refusal) => self.not_believed(refusal),
        };
        if let Json::Object(outcome) = outcome {
            list.extend(outcome);
        }
        list.into()
    }

    fn not_believed(&self, refusal: &CrlRefusal) -> Json {
        json!({
            "outcome": "not_believed",
            "rule": refusal.rule(),
            "clause": refusal.clause(),
            "reason": self.refusal_sentence(refusal),
            "compared": values(compared_with_list(refusal)),
        })
    }

    fn left_out(&self) -> Json {
        let entry = |source: Option<&Source>, rule: &str, clause: &str, sentence: &str| {
            let mut entry = place(source);
            entry.insert("rule".to_owned(), rule.into());
            entry.insert("clause".to_owned(), clause.into());
            let reason = without_clause(sentence, clause);
            entry.insert("reason".to_owned(), reason.into());
            Json::from(entry)
        };
        let intermediates = self.report.unreadable_intermediates.iter();
        let intermediates = intermediates.map(|(index, error)| {
            let source = self.intermediate(*index);
            entry(source, error.rule(), error.clause(), &error.to_string())
        });
        let lists = self.report.unreadable_crls.iter();
        let lists = lists.map(|(index, error)| {
            let source = self.list(*index);
            entry(source, error.rule(), error.clause(), &error.to_string())
        });
        json!({
            "intermediates": intermediates.collect::<Vec<_>>(),
            "lists": lists.collect::<Vec<_>>(),
        })
    }
}

fn place(source: Option<&Source>) -> Map<String, Json> {
    let file = source.map(file_name);
    let block = source.and_then(|source| source.block);
    Map::from_iter([
        ("file".to_owned(), file.into()),
        ("block".to_owned(), block.into()),
    ])
}

fn file_name(source: &Source) -> String {
    source.path.display().to_string()
}

fn values(values: Values) -> Map<String, Json> {
    let json = |value| match value {
        Value::Text(text) => Json::from(text),
        Value::Number(number) => number.into(),
        Value::Moment(at) => at.to_string().into(),
        Value::List(list) => list.into(),
    };
    let values = values.into_iter();
    values
        .map(|(name, value)| (name.to_owned(), json(value)))
        .collect()
}
