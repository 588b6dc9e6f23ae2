//! A case: a question whose answer is *valid*, one change, and what the answer is then.

use conformance::path::World;
use pki::{CrlOutcome, PathReport, Verdict};

use crate::variants;

/// What the answer is after the change.
#[derive(Clone, Copy)]
pub(crate) enum Outcome {
    Valid,
    /// The path is refused for this rule.
    Refused(&'static str),
    /// The status of a certificate is not known, and this is why a list did not help.
    Unusable(&'static str),
}

/// One change of a valid question.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) right: fn() -> World,
    pub(crate) change: fn(World) -> World,
    pub(crate) outcome: Outcome,
}

/// `name; right => change; outcome`.
pub(crate) const fn case(
    name: &'static str,
    right: fn() -> World,
    change: fn(World) -> World,
    outcome: Outcome,
) -> Case {
    Case {
        name,
        right,
        change,
        outcome,
    }
}

/// What is wrong with an answer, if it is not the expected one.
fn complaint(outcome: Outcome, report: &PathReport) -> Option<String> {
    let told = report.error.as_ref().map(variants::path_error);
    let refusals = refusals(report);
    let is_right = match outcome {
        Outcome::Valid => report.verdict == Verdict::Valid && told.is_none(),
        Outcome::Refused(rule) => {
            let undetermined = report
                .error
                .as_ref()
                .is_some_and(pki::PathError::is_undetermined);
            let verdict = if undetermined {
                Verdict::Indeterminate
            } else {
                Verdict::Invalid
            };
            report.verdict == verdict && told.as_deref() == Some(rule)
        }
        Outcome::Unusable(rule) => {
            report.verdict == Verdict::Indeterminate && refusals.iter().any(|told| told == rule)
        }
    };
    (!is_right).then(|| {
        format!(
            "{:?}, {told:?}, lists {refusals:?}: {:?}",
            report.verdict, report.error
        )
    })
}

fn refusals(report: &PathReport) -> Vec<String> {
    let evidence = report.path.iter().flat_map(|on_path| &on_path.revocation);
    evidence
        .filter_map(|found| match &found.outcome {
            CrlOutcome::Refused(refusal) => Some(variants::crl_refusal(refusal)),
            _ => None,
        })
        .collect()
}

/// Asks about both sides of each case. All that is wrong is told at once.
#[track_caller]
pub(crate) fn check(cases: &[Case]) {
    let mut complaints = Vec::new();
    for case in cases {
        let right = (case.right)();
        if let Some(complaint) = complaint(Outcome::Valid, &right.ask()) {
            complaints.push(format!("{}, before the change: {complaint}", case.name));
        }
        if let Some(complaint) = complaint(case.outcome, &(case.change)(right).ask()) {
            complaints.push(format!("{}: {complaint}", case.name));
        }
    }
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}
